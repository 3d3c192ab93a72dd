package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"hastaluego/internal/fault"
	"hastaluego/internal/mail"
)

// far is an SMTP server that fails as it is told.
type far struct {
	mu       sync.Mutex
	got      []string
	login    string
	from, to error
	data     func(c *smtp.Conn, r io.Reader) error
}

type session struct {
	*far
	conn *smtp.Conn
}

func (f *far) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{f, c}, nil }
func (s *session) Reset()                                    {}
func (s *session) Logout() error                             { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error      { return s.from }
func (s *session) Rcpt(string, *smtp.RcptOptions) error      { return s.to }
func (s *session) AuthMechanisms() []string                  { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.login = user + ":" + password
		if password != "s3creto" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Data(r io.Reader) error {
	if s.data != nil {
		return s.data(s.conn, r)
	}
	raw, err := io.ReadAll(r)
	if err == nil {
		s.mu.Lock()
		s.got = append(s.got, string(raw))
		s.mu.Unlock()
	}
	return err
}

func (f *far) count() int { f.mu.Lock(); defer f.mu.Unlock(); return len(f.got) }

// serve starts the server, with TLS from the first byte if tlsConfig is set.
func (f *far) serve(t *testing.T, tlsConfig *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	srv := smtp.NewServer(f)
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "far.example", true, log.New(io.Discard, "", 0)
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = srv.Close(); <-done }) // Close alone misses a Serve that has not begun
	return address
}

func send(t *testing.T, ctx context.Context, c mail.Config) error {
	t.Helper()
	s, err := mail.NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(ctx, letter())
}

func TestFailuresSayWhetherTryingAgainMayHelp(t *testing.T) {
	t.Parallel()
	say := func(code int) error { return &smtp.SMTPError{Code: code, Message: "no"} }
	afterAll := func(c *smtp.Conn, r io.Reader) error {
		_, _ = io.ReadAll(r) // the whole message was taken, then the line breaks
		return c.Conn().Close()
	}
	inside := func(c *smtp.Conn, r io.Reader) error {
		_, _ = io.ReadFull(r, make([]byte, 10))
		return c.Conn().Close()
	}
	for name, c := range map[string]struct {
		far  *far
		kind fault.Kind
		code string
	}{
		"sender later":      {&far{from: say(451)}, fault.Transient, "mail.unreachable"},
		"sender never":      {&far{from: say(550)}, fault.Invalid, "mail.refused"},
		"address later":     {&far{to: say(450)}, fault.Transient, "mail.unreachable"},
		"address never":     {&far{to: say(550)}, fault.Invalid, "mail.refused"},
		"content later":     {&far{data: func(_ *smtp.Conn, r io.Reader) error { _, _ = io.ReadAll(r); return say(452) }}, fault.Transient, "mail.unreachable"},
		"content never":     {&far{data: func(_ *smtp.Conn, r io.Reader) error { _, _ = io.ReadAll(r); return say(554) }}, fault.Invalid, "mail.refused"},
		"silence after all": {&far{data: afterAll}, fault.Uncertain, "mail.uncertain"},
		"break inside":      {&far{data: inside}, fault.Uncertain, "mail.uncertain"}, // small mails fit into the buffers of the line
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := send(t, t.Context(), mail.Config{URL: "smtp://" + c.far.serve(t, nil)})
			if fault.KindOf(err) != c.kind || fault.CodeOf(err) != c.code {
				t.Errorf("%v is %v", err, fault.KindOf(err))
			}
		})
	}
}

func TestAServerThatIsAwayIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	err := send(t, t.Context(), mail.Config{URL: "smtp://" + free(t)})
	if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "mail.unreachable" {
		t.Error(err)
	}
}

func TestAServerThatNeverGreetsIsGivenUp(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	err = send(t, t.Context(), mail.Config{URL: "smtp://" + l.Addr().String(), Timeout: 200 * time.Millisecond})
	if fault.KindOf(err) != fault.Transient {
		t.Error(err)
	}
}

// Whoever gives up while the server thinks about a whole message does not know
// whether it will be delivered.
func TestGivingUpAfterTheMessageIsUncertain(t *testing.T) {
	t.Parallel()
	taken, release := make(chan struct{}), make(chan struct{})
	f := &far{data: func(_ *smtp.Conn, r io.Reader) error {
		_, err := io.ReadAll(r)
		close(taken)
		<-release
		return err
	}}
	address := f.serve(t, nil)
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-taken; cancel() }()
	if err := send(t, ctx, mail.Config{URL: "smtp://" + address}); fault.KindOf(err) != fault.Uncertain {
		t.Error(err)
	}
}

func TestGivingUpBeforeIsNot(t *testing.T) {
	t.Parallel()
	f := &far{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := send(t, ctx, mail.Config{URL: "smtp://" + f.serve(t, nil)}); fault.KindOf(err) != fault.Transient || f.count() != 0 {
		t.Error(err)
	}
}

func TestPasswordGoesOverTLSFromTheFirstByte(t *testing.T) {
	t.Parallel()
	server, client := certificate(t)
	f := &far{}
	address := f.serve(t, server)
	if err := send(t, t.Context(), mail.Config{URL: "smtps://faro:s3creto@" + address, TLS: client}); err != nil {
		t.Fatal(err)
	}
	if f.count() != 1 || f.login != "faro:s3creto" {
		t.Errorf("%d messages, login %q", f.count(), f.login)
	}
	if err := send(t, t.Context(), mail.Config{URL: "smtps://faro:s3creto@" + address}); fault.KindOf(err) != fault.Transient {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	if f.count() != 1 {
		t.Error("it was sent all the same")
	}
}

func TestPasswordOnThisMachine(t *testing.T) {
	t.Parallel()
	f := &far{}
	address := f.serve(t, nil)
	if err := send(t, t.Context(), mail.Config{URL: "smtp://faro:s3creto@" + address}); err != nil || f.count() != 1 {
		t.Error(err)
	}
	err := send(t, t.Context(), mail.Config{URL: "smtp://faro:otro@" + address})
	if fault.KindOf(err) != fault.Transient || strings.Contains(err.Error(), "otro") {
		t.Error(err)
	}
}

func TestWrongAddressesOfServersAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"", "mail.example", "http://mail.example", "smtp://", "smtp://:25", "smtp://u:geheim@h:0", "smtp://u:geheim@h:99999",
		"smtp://u:geheim@h/path", "smtp://u:geheim@h?x=1", "smtp://u:geheim@h:25\n", "smtp://u:geh%eim@h",
	} {
		_, err := mail.NewSMTP(mail.Config{URL: u})
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Invalid || e.Field != "mail.smtp" || strings.Contains(err.Error(), "geh") {
			t.Errorf("%q: %v", u, err)
		}
	}
}

// certificate makes a server's TLS configuration for 127.0.0.1 and a client's
// that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}
