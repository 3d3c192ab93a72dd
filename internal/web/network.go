package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Network is the block of addresses that a request comes from: /24 of IPv4,
// /48 of IPv6, which is what one household or office has. Behind a proxy that
// is trusted it is what the nearest one that is not says. It is empty for this
// machine and private networks, where everybody looks alike.
func (k *Kit) Network(r *http.Request) string {
	addr, ok := Address(r, k.Proxies)
	if !ok {
		return ""
	}
	return NetworkOf(addr)
}

// Address is where a request comes from: behind a proxy that is trusted, what
// the nearest one that is not says. Nothing is returned that is no address.
func Address(r *http.Request, proxies []netip.Prefix) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	hops := []string{}
	for _, h := range r.Header.Values("X-Forwarded-For") {
		hops = append(hops, strings.Split(h, ",")...)
	}
	hops = append(hops, host)
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return netip.Addr{}, false
		}
		addr = addr.Unmap()
		if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// NetworkOf is the block of addresses that an address is in; empty for this
// machine and private networks.
func NetworkOf(addr netip.Addr) string {
	if addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() {
		return ""
	}
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	block, err := addr.Prefix(bits)
	if err != nil {
		return ""
	}
	return block.String()
}
