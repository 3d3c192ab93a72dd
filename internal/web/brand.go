package web

import (
	"fmt"
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
)

// BrandPattern serves what a page has of the company: its logo by digest, and
// the colours that its colour becomes. An address never changes what it means,
// so browsers keep it.
const BrandPattern = "GET /brand/{file}"

// Brand serves below BrandPattern.
func (k *Kit) Brand(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("file")
	if colour, ok := strings.CutSuffix(file, ".css"); ok {
		theme, ok := company.ThemeOf("#" + colour)
		if !ok {
			k.Fail(w, r, fault.New(fault.NotFound, "not_found"))
			return
		}
		k.keepForEver(w, "text/css; charset=utf-8", []byte(sheet(theme)))
		return
	}
	l, err := k.App.Logo(r.Context(), file)
	if err != nil {
		k.Fail(w, r, err)
		return
	}
	k.keepForEver(w, l.Media, l.Body)
}

func (k *Kit) keepForEver(w http.ResponseWriter, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if _, err := w.Write(body); err != nil {
		k.Log.Warn("file not written to its end", "err", err)
	}
}

// sheet is the colours of a theme in the names of the design's tokens. It stands
// in no layer, so it wins over them.
func sheet(t company.Theme) string {
	var b strings.Builder
	b.WriteString(":root{")
	for _, token := range []struct{ name, day, night string }{
		{"go", t.Day.Go, t.Night.Go},
		{"go-hover", t.Day.GoHover, t.Night.GoHover},
		{"on-go", t.Day.OnGo, t.Night.OnGo},
		{"accent", t.Day.Edge, t.Night.Edge},
		{"accent-ink", t.Day.Ink, t.Night.Ink},
		{"accent-soft", t.Day.Soft, t.Night.Soft},
		{"accent-line", t.Day.Line, t.Night.Line},
	} {
		fmt.Fprintf(&b, "--%s:light-dark(%s,%s);", token.name, token.day, token.night)
	}
	b.WriteString("}\n")
	return b.String()
}

// brandSheet is the address of the company's colours; empty where it has ours.
func brandSheet(c app.Company) string {
	colour, ok := strings.CutPrefix(c.Colour, "#")
	if !ok {
		return ""
	}
	return "/brand/" + colour + ".css"
}

// Colours are the rules of style of the company's colours; empty where it has
// ours.
func Colours(c app.Company) string {
	theme, ok := company.ThemeOf(c.Colour)
	if !ok {
		return ""
	}
	return sheet(theme)
}

// sitePage is a page of the company's own site.
type sitePage struct{ Code, Href string }

// sitePages are those that it has.
func sitePages(l company.Links) (out []sitePage) {
	for _, p := range []sitePage{{"refunds", l.Refunds}, {"warranty", l.Warranty}, {"complaints", l.Complaints}, {"privacy", l.Privacy}} {
		if p.Href != "" {
			out = append(out, p)
		}
	}
	return out
}
