package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// wordsView lists what customers read, in the company's words or in ours.
type wordsView struct {
	Lang           string
	Tabs           []tab
	Query, Area    control
	Areas          []option
	Changed        bool
	Rows           []wordsRow
	Count          string
	Older, Earlier string
}

type wordsRow struct {
	Code, Text string
	State      badge
	Needed     bool
}

func (v wordsView) word(code string, args ...any) string { return say(v.Lang, "words."+code, args...) }

// wordsShown is how many lines a page of the list has.
const wordsShown = 40

// formsBy are the keys of the codes that may be said in other words, in a
// language: a code itself, or one key for each form of a plural.
func formsBy(lang string) map[string][]string {
	out := map[string][]string{}
	for _, key := range company.Keys(lang) {
		code, _, _ := strings.Cut(key, "|")
		out[code] = append(out[code], key)
	}
	return out
}

// formsOf are the keys of one code in a language.
func formsOf(lang, code string) (list []string) {
	for _, key := range text.Keys(lang, code) {
		if base, _, _ := strings.Cut(key, "|"); base == code && company.MayReword(key) {
			list = append(list, key)
		}
	}
	return list
}

// mayReword reports whether a code may be said in other words.
func mayReword(code string) bool { return len(formsOf(text.Langs()[0], code)) > 0 }

// areaOf is the part of the catalogue that a code belongs to.
func areaOf(code string) string {
	parts := strings.SplitN(code, ".", 3)
	if len(parts) < 3 {
		return parts[0]
	}
	return parts[0] + "." + parts[1]
}

func (v *visit) words() error {
	own, _, err := v.App.OpenWords(v.r.Context(), v.actor, "")
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	wv := wordsView{
		Lang: v.lang, Tabs: v.settingsTabs("words"), Changed: q.Get("changed") == "1",
		Query: control{ID: "q", Label: v.say("words.search"), Value: q.Get("q"), Kind: "search"},
		Area:  control{ID: "area", Label: v.say("words.area"), Value: q.Get("area")}, Areas: []option{{"", v.say("words.area.all")}},
	}
	forms := map[string]map[string][]string{}
	for _, lang := range text.CustomerLangs() {
		forms[lang] = formsBy(lang)
	}
	codes := slices.Sorted(maps.Keys(forms[text.Langs()[0]]))
	for _, a := range areasOf(codes) {
		wv.Areas = append(wv.Areas, option{a, areaName(v.lang, a)})
	}
	var found []wordsRow
	for _, code := range codes {
		row, hit := v.wordsRow(own, forms, code, q.Get("q"))
		if hit && (q.Get("area") == "" || areaOf(code) == q.Get("area")) && (!wv.Changed || row.State.Word != "") {
			found = append(found, row)
		}
	}
	wv.Count = v.say("words.count", "n", len(found))
	from, _ := strconv.Atoi(q.Get("from")) // what is no number is the first page
	from = max(0, min(from, len(found)))
	wv.Rows = found[from:min(from+wordsShown, len(found))]
	at := func(n int) string {
		q.Set("from", strconv.Itoa(n))
		return "/console/settings/words?" + q.Encode()
	}
	if from+wordsShown < len(found) {
		wv.Older = at(from + wordsShown)
	}
	if from > 0 {
		wv.Earlier = at(max(0, from-wordsShown))
	}
	v.show(http.StatusOK, "settings", wv.word("title"), "", wordsPage(wv))
	return nil
}

// wordsRow is a line of the list, and whether a search finds it in any language.
func (v *visit) wordsRow(own text.Own, forms map[string]map[string][]string, code, query string) (row wordsRow, hit bool) {
	row = wordsRow{Code: code, Needed: company.Needed(code)}
	query = strings.ToLower(strings.TrimSpace(query))
	hit = query == "" || strings.Contains(code, query)
	for _, lang := range text.CustomerLangs() {
		for _, key := range forms[lang][code] {
			s := own[lang][key]
			if s != "" {
				row.State = badge{"check", "info", v.say("words.changed")}
			} else {
				s = text.Ours(lang, key)
			}
			hit = hit || strings.Contains(strings.ToLower(s), query)
			if lang == v.lang { // the last form, which is the usual one
				row.Text = s
			}
		}
	}
	return row, hit
}

func areasOf(codes []string) (list []string) {
	for _, code := range codes {
		if a := areaOf(code); !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// areaName is what people call a part of the catalogue.
func areaName(lang, area string) string {
	place, part, _ := strings.Cut(area, ".")
	if part == "" {
		return say(lang, "words.place."+place)
	}
	return say(lang, "words.place."+place) + ": " + known(lang, "console.words.part."+part, known(lang, "console.paper."+part, part))
}

// wordView is one code, to be said in other words.
type wordView struct {
	Lang        string
	Tabs        []tab
	Code, About string
	Needed      bool
	Sides       []wordSide
	Letter      string // name of the letter that it stands in; empty: in none that can be shown
	May, Saved  bool
	Changed     bool
	Who         string
	Rows        []versionRow
	Kind, To    control
	Language    control
	Kinds       []option
	Languages   []option
	Sent        bool
	now         time.Time // that letters to look at are made
}

func (v wordView) word(code string, args ...any) string { return say(v.Lang, "words."+code, args...) }

// wordSide is a language of it.
type wordSide struct {
	Lang, Name string
	Fields     []wordField
	Parts      []string // as they read on a page
	Letter     string   // HTML
}

type wordField struct {
	control
	Ours  string
	Slots string
}

func (v *visit) oneWord() error { return v.showWord(http.StatusOK, nil, nil) }

// showWord shows a code with what was typed, or as it stands.
func (v *visit) showWord(status int, typed url.Values, wrong error) error {
	code := v.r.PathValue("code")
	if !mayReword(code) {
		return fault.New(fault.NotFound, "not_found")
	}
	own, versions, err := v.App.OpenWords(v.r.Context(), v.actor, code)
	if err != nil {
		return err
	}
	now, _, err := v.App.Now(v.r.Context())
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	wv := wordView{
		Lang: v.lang, Tabs: v.settingsTabs("words"), Code: code, About: areaName(v.lang, areaOf(code)), Needed: company.Needed(code), May: v.actor.May("company"),
		Who: whoMay(v.lang, "company"), Saved: v.r.URL.Query().Has("saved"), Sent: v.r.URL.Query().Has("sent"), now: now,
	}
	try := text.Own{}
	for _, lang := range text.CustomerLangs() {
		if len(formsOf(lang, code)) == 0 { // only people who work here read it
			continue
		}
		try[lang] = maps.Clone(own[lang])
		if try[lang] == nil {
			try[lang] = map[string]string{}
		}
		side := wordSide{Lang: lang, Name: text.Say(v.lang, "lang."+lang)}
		for _, key := range formsOf(lang, code) {
			f := v.wordField(lang, key, own[lang][key])
			wv.Changed = wv.Changed || own[lang][key] != ""
			if typed != nil {
				f.Value = typed.Get(f.ID)
			}
			f.Error = errs[f.ID]
			if s, err := company.CheckWords(lang, key, f.Value); err == nil {
				try[lang][key] = s
			}
			side.Fields = append(side.Fields, f)
		}
		wv.Sides = append(wv.Sides, side)
	}
	kind := v.letterWith(code, now)
	for i := range wv.Sides {
		v.preview(&wv.Sides[i], code, kind, try, now)
	}
	wv.Letter = kind
	for _, x := range versions {
		wv.Rows = append(wv.Rows, v.wordVersion(x))
	}
	if err := v.testForm(&wv, kind, errs); err != nil {
		return err
	}
	v.show(status, "settings", wv.word("title"), v.problem(wrong), wordPage(wv))
	return nil
}

func (v *visit) wordField(lang, key, own string) wordField {
	_, form, plural := strings.Cut(key, "|")
	f := wordField{control: control{ID: lang, Label: v.say("words.yours"), Value: own}, Ours: text.Ours(lang, key)}
	if plural {
		f.ID += "_" + form
		f.Label += ", " + v.say("words.form."+form)
	}
	if f.Value == "" {
		f.Value = f.Ours
	}
	var slots []string
	for _, s := range text.Slots(f.Ours) {
		slots = append(slots, "{"+s+"}")
	}
	if len(slots) > 0 {
		f.Slots = v.say("words.slots", "slots", strings.Join(slots, " "))
	}
	return f
}

func (v *visit) wordVersion(x app.OwnWordView) versionRow {
	row := versionRow{text.Number(v.lang, int64(x.Version)), text.ShortInstant(v.lang, x.At, v.zone()), x.Name, text.Say(v.lang, "lang."+x.Language) + ": " + x.Text}
	if x.Name == "" {
		row.By = v.say("company.by.system")
	}
	if x.Text == "" {
		row.What = text.Say(v.lang, "lang."+x.Language) + ": " + v.say("words.ours.again")
	}
	return row
}

// preview shows a language of a code as a part of a page and in its letter.
func (v *visit) preview(side *wordSide, code, kind string, try text.Own, now time.Time) {
	for _, key := range formsOf(side.Lang, code) {
		_, form, _ := strings.Cut(key, "|")
		side.Parts = append(side.Parts, try.Say(side.Lang, code, v.sampleSlots(side.Lang, text.Slots(text.Ours(side.Lang, key)), form, now)...))
	}
	if kind != "" && v.o.Letter != nil {
		side.Letter = v.o.Letter(sampleLetter(kind, side.Lang, try, now), side.Lang)
	}
}

// sampleLetter is a letter with words that are not kept yet.
func sampleLetter(kind, lang string, try text.Own, now time.Time) app.Paper {
	p := app.SamplePaper(kind, lang, now)
	p.Try = try
	return p
}

// sampleSlots are values to look at.
func (v *visit) sampleSlots(lang string, slots []string, form string, now time.Time) (args []any) {
	day := text.LongDate(lang, when.DateOf(now.AddDate(0, 0, 30), v.zone()))
	n := map[string]int{"one": 1, "many": 1_000_000}[form]
	if n == 0 {
		n = 3
	}
	c := v.App.Company()
	values := map[string]any{
		"n": n, "company": c.Name, "code": "HL-7K4M-29QX", "name": "Marta Ibáñez", "email": c.Email, "way": c.Complaints, "date": day, "until": day, "day": day,
		"amount": text.Money(lang, money.Amount{Minor: 2472, Currency: "EUR"}), "time": "23:59", "at": text.Instant(lang, now, v.zone()), "product": "Faro", "plan": "Pro",
		"signer": c.Signer,
	}
	for _, s := range slots {
		value, ok := values[s]
		if !ok {
			value = "…"
		}
		args = append(args, s, value)
	}
	return args
}

// letterWith is the letter that a code stands in; empty if it stands in none that
// can be shown here.
func (v *visit) letterWith(code string, now time.Time) string {
	if v.o.Letter == nil || !strings.HasPrefix(code, "document.") {
		return ""
	}
	kinds := slices.Sorted(maps.Keys(app.Letters))
	for _, kind := range kinds {
		if strings.HasPrefix(code, "document."+kind+".") {
			return kind
		}
	}
	const probe = "⟦probe⟧"
	lang := text.Langs()[0]
	mark := text.Own{lang: {}}
	for _, key := range formsOf(lang, code) {
		mark[lang][key] = probe
	}
	for _, kind := range append([]string{"receipt"}, kinds...) {
		if strings.Contains(v.o.Letter(sampleLetter(kind, lang, mark, now), lang), probe) {
			return kind
		}
	}
	return ""
}

// testForm lets whoever looks send themselves a letter.
func (v *visit) testForm(wv *wordView, kind string, errs map[string]string) error {
	if kind == "" {
		kind = "receipt"
	}
	wv.Kind = control{ID: "letter", Label: v.say("words.test.letter"), Value: kind, Error: errs["letter"]}
	for _, k := range slices.Sorted(maps.Keys(app.Letters)) {
		wv.Kinds = append(wv.Kinds, option{k, known(v.lang, "console.paper."+k, k)})
	}
	wv.Language = control{ID: "language", Label: v.say("words.test.language"), Value: v.lang}
	for _, l := range text.CustomerLangs() {
		wv.Languages = append(wv.Languages, option{l, text.Say(v.lang, "lang."+l)})
	}
	to := v.form.Get("to")
	if to == "" {
		own, err := v.App.ToldSettings(v.r.Context(), v.actor)
		if err != nil {
			return err
		}
		to = own.Address
	}
	wv.To = control{ID: "to", Label: v.say("words.test.to"), Hint: v.say("words.test.to.hint"), Kind: "email", Value: to, Error: errs["to"], Required: true}
	return nil
}

// typedWords are the words of the form.
func typedWords(code string, f url.Values) (list []app.Wording) {
	for _, lang := range text.CustomerLangs() {
		for _, key := range formsOf(lang, code) {
			field := lang
			if _, form, plural := strings.Cut(key, "|"); plural {
				field += "_" + form
			}
			if f.Has(field) {
				list = append(list, app.Wording{Language: lang, Key: key, Text: f.Get(field)})
			}
		}
	}
	return list
}

func (v *visit) setWord() error {
	code := v.r.PathValue("code")
	if !mayReword(code) {
		return fault.New(fault.NotFound, "not_found")
	}
	list := typedWords(code, v.form)
	if v.form.Get("do") == "ours" {
		for i := range list {
			list[i].Text = ""
		}
	}
	var err error
	if v.form.Get("do") == "look" {
		if err = v.actor.CanRead("company"); err == nil {
			_, err = app.CheckWords(list)
		}
	} else {
		err = v.App.SetWords(v.r.Context(), v.actor, list)
	}
	switch {
	case fault.KindOf(err) == fault.Invalid && err != nil:
		return v.showWord(web.Status(err), v.form, err)
	case err != nil:
		return err
	case v.form.Get("do") == "look":
		return v.showWord(http.StatusOK, v.form, nil)
	}
	v.to("/console/settings/words/" + code + "?saved")
	return nil
}

func (v *visit) testWord() error {
	_, err := v.App.SendTest(v.r.Context(), v.actor, v.form.Get("letter"), v.form.Get("language"), v.form.Get("to"))
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooMany:
		if err != nil {
			return v.showWord(web.Status(err), nil, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/settings/words/" + v.r.PathValue("code") + "?sent")
	return nil
}
