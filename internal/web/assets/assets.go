// Package assets serves the files that pages refer to. They are bundled from
// web/ by tools/assets into dist, which is embedded and not committed. The
// package knows no page.
package assets

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"

	"hastaluego/internal/fault"
)

//go:embed all:dist
var dist embed.FS

// Assets is the bundled files by their logical names.
type Assets struct {
	files fs.FS
	names map[string]string
}

// Open reads the manifest. It fails when the program was built without bundled
// files.
func Open() (*Assets, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fault.Wrap("assets.Open", err)
	}
	raw, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		return nil, fault.New(fault.Internal, "assets.missing").At("assets.Open: run make assets before go build", err)
	}
	a := &Assets{files: files}
	if err := json.Unmarshal(raw, &a.names); err != nil {
		return nil, fault.Wrap("assets.Open", err)
	}
	return a, nil
}

// Path is the address of a file by its logical name, such as app.css.
func (a *Assets) Path(name string) string { return "/assets/" + a.names[name] }

// Handler serves the files below /assets/. Their names hold a hash of what is
// in them, so that browsers may keep them for ever.
func (a *Assets) Handler() http.Handler {
	server := http.StripPrefix("/assets/", http.FileServerFS(a.files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/assets/")
		for _, known := range a.names {
			if name == known {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				server.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}
