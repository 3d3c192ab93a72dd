package peer_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hastaluego/internal/demo/peer"
	"hastaluego/internal/when"
)

func get(t *testing.T, p *process, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func post(t *testing.T, p *process, path, key, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.Token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestAKilledPeerComesBackAsItWas(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1", "2", "3")
	future := when.Machine{}.Wall().AddDate(0, 3, 0).Truncate(time.Second)
	p.clock(t, future)
	if got := post(t, p, "/subscriptions/1/cancel", "k1", ""); got != 200 {
		t.Fatalf("status %d", got)
	}
	if got := post(t, p, "/subscriptions/2/cancel", "k2", `{"at":"`+future.Add(time.Hour).Format(time.RFC3339)+`"}`); got != 200 {
		t.Fatalf("status %d", got)
	}
	p.seed(t, "1") // seeding again undoes nothing
	state := func() (all []string) {
		for _, path := range []string{"/subscriptions/1", "/subscriptions/2", "/subscriptions/3", "/effects"} {
			_, body := get(t, p, path)
			all = append(all, body)
		}
		return all
	}
	before := state()
	if !strings.Contains(before[0], `"status":"canceled"`) || !strings.Contains(before[1], `"status":"active"`) {
		t.Fatalf("%v", before)
	}
	p.kill(t)
	if d := cmp.Diff(before, state()); d != "" {
		t.Error(d)
	}
	effects, err := p.Effects(t.Context(), "")
	if err != nil || len(effects) != 2 || effects[0].At.Before(future) || effects[0].Key != "k1" || effects[1].EndsAt == nil {
		t.Errorf("business time is lost: %+v %v", effects, err)
	}
}

// The kill came in the middle of a line: the call was not answered, so the
// line counts for nothing, and the next one starts clean.
func TestATornLineIsCutOff(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	f, err := os.OpenFile(p.file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"effect":{"n":1,"reference":"1","ki`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	p.run(t)
	if got := p.applied(t, ""); got != "" {
		t.Errorf("effects %q", got)
	}
	if got := post(t, p, "/subscriptions/1/cancel", "", ""); got != 200 {
		t.Fatalf("status %d", got)
	}
	p.kill(t)
	if got := p.applied(t, "1"); got != "cancel" {
		t.Errorf("effects %q", got)
	}
}

func TestAJournalBrokenInTheMiddleIsNotGuessedAt(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/j"
	if err := os.WriteFile(file, []byte("{\"seed\":[]}\nnonsense\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := peer.Run(t.Context(), peer.Options{Listen: "127.0.0.1:0", Token: token, File: file})
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

func TestStrangersGetNothing(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	stranger := *p
	stranger.Token = "guess"
	if status, body := get(t, &stranger, "/subscriptions/1"); status != 401 || strings.Contains(body, "EUR") {
		t.Errorf("%d %s", status, body)
	}
	if status := post(t, &stranger, "/subscriptions/1/cancel", "", ""); status != 401 {
		t.Errorf("status %d", status)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	for _, body := range []string{"nonsense", `{"at":"tomorrow"}`, `{"at":5}`} {
		if status := post(t, p, "/subscriptions/1/cancel", "", body); status != 400 {
			t.Errorf("%s: status %d", body, status)
		}
	}
	if err := p.Seed(t.Context(), []peer.Subscription{{}}); err == nil {
		t.Error("a subscription without a reference was taken")
	}
	if got := p.applied(t, ""); got != "" {
		t.Errorf("effects %q", got)
	}
}

func TestManyCallsWithOneKeyAtOnceAreOneEffect(t *testing.T) {
	t.Parallel()
	p := start(t, true)
	p.seed(t, "1")
	p.faults(t, peer.Faults{DelayBefore: 50})
	codes := make(chan int, 8)
	for range cap(codes) {
		go func() { codes <- post(t, p, "/subscriptions/1/cancel", "k", "") }()
	}
	for range cap(codes) {
		if c := <-codes; c != 200 {
			t.Errorf("status %d", c)
		}
	}
	if got := p.applied(t, "1"); got != "cancel" {
		t.Errorf("effects %q", got)
	}
}
