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
