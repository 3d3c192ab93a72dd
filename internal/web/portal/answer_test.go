package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/form"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

var agent = app.Actor{ID: "usr_a", Roles: []string{"agent", "success"}}

// sendReceipt marks the receipt as sent: there is no engine here.
func (s *site) sendReceipt(c string) {
	s.t.Helper()
	must(s.t, s.store.Tx(s.t.Context(), func(tx app.Tx) error {
		list, err := tx.ListMessages(s.t.Context(), "", 100)
		for _, m := range list {
			if m.Paper == "receipt" && string(m.Case) == c {
				m.State = "sent"
				if err := tx.SaveMessage(s.t.Context(), m); err != nil {
					return err
				}
			}
		}
		return err
	}))
}

func TestAnOfferIsAnsweredWithoutScriptAndDeclinedAsEasilyAsAccepted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		get := func(path string) string { _, body, _ := s.body(s.visitor().Get(page + path)); return body }
		send := func(form url.Values) string {
			status, body, _ := s.body(s.visitor().PostForm(page+"/answer?lang=es", form))
			if status != http.StatusOK {
				t.Errorf("%v: %d", form, status)
			}
			return body
		}
		if body := get("?lang=es"); strings.Contains(body, `data-testid="answer"`) {
			t.Error("the private page speaks of an offer that nobody asked for")
		}
		if body := get("/receipt?lang=es"); !strings.Contains(body, `data-testid="see-what"`) {
			t.Error("the receipt has no link to see what could be done")
		}
		if body := get("/answer?lang=es"); !strings.Contains(body, `data-testid="ask-offer"`) || strings.Contains(body, `data-testid="accept"`) {
			t.Error("before anybody asks: " + body)
		}
		if body := send(url.Values{}); !strings.Contains(body, `data-testid="answer-asked"`) || !strings.Contains(body, "a más tardar el") {
			t.Error("asked: " + body)
		}
		s.sendReceipt(string(c))
		v, err := s.app.OpenCase(t.Context(), agent, c)
		must(t, err)
		end := v.Plan.Case.Effective
		must(t, s.app.MakeOffer(t.Context(), agent, app.OfferInput{
			Case: c, Reason: "Lo pidió", Kind: offer.Plan, Heard: "El <b>precio</b>", What: "El mismo plan con cinco puestos", Changes: "Menos informes\nSin permanencia", Until: end, By: end,
		}))
		body := get("/answer?lang=es")
		no, yes := strings.Index(body, `name="answer" value="no"`), strings.Index(body, `name="answer" value="yes"`)
		if no < 0 || yes < no {
			t.Fatalf("yes at %d, no at %d", yes, no)
		}
		// The same button, the same form, one click each.
		class := func(at int) string {
			b := body[strings.LastIndex(body[:at], "<button"):at]
			return b[strings.Index(b, "class="):]
		}
		if class(no) != class(yes) || strings.Contains(body, "<script") || !strings.Contains(body, "El &lt;b&gt;precio&lt;/b&gt;") {
			t.Errorf("no is %s, yes is %s", class(no), class(yes))
		}
		if body := get("?lang=en"); !strings.Contains(body, "There is something we could do") {
			t.Error("the private page does not say that there is something")
		}
		if body := send(url.Values{"answer": {"no"}}); !strings.Contains(body, `data-testid="answer-declined"`) || strings.Contains(body, `data-testid="accept"`) {
			t.Error("declined: " + body)
		}
		if body := get("?lang=es"); strings.Contains(body, `data-testid="answer"`) {
			t.Error("what was declined is brought up again")
		}
		if status, _, _ := s.body(s.visitor().PostForm(page+"/answer", url.Values{"answer": {"yes"}})); status != http.StatusConflict {
			t.Errorf("yes after no: %d", status)
		}
	})
}

func TestAConversationMayBeDeclinedOnThePage(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx := t.Context()
		s.complain()
		c, page := s.leaving()
		get := func(path string) (int, string, http.Header) { return s.body(s.visitor().Get(page + path)) }
		if status, _, _ := get("/meeting"); status != http.StatusNotFound {
			t.Errorf("before the invitation: %d", status)
		}
		s.listen(c)
		now, _, err := s.store.Now(ctx)
		must(t, err)
		must(t, s.app.Invite(ctx, agent, app.InviteInput{Case: c, Step: "meeting", Format: invitation.Phone, Place: "944 000 120", Start: now.Add(48 * time.Hour), Minutes: 20}))
		if _, body, _ := get("?lang=es"); !strings.Contains(body, `data-testid="see-meeting"`) {
			t.Error("the private page does not say so")
		}
		if _, body, _ := get("/meeting?lang=es"); !strings.Contains(body, "944 000 120") || !strings.Contains(body, `data-testid="no-meeting"`) {
			t.Error("the page lacks where, or how to say no")
		}
		if _, body, head := get("/meeting.ics"); head.Get("Content-Type") != "text/calendar; method=X-invited" || !strings.Contains(body, "944 000 120") {
			t.Errorf("the calendar file: %v %s", head, body)
		}
		// One after the end is still to come then.
		v, err := s.app.OpenCase(ctx, agent, c)
		must(t, err)
		end := v.Plan.Case.Effective.AddDays(2).Start(time.UTC)
		must(t, s.app.Invite(ctx, agent, app.InviteInput{Case: c, Step: "meeting", Format: invitation.Phone, Place: "944 000 120", Start: end.Add(48 * time.Hour), Minutes: 20}))
		must(t, s.store.Tx(ctx, func(tx app.Tx) error {
			return tx.PutSetting(ctx, app.OffsetSetting, fmt.Sprint(end.Sub(now).Microseconds()))
		}))
		if _, body, _ := get("?lang=es"); !strings.Contains(body, `data-testid="see-meeting"`) || strings.Contains(body, `data-testid="undo"`) {
			t.Error("after the end the page forgets the conversation")
		}
		// While letters are held back, every page says that they wait.
		boss := app.Actor{ID: "usr_b", Roles: []string{"admin"}}
		if _, body, _ := get("?lang=es"); strings.Contains(body, `data-testid="letters-wait"`) {
			t.Error("nothing is held back")
		}
		must(t, s.app.SetHold(ctx, boss, app.HoldOutside, "Ensayo"))
		for _, at := range []string{"?lang=es", "/meeting?lang=es", "/receipt?lang=es"} {
			if _, body, _ := get(at); !strings.Contains(body, `data-testid="letters-wait"`) || strings.Contains(body, "Ensayo") {
				t.Errorf("%s does not say that letters wait, or says why", at)
			}
		}
		must(t, s.app.SetHold(ctx, boss, app.HoldNothing, ""))
		status, body, _ := s.body(s.visitor().PostForm(page+"/meeting?lang=en", nil))
		if status != http.StatusOK || !strings.Contains(body, `data-testid="meeting-declined"`) || strings.Contains(body, `data-testid="no-meeting"`) {
			t.Errorf("declined: %d", status)
		}
		if _, body, _ := get("?lang=es"); strings.Contains(body, `data-testid="see-meeting"`) {
			t.Error("somebody insists")
		}
	})
}

// complain writes down something unsolved of the customer.
func (s *site) complain() {
	s.t.Helper()
	ctx := s.t.Context()
	list, err := s.app.ListCustomers(ctx, agent, app.CustomerFilter{Query: "R-1", Limit: 1})
	must(s.t, err)
	now, _, err := s.store.Now(ctx)
	must(s.t, err)
	_, err = s.app.RecordComplaint(ctx, agent, relationship.Complaint{Customer: list.Rows[0].Customer.ID, Received: when.DateOf(now, time.UTC), What: "No llegan los avisos"})
	must(s.t, err)
}

// listen brings a departure with something unsolved behind it to the step that
// talks.
func (s *site) listen(c offboarding.CaseID) {
	s.t.Helper()
	ctx := s.t.Context()
	for _, step := range []string{"calm_start", "first_evaluation"} {
		v, err := s.app.OpenCase(ctx, agent, c)
		must(s.t, err)
		f := s.app.FormOf(*v.Plan.Step(step))
		if f == nil {
			for _, it := range v.Plan.Step(step).Items {
				must(s.t, s.app.Tick(ctx, agent, app.TickInput{Case: c, Step: step, Item: it.Key, Ticked: true}))
			}
			must(s.t, s.app.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: step, Note: "Leído"}))
			continue
		}
		a := form.Answers{}
		for _, x := range f.Fields {
			switch {
			case x.Kind == form.Choice:
				a[x.ID] = x.Choices[0].Value
			case x.Required:
				a[x.ID] = "Anotado"
			}
		}
		must(s.t, s.app.AnswerForm(ctx, agent, app.FormInput{Case: c, Step: step, Answers: a, Done: true}))
	}
}
