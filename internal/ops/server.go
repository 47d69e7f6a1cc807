package ops

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/internal/wire"
)

// Limits of a connection. A client that is slower is cut off; it holds nobody
// up meanwhile.
const (
	requestTimeout = 30 * time.Second
	replyTimeout   = 60 * time.Second
	idleTimeout    = 120 * time.Second
	maxHeader      = 64 << 10
)

// drainTime is how long calls in flight may take after the signal to stop.
const drainTime = 10 * time.Second

// Server runs the listeners.
type Server struct {
	Log *slog.Logger
	// Wire answers the calls; Drain makes it refuse new ones.
	Wire  http.Handler
	Drain func()
	// Metrics are served on the admin listener.
	Metrics *Metrics
	// Ready says why calls cannot be answered as they should be, or nil.
	Ready func() error

	draining atomic.Bool
}

// Listen opens a listener; the error says which flag is about it.
func Listen(addr, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s (choose another address with %s): %w", addr, flag, err)
	}
	return l, nil
}

// HTTPServer returns a server with the limits of this program.
func HTTPServer(h http.Handler, l *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadTimeout: requestTimeout, ConnContext: wire.ConnContext,
		WriteTimeout: replyTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: errorLog(l), DisableGeneralOptionsHandler: true,
	}
}

// errorLog takes what net/http reports: broken handshakes and the like, which
// name remote addresses only.
func errorLog(l *slog.Logger) *log.Logger {
	if l == nil {
		return log.New(io.Discard, "", 0)
	}
	return slog.NewLogLogger(l.Handler(), slog.LevelDebug)
}

// Run serves on both listeners until ctx ends. Then it refuses new calls, lets
// those in flight finish within 10 seconds, and returns nil.
func (s *Server) Run(ctx context.Context, calls, admin net.Listener) error {
	servers := []*http.Server{HTTPServer(s.Wire, s.Log), HTTPServer(s.adminHandler(), s.Log)}
	failed := make(chan error, len(servers))
	var serving sync.WaitGroup
	for i, l := range []net.Listener{wire.Listener(calls), admin} {
		serving.Go(func() {
			if err := servers[i].Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving on %s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
		s.Log.Info("stopping: calls in flight may finish", "within", drainTime)
	case err = <-failed:
	}
	s.draining.Store(true)
	if s.Drain != nil {
		s.Drain()
	}
	stop, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, x := range servers {
		if e := x.Shutdown(stop); e != nil {
			s.Log.Warn("calls were cut off", "error", e)
			x.Close()
		}
	}
	serving.Wait()
	return err
}

// adminHandler serves /livez, /readyz and /metrics.
func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		err := error(nil)
		if s.Ready != nil {
			err = s.Ready()
		}
		switch {
		case s.draining.Load():
			http.Error(w, "stopping", http.StatusServiceUnavailable)
		case err != nil:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		default:
			fmt.Fprintln(w, "ok")
		}
	})
	mux.Handle("GET /metrics", s.Metrics.handler())
	return mux
}
