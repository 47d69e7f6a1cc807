package main

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/node"
)

// appCommand manages apps.
type appCommand struct {
	Create       appCreateCommand `cmd:"" help:"Create an app; its appkey and appsecret are printed once."`
	List         appListCommand   `cmd:"" help:"List the apps."`
	Update       appUpdateCommand `cmd:"" help:"Change what an app may do; its secret and its tokens stay."`
	Ticket       appTicketCommand `cmd:"" help:"Show the suite ticket of a third-party app, or make a new one."`
	Delete       appDeleteCommand `cmd:"" help:"Delete an app; its tokens die at once."`
	RotateSecret appRotateCommand `cmd:"" help:"Give an app a new appsecret; the old one and its tokens die at once."`
}

type appCreateCommand struct {
	dataFlags
	Name       string   `required:"" help:"Name of the app."`
	Permission []string `required:"" placeholder:"POINT" help:"Permission point, such as qyapi_get_member; give the flag again for more."`
	Type       string   `default:"internal" enum:"internal,third_party" help:"internal or third_party."`
	scopeFlags
	Rate          int    `placeholder:"N" help:"How often a second the app may make one and the same call; 0, which is the default, is as often as it likes."`
	AnyTicket     bool   `help:"For a third-party app: take any suite ticket, or none."`
	Appkey        string `placeholder:"KEY" help:"Use this appkey instead of a new one."`
	AppsecretFile string `placeholder:"FILE" help:"Use the appsecret in this file instead of a new one."`
	JSON          bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (appCreateCommand) Help() string {
	return permissionPoints() + "\n\nExample:\n  rollcall app create --data ./data --name sync --permission qyapi_get_member --permission qyapi_get_department_member"
}

func permissionPoints() string {
	var points []string
	for _, p := range rollcall.Permissions() {
		points = append(points, string(p))
	}
	return "Permission points: " + strings.Join(points, ", ") + "."
}

// appSecret is what is printed once.
type appSecret struct {
	Appkey      string                `json:"appkey"`
	Appsecret   string                `json:"appsecret"`
	SuiteTicket string                `json:"suite_ticket,omitempty"` // of a third-party app
	Name        string                `json:"name"`
	Type        rollcall.AppType      `json:"type"`
	Permissions []rollcall.Permission `json:"permissions"`
	ScopeDepts  []rollcall.DeptID     `json:"scope_depts"`
}

func newAppSecret(key access.Key, corpID string, a *rollcall.App, secret string) appSecret {
	s := appSecret{
		Appkey: a.Appkey, Appsecret: secret, Name: a.Name, Type: a.Type, Permissions: a.Permissions,
		ScopeDepts: append([]rollcall.DeptID{}, a.ScopeDepts...),
	}
	if a.Type == rollcall.ThirdParty {
		s.SuiteTicket = key.Ticket(corpID, a)
	}
	return s
}

func (s appSecret) print(std streams, asJSON bool) error {
	if asJSON {
		return printJSON(std.out, s)
	}
	fmt.Fprintf(std.out, "appkey:    %s\nappsecret: %s\n", s.Appkey, s.Appsecret)
	if s.SuiteTicket != "" {
		fmt.Fprintf(std.out, "suite ticket: %s\n", s.SuiteTicket)
	}
	fmt.Fprintln(std.err, "The appsecret is not shown again.")
	return nil
}

// Run carries the command out.
func (c *appCreateCommand) Run(ctx context.Context, std streams) error {
	secret, err := newSecret(c.AppsecretFile)
	if err != nil {
		return err
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	key, err := c.key()
	if err != nil {
		return err
	}
	app := &rollcall.App{
		Appkey: c.Appkey, Name: c.Name, Type: rollcall.AppType(c.Type), Permissions: permissions(c.Permission),
		Rate: c.Rate, AnyTicket: c.AnyTicket, SecretGeneration: 1, CreatedAt: rollcall.At(time.Now()),
	}
	if app.Appkey == "" {
		app.Appkey = access.NewAppkey(org.ID())
	}
	if err := c.set(app); err != nil {
		return err
	}
	if err := app.Validate(); err != nil {
		return err
	}
	key.SetSecret(org.ID(), app, secret)
	_, err = org.Do(ctx, "cli", func(s *directory.State) (directory.Batch, error) {
		if _, taken := s.App(app.Appkey); taken {
			return directory.Batch{}, appkeyTaken(app.Appkey)
		}
		return oneChange(rollcall.AppCreated, app), scopeThere(s, app)
	})
	if err != nil {
		return fmt.Errorf("creating the app: %w", err)
	}
	return newAppSecret(key, org.ID(), app, secret).print(std, c.JSON)
}

func oneChange(kind rollcall.Kind, app *rollcall.App) directory.Batch {
	return directory.Batch{Changes: []rollcall.Change{{Kind: kind, Payload: rollcall.Payload{App: app}}}}
}

func appkeyTaken(appkey string) error {
	return &rollcall.Error{Kind: rollcall.KindConflict, Param: "appkey", Detail: fmt.Sprintf("there is an app with the appkey %q already", appkey)}
}

// newSecret makes an appsecret, or reads the one that somebody chose.
func newSecret(path string) (string, error) {
	if path == "" {
		return access.NewSecret(), nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the appsecret: %w", err)
	}
	secret := string(bytes.TrimSpace(b))
	if n := len(secret); n < 16 || n > 256 || strings.ContainsAny(secret, " \t\r\n") {
		return "", rollcall.Invalid("appsecret-file", "an appsecret has 16 to 256 characters without blanks; %s has %d bytes", path, n)
	}
	return secret, nil
}

type appListCommand struct {
	dataFlags
	listFlags
}

// appRow is an app without anything secret.
type appRow struct {
	Appkey      string                `json:"appkey"`
	Name        string                `json:"name"`
	Type        rollcall.AppType      `json:"type"`
	Permissions []rollcall.Permission `json:"permissions"`
	ScopeDepts  []rollcall.DeptID     `json:"scope_depts"`
	ScopeUsers  []string              `json:"scope_users"`
	AllowedIPs  []netip.Prefix        `json:"allowed_ips"`
	Rate        int                   `json:"rate"`
	AnyTicket   bool                  `json:"any_ticket"`
	CreatedAt   string                `json:"created_at"`
}

func newAppRow(a *rollcall.App) appRow {
	return appRow{
		a.Appkey, a.Name, a.Type, a.Permissions, append([]rollcall.DeptID{}, a.ScopeDepts...),
		append([]string{}, a.ScopeUsers...), append([]netip.Prefix{}, a.AllowedIPs...), a.Rate, a.AnyTicket,
		a.CreatedAt.Time().Format(time.RFC3339),
	}
}

// appColumns are the columns of a list of apps; cells has their values.
func appColumns() []string {
	return []string{"appkey", "name", "type", "permissions", "scope_depts", "scope_users", "allowed_ips", "rate", "created_at"}
}

func (r appRow) cells() []string {
	list := func(items any) string { return strings.Trim(fmt.Sprint(items), "[]") }
	scope, ips, rate := list(r.ScopeDepts), list(r.AllowedIPs), "any"
	if len(r.ScopeDepts)+len(r.ScopeUsers) == 0 {
		scope = "everything"
	}
	if len(r.AllowedIPs) == 0 {
		ips = "any"
	}
	if r.Rate > 0 {
		rate = strconv.Itoa(r.Rate)
	}
	return []string{r.Appkey, r.Name, string(r.Type), list(r.Permissions), scope, list(r.ScopeUsers), ips, rate, r.CreatedAt}
}

// Run carries the command out.
func (c *appListCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	apps := slices.SortedFunc(org.Apps(), func(a, b *rollcall.App) int { return strings.Compare(a.Appkey, b.Appkey) })
	list, rows := make([]appRow, 0, len(apps)), [][]string{}
	for _, a := range apps {
		r := newAppRow(a)
		list, rows = append(list, r), append(rows, r.cells())
	}
	return c.print(std.out, list, appColumns(), rows)
}

type appDeleteCommand struct {
	dataFlags
	Appkey string `arg:"" help:"The app's appkey."`
}

// Run carries the command out.
func (c *appDeleteCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	_, err = changeApp(ctx, org, c.Appkey, func(*directory.State, *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
		return rollcall.AppDeleted, &rollcall.App{Appkey: c.Appkey}, nil
	})
	if err != nil {
		return fmt.Errorf("deleting the app: %w", err)
	}
	fmt.Fprintf(std.out, "Deleted app %s.\n", c.Appkey)
	return nil
}

type appRotateCommand struct {
	dataFlags
	Appkey        string `arg:"" help:"The app's appkey."`
	AppsecretFile string `placeholder:"FILE" help:"Use the appsecret in this file instead of a new one."`
	JSON          bool   `name:"json" help:"Print JSON."`
}

// Run carries the command out.
func (c *appRotateCommand) Run(ctx context.Context, std streams) error {
	secret, err := newSecret(c.AppsecretFile)
	if err != nil {
		return err
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	key, err := c.key()
	if err != nil {
		return err
	}
	app, err := changeApp(ctx, org, c.Appkey, func(_ *directory.State, app *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
		fresh := *app
		fresh.SecretGeneration++
		key.SetSecret(org.ID(), &fresh, secret)
		return rollcall.AppSecretReset, &fresh, nil
	})
	if err != nil {
		return fmt.Errorf("rotating the secret: %w", err)
	}
	return newAppSecret(key, org.ID(), app, secret).print(std, c.JSON)
}

// changeApp makes one change to an app that exists, and returns the app as it is
// then. Where the change would change nothing it is not made.
func changeApp(ctx context.Context, org *node.Org, appkey string, change func(*directory.State, *rollcall.App) (rollcall.Kind, *rollcall.App, error)) (*rollcall.App, error) {
	var after *rollcall.App
	_, err := org.Do(ctx, "cli", func(s *directory.State) (directory.Batch, error) {
		app, err := knownApp(s, appkey)
		if err != nil {
			return directory.Batch{}, err
		}
		kind, changed, err := change(s, app)
		after = changed
		if err != nil || kind == rollcall.AppUpdated && reflect.DeepEqual(app, changed) {
			return directory.Batch{}, err
		}
		batch := oneChange(kind, after)
		if kind == rollcall.AppUpdated {
			batch.Changes[0].AppBefore = app
		}
		return batch, nil
	})
	return after, err
}

// hasApps is an organization, as it is or as it is about to be.
type hasApps interface {
	App(appkey string) (*rollcall.App, bool)
}

// knownApp finds an app.
func knownApp(in hasApps, appkey string) (*rollcall.App, error) {
	app, ok := in.App(appkey)
	if !ok {
		return nil, &rollcall.Error{Kind: rollcall.KindNotFound, Param: "appkey", Detail: fmt.Sprintf("there is no app with the appkey %q", appkey)}
	}
	return app, nil
}
