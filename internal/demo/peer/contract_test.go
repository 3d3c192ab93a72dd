package peer_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// declared is the system as examples/systems.yaml declares it, byte for byte.
func declared(t *testing.T) httpsystem.Config {
	t.Helper()
	const file = "../../../examples/systems.yaml"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all, err := declaration.Load(file, src, httpsystem.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Name() != "billing" || all[1].Name() != "faro" {
		t.Fatalf("the example declares %+v", all)
	}
	return all[0].(httpsystem.Config)
}

// connect points the example at the process: where it listens and its token
// come from references in the file, which here have to differ per test.
func connect(t *testing.T, p *process, change func(*httpsystem.Config)) connector.Billing {
	t.Helper()
	cfg := declared(t)
	cfg.BaseURL = p.Base
	file := t.TempDir() + "/token"
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Auth.Value = "file:" + file
	if change != nil {
		change(&cfg)
	}
	s, err := httpsystem.New(cfg, when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector().Billing
}

func quick(c *httpsystem.Config) { c.Timeout = 400 * time.Millisecond }

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if fault.KindOf(err) != kind || fault.CodeOf(err) != code {
		t.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

func read(t *testing.T, s connector.Billing, ref string) connector.SubscriptionState {
	t.Helper()
	st, err := s.ReadSubscription(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// The file works as it is, with nothing but its two variables set.
func TestTheExampleConnectsToThePeerAsItIs(t *testing.T) {
	p := start(t, true)
	p.seed(t, "8842")
	t.Setenv("HASTA_BILLING_URL", p.Base)
	t.Setenv("HASTA_BILLING_TOKEN", token)
	s, err := httpsystem.New(declared(t), when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if st := read(t, s.Connector().Billing, "8842"); !st.Found || st.Status != peer.Active || st.Ended || !st.EndsAt.IsZero() {
		t.Errorf("%+v", st)
	}
	want := connector.Info{System: "billing", Kind: "http", Level: connector.Declared, Effect: connector.Keyed, KeyLife: 24 * time.Hour, Undo: connector.Restorable}
	if s.Info() != want {
		t.Errorf("%+v", s.Info())
	}
}

func TestASubscriptionEndsWhenItsTimeComesAndNotBefore(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "8842")
	p.clock(t, noon)
	s := connect(t, p, nil)
	ends := noon.Add(48 * time.Hour)
	r, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "8842", EndsAt: ends, Key: "work_1"})
	if err != nil || r.Reference != "eff_1" || !strings.Contains(string(r.Answer), `"body_sha256"`) {
		t.Fatalf("%+v %v", r, err)
	}
	if st := read(t, s, "8842"); st.Ended || !st.EndsAt.Equal(ends) {
		t.Errorf("before its time: %+v", st)
	}
	p.clock(t, ends)
	if st := read(t, s, "8842"); !st.Ended || st.Status != "canceled" {
		t.Errorf("at its time: %+v", st)
	}
	if got := p.applied(t, "8842"); got != "cancel" {
		t.Errorf("effects %q", got)
	}
}

func TestACancellationTakenBackLeavesTheSubscriptionAsItWas(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1", "2")
	s := connect(t, p, nil)
	for ref, ends := range map[string]time.Time{"1": {}, "2": noon.AddDate(5, 0, 0)} {
		before := read(t, s, ref)
		if _, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: ref, EndsAt: ends, Key: "c" + ref}); err != nil {
			t.Fatal(err)
		}
		if st := read(t, s, ref); st.Ended != ends.IsZero() {
			t.Errorf("cancelled: %+v", st)
		}
		if _, err := s.ResumeSubscription(t.Context(), connector.ResumeInput{Reference: ref, Key: "r" + ref}); err != nil {
			t.Fatal(err)
		}
		if after := read(t, s, ref); string(after.Answer) != string(before.Answer) {
			t.Errorf("before %s\nafter  %s", before.Answer, after.Answer)
		}
		if got := p.applied(t, ref); got != "cancel resume" {
			t.Errorf("effects %q", got)
		}
	}
}

func TestTheSameKeyIsAppliedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	s := connect(t, p, nil)
	in := connector.CancelInput{Reference: "1", Key: "work_1"}
	first, err := s.CancelSubscription(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if i == 2 {
			p.kill(t) // what it promised about keys outlives it
			s = connect(t, p, nil)
		}
		again, err := s.CancelSubscription(t.Context(), in)
		if err != nil || string(again.Answer) != string(first.Answer) {
			t.Fatalf("%s then %s, %v", first.Answer, again.Answer, err)
		}
	}
	in.EndsAt = noon
	_, err = s.CancelSubscription(t.Context(), in)
	wantFault(t, err, fault.Invalid, "connector.refused") // another request under the same key
	if got := p.applied(t, "1"); got != "cancel" {
		t.Errorf("effects %q", got)
	}
}

func TestWithoutKeysEveryCallIsApplied(t *testing.T) {
	t.Parallel()
	p := start(t, false)
	p.seed(t, "1")
	s := connect(t, p, nil)
	for range 3 {
		if _, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "work_1"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.applied(t, "1"); got != "cancel cancel cancel" {
		t.Errorf("effects %q", got)
	}
}

func TestAlreadySoIsSuccess(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	s := connect(t, p, nil)
	for _, key := range []string{"work_1", "work_2"} {
		if _, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"work_3", "work_4"} {
		if _, err := s.ResumeSubscription(t.Context(), connector.ResumeInput{Reference: "1", Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.applied(t, "1"); got != "cancel resume" {
		t.Errorf("effects %q", got)
	}
}

func TestAnUnknownReferenceIsSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	s := connect(t, p, nil)
	st, err := s.ReadSubscription(t.Context(), "nobody")
	wantFault(t, err, fault.NotFound, "connector.unknown_reference")
	if st.Found || !strings.Contains(string(st.Answer), "404") {
		t.Errorf("%+v", st)
	}
	_, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "nobody", Key: "k"})
	wantFault(t, err, fault.NotFound, "connector.unknown_reference")
}

func TestAWrongTokenIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	s := connect(t, p, func(c *httpsystem.Config) { c.Auth.Scheme = "Basic" })
	_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Invalid, "connector.credential")
	if got := p.applied(t, "1"); got != "" {
		t.Errorf("effects %q", got)
	}
}

// The answer is lost after the effect: the call is uncertain, calling again
// with the key gives the lost answer, and there is one effect.
func TestALostAnswerIsUncertainAndFoundAgainByItsKey(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "cut", "slow", "late")
	s := connect(t, p, quick)
	for ref, f := range map[string]peer.Faults{
		"cut":  {DropAfterEffect: 1, Reference: "cut"},
		"slow": {DelayAfter: 900, Reference: "slow"},
		"late": {DelayBefore: 900, Reference: "late"}, // the effect comes after we have given up
	} {
		p.faults(t, f)
		in := connector.CancelInput{Reference: ref, Key: "work_" + ref}
		_, err := s.CancelSubscription(t.Context(), in)
		wantFault(t, err, fault.Uncertain, "connector.uncertain")
		if ref == "late" {
			if got := p.applied(t, ref); got != "" {
				t.Errorf("%s: effects %q, too early", ref, got)
			}
			eventually(t, func() bool { return p.applied(t, ref) == "cancel" })
		}
		p.faults(t, peer.Faults{})
		if st := read(t, s, ref); !st.Ended {
			t.Errorf("%s: %+v", ref, st)
		}
		if r, err := s.CancelSubscription(t.Context(), in); err != nil || r.Reference == "" {
			t.Errorf("%s: %+v %v", ref, r, err)
		}
		if got := p.applied(t, ref); got != "cancel" {
			t.Errorf("%s: effects %q", ref, got)
		}
	}
}

func TestTheBusyPeerSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	s := connect(t, p, nil)
	for _, status := range []int{429, 503} {
		p.faults(t, peer.Faults{Status: status, RetryAfter: 30, Reads: true})
		_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
		wantFault(t, err, fault.Transient, "connector.busy")
		if got := err.(*fault.Error).RetryAfter; got != 30*time.Second {
			t.Errorf("retry after %v", got)
		}
		_, err = s.ReadSubscription(t.Context(), "1")
		wantFault(t, err, fault.Transient, "connector.busy")
	}
	p.faults(t, peer.Faults{Status: 500})
	_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "k"})
	wantFault(t, err, fault.Uncertain, "connector.uncertain")
	if got := p.applied(t, "1"); got != "" {
		t.Errorf("effects %q", got)
	}
}

func TestAKilledPeerIsUncertainWhileCalledAndUnreachableAfter(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	s := connect(t, p, nil)
	p.faults(t, peer.Faults{DelayAfter: 60_000})
	done := make(chan error, 1)
	go func() {
		_, err := s.CancelSubscription(context.WithoutCancel(t.Context()), connector.CancelInput{Reference: "1", Key: "work_1"})
		done <- err
	}()
	eventually(t, func() bool { return p.applied(t, "1") == "cancel" })
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	wantFault(t, <-done, fault.Uncertain, "connector.uncertain")
	_, err := s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "work_1"})
	wantFault(t, err, fault.Transient, "connector.unreachable")
	p.run(t)
	s = connect(t, p, nil)
	if _, err = s.CancelSubscription(t.Context(), connector.CancelInput{Reference: "1", Key: "work_1"}); err != nil {
		t.Fatal(err)
	}
	if got := p.applied(t, "1"); got != "cancel" {
		t.Errorf("effects %q", got)
	}
}

func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for range 200 {
		if so() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it never came to be so")
}
