package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
)

// Invitation is one conversation that a customer is invited to.
type Invitation struct {
	ID       string    `json:"id"`
	Step     string    `json:"step"`
	State    string    `json:"state" enum:"invited,declined,cancelled"`
	Format   string    `json:"format" enum:"phone,video,in_person"`
	Neutral  bool      `json:"neutral"`
	Start    time.Time `json:"start"`
	Minutes  int       `json:"minutes"`
	Place    string    `json:"place"`
	Words    string    `json:"words,omitempty"`
	Sequence int       `json:"sequence"`
	MadeBy   string    `json:"made_by"`
	MadeAt   time.Time `json:"made_at"`
}

func viewInvitation(i invitation.Invitation) Invitation {
	return Invitation{
		string(i.ID), string(i.Step), string(i.State), string(i.Format), i.Neutral, i.Start, i.Minutes, i.Place, i.Words, i.Sequence, i.MadeBy, i.MadeAt,
	}
}

type invitationList struct {
	Body struct {
		Items []Invitation `json:"items"`
	} `nameHint:"InvitationList"`
}

type invite struct {
	OneStep
	Body struct {
		Format  string    `json:"format" enum:"phone,video,in_person"`
		Neutral bool      `json:"neutral,omitempty"`
		Start   time.Time `json:"start"`
		Minutes int       `json:"minutes" minimum:"1" maximum:"1440"`
		Place   string    `json:"place" minLength:"1" maxLength:"300"`
		Words   string    `json:"words,omitempty" maxLength:"2000"`
	} `nameHint:"InvitationInput"`
}

// invitations are the routes of conversations. Whether a customer comes is
// theirs alone to say.
func (a *API) invitations(h huma.API) {
	on(h, a, route{ID: "list-invitations", Method: http.MethodGet, Path: "/v1/cases/{case}/invitations", Scopes: []string{"texts:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*invitationList, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			list, err := a.App.OpenInvitations(ctx, by, offboarding.CaseID(in.Case))
			out := &invitationList{}
			out.Body.Items = each(list, viewInvitation)
			return out, err
		})
	on(h, a, route{
		ID: "invite-customer", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/invite", Scopes: stepScopes, Tag: "steps", Prefix: "invitation.",
		Fields: map[string]string{"invitation.date": "/start"},
	}, func(ctx context.Context, by app.Actor, in *invite) (*done, error) {
		b := in.Body
		return act("case", in.Case, func() error {
			return a.App.Invite(ctx, by, app.InviteInput{
				Case: offboarding.CaseID(in.Case), Step: in.Step, Format: invitation.Format(b.Format), Neutral: b.Neutral, Start: b.Start, Minutes: b.Minutes,
				Place: b.Place, Words: b.Words,
			})
		})
	})
}
