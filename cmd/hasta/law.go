package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type lawCmd struct {
	List      lawListCmd      `cmd:"" help:"List the packs of rules."`
	Show      lawShowCmd      `cmd:"" help:"Print the rules of a pack."`
	Effective lawEffectiveCmd `cmd:"" help:"Print what holds for somebody on a day: every parameter, the rule that set it, conflicts, and which facts are missing."`
	Check     lawCheckCmd     `cmd:"" help:"Report every problem of packs at file:line:column. Exit status 1 if there is one."`
	Calendar  lawCalendarCmd  `cmd:"" help:"Print which laws change when, and the packs that are to be reviewed by then."`
	Deadlines lawDeadlinesCmd `cmd:"" help:"Print which time limits of the law were met and missed, by month and by rule."`
	Coverage  lawCoverageCmd  `cmd:"" help:"Print what was read for each pack and what became of it. Exit status 1 if something has neither a rule nor a reason."`
}

// lawFlags are shared by everything about law.
type lawFlags struct {
	langFlag
	Packs  string `help:"Folder of packs of one's own; a file with the name of a shipped pack stands in its place. By default law.dir of the configuration." type:"existingdir"`
	Config string `help:"Configuration file." type:"path" env:"HASTA_CONFIG"`
	JSON   bool   `name:"json" help:"As JSON."`
}

// library is the shipped packs and those of the folder.
func (c lawFlags) library() (*jurisdiction.Library, error) {
	dir := c.Packs
	if dir == "" {
		cfg, err := common{Config: c.Config}.load()
		if err != nil {
			return nil, err
		}
		dir = cfg.Law.Dir
	}
	return lawLibrary(dir)
}

// lawLibrary is the shipped packs, and those of a folder if there is one.
func lawLibrary(dir string) (*jurisdiction.Library, error) {
	if dir == "" {
		return jurisdiction.Shipped(), nil
	}
	own, err := packFiles(dir, func(name string) bool { return !strings.HasSuffix(name, ".coverage.yaml") })
	if err != nil {
		return nil, err
	}
	return jurisdiction.With(own)
}

// loadLaw is the packs that the configuration names, and what it says for every
// departure. The library is nil where it names none: the packs of the program
// are read when somebody asks for them.
func loadLaw(cfg config) (l *jurisdiction.Library, facts jurisdiction.Facts, err error) {
	given := map[string]string{}
	for _, f := range cfg.Law.Facts {
		name, value, _ := strings.Cut(f, "=")
		given[strings.TrimSpace(name)] = value
	}
	if facts, err = jurisdiction.ParseFacts(given); err != nil || cfg.Law.Dir == "" {
		return nil, facts, err
	}
	l, err = lawLibrary(cfg.Law.Dir)
	return l, facts, err
}

// loadSignup is how customers sign up, as the configuration names it; empty: it
// names nothing.
func loadSignup(cfg config) (string, error) {
	if cfg.Law.Signup == "" {
		return "", nil
	}
	f, err := readFlow(cfg.Law.Signup)
	if err != nil {
		return "", err
	}
	return string(f.Source), nil
}

// packFiles reads the files of a folder that end in .yaml.
func packFiles(dir string, want func(string) bool) (files []jurisdiction.File, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fault.Wrap("law", err)
	}
	if len(names) == 0 {
		return nil, fault.New(fault.Invalid, "law.no_packs", "dir", dir)
	}
	for _, name := range names {
		if !want(name) {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, fault.New(fault.Invalid, "file.unreadable", "file", name).At("law", err)
		}
		files = append(files, jurisdiction.File{Name: name, Source: src})
	}
	return files, nil
}

func (c lawFlags) say(code string, args ...any) string {
	return text.Say(c.Lang, "law."+code, args...)
}

func writeJSON(o out, v any) error {
	enc := json.NewEncoder(o.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// origin tells where a pack comes from, if not from the program.
func (c lawFlags) origin(p *jurisdiction.Pack) string {
	switch {
	case p.From == "":
		return ""
	case p.Replaces:
		return c.say("replaces", "file", p.From)
	}
	return c.say("own", "file", p.From)
}

func today() when.Date { return when.DateOf(when.Machine{}.Now(), time.UTC) }

type lawListCmd struct{ lawFlags }

// packView is a pack as JSON.
type packView struct {
	Pack       string   `json:"pack"`
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Digest     string   `json:"digest"`
	Extends    []string `json:"extends,omitempty"`
	Calendar   string   `json:"calendar,omitempty"`
	ReviewedOn string   `json:"reviewed_on"`
	ReviewBy   string   `json:"review_by"`
	Overdue    bool     `json:"overdue"`
	Rules      int      `json:"rules"`
	File       string   `json:"file,omitempty"`
	Replaces   bool     `json:"replaces_shipped,omitempty"`
}

func viewPack(l *jurisdiction.Library, p *jurisdiction.Pack, lang string) packView {
	due, _ := l.ReviewDue(p)
	return packView{
		Pack: p.ID, Name: p.Names[lang], Version: p.Version, Digest: p.Digest, Extends: p.Extends, Calendar: p.Calendar, ReviewedOn: p.ReviewedOn.String(),
		ReviewBy: due.String(), Overdue: due.Before(today()), Rules: len(p.Rules), File: p.From, Replaces: p.Replaces,
	}
}

func (c *lawListCmd) Run(o out) error {
	l, err := c.library()
	if err != nil {
		return err
	}
	if c.JSON {
		list := []packView{}
		for _, p := range l.Packs() {
			list = append(list, viewPack(l, p, c.Lang))
		}
		return writeJSON(o, list)
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{c.say("pack"), c.say("name"), c.say("version"), c.say("rules"), c.say("extends"), c.say("review_by"), ""}, "\t"))
	for _, p := range l.Packs() {
		note := c.origin(p)
		due, _ := l.ReviewDue(p)
		if due.Before(today()) {
			note = strings.TrimSpace(c.say("overdue") + " " + note)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", p.ID, p.Names[c.Lang], p.Version, len(p.Rules), strings.Join(p.Extends, " "), due, note)
	}
	return w.Flush()
}

type lawShowCmd struct {
	lawFlags
	Pack string `arg:"" help:"Its id."`
}

// ruleView is a rule as JSON.
type ruleView struct {
	ID          string             `json:"id"`
	Pack        string             `json:"pack"`
	Param       string             `json:"param"`
	Op          string             `json:"op"`
	Value       jurisdiction.Value `json:"value"`
	Reads       string             `json:"reads"`
	Phase       string             `json:"phase"`
	When        string             `json:"when,omitempty"`
	Severity    string             `json:"severity"`
	Status      string             `json:"status"`
	From        string             `json:"from,omitempty"`
	EnforceFrom string             `json:"enforce_from,omitempty"`
	Until       string             `json:"until,omitempty"`
	Confidence  string             `json:"confidence"`
	Source      string             `json:"source"`
	Cite        string             `json:"cite"`
	URL         string             `json:"url,omitempty"`
	Note        map[string]string  `json:"note,omitempty"`
	Message     map[string]string  `json:"message"`
	Overrides   []string           `json:"overrides,omitempty"`
	ForcedBy    []string           `json:"forced_by,omitempty"`
	Unwatched   string             `json:"not_evaluated,omitempty"` // why nothing evaluates it, of what is about time and acts
}

func (c lawFlags) view(r *jurisdiction.Rule) ruleView {
	return ruleView{
		ID: r.ID, Pack: r.Pack.ID, Param: r.Param.Name, Op: r.Op, Value: r.Value, Reads: c.reads(r.Param, r.Value), Phase: string(r.Param.Phase), When: r.When,
		Severity: string(r.Severity), Status: string(r.Status), From: r.From.String(), EnforceFrom: r.EnforceFrom.String(), Until: r.Until.String(),
		Confidence: string(r.Confidence), Source: r.Source, Cite: r.Cite.Ref, URL: r.Cite.URL, Note: r.Cite.Note, Message: r.Message, Overrides: r.Overrides, ForcedBy: r.ForcedBy, Unwatched: limit.Unwatched(r.Param.Name),
	}
}

// unwatched says that nothing evaluates a parameter, and why; empty where something
// does.
func (c lawFlags) unwatched(p *jurisdiction.Param) string {
	why := limit.Unwatched(p.Name)
	if why == "" {
		return ""
	}
	return c.say("unwatched", "why", text.Say(c.Lang, "limit.unwatched."+why))
}

func (c *lawShowCmd) Run(o out) error {
	l, err := c.library()
	if err != nil {
		return err
	}
	sel, err := l.Named(c.Pack)
	if err != nil {
		return err
	}
	p := sel.Packs[0].Pack
	if c.JSON {
		v := struct {
			packView
			List []ruleView `json:"list"`
		}{packView: viewPack(l, p, c.Lang)}
		for _, r := range p.Rules {
			v.List = append(v.List, c.view(r))
		}
		return writeJSON(o, v)
	}
	fmt.Fprintf(o.stdout, "%s %s · %s\n", p.ID, p.Version, p.Names[c.Lang])
	if note := c.origin(p); note != "" {
		fmt.Fprintln(o.stdout, note)
	}
	due, coming := l.ReviewDue(p)
	fmt.Fprintln(o.stdout, c.say("reviewed", "day", p.ReviewedOn, "by", due))
	if coming != nil {
		fmt.Fprintln(o.stdout, coming.What[c.Lang])
	}
	if len(p.Extends) > 0 {
		fmt.Fprintln(o.stdout, c.say("extends.with", "packs", strings.Join(p.Extends, ", ")))
	}
	for _, r := range p.Rules {
		c.rule(o, r)
	}
	return nil
}

func (c lawFlags) rule(o out, r *jurisdiction.Rule) {
	fmt.Fprintf(o.stdout, "\n%s\n  %s\n  %s %s %s\n", r.ID, r.Message[c.Lang], r.Param.Name, r.Op, c.reads(r.Param, r.Value))
	notes := []string{c.say("severity." + string(r.Severity)), c.say("confidence." + string(r.Confidence)), c.say("source." + r.Source)}
	switch {
	case r.Status != jurisdiction.InForce:
		notes = append(notes, c.say("status."+string(r.Status)))
	case !r.EnforceFrom.IsZero():
		notes = append(notes, c.say("enforced", "from", r.From, "enforce", r.EnforceFrom))
	default:
		notes = append(notes, c.say("from", "day", r.From))
	}
	if !r.Until.IsZero() {
		notes = append(notes, c.say("until", "day", r.Until))
	}
	fmt.Fprintf(o.stdout, "  %s\n", strings.Join(notes, " · "))
	if r.When != "" {
		fmt.Fprintf(o.stdout, "  %s %s\n", c.say("when"), r.When)
	}
	fmt.Fprintf(o.stdout, "  %s\n", strings.TrimSpace(noted(r.Cite.Ref, r.Cite.Note[c.Lang])+" "+r.Cite.URL))
	if n := r.Penalty; n != nil {
		fmt.Fprintf(o.stdout, "  %s\n", c.penalty(n))
	}
	if s := c.unwatched(r.Param); s != "" {
		fmt.Fprintf(o.stdout, "  %s\n", s)
	}
	if len(r.Overrides) > 0 {
		fmt.Fprintf(o.stdout, "  %s\n", c.say("instead", "rules", strings.Join(r.Overrides, ", ")))
	}
	if len(r.ForcedBy) > 0 {
		fmt.Fprintf(o.stdout, "  %s\n", c.say("forced_by", "packs", strings.Join(r.ForcedBy, ", ")))
	}
}

// noted is a citation with what is read into it.
func noted(ref, note string) string {
	if note == "" {
		return ref
	}
	return ref + " (" + note + ")"
}

func (c lawFlags) penalty(n *jurisdiction.Penalty) string {
	s := c.say("penalty", "ref", noted(n.Ref, n.Note[c.Lang]))
	if n.Max > 0 {
		s += " " + c.say("penalty.max", "n", n.Max, "currency", n.Currency)
	}
	if n.Percent > 0 {
		s += " " + c.say("penalty.percent", "n", n.Percent)
	}
	return s
}

type lawCheckCmd struct {
	lawFlags
	Dir       string `arg:"" optional:"" help:"Folder of packs; without it, those of --packs or the configuration." type:"existingdir"`
	Documents bool   `help:"Also judge what our letters say by each pack, in each language. Exit status 1 if one lacks what a pack asks for."`
}

func (c *lawCheckCmd) Run(o out) error {
	if c.Dir != "" {
		c.Packs = c.Dir
	}
	l, err := c.library()
	if err != nil {
		return err
	}
	for _, late := range l.Overdue(today()) {
		fmt.Fprintf(o.stderr, "%s: %s\n", c.say("warning"), text.Error(c.Lang, late))
	}
	rules := 0
	for _, p := range l.Packs() {
		if rules += len(p.Rules); p.From != "" {
			fmt.Fprintf(o.stdout, "%s: %s\n", p.ID, c.origin(p))
		}
	}
	fmt.Fprintln(o.stdout, c.say("checked", "packs", len(l.Packs()), "rules", rules))
	clashes, err := l.Contradictions()
	if err != nil {
		return err
	}
	if err := clashes.Or(); err != nil || !c.Documents {
		return err
	}
	return c.documents(o, l)
}

type lawCalendarCmd struct{ lawFlags }

// comingView is a change of law as JSON.
type comingView struct {
	ID         string   `json:"id"`
	On         string   `json:"on"`
	About      bool     `json:"about,omitempty"` // expected by then; nobody knows the day
	Packs      []string `json:"packs"`
	Confidence string   `json:"confidence"`
	What       string   `json:"what"`
}

func (c *lawCalendarCmd) Run(o out) error {
	list := []comingView{}
	for _, x := range jurisdiction.Agenda() {
		list = append(list, comingView{x.ID, x.On.String(), x.About, x.Packs, string(x.Confidence), x.What[c.Lang]})
	}
	if c.JSON {
		return writeJSON(o, list)
	}
	for _, x := range list {
		day := x.On
		if x.About {
			day = c.say("about", "day", x.On)
		}
		fmt.Fprintf(o.stdout, "%s · %s\n  %s\n", day, c.say("confidence."+x.Confidence), x.What)
		if len(x.Packs) > 0 {
			fmt.Fprintf(o.stdout, "  %s\n", c.say("concerns", "packs", strings.Join(x.Packs, ", ")))
		}
	}
	return nil
}

type lawCoverageCmd struct {
	lawFlags
	Only []string `arg:"" optional:"" name:"pack" help:"Only these packs."`
}

func (c *lawCoverageCmd) Run(o out) error {
	l, err := c.library()
	if err != nil {
		return err
	}
	files := jurisdiction.ShippedCoverage()
	if dir := c.Packs; dir != "" {
		own, err := packFiles(dir, func(name string) bool { return strings.HasSuffix(name, ".coverage.yaml") })
		if err != nil {
			return err
		}
		for _, f := range own {
			files = slices.DeleteFunc(files, func(s jurisdiction.File) bool { return s.Name == filepath.Base(f.Name) })
		}
		files = append(files, own...)
	}
	list, wrong := l.Cover(files)
	if len(c.Only) > 0 {
		if _, err := l.Named(c.Only...); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(v jurisdiction.Coverage) bool { return !slices.Contains(c.Only, v.Pack) })
	}
	if c.JSON {
		if err := writeJSON(o, list); err != nil {
			return err
		}
		return wrong
	}
	for _, v := range list {
		encoded := 0
		for _, p := range v.Predicates {
			if len(p.Rules) > 0 {
				encoded++
			}
		}
		fmt.Fprintln(o.stdout, c.say("coverage", "pack", v.Pack, "all", len(v.Predicates), "rules", encoded, "reasons", len(v.Predicates)-encoded))
		for _, p := range v.Predicates {
			became := strings.Join(p.Rules, ", ")
			if became == "" {
				became = c.say("coverage.reason", "reason", p.Reason[c.Lang])
			}
			fmt.Fprintf(o.stdout, "  %s · %s\n    → %s\n", p.At, p.Says, became)
			for _, id := range p.Rules {
				if r := l.Rule(id); r != nil && limit.Unwatched(r.Param.Name) != "" {
					fmt.Fprintf(o.stdout, "      %s: %s\n", id, c.unwatched(r.Param))
				}
			}
		}
	}
	return wrong
}
