package console

import (
	"cmp"

	"hastaluego/internal/app"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// retainedListView is what stays of somebody who was erased.
type retainedListView struct {
	Lang, Case string
	List       []retainedView
}

type retainedView struct {
	ID, Name, Until, How string
	State                badge
	Held, Asked          string
	Hold, Lift, Release  bool // whoever looks may do that
	Reference            control
	Ask                  *control // nil: it is not theirs to ask for
}

func (v retainedListView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.retained."+code, args...)
}

func (v *visit) viewRetained(c app.CaseView, e echo) *retainedListView {
	if len(c.Retained) == 0 {
		return nil
	}
	lv := &retainedListView{Lang: v.lang, Case: string(c.Plan.Case.ID)}
	for _, r := range c.Retained {
		lv.List = append(lv.List, v.viewStayed(*lv, r, c.Users, e))
	}
	return lv
}

func (v *visit) viewStayed(lv retainedListView, r app.RetainedView, users map[string]string, e echo) retainedView {
	rv := retainedView{ID: string(r.ID), Until: lv.word("until", "date", r.Until), How: lv.word("kept", "n", r.Records)}
	ours := r.System == erasure.House
	if rv.Name = cmp.Or(offboarding.Worded(r.Titles, v.lang), r.Holding) + " · " + r.System; ours {
		rv.Name = lv.word("sums")
	}
	if r.Blocked {
		rv.How = lv.word("blocked", "n", r.Records)
	}
	switch {
	case !r.DestroyedAt.IsZero():
		rv.State = badge{Icon: "check", Class: "ok", Word: lv.word("gone")}
		rv.Until = lv.word("gone.on", "date", when.DateOf(r.DestroyedAt, v.zone()))
		return rv
	case r.Held:
		rv.State = badge{Icon: "pause", Class: "warn", Word: lv.word("held")}
		rv.Held = lv.word("held.by", "who", who(v.lang, r.HeldBy, users), "at", text.ShortInstant(v.lang, r.HeldAt, v.zone()))
	default:
		rv.State = badge{Icon: "clock", Class: "info", Word: lv.word("waits")}
	}
	if r.AskedBy != "" {
		rv.Asked = lv.word("asked", "who", who(v.lang, r.AskedBy, users), "at", text.ShortInstant(v.lang, r.AskedAt, v.zone()))
	}
	if !v.actor.May("erase") {
		return rv
	}
	rv.Hold, rv.Lift = !r.Held, r.Held
	rv.Release = r.AskedBy != "" && r.AskedBy != v.actor.ID
	of := func(act, label string) control {
		x := control{ID: act + "-" + rv.ID, Name: "reference", Label: lv.word(label), Hint: lv.word("reference.hint"), Required: true}
		if e.Form == act+rv.ID {
			x.Value, x.Error = e.Typed, e.Error
		}
		return x
	}
	rv.Reference = of("hold", "hold.for")
	if ours {
		ask := of("ask", "ask.for")
		rv.Ask = &ask
	}
	return rv
}

// keepRetained does what was decided about something that stays; having it out
// answers with a file, once.
func (v *visit) keepRetained() error {
	ctx, id, reference := v.r.Context(), erasure.ID(v.r.PathValue("retained")), v.form.Get("reference")
	act := v.form.Get("act")
	var err error
	switch act {
	case "hold":
		err = v.App.HoldRetained(ctx, v.actor, v.caseID(), id, reference)
	case "lift":
		err = v.App.LiftHold(ctx, v.actor, v.caseID(), id)
	case "ask":
		err = v.App.AskRelease(ctx, v.actor, v.caseID(), id, reference)
	case "release":
		var out []byte
		if out, err = v.App.Release(ctx, v.actor, v.caseID(), id); err == nil {
			h := v.w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Content-Disposition", `attachment; filename="released.json"`)
			_, _ = v.w.Write(out) // who asked is gone: nobody could be told
			return nil
		}
	default:
		err = fault.New(fault.Invalid, "field.unknown").On("act")
	}
	return v.after(err, echo{Form: act + string(id), Typed: reference}, "#retained")
}
