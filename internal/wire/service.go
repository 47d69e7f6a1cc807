package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
)

// Config says what a [Service] is made of.
type Config struct {
	Endpoints []*Endpoint
	Authority Authority
	Now       func() time.Time
	// Log gets what went wrong, and at the debug level every call. No token,
	// secret, query string or body goes there. Nil is no log.
	Log *slog.Logger
	// Observer is told of every call; it may be nil.
	Observer Observer
	// MaxInFlight is how many calls are answered at a time before others are
	// told that the system is busy; 4096 where it is 0.
	MaxInFlight int
	// Slow is from when on a call is logged as slow; 1 s where it is 0.
	Slow time.Duration
	// ID makes request ids; random ones where it is nil.
	ID func() uint64
	// TrustedProxies are the proxies whose X-Forwarded-For is believed. Without
	// any only the other end of the connection counts.
	TrustedProxies []netip.Prefix
}

// Observer is told of every call that was answered.
type Observer interface {
	// Done gets the endpoint, nil for an unknown path, the errcode on the wire
	// and the time from the arrival of the body to the finished reply.
	Done(ep *Endpoint, errcode int, took time.Duration)
}

// Service answers requests. It may be used concurrently.
type Service struct {
	cfg      Config
	routes   map[string]*Endpoint
	patterns []*Endpoint          // with a parameter in their path
	folded   map[string]*Endpoint // those in any letter case, by the path in lower case
	calls    sync.Pool
	inFlight atomic.Int64
	draining atomic.Bool
	refusals refusals
}

// New makes a service of a table of endpoints. The error names every mistake
// in it.
func New(cfg Config) (*Service, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxInFlight == 0 {
		cfg.MaxInFlight = 4096
	}
	if cfg.Slow == 0 {
		cfg.Slow = time.Second
	}
	if cfg.ID == nil {
		cfg.ID = rand.Uint64
	}
	s := &Service{cfg: cfg, routes: make(map[string]*Endpoint, len(cfg.Endpoints)), folded: map[string]*Endpoint{}}
	s.calls.New = func() any { return new(Call) }
	var errs []error
	if cfg.Authority == nil || cfg.Now == nil {
		errs = append(errs, errors.New("a wire service needs an authority and a clock"))
	}
	for _, ep := range cfg.Endpoints {
		errs = append(errs, ep.check())
		if s.routes[ep.Path] != nil {
			errs = append(errs, fmt.Errorf("endpoint %s is there twice", ep.Path))
		}
		s.routes[ep.Path] = ep
		if name, _, _ := ep.pathParam(); name != "" {
			s.patterns = append(s.patterns, ep)
		}
		if ep.AnyCase {
			s.folded[strings.ToLower(ep.Path)] = ep
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Endpoints returns the table of endpoints.
func (s *Service) Endpoints() []*Endpoint { return slices.Clone(s.cfg.Endpoints) }

// InFlight returns how many calls are being answered.
func (s *Service) InFlight() int { return int(s.inFlight.Load()) }

// Drain makes every new call be told that the system is busy, while those in
// flight go on. It is for the shutdown and cannot be undone.
func (s *Service) Drain() { s.draining.Store(true) }

// Answer is a finished reply. It ends with Release or Abandon.
type Answer struct {
	call    *Call
	service *Service
}

// Status returns the HTTP status: 200 always but on the newer host (contract D5,
// 3.4).
func (a Answer) Status() int {
	if a.call.status == 0 {
		return 200
	}
	return a.call.status
}

// ContentType returns the content type.
func (a Answer) ContentType() string { return a.call.family.ContentType() }

// Family returns the family of the envelope.
func (a Answer) Family() Family { return a.call.family }

// Body returns the bytes, which are good until Release.
func (a Answer) Body() []byte { return a.call.out }

// Answer answers one request. The caller writes the answer and releases it
// then. An error says that the body did not arrive; there is nothing to answer
// and the connection should be closed.
func (s *Service) Answer(ctx context.Context, req Request) (Answer, error) {
	c := s.calls.Get().(*Call)
	c.ctx, c.req, c.proxies = ctx, req, s.cfg.TrustedProxies
	c.family = familyOf(req.Path)
	c.ep, c.inPath = s.route(req.Path)
	c.lang = s.cfg.Authority.Language()
	c.name(s.cfg.ID)
	if s.draining.Load() {
		s.refuse(c, errDraining)
	} else {
		var err error
		if c, err = s.answer(c); err != nil {
			s.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "request broken off", c.attrs(slog.Any("err", err))...)
			Answer{c, s}.Release()
			return Answer{}, err
		}
	}
	s.finish(c)
	return Answer{c, s}, nil
}

// route finds the endpoint of a path, and the value of the parameter in it.
func (s *Service) route(path string) (ep *Endpoint, value string) {
	if ep := s.routes[path]; ep != nil {
		return ep, ""
	}
	for _, ep := range s.patterns {
		if value, ok := ep.matches(path); ok {
			return ep, value
		}
	}
	for lower, ep := range s.folded { // few
		if len(path) == len(lower) && foldEqual([]byte(path), lower) {
			return ep, ""
		}
	}
	return nil, ""
}

// Release gives the answer's memory back, to be used again.
func (a Answer) Release() {
	const keepIn, keepOut = 64 << 10, 4 << 20 // larger buffers are rare and go
	c := a.call
	in, out, args, ids, words, counted := c.in, c.out, c.args, c.ids, c.words, c.counted
	if cap(in) > keepIn {
		in = nil
	}
	if cap(out) > keepOut {
		out = nil
	}
	clear(args)
	clear(words)
	*c = Call{in: in[:0], out: out[:0], args: args[:0], ids: ids[:0], words: words[:0]}
	if counted {
		a.service.inFlight.Add(-1)
	}
	a.service.calls.Put(c)
}

// Abandon is Release for an engine that may still hold the bytes, as after a
// failed write: they are not used again.
func (a Answer) Abandon() {
	if a.call.counted {
		a.service.inFlight.Add(-1)
	}
}

// answer does the work on a call and survives what goes wrong in it. It returns
// the call that holds the reply: after a panic another one, as nobody knows
// who still has the first.
func (s *Service) answer(c *Call) (done *Call, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = &Call{
				ctx: c.ctx, req: c.req, proxies: c.proxies, ep: c.ep, family: c.family, caller: c.caller, lang: c.lang,
				id: c.id, started: c.started, counted: c.counted, stack: debug.Stack(), stale: c.stale,
			}, nil
			done.busy(fmt.Errorf("panic: %v", p))
		}
	}()
	return c, s.run(c)
}

// run goes through the checks in the order of contract D2.
func (s *Service) run(c *Call) error {
	switch {
	case c.ep != nil:
	case c.family == TOP:
		c.fail(FaultInvalidMethod, apiName(c.req.Path), "")
		c.about = loggedPath(c.req.Path)
		return nil
	default:
		c.fail(FaultNotFoundURI, "", "")
		c.about = loggedPath(c.req.Path)
		return nil
	}
	if !slices.Contains(c.ep.Methods, c.req.Method) {
		c.fail(FaultPostRequired, "", "")
		return nil
	}
	c.args = slices.Grow(c.args[:0], len(c.ep.Params))[:len(c.ep.Params)]
	wrong, err := c.read()
	if err != nil {
		return err
	}
	// Only now it is in flight: a client that sends slowly takes nobody's place.
	c.counted = true
	if s.inFlight.Add(1) > int64(s.cfg.MaxInFlight) {
		s.refuse(c, errOverload)
		return nil
	}
	c.started = s.cfg.Now()
	if !c.ep.Public && !s.admit(c) {
		return nil
	}
	if wrong != sound {
		c.unparsable(wrong)
		return nil
	}
	if p, fault := c.check(); p != nil {
		c.fail(fault, p.Name, "")
		return nil
	}
	c.begin()
	if err := c.ep.Serve(c); err != nil {
		c.refused(err)
		return nil
	}
	c.end()
	return nil
}

// unparsable answers that the query string or the body cannot be read.
func (c *Call) unparsable(wrong flaw) {
	text := flawTexts[wrong][0]
	if c.lang == rollcall.Chinese {
		text = flawTexts[wrong][1]
	}
	fault := c.ep.Unparsable
	if wrong == noBody {
		fault = FaultMissingBody
	}
	c.fail(fault, "", text)
}

// admit finds out who calls and whether it may.
func (s *Service) admit(c *Call) bool {
	if c.token.form == formNone {
		if c.family == TOP {
			c.fail(FaultTokenBlank, "", "")
		} else {
			c.fail(FaultMissingParam, tokenName, "")
		}
		return false
	}
	if c.req.NoMinVersion {
		c.unparsable(badMinVersion)
		return false
	}
	who, err := s.cfg.Authority.Admit(c.ctx, c.token.raw, c.started, c.req.MinVersion)
	caller := who.Caller
	switch {
	case err != nil:
		s.notAdmitted(c, err)
		return false
	case caller == nil:
		c.fail(FaultTokenInvalid, "", "")
		return false
	}
	c.caller, c.stale, c.lang, c.version = caller, who.Stale, caller.Language(), caller.Version()
	if n := caller.Networks(); len(n) > 0 && !Within(c.Peer(), n) {
		c.fail(FaultAddress, c.From(caller.Appkey()), "")
		return false
	}
	if p := c.ep.Permission; p != "" && !caller.Holds(p) {
		c.fail(FaultPermission, string(p), "")
		return false
	}
	if len(c.ep.AppTypes) > 0 && !slices.Contains(c.ep.AppTypes, caller.AppType()) {
		c.fail(FaultAppType, string(caller.AppType()), "")
		return false
	}
	if limit, ok := caller.Spend(c.ep.Path, c.started); !ok {
		c.fail(FaultRate, strconv.Itoa(limit), "")
		return false
	}
	return true
}

// refused turns an error of Serve into the reply.
func (c *Call) refused(err error) {
	if row, told, ok := c.ep.faultOf(err); ok {
		c.failWith(told, row)
		return
	}
	c.busy(err)
}

// busy answers that it cannot be done just now; the log gets to know why.
func (c *Call) busy(cause error) {
	c.cause = cause
	c.fail(FaultBusy, "", "")
}
