package app

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
)

// SlipPaper is what a slip says that the client signs where things change hands: what
// they are given, and by whom.
type SlipPaper struct {
	Reference string
	By        string
	Items     []handover.Item
}

// PrintSlip prints the slip of what waits for the client, and of the credentials that
// are still to be given: it is signed when they are. It is not kept; the one that comes
// back signed is. Faults: handover.nothing_given.
func (a *App) PrintSlip(ctx context.Context, by Actor, c offboarding.CaseID, step string) (name string, pdf []byte, err error) {
	if a.print == nil {
		return "", nil, fault.New(fault.Internal, "internal").At("app.PrintSlip: nothing prints", nil)
	}
	var paper Paper
	err = a.store.View(ctx, func(tx Tx) error {
		p, _, list, err := a.workedHandover(ctx, tx, by, c, step)
		if err != nil {
			return err
		}
		slip := SlipPaper{By: by.Name, Reference: a.slipReference(p.Case, tx.Now())}
		for _, x := range list {
			if x.State == handover.Given || x.Credential() && x.State != handover.Accepted {
				slip.Items = append(slip.Items, x)
			}
		}
		if len(slip.Items) == 0 {
			return fault.New(fault.Blocked, "handover.nothing_given")
		}
		paper, err = a.casePaper(ctx, tx, "slip", p.Case.Language, c)
		paper.Slip = &slip
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return a.print(paper)
}

// slipReference tells one slip from another on paper: the departure, and when it was
// printed.
func (a *App) slipReference(c offboarding.Case, now time.Time) string {
	return c.Code + now.In(a.Company().Zone).Format(slipPrinted)
}

// slipPrinted is how a reference ends.
const slipPrinted = "-2006-01-02-1504"

// onSlip reports whether a thing can stand on the slip with the reference: what was given
// after it was printed does not, but for credentials, for which it was. A reference that
// is none of ours says nothing.
func (a *App) onSlip(c offboarding.Case, reference string, x handover.Item) bool {
	rest, ours := strings.CutPrefix(strings.ToUpper(strings.ReplaceAll(reference, " ", "")), c.Code)
	printed, err := time.ParseInLocation(slipPrinted, rest, a.Company().Zone)
	return !ours || err != nil || x.Credential() || x.GivenAt.Before(printed.Add(time.Minute))
}

// SlipInput is a slip that the client signed.
type SlipInput struct {
	Case      offboarding.CaseID
	Step      string
	Name      string // of its file
	Body      []byte
	SignedBy  string
	Reference string // as it stands on it; a slip of their own has none
}

// AcceptBySlip keeps the slip that the client signed, with who signed it, and accepts
// on its strength what was given, and can stand on it. Without a slip nobody of the
// company accepts.
func (a *App) AcceptBySlip(ctx context.Context, by Actor, in SlipInput) error {
	signer, e := customer.CheckText("signed_by", in.SignedBy, 200, false)
	l := appendFault(nil, e)
	if e == nil && signer == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("signed_by"))
	}
	reference, e := customer.CheckText("reference", in.Reference, 100, false)
	in.SignedBy, in.Reference = signer, reference
	return a.acceptOnPaper(ctx, by, in, appendFault(l, e))
}

// acceptOnPaper accepts what waits for the client on the strength of a file: a slip, or
// a mail of theirs, which nobody signs; unless something is wrong with what was typed.
func (a *App) acceptOnPaper(ctx context.Context, by Actor, in SlipInput, wrong fault.List) error {
	name, refused := checkFile(in.Name, in.Body)
	if fault.KindOf(refused) == fault.Invalid && refused != nil {
		wrong = append(wrong, fault.Fields(refused)...)
	}
	return a.onHandover(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, list []handover.Item) error {
		switch {
		case len(wrong) > 0:
			return wrong
		case refused != nil:
			return refused
		}
		blob, err := a.keepFile(ctx, tx, by, p.Case, *s, name, in.Body)
		if err != nil {
			return err
		}
		accepted := 0
		for i := range list {
			x := &list[i]
			if x.State != handover.Given || !a.onSlip(p.Case, in.Reference, *x) {
				continue
			}
			if err := x.Accept(blob, tx.Now()); err != nil {
				return err
			}
			accepted++
			x.SignedBy, x.Slip = in.SignedBy, in.Reference
			if err := a.saveItem(ctx, tx, *x, fact{typ: "handover.accepted", actor: by.ID, args: map[string]any{
				"slip": blob, "signed_by": x.SignedBy, "reference": x.Slip,
			}}); err != nil {
				return err
			}
		}
		if accepted == 0 {
			return fault.New(fault.Blocked, "handover.nothing_given")
		}
		return nil
	})
}
