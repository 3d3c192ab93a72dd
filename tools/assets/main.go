// Command assets bundles the stylesheet into the folder that the program
// embeds: app-HASH.css and a manifest from logical to hashed names.
//
//	assets ENTRY.css OUTPUT-FOLDER
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "use: assets ENTRY.css OUTPUT-FOLDER")
		os.Exit(2)
	}
	if err := bundle(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func bundle(entry, out string) error {
	// Nesting, layers and light-dark() stay as written: every browser that we
	// support has them, and lowering light-dark() would lose the forced theme.
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{entry}, Bundle: true, MinifyWhitespace: true, MinifySyntax: true,
		Engines: []api.Engine{{Name: api.EngineChrome, Version: "123"}, {Name: api.EngineFirefox, Version: "121"}, {Name: api.EngineSafari, Version: "17.5"}},
		Outdir:  out, LogLevel: api.LogLevelInfo,
	})
	if len(res.Errors) > 0 {
		return fmt.Errorf("%d errors in %s", len(res.Errors), entry)
	}
	css := res.OutputFiles[0].Contents
	sum := sha256.Sum256(css)
	name := "app-" + hex.EncodeToString(sum[:])[:12] + ".css"
	old, err := filepath.Glob(filepath.Join(out, "app-*.css"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	manifest, err := json.MarshalIndent(map[string]string{"app.css": name}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, name), css, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "manifest.json"), append(manifest, '\n'), 0o644)
}
