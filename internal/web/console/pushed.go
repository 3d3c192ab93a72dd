package console

import (
	"hastaluego/internal/pushed"
	"hastaluego/internal/text"
)

// pushedRow is one thing that a program pushed of a customer.
type pushedRow struct {
	Name, Title, State, Size string
	Rows                     string // empty: they are files
	Part                     bool   // it has not come whole
}

func (v *visit) viewPushed(p pushed.Push) pushedRow {
	row := pushedRow{Name: p.Name, Title: p.Titles[v.lang], Size: text.Size(v.lang, p.Bytes), Part: p.State != pushed.Complete}
	row.State = v.say("customer.pushed.state."+string(p.State), "at", text.ShortInstant(v.lang, p.Changed, v.zone()))
	if p.Format != pushed.Files {
		row.Rows = v.say("customer.pushed.rows", "n", text.Number(v.lang, p.Rows))
	}
	return row
}
