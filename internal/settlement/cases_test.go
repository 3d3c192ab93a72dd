package settlement_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"maps"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"hastaluego/internal/calendar"
	"hastaluego/internal/customer"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/money"
	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

// golden is one case of testdata/cases.yaml.
type golden struct {
	Name      string
	About     string
	Residence string            // of a consumer, under the shipped packs
	Facts     map[string]string // beside it
	Law       *goldenLaw        // in the place of the packs
	Asked     string            // a day, or an instant
	Made      string            // a day; empty: the same
	Zone      string
	Measure   settlement.Measure
	Contracts yaml.MapSlice
	Bills     []goldenBill
	Usage     []goldenUsage
	Sums      []goldenSum
	Books     []goldenBooks
	Whole     bool
	Now, End  *goldenEnd
}

type goldenBooks struct {
	System, Account, Of string
	Invoices            []goldenBill
	Items               []goldenItem
	Balances            []string
}

type goldenItem struct {
	No, Amount, Tax string
	From, Until     string
	Used, Prorated  bool
}

type goldenLaw struct {
	Refund      settlement.Way
	After       bool
	NoticeLast  string `yaml:"notice_last"`
	LockMost    string `yaml:"lock_most"`
	FreeRenewed bool   `yaml:"free_renewed"`
	Free        bool
	Most        []string
}

type goldenContract struct {
	What        string
	Start       string
	Every       customer.Interval
	BilledUntil string `yaml:"billed_until"`
	Prices      []goldenPrice
	Ends        string
	Trial, Term string
	NotRenewed  bool `yaml:"not_renewed"`
	Notice      int
	Minimum     string
	Commitment  *goldenCommitment
}

type goldenPrice struct {
	From, What, Amount string
	Rate               string // percent
	Included           bool
}

type goldenCommitment struct {
	What                   string
	Kind                   settlement.FeeKind
	From, Until            string
	Sum                    string
	Percent                int64
	Rate                   string
	Included               bool
	Benefit, Unpaid, Shown string
}

type goldenBill struct {
	No, Of      string
	Shares      yaml.MapSlice
	From, Until string
	Amount, Tax string
	Included    bool
	Open        string
	Returned    string
	Recorded    bool
	Presumed    bool
	Stays       []string // of Shares, contracts that do not end
}

type goldenUsage struct {
	What, Of       string
	Quantity, Free int64
	Price          string
	Per            int64
	Rate           string
	Included       bool
	Recorded       bool
}

type goldenSum struct {
	Kind            settlement.SumKind
	No, Amount, Tax string
	Recorded        bool
}

type goldenEnd struct {
	Ends   map[string]string
	Lines  []string // kind number | arithmetic | sum | arithmetic of the tax | tax
	Totals []string
	Due    string
	Why    map[string]string // of the end of a contract
}

func day(t testing.TB, s string) when.Date {
	t.Helper()
	if s == "" {
		return when.Date{}
	}
	d, err := when.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sum reads "29.85 EUR"; without a currency it is in the one given.
func sum(t testing.TB, s, currency string) money.Amount {
	t.Helper()
	if s == "" {
		return money.Amount{Currency: currency}
	}
	number, code, ok := strings.Cut(s, " ")
	if !ok {
		code = currency
	}
	a, err := money.Parse(number, code)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func rate(t testing.TB, percent string, included bool) settlement.Tax {
	t.Helper()
	if percent == "" {
		return settlement.Tax{Included: included}
	}
	r, ok := new(big.Rat).SetString(percent)
	if !ok {
		t.Fatalf("no rate: %q", percent)
	}
	r.Mul(r, big.NewRat(100, 1))
	return settlement.Tax{Rate: r.Num().Int64(), Included: included}
}

func decode(t testing.TB, from, into any) {
	t.Helper()
	raw, err := yaml.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
}

// input is the case as Compute takes it.
func (g golden) input(t testing.TB, packs *jurisdiction.Library) settlement.Input {
	t.Helper()
	zone, err := time.LoadLocation(cmp.Or(g.Zone, "UTC"))
	if err != nil {
		t.Fatal(err)
	}
	in := settlement.Input{Zone: zone, Measure: g.Measure}
	if at, err := time.Parse(time.RFC3339, g.Asked); err == nil {
		in.AskedAt, in.Asked = at.UTC(), when.DateOf(at, zone)
	} else {
		in.Asked = day(t, g.Asked)
		in.AskedAt = in.Asked.Start(zone)
	}
	in.Made = day(t, g.Made)
	for _, item := range g.Contracts {
		var x goldenContract
		decode(t, item.Value, &x)
		c := settlement.Contract{
			Ref: fmt.Sprint(item.Key), What: x.What, Start: day(t, x.Start), Interval: x.Every, BilledUntil: day(t, x.BilledUntil), Ends: day(t, x.Ends),
			Trial: day(t, x.Trial), Term: day(t, x.Term), NotRenewed: x.NotRenewed, Notice: x.Notice, Minimum: day(t, x.Minimum),
		}
		for _, p := range x.Prices {
			c.Prices = append(c.Prices, settlement.Price{From: day(t, cmp.Or(p.From, x.Start)), What: p.What, Amount: sum(t, p.Amount, ""), Tax: rate(t, p.Rate, p.Included)})
		}
		if k := x.Commitment; k != nil {
			s := sum(t, k.Sum, "")
			c.Commitment = &settlement.Commitment{
				What: k.What, Kind: k.Kind, From: day(t, cmp.Or(k.From, x.Start)), Until: day(t, k.Until), Sum: s, Percent: k.Percent, Tax: rate(t, k.Rate, k.Included),
				Benefit: sum(t, k.Benefit, s.Currency).Minor, Unpaid: sum(t, k.Unpaid, s.Currency).Minor, Shown: sum(t, k.Shown, s.Currency).Minor,
			}
		}
		c.Law = g.law(t, packs, &c, in)
		in.Contracts = append(in.Contracts, c)
	}
	only := ""
	if len(in.Contracts) == 1 {
		only = in.Contracts[0].Ref
	}
	for _, b := range g.Bills {
		in.Bills = append(in.Bills, b.bill(t, only))
	}
	for _, u := range g.Usage {
		in.Usage = append(in.Usage, settlement.Usage{Ref: u.What, What: u.What, Contract: cmp.Or(u.Of, only), Quantity: u.Quantity, Free: u.Free, Price: sum(t, u.Price, ""), Per: cmp.Or(u.Per, 1), Tax: rate(t, u.Rate, u.Included), Recorded: u.Recorded})
	}
	for _, x := range g.Sums {
		a := sum(t, x.Amount, "")
		in.Sums = append(in.Sums, settlement.Sum{Kind: x.Kind, Ref: x.No, Amount: a, Tax: sum(t, x.Tax, a.Currency).Minor, Recorded: x.Recorded})
	}
	in.Whole = g.Whole
	for _, b := range g.Books {
		out := settlement.Books{System: cmp.Or(b.System, "billing"), Account: cmp.Or(b.Account, "cus_1"), Contract: cmp.Or(b.Of, only)}
		for _, x := range b.Invoices {
			out.Invoices = append(out.Invoices, x.bill(t, ""))
		}
		for _, x := range b.Items {
			a := sum(t, x.Amount, "")
			out.Items = append(out.Items, settlement.Item{Ref: x.No, From: day(t, x.From), Until: day(t, x.Until), Amount: a, Tax: sum(t, x.Tax, a.Currency).Minor, Used: x.Used, Prorated: x.Prorated})
		}
		for _, x := range b.Balances {
			out.Balances = append(out.Balances, sum(t, x, ""))
		}
		in.Books = append(in.Books, out)
	}
	return in
}

// bill is one as Compute takes it, of the contract where it says none.
func (b goldenBill) bill(t testing.TB, only string) settlement.Bill {
	t.Helper()
	a := sum(t, b.Amount, "")
	out := settlement.Bill{
		Ref: b.No, Contract: cmp.Or(b.Of, only), From: day(t, b.From), Until: day(t, b.Until), Amount: a, Tax: sum(t, b.Tax, a.Currency).Minor, Included: b.Included,
		Open: sum(t, b.Open, a.Currency).Minor, Returned: sum(t, b.Returned, a.Currency).Minor, Recorded: b.Recorded || b.Presumed, Presumed: b.Presumed,
	}
	if b.Recorded && b.Of == "" { // an invoice as people record it is of no contract
		out.Contract = ""
	}
	for _, s := range b.Shares {
		w, err := strconv.ParseUint(fmt.Sprint(s.Value), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		of := fmt.Sprint(s.Key)
		out.Shares = append(out.Shares, settlement.Share{Contract: of, Weight: w, Stays: slices.Contains(b.Stays, of)})
	}
	return out
}

func (g golden) law(t testing.TB, packs *jurisdiction.Library, c *settlement.Contract, in settlement.Input) settlement.Law {
	t.Helper()
	if g.Law != nil {
		l := settlement.Law{
			Refund: g.Law.Refund, After: g.Law.After, NoticeLast: day(t, g.Law.NoticeLast), LockMost: day(t, g.Law.LockMost), FreeRenewed: g.Law.FreeRenewed, Free: g.Law.Free,
		}
		for _, m := range g.Law.Most {
			switch number, of, ok := strings.Cut(m, " "); {
			case !ok && m == "0":
				l.Most = append(l.Most, settlement.Cap{})
			case !ok:
				l.Most = append(l.Most, settlement.Cap{Formula: settlement.Formula(m)})
			case strings.HasSuffix(number, "%"):
				n, err := strconv.ParseInt(strings.TrimSuffix(number, "%"), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				l.Most = append(l.Most, settlement.Cap{Percent: n, Formula: settlement.Formula(of)})
			default:
				a := sum(t, m, "")
				l.Most = append(l.Most, settlement.Cap{Minor: a.Minor, Currency: a.Currency})
			}
		}
		return l
	}
	said := map[string]string{"customer.residence": g.Residence, "customer.kind": "consumer", "request.act": "terminate"}
	maps.Copy(said, g.Facts)
	facts, err := jurisdiction.ParseFacts(said)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range c.Facts(in.Asked) {
		if _, ok := facts[name]; !ok {
			facts[name] = v
		}
	}
	law, err := packs.Effective(packs.Select(facts), facts, in.Asked)
	if err != nil {
		t.Fatal(err)
	}
	return settlement.LawOf(law, map[string]time.Time{"contract.concluded": c.Start.Start(in.Zone), "request.submitted": in.AskedAt}, calendar.Shipped(), in.Zone)
}

// exact works out arithmetic as it is written in the cases: + - * / and
// up(x), down(x) to the smallest unit, part(sum, net, tax): the tax in a sum.
type exact struct {
	t    testing.TB
	unit *big.Rat // the smallest unit of the currency
}

func (e exact) of(src string) *big.Rat {
	e.t.Helper()
	x, err := parser.ParseExpr(src)
	if err != nil {
		e.t.Fatalf("%s: %v", src, err)
	}
	return e.node(x)
}

func (e exact) node(x ast.Expr) *big.Rat {
	e.t.Helper()
	switch x := x.(type) {
	case *ast.ParenExpr:
		return e.node(x.X)
	case *ast.UnaryExpr:
		return new(big.Rat).Neg(e.node(x.X))
	case *ast.BasicLit:
		r, ok := new(big.Rat).SetString(constant.MakeFromLiteral(x.Value, x.Kind, 0).ExactString())
		if !ok {
			e.t.Fatalf("not a number: %s", x.Value)
		}
		return r
	case *ast.BinaryExpr:
		a, b, out := e.node(x.X), e.node(x.Y), new(big.Rat)
		switch x.Op {
		case token.ADD:
			return out.Add(a, b)
		case token.SUB:
			return out.Sub(a, b)
		case token.MUL:
			return out.Mul(a, b)
		case token.QUO:
			return out.Quo(a, b)
		}
	case *ast.CallExpr:
		name, _ := x.Fun.(*ast.Ident)
		var args []*big.Rat
		for _, a := range x.Args {
			args = append(args, e.node(a))
		}
		switch {
		case name.Name == "up" && len(args) == 1:
			return e.down(args[0].Neg(args[0]), true)
		case name.Name == "down" && len(args) == 1:
			return e.down(args[0], false)
		case name.Name == "part" && len(args) == 3:
			return e.part(args[0], args[1], args[2])
		}
	}
	e.t.Fatalf("arithmetic that is not known: %T", x)
	return nil
}

// down is the multiple of the unit at or below; with turned, of what was turned
// round before: at or above.
func (e exact) down(r *big.Rat, turned bool) *big.Rat {
	n := new(big.Rat).Quo(r, e.unit)
	q := new(big.Int).Div(n.Num(), n.Denom())
	out := new(big.Rat).Mul(new(big.Rat).SetInt(q), e.unit)
	if turned {
		out.Neg(out)
	}
	return out
}

// part is the tax in a sum that has net and tax in these proportions, with the
// unit that is left given to the larger remainder, and to the net if both are
// equal.
func (e exact) part(sum, net, tax *big.Rat) *big.Rat {
	share := new(big.Rat).Quo(new(big.Rat).Mul(sum, tax), new(big.Rat).Add(net, tax))
	low := e.down(share, false)
	rest := new(big.Rat).Quo(new(big.Rat).Sub(share, low), e.unit)
	if rest.Cmp(big.NewRat(1, 2)) > 0 {
		low.Add(low, e.unit)
	}
	return low
}

func cases(t testing.TB) (list []golden) {
	t.Helper()
	raw, err := os.ReadFile("testdata/cases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(raw, &list, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return list
}

func shipped(t testing.TB) *jurisdiction.Library {
	t.Helper()
	l, err := jurisdiction.Load(jurisdiction.ShippedFiles())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Every case says its arithmetic, which must give its sums; and the engine must
// give the same lines, totals and days.
func TestStatementsAreWhatTheArithmeticSays(t *testing.T) {
	t.Parallel()
	packs, all := shipped(t), cases(t)
	if len(all) < 40 {
		t.Errorf("%d cases", len(all))
	}
	seen := map[string]bool{}
	for _, g := range all {
		if seen[g.Name] || g.About == "" || g.Now == nil && g.End == nil {
			t.Errorf("%q: there twice, says nothing about itself, or expects nothing", g.Name)
		}
		seen[g.Name] = true
		t.Run(g.Name, func(t *testing.T) {
			t.Parallel()
			in := g.input(t, packs)
			for choice, want := range map[settlement.Choice]*goldenEnd{settlement.Now: g.Now, settlement.End: g.End} {
				if want == nil {
					continue
				}
				s, err := settlement.Compute(in, choice)
				if err != nil {
					t.Fatalf("%s: %v", choice, err)
				}
				if lines, wanted := written(s), want.written(t); !slices.Equal(lines, wanted) {
					t.Errorf("%s:\n got %s\nwant %s", choice, strings.Join(lines, "\n     "), strings.Join(wanted, "\n     "))
				}
				want.rest(t, s)
			}
		})
	}
}

// written are the lines and totals of a statement as the cases write them.
func written(s settlement.Statement) (out []string) {
	for _, x := range s.Sections {
		digits, _ := money.Digits(x.Currency)
		for _, l := range x.Lines {
			line := fmt.Sprintf("%s %s %s", l.Kind, l.Ref, l.Amount.Decimal(digits))
			if l.Tax != 0 {
				line += " tax " + money.Amount{Minor: l.Tax, Currency: x.Currency}.Decimal(digits)
			}
			out = append(out, line)
		}
		out = append(out, "total "+x.Total.String())
	}
	return out
}

// written are the lines and totals that are expected, after their arithmetic
// was done again.
func (w goldenEnd) written(t testing.TB) (out []string) {
	t.Helper()
	lines := w.Lines
	for _, total := range w.Totals {
		number, code, _ := strings.Cut(total, " ")
		digits, err := money.Digits(code)
		if err != nil {
			t.Fatal(err)
		}
		e := exact{t, new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))}
		added := new(big.Rat)
		for len(lines) > 0 && (len(w.Totals) == 1 || strings.HasSuffix(strings.TrimSpace(strings.Split(lines[0], "|")[2]), code)) {
			f := strings.Split(lines[0], "|")
			for i := range f {
				f[i] = strings.TrimSpace(f[i])
			}
			if len(f) != 3 && len(f) != 5 {
				t.Fatalf("not a line: %q", lines[0])
			}
			f[2] = strings.TrimSuffix(f[2], " "+code)
			value := e.of(f[2])
			if got := e.of(f[1]); got.Cmp(value) != 0 {
				t.Errorf("%s: %s is %s", lines[0], f[1], got.FloatString(digits+2))
			}
			added.Add(added, value)
			line := f[0] + " " + f[2]
			if len(f) == 5 {
				if got := e.of(f[3]); got.Cmp(e.of(f[4])) != 0 {
					t.Errorf("%s: the tax %s is %s", lines[0], f[3], got.FloatString(digits+2))
				}
				line += " tax " + f[4]
			}
			out, lines = append(out, line), lines[1:]
		}
		if added.Cmp(e.of(number)) != 0 {
			t.Errorf("lines add up to %s, the total is %s", added.FloatString(digits), total)
		}
		out = append(out, "total "+total)
	}
	if len(lines) > 0 {
		t.Fatalf("lines of no total: %q", lines)
	}
	return out
}

func (w goldenEnd) rest(t testing.TB, s settlement.Statement) {
	t.Helper()
	for _, e := range s.Ends {
		if want, ok := w.Ends[e.Contract]; ok && want != e.On.String() {
			t.Errorf("%s: %s ends on %s (%s), not on %s", s.Choice, e.Contract, e.On, e.Why, want)
		}
		if want, ok := w.Why[e.Contract]; ok && want != e.Why {
			t.Errorf("%s: %s ends so because of %s, not %s", s.Choice, e.Contract, e.Why, want)
		}
	}
	if w.Due != "" && s.DueOn().String() != w.Due {
		t.Errorf("%s: due on %s, not %s", s.Choice, s.DueOn(), w.Due)
	}
}
