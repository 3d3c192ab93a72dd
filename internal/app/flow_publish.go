package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// States of a draft.
const (
	draftOpen      = "open"
	draftPublished = "published"
	draftDropped   = "dropped"
)

// DraftInput is what somebody wrote.
type DraftInput struct {
	ID      string // empty: a new draft
	Version int64  // that was read; 0: whichever it is
	Base    string // version that a new one begins with; empty: the one in force
	Note    string
	FlowText
}

// WriteDraft keeps a draft, whatever stands in it: nothing that was written is
// lost because it is not right yet. Whatever waited for the draft as it was
// waits no more.
func (a *App) WriteDraft(ctx context.Context, by Actor, in DraftInput) (d FlowDraft, err error) {
	if err := by.may("draft"); err != nil {
		return d, err
	}
	if in.FlowText, err = in.clean(); err != nil {
		return d, err
	}
	note, wrong := customer.CheckText("note", in.Note, 1000, true)
	if wrong != nil {
		return d, wrong
	}
	var read FlowCheck
	read.read(in.FlowText)
	err = a.tx(ctx, func(tx Tx) error {
		if d, err = a.draftToWrite(ctx, tx, in); err != nil {
			return err
		}
		if err := settled(ctx, tx, d.ID, by.real()); err != nil {
			return err
		}
		if read.Flow != nil {
			d.Title = read.Flow.Name
		}
		d.Source, d.Signup, d.Facts, d.Note = in.Source, in.Signup, in.Facts, note
		return a.putDraft(ctx, tx, by, &d)
	})
	return d, err
}

// putDraft keeps a draft as somebody left it.
func (a *App) putDraft(ctx context.Context, tx Tx, by Actor, d *FlowDraft) error {
	for _, hand := range []string{by.ID, by.RealID} {
		if hand != "" && !slices.Contains(d.Hands, hand) {
			d.Hands = append(d.Hands, hand)
		}
	}
	d.ChangedAt, d.ChangedBy = tx.Now(), by.ID
	if err := tx.PutDraft(ctx, *d); err != nil {
		return err
	}
	d.Version++
	return a.record(ctx, tx, fact{"flow.drafted", by.ID, "", house, map[string]any{"draft": d.ID, "base": d.Base, "hash": hashOf([]byte(d.Source))}})
}

// draftToWrite is the draft that is written on, or a new one.
func (a *App) draftToWrite(ctx context.Context, tx Tx, in DraftInput) (FlowDraft, error) {
	if in.ID != "" {
		return openDraft(ctx, tx, in.ID, in.Version)
	}
	base, err := a.flowInForce(ctx, tx)
	if err == nil && in.Base != "" {
		base, err = a.readFlow(ctx, tx, in.Base)
	}
	return FlowDraft{ID: id.New("fld"), State: draftOpen, Title: base.version.Name, Base: base.version.ID, MadeAt: tx.Now()}, err
}

// openDraft is a draft that was not published or dropped, as it was read.
func openDraft(ctx context.Context, tx Tx, id string, version int64) (FlowDraft, error) {
	d, err := tx.FindDraft(ctx, id)
	switch {
	case err != nil:
	case d.State != draftOpen:
		err = fault.New(fault.Blocked, "flow.draft_over")
	case version != 0 && version != d.Version:
		err = fault.New(fault.Conflict, "flow.changed_meanwhile")
	}
	return d, err
}

// DropDraft ends a draft that is not wanted.
func (a *App) DropDraft(ctx context.Context, by Actor, id string) error {
	if err := by.may("draft"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		d, err := openDraft(ctx, tx, id, 0)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, id, by.real()); err != nil {
			return err
		}
		d.State, d.ChangedAt, d.ChangedBy = draftDropped, tx.Now(), by.ID
		if err := tx.PutDraft(ctx, d); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"flow.dropped", by.ID, "", house, map[string]any{"draft": id}})
	})
}

// PublishFlow lets customers meet a draft, as it was read (version; 0: as it
// is), unless anything that blocks is found with the law of today. Whoever
// wrote on it, or made the key that did, cannot: a second person must look at
// it. Where one person works it is waited for instead, and version is nil.
func (a *App) PublishFlow(ctx context.Context, by Actor, draft string, version int64) (v *FlowVersion, err error) {
	if err := by.person(); err != nil {
		return nil, err
	}
	if err := by.may("flow"); err != nil {
		return nil, err
	}
	if err := a.checkAhead(ctx, draft); err != nil {
		return nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		d, err := openDraft(ctx, tx, draft, version)
		if err != nil {
			return err
		}
		v, err = a.publish(ctx, tx, by, d)
		return err
	})
	return v, err
}

// checkAhead checks a draft before a transaction needs to know: a check takes
// longer than others should wait.
func (a *App) checkAhead(ctx context.Context, draft string) error {
	var d FlowDraft
	day, err := a.businessDay(ctx)
	if err != nil {
		return err
	}
	if err := a.store.View(ctx, func(tx Tx) error { d, err = tx.FindDraft(ctx, draft); return err }); err != nil {
		return err
	}
	_, err = a.checkFlow(FlowText{d.Source, d.Signup, d.Facts}, day)
	return err
}

// publish publishes a draft now, or waits where one person works.
func (a *App) publish(ctx context.Context, tx Tx, by Actor, d FlowDraft) (*FlowVersion, error) {
	own, err := oneHand(ctx, tx, by, d.Hands)
	if err != nil {
		return nil, err
	}
	v, then, err := a.published(ctx, tx, by, d)
	if err != nil {
		return nil, err
	}
	if own {
		return nil, a.askOfHouse(ctx, tx, by, d.ChangedAt, approval.Flow, d.ID)
	}
	if err := settled(ctx, tx, d.ID, by.real()); err != nil {
		return nil, err
	}
	return &v, then()
}

// published checks that the draft may be published; what it returns does it.
func (a *App) published(ctx context.Context, tx Tx, by Actor, d FlowDraft) (v FlowVersion, then func() error, err error) {
	c, err := a.checkFlow(FlowText{d.Source, d.Signup, d.Facts}, a.dayOf(tx))
	if err == nil {
		err = c.Refused()
	}
	if err != nil {
		return v, nil, err
	}
	last, err := a.flowInForce(ctx, tx)
	if err != nil {
		return v, nil, err
	}
	base, err := a.readFlow(ctx, tx, d.Base)
	if err != nil && fault.KindOf(err) != fault.NotFound { // it came with an older program
		return v, nil, err
	}
	v = FlowVersion{
		ID: id.New("flv"), Number: last.version.Number + 1, Name: c.Flow.Name, Source: d.Source, Signup: d.Signup, Facts: d.Facts, Hash: hashOf([]byte(d.Source)),
		MadeOf: d.ID, Note: d.Note, Hands: d.Hands, Day: c.Day, Packs: c.Packs, At: tx.Now(), By: by.ID,
	}
	if base.version.Hash == v.Hash {
		v.MadeOf = base.version.ID
	}
	return v, func() error {
		if err := tx.InsertFlow(ctx, v); err != nil {
			return err
		}
		d.State, d.ChangedAt, d.ChangedBy = draftPublished, tx.Now(), by.ID
		if err := tx.PutDraft(ctx, d); err != nil {
			return err
		}
		var packs []string
		for _, p := range v.Packs {
			packs = append(packs, p.Pack+"@"+p.Version)
		}
		return a.record(ctx, tx, fact{"flow.published", by.ID, "", house, map[string]any{
			"flow": v.ID, "number": v.Number, "hash": v.Hash, "of": v.MadeOf, "replaces": last.version.ID, "hands": strings.Join(v.Hands, " "),
			"law": v.Day.String(), "packs": strings.Join(packs, " "),
		}})
	}, nil
}

// RollBackFlow publishes an older version anew, with its own number, if the law
// of today allows it. Whoever wrote that version cannot, as with any other;
// the one that comes with the program was written by nobody here.
func (a *App) RollBackFlow(ctx context.Context, by Actor, version, note string) (v *FlowVersion, err error) {
	if err := by.person(); err != nil {
		return nil, err
	}
	if err := by.may("flow"); err != nil {
		return nil, err
	}
	note, wrong := customer.CheckText("note", note, 1000, true)
	if wrong == nil && note == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("note")
	}
	if wrong != nil {
		return nil, wrong
	}
	var now, old flowRead
	day, err := a.businessDay(ctx)
	if err != nil {
		return nil, err
	}
	read := func(tx Tx) error {
		if now, err = a.flowInForce(ctx, tx); err == nil {
			old, err = a.readFlow(ctx, tx, version)
		}
		return err
	}
	if err := a.store.View(ctx, read); err != nil {
		return nil, err
	}
	// A check takes longer than others should wait for a transaction.
	if _, err := a.checkFlow(flowAgain(now.version, old.version), day); err != nil {
		return nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		if now.version.Hash == old.version.Hash {
			return fault.New(fault.Blocked, "flow.in_force", "number", fmt.Sprint(now.version.Number))
		}
		text := flowAgain(now.version, old.version)
		d := FlowDraft{
			ID: id.New("fld"), State: draftOpen, Title: old.version.Name, Source: text.Source, Signup: text.Signup, Facts: text.Facts,
			Base: old.version.ID, Note: note, Hands: slices.Clone(old.version.Hands), MadeAt: tx.Now(), ChangedAt: tx.Now(), ChangedBy: by.ID,
		}
		if err := tx.PutDraft(ctx, d); err != nil {
			return err
		}
		d.Version = 1
		v, err = a.publish(ctx, tx, by, d)
		return err
	})
	return v, err
}

// flowAgain is an older flow with what is known now about how customers come, and
// about the company.
func flowAgain(now, old FlowVersion) FlowText {
	t := FlowText{old.Source, cmp.Or(now.Signup, old.Signup), map[string]string{}}
	maps.Copy(t.Facts, old.Facts)
	maps.Copy(t.Facts, now.Facts)
	return t
}

// publishDue publishes what was waited for.
func (a *App) publishDue(ctx context.Context, tx Tx, draft string) (func() error, error) {
	d, err := openDraft(ctx, tx, draft, 0)
	if err != nil {
		return nil, err
	}
	_, then, err := a.published(ctx, tx, Actor{ID: approval.ByTime}, d)
	return then, err
}
