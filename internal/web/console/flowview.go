package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/text"
)

// flowView is a version, or a draft, with everything that is known of it.
type flowView struct {
	Lang, ID, Title string
	Badge           badge
	By              []string
	Said            string // what was just done
	Asks            string // the question that the verdict answers
	Verdict         badge
	VerdictText     string
	Counts          []badge
	Gaps            []string // what else keeps it from being published: texts, languages
	Problems        []string // it cannot be read
	Graph           graph
	Of              string // whom the drawing is of
	Look            flowLook
	Places          []placeView
	Identity        []identityRow
	Stops           []stopView
	Whole           []findingView // findings of no node
	Unsure          []findingView // that would not block
	Friction        []frictionRow
	Compared        string // with what
	Frames          []frameColumn
	Edit            *flowEdit
	Source          []sourceLine // of what cannot be written on
	Act             flowAct
}

// flowAct is what can be done about it now.
type flowAct struct {
	Version               int64
	Publish, Back, Copy   bool
	Own, Alone, Old       bool
	Hours                 int
	Waits                 *waitingView
	May, MayWrite, Passes bool
	Who, WhoWrites        string
	Since                 string // another version came into force after it was begun
	Note                  control
}

// flowLook is what somebody wants to look at.
type flowLook struct {
	Places   []option // all
	Chosen   []string
	Language choiceOf
	Device   choiceOf
}

type choiceOf struct {
	control
	Options []option
}

func (l flowLook) shows(place string) bool { return slices.Contains(l.Chosen, place) }

// placeView is one law in short: whether the flow passes, and its pages.
type placeView struct {
	Name, Packs string
	Badge       badge
	Pages       []string
}

// stopView is a node with what was found about it.
type stopView struct {
	ID, Title, Kind, Where, Line string
	Look                         badge
	Leads                        []leadView
	Findings                     []findingView
}

type leadView struct{ Label, To, Title string }

// findingView is a finding in words.
type findingView struct {
	ID, Rule, Pattern string
	Badge             badge
	Why, Words        string
	Change            string
	Law, Cite, URL    string
	Source            string // of a pattern: what asks for it
	At, Code          string // the place, and what stands there
	Where             string // in which variants
	Days              string
	Missing           []string
}

type frictionRow struct {
	Place                                           string
	Pages, Clicks, Fields, Words, Asks, Score, Then string
	Change                                          badge
}

// frameColumn is the pages of one law as they are.
type frameColumn struct {
	Place, Class string
	Frames       []frameView
}

type frameView struct{ Title, Src string }

type sourceLine struct {
	N    int
	Text string
}

// flowEdit is the form of a draft.
type flowEdit struct {
	Source, Signup, Note control
	Clicks               control
	Asks                 []meaningView
	Facts                []factControl
	Problems             []string
	Version              int64
}

// factControl is a fact about the company that rules ask for.
type factControl struct {
	control
	Options []option // nil: it is typed
}

func (v flowView) word(code string, args ...any) string { return flowWord(v.Lang, code, args...) }

func (v *visit) flow() error { return v.showFlow(http.StatusOK, nil, nil) }

// showFlow shows a flow; typed is what somebody wrote and what could not be kept.
func (v *visit) showFlow(status int, typed *app.FlowText, wrong error) error {
	id := v.r.PathValue("id")
	p, err := v.App.OpenFlow(v.r.Context(), v.actor, id, typed)
	if err != nil {
		return err
	}
	fv := flowView{Lang: v.lang, ID: id}
	v.viewHead(&fv, p)
	if err := v.viewActs(&fv, p); err != nil {
		return err
	}
	fv.Verdict, fv.VerdictText = v.viewVerdict(p.Check, p.Draft == nil && p.Version.ID == p.InForce.ID)
	fv.Counts, fv.Asks = v.viewCounts(p.Check), fv.word("verdict")
	if p.Draft == nil {
		fv.Asks = fv.word("verdict.today")
	}
	for _, e := range p.Check.Problems {
		fv.Problems = append(fv.Problems, text.Error(v.lang, e))
	}
	for _, e := range slices.Concat(p.Check.Unserved, p.Check.Unsaid) {
		fv.Gaps = append(fv.Gaps, text.Error(v.lang, e))
	}
	for _, lang := range p.Check.Unready {
		fv.Gaps = append(fv.Gaps, fv.word("unready", "lang", known(v.lang, "console.flows.language."+lang, lang)))
	}
	if p.Check.Report != nil {
		v.viewReport(&fv, p)
	}
	if p.Open() && v.actor.May("draft") {
		fv.Edit = v.viewEdit(p, wrong)
	} else {
		for i, line := range strings.Split(strings.TrimSuffix(p.Text.Source, "\n"), "\n") {
			fv.Source = append(fv.Source, sourceLine{i + 1, line})
		}
	}
	switch q := v.r.URL.Query(); {
	case q.Get("published") != "" && p.Version.ID == p.InForce.ID:
		fv.Said = fv.word("said.published")
	case q.Get("checked") != "":
		fv.Said = fv.word("said.kept")
	}
	v.frames()
	v.show(status, "flows", fv.Title, v.problem(wrong), flowPage(fv))
	return nil
}

// frames lets this page show pages of ours inside it.
func (v *visit) frames() {
	h := v.w.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'")
}

func (v *visit) viewHead(fv *flowView, p app.FlowPage) {
	x := p.Version
	if p.Draft == nil {
		row := v.viewFlowRow(x, p.InForce.ID, p.Users)
		fv.Title, fv.Badge = row.Name, row.Badge
		for _, s := range []string{row.By, row.Law, row.Note} {
			if s != "" {
				fv.By = append(fv.By, s)
			}
		}
		if !x.BuiltIn() {
			fv.By = append(fv.By, fv.word("hash", "hash", x.Hash[:12]))
		}
		return
	}
	d := p.Draft
	fv.Title, fv.Badge = fv.word("draft.name", "name", d.Title), badge{"note", "", fv.word("state." + d.State)}
	fv.By = append(fv.By, fv.word("changed", "who", who(v.lang, d.ChangedBy, p.Users), "at", text.ShortInstant(v.lang, d.ChangedAt, v.zone())))
	if x.ID != "" {
		fv.By = append(fv.By, fv.word("based", "version", v.viewFlowRow(x, p.InForce.ID, p.Users).Name))
	}
}

func (v *visit) viewActs(fv *flowView, p app.FlowPage) error {
	one, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return err
	}
	act := flowAct{
		May: v.actor.May("flow"), Who: whoMay(v.lang, "flow"), MayWrite: v.actor.May("draft"), WhoWrites: whoMay(v.lang, "draft"), Hours: one.Hours,
		Alone: one.Holds(), Own: p.Own, Passes: p.Check.Passing(), Copy: p.Draft == nil,
		Note: control{ID: "back-note", Name: "note", Label: fv.word("back.note"), Hint: fv.word("back.note.hint"), Value: v.form.Get("note"), Required: true},
	}
	act.Back = p.Draft == nil && p.Version.Hash != p.InForce.Hash
	if p.Open() {
		act.Publish, act.Version = true, p.Draft.Version
		act.Old = !p.Draft.ChangedAt.After(one.Since)
		if p.Waits != nil {
			act.Waits = v.viewWaiting(*p.Waits)
		}
		if p.Draft.Base != p.InForce.ID {
			act.Since = fv.word("since", "version", v.viewFlowRow(p.InForce, p.InForce.ID, p.Users).Name)
		}
	}
	fv.Act = act
	return nil
}

// placeName is a law as people name it.
func (v *visit) placeName(place string) string {
	if p := v.App.Law().Pack(place); p != nil && p.Names[v.lang] != "" {
		return p.Names[v.lang]
	}
	return place
}

// viewReport is everything that a check says of a flow that can be read.
func (v *visit) viewReport(fv *flowView, p app.FlowPage) {
	c := p.Check
	laws := firstLaws(c.Laws)
	fv.Look = v.viewLook(fv, c, laws)
	lang, device := fv.Look.Language.Value, fv.Look.Device.Value
	compiled := map[string]*flow.View{}
	view := func(l flow.Law) *flow.View {
		if compiled[l.Place] == nil {
			compiled[l.Place] = c.Flow.Compile(l, variantOf(c.Flow, l, lang, device))
		}
		return compiled[l.Place]
	}
	shown := laws[0]
	for _, l := range laws {
		if l.Place == fv.Look.Chosen[0] {
			shown = l
		}
	}
	stops := view(shown).Stops()
	fv.Of = fv.word("graph.of", "place", v.placeName(shown.Place), "language", fv.Look.Language.chosen(), "device", fv.Look.Device.chosen())
	lines := strings.Split(p.Text.Source, "\n")
	by := map[string][]findingView{}
	for _, f := range c.Report.Findings {
		x := v.viewFinding(f, c, lines)
		if f.Result == jurisdiction.Unknown && f.Severity != jurisdiction.Block {
			fv.Unsure = append(fv.Unsure, x)
			continue
		}
		by[f.Node] = append(by[f.Node], x)
	}
	fv.Whole = by[""]
	for _, s := range stops {
		fv.Stops = append(fv.Stops, v.viewStop(fv, s, stops, by[s.ID]))
	}
	fv.Graph = drawFlow(v.lang, fv.Stops, stops)
	for _, l := range laws {
		fv.Places = append(fv.Places, v.viewPlace(l, c, view(l)))
		fv.Identity = append(fv.Identity, v.viewIdentity(l, view(l)))
		fv.Friction = append(fv.Friction, v.viewFriction(l, view(l), p, lang, device))
		if fv.Look.shows(l.Place) && v.o.Preview != nil {
			fv.Frames = append(fv.Frames, v.viewFrames(fv, l, view(l)))
		}
	}
	if p.Draft != nil || p.Version.ID != p.InForce.ID {
		fv.Compared = v.viewFlowRow(p.InForce, p.InForce.ID, p.Users).Name
	}
}

// firstLaws are the laws one for each place.
func firstLaws(all []flow.Law) (list []flow.Law) {
	for _, l := range all {
		if !slices.ContainsFunc(list, func(o flow.Law) bool { return o.Place == l.Place }) {
			list = append(list, l)
		}
	}
	return list
}

// variantOf is the variant of a reader; of an experiment the first arm.
func variantOf(f *flow.Flow, l flow.Law, lang, device string) flow.Variant {
	v := flow.Variant{Law: l.Name, Language: lang, Device: device}
	if len(f.Arms) > 0 {
		v.Arm = f.Arms[0]
	}
	if len(f.Segments) > 0 {
		v.Segment = f.Segments[0]
	}
	return v
}

// mostColumns is how many laws are shown side by side.
const mostColumns = 4

func (v *visit) viewLook(fv *flowView, c app.FlowCheck, laws []flow.Law) flowLook {
	q := v.r.URL.Query()
	look := flowLook{}
	for _, l := range laws {
		look.Places = append(look.Places, option{l.Place, v.placeName(l.Place)})
		if slices.Contains(q["law"], l.Place) && len(look.Chosen) < mostColumns {
			look.Chosen = append(look.Chosen, l.Place)
		}
	}
	if len(look.Chosen) == 0 {
		own := cmp.Or(v.App.Company().Pack, v.App.Law().Of(v.App.Company().Country).ID)
		for _, want := range []string{own, "de", "fr"} {
			if slices.ContainsFunc(laws, func(l flow.Law) bool { return l.Place == want }) && !slices.Contains(look.Chosen, want) {
				look.Chosen = append(look.Chosen, want)
			}
		}
		if len(look.Chosen) == 0 {
			look.Chosen = []string{laws[0].Place}
		}
	}
	pick := func(name, want string, all []string) choiceOf {
		x := choiceOf{control: control{ID: "look-" + name, Name: name, Label: fv.word("look." + name), Value: want}}
		if !slices.Contains(all, want) {
			x.Value = all[0]
		}
		for _, one := range all {
			x.Options = append(x.Options, option{one, known(v.lang, "console.flows."+name+"."+one, one)})
		}
		return x
	}
	look.Language = pick("language", cmp.Or(q.Get("language"), v.lang), c.Flow.Languages)
	devices := c.Flow.Devices
	if len(devices) == 0 {
		devices = []string{"desktop", "mobile"}
	}
	look.Device = pick("device", cmp.Or(q.Get("device"), devices[0]), devices)
	return look
}

// chosen is the label of what is chosen.
func (c choiceOf) chosen() string {
	for _, o := range c.Options {
		if o.Value == c.Value {
			return o.Label
		}
	}
	return c.Value
}

func (v *visit) viewPlace(l flow.Law, c app.FlowCheck, view *flow.View) placeView {
	word := func(code string) string { return flowWord(v.lang, code) }
	pv := placeView{Name: v.placeName(l.Place), Packs: strings.Join(l.Packs, " · "), Badge: badge{"check", "", word("place.pass")}}
	for _, f := range c.Report.Findings {
		if f.Severity != jurisdiction.Block || !slices.ContainsFunc(f.Variants, func(x flow.Variant) bool { return placeOf(x.Law) == l.Place }) {
			continue
		}
		if f.Result == jurisdiction.Fail {
			pv.Badge = badge{"x", "bad", word("place.fail")}
			break
		}
		pv.Badge = badge{"info", "warn", word("place.unknown")}
	}
	titles := map[string]string{}
	for _, s := range view.Stops() {
		titles[s.ID] = v.flowTitle(s.Node)
	}
	for _, id := range view.Walk() {
		pv.Pages = append(pv.Pages, titles[id])
	}
	return pv
}

// placeOf is the place in the name of a law: what is supposed of the customer
// stands behind it.
func placeOf(law string) string {
	place, _, _ := strings.Cut(law, " (")
	return place
}

// flowTitle is what a node is called: its title, without slots that only a
// request fills; else how one comes in, or what one presses there.
func (v *visit) flowTitle(n *flow.Node) string {
	s := n.Title(v.lang, "es", "en")
	switch {
	case s != n.ID:
	case n.Medium != "" && n.Medium != "web":
		return flowWord(v.lang, "medium."+n.Medium)
	case len(n.Action) > 0:
		s = title(v.lang, n.Action[0].Label, n.ID)
	}
	s = strings.ReplaceAll(s, "{company}", v.App.Company().Name)
	for {
		before, rest, open := strings.Cut(s, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			return strings.Join(strings.Fields(s), " ")
		}
		s = before + "…" + after
	}
}

func (v *visit) viewStop(fv *flowView, s flow.Stop, all []flow.Stop, found []findingView) stopView {
	sv := stopView{
		ID: s.ID, Title: v.flowTitle(s.Node), Kind: fv.word("kind." + s.Kind), Where: fv.word("where." + s.Where), Findings: found,
		Look: badge{"check", "", fv.word("stop.clean")},
	}
	for _, f := range found {
		if sv.Look = f.Badge; f.Badge.Class == "bad" {
			break
		}
	}
	for _, l := range s.Leads {
		i := slices.IndexFunc(all, func(o flow.Stop) bool { return o.ID == l.To })
		label := l.Label
		if l.Action == nil {
			label = fv.word("reads_on")
		}
		sv.Leads = append(sv.Leads, leadView{label, l.To, v.flowTitle(all[i].Node)})
	}
	return sv
}

func (v *visit) viewFinding(f flow.Finding, c app.FlowCheck, lines []string) findingView {
	fw := func(code string, args ...any) string { return text.Say(v.lang, "flow."+code, args...) }
	x := findingView{
		ID: f.ID, Rule: f.Rule, Why: f.Reason(text.In(v.lang)), Change: fw("change." + f.Change), Words: f.Words, At: v.placeIn(f.At),
	}
	if f.Pattern != "" {
		x.Pattern = f.Pattern + " " + fw("pattern."+f.Pattern)
		if x.Rule == f.Pattern {
			x.Rule = ""
		}
	}
	switch {
	case f.Result == jurisdiction.Unknown:
		x.Badge = badge{"info", "", flowWord(v.lang, "result.unknown")}
		if f.Severity == jurisdiction.Block {
			x.Badge.Class = "warn"
		}
	case f.Severity == jurisdiction.Block:
		x.Badge = badge{"x", "bad", flowWord(v.lang, "result.block")}
	default:
		x.Badge = badge{"alert", "warn", flowWord(v.lang, "result."+string(f.Severity))}
	}
	if f.Law != nil {
		x.Law, x.Cite, x.URL = f.Law.Message[v.lang], f.Law.Cite.Ref, f.Law.Cite.URL
		if note := f.Law.Cite.Note[v.lang]; note != "" {
			x.Cite += " (" + note + ")"
		}
	}
	if f.Source.Code != "" {
		x.Source = fw("clause."+f.Source.Code, f.Source.Args...)
	}
	if f.Rule == flow.Unreachable {
		x.Rule, x.Pattern = "", fw("rule."+f.Rule)
	}
	if f.Days > 0 {
		x.Days = fw("cli.days", "n", f.Days)
	}
	for _, name := range f.Missing {
		x.Missing = append(x.Missing, text.Say(v.lang, "law.fact."+name))
	}
	if parts := strings.Split(f.At, ":"); len(parts) == 3 {
		if n, err := strconv.Atoi(parts[1]); err == nil && n >= 1 && n <= len(lines) {
			x.Code = strings.TrimSpace(lines[n-1])
		}
	}
	x.Where = v.met(f.Variants, c)
	return x
}

// placeIn words a place in a file.
func (v *visit) placeIn(at string) string {
	parts := strings.Split(at, ":")
	if len(parts) != 3 {
		return at
	}
	return flowWord(v.lang, "line", "line", parts[1], "column", parts[2])
}

// met says in which variants something was found: only what tells them apart.
func (v *visit) met(list []flow.Variant, c app.FlowCheck) string {
	if len(list) == c.Report.Variants {
		return flowWord(v.lang, "everywhere")
	}
	var parts []string
	part := func(all int, name func(flow.Variant) string) {
		var some []string
		for _, x := range list {
			if s := name(x); s != "" && !slices.Contains(some, s) {
				some = append(some, s)
			}
		}
		if len(some) > 0 && len(some) < all {
			parts = append(parts, strings.Join(some, ", "))
		}
	}
	part(len(firstLaws(c.Laws)), func(x flow.Variant) string { return v.placeName(placeOf(x.Law)) })
	part(len(c.Flow.Languages), func(x flow.Variant) string { return known(v.lang, "console.flows.language."+x.Language, x.Language) })
	part(max(2, len(c.Flow.Devices)), func(x flow.Variant) string { return known(v.lang, "console.flows.device."+x.Device, x.Device) })
	part(len(c.Flow.Arms), func(x flow.Variant) string { return x.Arm })
	part(len(c.Flow.Segments), func(x flow.Variant) string { return x.Segment })
	if len(parts) == 0 {
		return flowWord(v.lang, "everywhere")
	}
	return strings.Join(parts, " · ")
}

// viewFriction is what leaving costs under a law, beside what it costs with the
// flow in force.
func (v *visit) viewFriction(l flow.Law, view *flow.View, p app.FlowPage, lang, device string) frictionRow {
	m := view.Friction()
	row := frictionRow{Place: v.placeName(l.Place)}
	if !m.Leavable {
		row.Pages = flowWord(v.lang, "friction.none")
		return row
	}
	n := strconv.Itoa
	row.Pages, row.Clicks, row.Words, row.Asks, row.Score = n(m.Pages), n(m.Clicks), n(m.Words), n(m.Asks), n(m.Score)
	row.Fields = flowWord(v.lang, "friction.fields.n", "required", m.Required, "optional", m.Optional)
	i := slices.IndexFunc(p.Now.Laws, func(o flow.Law) bool { return o.Place == l.Place })
	if i < 0 || p.Draft == nil && p.Version.ID == p.InForce.ID || p.Now.Flow == nil || !slices.Contains(p.Now.Flow.Languages, lang) {
		return row
	}
	was := p.Now.Flow.Compile(p.Now.Laws[i], variantOf(p.Now.Flow, p.Now.Laws[i], lang, device)).Friction()
	if !was.Leavable {
		return row
	}
	row.Then = n(was.Score)
	switch diff := m.Score - was.Score; {
	case diff < 0:
		row.Change = badge{"check", "info", fmt.Sprintf("−%d", -diff)}
	case diff > 0:
		row.Change = badge{"alert", "warn", fmt.Sprintf("+%d", diff)}
	}
	return row
}

// viewFrames are the pages on the shortest way out under a law.
func (v *visit) viewFrames(fv *flowView, l flow.Law, view *flow.View) frameColumn {
	col := frameColumn{Place: v.placeName(l.Place), Class: fv.Look.Device.Value}
	stops := view.Stops()
	for _, id := range view.Walk() {
		i := slices.IndexFunc(stops, func(s flow.Stop) bool { return s.ID == id })
		col.Frames = append(col.Frames, frameView{v.flowTitle(stops[i].Node), query(
			"/console/flows/"+fv.ID+"/page", "law", l.Place, "language", fv.Look.Language.Value, "device", fv.Look.Device.Value, "node", id,
		)})
	}
	return col
}

// flowPreview is one page of a flow as a customer sees it: to be looked at in a
// frame, not to be used.
func (v *visit) flowPreview() error {
	p, err := v.App.OpenFlow(v.r.Context(), v.actor, v.r.PathValue("id"), nil)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	i := slices.IndexFunc(p.Check.Laws, func(l flow.Law) bool { return l.Place == q.Get("law") })
	if i < 0 || !slices.Contains(p.Check.Flow.Languages, q.Get("language")) || v.o.Preview == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	law := p.Check.Laws[i]
	page, ok := v.o.Preview(p.Check.Flow.Compile(law, variantOf(p.Check.Flow, law, q.Get("language"), q.Get("device"))), q.Get("node"))
	if !ok {
		return fault.New(fault.NotFound, "not_found")
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", strings.NewReplacer("frame-ancestors 'none'", "frame-ancestors 'self'", "form-action 'self'", "form-action 'none'").Replace(h.Get("Content-Security-Policy")))
	v.Render(v.w, v.r, http.StatusOK, page)
	return nil
}
