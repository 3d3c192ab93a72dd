package app

import (
	"context"
	"strconv"

	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// TestWebhook sends a message of the type webhook.test to the endpoint.
func (a *App) TestWebhook(ctx context.Context, by Actor, hook string) error {
	if err := by.mayOrder("webhook"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		w, err := tx.FindWebhook(ctx, hook)
		if err != nil {
			return err
		}
		if !w.Active {
			return fault.New(fault.Blocked, "webhook.off")
		}
		entry, err := a.entry(ctx, tx, fact{"webhook.tested", actorOr(by.ID), "", house, map[string]any{"webhook": w.ID}})
		if err != nil {
			return err
		}
		entry.Type = "webhook.test"
		e, err := newEvent(entry, map[string]any{"webhook": w.ID})
		if err != nil {
			return err
		}
		return a.send(ctx, tx, e, w)
	})
}

// Deliveries returns an endpoint with its newest messages.
func (a *App) Deliveries(ctx context.Context, by Actor, hook string, limit int) (w Webhook, list []Delivery, err error) {
	if err := by.CanRead("webhook"); err != nil {
		return w, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if w, err = tx.FindWebhook(ctx, hook); err != nil {
			return err
		}
		list, err = tx.DeliveriesOf(ctx, WebhookSystem+w.ID, "", Place{Limit: limit})
		return err
	})
	return w, list, err
}

// againAtOnce is how many messages are sent again at one go.
const againAtOnce = 1000

// Redeliver sends messages again that an endpoint did not take: one, or all of
// them when work is empty. A message that it took is sent again only when it is
// named. It returns how many.
func (a *App) Redeliver(ctx context.Context, by Actor, hook string, work offboarding.WorkID) (n int, err error) {
	if err := by.mayOrder("webhook"); err != nil {
		return 0, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		n = 0
		w, err := tx.FindWebhook(ctx, hook)
		if err != nil {
			return err
		}
		if !w.Active {
			return fault.New(fault.Blocked, "webhook.off")
		}
		var list []offboarding.Work
		if work != "" {
			one, err := tx.FindWork(ctx, work)
			if err != nil || one.System != WebhookSystem+w.ID {
				return fault.New(fault.NotFound, "not_found")
			}
			list = append(list, one)
		} else {
			failed, err := tx.DeliveriesOf(ctx, WebhookSystem+w.ID, offboarding.WorkFailed, Place{Limit: againAtOnce})
			if err != nil {
				return err
			}
			for _, d := range failed {
				list = append(list, d.Work)
			}
		}
		for _, d := range list {
			if err := d.To(offboarding.WorkReady); err != nil {
				return err
			}
			d.RunAt, d.RetryAt, d.Tries, d.LastError = tx.Now(), offboarding.Work{}.RetryAt, 0, ""
			if ok, err := tx.PutWork(ctx, d); err != nil || !ok {
				return orConflict(err)
			}
			n++
		}
		if n == 0 {
			return nil
		}
		return a.record(ctx, tx, fact{"webhook.redelivered", actorOr(by.ID), "", house, map[string]any{"webhook": w.ID, "messages": strconv.Itoa(n)}})
	})
	return n, err
}
