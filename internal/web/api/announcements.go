package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/when"
)

// maxAnnouncements is how long the body with announcements may be, in bytes.
const maxAnnouncements = 1 << 20

// Announcement is something that is coming for a contract, and who is told when.
type Announcement struct {
	Contract  string   `json:"contract"`
	Customer  string   `json:"customer"`
	Kind      string   `json:"kind" enum:"trial_end,price_change"`
	Day       string   `json:"day" format:"date"`
	Price     *Money   `json:"price,omitempty"`
	Was       Money    `json:"was"`
	Tells     string   `json:"tells" enum:"told,late,no_law,no_address,leaves,test"`
	Language  string   `json:"language"`
	Letters   []string `json:"letters"`
	Unchanged bool     `json:"unchanged"`
}

func viewAnnouncement(x app.Announcement) Announcement {
	out := Announcement{
		Contract: x.Contract, Customer: string(x.Customer), Kind: string(x.Kind), Day: x.Day.String(), Was: viewMoney(x.Was), Tells: string(x.Tells),
		Language: x.Language, Letters: each(x.Letters, when.Date.String), Unchanged: x.Unchanged,
	}
	if x.Price.Minor != 0 {
		price := viewMoney(x.Price)
		out.Price = &price
	}
	return out
}

type announcementList struct {
	Body struct {
		Items []Announcement `json:"items"`
		Next  string         `json:"next,omitempty"`
	} `nameHint:"AnnouncementList"`
}

// AnnouncementInput is what is to be announced of one contract.
type AnnouncementInput struct {
	Contract string `json:"contract" minLength:"1" maxLength:"200"`
	Kind     string `json:"kind" enum:"trial_end,price_change"`
	Day      string `json:"day" format:"date"`
	Price    *Money `json:"price,omitempty"`
}

type announceInput struct {
	Body struct {
		Announcements []AnnouncementInput `json:"announcements" minItems:"1" maxItems:"1000"`
		DryRun        bool                `json:"dry_run,omitempty"`
	} `nameHint:"AnnouncingInput"`
}

// Announcing is what became of announcements, or would.
type Announcing struct {
	Kept      int            `json:"kept"`
	Unchanged int            `json:"unchanged"`
	Rejected  int            `json:"rejected"`
	Letters   int            `json:"letters"`
	Silent    int            `json:"silent"`
	DryRun    bool           `json:"dry_run"`
	Rows      []Announcement `json:"rows"`
	Refused   []RefusedRow   `json:"refused"`
}

type announcingBody struct{ Body Announcing }

type unannounceInput struct {
	Body struct {
		Contract string `json:"contract" minLength:"1" maxLength:"200"`
		Kind     string `json:"kind" enum:"trial_end,price_change"`
	} `nameHint:"AnnouncementWithdrawal"`
}

// announcements are the routes of what customers are told of in time.
func (a *API) announcements(h huma.API) {
	const path, send = "/v1/announcements", "announcements:send"
	on(h, a, route{ID: "list-announcements", Method: http.MethodGet, Path: path, Scopes: []string{"announcements:read"}, Tag: "announcements"},
		func(ctx context.Context, by app.Actor, in *Page) (*announcementList, error) {
			at, err := in.read("announcements")
			if err != nil {
				return nil, err
			}
			var after app.ComingLine
			if contract, kind, ok := strings.Cut(at, " "); ok {
				after.ID, after.Kind = customer.SubscriptionID(contract), limit.Kind(kind)
			}
			list, next, err := a.App.ListAnnounced(ctx, by, after, in.Limit)
			out := &announcementList{}
			out.Body.Items = each(list, viewAnnouncement)
			if next.ID != "" {
				out.Body.Next = cursor("announcements", string(next.ID)+" "+string(next.Kind))
			}
			return out, err
		})
	on(h, a, route{ID: "announce", Method: http.MethodPost, Path: path, Scopes: []string{send}, Tag: "announcements", Max: maxAnnouncements},
		func(ctx context.Context, by app.Actor, in *announceInput) (*announcingBody, error) {
			rows := make([]app.AnnouncementRow, len(in.Body.Announcements))
			for i, x := range in.Body.Announcements {
				day, err := when.ParseDate(x.Day)
				if err != nil {
					return nil, fault.New(fault.Invalid, "field.invalid").On("announcements." + strconv.Itoa(i) + ".day")
				}
				rows[i] = app.AnnouncementRow{Contract: strings.TrimSpace(x.Contract), Kind: x.Kind, Day: day}
				if x.Price != nil {
					rows[i].Price = x.Price.amount()
				}
			}
			out, err := a.App.Announce(ctx, by, rows, in.Body.DryRun)
			if err != nil {
				return nil, err
			}
			body := Announcing{
				Kept: out.Kept, Unchanged: out.Unchanged, Rejected: out.Rejected, Letters: out.Letters, Silent: out.Silent, DryRun: in.Body.DryRun,
				Rows: each(out.Rows, viewAnnouncement), Refused: a.refused(out.Refused),
			}
			return &announcingBody{body}, nil
		})
	on(h, a, route{ID: "withdraw-announcement", Method: http.MethodPost, Path: path + "/withdraw", Scopes: []string{send}, Tag: "announcements"},
		func(ctx context.Context, by app.Actor, in *unannounceInput) (*done, error) {
			return &done{}, a.App.Unannounce(ctx, by, in.Body.Contract, limit.Kind(in.Body.Kind))
		})
}
