package trial_test

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/money"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/trial"
	"hastaluego/internal/when"
)

// policy is the shipped one, answering at once, with what is left of a price.
func policy(t testing.TB) *offer.Policy {
	t.Helper()
	var files []offer.File
	for _, f := range offer.BuiltinFiles() {
		if f.Name == offer.PolicyFile {
			f.Source = []byte(strings.NewReplacer("answers: person", "answers: at_once", "margin: []", "margin: [{percent: 60}]").Replace(string(f.Source)))
		}
		files = append(files, f)
	}
	p, err := offer.Read(files, reason.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plain(t testing.TB) *flow.Flow {
	t.Helper()
	f, err := flow.Load("exit-first.yaml", flow.Builtin()["exit-first"])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func load(t testing.TB, change ...string) *trial.Trial {
	t.Helper()
	x, err := trial.Load("x.yaml", []byte(strings.NewReplacer(change...).Replace(string(trial.Example()))))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestTheExampleIsRead(t *testing.T) {
	t.Parallel()
	x := load(t)
	m, err := x.On(policy(t), plain(t))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Definition.Plan()
	if err != nil || p.Customers < 500 || p.Customers > 5000 {
		t.Errorf("%+v %v", p, err)
	}
	if d := m.Definition; d.Holdout != 1000 || d.Arms[1].Share != 4500 || d.Baseline != .25 || d.Effect != .15 || d.Power != .8 || d.Tolerance[experiment.ExitTime] != 12 || d.Tolerance[experiment.Complained] != .01 {
		t.Errorf("%+v", d)
	}
	if c := m.Contents(); c[0] == c[1] || c[0] == "" {
		t.Errorf("two arms, one digest: %v", c)
	}
	if x.Definition.Arms[0].Content != "" {
		t.Error("checking changed what was read")
	}
}

// Every mistake is told where it stands.
func TestMistakesAreToldWhereTheyStand(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"experiment: pause_or_less→experiment: Pause!":                            "x.yaml:4:13 file.name",
		"expires: {d: 365}→":                                                      "x.yaml:1:1 experiment.no_expiry",
		"expires: {d: 365}→expires: {d: 0}":                                       "x.yaml:11:14 offer.days",
		"holdout: 10→holdout: 0":                                                  "x.yaml:12:10 experiment.holdout",
		"holdout: 10→holdout: 21":                                                 "x.yaml:12:10 experiment.holdout",
		"holdout: 10→holdout: ten":                                                "x.yaml:12:10 file.syntax",
		"currency: EUR→currency: euros":                                           "x.yaml:9:11 experiment.currency",
		"{id: less, share: 45,→{id: less, share: 40,":                             "x.yaml:14:3 experiment.shares",
		"offer: discount→offer: pause":                                            "x.yaml:15:6 experiment.same_arms",
		"offer: discount→flow: short":                                             "x.yaml:15:6 experiment.one_place",
		"{id: less, share: 45, offer: discount}→{id: less, share: 45}":            "x.yaml:15:6 experiment.shows_one",
		"offer: discount}→offer: discount, words: {what: {es: Menos, en: Less}}}": "x.yaml:15:59 file.language_missing",
		"family: [price]→family: [prize]":                                         "x.yaml:18:21 offer.no_reason",
		"family: [price]→market: [spain]":                                         "x.yaml:18:21 experiment.value",
		"family: [price]→agent: [Ana]":                                            "x.yaml:18:12 experiment.fact",
		"primary: held_90_paid→primary: accepted":                                 "x.yaml:20:10 experiment.primary",
		"effect: 15→effect: 90":                                                   "x.yaml:22:9 experiment.effect",
		"power: 80→":                                                              "x.yaml:1:1 experiment.power",
		"tolerance: {complained: 1,→tolerance: {complained: 9,":                   "x.yaml:25:25 experiment.tolerance",
		"offer: pause→offer: skip":                                                "x.yaml:14:3 experiment.no_line",
		"offer: pause→offer: gift":                                                "x.yaml:14:35 experiment.not_on_menu",
		"offer: pause→offer: fix":                                                 "x.yaml:14:35 experiment.fix",

		"offer: pause}→offer: pause, words: {what: {es: a, en: '{gift}', de: a, fr: a}}}": "x.yaml:14:68 offer.placeholder",

		"offer: pause→flow: short": "x.yaml:15:6 experiment.one_place",
	} {
		from, to, _ := strings.Cut(change, "→")
		src := strings.Replace(string(trial.Example()), from, to, 1)
		x, err := trial.Load("x.yaml", []byte(src))
		if err == nil {
			_, err = x.On(policy(t), plain(t))
		}
		var got []string
		for _, e := range fault.Fields(err) {
			got = append(got, e.Field+" "+e.Code)
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s: %q, not %q", change, got, want)
		}
	}
	x := load(t)
	if _, err := x.On(offer.Builtin(), plain(t)); fault.Fields(err)[0].Code != "experiment.answers" {
		t.Errorf("a person would choose to whom it is shown: %v", err)
	}
	us := load(t, "currency: EUR", "currency: USD", "offer: discount", "offer: off")
	files := append(slices.Clone(offer.BuiltinFiles()), offer.File{Name: "off.yaml", Source: []byte(strings.NewReplacer("offer: discount", "offer: off", "percent: 20", "off: 5.00 EUR", "{percent} %", "{off}", "{percent} %", "{off}", "{percent}", "{off}").Replace(string(builtin(t, "discount.yaml"))))})
	for i, f := range files {
		if f.Name == offer.PolicyFile {
			files[i].Source = []byte(strings.NewReplacer("answers: person", "answers: at_once", "[discount, pause]", "[off, pause]").Replace(string(f.Source)))
		}
	}
	p, err := offer.Read(files, reason.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	_, err = us.On(p, plain(t))
	if l := fault.Fields(err); len(l) != 1 || l[0].Code != "experiment.offer_currency" || !strings.HasPrefix(l[0].Field, "x.yaml:15:") {
		t.Errorf("%v", err)
	}
}

func builtin(t testing.TB, name string) []byte {
	t.Helper()
	for _, f := range offer.BuiltinFiles() {
		if f.Name == name {
			return f.Source
		}
	}
	t.Fatal(name)
	return nil
}

func TestWhatRunsForTheSameCustomerOverlaps(t *testing.T) {
	t.Parallel()
	price := load(t)
	for other, want := range map[string]bool{"family: [price]": true, "family: [product]": false, "kind: [person]": true, "family: [product, price]": true, "segment: [gold]": true} {
		if got := price.Overlaps(load(t, "family: [price]", other)); got != want {
			t.Errorf("%s: %v", other, got)
		}
	}
	a, b := load(t, "family: [price]", "segment: [gold]"), load(t, "family: [price]", "segment: [iron]")
	if !a.Overlaps(b) {
		t.Error("somebody can be in two segments")
	}
}

// situation is one in which the shipped policy proposes something to whoever leaves
// over the price.
func record(t *rapid.T) offer.Record {
	today := when.Date{Year: 2026, Month: 6, Day: 1}
	given := reason.Given{Code: rapid.SampledFrom([]string{"price", "too_expensive", "closing", "missing_feature"}).Draw(t, "reason"), Attribution: "ours"}
	return offer.Record{
		Today: today, Taxonomy: reason.Builtin(), Stated: &given,
		Customer: customer.Customer{Kind: customer.Person, Segment: rapid.SampledFrom([]string{"", "gold"}).Draw(t, "segment")},
		Leaving: []customer.Subscription{{
			Product: "Fibre", Plan: "600", Interval: customer.Monthly, Start: today.AddMonths(-rapid.IntRange(0, 40).Draw(t, "months")),
			Amount: money.Amount{Minor: rapid.Int64Range(500, 9000).Draw(t, "price"), Currency: rapid.SampledFrom([]string{"EUR", "USD"}).Draw(t, "currency")},
		}},
		Asked: true,
	}
}

// The same situation has the same menu and the same probabilities of the arms, and the
// same customer the same arm, whatever else there is to know: name, address, number,
// language of the page, hour, who looks.
func TestTheSameSituationHasTheSameMenuAndTheSameProbabilities(t *testing.T) {
	t.Parallel()
	p := policy(t)
	m, err := load(t).On(p, plain(t))
	if err != nil {
		t.Fatal(err)
	}
	about, holdouts := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := record(t)
		other := r
		other.Customer.Name, other.Customer.Reference, other.Customer.ID = rapid.String().Draw(t, "name"), rapid.String().Draw(t, "number"), customer.ID(rapid.String().Draw(t, "id"))
		other.Customer.Language, other.Customer.Country, other.Customer.Region = rapid.String().Draw(t, "language"), rapid.String().Draw(t, "country"), rapid.String().Draw(t, "region")
		who, with := trial.Who{}, trial.Who{Market: rapid.String().Draw(t, "market"), Language: rapid.String().Draw(t, "tongue"), Plan: rapid.String().Draw(t, "plan")}
		s, s2 := offer.Observe(r), offer.Observe(other)
		d, err := p.Decide(s)
		if err != nil {
			t.Fatal(err)
		}
		d2, err := p.Decide(s2)
		if err != nil {
			t.Fatal(err)
		}
		facts, in, err := m.About(d, s, who)
		if err != nil {
			t.Fatal(err)
		}
		facts2, in2, err := m.About(d2, s2, with)
		if err != nil || in != in2 {
			t.Fatalf("in it %v, and then %v: %v", in, in2, err)
		}
		if !in {
			return
		}
		about++
		e := experiment.Experiment{ID: "exp_1", Definition: m.Definition, State: experiment.Running}
		a, err := e.Assigner([]byte("a secret of thirty-two bytes ..."))
		if err != nil {
			t.Fatal(err)
		}
		arm, yes := a.Place("cus_1", facts)
		arm2, yes2 := a.Place("cus_1", facts2)
		if arm != arm2 || yes != yes2 {
			t.Fatalf("%q (%v), and then %q (%v)", arm, yes, arm2, yes2)
		}
		for _, arm := range append([]string{experiment.Holdout}, m.Arms[0].ID, m.Arms[1].ID) {
			x, y := m.Give(d, arm), m.Give(d2, arm)
			if x.Offer != y.Offer || !maps.Equal(x.Heard, y.Heard) || x.Line != y.Line {
				t.Fatalf("%s shows %+v, and then %+v", arm, x, y)
			}
			if (x.Offer == nil) != (arm == experiment.Holdout) {
				t.Fatalf("%s shows %v", arm, x.Offer)
			}
			if x.Offer == nil {
				holdouts++
			} else if _, why, _, err := p.Consider(x.Offer.Name, s); err != nil || why != "" {
				t.Fatalf("%s shows what %s turns away: %v", arm, why, err)
			}
		}
	})
	if about == 0 || holdouts == 0 {
		t.Error("it was about nobody")
	}
}

// An arm may say the same in other words; what changes and what it costs stay.
func TestWordsOfAnArm(t *testing.T) {
	t.Parallel()
	x := load(t, "offer: discount}", "offer: pause, words: {heard: {es: Oído, en: Heard, de: Gehört, fr: Entendu}, what: {es: '{months} meses', en: '{months} months', de: '{months} Monate', fr: '{months} mois'}}}")
	m, err := x.On(policy(t), plain(t))
	if err != nil {
		t.Fatal(err)
	}
	usual, other := m.Shown(0), m.Shown(1)
	if usual["what"]["en"] == other["what"]["en"] || other["heard"]["en"] != "Heard" || usual["cost"]["en"] != other["cost"]["en"] || usual["changes_1"]["en"] != other["changes_1"]["en"] {
		t.Errorf("%v, %v", usual, other)
	}
	d := m.Give(offer.Decision{Line: "price"}, "less")
	if w := d.Say("en", offer.Terms{}); w.What != "2 months" || w.Heard != "Heard" {
		t.Errorf("%+v", w)
	}
}

// Whatever is written, it is read or told where it is wrong.
func FuzzLoad(f *testing.F) {
	f.Add(trial.Example())
	f.Add([]byte("experiment: x\narms: [{id: a, share: .nan}]\nexpires: {d: 1e9}\ntolerance: {a: null}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		x, err := trial.Load("x.yaml", src)
		if err == nil {
			if l := x.Definition.Check(); len(l) > 0 {
				t.Fatal(l)
			}
			return
		}
		var list fault.List
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatal(err)
		}
		for _, e := range list {
			if !strings.HasPrefix(e.Field, "x.yaml:") {
				t.Fatalf("%q stands nowhere: %v", e.Field, e)
			}
		}
	})
}

// The example of the reference is the one that is shipped.
func TestTheReferenceShowsTheExample(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/reference/experiments.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), string(trial.Example())) {
		t.Error("docs/reference/experiments.md shows another example than the program prints")
	}
}

// An arm of the flow is one that the flow declares, beside the one that everybody
// meets; which is what the holdout meets.
func TestArmsOfAFlow(t *testing.T) {
	t.Parallel()
	src := strings.Replace(string(flow.Builtin()["exit-first"]), "\nnodes:", "\narms: [usual, short]\nnodes:", 1)
	f, err := flow.Load("exit-first.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	change := []string{"  - {id: less, share: 45, offer: discount}\n", "", "{id: pause, share: 45, offer: pause}", "{id: short, share: 90, flow: short}", "family: [price]", "kind: [person]"}
	m, err := load(t, change...).On(offer.Builtin(), f) // what is proposed is of no account to it
	if err != nil {
		t.Fatal(err)
	}
	if m.FlowArm("short") != "short" || m.FlowArm(experiment.Holdout) != "usual" || m.Contents()[0] == "" {
		t.Errorf("%q for the arm, %q for the holdout", m.FlowArm("short"), m.FlowArm(experiment.Holdout))
	}
	if _, in, err := m.About(offer.Decision{}, offer.Situation{}, trial.Who{Kind: "person"}); err != nil || !in {
		t.Errorf("not about whom it is about: %v", err)
	}
	for _, arm := range []string{"usual", "long"} {
		other := slices.Clone(change)
		other[3] = "{id: short, share: 90, flow: " + arm + "}"
		_, err := load(t, other...).On(offer.Builtin(), f)
		if l := fault.Fields(err); len(l) != 1 || l[0].Code != "experiment.no_flow_arm" {
			t.Errorf("%s: %v", arm, err)
		}
	}
	_, err = trial.Load("x.yaml", []byte(strings.NewReplacer(change[:4]...).Replace(string(trial.Example()))))
	if l := fault.Fields(err); len(l) != 1 || l[0].Code != "experiment.too_late" {
		t.Errorf("a reason that nobody knows yet: %v", err)
	}
}
