package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/voice"
	"hastaluego/internal/when"
)

// Voice is what somebody who left lets the company say. What may not be shown
// any more has no words and no file, so that no program shows it.
type Voice struct {
	ID          string     `json:"id"`
	Case        string     `json:"case"`
	Customer    string     `json:"customer"`
	Kind        string     `json:"kind" enum:"testimonial,referral"`
	GivenAt     time.Time  `json:"given_at"`
	Until       string     `json:"until,omitempty" format:"date"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty"`
	Stands      bool       `json:"stands"`
	Name        string     `json:"name,omitempty"`
	Text        string     `json:"text,omitempty"`
	Link        string     `json:"link,omitempty"`
	File        string     `json:"file,omitempty"`
}

func viewVoice(today when.Date) func(voice.Voice) Voice {
	return func(v voice.Voice) Voice {
		stands := v.Stands(today)
		return Voice{
			string(v.ID), string(v.Case), string(v.Customer), string(v.Kind), v.GivenAt, v.Until.String(), at(v.Withdrawn), stands, only(stands, v.Name),
			only(stands, v.Text), only(stands, v.Link), only(stands, v.Blob),
		}
	}
}

// SurveyAnswer is what somebody who left answered to the survey.
type SurveyAnswer struct {
	ID      string            `json:"id"`
	Case    string            `json:"case"`
	Form    string            `json:"form"`
	At      time.Time         `json:"at"`
	Answers map[string]string `json:"answers"`
}

func viewSurvey(x app.FormAnswer) SurveyAnswer {
	return SurveyAnswer{x.ID, string(x.Case), x.Form, x.DoneAt, words(x.Answers)}
}

type listVoices struct {
	Page
	Kind string `query:"kind" enum:"testimonial,referral" default:"testimonial"`
}

type voiceList struct {
	Body struct {
		Items []Voice `json:"items"`
		Next  string  `json:"next,omitempty"`
	} `nameHint:"VoiceList"`
}

type surveyList struct {
	Body struct {
		Items []SurveyAnswer `json:"items"`
		Next  string         `json:"next,omitempty"`
	} `nameHint:"SurveyList"`
}

// voices are the routes of what those who left said.
func (a *API) voices(h huma.API) {
	read := []string{"voices:read"}
	on(h, a, route{ID: "list-voices", Method: http.MethodGet, Path: "/v1/voices", Scopes: read, Tag: "voices"},
		func(ctx context.Context, by app.Actor, in *listVoices) (*voiceList, error) {
			name := "voices:" + in.Kind
			p, err := in.place(name, "voi")
			if err != nil {
				return nil, err
			}
			list, today, next, err := a.App.PageVoices(ctx, by, voice.Kind(in.Kind), p)
			out := &voiceList{}
			out.Body.Items, out.Body.Next = each(list, viewVoice(today)), cursor(name, next)
			return out, err
		})
	on(h, a, route{ID: "list-survey-answers", Method: http.MethodGet, Path: "/v1/survey-answers", Scopes: read, Tag: "voices"},
		func(ctx context.Context, by app.Actor, in *onlyPage) (*surveyList, error) {
			p, err := in.place("survey", "ans")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageSurvey(ctx, by, p)
			out := &surveyList{}
			out.Body.Items, out.Body.Next = each(list, viewSurvey), cursor("survey", next)
			return out, err
		})
}
