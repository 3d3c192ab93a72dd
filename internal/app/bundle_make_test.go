package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/bundle"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// holdings is a system that holds a table and files of one customer, and fails as
// often as it is told to.
type holdings struct {
	mu     sync.Mutex
	owner  string
	rows   int               // of the table "visits", of a kibibyte each; none: it has no table
	files  map[string]string // of "drawings"; nil: it has none
	rules  []connector.FileRule
	breaks int  // rows or bytes after which it stops answering, once
	down   bool // it answers nobody
	slow   time.Duration
	reads  int      // rows that it gave away
	after  []string // from where it was asked
	from   []int64
}

func (h *holdings) Info() connector.Info { return connector.Info{System: "faro"} }

func (h *holdings) Collections() (list []connector.Collection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rows > 0 {
		list = append(list, connector.Collection{Name: "visits", Table: true, Resumes: true, Others: []string{"host"}, Titles: map[string]string{"es": "Visitas", "en": "Visits"}})
	}
	if h.files != nil {
		list = append(list, connector.Collection{Name: "drawings", Files: h.rules})
	}
	return list
}

func (h *holdings) silent() error {
	return fault.New(fault.Transient, "connector.unreachable", "system", "faro")
}

func (h *holdings) ReadRows(_ context.Context, _, owner, after string, to connector.TableSink) error {
	h.mu.Lock()
	n, breaks, down := h.rows, h.breaks, h.down
	h.after = append(h.after, after)
	h.breaks = 0
	h.mu.Unlock()
	if down {
		return h.silent()
	}
	if owner != h.owner {
		n = 0
	}
	if err := to.Columns([]connector.Column{{Name: "id", Type: connector.Integer}, {Name: "what", Type: connector.Text}, {Name: "host", Type: connector.Text}}); err != nil {
		return err
	}
	for i := range n {
		key := fmt.Sprintf("%06d", i)
		if key <= after && after != "" {
			continue
		}
		id, what, host := fmt.Sprint(i), visit(i), "Otra Persona"
		if err := to.Row(connector.Row{Key: key, Cells: []*string{&id, &what, &host}}); err != nil {
			return err
		}
		h.mu.Lock()
		h.reads++
		h.mu.Unlock()
		if breaks > 0 && i == breaks {
			return h.silent()
		}
	}
	return nil
}

func visit(i int) string { return fmt.Sprint("visita ", i, strings.Repeat(" .", 500)) }

func (h *holdings) ListFiles(_ context.Context, _, owner, after string, file func(connector.HeldFile) error) error {
	for _, name := range slices.Compact(append(slices.Sorted(maps.Keys(h.files)), "zz enlace")) { // a link, where nothing is in it
		body, ok := h.files[name]
		if name <= after || owner != h.owner {
			continue
		}
		f := connector.HeldFile{Name: name, Size: int64(len(body)), Version: "1"}
		if !ok {
			f.Skipped = "export.symlink"
		}
		if err := file(f); err != nil {
			return err
		}
	}
	return nil
}

// stops answers so many bytes and then no more.
type stops struct {
	io.Reader
	err error
}

func (s stops) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if err == io.EOF {
		err = s.err
	}
	return n, err
}

func (h *holdings) OpenFile(_ context.Context, _, _ string, f connector.HeldFile, offset int64) (io.ReadCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.from = append(h.from, offset)
	time.Sleep(h.slow)
	body := h.files[f.Name][offset:]
	if n := h.breaks; n > 0 && n < len(body) {
		h.breaks = 0
		return io.NopCloser(stops{strings.NewReader(body[:n]), h.silent()}), nil
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

// payload unpacks a bundle that is in order.
func (w *world) payload(t *testing.T, c offboarding.CaseID) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, body := range w.bundleOf(t, c) {
		out[name] = string(body)
	}
	return out
}

// Of files that are about others a consumer takes along what is theirs: tables without
// the columns that were named, and nothing of what was declared to be about others, or
// is not the table that it was said to be. The bundle says what, why, and how to ask for
// it; it counts as whole, since nobody tries again. A business takes all of it.
func TestFilesAboutOthersAreLeftOutForAConsumer(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		guests := "día,invitado,plaza\r\n"
		for i := range 90_000 { // over a piece, so that it goes on in the middle
			guests += fmt.Sprintf("%d,Invitada Ajena %d,%s\n", i, i, strings.Repeat("x", 60))
		}
		want := strings.ReplaceAll(regexp.MustCompile(`Invitada Ajena \d+,`).ReplaceAllString(guests, ""), "invitado,", "")
		want = strings.ReplaceAll(want, "\r\n", "\n")
		for _, consumer := range []bool{true, false} {
			w := newWorldWith(t, e.AnotherMigrated(t), takesAlong)
			c := w.customerOf(t, almena)
			_, err := w.EditCustomer(t.Context(), agent, app.CustomerPatch{Customer: c.ID, Consumer: &consumer})
			must(t, err)
			w.keeps.owner, w.keeps.breaks = "FE-20418", 6<<20
			w.keeps.rules = []connector.FileRule{{Match: "llamadas/", Out: true}, {Match: "*.csv", Without: []string{"invitado"}}, {Match: "*.ndjson", Without: []string{"invitado"}}}
			w.keeps.files = map[string]string{
				"invitados.csv": guests, "llamadas/1.txt": "Habla otra persona", "plano.bin": "mío", "sin.csv": "dia,quien\n1,Otra Persona\n",
				"visitas.ndjson": `{"dia":1,"invitado":"Otra Persona"}` + "\n",
			}
			_, cid, _ := w.request(t, "period_end")
			eventually(t, "the bundle", func() bool { return w.stepState(t, cid, "export") == offboarding.StepVerified })
			files := w.payload(t, cid)
			if files["faro/drawings/plano.bin"] != "mío" {
				t.Error("what is theirs is missing")
			}
			if !consumer {
				if files["faro/drawings/invitados.csv"] != guests || files["faro/drawings/llamadas/1.txt"] == "" || files["faro/drawings/sin.csv"] == "" {
					t.Error("a business does not have all of it")
				}
				continue
			}
			if got := files["faro/drawings/invitados.csv"]; got != want {
				t.Errorf("%d bytes, want %d: %.200q", len(got), len(want), got)
			}
			if len(w.keeps.from) < 2 {
				t.Errorf("it did not go on: %v", w.keeps.from)
			}
			if got := files["faro/drawings/visitas.ndjson"]; got != `{"dia":1}`+"\n" {
				t.Errorf("visits are %q", got)
			}
			for name, body := range files {
				if strings.Contains(body, "Ajena") || strings.Contains(body, "Otra Persona") {
					t.Errorf("%s is about others", name)
				}
			}
			about := files["README.txt"]
			for _, s := range []string{"drawings/llamadas/1.txt: export.others", "drawings/sin.csv: export.not_redacted", "faro/drawings/invitados.csv: invitado", w.Company().Email} {
				if !strings.Contains(about, s) {
					t.Errorf("the bundle does not say %q:\n%s", s, about)
				}
			}
			if !strings.Contains(strings.Join(slices.Collect(maps.Values(files)), "\n"), "README.txt dice cómo pedir") {
				t.Error("the package does not say why")
			}
		}
	})
}

// A bundle that takes longer than the lease of a work is made and read back all the
// same: the lease is kept as long as somebody works, and nothing is begun again for it.
func TestABundleMayTakeLongerThanALease(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		const lease = 2 * time.Second
		w := newWorldOn(t, e, takesAlong, "", lease)
		w.keeps.owner, w.keeps.files, w.keeps.slow = "FE-20418", map[string]string{"plano 1.bin": "uno"}, lease*3/2
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the file", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		w.keeps.mu.Lock()
		defer w.keeps.mu.Unlock()
		if len(w.keeps.from) != 1 {
			t.Errorf("it was asked for %d times", len(w.keeps.from))
		}
	})
}

const takesAlong = `
playbook: takes
title: {es: "Llevarse", en: "Take"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - {id: export, kind: export_data, title: {es: "Datos", en: "Data"}, after: [confirm], milestone: data_ready}
`

// A far system that breaks off in the middle of a table or a file is read on from
// the last piece that was kept: nothing twice, nothing missing.
func TestABundleGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		w.keeps.owner, w.keeps.rows, w.keeps.breaks = "FE-20418", 10_000, 6_000
		_, c, _ := w.request(t, "period_end")
		eventually(t, "the table", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if w.keeps.reads >= 12_000 || len(w.keeps.after) < 2 || w.keeps.after[1] < "004000" {
			t.Errorf("read %d rows, from %q: it began again", w.keeps.reads, w.keeps.after)
		}
		visits := w.payload(t, c)["faro/visits.csv"]
		if n := strings.Count(visits, "\n"); n != 10_001 || !strings.Contains(visits, "visita 0 ") || !strings.Contains(visits, "visita 9999 ") {
			t.Errorf("%d lines", n)
		}

		other := newWorldWith(t, e.AnotherMigrated(t), takesAlong)
		big := strings.Repeat("0123456789abcdef", 600_000) // over two pieces
		other.keeps.owner, other.keeps.files, other.keeps.breaks = "FE-20418", map[string]string{"plano 1.bin": big, "planta/ático.txt": "hola"}, 5<<20
		_, c, _ = other.request(t, "period_end")
		eventually(t, "the files", func() bool { return other.stepState(t, c, "export") == offboarding.StepVerified })
		if len(other.keeps.from) < 2 || other.keeps.from[1] < 4<<20 {
			t.Errorf("asked from %d: it began again", other.keeps.from)
		}
		files := other.payload(t, c)
		if files["faro/drawings/plano 1.bin"] != big || files["faro/drawings/planta/ático.txt"] != "hola" {
			t.Error("the files are others than they were")
		}
		if !strings.Contains(files["README.txt"], "zz enlace") || !strings.Contains(files["datapackage.json"], "zz enlace") {
			t.Errorf("nobody is told of the file that cannot be taken along:\n%s", files["README.txt"])
		}
	})
}

// A disk that is full stops a bundle, loses nothing that is on it, and the bundle is
// never called whole: it goes on with the next piece once somebody made room.
func TestABundleGoesOnOnceADiskHasRoomAgain(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		noise := make([]byte, 7<<20) // over six pieces that cannot be packed much
		_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
		big := hex.EncodeToString(noise)
		w.keeps.owner, w.keeps.files = "FE-20418", map[string]string{"plano 1.bin": big}
		w.full.after.Store(4)
		_, c, page := w.request(t, "period_end")
		eventually(t, "the disk is full, again", func() bool { return w.full.said.Load() > 2 })
		if s := w.stepState(t, c, "export"); s == offboarding.StepVerified || s == offboarding.StepDone {
			t.Errorf("on a full disk the step is %s", s)
		}
		data, err := w.OpenDataPage(t.Context(), page, "", "es")
		must(t, err)
		if len(data.Blobs) != 0 {
			t.Errorf("there is something to fetch: %+v", data.Blobs)
		}
		w.keeps.mu.Lock()
		w.keeps.from = nil
		w.keeps.mu.Unlock()
		w.full.after.Store(0)
		eventually(t, "all of it", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if len(w.keeps.from) != 1 || w.keeps.from[0] < 2<<20 {
			t.Errorf("read from %d: it began again", w.keeps.from)
		}
		if files := w.payload(t, c); files["faro/drawings/plano 1.bin"] != big {
			t.Errorf("the file is another than it was:\n%s", files["README.txt"])
		}
		w.verifyLog(t)
	})
}

// What a system that is down holds does not hold up the rest: the bundle is there
// without it and says so, and is whole once it answers.
func TestABundleIsThereWhileASystemIsDown(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		w.keeps.owner, w.keeps.rows, w.keeps.down = "FE-20418", 3, true
		_, c, page := w.request(t, "period_end")
		eventually(t, "a part of it", func() bool {
			data, err := w.OpenDataPage(t.Context(), page, "", "es")
			must(t, err)
			return len(data.Blobs) == 1
		})
		files := w.payload(t, c)
		if _, there := files["faro/visits.csv"]; there || !strings.Contains(files["README.txt"], "faro · Visits: connector.unreachable") {
			t.Errorf("it does not say what is missing:\n%s", files["README.txt"])
		}
		if s := w.stepState(t, c, "export"); s == offboarding.StepVerified {
			t.Error("a part is called verified")
		}
		must(t, w.SendCode(t.Context(), page))
		if l := w.limits(t, c)["dsr.access.max"]; l.State != limit.Running {
			t.Errorf("what is given in part is given: %s by %s", l.State, l.By)
		}
		w.keeps.mu.Lock()
		w.keeps.down = false
		w.keeps.mu.Unlock()
		eventually(t, "all of it", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		if l := w.limits(t, c)["dsr.access.max"]; l.State != limit.Met || l.By != string(limit.DataReady) { // whenever it is fetched
			t.Errorf("it is on the page, and we are late: %s by %s", l.State, l.By)
		}
		files = w.payload(t, c)
		if visits := files["faro/visits.csv"]; strings.Count(visits, "\n") != 4 || strings.Contains(files["README.txt"], "unreachable") {
			t.Errorf("it is not whole:\n%s", visits)
		}
		w.verifyLog(t)
	})
}

// Any part of a bundle can be read alone, as a download that goes on does.
func TestADownloadGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, sqlite(t), takesAlong)
	w.keeps.owner, w.keeps.files = "FE-20418", map[string]string{"plano 1.bin": strings.Repeat("x1y2z3", 1_000_000)}
	_, c, page := w.request(t, "period_end")
	eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
	must(t, w.SendCode(t.Context(), page))
	if l := w.limits(t, c)["dsr.access.max"]; l.State != limit.Met {
		t.Errorf("it was there when it was asked for, and is owed: %s", l.State)
	}
	key, err := w.OpenByCode(t.Context(), page, w.mail.wait(t, "code", firstMail).Secret)
	must(t, err)
	data, err := w.OpenDataPage(t.Context(), page, key, "es")
	must(t, err)
	_, whole, err := w.Download(t.Context(), page, key, data.Blobs[0].ID, "", app.Begins)
	must(t, err)
	all := bytesOf(t, whole)
	_, rest, err := w.Download(t.Context(), page, key, data.Blobs[0].ID, "", app.GoesOn)
	must(t, err)
	part := make([]byte, len(all)/2)
	_, err = rest.ReadAt(part, int64(len(all)-len(part)))
	if err != nil && err != io.EOF || !bytes.Equal(part, all[len(all)-len(part):]) {
		t.Errorf("the second half is another: %v", err)
	}
	if n := w.logged(t, "bundle.downloaded"); n != 1 {
		t.Errorf("counted %d times", n)
	}
	if _, err := zip.NewReader(bytes.NewReader(all), int64(len(all))); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"index.html", "data/README.txt", "data/datapackage.json"} {
		if !bytes.Contains(all, []byte("/"+name)) {
			t.Errorf("it has no %s", name)
		}
	}
	if _, err := bundle.Check(bytes.NewReader(all), int64(len(all))); err != nil {
		t.Error(err)
	}
}

// What a customer takes along is made again when they ask, until the window ends:
// it holds what is there now, says what is other than in the first, and takes the
// place of the one before.
func TestABundleIsMadeAgainAndSaysWhatChanged(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, takesAlong)
		w.keeps.owner, w.keeps.rows, w.keeps.files = "FE-20418", 3, map[string]string{"plano 1.bin": "uno", "planta/ático.txt": "dos"}
		_, c, page := w.request(t, "period_end")
		eventually(t, "the bundle", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
		must(t, w.SendCode(t.Context(), page))
		key, err := w.OpenByCode(t.Context(), page, w.mail.wait(t, "code", firstMail).Secret)
		must(t, err)
		data, err := w.OpenDataPage(t.Context(), page, key, "es")
		must(t, err)
		first := data.Blobs[0]
		if data.MayRemake || data.Remaking {
			t.Error("what is minutes old may be made again")
		}
		must(t, w.AskBundle(t.Context(), page, key))
		if n := w.logged(t, "bundle.asked"); n != 0 {
			t.Errorf("asked for %d times", n)
		}
		again := func(files map[string]string, rows int) string {
			t.Helper()
			now, _, err := w.Now(t.Context())
			must(t, err)
			must(t, w.PushClock(t.Context(), "", now.Add(61*time.Minute)))
			w.keeps.mu.Lock()
			w.keeps.files, w.keeps.rows = files, rows
			w.keeps.mu.Unlock()
			if err := w.AskBundle(t.Context(), page, ""); fault.CodeOf(err) != "code.needed" {
				t.Errorf("without a code: %v", err)
			}
			before := data.Blobs[len(data.Blobs)-1]
			must(t, w.SendCode(t.Context(), page))
			eventually(t, "another code", func() bool {
				for _, l := range w.mail.papers() {
					if k, err := w.OpenByCode(t.Context(), page, l.Secret); l.Kind == "code" && err == nil {
						key = k
						return true
					}
				}
				return false
			})
			must(t, w.AskBundle(t.Context(), page, key))
			must(t, w.AskBundle(t.Context(), page, key))
			eventually(t, "another bundle in its place", func() bool {
				data, err = w.OpenDataPage(t.Context(), page, key, "es")
				must(t, err)
				return len(data.Blobs) == 1 && data.Blobs[0].ID != before.ID && !data.Remaking
			})
			return w.payload(t, c)["changes.csv"]
		}
		changes := again(map[string]string{"plano 1.bin": "uno", "zz enlace": "tres"}, 5)
		for _, want := range []string{"changed,data/faro/visits.csv,", "removed,data/faro/drawings/planta/ático.txt,", "added,data/faro/drawings/zz enlace,,"} {
			if !strings.Contains(changes, want) {
				t.Errorf("it lacks %q:\n%s", want, changes)
			}
		}
		if strings.Contains(changes, "plano") {
			t.Errorf("what is the same is said to be other:\n%s", changes)
		}
		if n := w.logged(t, "bundle.asked"); n != 1 {
			t.Errorf("asked for %d times", n)
		}
		if _, _, err := w.Download(t.Context(), page, key, first.ID, "", app.Begins); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the first is still there: %v", err)
		}
		// The third tells of the first too.
		changes = again(map[string]string{"plano 1.bin": "uno", "planta/ático.txt": "dos"}, 3)
		if strings.Contains(changes, "faro/") {
			t.Errorf("what is as it was is said to be other:\n%s", changes)
		}
		w.verifyLog(t)
	})
}
