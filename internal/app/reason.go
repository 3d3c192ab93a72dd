package app

import (
	"context"
	"strconv"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
)

// SealedReason is a reason as it is stored: its words are in Body, sealed with
// the customer's key.
type SealedReason struct {
	reason.Given
	KeyID string
	Body  []byte
}

// sealedReason is what of a reason is sealed.
type sealedReason struct {
	sealedWords
	Competitor string `json:"competitor,omitempty"`
	More       string `json:"more,omitempty"`
}

// ReasonTx keeps the reasons that were given. They are never changed.
type ReasonTx interface {
	// InsertReason stores it, and what its edition means unless that is known.
	InsertReason(ctx context.Context, r SealedReason, means reason.Reason) error
	// CountReason makes one of the reasons of its kind the one that figures count.
	CountReason(ctx context.Context, c offboarding.CaseID, kind reason.Kind, counts reason.GivenID) error
	ReasonsOf(ctx context.Context, c offboarding.CaseID) ([]SealedReason, error) // newest first
}

// ReasonInput is a reason that somebody of the company writes down.
type ReasonInput struct {
	Case        offboarding.CaseID
	Kind        reason.Kind
	Code        string
	Attribution reason.Attribution       // of a root cause; empty: as the taxonomy has it
	Complaint   relationship.ComplaintID // what went wrong stands there; empty: nowhere
	Text        string
	Evidence    string // required of a root cause
	Competitor  string // of what they say: whom they go to
	Return      *int   // of what they say: how likely they come back, 0 to 10
}

// RecordReason writes down why a customer leaves: what they say, or what lay
// behind it, with what shows it.
func (a *App) RecordReason(ctx context.Context, by Actor, in ReasonInput) error {
	if err := by.may("reason"); err != nil {
		return err
	}
	l := prose(nil, map[string]*string{"reason.text": &in.Text, "reason.evidence": &in.Evidence})
	l = rival(l, &in.Competitor)
	if in.Kind == reason.Root {
		in.Competitor, in.Return = "", nil
	}
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, in.Case)
		if err != nil {
			return err
		}
		g := reason.Given{
			Case: c.ID, Customer: c.Customer, Kind: in.Kind, Code: in.Code, Attribution: in.Attribution, By: by.ID,
			Complaint: in.Complaint, Text: in.Text, Evidence: in.Evidence, Competitor: in.Competitor, Return: in.Return,
		}
		if g.Complaint != "" {
			s, err := tx.FindComplaint(ctx, g.Complaint)
			if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && s.Customer != c.Customer {
				return append(l[:len(l):len(l)], fault.New(fault.Invalid, "field.choice").On("reason.complaint"))
			} else if err != nil {
				return err
			}
		}
		return a.putReason(ctx, tx, g, l)
	})
}

// putReason checks and stores a reason; l is what is already wrong with it.
func (a *App) putReason(ctx context.Context, tx Tx, g reason.Given, l fault.List) error {
	if wrong := append(l[:len(l):len(l)], g.Make(reason.Builtin())...); len(wrong) > 0 {
		return wrong
	}
	g.ID, g.At = reason.GivenID(id.New("rsn")), tx.Now()
	if err := a.insertReason(ctx, tx, g); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"reason.given", g.By, string(g.Case), string(g.Customer), map[string]any{
		"reason": g.Code, "kind": string(g.Kind), "taxonomy": g.Taxonomy, "attribution": string(g.Attribution),
		"complaint": string(g.Complaint), "text": g.Text, "grounds": g.Evidence, "competitor": g.Competitor, "more": g.More, "return": returnText(g.Return),
	}}); err != nil {
		return err
	}
	if err := a.passOnReason(ctx, tx, g); err != nil {
		return err
	}
	return a.lapseOther(ctx, tx, g)
}

// insertReason seals and stores a reason that was checked, and lets count what
// counts now.
func (a *App) insertReason(ctx context.Context, tx Tx, g reason.Given) (err error) {
	s := SealedReason{Given: g}
	if s.KeyID, s.Body, err = a.sealJSON(ctx, string(g.Customer), string(g.ID), sealedReason{sealedWords{What: g.Text, Answer: g.Evidence}, g.Competitor, g.More}); err != nil {
		return err
	}
	means, _ := reason.Builtin().Find(g.Code)
	if err := tx.InsertReason(ctx, s, means); err != nil {
		return err
	}
	if g.Completes != "" { // what they wrote counts once
		if err := tx.DropTheme(ctx, string(g.Completes)); err != nil {
			return err
		}
	}
	if g.Kind == reason.Stated && g.Text+g.More != "" {
		if err := a.themesTonight(ctx, tx); err != nil {
			return err
		}
	}
	list, err := tx.ReasonsOf(ctx, g.Case)
	if err != nil {
		return err
	}
	given := make([]reason.Given, len(list))
	for i, x := range list {
		given[i] = x.Given
	}
	counts := reason.Weigh(given)
	best := counts.Stated
	if g.Kind == reason.Root {
		best = counts.Root
	}
	return tx.CountReason(ctx, g.Case, g.Kind, best.ID)
}

// returnText is how likely somebody comes back, as a word of the log; empty: they
// did not say.
func returnText(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// rival checks what somebody calls a competitor.
func rival(l fault.List, name *string) fault.List {
	clean, wrong := customer.CheckText("reason.competitor", *name, 200, false)
	*name = clean
	return appendFault(l, wrong)
}

// lapseOther takes back an offer of something else of ours that nobody has
// answered, once it turns out that we wronged them.
func (a *App) lapseOther(ctx context.Context, tx Tx, g reason.Given) error {
	o, found, err := tx.OfferOf(ctx, g.Case)
	if err != nil || !found || o.Kind != offer.OtherProduct {
		return err
	}
	if wronged, err := a.wronged(ctx, tx, g.Case, g.Customer); err != nil || !wronged {
		return err
	}
	return a.lapse(ctx, tx, g.Case, "offer.wronged")
}

// TellReason is the customer saying why they leave, on their own page, once
// their departure is registered. Nothing waits for it. Whoever only writes need
// choose nothing.
func (a *App) TellReason(ctx context.Context, token, code, text string) error {
	l := prose(nil, map[string]*string{"reason.text": &text})
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.AwaitErasing(ctx); err != nil { // first of all: an arm that is given beside an erasure would stay behind it
			return err
		}
		c, err := a.mayTell(ctx, tx, token)
		if err != nil {
			return err
		}
		if r, ok := reason.Builtin().Find(code); ok && !r.Top() {
			code = r.Family // what lies deeper is ours to find out
		} else if code == "" && text != "" {
			code = reason.Other
		}
		if err := a.putReason(ctx, tx, reason.Given{
			Case: c.ID, Customer: c.Customer, Kind: reason.Stated, Code: code, By: customerActor, Text: text,
		}, l); err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		_, err = a.proposeAtOnce(ctx, tx, &p, false)
		return err
	})
}

// mayTell finds the departure behind a link of which the customer may still say
// something.
func (a *App) mayTell(ctx context.Context, tx Tx, token string) (c offboarding.Case, err error) {
	link, err := a.link(ctx, tx, token, "case")
	if err != nil {
		return c, err
	}
	if c, err = tx.FindCase(ctx, link.Case); err != nil {
		return c, err
	}
	if c.State != offboarding.CaseRegistered && c.State != offboarding.CaseOpen {
		return c, fault.New(fault.Blocked, "reason.over")
	}
	return c, a.answerable(ctx, tx, c.ID, "reason.over")
}

// MoreInput is what a customer adds to why they leave, none of which they have
// to.
type MoreInput struct {
	Competitor, More string
	Return           *int // how likely they come back, 0 to 10
}

// TellMore is the customer answering, once, what the reason that they chose asks.
func (a *App) TellMore(ctx context.Context, token string, in MoreInput) error {
	l := rival(prose(nil, map[string]*string{"reason.more": &in.More}), &in.Competitor)
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.mayTell(ctx, tx, token)
		if err != nil {
			return err
		}
		list, err := a.reasons(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		g, asks := toComplete(list)
		if g == nil || in == (MoreInput{}) {
			return nil // sent twice, or empty: nothing needs saying
		}
		whole := *g
		whole.Completes, whole.More = g.ID, in.More
		if asks.Rival {
			whole.Competitor = in.Competitor
		}
		if asks.AsksReturn() {
			whole.Return = in.Return
		}
		return a.putReason(ctx, tx, whole, l)
	})
}

// toComplete is the reason to which the customer may add something, with what it
// asks; nil where there is none, or they did.
func toComplete(list []reason.Given) (*reason.Given, reason.Reason) {
	for i := range list { // newest first
		g := &list[i]
		if g.By != customerActor || g.Kind != reason.Stated {
			continue
		}
		r, ok := reason.Builtin().Find(g.Code)
		if !ok || g.Completes != "" || !r.AsksMore() {
			break
		}
		return g, r
	}
	return nil, reason.Reason{}
}

// reasons reads what was given as the reason of a departure, newest first. Words
// whose key was destroyed are empty.
func (a *App) reasons(ctx context.Context, tx Tx, c offboarding.CaseID) ([]reason.Given, error) {
	list, err := tx.ReasonsOf(ctx, c)
	return unsealed(list, err, func(s SealedReason) (reason.Given, error) {
		var w sealedReason
		_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
		s.Text, s.Evidence, s.Competitor, s.More = w.What, w.Answer, w.Competitor, w.More
		return s.Given, err
	})
}

// whyOf is what is known about why somebody leaves.
func (a *App) whyOf(ctx context.Context, tx Tx, c offboarding.CaseID) (reason.Why, error) {
	list, err := a.reasons(ctx, tx, c)
	return reason.Weigh(list), err
}

// statedCode is what a customer said last why they leave, in the codes of billing
// systems; empty: nothing.
func statedCode(ctx context.Context, tx Tx, c offboarding.CaseID) (string, error) {
	list, err := tx.ReasonsOf(ctx, c)
	for _, g := range list {
		if r, known := reason.Builtin().Find(g.Code); known && g.Kind == reason.Stated {
			return r.Billing, err
		}
	}
	return "", err
}

// wronged reports whether a bad-service reason stands behind a departure that
// nothing has repaired: then nobody is asked for a favour, and nothing else is
// offered.
func (a *App) wronged(ctx context.Context, tx Tx, c offboarding.CaseID, cid customer.ID) (bool, error) {
	w, err := a.whyOf(ctx, tx, c)
	if err != nil {
		return false, err
	}
	complaints, err := a.complaints(ctx, tx, cid)
	return w.Wronged(complaints, a.Company().Zone), err
}

// reasonOfForm writes down the reason that a finished form tells: what they
// said in a conversation or at the end, or what lay behind it after the second
// evaluation.
func (a *App) reasonOfForm(ctx context.Context, tx Tx, c offboarding.Case, by Actor, f *form.Form, x form.Answers) error {
	g := reason.Given{Case: c.ID, Customer: c.Customer, By: by.ID}
	switch {
	case f.Name == "meeting" && x["stated_family"] != "":
		g.Kind, g.Code, g.Text, g.Competitor = reason.Stated, x["stated_family"], x["stated_reason"], x["competitor"]
		if n, err := strconv.Atoi(x["come_back"]); err == nil {
			g.Return = &n
		}
	case f.Name == surveyForm && x["reason"] != "":
		g.Kind, g.Code = reason.Stated, x["reason"]
	case f.Name == "second_evaluation":
		g.Kind, g.Code, g.Attribution, g.Evidence = reason.Root, x["real_family"], reason.Attribution(x["attribution"]), x["evidence"]
	default:
		return nil
	}
	return a.putReason(ctx, tx, g, nil)
}
