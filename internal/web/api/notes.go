package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

// Note is what somebody wrote down about a departure.
type Note struct {
	ID        string    `json:"id"`
	Text      string    `json:"text,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
}

func viewNote(n app.NoteView) Note { return Note{n.ID, n.Text, n.CreatedAt, n.CreatedBy} }

type noteList struct {
	Body struct {
		Items []Note `json:"items"`
	} `nameHint:"NoteList"`
}

type addNote struct {
	Case string `path:"case"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"4000"`
	} `nameHint:"CaseNoteInput"`
}

type fileList struct {
	Body struct {
		Items []File `json:"items"`
	} `nameHint:"FileList"`
}

type addFile struct {
	Case    string `path:"case"`
	Name    string `query:"name" required:"true" minLength:"1" maxLength:"200"`
	RawBody []byte `contentType:"application/octet-stream"`
}

// notes are the routes of what is kept with a departure beside its steps.
func (a *API) notes(h huma.API) {
	const notes, files = "/v1/cases/{case}/notes", "/v1/cases/{case}/files"
	on(h, a, route{ID: "list-notes", Method: http.MethodGet, Path: notes, Scopes: []string{"texts:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*noteList, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			list, err := a.App.OpenNotes(ctx, by, offboarding.CaseID(in.Case))
			out := &noteList{}
			out.Body.Items = each(list, viewNote)
			return out, err
		})
	on(h, a, route{ID: "add-note", Method: http.MethodPost, Path: notes, Scopes: []string{"cases:act"}, Tag: "cases", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *addNote) (*made, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			note, err := a.App.AddNote(ctx, by, offboarding.CaseID(in.Case), in.Body.Text)
			return &made{Location: "/v1/cases/" + in.Case + "/notes", Body: Made{note}}, err
		})
	on(h, a, route{ID: "list-case-files", Method: http.MethodGet, Path: files, Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*fileList, error) {
			c, err := a.openCase(ctx, by, in.Case)
			out := &fileList{}
			out.Body.Items = each(c.Blobs, viewBlob)
			return out, err
		})
	on(h, a, route{ID: "add-case-file", Method: http.MethodPost, Path: files, Scopes: []string{"cases:act"}, Tag: "cases", Status: http.StatusCreated, Max: app.MaxEvidence + 1, Fields: map[string]string{"file": ""}},
		func(ctx context.Context, by app.Actor, in *addFile) (*made, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			file, err := a.App.AddFile(ctx, by, offboarding.CaseID(in.Case), in.Name, in.RawBody)
			return madeAt("/v1/cases/"+in.Case+"/files/", file), err
		})
}
