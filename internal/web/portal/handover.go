package portal

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/envelope"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// handoverView is what the client gets back.
type handoverView struct {
	text.Speech
	Base, Code, Name string
	Items            []handoverLine
	Asks             bool // something waits for their word
	All              bool // everything is accepted
	Over             bool // nothing is pending, and not all of it was accepted
	Report           bool // the final report can be read
	Problem          bool
	Promised         []stateLine // in the contract
	Renewals         []stateLine
	Act              *actView // nil: none was drawn up
}

type handoverLine struct {
	ID, Kind, Name, How, State, Icon string
	Asks                             bool   // given: is it right?
	Done                             bool   // accepted
	Lacks, Error                     string // what is missing, as typed
	Right, Wrong                     bool   // what was chosen
	Rotate                           string // change it by then; empty: nothing to do
	Rotated                          bool
	Envelope                         string // how its envelope stands, in words
	Owner, Held, NewOwner, When      string // When they accepted it, in words
	Paid                             string // when what was ours until then was paid, in words
	ByHand                           string // who gave it to whom, in words
	Ended                            string // how something confidential was destroyed, or why it is kept, in words
	NameOwner                        bool   // they may say who administers it
	OwnerName, OwnerEmail            string // as named, or as typed
	OwnerSays                        string // how that stands, in words
	OwnerErrors                      map[string]string
	Choose                           bool // they may still say how they want to get it
	InPerson                         bool // by hand, as they said
	Piece                            [][2]string
	File                             string   // where it is fetched; empty: there is none
	Refused                          []string // what they missed in it before, in words
	Burn                             bool     // it is sealed: they may have it destroyed
}

func (v handoverView) say(code string, args ...any) string {
	return v.Say("portal.handover."+code, args...)
}

// handoverTyped is what was chosen and typed about an item, by name of its field.
type handoverTyped map[handover.ID]struct {
	right, lacks string
	owner, email string // who administers it
	asked        bool   // that is what was sent
}

// answers are those items about which something was chosen.
func (t handoverTyped) answers() (out []app.HandoverAnswer) {
	for id, x := range t {
		if x.right != "" {
			out = append(out, app.HandoverAnswer{Item: id, Right: x.right == "yes", Lacks: x.lacks})
		}
	}
	return out
}

func (p *portal) handover(w http.ResponseWriter, r *http.Request) {
	p.showHandover(w, r, nil, nil, nil)
}

// showHandover shows what is handed over, with what was typed and is wrong.
func (p *portal) showHandover(w http.ResponseWriter, r *http.Request, typed handoverTyped, accepts *app.ActAcceptance, wrong error) {
	r, page, err := p.page(w, r, "case")
	if err == nil && len(page.Handover.List) == 0 {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang, zone := page.Paper.Language, p.App.Company().Zone
	errs := text.FieldErrors(lang, wrong)
	v := handoverView{Speech: p.speech(lang), Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, All: true, Report: page.Report}
	v.Promised, v.Renewals, v.Act = v.viewPromised(page.Handover.Promised), viewRenewals(v.Speech, page.Handover, true), p.viewAct(v.Speech, v.Base, page.Handover)
	if accepts != nil && v.Act != nil {
		v.Act.Name, v.Act.Agrees, v.Act.Errors = accepts.Name, accepts.Agrees, errs
		if len(errs) == 0 { // another act was drawn up meanwhile: it has to be read first
			v.Act.Agrees, v.Act.Errors = false, map[string]string{"act": text.Error(lang, wrong)}
		}
	}
	over := true
	for _, x := range page.Handover.List {
		l := handoverLine{
			ID: string(x.ID), Kind: v.say("kind." + x.Kind), Name: x.Name, How: x.How, State: v.say("state." + string(x.State)), Icon: "clock",
			Asks: x.State == handover.Given, Done: x.State == handover.Accepted, Lacks: x.Lacks,
		}
		v.which(&l, x)
		if l.Done {
			l.Icon = "check"
			l.When = v.say("accepted", "at", text.Instant(lang, x.AcceptedAt, zone))
			if x.SignedBy != "" {
				l.When += " " + v.say("signed", "by", x.SignedBy)
			}
		}
		l.Choose, l.InPerson = x.Choosable(), x.Prefers == handover.InPerson
		v.confidential(&l, x)
		switch {
		case x.GivenTo != "" && x.Way == handover.Transfer:
			l.ByHand = v.Say("document.handed.sent_to", "to", x.GivenTo, "date", text.Instant(lang, x.GivenAt, zone))
		case x.GivenTo != "":
			l.ByHand = v.say("by_hand", "by", x.GivenBy, "to", x.GivenTo, "at", text.Instant(lang, x.GivenAt, zone))
		}
		if a, ok := typed[x.ID]; ok {
			l.Right, l.Wrong, l.Lacks, l.Error = a.right == "yes", a.right == "no", a.lacks, errs["lacks."+l.ID]
			if l.NameOwner {
				l.OwnerName, l.OwnerEmail = a.owner, a.email
			}
			if a.asked {
				l.OwnerErrors = errs
			}
			v.Problem = v.Problem || l.Error != ""
		}
		switch x.Rotation {
		case handover.Waiting, handover.Unanswered:
			l.Rotate = text.LongDate(lang, x.RotateBy)
		case handover.Confirmed, handover.Attested:
			l.Rotated = true
		}
		if s, ok := page.Handover.Sheet(x.ID); ok && x.Way == handover.Envelope {
			switch s.State {
			case handover.Sealed:
				l.Envelope, l.Burn = v.say("envelope.sealed", "until", lastMinute(lang, s.Expires, zone)), true
			case handover.Opened:
				l.Envelope = v.say("envelope.opened", "at", text.Instant(lang, s.OpenedAt, zone))
			case handover.Locked, handover.Withdrawn:
				l.Envelope = v.say("envelope." + string(s.State))
			default:
				l.Envelope = v.say("envelope.expired")
			}
		}
		v.Asks, v.All, over = v.Asks || l.Asks, v.All && l.Done, over && (l.Done || l.Ended != "")
		v.Items = append(v.Items, l)
	}
	v.Over = over && !v.All
	status := http.StatusOK
	if wrong != nil {
		status = web.Status(wrong)
	}
	p.show(w, r, status, v.say("title"), handoverPage(v))
}

// confidential says what became of something that was entrusted under a promise of
// secrecy.
func (v handoverView) confidential(l *handoverLine, x handover.Item) {
	switch d, k := x.Destruction, x.Keeping; x.State {
	case handover.Gone:
		l.Icon = "check"
		l.Ended = v.Say("document.handed.destroyed", "date", text.LongDate(v.Lang, d.On), "by", d.By, "method", v.Say("document.handed.method."+string(d.Method)))
		if d.Witness != "" {
			l.Ended += " " + v.Say("document.handed.witness", "witness", d.Witness)
		}
	case handover.Kept:
		l.Ended = v.Say("document.handed.kept", "date", text.LongDate(v.Lang, k.Until), "basis", v.Say("document.handed.basis."+string(k.Basis)), "why", k.Why)
	}
}

// which says of an item whose it is, which one of it was given, and what was
// missing in others.
func (v handoverView) which(l *handoverLine, x handover.Item) {
	if x.Owner != "" {
		l.Owner = v.say("owner." + string(x.Owner))
	}
	if !x.PaidOn.IsZero() {
		l.Paid = v.say("paid", "date", text.LongDate(v.Lang, x.PaidOn))
		if x.PaidBy != "" {
			l.Paid = v.say("paid.with", "date", text.LongDate(v.Lang, x.PaidOn), "with", x.PaidBy)
		}
	}
	l.Held, l.NewOwner, l.NameOwner = x.Held, x.NewOwner, x.Nameable()
	if x.NewOwnerEmail != "" {
		l.NewOwner += ", " + x.NewOwnerEmail
	}
	switch l.OwnerName, l.OwnerEmail = x.NewOwner, x.NewOwnerEmail; {
	case x.OwnerWaits():
		l.OwnerSays = v.say("owner.waits", "owner", l.NewOwner)
	case !x.OwnerConfirmedAt.IsZero():
		l.OwnerSays = v.say("owner.confirmed", "owner", l.NewOwner)
	default:
		l.OwnerSays = v.say("owner.nobody")
	}
	for _, p := range [][2]string{{v.say("version"), x.Piece.Version}, {v.say("format"), x.Piece.Format}, {v.say("sha256"), x.Piece.SHA256}} {
		if p[1] != "" {
			l.Piece = append(l.Piece, p)
		}
	}
	if x.File != "" {
		l.File = v.Base + "/handover/" + string(x.ID) + "/file"
	}
	for i, r := range x.Refusals {
		if x.Lacks == "" || i < len(x.Refusals)-1 { // the last one is what they said now
			l.Refused = append(l.Refused, v.say("refused", "which", cmp.Or(r.Piece.Version, v.say("refused.unnamed")), "lacks", r.Lacks))
		}
	}
}

// givenFile sends the file that goes with an item.
func (p *portal) givenFile(w http.ResponseWriter, r *http.Request) {
	b, plain, err := p.App.OpenGiven(r.Context(), r.PathValue("token"), handover.ID(r.PathValue("item")))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.keep(w, "application/octet-stream", b.Name, plain)
}

// answerHandover takes the client's word about what they were given; what they
// did not answer stays as it is. The same form says that a password was changed, or
// has an envelope destroyed: what else was typed in it stays typed.
func (p *portal) answerHandover(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	typed := handoverTyped{}
	for name := range f {
		for _, field := range []string{"right.", "lacks.", "owner.", "email."} {
			if item, ok := strings.CutPrefix(name, field); ok {
				x := typed[handover.ID(item)]
				x.right, x.lacks, x.owner, x.email, x.asked = f.Get("right."+item), f.Get("lacks."+item), f.Get("owner."+item), f.Get("email."+item), f.Get("owner") == item
				typed[handover.ID(item)] = x
			}
		}
	}
	for field, act := range map[string]func(context.Context, string, handover.ID) error{
		"rotated": p.App.ConfirmRotation, "burn": p.App.BurnByClient, "owner": p.confirmsOwner(typed), "envelope": p.prefers(handover.Envelope), "in_person": p.prefers(handover.InPerson),
	} {
		item := f.Get(field)
		if item == "" {
			continue
		}
		err := act(r.Context(), r.PathValue("token"), handover.ID(item))
		if err != nil && fault.KindOf(err) != fault.Invalid {
			p.Fail(w, r, err)
			return
		}
		p.showHandover(w, r, typed, nil, err)
		return
	}
	err = p.App.AnswerHandover(r.Context(), r.PathValue("token"), typed.answers())
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showHandover(w, r, typed, nil, err)
		return
	}
	p.act(w, r, base(r)+"/handover", err)
}

// prefers says how they want to get a credential.
func (p *portal) prefers(way handover.Way) func(context.Context, string, handover.ID) error {
	return func(ctx context.Context, token string, item handover.ID) error {
		return p.App.PreferWay(ctx, token, item, way)
	}
}

// confirmsOwner says who administers a thing.
func (p *portal) confirmsOwner(typed handoverTyped) func(context.Context, string, handover.ID) error {
	return func(ctx context.Context, token string, item handover.ID) error {
		return p.App.ConfirmOwner(ctx, token, item, typed[item].owner, typed[item].email)
	}
}

func (p *portal) report(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenReport(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r, lang := web.Spoken(r, paper.Language), paper.Language
	p.show(w, r, http.StatusOK, p.speech(lang).Say("document.report.title"), reportPage(p.speech(lang), base(r), p.papers.HTML(paper), paper.Pictures))
}

func (p *portal) reportPDF(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenReport(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	var pdf []byte
	if err == nil {
		pdf, err = p.papers.PDF(paper)
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/pdf", paper.Code+"-"+text.Say(paper.Language, "document.report.file")+".pdf", pdf)
}

// picture sends an image of the report, to be shown in its page. Only PNG and
// JPEG are pictures, by their first bytes.
func (p *portal) picture(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenReport(r.Context(), r.PathValue("token"), "")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	for _, x := range paper.Pictures {
		if x.ID != r.PathValue("blob") {
			continue
		}
		h := w.Header()
		h.Set("Content-Type", x.Media)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "private, no-store")
		if _, err := w.Write(x.Body); err != nil {
			p.Log.Warn("picture not written to its end", "err", err)
		}
		return
	}
	p.Fail(w, r, fault.New(fault.NotFound, "not_found"))
}

// envelopeView is an envelope before and after it is opened.
type envelopeView struct {
	text.Speech
	Action, Item, Name, Code, State, Until string
	Kind                                   handover.EnvelopeKind
	Script                                 string // address of what opens in the browser
	Error                                  string // about the key
	Secret                                 string
	Sealed                                 string           // what their browser opens
	Entries                                []envelope.Entry // that Secret is; none: it is a text
}

// Opened reports whether what was in it is shown.
func (v envelopeView) Opened() bool { return v.Secret != "" || v.Sealed != "" }

// entryRow is one line of an entry.
type entryRow struct{ Field, Value string }

// entryRows are the lines of an entry; all of them, to be filled in by a browser.
func entryRows(e envelope.Entry, all bool) (out []entryRow) {
	for _, r := range []entryRow{{"title", e.Title}, {"address", e.Address}, {"user", e.User}, {"password", e.Password}, {"note", e.Note}} {
		if all || r.Value != "" {
			out = append(out, r)
		}
	}
	return out
}

func (v envelopeView) say(code string, args ...any) string {
	return v.Say("portal.envelope."+code, args...)
}

func (p *portal) envelope(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.FindEnvelope(r.Context(), r.PathValue("token"))
	p.showEnvelope(w, r, page, app.OpenedEnvelope{}, err)
}

// openEnvelope opens an envelope. A browser that keeps the key to itself shows that it
// has it; the answer to it is the same page.
func (p *portal) openEnvelope(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	page, out, err := p.App.OpenEnvelope(r.Context(), r.PathValue("token"), app.OpenInput{Key: f.Get("key"), Proof: f.Get("proof")})
	if err != nil && fault.KindOf(err) == fault.Gone {
		http.Redirect(w, r, r.URL.Path, http.StatusSeeOther) // the page says what became of it
		return
	}
	p.showEnvelope(w, r, page, out, err)
}

func (p *portal) showEnvelope(w http.ResponseWriter, r *http.Request, page app.EnvelopePage, out app.OpenedEnvelope, err error) {
	if err != nil && fault.KindOf(err) != fault.Invalid {
		p.Fail(w, r, err)
		return
	}
	r = web.Spoken(r, page.Language)
	if l := p.Chosen(w, r); l != "" {
		page.Language = l
	}
	lang, zone := page.Language, p.App.Company().Zone
	v := envelopeView{
		Speech: p.speech(lang), Action: r.URL.Path + "?lang=" + lang, Item: string(page.Sheet.Item), Name: page.Name, Code: page.Code, State: string(page.Sheet.State),
		Until: lastMinute(lang, page.Sheet.Expires, zone), Kind: page.Sheet.Kind, Error: text.FieldErrors(lang, err)["key"],
		Secret: out.Secret, Sealed: base64.StdEncoding.EncodeToString(out.Sealed),
	}
	if page.Sheet.State == handover.Opened {
		v.Until = text.Instant(lang, page.Sheet.OpenedAt, zone)
	}
	v.Entries = envelope.Unpack(v.Secret)
	if v.Kind == handover.ByBrowser || len(v.Entries) > 0 {
		v.Script = p.Scripted(w, "envelope.js")
	}
	status := http.StatusOK
	if err != nil {
		status = web.Status(err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.show(w, r, status, v.say("title"), envelopePage(v))
}
