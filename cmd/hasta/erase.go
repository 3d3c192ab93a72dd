package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web/console"
)

type eraseCmd struct {
	Plan  erasePlanCmd  `cmd:"" help:"What erasing the customer of a departure would do: rows per table of our own record, records per holding of each far system, and what stays until when. Nothing is changed."`
	Kept  eraseKeptCmd  `cmd:"" help:"What stays of people who were erased, by the day on which it is destroyed."`
	Scrub eraseScrubCmd `cmd:"" help:"Take what was deleted out of the files of the database: free pages, dead rows, write-ahead log. Needs the room of the database once more, and holds up who writes."`
}

// privacyDesk is whoever looks, at the terminal, at what was erased and what stays.
var privacyDesk = app.Actor{ID: "system", Roles: []string{"auditor"}}

type erasePlanCmd struct {
	common
	langFlag
	Code string `arg:"" help:"Code of the departure, HL-…"`
	JSON bool   `help:"As JSON."`
}

func (c *erasePlanCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o) // it is counted by doing it, and taking that back
	if err != nil {
		return err
	}
	defer h.close()
	cid, err := h.app.CaseOfCode(ctx, operator, c.Code)
	if err != nil {
		return err
	}
	plan, err := h.app.PlanErasure(ctx, privacyDesk, cid)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(o, plan)
	}
	lang := c.Lang
	say := func(code string, args ...any) string { return text.Say(lang, "erase.plan."+code, args...) }
	if plan.Erased {
		fmt.Fprintln(o.stdout, say("done"))
		return nil
	}
	if plan.Waits != "" {
		fmt.Fprintln(o.stdout, say("waits", "why", text.Say(lang, "error."+plan.Waits)))
	}
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\n", say("where"), say("what"), say("records"))
	for _, l := range plan.Lines() {
		system, n := l.System, ""
		switch {
		case l.Error != "":
			n = text.Say(lang, "error."+l.Error, "system", l.System)
		case l.Counted:
			n = strconv.Itoa(l.Records)
		}
		if system == erasure.House {
			system = "hasta"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", system, console.PlannedName(lang, l), n, console.PlannedFate(lang, l))
	}
	return w.Flush()
}

type eraseKeptCmd struct {
	common
	langFlag
	Code string `arg:"" optional:"" help:"Code of a departure: also what was destroyed already."`
	JSON bool   `help:"As JSON."`
}

func (c *eraseKeptCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	cid := offboarding.CaseID("")
	if c.Code != "" {
		if cid, err = h.app.CaseOfCode(ctx, operator, c.Code); err != nil {
			return err
		}
	}
	list, err := h.app.ListRetained(ctx, privacyDesk, cid)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return writeJSON(o, list)
	}
	lang := c.Lang
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, r := range list {
		name := cmp.Or(offboarding.Worded(r.Titles, lang), r.Holding)
		if r.System == erasure.House {
			name = text.Say(lang, "erase.plan.ours.sums")
		}
		state := text.Say(lang, "console.retained.until", "date", r.Until)
		switch {
		case !r.DestroyedAt.IsZero():
			state = text.Say(lang, "console.retained.gone")
		case r.Held:
			state += " " + text.Say(lang, "console.retained.held")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", r.Code, r.System, name, r.Records, state)
	}
	return w.Flush()
}

type eraseScrubCmd struct{ common }

func (c *eraseScrubCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.store.Scrub(ctx); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, "what was deleted is no longer in the files of the database")
	return nil
}
