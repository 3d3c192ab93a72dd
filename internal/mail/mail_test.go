package mail_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/fault"
	"hastaluego/internal/mail"
)

func letter() mail.Message {
	return mail.Message{
		ID: "msg_01kb2@faro.example", Date: time.Date(2026, 11, 22, 9, 42, 17, 0, time.UTC),
		From: `"Faro Reservas, ñ" <bajas@faro.example>`, To: "marta@estudioalmena.example", ReplyTo: "hola@faro.example",
		Subject: "Justificante de tu baja HL-7K4M-29QX, Ibáñez 🌻 con un asunto que no cabe en una línea",
		Text:    "Tu baja está registrada.\n.\nUna línea con un punto solo.\nhttps://faro.example/c/" + strings.Repeat("A", 90) + "=\n",
		HTML:    "<!doctype html><p>Tu baja está registrada.</p>",
		Attachments: []mail.Attachment{
			{Name: "justificante-HL-7K4M-29QX.pdf", Type: "application/pdf", Data: []byte("%PDF-1.4\x00\xff\r\n.\r\nfin")},
		},
		Headers: map[string]string{"X-Hasta": "sí"},
	}
}

// opened is a message as a mail program reads it.
type opened struct {
	ID, Date, From, To, ReplyTo, Subject, Auto, Extra string
	Parts                                             map[string]string
}

func open(t *testing.T, raw []byte) opened {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	dec := new(mime.WordDecoder)
	head := func(name string) string {
		s, err := dec.DecodeHeader(m.Header.Get(name))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	o := opened{
		ID: head("Message-ID"), Date: head("Date"), From: head("From"), To: head("To"), ReplyTo: head("Reply-To"),
		Subject: head("Subject"), Auto: head("Auto-Submitted"), Extra: head("X-Hasta"), Parts: map[string]string{},
	}
	parts(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body, o.Parts)
	return o
}

func parts(t *testing.T, contentType, encoding, name string, body io.Reader, into map[string]string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			parts(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p, into)
		}
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = newBase64(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	into[strings.TrimSpace(kind+" "+name)] = strings.TrimSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
}

var arrived = opened{
	ID: "<msg_01kb2@faro.example>", Date: "Sun, 22 Nov 2026 09:42:17 +0000",
	From: "Faro Reservas, ñ <bajas@faro.example>", To: "<marta@estudioalmena.example>", ReplyTo: "<hola@faro.example>",
	Subject: letter().Subject, Auto: "auto-generated", Extra: "sí",
	Parts: map[string]string{
		"text/plain": strings.TrimSuffix(letter().Text, "\n"),
		"text/html":  letter().HTML,
		"application/pdf justificante-HL-7K4M-29QX.pdf": "%PDF-1.4\x00\xff\n.\nfin",
	},
}

// free returns a port that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// catcher starts Debian's aiosmtpd (package python3-aiosmtpd), which writes
// what it gets into a Maildir. It fails where it is not installed.
func catcher(t *testing.T) (address, dir string) {
	t.Helper()
	address, dir = free(t), filepath.Join(t.TempDir(), "box")
	var out bytes.Buffer
	cmd := exec.Command("/usr/bin/python3", "-m", "aiosmtpd", "-n", "-l", address, "-c", "aiosmtpd.handlers.Mailbox", dir)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 400 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return address, dir
		}
		time.Sleep(25 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("aiosmtpd does not answer on %s: %s", address, out.String())
	return "", ""
}

func TestMailArrivesAtARealServer(t *testing.T) {
	t.Parallel()
	address, dir := catcher(t)
	s, err := mail.NewSMTP(mail.Config{URL: "smtp://" + address, Name: "bajas.faro.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(arrived, open(t, raw)); d != "" {
		t.Error(d)
	}
}

func TestFolderKeepsOneFileForAMessageHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out", "box")
	f, err := mail.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Send(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "msg_01kb2@faro.example.eml" {
		t.Fatalf("%v %v", entries, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(arrived, open(t, raw)); d != "" {
		t.Error(d)
	}
}

func TestFolderForgetsTheFileOfAMessage(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	f, err := mail.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := letter()
	for _, want := range []bool{true, false} {
		if want {
			err = f.Send(t.Context(), m)
		} else {
			err = f.Forget(m.ID)
		}
		if kept, kerr := f.Keeps(m.ID); err != nil || kerr != nil || kept != want {
			t.Errorf("kept %t, want %t: %v %v", kept, want, err, kerr)
		}
	}
	if err := f.Forget(m.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	// Of a folder that is away nobody knows what is in it.
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := f.Forget(m.ID); fault.KindOf(err) != fault.Transient {
		t.Errorf("with its folder away: %v", err)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := mail.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, evil := range []string{"a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u0085b", "\xff"} {
		for field, spoil := range map[string]func(*mail.Message){
			"id":         func(m *mail.Message) { m.ID = evil + "@faro.example" },
			"subject":    func(m *mail.Message) { m.Subject = evil },
			"from":       func(m *mail.Message) { m.From = evil + " <a@b.example>" },
			"to":         func(m *mail.Message) { m.To = evil + "@b.example" },
			"reply_to":   func(m *mail.Message) { m.ReplyTo = evil + "@b.example" },
			"X-Hasta":    func(m *mail.Message) { m.Headers["X-Hasta"] = evil },
			"attachment": func(m *mail.Message) { m.Attachments[0].Name = evil },
		} {
			m := letter()
			spoil(&m)
			err := f.Send(t.Context(), m)
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Kind != fault.Invalid || e.Code != "mail.header" || e.Field != field {
				t.Errorf("%s %q: %v", field, evil, err)
			}
		}
	}
	for _, to := range []string{"", "nobody", "a@b.example, c@d.example", "a b@c.example", "<>"} {
		m := letter()
		m.To = to
		if err := f.Send(t.Context(), m); fault.CodeOf(err) != "mail.address" {
			t.Errorf("%q: %v", to, err)
		}
	}
	for _, name := range []string{"Bcc", "subject", "X Y", "X:Y", "", "X\r\nBcc"} {
		m := letter()
		m.Headers = map[string]string{name: "x"}
		if err := f.Send(t.Context(), m); fault.CodeOf(err) != "mail.header" {
			t.Errorf("header %q: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("something was written: %v %v", entries, err)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("id@x", "a@b.example", "asunto", "valor")
	f.Add("../../x@y", "\"a\r\nb\" <a@b.example>", "=?utf-8?q?=0d=0aBcc:_x?=", "v\r\n x")
	dir := f.TempDir()
	box, err := mail.NewFolder(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, to, subject, value string) {
		m := letter()
		m.ID, m.To, m.Subject, m.Headers["X-Hasta"] = id, to, subject, value
		if box.Send(t.Context(), m) != nil {
			return
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v %v", files, err)
		}
		raw, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(files[0])
		got, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v in:\n%s", err, raw)
		}
		for name := range got.Header {
			switch name {
			case "Message-Id", "Date", "From", "To", "Reply-To", "Subject", "X-Hasta", "Auto-Submitted", "Mime-Version", "Content-Type":
			default:
				t.Errorf("a header %s came in:\n%s", name, raw)
			}
		}
	})
}
