package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// maxFlowForm bounds the form of a draft, in bytes: two descriptions.
const maxFlowForm = 4 << 20

// flowsView is every flow.
type flowsView struct {
	Lang               string
	InForce            flowRow
	Verdict            badge
	VerdictText        string
	Counts             []badge
	Drafts, Versions   []flowRow
	MayWrite, MayUse   bool
	WhoWrites, WhoUses string
}

// flowRow is a version or a draft in a list.
type flowRow struct {
	ID, Name, By, Note, Law string
	Badge                   badge
	InForce, BuiltIn        bool
	Waits                   string
}

func flowWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.flows."+code, args...)
}

func (v flowsView) word(code string, args ...any) string { return flowWord(v.Lang, code, args...) }

func (v *visit) flows() error { return v.showFlows(http.StatusOK, nil) }

func (v *visit) showFlows(status int, wrong error) error {
	p, err := v.App.OpenFlows(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	fv := flowsView{
		Lang: v.lang, MayWrite: v.actor.May("draft"), WhoWrites: whoMay(v.lang, "draft"), MayUse: v.actor.May("flow"), WhoUses: whoMay(v.lang, "flow"),
	}
	fv.Verdict, fv.VerdictText = v.viewVerdict(p.Check, true)
	fv.Counts = v.viewCounts(p.Check)
	row := func(x app.FlowVersion) flowRow { return v.viewFlowRow(x, p.InForce.ID, p.Users) }
	fv.InForce = row(p.InForce)
	for _, x := range p.Versions {
		fv.Versions = append(fv.Versions, row(x))
	}
	fv.Versions = append(fv.Versions, row(p.BuiltIn))
	for _, d := range p.Drafts {
		r := flowRow{ID: d.ID, Name: fv.word("draft.name", "name", d.Title), Note: d.Note, Badge: badge{"note", "", fv.word("state.open")}}
		r.By = fv.word("changed", "who", who(v.lang, d.ChangedBy, p.Users), "at", text.ShortInstant(v.lang, d.ChangedAt, v.zone()))
		if x, waits := p.Waits[d.ID]; waits {
			r.Waits = v.viewWaiting(x).Text
		}
		fv.Drafts = append(fv.Drafts, r)
	}
	v.show(status, "flows", fv.word("title"), v.problem(wrong), flowsPage(fv))
	return nil
}

func (v *visit) viewFlowRow(x app.FlowVersion, inForce string, users map[string]string) flowRow {
	r := flowRow{ID: x.ID, Note: x.Note, InForce: x.ID == inForce, BuiltIn: x.BuiltIn(), Badge: badge{"dash", "", flowWord(v.lang, "state.retired")}}
	if r.InForce {
		r.Badge = badge{"check", "info", flowWord(v.lang, "state.in_force")}
	}
	if x.BuiltIn() {
		r.Name, r.By = flowWord(v.lang, "builtin.name", "name", x.Name), flowWord(v.lang, "builtin.by")
		return r
	}
	r.Name = flowWord(v.lang, "version.name", "name", x.Name, "number", strconv.Itoa(x.Number))
	r.By = flowWord(v.lang, "published", "who", who(v.lang, x.By, users), "at", text.ShortInstant(v.lang, x.At, v.zone()))
	r.Law = flowWord(v.lang, "law_of", "day", text.Date(v.lang, x.Day))
	return r
}

// viewVerdict says whether a check lets a flow be published.
func (v *visit) viewVerdict(c app.FlowCheck, inForce bool) (b badge, says string) {
	word := func(code string, args ...any) string { return flowWord(v.lang, "verdict."+code, args...) }
	switch {
	case len(c.Problems) > 0 || c.Report == nil:
		return badge{"x", "bad", word("unread")}, word("unread.text")
	case c.Passing():
		says := word("pass.text", "variants", c.Report.Variants, "day", text.Date(v.lang, c.Day))
		if inForce {
			says = word("now.text", "variants", c.Report.Variants, "day", text.Date(v.lang, c.Day))
		}
		return badge{"check", "info", word("pass")}, says
	}
	fails := 0
	for _, f := range c.Blocking() {
		if f.Result == jurisdiction.Fail {
			fails++
		}
	}
	if fails == 0 && len(c.Unserved) == 0 && len(c.Unsaid) == 0 && len(c.Unready) == 0 {
		return badge{"info", "warn", word("unknown")}, word("unknown.text")
	}
	return badge{"x", "bad", word("block")}, word("block.text")
}

// viewCounts counts what came of a check, rule by rule.
func (v *visit) viewCounts(c app.FlowCheck) (list []badge) {
	if c.Report == nil {
		return nil
	}
	word := func(code string, n int) string { return flowWord(v.lang, "count."+code, "n", n) }
	var blocks, warns, open int
	for _, f := range c.Report.Findings {
		switch {
		case f.Result == jurisdiction.Unknown:
			open++
		case f.Severity == jurisdiction.Block:
			blocks++
		default:
			warns++
		}
	}
	for _, x := range []struct {
		n                 int
		code, icon, class string
	}{{blocks, "block", "x", "bad"}, {warns, "warn", "alert", "warn"}, {open, "unknown", "info", ""}, {c.Report.Count(jurisdiction.Pass), "pass", "check", ""}} {
		if x.n > 0 {
			list = append(list, badge{x.icon, x.class, word(x.code, x.n)})
		}
	}
	return list
}

// newDraft begins a draft with a version as it is.
func (v *visit) newDraft() error {
	p, err := v.App.OpenFlow(v.r.Context(), v.actor, v.form.Get("base"), nil)
	if err != nil {
		return err
	}
	t := p.Text
	if t.Signup == "" {
		t.Signup, t.Facts = p.InForce.Signup, p.InForce.Facts
	}
	d, err := v.App.WriteDraft(v.r.Context(), v.actor, app.DraftInput{Base: p.Version.ID, FlowText: t})
	if err != nil {
		return err
	}
	v.to("/console/flows/" + d.ID + "#edit")
	return nil
}

// flowForm reads the form of a draft, which is larger than others.
func (v *visit) flowForm() error {
	if v.form != nil {
		return nil
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxFlowForm)
	if err := v.r.ParseMultipartForm(maxFlowForm); err != nil {
		if _, big := err.(*http.MaxBytesError); big {
			return fault.New(fault.TooLarge, "request.too_large")
		}
		return fault.New(fault.Invalid, "request.not_a_form").At("console.flowForm", err)
	}
	v.form = url.Values(v.r.MultipartForm.Value)
	return nil
}

// factPrefix marks the fields of a draft's form that are facts.
const factPrefix = "fact."

func (v *visit) typedFlow() app.FlowText {
	t := app.FlowText{Source: v.form.Get("source"), Signup: v.form.Get("signup"), Facts: map[string]string{}}
	for name := range v.form {
		if fact, ok := strings.CutPrefix(name, factPrefix); ok {
			t.Facts[fact] = v.form.Get(name)
		}
	}
	if strings.TrimSpace(t.Signup) == "" {
		t.Signup = v.describedSignup()
	}
	return t
}

// writeDraft keeps what was typed, right or wrong.
func (v *visit) writeDraft() error {
	if err := v.flowForm(); err != nil {
		return err
	}
	id, typed := v.r.PathValue("id"), v.typedFlow()
	version, _ := strconv.ParseInt(v.form.Get("version"), 10, 64) // without one it is whichever there is
	_, err := v.App.WriteDraft(v.r.Context(), v.actor, app.DraftInput{ID: id, Version: version, Note: v.form.Get("note"), FlowText: typed})
	if err == nil {
		v.to("/console/flows/" + id + "?checked=1#verdict")
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Forbidden, fault.Blocked:
		return v.showFlow(web.Status(err), &typed, err)
	}
	return err
}

func (v *visit) dropDraft() error {
	if err := v.App.DropDraft(v.r.Context(), v.actor, v.r.PathValue("id")); err != nil {
		return err
	}
	v.to("/console/flows")
	return nil
}

func (v *visit) publishFlow() error {
	version, _ := strconv.ParseInt(v.form.Get("version"), 10, 64)
	done, err := v.App.PublishFlow(v.r.Context(), v.actor, v.r.PathValue("id"), version)
	return v.afterPublishing(done, err)
}

func (v *visit) rollBackFlow() error {
	done, err := v.App.RollBackFlow(v.r.Context(), v.actor, v.r.PathValue("id"), v.form.Get("note"))
	return v.afterPublishing(done, err)
}

func (v *visit) afterPublishing(done *app.FlowVersion, err error) error {
	switch kind := fault.KindOf(err); {
	case err != nil && (kind == fault.Forbidden || kind == fault.Blocked || kind == fault.Conflict || kind == fault.Invalid):
		if v.showFlow(web.Status(err), nil, err) != nil {
			return err // there is no such flow
		}
		return nil
	case err != nil:
		return err
	case done == nil: // a time is waited for
		v.to("/console/flows/" + v.r.PathValue("id"))
	default:
		v.to(query("/console/flows/"+done.ID, "published", "1"))
	}
	return nil
}
