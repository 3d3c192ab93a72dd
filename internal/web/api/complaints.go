package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/relationship"
)

// Complaint is something that went wrong for a customer.
type Complaint struct {
	ID         string `json:"id"`
	Customer   string `json:"customer"`
	State      string `json:"state" enum:"open,promised,fixed,declined"`
	Received   string `json:"received" format:"date"`
	AnswerBy   string `json:"answer_by" format:"date"`
	AnsweredOn string `json:"answered_on,omitempty" format:"date"`
	OverOn     string `json:"over_on,omitempty" format:"date"`
	What       string `json:"what,omitempty"`
	Cause      string `json:"cause,omitempty"`
	Answer     string `json:"answer,omitempty"`
}

func viewComplaint(c relationship.Complaint) Complaint {
	return Complaint{
		string(c.ID), string(c.Customer), string(c.State), c.Received.String(), c.AnswerBy.String(), c.AnswerOn.String(), c.Over.String(),
		c.What, c.Cause, c.Answer,
	}
}

// Commitment is something that one side promised for a date.
type Commitment struct {
	ID        string `json:"id"`
	Customer  string `json:"customer"`
	Case      string `json:"case,omitempty"`
	Complaint string `json:"complaint,omitempty"`
	By        string `json:"by" enum:"ours,theirs"`
	Due       string `json:"due" format:"date"`
	State     string `json:"state" enum:"pending,kept,broken,released"`
	OverOn    string `json:"over_on,omitempty" format:"date"`
	What      string `json:"what,omitempty"`
	Evidence  string `json:"evidence,omitempty"`
}

func viewCommitment(c relationship.Commitment) Commitment {
	return Commitment{
		string(c.ID), string(c.Customer), string(c.Case), string(c.Complaint), string(c.By), c.Due.String(), string(c.State), c.Over.String(),
		c.What, c.Evidence,
	}
}

type ofCustomer struct {
	Page
	Customer string `query:"customer" maxLength:"100"`
}

type complaintList struct {
	Body struct {
		Items []Complaint `json:"items"`
		Next  string      `json:"next,omitempty"`
	} `nameHint:"ComplaintList"`
}

type commitmentList struct {
	Body struct {
		Items []Commitment `json:"items"`
		Next  string       `json:"next,omitempty"`
	} `nameHint:"CommitmentList"`
}

type addComplaint struct {
	Body struct {
		Customer string `json:"customer" minLength:"1" maxLength:"100"`
		Received string `json:"received" format:"date"`
		What     string `json:"what" minLength:"1" maxLength:"4000"`
		Cause    string `json:"cause,omitempty" maxLength:"4000"`
	} `nameHint:"ComplaintInput"`
}

type answerComplaint struct {
	Complaint string `path:"complaint"`
	Body      struct {
		State  string `json:"state" enum:"promised,fixed,declined"`
		Answer string `json:"answer" minLength:"1" maxLength:"4000"`
		Cause  string `json:"cause,omitempty" maxLength:"4000"`
		By     string `json:"by,omitempty" format:"date"`
	} `nameHint:"ComplaintAnswer"`
}

type addCommitment struct {
	Body struct {
		Customer string `json:"customer" minLength:"1" maxLength:"100"`
		By       string `json:"by" enum:"ours,theirs"`
		Due      string `json:"due" format:"date"`
		What     string `json:"what" minLength:"1" maxLength:"4000"`
	} `nameHint:"CommitmentInput"`
}

type endCommitment struct {
	Commitment string `path:"commitment"`
	Body       struct {
		State    string `json:"state" enum:"kept,broken,released"`
		Evidence string `json:"evidence" minLength:"1" maxLength:"4000"`
	} `nameHint:"CommitmentEnd"`
}

// whose is the customer that a list is about, empty for all, and where its page
// begins.
func (in *ofCustomer) whose(list, prefix string) (customer.ID, app.Place, error) {
	if in.Customer != "" {
		if err := known("cus", in.Customer); err != nil {
			return "", app.Place{}, err
		}
	}
	p, err := in.place(list, prefix)
	return customer.ID(in.Customer), p, err
}

func (a *API) complaints(h huma.API) {
	read, write := []string{"complaints:read"}, []string{"complaints:write"}
	on(h, a, route{ID: "list-complaints", Method: http.MethodGet, Path: "/v1/complaints", Scopes: read, Tag: "complaints"},
		func(ctx context.Context, by app.Actor, in *ofCustomer) (*complaintList, error) {
			of, p, err := in.whose("complaints", "cmp")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageComplaints(ctx, by, of, p)
			out := &complaintList{}
			out.Body.Items, out.Body.Next = each(list, viewComplaint), cursor("complaints", next)
			return out, err
		})
	on(h, a, route{ID: "add-complaint", Method: http.MethodPost, Path: "/v1/complaints", Scopes: write, Tag: "complaints", Status: http.StatusCreated, Prefix: "complaint."},
		func(ctx context.Context, by app.Actor, in *addComplaint) (*made, error) {
			b := in.Body
			if err := known("cus", b.Customer); err != nil {
				return nil, err
			}
			c := relationship.Complaint{Customer: customer.ID(b.Customer), What: b.What, Cause: b.Cause}
			if err := days("", map[string]day{"received": {&b.Received, &c.Received}}); err != nil {
				return nil, err
			}
			id, err := a.App.RecordComplaint(ctx, by, c)
			return &made{Location: "/v1/complaints?customer=" + b.Customer, Body: Made{string(id)}}, err
		})
	on(h, a, route{ID: "answer-complaint", Method: http.MethodPost, Path: "/v1/complaints/{complaint}/answer", Scopes: write, Tag: "complaints"},
		func(ctx context.Context, by app.Actor, in *answerComplaint) (*done, error) {
			b := in.Body
			x := app.ComplaintAnswer{
				Complaint: relationship.ComplaintID(in.Complaint), State: relationship.ComplaintState(b.State), Cause: b.Cause, Answer: b.Answer,
			}
			if err := days("", map[string]day{"by": {&b.By, &x.By}}); err != nil {
				return nil, err
			}
			return act("cmp", in.Complaint, func() error { return a.App.AnswerComplaint(ctx, by, x) })
		})
	on(h, a, route{ID: "list-commitments", Method: http.MethodGet, Path: "/v1/commitments", Scopes: read, Tag: "complaints"},
		func(ctx context.Context, by app.Actor, in *ofCustomer) (*commitmentList, error) {
			of, p, err := in.whose("commitments", "com")
			if err != nil {
				return nil, err
			}
			list, next, err := a.App.PageCommitments(ctx, by, of, p)
			out := &commitmentList{}
			out.Body.Items, out.Body.Next = each(list, viewCommitment), cursor("commitments", next)
			return out, err
		})
	on(h, a, route{ID: "add-commitment", Method: http.MethodPost, Path: "/v1/commitments", Scopes: write, Tag: "complaints", Status: http.StatusCreated, Prefix: "commitment."},
		func(ctx context.Context, by app.Actor, in *addCommitment) (*made, error) {
			b := in.Body
			if err := known("cus", b.Customer); err != nil {
				return nil, err
			}
			c := relationship.Commitment{Customer: customer.ID(b.Customer), By: relationship.Side(b.By), What: b.What}
			if err := days("", map[string]day{"due": {&b.Due, &c.Due}}); err != nil {
				return nil, err
			}
			id, err := a.App.AddCommitment(ctx, by, c)
			return &made{Location: "/v1/commitments?customer=" + b.Customer, Body: Made{string(id)}}, err
		})
	on(h, a, route{ID: "end-commitment", Method: http.MethodPost, Path: "/v1/commitments/{commitment}/end", Scopes: write, Tag: "complaints"},
		func(ctx context.Context, by app.Actor, in *endCommitment) (*done, error) {
			return act("com", in.Commitment, func() error {
				return a.App.EndCommitment(ctx, by, app.CommitmentEnd{
					Commitment: relationship.CommitmentID(in.Commitment), State: relationship.CommitmentState(in.Body.State), Evidence: in.Body.Evidence,
				})
			})
		})
}
