// Package reply reads what a customer answered by mail, or typed into a form
// that was mailed: who it says it is from, what it says in its own words, which
// departure and which letter it names, and what it probably means. It believes
// nothing: a sender is what stands there, and what a mail server wrote about it
// is repeated, not checked. It stores nothing and decides nothing.
package reply

import (
	"bytes"
	"errors"
	"html"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters in the alphabets of old
	"golang.org/x/text/unicode/norm"

	"hastaluego/internal/fault"
)

// Most is how long a letter may be, with its files, in bytes.
const Most = 10 << 20

// textMost is how much of what it says is read, in characters; partsMost, how
// many parts.
const (
	textMost  = 20_000
	partsMost = 100
)

// Reply is a letter that was read.
type Reply struct {
	ID       string // Message-ID; may be empty
	From     string // address, as it stands there
	FromName string
	Subject  string
	Date     time.Time // zero: it says none
	Own      string    // its own words, without what it quotes
	Whole    string    // everything that it says
	Form     map[string]string
	Files    []File
	Auth     []string // Authentication-Results: what a mail server wrote, unchecked
}

// File is a file that came with a letter.
type File struct {
	Name, Media string
	Size        int
}

// Meaning is what a letter means.
type Meaning string

// The meanings.
const (
	Message  Meaning = "message" // for a person to read
	Request  Meaning = "request" // they want to leave
	Confirm  Meaning = "confirm" // it was them
	NotMe    Meaning = "not_me"
	Undo     Meaning = "undo"    // they want to stay
	Approve  Meaning = "approve" // what they were asked is all right
	Lacking  Meaning = "lacking" // or something is missing
	Accept   Meaning = "accept"  // the handover is all right
	OfferYes Meaning = "offer_yes"
	OfferNo  Meaning = "offer_no"
	Silence  Meaning = "silence" // they want no more letters

	Missing   Meaning = "missing" // something of what they were given
	Rotated   Meaning = "rotated" // a credential that they were given
	NoMeeting Meaning = "no_meeting"
	Survey    Meaning = "survey"
)

// Meanings are all of them, in the order in which they are shown.
var Meanings = []Meaning{Message, Request, Confirm, NotMe, Undo, Approve, Lacking, Accept, OfferYes, OfferNo, Missing, Rotated, NoMeeting, Survey, Silence}

// Text reads what was pasted, without the head of a letter.
func Text(s string) Reply { return said(Reply{}, s) }

// Parse reads a letter in its file format (RFC 5322, .eml). What is no letter is
// fault.Invalid (reply.unreadable), one that is too long fault.TooLarge.
func Parse(raw []byte) (Reply, error) {
	if len(raw) > Most {
		return Reply{}, fault.New(fault.TooLarge, "reply.too_large", "max", Most>>20).On("file")
	}
	bad := func(err error) (Reply, error) {
		return Reply{}, fault.New(fault.Invalid, "reply.unreadable").On("file").At("reply.Parse", err)
	}
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: 1 << 20})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return bad(err)
	}
	if !e.Header.Has("From") && !e.Header.Has("Subject") {
		return bad(errors.New("neither sender nor subject"))
	}
	r := Reply{ID: clean(strings.Trim(e.Header.Get("Message-Id"), "<> ")), Subject: header(e.Header, "Subject")}
	if a, err := mail.ParseAddress(e.Header.Get("From")); err == nil {
		r.From, r.FromName = clean(a.Address), clean(a.Name)
	}
	if at, err := mail.ParseDate(e.Header.Get("Date")); err == nil && at.Year() > 1970 && at.Year() < 10_000 {
		r.Date = at.UTC()
	}
	for f := e.Header.FieldsByKey("Authentication-Results"); f.Next(); {
		if s := clean(f.Value()); s != "" && len(r.Auth) < 5 {
			r.Auth = append(r.Auth, cut(s, 500))
		}
	}
	var plain, rich string
	parts := 0
	err = e.Walk(func(_ []int, p *message.Entity, err error) error {
		if parts++; parts > partsMost {
			return errors.New("too many parts")
		}
		if p == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
		media, params, merr := p.Header.ContentType()
		if merr != nil {
			media = "text/plain"
		}
		if strings.HasPrefix(media, "multipart/") {
			return nil
		}
		how, dp, _ := p.Header.ContentDisposition()
		body, err := io.ReadAll(io.LimitReader(p.Body, Most))
		if err != nil {
			return err
		}
		name := dp["filename"]
		if name == "" {
			name = params["name"]
		}
		switch {
		case how != "attachment" && name == "" && media == "text/plain":
			plain += string(body) + "\n"
		case how != "attachment" && name == "" && media == "text/html":
			rich += string(body) + "\n"
		default:
			r.Files = append(r.Files, File{cut(clean(name), 200), clean(media), len(body)})
		}
		return nil
	})
	if err != nil {
		return bad(err)
	}
	if strings.TrimSpace(plain) == "" {
		plain = unHTML(rich)
	}
	return said(r, plain), nil
}

func header(h message.Header, name string) string {
	s, err := h.Text(name)
	if err != nil {
		s = h.Get(name)
	}
	return cut(clean(s), 500)
}

// lazily is a pattern that is compiled when the first letter comes: these take
// milliseconds, and few commands read any.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

var (
	dropped = lazily(`(?is)<(style|script|head)\b.*?</(style|script|head)>`)
	broken  = lazily(`(?i)<(br|/p|/div|/li|/tr|/h[1-6]|blockquote)\b[^>]*>`)
	tag     = regexp.MustCompile(`(?s)<[^>]*>`)
)

// unHTML is what a letter says that has no plain part.
func unHTML(s string) string {
	s = broken().ReplaceAllString(dropped().ReplaceAllString(s, ""), "\n")
	return html.UnescapeString(tag.ReplaceAllString(s, ""))
}

// said adds what a letter says.
func said(r Reply, s string) Reply {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	lines := strings.Split(cut(s, textMost), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	r.Whole = strings.TrimSpace(strings.Join(lines, "\n"))
	r.Own = own(lines)
	r.Form = form(lines)
	return r
}

// attribution begins what is quoted, in the mail programs that most have.
var attribution = lazily(`(?i)^(el .{5,80} escribi(ó|o):|on .{5,80} wrote:|am .{5,80} schrieb.{0,80}:|le .{5,80} a écrit ?:|-{2,} ?(mensaje original|original message|ursprüngliche nachricht|message d['’]origine|mensaje reenviado|forwarded message|weitergeleitete nachricht|message transféré) ?-{2,}|_{10,})$`)

// Where a mail program says nothing before what it quotes but the head of that
// letter, it begins with whom that was from, and when or to whom follows.
var (
	headFrom = lazily(`(?i)^(de|from|von) ?: .`)
	headNext = lazily(`(?i)^(enviado( el)?|fecha|para|sent|date|to|gesendet|datum|an|envoyé|à) ?: .`)
)

func own(lines []string) string {
	var out []string
	for i, l := range lines {
		if headFrom().MatchString(l) && i+1 < len(lines) && headNext().MatchString(lines[i+1]) {
			break
		}
		joined := l
		if i+1 < len(lines) { // the line that says who wrote is often broken in two
			joined += " " + lines[i+1]
		}
		if attribution().MatchString(l) || len(l) > 8 && attribution().MatchString(strings.TrimSpace(joined)) {
			break
		}
		if strings.HasPrefix(l, ">") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// Fields of the form of a request, as they stand before a = or a : in the letter
// that it makes.
var Fields = []string{"language", "name", "account", "receipt", "reference", "when"}

// marker begins the letter that the form makes.
const marker = "hasta-request"

// form reads the lines of a form; nil if it is none.
func form(lines []string) map[string]string {
	var out map[string]string
	for _, l := range lines {
		name, value, found := strings.Cut(strings.TrimLeft(l, "> "), "=")
		name = strings.TrimSpace(name)
		switch {
		case name == marker && found:
			out = map[string]string{}
		case out != nil && found && slices.Contains(Fields, name):
			if _, twice := out[name]; !twice {
				out[name] = cut(strings.TrimSpace(value), 254)
			}
		}
	}
	return out
}

var (
	codes = regexp.MustCompile(`\bHL-[0-9A-Z]{4}-[0-9A-Z]{4}\b`)
	keys  = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{4}(?:-[0-9a-hjkmnp-tv-z]{4}){3}\b`)
)

// Codes are the departures that it names: those of the subject first.
func (r Reply) Codes() []string {
	return found(codes, strings.ToUpper(r.Subject), strings.ToUpper(r.Own), strings.ToUpper(r.Whole))
}

// Keys are what may be the keys of letters of ours: whoever quotes one has read
// that letter.
func (r Reply) Keys() []string {
	return found(keys, strings.ToLower(r.Subject), strings.ToLower(r.Whole))
}

func found(what *regexp.Regexp, in ...string) (out []string) {
	for _, s := range in {
		for _, c := range what.FindAllString(s, 20) {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// phrases are what our letters ask people to answer, folded, and what that
// means. Longer ones first: "no he sido yo" is not a no.
var phrases = []struct {
	words string
	means Meaning
}{
	{"la he cambiado", Rotated},
	{"i have changed it", Rotated},
	{"no he sido yo", NotMe},
	{"this was not me", NotMe},
	{"si confirmo", Confirm},
	{"yes i confirm", Confirm},
	{"deshacer la baja", Undo},
	{"undo the departure", Undo},
	{"falta", Lacking},
	{"missing", Lacking},
	{"si me parece bien", Approve},
	{"yes that is all right", Approve},
	{"lo he recibido todo", Accept},
	{"i have received everything", Accept},
	{"si acepto", OfferYes},
	{"yes i accept", OfferYes},
	{"no gracias", OfferNo},
	{"no thank you", OfferNo},
	{"no me escribais mas", Silence},
	{"please stop writing to me", Silence},
	{"write to me no more", Silence},
	{"ich habe es geandert", Rotated},
	{"je l ai change", Rotated},
	{"das war ich nicht", NotMe},
	{"ce n etait pas moi", NotMe},
	{"ja ich bestatige", Confirm},
	{"oui je confirme", Confirm},
	{"kundigung zurucknehmen", Undo},
	{"annuler la resiliation", Undo},
	{"es fehlt", Lacking},
	{"il manque", Lacking},
	{"ja das ist in ordnung", Approve},
	{"oui cela me convient", Approve},
	{"ich habe alles erhalten", Accept},
	{"j ai tout recu", Accept},
	{"ja ich nehme an", OfferYes},
	{"oui j accepte", OfferYes},
	{"nein danke", OfferNo},
	{"non merci", OfferNo},
	{"bitte nicht mehr schreiben", Silence},
	{"ne m ecrivez plus", Silence},
	{"quiero darme de baja", Request},
	{"i want to leave", Request},
	{"ich kundige", Request},
	{"ich mochte kundigen", Request},
	{"je veux resilier", Request},
	{"je souhaite resilier", Request},
}

// Guess is what it probably means: a person decides.
func (r Reply) Guess() Meaning {
	if r.Form != nil {
		return Request
	}
	if scores, _ := r.Scores(); scores != nil {
		return Survey
	}
	words := " " + folded(r.Own) + " "
	for _, p := range phrases {
		if strings.Contains(words, " "+p.words+" ") {
			return p.means
		}
	}
	return Message
}

// folded keeps letters and digits, without accents, with single spaces.
func folded(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// clean makes one line of what others wrote, with nothing that hides or turns
// the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', unicode.Is(unicode.Zs, r), r == '\u2028', r == '\u2029', r == '\n', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "\ufffd")))
	return strings.TrimRight(s, " ")
}

// cut shortens to at most n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
