package portal

import (
	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
)

// returnsView is what the customer has to give back.
type returnsView struct {
	How  string
	List []returnLine
}

type returnLine struct {
	Name, Text string
	Open       bool
}

func viewReturns(lang string, page app.CasePage) (v returnsView) {
	if page.State != offboarding.CaseOpen && page.State != offboarding.CaseClosed {
		return v
	}
	v.How = page.Returns.How[lang]
	for _, o := range page.Returns.List {
		l := returnLine{Name: o.Name, Open: o.State == obligation.Open}
		switch o.State {
		case obligation.Open:
			l.Text = text.Say(lang, "portal.returns.due", "date", text.LongDate(lang, o.Due))
		case obligation.Returned:
			l.Text = text.Say(lang, "portal.returns.returned", "date", text.LongDate(lang, o.Over), "number", o.Receipt)
		case obligation.Charged:
			l.Text = text.Say(lang, "portal.returns.charged", "amount", text.Money(lang, o.Charge))
		case obligation.Waived:
			l.Text = text.Say(lang, "portal.returns.waived")
		}
		v.List = append(v.List, l)
	}
	return v
}

// owedLine is one sum that is left to pay.
type owedLine struct{ Name, Amount, Due string }

func viewOwed(lang string, page app.CasePage) (out []owedLine) {
	for _, b := range page.Owed {
		l := owedLine{Name: text.Say(lang, "balance."+string(b.Kind)) + " " + b.Reference, Amount: text.Money(lang, b.Amount)}
		if b.About != "" {
			l.Name += ", " + b.About
		}
		if !b.DueOn.IsZero() {
			l.Due = text.Say(lang, "portal.owed.due", "date", text.LongDate(lang, b.DueOn))
		}
		out = append(out, l)
	}
	return out
}

// viewHanding is how the handover stands, and whether it is the client's turn.
func viewHanding(lang string, page app.CasePage) (words string, asks bool) {
	given, accepted := 0, 0
	for _, x := range page.Handover.List {
		switch x.State {
		case handover.Given:
			given++
		case handover.Accepted:
			accepted++
		}
		asks = asks || x.State == handover.Given || x.Rotation == handover.Waiting
	}
	all := len(page.Handover.List)
	switch {
	case all == 0:
		return "", false
	case accepted == all:
		return text.Say(lang, "portal.handover.lede.all"), asks
	default:
		return text.Say(lang, "portal.handover.count", "accepted", accepted, "given", given, "all", all), asks
	}
}
