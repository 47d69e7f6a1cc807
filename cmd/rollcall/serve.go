package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/api"
	"rollcall/internal/manual"
	"rollcall/internal/node"
	"rollcall/internal/ops"
	"rollcall/internal/rest"
	"rollcall/internal/wire"
)

// serveCommand answers calls.
type serveCommand struct {
	databaseFlags
	Corp         string        `placeholder:"ID" help:"Serve only this organization; without it, all of the directory."`
	Demo         bool          `help:"Serve a made-up organization from a temporary directory, and print four calls to try."`
	Listen       string        `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address for calls (default ${default})."`
	AdminListen  string        `default:"127.0.0.1:8081" placeholder:"ADDR" help:"Address for /livez, /readyz and /metrics (default ${default})."`
	TrustedProxy []string      `placeholder:"CIDR" help:"Believe what a proxy at this address or network says about the address of its clients (X-Forwarded-For)."`
	Now          time.Time     `placeholder:"RFC3339" help:"Start the server's clock at this instant, such as 2026-08-21T10:00:00+08:00."`
	MaxStaleness time.Duration `default:"5m" help:"How old answers may be while the storage is away (default ${default}); then calls are told that the system is busy."`
	MemoryLimit  byteSize      `default:"0" placeholder:"SIZE" help:"How much the organizations may take in memory, such as 2GiB; those that nobody asks for leave. 0 is no limit."`
	LogLevel     string        `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
	LogFormat    string        `default:"text" enum:"text,json" help:"text or json."`
}

// Help is shown by --help.
func (serveCommand) Help() string {
	return `The server shows what other commands change in the same directory within a second.
It stops on SIGTERM or Ctrl-C and lets calls in flight finish for up to 10 seconds.

Examples:
  rollcall serve --demo
  rollcall serve --data ./data --listen 0.0.0.0:8080`
}

// Run carries the command out.
func (c *serveCommand) Run(ctx context.Context, std streams) error {
	logger, err := ops.NewLogger(std.err, c.LogLevel, c.LogFormat)
	if err != nil {
		return usageError{err}
	}
	clock := ops.NewClock(c.Now)
	switch {
	case c.Demo && c.givenByHand():
		return usageError{fmt.Errorf("--demo makes a directory of its own: leave --data out")}
	case c.Demo:
		return c.demo(ctx, std, clock, logger)
	case !c.given():
		return usageError{fmt.Errorf("name the directory with --data, or the database with --database; or try --demo")}
	}
	store, err := c.database(ctx, false)
	if err != nil {
		return err
	}
	defer store.Close()
	key, err := c.key()
	if err != nil {
		return err
	}
	if c.Corp != "" {
		if _, err := (dataFlags{c.databaseFlags, c.Corp}).choose(ctx, store); err != nil {
			return err
		}
	}
	s, err := c.prepare(ctx, store, key, clock, logger)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

// server is everything that serves, joined.
type server struct {
	node         *node.Node
	registry     *access.Registry
	ops          *ops.Server
	calls, admin net.Listener
	log          *slog.Logger
}

// followEvery is how often the store is asked what others committed; somewhat
// more or less, so that several processes do not ask at the same time.
const followEvery = 200 * time.Millisecond

// prepare loads everything and opens the listeners.
func (c *serveCommand) prepare(ctx context.Context, store rollcall.Store, key access.Key, clock *ops.Clock, logger *slog.Logger) (*server, error) {
	s := &server{registry: access.New(key, store, clock.Now), log: logger}
	proxies, err := c.proxies()
	if err != nil {
		return nil, err
	}
	// The listeners first: a taken address is told at once.
	if s.calls, err = c.listen(c.Listen, "127.0.0.1:8080", "--listen"); err != nil {
		return nil, err
	}
	if s.admin, err = c.listen(c.AdminListen, "127.0.0.1:8081", "--admin-listen"); err != nil {
		s.calls.Close()
		return nil, err
	}
	defer func() {
		if err != nil {
			s.calls.Close()
			s.admin.Close()
			if s.node != nil {
				s.node.Close()
			}
		}
	}()
	began := time.Now()
	s.node, err = node.Open(ctx, node.Options{
		Options: options(store, clock.Now), Only: c.Corp,
		Opened:  func(ctx context.Context, o *node.Org) error { return s.registry.Add(ctx, o) },
		Closed:  func(o *node.Org) { s.registry.Remove(o.ID()) },
		Known:   s.registry.Know,
		Changed: func(n *node.Node) { ops.KeepHeadroom(peopleOf(n)) },
		Elapsed: func() time.Duration { return time.Since(began) }, MaxStaleness: c.MaxStaleness, MemoryLimit: int64(c.MemoryLimit),
	})
	if err != nil {
		return nil, err
	}
	s.registry.From(s.node)
	ops.ReturnMemory()
	if n := s.registry.ForeignTokens(); n > 0 {
		logger.Warn("tokens were made with another key file and are not valid", "tokens", n)
	}
	calls := &api.Server{Access: s.registry, Clock: clock.Now}
	endpoints := calls.Endpoints()
	metrics := ops.NewMetrics(endpoints, s.node)
	service, err := wire.New(wire.Config{
		Endpoints: endpoints, Authority: calls, Now: clock.Now, Log: logger, Observer: metrics, TrustedProxies: proxies,
	})
	if err != nil {
		return nil, err
	}
	document, err := manual.OpenAPI(endpoints, version)
	if err != nil {
		return nil, err
	}
	own := rest.New(rest.Config{
		Access: s.registry, Now: clock.Now, Wall: time.Now, Log: logger, TrustedProxies: proxies,
		Sandbox: s.sandbox, SetClock: func(ctx context.Context, now time.Time) error {
			clock.Set(now)
			return s.retain(ctx)
		},
	})
	s.ops = &ops.Server{
		Log: logger, Wire: manual.Handler(own.Handler(wire.Handler(service)), document), Metrics: metrics, Ready: s.ready,
		Drain: func() {
			service.Drain()
			own.Drain()
		},
	}
	logger.Info("ready", "listen", s.calls.Addr().String(), "admin", s.admin.Addr().String(), "organizations", s.node.Counts().Known,
		"people", peopleOf(s.node), "held", s.node.Counts().Held, "loaded_in", time.Since(began).Round(time.Millisecond))
	return s, nil
}

// proxies reads the proxies that are trusted.
func (c *serveCommand) proxies() (networks []netip.Prefix, err error) {
	for _, s := range c.TrustedProxy {
		n, err := rollcall.ParseNetwork(s)
		if err != nil {
			return nil, usageError{fmt.Errorf("--trusted-proxy: %q is neither an address nor a network such as 10.0.0.0/8", s)}
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// listen opens a listener; the demo takes any free port where the usual one is
// taken.
func (c *serveCommand) listen(addr, usual, flag string) (net.Listener, error) {
	l, err := ops.Listen(addr, flag)
	if err != nil && c.Demo && addr == usual {
		return ops.Listen("127.0.0.1:0", flag)
	}
	return l, err
}

func peopleOf(n *node.Node) (people int) {
	for _, o := range n.Orgs() {
		people += o.Current().Count(false)
	}
	return people
}

// stale is after how long without an answer from the store the server is not
// ready.
const stale = 5 * time.Second

func (s *server) ready() error {
	if silent := s.node.Age(); silent > stale {
		return fmt.Errorf("the storage has not answered for %s; answers come from memory", silent.Round(time.Second))
	}
	return nil
}

// sandbox reports whether every organization is one.
func (s *server) sandbox(ctx context.Context) (bool, error) {
	all := true
	err := s.node.EachCorp(ctx, func(c rollcall.Corp) error {
		all = all && c.Sandbox
		return nil
	})
	return all && err == nil, err
}

// retainEvery is how often old sign-ins are looked for.
const retainEvery = time.Hour

// retain forgets the sign-ins that are not kept any longer.
func (s *server) retain(ctx context.Context) error {
	days, err := s.node.Retain(ctx)
	if days > 0 {
		s.log.Info("old sign-ins were forgotten", "days", days)
	}
	return err
}

// retainAll does so at once and again and again until ctx ends.
func (s *server) retainAll(ctx context.Context) {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		if err := s.retain(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("old sign-ins cannot be forgotten", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context) error {
	follow, stop := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { s.retainAll(follow) })
	background.Go(func() {
		every := followEvery + time.Duration(rand.Int64N(int64(followEvery/4)))
		s.node.Follow(follow, every, func(err error) {
			if err != nil {
				s.log.Error("changes of others cannot be read; answers come from memory", "error", err)
				return
			}
			s.log.Info("changes of others are read again")
		})
	})
	err := s.ops.Run(ctx, s.calls, s.admin)
	stop()
	s.node.Close()
	background.Wait()
	return err
}
