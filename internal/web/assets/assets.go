// Package assets serves the files that pages refer to. They are bundled from
// web/ by tools/assets into dist, which is embedded and not committed. It
// knows no page, lists no folder and serves nothing that is not in the
// manifest of the bundle.
package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/fault"
)

//go:embed all:dist
var dist embed.FS

const prefix = "/assets/"

// Assets is the bundled files by their logical names. It never changes after
// Open and may be used by any number of goroutines.
type Assets struct {
	paths map[string]string // logical name -> address
	files map[string]file   // address -> what is served there
}

type file struct {
	media string
	plain []byte
	gzip  []byte // nil where packing does not make it smaller
}

// Open reads the bundle of this program. A program built without one gets a
// fault with the code assets.missing whose cause says how to make it.
func Open() (*Assets, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fault.Wrap("assets.Open", err)
	}
	return New(files)
}

// New reads the bundle of a folder: manifest.json, a JSON object from logical
// to hashed names, and the files that it names. Without a manifest the fault
// has the code assets.missing; a manifest that cannot be read, or that names a
// file that is not there, is assets.broken.
func New(files fs.FS) (*Assets, error) {
	raw, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		return nil, fault.New(fault.Internal, "assets.missing").At("assets.Open: run make assets before go build", err)
	}
	var names map[string]string
	if err := json.Unmarshal(raw, &names); err != nil {
		return nil, fault.New(fault.Internal, "assets.broken").At("assets.Open: manifest.json", err)
	}
	a := &Assets{paths: map[string]string{}, files: map[string]file{}}
	for logical, hashed := range names {
		body, err := fs.ReadFile(files, hashed)
		if err != nil {
			return nil, fault.New(fault.Internal, "assets.broken").At("assets.Open: "+logical, err)
		}
		packed, err := pack(body)
		if err != nil {
			return nil, fault.Wrap("assets.Open", err)
		}
		media := mime.TypeByExtension(path.Ext(hashed))
		if media == "" {
			media = "application/octet-stream"
		}
		a.paths[logical] = prefix + hashed
		a.files[prefix+hashed] = file{media: media, plain: body, gzip: packed}
	}
	return a, nil
}

// pack returns body in gzip, or nil when that is not smaller.
func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(body) {
		return nil, nil
	}
	return b.Bytes(), nil
}

// Path is the address of a file by its logical name, such as app.css. A name
// that the bundle does not have gets an address that answers 404.
func (a *Assets) Path(name string) string {
	if p, ok := a.paths[name]; ok {
		return p
	}
	return prefix + name
}

// Body is what is in a file by its logical name; nil where there is none.
func (a *Assets) Body(name string) []byte { return a.files[a.paths[name]].plain }

// Handler serves the files below /assets/, packed for browsers that take gzip.
// Their names hold a hash of what is in them, so that browsers may keep them
// for ever. Everything else is 404, and methods other than GET and HEAD 405.
func (a *Assets) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := a.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body, tag := f.plain, path.Base(r.URL.Path)
		h.Set("Vary", "Accept-Encoding")
		if f.gzip != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
			body, tag = f.gzip, tag+".gz"
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("Content-Type", f.media)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", `"`+tag+`"`) // the name holds the hash
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// takesGzip reads an Accept-Encoding header: gzip or * with a weight above 0,
// where what is said of gzip beats what is said of *.
func takesGzip(accept string) bool {
	takes := false
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "*" {
			continue
		}
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q="); ok {
			w, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = w
		}
		if coding == "gzip" {
			return weight > 0
		}
		takes = weight > 0
	}
	return takes
}
