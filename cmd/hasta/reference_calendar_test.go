package main

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/calendar"
)

const calendarsProse = `# Calendars

Written by make gen.

A calendar says which days are business days in a country or a region of one. Tasks that are due in business days (` + "`due: {d: 5bd}`" + `) follow the
calendar that ` + "`company.calendar`" + ` names, otherwise that of the company's country; a region without one has that of its country. Where we have none,
business days are Monday to Friday, and nothing else is known.

## How periods end

| period | its end |
|---|---|
| ` + "`24h`" + ` | so many hours later, through clock changes and holidays; never moved |
| ` + "`14d`" + ` | the end of the 14th day after; the day on which it begins is not counted, unless the law says so |
| ` + "`5bd`" + ` | the end of the 5th business day after |
| ` + "`2mo`" + ` | the end of the day with the same number two months later, or of the last one: from 31 December to 28 or 29 February |

The end of a day is where the person lives. Where the law moves an end on a holiday, it is the next business day (Regulation 1182/71, art. 3(4)).
Something that must be done so long *before* a day may be done until the day that lies a whole period before it.

## Days in doubt

Some days are off for some and not for others: bridges that an employer may grant, Saturdays that one law counts and another does not. They are
*in doubt* (in brackets below). A duty of the company counts them as business days, so that it is not late; a right of the customer does not, so that
it does not end too early. Tasks of your people read them as people do: Saturdays are free, other days in doubt are worked.

## Holidays of your own

` + "`calendars: [FILE]`" + ` in ` + "`hasta.yaml`" + ` reads files beside the calendars that come with the program. A calendar with the id of one of these stands in its place;
` + "`hasta config check`" + ` tells what is wrong in it by file:line:column.

` + "```yaml" + `
- calendar: ES-AN                  # a country, or country-region
  names: {es: Andalucía, en: Andalusia}
  extends: ES                      # its holidays come along
  weekend: [saturday, sunday]      # otherwise that of what it extends
  doubtful_days: [saturday]        # days of the week in doubt
  without: [Fiesta Nacional de España]   # holidays of the country that are worked on
  holidays:
    - {name: Día de Andalucía, on: 02-28, from: 1983}            # from and until are years
    - {name: Jueves Santo, on: easter-3}
    - {name: Feria, on: 3rd wednesday of april, doubtful: true}  # 1st, 2nd, 3rd, 4th or last
    - {name: Penitencia, on: wednesday before 11-23}
    - {name: Patrona, on: 09-08, move: {tuesday: -1, sunday: 1}}  # moved by so many days where it falls on these
    - {name: Puente, days: [2026-12-07], doubtful: true}          # only on these days
` + "```" + `

`

const calendarsLibrary = `
## Beside a well-kept library

Tests compare these calendars for 2024–2027 with what the gazettes list, and with github.com/rickar/cal (v2.1.13, 2023). The two agree on Easter for
300 years and on the holidays of Spain, Germany and its regions, France and the United States; it knows nothing of Mexico, Colombia, Uruguay
and Peru. Where they differ, ours hold:

| where | it has | we have |
|---|---|---|
| Argentina | Good Friday on the day before | Good Friday |
| Argentina | movable holidays stay on their day; Saturdays go to Friday, Sundays to Monday | art. 6 of Ley 27.399: Tuesday and Wednesday to the Monday before, Thursday and Friday to the Monday after |
| Argentina | 20 June moved from a weekend | it is never moved |
| Argentina | 12 October 2025 on Monday 13 | Friday 10, as it was set |
| Argentina | no bridges | those that were set, in doubt |
| Berlin | 8 May 2025 is worked | a holiday, that year only |
| United States | a holiday on a Saturday is on Friday for all | on both, Friday in doubt: banks work |

Bridges of Argentina are known until 2026, and replaced days of Madrid until 2026: later ones come with a new version, or with a file of your own.
`

func TestTheReferenceOfCalendarsIsUpToDate(t *testing.T) {
	t.Parallel()
	_, example, _ := strings.Cut(calendarsProse, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := calendar.With([]calendar.File{{Name: "calendars.md", Source: []byte(example)}}); err != nil {
		t.Error(err)
	}
	var b strings.Builder
	b.WriteString(calendarsProse)
	b.WriteString("## Those that come with the program\n\nMonth and day, 2026 and 2027. What a region adds to its country stands in its own line, whole.\n\n| calendar | | 2026 | 2027 |\n|---|---|---|---|\n")
	for _, id := range calendar.Shipped().IDs() {
		c, _ := calendar.Shipped().Of(id)
		fmt.Fprintf(&b, "| `%s` | %s |", id, c.Names["en"])
		for _, year := range []int{2026, 2027} {
			for _, h := range c.Holidays(year) {
				form := " %02d-%02d"
				if h.Doubtful {
					form = " (%02d-%02d)"
				}
				fmt.Fprintf(&b, form, h.Date.Month, h.Date.Day)
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	b.WriteString(calendarsLibrary)
	generated(t, "../../docs/reference/calendars.md", b.String())
}
