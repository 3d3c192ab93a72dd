package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/assignment"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// assignmentView is the rules by which steps are given to people, and where
// teams hear of theirs.
type assignmentView struct {
	Lang      string
	Tabs      []tab
	Version   string
	Rows      []ruleRow
	Role, If  control
	Roles     []option
	People    []ruleChoice
	WrongWho  string
	Facts     string
	May       bool
	Who       string
	Owner     control // of a channel
	URL       control
	Channels  []factView
	MayChat   bool
	ReadsChat bool
	ChatWho   string
}

// ruleRow is a rule in the list.
type ruleRow struct {
	ID, N, Role, If, People string
	First, Last             bool
}

type ruleChoice struct {
	ID, Name, About string
	On              bool
}

func (v *visit) assignment() error {
	return v.showAssignment(http.StatusOK, assignment.Rule{}, nil)
}

func (v *visit) showAssignment(status int, typed assignment.Rule, wrong error) error {
	s, err := v.App.AssignmentRules(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := ruleErrors(v.lang, wrong)
	av := assignmentView{
		Lang: v.lang, Tabs: v.settingsTabs("assignment"), Version: strconv.FormatInt(s.Version, 10), May: v.actor.May("assignment"), Who: whoMay(v.lang, "assignment"),
		Role: control{ID: "role", Label: v.say("assignment.role"), Value: typed.Role, Error: errs["role"]}, WrongWho: errs["people"],
		If:      control{ID: "if", Label: v.say("assignment.if"), Hint: v.say("assignment.if.hint"), Value: typed.If, Error: errs["if"]},
		MayChat: v.actor.May("settings"), ReadsChat: v.actor.MayRead("settings"), ChatWho: whoMay(v.lang, "settings"),
		Owner: control{ID: "owner", Label: v.say("assignment.channel.team"), Value: v.form.Get("owner"), Error: errs["owner"]},
		URL:   control{ID: "url", Label: v.say("told.channel.url"), Hint: v.say("told.channel.hint"), Kind: "url", Error: errs["url"]},
	}
	for _, r := range app.Roles {
		av.Roles = append(av.Roles, option{r, role(v.lang, r)})
	}
	for _, u := range s.People {
		av.People = append(av.People, ruleChoice{
			ID: u.ID, Name: u.Name, About: roles(v.lang, u.Roles) + " · " + v.say("assignment.load", "n", s.Load[u.ID]), On: slices.Contains(typed.People, u.ID),
		})
	}
	for i, r := range s.List {
		row := ruleRow{ID: r.ID, N: strconv.Itoa(i + 1), Role: role(v.lang, r.Role), If: r.If, First: i == 0, Last: i == len(s.List)-1}
		var list []string
		for _, id := range r.People {
			list = append(list, who(v.lang, id, s.Names))
		}
		row.People = strings.Join(list, ", ")
		av.Rows = append(av.Rows, row)
	}
	if av.ReadsChat {
		hosts, err := v.App.TeamChannels(v.r.Context(), v.actor)
		if err != nil {
			return err
		}
		for _, r := range app.Roles {
			if hosts[r] != "" {
				av.Channels = append(av.Channels, factView{role(v.lang, r), hosts[r]})
			}
		}
	}
	v.show(status, "settings", v.say("assignment.title"), v.problem(wrong), assignmentPage(av))
	return nil
}

// ruleErrors are the errors of the rule that was typed, by its fields: it is the
// last of the list.
func ruleErrors(lang string, wrong error) map[string]string {
	out := map[string]string{}
	for field, words := range text.FieldErrors(lang, wrong) {
		out[field[strings.LastIndexByte(field, '.')+1:]] = words
	}
	return out
}

// rules reads the rules of now, if they are still those that the page showed.
func (v *visit) rules() (assignment.Rules, error) {
	s, err := v.App.AssignmentRules(v.r.Context(), v.actor)
	if err != nil {
		return assignment.Rules{}, err
	}
	if v.form.Get("version") != strconv.FormatInt(s.Version, 10) {
		return assignment.Rules{}, fault.New(fault.Conflict, "assignment.changed")
	}
	return s.Rules, nil
}

func (v *visit) addRule() error {
	if !v.actor.May("assignment") { // before anything about what was typed
		return v.App.SetAssignmentRules(v.r.Context(), v.actor, assignment.Rules{})
	}
	typed := assignment.Rule{Role: v.form.Get("role"), If: strings.TrimSpace(v.form.Get("if")), People: v.form["people"]}
	rules, err := v.rules()
	if err == nil {
		rules.List = append(rules.List, typed)
		err = v.App.SetAssignmentRules(v.r.Context(), v.actor, rules)
	}
	return v.afterRules(typed, err)
}

func (v *visit) changeRule() error {
	if !v.actor.May("assignment") {
		return v.App.SetAssignmentRules(v.r.Context(), v.actor, assignment.Rules{})
	}
	rules, err := v.rules()
	if err == nil {
		switch id := v.r.PathValue("id"); v.form.Get("do") {
		case "up", "down":
			rules = rules.Move(id, v.form.Get("do") == "up")
		case "drop":
			rules = rules.Drop(id)
		default:
			return fault.New(fault.Invalid, "field.choice").On("do")
		}
		err = v.App.SetAssignmentRules(v.r.Context(), v.actor, rules)
	}
	return v.afterRules(assignment.Rule{}, err)
}

func (v *visit) setTeamChannel() error {
	return v.afterRules(assignment.Rule{}, v.App.SetChannel(v.r.Context(), v.actor, v.form.Get("owner"), v.form.Get("url")))
}

func (v *visit) afterRules(typed assignment.Rule, err error) error {
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Conflict) {
		return v.showAssignment(web.Status(err), typed, err)
	}
	if err == nil {
		v.to("/console/settings/assignment")
	}
	return err
}
