package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
	"hastaluego/internal/when"
)

// Received is a letter that a customer answered with, or a form that they
// mailed, read in by somebody of the company. The letter is sealed as evidence
// of what was done on its strength.
type Received struct {
	ID       string // rcv_…
	SHA256   string // of the letter; where the same words were pasted once more, of them and the id
	State    string // read, meant, aside
	Meaning  reply.Meaning
	Customer customer.ID // empty: nobody was found
	Request  offboarding.RequestID
	Case     offboarding.CaseID
	ReadAt   time.Time
	ReadBy   string
	OverAt   time.Time
	OverBy   string
	KeyID    string
	Body     []byte // sealed
	Version  int64
}

// ReceivedTx keeps them.
type ReceivedTx interface {
	// PutReceived stores a new one (Version 0), which is fault.Conflict when its sum
	// is there, or, by Version, changes one.
	PutReceived(ctx context.Context, r Received) error
	FindReceived(ctx context.Context, id string) (Received, error)
	ReceivedBySum(ctx context.Context, sum string) ([]Received, error) // one or none
	ReceivedOf(ctx context.Context, c customer.ID) ([]Received, error) // oldest first
	OpenReceived(ctx context.Context, limit int) ([]Received, error)   // that nobody decided about
}

// receivedMost is how many open ones are listed.
const receivedMost = 50

// ReceivedView is a letter with what it says, whose it is and what was checked.
type ReceivedView struct {
	Received
	Reply    reply.Reply
	Name     string // of the customer
	Test     bool   // who is made up
	Code     string // of the departure
	OnFile   bool   // the sender's address is one on file: anybody can write it
	Keyed    string // kind of the letter to the address on file whose key it quotes; empty: of none
	Asked    bool   // it quotes the key of the letter that asks for the approval that waits
	Guess    reply.Meaning
	Possible []reply.Meaning
	People   map[string]string
}

// ReadIn reads in a letter, or words that were pasted. The same letter again
// is the one that is there; the same words again are others, once it was decided
// what the first ones mean: «Sí, confirmo» is what many write.
func (a *App) ReadIn(ctx context.Context, by Actor, raw []byte) (rid string, err error) {
	if err := by.mayReadIn(); err != nil {
		return "", err
	}
	r, err := readReply(raw)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	x := Received{ID: id.New("rcv"), State: "read", ReadBy: by.real()}
	err = a.tx(ctx, func(tx Tx) error {
		x.SHA256 = hex.EncodeToString(sum[:])
		if old, err := tx.ReceivedBySum(ctx, x.SHA256); err != nil {
			return err
		} else if len(old) > 0 {
			if old[0].State == "read" || r.From != "" || r.ID != "" {
				rid = old[0].ID
				return nil
			}
			again := sha256.Sum256(append(slices.Clone(raw), x.ID...))
			x.SHA256 = hex.EncodeToString(again[:])
		}
		x.Customer, x.Request, x.Case = "", "", ""
		if err := a.whose(ctx, tx, &x, r); err != nil {
			return err
		}
		subject := string(x.Customer)
		if subject == "" {
			subject = x.ID
		}
		if x.KeyID, x.Body, err = a.sealFor(ctx, subject, x.ID, raw); err != nil {
			return err
		}
		x.ReadAt = tx.Now()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		rid = x.ID
		return a.record(ctx, tx, fact{"mail.read", by.ID, x.stream(), subject, map[string]any{"received": x.ID, "sha256": x.SHA256, "from": r.From, "subject": r.Subject}})
	})
	return rid, err
}

// mayReadIn refuses programs: a person looks at what came.
func (a Actor) mayReadIn() error {
	if err := a.person(); err != nil {
		return err
	}
	return a.may("note")
}

func (x Received) stream() string {
	if x.Case != "" {
		return string(x.Case)
	}
	return string(x.Request)
}

// readReply reads a letter in its file format, or else as words.
func readReply(raw []byte) (reply.Reply, error) {
	if strings.TrimSpace(string(raw)) == "" {
		return reply.Reply{}, fault.New(fault.Invalid, "field.required").On("text")
	}
	r, err := reply.Parse(raw)
	if fault.KindOf(err) != fault.Invalid {
		return r, err
	}
	return reply.Text(string(raw)), nil
}

// whose finds the request and the departure that a letter names, or the only
// customer with its sender on file.
func (a *App) whose(ctx context.Context, tx Tx, x *Received, r reply.Reply) error {
	for _, code := range r.Codes() {
		q, err := tx.FindRequestByCode(ctx, code)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		x.Request, x.Customer, x.Case = q.ID, q.Customer, q.Case
		return nil
	}
	from := r.From
	if account := r.Form["account"]; account != "" {
		from = account
	}
	if from == "" {
		return nil
	}
	list, err := tx.CustomersByEmail(ctx, customer.FoldEmail(from))
	if list = realFirst(list); err != nil || len(list) != 1 {
		return err
	}
	return a.ofCustomer(ctx, tx, x, list[0].ID)
}

// ofCustomer ties a letter to a customer, and to their departure if one is open.
func (a *App) ofCustomer(ctx context.Context, tx Tx, x *Received, cus customer.ID) error {
	x.Customer = cus
	cases, err := tx.CasesOf(ctx, cus)
	if i := slices.IndexFunc(cases, func(c offboarding.Case) bool { return c.State.Open() }); i >= 0 {
		x.Case, x.Request = cases[i].ID, cases[i].Request
	}
	return err
}

// replyKey is what a letter to the address on file asks to be left in the
// answer: whoever quotes it has read that letter.
func (a *App) replyKey(m Message) string {
	b := a.ofLetter(m, "reply")
	half := func(b []byte) string { return strings.ToLower(strings.TrimPrefix(id.CodeOf([8]byte(b)), "HL-")) }
	return half(b[:8]) + "-" + half(b[8:16])
}

// OpenReceived reads one, with what was checked and what it may mean.
func (a *App) OpenReceived(ctx context.Context, by Actor, rid string) (v ReceivedView, err error) {
	if err := by.CanRead("note"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		v, err = a.viewReceived(ctx, tx, x)
		return err
	})
	return v, err
}

func (a *App) viewReceived(ctx context.Context, tx Tx, x Received) (v ReceivedView, err error) {
	v = ReceivedView{Received: x}
	raw, err := a.unseal(ctx, x.KeyID, x.ID, x.Body)
	if err != nil || raw == nil {
		return v, err
	}
	if v.Reply, err = readReply(raw); err != nil {
		return v, err
	}
	if v.People, err = names(ctx, tx); err != nil {
		return v, err
	}
	v.Guess = v.Reply.Guess()
	v.Possible = []reply.Meaning{reply.Message}
	if x.Customer == "" {
		if x.Request == "" && v.Reply.Form != nil {
			v.Possible = []reply.Meaning{reply.Request}
		} else {
			v.Possible = nil
		}
		return v, nil
	}
	cus, err := tx.FindCustomer(ctx, x.Customer)
	if err != nil {
		return v, err
	}
	contacts, err := tx.ContactsOf(ctx, x.Customer)
	if err != nil {
		return v, err
	}
	onFile := func(mail string) bool {
		return mail != "" && slices.ContainsFunc(contacts, func(c customer.Contact) bool { return customer.FoldEmail(c.Email) == customer.FoldEmail(mail) })
	}
	v.Name, v.Test, v.OnFile = cus.Name, cus.Test(), onFile(v.Reply.From)
	if x.Case == "" {
		v.Possible = []reply.Meaning{reply.Request}
		if cases, err := tx.CasesOf(ctx, x.Customer); err != nil {
			return v, err
		} else if len(cases) > 0 { // we may have written to them
			v.Possible = append(v.Possible, reply.Silence)
		}
		return v, nil
	}
	p, err := tx.FindPlan(ctx, x.Case)
	if err != nil {
		return v, err
	}
	v.Code = p.Case.Code
	letters, err := tx.ListMessages(ctx, x.Case, 1000)
	if err != nil {
		return v, err
	}
	keys := v.Reply.Keys()
	quoted := slices.DeleteFunc(letters, func(m Message) bool { return !onFile(m.To) || !slices.Contains(keys, a.replyKey(m)) })
	if len(quoted) > 0 {
		v.Keyed = quoted[0].Paper
	}
	return v, a.mayMean(ctx, tx, &p, &v, quoted)
}

// mayMean adds what a letter may mean in a departure as it stands; quoted are the
// letters of ours whose keys it quotes.
func (a *App) mayMean(ctx context.Context, tx Tx, p *offboarding.Plan, v *ReceivedView, quoted []Message) error {
	add := func(m ...reply.Meaning) { v.Possible = append(v.Possible, m...) }
	r, err := tx.FindRequest(ctx, v.Request)
	if err != nil {
		return err
	}
	if r.State == offboarding.RequestMatched {
		add(reply.Confirm)
	}
	if p.Case.State != offboarding.CaseStopped {
		add(reply.NotMe)
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	if p.CanUndo(tx.Now(), p.Case.Effective.End(zone)) && !r.Channel.Ours() {
		add(reply.Undo)
	}
	if x, err := a.askedNow(ctx, tx, p); err != nil {
		return err
	} else if x != nil {
		add(reply.Approve, reply.Lacking)
		v.Asked = slices.ContainsFunc(quoted, func(m Message) bool { return m.Paper == "approval" && !m.QueuedAt.Before(x.AskedAt) })
	}
	if handing(p) != nil {
		add(reply.Accept)
	}
	if an, err := a.answering(ctx, tx, *p); err != nil {
		return err
	} else if an.Offer != nil && an.Offer.State == "offered" {
		add(reply.OfferYes, reply.OfferNo)
	}
	if p.Case.State.Over() {
		add(reply.Request) // they left before, or stayed, and leave again
	}
	add(reply.Silence)
	if err := a.mayMeanMore(ctx, tx, p, v); err != nil {
		return err
	}
	v.Guess = v.guess()
	return nil
}

// handing is the handover that waits, nil if none does.
func handing(p *offboarding.Plan) *offboarding.Step {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == "handover" && (s.State == offboarding.StepReady || s.State == offboarding.StepRunning) {
			return s
		}
	}
	return nil
}

// TieReceived says whose a letter is that nobody was found for: by the code of a
// departure, or the number of a customer.
func (a *App) TieReceived(ctx context.Context, by Actor, rid, whose string) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	whose, wrong := customer.CheckText("whose", whose, 200, false)
	if wrong == nil && whose == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("whose")
	}
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		if x.State != "read" || x.Customer != "" {
			return fault.New(fault.Blocked, "reply.over")
		}
		if err := a.whose(ctx, tx, &x, reply.Text(whose)); err != nil {
			return err
		}
		if x.Customer == "" {
			cus, err := tx.FindCustomerByReference(ctx, whose)
			if fault.KindOf(err) == fault.NotFound {
				return fault.New(fault.Invalid, "reply.nobody").On("whose")
			}
			if err != nil {
				return err
			}
			if err := a.ofCustomer(ctx, tx, &x, cus.ID); err != nil {
				return err
			}
		}
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"mail.tied", by.ID, x.stream(), string(x.Customer), map[string]any{"received": x.ID, "customer": string(x.Customer)}})
	})
}

// MeanInput is what somebody decides that a letter means.
type MeanInput struct {
	ID      string
	Meaning reply.Meaning
	Proof   string // how it was checked that it is from them, where nothing in it shows that
}

// MeanReceived does what a letter means, as the customer would have done it on
// their page, and keeps the letter as the evidence. An approval needs the key of
// the letter that asks for it now; everything else a sender on file, or words
// about how it was checked.
func (a *App) MeanReceived(ctx context.Context, by Actor, in MeanInput) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	proof, wrong := customer.CheckText("proof", in.Proof, 500, false)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		ctx := context.WithValue(ctx, joining{}, tx) // the verbs of the page, in this transaction
		x, err := tx.FindReceived(ctx, in.ID)
		if err != nil {
			return err
		}
		if x.State != "read" {
			return fault.New(fault.Blocked, "reply.over")
		}
		v, err := a.viewReceived(ctx, tx, x)
		if err != nil {
			return err
		}
		if !slices.Contains(v.Possible, in.Meaning) {
			return fault.New(fault.Invalid, "field.choice").On("meaning")
		}
		if err := v.proves(in.Meaning, proof); err != nil {
			return err
		}
		if err := a.mean(ctx, tx, by, &v, in.Meaning, proof); err != nil {
			return err
		}
		x = v.Received
		x.State, x.Meaning, x.OverAt, x.OverBy = "meant", in.Meaning, tx.Now(), by.real()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		subject := string(x.Customer)
		if subject == "" {
			subject = x.ID
		}
		return a.record(ctx, tx, fact{"mail.meant", by.ID, x.stream(), subject, map[string]any{
			"received": x.ID, "meaning": string(in.Meaning), "keyed": v.Keyed, "on_file": v.OnFile, "proof": proof,
		}})
	})
}

// proves refuses a meaning for which too little is known of who wrote.
func (v ReceivedView) proves(m reply.Meaning, proof string) error {
	switch {
	case m == reply.Approve && !v.Asked:
		return fault.New(fault.Invalid, "reply.key").On("meaning")
	case m == reply.Message, v.Keyed != "", m == reply.Request && v.Customer == "":
		return nil
	case m == reply.Confirm && proof == "", !v.OnFile && proof == "" && m != reply.Request:
		return fault.New(fault.Invalid, "reply.proof").On("proof")
	}
	return nil
}

// SetAside says that a letter is none of those.
func (a *App) SetAside(ctx context.Context, by Actor, rid string) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil || x.State == "aside" {
			return err
		}
		if x.State != "read" {
			return fault.New(fault.Blocked, "reply.over")
		}
		x.State, x.OverAt, x.OverBy = "aside", tx.Now(), by.real()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"mail.set_aside", by.ID, x.stream(), house, map[string]any{"received": x.ID}})
	})
}

func (a *App) mean(ctx context.Context, tx Tx, by Actor, v *ReceivedView, m reply.Meaning, proof string) error {
	page := func(purpose string) (string, error) { return a.mint(ctx, tx, purpose, v.Request, v.Case) }
	switch m {
	case reply.Message:
		_, err := a.AddNote(ctx, by, v.Case, v.words())
		return err
	case reply.Request:
		return a.meanRequest(ctx, tx, by, v, proof)
	case reply.Confirm:
		r, err := tx.FindRequest(ctx, v.Request)
		if err != nil {
			return err
		}
		if err := a.verify(ctx, tx, &r, "reply.mail"); err != nil {
			return err
		}
		v.Case = r.Case
		return nil
	case reply.NotMe:
		token, err := page("not_me")
		if err != nil {
			return err
		}
		return a.DisownRequest(ctx, token)
	case reply.Silence:
		return a.meanSilence(ctx, tx, v)
	case reply.Approve, reply.Lacking:
		p, err := tx.FindPlan(ctx, v.Case)
		if err != nil {
			return err
		}
		x, err := a.askedNow(ctx, tx, &p)
		if err != nil || x == nil {
			return orConflict(err)
		}
		return a.answerApproval(ctx, tx, v.Case, ApprovalAnswer{ID: x.ID, Right: m == reply.Approve, Lacks: v.words(), mail: true})
	case reply.Accept:
		p, err := tx.FindPlan(ctx, v.Case)
		if err != nil {
			return err
		}
		raw, err := a.unseal(ctx, v.KeyID, v.ID, v.Body)
		if err != nil {
			return err
		}
		return a.AcceptBySlip(ctx, by, v.Case, handing(&p).Key, v.Code+".eml", raw)
	case reply.Missing, reply.Rotated, reply.NoMeeting, reply.Survey:
		return a.meanMore(ctx, tx, v, m, page)
	}
	token, err := page("case")
	if err != nil {
		return err
	}
	if m == reply.Undo {
		return a.UndoByCustomer(ctx, token)
	}
	return a.AnswerOffer(ctx, token, m == reply.OfferYes)
}

// meanSilence keeps quiet towards whoever wrote, whichever departure their mail
// is about.
func (a *App) meanSilence(ctx context.Context, tx Tx, v *ReceivedView) error {
	about, request := v.Case, v.Request
	if about == "" {
		cases, err := tx.CasesOf(ctx, v.Customer)
		if err != nil || len(cases) == 0 {
			return orConflict(err)
		}
		about, request = cases[0].ID, cases[0].Request
	}
	token, err := a.mint(ctx, tx, "silence", request, about)
	if err != nil {
		return err
	}
	return a.AskSilence(ctx, token)
}

// words are what it says, short enough for a note.
func (v ReceivedView) words() string {
	s := v.Reply.Own
	if s == "" {
		s = v.Reply.Whole
	}
	if s == "" {
		s = v.Reply.Subject
	}
	return short(s)
}

// short is as much of it as a field of words takes.
func short(s string) string {
	if r := []rune(s); len(r) > 2000 {
		s = string(r[:2000])
	}
	return s
}

// meanRequest registers what somebody asked for by mail: of a customer on
// their behalf, as of the day of the letter; of nobody who is known as the page
// does. Whoever wrote from an address on file still confirms, unless somebody
// vouches for it.
func (a *App) meanRequest(ctx context.Context, tx Tx, by Actor, v *ReceivedView, proof string) error {
	f := v.Reply.Form
	if v.Customer == "" {
		r, err := a.DeclareExit(ctx, by, ExitInput{
			Name: f["name"], AccountEmail: f["account"], ReceiptEmail: f["receipt"], Reference: f["reference"], When: f["when"], Language: f["language"],
		})
		v.Request = r.ID
		return err
	}
	in := BehalfInput{Customer: v.Customer, Channel: "mail", Reference: v.Reply.ID, When: f["when"], Proof: proof}
	if in.Reference == "" || len([]rune(in.Reference)) > 200 { // words that were pasted have none
		in.Reference = v.SHA256[:12]
	}
	if day := when.DateOf(v.Reply.Date, a.Company().Zone); !v.Reply.Date.IsZero() && !a.today(tx).Before(day) && a.today(tx).AddDays(-behalfDays).Before(day) {
		in.Received = day
	}
	c, err := a.RegisterOnBehalf(ctx, by, in)
	if err != nil {
		return err
	}
	found, err := tx.FindCase(ctx, c)
	v.Case, v.Request = c, found.Request
	return err
}

// ListReceived are the letters that nobody decided about.
func (a *App) ListReceived(ctx context.Context, by Actor) (list []ReceivedView, err error) {
	if err := by.CanRead("note"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		open, err := tx.OpenReceived(ctx, receivedMost)
		if err != nil {
			return err
		}
		list = nil
		for _, x := range open {
			v, err := a.glance(ctx, tx, x)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// glance reads of a letter what a list tells: who wrote, of what, and whose it
// is.
func (a *App) glance(ctx context.Context, tx Tx, x Received) (v ReceivedView, err error) {
	v = ReceivedView{Received: x}
	raw, err := a.unseal(ctx, x.KeyID, x.ID, x.Body)
	if err != nil || raw == nil {
		return v, err
	}
	v.Body = nil
	if v.Reply, err = readReply(raw); err != nil || x.Customer == "" {
		return v, err
	}
	cus, err := tx.FindCustomer(ctx, x.Customer)
	if v.Name = cus.Name; err != nil || x.Case == "" {
		return v, err
	}
	c, err := tx.FindCase(ctx, x.Case)
	v.Code = c.Code
	return v, err
}

// ReceivedLetter returns the letter itself, to be kept.
func (a *App) ReceivedLetter(ctx context.Context, by Actor, rid string) (name string, raw []byte, err error) {
	if err := by.CanRead("note"); err != nil {
		return "", nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		if raw, err = a.unseal(ctx, x.KeyID, x.ID, x.Body); err == nil && raw == nil {
			err = fault.New(fault.Gone, "reply.erased")
		}
		return err
	})
	return rid + ".eml", raw, err
}
