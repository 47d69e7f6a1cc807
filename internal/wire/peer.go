package wire

import (
	"net/netip"
	"strings"
)

// Peer returns the address of the client, see [PeerOf].
func (c *Call) Peer() netip.Addr { return PeerOf(c.req.RemoteAddr, c.req.Forwarded, c.proxies) }

// PeerOf returns the address of a client; the zero Addr where it is not known.
// That is the other end of the connection or, where that is a trusted proxy,
// the last address before the trusted ones in X-Forwarded-For.
func PeerOf(remote string, forwarded []string, proxies []netip.Prefix) netip.Addr {
	end, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	peer := end.Addr().Unmap().WithZone("")
	if len(proxies) == 0 {
		return peer
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && Within(peer, proxies); i-- {
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

// Within reports whether an address is in one of the networks.
func Within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
