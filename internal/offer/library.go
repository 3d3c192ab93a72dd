package offer

import (
	"cmp"
	"embed"
	"path"
	"slices"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/reason"
)

// PolicyFile is the file of the policy among those of the offers.
const PolicyFile = "policy.yaml"

// File is a file as it was read.
type File struct {
	Name   string // as people know it
	Source []byte
}

// Read reads the files of offers and the one of the policy, which is the one
// called PolicyFile. It reports everything that is wrong with all of them.
func Read(files []File, known *reason.Taxonomy) (*Policy, error) {
	var offers []*Definition
	var wrong fault.List
	policy := -1
	for i, f := range files {
		if path.Base(f.Name) == PolicyFile {
			policy = i
			continue
		}
		d, err := Load(f.Name, f.Source)
		if err != nil {
			wrong = append(wrong, fault.Fields(err)...)
			continue
		}
		if j := slices.IndexFunc(offers, func(o *Definition) bool { return o.Name == d.Name }); j >= 0 {
			wrong = append(wrong, fault.New(fault.Invalid, "offer.same_name", "at", f.Name, "name", d.Name, "other", offers[j].File).On(f.Name))
		}
		offers = append(offers, d)
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	if policy < 0 {
		return nil, fault.List{fault.New(fault.Invalid, "offer.no_policy", "file", PolicyFile)}
	}
	slices.SortFunc(offers, func(a, b *Definition) int { return cmp.Compare(a.Name, b.Name) })
	return LoadPolicy(files[policy].Name, files[policy].Source, offers, known)
}

//go:embed builtin/*.yaml
var builtin embed.FS

// BuiltinFiles are the files that come with the program.
var BuiltinFiles = sync.OnceValue(func() (out []File) {
	entries, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err) // the program was built without them
	}
	for _, e := range entries {
		src, err := builtin.ReadFile("builtin/" + e.Name())
		if err != nil {
			panic(err)
		}
		out = append(out, File{e.Name(), src})
	}
	return out
})

// Library are the files that come with the program, and those of the house in the
// place of those that have the same name, or beside them.
func Library(house []File) []File {
	all := slices.Clone(house)
	for _, f := range BuiltinFiles() {
		if !slices.ContainsFunc(house, func(h File) bool { return path.Base(h.Name) == f.Name }) {
			all = append(all, f)
		}
	}
	return all
}

// Builtin is the policy that comes with the program.
var Builtin = sync.OnceValue(func() *Policy {
	p, err := Read(BuiltinFiles(), reason.Builtin())
	if err != nil {
		panic(err) // a test reads it
	}
	return p
})
