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

func viewReturns(sp text.Speech, page app.CasePage) (v returnsView) {
	lang := sp.Lang
	if page.State != offboarding.CaseOpen && page.State != offboarding.CaseClosed {
		return v
	}
	v.How = offboarding.Worded(page.Returns.How, lang)
	for _, o := range page.Returns.List {
		l := returnLine{Name: o.Name, Open: o.State == obligation.Open}
		switch o.State {
		case obligation.Open:
			l.Text = sp.Say("portal.returns.due", "date", text.LongDate(lang, o.Due))
		case obligation.Returned:
			l.Text = sp.Say("portal.returns.returned", "date", text.LongDate(lang, o.Over), "number", o.Receipt)
		case obligation.Charged:
			l.Text = sp.Say("portal.returns.charged", "amount", text.Money(lang, o.Charge))
		case obligation.Waived:
			l.Text = sp.Say("portal.returns.waived")
		}
		v.List = append(v.List, l)
	}
	return v
}

// viewHanding is how the handover stands, and whether it is the client's turn.
func viewHanding(sp text.Speech, page app.CasePage) (words string, asks bool) {
	given, accepted, over := 0, 0, 0
	for _, x := range page.Handover.List {
		if x.State == handover.Gone || x.State == handover.Kept {
			over++
		}
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
	case over > 0 && accepted+over == all:
		return sp.Say("portal.handover.lede.over"), asks
	case accepted == all:
		return sp.Say("portal.handover.lede.all"), asks
	default:
		return sp.Say("portal.handover.count", "accepted", accepted, "given", given, "all", all), asks
	}
}
