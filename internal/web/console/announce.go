package console

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// announcementsShown is how many announcements stand on one page.
const announcementsShown = 100

// announcementsView lists what was announced and is still to come, and takes more.
type announcementsView struct {
	Lang  string
	Rows  []announcementRow
	Next  string // address of the page that follows
	First string // of the first
	Done  string // what was just done
	Text  control
	Error string // of the file
	May   bool
	Who   string
}

// announcementFileView says what a file would announce, or what it announced.
type announcementFileView struct {
	Lang, ID, File string
	Says           string
	Done, Any      bool // it was announced; something would be
	Rows           []announcementRow
	Shown          string // that there are more
	Refused        []refusedView
	More           int
	Letters        []letterShown
}

// announcementRow is one announcement and who is told when.
type announcementRow struct {
	Line                  int64
	Contract, Kind        string // as a form says it
	Customer, Name        string
	What, Day, Price, Was string
	To, Tells             string
	State                 badge
	Unchanged             string
}

func (v announcementsView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.announce."+code, args...)
}

func (v announcementFileView) word(code string, args ...any) string {
	return text.Say(v.Lang, "console.announce."+code, args...)
}

var tellsLooks = map[app.Telling]badge{
	app.TellsInTime: {Icon: "mail", Class: "info"}, app.TellsLate: {Icon: "alert", Class: "warn"}, app.TellsNever: {Icon: "dash"},
	app.TellsNobody: {Icon: "alert", Class: "warn"}, app.TellsLeaver: {Icon: "dash"}, app.TellsTest: {Icon: "dash"},
}

func viewAnnouncement(lang string, x app.Announcement) announcementRow {
	var days []string
	for _, d := range x.Letters {
		days = append(days, text.Date(lang, d))
	}
	r := announcementRow{
		Line: x.Line, Contract: x.Contract, Kind: string(x.Kind), Customer: string(x.Customer), Name: x.Name, What: text.Say(lang, "announced.what."+string(x.Kind)),
		Day: text.Date(lang, x.Day), Tells: strings.Join(days, " · "), State: tellsLooks[x.Tells],
	}
	r.State.Word = text.Say(lang, "console.announce.tells."+string(x.Tells))
	switch {
	case len(days) > 0:
		r.To = x.To
	case x.Tells == app.TellsInTime:
		r.State = badge{Icon: "check", Class: "ok", Word: text.Say(lang, "console.announce.tells.done")}
	}
	if x.Price != (money.Amount{}) {
		r.Price, r.Was = text.Money(lang, x.Price), text.Say(lang, "console.announce.was", "was", text.Money(lang, x.Was))
	}
	if x.Unchanged {
		r.Unchanged = text.Say(lang, "console.announce.unchanged")
	}
	return r
}

func (v *visit) announcements() error { return v.announcementsPage(http.StatusOK, "", nil) }

func (v *visit) announcementsPage(status int, typed string, wrong error) error {
	q := v.r.URL.Query()
	after := app.ComingLine{Kind: limit.Kind(q.Get("kind"))}
	after.ID = customer.SubscriptionID(q.Get("after"))
	list, next, err := v.App.ListAnnounced(v.r.Context(), v.actor, after, announcementsShown)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	av := announcementsView{Lang: v.lang, Error: errs["file"], May: v.actor.May("coming"), Who: whoMay(v.lang, "coming")}
	for _, x := range list {
		av.Rows = append(av.Rows, viewAnnouncement(v.lang, x))
	}
	if next.ID != "" {
		av.Next = query("/console/announcements", "after", string(next.ID), "kind", string(next.Kind))
	}
	if after.ID != "" {
		av.First = "/console/announcements"
	}
	if q.Get("done") == "withdrawn" {
		av.Done = av.word("withdrawn")
	}
	av.Text = control{ID: "text", Label: av.word("text"), Hint: av.word("text.hint"), Value: typed, Error: errs["text"]}
	v.show(status, "announcements", av.word("title"), v.problem(wrong), announcementsPage(av))
	return nil
}

// keepAnnouncements keeps the file, or what was pasted, and goes on to what it says.
func (v *visit) keepAnnouncements() error {
	said, name, body, err := map[string]string{"text": v.form.Get("text")}, "", []byte(nil), error(nil)
	if v.form == nil {
		said, name, body, err = v.sentFile()
	}
	typed, field := said["text"], "file"
	if strings.TrimSpace(typed) != "" && len(body) == 0 {
		name, body, field = text.Say(v.lang, "console.announce.pasted"), []byte(typed), "text"
	}
	var id string
	if err == nil {
		id, err = v.App.KeepAnnouncements(v.r.Context(), v.actor, name, body)
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge:
		if f := fault.Fields(err); len(f) == 1 && f[0].Field == "file" {
			err = f[0].On(field)
		}
		if err != nil {
			return v.announcementsPage(web.Status(err), typed, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/announcements/" + id)
	return nil
}

func (v *visit) announcementFile() error { return v.showAnnouncing(true) }

func (v *visit) announce() error { return v.showAnnouncing(false) }

// showAnnouncing shows what a file would announce, or announces it.
func (v *visit) showAnnouncing(dry bool) error {
	id := v.r.PathValue("file")
	out, file, err := v.App.AnnounceKept(v.r.Context(), v.actor, id, dry)
	if err != nil {
		return err
	}
	code := "announced.said"
	if dry {
		code = "announced.tried"
	}
	av := announcementFileView{
		Lang: v.lang, ID: id, File: file, Done: !dry, Any: dry && out.Kept > 0, Refused: viewRefused(v.lang, out.Refused), More: out.Rejected - len(out.Refused),
		Says: text.Say(v.lang, code, "n", out.Kept, "letters", out.Letters, "silent", out.Silent, "unchanged", out.Unchanged),
	}
	for _, x := range out.Rows {
		av.Rows = append(av.Rows, viewAnnouncement(v.lang, x))
	}
	if more := out.Kept + out.Unchanged - len(out.Rows); more > 0 {
		av.Shown = av.word("shown", "n", more)
	}
	for _, p := range out.Samples {
		if dry && v.o.Letter != nil {
			av.Letters = append(av.Letters, letterShown{p.Language, text.Say(v.lang, "lang."+p.Language), v.o.Letter(p, p.Language)})
		}
	}
	v.show(http.StatusOK, "announcements", av.word("title"), "", announcementFilePage(av))
	return nil
}

func (v *visit) unannounce() error {
	err := v.App.Unannounce(v.r.Context(), v.actor, v.form.Get("contract"), limit.Kind(v.form.Get("kind")))
	if err != nil {
		return err
	}
	v.to(query("/console/announcements", "done", "withdrawn"))
	return nil
}
