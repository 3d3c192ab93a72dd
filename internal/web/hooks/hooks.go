// Package hooks takes the signed messages of far systems. It reads a bounded
// body and calls one verb; who sent it is told by the signature alone, so no
// cookie and no key means anything here, and nothing of the message is shown.
package hooks

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/web"
)

// Pattern is the only address that this package serves.
const Pattern = "POST /hooks/{system}"

// MaxBody bounds a message, in bytes.
const MaxBody = 256 << 10

// New takes the messages. 204: taken, or known already; 401: not signed by the
// system, or too old; 404: no such system; 413: too large; 422: no JSON.
func New(a *app.App, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			err = fault.New(fault.TooLarge, "request.too_large")
		case err != nil:
			err = fault.New(fault.Invalid, "webhook.body").At("hooks", err)
		default:
			err = a.ReportFromSystem(r.Context(), r.PathValue("system"), r.Header.Get, body)
		}
		if err == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		status := web.Status(err)
		if status >= http.StatusInternalServerError {
			log.Error("message of a far system not taken", "system", r.PathValue("system"), "err", err)
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": fault.CodeOf(err)})
	})
}
