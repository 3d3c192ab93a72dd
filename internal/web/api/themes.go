package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/reason"
)

// ThemeTally counts texts that are alike.
type ThemeTally struct {
	Theme  string `json:"theme"`
	Chosen string `json:"chosen,omitempty"`
	Source string `json:"source" enum:"reason,idea"`
	Texts  int    `json:"texts"`
	Said   int    `json:"said"`
	Named  int    `json:"named"`
	Right  int    `json:"right"`
}

// ThemeModel is what the model was made of that groups texts.
type ThemeModel struct {
	Number    int64      `json:"number"`
	LearnedAt *time.Time `json:"learned_at,omitempty"`
	Texts     int        `json:"texts"`
	Customers int        `json:"customers"`
	GroupedAt *time.Time `json:"grouped_at,omitempty"`
}

// Themes is what customers who left wrote about, in a time.
type Themes struct {
	From     string          `json:"from" format:"date"`
	To       string          `json:"to" format:"date"`
	Items    []ThemeTally    `json:"items"`
	Editions []ReasonEdition `json:"editions"`
	Model    ThemeModel      `json:"model"`
}

// ThemedText is a text with what it is about.
type ThemedText struct {
	Text       string     `json:"text"`
	Source     string     `json:"source" enum:"reason,idea"`
	Case       string     `json:"case"`
	Code       string     `json:"code"`
	Customer   string     `json:"customer"`
	Words      string     `json:"words"`
	Theme      string     `json:"theme"`
	Likely     string     `json:"likely"`
	Confidence float64    `json:"confidence"`
	Said       string     `json:"said,omitempty"`
	SaidBy     string     `json:"said_by,omitempty"`
	SaidAt     *time.Time `json:"said_at,omitempty"`
}

type themesBody struct{ Body Themes }

type listThemed struct {
	Page
	From   string `query:"from" maxLength:"10"`
	To     string `query:"to" maxLength:"10"`
	Theme  string `query:"theme" maxLength:"64"`
	Chosen string `query:"chosen" maxLength:"12"`
}

type themedList struct {
	Body struct {
		Items []ThemedText `json:"items"`
		Next  string       `json:"next,omitempty"`
	} `nameHint:"ThemedTextList"`
}

type correctTheme struct {
	Text string `path:"text"`
	Body struct {
		Theme string `json:"theme" maxLength:"64"`
	} `nameHint:"ThemeCorrection"`
}

// unknownTheme asks for texts of which nobody knows what they are about, and says
// that of one.
const unknownTheme = "unknown"

func themeOf(label string) string {
	if label == "" {
		return unknownTheme
	}
	return label
}

// themes are the routes of what customers wrote about.
func (a *API) themes(h huma.API) {
	on(h, a, route{ID: "get-themes", Method: http.MethodGet, Path: "/v1/themes", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *reasonDays) (*themesBody, error) {
			from, to, err := in.read()
			if err != nil {
				return nil, err
			}
			r, err := a.App.Themes(ctx, by, from, to)
			if err != nil {
				return nil, err
			}
			out := Themes{From: r.From.String(), To: r.To.String(), Editions: []ReasonEdition{}, Model: ThemeModel{r.Model.Number, at(r.Model.At), r.Model.Texts, r.Model.Customers, at(r.Grouped)}}
			used := map[string]bool{}
			out.Items = each(r.Tallies, func(x app.ThemeTally) ThemeTally {
				used[x.Chosen] = true
				return ThemeTally{themeOf(x.Label), x.Chosen, x.Source, x.Texts, x.Said, x.Named, x.Right}
			})
			m := reason.NewMatrix(reason.Builtin(), nil, r.Editions)
			for _, e := range r.Editions {
				if used[e.ID] {
					out.Editions = append(out.Editions, ReasonEdition{e.ID, e.Code, e.Family, words(e.Label), m.Now(e.ID)})
				}
			}
			return &themesBody{out}, nil
		})
	on(h, a, route{ID: "list-theme-texts", Method: http.MethodGet, Path: "/v1/themes/texts", Scopes: []string{"texts:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *listThemed) (*themedList, error) {
			from, to, err := reasonDays{in.From, in.To}.read()
			if err != nil {
				return nil, err
			}
			after, err := in.read("themes")
			if err != nil {
				return nil, err
			}
			p := app.ThemePick{}
			for _, x := range []struct {
				said, none string
				into       **string
			}{{in.Theme, unknownTheme, &p.Label}, {in.Chosen, "none", &p.Chosen}} {
				switch x.said {
				case "":
				case x.none:
					*x.into = new(string)
				default:
					*x.into = &x.said
				}
			}
			list, next, err := a.App.ThemeTexts(ctx, by, from, to, p, app.Place{After: after, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &themedList{}
			out.Body.Items = each(list, func(x app.ThemedText) ThemedText {
				return ThemedText{
					x.Text, x.Source, string(x.Case), x.Code, string(x.Customer), x.Words, themeOf(x.Label()), x.Likely, float64(x.Permille) / 1000, x.Said, x.SaidBy, at(x.SaidAt),
				}
			})
			out.Body.Next = cursor("themes", next)
			return out, nil
		})
	on(h, a, route{ID: "correct-theme", Method: http.MethodPost, Path: "/v1/themes/texts/{text}/correct", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *correctTheme) (*done, error) {
			return &done{}, a.App.CorrectTheme(ctx, by, in.Text, in.Body.Theme)
		})
	on(h, a, route{ID: "learn-themes", Method: http.MethodPost, Path: "/v1/themes/learn", Scopes: []string{"cases:act"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, _ *struct{}) (*done, error) {
			return &done{}, a.App.LearnThemesSoon(ctx, by)
		})
}
