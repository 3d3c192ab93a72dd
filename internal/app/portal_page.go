package app

import (
	"context"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// HostPage is what the form shows to somebody who came by a signed link.
type HostPage struct {
	Customer      customer.Customer
	Name          string
	Email         string
	Subscriptions []customer.Subscription
	PeriodEnd     when.Date
}

// OpenHostPage reads a signed link without using it up.
func (a *App) OpenHostPage(ctx context.Context, signed string) (HostPage, error) {
	var out HostPage
	now, wall, err := a.store.Now(ctx)
	if err != nil {
		return out, err
	}
	h, err := a.openHostLink(signed, wall)
	if err != nil {
		return out, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if out.Customer, err = tx.FindCustomer(ctx, h.Customer); err != nil {
			return fault.New(fault.NotFound, "link.unknown")
		}
		contacts, err := tx.ContactsOf(ctx, h.Customer)
		if err != nil {
			return err
		}
		out.Email, out.Name = onFile(contacts)
		all, err := tx.SubscriptionsOf(ctx, h.Customer)
		if err != nil {
			return err
		}
		out.Subscriptions = out.Subscriptions[:0]
		for _, s := range all {
			if s.Status == customer.Ended {
				continue
			}
			if len(h.Subscriptions) > 0 && len(pick([]customer.Subscription{s}, h.Subscriptions)) == 0 {
				continue
			}
			out.Subscriptions = append(out.Subscriptions, s)
			if end := s.PaidThrough(when.DateOf(now, a.company.Zone)); out.PeriodEnd.Before(end) {
				out.PeriodEnd = end
			}
		}
		return nil
	})
	return out, err
}

// OpenVerifyPage reads a confirmation link without using it up. It returns
// the code and when the request was received, and whether it was used.
func (a *App) OpenVerifyPage(ctx context.Context, token, purpose string) (offboarding.Request, error) {
	var r offboarding.Request
	err := a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, purpose)
		if err != nil {
			return err
		}
		r, err = tx.FindRequest(ctx, l.Request)
		return err
	})
	return r, err
}

// CasePage is the customer's private page.
type CasePage struct {
	Paper   Paper
	State   offboarding.CaseState
	CanUndo bool
	Subject bool // a person of the company is asked about something
	Data    bool // the plan gives the customer their data
	// Final are the titles, by language, of what was done and does not come back.
	Final []map[string]string
}

// OpenCasePage reads the private page behind a token; purpose is "case" or
// "bye".
func (a *App) OpenCasePage(ctx context.Context, token, purpose, lang string) (CasePage, error) {
	var out CasePage
	err := a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, purpose)
		if err != nil {
			return err
		}
		plan, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		if lang == "" {
			lang = plan.Case.Language
		}
		out.Paper, err = a.casePaper(ctx, tx, map[string]string{"case": "receipt", "bye": "farewell"}[purpose], lang, l.Case)
		if err != nil {
			return err
		}
		out.State = plan.Case.State
		out.CanUndo = plan.CanUndo(tx.Now(), out.Paper.EffectiveAt)
		out.Data, out.Subject, out.Final = false, false, nil
		for _, s := range plan.Final() {
			out.Final = append(out.Final, s.Title)
		}
		for _, s := range plan.Steps {
			if k, ok := a.kinds[s.Kind]; ok && k.Spec().Exports {
				out.Data = true
			}
			out.Subject = out.Subject || s.State == offboarding.StepBlocked
		}
		return nil
	})
	return out, err
}

// HostLanding mints the private page of a case that a signed link has just
// opened.
func (a *App) HostLanding(ctx context.Context, r offboarding.Request) (token string, err error) {
	err = a.store.Tx(ctx, func(tx Tx) error {
		token, err = a.mint(ctx, tx, "case", r.ID, r.Case)
		return err
	})
	return token, err
}

// Acknowledged returns the paper of an acknowledgement by its code: what may
// be shown to whoever typed the request.
func (a *App) Acknowledged(ctx context.Context, code, lang string) (Paper, error) {
	var p Paper
	err := a.store.View(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if err != nil {
			return err
		}
		p = Paper{Kind: "ack", Language: lang, Code: r.Code, At: r.ReceivedAt, Now: r.ReceivedAt}
		return nil
	})
	return p, err
}

// AckKey signs the cookie that shows the acknowledgement to whoever typed the
// request.
func (a *App) AckKey() []byte { return a.keys.HMACKey("ack-cookie") }
