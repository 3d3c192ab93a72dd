package app

import (
	"time"

	"hastaluego/internal/when"
)

// StatementView is a statement for programs: sums in the smallest unit of their
// currency, days as 2026-12-31. What the customer gets is positive.
type StatementView struct {
	State    StatementState `json:"state"`
	Choice   string         `json:"choice"`
	Asked    string         `json:"asked"`
	SignedAt string         `json:"signed_at,omitempty"` // by finance
	Answered string         `json:"answered_at,omitempty"`
	DueOn    string         `json:"due_on,omitempty"`
	RefundOn string         `json:"refund_on,omitempty"`
	Ends     []EndView      `json:"ends"`
	Sections []SectionView  `json:"sections"`
	Open     []OpenView     `json:"open,omitempty"`
	Figures  []FiguresView  `json:"figures,omitempty"`
}

// FiguresView says where the figures of one contract come from.
type FiguresView struct {
	Contract string `json:"contract"`
	From     string `json:"from"`             // system or record
	System   string `json:"system,omitempty"` // that said them, or did not answer
	At       string `json:"at,omitempty"`
	Why      string `json:"why,omitempty"`    // code of why the record counts
	SHA256   string `json:"sha256,omitempty"` // of what the system said
}

// EndView is the last day of a contract.
type EndView struct {
	Contract string `json:"contract"`
	On       string `json:"on"`
	Why      string `json:"why"`
}

// SectionView is everything of one currency.
type SectionView struct {
	Currency string     `json:"currency"`
	Total    int64      `json:"total_minor"`
	Tax      int64      `json:"tax_minor"`
	Lines    []LineView `json:"lines"`
}

// LineView is one sum.
type LineView struct {
	Kind     string `json:"kind"`
	Contract string `json:"contract,omitempty"`
	Ref      string `json:"ref,omitempty"`
	What     string `json:"what,omitempty"`
	From     string `json:"from,omitempty"`
	Until    string `json:"until,omitempty"`
	Quantity int64  `json:"quantity,omitempty"`
	Of       int64  `json:"of,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Amount   int64  `json:"amount_minor"`
	Tax      int64  `json:"tax_minor,omitempty"`
	Why      string `json:"why"`
	Rule     string `json:"rule,omitempty"`
	Pack     string `json:"pack,omitempty"`
	Cite     string `json:"cite,omitempty"`
}

// OpenView is something that only people can know.
type OpenView struct {
	Contract string   `json:"contract,omitempty"`
	Why      string   `json:"why"`
	Missing  []string `json:"missing,omitempty"`
}

// ViewStatement is a statement for programs.
func ViewStatement(x CaseStatement) StatementView {
	day := func(d when.Date) string {
		if d.IsZero() {
			return ""
		}
		return d.String()
	}
	v := StatementView{State: x.State, Choice: string(x.Doc.Choice), Asked: day(x.Doc.Asked), DueOn: day(x.Doc.DueOn), RefundOn: day(x.Doc.RefundOn), Ends: []EndView{}, Sections: []SectionView{}}
	if !x.SignedAt.IsZero() {
		v.SignedAt = x.SignedAt.UTC().Format(time.RFC3339)
	}
	if !x.AnsweredAt.IsZero() {
		v.Answered = x.AnsweredAt.UTC().Format(time.RFC3339)
	}
	for _, e := range x.Doc.Ends {
		v.Ends = append(v.Ends, EndView{e.Contract, day(e.On), e.Why})
	}
	for _, s := range x.Doc.Sections {
		out := SectionView{Currency: s.Currency, Total: s.Total.Minor, Tax: s.Tax}
		for _, l := range s.Lines {
			out.Lines = append(out.Lines, LineView{
				Kind: string(l.Kind), Contract: l.Contract, Ref: l.Ref, What: l.What, From: day(l.From), Until: day(l.Until), Quantity: l.Quantity, Of: l.Of, Unit: l.Unit,
				Amount: l.Amount.Minor, Tax: l.Tax, Why: l.Why, Rule: l.By.Rule, Pack: l.By.Pack, Cite: l.By.Cite,
			})
		}
		v.Sections = append(v.Sections, out)
	}
	for _, o := range x.Doc.Open {
		v.Open = append(v.Open, OpenView(o))
	}
	for _, f := range x.Doc.From {
		from := "system"
		if f.Failed != "" {
			from = "record"
		}
		v.Figures = append(v.Figures, FiguresView{f.Contract, from, f.System, f.At.UTC().Format(time.RFC3339), f.Failed, f.Digest})
	}
	return v
}
