package intake

import (
	"cmp"
	"slices"
	"strings"

	"rollcall"
)

// The columns of a file of users, as indexes of userLayout.
const (
	userID = iota
	userName
	userDepts
	userLeader
	userNameEN
	userOrder
	userDeptTitle
	userEntered
	userJoined
	userActive
	userLimited
	userMobile
	userEmail
	userTitle
	userJobNumber
	userHired
	userExtension
	userTelephone
	userOrgEmail
	userOrgEmailType
	userWorkPlace
	userRemark
	userGender
	userAvatar
	userUnionID
	userHideMobile
	userSenior
	userBoss
	userExclusive
	userExclusiveType
	userLoginID
	userManager
	userAdmin
	userAdminDepts
	userMainDept
	userDeptPlace
)

// userLayout is immutable. It is the order in which Export writes the columns.
var userLayout = layout{[]string{
	"userid", "name", "dept_id_list", "leader_in_dept", "name_en", "order", "dept_title", "entered",
	"joined", "active", "access_limited", "mobile", "email", "title", "job_number", "hired_date", "extension",
	"telephone", "org_email", "org_email_type", "work_place", "remark", "gender", "avatar", "unionid", "hide_mobile", "senior", "boss",
	"exclusive_account", "exclusive_account_type", "login_id", "manager_userid", "admin", "admin_depts", "main_dept", "dept_work_place",
}, userName + 1}

// memberColumns are those that say something about the departments of a row;
// it is immutable.
var memberColumns = []int{userLeader, userOrder, userDeptTitle, userEntered, userMainDept, userDeptPlace}

// userRow is one row of users.
type userRow struct {
	line   int
	broken bool // it has problems; only that the person is there counts
	// user has the values of the columns that are one text or one mark.
	user    rollcall.User
	active  mark
	manager string
	joined  moment
	hired   moment
	members []memberRow // by ascending department
}

// mark is a truth that may be left open.
type mark struct{ value, given bool }

// memberRow is one department in a row of users.
type memberRow struct {
	dept            rollcall.DeptID
	order           int64
	ordered, leader bool
	main            bool
	title, place    string
	entered         moment
}

// userRows is a file of users.
type userRows struct {
	given  bool // there is a file
	usable bool // all of it was read
	has    []bool
	rows   []userRow
	byID   map[string]int // index in rows
}

func (us *userRows) read(t *table) {
	us.byID = make(map[string]int, t.expected(120))
	var contacts [contactCount]map[string]int // line
	for _, column := range memberColumns {
		if t.has(column) && !t.has(userDepts) {
			t.problem(column, "the column needs %s", t.layout.names[userDepts])
			t.at[column] = -1
		}
	}
	us.has = t.given()
	for kind, column := range contactColumns {
		if t.has(column) {
			contacts[kind] = map[string]int{}
		}
	}
	for t.next() {
		row := userRow{line: t.line(0)}
		row.user.UserID = t.cell(userID)
		before := len(t.problems.list)
		if !t.broken {
			readUser(t, &row)
			for kind, column := range contactColumns {
				value := *userText(&row.user, column)
				if first, twice := contacts[kind][value]; twice {
					t.problem(column, "%s is on line %d already", quote(value), first)
				} else if value != "" {
					contacts[kind][value] = row.line
				}
			}
		}
		first, twice := us.byID[row.user.UserID]
		switch {
		case row.user.UserID == "":
			t.lost = true
			continue
		case twice && !t.broken:
			t.problem(userID, "%s is on line %d already", quote(row.user.UserID), us.rows[first].line)
			continue
		case twice:
			continue
		}
		row.broken = t.broken || len(t.problems.list) > before
		us.byID[row.user.UserID] = len(us.rows)
		if n := len(us.rows); n == cap(us.rows) && n >= 1000 {
			us.rows = slices.Grow(us.rows, t.more()) // the rows are big
		}
		us.rows = append(us.rows, row)
	}
	us.usable = t.complete()
}

// readUser reads and checks the values of one row.
func readUser(t *table, row *userRow) {
	u := &row.user
	for column := range t.layout.names {
		if text := userText(u, column); text != nil && column != userID {
			*text = t.cell(column)
		}
	}
	validUser(t, *u)

	truth := func(column int) mark {
		value, given, ok := parseBool(t.cell(column))
		if !ok {
			t.problem(column, "%s is not true or false, yes or no, 1 or 0", quote(t.cell(column)))
		}
		return mark{value, given}
	}
	row.active = truth(userActive)
	for column := range t.layout.names {
		if flag := userFlag(u, column); flag != nil {
			*flag = truth(column).value
		}
	}
	row.manager = t.cell(userManager)
	readAdmin(t, u)

	moments := func(column int) moment {
		m, wrong := parseMoment(t.cell(column))
		if wrong != "" {
			t.problem(column, "%s", wrong)
		}
		return m
	}
	row.joined = moments(userJoined)
	row.hired = moments(userHired)

	row.members = readMembers(t)
}

// validUser reports what Validate says about u. Validate reports one problem
// at a time: what it reports is put right in the copy until there are no more.
func validUser(t *table, u rollcall.User) {
	for err := u.Validate(); err != nil; err = u.Validate() {
		column := t.invalid(err)
		text := userText(&u, column)
		if text == nil {
			return
		}
		*text = ""
		if column == userID || column == userName {
			*text = "x"
		}
	}
}

// readMembers reads the departments of a row and the lists beside them.
func readMembers(t *table) []memberRow {
	list := t.cell(userDepts)
	if strings.TrimSpace(list) == "" {
		for _, column := range memberColumns {
			if strings.Trim(t.cell(column), "; \t") != "" {
				t.problem(column, "is set, but %s is empty", t.layout.names[userDepts])
			}
		}
		return nil
	}
	members := make([]memberRow, 0, strings.Count(list, ";")+1)
	ok := true
	for item := range strings.SplitSeq(list, ";") {
		id, given, isNumber := parseNumber(item)
		m := memberRow{dept: rollcall.DeptID(id)}
		switch {
		case !given:
			t.problem(userDepts, "item %d is empty", len(members)+1)
			ok = false
		case !isNumber:
			t.problem(userDepts, "%s is not a whole number", quote(item))
			ok = false
		case id < 1:
			t.problem(userDepts, "%d is less than 1", id)
			ok = false
		}
		members = append(members, m)
	}
	readOrders(t, members)
	readTitles(t, members)
	readPlaces(t, members)
	readEntered(t, members)
	if !ok {
		return nil
	}
	slices.SortStableFunc(members, func(a, b memberRow) int { return cmp.Compare(a.dept, b.dept) })
	for i := range members[1:] {
		if members[i].dept == members[i+1].dept {
			t.problem(userDepts, "department %d is named twice", members[i].dept)
		}
	}
	readLeaders(t, members)
	readMain(t, members)
	return members
}

// items checks that a list has one item for each department.
func items(t *table, column int, list []string, members []memberRow) bool {
	if len(list) == len(members) {
		return true
	}
	t.problem(column, "the number of items is %d, that of %s is %d", len(list), t.layout.names[userDepts], len(members))
	return false
}

func readOrders(t *table, members []memberRow) {
	cell := t.cell(userOrder)
	if strings.TrimSpace(cell) == "" {
		return
	}
	list := strings.Split(cell, ";")
	if !items(t, userOrder, list, members) {
		return
	}
	for i, item := range list {
		n, given, ok := parseNumber(item)
		if !ok {
			t.problem(userOrder, "%s is not a whole number", quote(item))
			continue
		}
		members[i].order, members[i].ordered = n, given
	}
}

func readTitles(t *table, members []memberRow) {
	cell := t.cell(userDeptTitle)
	if cell == "" {
		return
	}
	list := splitTitles(cell)
	if !items(t, userDeptTitle, list, members) {
		return
	}
	for i, title := range list {
		members[i].title = title
		if title == "" {
			continue
		}
		// The title of a department keeps the rules of that of a person.
		u := rollcall.User{UserID: "x", Name: "x", Title: title}
		if err := u.Validate(); err != nil {
			_, message := about(err)
			t.problem(userDeptTitle, "item %d %s", i+1, message)
		}
	}
}

func readEntered(t *table, members []memberRow) {
	cell := t.cell(userEntered)
	if strings.TrimSpace(cell) == "" {
		return
	}
	list := strings.Split(cell, ";")
	if len(list) > 1 && !items(t, userEntered, list, members) {
		return
	}
	for i, item := range list {
		m, wrong := parseMoment(item)
		if wrong != "" {
			t.problem(userEntered, "%s", wrong)
		}
		members[i].entered = m
	}
	if len(list) == 1 {
		for i := range members {
			members[i].entered = members[0].entered
		}
	}
}

// readLeaders marks the departments that the person leads; members are sorted.
func readLeaders(t *table, members []memberRow) {
	cell := t.cell(userLeader)
	if strings.TrimSpace(cell) == "" {
		return
	}
	for item := range strings.SplitSeq(cell, ";") {
		id, given, ok := parseNumber(item)
		if !given || !ok {
			t.problem(userLeader, "%s is not a whole number", quote(item))
			continue
		}
		i, found := slices.BinarySearchFunc(members, rollcall.DeptID(id), func(m memberRow, id rollcall.DeptID) int {
			return cmp.Compare(m.dept, id)
		})
		switch {
		case !found:
			t.problem(userLeader, "department %d is not in %s", id, t.layout.names[userDepts])
		case members[i].leader:
			t.problem(userLeader, "department %d is named twice", id)
		default:
			members[i].leader = true
		}
	}
}
