package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/play"
	"hastaluego/internal/risk"
	"hastaluego/internal/when"
)

// PlayView is a play with what it was opened on.
type PlayView struct {
	play.Play
	Score risk.Score
}

type playWords struct {
	Plan string `json:"plan,omitempty"`
	Note string `json:"note,omitempty"`
}

// OpenPlay begins to do something about a customer; the rating that it is
// opened on stays with it.
func (a *App) OpenPlay(ctx context.Context, by Actor, cid customer.ID, kind play.Kind) (play.ID, error) {
	if err := by.may("risk"); err != nil {
		return "", err
	}
	if !slices.Contains(play.Kinds, kind) {
		return "", fault.New(fault.Invalid, "field.choice").On("kind")
	}
	pid := play.ID(id.New("ply"))
	return pid, a.tx(ctx, func(tx Tx) error {
		if c, err := tx.FindCustomer(ctx, cid); err != nil {
			return err
		} else if c.Test() {
			return fault.New(fault.Blocked, "test.no_play")
		}
		p := PlayView{Play: play.Play{ID: pid, Customer: cid, Kind: kind, Stage: play.Opened, OpenedAt: tx.Now(), OpenedBy: by.ID}}
		list, err := tx.RisksOf(ctx, cid)
		if err != nil {
			return err
		}
		if len(list) > 0 && list[0].Case == "" {
			p.Score = list[0].Score
		}
		s, err := a.sealPlay(ctx, p)
		if err != nil {
			return err
		}
		if fresh, err := tx.InsertPlay(ctx, s); err != nil {
			return err
		} else if !fresh {
			return fault.New(fault.Conflict, "play.taken").On("kind")
		}
		return a.record(ctx, tx, fact{"play.opened", by.ID, "", string(cid), map[string]any{
			"play": string(pid), "kind": string(kind), "band": string(p.Score.Band), "points": p.Score.Points,
		}})
	})
}

// PlayPlan is who does what until when.
type PlayPlan struct {
	Play  play.ID
	Owner string // usr_…
	Due   when.Date
	Plan  string
}

// AssignPlay gives a play its owner, day and plan, or others.
func (a *App) AssignPlay(ctx context.Context, by Actor, in PlayPlan) error {
	plan, e := customer.CheckText("plan", in.Plan, 4000, true)
	if e != nil {
		return e
	}
	return a.onPlay(ctx, by, in.Play, func(tx Tx, p *PlayView) (fact, error) {
		if in.Owner != "" {
			u, err := tx.FindUser(ctx, in.Owner)
			if fault.KindOf(err) == fault.NotFound || err == nil && (!u.Active || !(Actor{Roles: u.Roles}).May("risk")) {
				return fact{}, fault.New(fault.Invalid, "play.owner").On("owner")
			} else if err != nil {
				return fact{}, err
			}
		}
		return fact{typ: "play.planned", args: map[string]any{"user": in.Owner, "due": in.Due.String(), "plan": plan}}, p.Assign(in.Owner, in.Due, plan, a.today(tx))
	})
}

// BeginPlay says that its owner is at it.
func (a *App) BeginPlay(ctx context.Context, by Actor, pid play.ID) error {
	return a.onPlay(ctx, by, pid, func(_ Tx, p *PlayView) (fact, error) {
		return fact{typ: "play.begun", args: map[string]any{}}, p.Begin()
	})
}

// PlayEnd is what became of a play.
type PlayEnd struct {
	Play    play.ID
	Outcome play.Outcome
	Note    string
}

// FinishPlay says what became of a play.
func (a *App) FinishPlay(ctx context.Context, by Actor, in PlayEnd) error {
	note, e := customer.CheckText("note", in.Note, 4000, true)
	if e != nil {
		return e
	}
	return a.onPlay(ctx, by, in.Play, func(tx Tx, p *PlayView) (fact, error) {
		return fact{typ: "play.finished", args: map[string]any{"outcome": string(in.Outcome), "note": note}}, p.Finish(in.Outcome, note, tx.Now())
	})
}

// onPlay lets a person change a play, and records it.
func (a *App) onPlay(ctx context.Context, by Actor, pid play.ID, do func(Tx, *PlayView) (fact, error)) error {
	if err := by.may("risk"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		s, err := tx.FindPlay(ctx, pid)
		if err != nil {
			return err
		}
		p, err := a.openPlay(ctx, s)
		if err != nil {
			return err
		}
		f, err := do(tx, &p)
		if err != nil {
			return err
		}
		f.actor = by.ID
		return a.savePlay(ctx, tx, p, f)
	})
}

// savePlay stores what changed, and what is to be told of it.
func (a *App) savePlay(ctx context.Context, tx Tx, p PlayView, f fact) error {
	s, err := a.sealPlay(ctx, p)
	if err != nil {
		return err
	}
	if err := tx.SavePlay(ctx, s); err != nil {
		return err
	}
	f.subject, f.args["play"] = string(p.Customer), string(p.ID)
	return a.record(ctx, tx, f)
}

func (a *App) sealPlay(ctx context.Context, p PlayView) (SealedPlay, error) {
	s := SealedPlay{Play: p.Play, Score: p.Score}
	var err error
	s.KeyID, s.Body, err = a.sealJSON(ctx, string(p.Customer), string(p.ID), playWords{p.Plan, p.Note})
	return s, err
}

// openPlay opens its words; they are empty when their key was destroyed.
func (a *App) openPlay(ctx context.Context, s SealedPlay) (PlayView, error) {
	var w playWords
	_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	p := PlayView{Play: s.Play, Score: s.Score}
	p.Plan, p.Note = w.Plan, w.Note
	return p, err
}

func (a *App) plays(ctx context.Context, tx Tx, ids ...customer.ID) ([]PlayView, error) {
	list, err := tx.PlaysOf(ctx, ids...)
	return unsealed(list, err, func(s SealedPlay) (PlayView, error) { return a.openPlay(ctx, s) })
}
