package app_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/pushed"
	"hastaluego/internal/testkit"
)

// host is a program that pushes what a product holds.
var host = app.Actor{ID: "key_host", Scopes: []string{"data:write", "data:read"}}

var orders = []pushed.Column{
	{Name: "id", Type: bundle.Integer, Titles: map[string]string{"es": "Número", "en": "Number"}},
	{Name: "what", Type: bundle.String},
	{Name: "guest", Type: bundle.String, Others: true},
}

// begins begins a push of a table of orders, or of files.
func (w *world) begins(t *testing.T, c customer.ID, name string, number int64, format pushed.Format) {
	t.Helper()
	p := pushed.Push{Customer: c, Name: name, Number: number, Format: format, Titles: map[string]string{"es": "Título de " + name, "en": "Title of " + name}}
	if format != pushed.Files {
		p.Columns = orders
	}
	_, err := w.BeginPush(t.Context(), host, p)
	must(t, err)
}

// pushes pushes a part of what was begun.
func (w *world) pushes(t *testing.T, in app.PartInput, body string) app.PartReply {
	t.Helper()
	in.Body = []byte(body)
	out, err := w.PushPart(t.Context(), host, in)
	must(t, err)
	return out
}

// What a host product pushes is a part of what the customer takes along, by the same
// road as everything else; until all of it came, that says what is missing.
func TestWhatAHostPushesIsTakenAlong(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		cid := w.customerOf(t, almena).ID
		w.begins(t, cid, "orders", 1, pushed.NDJSON)
		w.begins(t, cid, "photos", 1, pushed.Files)

		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.partial(t, page, true)
		files := w.payload(t, d.Taking.ID)
		if !strings.Contains(files["README.txt"], "pushed/orders: export.not_pushed") || !strings.Contains(files["datapackage.json"], "pushed/photos") || !strings.Contains(files["pushed.csv"], "orders,1,ndjson,filling") {
			t.Errorf("nobody is told what is missing:\n%s\n%s", files["README.txt"], files["pushed.csv"])
		}

		in := app.PartInput{Customer: cid, Name: "orders", Number: 1, Part: 2, Last: true}
		w.pushes(t, in, `{"id": 2, "what": "<script>alert(1)</script>"}`+"\n")
		in.Part, in.Last = 1, false
		if got := w.pushes(t, in, `{"id": 1, "what": "=cmd|' /C calc'!A0", "guest": "Otra Persona"}`+"\n"); got.State != pushed.Complete || got.Rows != 2 {
			t.Errorf("both are there, in whatever order: %+v", got)
		}
		in = app.PartInput{Customer: cid, Name: "photos", Number: 1, Part: 1, File: "puerto.txt"}
		w.pushes(t, in, "uno")
		in.Part, in.File = 2, "../../mal.txt"
		w.pushes(t, in, "tres")
		in.Part, in.File, in.Last = 3, "puerto.txt", true
		w.pushes(t, in, "dos")
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.Add(time.Hour)))
		d = w.partial(t, page, false)
		whole, err := app.NewestBundle(ctx, w.App, d.Taking.ID)
		must(t, err)
		if _, err := bundle.Check(whole, whole.Size()); err != nil {
			t.Errorf("our verifier: %v", err)
		}
		files = w.payload(t, d.Taking.ID)
		if got, want := files["pushed/orders.csv"], "id,what,guest\r\n1,'=cmd|' /C calc'!A0,Otra Persona\r\n2,<script>alert(1)</script>,\r\n"; got != want {
			t.Errorf("orders are %q, want %q", got, want)
		}
		if files["pushed/photos/puerto.txt"] != "unodos" || !slices.Contains(bodies(files), "tres") {
			t.Errorf("files are %v", slices.Sorted(keysOf(files)))
		}
		for name := range files {
			if strings.Contains(name, "..") {
				t.Errorf("%s leads out", name)
			}
		}
		if s := files["datapackage.json"]; !strings.Contains(s, "Título de orders") || !strings.Contains(s, "Número") || strings.Contains(s, `"missing"`) {
			t.Errorf("it does not say what they are:\n%s", s)
		}
		w.verifyLog(t)
	})
}

// partial is the page of what is taken along once there is a file from which
// something is missing, or nothing.
func (w *world) partial(t *testing.T, page string, part bool) (d app.DataPage) {
	t.Helper()
	eventually(t, "the file", func() bool {
		var err error
		d, err = w.OpenDataPage(t.Context(), page, "", "")
		must(t, err)
		return len(d.Blobs) == 1 && d.Blobs[0].Partial() == part
	})
	return d
}

func bodies(files map[string]string) (out []string) {
	for _, b := range files {
		out = append(out, b)
	}
	return out
}

// A consumer does not take along the columns that are about others.
func TestWhatIsPushedAboutOthersIsLeftOutForAConsumer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		c, yes := w.customerOf(t, almena), true
		_, err := w.EditCustomer(t.Context(), agent, app.CustomerPatch{Customer: c.ID, Consumer: &yes})
		must(t, err)
		w.begins(t, c.ID, "orders", 1, pushed.CSV)
		w.pushes(t, app.PartInput{Customer: c.ID, Name: "orders", Number: 1, Part: 1, Last: true}, "id,what,guest\n1,x,Otra Persona\n")
		_, cid, _ := w.request(t, "period_end")
		eventually(t, "the bundle", func() bool { return w.stepState(t, cid, "export") == offboarding.StepVerified })
		files := w.payload(t, cid)
		if got := files["pushed/orders.csv"]; got != "id,what\r\n1,x\r\n" || !strings.Contains(files["README.txt"], "pushed/orders.csv: guest") {
			t.Errorf("orders are %q:\n%s", got, files["README.txt"])
		}
	})
}

// A part that is told twice came once; a push takes the place of the one before it when
// all of it is there and not earlier; what is wrong says where, and nothing of it is
// kept.
func TestAPushTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		cid := w.customerOf(t, almena).ID
		in := app.PartInput{Customer: cid, Name: "orders", Number: 3, Part: 1, Last: true, Body: []byte("id,what,guest\n1,x,\n2,y,\n")}
		_, err := w.PushPart(ctx, host, in)
		code(t, err, "push.none")
		w.begins(t, cid, "orders", 3, pushed.CSV)
		w.begins(t, cid, "orders", 3, pushed.CSV) // again
		bad := in
		bad.Body = []byte("id,what,guest\n1,x,\nno,y,\n")
		_, err = w.PushPart(ctx, host, bad)
		code(t, err, "push.type")
		if l := fault.Fields(err); len(l) != 1 || l[0].Field != "rows.2.id" {
			t.Errorf("at %+v", l)
		}
		if left, err := os.ReadDir(w.blobs); err == nil && len(left) > 0 {
			t.Errorf("of what was wrong %v is kept", left)
		}
		first, err := w.PushPart(ctx, host, in)
		if err != nil || first.Again || first.Rows != 2 || first.State != pushed.Complete {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := w.PushPart(ctx, host, in); err != nil || !again.Again || again.Rows != 2 {
			t.Errorf("again: %+v, %v", again, err)
		}
		_, err = w.PushPart(ctx, host, bad)
		code(t, err, "push.other")

		// Half of another: what was whole is still what is taken along.
		w.begins(t, cid, "orders", 4, pushed.CSV)
		half := app.PartInput{Customer: cid, Name: "orders", Number: 4, Part: 1}
		w.pushes(t, half, "id,what,guest\n7,z,\n")
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if got := w.payload(t, c)["pushed/orders.csv"]; got != "id,what,guest\r\n1,x,\r\n2,y,\r\n" {
			t.Errorf("orders are %q", got)
		}
		// A newer one gives up what never came to its end, and what came is one part only.
		w.begins(t, cid, "orders", 5, pushed.CSV)
		_, err = w.PushPart(ctx, host, half)
		code(t, err, "push.older")
		whole := app.PartInput{Customer: cid, Name: "orders", Number: 5, Part: 1, Last: true}
		w.pushes(t, whole, "id,what,guest\n9,z,\n")
		_, err = w.PushPart(ctx, host, in)
		code(t, err, "push.older")
		list, err := w.Pushed(ctx, agent, cid)
		if err != nil || len(list) != 1 || list[0].Number != 5 || list[0].Rows != 1 {
			t.Errorf("there is %+v, %v", list, err)
		}
		_, err = w.PushPart(ctx, finance, whole)
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("finance: %v", err)
		}

		// Pieces go when nobody may be reading them any more, and those of what is there stay.
		must(t, w.TidyUp(ctx))
		if n := parts(t, w); n != 3 {
			t.Errorf("%d parts lie there", n)
		}
		run(t, e, `UPDATE push_part SET gone_at = 1 WHERE gone_at > 0`)
		must(t, w.TidyUp(ctx))
		must(t, os.Mkdir(filepath.Join(w.blobs, "ppt_died"), 0o700))
		aged(t, w)
		must(t, w.TidyBlobs(ctx))
		if n := parts(t, w); n != 1 {
			t.Errorf("%d parts lie there after they were tidied up", n)
		}
		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.partial(t, page, false)
		if got := w.payload(t, d.Taking.ID)["pushed/orders.csv"]; got != "id,what,guest\r\n9,z,\r\n" {
			t.Errorf("orders are %q", got)
		}

		must(t, w.WithdrawPushed(ctx, host, cid, "orders"))
		code(t, w.WithdrawPushed(ctx, host, cid, "orders"), "push.none")
		if list, err := w.Pushed(ctx, host, cid); err != nil || len(list) != 0 {
			t.Errorf("withdrawn: %+v, %v", list, err)
		}
		w.verifyLog(t)
	})
}

// aged has what lies beside the database look two days old.
func aged(t *testing.T, w *world) {
	t.Helper()
	list, err := os.ReadDir(w.blobs)
	must(t, err)
	for _, d := range list {
		then := time.Now().Add(-48 * time.Hour)
		must(t, os.Chtimes(filepath.Join(w.blobs, d.Name()), then, then))
	}
}

// run runs a statement beside the program.
func run(t *testing.T, e testkit.Engine, q string) {
	t.Helper()
	driver := "sqlite"
	if e.Name == "postgres" {
		driver = "pgx"
	}
	db, err := sql.Open(driver, e.URL)
	must(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), q)
	must(t, err)
}

// parts are how many parts lie beside the database.
func parts(t *testing.T, w *world) (n int) {
	t.Helper()
	list, err := os.ReadDir(w.blobs)
	must(t, err)
	for _, d := range list {
		if strings.HasPrefix(d.Name(), "ppt_") {
			n++
		}
	}
	return n
}

// What lies beside the database and is lost is told as missing, and never as nothing.
func TestAPieceThatWasLostIsMissing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		ctx := t.Context()
		cid := w.customerOf(t, almena).ID
		w.begins(t, cid, "orders", 1, pushed.CSV)
		w.pushes(t, app.PartInput{Customer: cid, Name: "orders", Number: 1, Part: 1, Last: true}, "id,what,guest\n1,x,\n")
		must(t, os.RemoveAll(w.blobs))
		page := w.copyPage(t)
		must(t, w.OpenCopy(ctx, page))
		d := w.partial(t, page, true)
		if said := w.payload(t, d.Taking.ID)["README.txt"]; !strings.Contains(said, "pushed/orders: export.push_lost") {
			t.Errorf("it says:\n%s", said)
		}
		// Pushed anew, it is there.
		w.begins(t, cid, "orders", 2, pushed.CSV)
		w.pushes(t, app.PartInput{Customer: cid, Name: "orders", Number: 2, Part: 1, Last: true}, "id,what,guest\n1,x,\n")
		now, _, err := w.Now(ctx)
		must(t, err)
		must(t, w.PushClock(ctx, "", now.Add(time.Hour)))
		d = w.partial(t, page, false)
		if got := w.payload(t, d.Taking.ID)["pushed/orders.csv"]; got != "id,what,guest\r\n1,x,\r\n" {
			t.Errorf("orders are %q", got)
		}
	})
}

// More than one piece comes back as it went, and is erased with the customer.
func TestWhatIsPushedIsErasedWithItsCustomer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, forgetting)
		ctx := t.Context()
		cid := w.lent(t, "site")
		w.clear(t, cid)
		w.begins(t, cid, "almena", 1, pushed.NDJSON)
		var big strings.Builder
		for i := range 30_000 {
			fmt.Fprintf(&big, "{\"id\": %d, \"what\": %q}\n", i, strings.Repeat("marta ", 30))
		}
		if got := w.pushes(t, app.PartInput{Customer: cid, Name: "almena", Number: 1, Part: 1, Last: true}, big.String()); got.Bytes < 2*bundle.SegmentSize {
			t.Fatalf("%d bytes are one piece", got.Bytes)
		}
		w.begins(t, cid, "marta", 1, pushed.Files)
		w.pushes(t, app.PartInput{Customer: cid, Name: "marta", Number: 1, Part: 1, Last: true, File: "marta.txt"}, "marta")
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if got := w.payload(t, c)["pushed/almena.csv"]; strings.Count(got, "\r\n") != 30_001 || !strings.Contains(got, "\r\n29999,") {
			t.Errorf("%d lines", strings.Count(got, "\r\n"))
		}
		plan, err := w.PlanErasure(ctx, privacy, c)
		if err != nil || plan.Tables["push"] != 2 {
			t.Errorf("what erasing would reach: %+v, %v", plan.Tables, err)
		}
		w.erased(t, c)
		if where := said(t, e, "almena", "marta"); len(where) > 0 {
			t.Errorf("still said in %v", where)
		}
		if n := parts(t, w); n > 0 {
			t.Errorf("%d parts lie there", n)
		}
		_, err = w.PushPart(ctx, host, app.PartInput{Customer: cid, Name: "almena", Number: 1, Part: 2, Body: []byte("{}")})
		code(t, err, "data.erased")
		_, err = w.BeginPush(ctx, host, pushed.Push{Customer: cid, Name: "almena", Number: 2, Format: pushed.Files})
		code(t, err, "data.erased")
	})
}
