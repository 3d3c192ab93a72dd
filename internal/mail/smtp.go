package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"hastaluego/internal/fault"
)

// Config says where the SMTP server is.
type Config struct {
	// URL is smtp://user:password@host:port (587 if no port is given) or
	// smtps:// (TLS from the first byte, 465). With smtp, TLS is begun where
	// the server offers it, and is required before a password goes to another
	// machine; on the same machine there is none.
	URL     string
	Name    string        // how this machine greets; empty: its host name
	Timeout time.Duration // for one message in all; 0: 30 seconds
	TLS     *tls.Config   // nil: the system's roots
	Names   *net.Resolver // nil: the machine's
}

// SMTP sends through a server. It may be used by many goroutines; every
// message has a connection of its own.
type SMTP struct {
	host    string
	port    int
	name    string
	user    *url.Userinfo // nil: without a password
	local   bool
	tls     *tls.Config // of smtps; nil: the connection begins in the clear
	roots   *tls.Config // of STARTTLS
	names   *net.Resolver
	options []gomail.Option
	timeout time.Duration
}

// NewSMTP reads the configuration. It does not connect. Errors are
// fault.Invalid with the field mail.smtp and never repeat the password.
func NewSMTP(c Config) (*SMTP, error) {
	bad := fault.New(fault.Invalid, "field.invalid").On("mail.smtp")
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Path != "" && u.Path != "/" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, bad
	}
	s := &SMTP{host: u.Hostname(), timeout: c.Timeout, name: c.Name, names: c.Names}
	if s.timeout <= 0 {
		s.timeout = 30 * time.Second
	}
	port := 587
	if u.Scheme == "smtps" {
		port = 465
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, bad
		}
	}
	roots := c.TLS
	if roots == nil {
		roots = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	roots = roots.Clone()
	if roots.ServerName == "" {
		roots.ServerName = s.host
	}
	s.port, s.roots = port, roots
	password, withPassword := u.User.Password()
	if withPassword {
		s.user = u.User
	}
	local := loopback(s.host)
	s.local = local
	s.options = []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(roots), gomail.WithoutNoop(),
	}
	switch {
	case u.Scheme == "smtps":
		// Our own dialling does the TLS; the library sees that it is there.
		s.tls = roots
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case local:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	case withPassword:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if withPassword {
		auth := gomail.SMTPAuthAutoDiscover
		if local && u.Scheme == "smtp" {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		s.options = append(s.options, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if c.Name != "" {
		s.options = append(s.options, gomail.WithHELO(c.Name))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, bad.At("mail.NewSMTP", err)
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send delivers the message to the server. Errors:
//   - fault.Transient (mail.unreachable): it was not taken; another attempt may
//     work. The server was away, or said "not now" (4xx).
//   - fault.Invalid (mail.refused): the server refused it for good (5xx).
//   - fault.Invalid (mail.header, mail.address): it cannot be a mail.
//   - fault.Uncertain (mail.uncertain): the whole message went out and the
//     answer did not come back. Sending it again under the same ID is the only
//     way to be sure that it arrives.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	const op = "mail.Send"
	msg, err := compose(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	line := &line{tls: s.tls, names: s.names}
	client, err := gomail.NewClient(s.host, append(slices.Clone(s.options), gomail.WithDialContextFunc(line.dial))...)
	if err != nil {
		return fault.Wrap(op, err)
	}
	// The library looks at ctx only while it dials; an open line is hung up from
	// here.
	defer context.AfterFunc(ctx, line.hangUp)()
	defer line.hangUp()
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fault.New(fault.Transient, "mail.unreachable").At(op, err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() {
		_ = client.CloseWithSMTPClient(conn) // a polite QUIT; the message is theirs already
		return nil
	}
	// No QUIT after a failure: inside of an unfinished message it would end the
	// message, and so deliver half of it.
	return classify(op, err)
}

func classify(op string, err error) error {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return fault.New(fault.Transient, "mail.unreachable").At(op, err)
	}
	code := sent.ErrorCode()
	if proto, ok := errors.AsType[*textproto.Error](err); ok && code == 0 {
		code = proto.Code
	}
	switch {
	case code >= 500 && code <= 599:
		return fault.New(fault.Invalid, "mail.refused").At(op, err)
	case code == 0 && sent.Reason == gomail.ErrSMTPDataClose:
		return fault.New(fault.Uncertain, "mail.uncertain").At(op, err)
	}
	return fault.New(fault.Transient, "mail.unreachable").At(op, err)
}

// line is the connection of one message.
type line struct {
	tls    *tls.Config // nil: begins in the clear
	names  *net.Resolver
	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var (
		conn net.Conn
		err  error
	)
	if l.tls != nil {
		conn, err = (&tls.Dialer{Config: l.tls, NetDialer: &net.Dialer{Resolver: l.names}}).DialContext(ctx, network, address)
	} else {
		conn, err = (&net.Dialer{Resolver: l.names}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	l.conn = conn
	return conn, nil
}

// hangUp closes the connection; again is no harm.
func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
