package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/when"
)

type lawEffectiveCmd struct {
	lawFlags
	CustomerKind  string            `help:"consumer, nonprofessional, business or public."`
	Residence     string            `help:"Country where the customer lives, as ES."`
	Region        string            `help:"Region where the customer lives, as US-CA; CA beside --residence US is the same."`
	SellerCountry string            `help:"Country where the seller is established."`
	Date          string            `help:"Day of the event, as 2026-12-28; by default today."`
	Fact          map[string]string `help:"Further facts, as seller.workers=300; several are divided by commas or given one by one." mapsep:","`
	Pack          []string          `help:"These packs, instead of those that the facts choose."`
	Event         map[string]string `help:"When something happened, as request.submitted=2026-12-28 or =2026-12-28T10:00:00+01:00: shows when each time limit ends, and on which days to tell something." mapsep:","`
	Zone          string            `help:"Time zone of whoever the time limits are for." default:"Europe/Madrid"`
	All           bool              `help:"Also the rules that ask less than the one that holds."`
}

// settingView is an effective parameter as JSON.
type settingView struct {
	Param   string              `json:"param"`
	Phase   string              `json:"phase"`
	Outcome string              `json:"outcome"`
	Value   *jurisdiction.Value `json:"value,omitempty"`
	Reads   string              `json:"reads,omitempty"`
	By      []appliedView       `json:"by,omitempty"`
	Beaten  []appliedView       `json:"beaten,omitempty"`
	Maybe   []appliedView       `json:"maybe,omitempty"`
	Until   string              `json:"until,omitempty"` // the last day, of a time limit whose event is known
	Tell    []string            `json:"tell_on,omitempty"`
	With    string              `json:"conflicts_with,omitempty"`
	Solved  map[string]string   `json:"resolution,omitempty"`
	// Unwatched is why nothing evaluates it, of what is about time and acts.
	Unwatched string `json:"not_evaluated,omitempty"`
}

type appliedView struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Days     int      `json:"days_until_enforced,omitempty"`
	Missing  []string `json:"missing,omitempty"`
	Reads    string   `json:"reads"`
}

type chosenView struct {
	Pack     string `json:"pack"`
	Version  string `json:"version"`
	Why      string `json:"why"`
	OnlyData bool   `json:"only_data,omitempty"`
}

type effectiveView struct {
	Date     string             `json:"date"`
	Facts    jurisdiction.Facts `json:"facts"`
	Packs    []chosenView       `json:"packs"`
	Versions []jurisdiction.Ref `json:"versions"`
	Missing  []string           `json:"missing_facts"`
	Settings []settingView      `json:"settings"`
	Later    []appliedView      `json:"not_in_force,omitempty"`
}

func (c *lawEffectiveCmd) Run(o out) error {
	l, err := c.library()
	if err != nil {
		return err
	}
	e, err := c.ask(l)
	if err != nil {
		return err
	}
	h, err := c.happened()
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(o, c.effective(l, e, h))
	}
	return c.print(o, e, h)
}

func (c *lawEffectiveCmd) ask(l *jurisdiction.Library) (*jurisdiction.Effective, error) {
	given := map[string]string{}
	for name, v := range c.Fact {
		given[name] = v
	}
	residence, region := c.Residence, c.Region
	if country, _, of := strings.Cut(region, "-"); of && residence == "" {
		residence = country
	} else if region != "" && !of && residence != "" {
		region = residence + "-" + region
	}
	for name, v := range map[string]string{"customer.kind": c.CustomerKind, "customer.residence": residence, "customer.region": region, "seller.country": c.SellerCountry} {
		if v != "" {
			given[name] = v
		}
	}
	facts, err := jurisdiction.ParseFacts(given)
	if err != nil {
		return nil, err
	}
	day := today()
	if c.Date != "" {
		if day, err = when.ParseDate(c.Date); err != nil {
			return nil, fault.New(fault.Invalid, "law.day", "value", c.Date).On("date")
		}
	}
	chosen := l.Select(facts)
	if len(c.Pack) > 0 {
		if chosen, err = l.Named(c.Pack...); err != nil {
			return nil, err
		}
	}
	return l.Effective(chosen, facts, day)
}

func (c *lawEffectiveCmd) effective(l *jurisdiction.Library, e *jurisdiction.Effective, h happened) effectiveView {
	v := effectiveView{Date: e.Day.String(), Facts: e.Facts, Versions: l.Refs(e.Chosen), Missing: e.Missing(), Packs: []chosenView{}, Settings: []settingView{}}
	if v.Missing == nil {
		v.Missing = []string{}
	}
	for _, p := range e.Chosen.Packs {
		v.Packs = append(v.Packs, chosenView{p.Pack.ID, p.Pack.Version, p.Why, p.OnlyData})
	}
	applied := func(list []*jurisdiction.Applied) (out []appliedView) {
		for _, a := range list {
			out = append(out, appliedView{a.Rule.ID, string(a.Severity), a.Days, a.Missing, c.reads(a.Rule.Param, a.Value)})
		}
		return out
	}
	for _, s := range e.Settings {
		x := settingView{Param: s.Param.Name, Phase: string(s.Param.Phase), Outcome: string(s.Outcome), By: applied(s.By), Beaten: applied(s.Beaten), Maybe: applied(s.Maybe), With: s.With, Unwatched: limit.Unwatched(s.Param.Name)}
		if s.Outcome == jurisdiction.Settled {
			x.Value, x.Reads = &s.Value, c.reads(s.Param, s.Value)
			if last, _, ok := h.until(s); ok {
				x.Until = last.String()
			}
			for _, day := range h.tell(s) {
				x.Tell = append(x.Tell, day.Date.String())
			}
		} else {
			x.Solved = s.Solved
		}
		v.Settings = append(v.Settings, x)
	}
	v.Later = applied(e.Told)
	return v
}

func (c *lawEffectiveCmd) print(o out, e *jurisdiction.Effective, h happened) error {
	fmt.Fprintln(o.stdout, c.say("holds", "day", e.Day))
	for _, p := range e.Chosen.Packs {
		why := c.say("why." + p.Why)
		if p.OnlyData {
			why += ", " + c.say("only_data")
		}
		fmt.Fprintf(o.stdout, "  %s %s · %s (%s)\n", p.Pack.ID, p.Pack.Version, p.Pack.Names[c.Lang], why)
		if note := c.origin(p.Pack); note != "" {
			fmt.Fprintf(o.stdout, "    %s\n", note)
		}
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	area := ""
	var open []jurisdiction.Setting
	for _, s := range e.Settings {
		if s.Outcome == jurisdiction.Unsettled {
			open = append(open, s)
			continue
		}
		if a := s.Param.Area(); a != area {
			area = a
			fmt.Fprintln(w)
		}
		value := c.reads(s.Param, s.Value)
		switch s.Outcome {
		case jurisdiction.Conflict:
			value = c.say("conflict", "with", s.With)
			if s.With == "" {
				value = c.say("conflict.alone")
			}
		case jurisdiction.Unsatisfiable:
			value = c.say("unsatisfiable")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Param.Name, value, c.by(s.By))
		c.dates(w, s, h)
		if why := c.unwatched(s.Param); why != "" {
			fmt.Fprintf(w, "\t%s\n", why)
		}
		if r := s.Solved; r != nil {
			fmt.Fprintf(w, "\t%s\n", r[c.Lang])
		}
		if c.All && len(s.Beaten) > 0 {
			fmt.Fprintf(w, "\t%s\t%s\n", c.say("beaten"), c.by(s.Beaten))
		}
		if len(s.Maybe) > 0 {
			fmt.Fprintf(w, "\t%s\t%s\n", c.say("maybe"), c.by(s.Maybe))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.unknown(o, open, e.Missing())
	if len(e.Told) > 0 {
		fmt.Fprintf(o.stdout, "\n%s\n", c.say("later"))
		for _, a := range e.Told {
			day := c.say("later.unknown")
			if !a.Rule.From.IsZero() {
				day = c.say("from", "day", a.Rule.From)
			}
			fmt.Fprintf(o.stdout, "  %s · %s · %s\n", a.Rule.ID, a.Rule.Message[c.Lang], day)
		}
	}
	return nil
}

// unknown prints the parameters of which nothing is known for sure, and the
// facts that would settle it.
func (c *lawEffectiveCmd) unknown(o out, open []jurisdiction.Setting, missing []string) {
	if len(open) > 0 {
		fmt.Fprintf(o.stdout, "\n%s\n", c.say("unknown"))
		for _, s := range open {
			fmt.Fprintf(o.stdout, "  %s · %s\n", s.Param.Name, c.by(s.Maybe))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(o.stdout, "\n%s\n", c.say("missing"))
		for _, name := range missing {
			fmt.Fprintf(o.stdout, "  %s · %s\n", name, c.say("fact."+name))
		}
	}
}

// by names rules with what a failure of each means on that day.
func (c lawFlags) by(list []*jurisdiction.Applied) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.Rule.ID + " (" + c.say("severity."+string(a.Severity))
		if a.Days > 0 {
			parts[i] += ", " + c.say("days_left", "n", a.Days)
		}
		parts[i] += ")"
	}
	return strings.Join(parts, ", ")
}

// reads is a value as people read it.
func (c lawFlags) reads(p *jurisdiction.Param, v jurisdiction.Value) string {
	var parts []string
	switch {
	case v.Times != nil:
		for _, t := range v.Times {
			parts = append(parts, c.time(t))
		}
		return strings.Join(parts, " "+c.say("or")+" ")
	case v.Sums != nil:
		for _, s := range v.Sums {
			parts = append(parts, c.sum(s))
		}
		return strings.Join(parts, " "+c.say("or")+" ")
	case v.Windows != nil:
		for _, w := range v.Windows {
			parts = append(parts, c.window(w))
		}
		return strings.Join(parts, "; ")
	case v.Labels != nil:
		return c.labels(v.Labels)
	case v.On && p.Kind == jurisdiction.Ban:
		return c.say("forbidden")
	case v.On:
		return c.say("needed")
	}
	return v.String()
}

// labels shows few as they are, and of many only in which languages they are.
func (c lawFlags) labels(list []jurisdiction.Wording) string {
	var parts, langs []string
	for _, w := range list {
		parts = append(parts, fmt.Sprintf("%s: “%s”", w.Lang, strings.Join(w.AnyOf, "” / “")))
		langs = append(langs, w.Lang)
	}
	if len(list) > 6 {
		return c.say("labels", "n", len(list), "langs", strings.Join(langs, " "))
	}
	return strings.Join(parts, "; ")
}

func (c lawFlags) span(s jurisdiction.Span) string {
	unit := s.Unit
	if unit == jurisdiction.Months && s.N >= 12 && s.N%12 == 0 {
		s.N, unit = s.N/12, "y"
	}
	return c.say("span."+string(unit), "n", s.N)
}

func (c lawFlags) time(t jurisdiction.Time) string {
	length := c.span(t.Span)
	if t.Formula != "" {
		length = c.say("formula." + t.Formula)
	}
	if t.Unit == jurisdiction.BusinessDays {
		length += " (" + c.calendar(t) + ")"
	}
	s := c.say("time", "length", length, "event", c.say("event."+t.From))
	if t.Rolls() {
		s += ", " + c.say("rolls", "calendar", c.calendar(t))
	}
	return c.joined(s)
}

// calendar names whose business days count for a time.
func (c lawFlags) calendar(t jurisdiction.Time) string {
	switch t.Calendar {
	case jurisdiction.AtHome:
		return c.say("at_home")
	case "":
		return c.say("weekdays")
	}
	return t.Calendar
}

func (c lawFlags) sum(s jurisdiction.Sum) string {
	switch {
	case s.Formula != "":
		return c.say("formula." + s.Formula)
	case s.Percent != 0:
		return c.say("sum.percent", "n", s.Percent, "of", c.say("formula."+s.Of))
	}
	return s.String()
}

func (c lawFlags) window(w jurisdiction.DaysBefore) string {
	event := c.say("event." + w.Anchor)
	switch w.NotBefore {
	case jurisdiction.Span{}:
		return c.joined(c.say("window.open", "after", c.span(w.NotAfter), "event", event))
	case w.NotAfter:
		return c.joined(c.say("window.day", "after", c.span(w.NotAfter), "event", event))
	}
	return c.joined(c.say("window", "before", c.span(w.NotBefore), "after", c.span(w.NotAfter), "event", event))
}

// joined draws together what Spanish does: antes de + el fin.
func (c lawFlags) joined(s string) string {
	if c.Lang == "es" {
		s = strings.NewReplacer(" de el ", " del ", " a el ", " al ").Replace(s)
	}
	return s
}
