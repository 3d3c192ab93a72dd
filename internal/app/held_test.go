package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/play"
	"hastaluego/internal/reason"
	"hastaluego/internal/relationship"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/worth"
)

// The bundle says that it is what we hold: a table that erasing reaches is told
// in it, or somebody wrote down why it is not.
func TestEveryTableThatErasingReachesIsExportedOrExcused(t *testing.T) {
	t.Parallel()
	tables := store.Decided()
	if len(tables) < 35 {
		t.Fatalf("only %d tables", len(tables))
	}
	for _, table := range tables {
		told := app.Told(table)
		if told == "" {
			t.Errorf("nobody decided whether %s is told in a bundle: a line in held.go", table)
		}
		if store.Erased(table) == "" {
			t.Errorf("%s is told and nobody decided what becomes of it", table)
		}
		if strings.HasSuffix(told, ".csv") == strings.Contains(told, " ") {
			t.Errorf("%s: %q is neither a file nor a reason", table, told)
		}
	}
	for _, table := range []string{"grant_", "asset", "obligation", "handover_item", "reading", "answer", "reason", "offer", "voice", "blob", "balance", "external_id"} {
		if !strings.HasSuffix(app.Told(table), ".csv") {
			t.Errorf("%s is not exported: %s", table, app.Told(table))
		}
	}
}

// taking is a playbook that exports once a person finished what comes before.
const taking = `
playbook: taking
title: {es: "Llevarse", en: "Take along"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: prepare
    kind: task
    title: {es: "Dos", en: "Two"}
    after: [confirm]
    role: agent
    due: {d: 2, from: ready}
    escalate: {d: 1, to: admin}
    items: [{id: a, title: {es: "A", en: "A"}}]
  - {id: export, kind: export_data, title: {es: "Tres", en: "Three"}, after: [prepare]}
`

func TestTheBundleHoldsWhatWeHold(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, taking)
		ctx := t.Context()
		cid := w.lent(t, "router")
		day := w.today(t)
		w.importReadings(t, used(day, almena, 30, 12))
		must(t, w.AddExternalID(ctx, agent, app.ExternalInput{Customer: cid, System: "crm", Value: "CRM-0061"}))
		_, err := w.AddGrant(ctx, agent, customer.Grant{Customer: cid, System: "panel", Account: "marta-panel", Kind: "login"})
		must(t, err)
		_, err = w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-77", Kind: customer.Invoice, About: "Avisos de marzo", Amount: eur(2472)})
		must(t, err)
		w.addCustomers(t, 1, 4444) // somebody else, of whom nothing is told
		_, err = w.OpenPlay(ctx, agent, cid, play.CheckIn)
		must(t, err)
		_, err = w.RecordEffort(ctx, agent, effort.Effort{Customer: cid, Day: day, Minutes: 35, Who: "Luis", What: "Cambió el enrutador"})
		must(t, err)
		_, err = w.ValueAll(ctx, admin)
		must(t, err)
		_, c, page := w.request(t, "period_end")
		w.mail.wait(t, "receipt", "casa@marta.example")
		must(t, w.UntilQuiet(ctx))
		_, err = w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: cid, Received: day, What: "Los avisos llegaban tarde"})
		must(t, err)
		_, err = w.AddNote(ctx, agent, c, "Prefiere las tardes")
		must(t, err)
		_, err = w.AddFile(ctx, agent, c, "contrato.pdf", []byte("%PDF-1.7 contrato"))
		must(t, err)
		must(t, w.TellReason(ctx, page, "price", "Se me va de presupuesto"))
		must(t, w.RecordReason(ctx, agent, app.ReasonInput{Case: c, Kind: reason.Root, Code: "price", Evidence: "Lo dijo en la reunión"}))
		w.groups(t)
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		until := day.AddDays(3)
		if v.Plan.Case.Effective.Before(until) {
			until = v.Plan.Case.Effective
		}
		must(t, w.MakeOffer(ctx, agent, app.OfferInput{
			Case: c, Reason: "Lo pidió", Kind: offer.Discount, Heard: "El precio pesa", What: "A 20 € al mes", Changes: "Nada más", Until: until, By: day.AddDays(20),
		}))
		must(t, w.AnswerConsent(ctx, app.ConsentInput{Token: page, Given: true, Wording: "¿Podemos escribirte?", Language: "es"}))
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true, Evidence: "Visto en el panel"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "prepare", Note: "Todo preparado"}))
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })

		files := w.bundleOf(t, c)
		for name, words := range map[string][]string{
			"promised.csv":             {"engagement"},
			"customer.csv":             {almena, "Almena"},
			"contacts.csv":             {firstMail},
			"numbers_elsewhere.csv":    {"CRM-0061"},
			"subscriptions.csv":        {"FE-20418-1", "term_end", "renews_on", "notice_days", "lock_in_until"},
			"sums.csv":                 {"F-77", "Avisos de marzo", "2472"},
			"accesses.csv":             {"marta-panel"},
			"things.csv":               {"A-router"},
			"readings.csv":             {"12000"},
			"ratings.csv":              {"departure"},
			"themes.csv":               {"reason"},
			"value.csv":                {string(worth.FewLeft)},
			"hours.csv":                {"Cambió el enrutador"},
			"plays.csv":                {string(play.CheckIn)},
			"requests.csv":             {"Marta Ibáñez", "casa@marta.example"},
			"pages_met.csv":            {"exit-first@", ",fr,es,desktop,FR,home,", "recap", "600 111 222"},
			"departures.csv":           {v.Plan.Case.Code},
			"law.csv":                  {"customer.residence", "digest"},
			"time_limits.csv":          {"departure"},
			"announced.csv":            {"amount_minor"},
			"notices.csv":              {"comes"},
			"steps.csv":                {"Todo preparado", "Visto en el panel"},
			"letters.csv":              {"receipt", "ack", "/c/•••"},
			"letters_checked.csv":      {"result"},
			"notes.csv":                {"Prefiere las tardes"},
			"complaints.csv":           {"Los avisos llegaban tarde"},
			"reasons.csv":              {"Se me va de presupuesto", "Lo dijo en la reunión"},
			"offers.csv":               {"El precio pesa", "A 20 € al mes"},
			"consents.csv":             {"¿Podemos escribirte?"},
			"files.csv":                {"contrato.pdf"},
			"log.csv":                  {"request.received", "case.opened", "casa@marta.example", "inventory.added", "F-77", "play.opened"},
			"README.txt":               {"lo que tenemos sobre ti", "what we hold about you"},
			"datapackage.json":         {"Your data", "Contratos", `"type": "boolean"`},
			"subscriptions_before.csv": {"amount_minor"}, "silence.csv": {"since"}, "forms.csv": {"answers"}, "systems.csv": {"evidence"},
			"invitations.csv": {"place"}, "voices.csv": {"link"}, "returns.csv": {"receipt"}, "handover.csv": {"lacks"}, "envelopes.csv": {"opened"}, "acts.csv": {"acceptance_sha256"},
			"after_the_end.csv": {"back_minor"}, "commitments.csv": {"due"}, "statements.csv": {"departure"}, "billing_said.csv": {"books.unknown"}, "withdrawals.csv": {"refund_by"}, "approvals.csv": {"asked"}, "answers_by_mail.csv": {"sha256"},
			"copies.csv": {"opened"}, "address_kept.csv": {"told"}, "pushed.csv": {"changed"}, "processors.csv": {"receipt_sha256"}, "import_changes.csv": {`""Metric"":""use""`}, "promises_to_pay.csv": {"over"}, "instalments.csv": {"paid"}, "tried.csv": {"group"}, "let_go.csv": {"proposed"},
		} {
			if strings.Contains(string(files[name]), "M-4444") {
				t.Errorf("%s tells of somebody else:\n%s", name, files[name])
			}
			for _, x := range words {
				if !strings.Contains(string(files[name]), x) {
					t.Errorf("%s does not say %q:\n%s", name, x, files[name])
				}
			}
			delete(files, name)
		}
		for name, body := range files {
			if !strings.HasPrefix(name, "files/att_") || string(body) != "%PDF-1.7 contrato" {
				t.Errorf("a file %s that nobody expects: %.80s", name, body)
			}
		}
		if len(files) != 1 {
			t.Errorf("%d files were attached, one was", len(files))
		}
		w.verifyLog(t)
	})
}

// When the time to fetch them is over, the page offers neither the data nor a
// code that would never arrive.
func TestAfterItsTimeThePageOfDataOffersNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, taking)
		ctx := t.Context()
		_, c, page := w.request(t, "period_end")
		must(t, w.UntilQuiet(ctx))
		must(t, w.Tick(ctx, agent, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true, Evidence: "Visto"}))
		must(t, w.CompleteTask(ctx, agent, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		must(t, w.SendCode(ctx, page))
		secret := w.mail.wait(t, "code", firstMail).Secret
		key, err := w.OpenByCode(ctx, page, secret)
		must(t, err)
		data, err := w.OpenDataPage(ctx, page, key, "es")
		must(t, err)
		if data.Over || !data.Proof || len(data.Blobs) != 1 {
			t.Fatalf("in time: %+v", data)
		}
		blob := data.Blobs[0].ID
		end := data.Taking.Last.End(w.Company().Zone)
		must(t, w.PushClock(ctx, "", end))
		data, err = w.OpenDataPage(ctx, page, key, "es")
		must(t, err)
		if !data.Over || data.Proof || len(data.Blobs) != 0 {
			t.Errorf("afterwards: %+v", data)
		}
		code(t, w.SendCode(ctx, page), "data.window_over")
		_, err = w.OpenByCode(ctx, page, secret)
		code(t, err, "data.window_over")
		_, _, err = w.Download(ctx, page, key, blob, "", app.Begins)
		code(t, err, "data.window_over")
	})
}

// bundleOf reads the payload of the bundle of a departure. Every table has as
// many cells in each row as names in its header.
func (w *world) bundleOf(t *testing.T, c offboarding.CaseID) map[string][]byte {
	t.Helper()
	whole, err := app.NewestBundle(t.Context(), w.App, c)
	must(t, err)
	plain := bytesOf(t, whole)
	taken, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	must(t, err)
	out := map[string][]byte{}
	for _, f := range taken.File {
		_, name, payload := strings.Cut(f.Name, "/data/")
		if !payload {
			continue
		}
		r, err := f.Open()
		must(t, err)
		out[name], err = io.ReadAll(r)
		must(t, err)
		if strings.HasSuffix(name, ".csv") {
			if _, err := csv.NewReader(bytes.NewReader(out[name])).ReadAll(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	return out
}
