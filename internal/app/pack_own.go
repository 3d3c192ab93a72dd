package app

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// ownPacksMost is how many packs of evidence a customer may have made of a departure in
// a day: each is an entry of the log.
const ownPacksMost = 10

// PackOwn makes the evidence of a departure for its customer, by their private page. It
// says what happened and when, and has their certificate and the proof that they
// registered it; what entries say, letters and files are not in it, for they may name
// others. Errors: TooMany (evidence.too_many), Transient (WaitsForLog).
func (a *App) PackOwn(ctx context.Context, token, lang string) (code string, raw []byte, err error) {
	if a.log == nil {
		return "", nil, fault.New(fault.NotFound, "not_found")
	}
	var c offboarding.CaseID
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c = l.Case
		list, err := tx.Entries(ctx, allEntries, string(c))
		n := 0
		for _, e := range list {
			if e.Type == "evidence.packed" && e.Actor == customerActor && tx.Now().Sub(e.At) < 24*time.Hour {
				n++
			}
		}
		if err == nil && n >= ownPacksMost {
			err = fault.New(fault.TooMany, "evidence.too_many")
		}
		return err
	})
	if err != nil {
		return "", nil, err
	}
	if lang != "es" {
		lang = "en"
	}
	return a.pack(ctx, customerActor, &proving{a: a, own: true, in: PackInput{Case: c, Language: lang, Bare: true}})
}

// before has the pack prove the log as it was before an order of which the customer may
// not know: nothing of that time is missing from it, and it tells of no order.
func (k *proving) before(ctx context.Context, tx Tx, c offboarding.Case) error {
	orders, err := tx.OrdersOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	var since time.Time
	for _, o := range orders {
		if o.Silent && (since.IsZero() || o.AskedAt.Before(since)) {
			since = o.AskedAt
		}
	}
	if since.IsZero() {
		return nil
	}
	list, err := tx.Entries(ctx, allEntries, string(c.ID))
	if err != nil {
		return err
	}
	first := k.size
	for _, e := range list {
		if strings.HasPrefix(e.Type, "order.") && !e.At.Before(since) && e.Index >= 0 && e.Index < first {
			first = e.Index
		}
	}
	if first == k.size {
		return nil
	}
	sizes, err := tx.CheckpointSizes(ctx, 0, first+1)
	if err != nil {
		return err
	}
	if len(sizes) == 0 {
		return fault.New(fault.NotFound, "not_found")
	}
	grown, err := tx.GrowthTo(ctx, k.size, sizes[len(sizes)-1])
	if err != nil {
		return err
	}
	if len(grown) == 0 || grown[0].Checkpoint == "" {
		return fault.New(fault.NotFound, "not_found")
	}
	k.size, k.pack.Checkpoint, k.cut = grown[0].Size, grown[0].Checkpoint, true
	return nil
}
