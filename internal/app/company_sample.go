package app

import (
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/invitation"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// SamplePaper is a letter about somebody made up, to look at. What people type
// into a letter is an ellipsis.
func SamplePaper(kind, lang string, now time.Time) Paper {
	const typed = "…"
	day := func(n int) when.Date { return when.DateOf(now.AddDate(0, 0, n), time.UTC) }
	sum := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	p := Paper{
		Kind: kind, Language: lang, Sample: true, Code: "HL-7K4M-29QX", At: now, Now: now, Name: "Marta Ibáñez", Address: "marta@example.com", Links: map[string]string{},
		Case: offboarding.Case{Code: "HL-7K4M-29QX", Effective: day(30), RequestedAt: now, Zone: "UTC", When: offboarding.PeriodEnd},
		Lines: []customer.Subscription{{
			Reference: "S-1", Product: "Faro", Plan: "Pro", Amount: sum(2900), Interval: customer.Monthly, Start: day(-400),
		}},
		Balances:  []customer.Balance{{Reference: "F-118", Kind: customer.Invoice, Amount: sum(2472), DueOn: day(15)}},
		Effective: day(30).String(), UndoUntil: now.AddDate(0, 0, 30), LinkUntil: now.AddDate(0, 0, 14), Secret: "7K4M-29QX", Notice: 1,
		Milestones: []Milestone{
			{Name: "registered", State: "done", Done: now},
			{Name: "effective", State: "planned", Planned: now.AddDate(0, 0, 30)},
			{Name: "data_ready", State: "planned", Planned: now.AddDate(0, 0, 31)},
		},
		Allowed: now, Words: winback.Words{Subject: typed, Text: typed},
		Invitation: &invitation.Invitation{ID: "inv_1", State: invitation.Invited, Format: invitation.Phone, Start: now.AddDate(0, 0, 3), Minutes: 30, Place: typed, MadeAt: now},
		Offer:      &offer.Offer{Heard: typed, What: typed, Changes: typed, Until: day(20), By: day(30)},
	}
	if kind == "ending" {
		p.Ending = &EndingPaper{Channel: offboarding.Company, Words: ending.Words{Why: typed, Alternatives: typed}}
	}
	return p
}
