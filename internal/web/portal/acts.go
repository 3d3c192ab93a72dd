package portal

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/withdrawal"
)

// actsView is that two acts are open, and what each brings back.
type actsView struct {
	text.Speech
	Open              bool
	Title, Lede       string // of the page on which one withdraws
	Pays              string // which pays more, with both sums, in one line
	Until             string // until when they can withdraw; empty: without end
	Lines             []actLine
	By                string // until when the refund comes; empty: the law says none
	Function, Confirm actLabel
	To                string // where the function leads, or its confirmation is sent
	Back              string
}

// actLine is one contract, and how its refund was computed.
type actLine struct{ Name, Back, How string }

// actLabel is the words of a button, and what they say in the language of the
// page where they are in another.
type actLabel struct{ Text, Lang, Means string }

// viewActs says what both acts bring, in the words of the flow that this
// customer meets.
func viewActs(sp text.Speech, c app.Company, x app.Exit, a app.ActsView, to, back string) (v actsView) {
	zone := c.Zone
	v = actsView{Speech: sp, Open: a.Open(), To: to, Back: back}
	if !v.Open {
		return v
	}
	say := func(code string, args ...any) string { return sp.Say("portal.acts."+code, args...) }
	withdrawn, ended := sums(sp.Lang, a.Withdrawn()), sums(sp.Lang, a.Ended())
	if ended == "" {
		ended = say("nothing")
	}
	switch {
	case withdrawn == "":
		v.Pays = say("pays.unknown")
	case a.Best() == offboarding.Withdrawal:
		v.Pays = say("pays.withdraw", "withdraw", withdrawn, "end", ended)
	case a.Best() == offboarding.Termination:
		v.Pays = say("pays.end", "withdraw", withdrawn, "end", ended)
	default:
		v.Pays = say("pays.same", "sum", withdrawn)
	}
	if !a.Until.IsZero() {
		v.Until = lastMinute(sp.Lang, a.Until, zone)
	}
	if !a.RefundBy.IsZero() {
		v.By = text.LongDate(sp.Lang, a.RefundBy)
	}
	for _, l := range a.Withdraw {
		x := actLine{Name: l.Product, Back: text.Money(sp.Lang, l.Back), How: say("how." + string(l.Way))}
		switch {
		case l.Unknown:
			x.Back, x.How = "", say("how.unknown")
		case l.Way == withdrawal.ProRata:
			x.How = say("how.prorata", "kept", text.Money(sp.Lang, l.Kept), "used", l.Used, "of", l.Of)
		}
		v.Lines = append(v.Lines, x)
	}
	fn, confirm := a.Labels(sp.Lang)
	v.Function, v.Confirm = prescribed(sp, fn, say("function")), prescribed(sp, confirm, say("confirm"))
	v.Title, v.Lede = say("title"), say("lede")
	entry, _ := x.Entry()
	begins, ok := entry.Does("withdraw")
	declares, leads := x.Declares("withdraw")
	if !ok || !leads || x.Variant.Language != sp.Lang { // the flow has no words for it
		return v
	}
	v.Function, v.Confirm = labelled(sp, begins), labelled(sp, declares)
	if form, ok := x.Node(begins.To); ok && form.Texts["title"] != "" {
		v.Title, v.Lede = text.Fill(sp.Lang, form.Texts["title"], "company", c.Name), text.Fill(sp.Lang, form.Texts["text"], "company", c.Name)
	}
	return v
}

// labelled is what stands on an action of the flow.
func labelled(sp text.Speech, a flow.Press) actLabel {
	l := actLabel{Text: a.Label, Means: a.Beside}
	if a.Lang != sp.Lang {
		l.Lang = a.Lang
	}
	return l
}

// attrs says in which language the words are that are not in that of the page.
func (l actLabel) attrs() templ.Attributes {
	if l.Lang == "" {
		return nil
	}
	return templ.Attributes{"lang": l.Lang}
}

// prescribed is the label that the law wants, beside ours where it is in another
// language than the page; ours where it wants none.
func prescribed(sp text.Speech, l withdrawal.Label, ours string) actLabel {
	switch {
	case l.Text == "":
		return actLabel{Text: ours}
	case l.Lang != sp.Lang:
		return actLabel{l.Text, l.Lang, ours}
	}
	return actLabel{Text: l.Text}
}

func sums(lang string, list []money.Amount) string {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = text.Money(lang, m)
	}
	return strings.Join(words, " + ")
}

// askWithdraw shows what withdrawing from the contracts of a departure brings,
// with the button that confirms it.
func (p *portal) askWithdraw(w http.ResponseWriter, r *http.Request) {
	r, page, err := p.page(w, r, "case")
	if err == nil && !page.Acts.Open() {
		err = fault.New(fault.Blocked, "withdrawal.closed")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	x, _, err := p.after(r, page.Paper.Code, page.Paper.Language)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := viewActs(p.speech(page.Paper.Language), p.App.Company(), x, page.Acts, base(r)+"/withdraw", base(r))
	p.show(w, r, http.StatusOK, v.Title, withdrawPage(v))
}

func (p *portal) withdraw(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, base(r)+"/receipt", p.App.WithdrawInstead(r.Context(), r.PathValue("token")))
}
