package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"hastaluego/internal/fault"
)

// Checked is what a server turned out to be.
type Checked struct {
	Encrypted bool // letters travel to it encrypted
	Local     bool // it is on this machine
}

// Check goes the way that a letter goes, up to its sender, and sends none.
// Errors beside those of Send: fault.Invalid with code mail.certificate (TLS
// cannot be begun), mail.no_tls (there is none, and a password would travel in
// the clear), mail.sign_in, or mail.sender (it takes no letters from that
// address).
func (s *SMTP) Check(ctx context.Context, from string) (c Checked, err error) {
	const op = "mail.Check"
	sender, err := address("from", from)
	if err != nil {
		return c, err
	}
	c.Local = s.local
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	away := func(err error) error { return fault.New(fault.Transient, "mail.unreachable").At(op, err) }
	line := &line{tls: s.tls, names: s.names}
	conn, err := line.dial(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		if badCertificate(err) {
			return c, fault.New(fault.Invalid, "mail.certificate").At(op, err)
		}
		return c, away(err)
	}
	defer context.AfterFunc(ctx, line.hangUp)()
	defer line.hangUp()
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return c, away(err)
	}
	if s.name != "" {
		if err := client.Hello(s.name); err != nil {
			return c, away(err)
		}
	}
	c.Encrypted = s.tls != nil
	if offered, _ := client.Extension("STARTTLS"); offered && !c.Encrypted && !s.local {
		if err := client.StartTLS(s.roots); err != nil {
			return c, fault.New(fault.Invalid, "mail.certificate").At(op, err)
		}
		c.Encrypted = true
	}
	if s.user != nil {
		if !c.Encrypted && !s.local {
			return c, fault.New(fault.Invalid, "mail.no_tls")
		}
		if err := s.signIn(client, c.Encrypted); err != nil {
			return c, fault.New(fault.Invalid, "mail.sign_in").At(op, err)
		}
	}
	if err := client.Mail(sender.Address); err != nil {
		return c, fault.New(fault.Invalid, "mail.sender", "address", sender.Address).At(op, err)
	}
	_ = client.Reset()
	_ = client.Quit()
	return c, nil
}

// signIn takes the first way that the server offers of those that need no more
// than a password.
func (s *SMTP) signIn(client *smtp.Client, encrypted bool) error {
	_, ways := client.Extension("AUTH")
	name := s.user.Username()
	password, _ := s.user.Password()
	for way := range strings.FieldsSeq(strings.ToUpper(ways)) {
		switch way {
		case "PLAIN":
			return client.Auth(smtp.PlainAuth("", name, password, s.host, !encrypted))
		case "LOGIN":
			return client.Auth(smtp.LoginAuth(name, password, s.host, !encrypted))
		case "CRAM-MD5":
			return client.Auth(smtp.CRAMMD5Auth(name, password))
		}
	}
	return errors.New("mail: the server offers no way to sign in that is known: " + ways)
}

func badCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &verify) || errors.As(err, &name) || errors.As(err, &unknown)
}
