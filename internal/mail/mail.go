// Package mail carries finished messages: to an SMTP server, or into a folder
// as .eml files where there is no server. It makes the MIME message and says
// what became of it.
//
// It does not word letters, keep an outbox, decide whether to try again,
// resolve secrets or sign with DKIM.
package mail

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"hastaluego/internal/fault"
)

// Message is one mail to one address.
type Message struct {
	ID          string // Message-ID, with or without angle brackets; the same on every attempt
	Date        time.Time
	From        string // RFC 5322, may have a name: "Faro, S.L." <bajas@faro.example>
	To          string // may have a name
	ReplyTo     string // may be empty
	Subject     string
	Text        string
	HTML        string // may be empty
	Attachments []Attachment
	Headers     map[string]string // further headers; Auto-Submitted is there unless it is given
}

// Attachment is a file that goes with a message.
type Attachment struct {
	Name string
	Type string // media type: application/pdf
	Data []byte
}

// headers that Message has fields for.
var owned = map[string]bool{
	"message-id": true, "date": true, "from": true, "to": true, "reply-to": true, "subject": true, "cc": true, "bcc": true,
	"sender": true, "mime-version": true, "content-type": true, "content-transfer-encoding": true, "return-path": true,
}

// compose checks the message and makes it. Nothing that a person typed can
// begin a header of its own: control characters anywhere in a header are
// refused with mail.header, addresses that are not exactly one address with
// mail.address.
func compose(m Message) (*gomail.Msg, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(m.ID, "<"), ">")
	left, right, _ := strings.Cut(id, "@")
	if left == "" || right == "" || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return nil, fault.New(fault.Invalid, "mail.header").On("id")
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.SetMessageIDWithValue(id)
	out.SetDateWithValue(m.Date)
	if !headerSafe(m.Subject) {
		return nil, fault.New(fault.Invalid, "mail.header").On("subject")
	}
	out.Subject(m.Subject)

	for _, a := range []struct {
		field, value string
		set          func(*mail.Address)
	}{
		{"from", m.From, out.FromMailAddress},
		{"to", m.To, func(a *mail.Address) { out.ToMailAddress(a) }},
		{"reply_to", m.ReplyTo, func(a *mail.Address) { out.ReplyToMailAddress(a) }},
	} {
		if a.field == "reply_to" && a.value == "" {
			continue
		}
		addr, err := address(a.field, a.value)
		if err != nil {
			return nil, err
		}
		a.set(addr)
	}

	auto := true
	for name, value := range m.Headers {
		if name == "" || owned[strings.ToLower(name)] || !headerSafe(value) ||
			strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }) {
			return nil, fault.New(fault.Invalid, "mail.header").On(name)
		}
		auto = auto && !strings.EqualFold(name, "Auto-Submitted")
		out.SetGenHeader(gomail.Header(name), value)
	}
	if auto { // keeps holiday notes of machines from answering ours (RFC 3834)
		out.SetGenHeader("Auto-Submitted", "auto-generated")
	}

	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		if a.Name == "" || !headerSafe(a.Name) || !headerSafe(a.Type) || strings.ContainsAny(a.Name, `/\"`) {
			return nil, fault.New(fault.Invalid, "mail.header").On("attachment")
		}
		err := out.AttachReader(a.Name, strings.NewReader(string(a.Data)), gomail.WithFileContentType(gomail.ContentType(a.Type)))
		if err != nil {
			return nil, fault.Wrap("mail.compose", err)
		}
	}
	return out, nil
}

func address(field, s string) (*mail.Address, error) {
	if !headerSafe(s) {
		return nil, fault.New(fault.Invalid, "mail.header").On(field)
	}
	a, err := mail.ParseAddress(s)
	if err != nil || !headerSafe(a.Name) || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, fault.New(fault.Invalid, "mail.address").On(field)
	}
	return a, nil
}

// headerSafe reports whether the text can stand in a header: valid UTF-8
// without line breaks, NUL or other control characters.
func headerSafe(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
	})
}
