package portal_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web/portal"
)

// How the way out works is counted by what was answered; nobody is marked.
func TestTheWayOutIsCountedAndNobodyIsMarked(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		mux := http.NewServeMux()
		answer := func(pattern string, status int) {
			mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		}
		answer("GET /{$}", 200)
		answer("POST /{$}", 303)
		answer("POST /s/{signed}", 503)
		answer("GET /c/{token}", 200)
		answer("GET /gone", 410)
		h := portal.Measured(s.app, mux)
		for _, x := range []struct{ method, path string }{{"GET", "/"}, {"GET", "/"}, {"HEAD", "/"}, {"POST", "/"}, {"POST", "/s/x"}, {"GET", "/c/x"}, {"GET", "/gone"}} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(x.method, x.path, nil))
			if len(w.Result().Cookies()) > 0 {
				t.Errorf("%s %s leaves a cookie", x.method, x.path)
			}
		}
		f, err := s.app.ExitFigures(t.Context(), app.Actor{ID: "usr_x", Roles: []string{"admin"}})
		must(t, err)
		if f.Entries != 2 || f.Confirmed != 1 || f.Failed != 1 || f.Refused != 0 {
			t.Errorf("it was counted %+v", f)
		}
		if n, ok := f.FailedShare(); !ok || n != 5000 {
			t.Errorf("%d of the attempts failed", n)
		}
		if n, ok := f.AbandonedShare(); !ok || n != 5000 {
			t.Errorf("%d of the looks led nowhere", n)
		}
		if f.Failing() || f.Slow() {
			t.Error("a conclusion from so few")
		}
		again, err := s.app.ExitFigures(t.Context(), app.Actor{ID: "usr_x", Roles: []string{"admin"}})
		must(t, err)
		if again != f {
			t.Errorf("looked at twice it is %+v", again)
		}
	})
}
