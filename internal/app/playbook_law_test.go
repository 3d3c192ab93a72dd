package app_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// A playbook that is shorter than the law of a place says so, and one that is as
// long says nothing.
func TestAPlaybookSaysWhereItIsShorterThanTheLaw(t *testing.T) {
	t.Parallel()
	l := jurisdiction.Shipped()
	gaps := func(source string, packs ...string) (list []app.PlaybookGap) {
		t.Helper()
		pb, err := playbook.Load("test.yaml", []byte(source), step.Specs())
		must(t, err)
		chosen, err := l.Named(packs...)
		must(t, err)
		var of []*jurisdiction.Pack
		for _, p := range chosen.Packs {
			of = append(of, p.Pack)
		}
		list, err = app.LawOfPlaybook(pb, l, of, when.Date{Year: 2026, Month: 11, Day: 28})
		must(t, err)
		return list
	}
	codes := func(list []app.PlaybookGap) (out []string) {
		for _, g := range list {
			out = append(out, g.Code)
		}
		return slices.Compact(out)
	}
	const steps = `
title: {es: "Corta", en: "Short"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}, milestone: confirmed}
`
	short, long := "playbook: short\nretrieval: {d: 7}"+steps, "playbook: long\nretrieval: {d: 30}"+steps
	list := gaps(short, "eu")
	if len(list) != 1 || list[0].Code != "playbook.law.retrieval" || list[0].Days != 7 || list[0].Law != 30 || list[0].Rule != "eu.da.25-2-g.retrieval" || !list[0].Maybe || list[0].Cite == "" {
		t.Errorf("seven days: %+v", list)
	}
	if list := gaps(long, "eu"); len(list) != 0 {
		t.Errorf("thirty days: %+v", list)
	}
	if list := gaps(short, "mx"); len(list) != 0 {
		t.Errorf("where nobody asks for a window: %+v", list)
	}
	builtin := string(playbook.Builtin()["telecom"])
	if got := codes(gaps(builtin, "es")); !slices.Equal(got, []string{"playbook.law.erase_mode"}) {
		t.Errorf("telecom in Spain: %v", got)
	}
	if got := codes(gaps(strings.Replace(builtin, `keep_years: "6"`, `keep_years: "5"`, 1), "es")); !slices.Equal(got, []string{"playbook.law.erase_mode", "playbook.law.keep"}) {
		t.Errorf("with invoices for five years: %v", got)
	}
	if got := gaps(string(playbook.Builtin()["saas-b2c"]), "ar"); len(got) != 0 {
		t.Errorf("charges that stop at once: %+v", got)
	}
	waits := gaps(strings.Replace(string(playbook.Builtin()["saas-b2c"]), "after: [confirm]\n    params: {system: billing}", "after: [review, accounts]\n    params: {system: billing}", 1), "ar")
	if len(waits) != 1 || waits[0].Code != "playbook.law.waits" || waits[0].Step != "cancel_billing" || waits[0].Other != "accounts" || waits[0].Law != 24 || waits[0].Rule != "ar.d954.act" {
		t.Errorf("charges that stop only when people have looked: %+v", waits)
	}
}
