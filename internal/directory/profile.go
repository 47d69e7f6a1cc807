package directory

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"rollcall"
)

// The rest of a record after its numbers: the texts that are there, told by a
// bit each, and then what few people have at all. A person without any of it
// takes three bytes.

// textFields lists a person's texts. The ones that most people have come first,
// so that their bits take one byte. The order is that of the text constants.
func textFields(u *rollcall.User) [textCount]*string {
	return [...]*string{
		textName: &u.Name, textMobile: &u.Mobile, textEmail: &u.Email, textTitle: &u.Title,
		textJobNumber: &u.JobNumber, textNameEN: &u.NameEN, textTelephone: &u.Telephone,
		textOrgEmail: &u.OrgEmail, textWorkPlace: &u.WorkPlace, textUnionID: &u.UnionID, textExtension: &u.Extension,
		textRemark: &u.Remark, textAvatar: &u.Avatar, textGender: &u.Gender, textLoginID: &u.LoginID,
		textOrgEmailType: &u.OrgEmailType, textExclusiveType: &u.ExclusiveType,
	}
}

const (
	textName = iota
	textMobile
	textEmail
	textTitle
	textJobNumber
	textNameEN
	textTelephone
	textOrgEmail
	textWorkPlace
	textUnionID
	textExtension
	textRemark
	textAvatar
	textGender
	textLoginID
	textOrgEmailType
	textExclusiveType
	textCount
)

func appendTexts(dst []byte, u *rollcall.User) []byte {
	fields, given := textFields(u), uint64(0)
	for i, s := range fields {
		if *s != "" {
			given |= 1 << i
		}
	}
	dst = binary.AppendUvarint(dst, given)
	for ; given != 0; given &= given - 1 {
		dst = appendText(dst, *fields[bits.TrailingZeros64(given)])
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// The bits of the marks that few people have.
const (
	markExclusive = 1 << iota
	markHideMobile
	markSenior
	markBoss
	markManager // a number follows
	markAdmin   // a level and a list follow
	markRoles   // a list follows
	markMembers // titles and work places of the memberships follow
)

func appendRest(dst []byte, u *rollcall.User) []byte {
	var marks uint64
	for bit, set := range [...]bool{
		u.Exclusive, u.HideMobile, u.Senior, u.Boss, u.Manager != nil, u.Admin != 0 || len(u.AdminDepts) > 0,
		len(u.Roles) > 0, hasMemberTexts(u.Memberships),
	} {
		if set {
			marks |= 1 << bit
		}
	}
	dst = binary.AppendUvarint(dst, marks)
	if marks&markManager != 0 {
		dst = binary.AppendUvarint(dst, uint64(*u.Manager))
	}
	if marks&markAdmin != 0 {
		dst = append(dst, u.Admin)
		dst = appendList(dst, u.AdminDepts)
	}
	if marks&markRoles != 0 {
		dst = appendList(dst, u.Roles)
	}
	if marks&markMembers != 0 {
		for i := range u.Memberships {
			dst = appendText(appendText(dst, u.Memberships[i].Title), u.Memberships[i].WorkPlace)
		}
	}
	return dst
}

func hasMemberTexts(list []rollcall.Membership) bool {
	for i := range list {
		if list[i].Title != "" || list[i].WorkPlace != "" {
			return true
		}
	}
	return false
}

func appendList[T ~int64](dst []byte, list []T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, v := range list {
		dst = binary.AppendVarint(dst, int64(v))
	}
	return dst
}

// decoder reads what comes behind the sort keys of a record.
type decoder []byte

func (d *decoder) number() int64 {
	v, n := binary.Varint(*d)
	*d = (*d)[n:]
	return v
}

func (d *decoder) natural() uint64 {
	v, n := binary.Uvarint(*d)
	*d = (*d)[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.natural()
	b := (*d)[:n]
	*d = (*d)[n:]
	return b
}

// cut reads a text as a part of a string that ends where the record ends.
func (d *decoder) cut(s string) string {
	n := int(d.natural())
	at := len(s) - len(*d)
	*d = (*d)[n:]
	return s[at : at+n]
}

func (d *decoder) texts(u *rollcall.User, s string) {
	fields := textFields(u)
	for given := d.natural(); given != 0; given &= given - 1 {
		*fields[bits.TrailingZeros64(given)] = d.cut(s)
	}
}

func (d *decoder) rest(u *rollcall.User, s string) {
	marks := d.natural()
	u.Exclusive, u.HideMobile = marks&markExclusive != 0, marks&markHideMobile != 0
	u.Senior, u.Boss = marks&markSenior != 0, marks&markBoss != 0
	if marks&markManager != 0 {
		manager := rollcall.Ordinal(d.natural())
		u.Manager = &manager
	}
	if marks&markAdmin != 0 {
		u.Admin = (*d)[0]
		*d = (*d)[1:]
		u.AdminDepts = appendListOf[rollcall.DeptID](nil, d)
	}
	if marks&markRoles != 0 {
		u.Roles = appendListOf(u.Roles, d)
	}
	if marks&markMembers != 0 {
		for i := range u.Memberships {
			u.Memberships[i].Title, u.Memberships[i].WorkPlace = d.cut(s), d.cut(s)
		}
	}
}

func appendListOf[T ~int64](list []T, d *decoder) []T {
	n := int(d.natural())
	list = slices.Grow(list, n)
	for range n {
		list = append(list, T(d.number()))
	}
	return list
}

// manager returns whom the person reports to; the record says that there is
// somebody.
func (r record) manager() uint32 {
	d := r.afterNumbers()
	d.skipTexts()
	d.natural() // the marks
	return uint32(d.natural())
}

// afterNumbers returns what comes behind the stay, created, modified and hired.
func (r record) afterNumbers() decoder {
	d := decoder(r[r.rest():])
	for range 5 {
		_, n := binary.Varint(d)
		d = d[n:]
	}
	return d
}

// skipTexts goes behind the texts.
func (d *decoder) skipTexts() {
	for range bits.OnesCount64(d.natural()) {
		d.bytes()
	}
}

// text returns one of the texts, without decoding the others.
func (r record) text(which int) []byte {
	d := r.afterNumbers()
	given := d.natural()
	if given>>which&1 == 0 {
		return nil
	}
	for range bits.OnesCount64(given & (1<<which - 1)) {
		d.bytes()
	}
	return d.bytes()
}
