package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/invitation"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// A customer who reads German or French meets no word of another language, from
// the form to the farewell, whatever they do wrong; and the choice of language
// stays theirs.
func TestTheWholeWayOutIsInTheLanguageOfWhoeverLeaves(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	ctx := t.Context()
	s.complain()
	c, page := s.leaving()
	s.listen(c)
	now, _, err := s.store.Now(ctx)
	must(t, err)
	must(t, s.app.Invite(ctx, agent, app.InviteInput{Case: c, Step: "meeting", Format: invitation.Video, Place: "https://faro.example/x", Start: now.Add(48 * time.Hour), Minutes: 20}))
	s.given(c, "credential", "Mail", handover.Waiting)
	s.given(c, "domain", "faro.example", "")
	bye := s.farewell(c)
	for _, lang := range []string{"de", "fr"} {
		read := func(status int, body string, head http.Header) {
			t.Helper()
			if !strings.Contains(body, `<html lang="`+lang+`"`) || strings.Count(body, `hreflang="`) != len(text.CustomerLangs()) && !strings.Contains(body, `data-testid="fail"`) {
				t.Errorf("%d: the page is not in %s, or offers no other language:\n%s", status, lang, body)
			}
			for _, w := range testkit.OtherWords(body, lang) {
				t.Errorf("a page in %s says %q", lang, w)
			}
		}
		who := s.visitor()
		res, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/", nil)
		must(t, err)
		res.Header.Set("Accept-Language", lang+"-XX, en;q=0.5")
		read(s.body(who.Do(res)))
		read(s.body(who.PostForm(s.URL+"/?lang="+lang, url.Values{"account": {"nein"}, "receipt": {"x"}, "when": {"x"}, "name": {strings.Repeat("x", 300)}})))
		read(s.body(who.PostForm(s.URL+"/", url.Values{"account": {"marta@x.example"}, "when": {"now"}, "nonce": {lang}}))) // the choice is remembered
		for _, path := range []string{"/nothing", "/again", "/again?sent=1", "/c/x", "/bye/x", "/v/x"} {
			read(s.body(who.Get(s.URL + path)))
		}
		read(s.body(who.PostForm(s.URL+"/again", url.Values{"code": {"x"}})))
		for _, path := range []string{"", "/receipt", "/undo", "/data", "/answer", "/handover", "/meeting", "/not-me", "/approval", "/report", "/certificate"} {
			read(s.body(who.Get(page + path)))
		}
		for path, form := range map[string]url.Values{"/why": {"words": {"x"}}, "/data": {"code": {"x"}}, "/handover": {"right.x": {"no"}}, "/answer": {"answer": {"x"}}, "/allow": {}, "/return": {}, "/approval": {}} {
			read(s.body(who.PostForm(page+path, form)))
		}
		for _, path := range []string{"", "/survey", "/testimonial", "/not-me"} {
			read(s.body(who.Get(bye + path)))
		}
		read(s.body(who.PostForm(bye+"/survey", url.Values{"csat": {"9"}})))
		read(s.body(who.PostForm(bye+"/testimonial", url.Values{})))
	}
}

// Whoever is known to speak a language is written to in it, and their pages are
// in it, whatever their browser says.
func TestCustomersOnFileAreSpokenToInTheirOwnLanguage(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	ctx := t.Context()
	for theirs, want := range map[string]string{"de-AT": "de", "fr": "fr", "pt": "es", "": "es"} {
		id, err := s.app.AddCustomer(ctx, app.Actor{ID: "usr_a", Roles: []string{"admin", "agent"}}, app.CustomerInput{
			Kind: customer.Person, Consumer: true, Name: "Kim " + want + theirs, Language: theirs,
			Contacts: []app.ContactInput{{Name: "Kim", Email: "kim" + theirs + "@x.example", Role: customer.Owner}},
			Subscriptions: []app.SubscriptionInput{{
				Reference: "K-" + theirs, Product: "Faro", Amount: money.Amount{Minor: 100, Currency: "EUR"}, Interval: customer.Monthly, Start: when.Date{Year: 2024, Month: 1, Day: 1},
			}},
		})
		must(t, err)
		c, err := s.app.RegisterOnBehalf(ctx, agent, app.BehalfInput{Customer: id, Channel: "phone", Reference: "1", When: "period_end", Proof: "DNI"})
		must(t, err)
		v, err := s.app.OpenCase(ctx, agent, c)
		must(t, err)
		if v.Request.Language != want || v.Plan.Case.Language != want {
			t.Errorf("%q is spoken to in %q, their departure in %q", theirs, v.Request.Language, v.Plan.Case.Language)
		}
		token, err := s.app.HostLanding(ctx, v.Request)
		must(t, err)
		if _, body, _ := s.body(s.visitor().Get(s.URL + "/c/" + token)); !strings.Contains(body, `<html lang="`+want+`"`) {
			t.Errorf("the page of somebody who speaks %q is not in %s", theirs, want)
		}
	}
}
