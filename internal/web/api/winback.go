package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/winback"
)

// Leaver is somebody who left and allowed one letter.
type Leaver struct {
	Customer string  `json:"customer"`
	Name     string  `json:"name"`
	Case     string  `json:"case"`
	Code     string  `json:"code"`
	LeftOn   string  `json:"left_on" format:"date"`
	Reason   string  `json:"reason,omitempty"`
	Monthly  []Money `json:"monthly"`
	State    string  `json:"state" enum:"reachable,back,silent,early,quiet,barred,written"`
}

func viewLeaver(l winback.Leaver) Leaver {
	state := "reachable"
	switch {
	case l.Back:
		state = "back"
	case l.Early:
		state = "early"
	case l.Quiet:
		state = "quiet"
	case l.Silent:
		state = "silent"
	case l.Barred:
		state = "barred"
	case l.Written:
		state = "written"
	}
	return Leaver{
		string(l.Customer.ID), l.Customer.Name, string(l.Case.ID), l.Case.Code, l.Case.Effective.String(), l.Reason, each(l.Monthly, viewMoney), state,
	}
}

type listLeavers struct {
	Page
	Reason string `query:"reason" maxLength:"40"`
	Least  int64  `query:"least" minimum:"0" maximum:"1000000000000"`
	From   string `query:"from" format:"date"`
	To     string `query:"to" format:"date"`
}

type leaverList struct {
	Body struct {
		Items []Leaver `json:"items"`
		Next  string   `json:"next,omitempty"`
	} `nameHint:"LeaverList"`
}

// WinbackFilter picks leavers.
type WinbackFilter struct {
	Reason string `json:"reason,omitempty" maxLength:"40"`
	Least  int64  `json:"least,omitempty" minimum:"0" maximum:"1000000000000"`
	From   string `json:"from,omitempty" format:"date"`
	To     string `json:"to,omitempty" format:"date"`
}

func (f WinbackFilter) filter(under string) (winback.Filter, error) {
	out := winback.Filter{Reason: f.Reason, Least: f.Least}
	return out, days(under, map[string]day{"from": {&f.From, &out.From}, "to": {&f.To, &out.To}})
}

// LetterWords is the letter in one language.
type LetterWords struct {
	Subject string `json:"subject" minLength:"1" maxLength:"120"`
	Text    string `json:"text" minLength:"1" maxLength:"1500"`
}

type writeLeavers struct {
	Body struct {
		Filter  WinbackFilter `json:"filter,omitempty"`
		Letters struct {
			ES LetterWords  `json:"es"`
			EN LetterWords  `json:"en"`
			DE *LetterWords `json:"de,omitempty"`
			FR *LetterWords `json:"fr,omitempty"`
		} `json:"letters" nameHint:"WinbackLetters"`
	} `nameHint:"WinbackInput"`
}

func (in *writeLeavers) input() (app.WinbackInput, error) {
	f, err := in.Body.Filter.filter("filter.")
	l := in.Body.Letters
	out := app.WinbackInput{Filter: f, Words: map[string]winback.Words{"es": winback.Words(l.ES), "en": winback.Words(l.EN)}}
	for lang, w := range map[string]*LetterWords{"de": l.DE, "fr": l.FR} {
		if w != nil {
			out.Words[lang] = winback.Words(*w)
		}
	}
	return out, err
}

type reached struct {
	Body struct {
		Letters int `json:"letters"`
	} `nameHint:"WinbackReach"`
}

// winback are the routes of the one letter to those who left and allowed it.
func (a *API) winback(h huma.API) {
	const path = "/v1/winback"
	on(h, a, route{ID: "list-leavers", Method: http.MethodGet, Path: path, Scopes: []string{"winback:read"}, Tag: "winback", Fields: map[string]string{"from": "?from", "to": "?to"}},
		func(ctx context.Context, by app.Actor, in *listLeavers) (*leaverList, error) {
			p, err := in.place("winback", "case")
			if err != nil {
				return nil, err
			}
			f, err := WinbackFilter{in.Reason, in.Least, in.From, in.To}.filter("")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageWinback(ctx, by, f, p)
			out := &leaverList{}
			out.Body.Items, out.Body.Next = each(list, viewLeaver), cursor("winback", next)
			return out, err
		})
	write := func(name string, verb func(context.Context, app.Actor, app.WinbackInput) (int, error)) {
		on(h, a, route{ID: name + "-winback", Method: http.MethodPost, Path: path + "/" + name, Scopes: []string{"winback:send"}, Tag: "winback", Fields: map[string]string{
			"subject_es": "/letters/es/subject", "text_es": "/letters/es/text", "subject_en": "/letters/en/subject", "text_en": "/letters/en/text",
			"subject_de": "/letters/de/subject", "text_de": "/letters/de/text", "subject_fr": "/letters/fr/subject", "text_fr": "/letters/fr/text",
		}}, func(ctx context.Context, by app.Actor, in *writeLeavers) (*reached, error) {
			x, err := in.input()
			out := &reached{}
			if err == nil {
				out.Body.Letters, err = verb(ctx, by, x)
			}
			return out, err
		})
	}
	write("preview", func(ctx context.Context, by app.Actor, x app.WinbackInput) (int, error) {
		_, n, err := a.App.PreviewWinback(ctx, by, x)
		return n, err
	})
	write("send", a.App.SendWinback)
}
