package httpsystem

import (
	"embed"
	"maps"
	"path"
	"slices"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
)

// vendors are declarations of well-known systems. Each is a whole systems.yaml
// with one system in it, whose secrets and names are variables of the
// environment.
//
//go:embed vendors/*.yaml
var vendors embed.FS

// Examples are the names of the declarations that like takes over, sorted.
func Examples() []string {
	files, err := vendors.ReadDir("vendors")
	if err != nil { // it is part of the program
		return nil
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// Example is one of them as it is written; false if there is none of that name.
func Example(name string) ([]byte, bool) {
	if !slices.Contains(Examples(), name) {
		return nil, false
	}
	b, err := vendors.ReadFile(path.Join("vendors", name+".yaml"))
	return b, err == nil
}

// own are the keys that an entry may have beside like: where its system is, and
// how far calls may go there. What is called stays as it was tried.
var own = []string{"kind", "title", "like", "base_url", "auth", "with", "timeout", "limit", "rate", "allow", "webhook"}

// like reads an entry that takes a declaration of ours over.
func (r reading) like(top declaration.Map, mark int) (declaration.Declared, bool) {
	name := r.Word(top, nil, "like")
	src, ok := Example(name)
	if !ok {
		r.Bad(at("like"), "system.like", "name", name, "names", strings.Join(Examples(), ", "))
		return nil, false
	}
	for _, key := range slices.Sorted(maps.Keys(top)) {
		if !slices.Contains(own, key) {
			r.Bad(at(key), "system.like_key", "key", key, "name", name)
		}
	}
	all, err := declaration.Load(name+".yaml", src, Kinds()...)
	if err != nil || len(all) != 1 { // a test reads each of them
		r.Bad(at("like"), "system.like", "name", name, "names", strings.Join(Examples(), ", "))
		return nil, false
	}
	c := all[0].(Config)
	c.System, c.Like, c.Level = r.Name, name, connector.ShapesOnly
	if top.Has("base_url") {
		c.BaseURL = r.Word(top, nil, "base_url")
	}
	if m := r.Keys(at("auth"), "header", "scheme", "value"); m != nil {
		for key, to := range map[string]*string{"header": &c.Auth.Header, "scheme": &c.Auth.Scheme} {
			if m.Has(key) {
				*to = r.Word(m, at("auth"), key)
			}
		}
		if m.Has("value") {
			c.Auth.Value = r.Ref(m, at("auth"), "value")
		}
	}
	given := r.with(top)
	for _, slot := range slices.Sorted(maps.Keys(given)) {
		if _, known := c.With[slot]; !known {
			r.Bad(at("with", slot), "system.unknown_key", "key", slot)
		}
		c.With[slot] = given[slot]
	}
	if top.Has("timeout") {
		c.Timeout = r.Duration(top, nil, "timeout")
	}
	if top.Has("limit") {
		c.Limit = r.Size(top, nil, "limit")
	}
	if top.Has("rate") {
		c.Rate = r.Rate(top, nil, "rate")
	}
	c.Allow = r.Prefixes(top, nil, "allow")
	if top.Has("webhook") {
		c.Reports = r.reports()
	}
	good := r.Judge(mark, c.check())
	c.Places = r.Places()
	return c.defaults(), good
}
