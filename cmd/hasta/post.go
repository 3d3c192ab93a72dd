package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"net/url"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/mail"
	"hastaluego/internal/text"
)

// transport hands a letter to a mail system.
type transport interface {
	Send(ctx context.Context, m mail.Message) error
}

// post renders papers as letters and hands them over.
type post struct {
	papers papers
	out    transport
	from   string // as it was configured; empty: the company's address
}

// sender is whom letters come from now.
func (p post) sender() string { return sender(p.papers.company(), p.from) }

// sender is whom letters of a company come from: as its profile says, else as
// the mail system was configured, else itself.
func sender(c app.Company, configured string) string {
	if c.SenderName == "" && c.SenderAddress == "" && configured != "" {
		return configured
	}
	address := cmp.Or(c.SenderAddress, c.Email)
	if a, err := netmail.ParseAddress(configured); err == nil && c.SenderAddress == "" {
		address = a.Address
	}
	return (&netmail.Address{Name: cmp.Or(c.SenderName, c.Name), Address: address}).String()
}

// keeper is a transport that keeps what it was handed.
type keeper interface {
	Forget(id string) error
	Keeps(id string) (bool, error)
}

// Forget implements app.Keeper.
func (p post) Forget(headerID string) error {
	if k, ok := p.out.(keeper); ok {
		return k.Forget(headerID)
	}
	return nil
}

// Keeps implements app.Keeper.
func (p post) Keeps(headerID string) (bool, error) {
	if k, ok := p.out.(keeper); ok {
		return k.Keeps(headerID)
	}
	return false, nil
}

// Send implements app.Post.
func (p post) Send(ctx context.Context, to, headerID string, x app.Paper) (subject, body string, err error) {
	l := p.papers.letter(x)
	if x.Sample {
		l.Subject = text.Say(x.Language, "test.subject", "subject", l.Subject)
		l.Blocks = append([]document.Block{{Paragraphs: []string{text.Say(x.Language, "test.text")}}}, l.Blocks...)
	}
	m := mail.Message{
		ID: headerID, From: p.sender(), To: to, ReplyTo: p.papers.company().Email, Date: x.Now,
		Subject: l.Subject, Text: document.MailText(l), HTML: document.MailHTML(l), Headers: map[string]string{"Content-Language": l.Lang},
	}
	if x.Kind == "winback" && x.Links["silence"] != "" { // mail programs show a button for it (RFC 8058)
		m.Headers["List-Unsubscribe"], m.Headers["List-Unsubscribe-Post"] = "<"+x.Links["silence"]+">", "List-Unsubscribe=One-Click"
	}
	if x.Kind == "receipt" && withPaper(x) && !x.Sample {
		pdf, err := p.papers.print(x, l)
		if err != nil {
			return "", "", err
		}
		proof, err := x.ProofFile()
		if err != nil {
			return "", "", err
		}
		m.Attachments = []mail.Attachment{
			{Name: x.Code + ".pdf", Type: "application/pdf", Data: pdf}, {Name: x.Code + ".proof.json", Type: "application/json", Data: proof},
		}
	}
	if x.Kind != "receipt" && withPaper(x) {
		pdf, err := p.papers.print(x, l)
		if err != nil {
			return "", "", err
		}
		m.Attachments = append(m.Attachments, mail.Attachment{Name: x.Code + ".pdf", Type: "application/pdf", Data: pdf})
	}
	if b := x.Bundle; b != nil && len(b.Body) > 0 {
		m.Attachments = append(m.Attachments, mail.Attachment{Name: b.Name, Type: b.Media, Data: b.Body})
	}
	if x.Kind == "invitation" {
		media, file := p.papers.Calendar(x)
		m.Attachments = []mail.Attachment{{Name: x.Code + ".ics", Type: media, Data: file}}
	}
	return m.Subject, m.Text, p.out.Send(ctx, m)
}

// newPost opens the transport of the configuration: SMTP, or files in a folder
// where there is no mail server.
func newPost(cfg config, p papers) (app.Post, error) {
	out := post{papers: p, from: cfg.Mail.From}
	if cfg.Mail.SMTP == "" {
		f, err := mail.NewFolder(cfg.mailDir())
		out.out = f
		return out, err
	}
	s, err := mailServer(cfg, nil, nil)
	out.out = s
	return out, err
}

// mailServer is the one of the configuration; names and roots are the machine's
// where they are nil.
func mailServer(cfg config, names *net.Resolver, roots *x509.CertPool) (*mail.SMTP, error) {
	password, err := secret(cfg.Mail.Password)
	if err != nil {
		return nil, err
	}
	server, err := url.Parse(cfg.Mail.SMTP)
	if err != nil {
		return nil, errors.New("mail.smtp is not an address such as smtp://user@mail.example:587")
	}
	if password != "" {
		server.User = url.UserPassword(server.User.Username(), password)
	}
	c := mail.Config{URL: server.String(), Names: names}
	if roots != nil {
		c.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return mail.NewSMTP(c)
}
