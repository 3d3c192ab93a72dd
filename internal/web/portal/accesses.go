package portal

import (
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// accessesView is the list of the accesses of a departure, by how it is known that
// they are closed.
type accessesView struct {
	text.Speech
	Title  string
	Sum    string // how many are closed; empty: there are none
	Whole  bool   // all of them are
	Groups []accessGroup
	Kinds  []accessKind // how it can be known, kind by kind
}

// accessKind is kinds of access at systems of which it can be known in one way that one
// is closed.
type accessKind struct {
	Names []string
	Proof string
}

// accessGroup is the accesses of which the same is known.
type accessGroup struct {
	How, Icon, Class, Text string
	Names                  []accessName
}

// accessName is one of them as the record has it, and when that was last seen.
type accessName struct{ Name, On string }

// accessLooks are the sign and the colour of each; green belongs to what was tried
// or read back, and to nothing else.
var accessLooks = map[app.AccessHow][2]string{
	app.AccessTried: {"checks", "ok"}, app.AccessRead: {"checks", "ok"}, app.AccessAttested: {"user", "plain"}, app.AccessReading: {"clock", "plain"}, app.AccessOpen: {"clock", "plain"}, app.AccessAgain: {"alert", "warn"},
}

// called is what a customer is told that a system is.
type called func(system, lang string) string

func viewAccesses(sp text.Speech, zone *time.Location, name called, stands []app.AccessStand) accessesView {
	v := accessesView{Speech: sp, Title: sp.Say("portal.accesses.title")}
	if len(stands) == 0 {
		return v
	}
	closed := 0
	for _, how := range app.AccessHows {
		g := accessGroup{How: string(how), Icon: accessLooks[how][0], Class: accessLooks[how][1]}
		var since when.Date // the earliest that is known
		var until when.Date // the last day of what is left to read
		for _, s := range stands {
			if s.How != how {
				continue
			}
			until = s.Until
			n := accessName{Name: name(s.Grant.System, sp.Lang) + ": " + s.Grant.Account}
			if !s.At.IsZero() {
				on := when.DateOf(s.At, zone)
				n.On = text.Date(sp.Lang, on)
				if since.IsZero() || on.Before(since) {
					since = on
				}
			}
			g.Names = append(g.Names, n)
		}
		n := len(g.Names)
		if n == 0 {
			continue
		}
		if how.Closed() {
			closed += n
		}
		code := "portal.accesses." + g.How
		if how == app.AccessAgain && !since.IsZero() {
			code += ".since"
		}
		g.Text = sp.Say(code, "n", n, "date", text.LongDate(sp.Lang, since), "until", text.LongDate(sp.Lang, until))
		v.Groups = append(v.Groups, g)
	}
	v.Sum, v.Whole = sp.Say("portal.accesses.sum", "done", closed, "all", len(stands)), closed == len(stands)
	v.Kinds = accessKinds(sp, name, stands)
	return v
}

// accessKinds are the kinds of access that there are, each once, the surest first.
func accessKinds(sp text.Speech, name called, stands []app.AccessStand) (out []accessKind) {
	seen := map[string]bool{}
	for _, best := range []app.AccessHow{app.AccessTried, app.AccessRead, app.AccessAttested} {
		k := accessKind{Proof: sp.Say("portal.accesses.can." + string(best))}
		for _, s := range stands {
			kind := s.Grant.Kind
			if !text.Known(sp.Lang, "portal.accesses.kind."+kind) {
				kind = "other"
			}
			said := sp.Say("portal.accesses.kind."+kind) + " · " + name(s.Grant.System, sp.Lang)
			if s.Best != best || seen[said] {
				continue
			}
			seen[said] = true
			k.Names = append(k.Names, said)
		}
		if len(k.Names) > 0 {
			out = append(out, k)
		}
	}
	return out
}
