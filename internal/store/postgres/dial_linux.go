package postgres

import (
	"strings"
	"syscall"
)

// tcpUserTimeout is Linux's name for how long sent bytes may stay without an
// acknowledgement; the syscall package has none for it.
const tcpUserTimeout = 0x12

// giveUp sets how long a connection may be silent: the keepalive probes see to
// one on which nothing is sent, and this to one on which something is.
func giveUp(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(silence.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
