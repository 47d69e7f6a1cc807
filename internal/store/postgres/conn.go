package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// connections is how many each of the two pools may have, where the URL does
	// not say (pool_max_conns).
	connections = 8

	// connectTimeout is for each server of the URL, where it does not say
	// (connect_timeout): the next one may be the primary.
	connectTimeout = 2 * time.Second

	// cancelPatience is how long a server may take to end a statement that nobody
	// waits for any more; then the connection is closed.
	cancelPatience = time.Second

	// silence is after how long a server that does not acknowledge what it is
	// sent, nor that it is there at all, counts as gone.
	silence = 10 * time.Second
)

// parse reads the URL. The password is taken out before anything can go wrong
// that might show it.
func parse(text string) (*pgxpool.Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("its address does not have the form postgres://USER@HOST:PORT/DATABASE (what it is may hold a password and is not shown)")
	}
	options := u.Query()
	password, given := options.Get("password"), options.Has("password")
	options.Del("password")
	if u.User != nil {
		if p, ok := u.User.Password(); ok {
			password, given = p, true
		}
		u.User = url.User(u.User.Username())
	}
	u.RawQuery = options.Encode()
	config, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		if options.Has("sslpassword") {
			return nil, errors.New("its address cannot be read (it holds a password and is not shown)")
		}
		return nil, err
	}
	if given {
		config.ConnConfig.Password = password
	}
	if !options.Has("pool_max_conns") {
		config.MaxConns = connections
	}
	if !options.Has("connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	tune(config)
	return config, nil
}

// tune sets what does not depend on the URL.
func tune(config *pgxpool.Config) {
	c := config.ConnConfig
	// Nothing of ours outlives a transaction on a connection, so that a pooler
	// may hand it to another transaction: no prepared statements.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	c.RuntimeParams["client_encoding"] = "UTF8"
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "rollcall"
	}
	if c.ValidateConnect == nil { // target_session_attrs
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	c.DialFunc = dialer().DialContext
	c.OnNotice = noteWarning
	// A statement whose context ended is ended on the server too: it might wait
	// for a lock, get it, and keep it from others.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &canceller{conn: conn}
	}
	// A connection is not asked whether it is alive before each use: whoever
	// finds that it is not takes another.
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
}

func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 2, Interval: silence / 5, Count: 3},
		Control:         giveUp,
	}
}

// place names the database for people: without user and password.
func place(config *pgxpool.Config) string {
	c := config.ConnConfig
	hosts := []string{hostPort(c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		if h := hostPort(f.Host, f.Port); h != hosts[len(hosts)-1] {
			hosts = append(hosts, h)
		}
	}
	return fmt.Sprintf("the PostgreSQL database %q on %s", c.Database, strings.Join(hosts, ", "))
}

func hostPort(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}
