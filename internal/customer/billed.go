package customer

import (
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/fault"
	"hastaluego/internal/when"
)

// Billed is what an invoice or a credit note is for.
type Billed struct {
	Contracts   Shares    // none: nobody said
	From, Until when.Date // first and last day; zero: none
}

// Of reports whether it is for the contract with a number.
func (b Billed) Of(contract string) bool {
	return slices.ContainsFunc(b.Contracts.List(), func(s Share) bool { return s.Contract == contract })
}

// Share is the part of a bill that is of a contract. Weights are, for example, list
// prices or seats; that of the only one does not matter.
type Share struct {
	Contract string // its number
	Weight   int64
}

// Shares are those of one bill, in their order: one value, so that bills can be compared.
type Shares string

// SharesOf are these.
func SharesOf(list []Share) Shares {
	lines := make([]string, len(list))
	for i, s := range list {
		lines[i] = strconv.FormatInt(s.Weight, 10) + " " + s.Contract
	}
	return Shares(strings.Join(lines, "\n"))
}

// List are they one by one.
func (s Shares) List() (out []Share) {
	for line := range strings.Lines(string(s)) {
		weight, contract, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseInt(weight, 10, 64); err == nil { // SharesOf writes nothing else
			out = append(out, Share{contract, n})
		}
	}
	return out
}

// ParseShares reads the contracts of a bill: the number of one or, with semicolons
// between, those of several with their weights: C-1 = 10; C-2 = 5. What cannot be read
// is balance.contracts, with its place in the list.
func ParseShares(s string) (Shares, *fault.Error) {
	var out []Share
	for i, part := range strings.Split(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		contract, weight := part, "1"
		if at := strings.LastIndex(part, "="); at >= 0 {
			contract, weight = strings.TrimSpace(part[:at]), strings.TrimSpace(part[at+1:])
		} else if strings.Contains(strings.Trim(s, "; "), ";") {
			weight = ""
		}
		n, err := strconv.ParseInt(weight, 10, 64)
		if err != nil || contract == "" {
			return "", fault.New(fault.Invalid, "balance.contracts", "n", i+1, "value", part)
		}
		out = append(out, Share{contract, n})
	}
	return SharesOf(out), nil
}

// SharesText writes contracts of a bill as ParseShares reads them.
func SharesText(s Shares) string {
	list := s.List()
	if len(list) == 1 && list[0].Weight == 1 && !strings.Contains(list[0].Contract, "=") {
		return list[0].Contract
	}
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = x.Contract + " = " + strconv.FormatInt(x.Weight, 10)
	}
	return strings.Join(parts, "; ")
}

const (
	// mostShares is how many contracts a bill is of at most.
	mostShares = 100
	// mostBilled is how many days a bill is for at most: a century.
	mostBilled = 36_525
)

// tidyBilled reports what is wrong with what a sum is for. Faults: contracts, from,
// until.
func (b *Balance) tidyBilled() (l fault.List) {
	x := &b.Billed
	if *x == (Billed{}) {
		return nil
	}
	refuse := func(wrong bool, code, field string) {
		if wrong {
			l = append(l, fault.New(fault.Invalid, code).On(field))
		}
	}
	if b.Kind != Invoice && b.Kind != Credit {
		field := "contracts"
		if x.Contracts == "" {
			field = "from"
		}
		refuse(true, "balance.not_billed", field)
		return l
	}
	x.Contracts, l = tidyShares(x.Contracts.List())
	refuse(x.Contracts == "", "field.required", "contracts")
	refuse(x.From.IsZero() && !x.Until.IsZero(), "field.required", "from")
	refuse(x.Until.IsZero() && !x.From.IsZero(), "field.required", "until")
	if !x.From.IsZero() && !x.Until.IsZero() {
		refuse(x.Until.Before(x.From), "balance.until", "until")
		refuse(x.From.DaysUntil(x.Until) >= mostBilled, "field.invalid", "until")
	}
	return l
}

// tidyShares reports what is wrong with the contracts of a bill: each stands there once,
// and several have weights.
func tidyShares(list []Share) (Shares, fault.List) {
	wrong := func(i int) fault.List {
		return fault.List{fault.New(fault.Invalid, "balance.contracts", "n", i+1, "value", list[i].Contract).On("contracts")}
	}
	if len(list) > mostShares {
		return "", wrong(mostShares)
	}
	for i := range list {
		s := &list[i]
		clean, bad := CheckText("contracts", s.Contract, 200, false)
		s.Contract = clean
		twice := slices.ContainsFunc(list[:i], func(o Share) bool { return o.Contract == clean })
		if bad != nil || clean == "" || strings.Contains(clean, ";") || twice || s.Weight < 1 || s.Weight > mostUsed {
			return SharesOf(list), wrong(i)
		}
	}
	return SharesOf(list), nil
}
