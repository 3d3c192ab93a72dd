package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
)

// Offer is the one thing that is proposed in a departure.
type Offer struct {
	ID         string     `json:"id"`
	Kind       string     `json:"kind" enum:"fix,help,plan,discount,extension,pause,skip,other_product,custom"`
	State      string     `json:"state" enum:"offered,accepted,declined,lapsed,applied,reversed,failed"`
	Until      string     `json:"until" format:"date"`
	By         string     `json:"by" format:"date"`
	Complaint  string     `json:"complaint,omitempty"`
	Commitment string     `json:"commitment,omitempty"`
	OfferedBy  string     `json:"offered_by"`
	OfferedAt  time.Time  `json:"offered_at"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	OverBy     string     `json:"over_by,omitempty"`
	OverAt     *time.Time `json:"over_at,omitempty"`
	Heard      string     `json:"heard,omitempty"`
	What       string     `json:"what,omitempty"`
	Changes    string     `json:"changes,omitempty"`
	Evidence   string     `json:"evidence,omitempty"`
	Cost       string     `json:"cost,omitempty"`
	Why        string     `json:"why,omitempty"`
	Policy     string     `json:"policy,omitempty"`
	Line       string     `json:"line,omitempty"`
	Name       string     `json:"name,omitempty"`
	Automatic  bool       `json:"automatic,omitempty"`
	Deviates   bool       `json:"deviates,omitempty"`
	Reason     string     `json:"reason,omitempty"`
}

func viewOffer(o offer.Offer) Offer {
	return Offer{
		string(o.ID), string(o.Kind), string(o.State), o.Until.String(), o.By.String(), string(o.Complaint), string(o.Commitment), o.OfferedBy, o.OfferedAt,
		at(o.AnsweredAt), o.OverBy, at(o.OverAt), o.Heard, o.What, o.Changes, o.Evidence, o.Cost, o.Why,
		o.Policy, o.Line, o.Name, o.Automatic, o.Deviates, o.Reason,
	}
}

type offerBody struct {
	Body struct {
		Asked     bool           `json:"asked"`
		AnswerDue *time.Time     `json:"answer_due,omitempty"`
		Offer     *Offer         `json:"offer,omitempty"`
		Decision  *OfferDecision `json:"decision,omitempty"`
	} `nameHint:"CaseOffer"`
}

// OfferDecision is what the policy proposes, while nothing was proposed yet.
type OfferDecision struct {
	Policy string            `json:"policy"`
	Line   string            `json:"line,omitempty"`
	Name   string            `json:"name,omitempty"`
	Why    map[string]string `json:"why,omitempty"`
	Turned []TurnedOffer     `json:"turned,omitempty"`
	Unread []UnreadLine      `json:"unread,omitempty"`
}

// TurnedOffer is an offer that a guard turned away.
type TurnedOffer struct {
	Name  string `json:"name"`
	Guard string `json:"guard"`
}

// UnreadLine is a line of a policy of which nobody knows whether it applies.
type UnreadLine struct {
	Line    string   `json:"line"`
	Missing []string `json:"missing"`
}

func viewDecision(d offer.Decision) *OfferDecision {
	out := &OfferDecision{Policy: d.Policy, Line: d.Line, Why: d.Why}
	if d.Offer != nil {
		out.Name = d.Offer.Name
	}
	for _, t := range d.Turned {
		out.Turned = append(out.Turned, TurnedOffer{t.Offer, string(t.Why)})
	}
	for _, u := range d.Unread {
		out.Unread = append(out.Unread, UnreadLine{u.Line, u.Missing})
	}
	return out
}

// OtherwiseOffer is an offer that a person made otherwise than the policy.
type OtherwiseOffer struct {
	Case  string `json:"case"`
	Offer Offer  `json:"offer"`
}

type otherwiseOffers struct {
	Month string `query:"month" pattern:"^[0-9]{4}-(0[1-9]|1[0-2])$" required:"true"`
}

type otherwiseList struct {
	Body struct {
		Items []OtherwiseOffer `json:"items"`
	} `nameHint:"OtherwiseOffers"`
}

type makeOffer struct {
	Case string `path:"case"`
	Body struct {
		Name      string `json:"name,omitempty" maxLength:"40"`
		Kind      string `json:"kind,omitempty" enum:"fix,help,plan,discount,extension,pause,skip,other_product,custom"`
		Complaint string `json:"complaint,omitempty" maxLength:"100"`
		Heard     string `json:"heard,omitempty" maxLength:"4000"`
		What      string `json:"what,omitempty" maxLength:"4000"`
		Changes   string `json:"changes,omitempty" maxLength:"4000"`
		Until     string `json:"until,omitempty" format:"date"`
		By        string `json:"by,omitempty" format:"date"`
		Spoken    bool   `json:"spoken,omitempty"`
		Reason    string `json:"reason,omitempty" maxLength:"4000"`
	} `nameHint:"OfferInput"`
}

type endOffer struct {
	Case string `path:"case"`
	Body struct {
		State    string `json:"state" enum:"applied,reversed"`
		Evidence string `json:"evidence" minLength:"1" maxLength:"4000"`
	} `nameHint:"OfferEnd"`
}

// offers are the routes of what is proposed to a customer who leaves. What they
// answer is theirs alone to say.
func (a *API) offers(h huma.API) {
	const path = "/v1/cases/{case}/offer"
	on(h, a, route{ID: "get-offer", Method: http.MethodGet, Path: path, Scopes: []string{"offers:read"}, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*offerBody, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			x, err := a.App.OpenOffer(ctx, by, offboarding.CaseID(in.Case))
			out := &offerBody{}
			out.Body.Asked, out.Body.AnswerDue = x.Asked, at(x.AnswerDue)
			if x.Offer != nil {
				o := viewOffer(*x.Offer)
				out.Body.Offer = &o
			}
			if x.Decision != nil {
				out.Body.Decision = viewDecision(*x.Decision)
			}
			return out, err
		})
	on(h, a, route{ID: "list-offers-otherwise", Method: http.MethodGet, Path: "/v1/offers/otherwise", Scopes: []string{"offers:read"}, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *otherwiseOffers) (*otherwiseList, error) {
			month, err := when.ParseDate(in.Month + "-01")
			if err != nil {
				return nil, err
			}
			list, err := a.App.OffersOtherwise(ctx, by, month)
			out := &otherwiseList{}
			out.Body.Items = make([]OtherwiseOffer, len(list))
			for i, l := range list {
				out.Body.Items[i] = OtherwiseOffer{string(l.Case), viewOffer(l.Offer)}
			}
			return out, err
		})
	on(h, a, route{ID: "make-offer", Method: http.MethodPost, Path: path, Scopes: []string{"offers:write"}, Tag: "offers", Prefix: "offer."},
		func(ctx context.Context, by app.Actor, in *makeOffer) (*done, error) {
			b := in.Body
			x := app.OfferInput{
				Case: offboarding.CaseID(in.Case), Name: b.Name, Reason: b.Reason, Kind: offer.Kind(b.Kind), Complaint: relationship.ComplaintID(b.Complaint), Heard: b.Heard, What: b.What,
				Changes: b.Changes, Spoken: b.Spoken,
			}
			if err := days("", map[string]day{"until": {&b.Until, &x.Until}, "by": {&b.By, &x.By}}); err != nil {
				return nil, err
			}
			return act("case", in.Case, func() error { return a.App.MakeOffer(ctx, by, x) })
		})
	on(h, a, route{ID: "end-offer", Method: http.MethodPost, Path: path + "/end", Scopes: []string{"offers:write"}, Tag: "offers", Prefix: "offer."},
		func(ctx context.Context, by app.Actor, in *endOffer) (*done, error) {
			return act("case", in.Case, func() error {
				return a.App.EndOffer(ctx, by, offboarding.CaseID(in.Case), offer.State(in.Body.State), in.Body.Evidence)
			})
		})
}
