package jurisdiction

import (
	"cmp"
	_ "embed"
	"slices"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

//go:embed agenda.yaml
var agenda []byte

// Coming is a change of law that has a day, or is expected about one.
type Coming struct {
	ID         string
	On         when.Date
	About      bool     // nobody knows the day: it is the last one of when it is expected
	Packs      []string // that it concerns
	Confidence Confidence
	What       map[string]string // language → words
}

// Agenda is what is coming, by day.
var Agenda = sync.OnceValue(func() []Coming {
	list, err := readAgenda("agenda.yaml", agenda)
	if err != nil {
		panic(fault.Wrap("law", err)) // it is part of the program; a test reads it
	}
	return list
})

func readAgenda(name string, src []byte) (list []Coming, err error) {
	var in []struct {
		ID         string            `yaml:"id"`
		On         string            `yaml:"on"`
		About      bool              `yaml:"about"`
		Packs      []string          `yaml:"packs"`
		Confidence string            `yaml:"confidence"`
		What       map[string]string `yaml:"what"`
	}
	if _, err := source.Decode(name, src, &in); err != nil {
		return nil, err
	}
	for _, x := range in {
		on, err := when.ParseDate(x.On)
		if err != nil {
			return nil, fault.Wrap("law.agenda", err)
		}
		list = append(list, Coming{x.ID, on, x.About, x.Packs, Confidence(x.Confidence), x.What})
	}
	slices.SortStableFunc(list, func(a, b Coming) int { return cmp.Compare(a.On.String(), b.On.String()) })
	return list, nil
}

// ReviewDue is by when the pack is to be reviewed: its own day, or an earlier
// one on which something that concerns it, or what it extends, surely changes.
// That change is nil where it is its own day.
func (l *Library) ReviewDue(p *Pack) (when.Date, *Coming) {
	for _, c := range Agenda() {
		if c.About || c.Confidence == Low || !p.ReviewedOn.Before(c.On) || !c.On.Before(p.ReviewBy) {
			continue
		}
		if slices.ContainsFunc(l.chain(p), func(o *Pack) bool { return slices.Contains(c.Packs, o.ID) }) {
			return c.On, &c
		}
	}
	return p.ReviewBy, nil
}
