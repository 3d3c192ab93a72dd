package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// OwnWords are what the company says in the place of ours.
type OwnWords struct {
	Key      string `json:"key"`
	Language string `json:"language"`
	Ours     string `json:"ours"`
	Words    string `json:"words,omitempty"`
	Needed   bool   `json:"needed"`
}

type listWords struct {
	Changed bool   `query:"changed"`
	Prefix  string `query:"prefix" maxLength:"100"`
}

type wordsList struct {
	Body struct {
		Items []OwnWords `json:"items"`
	} `nameHint:"OwnWordsList"`
}

// Wording is own words for a key in a language.
type Wording struct {
	Key      string `json:"key" maxLength:"100"`
	Language string `json:"language" maxLength:"2"`
	Words    string `json:"words" maxLength:"2000"`
}

type putWords struct {
	Body struct {
		Words []Wording `json:"words" maxItems:"200"`
	} `nameHint:"OwnWordsInput"`
}

type testLetter struct {
	Body struct {
		Letter   string `json:"letter" maxLength:"40"`
		Language string `json:"language" maxLength:"2"`
		To       string `json:"to" maxLength:"254"`
	} `nameHint:"TestLetterInput"`
}

// words are the routes of what the company says in its own words.
func (a *API) words(h huma.API) {
	const path = "/v1/words"
	on(h, a, route{ID: "list-words", Method: http.MethodGet, Path: path, Scopes: []string{"company:read"}, Tag: "company"},
		func(ctx context.Context, by app.Actor, in *listWords) (*wordsList, error) {
			own, _, err := a.App.OpenWords(ctx, by, "")
			out := &wordsList{}
			out.Body.Items = []OwnWords{}
			for _, key := range company.Keys(text.Langs()[0]) {
				for _, lang := range text.CustomerLangs() {
					x := OwnWords{key, lang, text.Ours(lang, key), own[lang][key], company.Needed(key)}
					if x.Ours != "" && strings.HasPrefix(key, in.Prefix) && (!in.Changed || x.Words != "") {
						out.Body.Items = append(out.Body.Items, x)
					}
				}
			}
			return out, err
		})
	on(h, a, route{ID: "put-words", Method: http.MethodPut, Path: path, Scopes: []string{"company:write"}, Tag: "company", Max: 8 * maxBody},
		func(ctx context.Context, by app.Actor, in *putWords) (*done, error) {
			var wrong fault.List
			list := make([]app.Wording, len(in.Body.Words))
			for i, w := range in.Body.Words {
				list[i] = app.Wording{Language: w.Language, Key: w.Key, Text: w.Words}
				if _, e := company.CheckWords(w.Language, w.Key, w.Words); e != nil && e.Kind == fault.Invalid { // the field of a list is a place in it
					wrong = append(wrong, e.On("words."+strconv.Itoa(i)+".words"))
				}
			}
			if len(wrong) > 0 && by.May("company") {
				return nil, wrong
			}
			return &done{}, a.App.SetWords(ctx, by, list)
		})
	on(h, a, route{ID: "test-letter", Method: http.MethodPost, Path: path + "/test", Scopes: []string{"company:write"}, Tag: "company", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *testLetter) (*made, error) {
			id, err := a.App.SendTest(ctx, by, in.Body.Letter, in.Body.Language, in.Body.To)
			return madeAt("/v1/messages/", string(id)), err
		})
}
