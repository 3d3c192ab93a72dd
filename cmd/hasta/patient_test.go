package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"golang.org/x/net/dns/dnsmessage"

	"hastaluego/internal/app"
	"hastaluego/internal/doctor"
	"hastaluego/internal/when"
)

const (
	publicName = "bajas.faro.example"
	mailName   = "mail.faro.example"
)

// patient is a whole installation that is well: a server with its engine, a
// proxy with a certificate, a mail server, and a server of names.
type patient struct {
	t     *testing.T
	place place
	cfg   config
	roots *x509.CertPool
	ca    *authority
	names *nameServer
	post  *postOffice
	front *front
	plain string // address of the server itself
	house *house
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	dir := t.TempDir()
	p := &patient{t: t, ca: newAuthority(t), place: place{t, dir, filepath.Join(dir, "hasta.db")}}
	p.roots = x509.NewCertPool()
	p.roots.AddCert(p.ca.cert)
	p.post = newPostOffice(t, p.ca.issue(t, leaf{names: []string{mailName}}))
	p.front = newFront(t, p.ca.issue(t, leaf{}))
	p.names = newNameServer(t)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	p.plain = ln.Addr().String()
	secret := filepath.Join(dir, "mail.secret")
	ok(t, os.WriteFile(secret, []byte("s3creto"), 0o600))
	conf := filepath.Join(dir, "hasta.yaml")
	ok(t, os.WriteFile(conf, []byte("public_url: https://"+publicName+"\n"), 0o600))
	p.cfg = p.place.config()
	p.cfg.Listen, p.cfg.Proxies = p.plain, []string{"127.0.0.1/32"}
	p.cfg.PublicURL = "https://" + publicName + ":" + port(p.front.listener.Addr())
	p.cfg.Mail = mailConfig{SMTP: "smtp://faro@" + mailName + ":" + port(p.post.listener.Addr()), Password: "file:" + secret, From: "bajas@faro.example", Selector: "s1"}
	p.house, err = build(t.Context(), p.cfg, newLog(io.Discard, "error", ""), nil)
	ok(t, err)
	ok(t, p.place.write(t.Context(), p.house, "ana"))
	ok(t, p.house.app.BackedUp(t.Context(), "", app.Backup{SHA256: "ab"}))
	handler, err := p.house.handler()
	ok(t, err)
	p.front.to = handler
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_ = p.house.while(ctx, func(ctx context.Context) error { return p.house.serve(ctx, ln, handler) })
	})
	t.Cleanup(func() { stop(); running.Wait(); p.house.close() })
	for { // it is well once its log has a first checkpoint, which is kept outside the database too
		age, err := p.house.store.LogAge(ctx)
		ok(t, err)
		_, kept := os.Stat(filepath.Join(p.cfg.Keys.Dir, "checkpoints.log"))
		if age == 0 && kept == nil && !p.house.engine.Polled().IsZero() {
			return p
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// healthy is what the doctor looks at when nothing is wrong.
func (p *patient) healthy() *examination {
	p.front.reset()
	p.post.reset()
	p.names.reset()
	return &examination{cfg: p.cfg, file: filepath.Join(p.place.dir, "hasta.yaml"), names: doctor.Resolver(p.names.at), roots: p.roots, wall: when.Machine{}.Wall(), least: 1, low: 1, wal: walMost}
}

// copyOf is the database as it is, elsewhere, with statements run on it.
func (p *patient) copyOf(statements ...string) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "hasta.db")
	from, err := sql.Open("sqlite", p.cfg.Database)
	ok(p.t, err)
	_, err = from.Exec(`VACUUM INTO $1`, path)
	ok(p.t, errors.Join(err, from.Close(), os.Chmod(path, 0o600)))
	to, err := sql.Open("sqlite", path)
	ok(p.t, err)
	for _, s := range statements {
		_, err := to.Exec(s)
		ok(p.t, err)
	}
	ok(p.t, to.Close())
	return path
}

func (p *patient) file(content string, mode os.FileMode) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "file.yaml")
	ok(p.t, errors.Join(os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)))
	return path
}

func port(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	return port
}

// closedPort is one where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer ln.Close()
	return port(ln.Addr())
}

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

type leaf struct {
	names    []string
	from, to time.Time
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	now := when.Machine{}.Wall()
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(2, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	ok(t, err)
	cert, err := x509.ParseCertificate(raw)
	ok(t, err)
	return &authority{cert, key}
}

func (a *authority) issue(t *testing.T, l leaf) tls.Certificate {
	t.Helper()
	now := when.Machine{}.Wall()
	if l.names == nil {
		l.names = []string{publicName}
	}
	if l.from.IsZero() {
		l.from = now.AddDate(0, -1, 0)
	}
	if l.to.IsZero() {
		l.to = now.AddDate(0, 3, 0)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	raw, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: l.names[0]}, DNSNames: l.names, NotBefore: l.from, NotAfter: l.to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, &key.PublicKey, a.key)
	ok(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// front is the proxy with the certificate.
type front struct {
	listener net.Listener
	to       http.Handler
	good     tls.Certificate
	mu       sync.Mutex
	cert     tls.Certificate
	other    http.Handler // answers in the place of the server
}

func newFront(t *testing.T, cert tls.Certificate) *front {
	t.Helper()
	f := &front{good: cert, cert: cert}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		h := f.other
		f.mu.Unlock()
		if h == nil {
			h = f.to
		}
		h.ServeHTTP(w, r)
	}))
	srv.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		c := f.cert
		return &c, nil
	}}
	srv.StartTLS()
	srv.TLS.Certificates = nil
	t.Cleanup(srv.Close)
	f.listener = srv.Listener
	return f
}

func (f *front) reset() { f.set(f.good, nil) }

func (f *front) set(cert tls.Certificate, other http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cert, f.other = cert, other
}

// postOffice is a mail server.
type postOffice struct {
	listener net.Listener
	good     tls.Certificate
	mu       sync.Mutex
	cert     tls.Certificate
	sender   error
	password string
}

type postSession struct{ *postOffice }

func (s postSession) Reset()        {}
func (s postSession) Logout() error { return nil }
func (s postSession) Mail(string, *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sender
}

func (s postSession) Rcpt(string, *smtp.RcptOptions) error { return errors.New("nobody is written to") }
func (s postSession) Data(io.Reader) error                 { return errors.New("nothing is sent") }
func (s postSession) AuthMechanisms() []string             { return []string{sasl.Plain} }
func (s postSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if password != s.password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func newPostOffice(t *testing.T, cert tls.Certificate) *postOffice {
	t.Helper()
	o := &postOffice{good: cert}
	o.reset()
	o.listener = o.serve(t, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		c := o.cert
		return &c, nil
	}})
	return o
}

// serve opens a further door to it; without a configuration there is no TLS.
func (o *postOffice) serve(t *testing.T, c *tls.Config) net.Listener {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return postSession{o}, nil }))
	srv.TLSConfig, srv.Domain, srv.AllowInsecureAuth = c, mailName, true
	srv.ErrorLog = quietLog{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return ln
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

func (o *postOffice) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cert, o.sender, o.password = o.good, nil, "s3creto"
}

// nameServer answers for names, and that there are no others.
type nameServer struct {
	at    string
	mu    sync.Mutex
	texts map[string][]string
	hosts map[string]bool
	mail  map[string]string
}

func newNameServer(t *testing.T) *nameServer {
	t.Helper()
	s := &nameServer{}
	s.reset()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	ok(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	s.at = conn.LocalAddr().String()
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := s.answer(buf[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return s
}

func (s *nameServer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts = map[string]bool{publicName: true, mailName: true, "faro.example": true}
	s.mail = map[string]string{"faro.example": mailName}
	s.texts = map[string][]string{
		"faro.example":               {"v=spf1 include:mail.faro.example -all", "something=else"},
		"s1._domainkey.faro.example": {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
		"_dmarc.faro.example":        {"v=DMARC1; p=quarantine; rua=mailto:dmarc@faro.example"},
	}
}

// say lets a name have other texts; none: there is no such name.
func (s *nameServer) say(name string, texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[name] = texts
}

func (s *nameServer) answer(raw []byte) ([]byte, error) {
	var in dnsmessage.Message
	if err := in.Unpack(raw); err != nil || len(in.Questions) != 1 {
		return nil, fmt.Errorf("no question: %w", err)
	}
	q := in.Questions[0]
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: in.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: in.Questions}
	add := func(body dnsmessage.ResourceBody) {
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: body})
	}
	switch q.Type {
	case dnsmessage.TypeA:
		if s.hosts[name] {
			add(&dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}})
		}
	case dnsmessage.TypeMX:
		if to := s.mail[name]; to != "" {
			add(&dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(to + ".")})
		}
	case dnsmessage.TypeTXT:
		for _, text := range s.texts[name] {
			var parts []string
			for ; len(text) > 255; text = text[255:] {
				parts = append(parts, text[:255])
			}
			add(&dnsmessage.TXTResource{TXT: append(parts, text)})
		}
	}
	if len(out.Answers) == 0 && !s.hosts[name] && len(s.texts[name]) == 0 {
		out.RCode = dnsmessage.RCodeNameError
	}
	return out.Pack()
}
