package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/segment"
	"hastaluego/internal/testkit"
)

// small are those of a product that is cheap; the rest of the company is not.
const small = `set: house
segments:
  - id: small
    name: {es: "Pequeños", en: "Small"}
    purpose: {es: "Ver si les sirve otra cosa", en: "See whether something else serves them"}
    rule: spend.month < 1000 && spend.currency == "EUR"
  - id: everywhere
    name: {es: "De aquí", en: "From here"}
    purpose: {es: "Contar", en: "Count"}
    rule: customer.country == "ES"
`

func useSegments(t *testing.T, w *world, src string) {
	t.Helper()
	s, err := segment.Load("segments.yaml", []byte(src))
	must(t, err)
	w.UseSegments(s)
}

// letting is a lane that a second person agreed to.
func (w *world) letting(t *testing.T, in app.LaneInput) lane.ID {
	t.Helper()
	in.Segment, in.Why = "small", "Otra herramienta les sirve mejor"
	if in.Words == nil {
		in.Words = map[string]lane.Words{}
	}
	for _, lang := range []string{"es", "en"} {
		if _, ok := in.Words[lang]; !ok {
			in.Words[lang] = lane.Words{Why: "Cerramos Mini", Changes: "Sin cambios", Alternatives: []lane.Alternative{{Name: "Agenda Uno", Link: "https://uno.example", What: "Para una persona"}}}
		}
	}
	id, err := w.ProposeLane(t.Context(), agentLets, in)
	must(t, err)
	must(t, w.DecideLane(t.Context(), admin, id, true, ""))
	return id
}

var agentLets = success

// into puts a customer into a lane, agreed to by a second person.
func (w *world) into(t *testing.T, l lane.ID, c customer.ID) lane.MemberID {
	t.Helper()
	must(t, w.ChooseForLane(t.Context(), agentLets, l, []customer.ID{c}, "Paga menos de lo que cuesta atender"))
	v, err := w.OpenLane(t.Context(), admin, l, false)
	must(t, err)
	i := slices.IndexFunc(v.Members, func(m app.MemberView) bool { return m.Customer == c })
	must(t, w.DecideMember(t.Context(), admin, v.Members[i].ID, true))
	return v.Members[i].ID
}

func (w *world) member(t *testing.T, l lane.ID, m lane.MemberID) app.MemberView {
	t.Helper()
	v, err := w.OpenLane(t.Context(), admin, l, false)
	must(t, err)
	i := slices.IndexFunc(v.Members, func(x app.MemberView) bool { return x.ID == m })
	return v.Members[i]
}

// asksOut lets a customer leave who is signed in, and returns their page.
func (w *world) asksOut(t *testing.T, c customer.ID) (offboarding.CaseID, string) {
	t.Helper()
	r := w.host(t, c)
	page, err := w.HostLanding(t.Context(), r)
	must(t, err)
	eventually(t, "the receipt is out", func() bool {
		for _, p := range w.mail.papers() {
			if p.Kind == "receipt" && p.Code == r.Code {
				return true
			}
		}
		return false
	})
	return r.Case, page
}

func (w *world) planOf(t *testing.T, c offboarding.CaseID) offboarding.Plan {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	return v.Plan
}

// Nobody comes into a lane by a score: a second person agrees to it, and to each customer,
// who is in the segment that was agreed to.
func TestALaneTakesTwoPeopleAndEachCustomerToo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		useSegments(t, w, small)
		list := w.mini(t, 3, nil)
		in := app.LaneInput{Way: lane.Exit, Segment: "small", Why: "x", Words: map[string]lane.Words{"es": {Alternatives: []lane.Alternative{{Name: "Uno"}}}, "en": {Alternatives: []lane.Alternative{{Name: "Uno"}}}}}
		for field, spoil := range map[string]func(*app.LaneInput){
			"segment": func(in *app.LaneInput) { in.Segment = "everywhere" }, "way": func(in *app.LaneInput) { in.Way = "" },
			"alternatives_en": func(in *app.LaneInput) { in.Words = map[string]lane.Words{"es": in.Words["es"]} },
		} {
			x := in
			spoil(&x)
			_, err := w.ProposeLane(ctx, success, x)
			if l := fault.Fields(err); len(l) == 0 || l[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		id, err := w.ProposeLane(ctx, success, in)
		must(t, err)
		code(t, w.ChooseForLane(ctx, success, id, list[:1], "x"), "lane.state")
		code(t, w.DecideLane(ctx, success, id, true, ""), "approval.same_person")
		must(t, w.DecideLane(ctx, admin, id, true, ""))
		v, err := w.OpenLane(ctx, admin, id, true)
		must(t, err)
		if v.People != 3 || v.Of < 4 || len(v.Candidates) != 3 || !strings.Contains(v.Playbooks, "saas-b2c@") {
			t.Fatalf("%d of %d, %d candidates, compared %q", v.People, v.Of, len(v.Candidates), v.Playbooks)
		}
		rich := w.customerOf(t, almena)
		code(t, w.ChooseForLane(ctx, success, id, []customer.ID{rich.ID}, "x"), "lane.not_in_it")
		refused(t, "no grounds", w.ChooseForLane(ctx, success, id, list[:1], " "), "field.required", "grounds")
		must(t, w.ChooseForLane(ctx, success, id, list[:2], "Escriben cada día por lo mismo"))
		if v, err = w.OpenLane(ctx, admin, id, true); err != nil || len(v.Members) != 2 || v.Members[0].Grounds == "" || len(v.Candidates) != 1 {
			t.Fatalf("%+v: %v", v.Members, err)
		}
		code(t, w.DecideMember(ctx, success, v.Members[0].ID, true), "approval.same_person")
		must(t, w.DecideMember(ctx, admin, v.Members[0].ID, true))
		must(t, w.DecideMember(ctx, admin, v.Members[1].ID, false))
		code(t, w.DecideMember(ctx, admin, v.Members[1].ID, true), "lane.standing")
		// The segment asks something else than was agreed to: nobody more comes in.
		useSegments(t, w, strings.Replace(small, "< 1000", "< 2000", 1))
		code(t, w.ChooseForLane(ctx, success, id, list[2:], "x"), "lane.changed")
		useSegments(t, w, small)
		must(t, w.StopLane(ctx, success, id, "Miramos primero"))
		code(t, w.ChooseForLane(ctx, success, id, list[2:], "x"), "lane.state")
		code(t, w.ReopenLane(ctx, success, id, "ya"), "approval.same_person")
		must(t, w.ReopenLane(ctx, admin, id, "Visto"))
		must(t, w.CloseLane(ctx, admin, id, "Se acabó"))
		if m := w.member(t, id, v.Members[0].ID); m.State != lane.Released {
			t.Errorf("in a lane that is closed: %s", m.State)
		}
		w.verifyLog(t)
	})
}

// Who is let go and asks leaves as anybody does, by the same playbook and in no more
// steps; nobody proposes anything, and their page says who may suit them better.
func TestTheStraightestExitIsTheOrdinaryOneWithoutAnOffer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		useSegments(t, w, small)
		list := w.mini(t, 2, nil)
		id := w.letting(t, app.LaneInput{Way: lane.Exit})
		m := w.into(t, id, list[0])
		var plans []offboarding.Plan
		for _, c := range list {
			own, page := w.asksOut(t, c)
			plan := w.planOf(t, own)
			plans = append(plans, plan)
			p, err := w.OpenCasePage(ctx, page, "case", "es")
			must(t, err)
			let := c == list[0]
			if let != (len(p.Alternatives) == 1) || let && (p.Alternatives[0].Name != "Agenda Uno") {
				t.Errorf("alternatives: %+v", p.Alternatives)
			}
			must(t, w.TellReason(ctx, page, "price", ""))
			d := w.decision(t, own)
			turned := slices.ContainsFunc(d.Turned, func(x offer.Turned) bool { return x.Why == offer.GuardLetGo })
			if let && (d.Offer != nil || !turned) || !let && turned {
				t.Errorf("let go %t: %+v", let, d)
			}
			if !let {
				continue
			}
			err = w.MakeOffer(ctx, agent, app.OfferInput{Case: own, Kind: offer.Help, What: "Le llamo", Heard: "x", Changes: "x", Reason: "x", Until: w.today(t).AddDays(5), By: w.today(t).AddDays(9)})
			code(t, err, "offer.guard.let_go")
		}
		if len(plans[0].Steps) > len(plans[1].Steps) || plans[0].Case.Playbook != plans[1].Case.Playbook || plans[0].Case.Effective != plans[1].Case.Effective || plans[0].Case.Retrieval != plans[1].Case.Retrieval {
			t.Errorf("another exit: %d steps by %s, %d by %s", len(plans[0].Steps), plans[0].Case.Playbook, len(plans[1].Steps), plans[1].Case.Playbook)
		}
		if x := w.member(t, id, m); x.State != lane.Left || x.Case != string(plans[0].Case.ID) {
			t.Errorf("%s %s", x.State, x.Case)
		}
	})
}

// A contract that is not renewed ends by a departure like any other, with its notice.
func TestWhoIsNotRenewedHasNoticeAndTheSameRights(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		useSegments(t, w, small)
		renews := w.today(t).AddDays(10)
		list := w.mini(t, 1, func(_ int, in *app.CustomerInput) { in.Subscriptions[0].RenewsOn = renews })
		id := w.letting(t, app.LaneInput{Way: lane.Renewal})
		m := w.into(t, id, list[0])
		eventually(t, "told", func() bool { return w.mail.count("ending") == 1 })
		c := w.caseOf(t, list[0])
		want := renews.AddDays(-1)
		for want.Before(w.today(t).AddDays(lane.LeastNotice)) {
			want = want.AddDays(1).AddMonths(1).AddDays(-1)
		}
		letter := w.mail.last(t, "ending")
		if c.Effective != want || letter.Ending.Words.Why != "Cerramos Mini" || !strings.Contains(letter.Ending.Words.Alternatives, "Agenda Uno") {
			t.Errorf("ends %s, want %s; %+v", c.Effective, want, letter.Ending)
		}
		v, err := w.OpenCase(ctx, agent, c.ID)
		must(t, err)
		if v.Request.Channel != offboarding.Company || !strings.HasPrefix(c.Playbook, "saas-b2c@") {
			t.Errorf("%s by %s", v.Request.Channel, c.Playbook)
		}
		if x := w.member(t, id, m); x.State != lane.Left || x.Case != string(c.ID) {
			t.Errorf("%s %s", x.State, x.Case)
		}
		code(t, w.ReleaseMember(ctx, success, m, "x"), "lane.standing")
		list2, err := w.ListEndings(ctx, agent)
		must(t, err)
		if len(list2) != 1 || list2[0].State != ending.Done && list2[0].State != ending.Approved {
			t.Errorf("%+v", list2)
		}
	})
}

// New terms wait for a yes. Leaving instead costs nothing, whatever bound the contract;
// who says nothing keeps what they have.
func TestNewTermsNeedAYesAndLeavingIsFree(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		useSegments(t, w, small)
		list := w.mini(t, 3, func(i int, in *app.CustomerInput) {
			in.Subscriptions[0].LockIn, in.Subscriptions[0].NoticeDays = w.today(t).AddDays(200), 30
			in.Subscriptions[0].Terms.ExitFee = customer.ExitFee{Kind: customer.FixedFee, For: "Alta", Sum: 5000}
		})
		day := w.today(t).AddDays(60)
		id := w.letting(t, app.LaneInput{Way: lane.Terms, Offer: lane.Offer{Product: "Faro Mini", Price: money.Amount{Minor: 1900, Currency: "EUR"}, Day: day}})
		var tokens []string
		var members []lane.MemberID
		for _, c := range list {
			m := w.into(t, id, c)
			members, tokens = append(members, m), append(tokens, w.TermsKey(m))
		}
		p, err := w.OpenTerms(ctx, tokens[0], "")
		must(t, err)
		if !p.Open || p.Day != day || len(p.Lines) != 1 || p.Lines[0].Amount.Minor != 900 || p.Language != "es" || p.Words.Changes == "" {
			t.Fatalf("%+v", p)
		}
		_, err = w.OpenTerms(ctx, "none", "")
		code(t, err, "link.unknown")
		must(t, w.AcceptTerms(ctx, tokens[0]))
		code(t, w.AcceptTerms(ctx, tokens[0]), "lane.answered")
		refused(t, "unseen", w.ApplyTerms(ctx, success, members[0], ""), "field.required", "evidence")
		must(t, w.ApplyTerms(ctx, success, members[0], "Factura de prueba vista"))
		page := w.opened(t, list[0])
		if got := page.Lines[0].Terms.Prices.List(); len(got) != 1 || got[0].From != day || got[0].Minor != 1900 || page.Lines[0].Amount.Minor != 900 {
			t.Errorf("%+v", got)
		}
		own, err := w.LeaveTerms(ctx, tokens[1])
		must(t, err)
		left, err := w.OpenCasePage(ctx, own, "case", "es")
		must(t, err)
		if left.State != offboarding.CaseOpen || len(left.Alternatives) != 1 {
			t.Errorf("%s, %+v", left.State, left.Alternatives)
		}
		gone := w.opened(t, list[1]).Lines[0]
		if !gone.LockIn.IsZero() || gone.Notice != 0 || gone.Terms.ExitFee.Kind != "" || w.caseOf(t, list[1]).Effective.Before(w.today(t)) || day.AddDays(60).Before(w.caseOf(t, list[1]).Effective) {
			t.Errorf("still bound: %+v, ends %s", gone, w.caseOf(t, list[1]).Effective)
		}
		_, err = w.LeaveTerms(ctx, tokens[1])
		code(t, err, "lane.answered")
		// The third says nothing.
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.Add(61*24*time.Hour)))
		if _, err := w.RunLanes(ctx); err != nil {
			t.Fatal(err)
		}
		if m := w.member(t, id, members[2]); m.State != lane.Silent {
			t.Errorf("said nothing: %s", m.State)
		}
		if s := w.opened(t, list[2]).Lines[0]; s.Amount.Minor != 900 || s.Terms.Prices != "" || s.LockIn.IsZero() {
			t.Errorf("silence changed %+v", s)
		}
		code(t, w.AcceptTerms(ctx, tokens[2]), "lane.answered")
		w.verifyLog(t)
	})
}
