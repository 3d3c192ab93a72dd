package console

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// playbooksView lists playbooks and takes a new version.
type playbooksView struct {
	Lang     string
	List     []playbookView
	May      bool
	Who      string
	Source   control
	Problems []string // of what was typed, each with its line and column
	Hours    int      // that one person waits
	Kept     string   // version that was just proposed
}

type playbookView struct {
	ID, Name, Title, State, By, Source string
	Badge                              badge
	Steps                              []playbookStep
	Problem                            string
	Gaps                               []string // where it is shorter, or slower, than the law
	Activate, Same                     bool     // may be activated; this person proposed it
	Alone                              bool     // nobody else could activate it: it is waited for instead
	Old                                bool     // it was proposed before that was so
	Waits                              *waitingView
}

type playbookStep struct{ Title, Kind, After, Who, Due string }

func (v *visit) playbooks() error { return v.showPlaybooks(http.StatusOK, "", nil) }

func (v *visit) showPlaybooks(status int, typed string, wrong error) error {
	list, users, err := v.App.OpenPlaybooks(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	pv := playbooksView{
		Lang: v.lang, May: v.actor.May("playbook"), Who: whoMay(v.lang, "playbook"), Kept: v.r.URL.Query().Get("kept"),
		Source: control{ID: "source", Label: v.say("playbooks.source"), Hint: v.say("playbooks.source.hint"), Value: typed, Required: true},
	}
	one, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return err
	}
	pv.Hours = one.Hours
	for _, p := range list {
		row := v.viewPlaybook(p, users)
		row.Alone, row.Old = one.Holds(), !p.Version.CreatedAt.After(one.Since)
		if p.Waits != nil && one.Holds() {
			row.Waits = v.viewWaiting(*p.Waits)
		}
		pv.List = append(pv.List, row)
	}
	problem := ""
	if wrong != nil {
		problem = v.worded(wrong)
		if fields := fault.Fields(wrong); len(fields) > 0 {
			problem = v.say("playbooks.problems", "n", len(fields))
			for _, f := range fields {
				pv.Problems = append(pv.Problems, text.Error(v.lang, f))
			}
		}
	}
	v.show(status, "playbooks", v.say("playbooks.title"), problem, playbooksPage(pv))
	return nil
}

var playbookBadges = map[string]badge{"active": {Icon: "check", Class: "info"}, "proposed": {Icon: "clock", Class: "warn"}, "retired": {Icon: "dash"}}

func (v *visit) viewPlaybook(p app.PlaybookView, users map[string]string) playbookView {
	out := playbookView{ID: p.Version.ID, Name: p.Version.Name, Source: p.Version.Source, State: p.Version.State, Badge: playbookBadges[p.Version.State]}
	out.Badge.Word = v.say("playbooks.state." + p.Version.State)
	out.By = v.say("playbooks.builtin")
	if !p.BuiltIn {
		out.By = v.say("playbooks.by", "who", who(v.lang, p.Version.CreatedBy, users), "at", text.ShortInstant(v.lang, p.Version.CreatedAt, v.zone()))
		out.Same = p.Version.CreatedBy == v.actor.ID || p.Version.CreatedBy == v.actor.RealID
		out.Activate = p.Version.State != "active" && p.Problems == nil
	}
	if p.Problems != nil {
		out.Problem = v.worded(p.Problems)
		return out
	}
	out.Title = title(v.lang, p.Playbook.Title, p.Playbook.Name)
	for _, g := range p.Gaps {
		out.Gaps = append(out.Gaps, web.GapWords(v.lang, g, p.Playbook, v.App.Law()))
	}
	steps := p.Playbook.Steps()
	for i, s := range steps {
		var after []string
		for _, key := range s.After {
			for _, b := range steps[:] {
				if b.Key == key {
					after = append(after, title(v.lang, b.Title, b.Key))
				}
			}
		}
		row := playbookStep{Title: title(v.lang, s.Title, s.Key), Kind: s.Kind, After: strings.Join(after, ", "), Who: v.say("step.automatic")}
		if s.Human {
			row.Who, row.Due = role(v.lang, s.Role), v.dueRule(steps[i], steps)
		}
		out.Steps = append(out.Steps, row)
	}
	return out
}

// dueRule words when a step of people is due.
func (v *visit) dueRule(s offboarding.Step, steps []offboarding.Step) string {
	d := s.Spec.Due
	unit := "days"
	if d.Business {
		unit = "weekdays"
	}
	from := known(v.lang, "console.playbooks.from."+d.From, "")
	for _, b := range steps {
		if b.Key == d.From && from == "" {
			from = v.say("playbooks.from.step", "step", title(v.lang, b.Title, b.Key))
		}
	}
	return v.say("playbooks.due."+unit, "n", d.N, "from", from)
}

// propose checks what was typed and keeps it.
func (v *visit) propose() error {
	source := v.form.Get("source")
	version, err := v.App.ProposePlaybook(v.r.Context(), v.actor, source)
	if err == nil {
		v.to(query("/console/playbooks", "kept", version))
		return nil
	}
	if k := fault.KindOf(err); k == fault.Invalid || k == fault.Forbidden {
		return v.showPlaybooks(web.Status(err), source, err)
	}
	return err
}

func (v *visit) activate() error {
	err := v.App.ActivatePlaybook(v.r.Context(), v.actor, v.form.Get("version"))
	if err == nil {
		v.to("/console/playbooks")
		return nil
	}
	if k := fault.KindOf(err); k == fault.Forbidden || k == fault.Invalid || k == fault.Conflict || k == fault.Blocked {
		return v.showPlaybooks(web.Status(err), "", err)
	}
	return err
}
