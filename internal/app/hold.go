package app

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/fault"
)

// Held is what an installation holds back.
type Held string

// What may be held back. What is under way at that moment is finished.
const (
	HoldNothing Held = ""
	HoldOutside Held = "outside" // no letter, no far system, no other program: what is done in the house goes on
	HoldAll     Held = "all"     // nothing at all is begun
)

// HoldSetting says what is held back; the queue reads it whenever it gives
// something out.
const (
	HoldSetting = "hold"
	holdAbout   = "hold.about"
)

// Hold is what is held back now, since when, by whom and why.
type Hold struct {
	What    Held      `json:"-"`
	By      string    `json:"by"`
	Name    string    `json:"name"`
	Why     string    `json:"why"`
	Since   time.Time `json:"since"`
	Waiting int       `json:"-"` // works that would be due, at most HoldCounted
}

// HoldCounted is how far what waits is counted.
const HoldCounted = 1000

// HoldTx counts what is held back.
type HoldTx interface {
	// HeldWorks counts works that are due and held back, up to limit.
	HeldWorks(ctx context.Context, limit int) (int, error)
}

// SetHold holds back what is said, or with HoldNothing lets everything go. Why
// is required to hold.
func (a *App) SetHold(ctx context.Context, by Actor, what Held, why string) error {
	if err := by.may("settings"); err != nil {
		return err
	}
	switch what {
	case HoldNothing:
	case HoldOutside, HoldAll:
		var err error
		if why, err = required("why", why, 500); err != nil {
			return err
		}
	default:
		return fault.New(fault.Invalid, "field.choice").On("what")
	}
	err := a.tx(ctx, func(tx Tx) error {
		was, _, err := tx.Setting(ctx, HoldSetting)
		if err != nil {
			return err
		}
		if was == "" && what == HoldNothing {
			return nil
		}
		about, err := json.Marshal(Hold{By: by.ID, Name: by.Name, Why: why, Since: tx.Wall().UTC()})
		if err != nil {
			return fault.Wrap("app.SetHold", err)
		}
		if err := tx.PutSetting(ctx, HoldSetting, string(what)); err != nil {
			return err
		}
		if err := tx.PutSetting(ctx, holdAbout, string(about)); err != nil {
			return err
		}
		f := fact{"house.held", actorOr(by.ID), "", house, map[string]any{"what": string(what), "why": why}}
		if what == HoldNothing {
			f = fact{"house.released", actorOr(by.ID), "", house, map[string]any{"was": was}}
		}
		return a.record(ctx, tx, f)
	})
	if err == nil {
		a.wake()
	}
	return err
}

// HoldsBack is what is held back now, without who said it and what waits.
func (a *App) HoldsBack(ctx context.Context) (what Held, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		s, _, err := tx.Setting(ctx, HoldSetting)
		what = Held(s)
		return err
	})
	return what, err
}

// Held says what is held back now.
func (a *App) Held(ctx context.Context) (h Hold, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		h = Hold{}
		what, _, err := tx.Setting(ctx, HoldSetting)
		if err != nil || what == "" {
			return err
		}
		about, _, err := tx.Setting(ctx, holdAbout)
		if err != nil {
			return err
		}
		if about != "" { // a restore holds first and says why then
			if err := json.Unmarshal([]byte(about), &h); err != nil {
				return fault.Wrap("app.Held", err)
			}
		}
		h.What = Held(what)
		h.Waiting, err = tx.HeldWorks(ctx, HoldCounted)
		return err
	})
	return h, err
}
