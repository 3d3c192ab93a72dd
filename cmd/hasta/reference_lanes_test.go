package main

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/lane"
	"hastaluego/internal/text"
)

func TestTheReferenceOfLanesIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(lanesHead)
	for _, w := range lane.Ways {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", w, text.Say("en", "console.lane.way."+string(w)), waysAbout[w])
	}
	b.WriteString(lanesMembers)
	for _, s := range lane.Standings {
		var to []string
		for _, n := range lane.Moves[s] {
			to = append(to, "`"+string(n)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s, text.Say("en", "console.lane.member."+string(s)), strings.Join(to, ", "))
	}
	b.WriteString(lanesGuard)
	for _, m := range lane.Metrics {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m, metricsAbout[m])
	}
	fmt.Fprintf(&b, lanesTail, lane.Fewest, lane.Fewest, lane.FewestMonths, lane.LeastNotice)
	generated(t, "../../docs/reference/lanes.md", b.String())
}

var waysAbout = map[lane.Way]string{
	lane.Exit:    "nobody proposes anything; their page says who may suit them better. Nothing happens before they ask",
	lane.Renewal: "an [ending](../adr/0022-endings-are-departures.md) of that customer, with the longest notice of their contract, of the packs (`notice.renewal`) and of the safe profile",
	lane.Terms:   "another price from a day on for the contracts of a product or a plan, announced in the windows of the packs (`notice.price_change`), or of the safe profile where they have none; it holds only for whoever says yes",
}

var metricsAbout = map[lane.Metric]string{
	lane.Complained: "the share who complained on the day on which they asked or later",
	lane.Unhappy:    "how far their answer to “how was it” is below the best, from 0 to 4; of those who answered",
	lane.Slow:       "days from the asking until the end takes effect; where a contract is not renewed, from the end until everything is done. Of departures for which that is over",
}

const lanesHead = `# Letting go

Written by make gen.

How a company lets go of customers whom something else serves better ([ADR 78](../adr/0078-letting-go-is-no-worse-than-leaving.md)): *Letting go* in the console, ` + "`/v1/lanes`" + `. A lane is one
way for the customers of one [segment](segments.md). A second person agrees to it; then a person puts customers of the segment forward, each with why them, and another person agrees to each.

| way | what it is | what happens |
|---|---|---|
`

const lanesMembers = `
| a customer is | which means | and may become |
|---|---|---|
`

const lanesGuard = `
## What never changes

Pages, channels, papers, times, money and data are those of anybody who leaves. A playbook may be for a lane (` + "`when: case.lane == \"renewal\"`" + `, also of steps: ` + "`if:`" + `; exit, renewal, terms, or empty). It is compared
with the playbook that the same departure would follow in no lane, for persons and organisations, consumers and businesses, by every channel; and again when a departure begins. It is refused, or not followed, if

- something that is done for the customer is missing, is at another system, or is done under a condition that the ordinary one does not have,
- more steps stand on the longest way to it, or more steps of people and waits before it,
- the customer is asked for more (survey, words, conversation, approval),
- there are fewer days to fetch the data.

Offers know one more guard (` + "`let_go`" + `, [offers.md](offers.md)): nothing is proposed but a date for what is our fault.

## The guard on outcomes

Every day those who left by a lane since it was last agreed to are compared with others: departures of the twelve months before and since that no lane led to, the newest 500; for those who ask, others who ask.

| metric | what is compared |
|---|---|
`

const lanesTail = `
A lane stops when the lower end of the interval of “its leavers less others” is above zero in one of them. The interval of complaints is Newcombe's, of the others Student's with the larger of two standard errors; the
quantile follows a rising line that two sides that are the same ever cross with 5 %% in all three metrics together, however often it is looked at, tightest at 50 leavers of the lane. Fewer than %d of the lane, or %d others,
say nothing. Whoever proposed it is told; a person who did not propose it says why before it is open again, and counting begins anew.

## Freed effort

Minutes on record for each customer over as many days since they were agreed to as before, 180 at most; both divided by the months of customers on each side. Under %d months of customers nothing is told. Nobody's hours
are estimated.

## New terms

Until the day the letter's page (` + "`/terms/{key}`" + `) has two buttons, alike: stay with the new terms, leave at no cost. Whoever says yes has the new price once a person did it at the billing system and says how it was seen.
Whoever leaves ends with what is paid for; lock-in, notice and fee are taken from their contract first, and that is in the log. Whoever says nothing keeps what they have. The day is %d days ahead at least, and as
far as the law wants it told; who cannot be told in time is not put under them.
`
