package step

import (
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/when"
)

// tellUsers tells the customer's own users, by one letter to each, that what they use
// ends: where the contract says so, or for every customer.
type tellUsers struct{}

func (tellUsers) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "tell_users", Writes: true, TellsUsers: true,
		About: "Tells the customer's own users, by one letter to each, that it ends and what becomes of their data, where a contract that ends says so (`tells_users`): contacts that are users, and whoever has an open login whose account is an address. " +
			"The customer sees on their page who is told, when and in which words, and may say that they tell them themselves: then nobody is written to. Undone before its day, nobody hears of it; after it, a second letter says that it goes on.",
		Params: []playbook.ParamSpec{
			{Name: "where", Enum: []string{"contract", everywhere}, About: "Which customers' users are told: those whose contract says so (by default), or everybody's."},
			{Name: "days", Form: `^([0-9]|[1-8][0-9]|90)$`, Example: "14", About: "How many days before the effective date, at nine in the morning; 14 if it does not say. Where that is past, at once."},
		},
	}
}

const everywhere = "always"

// TellsUsers reports whether a step of this kind has anybody to tell: by what it says,
// or by a contract of those that end.
func TellsUsers(s offboarding.Step, ending []customer.Subscription) bool {
	return s.Params["where"] == everywhere || slices.ContainsFunc(ending, func(x customer.Subscription) bool { return x.Terms.TellsUsers })
}

// UsersDay is the day on which the users are told, or would have been.
func UsersDay(s offboarding.Step, effective when.Date) when.Date {
	days, err := strconv.Atoi(s.Params["days"])
	if err != nil {
		days = 14
	}
	return effective.AddDays(-days)
}

// usersHour is at which hour letters to users go out.
const usersHour = 9

func (tellUsers) Jobs(s Subject) []Job {
	if !TellsUsers(s.Step, s.Subscriptions) {
		return nil
	}
	zone, err := when.Zone(s.Case.Zone)
	if err != nil { // the subject was made with it
		zone = time.UTC
	}
	return []Job{{Item: "users", System: "house", RunAt: UsersDay(s.Step, s.Case.Effective).Start(zone).Add(usersHour * time.Hour)}}
}
