package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// site is the whole program, with its own papers, without far systems.
type site struct {
	testing.TB
	*house
	url  string
	said *memory // what the log said
	wire *wire   // what went over the line
	rows []ingest.Row
}

// memory is a log in memory.
type memory struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *memory) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (l *memory) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// wire counts the bytes that a server sends.
type wire struct {
	net.Listener
	sent atomic.Int64
}

func (w *wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return counted{c, &w.sent}, err
}

type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func newSite(t testing.TB, e testkit.Engine) *site {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	s := &site{TB: t, url: "http://" + ln.Addr().String(), said: &memory{}, wire: &wire{Listener: ln}}
	sample, err := demo.In("es")
	ok(t, err)
	dir := t.TempDir()
	cfg := config{
		Database: e.URL, Dir: dir, PublicURL: s.url, Company: companyConfig(sample.Company),
		Engine: engineConfig{Workers: 4, Poll: 50 * time.Millisecond},
	}
	cfg.Keys.Dir = filepath.Join(dir, "keys")
	s.house, err = build(ctx, cfg, slog.New(slog.NewTextHandler(s.said, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
	ok(t, err)
	now, _, err := s.app.Now(ctx)
	ok(t, err)
	s.rows = sample.Customers(now, s.app.Company().Zone)
	ok(t, s.app.PutRows(ctx, s.rows))
	var running sync.WaitGroup
	running.Go(func() { _ = s.run(ctx, s.wire) })
	t.Cleanup(func() { stop(); running.Wait(); s.close() })
	return s
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what a browser was shown.
type answer struct {
	status int
	body   string
	head   http.Header
	path   string // where it ended
}

// browser is one without script, with a language.
func (s *site) browser(lang string) func(path string, form ...string) answer {
	s.Helper()
	jar, err := cookiejar.New(nil)
	ok(s, err)
	c := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	return func(path string, form ...string) answer {
		s.Helper()
		path = strings.TrimPrefix(path, s.url)
		method, body := http.MethodGet, io.Reader(nil)
		if form != nil {
			v := url.Values{}
			for i := 0; i < len(form); i += 2 {
				v.Set(form[i], form[i+1])
			}
			method, body = http.MethodPost, strings.NewReader(v.Encode())
		}
		r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, body)
		ok(s, err)
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if lang != "" {
			r.Header.Set("Accept-Language", lang)
		}
		res, err := c.Do(r)
		ok(s, err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		ok(s, err)
		return answer{res.StatusCode, string(raw), res.Header, res.Request.URL.RequestURI()}
	}
}

// letter waits for the letter of the kind about the code, and returns it as it
// went out, its texts decoded.
func (s *site) letter(kind, code string) (raw, text string) {
	s.Helper()
	for range 1500 {
		var id offboarding.MessageID
		ok(s, s.store.View(s.Context(), func(tx app.Tx) error {
			r, err := tx.FindRequestByCode(s.Context(), code)
			if err != nil {
				return err
			}
			list, err := tx.ListMessages(s.Context(), "", 1000)
			for _, m := range list {
				if m.State == "sent" && m.Paper == kind && (m.Request == r.ID || m.Case != "" && m.Case == r.Case) {
					id = m.ID
				}
			}
			return err
		}))
		if id != "" {
			src, err := os.ReadFile(filepath.Join(s.cfg.mailDir(), string(id)+"@hasta.eml"))
			ok(s, err)
			m, err := mail.ReadMessage(bytes.NewReader(src))
			ok(s, err)
			return string(src), s.decode(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Fatalf("no letter %s about %s", kind, code)
	return "", ""
}

func (s *site) decode(contentType, encoding string, r io.Reader) string {
	s.Helper()
	typ, params, err := mime.ParseMediaType(contentType)
	ok(s, err)
	if strings.HasPrefix(typ, "multipart/") {
		var all strings.Builder
		for parts := multipart.NewReader(r, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return all.String()
			}
			ok(s, err)
			if p.FileName() == "" {
				all.WriteString(s.decode(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p))
			}
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		r = quotedprintable.NewReader(r)
	}
	raw, err := io.ReadAll(r)
	ok(s, err)
	return string(raw)
}

// link finds the link below a path of the portal in a letter, as it stands
// there.
func (s *site) link(text, path string) string {
	s.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(s.url+path) + `[A-Za-z0-9_-]+\?lang=[a-z]+`).FindString(text)
	if found == "" {
		s.Fatalf("no link %s in:\n%s", path, text)
	}
	return strings.TrimPrefix(found, s.url)
}

var codeForm = regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// leave goes through the portal up to the receipt and returns the code and the
// private page.
func (s *site) leave(account string) (code, private string) {
	s.Helper()
	b := s.browser("es")
	ack := b("/", "account", account, "when", "period_end")
	if code = codeForm.FindString(ack.body); ack.status != http.StatusOK || code == "" {
		s.Fatalf("status %d at %s: %s", ack.status, ack.path, ack.body)
	}
	_, confirm := s.letter("confirm", code)
	receipt := b(s.link(confirm, "/v/"), "papers", "typed")
	if receipt.status != http.StatusOK || !strings.HasPrefix(receipt.path, "/c/") {
		s.Fatalf("status %d at %s: %s", receipt.status, receipt.path, receipt.body)
	}
	return code, strings.TrimSuffix(receipt.path, "/receipt")
}
