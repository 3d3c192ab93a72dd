package app_test

import (
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// keptAddress is what the private page says of the address.
func (w *world) keptAddress(t *testing.T, page string) *app.KeptAddress {
	t.Helper()
	p, err := w.OpenCasePage(t.Context(), page, "case", "es")
	must(t, err)
	return p.Address
}

// keyGone reports whether the key of a class was destroyed.
func (w *world) keyGone(t *testing.T, id customer.ID, class string) bool {
	t.Helper()
	_, err := w.keys.KeyFor(t.Context(), string(id), class)
	if fault.CodeOf(err) != "key.destroyed" {
		must(t, err)
		return false
	}
	return true
}

// contact is what is kept of somebody's address.
func (w *world) contact(t *testing.T, id customer.ID) (c erasure.Contact) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) { c, _, err = tx.KeptContactOf(t.Context(), id); return err }))
	return c
}

// erasedFor is a customer who is erased, with a bill that the law keeps, and allowed what is
// said before.
func (w *world) erasedFor(t *testing.T, say func(page string)) (cid customer.ID, c offboarding.CaseID, page string) {
	t.Helper()
	ctx := t.Context()
	cid = w.lent(t, "site")
	_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77", Kind: customer.Invoice, About: "Avisos", Amount: eur(2472)})
	must(t, err)
	w.clear(t, cid)
	_, c, page = w.request(t, "period_end")
	say(page)
	w.approved(t, c)
	eventually(t, "erased and looked at", func() bool { return w.stepState(t, c, "erase") == offboarding.StepVerified })
	return cid, c, page
}

func (w *world) allowAddress(t *testing.T, page string, told, back bool) {
	t.Helper()
	must(t, w.AllowAddress(t.Context(), app.AddressInput{Token: page, Told: told, Back: back, Wording: "Sí", Language: "es"}))
}

// An address that somebody lets be kept outlives their other keys, under its own, and
// goes at once when they take that back: on their page, or because they asked us to.
// Where none was allowed none is kept, and none can be.
func TestAnAddressGoesWhenItsPermissionDoes(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"page", "people", "never", "again", "refused"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
				ctx := t.Context()
				w := newWorldOn(t, e, forgetting, "", 10*time.Second)
				cid, c, page := w.erasedFor(t, func(page string) {
					switch way {
					case "never":
					case "again": // the last answer counts
						w.allowAddress(t, page, true, false)
						w.allowAddress(t, page, false, false)
					default:
						w.allowAddress(t, page, true, false)
					}
				})
				cert := w.mail.wait(t, "certificate", firstMail)
				w.quietly(t)
				if at := said(t, e, firstMail); len(at) > 0 {
					t.Fatalf("the address stands in %v", at)
				}
				if way == "never" || way == "again" {
					if k := w.keptAddress(t, page); cert.Certificate.Address != nil || k == nil || k.Kept || k.Asking || !k.Waits || !w.keyGone(t, cid, "consented") {
						t.Errorf("nobody allowed it: %+v, %+v", cert.Certificate.Address, k)
					}
					return
				}
				if k := w.keptAddress(t, page); !k.Kept || !k.Told || w.keyGone(t, cid, "consented") || !w.keyGone(t, cid, "account") {
					t.Fatalf("they allowed it: %+v", k)
				}
				v, err := w.OpenCase(ctx, privacy, c)
				must(t, err)
				if v.Address == nil || !v.Address.Kept {
					t.Errorf("who looks after it sees %+v", v.Address)
				}
				w.certified(t, c, "address", "blocks")
				zone, err := when.Zone(cert.Case.Zone)
				must(t, err)
				later := when.Date{Year: cert.Case.Effective.Year + 7, Month: 1, Day: 2}.Start(zone)
				if way == "refused" { // the address is no more when it is written to: nobody has it afterwards
					w.mail.refuse(app.DestroyedPaper)
					must(t, w.PushClock(ctx, "", later))
					eventually(t, "its key is destroyed", func() bool { return w.keyGone(t, cid, "consented") })
					w.quietly(t)
					if x := w.contact(t, cid); x.Why != erasure.Used || len(x.Body) > 0 || w.logged(t, "message.bounced") != 1 || w.logged(t, "certificate.completed") != 1 {
						t.Errorf("refused: %+v", x)
					}
					if at := said(t, e, firstMail); len(at) > 0 {
						t.Errorf("the address stands in %v", at)
					}
					w.verifyLog(t)
					return
				}
				if err := w.ForgetAddressFor(ctx, agent, c); fault.KindOf(err) != fault.Forbidden {
					t.Errorf("an agent forgets it: %v", err)
				}
				forget := func() error { return w.ForgetAddress(ctx, page) }
				if way == "people" {
					forget = func() error { return w.ForgetAddressFor(ctx, privacy, c) }
				}
				must(t, forget())
				must(t, forget())
				eventually(t, "its key is destroyed", func() bool { return w.keyGone(t, cid, "consented") })
				if x := w.contact(t, cid); x.Why != erasure.Revoked || len(x.Body) > 0 || w.logged(t, "address.forgotten") != 1 {
					t.Errorf("there is %+v", x)
				}
				// When the last of what stays goes, nobody is written to.
				must(t, w.PushClock(ctx, "", later))
				eventually(t, "the second certificate", func() bool { return w.logged(t, "certificate.completed") == 1 })
				w.quietly(t)
				if w.mail.count(app.DestroyedPaper) > 0 {
					t.Error("whoever took it back was written to")
				}
			})
		})
	}
}

// Whoever let their address be kept for the one letter that asks them back gets it once
// they are erased, by what was kept with it and nothing else; then it is forgotten. Who
// is a customer again by that address gets none.
func TestTheLetterThatAsksBackReachesWhoAllowedItAfterTheErasure(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		ctx := t.Context()
		w := newWorldOn(t, e, forgetting, "", 10*time.Second)
		cid, c, page := w.erasedFor(t, func(page string) {
			must(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "Sí", Language: "es"}))
			w.allowAddress(t, page, false, true)
		})
		if k := w.mail.wait(t, "certificate", firstMail).Certificate.Address; k == nil || k.Told || !k.Back {
			t.Fatalf("the certificate says of the address %+v", k)
		}
		eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		w.quietly(t)
		if at := said(t, e, firstMail); len(at) > 0 {
			t.Fatalf("the address stands in %v", at)
		}
		leaver := func() (l winback.Leaver) {
			p, err := w.OpenWinback(ctx, agent, winback.Filter{})
			must(t, err)
			if len(p.Leavers) != 1 {
				t.Fatalf("leavers: %+v", p)
			}
			return p.Leavers[0]
		}
		if l := leaver(); !l.Reachable() || l.Customer.ID != cid || l.Customer.Name != l.Case.Code {
			t.Fatalf("who allowed it: %+v", l)
		}
		in := app.WinbackInput{Words: letterToLeavers}
		n, err := w.SendWinback(ctx, agent, in)
		must(t, err)
		if letter := w.mail.wait(t, "winback", firstMail); n != 1 || letter.Name != "" || letter.Allowed.IsZero() || letter.Words.Subject != letterToLeavers["es"].Subject {
			t.Errorf("the letter, to %d: %+v", n, letter)
		}
		eventually(t, "its key is destroyed", func() bool { return w.keyGone(t, cid, "consented") })
		w.quietly(t)
		if x := w.contact(t, cid); x.Why != erasure.Used || len(x.Body) > 0 || w.mail.count("winback") != 1 {
			t.Errorf("there is %+v", x)
		}
		if at := said(t, e, firstMail); len(at) > 0 {
			t.Errorf("the address stands in %v", at)
		}
		if k := w.keptAddress(t, page); k == nil || k.Kept || k.Gone.IsZero() {
			t.Errorf("the page says %+v", k)
		}
		_, err = w.SendWinback(ctx, agent, in)
		code(t, err, "winback.nobody")
	})
}

// Who is a customer again by the address that they let be kept is not asked back, and
// after a year nobody is: the address is forgotten.
func TestWhoIsACustomerAgainIsNotAskedBackByAKeptAddress(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		ctx := t.Context()
		w := newWorldOn(t, e, forgetting, "", 10*time.Second)
		cid, c, _ := w.erasedFor(t, func(page string) {
			must(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "Sí", Language: "es"}))
			w.allowAddress(t, page, false, true)
		})
		eventually(t, "the end", func() bool { return w.state(t, c) == offboarding.CaseClosed })
		_, err := w.AddCustomer(ctx, agent, app.CustomerInput{
			Kind: customer.Person, Name: "Marta", Reference: "N-3", Contacts: []app.ContactInput{{Name: "Marta", Email: firstMail, Role: customer.Owner}},
		})
		must(t, err)
		p, err := w.OpenWinback(ctx, agent, winback.Filter{})
		must(t, err)
		if len(p.Leavers) != 1 || !p.Leavers[0].Back || p.Leavers[0].Reachable() {
			t.Fatalf("who is a customer again: %+v", p.Leavers)
		}
		x := w.contact(t, cid)
		must(t, w.PushClock(ctx, "", x.Until.End(time.UTC).AddDate(0, 0, 2)))
		eventually(t, "its key is destroyed", func() bool { return w.keyGone(t, cid, "consented") })
		w.quietly(t)
		if x := w.contact(t, cid); x.Why != erasure.Expired || len(x.Body) > 0 {
			t.Errorf("there is %+v", x)
		}
	})
}
