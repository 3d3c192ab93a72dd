package web_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"hastaluego/internal/web"
)

func TestANetworkIsThatOfTheNearestHopThatIsNotOurs(t *testing.T) {
	t.Parallel()
	kit := &web.Kit{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.77:5000", "", "203.0.113.0/24"},
		{"[2001:db8:1:2::5]:5000", "", "2001:db8:1::/48"},
		{"127.0.0.1:5000", "203.0.113.9", "203.0.113.0/24"},
		{"127.0.0.1:5000", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.0/24"}, // the first is only what the client claims
		{"203.0.113.77:5000", "198.51.100.1", "203.0.113.0/24"},
		{"127.0.0.1:5000", "", ""},
		{"192.168.1.5:5000", "", ""},
		{"127.0.0.1:5000", "nonsense", ""},
		{"", "", ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := kit.Network(r); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
