package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
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
	Delete       appDeleteCommand `cmd:"" help:"Delete an app; its tokens die at once."`
	RotateSecret appRotateCommand `cmd:"" help:"Give an app a new appsecret; the old one and its tokens die at once."`
}

type appCreateCommand struct {
	dataFlags
	Name          string   `required:"" help:"Name of the app."`
	Permission    []string `required:"" placeholder:"POINT" help:"Permission point, such as qyapi_get_member; give the flag again for more."`
	Type          string   `default:"internal" enum:"internal,third_party" help:"internal or third_party."`
	ScopeDept     []int64  `placeholder:"ID" help:"Department of the contact scope, with all below it; without any, the whole organization."`
	Appkey        string   `placeholder:"KEY" help:"Use this appkey instead of a new one."`
	AppsecretFile string   `placeholder:"FILE" help:"Use the appsecret in this file instead of a new one."`
	JSON          bool     `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (appCreateCommand) Help() string {
	var points []string
	for _, p := range rollcall.Permissions() {
		points = append(points, string(p))
	}
	return "Permission points: " + strings.Join(points, ", ") + ".\n\nExample:\n  rollcall app create --data ./data --name sync --permission qyapi_get_member --permission qyapi_get_department_member"
}

// appSecret is what is printed once.
type appSecret struct {
	Appkey      string                `json:"appkey"`
	Appsecret   string                `json:"appsecret"`
	Name        string                `json:"name"`
	Type        rollcall.AppType      `json:"type"`
	Permissions []rollcall.Permission `json:"permissions"`
	ScopeDepts  []rollcall.DeptID     `json:"scope_depts"`
}

func newAppSecret(a *rollcall.App, secret string) appSecret {
	return appSecret{a.Appkey, secret, a.Name, a.Type, a.Permissions, append([]rollcall.DeptID{}, a.ScopeDepts...)}
}

func (s appSecret) print(std streams, asJSON bool) error {
	if asJSON {
		return printJSON(std.out, s)
	}
	fmt.Fprintf(std.out, "appkey:    %s\nappsecret: %s\n", s.Appkey, s.Appsecret)
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
		Appkey: c.Appkey, Name: c.Name, Type: rollcall.AppType(c.Type), SecretGeneration: 1,
		CreatedAt: rollcall.At(time.Now()),
	}
	if app.Appkey == "" {
		app.Appkey = access.NewAppkey(org.ID())
	}
	for _, p := range c.Permission {
		if !app.Holds(rollcall.Permission(p)) {
			app.Permissions = append(app.Permissions, rollcall.Permission(p))
		}
	}
	for _, d := range c.ScopeDept {
		app.ScopeDepts = append(app.ScopeDepts, rollcall.DeptID(d))
	}
	if err := app.Validate(); err != nil {
		return err
	}
	key.SetSecret(org.ID(), app, secret)
	_, err = org.Do(ctx, "cli", func(s *directory.State) (directory.Batch, error) {
		if _, taken := s.App(app.Appkey); taken {
			return directory.Batch{}, appkeyTaken(app.Appkey)
		}
		for _, d := range app.ScopeDepts {
			if _, ok := s.Dept(d); !ok {
				return directory.Batch{}, rollcall.Invalid("scope-dept", "there is no department %d", d)
			}
		}
		return oneChange(rollcall.AppCreated, app), nil
	})
	if err != nil {
		return fmt.Errorf("creating the app: %w", err)
	}
	return newAppSecret(app, secret).print(std, c.JSON)
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
	CreatedAt   string                `json:"created_at"`
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
		r := appRow{
			a.Appkey, a.Name, a.Type, a.Permissions, append([]rollcall.DeptID{}, a.ScopeDepts...),
			a.CreatedAt.Time().Format(time.RFC3339),
		}
		list = append(list, r)
		scope := "everything"
		if len(r.ScopeDepts) > 0 {
			scope = strings.Trim(fmt.Sprint(r.ScopeDepts), "[]")
		}
		rows = append(rows, []string{r.Appkey, r.Name, string(r.Type), strings.Trim(fmt.Sprint(r.Permissions), "[]"), scope, r.CreatedAt})
	}
	return c.print(std.out, list, []string{"appkey", "name", "type", "permissions", "scope_depts", "created_at"}, rows)
}

type appDeleteCommand struct {
	dataFlags
	Appkey string `arg:"" help:"The app's appkey."`
}

// Run carries the command out.
func (c *appDeleteCommand) Run(ctx context.Context, std streams) error {
	_, err := changeApp(ctx, c.dataFlags, c.Appkey, func(*node.Org, *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
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
	app, err := changeApp(ctx, c.dataFlags, c.Appkey, func(org *node.Org, app *rollcall.App) (rollcall.Kind, *rollcall.App, error) {
		key, err := c.key()
		if err != nil {
			return "", nil, err
		}
		fresh := *app
		fresh.SecretGeneration++
		key.SetSecret(org.ID(), &fresh, secret)
		return rollcall.AppSecretReset, &fresh, nil
	})
	if err != nil {
		return fmt.Errorf("rotating the secret: %w", err)
	}
	return newAppSecret(app, secret).print(std, c.JSON)
}

// changeApp makes one change to an app that exists.
func changeApp(ctx context.Context, f dataFlags, appkey string, change func(*node.Org, *rollcall.App) (rollcall.Kind, *rollcall.App, error)) (*rollcall.App, error) {
	org, done, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var after *rollcall.App
	_, err = org.Do(ctx, "cli", func(s *directory.State) (directory.Batch, error) {
		app, ok := s.App(appkey)
		if !ok {
			return directory.Batch{}, &rollcall.Error{Kind: rollcall.KindNotFound, Param: "appkey", Detail: fmt.Sprintf("there is no app with the appkey %q", appkey)}
		}
		kind, changed, err := change(org, app)
		after = changed
		return oneChange(kind, after), err
	})
	return after, err
}
