package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/edit"
	"rollcall/internal/node"
)

// userFlags are the values of a person that can be given. What is not given
// stays as it is; what is given empty is taken away.
type userFlags struct {
	NameEN    *string  `name:"name-en" placeholder:"NAME" help:"English name."`
	Dept      []string `placeholder:"ID" help:"Department of the person; give the flag again for more. Somebody new without any is in the root (1)."`
	Leader    []string `placeholder:"ID" help:"Department that the person leads; give the flag again for more."`
	MainDept  *int64   `placeholder:"ID" help:"The main one of the departments."`
	DeptOrder []string `placeholder:"ID=N" sep:"none" help:"Order in a department, larger first; 0 is none. Give the flag again for more."`
	DeptTitle []string `placeholder:"ID=TEXT" sep:"none" help:"Title in a department; give the flag again for more."`
	DeptPlace []string `name:"dept-work-place" placeholder:"ID=TEXT" sep:"none" help:"Where the person works for a department; give the flag again for more."`

	Mobile       *string `placeholder:"NUMBER" help:"Mobile number: of mainland China, or as +xx-xxxx."`
	Email        *string `placeholder:"ADDRESS" help:"E-mail address."`
	OrgEmail     *string `placeholder:"ADDRESS" help:"E-mail address that the organization gave."`
	OrgEmailType *string `placeholder:"TEXT" help:"What sort of address that is."`
	Telephone    *string `placeholder:"NUMBER" help:"Extension number."`
	Title        *string `placeholder:"TEXT" help:"Title."`
	JobNumber    *string `placeholder:"TEXT" help:"Job number."`
	WorkPlace    *string `placeholder:"TEXT" help:"Where the person works."`
	HiredDate    *string `placeholder:"TIME" help:"When the person was hired: 2026-08-20, or 2026-08-20T09:30:00+08:00."`
	Manager      *string `placeholder:"USERID" help:"Whom the person reports to."`
	Gender       *string `placeholder:"TEXT" help:"Gender, as the contact sheet has it."`
	Avatar       *string `placeholder:"URL" help:"Address of the picture."`
	Remark       *string `placeholder:"TEXT" help:"A remark about the person."`
	Extension    *string `placeholder:"JSON" help:"More about the person, a JSON object."`
	UnionID      *string `name:"unionid" placeholder:"ID" help:"The unionid, of somebody who brings one along."`

	Active        *bool   `help:"The account was used at least once; --active=false takes it back."`
	AccessLimited *bool   `help:"The visibility of the person is restricted."`
	HideMobile    *bool   `help:"Others do not get to see the mobile number."`
	Senior        *bool   `help:"Senior mode."`
	Boss          *bool   `help:"The boss of the organization."`
	Exclusive     *bool   `name:"exclusive-account" help:"The account belongs to the organization."`
	ExclusiveType *string `name:"exclusive-account-type" placeholder:"TYPE" help:"What sort of such an account: sso or dingtalk."`
	LoginID       *string `name:"login-id" placeholder:"TEXT" help:"The name to sign in with, of such an account."`

	Admin     *string  `placeholder:"LEVEL" help:"main: administrator of everything, sub: of some departments, none: not one."`
	AdminDept []string `placeholder:"ID" help:"With --admin sub: department that the person manages, with all below it; give the flag again for more."`
}

// values returns what was given.
func (f *userFlags) values(zone *time.Location) (v edit.UserValues, err error) {
	v = edit.UserValues{
		NameEN: f.NameEN, Mobile: f.Mobile, Email: f.Email, OrgEmail: f.OrgEmail, OrgEmailType: f.OrgEmailType, Telephone: f.Telephone,
		Title: f.Title, JobNumber: f.JobNumber, WorkPlace: f.WorkPlace, Manager: f.Manager, Gender: f.Gender, Avatar: f.Avatar,
		Remark: f.Remark, Extension: f.Extension, UnionID: f.UnionID, Active: f.Active, AccessLimited: f.AccessLimited,
		HideMobile: f.HideMobile, Senior: f.Senior, Boss: f.Boss, Exclusive: f.Exclusive, ExclusiveType: f.ExclusiveType, LoginID: f.LoginID,
	}
	for _, l := range []struct {
		flag  string
		given []string
		to    *[]rollcall.DeptID
	}{
		{"dept", f.Dept, &v.Depts},
		{"leader", f.Leader, &v.Leads},
		{"admin-dept", f.AdminDept, &v.AdminDepts},
	} {
		if *l.to, err = deptList(l.flag, l.given); err != nil {
			return v, err
		}
	}
	if v.Places, err = f.places(); err != nil {
		return v, err
	}
	if v.Admin, err = adminLevel(f.Admin); err != nil {
		return v, err
	}
	v.HiredDate, err = hiredDate(f.HiredDate, zone)
	return v, err
}

// places returns what was given for single departments.
func (f *userFlags) places() (places []edit.Place, err error) {
	for _, l := range []struct {
		flag  string
		given []string
		put   func(p *edit.Place, value string) bool
	}{
		{"dept-order", f.DeptOrder, func(p *edit.Place, value string) bool {
			order, err := strconv.ParseInt(value, 10, 64)
			p.Order = &order
			return err == nil
		}},
		{"dept-title", f.DeptTitle, func(p *edit.Place, value string) bool {
			p.Title = &value
			return true
		}},
		{"dept-work-place", f.DeptPlace, func(p *edit.Place, value string) bool {
			p.WorkPlace = &value
			return true
		}},
	} {
		for _, text := range l.given {
			key, value, _ := strings.Cut(text, "=")
			id, err := strconv.ParseInt(key, 10, 64)
			p := edit.Place{DeptID: rollcall.DeptID(id), Param: l.flag}
			if err != nil || !strings.Contains(text, "=") || !l.put(&p, value) {
				return nil, usageError{fmt.Errorf("--%s: %q is not of the form ID=VALUE", l.flag, text)}
			}
			places = append(places, p)
		}
	}
	if f.MainDept != nil {
		yes := true
		places = append(places, edit.Place{DeptID: rollcall.DeptID(*f.MainDept), Main: &yes, Param: "main-dept"})
	}
	return places, nil
}

// adminLevels are the levels of administrators by their words; the index is the
// level. It is immutable.
var adminLevels = []string{"none", "main", "sub"}

func adminLevel(word *string) (*uint8, error) {
	if word == nil {
		return nil, nil
	}
	for i, w := range adminLevels {
		if w == *word {
			level := uint8(i)
			return &level, nil
		}
	}
	return nil, usageError{fmt.Errorf("--admin: %q is none of main, sub and none", *word)}
}

// hiredDate reads a day, which begins in a time zone, or an instant. An empty
// text takes it away.
func hiredDate(text *string, zone *time.Location) (*rollcall.Instant, error) {
	if text == nil {
		return nil, nil
	}
	at := rollcall.Instant(0)
	if *text != "" {
		day, err := rollcall.ParseDay(strings.ReplaceAll(*text, "-", ""))
		t, wrong := time.Parse(time.RFC3339, *text)
		switch {
		case err == nil:
			at = rollcall.At(day.Start(zone))
		case wrong == nil:
			at = rollcall.At(t)
		default:
			return nil, usageError{fmt.Errorf("--hired-date: %q is neither a date nor a time", *text)}
		}
	}
	return &at, nil
}

type userCreateCommand struct {
	dataFlags
	UserID string `arg:"" optional:"" name:"userid" help:"The userid; one is made up without it. Whoever had it before comes back."`
	Name   string `required:"" help:"Name, 1 to 64 characters."`
	userFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (userCreateCommand) Help() string {
	return "Example:\n  rollcall user create --data ./data alice --name Alice --mobile 13800000001 --dept 2 --dept 3"
}

// Run carries the command out.
func (c *userCreateCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	v, err := c.values(org.Current().Location())
	if err != nil {
		return err
	}
	v.Name = &c.Name
	userid := c.UserID
	if _, err := org.Do(ctx, "cli", edit.CreateUser(&userid, rollcall.At(time.Now()), v)); err != nil {
		return fmt.Errorf("creating the person: %w", err)
	}
	if c.JSON {
		return c.show(std, org, userid)
	}
	fmt.Fprintf(std.out, "Created %s (%s).\n", userid, c.Name)
	return nil
}

func (c *userCreateCommand) show(std streams, org *node.Org, userid string) error {
	u, _ := org.Current().UserByID(userid)
	return printJSON(std.out, newUserDetail(org.Current(), u))
}

type userUpdateCommand struct {
	dataFlags
	UserID string  `arg:"" name:"userid" help:"The person's userid."`
	Name   *string `help:"Name, 1 to 64 characters."`
	userFlags
	Append bool `name:"append-extension" help:"Add --extension to what is there, instead of replacing it."`
	JSON   bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (userUpdateCommand) Help() string {
	return "What is not given stays as it is; what is given empty is taken away.\n\nExamples:\n" +
		"  rollcall user update --data ./data alice --dept 2 --dept 4 --dept-title 4=Lead --leader 4\n" +
		"  rollcall user update --data ./data alice --admin sub --admin-dept 2 --manager ''"
}

// Run carries the command out.
func (c *userUpdateCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	v, err := c.values(org.Current().Location())
	if err != nil {
		return err
	}
	v.Name, v.AppendExtension = c.Name, c.Append
	out, err := org.Do(ctx, "cli", edit.UpdateUser(c.UserID, rollcall.At(time.Now()), v))
	switch {
	case err != nil:
		return fmt.Errorf("changing the person: %w", err)
	case c.JSON:
		u, _ := org.Current().UserByID(c.UserID)
		return printJSON(std.out, newUserDetail(org.Current(), u))
	case len(out.Changes) == 0:
		fmt.Fprintf(std.out, "%s is so already.\n", c.UserID)
	default:
		fmt.Fprintf(std.out, "Changed %s.\n", c.UserID)
	}
	return nil
}

type userDeleteCommand struct {
	dataFlags
	UserIDs []string `arg:"" name:"userid" help:"The userids of the people."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (userDeleteCommand) Help() string {
	return "All of them leave, or nobody. Sign-ins and the answers about earlier days stay; so do the\nvalues of the people, until rollcall user erase takes them away.\n\nExample:\n  rollcall user delete --data ./data alice bob"
}

// userDeleted is who left.
type userDeleted struct {
	UserIDs []string `json:"userids"`
}

// Run carries the command out.
func (c *userDeleteCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if _, err := org.Do(ctx, "cli", edit.DeleteUser(c.UserIDs...)); err != nil {
		return fmt.Errorf("letting people leave: %w", err)
	}
	if c.JSON {
		return printJSON(std.out, userDeleted{c.UserIDs})
	}
	for _, userid := range c.UserIDs {
		fmt.Fprintf(std.out, "%s has left.\n", userid)
	}
	return nil
}

type userEraseCommand struct {
	dataFlags
	UserID string `arg:"" name:"userid" help:"The userid of somebody who has left."`
	Leave  bool   `help:"Let the person leave before, if still there."`
	Yes    bool   `short:"y" help:"Do not ask before the change."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (userEraseCommand) Help() string {
	return `Takes a person's values away for good: from the store, from its change log, and
from what is left over in its files, which are written anew. That there was
somebody, and when and where, stays, under another userid; counts and the answers
about earlier days are the same. Backups and exported files are not touched.

Example:
  rollcall user erase --data ./data alice`
}

// userErased is what is left of a person.
type userErased struct {
	Ordinal rollcall.Ordinal `json:"ordinal"`
	UserID  string           `json:"userid"`
}

// Run carries the command out.
func (c *userEraseCommand) Run(ctx context.Context, std streams) error {
	store, org, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if !c.Yes && isTerminal(std.in) && !confirm(std) {
		return errors.New("nothing was changed")
	}
	to := ""
	if _, err := org.Do(ctx, "cli", edit.EraseUser(c.UserID, c.Leave, &to)); err != nil {
		return fmt.Errorf("erasing: %w", err)
	}
	// Whoever is interrupted now knows how to go on.
	fmt.Fprintf(std.err, "%s is called %s now; the files are being written anew.\n", c.UserID, to)
	if err := store.Rewrite(ctx); err != nil {
		return failure{fmt.Errorf("the person is erased, and is %s now, but the files may hold more: %w; finish it with: rollcall user erase %s %s", to, err, c.flags(), to)}
	}
	u, _ := org.Current().UserByID(to)
	if c.JSON {
		return printJSON(std.out, userErased{u.Ordinal, to})
	}
	fmt.Fprintf(std.out, "Erased; what is left is called %s.\n", to)
	return nil
}
