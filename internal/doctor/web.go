package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Web is what is known of the public address.
type Web struct {
	URL    string
	LogKey string         // that our own house publishes; empty: unknown
	Roots  *x509.CertPool // nil: the machine's
	Names  *net.Resolver
	Wall   time.Time
}

const (
	soon  = 21 * 24 * time.Hour // a certificate that ends in less is a warning
	drift = 30 * time.Second    // clocks further apart than that disagree
)

// LookAtWeb asks the public address as a customer's browser would.
func LookAtWeb(ctx context.Context, w Web) []Finding {
	u, err := url.Parse(w.URL)
	switch {
	case w.URL == "":
		return []Finding{found(Fault, "web.none")}
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return []Finding{found(Fault, "web.unfit", "url", w.URL)}
	}
	var list []Finding
	if u.Scheme == "http" {
		if !here(u.Hostname()) {
			list = append(list, found(Fault, "web.plain", "url", w.URL))
		} else {
			list = append(list, found(Warning, "web.here", "url", w.URL))
		}
	}
	var state *tls.ConnectionState
	c := &http.Client{Timeout: wait, Transport: &http.Transport{
		DialContext:       (&net.Dialer{Timeout: wait, Resolver: w.Names}).DialContext,
		DisableKeepAlives: true,
		// Every name and date is looked at below, one by one: a handshake that
		// fails says only the first of what is wrong.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above; nothing secret is sent
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(path string) (string, http.Header, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(w.URL, "/")+path, nil)
		if err != nil {
			return "", nil, err
		}
		res, err := c.Do(req)
		if err != nil {
			return "", nil, err
		}
		defer res.Body.Close()
		if res.TLS != nil {
			state = res.TLS
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		if res.StatusCode != http.StatusOK {
			return "", res.Header, errors.New(res.Status)
		}
		return strings.TrimSpace(string(body)), res.Header, err
	}
	body, head, err := ask("/healthz")
	if state != nil {
		list = append(list, certificate(w, u.Hostname(), state)...)
	}
	if head == nil {
		return append(list, found(Fault, "web.silent", "url", w.URL, "why", err.Error()))
	}
	if err != nil || body != "ok" {
		return append(list, found(Fault, "web.not_ours", "url", w.URL))
	}
	if key, _, err := ask("/.well-known/hasta-log"); w.LogKey != "" && (err != nil || key != w.LogKey) {
		list = append(list, found(Fault, "web.other_house", "url", w.URL))
	}
	if at, err := http.ParseTime(head.Get("Date")); err == nil {
		if off := at.Sub(w.Wall).Abs(); off > drift {
			list = append(list, found(Fault, "clock.web", "seconds", seconds(off)))
		}
	}
	return list
}

// here reports whether a name is that of this machine.
func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// certificate says everything that is wrong with a certificate.
func certificate(w Web, host string, state *tls.ConnectionState) (list []Finding) {
	leaf := state.PeerCertificates[0]
	until := leaf.NotAfter.UTC().Format(time.DateOnly)
	at := w.Wall
	switch {
	case at.After(leaf.NotAfter):
		list = append(list, found(Fault, "web.expired", "host", host, "until", until))
		at = leaf.NotAfter.Add(-time.Minute)
	case at.Before(leaf.NotBefore):
		list = append(list, found(Fault, "web.early", "host", host, "from", leaf.NotBefore.UTC().Format(time.DateOnly)))
		at = leaf.NotBefore.Add(time.Minute)
	case leaf.NotAfter.Sub(at) < soon:
		list = append(list, found(Warning, "web.expires", "host", host, "until", until))
	}
	if leaf.VerifyHostname(host) != nil {
		list = append(list, found(Fault, "web.name", "host", host, "names", strings.Join(leaf.DNSNames, " ")))
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: w.Roots, Intermediates: between, CurrentTime: at}); err != nil {
		list = append(list, found(Fault, "web.issuer", "host", host, "issuer", leaf.Issuer.String()))
	}
	return list
}
