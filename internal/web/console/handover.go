package console

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/envelope"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// handedView is one thing that is handed over.
type handedView struct {
	ID, Name, Kind, Check string
	State                 badge
	Facts                 []string // what became of it, in order
	Give                  bool     // it can be given now, by this person
	NameOwner             bool     // it may be said who administers it from then on
	Hold                  bool     // or held back, being a work that is ours yet
	Pay                   bool     // or paid, and this person may say so
	Again                 bool
	Credential            bool
	Secret                bool // it was entrusted to us under a promise of secrecy
	Ending                secretEnd
	Attest                bool // nobody answered: this person may answer for it
	Open                  bool // its form was refused
	Fields                map[string]control
	Ways                  []option
	Files                 []option // that a browser can make for a password manager
	Key                   string   // that would open the envelope, if this page is sent
	Burn                  bool     // a sealed envelope waits, and this person may destroy it
}

// handingView is what a step hands over.
type handingView struct {
	Items []handedView
	Slip  bool               // something waits for the client, and this person may keep a slip
	Print bool               // there is something to sign for
	Paper map[string]control // of the form to keep one
	Only  string             // who may accept, and how
	// Script is the address of what seals in the browser; empty: nothing is to be sealed.
	Script string
}

func (v *visit) viewHandover(c app.CaseView, s offboarding.Step, sv stepView, e echo) (out handingView) {
	if s.Kind != "handover" || !v.actor.MayRead("letter") {
		return out
	}
	word := func(code string, args ...any) string { return v.say("handover."+code, args...) }
	for _, x := range c.Handover.All() {
		if x.Step != s.ID {
			continue
		}
		hv := handedView{
			ID: string(x.ID), Name: x.Name, Kind: word("kind." + x.Kind), Check: word("check." + x.Kind), Credential: x.Credential(), Secret: x.Secret(), Ending: v.viewSecretEnd(c, s, sv, x, e),
			State: handedBadge(v.lang, x), Open: e.Form == string(x.ID),
		}
		may := sv.Open && sv.May
		late := sv.May && app.EndsLate(c.Plan.Case, s, x)
		hv.Give, hv.Again = (may || late) && x.State != handover.Accepted && x.State != handover.Gone, x.State == handover.Given || x.State == handover.Missing
		hv.NameOwner = may && x.Nameable()
		hv.Hold = may && x.State == handover.Open && x.MayWait()
		hv.Pay = v.actor.May("case") && (x.MayWait() || !x.PaidOn.IsZero())
		hv.Attest = may && x.Rotation == handover.Unanswered
		hv.Facts = v.handedFacts(c, x)
		if hv.Secret {
			hv.Ways = []option{{string(handover.Transfer), word("way.transfer")}, {string(handover.InPerson), word("way.in_person")}}
		}
		if hv.Credential {
			hv.Ways = []option{{string(handover.Envelope), word("way.envelope")}, {string(handover.InPerson), word("way.in_person")}}
			hv.Files = []option{{"", word("file_for.none")}, {"bitwarden", "Bitwarden"}, {"keepass", "KeePass"}}
			if x.Reissued() {
				hv.Ways = append(hv.Ways, option{string(handover.Transfer), word("way.themselves")})
			}
			if c.NoPortal { // there is no page on which an envelope would open
				hv.Ways, hv.Check = hv.Ways[1:], word("check."+x.Kind+".no_portal")
			}
		}
		if hv.Credential && hv.Give && !c.NoPortal {
			if out.Script == "" {
				out.Script = v.Scripted(v.w, "envelope.js")
			}
			hv.Key = envelope.NewKey()
			if key, ok := envelope.ParseKey(e.Answers["key"]); ok && hv.Open { // they may have noted it down
				hv.Key = key
			}
		}
		sheet, sealed := c.Handover.Sheet(x.ID)
		hv.Burn = sv.May && sealed && sheet.State == handover.Sealed && (c.Plan.Case.State == offboarding.CaseOpen || s.Spec.House)
		hv.Fields = map[string]control{}
		for name, required := range giveFields {
			f := control{ID: hv.ID + "-" + name, Name: name, Label: word(cmp.Or(map[string]string{"why": "attest", "held": "hold.why"}[name], name)), Required: required}
			if hint := "console.handover." + name + ".hint"; text.Known(v.lang, hint) {
				f.Hint = v.say("handover." + name + ".hint")
			}
			if hv.Open {
				if f.Error = e.Errors[name]; !secretFields[name] { // a secret is never sent back
					f.Value = e.Answers[name]
				}
			}
			if was := map[string]string{"way": string(x.Prefers), "new_owner": x.NewOwner, "new_owner_email": x.NewOwnerEmail, "paid_on": x.PaidOn.String(), "paid_by": x.PaidBy}[name]; !hv.Open {
				f.Value = was
			}
			if name == "paid_on" {
				f.Kind = "date"
			}
			if name == "to" {
				if f.Required = len(hv.Ways) == 1 || hv.Secret; hv.Secret {
					f.Label, f.Hint = word("to.confidential"), ""
				}
			}
			hv.Fields[name] = f
		}
		out.Only = word("client_only")
		if c.NoPortal {
			out.Only = word("client_only.no_portal")
		}
		out.Slip = out.Slip || may && x.State == handover.Given && !x.Reissued()
		out.Print = out.Print || may && !x.Reissued() && (x.State == handover.Given || x.Credential() && x.State != handover.Accepted)
		out.Items = append(out.Items, hv)
	}
	out.Paper = map[string]control{}
	for name, label := range map[string]string{"file": "by_slip.file", "signed_by": "by_slip.signed_by", "reference": "by_slip.reference"} {
		f := control{ID: "slip-" + s.Key + "-" + name, Name: name, Label: word(label), Required: name != "reference"}
		if hint := "handover." + label + ".hint"; text.Known(v.lang, "console."+hint) {
			f.Hint = v.say(hint)
		}
		if e.Step == s.Key && e.Form == "slip" {
			f.Value, f.Error = e.Answers[name], e.Errors[name]
		}
		out.Paper[name] = f
	}
	return out
}

// giveFields are the fields of the forms about an item, and which must be filled.
var giveFields = map[string]bool{
	"how": true, "way": true, "entry": false, "address": false, "user": false, "secret": false, "note": false, "file_for": false, "age": false, "to": false, "why": true, "held": true, "new_owner": false, "new_owner_email": false, "version": false, "format": false, "sha256": false, "file": false, "paid_on": true, "paid_by": false,
}

// secretFields may have a secret in them; into that for a public key a private one may
// have been pasted.
var secretFields = map[string]bool{"secret": true, "note": true, "age": true}

// handedFacts is what became of an item, in words.
func (v *visit) handedFacts(c app.CaseView, x handover.Item) (out []string) {
	tell := func(words string) { out = append(out, words) }
	at := func(t time.Time) string { return text.ShortInstant(v.lang, t, v.zone()) }
	if x.Owner != "" {
		tell(v.say("customer.asset.owner") + text.Colon(v.lang) + " " + v.say("customer.asset.owner."+string(x.Owner)))
	}
	if !x.PaidOn.IsZero() {
		tell(v.say("handover.paid", "date", text.LongDate(v.lang, x.PaidOn), "with", cmp.Or(x.PaidBy, "–")))
	}
	if x.Held != "" {
		tell(v.say("handover.held", "why", x.Held))
	}
	for _, r := range x.Refusals {
		if x.Lacks == "" || r.At != x.Refusals[len(x.Refusals)-1].At { // the last one is told below
			tell(v.say("handover.refused", "at", at(r.At), "which", cmp.Or(r.Piece.Version, v.say("handover.refused.unnamed")), "lacks", r.Lacks))
		}
	}
	if x.Prefers != "" {
		tell(v.say("handover.prefers." + string(x.Prefers)))
	}
	if x.How != "" {
		tell(v.say("handover.how.is", "how", x.How))
	}
	if piece := pieceWords(v.lang, x.Piece); len(piece) > 0 {
		tell(strings.Join(piece, " · "))
	}
	if x.NewOwner != "" {
		tell(v.say("handover.new_owner.is", "owner", x.NewOwner, "email", cmp.Or(x.NewOwnerEmail, "–")))
		switch {
		case !x.OwnerConfirmedAt.IsZero():
			tell(v.say("handover.new_owner.confirmed", "at", at(x.OwnerConfirmedAt)))
		case x.OwnerWaits():
			tell(v.say("handover.new_owner.waits"))
		}
	}
	for _, f := range v.endedFacts(x) {
		tell(f)
	}
	switch {
	case x.GivenTo != "" && x.Way == handover.Transfer:
		tell(v.say("handover.sent_to", "at", at(x.GivenAt), "to", x.GivenTo))
	case x.GivenTo != "":
		tell(v.say("handover.by_hand", "at", at(x.GivenAt), "by", x.GivenBy, "to", x.GivenTo))
	case !x.GivenAt.IsZero():
		tell(v.say("handover.given", "at", at(x.GivenAt)))
	}
	if s, ok := c.Handover.Sheet(x.ID); ok && x.Way == handover.Envelope {
		tell(v.say("handover.envelope."+string(s.State), "until", at(s.Expires.Add(-1)), "at", at(s.OpenedAt)))
		if s.State == handover.Sealed && s.Kind != handover.ByLink {
			tell(v.say("handover.sealed." + string(s.Kind)))
		}
		if s.Guesses > 0 && s.State != handover.Locked {
			tell(v.say("handover.guesses", "n", s.Guesses, "left", s.Left()))
		}
	}
	if x.Lacks != "" {
		tell(v.say("handover.lacks", "lacks", x.Lacks))
	}
	if x.State == handover.Accepted {
		how := "slip"
		switch {
		case x.AcceptedBy == handover.Client:
			how = "accepted"
		case c.Handover.AcceptedByMail(x):
			how = "mail"
		}
		tell(v.say("handover."+how, "at", at(x.AcceptedAt)))
		if x.SignedBy != "" {
			tell(v.say("handover.signed", "by", x.SignedBy, "reference", cmp.Or(x.Slip, "–")))
		}
	}
	if x.Rotation != handover.NoRotation {
		tell(v.say("handover.rotation."+string(x.Rotation), "date", text.LongDate(v.lang, x.RotateBy), "why", x.Attest))
	}
	return out
}

func handedBadge(lang string, x handover.Item) badge {
	b := badge{"clock", "", text.Say(lang, "console.handover.state."+string(x.State))}
	switch x.State {
	case handover.Given:
		b.Icon, b.Class = "user", "info"
	case handover.Missing, handover.Held:
		b.Icon, b.Class = "alert", "warn"
	case handover.Accepted, handover.Gone:
		b.Icon, b.Class = "check", "info"
	case handover.Kept:
		b.Icon = "pause"
	}
	return b
}

func (v *visit) handoverEcho(err error) echo {
	e := echo{Step: v.r.PathValue("step"), Form: v.r.PathValue("item"), Answers: map[string]string{}, Errors: text.FieldErrors(v.lang, err)}
	for name := range giveFields {
		if !secretFields[name] && name != "file" {
			e.Answers[name] = v.form.Get(name)
		}
	}
	e.Answers["key"] = v.form.Get("key")
	return e
}

// give says that the client was given something, with the file that may go with
// it.
func (v *visit) give() error {
	name, body, err := v.formWithFile()
	if err != nil {
		return err
	}
	in := app.GiveInput{
		Name: name, File: body, To: v.form.Get("to"),
		Piece: customer.Piece{Version: v.form.Get("version"), Format: v.form.Get("format"), SHA256: v.form.Get("sha256")},
		Case:  v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(v.r.PathValue("item")), Way: handover.Way(v.form.Get("way")),
		How: v.form.Get("how"), SecretInput: app.SecretInput{
			Sealed: v.form.Get("sealed"), Lock: v.form.Get("lock"), Secret: v.secret(), Key: v.form.Get("key"), Age: v.form.Get("age"),
		},
	}
	err = v.App.GiveItem(v.r.Context(), v.actor, in)
	return v.after(err, v.handoverEcho(err), "#"+string(in.Item))
}

// secret is what goes into an envelope that no browser sealed: entries or, to a key of
// age, the file that a browser made of them, or what was typed where that is all.
func (v *visit) secret() string {
	toAge := v.form.Get("age") != ""
	if file := v.form.Get("packed"); toAge && file != "" {
		return file
	}
	var list []envelope.Entry
	for i := range min(len(v.form["secret"]), envelope.MostEntries) {
		field := func(name string) string {
			if i < len(v.form[name]) {
				return v.form[name][i]
			}
			return ""
		}
		list = append(list, envelope.Entry{Title: field("entry"), User: field("user"), Password: field("secret"), Address: field("address"), Note: field("note")})
	}
	if toAge && len(list) == 1 && list[0] == (envelope.Entry{Password: list[0].Password}) {
		return list[0].Password
	}
	return envelope.Pack(list)
}

// formWithFile reads the fields of a form, and the file that may be in it.
func (v *visit) formWithFile() (name string, body []byte, err error) {
	if v.form != nil { // sent without a file
		return "", nil, nil
	}
	v.form = url.Values{}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return "", nil, fault.New(fault.Invalid, "request.not_a_form").At("console.formWithFile", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return name, body, nil
		}
		if err != nil {
			return "", nil, tooLarge(err)
		}
		file, read, err := readPart(part)
		if err != nil {
			return "", nil, err
		}
		if part.FormName() == "file" {
			name, body = file, read
		} else {
			v.form.Add(part.FormName(), string(read))
		}
	}
}

// nameOwner says who is to administer a thing.
func (v *visit) nameOwner() error {
	item := v.r.PathValue("item")
	err := v.App.NameOwner(v.r.Context(), v.actor, app.OwnerInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(item), Name: v.form.Get("new_owner"), Email: v.form.Get("new_owner_email"),
	})
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// holdItem says that a work waits until the contract transfers it.
func (v *visit) holdItem() error {
	item := v.r.PathValue("item")
	err := v.App.HoldItem(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("step"), handover.ID(item), v.form.Get("held"))
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// payItem says that a work was paid.
func (v *visit) payItem() error {
	item := v.r.PathValue("item")
	in := app.PaidInput{Case: v.caseID(), Step: v.r.PathValue("step"), Item: handover.ID(item), With: v.form.Get("paid_by")}
	var err error
	if on := strings.TrimSpace(v.form.Get("paid_on")); on != "" {
		if in.On, err = when.ParseDate(on); err != nil {
			err = fault.New(fault.Invalid, "date.unreadable").On("paid_on")
		}
	}
	if err == nil {
		err = v.App.PayItem(v.r.Context(), v.actor, in)
	}
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// burn destroys what waits in an envelope.
func (v *visit) burn() error {
	item := v.r.PathValue("item")
	err := v.App.BurnEnvelope(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("step"), handover.ID(item))
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// attestRotation answers for a credential that nobody confirmed.
func (v *visit) attestRotation() error {
	item := v.r.PathValue("item")
	err := v.App.AttestRotation(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("step"), handover.ID(item), v.form.Get("why"))
	return v.after(err, v.handoverEcho(err), "#"+item)
}

// slip keeps the paper that the client signed.
func (v *visit) slip() error {
	step := v.r.PathValue("step")
	name, body, err := v.formWithFile()
	if err != nil {
		return err
	}
	in := app.SlipInput{Case: v.caseID(), Step: step, Name: name, Body: body, SignedBy: v.form.Get("signed_by"), Reference: v.form.Get("reference")}
	err = v.App.AcceptBySlip(v.r.Context(), v.actor, in)
	return v.after(err, echo{
		Step: step, Form: "slip", Answers: map[string]string{"signed_by": in.SignedBy, "reference": in.Reference}, Errors: text.FieldErrors(v.lang, err),
	}, "#"+step)
}

// printSlip sends the slip that the client signs.
func (v *visit) printSlip() error {
	name, pdf, err := v.App.PrintSlip(v.r.Context(), v.actor, v.caseID(), v.r.PathValue("step"))
	if err != nil {
		return err
	}
	return v.download(name, "application/pdf", pdf)
}
