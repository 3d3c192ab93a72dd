package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

type listMessages struct {
	Page
	State string `query:"state" enum:"queued,sent,refused,withheld"`
}

type messageList struct {
	Body struct {
		Items []Message `json:"items"`
		Next  string    `json:"next,omitempty"`
	} `nameHint:"MessageList"`
}

type oneMessage struct {
	Message string `path:"message"`
}

type letterBody struct {
	Body struct {
		Message
		Text string `json:"text"`
	} `nameHint:"Letter"`
}

type userList struct {
	Body struct {
		Items []User `json:"items"`
	} `nameHint:"UserList"`
}

func (a *API) outbox(h huma.API) {
	on(h, a, route{ID: "list-messages", Method: http.MethodGet, Path: "/v1/messages", Scopes: []string{"outbox:read"}, Tag: "messages"},
		func(ctx context.Context, by app.Actor, in *listMessages) (*messageList, error) {
			p, err := in.place("messages", "msg")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageMessages(ctx, by, app.MessageQuery{State: in.State}, p)
			out := &messageList{}
			out.Body.Items, out.Body.Next = each(list, viewMessage), cursor("messages", next)
			return out, err
		})
	on(h, a, route{ID: "get-message", Method: http.MethodGet, Path: "/v1/messages/{message}", Scopes: []string{"texts:read"}, Tag: "messages"},
		func(ctx context.Context, by app.Actor, in *oneMessage) (*letterBody, error) {
			if err := known("msg", in.Message); err != nil {
				return nil, err
			}
			m, says, err := a.App.OpenLetter(ctx, by, offboarding.MessageID(in.Message), false)
			out := &letterBody{}
			out.Body.Message, out.Body.Text = viewMessage(m), says
			return out, err
		})
	on(h, a, route{ID: "list-users", Method: http.MethodGet, Path: "/v1/users", Scopes: []string{"users:read"}, Tag: "users"},
		func(ctx context.Context, by app.Actor, _ *nothing) (*userList, error) {
			list, err := a.App.OpenUsers(ctx, by)
			out := &userList{}
			out.Body.Items = each(list, viewUser)
			return out, err
		})
}
