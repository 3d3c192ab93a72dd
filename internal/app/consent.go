package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/suppression"
	"hastaluego/internal/winback"
)

// ConsentInput is how somebody answered the question whether we may write once
// more.
type ConsentInput struct {
	Token    string // of their private page
	Given    bool   // the box, which was not ticked before, was ticked
	Wording  string // what they read
	Language string
}

// askable reports whether the question may stand on a private page: after the
// receipt, and not of a departure that was undone or stopped.
func askable(c offboarding.Case) bool {
	return !c.OpenedAt.IsZero() && (c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed)
}

// AnswerConsent keeps the answer, which is asked for once: a second one is
// refused with consent.answered.
func (a *App) AnswerConsent(ctx context.Context, in ConsentInput) error {
	if in.Wording == "" || in.Language == "" {
		return fault.New(fault.Invalid, "field.required").On("wording")
	}
	return a.onCustomerPage(ctx, in.Token, func(tx Tx, c offboarding.Case) error {
		ask, err := a.consentView(ctx, tx, c)
		if err != nil {
			return err
		}
		if !ask.Ask {
			return fault.New(fault.Blocked, "consent.answered")
		}
		x := winback.Consent{
			ID: winback.ConsentID(id.New("cns")), Customer: c.Customer, Case: c.ID, Purpose: winback.Letter, Given: in.Given,
			Wording: in.Wording, Language: in.Language, At: tx.Now(),
		}
		if err := tx.PutConsent(ctx, x); err != nil {
			return err
		}
		typ := "consent.given"
		if !in.Given {
			typ = "consent.refused"
			if err := a.refusedBefore(ctx, tx, c.Customer); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, fact{typ, "customer", string(c.ID), string(c.Customer), map[string]any{
			"consent": string(x.ID), "purpose": string(x.Purpose), "wording": in.Wording,
		}})
	})
}

// refusedBefore remembers that what a customer allowed in other departures does not
// hold: whoever says no last is not written to (listGone), and no backup changes that.
func (a *App) refusedBefore(ctx context.Context, tx Tx, id customer.ID) error {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range cases {
		x, asked, err := tx.ConsentOf(ctx, c.ID, winback.Letter)
		if err == nil && asked && x.Holds() {
			err = a.keys.Remember(ctx, rememberRevoked, string(c.ID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RevokeConsent takes it back; again it changes nothing.
func (a *App) RevokeConsent(ctx context.Context, token string) error {
	return a.onCustomerPage(ctx, token, func(tx Tx, c offboarding.Case) error {
		x, asked, err := tx.ConsentOf(ctx, c.ID, winback.Letter)
		if err != nil || !asked || !x.Revoke(tx.Now()) {
			return err
		}
		if err := tx.PutConsent(ctx, x); err != nil {
			return err
		}
		if err := a.keys.Remember(ctx, rememberRevoked, string(c.ID)); err != nil {
			return err
		}
		if err := a.notBack(ctx, tx, c); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"consent.revoked", "customer", string(c.ID), string(c.Customer), map[string]any{
			"consent": string(x.ID), "purpose": string(x.Purpose),
		}})
	})
}

// onCustomerPage works on the departure behind the token of a private page.
func (a *App) onCustomerPage(ctx context.Context, token string, fn func(Tx, offboarding.Case) error) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case", "bye")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		return fn(tx, c)
	})
}

// ConsentView is what a private page says about writing once more.
type ConsentView struct {
	Ask   bool // the question may be asked: nobody has answered it
	Given bool // it was allowed, and that stands
	Over  bool // it was answered with no, or taken back
}

func (a *App) consentView(ctx context.Context, tx Tx, c offboarding.Case) (ConsentView, error) {
	gone, err := wasErased(ctx, tx, c.Customer)
	if err != nil || gone {
		return ConsentView{}, err
	}
	x, asked, err := tx.ConsentOf(ctx, c.ID, winback.Letter)
	if err != nil {
		return ConsentView{}, err
	}
	r, err := tx.FindRequest(ctx, c.Request) // whom we sent away is not asked whether we may ask them back
	return ConsentView{Ask: !asked && askable(c) && !r.Channel.Ours(), Given: asked && x.Holds(), Over: asked && !x.Holds()}, err
}

// AskSilence says that an account wants no more letters but those that it asks
// for and the law wants told. Again it changes nothing. It counts at once, for
// letters that wait to be sent too.
func (a *App) AskSilence(ctx context.Context, token string) error {
	var of customer.ID
	return a.silence(ctx, token, func(tx Tx, s *suppression.Silence, c offboarding.Case) (fact, bool) {
		of = c.Customer
		return fact{"silence.asked", "customer", string(c.ID), string(c.Customer), nil}, s.Ask(tx.Now())
	}, func(tx Tx, marks []string) error {
		// Before it is committed: no backup takes it back.
		if err := a.keys.Remember(ctx, rememberSilence, append(marks, string(of))...); err != nil {
			return err
		}
		return tx.InsertSilentAddresses(ctx, marks...)
	})
}

// LiftSilence takes it back.
func (a *App) LiftSilence(ctx context.Context, token string) error {
	var forget []string
	err := a.silence(ctx, token, func(tx Tx, s *suppression.Silence, c offboarding.Case) (fact, bool) {
		forget = []string{string(c.Customer)}
		return fact{"silence.lifted", "customer", string(c.ID), string(c.Customer), nil}, s.Lift(tx.Now())
	}, func(tx Tx, marks []string) error {
		forget = append(forget, marks...)
		return tx.DeleteSilentAddresses(ctx, marks...)
	})
	if err != nil {
		return err
	}
	return a.keys.Forget(ctx, rememberSilence, forget...) // last: until then it holds, whatever happens
}

// silence changes the silence of an account, and of the addresses that it has.
func (a *App) silence(ctx context.Context, token string, change func(Tx, *suppression.Silence, offboarding.Case) (fact, bool), addresses func(Tx, []string) error) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "silence")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		s, err := tx.SilenceOf(ctx, c.Customer)
		if err != nil {
			return err
		}
		marks, err := a.addressMarks(ctx, tx, c.Customer)
		if err != nil {
			return err
		}
		f, changed := change(tx, &s, c)
		if err := addresses(tx, marks); err != nil { // again too: whoever died before may have left it undone
			return err
		}
		if !changed {
			return nil
		}
		if err := tx.PutSilence(ctx, s); err != nil {
			return err
		}
		if s.Holds() {
			if err := a.notBack(ctx, tx, c); err != nil {
				return err
			}
		}
		return a.record(ctx, tx, f)
	})
}

// addressMarks are the keyed hashes of the addresses at which a customer is written to.
func (a *App) addressMarks(ctx context.Context, tx Tx, id customer.ID) (marks []string, err error) {
	contacts, err := tx.ContactsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, x := range contacts {
		if x.Email != "" {
			marks = append(marks, a.mark("mail", customer.FoldEmail(x.Email)))
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks), nil
}

// wantsSilence reports whether a customer asked not to be written to, or anybody with
// an address of theirs did.
func (a *App) wantsSilence(ctx context.Context, tx Tx, id customer.ID) (bool, error) {
	s, err := tx.SilenceOf(ctx, id)
	if err != nil || s.Holds() {
		return s.Holds(), err
	}
	marks, err := a.addressMarks(ctx, tx, id)
	if err != nil || len(marks) == 0 {
		return false, err
	}
	return tx.AnySilentAddress(ctx, marks...)
}

// SilencePage is what the page of silence shows.
type SilencePage struct {
	Silent   bool
	Language string
}

// OpenSilencePage reads the page behind the link of silence; it changes nothing.
func (a *App) OpenSilencePage(ctx context.Context, token string) (p SilencePage, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "silence")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		s, err := tx.SilenceOf(ctx, c.Customer)
		p = SilencePage{s.Holds(), c.Language}
		return err
	})
	return p, err
}

// consents reports whether the person allowed the letter that asks them back,
// and still may be asked: who is a customer again is not.
func (a *App) consents(ctx context.Context, tx Tx, c offboarding.Case) (bool, error) {
	x, asked, err := tx.ConsentOf(ctx, c.ID, winback.Letter)
	if err != nil {
		return false, err
	}
	if !asked || !x.Holds() {
		kept, _, err := tx.KeptContactOf(ctx, c.Customer)
		if err != nil || !kept.For(erasure.Back) {
			return false, err
		}
	}
	back, err := a.cameAgain(ctx, tx, c.Customer)
	return !back, err
}

// cameAgain reports whether somebody who left is a customer again; of whoever was erased,
// whether anybody goes by the address that they let be kept.
func (a *App) cameAgain(ctx context.Context, tx Tx, cid customer.ID) (bool, error) {
	says, err := a.addressOf(ctx, tx, cid, erasure.Back)
	if err != nil || says == nil {
		if err != nil {
			return false, err
		}
		return isCustomer(ctx, tx, cid)
	}
	list, err := tx.CustomersByEmail(ctx, customer.FoldEmail(says.Email))
	return len(list) > 0, err
}

// isCustomer reports whether anything of theirs has not ended.
func isCustomer(ctx context.Context, tx Tx, cid customer.ID) (bool, error) {
	subs, err := tx.SubscriptionsOf(ctx, cid)
	for _, s := range subs {
		if s.Status != customer.Ended {
			return true, err
		}
	}
	return false, err
}
