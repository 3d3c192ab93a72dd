package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
)

type bundleCmd struct {
	Check bundleCheckCmd `cmd:"" help:"Check a file of a customer's data against its own checksums: nothing missing, nothing added, nothing changed. It needs no database."`
}

type bundleCheckCmd struct {
	File string `arg:"" help:"The ZIP that a customer took along."`
	JSON bool   `help:"Answer as JSON."`
}

func (c *bundleCheckCmd) Run(o out) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("bundle check", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("bundle check", err)
	}
	r, err := bundle.Check(f, info.Size())
	switch {
	case errors.Is(err, bundle.ErrBroken):
		return fault.New(fault.Invalid, "bundle.differs", "file", c.File, "why", strings.TrimPrefix(err.Error(), bundle.ErrBroken.Error()+": "))
	case err != nil:
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("bundle check", err)
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(map[string]any{
			"root": r.Root, "files": r.Files, "octets": r.Octets, "beside": r.Tags, "algorithms": r.Algorithms, "source": r.Info.Source, "identifier": r.Info.Identifier,
			"date": r.Info.Date.Format("2006-01-02"),
		})
	}
	fmt.Fprintf(o.stdout, "whole: %d files, %d bytes, as %s list them\n%s, of %s, made on %s\nthe checksums say that nothing was changed since; who made it, they do not say\n",
		r.Files, r.Octets, strings.Join(r.Algorithms, " and "), r.Info.Identifier, r.Info.Source, r.Info.Date.Format("2006-01-02"))
	return nil
}
