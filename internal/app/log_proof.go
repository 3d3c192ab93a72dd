package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ReceiptProof returns the proof that belongs to the receipt behind a private
// page, as a file to keep: with it anybody can show that the log was rewritten.
// Until a checkpoint contains the entry it is fault.Transient.
func (a *App) ReceiptProof(ctx context.Context, token string) (code string, raw []byte, err error) {
	page, err := a.OpenCasePage(ctx, token, "case", "")
	if err != nil {
		return "", nil, err
	}
	raw, err = page.Paper.ProofFile()
	return page.Paper.Code, raw, err
}

// proofPause is how long to wait before the log is looked at again.
const proofPause = 50 * time.Millisecond

// AwaitProof waits until a signed checkpoint contains the entry that opened the
// departure behind a private page, or until the time is over.
func (a *App) AwaitProof(ctx context.Context, token string, most time.Duration) error {
	var m when.Machine
	for end := m.Wall().Add(most); ; {
		var there bool
		err := a.store.View(ctx, func(tx Tx) error {
			l, err := a.link(ctx, tx, token, "case")
			if err != nil {
				return err
			}
			p, err := a.proofOf(ctx, tx, l.Case, "case.opened", "case.waits")
			there = p != nil
			return err
		})
		if err != nil || there || m.Wall().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(proofPause):
		}
	}
}

// ProofFile is the proof of a receipt as a file to keep: hasta audit verify
// --against takes it.
func (x Paper) ProofFile() ([]byte, error) {
	p := x.Proof
	if p == nil {
		return nil, fault.New(fault.Transient, WaitsForLog)
	}
	r := audit.Receipt{
		Code: x.Code, Entry: p.Entry, Index: p.Index, Size: p.Size, Leaf: tlog.Hash(p.Leaf), Root: tlog.Hash(p.Root),
		Checkpoint: p.Checkpoint,
	}
	for _, h := range p.Path {
		r.Path = append(r.Path, tlog.Hash(h))
	}
	raw, err := r.JSON()
	return raw, fault.Wrap("app.ProofFile", err)
}

// LogRestored records that a backup was restored: which of the entries that were
// signed until now were given up, and the signed ends of what they lie on; none,
// if the log is as it was. why is required.
func (a *App) LogRestored(ctx context.Context, by string, gone audit.Restoring, why string) error {
	clean, err := required("reason", why, 2000)
	if err != nil {
		return err
	}
	if gone.To < gone.From {
		return fault.New(fault.Blocked, "audit.nothing_lost")
	}
	heads := make([]any, len(gone.Heads))
	for i, h := range gone.Heads {
		heads[i] = h.String()
	}
	return a.tx(ctx, func(tx Tx) error {
		return a.record(ctx, tx, fact{audit.Restored, actorOr(by), "", house, map[string]any{
			"from": strconv.FormatInt(gone.From, 10), "to": strconv.FormatInt(gone.To, 10), "heads": heads, "reason": clean,
		}})
	})
}

// CheckpointOf returns the signed checkpoint of that many entries; of zero, the
// newest. With it comes what witnesses signed beside the log, as it is kept.
func (a *App) CheckpointOf(ctx context.Context, size int64) (text string, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		newest, t, err := tx.NewestCheckpoint(ctx)
		if text = t; err != nil || size == 0 || size == newest {
			return err
		}
		if size < 0 || size > newest {
			return fault.New(fault.NotFound, "not_found")
		}
		list, err := tx.GrowthTo(ctx, newest, size)
		if err == nil {
			text = list[0].Checkpoint
		}
		if err == nil && text == "" {
			err = fault.New(fault.NotFound, "not_found")
		}
		return err
	})
	if err != nil || a.log == nil {
		return text, err
	}
	kept, err := a.log.Kept()
	body, _, _ := strings.Cut(text, "\n\n")
	for _, k := range kept {
		if strings.HasPrefix(k, body+"\n\n") && len(k) > len(text) {
			text = k
		}
	}
	return text, err
}

// BackupSetting says when the newest backup was made, as RFC 3339.
const BackupSetting = "backup.made_at"

// Backup is what the log keeps of a backup.
type Backup struct {
	SHA256 string // of the whole file
	Size   int64  // of the log in it
	Root   string
	Rows   int64
}

// BackedUp records that a backup was made.
func (a *App) BackedUp(ctx context.Context, by string, b Backup) error {
	return a.tx(ctx, func(tx Tx) error {
		if err := tx.PutSetting(ctx, BackupSetting, tx.Wall().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"backup.made", actorOr(by), "", house, map[string]any{
			"sha256": b.SHA256, "size": strconv.FormatInt(b.Size, 10), "root": b.Root, "rows": strconv.FormatInt(b.Rows, 10),
		}})
	})
}

// KeyGone records that keys are destroyed, or about to be: with a test customer,
// or after the backup that was restored, so that the log had forgotten it.
func (a *App) KeyGone(ctx context.Context, by string, keys ...string) error {
	return a.tx(ctx, func(tx Tx) error {
		for _, k := range keys {
			if err := a.record(ctx, tx, fact{"key.destroyed", actorOr(by), "", house, map[string]any{"key": k}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// ItemEvent is one tick or untick of a checklist.
type ItemEvent struct {
	At       string `json:"at"` // RFC 3339, business time
	Step     string `json:"step"`
	Item     string `json:"item"`
	Ticked   bool   `json:"ticked"`
	By       string `json:"by"`
	Name     string `json:"name"`
	Real     string `json:"really_by,omitempty"` // who really acted, in the demo's "view as"
	Customer string `json:"on_behalf_of"`
	Evidence string `json:"evidence,omitempty"`
	Index    int64  `json:"index"` // in the log; -1 until it has one
}

// ItemHistory tells who ticked and unticked which item of the case with the
// code, oldest first, out of the log.
func (a *App) ItemHistory(ctx context.Context, code string) (list []ItemEvent, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		r, err := tx.FindRequestByCode(ctx, code)
		if err != nil {
			return err
		}
		if r.Case == "" {
			return fault.New(fault.NotFound, "not_found")
		}
		c, err := tx.FindCase(ctx, r.Case)
		if err != nil {
			return err
		}
		list, err = a.itemHistory(ctx, tx, c)
		return err
	})
	return list, err
}

// OpenItems is ItemHistory for a page, with the plan that it is about.
func (a *App) OpenItems(ctx context.Context, by Actor, id offboarding.CaseID) (p offboarding.Plan, list []ItemEvent, err error) {
	if err := by.CanRead("case"); err != nil {
		return p, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if p, err = tx.FindPlan(ctx, id); err != nil {
			return err
		}
		list, err = a.itemHistory(ctx, tx, p.Case)
		return err
	})
	return p, list, err
}

func (a *App) itemHistory(ctx context.Context, tx Tx, c offboarding.Case) (list []ItemEvent, err error) {
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	users, err := names(ctx, tx)
	if err != nil {
		return nil, err
	}
	entries, err := a.timeline(ctx, tx, allEntries, string(c.ID))
	if err != nil {
		return nil, err
	}
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.Type != "item.ticked" && e.Type != "item.unticked" {
			continue
		}
		get := func(k string) string { s, _ := e.Args[k].(string); return s }
		by := get("by")
		if by == "" {
			by = e.Actor
		}
		real := get("real")
		if name := users[real]; name != "" {
			real = name
		}
		list = append(list, ItemEvent{
			stamp(e.At), get("step"), get("item"), e.Type == "item.ticked", by, users[by], real, cus.Name, get("evidence"), e.Index,
		})
	}
	return list, nil
}

// ticks makes the events of a plan say who really acted and what they saw.
func ticks(p *offboarding.Plan, by Actor, evidence string) {
	p.Annotate(func(e *offboarding.Event) {
		if e.Type != "item.ticked" && e.Type != "item.unticked" {
			return
		}
		if by.RealID != "" {
			e.Args["real"] = by.RealID
		}
		if evidence != "" {
			e.Args["evidence"] = evidence
		}
	})
}
