package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// collectionView is how what is owed in a departure stands, and what may be done.
type collectionView struct {
	Lang, Case string
	Owed       []owedView
	Less       []owedView // what we owe them, which makes up for some of it
	Gone       []string   // what is open here alone, one by one
	Left       string
	Sent       string
	Stopped    bool
	Promises   []promiseView
	Promise    *control // nil: none may be written down
	WriteOff   bool     // may be proposed
	Why        control
	Open       bool   // the form to propose it was refused
	SumsWrong  string // which sums it is about was not said
	Waits      string // key of the step that decides about it
	Plan       string // what is asked, proposed or agreed about parts
	Parts      []partView
	Answers    bool // the customer asked, and waits for an answer
	Propose    []control
}

type partView struct {
	Words, Pay string // Pay: it may be noted as paid
	Number     int
	State      badge
}

var partBadges = map[string]badge{"paid": {Icon: "check", Class: "ok"}, "late": {Icon: "alert", Class: "warn"}, "due": {Icon: "clock"}, "rests": {Icon: "pause"}}

func (v *visit) viewParts(cv *collectionView, x *collection.Plan, may bool, now time.Time) {
	if x == nil {
		return
	}
	state := string(x.State)
	if x.State == collection.Ended {
		state = "rests"
	}
	cv.Plan = cv.word("plan."+state, "amount", text.Money(v.lang, x.Sum), "n", len(x.Parts))
	cv.Answers = may && x.State == collection.Asked
	for i, part := range x.Parts {
		state := part.State(when.DateOf(now, v.zone()))
		if x.State == collection.Ended && state != "paid" {
			state = "rests"
		}
		pv := partView{
			Number: i + 1, State: partBadges[state],
			Words: cv.word("part", "n", i+1, "amount", text.Money(v.lang, money.Amount{Minor: part.Minor, Currency: x.Sum.Currency}), "date", text.LongDate(v.lang, part.On)),
		}
		if pv.State.Word = cv.word("part." + state); may && state != "paid" && x.State == collection.Agreed {
			pv.Pay = cv.word("part.pay", "n", i+1)
		}
		cv.Parts = append(cv.Parts, pv)
	}
}

type owedView struct {
	ID, What, Amount, URL, Label string
	Checked                      bool
}

type promiseView struct {
	State        badge
	Words, Where string
}

func (v collectionView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.collection."+code, args...)
}

var promiseBadges = map[collection.PromiseState]badge{
	collection.Waiting:  {Icon: "clock", Class: "info"},
	collection.Kept:     {Icon: "check", Class: "ok"},
	collection.Broken:   {Icon: "alert", Class: "warn"},
	collection.Released: {Icon: "dash"},
}

func (v *visit) viewCollection(c app.CaseView, now time.Time, e echo) *collectionView {
	x := c.Collection
	if x == nil || len(x.Owed)+len(x.Promises)+len(x.Gone) == 0 {
		return nil
	}
	cv := &collectionView{Lang: v.lang, Case: string(c.Plan.Case.ID), Stopped: x.Stopped, Waits: x.WriteOff}
	for _, p := range x.Promises {
		pv := promiseView{State: promiseBadges[p.State]}
		pv.State.Word = cv.word(string(p.State), "on", text.LongDate(v.lang, p.On))
		at := text.ShortInstant(v.lang, p.MadeAt, v.zone())
		if p.MadeBy == collection.ByCustomer {
			pv.Where = cv.word("by.customer", "at", at)
		} else {
			pv.Where = cv.word("by.staff", "who", who(v.lang, p.MadeBy, c.Users), "at", at)
		}
		cv.Promises = append(cv.Promises, pv)
	}
	for _, b := range x.Gone {
		cv.Gone = append(cv.Gone, cv.word("gone", "reference", b.Reference, "amount", text.Money(v.lang, b.Amount)))
	}
	if len(x.Owed) == 0 {
		return cv
	}
	for _, b := range x.Owed {
		what := strings.TrimSpace(text.Say(v.lang, "balance."+string(b.Kind)) + " " + b.Reference)
		if b.About != "" {
			what += ", " + b.About
		}
		cv.Owed = append(cv.Owed, owedView{string(b.ID), what, text.Money(v.lang, b.Amount), b.PayURL, cv.word("pay", "reference", b.Reference), true})
	}
	for _, b := range x.Less {
		cv.Less = append(cv.Less, owedView{What: strings.TrimSpace(text.Say(v.lang, "balance."+string(b.Kind)) + " " + b.Reference), Amount: text.Money(v.lang, b.Amount.Neg())})
	}
	cv.Left = cv.word("left", "amount", text.Sums(v.lang, x.Left))
	cv.Sent = cv.word("sent", "sent", x.Sent, "most", collection.MostReminders)
	step := c.Plan.Step(x.Step)
	may := step != nil && v.actor.MayWork(*step)
	plan := x.Plan()
	if plan == nil {
		plan = x.Rests()
	}
	v.viewParts(cv, plan, may, now)
	if !may {
		return cv
	}
	if x.MayPlan {
		cv.Propose = []control{
			{ID: "plan-parts", Name: "parts", Label: cv.word("plan.n"), Kind: "number", Required: true, Hint: cv.word("plan.n.hint", "least", collection.LeastParts, "most", collection.MostParts)},
			{ID: "plan-first", Name: "on", Label: cv.word("plan.first"), Kind: "date", Required: true},
		}
		for i := range cv.Propose {
			cv.Propose[i].Error, cv.Propose[i].Value = e.Errors[[]string{"parts", "first"}[i]], e.Fields.Get(cv.Propose[i].Name)
		}
	}
	if !x.Last.IsZero() {
		cv.Promise = &control{
			ID: "promise-on", Name: "on", Label: cv.word("on"), Kind: "date", Required: true,
			Hint: cv.word("on.hint", "date", text.LongDate(v.lang, x.Last), "left", collection.Left(x.Promises), "most", collection.MostPromises),
		}
		if e.Form == "promise" {
			cv.Promise.Value, cv.Promise.Error = e.Typed, e.Error
		}
	}
	cv.WriteOff = x.WriteOff == ""
	cv.Why = control{ID: "write-off-why", Name: "why", Label: cv.word("why"), Required: true}
	if e.Form == "write_off" {
		for i := range cv.Owed {
			cv.Owed[i].Checked = slices.Contains(e.Fields["balance"], cv.Owed[i].ID)
		}
		cv.Open, cv.Why.Value, cv.Why.Error, cv.SumsWrong = true, e.Typed, e.Errors["why"], e.Errors["balances"]
	}
	return cv
}

func (v *visit) promisePayment() error {
	typed := v.form.Get("on")
	var on when.Date
	if typed != "" {
		var err error
		if on, err = when.ParseDate(typed); err != nil {
			return v.after(fault.New(fault.Invalid, "date.unreadable").On("on"), echo{Form: "promise", Typed: typed}, "")
		}
	}
	err := v.App.RecordPromise(v.r.Context(), v.actor, v.caseID(), on)
	return v.after(err, echo{Form: "promise", Typed: typed}, "#collection")
}

func (v *visit) proposeWriteOff() error {
	in := app.WriteOffInput{Case: v.caseID(), Why: v.form.Get("why")}
	for _, id := range v.form["balance"] {
		in.Balances = append(in.Balances, customer.BalanceID(id))
	}
	if len(in.Balances) == 0 { // nothing ticked is not everything: it is refused as none of them
		in.Balances = []customer.BalanceID{""}
	}
	err := v.App.ProposeWriteOff(v.r.Context(), v.actor, in)
	e := echo{Form: "write_off", Typed: in.Why, Fields: v.form}
	if err != nil {
		e.Errors = text.FieldErrors(v.lang, err)
	}
	return v.after(err, e, "#collection")
}

// instalments proposes to pay in parts, answers a customer who asked for it, or
// notes a part as paid.
func (v *visit) instalments() error {
	ctx, does := v.r.Context(), v.form.Get("does")
	n, _ := strconv.Atoi(v.form.Get("parts"))
	var err error
	switch does {
	case "agree", "refuse":
		err = v.App.DecideInstalments(ctx, v.actor, v.caseID(), does == "agree")
	case "paid":
		err = v.App.PayInstalment(ctx, v.actor, v.caseID(), n)
	default:
		day, _ := when.ParseDate(v.form.Get("on")) // what is no day is told as none
		err = v.App.ProposeInstalments(ctx, v.actor, v.caseID(), app.InstalmentInput{Parts: n, First: day})
	}
	e := echo{Form: "instalments"}
	if does == "" {
		e.Fields = v.form
	}
	if err != nil {
		e.Errors = text.FieldErrors(v.lang, err)
	}
	return v.after(err, e, "#collection")
}
