package history

import (
	"context"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/lane"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// letGoDays is how many days before the end the company lets some customers go.
const letGoDays = 8

// others are who may suit them better, as the sample company writes it.
var others = map[string][]lane.Alternative{
	"es": {
		{Name: "Cuaderno Uno", Link: "https://cuaderno-uno.example", What: "Para una sola persona, sin cuota fija"},
		{Name: "Agenda Abierta", Link: "https://agenda-abierta.example", What: "Libre y gratis, si te manejas con un servidor"},
	},
	"en": {
		{Name: "Cuaderno Uno", Link: "https://cuaderno-uno.example", What: "For one person, without a fixed fee"},
		{Name: "Agenda Abierta", Link: "https://agenda-abierta.example", What: "Free and open, if you can run a server"},
	},
}

var laneWords = map[string]lane.Words{
	"es": {Why: "Hemos dejado de hacer la agenda para quien trabaja solo: a partir de ahora la pensamos para equipos.", Changes: "El soporte pasa a ser por correo, en dos días laborables.", Alternatives: others["es"]},
	"en": {Why: "We no longer make the diary for people who work alone: from now on we think of teams.", Changes: "Support is by mail from then on, within two working days.", Alternatives: others["en"]},
}

// letGo has two people of the company let some customers go, in each of the three ways;
// one says yes to new terms, one leaves instead, and one has not answered yet.
func (l *life) letGo(ctx context.Context) error {
	may := slices.DeleteFunc(slices.Clone(l.people), func(p app.Actor) bool { return !p.May("lane") })
	if len(may) < 2 {
		return nil // nobody could agree
	}
	one, two := may[0], may[1]
	day := when.DateOf(l.Clock.Now(), l.zone).AddDays(60)
	for _, x := range []struct {
		in   app.LaneInput
		n    int
		also func(context.Context, app.Actor, []lane.MemberID) error
	}{
		{app.LaneInput{Way: lane.Exit}, 2, nil},
		{app.LaneInput{Way: lane.Renewal}, 1, nil},
		{app.LaneInput{Way: lane.Terms, Offer: lane.Offer{Product: l.Sample.Others.Product, Price: money.Amount{Minor: 3400, Currency: "EUR"}, Day: day}}, 3, l.answerTerms},
	} {
		x.in.Segment, x.in.Words = "alone_long", laneWords
		x.in.Why = "Quien trabaja solo escribe tres veces más y usa una décima parte."
		id, err := l.App.ProposeLane(ctx, one, x.in)
		if err != nil {
			return err
		}
		if err := l.App.DecideLane(ctx, two, id, true, ""); err != nil {
			return err
		}
		members, err := l.choose(ctx, one, two, id, x.n)
		if err != nil {
			return err
		}
		if x.also != nil {
			if err := x.also(ctx, one, members); err != nil {
				return err
			}
		}
	}
	return nil
}

// choose puts customers that nobody names forward, and has the other person agree.
func (l *life) choose(ctx context.Context, one, two app.Actor, id lane.ID, n int) (members []lane.MemberID, err error) {
	v, err := l.App.OpenLane(ctx, one, id, true)
	if err != nil {
		return nil, err
	}
	var ids []customer.ID
	for _, c := range v.Candidates {
		crowd := strings.HasPrefix(c.Reference, l.Sample.Others.Prefix+"-4") // whom the story is about keeps to it
		if crowd && len(ids) < n {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := l.App.ChooseForLane(ctx, one, id, ids, demo.Pick(l.dice, []string{"Nos lo pidió por teléfono: solo usa el calendario.", "Tres llamadas al mes por lo mismo, y una herramienta más pequeña lo resuelve."})); err != nil {
		return nil, err
	}
	if v, err = l.App.OpenLane(ctx, two, id, false); err != nil {
		return nil, err
	}
	for _, m := range v.Members {
		if err := l.App.DecideMember(ctx, two, m.ID, true); err != nil {
			return nil, err
		}
		members = append(members, m.ID)
	}
	return members, nil
}

// answerTerms is what customers answer: the first says yes, and it is done; the second
// leaves.
func (l *life) answerTerms(ctx context.Context, by app.Actor, members []lane.MemberID) error {
	if len(members) > 0 {
		if err := l.App.AcceptTerms(ctx, l.App.TermsKey(members[0])); err != nil {
			return err
		}
		if err := l.App.ApplyTerms(ctx, by, members[0], "Factura de prueba del sistema de cobro."); err != nil {
			return err
		}
	}
	if len(members) > 1 {
		if _, err := l.App.LeaveTerms(ctx, l.App.TermsKey(members[1])); err != nil {
			return err
		}
		return l.receiptOf(ctx, by, members[1])
	}
	return nil
}

// receiptOf waits until the receipt of whoever leaves instead is out, which waits for
// the log.
func (l *life) receiptOf(ctx context.Context, by app.Actor, member lane.MemberID) error {
	lanes, err := l.App.ListLanes(ctx, by)
	if err != nil {
		return err
	}
	for _, x := range lanes {
		v, err := l.App.OpenLane(ctx, by, x.ID, false)
		if err != nil {
			return err
		}
		for _, m := range v.Members {
			if m.ID != member {
				continue
			}
			c, err := l.App.OpenCase(ctx, by, offboarding.CaseID(m.Case))
			if err != nil {
				return err
			}
			_, err = l.letter(ctx, c.Plan.Case.Code, "receipt")
			return err
		}
	}
	return nil
}
