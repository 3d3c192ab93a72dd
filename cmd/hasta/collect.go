package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
)

type collectCmd struct {
	common
	Code string `arg:"" help:"Code of the departure, HL-…"`
	JSON bool   `help:"Answer as JSON: sums in the smallest unit, days and states."`
}

// collectionRow is what is owed, as JSON says it.
type collectionRow struct {
	Owed      []owedRow    `json:"owed"`
	Less      []owedRow    `json:"less,omitempty"` // what makes up for some of it
	Gone      []owedRow    `json:"gone,omitempty"` // open on record alone
	Left      []sumRow     `json:"left"`           // what is left to pay, also where nobody looks after it
	Stopped   bool         `json:"stopped"`
	Reminders int          `json:"reminders"`
	Promises  []promiseRow `json:"promises"`
	Until     string       `json:"promise_until,omitempty"`
	WriteOff  string       `json:"write_off_step,omitempty"`
	Plan      *planRow     `json:"instalments,omitempty"`
}

// planRow is a plan of instalments that is open.
type planRow struct {
	State    string    `json:"state"`
	Minor    int64     `json:"amount_minor"`
	Currency string    `json:"currency"`
	Parts    []partRow `json:"parts"`
}

type partRow struct {
	On     string `json:"on"`
	Minor  int64  `json:"amount_minor"`
	PaidOn string `json:"paid_on,omitempty"`
}

type sumRow struct {
	Minor    int64  `json:"amount_minor"`
	Currency string `json:"currency"`
}

type owedRow struct {
	Reference string `json:"reference"`
	Minor     int64  `json:"amount_minor"`
	Currency  string `json:"currency"`
	DueOn     string `json:"due_on,omitempty"`
	PayURL    string `json:"pay_url,omitempty"`
}

type promiseRow struct {
	On    string `json:"on"`
	State string `json:"state"`
	By    string `json:"made_by"`
}

func rowOfCollection(x app.Collection) collectionRow {
	out := collectionRow{Owed: []owedRow{}, Left: []sumRow{}, Promises: []promiseRow{}, Stopped: x.Stopped, Reminders: x.Sent, Until: x.Last.String(), WriteOff: x.WriteOff}
	for _, b := range x.Owed {
		out.Owed = append(out.Owed, owedRow{b.Reference, b.Amount.Minor, b.Amount.Currency, b.DueOn.String(), b.PayURL})
	}
	for _, b := range x.Gone {
		out.Gone = append(out.Gone, owedRow{Reference: b.Reference, Minor: b.Amount.Minor, Currency: b.Amount.Currency, DueOn: b.DueOn.String()})
	}
	for _, b := range x.Less {
		out.Less = append(out.Less, owedRow{Reference: b.Reference, Minor: b.Amount.Minor, Currency: b.Amount.Currency, DueOn: b.DueOn.String()})
	}
	for _, a := range x.Left {
		out.Left = append(out.Left, sumRow{a.Minor, a.Currency})
	}
	for _, p := range x.Promises {
		out.Promises = append(out.Promises, promiseRow{p.On.String(), string(p.State), p.MadeBy})
	}
	if x := x.Plan(); x != nil {
		out.Plan = &planRow{State: string(x.State), Minor: x.Sum.Minor, Currency: x.Sum.Currency}
		for _, part := range x.Parts {
			out.Plan.Parts = append(out.Plan.Parts, partRow{part.On.String(), part.Minor, part.Paid.String()})
		}
	}
	return out
}

func (c *collectCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	cid, err := h.app.CaseOfCode(ctx, accountant, c.Code)
	if err != nil {
		return err
	}
	x, err := h.app.CollectionOf(ctx, accountant, cid)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(o.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(rowOfCollection(x))
	}
	lang := terminalLanguage(os.Getenv)
	say := func(code string, args ...any) string { return text.Say(lang, "console.collection."+code, args...) }
	fmt.Fprintln(o.stdout, say("title"))
	switch {
	case len(x.Owed) > 0:
	case len(x.Left) > 0:
		fmt.Fprintln(o.stdout, say("nobody", "amount", text.Sums(lang, x.Left)))
	default:
		fmt.Fprintln(o.stdout, text.Say(lang, "error.collection.nothing_owed"))
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	for _, b := range x.Owed {
		due := ""
		if !b.DueOn.IsZero() {
			due = text.LongDate(lang, b.DueOn)
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\n", text.Say(lang, "balance."+string(b.Kind)), b.Reference, text.Money(lang, b.Amount), due, b.PayURL)
	}
	for _, b := range x.Less {
		fmt.Fprintf(w, "%s %s\t%s\n", text.Say(lang, "balance."+string(b.Kind)), b.Reference, text.Money(lang, b.Amount.Neg()))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, b := range x.Gone {
		fmt.Fprintln(o.stdout, say("gone", "reference", b.Reference, "amount", text.Money(lang, b.Amount)))
	}
	if len(x.Owed) > 0 {
		fmt.Fprintln(o.stdout, say("left", "amount", text.Sums(lang, x.Left)))
		fmt.Fprintln(o.stdout, say("sent", "sent", x.Sent, "most", collection.MostReminders))
	}
	if x.Stopped {
		fmt.Fprintln(o.stdout, say("stopped"))
	}
	for _, p := range x.Promises {
		fmt.Fprintln(o.stdout, say(string(p.State), "on", text.LongDate(lang, p.On)))
	}
	if x := x.Plan(); x != nil {
		fmt.Fprintln(o.stdout, say("plan."+string(x.State), "amount", text.Money(lang, x.Sum), "n", len(x.Parts)))
		for i, part := range x.Parts {
			state := "part.due"
			if !part.Paid.IsZero() {
				state = "part.paid"
			}
			amount := money.Amount{Minor: part.Minor, Currency: x.Sum.Currency}
			fmt.Fprintf(o.stdout, "  %s · %s\n", say("part", "n", i+1, "amount", text.Money(lang, amount), "date", text.LongDate(lang, part.On)), say(state))
		}
	}
	if x.WriteOff != "" {
		fmt.Fprintln(o.stdout, say("waits"))
	}
	return nil
}
