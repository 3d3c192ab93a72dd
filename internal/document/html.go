package document

import (
	"embed"
	"html/template"
	"slices"
	"strings"
	"sync"
)

//go:embed template/*.gohtml
var templateFiles embed.FS

// styles of the mail, inline because mail programs drop style sheets. The names
// are the roles of the text; colours are the day values of the design.
const mailFont = "font-family:Inter,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"

var mailStyles = map[string]template.CSS{
	"brand":     mailFont + "padding:24px 32px 0;font-size:18px;line-height:24px;font-weight:700;color:#1d2730",
	"rehearsal": mailFont + "padding:14px 32px;border-radius:14px 14px 0 0;background:#fdeadd;font-size:15px;line-height:22px;color:#7a3410",
	"badge":     mailFont + "display:inline-block;padding:2px 10px;border:1px solid #9fd3b5;border-radius:999px;background:#e9f7ee;font-size:13px;line-height:20px;font-weight:600;color:#1f6a43",
	"h1":        mailFont + "margin:0;font-size:28px;line-height:34px;letter-spacing:-0.5px;color:#1d2730",
	"lede":      mailFont + "margin:12px 0 0;font-size:17px;line-height:26px;color:#4a545e",
	"h2":        mailFont + "margin:0 0 6px;font-size:18px;line-height:24px;color:#1d2730",
	"p":         mailFont + "margin:0 0 10px;font-size:16px;line-height:24px;color:#1d2730",
	"soft":      mailFont + "margin:10px 0 0;font-size:14px;line-height:20px;color:#4a545e",
	"code":      "margin:2px 0 0;font-family:ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:24px;line-height:32px;font-weight:600;color:#1d2730",
	"label":     mailFont + "padding:10px 16px 10px 0;border-bottom:1px solid #e4e0d8;font-size:15px;line-height:22px;color:#4a545e;text-align:left;font-weight:400",
	"value":     mailFont + "padding:10px 0;border-bottom:1px solid #e4e0d8;font-size:15px;line-height:22px;font-weight:500;color:#1d2730",
	"quiet":     "font-weight:400;color:#4a545e",
	"why":       "font-size:13px;line-height:18px;color:#5a636c",
	"sum":       mailFont + "padding:10px 0;border-bottom:1px solid #e4e0d8;font-size:15px;line-height:22px;color:#1d2730;text-align:right;white-space:nowrap",
	"total":     mailFont + "padding:12px 16px 10px 0;border-top:2px solid #1d2730;font-size:16px;line-height:22px;font-weight:700;color:#1d2730;text-align:left",
	"totals":    mailFont + "padding:12px 0 10px;border-top:2px solid #1d2730;font-size:16px;line-height:22px;font-weight:700;color:#1d2730;text-align:right;white-space:nowrap",
	"tick":      mailFont + "padding:6px 0;font-size:16px;line-height:24px;font-weight:700;color:#1f6a43",
	"dot":       mailFont + "padding:6px 0;font-size:16px;line-height:24px;font-weight:700;color:#5a636c",
	"item":      mailFont + "padding:6px 0;font-size:16px;line-height:24px;color:#1d2730",
	"button":    mailFont + "display:inline-block;padding:13px 22px;font-size:16px;line-height:20px;font-weight:600;text-decoration:none",
	"second":    mailFont + "display:inline-block;padding:12px 21px;font-size:16px;line-height:20px;font-weight:600;color:#1d2730;text-decoration:none",
	"link":      "color:#14596a",
	"raw":       "font-family:ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:12px;line-height:18px;color:#4a545e;word-break:break-all",
	"foot":      mailFont + "border-top:1px solid #e4e0d8;padding-top:16px;font-size:13px;line-height:20px;color:#5a636c",
}

// templates holds the parsed templates.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"css": func(name string) template.CSS { return mailStyles[name] },
	}).ParseFS(templateFiles, "template/*.gohtml"))
})

func render(name string, l Letter) string {
	var b strings.Builder
	if err := templates().ExecuteTemplate(&b, name, l); err != nil {
		// Only a template that does not fit its model can fail, and every letter
		// is rendered in the tests.
		panic("document: " + name + ": " + err.Error())
	}
	return b.String()
}

// HTML renders the letter as a fragment for a page: one article with the
// classes of the design, without inline styles or scripts, and without what
// only a mail needs (its buttons lead to the page itself). The title is the h1
// with id "letter-title".
func HTML(l Letter) string { return Inset(l, "") }

// Inset is HTML for a page with a heading of its own (h2) that shows several
// letters: the title is an h3 with id "letter-title-" and the name.
func Inset(l Letter, name string) string {
	var kept []Block
	for _, b := range l.Blocks {
		if !b.Mailed {
			b.Inset = name != ""
			kept = append(kept, b)
		}
	}
	l.Blocks, l.Inset = kept, name
	return render("page", l)
}

// MailHTML renders the letter as a whole mail: tables and inline styles only.
// Programs that know color-scheme get a dark version.
func MailHTML(l Letter) string {
	l.Blocks = slices.Clone(l.Blocks)
	for i := range l.Blocks {
		l.Blocks[i].Brand, l.Blocks[i].Copy = l.Company.Brand, l.Mail("copy")
	}
	return render("mail", l)
}
