package settlement_test

import (
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"pgregory.net/rapid"

	"hastaluego/internal/settlement"
	"hastaluego/internal/when"
)

//go:embed twin.sql
var twin string

// flat is an input as the twin reads it.
type flat map[string]any

func date(d when.Date) any {
	if d.IsZero() {
		return nil
	}
	return d.String()
}

func flatten(in settlement.Input) flat {
	contracts, prices, caps, bills, shares, usage, sums := []flat{}, []flat{}, []flat{}, []flat{}, []flat{}, []flat{}, []flat{}
	for _, c := range in.Contracts {
		f := flat{
			"ref": c.Ref, "start": date(c.Start), "recurs": c.Interval.Recurs(), "months": c.Interval.Months(), "billed": date(c.BilledUntil), "ends": date(c.Ends), "trial": date(c.Trial),
			"term": date(c.Term), "not_renewed": c.NotRenewed, "notice": c.Notice, "minimum": date(c.Minimum), "refund": string(c.Law.Refund), "after": c.Law.After,
			"notice_last": date(c.Law.NoticeLast), "lock_most": date(c.Law.LockMost), "free_renewed": c.Law.FreeRenewed, "free": c.Law.Free,
		}
		if k := c.Commitment; k != nil {
			for name, v := range map[string]any{
				"fee": string(k.Kind), "fee_from": date(k.From), "fee_until": date(k.Until), "fee_currency": k.Sum.Currency, "fee_sum": k.Sum.Minor, "fee_percent": k.Percent,
				"fee_rate": k.Rate, "fee_included": k.Included, "benefit": k.Benefit, "unpaid": k.Unpaid, "shown": k.Shown,
			} {
				f[name] = v
			}
		}
		contracts = append(contracts, f)
		for _, p := range c.Prices {
			prices = append(prices, flat{"contract": c.Ref, "from_day": date(p.From), "currency": p.Amount.Currency, "amount": p.Amount.Minor, "rate": p.Rate, "included": p.Included})
		}
		for _, x := range c.Law.Most {
			caps = append(caps, flat{"contract": c.Ref, "minor": x.Minor, "currency": x.Currency, "percent": x.Percent, "formula": string(x.Formula)})
		}
	}
	for i, b := range in.Bills {
		bills = append(bills, flat{
			"n": i, "ref": b.Ref, "contract": b.Contract, "from_day": date(b.From), "until_day": date(b.Until), "currency": b.Amount.Currency, "amount": b.Amount.Minor, "tax": b.Tax,
			"included": b.Included, "open": b.Open, "returned": b.Returned, "recorded": b.Recorded, "presumed": b.Presumed,
		})
		for j, s := range b.Shares {
			shares = append(shares, flat{"n": i, "ord": j, "contract": s.Contract, "weight": s.Weight})
		}
	}
	for _, u := range in.Usage {
		usage = append(usage, flat{"ref": u.Ref, "contract": u.Contract, "recorded": u.Recorded, "quantity": u.Quantity, "free": u.Free, "currency": u.Price.Currency, "price": u.Price.Minor, "per": u.Per, "rate": u.Rate, "included": u.Included})
	}
	for _, x := range in.Sums {
		sums = append(sums, flat{"kind": string(x.Kind), "ref": x.Ref, "recorded": x.Recorded, "currency": x.Amount.Currency, "amount": x.Amount.Minor, "tax": x.Tax})
	}
	books, invoices, items, balances := flattenBooks(in.Books)
	return flat{
		"whole": in.Whole, "books": books, "book_invoices": invoices, "book_items": items, "book_balances": balances, "asked": date(in.Asked), "made": date(in.Made), "asked_at": in.AskedAt.Format(time.RFC3339), "measure": string(in.Measure), "zone": in.Zone.String(),
		"contracts": contracts, "prices": prices, "caps": caps, "bills": bills, "shares": shares, "usage": usage, "sums": sums,
	}
}

func flattenBooks(list []settlement.Books) (books, invoices, items, balances []flat) {
	books, invoices, items, balances = []flat{}, []flat{}, []flat{}, []flat{}
	for n, b := range list {
		books = append(books, flat{"n": n, "system": b.System, "account": b.Account, "contract": b.Contract})
		for _, x := range b.Invoices {
			invoices = append(invoices, flat{
				"n": n, "ord": len(invoices), "ref": x.Ref, "from_day": date(x.From), "until_day": date(x.Until), "currency": x.Amount.Currency, "amount": x.Amount.Minor, "tax": x.Tax,
				"open": x.Open, "returned": x.Returned,
			})
		}
		for _, x := range b.Items {
			items = append(items, flat{
				"n": n, "ord": len(items), "ref": x.Ref, "from_day": date(x.From), "currency": x.Amount.Currency, "amount": x.Amount.Minor, "tax": x.Tax, "used": x.Used, "prorated": x.Prorated,
			})
		}
		for _, m := range b.Balances {
			balances = append(balances, flat{"n": n, "ord": len(balances), "currency": m.Currency, "amount": m.Minor})
		}
	}
	return books, invoices, items, balances
}

// ours are the lines, ends and due days of the program, as the twin gives its own.
func ours(t *testing.T, in settlement.Input) (out []string) {
	t.Helper()
	for _, choice := range settlement.Choices {
		s, err := settlement.Compute(in, choice)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Ends {
			out = append(out, fmt.Sprintf("%s last %s %s", choice, e.Contract, e.On))
		}
		if s.Owes() {
			out = append(out, fmt.Sprintf("%s due  %s", choice, s.DueOn()))
		}
		for _, x := range s.Sections {
			for _, l := range x.Lines {
				out = append(out, fmt.Sprintf("%s %s %s %s %d tax %d", choice, l.Kind, l.Ref, x.Currency, l.Amount.Minor, l.Tax))
			}
		}
	}
	slices.Sort(out)
	return out
}

// theirs are the lines, ends and due days of the twin, by case.
func theirs(t *testing.T, tx *sql.Tx, inputs []settlement.Input) [][]string {
	t.Helper()
	ctx := t.Context()
	if _, err := tx.ExecContext(ctx, "TRUNCATE input"); err != nil {
		t.Fatal(err)
	}
	docs := make([]string, len(inputs))
	for i, in := range inputs {
		raw, err := json.Marshal(flatten(in))
		if err != nil {
			t.Fatal(err)
		}
		docs[i] = string(raw)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO input SELECT n - 1, doc::jsonb FROM unnest($1::text[]) WITH ORDINALITY AS x(doc, n)", docs); err != nil {
		t.Fatal(err)
	}
	_, query, ok := strings.Cut(twin, "\nwith\n")
	if !ok {
		t.Fatal("the twin has no query")
	}
	rows, err := tx.QueryContext(ctx, "with\n"+query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := make([][]string, len(inputs))
	for rows.Next() {
		var id int
		var choice, kind, ref, currency string
		var amount, tax int64
		var last sql.Null[time.Time]
		if err := rows.Scan(&id, &choice, &kind, &ref, &currency, &amount, &tax, &last); err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %s %s %s %d tax %d", choice, kind, ref, currency, amount, tax)
		if last.Valid {
			line = fmt.Sprintf("%s %s %s %s", choice, kind, ref, when.DateOf(last.V, time.UTC))
		}
		out[id] = append(out[id], line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		slices.Sort(out[i])
	}
	return out
}

// twins opens the twin in a transaction that leaves nothing behind.
func twins(t *testing.T) *sql.Tx {
	t.Helper()
	server := os.Getenv("HASTA_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("HASTA_REQUIRE_POSTGRES") != "" {
			t.Fatal("HASTA_TEST_POSTGRES is not set")
		}
		t.Log("HASTA_TEST_POSTGRES is not set: the twin is not asked")
		return nil
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	functions, _, _ := strings.Cut(twin, "\nwith\n")
	for _, s := range []string{"SET LOCAL jit = off; CREATE TEMPORARY TABLE input (id int, doc jsonb) ON COMMIT DROP", functions} {
		if _, err := tx.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	return tx
}

func agree(t *testing.T, tx *sql.Tx, names []string, inputs []settlement.Input) {
	t.Helper()
	for i, lines := range theirs(t, tx, inputs) {
		if mine := ours(t, inputs[i]); !slices.Equal(mine, lines) {
			raw, _ := json.Marshal(flatten(inputs[i]))
			t.Errorf("%s: in Go\n  %s\nin SQL\n  %s\nof %s", names[i], strings.Join(only(mine, lines), "\n  "), strings.Join(only(lines, mine), "\n  "), raw)
		}
	}
}

// only are the lines of a that b has not.
func only(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// The implementation in SQL gives the same for every case with its arithmetic
// written out, and for as many random ones as HASTA_TWIN says. The seed stands in
// the output; HASTA_TWIN_SEED repeats a run.
func TestTheTwinAgrees(t *testing.T) {
	t.Parallel()
	tx := twins(t)
	if tx == nil {
		return
	}
	var names []string
	var inputs []settlement.Input
	packs := shipped(t)
	for _, g := range cases(t) {
		in := g.input(t, packs)
		if in.Measure == "" {
			in.Measure = settlement.Days
		}
		names, inputs = append(names, g.Name), append(inputs, in)
	}
	agree(t, tx, names, inputs)

	many, seed := number(t, "HASTA_TWIN", 1000), number(t, "HASTA_TWIN_SEED", int(rand.Uint32()))
	t.Logf("%d random cases, HASTA_TWIN_SEED=%d", many, seed)
	draw, lines := rapid.Custom(drawn), 0
	const batch = 2000
	for done := 0; done < many && !t.Failed(); {
		names, inputs = names[:0], inputs[:0]
		for len(inputs) < min(batch, many-done) {
			n := seed + done + len(inputs)
			names, inputs = append(names, "seed "+strconv.Itoa(n)), append(inputs, draw.Example(n))
		}
		agree(t, tx, names, inputs)
		for _, in := range inputs {
			lines += len(ours(t, in))
		}
		done += len(inputs)
	}
	if lines < 3*many {
		t.Errorf("%d cases have only %d lines and ends: they show nothing", many, lines)
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
