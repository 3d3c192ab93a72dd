package company_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/company"
	"hastaluego/internal/fault"
)

func faro() company.Profile {
	return company.Profile{Name: "Faro", Email: "bajas@faro.example", Zone: "Europe/Madrid", Language: "es", Country: "ES"}
}

func TestAProfileIsMadeTidy(t *testing.T) {
	t.Parallel()
	p := faro()
	p.Name, p.Colour, p.PublicURL, p.Country = "  Faro\t Norte ", "1AB", "bajas.faro.example/", "es"
	p.Signature = map[string]string{"es": "Un saludo,\r\n\r\n  El   equipo ", "en": "  "}
	got, err := p.Check()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Faro Norte" || got.Colour != "#11aabb" || got.PublicURL != "https://bajas.faro.example" || got.Country != "ES" || got.Currency != "EUR" {
		t.Errorf("%+v", got)
	}
	if got.Signature["es"] != "Un saludo,\nEl equipo" || len(got.Signature) != 1 {
		t.Errorf("%q", got.Signature)
	}
	if again, err := got.Check(); err != nil || len(company.Changed(got, again)) > 0 {
		t.Errorf("not the same when checked again: %v %v", company.Changed(got, again), err)
	}
}

func TestEveryFieldThatCannotStandIsNamed(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*company.Profile){
		"name":            func(p *company.Profile) { p.Name = " " },
		"legal_name":      func(p *company.Profile) { p.LegalName = strings.Repeat("a", 121) },
		"address":         func(p *company.Profile) { p.Address = "Calle \u202emayor" },
		"phone":           func(p *company.Profile) { p.Phone = "llámanos" },
		"email":           func(p *company.Profile) { p.Email = "Faro <a@faro.example>" },
		"complaints":      func(p *company.Profile) { p.Complaints = "nadie" },
		"sender_address":  func(p *company.Profile) { p.SenderAddress = "a@b@c.example" },
		"public_url":      func(p *company.Profile) { p.PublicURL = "http://bajas.faro.example" },
		"refunds":         func(p *company.Profile) { p.Links.Refunds = "javascript:alert(1)" },
		"warranty":        func(p *company.Profile) { p.Links.Warranty = "//faro.example" },
		"complaints_page": func(p *company.Profile) { p.Links.Complaints = "https://u:p@faro.example" },
		"privacy":         func(p *company.Profile) { p.Links.Privacy = "https://faro.example/\"x" },
		"signature_es":    func(p *company.Profile) { p.Signature = map[string]string{"es": strings.Repeat("a\n", 7)} },
		"signature_it":    func(p *company.Profile) { p.Signature = map[string]string{"it": "Ciao"} },
		"colour":          func(p *company.Profile) { p.Colour = "rojo" },
		"country":         func(p *company.Profile) { p.Country = "ESP" },
		"zone":            func(p *company.Profile) { p.Zone = "Marte" },
		"currency":        func(p *company.Profile) { p.Currency = "ZZZ" },
		"language":        func(p *company.Profile) { p.Language = "it" },
	} {
		p := faro()
		spoil(&p)
		_, err := p.Check()
		if list := fault.Fields(err); len(list) != 1 || list[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Whatever colour a company chooses, the words on its buttons, its links and its
// marks reach the contrast that they need, by day and by night.
func TestEveryColourBecomesReadable(t *testing.T) {
	t.Parallel()
	check := func(t interface{ Fatalf(string, ...any) }, colour string) {
		theme, ok := company.ThemeOf(colour)
		if !ok {
			t.Fatalf("%s is none", colour)
		}
		for _, g := range []struct {
			company.Shades
			grounds []string
		}{
			{theme.Day, []string{"#ffffff", "#faf9f5", "#f4f1ea", "#ebe8e1"}},
			{theme.Night, []string{"#10181d", "#182229", "#1f2a31", "#28333a"}},
		} {
			must := func(what, a, b string, least float64) {
				if c := company.Contrast(a, b); c < least {
					t.Fatalf("%s of %s: %s on %s is %.2f", what, colour, a, b, c)
				}
			}
			must("button", g.OnGo, g.Go, 4.5)
			must("button under the pointer", g.OnGo, g.GoHover, 4.5)
			must("link on its soft ground", g.Ink, g.Soft, 4.5)
			for _, ground := range g.grounds {
				must("link", g.Ink, ground, 4.5)
				must("edge", g.Edge, ground, 3)
			}
		}
		if !theme.Adjusted && theme.Day.Go != colour {
			t.Fatalf("%s became %s and nobody is told", colour, theme.Day.Go)
		}
	}
	for _, c := range []string{"#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#777777", "#16606f"} {
		check(t, c)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, "colour"))) })
}

func TestADarkColourStaysAsItWasChosen(t *testing.T) {
	t.Parallel()
	for colour, stays := range map[string]bool{"#7a1f3d": true, "#ffd400": true, "#777777": false} {
		if theme, _ := company.ThemeOf(colour); theme.Adjusted == stays {
			t.Errorf("%s became %s", colour, theme.Day.Go)
		}
	}
}

const plainSVG = `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- made by hand --><svg xmlns="http://www.w3.org/2000/svg" xmlns:i="urn:editor" i:version="1" viewBox="0 0 24 24" data-x="1">
<metadata><rdf xmlns="urn:rdf">Marta</rdf></metadata><i:view><i:deep/></i:view><title>Faro &amp; hijos</title>
<defs><linearGradient id="a"><stop offset="0" style="stop-color:#123456;font-family:x"/></linearGradient></defs>
<path d="M0 0h24v24z" fill="url(#a)" style="stroke: red !important"/></svg>`

func TestADrawingKeepsWhatDrawsAndNothingElse(t *testing.T) {
	t.Parallel()
	l, err := company.ReadLogo([]byte(plainSVG))
	if err != nil {
		t.Fatal(err)
	}
	got := string(l.Body)
	for _, want := range []string{`viewBox="0 0 24 24"`, `<title>Faro &amp; hijos</title>`, `stop-color="#123456"`, `fill="url(#a)"`, `stroke="red"`, `d="M0 0h24v24z"`} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s:\n%s", want, got)
		}
	}
	for _, never := range []string{"Marta", "urn:", "DOCTYPE", "data-x", "font-family", "by hand", "i:"} {
		if strings.Contains(got, never) {
			t.Errorf("still has %s:\n%s", never, got)
		}
	}
	again, err := company.ReadLogo(l.Body)
	if err != nil || again.Digest != l.Digest {
		t.Errorf("reading it again changes it: %v\n%s", err, again.Body)
	}
}

func TestADrawingThatRunsOrFetchesIsRefused(t *testing.T) {
	t.Parallel()
	for _, inside := range []string{
		`<script>alert(1)</script>`, `<path d="M0 0" onload="alert(1)"/>`, `<image href="https://x.example/a.png"/>`, `<use href="#a"/>`,
		`<path fill="url(https://x.example/a)"/>`, `<path style="fill:url( 'https://x.example/a')"/>`, `<style>path{fill:red}</style>`,
		`<foreignObject><p/></foreignObject>`, `<a href="javascript:alert(1)"><path d="M0 0"/></a>`, `<animate attributeName="href"/>`,
		`<linearGradient href="https://x.example/#a"/>`, `<path d="\75rl(x)"/>`, `<p xmlns="http://www.w3.org/1999/xhtml" onclick="x"/>`,
		`<path fill="ur/**/l(x)"/>`, `<?xml-stylesheet href="https://x.example/a.css"?><path d="M0 0"/>`,
	} {
		_, err := company.ReadLogo([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/>` + inside + `</svg>`))
		if fault.CodeOf(err) != "logo.unsafe" {
			t.Errorf("%s: %v", inside, err)
		}
	}
	for _, file := range []string{
		"", "GIF89a", "<svg/>", `<html xmlns="http://www.w3.org/1999/xhtml"/>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>`,
		`<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>&a;</title><path d="M0 0"/></svg>`,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/>`, "\x89PNG\r\n\x1a\nnot really",
	} {
		if _, err := company.ReadLogo([]byte(file)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.60q: %v", file, err)
		}
	}
}

// picture is a PNG with a text in it that nobody meant to show.
func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewGray16(image.Rect(0, 0, w, h))
	img.Set(1, 1, color.White)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), "hidden behind the end"...)
}

func TestAPictureIsWrittenAnew(t *testing.T) {
	t.Parallel()
	l, err := company.ReadLogo(picture(t, 64, 32))
	if err != nil {
		t.Fatal(err)
	}
	if l.Media != "image/png" || bytes.Contains(l.Body, []byte("hidden")) {
		t.Errorf("%s %q", l.Media, l.Body)
	}
	if _, err := company.ReadLogo(picture(t, 8, 8)); fault.CodeOf(err) != "logo.pixels" {
		t.Error(err)
	}
	if _, err := company.ReadLogo(make([]byte, company.MaxLogo+1)); fault.KindOf(err) != fault.TooLarge {
		t.Error(err)
	}
}

// Whatever file comes in, what goes out can neither run nor fetch anything, and
// is read again as it is.
func FuzzDrawing(f *testing.F) {
	f.Add([]byte(plainSVG))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1"><g style="fill:red;;stroke:url(#a)"><path d=""/></g></svg>`))
	reach := regexp.MustCompile(`(?i)url\((?:[^#)]|\)|$)|script|data:|<\?|<!|\son[a-z]+=|//`)
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := company.ReadLogo(file)
		if err != nil || l.Media != "image/svg+xml" {
			return
		}
		dec := xml.NewDecoder(bytes.NewReader(l.Body))
		for {
			tok, err := dec.Token()
			if tok == nil {
				break
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, l.Body)
			}
			start, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range start.Attr {
				if reach.MatchString(" "+a.Name.Local+"="+a.Value) && a.Name.Local != "xmlns" || strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
					t.Fatalf("%s reaches out in\n%s", a.Name.Local, l.Body)
				}
			}
		}
		again, err := company.ReadLogo(l.Body)
		if err != nil || !bytes.Equal(again.Body, l.Body) {
			t.Fatalf("not the same when read again: %v\n%s\n%s", err, l.Body, again.Body)
		}
	})
}
