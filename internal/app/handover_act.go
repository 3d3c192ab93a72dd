package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// SealedAct is an act as it is stored: who accepted it is sealed with the
// customer's key.
type SealedAct struct {
	handover.Act
	KeyID string
	Body  []byte
}

// ActTx keeps acts. Put stores a new one (Version 0) or, by Version, changes one.
type ActTx interface {
	PutAct(ctx context.Context, x SealedAct) error
	ActsOf(ctx context.Context, c offboarding.CaseID) ([]SealedAct, error) // by number
}

// ActPaper is what an act says beside what is handed over.
type ActPaper struct {
	Act  handover.Act
	Open []OpenMatter
}

// OpenMatter is something that is still to be done when an act is drawn up.
type OpenMatter struct {
	What      string
	Due       when.Date
	By        relationship.Side // who promised it; empty: it is a complaint
	Complaint bool
}

// actWords are the sealed words of an act.
type actWords struct{ AcceptedBy string }

func (a *App) putAct(ctx context.Context, tx Tx, x handover.Act) error {
	s := SealedAct{Act: x}
	var err error
	if s.KeyID, s.Body, err = a.sealJSON(ctx, string(x.Customer), string(x.ID), actWords{x.AcceptedBy}); err != nil {
		return err
	}
	return tx.PutAct(ctx, s)
}

func (a *App) actsOf(ctx context.Context, tx Tx, c offboarding.CaseID) ([]handover.Act, error) {
	list, err := tx.ActsOf(ctx, c)
	return unsealed(list, err, func(s SealedAct) (handover.Act, error) {
		var w actWords
		_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
		s.AcceptedBy = w.AcceptedBy
		return s.Act, err
	})
}

// wholeHandover is a handover with what was promised beside what was delivered,
// what has to be renewed, and its acts.
func (a *App) wholeHandover(ctx context.Context, tx Tx, c offboarding.Case) (Handover, error) {
	h, err := a.readHandover(ctx, tx, c.ID)
	if err != nil || len(h.List) == 0 {
		return h, err
	}
	promised, err := tx.DeliverablesOf(ctx, c.Customer)
	if err != nil {
		return h, err
	}
	assets, err := tx.AssetsOf(ctx, c.Customer)
	if err != nil {
		return h, err
	}
	h.Promised, h.Renewals = handover.Promised(promised, c.Subscriptions, h.List), customer.Renewals(assets)
	h.Acts, err = a.actsOf(ctx, tx, c.ID)
	return h, err
}

// Act is the newest act; false where none was drawn up.
func (h Handover) Act() (handover.Act, bool) {
	if len(h.Acts) == 0 {
		return handover.Act{}, false
	}
	return h.Acts[len(h.Acts)-1], true
}

// openMatters are what we, or the customer, promised and did not do yet, and
// complaints that nobody solved.
func (a *App) openMatters(ctx context.Context, tx Tx, c customer.ID) (out []OpenMatter, err error) {
	promises, err := a.commitments(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	for _, x := range slices.Backward(promises) { // the soonest first
		if x.State == relationship.Pending {
			out = append(out, OpenMatter{What: x.What, Due: x.Due, By: x.By})
		}
	}
	complaints, err := a.complaints(ctx, tx, c)
	for _, x := range complaints {
		if x.Unsolved() {
			out = append(out, OpenMatter{What: x.What, Complaint: true})
		}
	}
	return out, err
}

// actPaper gathers an act, or the paper of its acceptance.
func (a *App) actPaper(ctx context.Context, tx Tx, kind string, c offboarding.Case, x handover.Act) (Paper, error) {
	out, err := a.casePaper(ctx, tx, kind, x.Language, c.ID)
	if err != nil {
		return Paper{}, err
	}
	if out.Handover, err = a.wholeHandover(ctx, tx, c); err != nil {
		return Paper{}, err
	}
	out.Act = &ActPaper{Act: x}
	if out.Act.Open, err = a.openMatters(ctx, tx, c.Customer); err != nil {
		return Paper{}, err
	}
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return Paper{}, err
	}
	if s := reportOf(p); s != nil {
		answered, err := a.answers(ctx, tx, c.ID)
		if err != nil {
			return Paper{}, err
		}
		if i := slices.IndexFunc(answered, func(x FormAnswer) bool { return x.Step == s.ID }); i >= 0 {
			out.Report = answered[i].Answers
		}
	}
	return out, nil
}

// keepPaper prints a paper and keeps it with the departure, as it was printed.
func (a *App) keepPaper(ctx context.Context, tx Tx, by Actor, c offboarding.Case, p Paper) (blob, sum string, err error) {
	if a.print == nil {
		return "", "", fault.New(fault.Internal, "internal").At("app.keepPaper: nothing prints", nil)
	}
	name, pdf, err := a.print(p)
	if err != nil {
		return "", "", err
	}
	if blob, err = a.keepFile(ctx, tx, by, c, offboarding.Step{}, name, pdf); err != nil {
		return "", "", err
	}
	return blob, sumOf(pdf), nil
}

// DrawAct draws up the act of a handover as it stands now, in the customer's
// language, and writes to the client that there is something to look at. The one
// before stays as it was. Faults: act.nothing where nothing is handed over.
func (a *App) DrawAct(ctx context.Context, by Actor, cid offboarding.CaseID) (handover.ActID, error) {
	if err := by.may("case"); err != nil {
		return "", err
	}
	x := handover.Act{ID: handover.ActID(id.New("act")), Case: cid, MadeBy: by.ID}
	return x.ID, a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		if c.State != offboarding.CaseOpen && c.State != offboarding.CaseClosed {
			return fault.New(fault.Blocked, "case.closed")
		}
		h, err := a.wholeHandover(ctx, tx, c)
		if err != nil {
			return err
		}
		if len(h.List) == 0 {
			return fault.New(fault.Blocked, "act.nothing")
		}
		x.Customer, x.Number, x.Language, x.MadeAt = c.Customer, len(h.Acts)+1, c.Language, tx.Now()
		paper, err := a.actPaper(ctx, tx, "act", c, x)
		if err != nil {
			return err
		}
		if x.File, x.SHA256, err = a.keepPaper(ctx, tx, by, c, paper); err != nil {
			return err
		}
		if err := a.putAct(ctx, tx, x); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"act.drawn", by.ID, string(cid), string(c.Customer), map[string]any{"act": string(x.ID), "number": x.Number, "blob": x.File, "sha256": x.SHA256}}); err != nil {
			return err
		}
		return a.write(ctx, tx, c, "handover")
	})
}

// ActAcceptance is the client's word about an act.
type ActAcceptance struct {
	Act    handover.ActID
	SHA256 string // of the paper that they had before them
	Name   string // who accepts
	Agrees bool   // the box is ticked
}

// AcceptAct is the client's word, on their private page, that an act is right: who
// said so, when, and of which bytes, on a paper that is kept with it. Faults:
// act.newer, where another act was drawn up meanwhile.
func (a *App) AcceptAct(ctx context.Context, token string, in ActAcceptance) error {
	var l fault.List
	name, e := customer.CheckText("name", in.Name, 200, false)
	if l = appendFault(l, e); e == nil && name == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("name"))
	}
	if !in.Agrees {
		l = append(l, fault.New(fault.Invalid, "act.agree").On("agrees"))
	}
	return a.tx(ctx, func(tx Tx) error {
		link, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, link.Case)
		if err != nil {
			return err
		}
		acts, err := a.actsOf(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(acts, func(x handover.Act) bool { return x.ID == in.Act })
		switch {
		case i < 0:
			return fault.New(fault.NotFound, "not_found")
		case acts[i].Accepted() && acts[i].SHA256 == in.SHA256: // sent twice
			return nil
		case i < len(acts)-1:
			return fault.New(fault.Conflict, "act.newer")
		case len(l) > 0:
			return l
		}
		x := acts[i]
		if err := x.Accept(name, in.SHA256, tx.Now()); err != nil {
			return err
		}
		paper, err := a.actPaper(ctx, tx, "act_accepted", c, x)
		if err != nil {
			return err
		}
		client := Actor{ID: "customer"}
		if x.Proof, x.ProofSum, err = a.keepPaper(ctx, tx, client, c, paper); err != nil {
			return err
		}
		if err := a.putAct(ctx, tx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"act.accepted", client.ID, string(c.ID), string(c.Customer), map[string]any{
			"act": string(x.ID), "number": x.Number, "name": name, "sha256": x.SHA256, "blob": x.Proof, "proof_sha256": x.ProofSum,
		}})
	})
}

// OpenAct returns an act behind the token of a private page by its number, 0 for the
// newest, or the paper of its acceptance.
func (a *App) OpenAct(ctx context.Context, token string, number int, acceptance bool) (b Blob, plain []byte, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		acts, err := tx.ActsOf(ctx, l.Case)
		if err != nil {
			return err
		}
		file := ""
		for _, x := range acts {
			if number != 0 && x.Number != number {
				continue
			}
			if file = x.File; acceptance {
				file = x.Proof
			}
		}
		if file == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		b, err = tx.FindBlob(ctx, file)
		return err
	})
	if err != nil {
		return b, nil, err
	}
	plain, err = a.openBlob(ctx, b)
	return b, plain, err
}
