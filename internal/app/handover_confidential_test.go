package app_test

import (
	"slices"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/handover"
	"hastaluego/internal/ingest"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// entrust notes something confidential of the customer who leaves.
func (w *world) entrust(t *testing.T, cid customer.ID, name string) {
	t.Helper()
	_, err := w.AddAsset(t.Context(), agent, customer.Asset{Customer: cid, Reference: name, Kind: handover.Confidential, Name: name})
	must(t, err)
}

// secret is something confidential of a departure, by its name.
func (w *world) secret(t *testing.T, c offboarding.CaseID, name string) handover.Item {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	i := slices.IndexFunc(v.Handover.List, func(x handover.Item) bool { return x.Name == name })
	if i < 0 {
		t.Fatalf("%s is not on the list", name)
	}
	return v.Handover.List[i]
}

// What was entrusted under a promise of secrecy ends thing by thing: returned and
// accepted by the client, destroyed, or kept until a day; the step waits for each, also
// for one that is noted while it is under way. When the day of what is kept is over,
// somebody is told, and it can still be destroyed.
func TestConfidentialThingsEndOneByOne(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		cid := w.lent(t, "document")
		for _, name := range []string{"Maqueta", "Copia de la base de clientes", "Contrato marco"} {
			w.entrust(t, cid, name)
		}
		_, c, page := w.request(t, "period_end")
		w.entrust(t, cid, "Libreta de la auditoría") // it turned up late
		now, _, err := w.Now(ctx)
		must(t, err)
		today := when.DateOf(now, w.Company().Zone)
		destroy := func(x handover.Item, change func(*app.DestroyInput)) error {
			in := app.DestroyInput{Case: c, Step: "give", Item: x.ID, Method: handover.Purge, By: "Luis Peña", Witness: "Eva Sanz", On: today.String(), How: "Borrado del disco"}
			change(&in)
			return w.DestroyItem(ctx, agent, in)
		}
		same := func(*app.DestroyInput) {}
		base := w.secret(t, c, "Copia de la base de clientes")
		code(t, destroy(w.handed(t, c, "document"), same), "handover.not_confidential")
		code(t, destroy(base, func(in *app.DestroyInput) { in.Witness = "luis peña" }), "handover.own_witness")
		code(t, destroy(base, func(in *app.DestroyInput) { in.On = today.AddDays(1).String() }), "handover.future")
		code(t, destroy(base, func(in *app.DestroyInput) { in.Method = "shred" }), "field.choice")
		code(t, w.DestroyItem(ctx, finance, app.DestroyInput{Case: c, Step: "give", Item: base.ID}), "forbidden.role")
		must(t, destroy(base, func(in *app.DestroyInput) { in.Name, in.File = "certificado.pdf", []byte("%PDF-1.7 trituradora") }))
		if x := w.secret(t, c, base.Name); x.State != handover.Gone || x.Destruction.Witness != "Eva Sanz" || x.File == "" || x.How != "Borrado del disco" {
			t.Fatalf("%+v", x)
		}
		if _, plain, err := w.OpenGiven(ctx, page, base.ID); err != nil || string(plain) != "%PDF-1.7 trituradora" {
			t.Fatalf("the client cannot read its certificate: %v", err)
		}
		code(t, destroy(base, same), "handover.state.destroyed")

		frame := w.secret(t, c, "Contrato marco")
		keep := app.KeepInput{Case: c, Step: "give", Item: frame.ID, Basis: handover.ByLaw, Why: "Código de Comercio, art. 30", Until: today.AddDays(90).String()}
		late := keep
		late.Until = today.String()
		code(t, w.KeepItem(ctx, agent, late), "handover.past")
		must(t, w.KeepItem(ctx, agent, keep))
		if w.stepState(t, c, "give") != offboarding.StepReady {
			t.Fatal("the step ended while something was open")
		}
		model := w.secret(t, c, "Maqueta")
		gift := app.GiveInput{Case: c, Step: "give", Item: model.ID, Way: handover.Transfer, How: "Por mensajero, guía 77"}
		code(t, w.GiveItem(ctx, agent, gift), "handover.returned_to")
		gift.To = "Ana Ruiz, de legal"
		must(t, w.GiveItem(ctx, agent, gift))
		w.give(t, c, "document")
		must(t, destroy(w.secret(t, c, "Libreta de la auditoría"), func(in *app.DestroyInput) { in.Method, in.Witness, in.How = handover.Destroy, "", "" }))
		w.mail.wait(t, "handover", firstMail)
		if w.stepState(t, c, "give") != offboarding.StepReady {
			t.Fatal("the step ended before the client said that it is right")
		}
		must(t, w.AnswerHandover(ctx, page, right(w.secret(t, c, "Maqueta"), w.handed(t, c, "document"))))
		if x := w.secret(t, c, "Maqueta"); x.State != handover.Accepted || x.GivenTo != "Ana Ruiz, de legal" {
			t.Fatalf("%+v", x)
		}
		if w.stepState(t, c, "give") != offboarding.StepDone {
			t.Fatal("nothing is open, and the step goes on")
		}

		code(t, destroy(model, same), "step.not_ready")
		w.push(t, 92)
		eventually(t, "somebody is told", func() bool { return w.logged(t, "handover.kept_over") == 1 })
		must(t, destroy(frame, same))
		if x := w.secret(t, c, frame.Name); x.State != handover.Gone || !x.Keeping.Until.IsZero() {
			t.Fatalf("%+v", x)
		}
		w.push(t, 5)
		w.quietly(t)
		if w.logged(t, "handover.kept_over") != 1 || w.logged(t, "handover.destroyed") != 3 || w.logged(t, "handover.kept") != 1 {
			t.Error("the log does not say what was done, once each")
		}
		w.verifyLog(t)
	})
}

// The certificate counts what became of confidential things, and names none.
func TestTheCertificateCountsWhatWasEntrusted(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting+`
  - {id: give, kind: handover, title: {es: "Entregar", en: "Give"}, after: [confirm], role: agent, due: {d: 30, from: ready}, escalate: {d: 5, to: admin}, undo: {class: reissuable, title: {es: "Otra vez", en: "Again"}}}
`)
		ctx := t.Context()
		cid := w.lent(t)
		for _, name := range []string{"Maqueta", "Copia uno", "Copia dos", "Contrato"} {
			w.entrust(t, cid, name)
		}
		w.clear(t, cid)
		_, c, page := w.request(t, "period_end")
		now, _, err := w.Now(ctx)
		must(t, err)
		today := when.DateOf(now, w.Company().Zone)
		for _, name := range []string{"Copia uno", "Copia dos"} {
			must(t, w.DestroyItem(ctx, agent, app.DestroyInput{Case: c, Step: "give", Item: w.secret(t, c, name).ID, Method: handover.Clear, By: "Luis Peña", On: today.String()}))
		}
		until := today.AddDays(900)
		must(t, w.KeepItem(ctx, agent, app.KeepInput{Case: c, Step: "give", Item: w.secret(t, c, "Contrato").ID, Basis: handover.ForClaims, Why: "Pleito con Marta", Until: until.String()}))
		must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: w.secret(t, c, "Maqueta").ID, Way: handover.InPerson, How: "En su despacho", To: "Marta"}))
		must(t, w.AnswerHandover(ctx, page, right(w.secret(t, c, "Maqueta"))))
		w.entrust(t, cid, "Sobre")
		must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: w.secret(t, c, "Sobre").ID, Way: handover.InPerson, How: "En su despacho", To: "Marta"}))
		w.entrust(t, cid, "Cinta") // nobody got to it
		w.erased(t, c)
		got := w.mail.wait(t, "certificate", firstMail).Certificate.Entrusted
		for _, want := range []app.Entrusted{
			{Outcome: "open", N: 1}, {Outcome: "given", N: 1}, {Outcome: "returned", N: 1}, {Outcome: "destroyed", Method: handover.Clear, N: 2}, {Outcome: "kept", Basis: handover.ForClaims, Until: until, N: 1},
		} {
			if !slices.Contains(got, want) {
				t.Errorf("the certificate says %+v, and not %+v", got, want)
			}
		}
		if at := said(t, e, "marta", "Luis Peña", "Pleito con"); len(got) != 5 || len(at) > 0 {
			t.Errorf("%+v; names stand in %v", got, at)
		}
		w.certified(t, c, "entrusted")
	})
}

// What is confidential and turns up late is on the list all the same, by hand or by an
// import, also when everything else had been handed over; and what was kept until a day
// can be returned then, and accepted by the client.
func TestWhatTurnsUpOrFallsDueLateStillEnds(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, handing)
		ctx := t.Context()
		cid := w.lent(t, "document")
		w.entrust(t, cid, "Contrato marco")
		_, c, page := w.request(t, "period_end")
		bring := func(name, kind string) {
			t.Helper()
			must(t, w.PutRows(ctx, []ingest.Row{{
				Existing: true, Customer: customer.Customer{Reference: "FE-20418"}, Only: map[string]bool{"asset.kind": true, "asset.name": true},
				Asset: customer.Asset{Reference: name, Kind: kind, Name: name},
			}}))
		}
		bring("Disco", handover.Confidential)
		bring("Disco", handover.Confidential) // the same again changes nothing
		bring("Plano", "document")
		now, _, err := w.Now(ctx)
		must(t, err)
		today := when.DateOf(now, w.Company().Zone)
		destroy := func(name string) error {
			return w.DestroyItem(ctx, agent, app.DestroyInput{Case: c, Step: "give", Item: w.secret(t, c, name).ID, Method: handover.Purge, By: "Luis Peña", On: today.String()})
		}
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if n := len(v.Handover.List); n != 3 {
			t.Fatalf("%d things are handed over: what is not confidential is not added late", n)
		}
		must(t, destroy("Disco"))
		frame := w.secret(t, c, "Contrato marco")
		must(t, w.KeepItem(ctx, agent, app.KeepInput{Case: c, Step: "give", Item: frame.ID, Basis: handover.ByLaw, Why: "Código de Comercio, art. 30", Until: today.AddDays(90).String()}))
		w.give(t, c, "document")
		must(t, w.AnswerHandover(ctx, page, right(w.handed(t, c, "document"))))
		if w.stepState(t, c, "give") != offboarding.StepDone {
			t.Fatal("nothing is open, and the step goes on")
		}

		w.entrust(t, cid, "Libreta")
		bring("Llave", handover.Confidential)
		must(t, destroy("Libreta"))
		must(t, w.KeepItem(ctx, agent, app.KeepInput{Case: c, Step: "give", Item: w.secret(t, c, "Llave").ID, Basis: handover.ForClaims, Why: "Pleito", Until: today.AddDays(90).String()}))
		code(t, w.KeepItem(ctx, finance, app.KeepInput{Case: c, Step: "give", Item: frame.ID}), "forbidden.role")

		w.push(t, 92)
		eventually(t, "their days are over", func() bool { return w.logged(t, "handover.kept_over") == 2 })
		letters := w.mail.count("handover")
		must(t, w.GiveItem(ctx, agent, app.GiveInput{Case: c, Step: "give", Item: frame.ID, Way: handover.Transfer, How: "Por mensajero", To: "Ana Ruiz"}))
		eventually(t, "they are asked to look", func() bool { return w.mail.count("handover") == letters+1 })
		must(t, w.AnswerHandover(ctx, page, right(w.secret(t, c, frame.Name))))
		if x := w.secret(t, c, frame.Name); x.State != handover.Accepted || x.GivenTo != "Ana Ruiz" {
			t.Fatalf("%+v", x)
		}
		must(t, destroy("Llave"))
		code(t, destroy("Llave"), "step.not_ready")
		if w.stepState(t, c, "give") != offboarding.StepDone {
			t.Error("what ended late changed its step")
		}
		w.verifyLog(t)
	})
}
