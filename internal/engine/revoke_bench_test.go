package engine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/customer"
	"hastaluego/internal/when"
)

// revokePlan closes every access of the customer, and tries each before and
// after.
const revokePlan = `playbook: bench
title: {es: "A", en: "A"}
steps:
  - {id: confirm, kind: confirm, title: {es: "A", en: "A"}}
  - {id: close, kind: revoke_access, title: {es: "A", en: "A"}, after: [confirm], params: {system: far}}
`

// farAccess is a far system that takes its time for every answer, and counts.
type farAccess struct {
	takes        time.Duration
	calls, acts  atomic.Int64
	now, most    atomic.Int64 // calls at once, and the most there were
	closed       sync.Map
	firstAt, end atomic.Int64 // Unix nanoseconds
}

func (f *farAccess) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.firstAt.CompareAndSwap(0, time.Now().UnixNano())
	n := f.now.Add(1)
	for m := f.most.Load(); n > m && !f.most.CompareAndSwap(m, n); m = f.most.Load() {
	}
	defer func() {
		f.now.Add(-1)
		f.end.Store(time.Now().UnixNano())
	}()
	f.calls.Add(1)
	time.Sleep(f.takes)
	name := r.PathValue("ref")
	switch r.Pattern {
	case "POST /sign-in":
		var in struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if _, shut := f.closed.Load(in.Name); shut {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, `{}`)
		return
	case "POST /accounts/{ref}/block":
		f.closed.Store(name, true)
		f.acts.Add(1)
	}
	status := "active"
	if _, shut := f.closed.Load(name); shut {
		status = "blocked"
	}
	fmt.Fprintf(w, `{"status":%q,"effect":"e"}`, status)
}

// mostTimes is how many times the ideal the closing of enough accesses may take. Few
// are bound by the calls of each one after another, and by what comes before them.
const mostTimes, enough = 1.3, 1000

// mostGrowth is how many times what lived on the heap at a tenth of the way may live there
// at the end: measured, it is 0.9 to 1.0.
const mostGrowth = 1.5

// BenchmarkRevocations is b.N accesses of b.N/100 customers closed at a far
// system that takes 50 ms for every answer: each is tried, closed, read back and
// tried again. "ideal" is the time that the calls alone take, as many at once as
// the engine makes at one system, or as many a second as the system allows: the
// baseline of the ratio, and above mostTimes of it many accesses are a failure. The heap is
// looked at when a tenth is closed and at the end.
func BenchmarkRevocations(tb *testing.B) {
	const takes, atOnce = 50 * time.Millisecond, benchWorkers
	for _, c := range []struct {
		name, declared string
		perSecond      float64 // zero: no limit
	}{{"at-once", "", 0}, {"rate", "    rate: 200/s\n", 200}} {
		tb.Run(c.name, func(tb *testing.B) {
			eachBenchEngine(tb, func(tb *testing.B, url string) {
				b := &bench{B: tb}
				far := &farAccess{takes: takes}
				mux := http.NewServeMux()
				for _, p := range []string{"GET /accounts/{ref}", "POST /accounts/{ref}/block", "POST /sign-in"} {
					mux.Handle(p, far)
				}
				srv := httptest.NewServer(mux)
				b.Cleanup(srv.Close)
				dir := b.TempDir()
				configs, err := declaration.Load("systems.yaml", fmt.Appendf(nil, `systems:
  far:
    kind: http
    base_url: %s
    effect: idempotent
    undo: final
    allow: [127.0.0.1/32]
%s    access:
      operations:
        read: {method: GET, path: "/accounts/{reference}"}
        revoke: {method: POST, path: "/accounts/{reference}/block", receipt: effect}
        probe: {method: POST, path: /sign-in, body: {name: "{reference}", secret: "{secret}"}, secret: "file:%s/{reference}", refused: [401, 403]}
      state: {status: status, open: [active]}
`, srv.URL, c.declared, dir), httpsystem.Kinds()...)
				b.must(err)
				sys, err := configs[0].Open(when.Machine{}, nil)
				b.must(err)
				b.start(url, revokePlan, sys.Connector())
				const each = 100
				customers := max(1, b.N/each)
				links := b.customersWith(customers, func(ref string) (grants []customer.Grant) {
					for i := range min(each, b.N) {
						account := fmt.Sprintf("%s-%d", ref, i)
						b.must(os.WriteFile(filepath.Join(dir, account), []byte("secret-of-"+account), 0o600))
						grants = append(grants, customer.Grant{System: "far", Account: account})
					}
					return grants
				})
				want := int64(customers * min(each, b.N))
				b.ResetTimer()
				for _, l := range links {
					_, err := b.app.RequestExit(b.Context(), app.ExitInput{AccountEmail: "a@x.example", When: "now", Language: "es", Host: l})
					b.must(err)
				}
				var early float64
				for b.closed() < customers || b.pending() > 0 {
					if early == 0 && far.acts.Load() > want/10 {
						early = heap()
					}
					time.Sleep(20 * time.Millisecond)
				}
				b.StopTimer()
				if got := far.acts.Load(); got != want {
					b.Errorf("%d effects, want %d", got, want)
				}
				took := time.Duration(far.end.Load() - far.firstAt.Load())
				ideal := time.Duration(far.calls.Load()) * takes / atOnce
				if c.perSecond > 0 {
					ideal = max(ideal, time.Duration(float64(far.calls.Load())/c.perSecond*float64(time.Second)))
				}
				if times := took.Seconds() / ideal.Seconds(); want >= enough && times > mostTimes {
					b.Errorf("%d accesses took %.2f times what their calls allow, at most %.1f", want, times, mostTimes)
				}
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(ideal.Seconds(), "ideal-s")
				b.ReportMetric(took.Seconds()/ideal.Seconds(), "times-ideal")
				b.ReportMetric(float64(far.calls.Load())/float64(want), "calls/revocation")
				b.ReportMetric(float64(far.most.Load()), "most-at-once")
				late := heap()
				if want >= enough && early > 0 && late > mostGrowth*early {
					b.Errorf("%.1f MB live at the end and %.1f at a tenth of the way: more than %.1f times", late, early, mostGrowth)
				}
				b.ReportMetric(early, "MB-at-a-tenth")
				b.ReportMetric(late, "MB-at-the-end")
			})
		})
	}
}

// heap is what lives on it, in MB.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
