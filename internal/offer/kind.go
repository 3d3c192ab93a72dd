package offer

import (
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Kind is what is proposed.
type Kind string

// The kinds.
const (
	Fix          Kind = "fix"           // what is wrong is put right by a date
	Help         Kind = "help"          // training, or a person at hand
	Plan         Kind = "plan"          // another plan of the same product
	Discount     Kind = "discount"      // the same for less
	Extension    Kind = "extension"     // more time in what is paid for, or in the trial
	Pause        Kind = "pause"         // the contract rests and comes back
	Skip         Kind = "skip"          // the next deliveries or charges are left out, or moved
	OtherProduct Kind = "other_product" // something else of ours
	Custom       Kind = "custom"        // anything else; its file declares what it is made of
)

// Kinds are all of them, in the order in which they are offered to choose.
var Kinds = []Kind{Fix, Help, Plan, Discount, Extension, Pause, Skip, OtherProduct, Custom}

// FieldType is the type of a field of an offer.
type FieldType string

// The types of fields.
const (
	WholeField FieldType = "whole" // a whole number
	MoneyField FieldType = "money" // an amount with its currency: "12.00 EUR"
	TextField  FieldType = "text"
)

// FieldTypes are all of them.
var FieldTypes = []FieldType{WholeField, MoneyField, TextField}

// FieldSpec is one field that the offers of a kind have.
type FieldSpec struct {
	Name     string
	Type     FieldType
	Optional bool
	Max      int64    // of whole numbers, which begin at 1; of money none
	Enum     []string // of texts; empty: any
	Inner    bool     // nothing for the words that customers read
	About    string   // one English sentence for the reference
}

// KindSpec is what the file of an offer of a kind declares.
type KindSpec struct {
	Kind   Kind
	Fields []FieldSpec
	// Price says that it keeps a customer by costing less, or by giving more for
	// the same: its margin over its term is never below zero.
	Price bool
	// Gives says that it gives something that people could come back for: it has
	// a cooldown and a number of times in a life.
	Gives bool
	Open  bool // the file declares further fields
	About string
}

var intervals = []string{"week", "month", "quarter", "half", "year"}

// Specs are the kinds, in their order.
var Specs = []KindSpec{
	{Kind: Fix, About: "What went wrong is put right by a date; it is linked to the complaint."},
	{Kind: Help, About: "Training, or the call of a person.", Fields: []FieldSpec{
		{Name: "minutes", Type: WholeField, Max: 1440, About: "How long it takes."},
	}},
	{Kind: Plan, Price: true, Gives: true, About: "Another plan of the same product, that costs less.", Fields: []FieldSpec{
		{Name: "plan", Type: TextField, About: "Its name, as customers know it."},
		{Name: "price", Type: MoneyField, About: "Its price without tax."},
		{Name: "interval", Type: TextField, Enum: intervals, Inner: true, About: "What the price is for."},
	}},
	{Kind: Discount, Price: true, Gives: true, About: "The same for less, for a number of charges.", Fields: []FieldSpec{
		{Name: "percent", Type: WholeField, Optional: true, Max: 100, About: "Of the price; or else off."},
		{Name: "off", Type: MoneyField, Optional: true, About: "Of each charge, without tax; or else percent."},
		{Name: "charges", Type: WholeField, Max: 36, About: "How many charges it counts for."},
		{Name: "coupon", Type: TextField, Optional: true, Inner: true, About: "Its number at the billing system."},
	}},
	{Kind: Extension, Price: true, Gives: true, About: "More days in the trial, or in what is paid for.", Fields: []FieldSpec{
		{Name: "days", Type: WholeField, Max: 365, About: "How many."},
	}},
	{Kind: Pause, Gives: true, About: "Nothing is served and nothing is charged for a while.", Fields: []FieldSpec{
		{Name: "months", Type: WholeField, Max: 12, About: "How long."},
	}},
	{Kind: Skip, Gives: true, About: "The next deliveries are left out or moved, and so are their charges.", Fields: []FieldSpec{
		{Name: "charges", Type: WholeField, Max: 12, About: "How many."},
	}},
	{Kind: OtherProduct, Price: true, Gives: true, About: "Something else of ours, that costs less. Never while a wrong stands unrepaired.", Fields: []FieldSpec{
		{Name: "product", Type: TextField, About: "Its name, as customers know it."},
		{Name: "price", Type: MoneyField, About: "Its price without tax."},
		{Name: "interval", Type: TextField, Enum: intervals, Inner: true, About: "What the price is for."},
	}},
	{Kind: Custom, Price: true, Gives: true, Open: true, About: "Anything else. Its file declares its further fields with their types.", Fields: []FieldSpec{
		{Name: "costs", Type: MoneyField, Inner: true, About: "What it costs the company over its term, at most; 0 if nothing."},
		{Name: "months", Type: WholeField, Max: 36, About: "Its term."},
	}},
}

// Spec is what is known of a kind; false: there is none of that name.
func (k Kind) Spec() (KindSpec, bool) {
	i := slices.IndexFunc(Specs, func(s KindSpec) bool { return s.Kind == k })
	if i < 0 {
		return KindSpec{}, false
	}
	return Specs[i], true
}

// Gives reports whether an offer of the kind gives something that people could
// come back for.
func (k Kind) Gives() bool {
	s, _ := k.Spec()
	return s.Gives
}

// Effect is what happens at the billing system, step by step.
type Effect struct {
	Apply  string `json:"apply,omitempty"`  // how it is applied
	Verify string `json:"verify,omitempty"` // how it is seen that it was
	Undo   string `json:"undo,omitempty"`   // how it is taken back
	Expire string `json:"expire,omitempty"` // how it ends by itself
}

// How is how an offer is applied, as its file said when it was made.
type How struct {
	Effect
	Coupon  string       `json:"coupon,omitempty"`  // at the billing system
	Months  int          `json:"months,omitempty"`  // that it rests
	Charges int          `json:"charges,omitempty"` // that it counts for
	Days    int          `json:"days,omitempty"`    // that are added
	Percent int          `json:"percent,omitempty"` // that each charge is less by
	Minutes int          `json:"minutes,omitempty"` // that somebody takes for it
	Off     money.Amount `json:"off,omitzero"`      // that each charge is less by, without tax
	Costs   money.Amount `json:"costs,omitzero"`    // that it costs the company besides, at most
	Ends    when.Date    `json:"ends,omitzero"`     // when it ends by itself; zero: never, or it was not accepted
}

// How is how the offer is applied.
func (d *Definition) How() How {
	return How{
		Effect: d.Effect, Coupon: d.Fields["coupon"].Text, Months: int(d.whole("months")), Charges: int(d.whole("charges")), Days: int(d.whole("days")),
		Percent: int(d.whole("percent")), Minutes: int(d.whole("minutes")), Off: d.Fields["off"].Money, Costs: d.Fields["costs"].Money,
	}
}

// From sets when it ends that is applied on a day, to a contract that is charged so
// often.
func (h How) From(day when.Date, k Kind, every customer.Interval) How {
	switch {
	case k == Pause:
		h.Ends = day.AddMonths(h.Months)
	case k == Discount && every.Recurs():
		h.Ends = every.After(day, h.Charges)
	case k == Extension:
		h.Ends = day.AddDays(h.Days)
	}
	return h
}

// The words of effects.
const (
	ByCoupon  = "coupon"   // the billing system is given the discount of the field coupon
	ByPause   = "pause"    // the billing system charges nothing for a while
	ByPerson  = "person"   // somebody of the company does it, and says how it is seen
	ReadBack  = "read"     // the billing system is read until it says so
	Remove    = "remove"   // the discount is taken away
	Continue  = "continue" // the billing system is told to charge again
	AtBilling = "billing"  // the billing system ends it by itself
	Never     = "never"    // it does not end: it was done
)

// EffectSpec is one way to apply an offer, with what goes with it.
type EffectSpec struct {
	Apply                string
	Kinds                []Kind // empty: all
	Verify, Undo, Expire []string
	About                string
}

// Effects are the ways.
var Effects = []EffectSpec{
	{ByCoupon, []Kind{Discount}, []string{ReadBack}, []string{Remove}, []string{AtBilling, ByPerson}, "The subscription is given the coupon at the billing system, and read back."},
	{ByPause, []Kind{Pause}, []string{ReadBack}, []string{Continue}, []string{AtBilling}, "The billing system charges nothing until the day, and is read back."},
	{ByPerson, nil, []string{ByPerson}, []string{ByPerson}, []string{ByPerson, Never}, "Somebody of the company does it, and says how it is seen."},
}

// Automatic reports whether the program applies it without a person.
func (e Effect) Automatic() bool { return e.Apply == ByCoupon || e.Apply == ByPause }
