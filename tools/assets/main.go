// Command assets bundles stylesheets and scripts into the folder that the program
// embeds: NAME-HASH.css, NAME-HASH.js and a manifest from logical to hashed names.
//
//	assets OUTPUT-FOLDER ENTRY…
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "use: assets OUTPUT-FOLDER ENTRY…")
		os.Exit(2)
	}
	if err := bundle(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func bundle(out string, entries []string) error {
	// Nesting, layers and light-dark() stay as written: every browser that we
	// support has them, and lowering light-dark() would lose the forced theme.
	res := api.Build(api.BuildOptions{
		EntryPoints: entries, Bundle: true, MinifyWhitespace: true, MinifySyntax: true, Format: api.FormatIIFE,
		Engines: []api.Engine{{Name: api.EngineChrome, Version: "123"}, {Name: api.EngineFirefox, Version: "121"}, {Name: api.EngineSafari, Version: "17.5"}},
		Outdir:  out, EntryNames: "[name]", LogLevel: api.LogLevelInfo,
	})
	if len(res.Errors) > 0 {
		return fmt.Errorf("%d errors in %s", len(res.Errors), strings.Join(entries, ", "))
	}
	for _, old := range []string{"*.css", "*.js"} {
		files, err := filepath.Glob(filepath.Join(out, old))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	names := map[string]string{}
	for _, f := range res.OutputFiles {
		sum := sha256.Sum256(f.Contents)
		logical := filepath.Base(f.Path)
		ext := filepath.Ext(logical)
		names[logical] = strings.TrimSuffix(logical, ext) + "-" + hex.EncodeToString(sum[:])[:12] + ext
		if err := os.WriteFile(filepath.Join(out, names[logical]), f.Contents, 0o644); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "manifest.json"), append(manifest, '\n'), 0o644)
}
