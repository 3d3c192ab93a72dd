package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// echo is a form of the case page that was refused: what was typed is shown
// again beside what is wrong with it.
type echo struct {
	Step, Item, Work string // whose form it was
	Form             string // which form of it, if it has several
	Typed            string
	Error            string
	Answers          form.Answers      // of a guided form
	Errors           map[string]string // by its field
	Fields           url.Values        // as typed, of a form of several
}

func (v *visit) caseID() offboarding.CaseID { return offboarding.CaseID(v.r.PathValue("id")) }

func (v *visit) casefile() error { return v.casePage(http.StatusOK, "", echo{}) }

func (v *visit) casePage(status int, problem string, e echo) error {
	c, err := v.App.OpenCase(v.r.Context(), v.actor, v.caseID())
	if err != nil {
		return err
	}
	clock, now, err := v.clock()
	if err != nil {
		return err
	}
	cv := v.viewCase(c, now, e)
	cv.Clock = clock
	v.show(status, "inbox", c.Customer.Name+", "+c.Plan.Case.Code, problem, casePage(cv))
	return nil
}

// after goes back to the case, or shows it as it is now with why nothing was
// changed and what was typed.
func (v *visit) after(err error, e echo, anchor string) error {
	switch kind := fault.KindOf(err); {
	case err == nil:
		v.to("/console/cases/" + v.r.PathValue("id") + anchor)
		return nil
	case kind == fault.Invalid, kind == fault.Conflict, kind == fault.Blocked, kind == fault.Forbidden:
		for _, f := range text.FieldErrors(v.lang, err) {
			e.Error = f
		}
		return v.casePage(web.Status(err), v.worded(err), e)
	default:
		return err
	}
}

func (v *visit) tick() error {
	in := app.TickInput{
		Case: v.caseID(), Step: v.r.PathValue("step"), Item: v.r.PathValue("item"),
		Ticked: v.form.Get("ticked") == "1", Evidence: v.form.Get("evidence"),
	}
	err := v.App.Tick(v.r.Context(), v.actor, in)
	return v.after(err, echo{Step: in.Step, Item: in.Item, Typed: in.Evidence}, "#"+in.Step)
}

func (v *visit) complete() error {
	in := app.CompleteInput{Case: v.caseID(), Step: v.r.PathValue("step"), Note: v.form.Get("note")}
	err := v.App.CompleteTask(v.r.Context(), v.actor, in)
	return v.after(err, echo{Step: in.Step, Typed: in.Note}, "#"+in.Step)
}

func (v *visit) decide() error {
	in := app.DecideInput{Work: offboarding.WorkID(v.r.PathValue("work")), Decision: v.form.Get("decision"), Evidence: v.form.Get("evidence")}
	days := strings.TrimSpace(v.form.Get("days"))
	if in.Decision == "wait" && days != "" {
		var err error
		if in.Days, err = strconv.Atoi(days); err != nil || in.Days == 0 {
			in.Days = -1 // app says what may be typed
		}
	}
	err := v.App.DecideWork(v.r.Context(), v.actor, in)
	return v.after(err, echo{Work: string(in.Work), Typed: in.Evidence, Answers: form.Answers{"days": days}, Errors: text.FieldErrors(v.lang, err)}, "")
}

func (v *visit) undoForm() error {
	c, err := v.App.OpenCase(v.r.Context(), v.actor, v.caseID())
	if err == nil && !c.CanUndo {
		err = fault.New(fault.Blocked, "case.not_undoable")
	}
	if err != nil {
		return err
	}
	u := undoView{Lang: v.lang, ID: string(c.Plan.Case.ID), Code: c.Plan.Case.Code, Name: c.Customer.Name, May: v.actor.May("case"), Who: whoMay(v.lang, "case")}
	for _, s := range c.Plan.Steps {
		if s.State == offboarding.StepDone && !s.Human && s.Kind != "confirm" || s.State == offboarding.StepVerified || s.State == offboarding.StepAttested {
			u.Done = append(u.Done, title(v.lang, s.Title, s.Key))
		}
	}
	v.show(http.StatusOK, "inbox", v.say("undo.title"), "", undoPage(u))
	return nil
}

// undoView asks whether a departure is really to be undone.
type undoView struct {
	Lang, ID, Code, Name string
	Done                 []string // what is taken back
	May                  bool
	Who                  string
}

func (v *visit) undo() error {
	return v.after(v.App.UndoByStaff(v.r.Context(), v.actor, v.caseID()), echo{}, "")
}
