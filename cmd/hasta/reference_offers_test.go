package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/offer"
)

func TestTheReferenceOfOffersIsUpToDate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(offersHead)
	b.WriteString("\n| kind | what it is | fields | margin | cooldown |\n|---|---|---|---|---|\n")
	yes := map[bool]string{true: "yes", false: "–"}
	for _, s := range offer.Specs {
		var fields []string
		for _, f := range s.Fields {
			what := string(f.Type)
			if f.Optional {
				what += ", may be missing"
			}
			fields = append(fields, fmt.Sprintf("`%s` (%s): %s", f.Name, what, f.About))
		}
		if s.Open {
			fields = append(fields, "and those that it declares")
		}
		if len(fields) == 0 {
			fields = []string{"–"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Kind, s.About, strings.Join(fields, "<br>"), yes[s.Price], yes[s.Gives])
	}
	b.WriteString("\n## Effect\n\n| apply | verify | undo | expire | of | what happens |\n|---|---|---|---|---|---|\n")
	for _, e := range offer.Effects {
		of := "all"
		if len(e.Kinds) > 0 {
			of = string(e.Kinds[0])
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | `%s` | %s | %s |\n", e.Apply, strings.Join(e.Verify, "`, `"), strings.Join(e.Undo, "`, `"), strings.Join(e.Expire, "`, `"), of, e.About)
	}
	b.WriteString(offersFacts)
	for _, f := range offer.Facts {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, yes[f.May], f.About)
	}
	b.WriteString(offersGuards)
	for _, g := range offer.Guards {
		about, ok := guardsAbout[g]
		if !ok {
			t.Errorf("nobody explained the guard %s", g)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", g, about)
	}
	for g := range guardsAbout {
		if !slices.Contains(offer.Guards, g) {
			t.Errorf("there is no guard %s", g)
		}
	}
	b.WriteString(offersTail)
	generated(t, "../../docs/reference/offers.md", b.String())
}

var guardsAbout = map[offer.Guard]string{
	offer.GuardQuiet:         "a closure, an illness or a death: nothing is proposed",
	offer.GuardOnce:          "something was proposed in this departure already",
	offer.GuardPlace:         "the packs of rules let nobody propose anything after the receipt",
	offer.GuardDuring:        "something is broken, the packs forbid it then and nobody asked; a fix may be proposed",
	offer.GuardNoIncident:    "a fix where no complaint waits for one",
	offer.GuardWronged:       "another product while a wrong of ours stands unrepaired",
	offer.GuardPrice:         "the price of the one contract that they end is not known",
	offer.GuardCurrency:      "it is in another currency than the contract",
	offer.GuardImproves:      "it would not be better for them than what they have",
	offer.GuardMargin:        "with it, what is left after what serving them costs would be below zero in some part of its term",
	offer.GuardMarginUnknown: "nobody said what is left of the price",
	offer.GuardCooldown:      fmt.Sprintf("the last one that they accepted is not long ago; %d days at least, or what `limits.cooldown` says", offer.LeastCooldown),
	offer.GuardLifetime:      fmt.Sprintf("they accepted %d already, or what `limits.lifetime` says", offer.MostInLife),
	offer.GuardOwn:           "the `guard` of the offer itself says no",
	offer.GuardOwnUnknown:    "a fact that its `guard` needs is not known",
	offer.GuardLetGo:         "the company [lets them go](lanes.md): nothing stands in their way; a date for what is our fault may be proposed",
	offer.GuardHoldout:       "they are those with whom a running [experiment](experiments.md) compares, and it is tried in it or gives something",
}

const offersHead = `# Offers

Written by make gen.

What the company may propose, once, to whoever leaves: after the receipt, never before it, while the departure goes on. What there is to
propose are files; one more file, ` + "`policy.yaml`" + `, says what is proposed in which situation. Both are data: nothing in them runs, and the
guards below are code that no file switches off ([ADR 62](../adr/0062-a-policy-decides-by-declared-facts-alone.md)).

    offers: offers             # in hasta.yaml: a folder. A file with the name of a shipped one stands in its place

| command | what it does |
|---|---|
| ` + "`hasta offer show [NAME]`" + ` | prints a shipped file, to begin your own with |
| ` + "`hasta offer check [FILE…]`" + ` | every problem at file:line:column, and lines that never decide; exit status 1 if anything is wrong |
| ` + "`hasta offer check --customers`" + ` | the same, tried on up to 400 running customers with each reason: which line decides how often, who gets what, and what is odd (lines that speak of nobody or overlap, segments that hold nobody or everybody, another currency) |
| ` + "`hasta offer explain CUSTOMER [--reason CODE]`" + ` | what would be proposed to one customer, by which line, and why nothing else |

## An offer

` + "```yaml" + `
offer: less                   # its name; policies refer to it
kind: discount
title: {es: "Un 20 % menos", en: "20 % less"}      # for those who work here
fields: {percent: 20, charges: 3}
guard: contract.months >= 6   # CEL over the facts below; may be missing
effect: {apply: person, verify: person, undo: person, expire: person}
expires: {d: 10}              # days to answer, 1 to 60; without it the file is refused
by: {d: 5}                    # days within which we do it
words:                        # for customers, in es, en, de and fr
  what: {…}                   # what we can do, in one sentence
  changes: {…}                # a list: everything that changes, losses included
  cost: {…}                   # what it costs them
` + "```" + `

Words may have ` + "`{until}`, `{by}`" + ` and the fields; of a discount, another plan or another product also ` + "`{now}` and `{then}`" + `: prices with tax. A discount above 100 %,
an amount in no currency, a placeholder that means nothing or a language that is missing are refused where they stand.
`

const offersFacts = `
## Facts

A decision sees these and nothing else: who somebody is, where they live, when and by what they come, and who looks make no difference. What is
not known is not guessed; a line that needs it is told as unread and does not decide. Conditions have a bounded cost, and are refused above it.

| fact | type | may be unknown | what it is |
|---|---|---|---|
`

const offersGuards = `
## Guards

| guard | turns an offer away when |
|---|---|
`

const offersTail = `
What is left of a price is taken from *Settings → Company → What serving costs* where it is said (` + "`margin`, `margins`, and of a customer of whom it is computed their" + `
incidents, hours and late payments, [worth.md](worth.md)); else from ` + "`margin`" + ` of the policy. Where nobody said, no offer with a price is made.

## A policy

` + "```yaml" + `
policy: house
choose: first                 # or ranked: the line with the highest rank decides
answers: person               # somebody looks first; at_once: whoever asks what could be done is answered at once
limits: {cooldown: {d: 365}, lifetime: 2}   # may only be stricter than the guards
margin:                       # the first that fits; product and plan may be missing
  - {product: Fibre, percent: 45}
lines:
  - id: price
    reason: [price]           # codes of reasons; one at the top stands for those below it too
    segment: [home]           # any of them
    value: [high, unknown]    # low, middle, high, unknown
    when: contract.months > 12
    offers: [less, pause]     # the first that the guards let through; empty: nothing is proposed
    heard: {…}                # what we understood, for the customer: es, en, de, fr
    why: {…}                  # one sentence, for staff and, on request, for the customer
` + "```" + `

All that a line says must hold. The shipped policy proposes no discount against a cheaper competitor, answers an unsolved complaint with a date
first, sells nothing while a wrong stands, and leaves closures, illness and death alone.

## Editions

*Offers → Edit the policy* in the console, and ` + "`" + `/v1/offers/policies` + "`" + `, write drafts of the policy; they are checked, tried on customers, and published by a second person
([ADR 80](../adr/0080-a-policy-is-published-by-two.md)). What was published last decides, with the files of the offers as they were then; where nothing was, the files that the program was started with do.
An older edition is published again to go back to it. Every offer says by which edition it was made, as ` + "`" + `name@hash` + "`" + `; ` + "`" + `/console/offers/policy/name@hash` + "`" + ` shows it.
`
