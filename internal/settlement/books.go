package settlement

import (
	"slices"

	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// Books are what the billing system of one contract says is open. Its word
// stands in the place of what was recorded: see section 9 of the definition.
type Books struct {
	System   string
	Account  string // the customer's number there
	Contract string
	Invoices []Bill         // open, with their tax in them; their contract is that of the books
	Items    []Item         // recorded there, and on no invoice yet
	Balances []money.Amount // one of a currency: positive, the customer has it
	Credited []Credited     `json:",omitempty"` // within Balances, until OwnCredits takes it out
}

// Credited is what a billing system put into the balance of an account itself when a
// contract of it ended.
type Credited struct {
	Contract string
	Item     Item // negative
}

// OwnCredits takes what billing systems credited for the end of a contract of theirs out
// of the balance of the account, and puts it as an item into the books of that contract:
// a statement that gives the same back leaves it out. No more is taken out than is in
// the balance, and nothing of a contract that is in no books.
func OwnCredits(list []Books) []Books {
	out := slices.Clone(list)
	done := map[[2]string]bool{}
	for i := range out {
		out[i].Balances, out[i].Items, out[i].Credited = slices.Clone(list[i].Balances), slices.Clone(list[i].Items), nil
	}
	for _, b := range list {
		for _, x := range b.Credited {
			of := slices.IndexFunc(out, func(o Books) bool { return o.System == b.System && o.Contract == x.Contract })
			if of < 0 || done[[2]string{b.System, x.Item.Ref}] {
				continue
			}
			done[[2]string{b.System, x.Item.Ref}] = true
			if it, some := takeOut(out, b, x.Item); some {
				out[of].Items = append(out[of].Items, it)
			}
		}
	}
	return out
}

// takeOut lessens the balance of an account, in whatever books it stands, by an item as
// far as it is in it.
func takeOut(list []Books, of Books, x Item) (Item, bool) {
	taken := int64(0)
	for i := range list {
		if list[i].System != of.System || list[i].Account != of.Account {
			continue
		}
		for j := range list[i].Balances {
			m := &list[i].Balances[j]
			if m.Currency != x.Amount.Currency || m.Minor <= 0 {
				continue
			}
			take := min(m.Minor, -x.Amount.Minor)
			m.Minor -= take
			taken = max(taken, take)
		}
	}
	if taken < -x.Amount.Minor { // the rest is spent
		x.Amount.Minor, x.Tax = -taken, 0
	}
	return x, taken > 0
}

// Item is something that a billing system will put on an invoice, or would.
type Item struct {
	Ref, What   string
	From, Until when.Date
	Amount      money.Amount // with its tax; positive: the customer owes it
	Tax         int64        // within Amount, as the billing system says
	Used        bool         // it is use
	Prorated    bool         // the billing system made it, of what is not used or came between
}

// byBooks is the input with the word of the billing systems in the place of what
// was recorded, and recorded bills in the place of periods that only count as paid.
// What several books hold counts once.
func (in *Input) byBooks() Input {
	out := *in
	told := slices.DeleteFunc(slices.Clone(in.Bills), in.supersedesBill)
	out.Bills = slices.DeleteFunc(slices.Clone(told), func(b Bill) bool {
		return b.Presumed && slices.ContainsFunc(told, func(x Bill) bool { return x.bills(b) })
	})
	if len(in.Books) == 0 {
		return out
	}
	out.Usage = slices.DeleteFunc(slices.Clone(in.Usage), func(u Usage) bool {
		return u.Recorded && (in.Whole || in.hasBooks(u.Contract))
	})
	out.Sums = slices.DeleteFunc(slices.Clone(in.Sums), func(x Sum) bool { return x.Recorded && x.Kind == Credit && in.Whole })
	seen := map[[3]string]bool{}
	first := func(kind, system, ref string) bool {
		k := [3]string{kind, system, ref}
		was := seen[k]
		seen[k] = true
		return !was
	}
	for _, b := range in.Books {
		for _, x := range b.Invoices {
			if first("invoice", b.System, x.Ref) {
				x.Contract, x.Included = b.Contract, true
				out.Bills = append(out.Bills, x)
			}
		}
		for _, x := range b.Items {
			if first("item", b.System, x.Ref) && !in.countedAsUnused(b.Contract, x) {
				out.Sums = append(out.Sums, x.sum(b.Contract))
			}
		}
		for _, m := range b.Balances {
			if first("balance", b.System, b.Account+" "+m.Currency) {
				out.Sums = append(out.Sums, balance(b.Account, m))
			}
		}
	}
	return out
}

func (in *Input) hasBooks(contract string) bool {
	return contract != "" && slices.ContainsFunc(in.Books, func(b Books) bool { return b.Contract == contract })
}

// supersedesBill reports whether a recorded bill gives way: one that the books
// name or, where they are whole, any of which something is open; and a period as
// paid that begins within what an open invoice of the books is for.
func (in *Input) supersedesBill(own Bill) bool {
	if !own.Recorded || len(in.Books) == 0 {
		return false
	}
	if !own.Presumed && own.Open > 0 && in.Whole {
		return true
	}
	return slices.ContainsFunc(in.Books, func(b Books) bool {
		return slices.ContainsFunc(b.Invoices, func(x Bill) bool {
			if own.Presumed {
				return b.Contract == own.Contract && x.begins(own)
			}
			return x.Ref == own.Ref
		})
	})
}

// bills reports whether a recorded bill is what was charged for a period of which
// nothing but that it is paid was known.
func (b Bill) bills(period Bill) bool {
	if !b.Recorded || b.Presumed || b.Amount.Minor < 0 || !b.begins(period) {
		return false
	}
	return b.Contract == period.Contract || slices.ContainsFunc(b.Shares, func(s Share) bool { return s.Contract == period.Contract })
}

// begins reports whether another period begins within that of the bill.
func (b Bill) begins(other Bill) bool {
	return !b.From.IsZero() && !other.From.Before(b.From) && !b.Until.Before(other.From)
}

// countedAsUnused reports whether an item is the billing system's own credit for
// what comes after the end: section 4 gives that back by the law.
func (in *Input) countedAsUnused(contract string, x Item) bool {
	i := in.contract(contract)
	if !x.Prorated || x.Amount.Minor >= 0 || i < 0 || x.From.IsZero() || x.From.Before(in.Asked) {
		return false
	}
	way := in.Contracts[i].Law.Refund
	return way == Full || way == ProRata
}

// sum is the item as another sum.
func (x Item) sum(contract string) Sum {
	s := Sum{Kind: Charge, Contract: contract, Ref: x.Ref, What: x.What, From: x.From, Until: x.Until, Amount: x.Amount, Tax: x.Tax}
	switch {
	case x.Amount.Minor < 0:
		s.Kind, s.Amount, s.Tax = Credit, x.Amount.Neg(), -x.Tax
	case x.Used:
		s.Kind = Used
	}
	return s
}

// balance is what an account has, or owes.
func balance(account string, m money.Amount) Sum {
	if m.Minor < 0 {
		return Sum{Kind: Charge, Ref: account, Amount: m.Neg()}
	}
	return Sum{Kind: Credit, Ref: account, Amount: m}
}

// books reports what is wrong with books.
func (k *checker) books(b Books, known bool, f string) {
	k.unless(known, "field.choice", f+".contract")
	for i, x := range b.Invoices {
		x.Included = true
		xf := at(f+".invoices", i)
		k.unless(x.Ref != "", "field.required", xf+".ref")
		k.unless(x.Amount.Minor >= 0, "field.invalid", xf+".amount")
		k.bill(x, xf)
	}
	for i, x := range b.Items {
		xf := at(f+".items", i)
		k.unless(x.Ref != "", "field.required", xf+".ref")
		k.currency(x.Amount, xf+".amount")
		k.period(x.From, x.Until, false, xf)
		k.unless(size(x.Tax) <= size(x.Amount.Minor) && (x.Tax == 0 || (x.Tax < 0) == (x.Amount.Minor < 0)), "field.invalid", xf+".tax")
	}
	for i, m := range b.Balances {
		k.currency(m, at(f+".balances", i))
	}
}
