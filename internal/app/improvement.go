package app

import (
	"context"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/improvement"
)

// SealedImprovement is an improvement as it is stored: its words are in Body,
// sealed with the key of the house.
type SealedImprovement struct {
	improvement.Action
	KeyID string
	Body  []byte
}

// ImprovementTx keeps improvements.
type ImprovementTx interface {
	// PutImprovement stores a new one (Version 0) or, by Version, changes one.
	PutImprovement(ctx context.Context, x SealedImprovement) error
	FindImprovement(ctx context.Context, id improvement.ID) (SealedImprovement, error)
	PageImprovements(ctx context.Context, p Place) ([]SealedImprovement, error)
	Improvements(ctx context.Context, limit int) ([]SealedImprovement, error) // open ones first, by due date
}

// ImprovementView is an improvement with the code of the departure that gave
// the idea.
type ImprovementView struct {
	improvement.Action
	Code string
}

// AddImprovement writes down what is to be changed, by whom and by when.
func (a *App) AddImprovement(ctx context.Context, by Actor, x improvement.Action) (improvement.ID, error) {
	if err := by.may("improvement"); err != nil {
		return "", err
	}
	l := prose(nil, map[string]*string{"what": &x.What})
	x.ID, x.State, x.MadeBy, x.Version = improvement.ID(id.New("imp")), improvement.Open, by.ID, 0
	err := a.tx(ctx, func(tx Tx) error {
		wrong := append(l[:len(l):len(l)], x.Check(a.today(tx))...)
		_, active, err := people(ctx, tx)
		if err != nil {
			return err
		}
		if x.Owner != "" && !slices.ContainsFunc(active, func(u User) bool { return u.ID == x.Owner }) {
			wrong = append(wrong, fault.New(fault.Invalid, "field.choice").On("owner"))
		}
		if len(wrong) > 0 {
			return wrong
		}
		if x.Case != "" {
			if _, err := tx.FindCase(ctx, x.Case); err != nil {
				return err
			}
		}
		x.MadeAt = tx.Now()
		if err := a.putImprovement(ctx, tx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"improvement.added", by.ID, "", house, map[string]any{
			"improvement": string(x.ID), "heading": x.Heading, "what": x.What, "owner": x.Owner, "due": x.Due.String(),
		}})
	})
	return x.ID, err
}

// EndImprovement says that it was done and what came of it, or that it is
// dropped and why.
func (a *App) EndImprovement(ctx context.Context, by Actor, iid improvement.ID, to improvement.State, effect string) error {
	if err := by.may("improvement"); err != nil {
		return err
	}
	if l := prose(nil, map[string]*string{"effect": &effect}); len(l) > 0 {
		return l
	}
	return a.tx(ctx, func(tx Tx) error {
		s, err := tx.FindImprovement(ctx, iid)
		if err != nil {
			return err
		}
		x, err := a.openImprovement(ctx, s)
		if err != nil {
			return err
		}
		if err := x.End(to, effect, a.today(tx)); err != nil {
			return err
		}
		if err := a.putImprovement(ctx, tx, x); err != nil {
			return err
		}
		typ := "improvement.done"
		if to == improvement.Dropped {
			typ = "improvement.dropped"
		}
		return a.record(ctx, tx, fact{typ, by.ID, "", house, map[string]any{"improvement": string(x.ID), "effect": effect}})
	})
}

func (a *App) putImprovement(ctx context.Context, tx Tx, x improvement.Action) (err error) {
	s := SealedImprovement{Action: x}
	if s.KeyID, s.Body, err = a.sealWords(ctx, house, string(x.ID), sealedWords{What: x.What, Answer: x.Effect}); err != nil {
		return err
	}
	return tx.PutImprovement(ctx, s)
}

func (a *App) openImprovement(ctx context.Context, s SealedImprovement) (improvement.Action, error) {
	w, err := a.openWords(ctx, s.KeyID, string(s.ID), s.Body)
	s.What, s.Effect = w.What, w.Answer
	return s.Action, err
}

func (a *App) improvements(ctx context.Context, tx Tx) ([]ImprovementView, error) {
	list, err := tx.Improvements(ctx, learnMost)
	if err != nil {
		return nil, err
	}
	out := make([]ImprovementView, len(list))
	for i, s := range list {
		if out[i].Action, err = a.openImprovement(ctx, s); err != nil {
			return nil, err
		}
		if s.Case == "" {
			continue
		}
		c, err := tx.FindCase(ctx, s.Case)
		if err != nil {
			return nil, err
		}
		out[i].Code = c.Code
	}
	return out, nil
}
