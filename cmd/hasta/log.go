package main

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
)

// quiet is a handler that lets no personal data into the log: addresses of
// people, and the tokens of links, which open what they lead to.
type quiet struct{ slog.Handler }

var (
	addresses = regexp.MustCompile(`[^\s"'<>()\[\],;:=]+@[^\s"'<>()\[\],;:=]+`)
	tokenPath = regexp.MustCompile(`(/(?:v|c|s|r|e|d|g|b|u|copy|bye|not-me|once|first|reset|calendar)/)[^\s/"'?#]+`)
)

func hush(s string) string {
	return tokenPath.ReplaceAllString(addresses.ReplaceAllString(s, "‹address›"), "$1‹token›")
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, hush(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(hushAttr(a))
		return true
	})
	return q.Handler.Handle(ctx, clean)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = hushAttr(a)
	}
	return quiet{q.Handler.WithAttrs(clean)}
}

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

// hushAttr cleans one value. Numbers, times and truths hold nothing personal;
// anything else is written as text and cleaned.
func hushAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, hush(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, g := range group {
			clean[i] = hushAttr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	case slog.KindAny:
		return slog.String(a.Key, hush(fmt.Sprint(v.Any())))
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}
