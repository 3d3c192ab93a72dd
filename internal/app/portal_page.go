package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// HostPage is what the form shows to somebody who came by a signed link.
type HostPage struct {
	Customer      customer.Customer
	Name          string
	Email         string
	Subscriptions []customer.Subscription // with what they cost today
	PeriodEnd     when.Date
	Language      string // that the host product speaks with them; empty if it did not say
	Acts          ActsView
	Preview       *Preview // what leaving costs or brings back; nil: it cannot be told
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
	out.Language = h.Language
	// Where it cannot be asked or kept what billing systems say, the page shows what
	// was kept, or the record: nobody is kept from leaving.
	_, _ = a.lookIntoBooks(ctx, h.Customer, look{only: h.Subscriptions, within: pageReading, keep: pageKeeps})
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
		out.Subscriptions, out.Acts = out.Subscriptions[:0], ActsView{}
		for _, s := range all {
			if s.Status == customer.Ended {
				continue
			}
			if len(h.Subscriptions) > 0 && len(pick([]customer.Subscription{s}, h.Subscriptions)) == 0 {
				continue
			}
			out.Subscriptions = append(out.Subscriptions, s)
			if err := a.addActs(&out.Acts, out.Customer, s, now); err != nil {
				return err
			}
		}
		out.Preview, out.PeriodEnd = nil, when.Date{}
		if len(out.Subscriptions) > 0 {
			p, err := a.preview(ctx, tx, out.Customer, out.Subscriptions, now)
			if err != nil {
				return err
			}
			out.Preview, out.PeriodEnd = &p, p.End.LastDay()
			out.Subscriptions = customer.PricedOn(out.Subscriptions, when.DateOf(now, a.Company().Zone))
		}
		return nil
	})
	return out, err
}

// OpenVerifyPage reads a confirmation link without using it up. It returns
// the code and when the request was received, and whether it was used.
func (a *App) OpenVerifyPage(ctx context.Context, token string) (v VerifyPage, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "verify")
		if err != nil {
			return err
		}
		if v.Request, err = tx.FindRequest(ctx, l.Request); err != nil || v.Request.Customer == "" {
			return err
		}
		contacts, err := tx.ContactsOf(ctx, v.Request.Customer)
		v.OnFile, _ = onFile(contacts)
		return err
	})
	return v, err
}

// VerifyPage is what whoever confirms is asked.
type VerifyPage struct {
	Request offboarding.Request
	OnFile  string // address on file
}

// Elsewhere is the address that the papers were asked for when it is not the
// one on file: whoever confirms must know where they go. Empty otherwise.
func (v VerifyPage) Elsewhere() string {
	if customer.FoldEmail(v.Request.ReceiptEmail) == customer.FoldEmail(v.OnFile) {
		return ""
	}
	return v.Request.ReceiptEmail
}

// CasePage is the customer's private page.
type CasePage struct {
	Paper   Paper
	State   offboarding.CaseState
	CanUndo bool // it may still be undone: by the customer, unless the company began it (Paper.Ending)
	Subject bool // a person of the company is asked about something
	Found   bool // about accesses that were on no list, and about nothing else
	Data    bool // the plan gives the customer their data
	// Comebacks are what would become of everything that was done, the best first.
	Comebacks  []Comeback
	Consent    ConsentView
	Address    *KeptAddress // what they let be kept of their address once they are erased; nil: nothing to say
	Returnable bool         // past undoing: coming back is offered instead
	AnswerBy   time.Time    // they asked to come back; a person answers by then
	Returns    Returns
	Handover   Handover
	Report     bool       // the final report can be read
	Erased     bool       // there is a certificate of erasure
	ErasedOn   when.Date  // zero: they were not erased
	Collection Collection // of what is owed, while somebody looks after it
	Answering
	Approval  *ApprovalView // what they are asked to approve; nil: nothing
	Acts      ActsView      // that are still open, where this is a termination
	Talked    bool          // the conversation that they were invited to was held
	Told      bool          // they said why they leave
	MayTell   bool          // they may still say it
	More      *reason.Given // the one to which they may add something; nil: none
	Limits    []limit.Limit // that the law sets, the soonest first; none once they were erased
	Statement CaseStatement // that was signed; zero: none was, or they were erased
	Settling  bool          // a step will make it
	Refunded  when.Date     // all that the statement gives back was paid back by then; zero: not yet
	After     []AfterEnd    // charges after the end of which something is given back
	Users     UsersView     // who of their own users is told; not of a page for others
	// Alternatives are who may suit them better, where the company lets them go.
	Alternatives []lane.Alternative
	Late         when.Date // the earliest promised day that passed with its step or promise unfinished; zero: none
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
		kind := "receipt" // also of the seats at it
		if purpose == "bye" {
			kind = "farewell"
		}
		out.Paper, err = a.casePaper(ctx, tx, kind, lang, l.Case)
		if err != nil {
			return err
		}
		out.State = plan.Case.State
		out.CanUndo = plan.CanUndo(tx.Now(), out.Paper.EffectiveAt)
		works, err := tx.WorksOf(ctx, l.Case)
		if err != nil {
			return err
		}
		said, err := a.reasons(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		w := reason.Weigh(said)
		if out.Answering, err = a.answering(ctx, tx, plan); err != nil {
			return err
		}
		if i, found, err := a.invited(ctx, tx, l.Case); err != nil {
			return err
		} else if found {
			out.Paper.Invitation = &i
			out.Talked = slices.ContainsFunc(plan.Steps, func(s offboarding.Step) bool {
				return s.ID == i.Step && s.Holds()
			})
		}
		out.Told = w.Stated != nil
		running := out.Paper.Ending == nil && (plan.Case.State == offboarding.CaseOpen || plan.Case.State == offboarding.CaseRegistered)
		out.MayTell, out.More = running && !out.Told, nil
		if running {
			out.More, _ = toComplete(said)
		}
		if out.Consent, err = a.consentView(ctx, tx, plan.Case); err != nil {
			return err
		}
		if out.Address, err = a.addressView(ctx, tx, plan); err != nil {
			return err
		}
		out.Data, out.Subject, out.Found, out.AnswerBy = false, false, true, time.Time{}
		out.Comebacks, out.Returnable = comebacks(plan, works), returnable(plan)
		if s := plan.Step("came_back"); s != nil {
			out.AnswerBy = s.Due
		}
		if out.Returns, err = a.returnsOf(ctx, tx, plan); err != nil {
			return err
		}
		if out.Handover, err = a.wholeHandover(ctx, tx, plan.Case); err != nil {
			return err
		}
		if out.Approval, err = a.askedNow(ctx, tx, &plan); err != nil {
			return err
		}
		cert, err := a.certificateOf(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		out.Erased, out.ErasedOn = cert != nil, when.Date{}
		if at, err := tx.ErasedAt(ctx, plan.Case.Customer); err != nil {
			return err
		} else if !at.IsZero() { // nothing is left that could come back, or that may be asked
			out.ErasedOn = when.DateOf(at, a.Company().Zone)
			out.Comebacks, out.Returnable, out.MayTell, out.More, out.CanUndo, out.Answering = nil, false, false, nil, false, Answering{}
		}
		if out.Acts = (ActsView{}); purpose == "case" && out.ErasedOn.IsZero() {
			if out.Acts, err = a.actsInstead(ctx, tx, plan.Case); err != nil {
				return err
			}
		}
		out.Report = reportOf(plan) != nil && out.ErasedOn.IsZero() // it was erased with everything else
		if out.Collection, err = a.collection(ctx, tx, plan); err != nil {
			return err
		}
		out.Settling = false
		for _, s := range plan.Steps {
			if s.State == offboarding.StepWaiting || s.State == offboarding.StepReady || s.State == offboarding.StepBlocked {
				k, ok := a.kinds[s.Kind]
				out.Settling = out.Settling || ok && k.Spec().Settles && out.ErasedOn.IsZero()
			}
			if k, ok := a.kinds[s.Kind]; ok && k.Spec().Exports {
				out.Data = out.ErasedOn.IsZero()
			}
			if s.State == offboarding.StepBlocked {
				out.Subject, out.Found = true, out.Found && s.Blocked == orphans
			}
		}
		if out.Limits = nil; out.ErasedOn.IsZero() {
			if out.Limits, err = tx.LimitsOf(ctx, l.Case); err != nil {
				return err
			}
		}
		if out.Statement = (CaseStatement{}); out.ErasedOn.IsZero() && out.Paper.Statement != nil {
			out.Statement = *out.Paper.Statement
		}
		if out.Users = (UsersView{}); purpose == "case" && out.ErasedOn.IsZero() {
			if out.Users, err = a.usersView(ctx, tx, plan); err != nil {
				return err
			}
		}
		if out.Refunded, err = a.refundedOn(ctx, tx, plan); err != nil {
			return err
		}
		if out.After = nil; purpose == "case" && out.ErasedOn.IsZero() {
			if out.After, err = a.afterEnd(ctx, tx, plan); err != nil {
				return err
			}
		}
		if out.Alternatives = nil; out.ErasedOn.IsZero() {
			if out.Alternatives, err = a.alternatives(ctx, tx, l.Case, lang); err != nil {
				return err
			}
		}
		out.Late, err = a.lateSince(ctx, tx, plan)
		return err
	})
	return out, err
}

// refundedOn is the day on which the last sum of what a statement gives back was read
// back, or noted as given back by somebody; zero: one is not yet, or something else is
// owed to the customer.
func (a *App) refundedOn(ctx context.Context, tx Tx, p offboarding.Plan) (on when.Date, err error) {
	list, err := tx.BalancesOf(ctx, p.Case.Customer)
	if err != nil {
		return on, err
	}
	after := map[string]bool{} // what is given back of charges after the end is told apart
	for _, b := range list {
		if strings.HasPrefix(b.Reference, p.Case.Code+"/after/") {
			after[string(b.ID)] = true
		} else if b.Kind == customer.Refund && b.Status == customer.Due {
			return on, nil
		}
	}
	g, err := givingNow(ctx, tx, p.Case, list)
	if err != nil || len(g.byPeople(nil)) > 0 {
		return on, err
	}
	for _, s := range handSteps(&p) {
		if !g.asks(s) {
			continue
		}
		if s.DoneAt.IsZero() {
			return when.Date{}, nil
		}
		if day := when.DateOf(s.DoneAt, a.Company().Zone); on.Before(day) {
			on = day
		}
	}
	works, err := tx.WorksOf(ctx, p.Case.ID)
	if err != nil {
		return on, err
	}
	for _, w := range works {
		if w.Kind != refundKind || after[w.Item] || w.State == offboarding.WorkVerified && w.FirstCall.IsZero() { // nothing was sent by it
			continue
		}
		if w.State != offboarding.WorkVerified {
			return when.Date{}, nil
		}
		if day := when.DateOf(w.VerifiedAt, a.Company().Zone); on.Before(day) {
			on = day
		}
	}
	return on, nil
}

// lateSince is the earliest day that passed although the departure was to take
// effect on it, a person has a step to finish by it, or we promised something in
// it; zero if none did.
func (a *App) lateSince(ctx context.Context, tx Tx, p offboarding.Plan) (since when.Date, err error) {
	earliest := func(d when.Date) {
		if since.IsZero() || d.Before(since) {
			since = d
		}
	}
	if d := p.Case.Overdue(tx.Now(), a.Company().Zone); !d.IsZero() {
		earliest(d)
	}
	for _, s := range p.Steps {
		if s.Late(tx.Now()) {
			earliest(when.DateOf(s.Due.Add(-time.Minute), a.Company().Zone)) // it is the instant at which its day is over
		}
	}
	between, err := a.between(ctx, tx, p.Case.Customer)
	today := a.today(tx)
	for _, x := range between.Commitments {
		if x.Case == p.Case.ID && x.By == relationship.Ours && x.State == relationship.Pending && x.Late(today) {
			earliest(x.Due)
		}
	}
	return since, err
}

// HostLandingAgain is HostLanding for the browser that used the link of the
// request with the code before: a second tab with the same form.
func (a *App) HostLandingAgain(ctx context.Context, code string) (token string, err error) {
	var r offboarding.Request
	err = a.store.View(ctx, func(tx Tx) error { r, err = tx.FindRequestByCode(ctx, code); return err })
	if err != nil || r.Channel != offboarding.Host || r.Case == "" {
		return "", fault.New(fault.Gone, "link.used")
	}
	return a.HostLanding(ctx, r)
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
// be shown to whoever typed the request; without lang in the language that they
// typed it in.
func (a *App) Acknowledged(ctx context.Context, code, lang string) (Paper, error) {
	var p Paper
	err := a.store.View(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if err != nil {
			return err
		}
		if lang == "" {
			lang = r.Language
		}
		p = Paper{Kind: "ack", Language: lang, Code: r.Code, At: r.ReceivedAt, Now: r.ReceivedAt, Request: declared(r)}
		return nil
	})
	return p, err
}

// AckKey signs the cookie that shows the acknowledgement to whoever typed the
// request.
func (a *App) AckKey() []byte { return a.keys.HMACKey("ack-cookie") }
