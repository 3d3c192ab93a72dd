package portal

import (
	"net/http"
	"strconv"

	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// usersView is the page on which the customer sees who of their own users is told.
type usersView struct {
	text.Speech
	Base, Code, Name string
	How              []string // how it stands, in sentences
	Users            []string // of one part of the list: addresses, with names where they are known
	Range            string   // which part it is; empty: it is all of it
	Before, After    string   // links to the parts around it
	Letter           string   // what they are told; empty: nobody is
	Open             bool     // who tells them may still be changed
	Self             bool     // the customer does
	Company          string
}

func (v usersView) say(code string, args ...any) string { return v.Say("portal.users."+code, args...) }

func (p *portal) users(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenUsersPage(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang, zone := page.Paper.Language, p.App.Company().Zone
	r = web.Spoken(r, lang)
	told := page.Told
	v := usersView{
		Speech: p.speech(lang), Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, Open: told.Open, Self: !told.Self.IsZero(), Company: p.App.Company().Name,
	}
	day, n := text.LongDate(lang, told.Day), len(told.Users)
	switch {
	case v.Self:
		v.How = append(v.How, v.say("self", "at", text.Instant(lang, told.Self, zone)))
	case told.Made:
		v.How = append(v.How, v.say("told", "n", n, "day", day), v.say("sent", "n", told.Sent))
		if told.Lacking > 0 {
			v.How = append(v.How, v.say("lacking", "n", told.Lacking))
		}
	case n == 0:
		v.How = append(v.How, v.say("nobody", "day", day))
	default:
		v.How = append(v.How, v.say("waits", "n", n, "day", day))
	}
	first := usersPart(r.URL.Query().Get("from"), n)
	shown := told.Users[first:min(n, first+usersShown)]
	if n > usersShown {
		v.Range = v.say("range", "first", first+1, "last", first+len(shown), "n", n)
		part := func(at int) string { return v.Base + "/users?from=" + strconv.Itoa(at+1) + "&lang=" + lang + "#users" }
		if first > 0 {
			v.Before = part(first - usersShown)
		}
		if first+usersShown < n {
			v.After = part(first + usersShown)
		}
	}
	for _, u := range shown {
		if line := u.Email; u.Name != "" {
			v.Users = append(v.Users, u.Name+" · "+line)
		} else {
			v.Users = append(v.Users, line)
		}
	}
	if !v.Self {
		v.Letter = p.papers.Inset(*told.Letter, "users")
	}
	p.show(w, r, http.StatusOK, v.say("title"), usersPage(v))
}

// usersShown is how many users stand on one page.
const usersShown = 100

// usersPart is the index of the first user of the part of the list that somebody asks for
// by any number in it.
func usersPart(from string, n int) int {
	at, err := strconv.Atoi(from)
	if err != nil || at < 1 || at > n {
		return 0
	}
	return (at - 1) / usersShown * usersShown
}

// sayUsers takes down who tells the customer's users.
func (p *portal) sayUsers(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err == nil {
		err = p.App.SayUsersTold(r.Context(), r.PathValue("token"), f.Get("who") == "customer")
	}
	p.act(w, r, base(r)+"/users", err)
}
