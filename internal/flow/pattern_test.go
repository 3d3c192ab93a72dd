package flow_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// plain is a flow in which no pattern is found: home, a page that registers, a
// receipt. Every example is this flow with one thing changed.
const plain = `flow: plain
title: {es: "Baja", en: "Leaving"}
languages: [es, en]
devices: [desktop, mobile]
concluded: [web]
terms: {prepaid: true, refund: prorata, retrieval_days: 30, exit_fee: none, opt_out_days_before_renewal: 0}
lifecycle:
  - {from: registered, to: ended, on: effect}
  - {from: ended, to: closed, on: proof}
defaults: {contrast: 7, size: 1}
nodes:
  - id: home
    kind: entry
    entry: {clicks_from_home: 1, siblings: 5, inside: plain, location: [footer], permanent: true, login: none}
    actions:
      - {id: leave, role: exit, does: cancel, kind: button, to: form, label: {es: "Darme de baja", en: "Cancel my contract"}}
  - id: form
    kind: form
    page: request
    next: confirm
    texts:
      lede: {es: "Al confirmar, queda registrada.", en: "It is registered when you confirm."}
    fields:
      - {id: account, asks: email, required: true, label: {es: "Tu correo", en: "Your e-mail"}}
    actions: []
  - id: confirm
    kind: confirm
    page: request
    actions:
      - {id: yes, role: exit, does: cancel, kind: button, prominence: 2, to: receipt, label: {es: "Confirmar la baja", en: "Confirm cancellation"}}
      - {id: stay, role: keep, kind: button, prominence: 2, to: home, label: {es: "Quedarme", en: "Keep my plan"}}
  - id: receipt
    kind: receipt
    receipt: {contents: [code, declaration, instant], to: kept_address, time: minute}
    texts: {title: {es: "Justificante", en: "Receipt"}}
    actions:
      - {id: data, role: help, does: export, kind: button, label: {es: "Descargar mis datos", en: "Download my data"}}
      - {id: erase, role: help, does: erase, kind: link, label: {es: "Suprimir mis datos", en: "Erase my data"}}
      - {id: rather, role: help, does: withdraw, kind: link, label: {es: "Desistir, si estás en plazo", en: "Withdraw, if you still can"}}
`

// signup is how the customers of plain came: as many steps as leaving takes.
const signup = `flow: signup
title: {es: "Alta", en: "Joining"}
languages: [es, en]
nodes:
  - id: home
    kind: entry
    actions: [{id: join, role: accept, to: form, label: {es: "Alta", en: "Join"}}]
  - id: form
    kind: form
    fields: [{id: email, asks: email, required: true, label: {es: "Correo", en: "E-mail"}}]
    actions: [{id: pay, role: accept, to: done, label: {es: "Contratar", en: "Buy"}}]
  - id: done
    kind: receipt
    texts: {title: {es: "Bienvenida", en: "Welcome"}}
`

// Pieces that examples put into the flow.
const (
	toForm    = "to: form, label"
	toConfirm = "    next: confirm\n"
	atForm    = "    actions: []\n"
	yes       = "      - {id: yes, role: exit, does: cancel, kind: button, prominence: 2, to: receipt, label: {es: \"Confirmar la baja\", en: \"Confirm cancellation\"}}\n"
	stay      = "      - {id: stay, role: keep, kind: button, prominence: 2, to: home, label: {es: \"Quedarme\", en: \"Keep my plan\"}}\n"
	lede      = "      lede: {es: \"Al confirmar, queda registrada.\", en: \"It is registered when you confirm.\"}\n"
	field     = "      - {id: account, asks: email, required: true, label: {es: \"Tu correo\", en: \"Your e-mail\"}}\n"
	data      = "      - {id: data, role: help, does: export, kind: button, label: {es: \"Descargar mis datos\", en: \"Download my data\"}}\n"
	rather    = "      - {id: rather, role: help, does: withdraw, kind: link, label: {es: \"Desistir, si estás en plazo\", en: \"Withdraw, if you still can\"}}\n"
	leave     = `label: {es: "Darme de baja", en: "Cancel my contract"}`
	offer     = "  - id: offer\n    kind: offer\n    offer: {kind: discount, improves_terms: true, cooldown_days: 90}\n    texts: {title: {es: \"Un descuento\", en: \"A discount\"}}\n    actions:\n" +
		"      - {id: take, role: accept, does: accept_offer, kind: button, prominence: 2, to: kept, label: {es: \"Aceptar\", en: \"Accept\"}}\n" +
		"      - {id: out, role: exit, kind: button, prominence: 2, to: confirm, label: {es: \"Seguir con la baja\", en: \"Cancel now\"}}\n"
	kept   = "  - id: kept\n    kind: receipt\n    receipt: {outcome: kept, contents: [code, declaration, instant]}\n    texts: {title: {es: \"Te quedas\", en: \"You stay\"}}\n"
	survey = "  - id: ask\n    kind: survey\n    texts: {title: {es: \"¿Qué tal?\", en: \"How was it?\"}}\n    actions:\n" +
		"      - {id: send, role: exit, kind: button, prominence: 2, to: form, label: {es: \"Contestar\", en: \"Answer\"}}\n" +
		"      - {id: skip, role: decline, kind: button, prominence: 2, to: form, label: {es: \"Saltar\", en: \"Skip\"}}\n"
	fee    = "    amounts: [{id: fee, what: fee, from: quote, proportion: days_left}]\n"
	phones = "  - id: call\n    kind: handoff\n    medium: phone\n    texts: {title: {es: \"Llámanos\", en: \"Call us\"}}\n    actions:\n      - {id: said, role: exit, to: form, label: {es: \"Dicho\", en: \"Said\"}}\n"
	wall   = "  - id: login\n    kind: auth\n    auth: {mode: MODE}\n    texts: {title: {es: \"Identifícate\", en: \"Who are you?\"}}\n    actions:\n      - {id: ok, role: exit, to: form, label: {es: \"Entrar\", en: \"Sign in\"}}\n"
	late   = "  - id: late\n    kind: confirm\n    actions:\n      - {id: yes, role: exit, to: receipt, label: {es: \"Confirmar la baja\", en: \"Confirm cancellation\"}}\n"
)

// Pieces of a withdrawal, which is another act than to cancel.
const (
	withdrawal = "  - id: undo\n    kind: confirm\n    fields: [{id: who, asks: name, required: true, label: {es: \"Nombre\", en: \"Name\"}}]\n    actions:\n" +
		"      - {id: yes, role: exit, does: withdraw, kind: button, prominence: 2, to: withdrawn, label: {es: \"Confirmar desistimiento\", en: \"Confirm withdrawal\"}}\n"
	withdrawn = "  - id: withdrawn\n    kind: receipt\n    receipt: {outcome: withdrawn, contents: [code, declaration, instant], to: kept_address, time: minute}\n    texts: {title: {es: \"Acuse\", en: \"Acknowledgement\"}}\n    actions:\n" +
		"      - {id: data, role: help, does: export, kind: link, label: {es: \"Tus datos\", en: \"Your data\"}}\n" +
		"      - {id: erase, role: help, does: erase, kind: link, label: {es: \"Suprimir mis datos\", en: \"Erase my data\"}}\n"
)

// withdraws puts the way to it beside the one to cancel.
var withdraws = edit{
	"    entry: {clicks_from_home: 1, siblings: 5, inside: plain, location: [footer], permanent: true, login: none}\n    actions:\n",
	"    entry: {clicks_from_home: 1, siblings: 5, inside: plain, location: [footer], permanent: true, login: none}\n    actions:\n" +
		"      - {id: back_out, role: exit, does: withdraw, kind: button, prominence: 2, to: undo, label: {es: \"Desistir del contrato aquí\", en: \"Withdraw from contract here\"}}\n",
}

// edit replaces a text that stands once; an empty from is put at the end.
type edit struct{ from, to string }

// example is plain with edits. What fails beside the pattern, because one thing
// is several patterns, stands in with.
type example struct {
	name   string
	edits  []edit
	with   []string
	signup string
	sets   map[string]jurisdiction.Value // what the law says, if anything
}

type shown struct{ fails, near []example }

func one(name, from, to string, with ...string) example {
	return example{name: name, edits: []edit{{from, to}}, with: with}
}

func many(name string, edits []edit, with ...string) example {
	return example{name: name, edits: edits, with: with}
}

// under gives an example a law.
func (x example) under(param string, v jurisdiction.Value) example {
	x.sets = map[string]jurisdiction.Value{param: v}
	return x
}

func (x example) joined(src string) example { x.signup = src; return x }

func (x example) source(t *testing.T) string {
	t.Helper()
	src := plain
	for _, e := range x.edits {
		if e.from == "" {
			src += e.to
			continue
		}
		if strings.Count(src, e.from) != 1 {
			t.Fatalf("%s: “%s” stands %d times", x.name, e.from, strings.Count(src, e.from))
		}
		src = strings.Replace(src, e.from, e.to, 1)
	}
	return src
}

func (x example) law(t *testing.T) flow.Law {
	t.Helper()
	e := &jurisdiction.Effective{}
	for name, v := range x.sets {
		p := jurisdiction.ParamNamed(name)
		if p == nil {
			t.Fatalf("no parameter %s", name)
		}
		e.Settings = append(e.Settings, jurisdiction.Setting{Param: p, Outcome: jurisdiction.Settled, Value: v})
	}
	return flow.Law{Name: "example", Effective: e}
}

// run is the patterns that fail in an example, sorted.
func (x example) run(t *testing.T) []string {
	t.Helper()
	f := load(t, "plain.yaml", x.source(t))
	var s *flow.Flow
	if x.signup != "" {
		s = load(t, "signup.yaml", x.signup)
	}
	var failed []string
	for _, found := range flow.Check(f, []flow.Law{x.law(t)}, s).Findings {
		if found.Result == jurisdiction.Fail && found.Rule != flow.Unreachable {
			failed = append(failed, found.Rule)
		}
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}

func TestTheFlowOfTheExamplesHasNoPattern(t *testing.T) {
	t.Parallel()
	if got := (example{signup: signup}).run(t); len(got) > 0 {
		t.Error(got)
	}
}

// Every pattern finds at least two things that it is about, and nothing else
// is found there, and passes something that looks like them.
func TestEveryPatternFindsWhatItIsAboutAndPassesWhatOnlyLooksLikeIt(t *testing.T) {
	t.Parallel()
	for _, id := range flow.Patterns() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			x := examples[id]
			if len(x.fails) < 2 || len(x.near) < 1 {
				t.Errorf("%d examples fail and %d pass; two and one are the least", len(x.fails), len(x.near))
			}
			for _, e := range x.fails {
				want := append(slices.Clone(e.with), id)
				slices.Sort(want)
				if got := e.run(t); !slices.Equal(got, want) {
					t.Errorf("%s: failed %v, want %v", e.name, got, want)
				}
			}
			for _, e := range x.near {
				if got := e.run(t); slices.Contains(got, id) || !slices.Equal(got, append([]string{}, e.with...)) {
					t.Errorf("near %s: failed %v, want %v", e.name, got, e.with)
				}
			}
		})
	}
}

func replace(s, from, to string) string {
	if !strings.Contains(s, from) {
		panic("nothing to replace: " + from)
	}
	return strings.Replace(s, from, to, 1)
}

// without is a text without its line that begins so.
func without(s, line string) string {
	before, rest, ok := strings.Cut(s, line)
	if !ok {
		panic("no line: " + line)
	}
	_, after, _ := strings.Cut(rest, "\n")
	return before + after
}

func label(lang string, any ...string) jurisdiction.Value {
	return jurisdiction.Value{Labels: []jurisdiction.Wording{{Pack: "x", Lang: lang, AnyOf: any}}}
}

// labels are what a law prescribes, language by language.
func labels(pairs ...string) (v jurisdiction.Value) {
	for i := 0; i < len(pairs); i += 2 {
		v.Labels = append(v.Labels, label(pairs[i], pairs[i+1]).Labels...)
	}
	return v
}

func days(n int) jurisdiction.Value {
	return jurisdiction.Value{Times: []jurisdiction.Time{{Span: jurisdiction.Span{N: n, Unit: jurisdiction.Days}, From: "renewal.date"}}}
}
