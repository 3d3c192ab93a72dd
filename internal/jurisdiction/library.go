package jurisdiction

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

// shipped are the packs of the program, each with its table of coverage beside
// it.
//
//go:embed packs/*.yaml
var shipped embed.FS

// File is the text of a pack. Its name without .yaml is the id of the pack.
type File struct {
	Name   string
	Source []byte
}

// Library is packs that were read together. It is never changed.
type Library struct {
	packs []*Pack // by id
	byID  map[string]*Pack
	rules map[string]*Rule
	along map[*Pack][]*Pack // a pack and all that it extends, those first
}

// Packs are all packs by id.
func (l *Library) Packs() []*Pack { return slices.Clone(l.packs) }

// Pack by its id; nil: there is none.
func (l *Library) Pack(id string) *Pack { return l.byID[id] }

// Rule by its id; nil: there is none.
func (l *Library) Rule(id string) *Rule { return l.rules[id] }

// Chain is a pack and all that it extends, those first.
func (l *Library) Chain(p *Pack) []*Pack { return slices.Clone(l.along[p]) }

func (l *Library) chain(p *Pack) []*Pack { return l.along[p] }

func (l *Library) names() []string { return slices.Sorted(maps.Keys(l.byID)) }

// coverage marks the table that stands beside a pack.
const coverage = ".coverage.yaml"

// ShippedFiles are the texts of the packs of the program.
func ShippedFiles() []File {
	return embedded(func(name string) bool { return !strings.HasSuffix(name, coverage) })
}

func embedded(want func(string) bool) (list []File) {
	entries, err := fs.ReadDir(shipped, "packs")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, e := range entries {
		if !want(e.Name()) {
			continue
		}
		src, err := fs.ReadFile(shipped, path.Join("packs", e.Name()))
		if err != nil {
			panic(err)
		}
		list = append(list, File{e.Name(), src})
	}
	return list
}

// Shipped is the library of the packs of the program.
var Shipped = sync.OnceValue(func() *Library {
	l, err := Load(ShippedFiles())
	if err != nil {
		panic(err) // a test reads them
	}
	return l
})

// With is the shipped packs together with files of one's own: a file of the
// same name stands in the place of the shipped one.
func With(own []File) (*Library, error) {
	theirs := ShippedFiles()
	for _, f := range own {
		theirs = slices.DeleteFunc(theirs, func(s File) bool { return s.Name == path.Base(f.Name) })
	}
	l, err := Load(append(theirs, own...))
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		if p := l.byID[idOf(f.Name)]; p != nil {
			p.From = f.Name
			_, missing := fs.Stat(shipped, path.Join("packs", path.Base(f.Name)))
			p.Replaces = missing == nil
		}
	}
	return l, nil
}

func idOf(name string) string { return strings.TrimSuffix(path.Base(name), ".yaml") }

// Load reads packs strictly. Every problem is reported as a fault.List, each
// with its file:line:column as the argument "at" and as its field.
func Load(files []File) (*Library, error) {
	if l, err := load(files, digests()); err == nil {
		return l, nil
	}
	return load(files, nil) // what is wrong has its place only where every text was parsed
}

// load reads packs, without parsing those that are digested.
func load(files []File, digested map[string]*digest) (*Library, error) {
	l := &Library{byID: map[string]*Pack{}, rules: map[string]*Rule{}, along: map[*Pack][]*Pack{}}
	read := &reader{digested: digested, conditions: map[string]condition{}}
	places := map[*Pack]*source.File{}
	var found fault.List
	for _, f := range files {
		p, at := read.pack(f)
		if p == nil || at.Err() != nil {
			found = append(found, fault.Fields(at.Err())...)
			continue
		}
		if l.byID[p.ID] != nil {
			at.At("$.pack", "law.pack_twice", "pack", p.ID)
			found = append(found, fault.Fields(at.Err())...)
			continue
		}
		l.packs, places[p] = append(l.packs, p), at
		l.byID[p.ID] = p
	}
	slices.SortFunc(l.packs, func(a, b *Pack) int { return strings.Compare(a.ID, b.ID) })
	if found != nil { // what the others extend may be among the broken ones
		return nil, found
	}
	for _, p := range l.packs {
		l.unique(p, places[p])
	}
	for _, p := range l.packs {
		if l.extends(p, places[p]) {
			l.along[p] = l.order(p, nil)
		}
	}
	for _, p := range l.packs {
		if l.along[p] != nil {
			l.overrides(p, places[p])
		}
		found = append(found, fault.Fields(places[p].Err())...)
	}
	if err := found.Or(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Library) unique(p *Pack, at *source.File) {
	for i, r := range p.Rules {
		if first := l.rules[r.ID]; first != nil {
			at.At(fmt.Sprintf("$.rules[%d].id", i), "law.id_twice", "id", r.ID, "first", fmt.Sprintf("%s:%d", first.Pack.ID, first.Line))
			continue
		}
		l.rules[r.ID] = r
	}
}

// extends reports whether everything that the pack extends is there and does
// not come back to it.
func (l *Library) extends(p *Pack, at *source.File) bool {
	good := true
	for i, id := range p.Extends {
		switch {
		case l.byID[id] == nil:
			at.At(fmt.Sprintf("$.extends[%d]", i), "law.extends_unknown", "pack", id, "known", strings.Join(l.names(), ", "))
			good = false
		case id == p.ID || l.reaches(id, p.ID, map[string]bool{}):
			at.At(fmt.Sprintf("$.extends[%d]", i), "law.extends_cycle", "pack", id)
			good = false
		}
	}
	return good
}

func (l *Library) reaches(from, to string, seen map[string]bool) bool {
	p := l.byID[from]
	if p == nil || seen[from] {
		return false
	}
	seen[from] = true
	return slices.ContainsFunc(p.Extends, func(id string) bool { return id == to || l.reaches(id, to, seen) })
}

// order is everything that a pack extends, then the pack.
func (l *Library) order(p *Pack, out []*Pack) []*Pack {
	if slices.Contains(out, p) {
		return out
	}
	for _, id := range p.Extends {
		if o := l.byID[id]; o != nil && !l.reaches(id, id, map[string]bool{}) {
			out = l.order(o, out)
		}
	}
	return append(out, p)
}

// overrides checks that whatever a rule stands in the place of is there, is
// about the same, and has only one rule in its place.
func (l *Library) overrides(p *Pack, at *source.File) {
	by := map[string]string{} // overridden → by
	for _, o := range l.along[p] {
		for i, r := range o.Rules {
			for j, id := range r.Overrides {
				if o != p {
					by[id] = r.ID
					continue
				}
				place, other := fmt.Sprintf("$.rules[%d].overrides[%d]", i, j), l.rules[id]
				switch {
				case other == nil || !slices.Contains(l.along[p], other.Pack):
					at.At(place, "law.override_unknown", "id", id)
				case other.Param != r.Param:
					at.At(place, "law.override_param", "id", id, "param", other.Param.Name)
				case id == r.ID || slices.Contains(other.Overrides, r.ID):
					at.At(place, "law.override_cycle", "id", id)
				case by[id] != "":
					at.At(place, "law.override_twice", "id", id, "by", by[id])
				default:
					by[id] = r.ID
				}
			}
		}
	}
}

// Overdue are the packs whose review was due before the day, each with the
// place where its day stands.
func (l *Library) Overdue(day when.Date) (late fault.List) {
	for _, p := range l.packs {
		switch due, coming := l.ReviewDue(p); {
		case !due.Before(day):
		case coming != nil:
			late = append(late, fault.New(fault.Invalid, "law.review_event", "at", p.reviewAt, "pack", p.ID, "day", due, "event", coming.ID).On(p.reviewAt))
		default:
			late = append(late, fault.New(fault.Invalid, "law.review_past", "at", p.reviewAt, "pack", p.ID, "day", p.ReviewBy).On(p.reviewAt))
		}
	}
	return late
}
