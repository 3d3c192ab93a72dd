package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// owedLine is one sum that is left to pay.
type owedLine struct{ Name, Short, Amount, Due, URL string }

func viewOwed(sp text.Speech, page app.CasePage) (out []owedLine) {
	lang := sp.Lang
	for _, b := range page.Collection.Owed {
		l := owedLine{Short: b.Reference, Amount: text.Money(lang, b.Amount), URL: b.PayURL}
		l.Name = sp.Say("balance."+string(b.Kind)) + " " + b.Reference
		if b.About != "" {
			l.Name += ", " + b.About
		}
		if !b.DueOn.IsZero() {
			l.Due = sp.Say("portal.owed.due", "date", text.LongDate(lang, b.DueOn))
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		return nil
	}
	for _, b := range page.Collection.Less {
		out = append(out, owedLine{Name: sp.Say("portal.owed.less", "what", sp.Say("balance."+string(b.Kind))+" "+b.Reference), Amount: text.Money(lang, b.Amount.Neg())})
	}
	if len(out) > 1 {
		out = append(out, owedLine{Name: sp.Say("portal.owed.title"), Amount: text.Sums(lang, page.Collection.Left)})
	}
	return out
}

// payView is the page on which somebody who owes pays, or says when.
type payView struct {
	text.Speech
	Base, Code, Name string
	Owed             []owedLine
	Stands           []string // what was agreed, or why no clock runs
	Stopped          bool     // no clock runs
	Warn             string   // a day that passed
	Asks             bool     // they may say on which day they pay
	First, Last      string   // the days that they may say, as the browser reads them
	Until            string   // the last of them, in words
	On, Error        string   // as typed
	PartsN, PartsOn  string   // the same of the wish to pay in parts
	Email            string   // of the company
	Parts            []partLine
	PartsIs          string   // what is asked, proposed or agreed about parts
	Answers          bool     // it is their turn to say yes or no
	AsksParts        bool     // they may ask to pay in parts
	Counts           []string // how many
	PartsError       map[string]string
}

// partLine is one instalment.
type partLine struct {
	Words, Amount, State string
	Late                 bool
}

// see is the word for the link to the page; while the clock stands nobody is asked
// for anything there.
func (v payView) see() string {
	if v.Stopped {
		return "portal.pay.title"
	}
	return "portal.pay.see"
}

func (v *payView) plan(sp text.Speech, x *collection.Plan, today when.Date) {
	if x == nil {
		return
	}
	v.PartsIs, v.Answers = sp.Say("portal.pay.parts."+string(x.State), "amount", text.Money(sp.Lang, x.Sum), "n", len(x.Parts)), x.State == collection.Proposed
	v.Parts = partLines(sp, x, today)
}

// partLines are the parts of a plan. Of one that ended, nothing is late and
// nothing is asked for.
func partLines(sp text.Speech, x *collection.Plan, today when.Date) (out []partLine) {
	for i, part := range x.Parts {
		state := part.State(today)
		if x.State == collection.Ended && state != "paid" {
			state = "rests"
		}
		out = append(out, partLine{
			Words:  sp.Say("portal.pay.part", "n", i+1, "date", text.LongDate(sp.Lang, part.On)),
			Amount: text.Money(sp.Lang, money.Amount{Minor: part.Minor, Currency: x.Sum.Currency}), State: sp.Say("portal.pay.part." + state),
			Late: state == "late",
		})
	}
	return out
}

func viewPay(sp text.Speech, c app.Company, today when.Date, page app.CasePage) payView {
	x := page.Collection
	v := payView{Speech: sp, Code: page.Paper.Code, Name: page.Paper.Name, Owed: viewOwed(sp, page), Email: c.Email}
	if len(v.Owed) == 0 {
		v.Stands = []string{sp.Say("portal.pay.nothing")}
		return v
	}
	if v.Stopped = x.Stopped; v.Stopped {
		v.Stands = append(v.Stands, sp.Say("portal.pay.stopped"))
		if rests := x.Rests(); rests != nil {
			v.PartsIs, v.Parts = sp.Say("portal.pay.parts.rests", "amount", text.Money(sp.Lang, rests.Sum), "n", len(rests.Parts)), partLines(sp, rests, today)
		}
		return v
	}
	if p := x.Standing(); p != nil {
		v.Stands = append(v.Stands, sp.Say("portal.pay.promised", "date", text.LongDate(sp.Lang, p.On)))
	} else if collection.LastBroken(x.Promises) {
		for _, p := range slices.Backward(x.Promises) {
			if p.State == collection.Broken {
				v.Warn = sp.Say("portal.pay.broken", "date", text.LongDate(sp.Lang, p.On))
				break
			}
		}
	}
	v.plan(sp, x.Plan(), today)
	if v.AsksParts = x.MayPlan; v.AsksParts {
		v.First = today.String()
		for n := collection.LeastParts; n <= 6; n++ {
			v.Counts = append(v.Counts, strconv.Itoa(n))
		}
	}
	if !x.Last.IsZero() {
		v.Asks, v.First, v.Last, v.Until = true, today.String(), x.Last.String(), text.LongDate(sp.Lang, x.Last)
	}
	return v
}

func (p *portal) pay(w http.ResponseWriter, r *http.Request) { p.showPay(w, r, nil, nil) }

// showPay shows the page; wrong is about the form that was typed.
func (p *portal) showPay(w http.ResponseWriter, r *http.Request, typed url.Values, wrong error) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	c := p.App.Company()
	v := viewPay(p.speech(page.Paper.Language), c, when.DateOf(page.Paper.Now, c.Zone), page)
	v.Base = base(r)
	status := http.StatusOK
	switch {
	case wrong == nil:
	case typed.Get("does") == "parts":
		status, v.PartsN, v.PartsOn, v.PartsError = web.Status(wrong), typed.Get("parts"), typed.Get("on"), text.FieldErrors(v.Lang, wrong)
	default:
		status, v.On, v.Error = web.Status(wrong), typed.Get("on"), text.FieldErrors(v.Lang, wrong)["on"]
	}
	p.show(w, r, status, v.Say("portal.pay.title"), payPage(v))
}

// answerPay takes the day on which the customer says that they will pay, their
// wish to pay in parts, or their word about parts that were proposed.
func (p *portal) answerPay(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	ctx, token, does := r.Context(), r.PathValue("token"), f.Get("does")
	day, _ := when.ParseDate(f.Get("on")) // what is no day is told as none
	switch does {
	case "parts":
		n, _ := strconv.Atoi(f.Get("parts"))
		err = p.App.AskInstalments(ctx, token, app.InstalmentInput{Parts: n, First: day})
	case "agree", "refuse":
		err = p.App.AnswerInstalments(ctx, token, does == "agree")
	default:
		err = p.App.PromiseToPay(ctx, token, day)
	}
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showPay(w, r, f, err)
		return
	}
	p.act(w, r, base(r)+"/pay", err)
}
