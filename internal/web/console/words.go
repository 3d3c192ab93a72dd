package console

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func (v *visit) say(code string, args ...any) string {
	return text.Say(v.lang, "console."+code, args...)
}

// say is how templates reach the words of the console.
func say(lang, code string, args ...any) string { return text.Say(lang, "console."+code, args...) }

func (v *visit) zone() *time.Location {
	if z := v.App.Company().Zone; z != nil {
		return z
	}
	return time.UTC
}

// worded tells an error with roles in the reader's words.
func (v *visit) worded(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Code == "forbidden.role" && len(e.Args) == 2 {
		if who, ok := e.Args[1].(string); ok {
			return text.Error(v.lang, fault.New(e.Kind, e.Code, "who", roles(v.lang, strings.Split(who, ", "))))
		}
	}
	return text.Error(v.lang, err)
}

// known says the code if there are words for it, else the fallback.
func known(lang, code, fallback string, args ...any) string {
	if !text.Known(lang, code) {
		return fallback
	}
	return text.Say(lang, code, args...)
}

func role(lang, r string) string { return known(lang, "console.role."+r, r) }

// roles lists roles in words: "finanzas, administración".
func roles(lang string, list []string) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = role(lang, r)
	}
	return strings.Join(out, ", ")
}

// why words the code of what a step or a work waits for.
func why(lang, code, system string) string {
	if code == "" {
		return ""
	}
	return known(lang, "error."+code, code, "system", system)
}

// title is the name of a step or an item in the reader's language, else in any
// other, else its key.
func title(lang string, titles map[string]string, key string) string {
	if t := titles[lang]; t != "" {
		return t
	}
	for _, l := range text.Langs() {
		if t := titles[l]; t != "" {
			return t
		}
	}
	return key
}

// sums adds up what the subscriptions cost, apart by currency and interval:
// "1.152,00 € al año", on a day.
func sums(lang string, lines []customer.Subscription, on when.Date) []string {
	type key struct {
		currency string
		every    customer.Interval
	}
	var order []key
	total := map[key]money.Amount{}
	for _, l := range customer.PricedOn(lines, on) {
		k := key{l.Amount.Currency, l.Interval}
		was, ok := total[k]
		if !ok {
			order, total[k] = append(order, k), l.Amount
			continue
		}
		if sum, err := was.Add(l.Amount); err == nil {
			total[k] = sum
		}
	}
	out := make([]string, len(order))
	for i, k := range order {
		out[i] = price(lang, total[k], k.every)
	}
	return out
}

func price(lang string, a money.Amount, every customer.Interval) string {
	return known(lang, "console.price."+string(every), text.Money(lang, a), "amount", text.Money(lang, a))
}

// lastDay is the day that a due instant, the first after a day, belongs to.
func lastDay(t time.Time, zone *time.Location) when.Date {
	return when.DateOf(t.Add(-time.Microsecond), zone)
}

// dueView is the day that something is due, and whether it has passed.
type dueView struct {
	Day  string
	Late bool
}

func due(lang string, t, now time.Time, zone *time.Location) dueView {
	if t.IsZero() {
		return dueView{}
	}
	return dueView{text.Date(lang, lastDay(t, zone)), !t.After(now)}
}

// initials are the first letters of the first two words of a name.
func initials(name string) string {
	var out []rune
	for _, w := range strings.Fields(name) {
		if r := []rune(w)[0]; unicode.IsLetter(r) && len(out) < 2 {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return string(out)
}

// who names the actor of an entry: somebody of the company, the customer or
// the program itself.
func who(lang, actor string, users map[string]string) string {
	if name := users[actor]; name != "" {
		return name
	}
	return known(lang, "console.actor."+actor, actor)
}

// badge is a short state: shape, word and colour.
type badge struct{ Icon, Class, Word string }

var caseBadges = map[offboarding.CaseState]badge{
	offboarding.CaseRegistered: {Icon: "clock", Class: "warn"},
	offboarding.CaseOpen:       {Icon: "dot", Class: "info"},
	offboarding.CaseReversing:  {Icon: "undo", Class: "info"},
	offboarding.CaseReversed:   {Icon: "undo"},
	offboarding.CaseStopped:    {Icon: "pause"},
	offboarding.CaseClosed:     {Icon: "check"},
}

func caseBadge(lang string, c offboarding.Case) badge {
	b := caseBadges[c.State]
	word := string(c.State)
	if c.Waits() {
		word = "waits"
	}
	b.Word = known(lang, "console.state."+word, word)
	return b
}

// late reports whether a person let a date pass.
func late(steps []offboarding.Step, now time.Time) bool {
	return slices.ContainsFunc(steps, func(s offboarding.Step) bool {
		return s.Human && !s.Over() && !s.Due.IsZero() && !s.Due.After(now)
	})
}

// stuck reports whether a step waits for a person's decision.
func stuck(steps []offboarding.Step) bool {
	return slices.ContainsFunc(steps, func(s offboarding.Step) bool { return s.State == offboarding.StepBlocked })
}

// whoMay lists the roles that may act on what, in words; whoReads, those that
// may see it.
// quoted sets what somebody said or typed in the quotation marks of a language.
func quoted(lang, text string) string { return say(lang, "quote", "text", text) }

func whoMay(lang, what string) string { return whoCan(lang, what, app.Actor.May) }

func whoReads(lang, what string) string { return whoCan(lang, what, app.Actor.MayRead) }

func whoCan(lang, what string, may func(app.Actor, string) bool) string {
	var list []string
	for _, r := range app.Roles {
		if may(app.Actor{Roles: []string{r}}, what) {
			list = append(list, r)
		}
	}
	return roles(lang, list)
}
