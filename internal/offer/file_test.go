package offer_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
)

// good is the file of a discount with nothing wrong.
const good = `offer: less
kind: discount
title: {es: "Menos", en: "Less"}
fields: {percent: 20, charges: 3}
guard: contract.months >= 6
effect: {apply: person, verify: person, undo: person, expire: person}
expires: {d: 10}
by: {d: 5}
words:
  what: {es: "{then} en vez de {now}", en: "{then}, not {now}", de: "{then} statt {now}", fr: "{then}, pas {now}"}
  changes: {es: ["Nada más"], en: ["Nothing else"], de: ["Sonst nichts"], fr: ["Rien d’autre"]}
  cost: {es: "{then}", en: "{then}", de: "{then}", fr: "{then}"}
`

// rules is a policy with nothing wrong, over the offer less.
const rules = `policy: p
choose: first
answers: person
margin: [{percent: 60}]
lines:
  - id: dear
    reason: [price]
    offers: [less]
    heard: {es: "a", en: "a", de: "a", fr: "a"}
    why: {es: "b", en: "b", de: "b", fr: "b"}
`

// told are the places and codes of what is wrong.
func told(err error) (out []string) {
	for _, e := range fault.Fields(err) {
		out = append(out, strings.TrimPrefix(e.Field, "f.yaml:")+" "+e.Code)
	}
	return out
}

func policyOf(t *testing.T, src string, offers ...string) *offer.Policy {
	t.Helper()
	files := []offer.File{{Name: "policy.yaml", Source: []byte(src)}}
	for _, o := range offers {
		files = append(files, offer.File{Name: strings.SplitN(strings.TrimPrefix(o, "offer: "), "\n", 2)[0] + ".yaml", Source: []byte(o)})
	}
	p, err := offer.Read(files, reason.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsWrongWithAnOfferIsToldAtItsPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, to, want string }{
		"nothing":               {"", "", ""},
		"no expiry":             {"expires: {d: 10}\n", "", "1:1 offer.no_expiry"},
		"an expiry of no days":  {"expires: {d: 10}", "expires: {d: 0}", "7:14 offer.days"},
		"more than everything":  {"percent: 20", "percent: 101", "4:19 offer.field_whole"},
		"percent and off":       {"percent: 20", `percent: 20, off: "3.00 EUR"`, "4:10 offer.percent_or_off"},
		"no such currency":      {"percent: 20", `off: "3.00 XXQ"`, "4:15 offer.field_money"},
		"no such field":         {"percent: 20", "percent: 20, colour: red", "4:31 file.not_one_of"},
		"no such kind":          {"kind: discount", "kind: gift", "2:7 file.not_one_of"},
		"no such fact":          {"contract.months >= 6", "customer.name == 'Ana'", "5:16 offer.condition"},
		"no truth":              {"contract.months >= 6", "contract.months", "5:8 offer.condition"},
		"a cost without bounds": {"contract.months >= 6", "segments.all(a, segments.all(b, segments.all(c, a + b == c)))", "5:8 offer.condition"},
		"no effect":             {"effect: {apply: person, verify: person, undo: person, expire: person}\n", "", "1:1 offer.no_effect"},
		"an effect of another":  {"apply: person", "apply: pause", "6:17 file.not_one_of"},
		"a coupon of no number": {"effect: {apply: person, verify: person, undo: person, expire: person}", "effect: {apply: coupon, verify: read, undo: remove, expire: billing}", "4:10 offer.field_missing"},
		"no French":             {`, fr: "{then}"}`, "}", "12:10 file.language_missing"},
		"no such placeholder":   {"{then} en vez", "{name} en vez", "10:14 offer.placeholder"},
		"a key that is none":    {"by: {d: 5}", "by: {d: 5}\ncolour: red", "9:1 file.unknown_key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offer.Load("f.yaml", []byte(strings.Replace(good, c.old, c.to, 1)))
			if got := told(err); !slices.Contains(append(got, ""), c.want) || c.want == "" && err != nil {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestWhatIsWrongWithAPolicyIsToldAtItsPlace(t *testing.T) {
	t.Parallel()
	less, err := offer.Load("less.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, to, want string }{
		"nothing":            {"", "", ""},
		"no such reason":     {"[price]", "[prise]", "7:14 offer.no_reason"},
		"no such offer":      {"[less]", "[more]", "8:14 file.not_one_of"},
		"no such band":       {"    offers:", "    value: [rich]\n    offers:", "8:13 file.not_one_of"},
		"a short cooldown":   {"margin:", "limits: {cooldown: {d: 30}}\nmargin:", "4:24 offer.cooldown"},
		"many in a life":     {"margin:", "limits: {lifetime: 9}\nmargin:", "4:20 offer.lifetime"},
		"a margin of nobody": {"percent: 60", "percent: 101", "4:20 offer.margin_percent"},
		"a rank unranked":    {"    offers:", "    rank: 2\n    offers:", "8:11 offer.rank"},
		"a protected fact":   {"    offers:", "    when: customer.country == 'ES'\n    offers:", "8:19 offer.condition"},
		"no sentence":        {`    why: {es: "b", en: "b", de: "b", fr: "b"}` + "\n", "", "6:5 file.language_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := offer.LoadPolicy("f.yaml", []byte(strings.Replace(rules, c.old, c.to, 1)), []*offer.Definition{less}, reason.Builtin())
			if got := told(err); !slices.Contains(append(got, ""), c.want) || c.want == "" && err != nil {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

func TestTheShippedPolicyIsGoodAndNoLineOfItIsShadowed(t *testing.T) {
	t.Parallel()
	p, err := offer.Read(offer.BuiltinFiles(), reason.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Shadowed(); err != nil {
		t.Error(err)
	}
	if len(p.Offers()) < 5 {
		t.Errorf("%d offers", len(p.Offers()))
	}
}

// A line behind one that speaks of everything it speaks of is told before
// anybody is asked about; counting says the same.
func TestALineThatNeverDecidesIsTold(t *testing.T) {
	t.Parallel()
	src := rules + strings.ReplaceAll(strings.SplitN(rules, "lines:\n", 2)[1], "dear", "dearer")
	src = strings.Replace(src, "id: dearer\n    reason: [price]", "id: dearer\n    reason: [price_rise]", 1)
	p := policyOf(t, src, good)
	if err := p.Shadowed(); !slices.Equal(told(err), []string{"policy.yaml:11:5 offer.shadowed"}) {
		t.Errorf("%v", told(err))
	}
	n, err := p.Count([]offer.Situation{situation("price_rise"), situation("price")})
	if err != nil {
		t.Fatal(err)
	}
	if l := n.Lines[1]; l.Applies != 1 || l.Decides != 0 || l.Before["dear"] != 1 {
		t.Errorf("counted %+v", l)
	}
	codes := map[string]bool{}
	for _, w := range p.Warn(n) {
		codes[w.Code] = true
	}
	if want := []string{"offer.warn.everybody_gets", "offer.warn.everybody_line", "offer.warn.unreached"}; !slices.Equal(slices.Sorted(maps.Keys(codes)), want) {
		t.Errorf("warned of %v, want %v", slices.Sorted(maps.Keys(codes)), want)
	}
}

// Whatever is given as the file of an offer, it is read or refused at a place.
func FuzzLoad(f *testing.F) {
	for _, x := range offer.BuiltinFiles() {
		f.Add(x.Source)
	}
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := offer.Load("f.yaml", src); err != nil && len(fault.Fields(err)) == 0 {
			t.Errorf("a problem without its place: %v", err)
		}
	})
}

// The same of policies.
func FuzzLoadPolicy(f *testing.F) {
	less, err := offer.Load("less.yaml", []byte(good))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(rules))
	for _, x := range offer.BuiltinFiles() {
		f.Add(x.Source)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := offer.LoadPolicy("f.yaml", src, []*offer.Definition{less}, reason.Builtin())
		if err != nil && len(fault.Fields(err)) == 0 {
			t.Errorf("a problem without its place: %v", err)
		}
		if err == nil {
			if _, err := p.Decide(situation("price")); err != nil {
				t.Logf("refused while deciding: %v", err)
			}
		}
	})
}
