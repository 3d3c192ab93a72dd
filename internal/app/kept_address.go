package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// ContactKind is the kind of the jobs that forget an address that somebody erased let
// be kept; their item is the customer.
const ContactKind = "kept_contact"

// DestroyedPaper is the letter that what stayed of somebody erased is destroyed.
const DestroyedPaper = "destroyed"

// wishes are what an address may be kept for, by the letter that it is kept for.
var wishes = map[string]erasure.Wish{DestroyedPaper: erasure.Told, "winback": erasure.Back}

// ContactTx keeps for what customers let their address be kept, and the address.
type ContactTx interface {
	// PutKeptContact stores the first answer of a customer (Version 0; fault.Conflict if
	// there is one) or, by Version, changes it.
	PutKeptContact(ctx context.Context, c erasure.Contact) error
	KeptContactOf(ctx context.Context, id customer.ID) (c erasure.Contact, found bool, err error)
}

// AddressKept is what a certificate says of an address that stays.
type AddressKept struct {
	Told  bool      `json:"told"` // for the letter when what stays is destroyed
	Back  bool      `json:"back"` // for the one that asks them back
	Until when.Date `json:"until"`
}

// KeptAddress is what a page says about it.
type KeptAddress struct {
	Asking  bool // it may still be said: they are to be erased, and are not yet
	MayBack bool // they allowed the letter that asks them back
	Kept    bool
	Told    bool // for the letter when what stays is destroyed
	Back    bool // for the one that asks them back
	Until   when.Date
	Gone    when.Date // it was kept, and is no more
	Waits   bool      // something stays of them
}

// keptWords are the address and where they live, by which the law of letters goes;
// sealed with the key of class consented.
type keptWords struct {
	Email    string        `json:"email"`
	Country  string        `json:"country,omitempty"`
	Region   string        `json:"region,omitempty"`
	Kind     customer.Kind `json:"kind,omitempty"`
	Consumer bool          `json:"consumer,omitempty"`
}

// keptAddress is what there is to say about the address of a customer; nil: nothing.
func (a *App) keptAddress(ctx context.Context, tx Tx, id customer.ID) (*KeptAddress, error) {
	x, found, err := tx.KeptContactOf(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := tx.RetainedAbout(ctx, id)
	if err != nil {
		return nil, err
	}
	k := KeptAddress{Kept: x.Kept(), Told: x.Told, Back: x.Back, Until: x.Until, Waits: stay(all)}
	if !x.KeptAt.IsZero() && !x.EndedAt.IsZero() {
		k.Gone = when.DateOf(x.EndedAt, a.Company().Zone)
	}
	if !found && !k.Waits {
		return nil, nil
	}
	return &k, nil
}

// stay reports whether something of it is there.
func stay(all []erasure.Retained) bool {
	return slices.ContainsFunc(all, func(r erasure.Retained) bool { return r.DestroyedAt.IsZero() })
}

// addressView is what a private page says and asks about the address.
func (a *App) addressView(ctx context.Context, tx Tx, p offboarding.Plan) (*KeptAddress, error) {
	c := p.Case
	gone, err := wasErased(ctx, tx, c.Customer)
	if err != nil {
		return nil, err
	}
	if gone {
		return a.keptAddress(ctx, tx, c.Customer)
	}
	if !askable(c) || !slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		k, known := a.kinds[s.Kind]
		return known && k.Spec().Forgets && !s.Over()
	}) {
		return nil, nil
	}
	x, _, err := tx.KeptContactOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	k := KeptAddress{Asking: true, Told: x.Told, Back: x.Back}
	allowed, asked, err := tx.ConsentOf(ctx, c.ID, winback.Letter)
	k.MayBack = asked && allowed.Holds()
	return &k, err
}

// AddressInput is for what somebody lets their address be kept once they are erased.
type AddressInput struct {
	Token      string // of their private page
	Told, Back bool   // the boxes, which were not ticked before
	Wording    string // what they read
	Language   string
}

// AllowAddress keeps the answer; until they are erased another takes its place. Errors:
// Blocked (address.over).
func (a *App) AllowAddress(ctx context.Context, in AddressInput) error {
	if in.Wording == "" || in.Language == "" {
		return fault.New(fault.Invalid, "field.required").On("wording")
	}
	return a.onCustomerPage(ctx, in.Token, func(tx Tx, c offboarding.Case) error {
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		view, err := a.addressView(ctx, tx, p)
		if err != nil {
			return err
		}
		if view == nil || !view.Asking {
			return fault.New(fault.Blocked, "address.over")
		}
		return a.sayAddress(ctx, tx, c, in.Told, in.Back && view.MayBack, in.Wording, in.Language, customerActor, "")
	})
}

// AddressAnswer is whether somebody who answered a letter lets their address be kept for
// the one when what stays is destroyed.
type AddressAnswer struct {
	Case    offboarding.CaseID
	Told    bool
	How     string // they answered
	Wording string // what the letter asked
}

// AnswerAddress writes down what a customer without a portal answered to the letter that
// asked. Errors: Invalid at how; Blocked (address.over).
func (a *App) AnswerAddress(ctx context.Context, by Actor, in AddressAnswer) error {
	if err := by.may("case"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"how": &in.How})
	if in.How == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("how"))
	}
	if len(l) > 0 {
		return l
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, in.Case)
		if err != nil {
			return err
		}
		view, err := a.addressView(ctx, tx, p)
		if err != nil {
			return err
		}
		if view == nil || !view.Asking {
			return fault.New(fault.Blocked, "address.over")
		}
		return a.sayAddress(ctx, tx, p.Case, in.Told, view.Back, in.Wording, p.Case.Language, by.ID, in.How)
	})
}

// asksForAddress reports whether the letter that brings somebody their data asks whether
// their address may be kept: where there is no page on which they could say so.
func (a *App) asksForAddress(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	none, err := a.noPortal(ctx, tx)
	if err != nil || !none {
		return false, err
	}
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return false, err
	}
	view, err := a.addressView(ctx, tx, p)
	return view != nil && view.Asking && !view.Told, err
}

// sayAddress keeps an answer, with who wrote it down, and how it came where it came in
// another way than by the page.
func (a *App) sayAddress(ctx context.Context, tx Tx, c offboarding.Case, told, back bool, wording, lang, by, how string) error {
	x, _, err := tx.KeptContactOf(ctx, c.Customer)
	if err != nil || !x.Say(told, back, wording, lang, tx.Now()) {
		return err
	}
	if x.Version == 0 {
		x.Case = string(c.ID)
	}
	if err := tx.PutKeptContact(ctx, x); err != nil {
		return err
	}
	args := map[string]any{"told": told, "back": back, "wording": wording}
	if how != "" {
		args["how"] = how
	}
	return a.record(ctx, tx, fact{"address.allowed", by, string(c.ID), string(c.Customer), args})
}

// notBack takes back that an address may be kept for the letter that asks somebody
// back: they do not want it any more.
func (a *App) notBack(ctx context.Context, tx Tx, c offboarding.Case) error {
	x, found, err := tx.KeptContactOf(ctx, c.Customer)
	if err != nil || !found || !x.Back {
		return err
	}
	if x.Kept() {
		return a.addressDone(ctx, tx, c.Customer, erasure.Back)
	}
	return a.sayAddress(ctx, tx, c, x.Told, false, x.Wording, x.Language, customerActor, "")
}

// keepAddress keeps the address of somebody who is erased in this transaction, for what
// they allowed, and says so in their certificate. What stays was put away before.
func (a *App) keepAddress(ctx context.Context, tx Tx, c offboarding.Case, cert *Certificate) error {
	x, found, err := tx.KeptContactOf(ctx, c.Customer)
	if err != nil || !found || x.Settled() {
		return err
	}
	if x.Back {
		if x.Back, err = a.consents(ctx, tx, c); err != nil {
			return err
		}
	}
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return err
	}
	contacts, err := tx.ContactsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	all, err := tx.RetainedAbout(ctx, c.Customer)
	if err != nil {
		return err
	}
	zone, err := zoneOf(c)
	if err != nil {
		return err
	}
	var last when.Date
	for _, r := range all {
		if r.DestroyedAt.IsZero() && last.Before(r.Until) {
			last = r.Until
		}
	}
	says := keptWords{Country: cus.Country, Region: cus.Region, Kind: cus.Kind, Consumer: cus.Consumer}
	says.Email, _ = onFile(contacts)
	key, err := a.keys.KeyFor(ctx, string(c.Customer), "consented")
	switch {
	case keyDestroyed(err): // a backup brought back what they had taken back
		x.End(erasure.Revoked, tx.Now())
	case err != nil:
		return err
	case says.Email == "":
		x.End(erasure.Needless, tx.Now())
	default:
		x.Keep(string(c.ID), tx.Now(), when.DateOf(tx.Now(), zone), last)
	}
	if !x.Kept() {
		if err := tx.PutKeptContact(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"address.forgotten", "engine", string(c.ID), house, map[string]any{"why": x.Why}})
	}
	plain, err := json.Marshal(says)
	if err != nil {
		return fault.Wrap("app.keepAddress", err)
	}
	x.KeyID = key
	if x.Body, err = a.keys.Seal(ctx, key, plain, []byte(x.Customer)); err != nil {
		return err
	}
	if err := tx.PutKeptContact(ctx, x); err != nil {
		return err
	}
	if err := a.addressJob(ctx, tx, x); err != nil {
		return err
	}
	cert.Address = &AddressKept{x.Told, x.Back, x.Until}
	return a.record(ctx, tx, fact{"address.kept", "engine", string(c.ID), house, map[string]any{"told": x.Told, "back": x.Back, "until": x.Until.String()}})
}

// addressJob is the job that looks whether an address is to be forgotten: now, and then
// on its day. Each change makes another; whichever comes first does it.
func (a *App) addressJob(ctx context.Context, tx Tx, x erasure.Contact) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: ContactKind, Case: offboarding.CaseID(x.Case), Item: x.Customer, System: house,
		Key: ContactKind + ":" + x.Customer + ":" + strconv.FormatInt(x.Version, 10), Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// noAddress sees to it that no address of somebody erased can be kept any more, also
// where a backup brings back that it might be.
func (a *App) noAddress(ctx context.Context, id customer.ID) error {
	key, err := a.keys.KeyFor(ctx, string(id), "consented")
	if keyDestroyed(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.keys.Destroy(ctx, key)
}

// addressOf is the address of somebody erased, while it is kept for that; nil: it is not.
func (a *App) addressOf(ctx context.Context, tx Tx, cid customer.ID, w erasure.Wish) (*keptWords, error) {
	x, _, err := tx.KeptContactOf(ctx, cid)
	if err != nil || !x.For(w) {
		return nil, err
	}
	var says keptWords
	ok, err := a.unsealJSON(ctx, x.KeyID, x.Customer, x.Body, &says)
	if err != nil || !ok {
		return nil, err
	}
	return &says, nil
}

// whereTheyLive is a customer as the law of letters looks at them: of whoever was erased,
// what was kept with the address.
func (a *App) whereTheyLive(ctx context.Context, tx Tx, cid customer.ID) (customer.Customer, error) {
	cus, err := tx.FindCustomer(ctx, cid)
	if err != nil {
		return cus, err
	}
	says, err := a.addressOf(ctx, tx, cid, erasure.Back)
	if err != nil || says == nil {
		return cus, err
	}
	cus.Country, cus.Region, cus.Kind, cus.Consumer = says.Country, says.Region, says.Kind, says.Consumer
	return cus, nil
}

// addressFor reports whether somebody erased still lets their address be used for a
// letter.
func (a *App) addressFor(ctx context.Context, tx Tx, m Message) (bool, error) {
	w, is := wishes[m.Paper]
	if !is {
		return false, nil
	}
	r, err := tx.FindRequest(ctx, m.Request)
	if err != nil {
		return false, err
	}
	x, _, err := tx.KeptContactOf(ctx, r.Customer)
	return x.For(w), err
}

// addressUsed says that a letter for which an address was kept is over.
func (a *App) addressUsed(ctx context.Context, tx Tx, m Message) error {
	w, is := wishes[m.Paper]
	if !is {
		return nil
	}
	r, err := tx.FindRequest(ctx, m.Request)
	if err != nil {
		return err
	}
	return a.addressDone(ctx, tx, r.Customer, w)
}

func (a *App) addressDone(ctx context.Context, tx Tx, cid customer.ID, w erasure.Wish) error {
	x, _, err := tx.KeptContactOf(ctx, cid)
	if err != nil || !x.Done(w) {
		return err
	}
	if err := tx.PutKeptContact(ctx, x); err != nil {
		return err
	}
	x.Version++
	return a.addressJob(ctx, tx, x)
}

// tellDestroyed writes to somebody erased that the last of what stayed of them is
// destroyed, where they let their address be kept for that.
func (a *App) tellDestroyed(ctx context.Context, tx Tx, e Erasure) error {
	says, err := a.addressOf(ctx, tx, e.Customer, erasure.Told)
	if err != nil || says == nil {
		return err
	}
	c, err := tx.FindCase(ctx, e.Case)
	if err != nil {
		return err
	}
	m := a.letter(tx, DestroyedPaper, c)
	m.To = says.Email
	return a.queue(ctx, tx, m, string(e.Customer), true)
}

// ForgetAddress forgets the address behind a private page of somebody erased: they take
// back that it may be kept. Again it changes nothing.
func (a *App) ForgetAddress(ctx context.Context, token string) error {
	return a.onCustomerPage(ctx, token, func(tx Tx, c offboarding.Case) error {
		return a.forgetAddress(ctx, tx, c, customerActor)
	})
}

// ForgetAddressFor forgets it because they asked us to in another way.
func (a *App) ForgetAddressFor(ctx context.Context, by Actor, cid offboarding.CaseID) error {
	if err := by.may("erase"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		return a.forgetAddress(ctx, tx, c, by.ID)
	})
}

func (a *App) forgetAddress(ctx context.Context, tx Tx, c offboarding.Case, by string) error {
	x, found, err := tx.KeptContactOf(ctx, c.Customer)
	if err != nil || !found || !x.Kept() {
		return err
	}
	return a.endAddress(ctx, tx, x, erasure.Revoked, by)
}

// endAddress blanks an address, and has its key destroyed.
func (a *App) endAddress(ctx context.Context, tx Tx, x erasure.Contact, why, by string) error {
	x.End(why, tx.Now())
	if err := tx.PutKeptContact(ctx, x); err != nil {
		return err
	}
	x.Version++
	if err := a.addressJob(ctx, tx, x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"address.forgotten", by, x.Case, house, map[string]any{"why": why}})
}

// ContactOver forgets an address whose day is over, or that is needed no more, and
// destroys its key. It is the job "kept_contact"; tried again it goes on where it was.
func (a *App) ContactOver(ctx context.Context, w offboarding.Work) (Result, error) {
	var x erasure.Contact
	res := Result{Verdict: Accomplished}
	err := a.tx(ctx, func(tx Tx) error {
		res = Result{Verdict: Accomplished}
		var found bool
		var err error
		if x, found, err = tx.KeptContactOf(ctx, customer.ID(w.Item)); err != nil || !found || !x.Kept() {
			return err
		}
		all, err := tx.RetainedAbout(ctx, customer.ID(x.Customer))
		if err != nil {
			return err
		}
		today := a.today(tx)
		why, due := x.Due(today, stay(all))
		if due {
			return a.endAddress(ctx, tx, x, why, "engine")
		}
		if res = (Result{Verdict: Later, Again: x.Until.End(a.Company().Zone)}); !res.Again.After(tx.Now()) { // something is held beyond its day
			res.Again = tx.Now().AddDate(0, 0, 1)
		}
		return nil
	})
	if err != nil || x.KeyID == "" || x.EndedAt.IsZero() {
		return res, err
	}
	if err := a.keys.Destroy(ctx, x.KeyID); err != nil {
		return Result{}, err
	}
	return res, a.tx(ctx, func(tx Tx) error {
		now, _, err := tx.KeptContactOf(ctx, customer.ID(x.Customer))
		if err != nil || now.KeyID == "" {
			return err
		}
		key := now.KeyID
		now.KeyID = ""
		if err := tx.PutKeptContact(ctx, now); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"key.destroyed", "engine", now.Case, house, map[string]any{"key": key}})
	})
}
