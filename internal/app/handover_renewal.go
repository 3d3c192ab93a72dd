package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// RenewalKind is the kind of the job of the house that tells of one renewal while
// something is handed over: there is one for each thing and day, and so it is told once.
const RenewalKind = "renewal"

// RenewalPaper is the letter that tells the customer what is renewed soon.
const RenewalPaper = "renewal"

// renewalDays is how many days before its day a renewal is told.
const renewalDays = 30

// watchRenewals sets the clocks of what is renewed in a departure that hands over. Again,
// it adds those of what was written down since.
func (a *App) watchRenewals(ctx context.Context, tx Tx, c offboarding.Case) error {
	assets, err := tx.AssetsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	var works []offboarding.Work
	for _, x := range customer.Renewals(assets) {
		if x.RenewsOn.Before(a.today(tx)) {
			continue
		}
		at := x.RenewsOn.AddDays(-renewalDays).Start(a.Company().Zone).Add(remindHour * time.Hour)
		if at.Before(tx.Now()) {
			at = tx.Now()
		}
		item := string(x.ID) + ":" + x.RenewsOn.String()
		works = append(works, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: RenewalKind, Case: c.ID, Item: item, System: house, Key: RenewalKind + ":" + string(c.ID) + ":" + item,
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
		})
	}
	return tx.InsertWork(ctx, works...)
}

// watchRenewalsOf does so in every departure in which a customer is handed things over.
func (a *App) watchRenewalsOf(ctx context.Context, tx Tx, cus customer.ID) error {
	cases, err := tx.CasesOf(ctx, cus)
	if err != nil {
		return err
	}
	for _, c := range cases {
		items, err := tx.HandoverOf(ctx, c.ID)
		if err != nil {
			return err
		}
		if len(items) == 0 || c.State != offboarding.CaseOpen {
			continue
		}
		if err := a.watchRenewals(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// handingOver reports whether things of a departure can still be handed over: it goes
// on, or its customer may still fetch what is theirs.
func (a *App) handingOver(ctx context.Context, tx Tx, id offboarding.CaseID) (c offboarding.Case, going bool, err error) {
	if c, err = tx.FindCase(ctx, id); err != nil {
		return c, false, err
	}
	if erased, err := wasErased(ctx, tx, c.Customer); err != nil || erased {
		return c, false, err
	}
	switch c.State {
	case offboarding.CaseOpen:
		return c, true, nil
	case offboarding.CaseClosed:
		return c, !c.RetrievalEnd().Before(a.today(tx)), nil
	default:
		return c, false, nil
	}
}

// renewingSoon are the things of a departure that are renewed in the coming days, but
// for those that the client has and accepted: those are theirs to look after.
func (a *App) renewingSoon(ctx context.Context, tx Tx, c offboarding.Case) ([]customer.Asset, error) {
	assets, err := tx.AssetsOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	items, err := tx.HandoverOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	today := a.today(tx)
	return slices.DeleteFunc(customer.Renewals(assets), func(x customer.Asset) bool {
		return x.RenewsOn.Before(today) || today.AddDays(renewalDays).Before(x.RenewsOn) ||
			slices.ContainsFunc(items, func(h SealedHandover) bool { return h.Asset == x.ID && h.State == handover.Accepted })
	}), nil
}

// RenewalDue tells of one renewal: whoever hands over where we pay it, else the
// customer, who pays it or knows who does. What was accepted, paid by others or put off
// meanwhile is looked at as it is now. again is when to look again: one letter a day is
// enough, and what today's cannot tell any more the next one tells.
func (a *App) RenewalDue(ctx context.Context, w offboarding.Work) (again time.Time, err error) {
	asset, day, _ := strings.Cut(w.Item, ":")
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		c, going, err := a.handingOver(ctx, tx, w.Case)
		if err != nil || !going {
			return err
		}
		list, err := a.renewingSoon(ctx, tx, c)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x customer.Asset) bool { return string(x.ID) == asset && x.RenewsOn.String() == day })
		if i < 0 {
			return nil
		}
		x := list[i]
		letters, err := a.lettersToday(ctx, tx, c.ID, RenewalPaper)
		if err != nil {
			return err
		}
		told := slices.ContainsFunc(letters, func(l Message) bool { return tellsOf(l, w) })
		if today := a.today(tx); x.Payer != customer.PayerHouse && !told && len(letters) > 0 && today.Before(x.RenewsOn) {
			again = today.AddDays(1).Start(a.Company().Zone).Add(remindHour * time.Hour)
			return nil
		}
		if err := a.record(ctx, tx, fact{"renewal.told", "engine", string(c.ID), string(c.Customer), map[string]any{
			"asset": string(x.ID), "name": x.Name, "on": day, "payer": string(x.Payer),
		}}); err != nil {
			return err
		}
		if x.Payer != customer.PayerHouse {
			if told {
				return nil
			}
			return a.write(ctx, tx, c, RenewalPaper)
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		for k := range p.Steps {
			if s := &p.Steps[k]; s.Kind == "handover" && !s.Spec.House {
				return a.tellTask(ctx, tx, s, "renewal "+w.Item)
			}
		}
		return nil
	})
	return again, err
}

// tellsOf reports whether a letter about renewals tells of one whose time had come when
// it was queued.
func tellsOf(l Message, w offboarding.Work) bool { return !w.RunAt.After(l.QueuedAt) }

// renewalsOf are what a letter about renewals tells: those whose turn it was on its day.
func (a *App) renewalsOf(ctx context.Context, tx Tx, m Message, c offboarding.Case) (out []customer.Asset, err error) {
	works, err := tx.WorksOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	assets, err := tx.AssetsOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	items, err := tx.HandoverOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	zone := a.Company().Zone
	for _, x := range customer.Renewals(assets) {
		if slices.ContainsFunc(items, func(h SealedHandover) bool { return h.Asset == x.ID && h.State == handover.Accepted }) {
			continue
		}
		if x.Payer != customer.PayerHouse && slices.ContainsFunc(works, func(w offboarding.Work) bool {
			return w.Kind == RenewalKind && w.Item == string(x.ID)+":"+x.RenewsOn.String() && tellsOf(m, w) &&
				(w.DoneAt.IsZero() || when.DateOf(w.DoneAt, zone) == when.DateOf(m.QueuedAt, zone))
		}) {
			out = append(out, x)
		}
	}
	return out, nil
}

// OpenRenewals gathers the renewals of a departure for a calendar, behind the token of a
// private page. Errors: NotFound where nothing is renewed.
func (a *App) OpenRenewals(ctx context.Context, token, lang string) (out Paper, err error) {
	page, err := a.OpenCasePage(ctx, token, "case", lang)
	if err != nil {
		return out, err
	}
	if len(page.Handover.Renewals) == 0 || !page.ErasedOn.IsZero() {
		return out, fault.New(fault.NotFound, "not_found")
	}
	out = page.Paper
	out.Renewals = page.Handover.Renewals
	return out, nil
}
