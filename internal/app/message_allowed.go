package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/invitation"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/step"
	"hastaluego/internal/stray"
)

// allowed asks the table whether a letter may go out now. It is asked in the
// transaction that makes the letter, so that what changed since it was queued
// counts.
func (a *App) allowed(ctx context.Context, tx Tx, m Message) (bool, string, error) {
	f := notice.Facts{Now: tx.Now(), Lasts: map[notice.Until]bool{}}
	erased, err := a.toErased(ctx, tx, m)
	if err != nil {
		return false, "", err
	}
	if f.Erased = erased; erased {
		if f.Consent, err = a.addressFor(ctx, tx, m); err != nil {
			return false, "", err
		}
		f.Erased = !f.Consent || m.Paper != "winback" // which is asked everything that it is asked otherwise
	}
	if m.Case == "" || f.Erased {
		ok, why := notice.Allow(m.Paper, f)
		return ok, why, nil
	}
	if retrieval.Is(string(m.Case)) {
		return a.allowedOfCopy(ctx, tx, m, f)
	}
	if m.Paper == "invitation" {
		if i, found, err := a.invited(ctx, tx, m.Case); err != nil || !found || i.State != invitation.Invited {
			return false, notice.Answered, err
		}
	}
	if m.Paper == "offer" { // a letter that comes too late would ask again
		if o, found, err := tx.OfferOf(ctx, m.Case); err != nil || !found || o.State != offer.Offered {
			return false, notice.Answered, err
		}
	}
	p, err := tx.FindPlan(ctx, m.Case)
	if err != nil {
		return false, "", err
	}
	if m.Paper == "approval" {
		x, err := a.askedNow(ctx, tx, &p)
		if err != nil || x == nil { // answered, withdrawn or decided meanwhile
			return false, notice.Answered, err
		}
		f.Lasts[notice.Approval] = true
	}
	if m.Paper == "reminder" { // paid, disputed, complained about or agreed upon since it was queued
		x, err := a.collection(ctx, tx, p)
		if err != nil || len(x.Owed) == 0 || x.Stopped {
			return false, notice.Answered, err
		}
		if rest, err := a.agreedUntil(ctx, tx, p.Case); err != nil || !rest.Before(a.today(tx)) {
			return false, notice.Answered, err
		}
	}
	if m.Paper == "instalments" { // ended since it was queued
		x, err := a.collection(ctx, tx, p)
		if err != nil || x.Plan() == nil || x.Plan().State != collection.Agreed {
			return false, notice.Answered, err
		}
	}
	if m.Paper == OwnerPaper { // they said so since it was queued
		if waits, err := a.ownersWait(ctx, tx, m.Case); err != nil || !waits {
			return false, notice.Answered, err
		}
	}
	if m.Paper == RenewalPaper { // what it was about is theirs, or paid by others
		if list, err := a.renewalsOf(ctx, tx, m, p.Case); err != nil || len(list) == 0 {
			return false, notice.Answered, err
		}
	}
	if m.Paper == ErasureWaitsPaper || m.Paper == ErasureGoesOnPaper { // an order came, or ended, since it was queued
		if _, kept, err := a.keptPaper(ctx, tx, p.Case); err != nil || kept != (m.Paper == ErasureWaitsPaper) {
			return false, notice.Answered, err
		}
	}
	if m.Paper == ChargedAfterPaper { // it went back since it was queued, which another letter says
		if x, _, err := a.afterOf(ctx, tx, m, p.Case); err != nil || x.State != stray.Refunding {
			return false, notice.Answered, err
		}
	}
	c := p.Case
	if m.toUser() {
		so, silent, err := a.stillTold(ctx, tx, m, c)
		if err != nil || !so {
			return false, notice.Answered, err
		}
		f.Silent = silent
	}
	letters, err := tx.ListMessages(ctx, m.Case, 1000)
	if err != nil {
		return false, "", err
	}
	if f.Sent = sentOf(letters, m.Paper); m.Paper == "reminder" {
		all, err := reminderLetters(ctx, tx, c)
		if err != nil {
			return false, "", err
		}
		f.Sent = sentOf(all, m.Paper)
	}
	f.Goodbye = a.goodbye(p, letters)
	zone, err := zoneOf(c)
	if err != nil {
		return false, "", err
	}
	if f.Consent, err = a.consents(ctx, tx, c); err != nil {
		return false, "", err
	}
	f.Lasts[notice.Allowed] = f.Consent
	silence, err := tx.SilenceOf(ctx, c.Customer)
	if err != nil {
		return false, "", err
	}
	f.Silent = f.Silent || silence.Holds()
	if m.Paper == "winback" {
		quiet, err := tx.AnySilentAddress(ctx, a.mark("mail", customer.FoldEmail(m.To)))
		if err != nil {
			return false, "", err
		}
		f.Silent = f.Silent || quiet
		cus, err := a.whereTheyLive(ctx, tx, c.Customer)
		if err != nil {
			return false, "", err
		}
		if f.Barred, err = a.barred(cus, a.today(tx)); err != nil {
			return false, "", err
		}
	}
	why, err := a.whyOf(ctx, tx, c.ID)
	if err != nil {
		return false, "", err
	}
	f.Quiet = reason.Builtin().Quiet(why)
	// A day of grace: whoever asks on the last day is answered.
	f.Lasts[notice.Retrieval] = tx.Now().Before(c.RetrievalEnd().AddDays(1).End(zone))
	balances, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return false, "", err
	}
	f.Lasts[notice.Settled] = slices.ContainsFunc(balances, func(b customer.Balance) bool { return b.Status == customer.Due })
	ok, held := notice.Allow(m.Paper, f)
	return ok, held, nil
}

// allowedOfCopy is allowed of a letter about a copy: there is no goodbye. What can
// be fetched no longer is not told of.
func (a *App) allowedOfCopy(ctx context.Context, tx Tx, m Message, f notice.Facts) (bool, string, error) {
	c, err := tx.FindCopy(ctx, retrieval.ID(m.Case))
	if err != nil {
		return false, "", err
	}
	if m.Paper != copyNonePaper && m.Paper != ExtendedPaper && !c.State.Live() {
		return false, notice.Answered, nil
	}
	letters, err := tx.ListMessages(ctx, m.Case, 1000)
	if err != nil {
		return false, "", err
	}
	f.Sent = sentOf(letters, m.Paper)
	ok, why := notice.Allow(m.Paper, f)
	return ok, why, nil
}

// sentOf is how many letters of a class went out.
func sentOf(letters []Message, paper string) (n int) {
	for _, l := range letters {
		if (l.State == "sent" || l.State == "written") && l.Paper == paper {
			n++
		}
	}
	return n
}

// goodbye is when it was goodbye in a departure: when its farewell went out, or
// would have, had it not been withheld or said by a person in another way; in one
// that has no farewell, when it was closed. Zero: not yet.
func (a *App) goodbye(p offboarding.Plan, letters []Message) time.Time {
	for _, l := range letters {
		if l.State == "sent" && l.Paper == "farewell" {
			return l.SentAt
		}
	}
	has := false
	for _, s := range p.Steps {
		k, ok := a.kinds[s.Kind].(step.Courier)
		if !ok || k.Paper() != "farewell" {
			continue
		}
		has = true
		switch {
		case s.State == offboarding.StepDone:
			return s.DoneAt
		case s.State == offboarding.StepSkipped && s.Blocked != "":
			return s.ReadyAt
		}
	}
	if has {
		return time.Time{}
	}
	return p.Case.ClosedAt
}

// withhold keeps a letter from going out, for good.
func (a *App) withhold(ctx context.Context, tx Tx, m *Message, why string) error {
	subject, err := sealedFor(ctx, tx, *m)
	if err != nil {
		return err
	}
	m.State, m.LastError = "withheld", why
	if err := tx.SaveMessage(ctx, *m); err != nil {
		return err
	}
	if err := a.forgetErased(ctx, tx, *m); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"message.withheld", "engine", m.stream(), subject, map[string]any{"message": string(m.ID), "paper": m.Paper, "why": why}})
}

// toErased reports whether a letter goes to somebody who was erased.
func (a *App) toErased(ctx context.Context, tx Tx, m Message) (bool, error) {
	if m.Paper == NoticePaper {
		n, err := tx.LawNoticeBy(ctx, m.ID)
		if err != nil {
			return false, err
		}
		return wasErased(ctx, tx, n.Customer)
	}
	if retrieval.Is(string(m.Case)) {
		c, err := tx.FindCopy(ctx, retrieval.ID(m.Case))
		if err != nil || c.Customer == "" {
			return false, err
		}
		return wasErased(ctx, tx, c.Customer)
	}
	r, err := tx.FindRequest(ctx, m.Request)
	if err != nil {
		return false, err
	}
	return wasErased(ctx, tx, r.Customer)
}

// forgetErased blanks a letter to somebody who was erased, now that it is over:
// the address was the last thing that was known. So it does one to an address that is
// nobody's.
func (a *App) forgetErased(ctx context.Context, tx Tx, m Message) error {
	erased, err := a.toErased(ctx, tx, m)
	if err != nil || !erased && m.Paper != copyNonePaper {
		return err
	}
	if erased {
		if err := a.addressUsed(ctx, tx, m); err != nil {
			return err
		}
	}
	return tx.ForgetMessage(ctx, m.ID)
}
