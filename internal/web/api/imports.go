package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/text"
)

type importFile struct {
	Body struct {
		Kind    string            `json:"kind" enum:"customers,departures,readings"`
		File    string            `json:"file" minLength:"1" maxLength:"200"`
		CSV     string            `json:"csv" minLength:"1" maxLength:"8388608"`
		Map     string            `json:"map,omitempty" maxLength:"100000"`
		Columns map[string]string `json:"columns,omitempty"`
		Who     string            `json:"who,omitempty" enum:"person,organisation"`
		Dates   string            `json:"dates,omitempty" maxLength:"20"`
		Decimal string            `json:"decimal,omitempty" maxLength:"1"`
		DryRun  bool              `json:"dry_run,omitempty"`
	} `nameHint:"ImportInput"`
}

// Imported is what became of a file, with the first refused rows.
type Imported struct {
	Rows      int          `json:"rows"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Rejected  int          `json:"rejected"`
	Stopped   bool         `json:"stopped"`
	DryRun    bool         `json:"dry_run"`
	Refused   []RefusedRow `json:"refused"`
}

// RefusedRow is a row that did not go in, and why.
type RefusedRow struct {
	Row    int64  `json:"row"`
	Column string `json:"column"`
	Value  string `json:"value,omitempty"`
	Code   string `json:"code"`
	Why    string `json:"why"`
}

type importedBody struct{ Body Imported }

// imports is the route by which a program imports a file, as hasta import does.
func (a *API) imports(h huma.API) {
	on(h, a, route{
		ID: "import-file", Method: http.MethodPost, Path: "/v1/imports", Scopes: []string{"imports:write"}, Tag: "customers", Max: app.UploadMost + app.UploadMost/4,
		Fields: map[string]string{"file": "/csv"},
	},
		func(ctx context.Context, by app.Actor, in *importFile) (*importedBody, error) {
			b := in.Body
			out, err := a.App.ImportFile(ctx, by, app.FileInput{
				Kind: b.Kind, File: b.File, Body: []byte(b.CSV), Map: b.Map, DryRun: b.DryRun,
				UploadChoice: app.UploadChoice{Who: customer.Kind(b.Who), Dates: b.Dates, Decimal: b.Decimal, Columns: b.Columns},
			})
			if err != nil {
				return nil, err
			}
			return &importedBody{Imported{
				Rows: out.Rows, Changed: out.Changed, Unchanged: out.Unchanged, Rejected: out.Rejected, Stopped: out.Stopped, DryRun: b.DryRun,
				Refused: a.refused(out.Refused),
			}}, nil
		})
}

// refused are the rows that did not go in, with why in the language of the company.
func (a *API) refused(list []app.RowError) []RefusedRow {
	lang := text.StaffLang(a.App.Company().Language)
	return each(list, func(e app.RowError) RefusedRow {
		return RefusedRow{e.Row, e.Column, e.Value, e.Fault.Code, e.Why(lang)}
	})
}
