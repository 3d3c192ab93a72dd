package console

import (
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// engagementRow is one engagement with what was promised within it.
type engagementRow struct {
	Name, Says string
	Row        thingRow // what its form begins with
	Promised   []promisedRow
}

type promisedRow struct {
	ID, Title, Says string
	Late, Open      bool
}

// priceNow is what a contract costs today.
func (v customerPageView) priceNow(s customer.Subscription, today when.Date) string {
	sum, _ := s.PriceOn(today)
	return price(v.Lang, sum, s.Interval)
}

func planNow(s customer.Subscription, today when.Date) string {
	_, plan := s.PriceOn(today)
	return plan
}

func (v customerPageView) engagement(s customer.Subscription, promised []customer.Deliverable, today when.Date) engagementRow {
	says := []string{v.word("engagement.kind." + string(s.Engagement.Kind)), v.priceNow(s, today)}
	if s.Engagement.Billed != "" {
		says = append(says, text.Say(v.Lang, "console.engagement.billed."+string(s.Engagement.Billed)))
	}
	period := v.word("engagement.since", "start", text.LongDate(v.Lang, s.Start))
	if !s.TermEnd.IsZero() {
		period = v.word("engagement.period", "start", text.LongDate(v.Lang, s.Start), "end", text.LongDate(v.Lang, s.TermEnd))
	}
	says = append(says, period, known(v.Lang, "console.subscription."+string(s.Status), string(s.Status)))
	row := engagementRow{Name: s.Product, Says: strings.Join(says, " · "), Row: thingRow{string(s.ID), s.Product, map[string]string{
		"engagement.title": s.Product, "engagement.reference": s.Reference, "engagement.amount": text.Typed(v.Lang, s.Amount),
		"engagement.currency": s.Amount.Currency, "engagement.interval": string(s.Interval), "engagement.billed": string(s.Engagement.Billed),
		"engagement.start": s.Start.String(), "engagement.end": s.TermEnd.String(), "engagement.status": string(s.Status),
	}}}
	if s.Notice > 0 {
		row.Row.Was["engagement.notice_days"] = strconv.Itoa(s.Notice)
	}
	for _, d := range promised {
		if d.Subscription != s.ID {
			continue
		}
		p := promisedRow{ID: string(d.ID), Title: d.Title, Late: d.Late(today), Open: d.Delivered.IsZero()}
		switch {
		case !p.Open:
			p.Says = strings.Join(append([]string{v.word("deliverable.delivered", "date", text.LongDate(v.Lang, d.Delivered))}, pieceWords(v.Lang, d.Piece)...), " · ")
		case d.Due.IsZero():
			p.Says = v.word("deliverable.open")
		case p.Late:
			p.Says = v.word("deliverable.late", "date", text.LongDate(v.Lang, d.Due))
		default:
			p.Says = v.word("deliverable.due_on", "date", text.LongDate(v.Lang, d.Due))
		}
		row.Promised = append(row.Promised, p)
	}
	return row
}

func (v customerPageView) engagementKinds() []option {
	out := make([]option, len(customer.EngagementKinds))
	for i, k := range customer.EngagementKinds {
		out[i] = option{string(k), v.word("engagement.kind." + string(k))}
	}
	return out
}

// readEngagement reads the form of an engagement, and what in it cannot be read.
func (v *visit) readEngagement() (in app.SubscriptionInput, wrong fault.List) {
	f := func(name string) string { return strings.TrimSpace(v.form.Get("engagement." + name)) }
	in = app.SubscriptionInput{
		Reference: f("reference"), Product: f("title"), Interval: customer.Interval(f("interval")), Status: customer.Status(f("status")),
		Engagement: customer.Engagement{Kind: customer.EngagementKind(f("kind")), Billed: customer.Invoicing(f("billed"))},
		Promised:   readPromised(v.form.Get("engagement.promised")),
	}
	var e *fault.Error
	if in.Amount, e = readAmount(v.lang, f("amount"), f("currency")); e != nil {
		wrong = append(wrong, e)
	}
	for name, day := range map[string]*when.Date{"start": &in.Start, "end": &in.TermEnd} {
		if s := f(name); s != "" {
			var err error
			if *day, err = when.ParseDate(s); err != nil {
				wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On(name))
			}
		}
	}
	if s := f("notice_days"); s != "" {
		var err error
		if in.NoticeDays, err = strconv.Atoi(s); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "days.unreadable").On("notice_days"))
		}
	}
	return in, wrong
}

// engagementFields are the fields of a contract that its form calls otherwise.
var engagementFieldNames = map[string]string{"product": "title", "engagement": "kind", "term_end": "end"}

// underEngagement names the fields of a fault as the form does.
func underEngagement(err error) error {
	l := fault.Fields(err)
	if len(l) == 0 {
		return err
	}
	out := make(fault.List, len(l))
	for i, e := range l {
		field := e.Field
		if own, ok := engagementFieldNames[field]; ok {
			field = own
		} else if strings.HasPrefix(field, "promised.") {
			field = "promised"
		}
		out[i] = e.On(field)
	}
	return out.Under("engagement")
}

func (v *visit) addEngagement(c customer.ID) error {
	in, wrong := v.readEngagement()
	if in.Engagement.Kind == "" { // then it would be a subscription
		wrong = append(wrong, fault.New(fault.Invalid, "field.choice").On("kind"))
	}
	if len(wrong) > 0 && v.actor.May("customer") {
		return wrong.Under("engagement")
	}
	in.Customer = c
	_, err := v.App.AddSubscription(v.r.Context(), v.actor, in)
	return underEngagement(err)
}

func (v *visit) editEngagement(c customer.ID) error {
	in, wrong := v.readEngagement()
	if len(wrong) > 0 && v.actor.May("customer") {
		return wrong.Under("engagement")
	}
	return underEngagement(v.App.EditSubscription(v.r.Context(), v.actor, app.SubscriptionPatch{
		Customer: c, Subscription: customer.SubscriptionID(v.form.Get("thing")), Version: v.lookedAt(), Reference: &in.Reference, Product: &in.Product,
		Amount: &in.Amount, Interval: &in.Interval, Start: &in.Start, TermEnd: &in.TermEnd, NoticeDays: &in.NoticeDays, Status: &in.Status,
		Billed: &in.Engagement.Billed,
	}))
}

func (v *visit) addDeliverable(c customer.ID) error {
	in := app.DeliverableInput{Customer: c, Subscription: customer.SubscriptionID(v.form.Get("thing")), Title: v.form.Get("deliverable.title")}
	if s := strings.TrimSpace(v.form.Get("deliverable.due")); s != "" {
		var err error
		if in.Due, err = when.ParseDate(s); err != nil {
			return fault.New(fault.Invalid, "date.unreadable").On("deliverable.due")
		}
	}
	_, err := v.App.AddDeliverable(v.r.Context(), v.actor, in)
	return err
}

// deliver says that something promised was delivered today.
func (v *visit) deliver(c customer.ID) error {
	p, err := v.App.OpenCustomer(v.r.Context(), v.actor, c)
	if err != nil {
		return err
	}
	return v.App.EditDeliverable(v.r.Context(), v.actor, app.DeliverablePatch{
		Customer: c, Deliverable: customer.DeliverableID(v.form.Get("thing")), Delivered: &p.Today,
	})
}
