package hooks_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/step"
	"hastaluego/internal/store"
	"hastaluego/internal/web/hooks"
	"hastaluego/internal/webhook"
)

// reporter takes what is signed with its key.
type reporter struct{ key webhook.Secret }

func (r reporter) ReadReport(header func(string) string, body []byte, wall time.Time) (connector.Report, error) {
	id, err := webhook.Verify(header, body, wall, r.key)
	if err != nil {
		return connector.Report{}, err
	}
	if !json.Valid(body) {
		return connector.Report{}, fault.New(fault.Invalid, "webhook.body")
	}
	return connector.Report{ID: id}, nil
}

func TestOnlyWhatTheSystemSignedJustNowIsTaken(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Config{URL: filepath.Join(t.TempDir(), "hasta.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := webhook.NewSecret()
	a := app.New(app.Config{Store: s, Systems: step.Named(connector.System{Name: "billing", Reporter: reporter{key}}, connector.System{Name: "mute"})})
	mux := http.NewServeMux()
	mux.Handle(hooks.Pattern, hooks.New(a, slog.New(slog.DiscardHandler)))
	csrf := http.NewCrossOriginProtection()
	csrf.AddInsecureBypassPattern(hooks.Pattern)
	srv := httptest.NewServer(csrf.Handler(mux))
	t.Cleanup(srv.Close)
	_, wall, err := a.Now(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, id, body string
		at                   time.Time
		key                  webhook.Secret
		status               int
		code                 string
	}{
		{"good", "/hooks/billing", "evt_1", "{}", wall, key, 204, ""},
		{"again", "/hooks/billing", "evt_1", "{}", wall, key, 204, ""},
		{"forged", "/hooks/billing", "evt_2", "{}", wall, webhook.NewSecret(), 401, "webhook.forged"},
		{"replayed later", "/hooks/billing", "evt_1", "{}", wall.Add(-time.Hour), key, 401, "webhook.stale"},
		{"unsigned", "/hooks/billing", "", "{}", wall, key, 401, "webhook.unsigned"},
		{"no JSON", "/hooks/billing", "evt_3", "hello", wall, key, 422, "webhook.body"},
		{"too large", "/hooks/billing", "evt_4", strings.Repeat(" ", hooks.MaxBody+1), wall, key, 413, "request.too_large"},
		{"a system that tells nothing", "/hooks/mute", "evt_5", "{}", wall, key, 404, "not_found"},
		{"no system", "/hooks/nobody", "evt_5", "{}", wall, key, 404, "not_found"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range webhook.Headers(c.id, c.at, []byte(c.body), c.key) {
			req.Header.Set(name, value)
		}
		req.Header.Set("Origin", "https://billing.example") // it comes from elsewhere, and that says nothing
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var problem struct{ Code string }
		if c.code != "" {
			err = json.NewDecoder(res.Body).Decode(&problem)
		}
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || problem.Code != c.code {
			t.Errorf("%s: %d %q (%v), want %d %q", c.name, res.StatusCode, problem.Code, err, c.status, c.code)
		}
	}
}
