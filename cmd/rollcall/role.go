package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
)

// roleCommand manages roles.
type roleCommand struct {
	List   roleListCommand   `cmd:"" help:"List the roles."`
	Show   roleShowCommand   `cmd:"" help:"Show a role and who holds it."`
	Create roleCreateCommand `cmd:"" help:"Create a role in a group."`
	Update roleUpdateCommand `cmd:"" help:"Rename a role, or move it to another group."`
	Delete roleDeleteCommand `cmd:"" help:"Delete a role that nobody holds."`
	Give   roleGiveCommand   `cmd:"" help:"Give a role to people."`
	Take   roleTakeCommand   `cmd:"" help:"Take a role from people."`
	Group  roleGroupCommand  `cmd:"" help:"Manage the groups of roles."`
}

// roleRow is a role as it is listed.
type roleRow struct {
	RoleID  rollcall.RoleID  `json:"role_id"`
	Name    string           `json:"name"`
	GroupID rollcall.GroupID `json:"group_id"`
	Group   string           `json:"group"`
	Holders int              `json:"holders"`
}

func newRoleRow(r *directory.Root, role rollcall.Role) roleRow {
	g, _ := r.RoleGroup(role.GroupID)
	_, total := r.RoleHolders(role.ID, 0, 0)
	return roleRow{role.ID, role.Name, role.GroupID, g.Name, total}
}

type roleListCommand struct {
	dataFlags
	listFlags
	Group *int64 `placeholder:"ID" help:"Only the roles of this group."`
}

// Help is shown by --help.
func (roleListCommand) Help() string {
	return "The roles of the group 1 follow from what people are: who is marked as the boss, leads a department or is an administrator."
}

// Run carries the command out.
func (c *roleListCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	if c.Group != nil {
		if _, ok := r.RoleGroup(rollcall.GroupID(*c.Group)); !ok {
			return rollcall.Invalid("group", "there is no role group %d", *c.Group)
		}
	}
	list, rows := []roleRow{}, [][]string{}
	for role := range r.Roles() {
		if c.Group != nil && role.GroupID != rollcall.GroupID(*c.Group) {
			continue
		}
		row := newRoleRow(r, role)
		list = append(list, row)
		rows = append(rows, []string{
			strconv.FormatInt(int64(row.RoleID), 10), row.Name, strconv.FormatInt(int64(row.GroupID), 10), row.Group, strconv.Itoa(row.Holders),
		})
	}
	return c.print(std.out, list, []string{"role_id", "name", "group_id", "group", "holders"}, rows)
}

type roleShowCommand struct {
	dataFlags
	listFlags
	ID int64 `arg:"" name:"role-id" help:"The role's id."`
}

// roleDetail is a role with everyone who holds it.
type roleDetail struct {
	roleRow
	Holders []holderRow `json:"holders"`
}

type holderRow struct {
	UserID string `json:"userid"`
	Name   string `json:"name"`
}

// Run carries the command out.
func (c *roleShowCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	role, ok := r.Role(rollcall.RoleID(c.ID))
	if !ok {
		return rollcall.Invalid("role_id", "there is no role %d", c.ID)
	}
	detail, rows := roleDetail{newRoleRow(r, role), []holderRow{}}, [][]string{}
	holders, _ := r.RoleHolders(role.ID, 0, detail.roleRow.Holders)
	for _, o := range holders {
		u := r.User(o)
		detail.Holders = append(detail.Holders, holderRow{u.UserID, u.Name})
		rows = append(rows, []string{u.UserID, u.Name})
	}
	if !c.JSON && !c.CSV {
		fmt.Fprintf(std.out, "Role %d (%s) of group %d (%s)\n", role.ID, role.Name, role.GroupID, detail.Group)
	}
	return c.print(std.out, detail, []string{"userid", "name"}, rows)
}

type roleCreateCommand struct {
	dataFlags
	Group int64  `required:"" placeholder:"ID" help:"The group of the role."`
	Name  string `required:"" help:"Name, 1 to 64 characters, which no other role of the group has."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (roleCreateCommand) Help() string {
	return "Example:\n  rollcall role create --data ./data --group 101 --name \"First aid\""
}

// Run carries the command out.
func (c *roleCreateCommand) Run(ctx context.Context, std streams) error {
	var id rollcall.RoleID
	r, err := c.changeRoles(ctx, edit.CreateRole(&id, rollcall.GroupID(c.Group), c.Name))
	if err != nil {
		return fmt.Errorf("creating the role: %w", err)
	}
	return printRole(std, r, id, c.JSON, "Created")
}

// change carries out an intent and returns the newest version then.
func (f dataFlags) changeRoles(ctx context.Context, intent directory.Intent) (*directory.Root, error) {
	org, done, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err := org.Do(ctx, "cli", intent); err != nil {
		return nil, err
	}
	return org.Current(), nil
}

func printRole(std streams, r *directory.Root, id rollcall.RoleID, asJSON bool, done string) error {
	role, _ := r.Role(id)
	row := newRoleRow(r, role)
	if asJSON {
		return printJSON(std.out, row)
	}
	fmt.Fprintf(std.out, "%s role %d (%s) in group %d (%s).\n", done, id, row.Name, row.GroupID, row.Group)
	return nil
}

type roleUpdateCommand struct {
	dataFlags
	ID    int64   `arg:"" name:"role-id" help:"The role's id."`
	Name  *string `help:"Name, 1 to 64 characters, which no other role of the group has."`
	Group *int64  `placeholder:"ID" help:"Another group for the role."`
	JSON  bool    `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (roleUpdateCommand) Help() string {
	return "What is not given stays as it is. Who holds the role keeps it.\n\nExample:\n  rollcall role update --data ./data 103 --name \"First aid\" --group 102"
}

// Run carries the command out.
func (c *roleUpdateCommand) Run(ctx context.Context, std streams) error {
	if c.Name == nil && c.Group == nil {
		return usageError{errors.New("say what is to change")}
	}
	id := rollcall.RoleID(c.ID)
	r, err := c.changeRoles(ctx, edit.UpdateRole(id, edit.RoleValues{Name: c.Name, GroupID: (*rollcall.GroupID)(c.Group)}))
	if err != nil {
		return fmt.Errorf("updating the role: %w", err)
	}
	return printRole(std, r, id, c.JSON, "Updated")
}

type roleDeleteCommand struct {
	dataFlags
	ID int64 `arg:"" name:"role-id" help:"The role's id."`
}

// Run carries the command out.
func (c *roleDeleteCommand) Run(ctx context.Context, std streams) error {
	if _, err := c.changeRoles(ctx, edit.DeleteRole(rollcall.RoleID(c.ID))); err != nil {
		return fmt.Errorf("deleting the role: %w", err)
	}
	fmt.Fprintf(std.out, "Deleted role %d.\n", c.ID)
	return nil
}

// holdingFlags say who gets or loses which role.
type holdingFlags struct {
	dataFlags
	ID      int64    `arg:"" name:"role-id" help:"The role's id."`
	UserIDs []string `arg:"" name:"userid" help:"Userids of the people."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// holdingResult tells what became of it.
type holdingResult struct {
	RoleID  rollcall.RoleID `json:"role_id"`
	Changed []string        `json:"changed"` // who got or lost it
	Holders int             `json:"holders"` // how many hold it now
}

// carryOut gives or takes.
func (f *holdingFlags) carryOut(ctx context.Context, std streams, intent func([]rollcall.RoleID, []string) directory.Intent, done string) error {
	org, closed, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer closed()
	id := rollcall.RoleID(f.ID)
	out, err := org.Do(ctx, "cli", intent([]rollcall.RoleID{id}, f.UserIDs))
	if err != nil {
		return err
	}
	r := org.Current()
	result := holdingResult{RoleID: id, Changed: []string{}}
	for _, change := range out.Changes {
		result.Changed = append(result.Changed, r.User(change.Ordinal).UserID)
	}
	_, result.Holders = r.RoleHolders(id, 0, 0)
	if f.JSON {
		return printJSON(std.out, result)
	}
	people := "people hold"
	if result.Holders == 1 {
		people = "person holds"
	}
	fmt.Fprintf(std.out, "%s %d of %d; %d %s role %d now.\n", done, len(result.Changed), len(f.UserIDs), result.Holders, people, id)
	return nil
}

type roleGiveCommand struct{ holdingFlags }

// Help is shown by --help.
func (roleGiveCommand) Help() string {
	return "All or nothing. Who holds the role already keeps it.\n\nExample:\n  rollcall role give --data ./data 103 alice bob"
}

// Run carries the command out.
func (c *roleGiveCommand) Run(ctx context.Context, std streams) error {
	if err := c.carryOut(ctx, std, edit.GiveRoles, "Given to"); err != nil {
		return fmt.Errorf("giving the role: %w", err)
	}
	return nil
}

type roleTakeCommand struct{ holdingFlags }

// Help is shown by --help.
func (roleTakeCommand) Help() string {
	return "All or nothing. Who does not hold the role goes on without it.\n\nExample:\n  rollcall role take --data ./data 103 alice bob"
}

// Run carries the command out.
func (c *roleTakeCommand) Run(ctx context.Context, std streams) error {
	if err := c.carryOut(ctx, std, edit.TakeRoles, "Taken from"); err != nil {
		return fmt.Errorf("taking the role: %w", err)
	}
	return nil
}

// roleGroupCommand manages the groups of roles.
type roleGroupCommand struct {
	List   groupListCommand   `cmd:"" help:"List the groups of roles."`
	Create groupCreateCommand `cmd:"" help:"Create a group of roles."`
	Update groupUpdateCommand `cmd:"" help:"Rename a group of roles."`
	Delete groupDeleteCommand `cmd:"" help:"Delete a group that has no roles."`
}

// groupRow is a group as it is listed.
type groupRow struct {
	GroupID rollcall.GroupID `json:"group_id"`
	Name    string           `json:"name"`
	Roles   int              `json:"roles"`
}

func newGroupRow(r *directory.Root, g rollcall.RoleGroup) groupRow {
	row := groupRow{GroupID: g.ID, Name: g.Name}
	for role := range r.Roles() {
		if role.GroupID == g.ID {
			row.Roles++
		}
	}
	return row
}

type groupListCommand struct {
	dataFlags
	listFlags
}

// Run carries the command out.
func (c *groupListCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	list, rows := []groupRow{}, [][]string{}
	for g := range r.RoleGroups() {
		row := newGroupRow(r, g)
		list = append(list, row)
		rows = append(rows, []string{strconv.FormatInt(int64(g.ID), 10), g.Name, strconv.Itoa(row.Roles)})
	}
	return c.print(std.out, list, []string{"group_id", "name", "roles"}, rows)
}

type groupCreateCommand struct {
	dataFlags
	Name string `required:"" help:"Name, 1 to 64 characters, which no other group has."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (groupCreateCommand) Help() string {
	return "Example:\n  rollcall role group create --data ./data --name Offices"
}

// Run carries the command out.
func (c *groupCreateCommand) Run(ctx context.Context, std streams) error {
	var id rollcall.GroupID
	r, err := c.changeRoles(ctx, edit.CreateRoleGroup(&id, c.Name))
	if err != nil {
		return fmt.Errorf("creating the role group: %w", err)
	}
	return printGroup(std, r, id, c.JSON, "Created")
}

func printGroup(std streams, r *directory.Root, id rollcall.GroupID, asJSON bool, done string) error {
	g, _ := r.RoleGroup(id)
	if asJSON {
		return printJSON(std.out, newGroupRow(r, g))
	}
	fmt.Fprintf(std.out, "%s role group %d (%s).\n", done, id, g.Name)
	return nil
}

type groupUpdateCommand struct {
	dataFlags
	ID   int64  `arg:"" name:"group-id" help:"The group's id."`
	Name string `required:"" help:"Name, 1 to 64 characters, which no other group has."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run carries the command out.
func (c *groupUpdateCommand) Run(ctx context.Context, std streams) error {
	id := rollcall.GroupID(c.ID)
	r, err := c.changeRoles(ctx, edit.RenameRoleGroup(id, c.Name))
	if err != nil {
		return fmt.Errorf("updating the role group: %w", err)
	}
	return printGroup(std, r, id, c.JSON, "Updated")
}

type groupDeleteCommand struct {
	dataFlags
	ID int64 `arg:"" name:"group-id" help:"The group's id."`
}

// Run carries the command out.
func (c *groupDeleteCommand) Run(ctx context.Context, std streams) error {
	if _, err := c.changeRoles(ctx, edit.DeleteRoleGroup(rollcall.GroupID(c.ID))); err != nil {
		return fmt.Errorf("deleting the role group: %w", err)
	}
	fmt.Fprintf(std.out, "Deleted role group %d.\n", c.ID)
	return nil
}
