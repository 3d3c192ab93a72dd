package document

import (
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// Entrusted is what became of something confidential that was not returned.
type Entrusted struct {
	Method, By, Witness string // it was destroyed
	On                  when.Date
	Basis, Why          string // it is kept
	Until               when.Date
}

// secret says what became of something confidential; empty where it is none of that.
func (w writer) secret(x Handed) string {
	e := x.Entrusted
	switch {
	case !e.On.IsZero():
		s := w.say("handed.destroyed", "date", text.LongDate(w.lang, e.On), "by", clean(e.By), "method", w.say("handed.method."+e.Method))
		if e.Witness != "" {
			s += " " + w.say("handed.witness", "witness", clean(e.Witness))
		}
		return s
	case !e.Until.IsZero():
		return w.say("handed.kept", "date", text.LongDate(w.lang, e.Until), "basis", w.say("handed.basis."+e.Basis), "why", clean(e.Why))
	}
	return ""
}

// EntrustedCount is what became of so many confidential things.
type EntrustedCount struct {
	Outcome string // returned, given, destroyed, kept or open
	Method  string
	Basis   string
	Until   when.Date
	N       int
}

// entrusted tells what became of what was entrusted under a promise of secrecy.
func (w writer) entrusted(list []EntrustedCount) []Block {
	if len(list) == 0 {
		return nil
	}
	b := Block{Heading: w.say("certificate.entrusted")}
	for _, e := range list {
		var args []any
		switch e.Outcome {
		case "destroyed":
			args = []any{"method", w.say("handed.method." + e.Method)}
		case "kept":
			args = []any{"date", text.LongDate(w.lang, e.Until), "basis", w.say("handed.basis." + e.Basis)}
		}
		f := Fact{Label: w.say("certificate.things", "n", e.N), Lines: []string{w.say("certificate.entrusted."+e.Outcome, args...)}}
		if !e.Until.IsZero() {
			f.Time = e.Until.String()
		}
		b.Facts = append(b.Facts, f)
	}
	return []Block{b}
}
