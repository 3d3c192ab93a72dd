package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"

	"pgregory.net/rapid"
)

// graph is a small flow as a table: node 0 is the entry, the last one the
// receipt, some in between are chats or offers.
type graph struct {
	kinds []string
	to    [][]int
}

func (g graph) source() string {
	var b strings.Builder
	b.WriteString("flow: g\nlanguages: [en]\nconcluded: [web]\nnodes:\n")
	for i, k := range g.kinds {
		fmt.Fprintf(&b, "  - id: n%d\n    kind: %s\n", i, k)
		if k == "handoff" {
			b.WriteString("    medium: chat\n")
		}
		if len(g.to[i]) > 0 {
			b.WriteString("    actions:\n")
		}
		for j, to := range g.to[i] {
			fmt.Fprintf(&b, "      - {id: a%d, role: exit, to: n%d, label: {en: \"Cancel\"}}\n", j, to)
		}
	}
	return b.String()
}

// ways calls do for every way without a circle from a node to the receipt.
func (g graph) ways(from int, on []int, do func([]int)) {
	on = append(slices.Clone(on), from)
	if from == len(g.kinds)-1 {
		do(on)
		return
	}
	for _, to := range g.to[from] {
		if !slices.Contains(on, to) {
			g.ways(to, on, do)
		}
	}
}

// reached are the nodes that one can come to from the entry.
func (g graph) reached() []int {
	list := []int{0}
	for i := 0; i < len(list); i++ {
		for _, to := range g.to[list[i]] {
			if !slices.Contains(list, to) {
				list = append(list, to)
			}
		}
	}
	return list
}

// The graph is asked by taking nodes away; the answer is what walking every way
// one by one gives.
func TestWhatEveryWayCrossesIsWhatWalkingThemAllWouldSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 8).Draw(t, "nodes")
		g := graph{kinds: make([]string, n), to: make([][]int, n)}
		for i := range n {
			g.kinds[i] = rapid.SampledFrom([]string{"info", "info", "handoff", "offer"}).Draw(t, "kind")
			g.to[i] = rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, 3, rapid.ID).Draw(t, "to")
		}
		g.kinds[0], g.kinds[n-1], g.to[n-1] = "entry", "receipt", nil

		ways, free, offers := 0, 0, 0
		g.ways(0, nil, func(way []int) {
			ways++
			k, agent := 0, false
			for _, i := range way {
				agent = agent || g.kinds[i] == "handoff"
				if g.kinds[i] == "offer" {
					k++
				}
			}
			if !agent {
				free++
			}
			offers = max(offers, k)
		})
		dead := false
		for _, i := range g.reached() {
			some := false
			g.ways(i, nil, func([]int) { some = true })
			dead = dead || !some
		}

		f, err := flow.Load("g.yaml", []byte(g.source()))
		if err != nil {
			t.Fatal(err)
		}
		limit := &jurisdiction.Effective{Settings: []jurisdiction.Setting{{Param: jurisdiction.ParamNamed("offers.max_before_registration"), Outcome: jurisdiction.Settled, Value: jurisdiction.Value{N: int64(max(0, offers-1))}}}}
		fails := map[string]bool{}
		for _, x := range flow.Check(f, []flow.Law{{Name: "x", Effective: limit}}, nil).Findings {
			fails[x.Rule] = fails[x.Rule] || x.Result == jurisdiction.Fail
		}
		if fails["DP01"] != (dead || ways == 0) {
			t.Errorf("no way out: %v, %d ways, dead %v\n%s", fails["DP01"], ways, dead, g.source())
		}
		if fails["DP04"] != (ways > 0 && free == 0) {
			t.Errorf("agent: %v, %d of %d ways are free\n%s", fails["DP04"], free, ways, g.source())
		}
		if offers > 0 && !fails["DP12"] {
			t.Errorf("a way meets %d offers and %d are allowed\n%s", offers, max(0, offers-1), g.source())
		}
	})
}

// An arm, a segment, a device, a language or a law that has something wrong is
// named, and the others are not.
func TestWhatIsWrongForSomeIsFoundForThemAlone(t *testing.T) {
	t.Parallel()
	loud := strings.Replace(stay, "prominence: 2", "prominence: 3", 1)
	for only, want := range map[string]func(flow.Variant) bool{
		"arms: [b]":         func(v flow.Variant) bool { return v.Arm == "b" },
		"segments: [large]": func(v flow.Variant) bool { return v.Segment == "large" },
		"devices: [mobile]": func(v flow.Variant) bool { return v.Device == "mobile" },
		"languages: [en]":   func(v flow.Variant) bool { return v.Language == "en" },
		"packs: [eu]":       func(v flow.Variant) bool { return v.Law == "es" || v.Law == "de" }, // both extend it
	} {
		src := strings.Replace(plain, "languages: [es, en]\n", "languages: [es, en]\narms: [a, b]\nsegments: [small, large]\n", 1)
		src = strings.Replace(src, stay, strings.Replace(stay, "{id: stay,", "{id: stay, not: {"+only+"},", 1)+strings.Replace(loud, "{id: stay,", "{id: loud, only: {"+only+"},", 1), 1)
		f := load(t, "arms.yaml", src)
		r := flow.Check(f, laws(t, f, "es", "de", "us-ca"), nil)
		if r.Variants != 3*2*2*2*2 {
			t.Errorf("%d variants", r.Variants)
		}
		found := 0
		for _, x := range r.Findings {
			if x.Pattern != "DP16" || x.Result != jurisdiction.Fail {
				continue
			}
			for _, v := range x.Variants {
				found++
				if !want(v) {
					t.Errorf("only %s: found in %+v", only, v)
				}
			}
		}
		if found == 0 {
			t.Errorf("only %s: not found", only)
		}
	}
}

// What a description does not say is unknown and never passes.
func TestWhatADescriptionDoesNotSayNeverPasses(t *testing.T) {
	t.Parallel()
	f := load(t, "silent.yaml", "flow: silent\nlanguages: [en]\nnodes:\n  - id: a\n    kind: entry\n    actions: [{id: go, role: exit, to: b, label: {en: \"Cancel\"}}]\n"+
		"  - id: b\n    kind: receipt\n    texts: {title: {en: \"Done\"}}\n")
	got := map[string]jurisdiction.Result{}
	for _, o := range flow.Check(f, nil, nil).Outcomes {
		got[o.Rule] = o.Result
	}
	for _, id := range []string{"DP02", "DP03", "DP05", "DP24", "DP30", "DP32", "DP36"} {
		if got[id] != jurisdiction.Unknown {
			t.Errorf("%s: %s", id, got[id])
		}
	}
}

// What a description leaves open, one thing at a time, is unknown where it was
// said before, and nothing else becomes so.
func TestEachThingThatIsLeftOpenIsUnknown(t *testing.T) {
	t.Parallel()
	for gone, want := range map[string]string{
		", inside: plain":    "DP05 entry_unknown",
		", siblings: 5":      "DP05 entry_unknown",
		", time: minute":     "DP30 receipt_time_unknown",
		", to: kept_address": "DP30 receipt_to_unknown",
		"concluded: [web]\n": "DP03 concluded_unknown",
	} {
		var unknown []string
		for _, x := range flow.Check(load(t, "plain.yaml", replace(plain, gone, "")), nil, load(t, "signup.yaml", signup)).Findings {
			unknown = append(unknown, x.Rule+" "+x.Why)
			if x.Result != jurisdiction.Unknown {
				t.Errorf("without %s: %s", gone, tell(x))
			}
		}
		if !slices.Equal(unknown, []string{want}) {
			t.Errorf("without %s: %v, want %s", gone, unknown, want)
		}
	}
	charged := replace(plain, "    kind: form\n", "    kind: form\n"+replace(fee, ", proportion: days_left", ""))
	if found := flow.Check(load(t, "plain.yaml", charged), nil, load(t, "signup.yaml", signup)).Findings; len(found) != 1 || found[0].Why != "penalty_unknown" || found[0].Result != jurisdiction.Unknown {
		t.Errorf("a fee, and nobody says who charges it: %v", found)
	}
	app := replace(replace(plain, "concluded: [web]", "concluded: [app]"), ", location: [footer]", "")
	if found := flow.Check(load(t, "plain.yaml", app), nil, load(t, "signup.yaml", signup)).Findings; len(found) != 1 || found[0].Why != "app_unknown" || found[0].Result != jurisdiction.Unknown {
		t.Errorf("joined in the app, and nobody says where the way out stands: %v", found)
	}
}

// What a law says mildly hides nothing that the same law says sternly by another
// name.
func TestWhatBlocksIsNotHiddenByWhatWarns(t *testing.T) {
	t.Parallel()
	loud := strings.Replace(stay, "prominence: 2", "prominence: 3", 1)
	reason := field + "      - {id: why, asks: reason, required: true, label: {es: \"¿Por qué?\", en: \"Why?\"}}\n"
	for _, c := range []struct {
		pack, pattern, from, to string
		blocks                  bool
	}{
		{"de", "DP16", stay, loud, true},
		{"fr", "DP16", stay, loud, true},
		{"us-ca", "DP16", stay, loud, true},
		{"mx", "DP16", stay, loud, false},
		{"de", "DP05", "siblings: 5", "siblings: 58", true},
		{"ar", "DP05", "siblings: 5", "siblings: 58", true},
		{"fr", "DP05", "siblings: 5", "siblings: 58", true},
		{"es", "DP05", "siblings: 5", "siblings: 58", false},
		{"co", "DP22", "    kind: receipt\n", "    kind: receipt\n" + fee, true},
		{"ar", "DP22", "    kind: receipt\n", "    kind: receipt\n" + fee, true},
		{"us-fed", "DP10", field, reason, true},
		{"eu", "DP09", field, reason, true}, // the reason warns there, the field too many does not
		{"us-mn", "DP10", field, reason, true},
	} {
		f := load(t, "plain.yaml", replace(plain, c.from, c.to))
		blocks := false
		for _, x := range flow.Check(f, laws(t, f, c.pack), nil).Findings {
			blocks = blocks || x.Pattern == c.pattern && x.Result == jurisdiction.Fail && x.Severity == jurisdiction.Block
		}
		if blocks != c.blocks {
			t.Errorf("%s under %s blocks: %v, want %v", c.pattern, c.pack, blocks, c.blocks)
		}
	}
	// An offer on the way out warns in Spain: what forbids it there is uncertain.
	f := load(t, "plain.yaml", replace(plain, toForm, "to: offer, label")+offer+kept)
	for _, x := range flow.Check(f, laws(t, f, "es"), nil).Findings {
		if x.Pattern == "DP12" && x.Severity != jurisdiction.Warn {
			t.Error(tell(x))
		}
	}
}

// Words under the name of a law are those of the law, or they are as vague as any
// others, and said to be borrowed.
func TestWordsUnderTheNameOfALawAreThoseOfTheLaw(t *testing.T) {
	t.Parallel()
	const own = `label: {es: "Darme de baja", en: "Cancel my contract"}`
	for _, c := range []struct {
		pack, prescribed string
		want             []string // why, of DP08 and DP26
	}{
		{"mx", `{mx: {es: "Continuar", en: "Continue"}}`, []string{"vague_label", "vague_label"}},
		{"mx", `{mx: {es: "Terminar", en: "End it"}}`, []string{"not_of_the_law", "not_of_the_law"}},
		{"mx", `{mx: {de: "Vertrag beenden"}}`, []string{"not_of_the_law", "text_missing", "text_missing"}},
		{"mx", `{de: {es: "Continuar", en: "Continue"}}`, nil}, // not shown there
		{"us-ca", `{us-ca: {es: "Solicitar", en: "Request"}}`, []string{"vague_label", "vague_label"}},
		{"de", `{de: {de: "Verträge hier kündigen"}}`, nil},
		{"ar", `{ar: {es: "BOTÓN DE BAJA DE SERVICIO"}}`, nil},
	} {
		f := load(t, "plain.yaml", replace(plain, own, own+", prescribed: "+c.prescribed))
		var got []string
		for _, x := range flow.Check(f, laws(t, f, c.pack), nil).Findings {
			if x.Action == "leave" && x.Result == jurisdiction.Fail && (x.Pattern == "DP08" && x.Law == nil || x.Pattern == "DP26") {
				got = append(got, x.Why)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s under %s: %v, want %v", c.prescribed, c.pack, got, c.want)
		}
	}
}
