package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

const triedProof = `{"proof":"negative_test","control":{"in":true,"status":"200"},"probe":{"in":false,"status":"403"}}`

// closed gives a customer who left four accesses: two were tried, one was read
// back, and of the card a person answers. There is no engine here that could close
// them.
func (s *site) closed(c offboarding.CaseID) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		has := map[customer.GrantID][2]string{"gra_1": {"ldap", "uid=marta"}, "gra_2": {"ldap", "uid=luis"}, "gra_3": {"cubo", "llave-7"}, "gra_4": {"oficina", "tarjeta 12"}}
		for id, g := range has {
			if _, err := tx.InsertGrants(ctx, customer.Grant{ID: id, Customer: p.Case.Customer, System: g[0], Account: g[1], Kind: "other", Status: customer.Granted}); err != nil {
				return err
			}
		}
		now := tx.Now()
		for i := range p.Steps {
			x := &p.Steps[i]
			x.State, x.DoneAt = offboarding.StepDone, now
			if x.Verifies {
				x.State, x.VerifiedAt = offboarding.StepVerified, now
			}
		}
		by := p.Step("access")
		by.Items = append(by.Items, offboarding.Item{Key: "gra_4", Title: offboarding.Same("oficina: tarjeta 12")})
		p.Case.State, p.Case.EffectiveAt, p.Case.ClosedAt = offboarding.CaseClosed, now, now
		if err := tx.SavePlan(ctx, &p); err != nil {
			return err
		}
		for item, proof := range map[string]string{"gra_1": triedProof, "gra_2": triedProof, "gra_3": `{"proof":"read_back"}`} {
			w := offboarding.Work{
				ID: offboarding.WorkID("work_" + item), Kind: "revoke_access", Case: c, Step: p.Step("revoke").ID, Item: item, System: "ldap", Key: "revoke:" + item, Phase: offboarding.Verify,
				State: offboarding.WorkVerified, RunAt: now, Evidence: proof, DoneAt: now, VerifiedAt: now, Undo: "reissuable",
			}
			if err := tx.InsertWork(ctx, w); err != nil {
				return err
			}
			if err := tx.SetGrantStatus(ctx, customer.GrantID(item), customer.Revoked); err != nil {
				return err
			}
		}
		return tx.InsertWork(ctx, offboarding.Work{
			ID: "work_sub", Kind: "cancel_billing", Case: c, Step: p.Step("cancel_billing").ID, System: "billing", Key: "cancel:1", Phase: offboarding.Verify,
			State: offboarding.WorkVerified, RunAt: now, DoneAt: now, VerifiedAt: now, Undo: "restorable",
		})
	}))
}

// ticks has a person answer for the card.
func (s *site) ticks(c offboarding.CaseID) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		items := p.Step("access").Items
		i := slices.IndexFunc(items, func(x offboarding.Item) bool { return x.Key == "gra_4" })
		items[i].Ticked, items[i].By, items[i].At = true, "usr_a", tx.Now()
		if err := tx.SetGrantStatus(ctx, "gra_4", customer.Revoked); err != nil {
			return err
		}
		return tx.SavePlan(ctx, &p)
	}))
}

func TestThePrivatePageSaysHowEachAccessIsKnownToBeClosed(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx := t.Context()
		c, page := s.leaving()
		bye := s.farewell(c)
		_, before, _ := s.body(s.visitor().Get(page + "?lang=es"))
		if strings.Contains(before, `data-testid="accesses"`) {
			t.Error("the accesses are told before any was closed")
		}
		s.closed(c)
		now, _, err := s.store.Now(ctx)
		must(t, err)
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		today, until := when.DateOf(now, zone), when.Date{}
		look := func(sure, sum string, n map[string]int) {
			t.Helper()
			for _, lang := range []string{"es", "en", "de", "fr"} {
				_, track, _ := s.body(s.visitor().Get(page + "?lang=" + lang))
				_, farewell, _ := s.body(s.visitor().Get(bye + "?lang=" + lang))
				title := text.Say(lang, "portal.track.title.closed"+sure)
				if !strings.Contains(track, `data-testid="state">`+title+`<`) {
					t.Errorf("%s: the title is not %q", lang, title)
				}
				done, all, _ := strings.Cut(sum, "/")
				words := []string{text.Say(lang, "portal.accesses.sum", "done", done, "all", all), "oficina: tarjeta 12", "cubo: llave-7", "ldap: uid=luis"}
				for how, n := range n {
					words = append(words, text.Say(lang, "portal.accesses."+how, "n", n, "date", text.LongDate(lang, today), "until", text.LongDate(lang, until)))
				}
				for _, want := range words {
					for of, body := range map[string]string{"private": track, "goodbye": farewell} {
						if !strings.Contains(body, want) {
							t.Errorf("%s: the %s page lacks %q", lang, of, want)
						}
					}
				}
			}
		}
		look(".open", "3/4", map[string]int{"tried": 2, "read_back": 1, "open": 1})
		// One that is left to read says until when, and is no door that was forgotten.
		read := func(status customer.GrantStatus) {
			must(t, s.store.Tx(ctx, func(tx app.Tx) error { return tx.SetGrantStatus(ctx, "gra_3", status) }))
		}
		read(customer.ReadOnly)
		if until, err = s.lastDay(c); err != nil {
			t.Fatal(err)
		}
		look(".open", "2/4", map[string]int{"tried": 2, "reading": 1, "open": 1})
		read(customer.Revoked)
		// And how it can be known at all, once for each kind, whoever reads it.
		for _, lang := range []string{"es", "en", "de", "fr"} {
			_, track, _ := s.body(s.visitor().Get(page + "?lang=" + lang))
			_, kinds, told := strings.Cut(track, `data-testid="accesses-kinds"`)
			if kinds, _, _ = strings.Cut(kinds, "</details>"); !told || strings.Count(kinds, "<dt") != 3 {
				t.Errorf("%s: how it can be known: %s", lang, kinds)
			}
			other := text.Say(lang, "portal.accesses.kind.other")
			for system, best := range map[string]string{"ldap": "tried", "cubo": "read_back", "oficina": "attested"} {
				_, at, found := strings.Cut(kinds, other+" · "+system+"<")
				if at, _, _ = strings.Cut(at, "</dd>"); !found || !strings.HasSuffix(at, text.Say(lang, "portal.accesses.can."+best)) {
					t.Errorf("%s: of %s is told %q", lang, system, at)
				}
			}
		}
		s.ticks(c)
		read(customer.ReadOnly) // all else is closed, and the goodbye does not say that everything is
		look(".reading", "3/4", map[string]int{"tried": 2, "reading": 1, "attested": 1})
		for _, lang := range []string{"es", "en", "de", "fr"} {
			_, said, _ := s.body(s.visitor().Get(page + "?lang=" + lang))
			if but := text.Say(lang, "portal.milestone.access_closed.but", "n", 1); !strings.Contains(said, but) {
				t.Errorf("%s: the page does not say %q", lang, but)
			}
		}
		read(customer.Revoked)
		look(".attested", "4/4", map[string]int{"tried": 2, "read_back": 1, "attested": 1})

		must(t, s.store.Tx(ctx, func(tx app.Tx) error {
			if err := tx.SetGrantStatus(ctx, "gra_2", customer.Granted); err != nil {
				return err
			}
			return tx.InsertWork(ctx, offboarding.Work{
				ID: "work_again", Kind: app.RetestKind, Case: c, Item: "work_gra_2:7", System: "ldap", Key: "retest:1", Phase: offboarding.Act, State: offboarding.WorkDone,
				RunAt: tx.Now(), DoneAt: tx.Now(), LastError: "access.still_open", Evidence: `{"proof":"read_back"}`,
			})
		}))
		look(".again", "3/4", map[string]int{"tried": 1, "read_back": 1, "attested": 1, "again.since": 1})
	})
}

// lastDay is the last day on which the data of a departure can be fetched.
func (s *site) lastDay(c offboarding.CaseID) (day when.Date, err error) {
	err = s.store.View(s.t.Context(), func(tx app.Tx) error {
		x, err := tx.FindCase(s.t.Context(), c)
		day = x.RetrievalEnd()
		return err
	})
	return day, err
}

// What comes back is said in words for whoever left, and never in those of the
// staff's list of steps.
func TestWhatComesBackIsSaidInWordsForPeople(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"es", "en", "de", "fr"} {
		for _, about := range app.Abouts {
			if code := "portal.comeback.about." + about; !text.Known(lang, code) {
				t.Errorf("%s lacks %s", lang, code)
			}
		}
	}
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.closed(c)
		v, err := s.app.OpenCase(t.Context(), agent, c)
		must(t, err)
		for _, lang := range []string{"es", "en"} {
			_, body, _ := s.body(s.visitor().Get(page + "?lang=" + lang))
			_, list, _ := strings.Cut(body, `<dl class="comebacks`)
			list, _, _ = strings.Cut(list, "</dl>")
			for _, about := range []string{"plan", "access"} {
				if want := "<dd>" + text.Say(lang, "portal.comeback.about."+about) + "</dd>"; strings.Count(list, want) != 1 {
					t.Errorf("%s: %q stands %d times in %s", lang, want, strings.Count(list, want), list)
				}
			}
			for _, x := range v.Plan.Steps {
				if title := offboarding.Worded(x.Title, lang); strings.Contains(list, title) {
					t.Errorf("%s: the list has the staff's words %q", lang, title)
				}
			}
		}
	})
}
