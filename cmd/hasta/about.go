package main

import (
	"context"
	"runtime/debug"
	"strings"

	"hastaluego/internal/web/console"
)

// about tells what this installation is made of.
func (h *house) about(ctx context.Context) (console.About, error) {
	a := console.About{Database: "sqlite", LogKey: h.keys.LogPublic()}
	if strings.HasPrefix(h.cfg.Database, "postgres") {
		a.Database = "postgres"
	}
	if b, ok := debug.ReadBuildInfo(); ok {
		a.Version, a.Go = b.Main.Version, b.GoVersion
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				a.Revision = s.Value
			}
		}
	}
	var err error
	a.Schema, err = h.store.Schema(ctx)
	return a, err
}

// programVersion is what this program calls itself.
func programVersion() string {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" {
			return b.Main.Version + " " + s.Value
		}
	}
	return b.Main.Version
}
