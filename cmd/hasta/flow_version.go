package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// Versions of the flow on the command line, under the rules of the console:
// whoever wrote on a draft does not publish it, and where one person works a
// time is waited for. So it must be known who acts. As long as nobody may sign
// in that is whoever types on this machine; from then on it is a person who
// signs in, for this one command.

// asPerson are the flags by which somebody says who they are.
type asPerson struct {
	common
	Login string `help:"Who acts, by the login of the console; the password is read from standard input. Needed as soon as anybody may sign in."`
	Code  string `help:"Code of the second factor, where the login has one."`
}

// actor is who acts. What it returns last ends their session.
func (c asPerson) actor(ctx context.Context, h *house) (by app.Actor, leave func(), err error) {
	leave = func() {}
	users, err := h.app.Users(ctx)
	if err != nil {
		return by, leave, err
	}
	if c.Login == "" {
		if slices.ContainsFunc(users, func(u app.User) bool { return u.Active }) {
			return by, leave, fault.New(fault.Invalid, "flow.cli_who").On("login")
		}
		return operator, leave, nil
	}
	typed, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if typed = strings.TrimRight(typed, "\r\n"); err != nil && typed == "" {
		return by, leave, fault.New(fault.Invalid, "field.required").On("password")
	}
	token, err := h.app.SignIn(ctx, c.Login, typed, "")
	if err != nil {
		return by, leave, err
	}
	leave = func() {
		if err := h.app.SignOut(context.WithoutCancel(ctx), token); err != nil {
			h.log.Warn("sign out", "err", err)
		}
	}
	pending, err := h.app.NeedsCode(ctx, token)
	if err == nil && pending {
		var whole string
		if whole, err = h.app.SignInCode(ctx, token, c.Code); err == nil {
			token = whole
		}
	}
	if err == nil {
		by, err = h.app.Session(ctx, token)
	}
	if err != nil {
		leave()
		leave = func() {}
	}
	return by, leave, err
}

// acting opens the house and says who acts; close ends both.
func (c asPerson) acting(ctx context.Context, o out) (h *house, by app.Actor, closes func(), err error) {
	if h, err = c.openToWrite(ctx, o); err != nil {
		return nil, by, nil, err
	}
	by, leave, err := c.actor(ctx, h)
	if err != nil {
		h.close()
		return nil, by, nil, err
	}
	return h, by, func() { leave(); h.close() }, nil
}

type flowDraftCmd struct {
	asPerson
	langFlag
	File   string            `arg:"" help:"The flow (YAML). Whatever stands in it is kept."`
	ID     string            `name:"id" help:"The draft to write over; by default a new one."`
	Signup string            `help:"The flow by which customers come; by default what is known already." type:"existingfile"`
	Fact   map[string]string `help:"Facts about the company, as seller.workers=300, beside those that are known already." mapsep:","`
	Note   string            `help:"What changes, and why."`
	JSON   bool              `name:"json" help:"As JSON."`
}

func (c *flowDraftCmd) Run(ctx context.Context, o out) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("flow", err)
	}
	h, by, closes, err := c.acting(ctx, o)
	if err != nil {
		return err
	}
	defer closes()
	known, err := h.app.OpenFlow(ctx, by, c.ID, nil)
	if err != nil {
		return err
	}
	in := app.DraftInput{ID: c.ID, Note: c.Note, FlowText: app.FlowText{Source: string(src), Signup: known.Text.Signup, Facts: map[string]string{}}}
	for name, value := range known.Text.Facts {
		in.Facts[name] = value
	}
	for name, value := range c.Fact {
		in.Facts[name] = value
	}
	if c.Signup != "" {
		raw, err := os.ReadFile(c.Signup)
		if err != nil {
			return fault.New(fault.Invalid, "file.unreadable", "file", c.Signup).At("flow", err)
		}
		in.Signup = string(raw)
	}
	d, err := h.app.WriteDraft(ctx, by, in)
	if err != nil {
		return err
	}
	checked, err := h.app.CheckFlow(ctx, by, in.FlowText)
	if err != nil {
		return err
	}
	return c.tell(o, d, checked)
}

// draftAnswer is what keeping a draft says with --json.
type draftAnswer struct {
	Draft    string        `json:"draft"`
	Good     bool          `json:"good"`
	Problems []string      `json:"problems"`
	Findings []findingView `json:"findings"`
}

// tell says where the draft is and what keeps it from being published.
func (c *flowDraftCmd) tell(o out, d app.FlowDraft, checked app.FlowCheck) error {
	words := flowFlags{langFlag: c.langFlag}
	answer := draftAnswer{Draft: d.ID, Good: checked.Passing(), Problems: []string{}, Findings: []findingView{}}
	place := func(at string) string { // as the file is called here
		for _, ours := range [][2]string{{"source.yaml", c.File}, {"signup.yaml", cmp.Or(c.Signup, "signup")}} {
			if rest, ok := strings.CutPrefix(at, ours[0]); ok {
				return ours[1] + rest
			}
		}
		return at
	}
	for _, e := range slices.Concat(checked.Problems, checked.Unserved, checked.Unsaid) {
		answer.Problems = append(answer.Problems, strings.Replace(text.Error(words.Lang, e), e.Field, place(e.Field), 1))
	}
	for _, lang := range checked.Unready {
		answer.Problems = append(answer.Problems, words.say("flow.cli.unready", "lang", lang))
	}
	for _, f := range checked.Blocking() {
		v := words.finding(f)
		v.At = place(v.At)
		answer.Findings = append(answer.Findings, v)
	}
	if c.JSON {
		return writeJSON(o, answer)
	}
	for _, p := range answer.Problems {
		fmt.Fprintln(o.stdout, p)
	}
	for _, v := range answer.Findings {
		fmt.Fprintf(o.stdout, "%s: %s\n  %s\n  → %s\n", v.At, v.Rule, v.Why, v.Change)
	}
	says := "flow.cli.drafted"
	if !answer.Good {
		says = "flow.cli.drafted_blocked"
	}
	fmt.Fprintln(o.stdout, words.say(says, "draft", d.ID, "n", len(answer.Problems)+len(answer.Findings)))
	return nil
}

type flowListCmd struct {
	common
	JSON bool `name:"json" help:"As JSON."`
}

// flowLine is one flow in the answer of --json.
type flowLine struct {
	ID     string   `json:"id"`
	State  string   `json:"state"` // draft, in_force, retired
	Number int      `json:"number,omitempty"`
	Name   string   `json:"name"`
	At     string   `json:"at,omitempty"`
	By     string   `json:"by,omitempty"`
	Note   string   `json:"note,omitempty"`
	Hands  []string `json:"written_by"`
	Waits  string   `json:"waits_until,omitempty"` // of a draft: when the time ends that publishing it waits for
}

func (c *flowListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	p, err := h.app.OpenFlows(ctx, operator)
	if err != nil {
		return err
	}
	lang, zone := terminalLanguage(os.Getenv), h.app.Company().Zone
	name := func(id string) string { return cmp.Or(p.Users[id], id) }
	var lines []flowLine
	for _, d := range p.Drafts {
		l := flowLine{ID: d.ID, State: "draft", Name: d.Title, At: text.ShortInstant(lang, d.ChangedAt, zone), By: name(d.ChangedBy), Note: d.Note, Hands: d.Hands}
		if x, waits := p.Waits[d.ID]; waits {
			l.Waits = text.ShortInstant(lang, x.Until, zone)
		}
		lines = append(lines, l)
	}
	for _, v := range append(p.Versions, p.BuiltIn) {
		l := flowLine{ID: v.ID, State: "retired", Number: v.Number, Name: v.Name, Note: v.Note, Hands: v.Hands}
		if v.ID == p.InForce.ID {
			l.State = "in_force"
		}
		if !v.BuiltIn() {
			l.At, l.By = text.ShortInstant(lang, v.At, zone), name(v.By)
		}
		lines = append(lines, l)
	}
	if c.JSON {
		return writeJSON(o, lines)
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		says := text.Say(lang, "flow.cli.state."+l.State)
		if l.Waits != "" {
			says = text.Say(lang, "flow.cli.waits_until", "at", l.Waits)
		}
		number := ""
		if l.Number > 0 {
			number = fmt.Sprint(l.Number)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, number, l.Name, says, l.At, l.By, l.Note)
	}
	return w.Flush()
}

type flowPublishCmd struct {
	asPerson
	Draft   string `arg:"" help:"The draft, as hasta flow list names it."`
	Version int64  `help:"How often it had been written when you looked at it: refused if somebody wrote on it since."`
}

func (c *flowPublishCmd) Run(ctx context.Context, o out) error {
	h, by, closes, err := c.acting(ctx, o)
	if err != nil {
		return err
	}
	defer closes()
	v, err := h.app.PublishFlow(ctx, by, c.Draft, c.Version)
	if err != nil {
		return err
	}
	return h.tellPublished(ctx, o, v)
}

type flowRollBackCmd struct {
	asPerson
	Flow string `arg:"" name:"version" help:"The version to go back to, as hasta flow list names it."`
	Note string `required:"" help:"Why; the log keeps it."`
}

func (c *flowRollBackCmd) Run(ctx context.Context, o out) error {
	h, by, closes, err := c.acting(ctx, o)
	if err != nil {
		return err
	}
	defer closes()
	v, err := h.app.RollBackFlow(ctx, by, c.Flow, c.Note)
	if err != nil {
		return err
	}
	return h.tellPublished(ctx, o, v)
}

// tellPublished says what customers meet now; nil: what waits for its time.
func (h *house) tellPublished(ctx context.Context, o out, v *app.FlowVersion) error {
	lang := terminalLanguage(os.Getenv)
	if v != nil {
		fmt.Fprintln(o.stdout, text.Say(lang, "flow.cli.published", "flow", v.ID, "number", v.Number))
		return nil
	}
	mode, err := h.app.OnePerson(ctx)
	if err == nil {
		fmt.Fprintln(o.stdout, text.Say(lang, "flow.cli.waiting", "n", mode.Hours))
	}
	return err
}

type flowDropCmd struct {
	asPerson
	Draft string `arg:"" help:"The draft, as hasta flow list names it."`
}

func (c *flowDropCmd) Run(ctx context.Context, o out) error {
	h, by, closes, err := c.acting(ctx, o)
	if err != nil {
		return err
	}
	defer closes()
	if err := h.app.DropDraft(ctx, by, c.Draft); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, text.Say(terminalLanguage(os.Getenv), "flow.cli.dropped", "draft", c.Draft))
	return nil
}
