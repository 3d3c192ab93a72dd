package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/when"
)

// leaving are the pages on which one leaves: shown, and sent.
var (
	leaving = map[string]bool{"GET /{$}": true, "GET /withdraw": true, "GET /s/{signed}": true}
	leaves  = map[string]bool{"POST /{$}": true, "POST /withdraw": true, "POST /s/{signed}": true}
)

// Measured counts how the way out works: how often it is shown, used, refused
// and fails, and what it takes against other pages. It knows of nobody: there is
// no cookie, and nothing is kept but counts of a day.
func Measured(a *app.App, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &answered{ResponseWriter: w, status: http.StatusOK}
		start := when.Machine{}.Wall()
		next.ServeHTTP(x, r)
		took := when.Machine{}.Wall().Sub(start)
		switch {
		case leaves[r.Pattern] && x.status >= 500:
			a.Count(app.ExitFailed, took)
		case leaves[r.Pattern] && x.status >= 400:
			a.Count(app.ExitRefused, took)
		case leaves[r.Pattern] && x.status >= 300: // what answers with a page asks to look once more
			a.Count(app.ExitConfirmed, took)
			a.Count(app.ExitTime, took)
		case leaving[r.Pattern] && x.status == http.StatusOK && r.Method == http.MethodGet:
			a.Count(app.ExitEntry, took)
			a.Count(app.ExitTime, took)
		case x.status == http.StatusOK && r.Method == http.MethodGet && r.Pattern != "/":
			a.Count(app.OtherTime, took)
		}
	})
}

// answered remembers the status that was answered.
type answered struct {
	http.ResponseWriter
	status int
	began  bool
}

func (a *answered) WriteHeader(status int) {
	if !a.began {
		a.status, a.began = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	a.began = true
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is behind.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
