package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/ops"
	"rollcall/internal/pinyin"
	"rollcall/internal/rest"
	"rollcall/internal/sample"
	"rollcall/internal/wire"
)

// now is the instant at which the servers' clock starts: the day after the last
// one with sign-ins, when that is closed.
func now() time.Time {
	return time.Date(2026, time.August, 20, 10, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))
}

// serve is the whole of Rollcall as its own command joins it, for one app.
func serve(args []string) (err error) {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	dir := f.String("data", "", "directory of the database")
	profile := f.String("cpuprofile", "", "file for a CPU profile")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	clock := ops.NewClock(now()).Now
	store, err := openStore(ctx, *dir)
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	key, err := access.LoadKey(keyPath(*dir))
	if err != nil {
		return err
	}
	registry := access.New(key, store, clock)
	began := time.Now()
	orgs, err := node.Open(ctx, node.Options{
		Options: directory.Options{Store: store, Encoder: api.Card{}, Keyer: pinyin.New(), Clock: clock},
		Opened:  func(ctx context.Context, o *node.Org) error { return registry.Add(ctx, o) },
		Known:   registry.Know,
		Elapsed: func() time.Duration { return time.Since(began) }, MaxStaleness: time.Minute,
	})
	if err != nil {
		return err
	}
	defer orgs.Close()
	registry.From(orgs)
	org := orgs.Orgs()[0]
	ops.KeepHeadroom(org.Current().Count(false))
	ops.ReturnMemory()
	logger, err := ops.NewLogger(os.Stderr, "info", "text")
	if err != nil {
		return err
	}
	calls := &api.Server{Access: registry, Clock: clock}
	endpoints := calls.Endpoints()
	service, err := wire.New(wire.Config{
		Endpoints: endpoints, Authority: calls, Now: clock, Log: logger, Observer: ops.NewMetrics(endpoints, orgs),
	})
	if err != nil {
		return err
	}
	own := rest.New(rest.Config{Access: registry, Now: clock, Wall: time.Now, Log: logger})
	token, _, err := registry.Token(ctx, credentials())
	if err != nil {
		return err
	}
	follow, stop := context.WithCancel(ctx)
	defer stop()
	go orgs.Follow(follow, 200*time.Millisecond, func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	})
	r := org.Current()
	big, _ := r.Members(sample.BigDept, rollcall.OrderCustom, rollcall.Chinese, false)
	var depts []rollcall.DeptID
	for d := range r.Depts() {
		depts = append(depts, d.ID)
	}
	return listen(own.Handler(wire.Handler(service)), wire.Listener, *profile, ready{Token: token, People: r.Count(false), Big: big.Len(), Depts: depts})
}

// serveBare is the baseline: a handler that returns the same bytes whatever is
// asked.
func serveBare(args []string) error {
	f := flag.NewFlagSet("bare", flag.ContinueOnError)
	reply := f.String("reply", "", "file with the reply")
	profile := f.String("cpuprofile", "", "file for a CPU profile")
	if err := f.Parse(args); err != nil {
		return err
	}
	body, err := os.ReadFile(*reply)
	if err != nil {
		return err
	}
	return listen(&bare{
		body: body, kind: []string{wire.TOP.ContentType()}, length: []string{strconv.Itoa(len(body))},
	}, func(l net.Listener) net.Listener { return l }, *profile, ready{})
}

type bare struct {
	body         []byte
	kind, length []string
}

// ServeHTTP implements [http.Handler].
func (b *bare) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = b.kind, b.length
	_, _ = w.Write(b.body)
}

// listen serves with the server settings of Rollcall until the input ends; wrap
// is what is put around its connections.
func listen(h http.Handler, wrap func(net.Listener) net.Listener, profile string, r ready) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := ops.HTTPServer(h, nil)
	go func() { _ = s.Serve(wrap(l)) }() // it ends with Close
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	r.Addr = l.Addr().String()
	if err := answer(r); err != nil {
		return err
	}
	untilInputEnds()
	return s.Close()
}

// credentials are those of the app in every organization of the bench.
func credentials() access.Credentials {
	return access.Credentials{Appkey: "bench-app", Appsecret: "a-secret-that-opens-made-up-people-only"}
}

// corp is what the organizations of the bench have in common.
func corp(name string) rollcall.Corp {
	return rollcall.Corp{ID: "bench", Name: name, Settings: rollcall.DefaultSettings(), CreatedAt: rollcall.At(now())}
}
