package evidence

import (
	"bytes"
	"html/template"
	"strings"
	"time"

	"hastaluego/internal/text"
)

// summaryPage is what people read first. Nothing in it runs, and it asks nobody
// for anything.
var summaryPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #d8d8de}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){body{color:#ececf1;background:#17171a}th,td{border-color:#3a3a42}}
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Lede}}</p>
{{range .Sections}}<h2>{{.Title}}</h2>
{{range .Text}}<p>{{.}}</p>
{{end}}{{if .List}}<ul>
{{range .List}}<li>{{.}}</li>
{{end}}</ul>
{{end}}{{if .Code}}<p><code>{{.Code}}</code></p>
{{end}}{{end}}<h2>{{.Happened}}</h2>
<p>{{.Clock}}</p>
<table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr><td>{{.At}}</td><td>{{.What}}</td><td><code>{{.Type}}</code></td><td>{{.Index}}</td></tr>
{{end}}</tbody>
</table>
</main>
</body>
</html>
`))

type summarySection struct {
	Title      string
	Text, List []string
	Code       string
}

type summaryRow struct{ At, What, Type, Index string }

// summary writes the summary in the language of the pack.
func (p Pack) summary(m Manifest) ([]byte, error) {
	say := func(code string, args ...any) string { return text.Say(p.Language, "evidence.summary."+code, args...) }
	gone, withheld := 0, 0
	rows := make([]summaryRow, len(p.Entries))
	for i, e := range p.Entries {
		switch e.Absent {
		case Destroyed:
			gone++
		case Withheld:
			withheld++
		}
		h, _ := e.header()
		rows[i] = summaryRow{text.ShortInstant(p.Language, h.At, time.UTC), told(p.Language, e.Type), e.Type, text.Number(p.Language, e.Index)}
	}
	title := say("title", "code", m.Code)
	contents := summarySection{Title: say("contents"), List: []string{
		say("contents.entries", "n", len(p.Entries)), say("contents.checkpoint", "size", text.Number(p.Language, m.Size)),
	}}
	for _, d := range p.Documents {
		line := say("document."+d.Kind, "path", d.Path, "name", d.Name)
		if d.Entry == nil && (d.Kind == Letter || d.Kind == File) {
			line += " " + say("document.said")
		}
		contents.List = append(contents.List, line)
	}
	for _, x := range m.Absent {
		contents.List = append(contents.List, say("absent."+x.Why, "index", text.Number(p.Language, x.Entry), "sum", x.SHA256))
	}
	if gone > 0 {
		contents.Text = append(contents.Text, say("gone", "n", gone))
	}
	if withheld > 0 {
		contents.Text = append(contents.Text, say("withheld", "n", withheld))
	}
	page := map[string]any{
		"Lang": p.Language, "Title": title,
		"Lede": say("lede", "company", m.Company, "code", m.Code, "at", text.Instant(p.Language, p.MadeAt, time.UTC)),
		"Sections": []summarySection{
			{Title: say("check"), Text: []string{say("check.how"), say("check.key"), say("check.spec")}, Code: "hasta evidence verify " + strings.ToLower(m.Code) + ".zip --trust log.pub"},
			{Title: say("proves"), List: []string{say("proves.entries"), say("proves.contents"), say("proves.whole"), say("proves.documents")}},
			{Title: say("not"), List: []string{say("not.true"), say("not.key"), say("not.end")}},
			contents,
		},
		"Happened": say("happened"), "Clock": say("clock"),
		"Head": []string{say("col.at"), say("col.what"), say("col.type"), say("col.index")},
		"Rows": rows,
	}
	var b bytes.Buffer
	err := summaryPage.Execute(&b, page)
	return b.Bytes(), err
}

// told is what entries of the type say in words that need none of what they
// hold; nothing where there are no such words.
func told(lang, typ string) string {
	code := "console.event." + typ
	if !text.Known(lang, code) {
		return ""
	}
	words := text.Say(lang, code)
	if strings.Contains(words, "{") {
		return ""
	}
	return words
}
