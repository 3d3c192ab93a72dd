// Package document owns the letters that the company writes to a person who
// leaves: acknowledgement, confirmation, receipt, notice of an undone
// departure, farewell. One model, built by pure functions from typed facts, and
// its renderings: a fragment of a page, the two parts of a mail, a PDF.
//
// It does not decide who gets a letter, mint links, read a clock, send anything
// or frame the page around a letter. The PDF has embedded fonts, selectable
// text, a title and a language; it is not tagged, so the page stays the
// accessible original.
package document

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Kind is which letter it is.
type Kind string

// The letters.
const (
	KindAck      Kind = "ack"      // acuse de recibo: registered; for anybody
	KindConfirm  Kind = "confirm"  // to the address on file: was it you?
	KindReceipt  Kind = "receipt"  // justificante: after proof of identity
	KindReversed Kind = "reversed" // the departure was undone
	KindFarewell Kind = "farewell" // everything is over
	// KindStatement is the statement of what is open (liquidación).
	KindStatement Kind = "statement"
	KindWinback   Kind = "winback"  // the one letter to somebody who left, if they allowed it
	KindCode      Kind = "code"     // the code that the downloads ask for
	KindReminder  Kind = "reminder" // of what is still owed
	// KindInstalments confirms in which parts something is paid.
	KindInstalments Kind = "instalments"
	// KindWrittenOff tells that a sum is owed no more.
	KindWrittenOff Kind = "written_off"
	// KindChargedAfter tells that something was charged after the end, and goes back.
	KindChargedAfter Kind = "charged_after"
	// KindGivenBack tells that it went back.
	KindGivenBack Kind = "given_back"
	KindHandover  Kind = "handover" // there is something to look at
	KindEnvelope  Kind = "envelope" // a credential waits
	KindRotation  Kind = "rotation" // a credential is still to be changed
	KindOwner     Kind = "owner"    // is whom we named as the new owner right?
	KindRenewal   Kind = "renewal"  // of a domain, a certificate, a licence
	// KindErasureWaits tells that what was to be erased is kept.
	KindErasureWaits Kind = "erasure_waits"
	// KindExtended tells that the answer about their data is put off, until when and why.
	KindExtended Kind = "extended"
	// KindErasureGoesOn tells that nothing keeps it any more.
	KindErasureGoesOn Kind = "erasure_goes_on"
	KindOffer         Kind = "offer" // what could be done, for whoever asked
	// KindOfferFailed says that what they accepted could not be applied.
	KindOfferFailed Kind = "offer_failed"
	// KindInvitation invites to a conversation that nothing depends on.
	KindInvitation Kind = "invitation"
	// KindEnding tells that the company ends something.
	KindEnding Kind = "ending"
	// KindData brings a customer their data, where there is no portal.
	KindData Kind = "data"
	// KindChanges tells what is other in their data since the first file.
	KindChanges Kind = "changes"
	// KindCopy brings the link to a copy of their data to whoever does not leave.
	KindCopy Kind = "copy"
	// KindCopyNone tells an address that no account has it.
	KindCopyNone Kind = "copy_none"
	// KindUsers tells a customer's own user that what they use ends.
	KindUsers Kind = "users"
	// KindUsersBack tells them that it goes on after all.
	KindUsersBack Kind = "users_back"
	// KindApproval asks for an approval, where one person works.
	KindApproval Kind = "approval"
	// KindNotice tells in time what is coming for a contract that goes on.
	KindNotice Kind = "notice"
	// KindCertificate is the certificate of erasure.
	KindCertificate Kind = "certificate"
	// KindDestroyed tells that what stayed of somebody erased is destroyed.
	KindDestroyed Kind = "destroyed"
)

// Kinds are all of them.
var Kinds = []Kind{
	KindAck, KindConfirm, KindReceipt, KindReversed, KindFarewell, KindStatement, KindCode, KindReminder, KindHandover, KindEnvelope, KindRotation, KindOwner, KindRenewal,
	KindOffer, KindOfferFailed, KindInvitation, KindWinback, KindCertificate, KindEnding, KindApproval, KindData, KindChanges, KindCopy, KindCopyNone, KindNotice, KindWrittenOff, KindInstalments,
	KindUsers, KindUsersBack, KindExtended, KindErasureWaits, KindErasureGoesOn, KindDestroyed, KindChargedAfter, KindGivenBack,
}

// Letter is what a letter says, worded and formatted, in the order in which it
// is read.
type Letter struct {
	Kind    Kind
	Lang    string
	Company Company
	At      time.Time // business instant that the letter is about; dates the PDF
	Subject string    // of the mail; title of the PDF
	Paper   string    // what this paper is called
	Badge   string    // state of the departure, in words; may be empty
	Title   string
	Lede    string
	Says    []Content // with the lede
	Code    string    // HL-7K4M-29QX; shown large unless empty
	Blocks  []Block
	// Withdrawal is whether it is about one, and not about a cancellation.
	Withdrawal bool
	// Stays is whether it is about a copy of their data, of whoever does not leave.
	Stays bool
	// Rehearsal says, above everything, that nothing of it is real; empty: it is.
	Rehearsal string
	Inset     string // tells it apart on a page that shows several; empty: it is the page
}

func (l Letter) writer() writer { return writer{l.Lang, l.Company, l.Withdrawal} }

// Doc words what stands on every paper.
func (l Letter) Doc(code string, args ...any) string {
	return l.writer().say(code, args...)
}

// Mail words the frame of a mail.
func (l Letter) Mail(code string, args ...any) string {
	return l.Company.Own.Say(l.Lang, "mail."+code, args...)
}

// Signature are the lines that the company signs its mails with. A letter that
// is signed already needs no other.
func (l Letter) Signature() []string {
	for _, b := range l.Blocks {
		if len(b.Signature) > 0 {
			return nil
		}
	}
	if l.Company.Signature == "" || l.Staff() {
		return nil
	}
	return strings.Split(l.Company.Signature, "\n")
}

// SitePage is a page of the company's own site.
type SitePage struct{ Label, URL string }

// SitePages are those that a mail points to.
func (l Letter) SitePages() (out []SitePage) {
	if l.Staff() {
		return nil
	}
	for _, p := range []SitePage{{"refunds", l.Company.RefundsURL}, {"warranty", l.Company.WarrantyURL}, {"complaints", l.Company.ComplaintsURL}, {"privacy", l.Company.PrivacyURL}} {
		if p.URL != "" {
			out = append(out, SitePage{l.Mail("page." + p.Label), p.URL})
		}
	}
	return out
}

// Block is one part of a letter. What is set is shown, in the order of the
// fields.
type Block struct {
	Heading    string
	Facts      []Fact
	Figures    bool // the facts are figures, shown large where there is room
	Table      *Table
	Items      []Item
	Paragraphs []string
	Action     *Action
	Verbatim   []Verbatim
	Pictures   []Picture // drawn on paper only
	Signature  []string
	Inset      bool // of a letter that stands on another page
	Brand      Brand
	Copy       string    // what to do where a button does not work
	Says       []Content // with its table, items, paragraphs or action
	Mailed     bool      // belongs to the mail only: the page and the paper have no use for it
}

// Fact is a label and what stands beside it.
type Fact struct {
	Label string
	Lines []string
	Soft  string // a quieter last line; may be empty
	URL   string // where it leads, in a mail; may be empty
	Time  string // machine-readable form of the first line (HTML datetime); may be empty

	Says, SoftSays []Content // with the lines, and with the last one

	// Keeps is whether it is something that stays of somebody who was erased, and
	// Ground why it may, as the law names it (erase.exceptions of the vocabulary);
	// GroundSays is with which words it says so.
	Keeps              bool
	Ground, GroundSays string
}

// Table is a statement of money.
type Table struct {
	Caption string
	Rows    []Row
	Total   Row
	Note    string
}

// Row is one line of a statement.
type Row struct {
	Label, Why, Amount string
}

// Item is one line of a list of states.
type Item struct {
	Over   bool // ticked; otherwise it is still to come
	Strong string
	Rest   string
}

// Action is a link, as a button or as words.
type Action struct {
	Before  string // words in front of a link; only without Button
	Label   string
	URL     string
	Button  bool
	Primary bool
	Note    string
}

// Verbatim is a value that programs read: never wrapped in mail, set in a
// fixed width.
type Verbatim struct {
	Label string
	Lines []string
}

// clean makes text that other people typed safe to stand in a letter: NFC,
// valid UTF-8, one line, and nothing that turns the direction of writing or
// hides.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), bidi(r), r == '\ufeff', r == '\u00ad':
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// bidi reports whether the rune turns or isolates the direction of writing:
// with these a typed name could rearrange the words around it.
func bidi(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' || r == '\u061c'
}
