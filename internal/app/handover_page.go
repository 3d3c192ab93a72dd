package app

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
)

// HandoverAnswer is what the client says about one item.
type HandoverAnswer struct {
	Item  handover.ID
	Right bool
	Lacks string // what is missing, when it is not right
}

// AnswerHandover is the client's word about what they were given: only here, or
// with a slip that they signed, a handover is accepted. What was answered
// before stays.
func (a *App) AnswerHandover(ctx context.Context, token string, answers []HandoverAnswer) error {
	return a.byClientTo(ctx, token, offboarding.CaseClosed, func(tx Tx, list []handover.Item) error { // something may come back late
		var wrong fault.List
		for _, an := range answers {
			i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == an.Item })
			if i < 0 {
				return fault.New(fault.NotFound, "not_found")
			}
			x := &list[i]
			if an.Right && x.State == handover.Accepted || !an.Right && x.State == handover.Missing {
				continue // sent twice
			}
			typ := "handover.accepted"
			var args map[string]any
			var err error
			if an.Right {
				err = x.Accept(handover.Client, tx.Now())
			} else {
				lacks, e := customer.CheckText("lacks."+string(x.ID), an.Lacks, 2000, true)
				if e != nil {
					wrong = append(wrong, e)
					continue
				}
				typ = "handover.lacking"
				args = map[string]any{"lacks": lacks, "version": x.Piece.Version, "sha256": x.Piece.SHA256}
				err = x.Lack(lacks, tx.Now())
			}
			if fault.KindOf(err) == fault.Invalid && err != nil {
				wrong = append(wrong, fault.Fields(err)...)
				continue
			} else if err != nil {
				return err
			}
			if err := a.saveItem(ctx, tx, *x, fact{typ: typ, actor: "customer", args: args}); err != nil {
				return err
			}
		}
		return wrong.Or()
	})
}

// OpenGiven returns the file that the client was given with an item.
func (a *App) OpenGiven(ctx context.Context, token string, item handover.ID) (b Blob, plain []byte, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		h, err := a.readHandover(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(h.List, func(x handover.Item) bool { return x.ID == item && x.File != "" })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		b, err = tx.FindBlob(ctx, h.List[i].File)
		return err
	})
	if err != nil {
		return b, nil, err
	}
	plain, err = a.openBlob(ctx, b)
	return b, plain, err
}

// ConfirmRotation is the client's word that they changed a credential.
func (a *App) ConfirmRotation(ctx context.Context, token string, item handover.ID) error {
	return a.byClient(ctx, token, func(tx Tx, list []handover.Item) error {
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == item })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if list[i].Rotation == handover.Confirmed {
			return nil
		}
		if err := list[i].Rotate(handover.Confirmed, "", tx.Now()); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, list[i], fact{typ: "handover.rotated", actor: "customer"})
	})
}

// PreferWay is the client's word about how they want to get a credential.
func (a *App) PreferWay(ctx context.Context, token string, item handover.ID, w handover.Way) error {
	return a.byClient(ctx, token, func(tx Tx, list []handover.Item) error {
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == item })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if list[i].Prefers == w {
			return nil
		}
		if err := list[i].Prefer(w); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, list[i], fact{typ: "handover.preferred", actor: "customer", args: map[string]any{"way": string(w)}})
	})
}

// byClient runs fn on what is handed over in the open departure of a private page,
// and ends the steps that wait for nothing else.
func (a *App) byClient(ctx context.Context, token string, fn func(Tx, []handover.Item) error) error {
	return a.byClientTo(ctx, token, offboarding.CaseOpen, fn)
}

// byClientTo is byClient, of a departure that is open or in the state last.
func (a *App) byClientTo(ctx context.Context, token string, last offboarding.CaseState, fn func(Tx, []handover.Item) error) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, l.Case)
		if err != nil {
			return err
		}
		h, err := a.readHandover(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		if p.Case.State != offboarding.CaseOpen && p.Case.State != last {
			return fault.New(fault.Blocked, "case.closed")
		}
		if err := fn(tx, h.List); err != nil || p.Case.State != offboarding.CaseOpen {
			return err
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			if s.Kind != "handover" || s.State != offboarding.StepReady && s.State != offboarding.StepRunning || p.Case.Paused {
				continue
			}
			mine := slices.DeleteFunc(slices.Clone(h.List), func(x handover.Item) bool { return x.Step != s.ID })
			if err := a.endHandover(&p, s, Actor{ID: "customer"}, mine, tx.Now()); err != nil {
				return err
			}
		}
		return a.settle(ctx, tx, &p, "customer")
	})
}

// Picture is an image of a final report.
type Picture struct {
	ID, Name, Media string
	Body            []byte
}

// pictures are the kinds of image that a report shows.
var pictures = []string{"image/png", "image/jpeg"}

// reportOf returns the step of the final report once it is written; nil before.
func reportOf(p offboarding.Plan) *offboarding.Step {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Kind == "report" && s.Holds() {
			return s
		}
	}
	return nil
}

// OpenReport gathers the final report behind the token of a private page:
// what a person wrote, what was handed over, and the pictures.
func (a *App) OpenReport(ctx context.Context, token, lang string) (out Paper, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		out, err = a.reportPaper(ctx, tx, l.Case, lang)
		return err
	})
	return out, err
}

func (a *App) reportPaper(ctx context.Context, tx Tx, cid offboarding.CaseID, lang string) (Paper, error) {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return Paper{}, err
	}
	s := reportOf(p)
	if s == nil {
		return Paper{}, fault.New(fault.NotFound, "not_found")
	}
	if lang == "" {
		lang = p.Case.Language
	}
	out, err := a.casePaper(ctx, tx, "report", lang, cid)
	if err != nil {
		return Paper{}, err
	}
	if out.Handover, err = a.readHandover(ctx, tx, cid); err != nil {
		return Paper{}, err
	}
	answered, err := a.answers(ctx, tx, cid)
	if err != nil {
		return Paper{}, err
	}
	i := slices.IndexFunc(answered, func(x FormAnswer) bool { return x.Step == s.ID })
	if i < 0 { // erased
		return Paper{}, fault.New(fault.NotFound, "not_found")
	}
	out.Report, out.Now = answered[i].Answers, answered[i].DoneAt
	blobs, err := tx.BlobsOf(ctx, cid)
	if err != nil {
		return Paper{}, err
	}
	for _, b := range blobs {
		if b.Step != s.ID || b.Kind != "evidence" || !slices.Contains(pictures, b.Media) {
			continue
		}
		if b, err = tx.FindBlob(ctx, b.ID); err != nil {
			return Paper{}, err
		}
		body, err := a.openBlob(ctx, b)
		if err != nil {
			return Paper{}, err
		}
		out.Pictures = append(out.Pictures, Picture{b.ID, strings.TrimSuffix(strings.TrimSuffix(b.Name, ".png"), ".jpg"), b.Media, body})
	}
	return out, nil
}
