package app_test

import (
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/handover"
	"hastaluego/internal/testkit"
)

// What goes from hand to hand says who gave it to whom, and who signed for it; the slip
// to sign names what waits, and no secret.
func TestACredentialGivenByHandSaysToWhomAndWhoSigned(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "site", "credential")
		_, c, page := w.request(t, "period_end")
		item := w.handed(t, c, "credential")
		code(t, w.PreferWay(ctx, page, item.ID, handover.Transfer), "field.choice")
		code(t, w.PreferWay(ctx, page, w.handed(t, c, "site").ID, handover.InPerson), "handover.state.open")
		for range 2 { // pressed twice
			must(t, w.PreferWay(ctx, page, item.ID, handover.InPerson))
		}
		if x := w.handed(t, c, "credential"); x.Prefers != handover.InPerson || w.logged(t, "handover.preferred") != 1 {
			t.Fatalf("they said by hand: %+v", x)
		}

		name, pdf, err := w.PrintSlip(ctx, agent, c, "give")
		if must(t, err); !strings.HasPrefix(name, "slip") || len(pdf) == 0 {
			t.Fatalf("%s: %q", name, pdf)
		}
		_, _, err = w.PrintSlip(ctx, finance, c, "give")
		code(t, err, "forbidden.role")
		_, _, err = w.PrintSlip(ctx, agent, c, "no such step")
		code(t, err, "not_found")

		by := agent
		by.Name = "Nerea Urrutia"
		in := app.GiveInput{Case: c, Step: "give", Item: item.ID, Way: handover.InPerson, How: "El sobre de la caja fuerte"}
		code(t, w.GiveItem(ctx, by, in), "handover.to")
		in.To = "Ana Ruiz, gerente"
		must(t, w.GiveItem(ctx, by, in))
		if x := w.handed(t, c, "credential"); x.GivenBy != by.Name || x.GivenTo != in.To || x.GivenAt.IsZero() || x.Rotation != handover.Waiting || len(w.envelopes(t, c)) != 0 {
			t.Fatalf("%+v", x)
		}
		code(t, w.PreferWay(ctx, page, item.ID, handover.Envelope), "handover.state.given")

		slip := app.SlipInput{Case: c, Step: "give", Name: "recibo.pdf", Body: []byte("%PDF-1.7 firmado")}
		code(t, w.AcceptBySlip(ctx, by, slip), "field.required")
		code(t, w.AcceptBySlip(ctx, finance, slip), "forbidden.role")
		slip.SignedBy, slip.Reference = "Ana Ruiz", "HL-1-2026-11-28-1000"
		must(t, w.AcceptBySlip(ctx, by, slip))
		x := w.handed(t, c, "credential")
		if x.State != handover.Accepted || x.SignedBy != "Ana Ruiz" || x.Slip != slip.Reference || !strings.HasPrefix(x.AcceptedBy, "att_") {
			t.Fatalf("%+v", x)
		}
		if s := w.handed(t, c, "site"); s.State != handover.Open || s.SignedBy != "" {
			t.Errorf("a slip accepts what was not given: %+v", s)
		}
		must(t, w.ConfirmRotation(ctx, page, item.ID))
		_, _, err = w.PrintSlip(ctx, agent, c, "give")
		code(t, err, "handover.nothing_given")
		w.verifyLog(t)
	})
}

// A slip accepts what can stand on it: not what was given after it was printed.
func TestASlipDoesNotAcceptWhatWasGivenAfterItWasPrinted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		w.lent(t, "site", "domain", "credential")
		r, c, _ := w.request(t, "period_end")
		give := func(kind string, way handover.Way) {
			t.Helper()
			must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: w.handed(t, c, kind).ID, Way: way, How: "A su nombre", To: "Ana"}))
		}
		give("site", handover.Transfer)
		now, _, err := w.Now(ctx)
		must(t, err)
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		reference := r.Code + now.In(zone).Format("-2006-01-02-1504")
		w.push(t, 1)
		give("domain", handover.Transfer)
		give("credential", handover.InPerson)
		slip := app.SlipInput{Case: c, Step: "give", Name: "recibo.pdf", Body: []byte("%PDF-1.7 firmado"), SignedBy: "Ana Ruiz", Reference: " " + strings.ToLower(reference)}
		must(t, w.AcceptBySlip(ctx, agent, slip))
		for kind, want := range map[string]handover.State{"site": handover.Accepted, "domain": handover.Given, "credential": handover.Accepted} {
			if x := w.handed(t, c, kind); x.State != want {
				t.Errorf("%s is %s", kind, x.State)
			}
		}
		slip.Reference = "Archivo 7" // a slip of their own says what stands on it
		must(t, w.AcceptBySlip(ctx, agent, slip))
		if x := w.handed(t, c, "domain"); x.State != handover.Accepted {
			t.Errorf("%+v", x)
		}
	})
}
