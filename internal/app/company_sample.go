package app

import (
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/erasure"
	"hastaluego/internal/invitation"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
	"hastaluego/internal/withdrawal"
)

// SamplePaper is a letter about somebody made up, to look at. What people type
// into a letter is an ellipsis.
func SamplePaper(kind, lang string, now time.Time) Paper {
	const typed = "…"
	day := func(n int) when.Date { return when.DateOf(now.AddDate(0, 0, n), time.UTC) }
	sum := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	p := Paper{
		Kind: kind, Language: lang, Sample: true, Code: "HL-7K4M-29QX", At: now, Now: now, Name: "Marta Ibáñez", Address: "marta@example.com", Links: map[string]string{},
		Case:    offboarding.Case{Code: "HL-7K4M-29QX", Effective: day(30), RequestedAt: now, Zone: "UTC", When: offboarding.PeriodEnd, Retrieval: 30},
		Request: offboarding.Request{Channel: offboarding.Public, Act: offboarding.Termination, When: offboarding.PeriodEnd},
		Lines: []customer.Subscription{{
			Reference: "S-1", Product: "Faro", Plan: "Pro", Amount: sum(2900), Interval: customer.Monthly, Start: day(-400),
		}},
		Balances:  []customer.Balance{{Reference: "F-118", Kind: customer.Invoice, Amount: sum(2472), DueOn: day(15)}},
		Effective: day(30).String(), UndoUntil: now.AddDate(0, 0, 30), LinkUntil: now.AddDate(0, 0, 14), Secret: "7K4M-29QX", Notice: 1,
		Milestones: []Milestone{
			{Name: "registered", State: "done", Done: now},
			{Name: "effective", State: "planned", Planned: now.AddDate(0, 0, 30)},
			{Name: "data_ready", State: "planned", Planned: now.AddDate(0, 0, 31)},
			{Name: "erased", State: "planned", Planned: now.AddDate(0, 0, 61)},
		},
		Allowed: now, Words: winback.Words{Subject: typed, Text: typed},
		Invitation: &invitation.Invitation{ID: "inv_1", State: invitation.Invited, Format: invitation.Phone, Start: now.AddDate(0, 0, 3), Minutes: 30, Place: typed, MadeAt: now},
		Offer:      &offer.Offer{Heard: typed, What: typed, Changes: typed, Until: day(20), By: day(30)},
	}
	if kind == "certificate" || kind == DestroyedPaper {
		p.Certificate = &Certificate{
			Code: p.Code, ErasedOn: day(61), Erased: map[string]int{"identity": 3, "letters": 4}, Invoices: 12, Until: day(6 * 365), Entries: 40, Backups: day(91),
			Why: map[string]string{lang: typed}, Systems: []string{"billing"},
			Grounds: map[string]string{"invoices": legalObligation, "log": legalObligation, "again": legalObligation},
		}
		if kind == DestroyedPaper {
			p.Completed = now
			p.Stayed = []Stayed{{System: erasure.House, Holding: erasure.Sums, Records: 12, DestroyedAt: now}}
		}
	}
	if p.Until = p.Case.RetrievalEnd(); kind == copyPaper || kind == copyNonePaper {
		p.Copy = &CopyPaper{day(copyDays)}
	}
	if kind == NoticePaper {
		p.Coming = &ComingPaper{Kind: limit.Renewal, Day: day(50), Deadline: day(35), Leave: typed}
	}
	if kind == UsersPaper || kind == UsersBackPaper {
		p.Users = &UsersPaperFacts{Firm: "Clínica Almena", Ask: p.Name, Until: p.Until, Erase: true}
	}
	if kind == ExtendedPaper {
		p.Extended = &ExtendedPaperFacts{Until: day(90), Before: day(30), Why: typed}
	}
	if kind == ErasureWaitsPaper || kind == ErasureGoesOnPaper {
		p.Kept = &KeptPaper{Asked: true, Erases: true, Data: p.Until}
	}
	if kind == ChargedAfterPaper || kind == GivenBackPaper {
		if p.After = (&AfterEnd{Charged: day(-2), Back: sum(2900), Due: day(3)}); kind == GivenBackPaper {
			p.After.Refunded = day(0)
		}
	}
	if kind == "ending" {
		p.Ending = &EndingPaper{Channel: offboarding.Company, Words: ending.Words{Why: typed, Alternatives: typed}}
	}
	return p
}

// SampleWithdrawal is the acknowledgement or receipt of a withdrawal of somebody
// made up, whose right is in the state.
func SampleWithdrawal(kind, lang string, state withdrawal.State, now time.Time) Paper {
	p := SamplePaper(kind, lang, now)
	p.Request.Act, p.Request.When = offboarding.Withdrawal, offboarding.Unsaid
	w := Withdrawal{State: state, DeclaredAt: now, Until: now.AddDate(0, 0, 10), RefundBy: now.AddDate(0, 0, 14)}
	if !w.Stands() {
		w.Until, w.RefundBy = now.AddDate(0, 0, -3), time.Time{}
	} else {
		paid := p.Lines[0].Amount
		kept := money.Amount{Minor: paid.Minor / 10, Currency: paid.Currency}
		w.Refunds = []RefundLine{{Product: p.Lines[0].Product, Refund: withdrawal.Refund{
			Way: withdrawal.ProRata, Paid: paid, Kept: kept, Back: money.Amount{Minor: paid.Minor - kept.Minor, Currency: paid.Currency}, Used: 3, Of: 30,
		}}}
		p.Case.When, p.Case.Effective = offboarding.Now, when.DateOf(now, time.UTC)
	}
	p.Withdrawal = &w
	return p
}

// Sample is a letter about somebody made up that packs ask contents of, and the
// act that it is about.
type Sample struct {
	Name, Act string
	Paper     func(lang string, now time.Time) Paper
	Later     func(lang string, now time.Time) Paper // in which the rest follows; nil: all is here
}

// Samples are the letters that packs ask contents of (JudgedLetters), each as it
// is for every act and in every state in which it says something else.
func Samples() []Sample {
	usual := func(kind string) func(string, time.Time) Paper {
		return func(lang string, now time.Time) Paper { return sampleLinked(SamplePaper(kind, lang, now)) }
	}
	undone := func(kind string, state withdrawal.State) func(string, time.Time) Paper {
		return func(lang string, now time.Time) Paper {
			return sampleLinked(SampleWithdrawal(kind, lang, state, now))
		}
	}
	coming := func(what limit.Kind) func(string, time.Time) Paper {
		return func(lang string, now time.Time) Paper {
			p := SamplePaper(NoticePaper, lang, now)
			if p.Coming.Kind, p.Coming.Leave = what, sampleAddress; what == limit.PriceChange {
				p.Coming.Price = money.Amount{Minor: 2 * p.Lines[0].Amount.Minor, Currency: p.Lines[0].Amount.Currency}
			}
			return p
		}
	}
	return []Sample{
		{"ack", "terminate", usual("ack"), usual("receipt")},
		{"receipt", "terminate", usual("receipt"), nil},
		{"ack/withdraw", "withdraw", undone("ack", withdrawal.Open), undone("receipt", withdrawal.Open)},
		{"receipt/withdraw", "withdraw", undone("receipt", withdrawal.Open), nil},
		{"receipt/late", "terminate", undone("receipt", withdrawal.Over), nil},
		{"certificate", "erase", usual("certificate"), nil},
		{"winback", "terminate", usual("winback"), nil},
		{"notice/renewal", "terminate", coming(limit.Renewal), nil},
		{"notice/trial_end", "terminate", coming(limit.TrialEnd), nil},
		{"notice/price_change", "terminate", coming(limit.PriceChange), nil},
	}
}

// sampleAddress is where the links of letters about somebody made up lead that
// are only judged.
const sampleAddress = "https://leave.example/"

// sampleLinked gives a made-up letter the links that a real one has.
func sampleLinked(p Paper) Paper {
	for _, purpose := range Letters[p.Kind] {
		p.Links[purpose] = sampleAddress + purpose
	}
	return p
}

// SampleFacts are what is known of whoever is made up, who asked for the act.
func SampleFacts(act string) jurisdiction.Facts {
	return jurisdiction.Facts{
		"customer.kind": "consumer", "request.act": act, "contract.concluded_via": "web", "contract.continuing": true, "contract.auto_renews": true,
		"data.role": "controller",
	}
}
