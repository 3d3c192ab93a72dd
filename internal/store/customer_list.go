package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

const (
	// $1 to $3: what a filter asks for, or empty.
	filtered = `($1 = '' OR segment = $1) AND ($2 = '' OR country = $2) AND ($3 = '' OR kind = $3)`
	// Customers with a case that is not over are few beside all of them: the list
	// begins with their cases.
	leavingOnes = ` (SELECT DISTINCT customer_id FROM case_ WHERE state IN ('registered', 'open', 'reversing')) o JOIN customer ON id = o.customer_id `
	// $4 and $5: the last one of the page before.
	pageByName = `WHERE ` + filtered + ` AND (name_key, id) > ($4, $5) ORDER BY name_key, id LIMIT $6`
	// $4 to $5: from which word on, and before which; $6 and $7: the last one of
	// the page before; $8: pattern of all words; $9: 1 for those who leave.
	matching = ` FROM customer_word w JOIN customer ON id = w.customer_id
		 WHERE ` + filtered + ` AND w.word >= $4 AND w.word < $5 AND (w.word, w.customer_id) > ($6, $7) AND search LIKE $8 ESCAPE '\'
		   AND ($9 = 0 OR EXISTS (SELECT 1 FROM case_ WHERE case_.customer_id = customer.id AND case_.state IN ('registered', 'open', 'reversing')))
		 ORDER BY w.word, w.customer_id LIMIT $10`
)

var (
	// The inner page is answered by an index alone; whole rows are read for what
	// is shown.
	listByName = query(`
		SELECT ` + qualified + `, k.name_key FROM (SELECT id, name_key FROM customer ` + pageByName + `) k
		  JOIN customer c ON c.id = k.id ORDER BY k.name_key, k.id`)
	listLeaving = query(`
		SELECT ` + qualified + `, k.name_key FROM (SELECT id, name_key FROM` + leavingOnes + pageByName + `) k
		  JOIN customer c ON c.id = k.id ORDER BY k.name_key, k.id`)
	listMatching  = query(`SELECT ` + customerColumns + `, w.word, search` + matching)
	countByName   = query(`SELECT COUNT(*) FROM (SELECT id FROM customer ` + pageByName + `) k`)
	countLeaving  = query(`SELECT COUNT(*) FROM (SELECT id FROM` + leavingOnes + pageByName + `) k`)
	countMatching = query(`SELECT COUNT(DISTINCT customer_id) FROM (SELECT w.customer_id` + matching + `) k`)

	customersByEmail = query(`
		SELECT ` + customerColumns + ` FROM customer
		 WHERE id IN (SELECT customer_id FROM contact WHERE email_folded = $1 AND role IN ('owner', 'billing', 'admin'))
		 ORDER BY id`)
	noteSegments = many(`INSERT INTO customer_segment (name) VALUES `, 1, ` ON CONFLICT (name) DO NOTHING`)
	segments     = query(`SELECT name FROM customer_segment ORDER BY name LIMIT $1`)
)

var qualified = "c." + strings.ReplaceAll(customerColumns, ", ", ", c.")

// afterAll is a text that no word of a range goes beyond.
const afterAll = "\U0010FFFF"

// like makes the pattern of a folded search text.
func like(q string) string { return "%" + escapeLike(customer.Fold(q)) + "%" }

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// search is what a query asks for: the word that leads to the customers, and
// the pattern of all its words.
type search struct{ word, pattern string }

func searchFor(q string) search {
	var s search
	for _, w := range customer.Asked(q) {
		if len(w) > len(s.word) {
			s.word = w
		}
		s.pattern += "% " + escapeLike(w)
	}
	s.pattern += "%"
	return s
}

// leads reports whether the word is the one by which a customer with these
// words is listed: the first that begins as asked.
func (s search) leads(word, words string) bool {
	i := strings.Index(words, " "+s.word)
	return i >= 0 && strings.HasPrefix(words[i+1:], word+" ")
}

func (t *tx) ListCustomers(ctx context.Context, f app.CustomerFilter) (list []customer.Customer, next string, err error) {
	after, err := place(f.After)
	if err != nil {
		return nil, "", err
	}
	if len(customer.Asked(f.Query)) == 0 {
		q := listByName
		if f.Leaving {
			q = listLeaving
		}
		var key string
		err = t.each(ctx, "store.ListCustomers", q, []any{f.Segment, f.Country, f.Kind, after[0], after[1], f.Limit + 1}, func(row scanner) error {
			if len(list) == f.Limit {
				next = placed(key, list[f.Limit-1].ID)
				return nil
			}
			c, err := scanCustomer(row, &key)
			list = append(list, c)
			return err
		})
		return list, next, err
	}
	s := searchFor(f.Query)
	// A customer with several words that begin as asked stands there several
	// times, so that a page may take more than one look.
	var last string // where the page ends
	for looked := f.Limit + 1; looked == f.Limit+1 && next == ""; {
		looked = 0
		args := []any{f.Segment, f.Country, f.Kind, s.word, s.word + afterAll, after[0], after[1], s.pattern, bit(f.Leaving), f.Limit + 1}
		err = t.each(ctx, "store.ListCustomers", listMatching, args, func(row scanner) error {
			var word, words string
			c, err := scanCustomer(row, &word, &words)
			if err != nil {
				return err
			}
			looked++
			after = [2]string{word, string(c.ID)}
			switch {
			case next != "" || !s.leads(word, words):
			case len(list) == f.Limit:
				next = last
			default:
				list, last = append(list, c), placed(word, c.ID)
			}
			return nil
		})
		if err != nil {
			return nil, "", err
		}
	}
	return list, next, nil
}

func (t *tx) CountCustomers(ctx context.Context, f app.CustomerFilter, most int) (n int, err error) {
	args := []any{f.Segment, f.Country, f.Kind}
	q := countByName
	switch {
	case len(customer.Asked(f.Query)) > 0:
		s := searchFor(f.Query)
		q, args = countMatching, append(args, s.word, s.word+afterAll, "", "", s.pattern, bit(f.Leaving), most)
	case f.Leaving:
		q, args = countLeaving, append(args, "", "", most)
	default:
		args = append(args, "", "", most)
	}
	return n, t.one(ctx, "store.CountCustomers", q, args, &n)
}

// placed writes where a page ended.
func placed(key string, id customer.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + "\n" + string(id)))
}

func place(after string) (at [2]string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(after)
	key, id, ok := strings.Cut(string(raw), "\n")
	if after != "" && (err != nil || !ok || bytes.IndexByte(raw, 0) >= 0 || !utf8.Valid(raw)) {
		return at, fault.New(fault.Invalid, "page.unknown").On("after").At("store.place", err)
	}
	return [2]string{key, id}, nil
}

func (t *tx) customers(ctx context.Context, q string, args ...any) (list []customer.Customer, err error) {
	err = t.each(ctx, "store.customers", q, args, func(row scanner) error {
		c, err := scanCustomer(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (t *tx) CustomersByEmail(ctx context.Context, folded string) ([]customer.Customer, error) {
	return t.customers(ctx, customersByEmail, folded)
}

func (t *tx) NoteSegments(ctx context.Context, names ...string) error {
	_, err := t.insert(ctx, "store.NoteSegments", noteSegments, len(names), keys(names))
	return err
}

func (t *tx) Segments(ctx context.Context, limit int) (list []string, err error) {
	err = t.each(ctx, "store.Segments", segments, []any{limit}, func(row scanner) error {
		var s string
		err := row.Scan(&s)
		list = append(list, s)
		return err
	})
	return list, err
}
