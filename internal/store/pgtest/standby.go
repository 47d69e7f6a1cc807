package pgtest

import (
	"errors"
	"strconv"
)

// NewStandby makes a streaming standby of a server and serves it. From then on the
// primary confirms a commit only when the standby has it on its disk.
func NewStandby(primary *Server, opt Options) (*Server, error) {
	s, err := newServer(opt.Port)
	if err != nil {
		return nil, err
	}
	err = s.Run("pg_basebackup", "-h", primary.Dir, "-p", strconv.Itoa(primary.Port), "-U", Role, "-D", s.data(), "-R", "-X", "stream", "-c", "fast")
	if err == nil {
		err = s.configure(opt)
	}
	if err == nil {
		err = s.Start()
	}
	if err == nil {
		// Only one that follows can confirm.
		err = primary.Follow()
	}
	if err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// Follow makes the commits of a primary wait for its standby, and waits until
// that confirms them.
func (s *Server) Follow() error {
	err := s.await("SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'", "t")
	if err == nil {
		_, err = s.Query("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
	}
	if err == nil {
		_, err = s.Query("postgres", "SELECT pg_reload_conf()")
	}
	if err == nil {
		err = s.await("SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'", "t")
	}
	return err
}

// Promote makes a standby a primary, whose commits wait for nobody.
func (s *Server) Promote() error {
	_, err := s.Query("postgres", "SELECT pg_promote()")
	if err == nil {
		err = s.await("SELECT pg_is_in_recovery()", "f")
	}
	return err
}
