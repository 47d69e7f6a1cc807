package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

type userGetCommand struct {
	dataFlags
	listFlags
	UserID string `arg:"" name:"userid" help:"The person's userid; also of somebody who has left."`
}

// userDetail is a person in full.
type userDetail struct {
	UserID        string             `json:"userid"`
	UnionID       string             `json:"unionid"`
	Ordinal       rollcall.Ordinal   `json:"ordinal"`
	Name          string             `json:"name"`
	NameEN        string             `json:"name_en"`
	Joined        string             `json:"joined"` // empty: since before the first recorded day
	Left          string             `json:"left"`   // empty: still there
	Active        bool               `json:"active"`
	AccessLimited bool               `json:"access_limited"`
	Mobile        string             `json:"mobile"`
	HideMobile    bool               `json:"hide_mobile"`
	Email         string             `json:"email"`
	OrgEmail      string             `json:"org_email"`
	OrgEmailType  string             `json:"org_email_type"`
	Telephone     string             `json:"telephone"`
	Title         string             `json:"title"`
	JobNumber     string             `json:"job_number"`
	WorkPlace     string             `json:"work_place"`
	HiredDate     string             `json:"hired_date"`
	Manager       string             `json:"manager_userid"`
	Gender        string             `json:"gender"`
	Avatar        string             `json:"avatar"`
	Remark        string             `json:"remark"`
	Extension     string             `json:"extension"`
	Senior        bool               `json:"senior"`
	Boss          bool               `json:"boss"`
	Exclusive     bool               `json:"exclusive_account"`
	ExclusiveType string             `json:"exclusive_account_type"`
	LoginID       string             `json:"login_id"`
	Admin         string             `json:"admin"`
	AdminDepts    []rollcall.DeptID  `json:"admin_depts"`
	Roles         []rollcall.RoleID  `json:"roles"`
	Depts         []membershipDetail `json:"departments"`
}

// membershipDetail is a person in a department.
type membershipDetail struct {
	DeptID    rollcall.DeptID `json:"dept_id"`
	Order     *int64          `json:"order"` // null: nobody chose one
	Leader    bool            `json:"leader"`
	Main      bool            `json:"is_main"`
	Title     string          `json:"title"`
	WorkPlace string          `json:"work_place"`
	Entered   string          `json:"entered"` // empty: since before the first recorded day
}

// newUserDetail shows a person, also one who has left.
func newUserDetail(r *directory.Root, u *rollcall.User) userDetail {
	moment := func(at rollcall.Instant) string {
		if at == 0 {
			return ""
		}
		return at.Time().In(r.Location()).Format(time.RFC3339)
	}
	d := userDetail{
		UserID: u.UserID, UnionID: r.Union(u), Ordinal: u.Ordinal, Name: u.Name, NameEN: u.NameEN, Joined: moment(u.Stay.From),
		Active: u.Active, AccessLimited: u.AccessLimited, Mobile: u.Mobile, HideMobile: u.HideMobile, Email: u.Email, OrgEmail: u.OrgEmail,
		OrgEmailType: u.OrgEmailType, Telephone: u.Telephone, Title: u.Title, JobNumber: u.JobNumber, WorkPlace: u.WorkPlace,
		HiredDate: moment(u.HiredDate), Gender: u.Gender, Avatar: u.Avatar, Remark: u.Remark, Extension: u.Extension, Senior: u.Senior,
		Boss: u.Boss, Exclusive: u.Exclusive, ExclusiveType: u.ExclusiveType, LoginID: u.LoginID, Admin: adminLevels[u.Admin],
		AdminDepts: append([]rollcall.DeptID{}, u.AdminDepts...), Roles: append([]rollcall.RoleID{}, u.Roles...), Depts: []membershipDetail{},
	}
	if !u.Present() {
		d.Left = moment(u.Stay.To)
	}
	if u.Manager != nil {
		d.Manager = r.UserID(*u.Manager)
	}
	for _, m := range u.Memberships {
		md := membershipDetail{DeptID: m.DeptID, Leader: m.Leader, Main: m.Main, Title: m.Title, WorkPlace: m.WorkPlace, Entered: moment(m.Entered)}
		if m.Ordered {
			order := m.Order
			md.Order = &order
		}
		d.Depts = append(d.Depts, md)
	}
	return d
}

// Run carries the command out.
func (c *userGetCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	u, ok := r.UserByID(c.UserID)
	if !ok {
		return &rollcall.Error{Kind: rollcall.KindNotFound, Param: "userid", Detail: fmt.Sprintf("nobody has or had the userid %q", c.UserID)}
	}
	d := newUserDetail(r, u)
	rows, err := d.rows()
	if err != nil {
		return err
	}
	return c.print(std.out, d, []string{"field", "value"}, rows)
}

// rows are the values that there are, in the order of the JSON; each department
// is a row.
func (d *userDetail) rows() (rows [][]string, err error) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	add := func(field, value string) {
		if value != "" && value != "false" && value != "none" {
			rows = append(rows, []string{field, value})
		}
	}
	flag := func(field string, yes bool) { add(field, strconv.FormatBool(yes)) }
	add("userid", d.UserID)
	add("unionid", d.UnionID)
	add("ordinal", number(int64(d.Ordinal)))
	add("name", d.Name)
	add("name_en", d.NameEN)
	add("joined", d.Joined)
	add("left", d.Left)
	flag("active", d.Active)
	flag("access_limited", d.AccessLimited)
	add("mobile", d.Mobile)
	flag("hide_mobile", d.HideMobile)
	add("email", d.Email)
	add("org_email", d.OrgEmail)
	add("org_email_type", d.OrgEmailType)
	add("telephone", d.Telephone)
	add("title", d.Title)
	add("job_number", d.JobNumber)
	add("work_place", d.WorkPlace)
	add("hired_date", d.HiredDate)
	add("manager_userid", d.Manager)
	add("gender", d.Gender)
	add("avatar", d.Avatar)
	add("remark", d.Remark)
	add("extension", d.Extension)
	flag("senior", d.Senior)
	flag("boss", d.Boss)
	flag("exclusive_account", d.Exclusive)
	add("exclusive_account_type", d.ExclusiveType)
	add("login_id", d.LoginID)
	add("admin", d.Admin)
	var depts, roles []string
	for _, id := range d.AdminDepts {
		depts = append(depts, number(int64(id)))
	}
	for _, id := range d.Roles {
		roles = append(roles, number(int64(id)))
	}
	add("admin_depts", strings.Join(depts, ","))
	add("roles", strings.Join(roles, ","))
	for i := range d.Depts {
		b, err := json.Marshal(&d.Depts[i])
		if err != nil {
			return nil, err
		}
		add("department", string(b))
	}
	return rows, nil
}
