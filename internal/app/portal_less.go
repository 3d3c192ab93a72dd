package app

import (
	"bytes"
	"context"
	"slices"

	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// PortalSetting says whether customers reach a portal: public or none.
const PortalSetting = "portal"

// mailMost is how large a file may be that goes with a letter.
const mailMost = 8 << 20

// ByMail is how a customer answers a letter where there is no portal.
type ByMail struct {
	Key    string // whoever leaves it in the answer has read the letter; empty: it proves nothing
	Survey bool   // the letter asks for scores
}

// Attached is a file that goes with a letter, or is too large to.
type Attached struct {
	Name, Media, SHA256 string
	Size                int64
	Body                []byte // empty: too large; it is handed over in another way
}

func (a *App) noPortal(ctx context.Context, tx Tx) (bool, error) {
	s, set, err := tx.Setting(ctx, PortalSetting)
	if err != nil || !set {
		return a.noPage, err
	}
	return s == "none", nil
}

// NoPortal reports whether customers are written to without a portal: no links,
// and they answer by mail.
func (a *App) NoPortal(ctx context.Context) (none bool, err error) {
	err = a.store.View(ctx, func(tx Tx) error { none, err = a.noPortal(ctx, tx); return err })
	return none, err
}

// SetPortal says that customers reach a portal, or that there is none.
func (a *App) SetPortal(ctx context.Context, by Actor, none bool) error {
	if err := by.may("settings"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		was, err := a.noPortal(ctx, tx)
		if err != nil || was == none {
			return err
		}
		now, typ := "public", "house.portal"
		if none {
			now, typ = "none", "house.no_portal"
		}
		if err := tx.PutSetting(ctx, PortalSetting, now); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{typ, actorOr(by.ID), "", house, nil})
	})
}

// roads adds to a paper how its reader answers: by links, or by mail.
func (a *App) roads(ctx context.Context, tx Tx, m Message, p *Paper) error {
	none, err := a.noPortal(ctx, tx)
	if err != nil {
		return err
	}
	if !none {
		p.Links, err = a.links(ctx, tx, m)
		return err
	}
	p.ByMail = &ByMail{}
	if m.Case != "" && !m.toUser() { // what goes to an address that somebody typed proves nothing
		p.ByMail.Key = a.replyKey(m)
	}
	if m.Paper == "handover" { // there is no page on which to look at it
		if p.Handover, err = a.readHandover(ctx, tx, m.Case); err != nil {
			return err
		}
	}
	if m.Paper == "farewell" {
		p.ByMail.Survey, err = a.willAsk(ctx, tx, m.Case, notice.Survey)
	}
	return err
}

// willAsk reports whether the playbook of a departure has something asked after
// the goodbye, and it may be.
func (a *App) willAsk(ctx context.Context, tx Tx, c offboarding.CaseID, ask notice.Ask) (bool, error) {
	p, err := tx.FindPlan(ctx, c)
	if err != nil {
		return false, err
	}
	planned := slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		k, ok := a.kinds[s.Kind].(step.Asker)
		return ok && k.Ask() == ask && s.State != offboarding.StepSkipped
	})
	if !planned {
		return false, nil
	}
	blame, err := a.blame(ctx, tx, p.Case)
	return ask.May(blame), err
}

// bring returns the newest file of their data for the letter that brings it, unless
// an order keeps it from them.
func (a *App) bring(ctx context.Context, tx Tx, m Message) (*Attached, error) {
	t, err := takingOf(ctx, tx, m.Case)
	if err != nil {
		return nil, err
	}
	if err := withheld(ctx, tx, t); err != nil {
		return nil, err
	}
	b, err := newestBundle(ctx, tx, m.Case)
	if err != nil {
		return nil, err
	}
	out := &Attached{Name: b.Name, Media: b.Media, SHA256: b.SHA256, Size: b.Size}
	if b.Size > mailMost {
		return out, nil
	}
	whole, err := a.openBundle(ctx, tx, b)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if _, err := whole.WriteTo(&body); err != nil {
		return nil, err
	}
	out.Body = body.Bytes()
	return out, nil
}
