package web

import (
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/settlement"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// MoneyRow is one line of a statement in words.
type MoneyRow struct{ Label, Why, Amount string }

// MoneySection is everything of a statement in one currency, in words.
type MoneySection struct {
	Currency string
	Rows     []MoneyRow
	Total    string // says who gets it, or who owes it
	Sum      string // alone
}

// MoneySections are the sections of a statement for a reader of the language.
func MoneySections(lang string, s app.Statement) (out []MoneySection) {
	for _, x := range s.Sections {
		m := MoneySection{Currency: x.Currency, Total: moneyTotal(lang, x), Sum: text.Money(lang, x.Total)}
		for _, l := range x.Lines {
			label, why := MoneyWords(lang, l)
			m.Rows = append(m.Rows, MoneyRow{label, why, text.Money(lang, l.Amount)})
		}
		out = append(out, m)
	}
	return out
}

// Changes are what a statement says otherwise than the one before.
type Changes struct {
	Title string
	Lines []string
}

// MoneyChanges are what a statement says otherwise than the one that it stands in
// the place of; nil where there is none, or it says the same.
func MoneyChanges(lang string, s app.Statement, zone *time.Location) *Changes {
	r := s.Replaces
	if r == nil {
		return nil
	}
	out := &Changes{Title: text.Say(lang, "settlement.changed", "date", when.DateOf(r.At, zone))}
	if r.Whole {
		out.Title = text.Say(lang, "settlement.changed.first")
	}
	tell := func(code string, lines []settlement.Line) {
		for _, l := range lines {
			label, _ := MoneyWords(lang, l)
			if l.What != "" && l.Ref != l.What {
				label += ", " + l.What
			}
			out.Lines = append(out.Lines, text.Say(lang, code, "what", label, "amount", l.Amount))
		}
	}
	tell("settlement.changed.new", r.New)
	tell("settlement.changed.gone", r.Gone)
	return out
}

// MoneyTotals are the totals of a statement in words; of one in which nothing is
// open, that.
func MoneyTotals(lang string, s app.Statement) (out []string) {
	for _, x := range s.Sections {
		out = append(out, moneyTotal(lang, x))
	}
	if out == nil {
		out = []string{text.Say(lang, "portal.settlement.even")}
	}
	return out
}

func moneyTotal(lang string, x settlement.Section) string {
	switch {
	case x.Total.Minor > 0:
		return text.Say(lang, "portal.settlement.back", "amount", x.Total)
	case x.Total.Minor < 0:
		return text.Say(lang, "portal.settlement.owed", "amount", x.Total.Neg())
	}
	return text.Say(lang, "portal.settlement.even")
}

// MoneyWords are what a line of a statement is, and why it is what it is: its
// arithmetic, the days it is for, the tax in it and where the law says so.
func MoneyWords(lang string, l settlement.Line) (label, why string) {
	label = strings.TrimSpace(text.Say(lang, "settlement.line."+string(l.Kind)) + " " + l.Ref)
	parts := []string{}
	if l.What != "" {
		parts = append(parts, l.What)
	}
	parts = append(parts, text.Say(lang, "settlement.why."+l.Why, l.Said()...))
	if !l.From.IsZero() {
		parts = append(parts, text.Say(lang, "settlement.period", "from", l.From, "until", l.Until))
	}
	if l.Tax != 0 {
		tax := l.Amount
		if tax.Minor = l.Tax; tax.Minor < 0 {
			tax = tax.Neg()
		}
		parts = append(parts, text.Say(lang, "settlement.tax", "tax", tax))
	}
	if l.By.Cite != "" {
		parts = append(parts, text.Say(lang, "settlement.by", "cite", l.By.Cite))
	}
	return label, strings.Join(parts, ". ") + "."
}

// MoneyEnds says when contracts end whose day is not that of the choice, and why.
func MoneyEnds(lang string, s app.Statement) (out []string) {
	for _, e := range s.Ends {
		switch e.Why {
		case "notice", "notice_law", "minimum", "term":
			out = append(out, text.Say(lang, "settlement.ends."+e.Why, "contract", e.Contract, "on", e.On))
		}
	}
	return out
}

// MoneyFrom says where the figures of a statement come from, contract by contract, in
// the words of settlement.from. for customers, and of the console for staff, who know
// the systems by their names.
func MoneyFrom(lang, words string, s app.Statement, zone *time.Location) (out []string) {
	for _, f := range s.From {
		word := "unusable" // it refused, or nobody can compute with what it said
		switch {
		case f.Failed == "":
			word = "system"
		case f.System == "":
			word = "unknown"
		case f.Silent():
			word = "silent"
		}
		out = append(out, text.Say(lang, words+word, "contract", f.Contract, "system", f.System, "at", text.ShortInstant(lang, f.At, zone)))
	}
	return out
}
