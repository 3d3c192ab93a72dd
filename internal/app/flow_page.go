package app

import (
	"context"
	"strings"

	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
)

// keptFlows is how many versions are listed.
const keptFlows = 100

// FlowsPage is every flow as people look at them.
type FlowsPage struct {
	InForce  FlowVersion
	Check    FlowCheck     // of the one in force, with the law of today
	Versions []FlowVersion // published, newest first
	BuiltIn  FlowVersion
	Drafts   []FlowDraft
	Waits    map[string]approval.Approval // by draft: the time that publishing it waits for
	Users    map[string]string
}

// OpenFlows lists what customers meet, met before, and may meet next.
func (a *App) OpenFlows(ctx context.Context, by Actor) (p FlowsPage, err error) {
	if err := by.CanRead("flow"); err != nil {
		return p, err
	}
	day, err := a.businessDay(ctx)
	if err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = FlowsPage{BuiltIn: builtinFlow().version, Waits: map[string]approval.Approval{}}
		r, err := a.flowInForce(ctx, tx)
		if err != nil {
			return err
		}
		p.InForce = r.version
		if p.Versions, err = tx.ListFlows(ctx, keptFlows); err != nil {
			return err
		}
		if p.Drafts, err = tx.OpenDrafts(ctx); err != nil {
			return err
		}
		asked, err := tx.AskedOfHouse(ctx)
		if err != nil {
			return err
		}
		for _, x := range asked {
			if x.About == approval.Flow {
				p.Waits[x.Subject] = x
			}
		}
		p.Users, err = names(ctx, tx)
		return err
	})
	if err == nil {
		p.Check, err = a.checkFlow(textOf(p.InForce), day)
	}
	return p, err
}

func textOf(v FlowVersion) FlowText { return FlowText{v.Source, v.Signup, v.Facts} }

// FlowPage is one flow as people look at it: a version, or a draft of one.
type FlowPage struct {
	Version FlowVersion // of a draft: the one that it began with
	Draft   *FlowDraft
	Text    FlowText
	Check   FlowCheck // with the law of today
	InForce FlowVersion
	Now     FlowCheck          // of the one in force
	Own     bool               // this person wrote on it
	Waits   *approval.Approval // the time that publishing it waits for
	Users   map[string]string
}

// Open reports whether it is a draft that may still be written on.
func (p FlowPage) Open() bool { return p.Draft != nil && p.Draft.State == draftOpen }

// OpenFlow shows a version or a draft by its id (empty: the one in force), checked with the law of today.
// typed stands in the place of what is kept: somebody is writing it.
func (a *App) OpenFlow(ctx context.Context, by Actor, id string, typed *FlowText) (p FlowPage, err error) {
	if err := by.CanRead("flow"); err != nil {
		return p, err
	}
	day, err := a.businessDay(ctx)
	if err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = FlowPage{}
		r, err := a.flowInForce(ctx, tx)
		if err != nil {
			return err
		}
		p.InForce = r.version
		if err := a.openOne(ctx, tx, by, id, &p); err != nil {
			return err
		}
		p.Users, err = names(ctx, tx)
		return err
	})
	if err != nil {
		return p, err
	}
	if typed != nil {
		p.Text = *typed
	}
	text, err := p.Text.clean()
	if err != nil { // the form says so
		return p, nil
	}
	if p.Check, err = a.checkFlow(text, day); err != nil {
		return p, err
	}
	p.Now, err = a.checkFlow(textOf(p.InForce), day)
	return p, err
}

func (a *App) openOne(ctx context.Context, tx Tx, by Actor, id string, p *FlowPage) error {
	if id == "" {
		id = p.InForce.ID
	}
	if !strings.HasPrefix(id, "fld_") {
		r, err := a.readFlow(ctx, tx, id)
		p.Version = r.version
		if err != nil {
			return err
		}
		p.Text = textOf(p.Version)
		if p.Text.Signup == "" && p.Version.BuiltIn() { // what is known of how customers come
			p.Text = flowAgain(p.InForce, p.Version)
		}
		return nil
	}
	d, err := tx.FindDraft(ctx, id)
	if err != nil {
		return err
	}
	p.Draft, p.Text = &d, FlowText{d.Source, d.Signup, d.Facts}
	r, err := a.readFlow(ctx, tx, d.Base)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	p.Version = r.version
	if p.Own, err = oneHand(ctx, tx, by, d.Hands); err != nil {
		return err
	}
	x, asked, err := tx.AskedApproval(ctx, d.ID)
	if asked {
		p.Waits = &x
	}
	return err
}
