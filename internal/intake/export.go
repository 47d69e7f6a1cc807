package intake

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
)

// Source is the organization that [Export] writes. Every [View] has all of it
// but the sign-ins.
type Source interface {
	// Depts yields the living departments.
	Depts() iter.Seq[*rollcall.Dept]
	// Users yields people; those who left are passed over.
	Users() iter.Seq[*rollcall.User]
	// Roles are exported where there are any but those of every organization.
	Roles
	// SignIns calls fn for everyone who signed in, by ascending day, and stops
	// at the first error, which it returns.
	SignIns(fn func(day rollcall.Day, userid string) error) error
	// Location is the organization's time zone.
	Location() *time.Location
}

// The names of the files that Export writes.
const (
	DepartmentsFile = "departments.csv"
	UsersFile       = "users.csv"
	SignInsFile     = "signins.csv"
	RolesFile       = "roles.csv"
)

// Export writes an organization to departments.csv, users.csv and signins.csv
// in a directory, which is made if it is not there, and to roles.csv where there
// are groups of roles or such a file is there already. Each file is complete and
// durable before it takes its name.
//
// The files hold the present people and their sign-ins, so that they can be
// brought in together; columns that would hold nothing but what is there
// without them are left out.
func Export(dir string, s Source) error {
	out, err := newOutput(dir)
	if err != nil {
		return err
	}
	defer out.discard()

	depts := slices.SortedFunc(s.Depts(), func(a, b *rollcall.Dept) int { return cmp.Compare(a.ID, b.ID) })
	if err := out.write(DepartmentsFile, func(row rowFunc) error { return exportDepts(depts, row) }); err != nil {
		return err
	}
	var users []*rollcall.User
	for u := range s.Users() {
		if u.Present() {
			users = append(users, u)
		}
	}
	var signed []bool
	if err := out.write(SignInsFile, func(row rowFunc) (err error) {
		signed, err = exportSignIns(s, users, row)
		return err
	}); err != nil {
		return err
	}
	// The users come last: whether active can be left out depends on the rest.
	if err := out.write(UsersFile, func(row rowFunc) error { return exportUsers(users, signed, s.Location(), row) }); err != nil {
		return err
	}
	if len(givenGroups(s)) > 0 || out.has(RolesFile) {
		if err := out.write(RolesFile, func(row rowFunc) error { return exportRoles(s, users, row) }); err != nil {
			return err
		}
	}
	return out.commit()
}

// rowFunc writes one row.
type rowFunc func([]string) error

func exportDepts(depts []*rollcall.Dept, row rowFunc) error {
	columns := []int{deptID, deptParent, deptName, deptSource, deptBrief}
	if slices.ContainsFunc(depts, func(d *rollcall.Dept) bool { return d.NameEN != "" }) {
		columns = append(columns, deptNameEN)
	}
	if slices.ContainsFunc(depts, func(d *rollcall.Dept) bool { return d.Order != 0 }) {
		columns = append(columns, deptOrder)
	}
	for _, column := range []int{deptHidden, deptOuter, deptCode, deptTelephone} {
		if empty := deptCell(&rollcall.Dept{}, column); slices.ContainsFunc(depts, func(d *rollcall.Dept) bool { return deptCell(d, column) != empty }) {
			columns = append(columns, column)
		}
	}
	if err := row(headers(deptLayout, columns)); err != nil {
		return err
	}
	record := make([]string, len(columns))
	for _, d := range depts {
		for i, column := range columns {
			record[i] = deptCell(d, column)
		}
		if err := row(record); err != nil {
			return err
		}
	}
	return nil
}

func headers(l layout, columns []int) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = l.names[column]
	}
	return names
}

func deptCell(d *rollcall.Dept, column int) string {
	switch column {
	case deptID:
		return strconv.FormatInt(int64(d.ID), 10)
	case deptParent:
		if d.ParentID == 0 {
			return ""
		}
		return strconv.FormatInt(int64(d.ParentID), 10)
	case deptName:
		return d.Name
	case deptSource:
		return d.SourceIdentifier
	case deptBrief:
		return d.Brief
	case deptNameEN:
		return d.NameEN
	case deptOrder:
		return strconv.FormatInt(d.Order, 10)
	case deptHidden:
		return strconv.FormatBool(d.Opt().Hidden)
	case deptOuter:
		return strconv.FormatBool(d.Opt().Outer)
	case deptCode:
		return d.Opt().Code
	case deptTelephone:
		return d.Opt().Telephone
	}
	return ""
}

// exportSignIns writes the sign-ins of the given people by day, then by the
// bytes of the userid. It returns who of them signed in on any day.
func exportSignIns(s Source, users []*rollcall.User, row rowFunc) (signed []bool, err error) {
	if err := row(signInLayout.names); err != nil {
		return nil, err
	}
	byID := make([]int, len(users)) // indexes of users in the order of the userids
	for i := range users {
		byID[i] = i
	}
	slices.SortFunc(byID, func(a, b int) int { return strings.Compare(users[a].UserID, users[b].UserID) })
	place := make(map[string]int, len(users)) // in byID
	for i, u := range byID {
		place[users[u].UserID] = i
	}
	signed = make([]bool, len(users))
	var today rollcall.Day
	var people []int // of today, as places
	record := make([]string, 2)
	flush := func() error {
		slices.Sort(people)
		record[signInDate] = today.String()
		for _, i := range slices.Compact(people) {
			record[signInUser] = users[byID[i]].UserID
			if err := row(record); err != nil {
				return err
			}
		}
		people = people[:0]
		return nil
	}
	err = s.SignIns(func(day rollcall.Day, userid string) error {
		if day != today {
			if day < today {
				return fmt.Errorf("the sign-ins of %s come after those of %s", day, today)
			}
			if err := flush(); err != nil {
				return err
			}
			today = day
		}
		if i, present := place[userid]; present {
			people = append(people, i)
			signed[byID[i]] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return signed, flush()
}

func exportUsers(users []*rollcall.User, signed []bool, loc *time.Location, row rowFunc) error {
	users, signed = byOrdinal(users, signed)
	columns := []int{userID, userName, userDepts, userLeader}
	for column := userNameEN; column < len(userLayout.names); column++ {
		for i, u := range users {
			if !restored(u, column, signed[i]) {
				columns = append(columns, column)
				break
			}
		}
	}
	if err := row(headers(userLayout, columns)); err != nil {
		return err
	}
	record := make([]string, len(columns))
	for _, u := range users {
		for i, column := range columns {
			cell, ok := userCell(u, column, loc)
			if column == userManager {
				cell = managerOf(u, users)
			}
			if !ok {
				return fmt.Errorf("%s of user %s lies outside the years 0 to 9999", userLayout.names[column], quote(u.UserID))
			}
			record[i] = cell
		}
		if err := row(record); err != nil {
			return err
		}
	}
	return nil
}

// byOrdinal puts people in order, where they are not.
func byOrdinal(users []*rollcall.User, signed []bool) ([]*rollcall.User, []bool) {
	order := make([]int, len(users))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(users[a].Ordinal, users[b].Ordinal) })
	sortedUsers, sortedSigned := make([]*rollcall.User, len(users)), make([]bool, len(users))
	for i, from := range order {
		sortedUsers[i], sortedSigned[i] = users[from], signed[from]
	}
	return sortedUsers, sortedSigned
}

// restored reports whether a new person gets the value of a column without it.
func restored(u *rollcall.User, column int, signed bool) bool {
	members := func(plain func(m *rollcall.Membership) bool) bool {
		for i := range u.Memberships {
			if !plain(&u.Memberships[i]) {
				return false
			}
		}
		return true
	}
	if text := userText(u, column); text != nil {
		return *text == ""
	}
	if flag := userFlag(u, column); flag != nil {
		return !*flag
	}
	switch column {
	case userOrder:
		return members(func(m *rollcall.Membership) bool { return !m.Ordered })
	case userDeptTitle:
		return members(func(m *rollcall.Membership) bool { return m.Title == "" })
	case userEntered:
		return members(func(m *rollcall.Membership) bool { return m.Entered == u.Stay.From })
	case userJoined:
		return u.Stay.From == rollcall.Beginning
	case userActive:
		return u.Active == signed
	case userHired:
		return u.HiredDate == 0
	case userManager:
		return u.Manager == nil
	case userAdmin:
		return u.Admin == 0
	case userAdminDepts:
		return len(u.AdminDepts) == 0
	case userMainDept:
		return members(func(m *rollcall.Membership) bool { return !m.Main })
	case userDeptPlace:
		return members(func(m *rollcall.Membership) bool { return m.WorkPlace == "" })
	}
	return false
}

// managerOf returns the userid of whom a person reports to, or nothing where
// that is none of the present people, who are in the order of their ordinals.
func managerOf(u *rollcall.User, people []*rollcall.User) string {
	if u.Manager == nil {
		return ""
	}
	i, found := slices.BinarySearchFunc(people, *u.Manager, func(u *rollcall.User, o rollcall.Ordinal) int { return cmp.Compare(u.Ordinal, o) })
	if !found {
		return ""
	}
	return people[i].UserID
}

// userCell returns a value as the file shows it; not ok is a time that it
// cannot show.
func userCell(u *rollcall.User, column int, loc *time.Location) (cell string, ok bool) {
	switch column {
	case userDepts, userLeader, userOrder, userDeptTitle, userEntered, userMainDept, userDeptPlace:
		return memberCell(u.Memberships, column)
	case userJoined:
		return formatMoment(u.Stay.From)
	case userActive:
		return strconv.FormatBool(u.Active), true
	case userAdmin:
		return adminLevels[u.Admin], true
	case userAdminDepts:
		ids := make([]string, len(u.AdminDepts))
		for i, id := range u.AdminDepts {
			ids[i] = strconv.FormatInt(int64(id), 10)
		}
		return strings.Join(ids, ";"), true
	case userRemark:
		return withoutReturns(u.Remark), true
	case userHired:
		if u.HiredDate == 0 {
			return "", true
		}
		return formatDate(u.HiredDate, loc)
	case userExtension:
		return oneLine(u.Extension), true
	}
	if text := userText(u, column); text != nil {
		return *text, true
	}
	if flag := userFlag(u, column); flag != nil {
		return strconv.FormatBool(*flag), true
	}
	return "", true
}

// memberCell returns one of the lists of a person's departments.
func memberCell(members []rollcall.Membership, column int) (cell string, ok bool) {
	items := make([]string, 0, len(members))
	ok = true
	for i := range members {
		m := &members[i]
		item, fits := "", true
		switch column {
		case userDepts:
			item = strconv.FormatInt(int64(m.DeptID), 10)
		case userLeader:
			if !m.Leader {
				continue
			}
			item = strconv.FormatInt(int64(m.DeptID), 10)
		case userOrder:
			if m.Ordered {
				item = strconv.FormatInt(m.Order, 10)
			}
		case userDeptTitle:
			item = m.Title
		case userDeptPlace:
			item = m.WorkPlace
		case userMainDept:
			if !m.Main || len(items) > 0 { // there is one
				continue
			}
			item = strconv.FormatInt(int64(m.DeptID), 10)
		case userEntered:
			item, fits = formatMoment(m.Entered)
		}
		ok = ok && fits
		items = append(items, item)
	}
	if column == userDeptTitle || column == userDeptPlace {
		return joinTitles(items), ok
	}
	return strings.Join(items, ";"), ok
}
