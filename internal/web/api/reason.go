package api

import (
	"time"

	"hastaluego/internal/reason"
)

// Reason is a reason that was given for a departure.
type Reason struct {
	Kind         string    `json:"kind" enum:"stated,root"`
	Code         string    `json:"code"`
	Family       string    `json:"family"`
	Billing      string    `json:"billing"`
	Attribution  string    `json:"attribution" enum:"ours,theirs,market,unknown"`
	Controllable bool      `json:"controllable"`
	BadService   bool      `json:"bad_service"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
	Complaint    string    `json:"complaint,omitempty"`
	Text         string    `json:"text,omitempty"`
	Evidence     string    `json:"evidence,omitempty"`
}

func viewReason(g reason.Given) Reason {
	r, _ := reason.Builtin().Find(g.Code)
	return Reason{
		Kind: string(g.Kind), Code: g.Code, Family: r.Family, Billing: r.Billing, Attribution: string(g.Attribution), Controllable: g.Controllable,
		BadService: g.BadService, By: g.By, At: g.At, Complaint: string(g.Complaint), Text: g.Text, Evidence: g.Evidence,
	}
}
