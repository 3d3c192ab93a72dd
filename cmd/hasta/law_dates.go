package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/calendar"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// happened is what happened when, for counting.
type happened struct {
	at   map[string]time.Time
	days map[string]when.Date
	zone *time.Location
	from when.Date // nothing can be told before it
}

// happened reads the events. A day counts from its beginning; an instant needs
// its zone.
func (c *lawEffectiveCmd) happened() (h happened, err error) {
	h = happened{at: map[string]time.Time{}, days: map[string]when.Date{}, from: today()}
	if h.zone, err = time.LoadLocation(c.Zone); err != nil {
		return h, fault.New(fault.Invalid, "company.zone").On("zone")
	}
	if c.Date != "" {
		if h.from, err = when.ParseDate(c.Date); err != nil {
			return h, fault.New(fault.Invalid, "law.day", "value", c.Date).On("date")
		}
	}
	var wrong fault.List
	for _, name := range slices.Sorted(maps.Keys(c.Event)) {
		if !slices.Contains(jurisdiction.Events(), name) {
			wrong = append(wrong, fault.New(fault.Invalid, "law.event_unknown", "name", name, "known", strings.Join(jurisdiction.Events(), ", ")).On(name))
			continue
		}
		if day, err := when.ParseDate(c.Event[name]); err == nil {
			h.at[name], h.days[name] = day.Start(h.zone), day
			continue
		}
		at, err := time.Parse(time.RFC3339, c.Event[name])
		if err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "law.event_time", "name", name, "value", c.Event[name]).On(name))
			continue
		}
		h.at[name], h.days[name] = at, when.DateOf(at, h.zone)
	}
	return h, wrong.Or()
}

// until is the last day of a time limit, and its last instant.
func (h happened) until(s jurisdiction.Setting) (when.Date, time.Time, bool) {
	d, ok := s.Deadline(h.at, calendar.Shipped(), h.zone)
	return d.Last(h.zone), d.End, ok
}

// tell are the days on which to tell something.
func (h happened) tell(s jurisdiction.Setting) []jurisdiction.Day {
	plan, _ := jurisdiction.Notices(s.Value.Windows, h.days, h.from, calendar.Shipped())
	return plan
}

// dates writes when a time limit ends, or on which days to tell something.
func (c *lawEffectiveCmd) dates(w io.Writer, s jurisdiction.Setting, h happened) {
	if last, end, ok := h.until(s); ok {
		said := c.say("until", "day", last)
		if t, _ := s.Deadline(h.at, calendar.Shipped(), h.zone); t.Time.Unit == jurisdiction.Hours || t.Time.Unit == jurisdiction.Minutes {
			said = c.say("until.instant", "at", text.Instant(c.Lang, end, h.zone))
		}
		fmt.Fprintf(w, "\t→ %s\n", said)
	}
	var unsaid []string
	for _, x := range s.Value.Windows {
		if _, said := h.days[x.Anchor]; !said && len(h.days) > 0 && !slices.Contains(unsaid, x.Anchor) {
			unsaid = append(unsaid, x.Anchor)
		}
	}
	for _, event := range unsaid { // else nobody would know why no day is told
		fmt.Fprintf(w, "\t→ %s\n", c.say("tell.unsaid", "name", event))
	}
	if plan := h.tell(s); len(plan) > 0 {
		var days []string
		for _, d := range plan {
			days = append(days, text.LongDate(c.Lang, d.Date))
		}
		fmt.Fprintf(w, "\t→ %s\n", c.say("tell", "days", strings.Join(days, "; ")))
	}
}
