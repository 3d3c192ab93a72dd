package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"hastaluego/internal/authority"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ErasureWaitsPaper is the letter that says that what was to be erased is kept, and
// ErasureGoesOnPaper the one that nothing keeps it any more. Their names say nothing of
// an order, of which the customer may not know.
const (
	ErasureWaitsPaper  = "erasure_waits"
	ErasureGoesOnPaper = "erasure_goes_on"
)

// KeptPaper is what these letters say beside the departure. What may not be told is not
// in it.
type KeptPaper struct {
	Asked    bool              // they asked to be erased; else its day had come
	Erases   bool              // it is to be erased now
	Silent   bool              // of an order nothing is said
	Orders   []authority.Order // those of which they may know the words
	Withheld bool              // they may not have their data either
	Data     when.Date         // the last day on which they can; zero: it is past, or they may not
}

// erasingDue reports whether something of a departure is to be erased now: because the
// customer asked for it, or because its turn has come.
func (a *App) erasingDue(p offboarding.Plan) (due, asked bool) {
	if p.Case.State != offboarding.CaseOpen {
		return false, false
	}
	for _, s := range p.Steps {
		if k, known := a.kinds[s.Kind]; !known || !k.Spec().Erases || s.Over() {
			continue
		}
		asked = asked || s.Params["on"] == "person_request"
		due = due || s.State != offboarding.StepWaiting
	}
	return due || asked, asked
}

// tellKept tells the customer that an order keeps what is to be erased now: once, and
// again where an order that they may know of came into force since.
func (a *App) tellKept(ctx context.Context, tx Tx, p offboarding.Plan) error {
	if due, _ := a.erasingDue(p); !due {
		return nil
	}
	orders, err := tx.OrdersOf(ctx, p.Case.Customer)
	if err != nil || len(orders) == 0 {
		return err
	}
	zone, err := zoneOf(p.Case)
	if err != nil {
		return err
	}
	var told, silent time.Time // since when one holds of which they may know, and any at all
	for _, o := range orders {
		switch {
		case !o.Holds(when.DateOf(tx.Now(), zone)):
		case !o.Silent:
			told = later(told, o.AgreedAt)
		case silent.IsZero() || o.AgreedAt.Before(silent):
			silent = o.AgreedAt
		}
	}
	since := cmp.Or(told, silent)
	if since.IsZero() {
		return nil
	}
	letters, err := tx.ListMessages(ctx, p.Case.ID, 1000)
	if err != nil || slices.ContainsFunc(letters, func(m Message) bool {
		return m.Paper == ErasureWaitsPaper && m.State != "withheld" && !m.QueuedAt.Before(since)
	}) {
		return err
	}
	return a.write(ctx, tx, p.Case, ErasureWaitsPaper)
}

// tellOver tells the customer that an order which has just ended keeps nothing any more:
// those who were told that it did, and those who have days back in which they can fetch
// their data.
func (a *App) tellOver(ctx context.Context, tx Tx, o authority.Order) error {
	id := customer.ID(o.Customer)
	if erased, err := wasErased(ctx, tx, id); err != nil || erased {
		return err
	}
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range cases {
		zone, err := zoneOf(c)
		if err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		letters, err := tx.ListMessages(ctx, c.ID, 1000)
		if err != nil {
			return err
		}
		due, _ := a.erasingDue(p)
		told := due && slices.ContainsFunc(letters, func(m Message) bool {
			return m.Paper == ErasureWaitsPaper && (m.State == "sent" || m.State == "written")
		})
		theirs := c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed
		back := theirs && c.Retrieval > 0 && o.Lost(c.RetrievalEnd(), zone) > 0
		if !told && !back {
			continue
		}
		if err := a.write(ctx, tx, c, ErasureGoesOnPaper); err != nil {
			return err
		}
	}
	return nil
}

// keptPaper gathers what the letters about orders say of a departure, as it is now; kept:
// an order keeps what was to be erased.
func (a *App) keptPaper(ctx context.Context, tx Tx, c offboarding.Case) (k KeptPaper, kept bool, err error) {
	zone, err := zoneOf(c)
	if err != nil {
		return k, false, err
	}
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return k, false, err
	}
	list, err := a.orders(ctx, tx, c.Customer)
	if err != nil {
		return k, false, err
	}
	today := when.DateOf(tx.Now(), zone)
	holding := slices.DeleteFunc(slices.Clone(list), func(o authority.Order) bool { return !o.Holds(today) })
	k.Erases, k.Asked = a.erasingDue(p)
	for _, o := range holding {
		k.Withheld = k.Withheld || o.Withhold
		if o.Named && !o.Silent {
			k.Orders = append(k.Orders, o)
		}
	}
	// Where one of them may not be told of, its end tells nothing of another either.
	k.Silent = !slices.ContainsFunc(holding, func(o authority.Order) bool { return !o.Silent })
	if len(holding) == 0 {
		k.Silent = slices.ContainsFunc(list, func(o authority.Order) bool { return o.State == authority.Over && o.Silent })
	}
	if end := c.RetrievalEnd(); c.Retrieval > 0 && !k.Withheld && !end.Before(today) {
		k.Data = end
	}
	return k, len(holding) > 0 && k.Erases, nil
}
