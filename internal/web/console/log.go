package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/id"
	"hastaluego/internal/text"
)

type logView struct {
	Lang    string
	Rows    []eventView
	Pending int // shown entries that have no place in the tree yet
	CanRun  bool
	Result  *resultView
	Case    control
	Filters []choiceView
	Chips   []chip
	Older   string // address of the next page; Newest, of the first
	Newest  string
}

// resultView is what a verification came to.
type resultView struct {
	OK                          bool
	Entries, Size, Root, Signed string
	Problems                    []string
	More                        int
}

func (v *visit) log() error { return v.logPage(nil) }

func (v *visit) logPage(result *resultView) error {
	f := v.r.URL.Query()
	q := app.LogQuery{Type: f.Get("type"), Actor: f.Get("actor"), Before: f.Get("before"), Limit: pageSize}
	for name, value := range map[string]string{"type": q.Type, "actor": q.Actor, "before": q.Before, "case": f.Get("case")} {
		if _, e := customer.CheckText(name, value, 100, false); e != nil {
			return e
		}
	}
	if typed := strings.TrimSpace(f.Get("case")); typed != "" {
		q.Code = typed
		if clean, ok := id.ParseCode(typed); ok {
			q.Code = clean
		}
	}
	page, err := v.App.PageLog(v.r.Context(), v.actor, q)
	if err != nil {
		return err
	}
	lv := logView{Lang: v.lang, CanRun: v.o.Verify != nil, Result: result}
	address := func(code, actor, typ, before string) string {
		return query("/console/audit", "case", code, "actor", actor, "type", typ, "before", before)
	}
	if page.Older != "" {
		lv.Older = address(q.Code, q.Actor, q.Type, page.Older)
	}
	if q.Before != "" {
		lv.Newest = address(q.Code, q.Actor, q.Type, "")
	}
	lv.Case = control{ID: "case", Label: v.say("log.filter.case"), Value: q.Code, Kind: "search"}
	lv.Filters = []choiceView{v.actorChoice(q.Actor, page.Users), v.typeChoice(q.Type)}
	for _, c := range []chip{
		{q.Code, address("", q.Actor, q.Type, "")},
		{known(v.lang, "console.actor."+q.Actor, cmp.Or(page.Users[q.Actor], q.Actor)), address(q.Code, "", q.Type, "")},
		{q.Type, address(q.Code, q.Actor, "", "")},
	} {
		if c.Label != "" {
			lv.Chips = append(lv.Chips, c)
		}
	}
	for _, t := range page.Entries {
		of := page.Cases[t.Case]
		row := v.viewEvent(t, eventWords{users: page.Users, steps: of.Steps, works: of.Works})
		if !row.Sealed {
			lv.Pending++
		}
		lv.Rows = append(lv.Rows, row)
	}
	v.show(http.StatusOK, "audit", v.say("log.title"), "", logPage(lv))
	return nil
}

// actorChoice lists who may have done something.
func (v *visit) actorChoice(chosen string, users map[string]string) choiceView {
	list := []option{{"", v.say("log.any.actor")}}
	for _, a := range []string{"engine", "customer", "system"} {
		list = append(list, option{a, who(v.lang, a, nil)})
	}
	people := make([]option, 0, len(users))
	for id, name := range users {
		people = append(people, option{id, name})
	}
	slices.SortFunc(people, func(a, b option) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value)) })
	return choiceView{control{ID: "actor", Label: v.say("log.col.who"), Value: chosen}, append(list, people...)}
}

func (v *visit) typeChoice(chosen string) choiceView {
	list := []option{{"", v.say("log.any.type")}}
	for _, e := range app.EventTypes {
		list = append(list, option{e.Type, e.Type})
	}
	return choiceView{control{ID: "type", Label: v.say("log.filter.type"), Value: chosen}, list}
}

// problemsMost is how many findings one page shows.
const problemsMost = 20

// verifyLog checks the whole log. It changes nothing, so its answer is the
// page itself.
func (v *visit) verifyLog() error {
	if err := v.actor.CanRead("audit"); err != nil {
		return err
	}
	if v.o.Verify == nil {
		return v.nothing()
	}
	s, err := v.o.Verify(v.r.Context())
	if err != nil {
		return err
	}
	r := resultView{
		OK: s.OK, Entries: text.Number(v.lang, s.Entries), Size: text.Number(v.lang, s.Size), Root: s.Root,
		Signed: text.ShortInstant(v.lang, s.Checkpoint, v.zone()), Problems: s.Problems,
	}
	if n := len(s.Problems); n > problemsMost {
		r.Problems, r.More = s.Problems[:problemsMost], n-problemsMost
	}
	return v.logPage(&r)
}
