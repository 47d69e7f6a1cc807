package main

import (
	"context"
	"errors"
	"fmt"

	"rollcall"
	"rollcall/internal/directory"
)

// scopeFlags say whom an app sees and from where it may call.
type scopeFlags struct {
	ScopeDept []int64  `placeholder:"ID" help:"Department of the contact scope, with all below it; without any, and without --scope-user, the whole organization."`
	ScopeUser []string `placeholder:"USERID" help:"Person of the contact scope; counts for calls about one person only."`
	AllowIP   []string `name:"allow-ip" placeholder:"CIDR" help:"Address or network from which the app may call, such as 10.0.0.0/8; without any, from everywhere."`
}

// set puts what is given into an app, lists in the place of lists.
func (f scopeFlags) set(app *rollcall.App) error {
	if len(f.ScopeDept)+len(f.ScopeUser) > 0 {
		app.ScopeDepts, app.ScopeUsers = nil, f.ScopeUser
		for _, d := range f.ScopeDept {
			app.ScopeDepts = append(app.ScopeDepts, rollcall.DeptID(d))
		}
	}
	if len(f.AllowIP) > 0 {
		app.AllowedIPs = nil
	}
	for _, s := range f.AllowIP {
		network, err := rollcall.ParseNetwork(s)
		if err != nil {
			return err
		}
		app.AllowedIPs = append(app.AllowedIPs, network)
	}
	return nil
}

// scopeThere reports a department or a person of an app's contact scope that is
// not there.
func scopeThere(s *directory.State, app *rollcall.App) error {
	for _, d := range app.ScopeDepts {
		if _, ok := s.Dept(d); !ok {
			return rollcall.Invalid("scope-dept", "there is no department %d", d)
		}
	}
	for _, userid := range app.ScopeUsers {
		if u, ok := s.UserByID(userid); !ok || !u.Present() {
			return rollcall.Invalid("scope-user", "nobody has the userid %q", userid)
		}
	}
	return nil
}

// permissions makes a list without repeats.
func permissions(names []string) []rollcall.Permission {
	var app rollcall.App
	for _, p := range names {
		if !app.Holds(rollcall.Permission(p)) {
			app.Permissions = append(app.Permissions, rollcall.Permission(p))
		}
	}
	return app.Permissions
}

type appUpdateCommand struct {
	dataFlags
	Appkey     string   `arg:"" help:"The app's appkey."`
	Name       *string  `help:"Another name."`
	Permission []string `placeholder:"POINT" help:"Permission points in the place of those that the app has; give the flag again for more."`
	scopeFlags
	ScopeAll   bool  `help:"The whole organization as the contact scope."`
	AllowAnyIP bool  `name:"allow-any-ip" help:"Calls from everywhere."`
	Rate       *int  `placeholder:"N" help:"How often a second the app may make one and the same call; 0 is as often as it likes."`
	AnyTicket  *bool `help:"For a third-party app: take any suite ticket, or none; =false takes that back."`
	JSON       bool  `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (appUpdateCommand) Help() string {
	return "What is not given stays as it is. Lists replace lists; --scope-dept and --scope-user together are one.\n\n" +
		permissionPoints() + "\n\nExample:\n  rollcall app update --data ./data KEY --allow-ip 10.0.0.0/8 --rate 20"
}

// check finds flags that exclude each other, and that there are any.
func (c *appUpdateCommand) check() error {
	scope, ips := len(c.ScopeDept)+len(c.ScopeUser) > 0, len(c.AllowIP) > 0
	switch {
	case scope && c.ScopeAll:
		return usageError{errors.New("--scope-all excludes --scope-dept and --scope-user")}
	case ips && c.AllowAnyIP:
		return usageError{errors.New("--allow-any-ip excludes --allow-ip")}
	case !scope && !c.ScopeAll && !ips && !c.AllowAnyIP && c.Name == nil && c.Permission == nil && c.Rate == nil && c.AnyTicket == nil:
		return usageError{errors.New("say what is to change")}
	}
	return nil
}

// set puts what is given into an app.
func (c *appUpdateCommand) set(app *rollcall.App) error {
	if c.Name != nil {
		app.Name = *c.Name
	}
	if c.Permission != nil {
		app.Permissions = permissions(c.Permission)
	}
	if c.ScopeAll {
		app.ScopeDepts, app.ScopeUsers = nil, nil
	}
	if c.AllowAnyIP {
		app.AllowedIPs = nil
	}
	if c.Rate != nil {
		app.Rate = *c.Rate
	}
	if c.AnyTicket != nil {
		app.AnyTicket = *c.AnyTicket
	}
	if err := c.scopeFlags.set(app); err != nil {
		return err
	}
	return app.Validate()
}

// Run carries the command out.
func (c *appUpdateCommand) Run(ctx context.Context, std streams) error {
	if err := c.check(); err != nil {
		return err
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	app, err := changeApp(ctx, org, c.Appkey, func(s *directory.State, app *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
		fresh := *app
		if err := c.set(&fresh); err != nil {
			return "", nil, err
		}
		if len(c.ScopeDept)+len(c.ScopeUser) > 0 { // what was there before may be gone since
			if err := scopeThere(s, &fresh); err != nil {
				return "", nil, err
			}
		}
		return rollcall.AppUpdated, &fresh, nil
	})
	if err != nil {
		return fmt.Errorf("updating the app: %w", err)
	}
	if c.JSON {
		return printJSON(std.out, newAppRow(app))
	}
	fmt.Fprintf(std.out, "Updated app %s.\n", app.Appkey)
	return nil
}

type appTicketCommand struct {
	dataFlags
	Appkey string `arg:"" help:"The app's appkey."`
	Rotate bool   `help:"Make a new ticket; the one before is refused at once."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run carries the command out.
func (c *appTicketCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	key, err := c.key()
	if err != nil {
		return err
	}
	app, err := knownApp(org, c.Appkey)
	switch {
	case err != nil:
		return err
	case app.Type != rollcall.ThirdParty:
		return rollcall.Invalid("appkey", "%s is not a third-party app and has no suite ticket", c.Appkey)
	case c.Rotate:
		app, err = changeApp(ctx, org, c.Appkey, func(_ *directory.State, app *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
			fresh := *app
			fresh.TicketGeneration++
			return rollcall.AppUpdated, &fresh, nil
		})
		if err != nil {
			return fmt.Errorf("making a suite ticket: %w", err)
		}
	}
	ticket := key.Ticket(org.ID(), app)
	if c.JSON {
		return printJSON(std.out, map[string]string{"appkey": app.Appkey, "suite_ticket": ticket})
	}
	fmt.Fprintf(std.out, "suite ticket: %s\n", ticket)
	return nil
}
