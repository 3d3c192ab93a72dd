package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type flowCmd struct {
	Check    flowCheckCmd    `cmd:"" help:"Check flows against the rules of packs and 38 patterns that keep people from leaving. Exit status 1 if anything blocks."`
	Friction flowFrictionCmd `cmd:"" help:"Measure what leaving costs the customer: pages, clicks, fields, words to read."`
	Show     flowShowCmd     `cmd:"" help:"Print a built-in flow, to begin your own with; without a name, list them."`
	Schema   flowSchemaCmd   `cmd:"" help:"Print the JSON Schema of flows, for editors."`
	List     flowListCmd     `cmd:"" help:"List the drafts and the versions of the flow that customers meet."`
	Draft    flowDraftCmd    `cmd:"" help:"Keep a file as a draft, and say what keeps it from being published."`
	Publish  flowPublishCmd  `cmd:"" help:"Let customers meet a draft. Whoever wrote it cannot; where one person works a time is waited for."`
	Rollback flowRollBackCmd `cmd:"" help:"Publish an older version anew, under the same rules and the law of today."`
	Drop     flowDropCmd     `cmd:"" help:"End a draft that is not wanted."`
}

// flowFlags are shared by what reads flows under law.
type flowFlags struct {
	langFlag
	Packs  []string          `help:"Packs to check under, as es,de,us-ca; es+es-telecom is both at once."`
	Date   string            `help:"Day whose law holds, as 2026-12-28; by default today."`
	Fact   map[string]string `help:"Facts about customer, contract and seller, as seller.workers=300; those that the flow tells need not be given." mapsep:","`
	LawDir string            `help:"Folder of packs of one's own." type:"existingdir"`
	Config string            `help:"Configuration file." type:"path" env:"HASTA_CONFIG"`
	JSON   bool              `name:"json" help:"As JSON."`
}

// each reads flows, each with the laws that the flags ask for.
func (c flowFlags) each(files []string, do func(name string, f *flow.Flow, laws []flow.Law) error) error {
	for _, name := range files {
		f, err := readFlow(name)
		if err != nil {
			return err
		}
		laws, err := c.laws(f)
		if err != nil {
			return err
		}
		if err := do(name, f, laws); err != nil {
			return err
		}
	}
	return nil
}

// laws are what the flags ask for, each with the facts of the flow.
func (c flowFlags) laws(f *flow.Flow) ([]flow.Law, error) {
	lib, err := lawFlags{Packs: c.LawDir, Config: c.Config}.library()
	if err != nil {
		return nil, err
	}
	facts, err := jurisdiction.ParseFacts(c.Fact)
	if err != nil {
		return nil, err
	}
	day := today()
	if c.Date != "" {
		if day, err = when.ParseDate(c.Date); err != nil {
			return nil, fault.New(fault.Invalid, "law.day", "value", c.Date).On("date")
		}
	}
	names := c.Packs
	if len(names) == 0 {
		names = []string{jurisdiction.SafeEverywhere}
	}
	return f.Laws(lib, names, facts, day)
}

func (c flowFlags) say(code string, args ...any) string { return text.Say(c.Lang, code, args...) }

// readFlow reads a file, or a built-in flow by its name.
func readFlow(name string) (*flow.Flow, error) {
	if src, ok := flow.Builtin()[name]; ok {
		return flow.Load(name+".yaml", src)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", name).At("flow", err)
	}
	return flow.Load(name, src)
}

type flowCheckCmd struct {
	flowFlags
	Files  []string `arg:"" name:"file" help:"Files, or names of built-in flows."`
	Signup string   `help:"The flow by which customers come, for what compares the two." type:"existingfile"`
}

// findingView is a finding as JSON.
type findingView struct {
	ID       string         `json:"id"`
	Rule     string         `json:"rule"`
	Pattern  string         `json:"pattern,omitempty"`
	Result   string         `json:"result"`
	Severity string         `json:"severity"`
	Node     string         `json:"node,omitempty"`
	Action   string         `json:"action,omitempty"`
	At       string         `json:"at"`
	Why      string         `json:"why"`
	Change   string         `json:"change"`
	Words    string         `json:"words,omitempty"`
	Cite     string         `json:"cite,omitempty"`
	URL      string         `json:"url,omitempty"`
	Law      string         `json:"law_says,omitempty"`
	Source   string         `json:"source,omitempty"` // of a pattern: what asks for it
	Days     int            `json:"days_until_enforced,omitempty"`
	Missing  []string       `json:"missing_facts,omitempty"`
	Variants []flow.Variant `json:"variants"`
}

type outcomeView struct {
	Law    string `json:"law"`
	Rule   string `json:"rule"`
	Result string `json:"result"`
}

// reportView is the check of a flow as JSON.
type reportView struct {
	File     string        `json:"file"`
	Flow     string        `json:"flow"`
	Variants int           `json:"variants"`
	Blocked  bool          `json:"blocked"`
	Findings []findingView `json:"findings"`
	Outcomes []outcomeView `json:"outcomes"`
}

func (c flowFlags) finding(f flow.Finding) findingView {
	v := findingView{
		ID: f.ID, Rule: f.Rule, Pattern: f.Pattern, Result: f.Result.String(), Severity: string(f.Severity), Node: f.Node, Action: f.Action, At: f.At,
		Why: f.Reason(text.In(c.Lang)), Change: c.say("flow.change." + f.Change), Words: f.Words, Days: f.Days, Missing: f.Missing, Variants: f.Variants,
	}
	if f.Source.Code != "" {
		v.Source = c.say("flow.clause."+f.Source.Code, f.Source.Args...)
	}
	if f.Law != nil {
		v.Cite, v.URL, v.Law = noted(f.Law.Cite.Ref, f.Law.Cite.Note[c.Lang]), f.Law.Cite.URL, f.Law.Message[c.Lang]
	}
	return v
}

func (c *flowCheckCmd) Run(o out) error {
	var signup *flow.Flow
	var err error
	if c.Signup != "" {
		if signup, err = readFlow(c.Signup); err != nil {
			return err
		}
	}
	var views []reportView
	blocked := false
	err = c.each(c.Files, func(name string, f *flow.Flow, laws []flow.Law) error {
		r := flow.Check(f, laws, signup)
		blocked = blocked || r.Blocked()
		if !c.JSON {
			return c.print(o, name, r, laws)
		}
		v := reportView{File: name, Flow: f.Version(), Variants: r.Variants, Blocked: r.Blocked(), Findings: []findingView{}}
		for _, x := range r.Findings {
			v.Findings = append(v.Findings, c.finding(x))
		}
		for _, x := range r.Outcomes {
			v.Outcomes = append(v.Outcomes, outcomeView{x.Law, x.Rule, x.Result.String()})
		}
		views = append(views, v)
		return nil
	})
	if err != nil {
		return err
	}
	if c.JSON {
		if err := writeJSON(o, views); err != nil {
			return err
		}
	}
	if blocked {
		return errCheck
	}
	return nil
}

// gathered is findings that say the same of the same place: rules of several laws, and
// the words of several languages.
type gathered struct {
	first    flow.Finding
	at       string
	severity jurisdiction.Severity
	why      []string
	words    []string
	change   []string
	laws     []string
	variants []flow.Variant
}

// once puts together what says the same of the same place, in the order of the
// file.
func (c flowFlags) once(list []flow.Finding) (all []*gathered) {
	by := map[string]*gathered{}
	add := func(list []string, s string) []string {
		if s == "" || slices.Contains(list, s) {
			return list
		}
		return append(list, s)
	}
	for _, f := range list {
		v := c.finding(f)
		line := v.At[:max(strings.LastIndexByte(v.At, ':'), 0)]
		key := strings.Join([]string{line, f.Node, f.Action, f.Pattern, f.Why}, "\x00")
		if f.Pattern == "" {
			key += f.Rule
		}
		g := by[key]
		if g == nil {
			g = &gathered{first: f, at: v.At, severity: f.Severity}
			by[key] = g
			all = append(all, g)
		}
		if f.Severity == jurisdiction.Block || g.severity == jurisdiction.Info {
			g.severity = f.Severity
		}
		g.why, g.change = add(g.why, v.Why), add(g.change, v.Change)
		g.words = add(g.words, v.Words)
		law := v.Source
		if f.Law != nil {
			law = v.Cite + ": " + v.Law + " · " + f.Rule
			if f.Days > 0 {
				law += " · " + c.say("flow.cli.days", "n", f.Days)
			}
		}
		g.laws = add(g.laws, law)
		for _, x := range f.Variants {
			if !slices.Contains(g.variants, x) {
				g.variants = append(g.variants, x)
			}
		}
	}
	return all
}

// print tells what fails, place by place, then what is not known, and counts.
func (c *flowCheckCmd) print(o out, name string, r *flow.Report, laws []flow.Law) error {
	var failing, unknown []flow.Finding
	for _, f := range r.Findings {
		if f.Result == jurisdiction.Unknown {
			unknown = append(unknown, f)
		} else {
			failing = append(failing, f)
		}
	}
	for _, g := range c.once(failing) {
		what := []string{c.say("flow.severity." + string(g.severity))}
		switch {
		case g.first.Pattern != "":
			what = append(what, g.first.Pattern+" "+c.say("flow.pattern."+g.first.Pattern))
		case g.first.Rule == flow.Unreachable:
			what = append(what, c.say("flow.rule."+g.first.Rule))
		}
		if g.first.Node != "" {
			what = append(what, strings.TrimSuffix(g.first.Node+"."+g.first.Action, "."))
		}
		fmt.Fprintf(o.stdout, "%s: %s\n", g.at, strings.Join(what, " · "))
		for _, s := range g.why {
			fmt.Fprintf(o.stdout, "  %s\n", s)
		}
		for _, s := range g.words {
			fmt.Fprintf(o.stdout, "  “%s”\n", s)
		}
		for _, s := range g.change {
			fmt.Fprintf(o.stdout, "  → %s\n", s)
		}
		for _, s := range g.laws {
			fmt.Fprintf(o.stdout, "  %s\n", s)
		}
		fmt.Fprintf(o.stdout, "  %s\n", c.met(g.variants, r, laws))
	}
	if len(unknown) > 0 {
		fmt.Fprintf(o.stdout, "%s\n", c.say("flow.cli.unknown"))
		w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
		var said, todo []string // the same under two laws is said once
		for _, f := range unknown {
			if line := fmt.Sprintf("  %s\t%s\t%s\n", f.Rule, f.At, f.Reason(text.In(c.Lang))); !slices.Contains(said, line) {
				said = append(said, line)
				fmt.Fprint(w, line)
			}
			if change := c.finding(f).Change; change != "" && !slices.Contains(todo, change) {
				todo = append(todo, change)
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, s := range todo {
			fmt.Fprintf(o.stdout, "  → %s\n", s)
		}
	}
	verdict := "flow.cli.open"
	if r.Blocked() {
		verdict = "flow.cli.blocked"
	}
	fmt.Fprintf(o.stdout, "%s: %s\n", name, c.say(verdict, "variants", r.Variants, "pass", r.Count(jurisdiction.Pass), "fail", r.Count(jurisdiction.Fail), "unknown", r.Count(jurisdiction.Unknown)))
	return nil
}

// met says in which variants something was found: only what tells them apart. A
// law under which it is found whatever is supposed of the customer is named once.
func (c flowFlags) met(list []flow.Variant, r *flow.Report, laws []flow.Law) string {
	names := map[string][]string{} // of a place
	place := map[string]string{}
	var places []string
	for _, l := range laws {
		if names[l.Place] == nil {
			places = append(places, l.Place)
		}
		names[l.Place] = append(names[l.Place], l.Name)
		place[l.Name] = l.Place
	}
	of := func(get func(flow.Variant) string) (all []string) {
		for _, v := range list {
			if x := get(v); x != "" && !slices.Contains(all, x) {
				all = append(all, x)
			}
		}
		return all
	}
	found := of(func(v flow.Variant) string { return v.Law })
	var where []string
	for _, p := range places {
		some := slices.DeleteFunc(slices.Clone(found), func(n string) bool { return place[n] != p })
		switch len(some) {
		case 0:
		case len(names[p]):
			where = append(where, p)
		default:
			where = append(where, some...)
		}
	}
	parts := []string{strings.Join(where, ", ")}
	devices := r.Flow.Devices
	if len(devices) == 0 {
		devices = []string{"desktop", "mobile"}
	}
	whole := len(found)
	for _, x := range []struct {
		get func(flow.Variant) string
		all []string
	}{
		{func(v flow.Variant) string { return v.Language }, r.Flow.Languages},
		{func(v flow.Variant) string { return v.Device }, devices},
		{func(v flow.Variant) string { return v.Arm }, r.Flow.Arms},
		{func(v flow.Variant) string { return v.Segment }, r.Flow.Segments},
	} {
		some := of(x.get)
		whole *= max(1, len(some))
		if len(some) < len(x.all) {
			parts = append(parts, strings.Join(some, ", "))
		}
	}
	switch {
	case len(list) == r.Variants:
		return c.say("flow.cli.everywhere")
	case len(parts) == 1 && whole == len(list):
		return c.say("flow.cli.everywhere_of", "law", parts[0])
	}
	return c.say("flow.cli.met", "where", strings.Join(parts, " · "))
}

type flowFrictionCmd struct {
	flowFlags
	Files []string `arg:"" name:"file" help:"Files, or names of built-in flows."`
}

func (c *flowFrictionCmd) Run(o out) error {
	type measured struct {
		File string `json:"file"`
		flow.Friction
	}
	var all []measured
	err := c.each(c.Files, func(name string, f *flow.Flow, laws []flow.Law) error {
		told := map[string]bool{}
		for _, law := range laws {
			if told[law.Place] { // facts that are supposed change no page
				continue
			}
			told[law.Place] = true
			law.Name = law.Place
			for _, m := range f.Frictions(law) {
				all = append(all, measured{name, m})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(o, map[string]any{"formula": flow.Formula, "flows": all})
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	var head []string
	for _, h := range []string{"file", "variant", "pages", "clicks", "fields", "words", "asks", "agents", "proofs", "waits", "score"} {
		head = append(head, c.say("flow.cli."+h))
	}
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, m := range all {
		v := m.Variant
		variant := strings.Join(slices.DeleteFunc([]string{v.Law, v.Language, v.Device, v.Arm, v.Segment}, func(s string) bool { return s == "" }), " ")
		if !m.Leavable {
			fmt.Fprintf(w, "%s\t%s\t%s\n", m.File, variant, c.say("flow.why.no_receipt"))
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d+%d\t%d\t%d\t%d\t%d\t%d\t%d\n", m.File, variant, m.Pages, m.Clicks, m.Required, m.Optional, m.Words, m.Asks, m.Handoffs, m.Proofs, m.Seconds, m.Score)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, c.say("flow.cli.formula"))
	return nil
}

type flowShowCmd struct {
	Name string `arg:"" optional:""`
}

func (c flowShowCmd) Run(o out) error {
	all := flow.Builtin()
	if src, ok := all[c.Name]; ok {
		_, err := o.stdout.Write(src)
		return err
	}
	names := slices.Sorted(maps.Keys(all))
	if c.Name != "" {
		return fault.New(fault.NotFound, "flow.unknown", "name", c.Name, "known", strings.Join(names, ", "))
	}
	fmt.Fprintln(o.stdout, strings.Join(names, "\n"))
	return nil
}

type flowSchemaCmd struct{}

func (flowSchemaCmd) Run(o out) error {
	raw, err := flow.Schema()
	if err == nil {
		_, err = o.stdout.Write(raw)
	}
	return err
}
