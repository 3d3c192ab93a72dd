package flow

// Friction is what leaving costs the customer of one variant, by the shortest
// way from an entry on a page, where there is one, to a receipt.
type Friction struct {
	Variant  Variant `json:"variant"`
	Leavable bool    `json:"leavable"` // false: there is no way out, and nothing below says anything
	Pages    int     `json:"pages"`    // opened, the receipt among them
	Clicks   int     `json:"clicks"`
	Required int     `json:"required_fields"`
	Optional int     `json:"optional_fields"`
	Words    int     `json:"words"` // to read before the receipt
	Asks     int     `json:"asks"`  // offers and surveys on the way
	Handoffs int     `json:"handoffs"`
	Proofs   int     `json:"proofs"`  // of identity that stop
	Seconds  int     `json:"seconds"` // of imposed waiting
	Score    int     `json:"score"`
}

// What each thing adds to the score. A page is the unit: ten points.
const (
	pagePoints     = 10
	clickPoints    = 5
	requiredPoints = 4
	optionalPoints = 1
	wordsPerPoint  = 25
	askPoints      = 15
	handoffPoints  = 40
	proofPoints    = 20
	waitPoints     = 10 // a minute begun
)

// Formula says how the score is made.
const Formula = "10 × pages + 5 × clicks + 4 × required fields + 1 × optional fields + words ÷ 25 + 15 × offers and surveys + 40 × handoffs + 20 × proofs of identity + 10 × minutes of waiting"

// Friction measures the variant. Every node of a page that is opened is read.
func (v *View) Friction() Friction {
	f := Friction{Variant: v.Variant}
	path, clicks, ok := v.shortest(v.starts(), v.leads, v.clicks, v.isMain)
	if f.Leavable = ok; !ok {
		return f
	}
	f.Clicks = clicks
	pages := map[string]bool{}
	var goal int
	for _, e := range path {
		pages[v.node(e.from).page()] = true
		goal = e.to
	}
	f.Pages = len(pages)
	if !pages[v.node(goal).page()] {
		f.Pages++
	}
	for i := range v.in {
		if !v.in[i] || !v.before[i] || !pages[v.node(i).page()] {
			continue
		}
		n := v.node(i)
		for _, j := range v.fields[i] {
			if n.Fields[j].Required {
				f.Required++
			} else {
				f.Optional++
			}
		}
		for _, t := range v.everything(i) {
			f.Words += v.read(t).words()
		}
		switch n.Kind {
		case "offer", "survey":
			f.Asks++
		case "handoff":
			f.Handoffs++
		case "auth":
			if n.Auth.Mode != "none" && n.Auth.Mode != "non_blocking_email" {
				f.Proofs++
			}
		}
		for _, t := range n.Timers {
			if t.Kind == "delay" && v.holdsExit(n, t.Action) {
				f.Seconds += t.Seconds
			}
		}
	}
	f.Score = pagePoints*f.Pages + clickPoints*f.Clicks + requiredPoints*f.Required + optionalPoints*f.Optional + f.Words/wordsPerPoint +
		askPoints*f.Asks + handoffPoints*f.Handoffs + proofPoints*f.Proofs + waitPoints*((f.Seconds+59)/60)
	return f
}

// Frictions measures every variant of a flow under one law, in the order of
// its languages and devices.
func (f *Flow) Frictions(law Law) (out []Friction) {
	r := newReader()
	for _, lang := range f.Languages {
		for _, arm := range orNone(f.Arms) {
			for _, segment := range orNone(f.Segments) {
				for _, d := range f.devices() {
					out = append(out, compile(f, law, Variant{Law: law.Name, Language: lang, Device: d, Arm: arm, Segment: segment}, r).Friction())
				}
			}
		}
	}
	return out
}
