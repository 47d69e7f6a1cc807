// Package rest holds our own calls, under /rollcall/v1 (contract D11, D12): what
// the wire has no call for. They are JSON and JSON lines over plain HTTP: the
// token goes in "Authorization: Bearer", failures have an HTTP status. Like the
// wire it knows how things look; what they mean is said elsewhere.
package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/wire"
)

// Prefix begins the path of every call.
const Prefix = "/rollcall/v1/"

// Config says what a [Server] is made of.
type Config struct {
	Access *access.Registry
	Now    func() time.Time
	// Wall is the machine's clock, for the deadlines of connections; Now may be
	// another.
	Wall func() time.Time
	// Sandbox tells whether the clock may be set, and SetClock sets it and does
	// what is due by then; nil where it cannot be set.
	Sandbox  func(ctx context.Context) (bool, error)
	SetClock func(ctx context.Context, now time.Time) error
	// Log gets what went wrong; no token, query string or body goes there. Nil
	// is no log.
	Log *slog.Logger
	// TrustedProxies are the proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
}

// Server answers the calls.
type Server struct {
	cfg Config
	mux *http.ServeMux
	// stopping ends when the server does: who waits for news is sent away.
	stopping context.Context
	stop     context.CancelFunc
	feeding  atomic.Int64 // bytes of sign-ins that are being worked on
}

// route is one row of the table of calls.
type route struct {
	pattern    string // method and path below Prefix
	permission rollcall.Permission
	serve      func(*Server, *call) error
}

// routes is the table of calls; immutable.
var routes = []route{
	{"GET departments", rollcall.PermContactsRead, (*Server).departments},
	{"GET users", rollcall.PermContactsRead, (*Server).users},
	{"GET changes", rollcall.PermContactsRead, (*Server).changes},
	{"POST signins", rollcall.PermSignInWrite, (*Server).signins},
	{"GET clock", rollcall.PermSandbox, (*Server).clock},
	{"POST clock", rollcall.PermSandbox, (*Server).setClock},
	{"GET activity/{question}", rollcall.PermActivityRead, (*Server).activity},
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux()}
	s.stopping, s.stop = context.WithCancel(context.Background())
	paths := map[string]bool{}
	for _, r := range routes {
		method, path, _ := strings.Cut(r.pattern, " ")
		s.mux.HandleFunc(method+" "+Prefix+path, func(w http.ResponseWriter, q *http.Request) { s.answer(w, q, r) })
		if !paths[path] {
			paths[path] = true
			s.mux.HandleFunc(Prefix+path, s.wrongMethod)
		}
	}
	s.mux.HandleFunc("/", s.notFound)
	return s
}

// Handler hands the calls to the server, and all other paths to next.
func (s *Server) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, Prefix) {
			s.mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Drain sends away who waits for news. It is for the shutdown.
func (s *Server) Drain() { s.stop() }

// call is one call while it is being answered.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	grant *access.Grant
	org   *node.Org
	lang  rollcall.Language
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, row route) {
	c := &call{w: w, r: r, lang: s.cfg.Access.Language()}
	err := s.admit(c, row)
	if err == nil {
		err = row.serve(s, c)
	}
	if err != nil {
		s.refuse(c, err)
	}
}

// admit finds out who calls and whether it may, in the order of contract D2.
func (s *Server) admit(c *call, row route) error {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return problemNoToken
	}
	now := s.cfg.Now()
	minVersion, ok := wire.MinVersion(c.r.Header)
	if !ok {
		return rollcall.Invalid(wire.HeaderMinVersion, "it is no version")
	}
	a, err := s.cfg.Access.Admit(c.r.Context(), access.Request{Token: []byte(token), Now: now, MinVersion: minVersion})
	switch {
	case err != nil:
		return err
	case a.Grant == nil:
		return problemToken
	}
	g := a.Grant
	c.grant, c.org, c.lang = g, g.Corp().(*node.Org), g.Language()
	c.answerFrom(g.Version())
	if stale := wire.Staleness(a.Stale); stale != nil {
		c.w.Header()[wire.HeaderStaleness] = stale
	}
	if n := g.Networks(); len(n) > 0 && !wire.Within(wire.PeerOf(c.r.RemoteAddr, c.r.Header["X-Forwarded-For"], s.cfg.TrustedProxies), n) {
		return problemAddress
	}
	if !g.Holds(row.permission) {
		return problemPermission.about(string(row.permission))
	}
	if _, ok := g.Spend(row.pattern, now); !ok {
		c.w.Header().Set("Retry-After", "1")
		return problemRate
	}
	return nil
}

// refuse answers with what went wrong.
func (s *Server) refuse(c *call, err error) {
	var p problem
	if !errors.As(err, &p) {
		p = problemOf(err)
		if p.status >= http.StatusInternalServerError && !errors.Is(err, rollcall.ErrNotYet) {
			s.cfg.Log.Error("call failed", "path", c.r.URL.Path, "error", err)
		}
	}
	p.write(c.w, c.lang)
}

func (s *Server) wrongMethod(w http.ResponseWriter, _ *http.Request) {
	problemMethod.write(w, s.cfg.Access.Language())
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request) {
	problemPath.write(w, s.cfg.Access.Language())
}

// current returns the newest version of the organization and answers from it.
func (c *call) current() *directory.Root {
	r := c.org.Current()
	c.answerFrom(r.VersionHeader())
	return r
}

// answerFrom says which version the reply is of.
func (c *call) answerFrom(version []string) { c.w.Header()[wire.HeaderVersion] = version }

// whole checks that the app may see the whole organization: a bulk or a delta of
// a part would not fit together when somebody moves in or out of it.
func (c *call) whole() error {
	if !c.grant.InScope(rollcall.RootDept, c.org.Current().DeptEver) {
		return problemScope
	}
	return nil
}
