package web

import (
	"net/http"
	"slices"
)

// Mux is a mux that can say what it serves, so that tests walk every route and
// a new one is not forgotten.
type Mux struct {
	http.ServeMux
	patterns []string
}

// NewMux makes an empty Mux.
func NewMux() *Mux { return &Mux{} }

// Handle serves the pattern with h.
func (m *Mux) Handle(pattern string, h http.Handler) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.Handle(pattern, h)
}

// HandleFunc serves the pattern with h.
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

// Patterns are all patterns, sorted.
func (m *Mux) Patterns() []string {
	list := slices.Clone(m.patterns)
	slices.Sort(list)
	return list
}
