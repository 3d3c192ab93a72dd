package app_test

import (
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/testkit"
)

const socios = "Nº socio;Nombre;Correo;Cuota;Periodo;Alta;Color\n" +
	"1;Ana Díez;ana@socios.example;39,90 €;mensual;25/08/2025;rojo\n" +
	"2;Luis Gil;luis@socios.example;1.399,00 €;anual;01/02/2024;azul\n" +
	"3;Eva Paz;eva;39,90 €;mensual;25/08/2025;rojo\n"

var importer = app.Actor{ID: "usr_office", Roles: []string{"admin"}}

// A file is uploaded, its columns are proposed by their names, it is tried and
// imported by the verb of the command, and then it is forgotten.
func TestAFileIsImportedWithoutAShell(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, agencyLike)
		ctx := t.Context()
		_, err := w.KeepUpload(ctx, app.Actor{ID: "usr_agent", Roles: []string{"agent", "success", "finance"}}, "customers", "socios.csv", []byte(socios))
		code(t, err, "forbidden.role")
		_, err = w.KeepUpload(ctx, importer, "customers", "socios.csv", make([]byte, app.UploadMost+1))
		code(t, err, "upload.too_large")
		_, err = w.KeepUpload(ctx, importer, "customers", "socios.xlsx", []byte("PK\x03\x04"))
		refused(t, "a spreadsheet", err, "csv.spreadsheet", "file")

		uid, err := w.KeepUpload(ctx, importer, "customers", `C:\datos\socios.csv`, []byte(socios))
		must(t, err)
		u, err := w.OpenUpload(ctx, importer, uid)
		must(t, err)
		if u.File != "socios.csv" || u.Guess["customer.reference"] != "Nº socio" || u.Guess["subscription.interval"] != "Periodo" || len(u.First) != 3 || !u.Comma {
			t.Fatalf("%+v", u)
		}
		in := app.FileInput{DryRun: true}
		in.Dates, in.Decimal, in.Columns = "dd/mm/yyyy", ",", map[string]string{"customer.reference": "Nº socio"}
		_, err = w.ImportUpload(ctx, importer, uid, in)
		refused(t, "without names", err, "upload.missing", "columns")
		in.Columns = u.Guess
		out, err := w.ImportUpload(ctx, importer, uid, in)
		must(t, err)
		if out.Changed != 2 || out.Rejected != 1 || len(out.Refused) != 1 || out.Refused[0].Row != 3 || out.Refused[0].Column != "Correo" {
			t.Fatalf("tried: %+v", out)
		}
		if list, err := w.ListCustomers(ctx, agent, app.CustomerFilter{Query: "luis@socios.example"}); err != nil || len(list.Rows) != 0 {
			t.Fatalf("trying stored something: %v", err)
		}
		in.DryRun = false
		if out, err = w.ImportUpload(ctx, importer, uid, in); err != nil || out.Changed != 2 {
			t.Fatalf("imported: %+v %v", out, err)
		}
		p := w.opened(t, w.customerOf(t, "2").ID)
		if len(p.Lines) != 1 || p.Lines[0].Interval != customer.Yearly || p.Lines[0].Amount.Minor != 139_900 || p.Customer.Kind != customer.Person {
			t.Errorf("%+v", p.Lines)
		}
		_, err = w.OpenUpload(ctx, importer, uid)
		code(t, err, "not_found") // it is imported: nobody needs it

		crm := app.Actor{ID: "key_crm", Scopes: []string{"imports:write"}}
		in.Kind, in.File, in.Body = "customers", "socios.csv", []byte(socios)
		if out, err = w.ImportFile(ctx, crm, in); err != nil || out.Changed != 0 || out.Unchanged != 2 {
			t.Errorf("again: %+v %v", out, err)
		}
		runs, _, err := w.Imports(ctx, agent)
		if err != nil || len(runs) == 0 || runs[len(runs)-1].By != importer.ID || runs[len(runs)-1].File != "socios.csv" {
			t.Errorf("%+v %v", runs, err)
		}
		in.Map = "fields: {nothing: {column: x}}"
		_, err = w.ImportFile(ctx, crm, in)
		if err == nil {
			t.Error("a map that is wrong is taken")
		}
	})
}

// A file that nobody goes on with is forgotten after a day.
func TestAnUploadIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	uid, err := w.KeepUpload(ctx, importer, "departures", "bajas.csv", []byte("Nº,Nombre,Baja,Motivo\n1,Ana,2025-01-02,El precio\n"))
	must(t, err)
	must(t, w.TidyUp(ctx))
	if _, err := w.OpenUpload(ctx, importer, uid); err != nil {
		t.Fatalf("it is forgotten at once: %v", err)
	}
	u, err := w.OpenUpload(ctx, importer, uid)
	must(t, err)
	in := app.FileInput{}
	in.Columns = u.Guess
	out, err := w.ImportUpload(ctx, importer, uid, app.FileInput{DryRun: true, UploadChoice: in.UploadChoice})
	if err != nil || out.Changed != 1 {
		t.Errorf("who left: %+v %v", out, err)
	}
	now, _, err := w.store.Now(ctx)
	must(t, err)
	must(t, w.PushClock(ctx, "", now.Add(25*time.Hour)))
	must(t, w.TidyUp(ctx))
	_, err = w.OpenUpload(ctx, importer, uid)
	code(t, err, "not_found")
}

// A list of past departures says reasons in its own words: none of them keeps a
// row out, somebody may say what they stand for, and the rest keep them.
func TestReasonsInTheWordsOfTheFileKeepNobodyOut(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), agencyLike)
	ctx := t.Context()
	const file = "Nº;Nombre;Baja;Motivo\n" +
		"71;Ana;02/01/2025;Muy caro\n72;Eva;03/01/2025;MUY CARO\n73;Luis;04/01/2025;Mal servicio\n74;Sol;05/01/2025;El precio\n75;Mar;06/01/2025;competitor\n76;Gil;07/01/2025;\n"
	uid, err := w.KeepUpload(ctx, importer, "departures", "bajas.csv", []byte(file))
	must(t, err)
	u, err := w.OpenUpload(ctx, importer, uid)
	must(t, err)
	words, err := w.UnknownReasons(ctx, importer, uid, u.Guess["departure.reason"])
	must(t, err)
	if !slices.Equal(words, []string{"Muy caro", "Mal servicio"}) {
		t.Fatalf("it asks about %q", words)
	}
	in := app.FileInput{}
	in.Dates, in.Columns, in.Reasons = "dd/mm/yyyy", u.Guess, map[string]string{"Muy caro": "price", "Mal servicio": "no_code"}
	out, err := w.ImportUpload(ctx, importer, uid, in)
	must(t, err)
	if out.Changed != 6 || out.Rejected != 0 {
		t.Fatalf("%+v", out)
	}
	for ref, want := range map[string]string{"71": "price:", "72": "price:", "73": "other:Mal servicio", "74": "price:", "75": "competitor:", "76": ""} {
		v, err := w.OpenCase(ctx, agent, w.caseOf(t, w.customerOf(t, ref).ID).ID)
		must(t, err)
		got := ""
		if len(v.Reasons) > 0 {
			got = v.Reasons[0].Code + ":" + v.Reasons[0].Text
		}
		if got != want {
			t.Errorf("%s left for %q, want %q", ref, got, want)
		}
	}
}
