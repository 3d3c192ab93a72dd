package console

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// erasurePlanView is the dry run of an erasure.
type erasurePlanView struct {
	Lang, ID, Code string
	Done           string   // it was done already: nothing else is shown
	Waits          []string // why nothing would be erased now
	Cards          []fateCard
	Also           []string // keys and backups
}

// fateCard is everything of which the same would become.
type fateCard struct {
	Fate, Title string
	Rows        []fateRow
	Ours        []fateRow // rows of our own record, table by table
	OursAll     string
}

// fateRow is one thing: how many there are, and why and until when it stays.
type fateRow struct{ What, Where, Records, Why string }

func (v erasurePlanView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.erasure."+code, args...)
}

// erasurePlan counts what erasing the customer of a departure would reach. It
// changes nothing.
func (v *visit) erasurePlan() error {
	p, err := v.App.PlanErasure(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	ev := erasurePlanView{Lang: v.lang, ID: string(v.caseID()), Code: p.Code}
	if p.Erased {
		ev.Done = text.Say(v.lang, "erase.plan.done")
	} else {
		ev.tell(p)
	}
	v.show(http.StatusOK, "inbox", ev.word("title")+", "+p.Code, "", erasurePlanPage(ev))
	return nil
}

func (v *erasurePlanView) tell(p app.ErasurePlan) {
	for _, h := range p.Held {
		code := "held.open"
		if !h.Until.IsZero() {
			code = "held"
		}
		v.Waits = append(v.Waits, v.word(code, "date", h.Until))
	}
	if p.Waits != "" && len(p.Held) == 0 {
		v.Waits = append(v.Waits, text.Say(v.Lang, "erase.plan.waits", "why", text.Say(v.Lang, "error."+p.Waits)))
	}
	for _, fate := range app.Fates {
		c := fateCard{Fate: string(fate), Title: v.word("card." + string(fate))}
		rows := 0
		for _, l := range p.Lines() {
			switch {
			case l.Fate != fate:
			case l.Fate == app.FateErase && l.System == erasure.House:
				c.Ours = append(c.Ours, v.row(l))
				rows += l.Records
			default:
				c.Rows = append(c.Rows, v.row(l))
			}
		}
		if len(c.Ours) > 0 {
			c.OursAll = v.word("ours.all", "n", rows)
		}
		if len(c.Rows)+len(c.Ours) > 0 {
			v.Cards = append(v.Cards, c)
		}
	}
	if p.Keys > 0 {
		v.Also = append(v.Also, v.word("keys", "n", p.Keys), v.word("backups", "date", p.Backups))
	}
}

func (v *erasurePlanView) row(l app.PlanLine) fateRow {
	r := fateRow{What: PlannedName(v.Lang, l), Where: l.System}
	if l.System == erasure.House {
		r.Where = v.word("ours")
	}
	var why []string
	switch {
	case l.Counted:
		r.Records = strconv.Itoa(l.Records)
	case l.Error != "":
		r.Records = v.word("uncounted")
		why = append(why, text.Say(v.Lang, "error."+l.Error, "system", l.System)+".")
	case l.Fate == app.FateAsk:
		r.Where = l.Asked
	}
	if l.Blocked > 0 {
		why = append(why, v.word("blocked", "n", l.Blocked))
	}
	if l.Fate == app.FateBlock || l.Fate == app.FateKeep {
		until := v.word("always")
		if !l.Until.IsZero() {
			until = text.Say(v.Lang, "console.retained.until", "date", l.Until)
		}
		why = append(why, until)
		if code := "console.erasure.basis." + l.Basis; text.Known(v.Lang, code) {
			why = append(why, text.Say(v.Lang, code))
		}
		why = append(why, offboarding.Worded(l.Why, v.Lang))
	}
	r.Why = strings.TrimSpace(strings.Join(why, " "))
	return r
}

// PlannedName is what a line of the dry run of an erasure is called: a table of ours
// by its name, everything else in words.
func PlannedName(lang string, l app.PlanLine) string {
	if code := "erase.plan.ours." + l.What; l.System == erasure.House && text.Known(lang, code) {
		return text.Say(lang, code)
	}
	return cmp.Or(offboarding.Worded(l.Titles, lang), l.What)
}

// PlannedFate says what would become of it.
func PlannedFate(lang string, l app.PlanLine) string {
	code := "erase.plan." + string(l.Fate)
	if l.Fate == app.FateKeep && l.Until.IsZero() {
		code += ".always"
	}
	return text.Say(lang, code, "date", l.Until, "processor", l.Asked)
}
