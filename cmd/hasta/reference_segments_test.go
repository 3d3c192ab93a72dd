package main

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/segment"
	"hastaluego/internal/text"
)

func TestTheReferenceOfSegmentsIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(segmentsHead)
	yes := map[bool]string{true: "yes", false: "–"}
	for _, f := range segment.Specs {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, yes[f.May], f.About["en"])
	}
	b.WriteString(segmentsProtected)
	for _, a := range segment.Attributes {
		why := a.Cite
		if a.Proxy {
			_, why, _ = strings.Cut(text.Say("en", "error.segment.proxy."+a.Code, "at", "", "word", ""), "do: ")
			why, _, _ = strings.Cut(why, ". Nobody")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.Code, why, "`"+strings.Join(a.Words, "` `")+"`")
	}
	b.WriteString(segmentsTail)
	b.WriteString("\n```yaml\n")
	b.Write(segment.Example())
	b.WriteString("```\n")
	generated(t, "../../docs/reference/segments.md", b.String())
}

const segmentsHead = `# Segments

Written by make gen.

Which customers are alike, as rules (CEL) over what is on record of them. A segment decides nothing by itself: it gives a condition a name that
[offers](offers.md), [experiments](experiments.md) and reports may speak of, beside the label with which a customer was imported.

    segments: segments.yaml    # in hasta.yaml

| command | what it does |
|---|---|
| ` + "`hasta segment example`" + ` | prints a file to begin your own with |
| ` + "`hasta segment check [FILE]`" + ` | every problem at file:line:column; exit status 1 if anything is wrong |
| ` + "`hasta segment list [FILE] [--json]`" + ` | each segment with its rule and what it is for |
| ` + "`hasta segment preview [FILE] [--json]`" + ` | before it counts: how many customers are in each now, which part that is, some of them by name, of how many nobody knows and for want of what; and what is odd: nobody, everybody, mostly unknown |

The same is in the console (*Segments*) and at ` + "`/v1/segments`, `/v1/segments/try` and `/v1/customers/{customer}/segments`" + `. Asked are customers with a
contract that runs and who did not ask to leave, the first 20,000.

Rules are bounded: what one may cost at most is estimated when the file is read, and refused above the limit. A fact that is not known is not
guessed: then nobody knows whether that customer is in the segment, and a line of a policy that needs it is told as unread.

## Facts

| fact | type | may be unknown | what it is |
|---|---|---|---|
`

const segmentsProtected = `
Sums are in the smallest unit of the currency. Bands of value are those that the company sets in *Settings → Company → What serving costs*.
By where somebody lives (` + "`customer.country`, `customer.region`" + `) nothing is decided: it stands for origin ([ADR 62](../adr/0062-a-policy-decides-by-declared-facts-alone.md)), and
a segment that asks for it counts in reports alone.

## What no rule can ask for

The facts hold none of it. Naming it in an id, a name, a rule, a text that a rule compares with, or a term is refused, and told why. Words are taken
whole, in any case, with or without accents; one with * begins so. It is a list of words and no more: whoever looks at what a rule does is a person.
The laws are cited as we know them; nobody read them again for this list.

| what | where it is written, or what it gives away | words |
|---|---|---|
`

const segmentsTail = `
## A file

Everything in it is data. ` + "`declare`" + ` gives conditions a name for the rules below it.
`
