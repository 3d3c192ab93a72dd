package portal

import (
	"net/http"
	"slices"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// previewView is what leaving costs or brings back, before anybody pressed
// anything: only on a page that whoever reads it was proved for.
type previewView struct {
	text.Speech
	Choices []previewChoice
	From    []string // where the figures come from
}

type previewChoice struct {
	ID, When  string
	Totals    []string
	Sections  []web.MoneySection
	Due, Back string
	Ends      []string // of contracts whose day is another, and why
}

func viewPreview(sp text.Speech, p *app.Preview, zone *time.Location) *previewView {
	if p == nil || len(p.Now.Sections)+len(p.End.Sections) == 0 {
		return nil
	}
	v := &previewView{Speech: sp, From: web.MoneyFrom(sp.Lang, "settlement.from.", p.Now, zone)}
	for _, c := range []struct {
		id string
		s  app.Statement
	}{{"now", p.Now}, {"end", p.End}} {
		x := previewChoice{ID: c.id, When: sp.Say("portal.settlement." + c.id), Totals: web.MoneyTotals(sp.Lang, c.s), Sections: web.MoneySections(sp.Lang, c.s)}
		x.Due, x.Back = moneyDays(sp, c.s)
		x.Ends = web.MoneyEnds(sp.Lang, c.s)
		v.Choices = append(v.Choices, x)
	}
	return v
}

// moneyDays are by when what is owed is paid, and what comes back is there.
func moneyDays(sp text.Speech, s app.Statement) (due, back string) {
	if !s.DueOn.IsZero() {
		due = sp.Say("portal.settlement.due", "date", s.DueOn)
	}
	if !s.RefundOn.IsZero() {
		back = sp.Say("portal.settlement.refund", "date", s.RefundOn)
	}
	return due, back
}

// settlementView is the statement of a departure on the private page.
type settlementView struct {
	text.Speech
	There            bool
	Base, Code, Name string
	Totals           []string
	Sections         []web.MoneySection
	Paid             string // of what it says that they owe, in parts since then; empty: nothing
	Due, Back        string
	After            []string // charges after the end, and what becomes of them
	From, Ends       []string // where the figures come from
	Asks             bool     // it is their turn
	Said             string   // what they answered
	Why, Error       string   // as typed
	Wrong            bool
}

func viewSettlement(sp text.Speech, page app.CasePage, zone *time.Location) settlementView {
	x := page.Statement
	v := settlementView{Speech: sp, There: x.Live() && len(x.Doc.Sections) > 0, Asks: x.MayAnswer()}
	v.Code, v.Name = page.Paper.Code, page.Paper.Name
	for _, x := range page.After {
		code, day := "portal.settlement.after", x.Due
		if !x.Refunded.IsZero() {
			code, day = "portal.settlement.after.refunded", x.Refunded
		}
		v.After = append(v.After, sp.Say(code, "charged", text.LongDate(sp.Lang, x.Charged), "amount", text.Sums(sp.Lang, []money.Amount{x.Back}), "date", text.LongDate(sp.Lang, day)))
	}
	if !v.There { // whoever looks is told that nothing is open
		v.Asks, v.Totals = false, []string{sp.Say("portal.settlement.even")}
		if page.Settling && !x.Live() {
			v.Totals = []string{sp.Say("portal.settlement.not_yet")}
		}
		return v
	}
	v.Totals, v.Sections = web.MoneyTotals(sp.Lang, x.Doc), web.MoneySections(sp.Lang, x.Doc)
	v.Due, v.Back = moneyDays(sp, x.Doc)
	if changed := web.MoneyChanges(sp.Lang, x.Doc, zone); changed != nil {
		v.After = slices.Concat(v.After, []string{changed.Title}, changed.Lines)
	}
	v.From, v.Ends = web.MoneyFrom(sp.Lang, "settlement.from.", x.Doc, zone), web.MoneyEnds(sp.Lang, x.Doc)
	if paid := paidSince(x, page.Collection.Plans); len(paid) > 0 {
		v.Paid = sp.Say("portal.settlement.paid", "amount", text.Sums(sp.Lang, paid))
	}
	if !page.Refunded.IsZero() {
		v.Back = sp.Say("portal.settlement.refunded", "date", text.LongDate(sp.Lang, page.Refunded))
	}
	switch x.State {
	case app.StatementAccepted:
		v.Said = sp.Say("portal.settlement.agreed")
	case app.StatementDisputed:
		v.Said = sp.Say("portal.settlement.disputed")
	case app.StatementChanged:
		v.Said = sp.Say("portal.settlement.changed")
	}
	return v
}

// paidSince is what was paid in parts of what a statement asks for, by currency.
// What was paid before it was made is not in it.
func paidSince(x app.CaseStatement, plans []collection.Plan) (sums []money.Amount) {
	for _, p := range plans {
		if !p.MadeAt.After(x.MadeAt) {
			continue
		}
		for _, part := range p.Parts {
			if part.Paid.IsZero() {
				continue
			}
			i := slices.IndexFunc(sums, func(a money.Amount) bool { return a.Currency == p.Sum.Currency })
			if i < 0 {
				i, sums = len(sums), append(sums, money.Amount{Currency: p.Sum.Currency})
			}
			sums[i].Minor += part.Minor
		}
	}
	return sums
}

func (p *portal) statement(w http.ResponseWriter, r *http.Request) { p.showStatement(w, r, "", nil) }

func (p *portal) showStatement(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewSettlement(p.speech(page.Paper.Language), page, p.App.Company().Zone)
	v.Base = base(r)
	status := http.StatusOK
	if wrong != nil {
		status = web.Status(wrong)
		v.Wrong, v.Why, v.Error = true, typed, text.FieldErrors(v.Lang, wrong)["why"]
	}
	p.show(w, r, status, v.Say("portal.settlement.title"), settlementPage(v))
}

// answerStatement takes the customer's word about their statement.
func (p *portal) answerStatement(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	in := app.StatementAnswer{Agrees: f.Get("right") == "yes", Why: f.Get("why")}
	err = p.App.AnswerStatement(r.Context(), r.PathValue("token"), in)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showStatement(w, r, in.Why, err)
		return
	}
	p.act(w, r, base(r)+"/statement", err)
}
