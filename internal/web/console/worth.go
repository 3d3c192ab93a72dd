package console

import (
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
	"hastaluego/internal/worth"
)

// worthView is what a customer is worth, and how that is known.
type worthView struct {
	Lang, ID           string
	Sum, Between, AsOf string // empty: not known
	Unknown            string
	Declare            bool // it is not known because nobody said what serving costs
	Parts              [][4]string
	How                []string
	Soon               bool // it is being computed
	May                bool
	Who                string
}

func worthWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.worth."+code, args...)
}

func (v worthView) word(code string, args ...any) string { return worthWord(v.Lang, code, args...) }

// worthLines is what a customer is worth in a list; none where nobody computed it.
func worthLines(lang string, w *app.Worth) []string {
	switch {
	case w == nil:
		return nil
	case !w.Known():
		return []string{worthWord(lang, "line.unknown")}
	}
	return []string{worthWord(lang, "line", "sum", worthMoney(lang, w.Value, w.Sum)), worthBetween(lang, w.Value)}
}

func worthBetween(lang string, v worth.Value) string {
	return worthWord(lang, "between", "low", worthMoney(lang, v, v.Low), "high", worthMoney(lang, v, v.High))
}

// WorthWords tells what a customer is worth, or why that is not known.
func WorthWords(lang string, v worth.Value) string {
	if !v.Known() {
		return worthWord(lang, "unknown."+string(v.Why), "n", worth.FewestLeft)
	}
	return worthWord(lang, "line.long", "sum", worthMoney(lang, v, v.Sum), "low", worthMoney(lang, v, v.Low), "high", worthMoney(lang, v, v.High))
}

func worthMoney(lang string, v worth.Value, minor int64) string {
	return text.Money(lang, money.Amount{Minor: minor, Currency: v.Currency})
}

func (v *visit) viewWorth(c customer.ID, x app.WorthView) worthView {
	out := worthView{Lang: v.lang, ID: string(c), Soon: v.r.URL.Query().Get("computing") != "", May: v.actor.May("worth"), Who: whoMay(v.lang, "worth")}
	if x.Worth == nil {
		out.Unknown, out.Declare = out.word("unknown."+string(worth.NotYet)), x.Rates.Margin < 0 && len(x.Rates.Margins) == 0
		return out
	}
	w := x.Worth.Value
	out.AsOf = out.word("as_of", "when", text.ShortInstant(v.lang, x.Worth.At, v.zone()))
	if !w.Known() {
		out.Unknown, out.Declare = WorthWords(v.lang, w), w.Why == worth.NoMargin
		return out
	}
	out.Sum, out.Between = worthMoney(v.lang, w, w.Sum), worthBetween(v.lang, w)
	out.Parts, out.How = WorthTable(v.lang, w), WorthHow(v.lang, w)
	return out
}

// WorthTable tells a value part by part: name, a month, months, sum; the last line has
// them together.
func WorthTable(lang string, w worth.Value) (rows [][4]string) {
	if !w.Known() {
		return nil
	}
	for _, p := range w.Parts {
		name := worthWord(lang, "part."+string(p.Kind), "product", p.Product)
		rows = append(rows, [4]string{name, worthMoney(lang, w, p.Month), text.Thousandths(lang, p.Life.Months), worthMoney(lang, w, p.Sum)})
	}
	return append(rows, [4]string{worthWord(lang, "total"), worthMoney(lang, w, w.Month()), "", worthMoney(lang, w, w.Sum)})
}

// WorthHow tells how a value is known, and what is not in it.
func WorthHow(lang string, w worth.Value) []string {
	if !w.Known() {
		return nil
	}
	list := []string{
		worthWord(lang, "how.learned", "seen", w.Learned.Seen, "left", w.Learned.Left, "day", text.Date(lang, w.Learned.Day)),
		worthWord(lang, "how.horizon", "months", worth.Horizon, "discount", text.Percent(lang, w.Learned.Discount)),
		worthWord(lang, "how.interval", "level", int(worth.Level*100)),
	}
	for _, k := range w.Left {
		list = append(list, worthWord(lang, "left_out."+string(k)))
	}
	return list
}

// effortView is the time that was worked for a customer.
type effortView struct {
	Rows []effortRow
	Sum  string
	May  bool
	Who  string
	Me   string // who writes
	Day  string
}

type effortRow struct{ ID, Day, Who, What, Time string }

// timeWords writes minutes as hours and minutes.
func timeWords(lang string, minutes int) string {
	if minutes < 60 {
		return text.Say(lang, "console.effort.minutes", "m", minutes)
	}
	return text.Say(lang, "console.effort.hours", "h", text.Number(lang, int64(minutes/60)), "m", minutes%60)
}

func (v *visit) viewEffort(list []effort.Effort, today when.Date) effortView {
	out := effortView{
		Sum: text.Say(v.lang, "console.effort.sum", "time", timeWords(v.lang, effort.Minutes(list))), May: v.actor.May("effort"), Who: whoMay(v.lang, "effort"),
		Me: v.actor.Name, Day: today.String(),
	}
	for _, e := range list {
		out.Rows = append(out.Rows, effortRow{string(e.ID), text.Date(v.lang, e.Day), e.Who, e.What, timeWords(v.lang, e.Minutes)})
	}
	return out
}

// addEffort records time that was worked for the customer.
func (v *visit) addEffort() error { return v.customerDone(v.typedEffort(), "effort") }

func (v *visit) typedEffort() error {
	e := effort.Effort{Customer: customer.ID(v.r.PathValue("id")), Who: v.form.Get("effort.who"), What: v.form.Get("effort.what")}
	var wrong fault.List
	var err error
	if e.Day, err = v.day("effort.day"); err != nil {
		wrong = append(wrong, fault.Fields(err)...)
	}
	if e.Minutes, err = strconv.Atoi(v.form.Get("effort.minutes")); err != nil {
		wrong = append(wrong, fault.New(fault.Invalid, "effort.minutes", "max", effort.MostMinutes).On("effort.minutes"))
	}
	if len(wrong) > 0 && v.actor.May("effort") {
		return wrong
	}
	_, err = v.App.RecordEffort(v.r.Context(), v.actor, e)
	if l := fault.Fields(err); len(l) > 0 {
		return fault.List(l).Under("effort")
	}
	return err
}

func (v *visit) takeBackEffort() error {
	return v.customerDone(v.App.TakeBackEffort(v.r.Context(), v.actor, effort.ID(v.form.Get("effort"))), "effort")
}

// computeWorth has everybody computed, which takes a moment.
func (v *visit) computeWorth() error {
	err := v.App.ComputeWorthSoon(v.r.Context(), v.actor)
	if err != nil {
		return v.customerDone(err, "worth")
	}
	v.to("/console/customers/" + v.r.PathValue("id") + "?computing=1#worth")
	return nil
}
