package sample

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rollcall"
)

const (
	demoName   = "青禾科技"
	demoNameEN = "Qinghe Technology"
	demoSeed   = 20160314
	demoAge    = 3400 // days since the organization began
	demoDays   = 40   // of sign-ins
)

// team is a department of the demo.
type team struct {
	id, parent       rollcall.DeptID
	name, nameEN     string
	people           int
	lead, leadSecond string   // titles of the first two people; the second may be empty
	titles           []string // of the others
	shifts           bool     // works on weekends too
}

// teams is immutable. The root department is a team too, but not created.
var teams = []team{
	{1, 0, demoName, demoNameEN, 2, "总裁", "副总裁", nil, false},
	{2, 1, "总部", "Head Office", 3, "首席运营官", "", []string{"总裁助理"}, false},
	{3, 2, "人力资源部", "Human Resources", 11, "人力资源总监", "招聘经理", []string{"人事专员", "培训主管", "薪酬专员"}, false},
	{4, 2, "财务部", "Finance", 12, "财务总监", "财务经理", []string{"会计", "出纳", "审计专员"}, false},
	{5, 2, "法务部", "Legal", 5, "法务总监", "", []string{"法务专员", "合规专员"}, false},
	{6, 2, "行政部", "Administration", 9, "行政经理", "", []string{"行政专员", "前台"}, false},
	{7, 1, "研发中心", "Research and Development", 4, "首席技术官", "首席架构师", []string{"技术秘书"}, false},
	{8, 7, "平台组", "Platform Team", 22, "平台负责人", "技术专家", []string{"后端工程师", "高级后端工程师", "Site Engineer"}, false},
	{9, 7, "应用组", "Applications Team", 26, "应用负责人", "技术专家", []string{"前端工程师", "移动端工程师", "高级工程师"}, false},
	{10, 7, "数据与算法组", "Data and Algorithms", 16, "算法负责人", "", []string{"算法工程师", "数据工程师", "Data Scientist"}, false},
	{11, 7, "测试与质量组", "Quality Assurance", 14, "质量负责人", "", []string{"测试工程师", "质量工程师"}, false},
	{12, 7, "运维组", "Operations", 10, "运维负责人", "", []string{"运维工程师", "安全工程师"}, true},
	{13, 7, "产品与设计部", "Product and Design", 15, "产品总监", "设计主管", []string{"产品经理", "交互设计师", "视觉设计师"}, false},
	{14, 1, "销售中心", "Sales", 3, "销售副总裁", "", []string{"销售运营"}, false},
	{15, 14, "华东区", "East China", 4, "华东区总监", "", []string{"大客户经理"}, false},
	{16, 15, "上海办事处", "Shanghai Office", 17, "办事处主任", "", []string{"销售代表", "大客户经理", "售前工程师"}, false},
	{17, 15, "杭州办事处", "Hangzhou Office", 12, "办事处主任", "", []string{"销售代表", "售前工程师"}, false},
	{18, 14, "华南区", "South China", 15, "华南区总监", "", []string{"销售代表", "渠道经理"}, false},
	{19, 14, "华北区", "North China", 16, "华北区总监", "", []string{"销售代表", "渠道经理", "售前工程师"}, false},
	{20, 14, "海外区", "International", 13, "海外区总监", "", []string{"Account Manager", "Sales Engineer"}, false},
	{21, 1, "市场部", "Marketing", 12, "市场总监", "品牌经理", []string{"市场专员", "文案", "活动策划"}, false},
	{22, 1, "客户服务部", "Customer Service", 24, "客服总监", "客服主管", []string{"客服专员", "技术支持"}, true},
	{23, 1, "制造中心", "Manufacturing", 6, "制造总监", "采购经理", []string{"采购专员", "计划员"}, false},
	{24, 23, "武汉工厂", "Wuhan Plant", 25, "厂长", "车间主任", []string{"操作工", "质检员", "设备工程师"}, true},
	{25, 23, "仓储物流部", "Warehouse and Logistics", 8, "物流主管", "", []string{"仓管员", "物流专员"}, true},
}

// Demo makes an organization to look at: 25 departments, about 300 people and
// their sign-ins of the 40 days before now, in the time zone loc.
func Demo(now time.Time, loc *time.Location) Organization {
	d := &demo{today: rollcall.DayAt(now, loc), now: rollcall.At(now), loc: loc, taken: map[string]int{}}
	org := Organization{Name: demoName, SignIns: map[rollcall.Day][]rollcall.Ordinal{}}
	none, english := "", demoNameEN
	org.Changes = append(org.Changes, rollcall.Change{
		Kind: rollcall.DeptUpdated, DeptID: rollcall.RootDept,
		Payload: rollcall.Payload{
			DeptUpdate: &rollcall.DeptUpdate{NameEN: &english},
			DeptBefore: &rollcall.DeptUpdate{NameEN: &none},
		},
	})
	for i, t := range teams {
		if t.parent != 0 {
			org.Changes = append(org.Changes, createDept(rollcall.Dept{
				ID: t.id, ParentID: t.parent, Name: t.name, NameEN: t.nameEN, Order: int64(i) * 10,
				SourceIdentifier: fmt.Sprintf("QH-%02d", t.id), Since: d.morning(demoAge),
			}))
		}
		for seat := range t.people {
			d.hire(&teams[i], seat)
		}
	}
	// Ordinals follow the order in which people came in.
	slices.SortStableFunc(d.staff, func(a, b employee) int { return cmp.Compare(a.user.Stay.From, b.user.Stay.From) })
	for o := range d.staff {
		e := &d.staff[o]
		e.user.Ordinal = rollcall.Ordinal(o)
		e.user.JobNumber = fmt.Sprintf("QH%04d", o+1)
		e.user.Mobile = fmt.Sprintf("1990000%04d", o*31%10000)
		org.Changes = append(org.Changes, join(&e.user))
		for _, m := range e.user.Memberships {
			org.Changes = append(org.Changes, addMember(e.user.Ordinal, m))
		}
	}
	for back := demoDays; back >= 1; back-- {
		day := d.today.AddDays(-back)
		org.SignIns[day] = d.signIns(day, back)
	}
	return org
}

// demo makes the people of the demo.
type demo struct {
	today rollcall.Day
	now   rollcall.Instant
	loc   *time.Location
	taken map[string]int // userids, with how often they were wanted
	staff []employee
}

// employee is one person of the demo.
type employee struct {
	user      rollcall.User
	team      *team
	diligence int // on a workday, in 1000
	// away are the days before today between which the person does not come;
	// none where both are 0.
	awayFrom, awayTo int
}

// morning returns nine o'clock on a day that is some days back.
func (d *demo) morning(back int) rollcall.Instant {
	return rollcall.At(d.today.AddDays(-back).Start(d.loc)) + 9*60*60*perSecond
}

// hire makes the person of a seat in a team.
func (d *demo) hire(t *team, seat int) {
	n := len(d.staff)
	dice := throw(demoSeed, uint64(n))
	latinIn := 12
	if t.id == 20 { // the team abroad
		latinIn = 2
	}
	p := makePerson(dice, latinIn, 220)
	back := dice.front(demoAge-45) + 5 // days since joining: many are new
	if seat == 0 {
		back = 1500 + dice.below(demoAge-1500)
	}
	joined := d.morning(back)
	u := rollcall.User{
		UserID: d.userID(p.handle), Name: p.name, NameEN: p.nameEN, Title: t.title(dice, seat),
		Active: n%61 != 40, AccessLimited: n%73 == 50, HiredDate: joined,
		Stay: rollcall.Stay{From: joined, To: rollcall.Open},
	}
	u.Email = u.UserID + "@qinghe.example"
	if dice.permille(150) {
		u.Extension = fmt.Sprintf(`{"desk":"%dF-%02d"}`, 1+dice.below(6), 1+dice.below(60))
	}
	m := rollcall.Membership{DeptID: t.id, Leader: seat == 0, Entered: d.later(dice, joined)}
	if seat < 3 && t.people > 3 && t.id%3 != 2 {
		m.Ordered, m.Order = true, int64(1000-100*seat)
	}
	m.Modified = m.Entered
	u.Memberships = append(u.Memberships, m)
	if other := pick(dice, teams); dice.permille(70) && other.id != t.id && other.id != rollcall.RootDept {
		second := rollcall.Membership{DeptID: other.id, Title: "项目成员", Entered: d.later(dice, m.Entered)}
		second.Modified = second.Entered
		u.Memberships = append(u.Memberships, second)
		slices.SortFunc(u.Memberships, func(a, b rollcall.Membership) int { return cmp.Compare(a.DeptID, b.DeptID) })
	}
	e := employee{user: u, team: t, diligence: 860 + dice.below(130)}
	if n%43 == 21 { // long absent, some of them still
		e.awayFrom = 20 + dice.below(25)
		e.awayTo = dice.below(12)
	}
	d.staff = append(d.staff, e)
}

func (t *team) title(dice *dice, seat int) string {
	switch {
	case seat == 0:
		return t.lead
	case seat == 1 && t.leadSecond != "":
		return t.leadSecond
	}
	return pick(dice, t.titles)
}

// later returns a time of entering: mostly that of joining, else one between
// then and now.
func (d *demo) later(dice *dice, joined rollcall.Instant) rollcall.Instant {
	const day = daySeconds * perSecond
	days := int((d.now - joined) / day)
	if days < 30 || dice.below(4) > 0 {
		return joined
	}
	return joined + rollcall.Instant(dice.below(days-10))*day
}

func (d *demo) userID(handle string) string {
	d.taken[handle]++
	if n := d.taken[handle]; n > 1 {
		return handle + strconv.Itoa(n)
	}
	return handle
}

// signIns returns who signed in on a day that is some days back.
func (d *demo) signIns(day rollcall.Day, back int) []rollcall.Ordinal {
	weekday := time.Date(day.Year(), day.Month(), day.DayOfMonth(), 12, 0, 0, 0, time.UTC).Weekday()
	weekend := weekday == time.Saturday || weekday == time.Sunday
	list := []rollcall.Ordinal{}
	for i := range d.staff {
		e := &d.staff[i]
		chance := e.diligence
		switch {
		case weekend && e.team.shifts:
			chance = 420
		case weekend:
			chance = 35
		}
		if back <= e.awayFrom && back >= e.awayTo {
			chance = 0
		}
		// The dice are of the person and the day, so that a day stays the same
		// as long as the people do.
		dice := throw(demoSeed, uint64(i), uint64(day))
		if e.user.Active && e.user.Stay.From < rollcall.At(day.End(d.loc)) && dice.permille(chance) {
			list = append(list, e.user.Ordinal)
		}
	}
	return list
}
