package app_test

import (
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/testkit"
)

// A policy is written by one person and published by another; what was proposed keeps
// the edition by which it was, and an older one decides again by a number of its own.
func TestAPolicyDecidesOnceASecondPersonPublishedIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, own, page, _ := proposed(t, e)
		ctx, c := t.Context(), own.Case
		w.UseOffers(housePolicy(t))
		started := housePolicy(t)
		writer, second := app.Actor{ID: "usr_writer", Roles: []string{"success"}}, app.Actor{ID: "usr_second", Roles: []string{"admin"}}
		_, err := w.WritePolicy(ctx, app.Actor{ID: "usr_x", Roles: []string{"agent"}}, app.PolicyInput{})
		code(t, err, "forbidden.role")

		d, err := w.WritePolicy(ctx, writer, app.PolicyInput{Note: "Menos pausas"})
		must(t, err)
		if d.Source != string(started.Source) || d.Base != started.Version() {
			t.Errorf("a draft begins with %q, of %s", d.Source[:40], d.Base)
		}
		put := func(source string, version int64) error {
			_, err := w.WritePolicy(ctx, writer, app.PolicyInput{ID: d.ID, Version: version, Source: source, Note: "Menos pausas"})
			return err
		}
		must(t, put(strings.Replace(d.Source, "reason: [price]", "reason: [prize]", 1), 1)) // kept, though it is wrong
		code(t, put(d.Source, 1), "flow.changed_meanwhile")
		p, err := w.OpenPolicy(ctx, writer, d.ID, nil)
		must(t, err)
		if p.Policy != nil || len(p.Problems) != 1 || p.Problems[0].Code != "offer.no_reason" || !strings.HasPrefix(p.Problems[0].Field, "policy.yaml:") || !p.Own {
			t.Errorf("what is wrong: %+v", p.Problems)
		}
		_, err = w.PublishPolicy(ctx, second, d.ID, 0)
		code(t, err, "offer.no_reason")

		changed := strings.Replace(d.Source, "offers: [discount, pause", "offers: [pause", 1)
		if changed == d.Source {
			t.Fatal("the shipped policy proposes something else over the price")
		}
		// Below the line for the price, one more of it decides nothing.
		at := strings.Index(changed, "  - id: price\n")
		end := at + strings.Index(changed[at+1:], "\n  - id: ") + 1
		shadow := strings.Replace(changed[at:end], "id: price", "id: price_again", 1)
		must(t, put(changed[:end]+"\n"+shadow+changed[end:], 2))
		if p, err = w.OpenPolicy(ctx, writer, d.ID, nil); err != nil || p.Policy == nil || len(p.Shadowed) != 1 || p.Shadowed[0].Code != "offer.shadowed" {
			t.Errorf("lines that never decide: %v %+v, %+v", err, p.Problems, p.Shadowed)
		}
		must(t, put(changed, 3))
		_, err = w.PublishPolicy(ctx, writer, d.ID, 0)
		code(t, err, "approval.same_person")
		_, err = w.PublishPolicy(ctx, second, d.ID, 3)
		code(t, err, "flow.changed_meanwhile") // it is not what they read
		_, err = w.PublishPolicy(ctx, app.Actor{ID: "key_1", Scopes: app.Scopes()}, d.ID, 0)
		code(t, err, "forbidden.person")
		first, err := w.PublishPolicy(ctx, second, d.ID, 4)
		must(t, err)
		now, err := w.OfferPolicy(ctx, writer)
		must(t, err)
		if first.Number != 1 || now.Version() != first.Version || now.Version() == started.Version() || len(first.Files) != len(started.Library) {
			t.Errorf("in force: %s, published %+v", now.Version(), first)
		}
		_, err = w.PublishPolicy(ctx, second, d.ID, 0)
		code(t, err, "flow.draft_over")

		must(t, w.TellReason(ctx, page, "price", ""))
		must(t, w.MakeOffer(ctx, agent, app.OfferInput{Case: c, Name: w.decision(t, c).Offer.Name}))
		made := func() offer.Offer {
			v, err := w.OpenCase(ctx, agent, c)
			must(t, err)
			return *v.Offer
		}
		if o := made(); o.Policy != first.Version || o.Line != "price" {
			t.Errorf("made by %s, line %s", o.Policy, o.Line)
		}

		// The files that the server is started with change: what two people agreed on stays.
		w.UseOffers(housePolicy(t, "policy: standard", "policy: other"))
		if now, err := w.OfferPolicy(ctx, writer); err != nil || now.Version() != first.Version {
			t.Errorf("a file on the disk decides: %v %s", err, now.Version())
		}
		w.UseOffers(started)

		back, err := w.RollBackPolicy(ctx, writer, started.Version(), "Las pausas no sirvieron")
		must(t, err) // nobody here wrote it
		if now, err := w.OfferPolicy(ctx, writer); err != nil || back.Number != 2 || now.Version() != started.Version() {
			t.Errorf("back: %v %+v, in force %s", err, back, now.Version())
		}
		_, err = w.RollBackPolicy(ctx, second, started.Version(), "Otra vez")
		code(t, err, "policy.in_force")
		_, err = w.RollBackPolicy(ctx, writer, first.ID, "Me gustaba")
		code(t, err, "approval.same_person") // they wrote it
		_, err = w.RollBackPolicy(ctx, second, first.ID, " ")
		code(t, err, "field.required")
		again, err := w.RollBackPolicy(ctx, second, first.Version, "Sí servían")
		must(t, err)
		if o := made(); again.Number != 3 || again.MadeOf != first.ID || o.Policy != again.Version {
			t.Errorf("again %+v; the offer keeps %s", again, o.Policy)
		}
		if e, err := w.OpenPolicy(ctx, agent, made().Policy, nil); err != nil || e.Edition.ID != again.ID || e.Policy == nil {
			t.Errorf("the edition that the offer says: %v %+v", err, e.Edition)
		}
		if n := w.logged(t, "policy.published"); n != 3 {
			t.Errorf("%d publications are in the log", n)
		}
		other, err := w.WritePolicy(ctx, second, app.PolicyInput{})
		must(t, err)
		must(t, w.DropPolicy(ctx, writer, other.ID))
		code(t, w.DropPolicy(ctx, writer, other.ID), "flow.draft_over")
		w.verifyLog(t)
	})
}

// Of what somebody writes nothing is lost, and what cannot be stored is refused.
func TestADraftOfAPolicyHoldsWhatPeopleType(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		d, err := w.WritePolicy(ctx, agent, app.PolicyInput{Source: "policy: [\r\n¿\U0001F600"})
		must(t, err)
		p, err := w.OpenPolicy(ctx, agent, d.ID, nil)
		must(t, err)
		if p.Source != "policy: [\n¿\U0001F600" || len(p.Problems) == 0 || p.Problems[0].Field == "" {
			t.Errorf("kept %q, told %+v", p.Source, p.Problems)
		}
		for _, bad := range []string{"", "  \n", "a\x00b", strings.Repeat("x", 200_001)} {
			if _, err := w.WritePolicy(ctx, agent, app.PolicyInput{ID: d.ID, Source: bad}); fault.KindOf(err) != fault.Invalid || err == nil {
				t.Errorf("%.10q: %v", bad, err)
			}
		}
		_, err = w.OpenPolicy(ctx, agent, "standard@000000000000", nil)
		code(t, err, "not_found")
	})
}
