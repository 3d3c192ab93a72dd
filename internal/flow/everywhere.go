package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// supposed bounds how many facts of a customer are asked each way at once.
const supposed = 3

// Everywhere is every law that customers of a company can be under: that of
// each place with a pack, and the one for who lives elsewhere. What only a
// request can tell, and what blocks, is supposed each way. known are the facts
// of the company; those that the flow itself tells are added.
func (f *Flow) Everywhere(lib *jurisdiction.Library, known jurisdiction.Facts, day when.Date) (laws []Law, refs []jurisdiction.Ref, err error) {
	for _, p := range lib.Places() {
		facts := f.with(known)
		live(facts, lib, p)
		chosen := lib.Select(facts)
		for _, r := range lib.Refs(chosen) {
			if !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
		each, err := suppose(lib, p.ID, chosen, facts, day)
		if err != nil {
			return nil, nil, err
		}
		laws = append(laws, each...)
	}
	slices.SortFunc(refs, func(a, b jurisdiction.Ref) int { return strings.Compare(a.Pack, b.Pack) })
	return laws, refs, nil
}

// suppose is the law of packs under a name for the facts; or one law for each
// way in which what only a request can tell, and what blocks, can be.
func suppose(lib *jurisdiction.Library, name string, chosen jurisdiction.Selection, facts jurisdiction.Facts, day when.Date) (laws []Law, err error) {
	law, err := lawFrom(lib, name, chosen, facts, day)
	if err != nil {
		return nil, err
	}
	open := law.open()
	if len(open) == 0 {
		return []Law{law}, nil
	}
	each := []jurisdiction.Facts{{}}
	for _, fact := range open {
		each = bothWays(each, fact)
	}
	for _, more := range each {
		all := maps.Clone(facts)
		maps.Copy(all, more)
		var said []string
		for _, fact := range slices.Sorted(maps.Keys(more)) {
			said = append(said, fmt.Sprintf("%s=%v", fact, more[fact]))
		}
		one, err := lawFrom(lib, name+" ("+strings.Join(said, ", ")+")", chosen, all, day)
		if err != nil {
			return nil, err
		}
		one.Place = name
		laws = append(laws, one)
	}
	return laws, nil
}

// live lets a customer live where a pack is the closest law.
func live(facts jurisdiction.Facts, lib *jurisdiction.Library, p *jurisdiction.Pack) {
	for _, place := range p.Covers.Residence {
		if lib.Of(place) != p {
			continue
		}
		country, _, region := strings.Cut(place, "-")
		facts["customer.residence"] = country
		if region {
			facts["customer.region"] = place
		}
		return
	}
}

// open are the facts that only a request tells and without which a rule that
// blocks cannot be judged.
func (l Law) open() (list []jurisdiction.Fact) {
	all := jurisdiction.FactList()
	for _, a := range l.Effective.Rules(jurisdiction.Static) {
		if a.Holds != jurisdiction.Unknown || a.Severity != jurisdiction.Block {
			continue
		}
		for _, name := range a.Missing {
			i := slices.IndexFunc(all, func(f jurisdiction.Fact) bool { return f.Name == name })
			company := strings.HasPrefix(name, "seller.") || strings.HasPrefix(name, "service.") || strings.HasPrefix(name, "data.")
			if i < 0 || company || len(ways(all[i])) == 0 || len(list) == supposed || slices.ContainsFunc(list, func(f jurisdiction.Fact) bool { return f.Name == name }) {
				continue
			}
			list = append(list, all[i])
		}
	}
	return list
}

// ways are all values of a fact that has few.
func ways(f jurisdiction.Fact) (list []any) {
	if f.Type == jurisdiction.BoolFact {
		return []any{false, true}
	}
	for _, k := range f.Known {
		list = append(list, k)
	}
	return list
}

func bothWays(each []jurisdiction.Facts, fact jurisdiction.Fact) (out []jurisdiction.Facts) {
	for _, facts := range each {
		for _, v := range ways(fact) {
			one := maps.Clone(facts)
			one[fact.Name] = v
			out = append(out, one)
		}
	}
	return out
}

// Unsaid is every text that somebody can meet in a served language and that is
// not there, as a fault.List with the places.
func (f *Flow) Unsaid() error {
	var list fault.List
	for i := range f.Nodes {
		n, at := &f.Nodes[i], fmt.Sprintf("$.nodes[%d]", i)
		say := func(below string, w Words, narrowed ...Only) {
			for _, lang := range f.Languages {
				if w[lang] != "" || !spoken(lang, append(narrowed, n.Only, n.Not)) {
					continue
				}
				place, _, _ := f.file.Where(at + below)
				list = append(list, fault.New(fault.Invalid, "flow.unsaid", "at", place, "lang", lang, "node", n.ID).On(place))
			}
		}
		for _, code := range f.codes[i] {
			say(".texts."+code, n.Texts[code], Only{}, Only{})
		}
		for j := range n.Fields {
			x := &n.Fields[j]
			say(fieldAt(j)+".label", x.Label, x.Only, x.Not)
		}
		for j := range n.Action {
			a := &n.Action[j]
			say(actionAt(j)+".label", a.Label, a.Only, a.Not)
			if len(a.Help) > 0 {
				say(actionAt(j)+".help", a.Help, a.Only, a.Not)
			}
		}
	}
	return list.Or()
}

// spoken reports whether something that is narrowed so, by pairs of only and
// not, is met in a language.
func spoken(lang string, narrowed []Only) bool {
	for i := 0; i < len(narrowed); i += 2 {
		only, not := narrowed[i], narrowed[i+1]
		if len(only.Languages) > 0 && !slices.Contains(only.Languages, lang) {
			return false
		}
		others := not
		others.Languages = nil
		if slices.Contains(not.Languages, lang) && others.empty() {
			return false
		}
	}
	return true
}
