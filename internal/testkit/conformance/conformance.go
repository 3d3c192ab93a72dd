// Package conformance is the suite that every connector passes. It stands in
// for a far system on a real socket and fails in every way in which those fail:
// no answer, a late one, a cut one, nonsense, refusals, and promises without
// effect. It tests no connector of its own and knows no protocol: each connector
// says how its far system answers when it is well.
package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
)

// What the connector under test is to be made with.
const (
	Timeout   = 300 * time.Millisecond // of a call
	Limit     = 4096                   // bytes of an answer
	Reference = "8842"                 // subscription, payment, account or target of an action
	Coupon    = "spring"               // one that the subscription does not have
	Editor    = "editor"               // what an access has that is left to read
	Person    = "Ada Lovelace"         // stands in answers, and may stay nowhere
)

// Dialect is one connector under test.
type Dialect struct {
	// Connect connects the far system at the address, with Timeout and Limit.
	Connect func(t *testing.T, base string) connector.System
	// Well answers as a far system that is well: Reference is active and open, and
	// Person stands in what it says. Acts are answered with success, and change
	// nothing.
	Well http.HandlerFunc
	// Secret is what we prove with who we are.
	Secret string
	// Looks: an act begins by reading what it is to act on, by GET, as often as it
	// likes. Then those readings go well, and the act fails.
	Looks bool
	// Bare: the status of an act that went well says it all, whatever its body is.
	Bare bool
	// Named is how an access is named whose name in List is this one, and Reference
	// its name where nothing is listed: itself, unless this is set.
	Named func(name string) string
	// List answers one call of listing while the far system has these accounts, in
	// this order, three on a page. Needed where the system lists.
	List func(w http.ResponseWriter, r *http.Request, accounts []string)
}

// sort is what kind of call it is.
type sort int

const (
	reading sort = iota
	acting
	probing
)

// Names of calls for which a far system is set up.
const (
	Revoke   = "revoke"
	Restore  = "restore"
	Widen    = "widen"
	TakeBack = "take back " // and the name of the action
)

type call struct {
	name string
	sort sort
	do   func(ctx context.Context) (evidence []byte, err error)
	// is reads whether what the act is for is so; nil: the suite does not know how.
	is func(ctx context.Context, s connector.System) (bool, error)
}

// held is what an access had before it was narrowed.
func (d Dialect) held() string { return d.account(Editor) }

// account is how an access of that name is named.
func (d Dialect) account(name string) string {
	if d.Named != nil {
		return d.Named(name)
	}
	return name
}

// calls are all calls that the system can answer.
func (d Dialect) calls(s connector.System) []call {
	var out []call
	add := func(name string, sort sort, do func(context.Context) ([]byte, error)) {
		out = append(out, call{name: name, sort: sort, do: do})
	}
	act := func(name string, do func(context.Context) (connector.Receipt, error)) *call {
		add(name, acting, func(ctx context.Context) ([]byte, error) { r, err := do(ctx); return r.Answer, err })
		return &out[len(out)-1]
	}
	if b := s.Billing; b != nil {
		add("read subscription", reading, func(ctx context.Context) ([]byte, error) {
			st, err := b.ReadSubscription(ctx, Reference)
			return st.Answer, err
		})
		act("cancel", func(ctx context.Context) (connector.Receipt, error) {
			return b.CancelSubscription(ctx, connector.CancelInput{Reference: Reference, Key: "k"})
		})
		act("resume", func(ctx context.Context) (connector.Receipt, error) {
			return b.ResumeSubscription(ctx, connector.ResumeInput{Reference: Reference, Key: "k"})
		})
	}
	out = append(out, moneyCalls(s)...)
	if a := s.Access; a != nil {
		in := connector.AccessInput{Account: d.account(Reference), Key: "k"}
		add("read access", reading, func(ctx context.Context) ([]byte, error) {
			st, err := a.ReadAccess(ctx, in.Account)
			return st.Answer, err
		})
		lets := func(open bool) func(context.Context, connector.System) (bool, error) {
			return func(ctx context.Context, s connector.System) (bool, error) {
				st, err := s.Access.ReadAccess(ctx, in.Account)
				return st.Open == open, err
			}
		}
		act(Revoke, func(ctx context.Context) (connector.Receipt, error) { return a.RevokeAccess(ctx, in) }).is = lets(false)
		if a.Info().Undo != connector.Final {
			act(Restore, func(ctx context.Context) (connector.Receipt, error) { return a.RestoreAccess(ctx, in) }).is = lets(true)
		}
	}
	if n := s.Narrower; n != nil {
		in := connector.AccessInput{Account: d.account(Reference), Key: "k"}
		add("read reach", reading, func(ctx context.Context) ([]byte, error) {
			r, err := n.ReadReach(ctx, in.Account)
			return r.Answer, err
		})
		reads := func(only bool) func(context.Context, connector.System) (bool, error) {
			return func(ctx context.Context, s connector.System) (bool, error) {
				r, err := s.Narrower.ReadReach(ctx, in.Account)
				return r.ReadOnly == only, err
			}
		}
		act("narrow", func(ctx context.Context) (connector.Receipt, error) { return n.NarrowAccess(ctx, in) }).is = reads(true)
		if n.NarrowInfo().Undo != connector.Final {
			act(Widen, func(ctx context.Context) (connector.Receipt, error) {
				return n.WidenAccess(ctx, connector.WidenInput{AccessInput: in, Held: []string{d.held()}})
			}).is = reads(false)
		}
	}
	if p := s.Writes; p != nil {
		add("probe write", probing, func(ctx context.Context) ([]byte, error) {
			got, err := p.ProbeWrite(ctx, d.account(Reference))
			return fmt.Appendf(nil, "%+v", got), err
		})
	}
	if p := s.Prober; p != nil {
		add("probe", probing, func(ctx context.Context) ([]byte, error) {
			got, err := p.ProbeAccess(ctx, d.account(Reference))
			return fmt.Appendf(nil, "%+v", got), err
		})
	}
	if x := s.Actions; x != nil {
		for _, name := range x.ActionNames() {
			in := connector.ActionInput{Action: name, Reference: Reference, Key: "k"}
			add("read action "+name, reading, func(ctx context.Context) ([]byte, error) {
				st, err := x.ReadAction(ctx, name, Reference)
				return st.Answer, err
			})
			act("act "+name, func(ctx context.Context) (connector.Receipt, error) { return x.Act(ctx, in) }).is = func(ctx context.Context, s connector.System) (bool, error) {
				st, err := s.Actions.ReadAction(ctx, name, Reference)
				return st.Holds, err
			}
			if info, _ := x.ActionInfo(name); info.Undo != connector.Final {
				act(TakeBack+name, func(ctx context.Context) (connector.Receipt, error) { return x.TakeBack(ctx, in) }).is = func(ctx context.Context, s connector.System) (bool, error) {
					st, err := s.Actions.ReadAction(ctx, name, Reference)
					return st.Back, err
				}
			}
		}
	}
	if n := s.Notifier; n != nil {
		act("notify", func(ctx context.Context) (connector.Receipt, error) {
			return n.Notify(ctx, connector.NotifyInput{Key: "k", Body: []byte(`{"type":"exit.scheduled","data":{"reference":"` + Reference + `"}}`)})
		})
	}
	if l := s.Lister; l != nil {
		add("list accesses", reading, func(ctx context.Context) (seen []byte, err error) {
			list, err := l.ListAccesses(ctx, Reference)
			for _, a := range list { // labels are what people there call an access
				seen = fmt.Appendf(seen, "%s %s %s %t\n", a.Account, a.Kind, a.Status, a.Open)
			}
			return seen, err
		})
	}
	out = append(out, d.afterCalls(s)...)
	if s.Checker != nil {
		add("check", reading, func(ctx context.Context) ([]byte, error) { return nil, s.Checker.Check(ctx) })
	}
	return out
}

// afterCalls are those of what a system can tell of somebody who has left.
func (d Dialect) afterCalls(s connector.System) []call {
	var out []call
	since := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	if c := s.Charges; c != nil {
		out = append(out, call{name: "list charges", sort: reading, do: func(ctx context.Context) ([]byte, error) {
			list, err := c.ChargesSince(ctx, Reference, since)
			return fmt.Appendf(nil, "%+v", list), err
		}})
	}
	if c := s.Every; c != nil {
		out = append(out, call{name: "list the charges of everybody", sort: reading, do: func(ctx context.Context) ([]byte, error) {
			list, err := c.EveryChargeSince(ctx, since, func(all []connector.Charged) ([]bool, error) { return make([]bool, len(all)), nil })
			return fmt.Appendf(nil, "%+v", list), err
		}})
	}
	if g := s.SignIns; g != nil {
		out = append(out, call{name: "last sign-in", sort: reading, do: func(ctx context.Context) ([]byte, error) {
			at, err := g.LastSignIn(ctx, d.account(Reference))
			return fmt.Append(nil, at), err
		}})
	}
	return out
}

// moneyCalls are those of what a billing system can do beside.
func moneyCalls(s connector.System) []call {
	var out []call
	act := func(name string, do func(context.Context) (connector.Receipt, error)) {
		out = append(out, call{name: name, sort: acting, do: func(ctx context.Context) ([]byte, error) { r, err := do(ctx); return r.Answer, err }})
	}
	resume := connector.ResumeInput{Reference: Reference, Key: "k"}
	if e := s.Ender; e != nil {
		for _, in := range []connector.EndInput{
			{How: connector.EndNow, Prorate: true, Bill: true},
			{How: connector.EndOfPeriod, Reason: connector.StatedReason{Code: "other", Comment: Person}},
			{How: connector.EndOnDate, EndsAt: time.Date(2030, 2, 28, 0, 0, 0, 0, time.UTC), Prorate: true},
		} {
			in.Reference, in.Key = Reference, "k"
			act("end "+string(in.How), func(ctx context.Context) (connector.Receipt, error) { return e.EndSubscription(ctx, in) })
		}
	}
	if e := s.Explainer; e != nil {
		act("state a reason", func(ctx context.Context) (connector.Receipt, error) {
			return e.StateReason(ctx, connector.ReasonInput{Reference: Reference, Reason: connector.StatedReason{Code: "unused"}, Key: "k"})
		})
	}
	if p := s.Pauser; p != nil {
		act("pause", func(ctx context.Context) (connector.Receipt, error) {
			return p.PauseBilling(ctx, connector.PauseInput{Reference: Reference, Key: "k"})
		})
		act("continue", func(ctx context.Context) (connector.Receipt, error) { return p.ContinueBilling(ctx, resume) })
	}
	if d := s.Discounter; d != nil {
		in := connector.CouponInput{Reference: Reference, Coupon: Coupon, Key: "k"}
		act("apply a coupon", func(ctx context.Context) (connector.Receipt, error) { return d.ApplyCoupon(ctx, in) })
		act("remove a coupon", func(ctx context.Context) (connector.Receipt, error) { return d.RemoveCoupon(ctx, in) })
	}
	if r := s.Refunder; r != nil {
		out = append(out, call{name: "read refund", sort: reading, do: func(ctx context.Context) ([]byte, error) {
			st, err := r.ReadRefund(ctx, connector.RefundQuery{Payment: Reference, Key: "k"})
			return st.Answer, err
		}})
		act("refund", func(ctx context.Context) (connector.Receipt, error) {
			return r.Refund(ctx, connector.RefundInput{Payment: Reference, Amount: money.Amount{Minor: 400, Currency: "EUR"}, Key: "k"})
		})
	}
	if l := s.Ledger; l != nil {
		out = append(out, call{name: "read ledger", sort: reading, do: func(ctx context.Context) ([]byte, error) {
			st, err := l.ReadLedger(ctx, connector.LedgerInput{Reference: Reference})
			return st.Answer, err
		}})
	}
	return out
}

// end is one way in which a call ends.
type end struct {
	kind  fault.Kind
	code  string
	retry time.Duration
}

var (
	uncertain   = end{fault.Uncertain, "connector.uncertain", 0}
	unreachable = end{fault.Transient, "connector.unreachable", 0}
	unreadable  = end{fault.Transient, "connector.unreadable", 0}
	tooLong     = end{fault.Transient, "connector.too_long", 0}
	refused     = end{fault.Invalid, "connector.refused", 0}
	credential  = end{fault.Invalid, "connector.credential", 0}
	noRight     = end{fault.Invalid, "connector.no_right", 0}
	unknown     = end{fault.NotFound, "connector.unknown_reference", 0}
	busy        = end{fault.Transient, "connector.busy", 0}
	wait7       = end{fault.Transient, "connector.busy", 7 * time.Second}
)

type failing struct {
	fault      Fault // of which it is a way
	name       string
	answer     http.HandlerFunc
	read, act  end
	sick       bool // proves nothing to a probe
	answersGet bool // what it says of a reading is the connector's business
}

// unread reports whether a success came whose body says nothing.
func (f failing) unread() bool {
	return (f.read == unreadable || f.read == tooLong) && f.act == uncertain
}

func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cut answers these bytes and hangs up.
func cut(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

func slow(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func slowBody(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"data":`)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// ends are the ways in which far systems fail.
func ends() []failing {
	return []failing{
		{TimeOut, "no answer in time, after the effect", slow, unreachable, uncertain, true, false},
		{SlowBody, "a body that does not come in time", slowBody, unreadable, uncertain, false, false},
		{TimeOut, "a line that is cut after the effect", cut(""), unreachable, uncertain, true, false},
		{SlowBody, "a line that is cut in the body", cut("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"data\""), unreadable, uncertain, false, false},
		{WrongBody, "an answer of another protocol", cut("SSH-2.0-OpenSSH_9.2\r\n"), unreachable, uncertain, true, false},
		{WrongBody, "a body that is nonsense", answers(200, "<html>"+Person+"</html>"), unreadable, uncertain, false, false},
		{WrongBody, "an empty success", answers(200, ""), unreadable, uncertain, false, false},
		{WrongBody, "a body over the bound", answers(200, `{"a":"`+strings.Repeat("a", 2*Limit)+`"}`), tooLong, uncertain, false, false},
		{ServerError, "500", answers(500, `{"error":"`+Person+`"}`), unreachable, uncertain, true, false},
		{ServerError, "502", answers(502, ""), unreachable, uncertain, true, false},
		{ServerError, "503 of a proxy", answers(503, ""), busy, uncertain, true, false},
		{Throttled, "503 that says how long", answers(503, "", "Retry-After", "7"), wait7, wait7, true, false},
		{Throttled, "429", answers(429, ""), busy, busy, true, false},
		{Throttled, "429 that says how long", answers(429, "{}", "Retry-After", "7"), wait7, wait7, true, false},
		{Throttled, "403 that says how long", answers(403, "{}", "Retry-After", "7"), wait7, wait7, true, false},
		{Throttled, "403 whose allowance is used up", answers(403, "{}", "Date", ahead(0), "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", strconv.FormatInt(aheadUnix(7*time.Second), 10)), wait7, wait7, true, false},
		{Throttled, "403 with a reason that is a limit", answers(403, `{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}`), busy, busy, true, false},
		{Throttled, "403 that says in words that it is a limit", answers(403, `{"message":"You have exceeded a secondary rate limit."}`), busy, busy, true, false},
		{Throttled, "401 that says how long", answers(401, "", "Retry-After", "7"), wait7, wait7, true, false},
		{Skew, "429 that says when, by a clock that is decades ahead", answers(429, "", "Date", ahead(0), "Retry-After", ahead(7*time.Second)), wait7, wait7, true, false},
		{Skew, "503 that says when, by a clock that is decades behind", answers(503, "", "Date", behind(0), "Retry-After", behind(7*time.Second)), wait7, wait7, true, false},
		{Partial, "several outcomes in one success", answers(207, `{"done":1,"failed":1}`), unreadable, uncertain, false, false},
		{Partial, "a part of the answer", answers(206, `{"status":"active"}`), unreadable, uncertain, false, false},
		{Expired, "an expired credential", answers(401, ""), credential, credential, false, false},
		{Expired, "a missing right", answers(403, ""), noRight, noRight, false, false},
		{WrongBody, "a refusal", answers(400, `{"error":"bad `+Person+`"}`), refused, refused, false, false},
		{WrongBody, "an endless refusal", answers(422, strings.Repeat("x", 3*Limit)), refused, refused, false, false},
		{WrongBody, "an unknown reference", answers(404, "{}"), unknown, unknown, false, true},
		{WrongBody, "a gateway that knows no such address", answers(404, "<html>404 page not found</html>"), unreadable, unknown, false, false},
		{WrongBody, "a gateway that says no more than that", answers(404, ""), unreadable, unknown, false, false},
		{WrongBody, "a redirect", answers(307, "", "Location", "/elsewhere"), refused, refused, false, false},
		{WrongBody, "a redirect after the effect", answers(303, "", "Location", "/elsewhere"), refused, uncertain, false, false},
	}
}

// ahead and behind are instants by the clocks of far systems that are wrong.
func ahead(d time.Duration) string { return wrongClock(2061, d) }

func behind(d time.Duration) string { return wrongClock(1999, d) }

func wrongClock(year int, d time.Duration) string {
	return wrongInstant(year, d).Format(http.TimeFormat)
}

func wrongInstant(year int, d time.Duration) time.Time {
	return time.Date(year, 12, 31, 23, 59, 58, 0, time.UTC).Add(d)
}

func aheadUnix(d time.Duration) int64 { return wrongInstant(2061, d).Unix() }

// Run runs the suite.
func Run(t *testing.T, d Dialect) {
	d.answered(t)
	for _, f := range ends() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			d.fails(t, f)
		})
	}
	t.Run("a system that is well", d.well)
	t.Run("a promise is no effect", d.promises)
	t.Run("nobody listens", d.silent)
	t.Run("a call whose time is over is not sent", d.late)
	t.Run("the far clock counts for nothing", d.skewed)
	t.Run("a part of an act is no act", d.partial)
	t.Run("a list is whole or none", d.lists)
}

// answered checks that every fault that HTTP has is made in some way.
func (d Dialect) answered(t *testing.T) {
	t.Helper()
	made := map[Fault]bool{Moving: true} // by a list, where the system lists
	for _, f := range ends() {
		made[f.fault] = true
	}
	for f, a := range answersIn(t, HTTP) {
		if made[f] != (a.How != "") {
			t.Errorf("%s is made: %v, and HTTP says %+v", f, made[f], a)
		}
	}
}

// RunLists runs only the part of the suite about lists, for connectors that know
// more than one way of listing.
func RunLists(t *testing.T, d Dialect) { d.lists(t) }

// far is a far end that counts what it is asked.
func far(t *testing.T, h http.HandlerFunc) (base string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		h(w, r)
	}))
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func (d Dialect) fails(t *testing.T, f failing) {
	var acts atomic.Bool
	var acted atomic.Int32
	base, asked := far(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			acted.Add(1)
		}
		if acts.Load() && r.Method == http.MethodGet {
			d.Well(w, r)
			return
		}
		f.answer(w, r)
	})
	for _, c := range d.calls(d.Connect(t, base)) {
		looks := d.Looks && c.sort == acting
		acts.Store(looks)
		evidence, err := c.do(t.Context())
		n, did, most := asked.Swap(0), acted.Swap(0), int32(1)
		if d.Looks && c.sort != acting {
			most = 2 // on a line kept from a look that is cut, reading is tried again
		}
		if looks {
			n -= did
			most = 5
			if did != 1 {
				t.Errorf("%s: acted %d times, want once", c.name, did)
			}
		}
		if n < 1 || n > most {
			t.Errorf("%s: called %d times, want at most %d", c.name, n, most)
		}
		d.discreet(t, c.name, evidence, err)
		want := f.read
		switch c.sort {
		case acting:
			if want = f.act; d.Bare && f.unread() {
				continue
			}
		case probing:
			if f.sick && fault.KindOf(err) != fault.Transient {
				t.Errorf("%s: %v proves nothing, and yet: %s", c.name, err, evidence)
			}
			continue
		case reading:
			if f.answersGet || c.name == "check" && f.unread() {
				continue
			}
		}
		if fault.KindOf(err) != want.kind || fault.CodeOf(err) != want.code {
			t.Errorf("%s: got %v, want %v %s", c.name, err, want.kind, want.code)
			continue
		}
		if e, ok := err.(*fault.Error); !ok || e.RetryAfter != want.retry {
			t.Errorf("%s: %+v, want to be tried again after %v", c.name, err, want.retry)
		}
	}
}

// discreet checks that neither a person nor our secret is kept or told.
func (d Dialect) discreet(t *testing.T, name string, evidence []byte, err error) {
	t.Helper()
	if bytes.Contains(evidence, []byte(Person)) || bytes.Contains(evidence, []byte(d.Secret)) {
		t.Errorf("%s: the evidence keeps too much: %s", name, evidence)
	}
	if err == nil {
		return
	}
	e, _ := err.(*fault.Error)
	if strings.Contains(err.Error(), Person) || strings.Contains(err.Error(), d.Secret) || e != nil && strings.Contains(fmt.Sprint(e.Args), Reference) {
		t.Errorf("%s: the error tells too much: %v", name, err)
	}
}

func (d Dialect) well(t *testing.T) {
	base, _ := far(t, d.Well)
	for _, c := range d.calls(d.Connect(t, base)) {
		evidence, err := c.do(t.Context())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name != "check" && len(evidence) == 0 {
			t.Errorf("%s: nothing is kept as evidence", c.name)
		}
		d.discreet(t, c.name, evidence, err)
	}
}

// promises: what answered "done" and did nothing must read as not done, so
// that it is never verified.
func (d Dialect) promises(t *testing.T) {
	base, _ := far(t, d.Well)
	s, ctx := d.Connect(t, base), t.Context()
	for _, c := range d.calls(s) {
		if _, err := c.do(ctx); c.sort == acting && err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	if s.Billing != nil {
		if st, err := s.Billing.ReadSubscription(ctx, Reference); err != nil || !st.Found || st.Ended || !st.EndsAt.IsZero() || st.Paused || len(st.Coupons) > 0 {
			t.Errorf("the subscription goes on as it was, and reads %+v, %v", st, err)
		}
	}
	if s.Refunder != nil {
		if st, err := s.Refunder.ReadRefund(ctx, connector.RefundQuery{Payment: Reference, Key: "k"}); err != nil || st.Found || st.Stage != "" {
			t.Errorf("nothing was given back, and it reads %+v, %v", st, err)
		}
	}
	if s.Access != nil {
		if st, err := s.Access.ReadAccess(ctx, d.account(Reference)); err != nil || !st.Found || !st.Open {
			t.Errorf("the access is open, and reads %+v, %v", st, err)
		}
	}
	if s.Prober != nil {
		if p, err := s.Prober.ProbeAccess(ctx, d.account(Reference)); err != nil || !p.In || p.At.IsZero() {
			t.Errorf("it lets in, and the probe says %+v, %v", p, err)
		} else if p.With == nil || p.With() == "" {
			t.Error("the probe does not say with which credential it was made")
		}
	}
	if s.Actions != nil {
		for _, name := range s.Actions.ActionNames() {
			if st, err := s.Actions.ReadAction(ctx, name, Reference); err != nil || st.Holds {
				t.Errorf("%s was not done, and reads %+v, %v", name, st, err)
			}
		}
	}
}

func (d Dialect) silent(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + ln.Addr().String()
	_ = ln.Close()
	for _, c := range d.calls(d.Connect(t, base)) {
		if _, err := c.do(t.Context()); fault.KindOf(err) != fault.Transient {
			t.Errorf("%s: nothing was sent, and yet: %v", c.name, err)
		}
	}
}

func (d Dialect) late(t *testing.T) {
	base, asked := far(t, d.Well)
	s := d.Connect(t, base)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range d.calls(s) {
		if _, err := c.do(ctx); fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_sent" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("called %d times", n)
	}
}
