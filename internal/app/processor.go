package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/receipt"
	"hastaluego/internal/when"
)

// AskedKind is the kind of the jobs of the house that ask a processor to erase, and
// remind it: their item is the id of what it is asked, and the how manieth letter it is.
const AskedKind = "asked"

// ProcessorPaper is the letter that asks a processor to erase.
const ProcessorPaper = "processor"

// SealedAsked is what a processor is asked as it is stored: its words are in Body,
// sealed with the customer's key.
type SealedAsked struct {
	erasure.Asked
	KeyID string
	Body  []byte
}

// AskedTx keeps what processors are asked. Put stores a new one (Version 0) or, by
// Version, changes one.
type AskedTx interface {
	PutAsked(ctx context.Context, x SealedAsked) error
	FindAsked(ctx context.Context, id erasure.AskedID) (SealedAsked, error)
	AskedOf(ctx context.Context, c offboarding.CaseID) ([]SealedAsked, error) // by system
	// AskedWith returns those that a receipt of that SHA-256 ended.
	AskedWith(ctx context.Context, sha256 string) ([]erasure.AskedID, error)
}

// AskPaper is what the letter to a processor says.
type AskPaper struct {
	Processor string
	Reference string
	Owner     string // the name by which they know the customer
	Holdings  []connector.Holding
	Due       when.Date
	Again     bool // it reminds
}

// AskedReference is how a processor names the request in its receipt.
func AskedReference(code string, x erasure.AskedID) string { return code + "-" + tail(string(x)) }

// listProcessors notes which processors a step is to have erase, and asks those that
// are written to.
func (a *App) listProcessors(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	for _, it := range s.Items {
		proc, ok := a.systems.Processor(it.Key)
		if !ok {
			continue
		}
		x := erasure.Asked{
			ID: erasure.AskedID(id.New("ask")), Customer: string(p.Case.Customer), Case: string(p.Case.ID), Step: string(s.ID), System: it.Key, State: erasure.ToAsk,
		}
		x.Processor, x.Email = proc.Title, proc.Email
		var err error
		if x.Owner, err = ownerAt(ctx, tx, p.Case.Customer, it.Key); err != nil {
			return err
		}
		if err := a.putAsked(ctx, tx, x); err != nil {
			return err
		}
		if x.Email == "" {
			continue
		}
		if err := tx.InsertWork(ctx, askAt(x, 0, tx.Now())); err != nil {
			return err
		}
	}
	return nil
}

// askAt is the job of one letter to a processor.
func askAt(x erasure.Asked, n int, at time.Time) offboarding.Work {
	item := string(x.ID) + ":" + strconv.Itoa(n)
	return offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: AskedKind, Case: offboarding.CaseID(x.Case), Item: item, System: house, Key: AskedKind + ":" + item,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	}
}

// asking is one letter to a processor while it is sent.
type asking struct {
	x     erasure.Asked
	n     int
	to    string
	paper Paper
	step  offboarding.Step
	days  int
}

// headerID is the same in every attempt.
func (k asking) headerID() string { return askedHeader(k.x.ID, k.n) }

func askedHeader(x erasure.AskedID, n int) string {
	return string(x) + "-" + strconv.Itoa(n) + "@hasta"
}

// AskProcessor writes to a processor, or reminds it, unless its receipt came meanwhile
// or an order keeps what is to be erased: then again is when to look. Whoever looks
// after the step is told of each reminder, also where its letter was refused, and that
// the letter that asks was.
func (a *App) AskProcessor(ctx context.Context, w offboarding.Work) (again time.Time, err error) {
	var k asking
	err = a.store.View(ctx, func(tx Tx) error { k, again, err = a.toAskOf(ctx, tx, w); return err })
	if err != nil || !again.IsZero() || k.x.ID == "" {
		return again, err
	}
	var refused error
	if k.to != "" {
		if _, _, refused = a.post.Send(ctx, k.to, k.headerID(), k.paper); refused != nil && fault.KindOf(refused) != fault.Invalid {
			return again, refused
		}
	}
	return again, a.tx(ctx, func(tx Tx) error {
		sealed, err := tx.FindAsked(ctx, k.x.ID)
		if err != nil {
			return err
		}
		x, err := a.openAsked(ctx, sealed)
		if err != nil {
			return err
		}
		if refused != nil {
			if err := a.record(ctx, tx, fact{"processor.refused", "engine", x.Case, x.Customer, askedArgs(x, map[string]any{"why": fault.CodeOf(refused)})}); err != nil {
				return err
			}
			if k.n == 0 { // nobody has asked it: a person does
				return a.tellTask(ctx, tx, &k.step, fmt.Sprint("processor refused ", x.ID, k.n))
			}
		}
		if k.n == 0 {
			return a.sayAsked(ctx, tx, "engine", x, k.days)
		}
		if !x.Remind() {
			return nil
		}
		if err := a.putAsked(ctx, tx, x); err != nil {
			return err
		}
		if err := a.remindNext(ctx, tx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"processor.reminded", "engine", x.Case, x.Customer, askedArgs(x, map[string]any{"n": x.Reminded})}); err != nil {
			return err
		}
		return a.tellTask(ctx, tx, &k.step, fmt.Sprint("processor late ", x.ID, x.Reminded))
	})
}

// remindNext sets the next reminder, if there is one.
func (a *App) remindNext(ctx context.Context, tx Tx, x erasure.Asked) error {
	n := x.Reminded + 1
	on := x.Reminder(n, a.today(tx))
	if on.IsZero() {
		return nil
	}
	return tx.InsertWork(ctx, askAt(x, n, on.Start(a.Company().Zone).Add(remindHour*time.Hour)))
}

// toAskOf gathers a letter to a processor; without an id there is nothing to do.
func (a *App) toAskOf(ctx context.Context, tx Tx, w offboarding.Work) (k asking, again time.Time, err error) {
	which, n, _ := strings.Cut(w.Item, ":")
	if k.n, err = strconv.Atoi(n); err != nil {
		return k, again, fault.New(fault.Internal, "internal").At("app.AskProcessor "+w.Item, err)
	}
	sealed, err := tx.FindAsked(ctx, erasure.AskedID(which))
	if err != nil {
		return k, again, err
	}
	p, err := tx.FindPlan(ctx, offboarding.CaseID(sealed.Case))
	if err != nil {
		return k, again, err
	}
	s := stepOf(&p, offboarding.StepID(sealed.Step))
	if s == nil || s.Over() || p.Case.State != offboarding.CaseOpen {
		return k, again, nil
	}
	if again, err = erasingWaits(ctx, tx, p, offboarding.Work{Step: s.ID}); err != nil || !again.IsZero() {
		return k, again, err
	}
	x, err := a.openAsked(ctx, sealed)
	if err != nil || k.n == 0 && x.State != erasure.ToAsk || k.n > 0 && (x.State != erasure.Waits || x.Reminded != k.n-1) {
		return k, again, err
	}
	proc, ok := a.systems.Processor(x.System)
	if !ok {
		return k, again, fault.New(fault.Blocked, "connector.unknown_system", "system", x.System)
	}
	k.x, k.step, k.days = x, *s, proc.Days
	byHand, err := a.writtenOnly(ctx, tx)
	if err != nil || proc.Email == "" || byHand { // a person asks
		if k.n == 0 {
			k.x.ID = ""
		}
		return k, again, err
	}
	due := x.Due
	if k.n == 0 {
		due = a.today(tx).AddDays(proc.Days)
	}
	k.to = proc.Email
	k.paper = Paper{
		Kind: ProcessorPaper, Language: proc.Language, Code: p.Case.Code, At: tx.Now(), Now: tx.Now(), Case: p.Case,
		Ask: &AskPaper{Processor: proc.Title, Reference: AskedReference(p.Case.Code, x.ID), Owner: x.Owner, Holdings: proc.Holdings, Due: due, Again: k.n > 0},
	}
	if k.paper.Language == "" {
		k.paper.Language = a.Company().Language
	}
	k.paper.Rehearsal, err = a.rehearsal(ctx, tx, Message{Case: p.Case.ID, To: proc.Email})
	if r := k.paper.Rehearsal; r != nil { // nobody is asked to erase somebody made up
		k.to = r.To
	}
	return k, again, err
}

// sayAsked notes that a processor was asked, and sets its reminders.
func (a *App) sayAsked(ctx context.Context, tx Tx, by string, x erasure.Asked, days int) error {
	if err := x.Ask(tx.Now(), a.today(tx).AddDays(days)); err != nil {
		return err
	}
	if err := a.putAsked(ctx, tx, x); err != nil {
		return err
	}
	if err := a.remindNext(ctx, tx, x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"processor.asked", by, x.Case, x.Customer, askedArgs(x, map[string]any{"due": x.Due.String(), "how": x.How})})
}

func askedArgs(x erasure.Asked, args map[string]any) map[string]any {
	args["request"], args["system"], args["name"] = string(x.ID), x.System, x.Processor
	return args
}

// onProcessor runs fn on what one processor is asked in a step, as somebody who may
// work on it.
func (a *App) onProcessor(ctx context.Context, by Actor, c offboarding.CaseID, step, system string, fn func(Tx, *offboarding.Plan, *offboarding.Step, erasure.Asked) error) error {
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(step)
		if err != nil {
			return err
		}
		list, err := a.askedOf(ctx, tx, c)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x erasure.Asked) bool { return x.Step == string(s.ID) && x.System == system })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		return fn(tx, p, s, list[i])
	})
}

// SayAsked says that a person asked a processor, and how.
func (a *App) SayAsked(ctx context.Context, by Actor, c offboarding.CaseID, step, system, how string) error {
	clean, wrong := required("how", how, 2000)
	return a.onProcessor(ctx, by, c, step, system, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x erasure.Asked) error {
		if wrong != nil {
			return wrong
		}
		if err := notKept(ctx, tx, *p, s.ID); err != nil {
			return err
		}
		proc, ok := a.systems.Processor(system)
		if !ok {
			return fault.New(fault.Blocked, "connector.unknown_system", "system", system)
		}
		x.How, x.By = clean, by.Name
		if x.By == "" {
			x.By = by.ID
		}
		return a.sayAsked(ctx, tx, by.ID, x, proc.Days)
	})
}

// GiveUpProcessor says that a processor never answered, and why we go on without its
// receipt: its line is over, and the certificate says that it did not confirm. Errors:
// Blocked (receipt.too_soon) until it was reminded as often as it is and a while went
// by, (receipt.proved), (receipt.silent), (order.keeps); Invalid at why.
func (a *App) GiveUpProcessor(ctx context.Context, by Actor, c offboarding.CaseID, step, system, why string) error {
	clean, wrong := required("why", why, 2000)
	return a.onProcessor(ctx, by, c, step, system, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x erasure.Asked) error {
		if wrong != nil {
			return wrong
		}
		if err := notKept(ctx, tx, *p, s.ID); err != nil {
			return err
		}
		if err := x.GiveUp(clean, a.today(tx)); err != nil {
			return err
		}
		if err := a.putAsked(ctx, tx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"processor.unanswered", by.ID, x.Case, x.Customer, askedArgs(x, map[string]any{"why": x.Because})}); err != nil {
			return err
		}
		return a.endItem(ctx, tx, p, s, by, x.System, "")
	})
}

// ReceiptInput is the receipt of a processor, as somebody keeps it.
type ReceiptInput struct {
	Case         offboarding.CaseID
	Step, System string
	Name         string // of its file
	Body         []byte
	Says         string // who of them says so
	ErasedOn     string // the day, as it says
}

// KeepReceipt keeps the receipt of a processor, judges its signature and ends its
// line; with the last of them the step is done. Nothing else ends it. Errors beside
// those of what was typed: receipt.broken, receipt.not_theirs, receipt.other (package
// receipt); receipt.twice, it ended another line already.
func (a *App) KeepReceipt(ctx context.Context, by Actor, in ReceiptInput) error {
	says, e := customer.CheckText("says", in.Says, 200, false)
	l := appendFault(nil, e)
	if e == nil && says == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("says"))
	}
	var on when.Date
	if in.ErasedOn == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("erased_on"))
	} else if day, err := when.ParseDate(in.ErasedOn); err != nil {
		l = append(l, fault.New(fault.Invalid, "date.unreadable").On("erased_on"))
	} else {
		on = day
	}
	name, refused := checkFile(in.Name, in.Body)
	if refused != nil && fault.KindOf(refused) == fault.Invalid {
		l = append(l, fault.Fields(refused)...)
	}
	return a.onProcessor(ctx, by, in.Case, in.Step, in.System, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x erasure.Asked) error {
		switch {
		case len(l) > 0:
			return l
		case refused != nil:
			return refused
		}
		r, err := a.judgeReceipt(ctx, tx, p.Case, x, in.Body)
		if err != nil {
			return err
		}
		r.ErasedOn, r.Says = on, says
		if err := x.Prove(r, a.today(tx)); err != nil {
			return err
		}
		if x.File, err = a.keepFile(ctx, tx, by, p.Case, *s, name, in.Body); err != nil {
			return err
		}
		if err := a.putAsked(ctx, tx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"processor.proved", by.ID, x.Case, x.Customer, askedArgs(x, map[string]any{
			"sha256": x.SHA256, "proof": x.Proof, "key": x.Key, "erased_on": x.ErasedOn.String(), "says": x.Says,
		})}); err != nil {
			return err
		}
		return a.endItem(ctx, tx, p, s, by, x.System, "SHA-256 "+x.SHA256)
	})
}

// judgeReceipt is what a file proves of what a processor was asked.
func (a *App) judgeReceipt(ctx context.Context, tx Tx, c offboarding.Case, x erasure.Asked, body []byte) (r erasure.Receipt, err error) {
	sum := sha256.Sum256(body)
	r.SHA256 = hex.EncodeToString(sum[:])
	if same, err := tx.AskedWith(ctx, r.SHA256); err != nil {
		return r, err
	} else if len(same) > 0 {
		return r, fault.New(fault.Invalid, "receipt.twice").On("file")
	}
	proc, _ := a.systems.Processor(x.System) // who is declared no longer has no keys
	j, err := receipt.Judge(body, receipt.Pins{Keys: proc.Keys, Certificates: proc.Certificates}, AskedReference(c.Code, x.ID))
	r.Proof, r.Key, r.Why = string(j.Proof), j.Key, string(j.Why)
	return r, err
}

func (a *App) putAsked(ctx context.Context, tx Tx, x erasure.Asked) error {
	s := SealedAsked{Asked: x}
	var err error
	if s.KeyID, s.Body, err = a.sealJSON(ctx, x.Customer, string(x.ID), x.AskedWords); err != nil {
		return err
	}
	return tx.PutAsked(ctx, s)
}

func (a *App) openAsked(ctx context.Context, s SealedAsked) (erasure.Asked, error) {
	var w erasure.AskedWords
	readable, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	if readable {
		s.AskedWords = w
	}
	return s.Asked, err
}

// askedOf reads what processors are asked in a departure. Of somebody erased nobody
// reads the words.
func (a *App) askedOf(ctx context.Context, tx Tx, c offboarding.CaseID) ([]erasure.Asked, error) {
	list, err := tx.AskedOf(ctx, c)
	return unsealed(list, err, func(s SealedAsked) (erasure.Asked, error) { return a.openAsked(ctx, s) })
}

// AskedView is what a processor is asked, for those who look after it.
type AskedView struct {
	erasure.Asked

	Reference string
	Holdings  []connector.Holding // none where it is declared no longer
	Ask       map[string]string   // how a person asks, where none is written to
	ByHand    bool                // a person asks: there is no letter
	Signs     bool                // a key is known with which they sign
	GiveUp    bool                // it never answered: a person may go on without its receipt
}

func (a *App) viewAsked(ctx context.Context, tx Tx, c offboarding.Case) (out []AskedView, err error) {
	list, err := a.askedOf(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	byHand, err := a.writtenOnly(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		proc, _ := a.systems.Processor(x.System)
		out = append(out, AskedView{x, AskedReference(c.Code, x.ID), proc.Holdings, proc.Ask, byHand || x.Email == "", proc.Signs(), x.Unanswered(a.today(tx))})
	}
	return out, nil
}

// FarProcessor is what a processor erased, as a certificate tells it: what its receipt
// says, and how it is known to be theirs, or that none came. It says nothing of the customer.
type FarProcessor struct {
	System    string    `json:"system"`
	Processor string    `json:"processor"`
	Holdings  []Far     `json:"holdings"`
	AskedOn   when.Date `json:"asked_on,omitzero"`
	ErasedOn  when.Date `json:"erased_on,omitzero"` // zero: no receipt came
	SilentOn  when.Date `json:"silent_on,omitzero"` // until then it did not answer, and we went on without its receipt
	Proof     string    `json:"proof"`              // signed: by a key that was known to be theirs; attested: somebody says so; none
	Key       string    `json:"key,omitempty"`      // SHA-256 of that key or certificate
	SHA256    string    `json:"sha256,omitempty"`   // of the receipt
}

// processorsErased is what the processors of a departure erased.
func (a *App) processorsErased(ctx context.Context, tx Tx, c offboarding.Case) (out []FarProcessor, err error) {
	list, err := a.askedOf(ctx, tx, c.ID)
	if err != nil || c.Test {
		return nil, err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		f := FarProcessor{System: x.System, Processor: x.Processor, ErasedOn: x.ErasedOn, SilentOn: x.SilentOn, Proof: x.Proof, Key: x.Key, SHA256: x.SHA256}
		if !x.AskedAt.IsZero() {
			f.AskedOn = when.DateOf(x.AskedAt, zone)
		}
		if f.Proof == "" {
			f.Proof = ProofNone
		}
		proc, _ := a.systems.Processor(x.System)
		for _, h := range proc.Holdings {
			held := farOf(x.System, h, c)
			held.Proof = f.Proof
			f.Holdings = append(f.Holdings, held)
		}
		out = append(out, f)
	}
	return out, nil
}
