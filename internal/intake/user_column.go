package intake

import (
	"cmp"
	"slices"
	"strings"

	"rollcall"
)

// userText returns the text of a person that a column holds as it is; nil for a
// column that holds something else, or none.
func userText(u *rollcall.User, column int) *string {
	switch column {
	case userID:
		return &u.UserID
	case userName:
		return &u.Name
	case userNameEN:
		return &u.NameEN
	case userMobile:
		return &u.Mobile
	case userEmail:
		return &u.Email
	case userTitle:
		return &u.Title
	case userJobNumber:
		return &u.JobNumber
	case userExtension:
		return &u.Extension
	case userTelephone:
		return &u.Telephone
	case userOrgEmail:
		return &u.OrgEmail
	case userOrgEmailType:
		return &u.OrgEmailType
	case userWorkPlace:
		return &u.WorkPlace
	case userRemark:
		return &u.Remark
	case userGender:
		return &u.Gender
	case userAvatar:
		return &u.Avatar
	case userUnionID:
		return &u.UnionID
	case userExclusiveType:
		return &u.ExclusiveType
	case userLoginID:
		return &u.LoginID
	}
	return nil
}

// userFlag returns the truth of a person that a column holds, false where it is
// blank; nil for another column.
func userFlag(u *rollcall.User, column int) *bool {
	switch column {
	case userLimited:
		return &u.AccessLimited
	case userHideMobile:
		return &u.HideMobile
	case userSenior:
		return &u.Senior
	case userBoss:
		return &u.Boss
	case userExclusive:
		return &u.Exclusive
	}
	return nil
}

// textColumns returns the columns that are one text, but for the userid, of
// those that a file has.
func textColumns(has []bool) (columns []int) {
	var u rollcall.User
	for column, given := range has {
		if given && column != userID && userText(&u, column) != nil {
			columns = append(columns, column)
		}
	}
	return columns
}

// The columns that are one truth.
const flagCount = 5

// flagColumns is immutable.
var flagColumns = [flagCount]int{userLimited, userHideMobile, userSenior, userBoss, userExclusive}

// The contacts, which no two people have the same.
const contactCount = 4

// contactColumns is immutable.
var contactColumns = [contactCount]int{userMobile, userEmail, userTelephone, userUnionID}

// adminLevels are the words for the levels of administrators; the index is the
// level. It is immutable.
var adminLevels = []string{"", "main", "sub"}

// readAdmin reads whether the person is an administrator, and of what.
func readAdmin(t *table, row *userRow) {
	word := strings.ToLower(strings.TrimSpace(t.cell(userAdmin)))
	if level := slices.Index(adminLevels, word); level >= 0 {
		row.admin = uint8(level)
	} else if word != "none" {
		t.problem(userAdmin, "%s is not main, sub or none", quote(t.cell(userAdmin)))
	}
	list := t.cell(userAdminDepts)
	if strings.TrimSpace(list) == "" {
		return
	}
	for item := range strings.SplitSeq(list, ";") {
		id, given, ok := parseNumber(item)
		switch {
		case !given || !ok:
			t.problem(userAdminDepts, "%s is not a whole number", quote(item))
		case slices.Contains(row.adminDepts, rollcall.DeptID(id)):
			t.problem(userAdminDepts, "department %d is named twice", id)
		default:
			row.adminDepts = append(row.adminDepts, rollcall.DeptID(id))
		}
	}
}

// readPlaces reads where the person works for each department.
func readPlaces(t *table, members []memberRow) {
	cell := t.cell(userDeptPlace)
	if cell == "" {
		return
	}
	list := splitTitles(cell)
	if !items(t, userDeptPlace, len(list), members) {
		return
	}
	for i, place := range list {
		members[i].place = place
		u := rollcall.User{UserID: "x", Name: "x", Details: rollcall.Details{WorkPlace: place}}
		if err := u.Validate(); err != nil {
			_, message := about(err)
			t.problem(userDeptPlace, "item %d %s", i+1, message)
		}
	}
}

// readMain marks the main department; members are sorted.
func readMain(t *table, members []memberRow) {
	cell := t.cell(userMainDept)
	id, given, ok := parseNumber(cell)
	if !given {
		return
	}
	i, found := slices.BinarySearchFunc(members, rollcall.DeptID(id), func(m memberRow, id rollcall.DeptID) int { return cmp.Compare(m.dept, id) })
	switch {
	case !ok:
		t.problem(userMainDept, "%s is not a whole number", quote(cell))
	case !found:
		t.problem(userMainDept, "department %d is not in %s", id, t.layout.names[userDepts])
	default:
		members[i].main = true
	}
}
