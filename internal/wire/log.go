package wire

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Why calls are turned away unread.
var (
	errDraining = errors.New("shutting down")
	errOverload = errors.New("too many calls in flight")
)

// refusals keeps the log short while many calls are turned away.
type refusals struct {
	unlogged atomic.Int64
	lastLog  atomic.Int64 // nanoseconds since 1970
}

// refuse answers a call that is turned away unread. One line a second goes to
// the log, with the number of those before it.
func (s *Service) refuse(c *Call, cause error) {
	c.busy(cause)
	c.started = s.cfg.Now()
	now := c.started.UnixNano()
	n := s.refusals.unlogged.Add(1)
	last := s.refusals.lastLog.Load()
	if (now >= last+int64(time.Second) || now < last) && s.refusals.lastLog.CompareAndSwap(last, now) {
		s.refusals.unlogged.Add(-n)
		s.cfg.Log.LogAttrs(c.ctx, slog.LevelWarn, "calls turned away", c.attrs(slog.Any("err", cause), slog.Int64("calls", n))...)
	}
	c.cause = nil // has been logged, or is not to be
}

// finish tells the observer and the log about a finished reply.
func (s *Service) finish(c *Call) {
	now := s.cfg.Now()
	took := time.Duration(0)
	if !c.started.IsZero() {
		took = max(0, now.Sub(c.started))
	}
	if s.cfg.Observer != nil {
		s.cfg.Observer.Done(c.ep, c.code, took)
	}
	log := s.cfg.Log
	switch {
	case c.cause != nil && errors.Is(c.cause, context.Canceled) && c.ctx.Err() != nil:
		log.LogAttrs(c.ctx, slog.LevelDebug, "client gone", c.attrs(slog.Any("err", c.cause))...)
	case c.stack != nil:
		log.LogAttrs(c.ctx, slog.LevelError, "call failed",
			c.attrs(slog.Any("err", c.cause), slog.Duration("took", took), slog.String("stack", string(c.stack)))...)
	case c.cause != nil:
		log.LogAttrs(c.ctx, slog.LevelError, "call failed", c.attrs(slog.Any("err", c.cause), slog.Duration("took", took))...)
	case took > s.cfg.Slow:
		log.LogAttrs(c.ctx, slog.LevelWarn, "slow call", c.attrs(slog.Int("errcode", c.code), slog.Duration("took", took))...)
	case log.Enabled(c.ctx, slog.LevelDebug):
		log.LogAttrs(c.ctx, slog.LevelDebug, "call", c.attrs(
			slog.Int("errcode", c.code), slog.String("about", c.about), slog.Duration("took", took))...)
	}
}

// attrs is what every line about a call says, with more behind it.
func (c *Call) attrs(more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{slog.String("request_id", string(c.requestID()))}
	if c.ep != nil {
		attrs = append(attrs, slog.String("path", c.ep.Path))
	}
	if c.caller != nil {
		attrs = append(attrs, slog.String("app", c.caller.Appkey()))
	}
	return append(attrs, more...)
}
