package step

import (
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// Ender is a human kind whose items are decided by acts of its own: nobody
// ticks them, and the step is done with the last of them.
type Ender interface {
	Kind
	OwnEnd()
}

// AssetLister is a human kind whose checklist is made of the customer's assets
// when its turn comes; with nothing on it the step is not needed.
type AssetLister interface {
	Kind
	AssetItems(s Subject, assets []customer.Asset) []offboarding.Item
}

// line is an item that bears the name of a thing, in every language.
func line(key, name string) offboarding.Item {
	return offboarding.Item{Key: key, Title: offboarding.Same(name)}
}

// returnAssets gets back what was lent: each thing comes back with a receipt,
// is charged, or is let go.
type returnAssets struct{}

func (returnAssets) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "return_assets", Human: true, TellUndo: true,
		About: "What was lent comes back: each thing of the inventory is returned with a receipt, charged, or let go. The customer sees on their page what, how and until when.",
		Params: []playbook.ParamSpec{
			{Name: "kinds", Form: listOf(obligation.Kinds), Example: strings.Join(obligation.Kinds, ","), About: "Kinds of asset, separated by commas; by default all that are lent."},
			{Name: "how_es", Required: true, About: "How things come back and who pays, told to the customer in Spanish."},
			{Name: "how_en", Required: true, About: "The same in English."},
			{Name: "how_de", About: "The same in German, for customers who are spoken to in it."},
			{Name: "how_fr", About: "The same in French, for customers who are spoken to in it."},
		},
	}
}
func (returnAssets) Jobs(Subject) []Job { return nil }
func (returnAssets) OwnEnd()            {}

// AssetItems is one line per thing that was lent.
func (returnAssets) AssetItems(s Subject, assets []customer.Asset) (out []offboarding.Item) {
	kinds := split(strings.Join(obligation.Kinds, ","))
	if only := s.Step.Params["kinds"]; only != "" {
		kinds = split(only)
	}
	for _, a := range assets {
		if kinds[a.Kind] {
			out = append(out, line(string(a.ID), a.Name))
		}
	}
	return out
}

// listOf is the form of a list of these words with commas.
func listOf(words []string) string {
	one := "(" + strings.Join(words, "|") + ")"
	return "^" + one + "(,\\s*" + one + ")*$"
}

// collect is the work of people about money that is owed after the statement,
// with polite reminders by letter. It is over as soon as nothing is owed.
type collect struct{}

func (collect) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "collect", Human: true, Collects: true,
		About: "A person looks after what the customer still owes; letters remind on the days given. Over when it is paid. Export and access never wait for it.",
		Params: []playbook.ParamSpec{{
			Name: "days", Required: true, Form: `^[0-9]{1,3}(,\s*[0-9]{1,3}){0,2}$`, Example: "3, 15, 30",
			About: "Days after the sum was due on which a letter reminds; at most three.",
		}, {
			Name: "promise_days", Form: `^([1-9]|[1-8][0-9]|90)$`, Example: "30",
			About: "How many days ahead the customer may promise to pay; reminders rest until then. 30 if it does not say, 90 at most.",
		}},
	}
}
func (collect) Jobs(Subject) []Job { return nil }

// Items are what is looked after.
func (collect) Items(s Subject) []offboarding.Item { return Collected(s) }

// Collected is one line per sum that the customer owes, unless what the company
// owes makes up for it.
func Collected(s Subject) (out []offboarding.Item) {
	for _, b := range s.Owed() {
		out = append(out, line(string(b.ID), strings.TrimSpace(b.Reference+" "+b.About)))
	}
	return out
}

// Owed returns the open sums that the customer owes, in the currencies in which
// they owe more than they are owed.
func (s Subject) Owed() []customer.Balance { return customer.NetOf(s.Balances).Owed }
