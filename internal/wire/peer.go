package wire

import (
	"net/netip"
	"strings"
)

// Peer returns the address of the client; the zero Addr where it is not known.
// That is the other end of the connection or, where that is a trusted proxy,
// the last address before the trusted ones in X-Forwarded-For.
func (c *Call) Peer() netip.Addr {
	end, err := netip.ParseAddrPort(c.req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	peer := end.Addr().Unmap().WithZone("")
	if len(c.proxies) == 0 {
		return peer
	}
	hops := strings.Split(strings.Join(c.req.Forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && within(peer, c.proxies); i-- {
		next, ok := hop(hops[i])
		if !ok {
			break // a trusted proxy that says nothing, or that nobody understands
		}
		peer = next
	}
	return peer
}

// From tells people from where an app called that may not call from there; it is
// what [FaultAddress] and [FaultAddressDenied] are about.
func (c *Call) From(appkey string) string {
	from := "unknown"
	if peer := c.Peer(); peer.IsValid() {
		from = peer.String()
	}
	return "request ip=" + from + " appKey(" + appkey + ")"
}

// hop reads one entry of X-Forwarded-For: an address, which some proxies give
// with a port.
func hop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		end, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = end.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
