package portal

import (
	"net/http"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
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
	return out
}

// payView is the page on which somebody who owes pays, or says when.
type payView struct {
	text.Speech
	Base, Code, Name string
	Owed             []owedLine
	Stands           []string // what was agreed, or why no clock runs
	Warn             string   // a day that passed
	Asks             bool     // they may say on which day they pay
	First, Last      string   // the days that they may say, as the browser reads them
	Until            string   // the last of them, in words
	On, Error        string   // as typed
	Email            string   // of the company
}

func viewPay(sp text.Speech, c app.Company, today when.Date, page app.CasePage) payView {
	x := page.Collection
	v := payView{Speech: sp, Code: page.Paper.Code, Name: page.Paper.Name, Owed: viewOwed(sp, page), Email: c.Email}
	if len(v.Owed) == 0 {
		v.Stands = []string{sp.Say("portal.pay.nothing")}
		return v
	}
	if x.Stopped {
		v.Stands = append(v.Stands, sp.Say("portal.pay.stopped"))
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
	if !x.Last.IsZero() {
		v.Asks, v.First, v.Last, v.Until = true, today.String(), x.Last.String(), text.LongDate(sp.Lang, x.Last)
	}
	return v
}

func (p *portal) pay(w http.ResponseWriter, r *http.Request) { p.showPay(w, r, "", nil) }

func (p *portal) showPay(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	c := p.App.Company()
	v := viewPay(p.speech(page.Paper.Language), c, when.DateOf(page.Paper.Now, c.Zone), page)
	v.Base, v.On = base(r), typed
	status := http.StatusOK
	if wrong != nil {
		status, v.Error = web.Status(wrong), text.FieldErrors(v.Lang, wrong)["on"]
	}
	p.show(w, r, status, v.Say("portal.pay.title"), payPage(v))
}

// promisePayment takes the day on which the customer says that they will pay.
func (p *portal) promisePayment(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	typed := f.Get("on")
	on, _ := when.ParseDate(typed) // what is no day is told as none
	err = p.App.PromiseToPay(r.Context(), r.PathValue("token"), on)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showPay(w, r, typed, err)
		return
	}
	p.act(w, r, base(r)+"/pay", err)
}
