package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/ops"
	"rollcall/internal/sample"
)

// demo serves a made-up organization from a temporary directory and prints four
// calls on standard output, ready to be pasted.
func (c *serveCommand) demo(ctx context.Context, std streams, clock *ops.Clock, logger *slog.Logger) error {
	dir, err := os.MkdirTemp("", "rollcall-demo-")
	if err != nil {
		return fmt.Errorf("making a directory for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	key, err := access.CreateKey(keyPath(dir))
	if err != nil {
		return err
	}
	store, err := openDatabase(ctx, sqliteScheme+dir, true)
	if err != nil {
		return err
	}
	defer store.Close()
	creds, err := makeDemo(ctx, store, key, clock.Now)
	if err != nil {
		return fmt.Errorf("making the demo: %w", err)
	}
	s, err := c.prepare(ctx, store, key, clock, logger)
	if err != nil {
		return err
	}
	token, _, err := s.registry.Token(ctx, creds)
	if err != nil {
		return err
	}
	org := s.node.Orgs()[0]
	fmt.Fprintf(std.err, "\n%s: %d people in a temporary directory, which goes when you stop the server.\nPaste these into another terminal:\n\n",
		org.Current().Corp().Name, org.Current().Count(false))
	day := org.Current().Calendar().LastClosed(clock.Now())
	printCalls(std.out, "http://"+s.calls.Addr().String(), token, largestDept(org.Current()), day)
	fmt.Fprintf(std.err, "\nMore: GET /gettoken?appkey=%s&appsecret=%s, http://%s/docs. Stop with Ctrl-C.\n\n", creds.Appkey, creds.Appsecret, s.calls.Addr())
	return s.run(ctx)
}

// makeDemo fills the store and returns the credentials of an app that may call
// everything.
func makeDemo(ctx context.Context, store rollcall.Store, key access.Key, clock func() time.Time) (access.Credentials, error) {
	var creds access.Credentials
	corp := rollcall.Corp{ID: access.NewCorpID(), CreatedAt: rollcall.At(clock()), Settings: rollcall.DefaultSettings()}
	loc, err := corp.Location()
	if err != nil {
		return creds, err
	}
	made := sample.Demo(clock(), loc)
	corp.Name = made.Name
	if err := store.CreateCorp(ctx, corp); err != nil {
		return creds, err
	}
	org, err := node.OpenOrg(ctx, corp.ID, options(store, clock))
	if err != nil {
		return creds, err
	}
	creds = access.Credentials{Appkey: access.NewAppkey(corp.ID), Appsecret: access.NewSecret()}
	app := &rollcall.App{
		Appkey: creds.Appkey, Name: "demo", Type: rollcall.Internal, Permissions: rollcall.Permissions(),
		SecretGeneration: 1, SecretHash: key.HashSecret(corp.ID, creds.Appkey, creds.Appsecret),
	}
	_, err = org.Do(ctx, "demo", func(*directory.State) (directory.Batch, error) {
		changes := append(slices.Clip(made.Changes), rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: app}})
		return directory.Batch{Changes: changes, InTx: func(tx rollcall.Tx) error {
			_, err := activity.Record(tx, made.SignIns)
			return err
		}}, nil
	})
	return creds, err
}

// largestDept returns the department with the most direct members, which shows
// the most.
func largestDept(r *directory.Root) rollcall.DeptID {
	largest, most := rollcall.RootDept, -1
	for d := range r.Depts() {
		if n, _ := r.MemberCount(d.ID); n > most {
			largest, most = d.ID, n
		}
	}
	return largest
}

// printCalls prints one line for each of the four calls that the project began
// with.
func printCalls(w io.Writer, url, token string, dept rollcall.DeptID, day rollcall.Day) {
	for _, call := range []struct{ path, params string }{
		{"user/count", "only_active=false"},
		{"user/listid", fmt.Sprintf("dept_id=%d", dept)},
		{"user/listsimple", fmt.Sprintf("dept_id=%d&cursor=0&size=10&order_field=custom&language=zh_CN&contain_access_limit=false", dept)},
		{"inactive/user/v2/get", fmt.Sprintf("is_active=false&offset=0&size=20&query_date=%s", day)},
	} {
		fmt.Fprintf(w, "curl -s -X POST '%s/topapi/%s' -d 'access_token=%s' -d '%s'\n", url, call.path, token, call.params)
	}
}
