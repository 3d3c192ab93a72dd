package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

func hash(b []byte) string { return hex.EncodeToString(b) }

type listEntries struct {
	Page
	Stream string `query:"stream" maxLength:"100"`
	Type   string `query:"type" maxLength:"100"`
}

type logList struct {
	Body struct {
		Items []Entry `json:"items"`
		Next  string  `json:"next,omitempty"`
	} `nameHint:"EntryList"`
}

type checkpointBody struct {
	Body struct {
		Size int64  `json:"size"`
		Text string `json:"text"`
	} `nameHint:"Checkpoint"`
}

type oneEntry struct {
	Entry string `path:"entry"`
}

// Proof proves that an entry is in the log, whatever becomes of the log later:
// it is what hasta audit verify --against takes.
type Proof struct {
	Format     string   `json:"format"`
	Code       string   `json:"code"`
	Entry      string   `json:"entry"`
	Index      int64    `json:"index"`
	Size       int64    `json:"size"`
	Leaf       string   `json:"leaf"`
	Root       string   `json:"root"`
	Path       []string `json:"path"`
	Checkpoint string   `json:"checkpoint"`
}

type proofBody struct{ Body Proof }

func (a *API) audit(h huma.API) {
	on(h, a, route{ID: "list-entries", Method: http.MethodGet, Path: "/v1/audit/entries", Scopes: []string{"audit:read"}, Tag: "audit"},
		func(ctx context.Context, by app.Actor, in *listEntries) (*logList, error) {
			after, err := in.index("entries")
			if err != nil {
				return nil, err
			}
			list, more, err := a.App.PageEntries(ctx, by, app.EntryQuery{Stream: in.Stream, Type: in.Type, After: after, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := &logList{}
			if more {
				out.Body.Next = cursor("entries", strconv.FormatInt(list[len(list)-1].Index, 10))
			}
			out.Body.Items, err = viewEntries(list, by.MayRead("note"))
			return out, err
		})
	on(h, a, route{ID: "get-checkpoint", Method: http.MethodGet, Path: "/v1/audit/checkpoint", Scopes: []string{"audit:read"}, Tag: "audit"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*checkpointBody, error) {
			size, signed, err := a.App.OpenCheckpoint(ctx, by)
			out := &checkpointBody{}
			out.Body.Size, out.Body.Text = size, signed
			return out, err
		})
	on(h, a, route{ID: "get-proof", Method: http.MethodGet, Path: "/v1/audit/entries/{entry}/proof", Scopes: []string{"audit:read"}, Tag: "audit"},
		func(ctx context.Context, by app.Actor, in *oneEntry) (*proofBody, error) {
			if err := known("aud", in.Entry); err != nil {
				return nil, err
			}
			raw, err := a.App.OpenProof(ctx, by, in.Entry)
			if err != nil {
				return nil, err
			}
			out := &proofBody{}
			return out, fault.Wrap("api.proof", json.Unmarshal(raw, &out.Body))
		})
}
