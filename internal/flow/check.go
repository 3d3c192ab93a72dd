package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"hastaluego/internal/jurisdiction"
)

// Finding is something in a description that a law or a pattern is about, with
// every variant in which it was found.
type Finding struct {
	ID       string                // the same as long as it is the same finding
	Rule     string                // id of the rule of a pack, or of the pattern; or Unreachable
	Pattern  string                // DP12; empty: no pattern says so
	Result   jurisdiction.Result   // Fail or Unknown
	Severity jurisdiction.Severity // the strictest of its variants, and of the pattern that it stands for
	Node     string                // empty: the flow as a whole
	Action   string
	At       string // file:line:column
	Why      string // words: flow.why.<Why>, with Args
	Args     []any
	Change   string             // words: flow.change.<Change>
	Words    string             // of the flow, that offend; empty: none do
	Law      *jurisdiction.Rule // nil: of a pattern
	Source   Source             // of a pattern: what asks for it
	Days     int                // until it is enforced; 0: it is
	Missing  []string           // facts without which it is not known
	Variants []Variant

	line, column int
}

// Outcome is what came of one rule or pattern in one law, over all variants.
type Outcome struct {
	Law    string
	Rule   string
	Result jurisdiction.Result
}

// Report is what came of checking a description.
type Report struct {
	Flow     *Flow
	Variants int
	Findings []Finding // by place
	Outcomes []Outcome // by law, rules before patterns
}

// Blocked reports whether anything must be changed before customers may meet
// the flow.
func (r *Report) Blocked() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Result == jurisdiction.Fail && f.Severity == jurisdiction.Block })
}

// Count is how many outcomes have a result.
func (r *Report) Count(result jurisdiction.Result) (n int) {
	for _, o := range r.Outcomes {
		if o.Result == result {
			n++
		}
	}
	return n
}

// Check checks every variant of a flow under every law: each static rule that
// holds, and each pattern. signup is how customers came, for what compares the
// two; nil is not known.
func Check(f *Flow, laws []Law, signup *Flow) *Report {
	k := &checking{report: &Report{Flow: f}, reader: newReader(), by: map[string]int{}, outcomes: map[[2]string]int{}}
	if len(laws) == 0 {
		laws = []Law{{Name: "none"}}
	}
	for _, law := range laws {
		for _, lang := range f.Languages {
			for _, arm := range orNone(f.Arms) {
				for _, segment := range orNone(f.Segments) {
					k.devices(law, Variant{Law: law.Name, Language: lang, Arm: arm, Segment: segment}, signup)
				}
			}
		}
	}
	slices.SortStableFunc(k.report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
	})
	return k.report
}

func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

// checking is one check while it runs.
type checking struct {
	report   *Report
	reader   *reader
	by       map[string]int // key of a finding → its place in the report
	outcomes map[[2]string]int
}

func (k *checking) devices(law Law, v Variant, signup *Flow) {
	views := map[string]*View{}
	for _, d := range k.report.Flow.devices() {
		v.Device = d
		view := compile(k.report.Flow, law, v, k.reader)
		view.others = views
		if signup != nil {
			view.signup = compile(signup, law, v, k.reader)
		}
		views[d] = view
	}
	for _, d := range k.report.Flow.devices() {
		k.report.Variants++
		k.view(views[d])
	}
}

// view judges one variant: rules first, since what a rule finds the pattern
// that says the same need not say again.
func (k *checking) view(v *View) {
	told := map[string]*telling{}
	if v.law.Effective != nil {
		seen := map[string][]sight{}
		for _, a := range v.law.Effective.Rules(jurisdiction.Static) {
			name := a.Rule.Param.Name
			look, known := looksAt[name]
			if !known {
				k.outcome(v, a.Rule.ID, jurisdiction.Unknown)
				continue
			}
			sights, done := seen[name]
			if !done {
				sights = look.see(v)
				seen[name] = sights
			}
			k.rule(v, a, look, sights, told)
		}
	}
	found := map[string][]sight{}
	for _, p := range patterns {
		found[p.ID] = p.test(v)
	}
	for _, p := range patterns {
		result := jurisdiction.Pass
		for _, s := range found[p.ID] {
			result = worse(result, s.result)
			severity := p.severity(v.law.Packs)
			if s.result == jurisdiction.Fail && (closer(p, s, found, told, v.law.Packs) || k.raise(told[p.ID+s.subject()], severity)) {
				continue
			}
			k.add(v, s, Finding{Rule: p.ID, Pattern: p.ID, Result: s.result, Severity: severity, Change: p.ID, Source: p.source(v.law.Packs)})
		}
		k.outcome(v, p.ID, result)
	}
	for _, s := range v.unreached() {
		k.add(v, s, Finding{Rule: Unreachable, Result: s.result, Severity: jurisdiction.Warn, Change: Unreachable})
	}
}

// telling is what rules told of something that a pattern is about as well.
type telling struct {
	severity jurisdiction.Severity // the strictest of the rules
	findings []int                 // places in the report
}

// raise reports whether rules told what a pattern says. One that only warns
// hides no pattern that blocks there: its finding stands for both, and so it
// blocks too.
func (k *checking) raise(t *telling, severity jurisdiction.Severity) bool {
	if t == nil {
		return false
	}
	if stricter(severity, t.severity) {
		t.severity = severity
		for _, i := range t.findings {
			if f := &k.report.Findings[i]; stricter(severity, f.Severity) {
				f.Severity, f.Days = severity, 0
			}
		}
	}
	return true
}

// saysMore is the pattern that says of the same thing more exactly what is wrong
// with it: a reason that has to be given is a forced answer, and so it is also a
// field too many.
var saysMore = map[string]string{"DP09": "DP10"}

// closer reports whether such a pattern says it, itself or by a rule, and no less
// strictly.
func closer(p pattern, s sight, found map[string][]sight, told map[string]*telling, packs []string) bool {
	i := slices.IndexFunc(patterns, func(o pattern) bool { return o.ID == saysMore[p.ID] })
	return i >= 0 && slices.ContainsFunc(found[patterns[i].ID], func(o sight) bool {
		severity := patterns[i].severity(packs)
		if t := told[patterns[i].ID+o.subject()]; t != nil && stricter(t.severity, severity) {
			severity = t.severity
		}
		return o.path == s.path && o.result == jurisdiction.Fail && !stricter(p.severity(packs), severity)
	})
}

// subject is what a sight is about, for telling whether a rule and a pattern say
// the same of the same thing.
func (s sight) subject() string { return s.path + " " + or(s.topic, s.why) }

func (k *checking) rule(v *View, a *jurisdiction.Applied, l look, sights []sight, told map[string]*telling) {
	r := a.Rule
	result := jurisdiction.Pass
	if a.Holds == jurisdiction.Unknown {
		// A flow that does what the rule asks does so whether it holds or not.
		for _, s := range sights {
			if l.result(v, r, s) != jurisdiction.Pass {
				result = jurisdiction.Unknown
			}
		}
		if result == jurisdiction.Unknown {
			k.add(v, at(-1, ".flow", "facts", "facts", list(a.Missing)), Finding{Rule: r.ID, Pattern: l.pattern, Result: result, Severity: a.Severity, Change: "facts", Law: r, Days: a.Days, Missing: a.Missing})
		}
		k.outcome(v, r.ID, result)
		return
	}
	for _, s := range sights {
		res := l.result(v, r, s)
		result = worse(result, res)
		if res == jurisdiction.Pass {
			continue
		}
		pattern := or(s.pattern, l.pattern)
		change := or(pattern, r.Param.Name)
		i := k.add(v, s.filled(v, r), Finding{Rule: r.ID, Pattern: pattern, Result: res, Severity: a.Severity, Change: change, Law: r, Days: a.Days})
		if res != jurisdiction.Fail {
			continue
		}
		t := told[pattern+s.subject()]
		if t == nil {
			t = &telling{severity: a.Severity}
			told[pattern+s.subject()] = t
		} else if stricter(a.Severity, t.severity) {
			t.severity = a.Severity
		}
		t.findings = append(t.findings, i)
	}
	k.outcome(v, r.ID, result)
}

// result is what a rule makes of a sight.
func (l look) result(v *View, r *jurisdiction.Rule, s sight) jurisdiction.Result {
	switch {
	case !s.known:
		return s.result // of a pattern that does not know
	case s.seen == nil:
		return jurisdiction.Unknown
	case l.judge != nil:
		return l.judge(v, r.Value, s)
	}
	return r.Param.Judge(r.Value, s.seen)
}

// filled puts what the rule wants where the sight left a slot for it.
func (s sight) filled(v *View, r *jurisdiction.Rule) sight {
	s.args = slices.Clone(s.args)
	for i, a := range s.args {
		switch a {
		case "{max}":
			s.args[i] = r.Value.String()
		case "{wanted}":
			s.args[i] = wanted(r.Value.Labels, v.Variant.Language)
		}
	}
	s.args = append(s.args, "want", r.Value.String())
	return s
}

// worse of two results: what fails, then what is not known.
func worse(a, b jurisdiction.Result) jurisdiction.Result {
	switch {
	case a == jurisdiction.Fail || b == jurisdiction.Fail:
		return jurisdiction.Fail
	case a == jurisdiction.Unknown || b == jurisdiction.Unknown:
		return jurisdiction.Unknown
	}
	return jurisdiction.Pass
}

func (k *checking) outcome(v *View, rule string, result jurisdiction.Result) {
	key := [2]string{v.Variant.Law, rule}
	i, known := k.outcomes[key]
	if !known {
		k.outcomes[key] = len(k.report.Outcomes)
		k.report.Outcomes = append(k.report.Outcomes, Outcome{v.Variant.Law, rule, result})
		return
	}
	k.report.Outcomes[i].Result = worse(k.report.Outcomes[i].Result, result)
}

// add puts a sight into the report, or its variant beside those in which it
// was seen before, and returns the place of its finding there.
func (k *checking) add(v *View, s sight, f Finding) int {
	if s.node >= 0 {
		f.Node = v.node(s.node).ID
	}
	f.Action, f.Why, f.Args, f.Words = s.action, s.why, s.args, s.words
	if f.Why == noSignup {
		f.Change = noSignup
	}
	key := strings.Join([]string{f.Rule, f.Node, f.Action, f.Why, f.Result.String(), s.path, f.Words}, "\x00")
	if f.Words == "" {
		key += fmt.Sprint(s.args...)
	}
	key += f.Source.Code + fmt.Sprint(f.Source.Args...) // what another law asks is told with its own clause
	i, known := k.by[key]
	if !known {
		i = len(k.report.Findings)
		k.by[key] = i
		f.At, f.line, f.column = v.Flow.file.Where(s.path)
		sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Node, f.Action, f.Why, f.Words, f.Source.Code, fmt.Sprint(f.Source.Args...)}, "\x00")))
		f.ID = "fnd_" + hex.EncodeToString(sum[:5])
		k.report.Findings = append(k.report.Findings, f)
	}
	found := &k.report.Findings[i]
	if stricter(f.Severity, found.Severity) {
		found.Severity, found.Days = f.Severity, f.Days
	}
	found.Variants = append(found.Variants, v.Variant)
	return i
}

func stricter(a, b jurisdiction.Severity) bool {
	rank := map[jurisdiction.Severity]int{jurisdiction.Info: 0, jurisdiction.Warn: 1, jurisdiction.Block: 2}
	return rank[a] > rank[b]
}
