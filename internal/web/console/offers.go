package console

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// offersView is the policy of offers: which one counts, who would get what by it, and
// what people proposed otherwise in a month.
type offersView struct {
	Lang, Policy, Answers string
	Edition               string // which it is, and since when
	Link                  string // to it; empty: not for this person
	Reasons               []option
	Reason                string
	Tried                 *triedView // nil: nobody asked
	Month                 string
	Before, After         string // links to the months beside; empty: none
	Rows                  []otherwiseView
}

// triedView is who would get what.
type triedView struct {
	Asked    string
	Lines    []cellRow
	Gets     []cellRow
	Warnings []string
	Rows     []getsView // for one reason
}

type getsView struct{ Who, Link, Gets, Why string }

type otherwiseView struct{ Code, Link, At, Who, Kind, Line, Reason string }

func (v offersView) word(code string, args ...any) string {
	return say(v.Lang, "offers."+code, args...)
}

// everyReason asks about each of them at once.
const everyReason = "every"

func (v *visit) offers() error {
	q := v.r.URL.Query()
	policy, err := v.App.OfferPolicy(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	ov := offersView{Lang: v.lang, Policy: policy.Version(), Reason: q.Get("reason")}
	ov.Answers = ov.word("answers.person")
	if policy.AtOnce {
		ov.Answers = ov.word("answers.at_once")
	}
	if v.actor.MayRead("policy") {
		p, err := v.App.OpenPolicies(v.r.Context(), v.actor)
		if err != nil {
			return err
		}
		ov.Link, ov.Edition = "/console/offers/policy", v.viewEdition(p.InForce, p.InForce.ID, p.Users).By
	}
	ov.Reasons = []option{{everyReason, ov.word("reason.every")}}
	for _, r := range reason.Builtin().Reasons {
		ov.Reasons = append(ov.Reasons, option{r.Code, title(v.lang, r.Label, r.Code)})
	}
	if ov.Reason != "" {
		if ov.Tried, err = v.tryPolicy(policy, ov.Reason); err != nil {
			return err
		}
	}
	if err := v.otherwise(&ov, policy, q.Get("month")); err != nil {
		return err
	}
	v.show(http.StatusOK, "offers", ov.word("title"), "", offersPage(ov))
	return nil
}

// tryPolicy words who would get what by a policy, for one reason or for each.
func (v *visit) tryPolicy(p *offer.Policy, code string) (*triedView, error) {
	if code == everyReason {
		code = ""
	}
	t, err := v.App.TryPolicy(v.r.Context(), v.actor, p, code)
	if err != nil {
		return nil, err
	}
	tv := &triedView{Asked: text.Say(v.lang, "offer.cli.asked", "people", t.People, "reasons", t.Reasons, "count", t.Tally.Asked)}
	for _, l := range t.Tally.Lines {
		tv.Lines = append(tv.Lines, cellRow{Name: l.Line, Cells: []string{strconv.Itoa(l.Applies), strconv.Itoa(l.Decides), strconv.Itoa(l.Unread)}})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Tally.Gets)) {
		tv.Gets = append(tv.Gets, cellRow{Name: offerTitle(v.lang, name, p.Library), Cells: []string{strconv.Itoa(t.Tally.Gets[name])}})
	}
	tv.Gets = append(tv.Gets, cellRow{Name: v.say("offers.nothing"), Cells: []string{strconv.Itoa(t.Tally.None)}})
	for _, w := range t.Warnings {
		tv.Warnings = append(tv.Warnings, text.Error(v.lang, w))
	}
	for _, r := range t.Rows {
		row := getsView{Who: r.Who.Name, Link: "/console/customers/" + string(r.Who.ID), Gets: v.say("offers.nothing")}
		if d := r.Decision; d.Offer != nil {
			row.Gets, row.Why = d.Offer.Title[v.lang], d.Why[v.lang]
		} else {
			row.Why = strings.Join(append([]string{text.Error(v.lang, d.Explain())}, OfferTurned(v.lang, d, p.Library)...), " · ")
		}
		tv.Rows = append(tv.Rows, row)
	}
	return tv, nil
}

// otherwise lists what people proposed otherwise than the policy in a month.
func (v *visit) otherwise(ov *offersView, p *offer.Policy, month string) error {
	instant, _, err := v.App.Now(v.r.Context())
	if err != nil {
		return err
	}
	now := when.DateOf(instant, v.zone())
	m, err := when.ParseDate(month + "-01")
	if err != nil {
		m = when.Date{Year: now.Year, Month: now.Month, Day: 1}
	}
	list, err := v.App.OffersOtherwise(v.r.Context(), v.actor, m)
	if err != nil {
		return err
	}
	link := func(d when.Date) string {
		return query("/console/offers", "reason", ov.Reason, "month", d.String()[:len("2026-11")]) + "#otherwise"
	}
	ov.Month, ov.Before = text.Month(v.lang, m), link(m.AddMonths(-1))
	if next := m.AddMonths(1); !now.Before(next) {
		ov.After = link(next)
	}
	for _, x := range list {
		ov.Rows = append(ov.Rows, v.viewOtherwise(x, p))
	}
	return nil
}

func (v *visit) viewOtherwise(x app.OtherwiseLine, p *offer.Policy) otherwiseView {
	name, _, _ := strings.Cut(x.Name, "@")
	what := v.say("offer.kind." + string(x.Kind))
	if name != "" {
		what = offerTitle(v.lang, name, p.Library)
	}
	return otherwiseView{
		Code: x.Code, Link: "/console/cases/" + string(x.Case) + "#offer", At: text.ShortInstant(v.lang, x.OfferedAt, v.zone()),
		Who: cmp.Or(x.Who, x.OfferedBy), Kind: what, Line: x.Line, Reason: x.Reason,
	}
}
