package app

import (
	"context"
	"strings"
	"time"
	"unicode"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
)

// WhyKind is the kind of works that read at a far system why a customer leaves,
// once it told that something changed there. Their item is the case, the system
// and the subscription.
const WhyKind = "why"

// whyAgain is how long a reason waits whose system cannot be read now.
const whyAgain = 15 * time.Minute

// askWhy has the reason read that may stand at the system now.
func (a *App) askWhy(ctx context.Context, tx Tx, c offboarding.CaseID, system string, r connector.Report) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: WhyKind, Item: string(c) + " " + system + " " + r.Reference, System: house,
		Key: WhyKind + ":" + system + ":" + r.ID + ":" + string(c), Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
	})
}

// HearWhy reads why the customer leaves and writes it down as a reason of theirs,
// once, beside what they told us. A reason comes seconds after the end that it
// explains, in a message of its own, or never: nothing read is nothing said. A
// system that cannot be read is read again as long as the departure is open.
func (a *App) HearWhy(ctx context.Context, w offboarding.Work) (Result, error) {
	r := Result{Verdict: Accomplished}
	cid, rest, _ := strings.Cut(w.Item, " ")
	system, reference, _ := strings.Cut(rest, " ")
	sys, ok := a.systems.Find(system)
	if !ok || sys.Billing == nil { // it is not declared any more
		return r, nil
	}
	st, err := sys.Billing.ReadSubscription(ctx, reference)
	if err != nil && fault.KindOf(err) != fault.Transient { // it knows no such subscription, or does not let us read
		return r, nil
	}
	late := err != nil
	if !late && st.Reason.Code == "" && st.Reason.Comment == "" {
		return r, nil
	}
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		c, err := tx.FindCase(ctx, offboarding.CaseID(cid))
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound:
			return nil
		case err != nil || c.State != offboarding.CaseRegistered && c.State != offboarding.CaseOpen:
			return err
		case late:
			r = Result{Verdict: Later, Again: tx.Now().Add(whyAgain)}
			return nil
		}
		return a.hear(ctx, tx, c, system, st.Reason)
	})
	return r, err
}

// hear writes down what the system was told, once, beside what the customer told
// us: where each came from stays to be read, whatever of it counts.
func (a *App) hear(ctx context.Context, tx Tx, c offboarding.Case, system string, said connector.StatedReason) error {
	g := reason.Given{
		Case: c.ID, Customer: c.Customer, Kind: reason.Stated, Code: reason.Builtin().OfBilling(said.Code).Code, By: reason.Elsewhere,
		Text: spoken(said.Comment), Evidence: strings.TrimSpace(system + " " + said.Code),
	}
	if ours, err := passedOn(ctx, tx, c.ID, system, said.Code); err != nil || ours && g.Text == "" {
		return err // it is what they told us, and we the system
	}
	known, err := a.reasons(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, had := range known {
		if had.By == g.By && had.Evidence == g.Evidence && (g.Text == "" || had.Text == g.Text) {
			return nil
		}
	}
	return a.putReason(ctx, tx, g, nil)
}

// mostSaid is how much of what was written elsewhere is kept.
const mostSaid = 4000

// spoken is what was written elsewhere as we keep words: nobody is there to be
// asked to write it otherwise, so that it is trimmed, not refused.
func spoken(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for most := mostSaid; most > 0; most /= 2 { // writing it in one form may lengthen it
		r := []rune(s)
		if clean, wrong := customer.CheckText("reason.text", string(r[:min(len(r), most)]), mostSaid, true); wrong == nil {
			return clean
		}
	}
	return ""
}
