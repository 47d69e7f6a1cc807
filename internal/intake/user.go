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
	userid string
	// texts are the values of the columns that are one text: those that the
	// file has, see userRows.texts. There are many rows, and most files have
	// few of the columns.
	texts      []string
	flags      [flagCount]bool // see flagColumns
	active     mark
	admin      uint8
	adminDepts []rollcall.DeptID
	manager    string
	joined     moment
	hired      moment
	members    []memberRow // by ascending department
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
	texts  []int // the columns of userRow.texts
	rows   []userRow
	byID   map[string]int // index in rows
	// contacts are the lines of the contacts, where the file has the column and
	// no two rows that are not broken have the same.
	contacts [contactCount]map[string]int
}

// userReader reads the values of one row after the other.
type userReader struct {
	*table
	columns []int         // of userRow.texts
	user    rollcall.User // what Validate looks at
	fields  []*string     // of user, by columns
	texts   slab[string]
	members slab[memberRow]
}

func (us *userRows) read(t *table) {
	us.byID = make(map[string]int, t.expected(120))
	for _, column := range memberColumns {
		if t.has(column) && !t.has(userDepts) {
			t.problem(column, "the column needs %s", t.layout.names[userDepts])
			t.at[column] = -1
		}
	}
	us.has = t.given()
	us.texts = textColumns(us.has)
	r := userReader{table: t, columns: us.texts}
	r.texts.piece, r.members.piece = 1<<12, 1<<10
	for _, column := range r.columns {
		r.fields = append(r.fields, userText(&r.user, column))
	}
	for kind, column := range contactColumns {
		if t.has(column) {
			us.contacts[kind] = make(map[string]int, t.expected(120))
		}
	}
	for t.next() {
		row := userRow{line: t.line(0), userid: t.cell(userID)}
		before := len(t.problems.list)
		if !t.broken {
			r.read(&row)
			for kind, column := range contactColumns {
				value := t.cell(column)
				if first, twice := us.contacts[kind][value]; twice {
					t.problem(column, "%s is on line %d already", quote(value), first)
				} else if value != "" {
					us.contacts[kind][value] = row.line
				}
			}
		}
		first, twice := us.byID[row.userid]
		switch {
		case row.userid == "":
			t.lost = true
			continue
		case twice && !t.broken:
			t.problem(userID, "%s is on line %d already", quote(row.userid), us.rows[first].line)
			continue
		case twice:
			continue
		}
		row.broken = t.broken || len(t.problems.list) > before
		us.byID[row.userid] = len(us.rows)
		us.rows = appendRow(us.rows, row, t)
	}
	us.usable = t.complete()
}

// read reads and checks the values of one row.
func (r *userReader) read(row *userRow) {
	row.texts = r.texts.take(len(r.columns))
	r.user.UserID = row.userid
	for i, column := range r.columns {
		text := r.cell(column)
		row.texts[i], *r.fields[i] = text, text
	}
	if err := r.user.Validate(); err != nil {
		reportInvalid(r.table, r.user, err)
	}
	row.active = r.truth(userActive)
	for i, column := range flagColumns {
		row.flags[i] = r.truth(column).value
	}
	row.manager = r.cell(userManager)
	readAdmin(r.table, row)
	row.joined = r.moment(userJoined)
	row.hired = r.moment(userHired)
	row.members = r.readMembers()
}

func (r *userReader) truth(column int) mark {
	value, given, ok := parseBool(r.cell(column))
	if !ok {
		r.problem(column, "%s is not true or false, yes or no, 1 or 0", quote(r.cell(column)))
	}
	return mark{value, given}
}

func (r *userReader) moment(column int) moment {
	m, wrong := parseMoment(r.cell(column))
	if wrong != "" {
		r.problem(column, "%s", wrong)
	}
	return m
}

// reportInvalid reports what Validate says about u, at first err. Validate
// reports one problem at a time: what it reports is put right in the copy until
// there are no more.
func reportInvalid(t *table, u rollcall.User, err error) {
	for ; err != nil; err = u.Validate() {
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
func (r *userReader) readMembers() []memberRow {
	t := r.table
	list := t.cell(userDepts)
	if strings.TrimSpace(list) == "" {
		for _, column := range memberColumns {
			if strings.Trim(t.cell(column), "; \t") != "" {
				t.problem(column, "is set, but %s is empty", t.layout.names[userDepts])
			}
		}
		return nil
	}
	members := r.members.take(strings.Count(list, ";") + 1)[:0]
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

// items checks that a list has one item, of n, for each department.
func items(t *table, column, n int, members []memberRow) bool {
	if n == len(members) {
		return true
	}
	t.problem(column, "the number of items is %d, that of %s is %d", n, t.layout.names[userDepts], len(members))
	return false
}

func readOrders(t *table, members []memberRow) {
	cell := t.cell(userOrder)
	if strings.TrimSpace(cell) == "" {
		return
	}
	list := strings.Split(cell, ";")
	if !items(t, userOrder, len(list), members) {
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
	if !items(t, userDeptTitle, len(list), members) {
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
	n := strings.Count(cell, ";") + 1
	if n > 1 && !items(t, userEntered, n, members) {
		return
	}
	i := 0
	for item := range strings.SplitSeq(cell, ";") {
		m, wrong := parseMoment(item)
		if wrong != "" {
			t.problem(userEntered, "%s", wrong)
		}
		members[i].entered = m
		i++
	}
	if n == 1 {
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
