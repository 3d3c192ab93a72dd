package store

import (
	"context"
	"math/bits"
	"strconv"
)

// manyTexts is one statement for 2^i rows at i.
type manyTexts [7]string

// many makes the texts of a statement that takes rows, or keys, of so many
// columns between head and tail.
func many(head string, columns int, tail string) (m manyTexts) {
	for i := range m {
		text := append(make([]byte, 0, len(head)+len(tail)+columns*5<<i), head...)
		for place := range columns << i {
			switch {
			case place == 0:
				text = append(text, '(')
			case place%columns == 0:
				text = append(text, "), ("...)
			default:
				text = append(text, ", "...)
			}
			text = strconv.AppendInt(append(text, '$'), int64(place+1), 10)
		}
		m[i] = query(string(append(append(text, ')'), tail...)))
	}
	return m
}

// inParts calls do with a text and the arguments of as many of n rows at a time
// as there is a text for; add appends those of one row.
func (m manyTexts) inParts(n int, add func(args []any, i int) []any, do func(q string, args []any) error) error {
	var args []any
	for i := 0; i < n; {
		size := min(bits.Len(uint(n-i))-1, len(m)-1)
		args = args[:0]
		for j := range 1 << size {
			args = add(args, i+j)
		}
		if err := do(m[size], args); err != nil {
			return err
		}
		i += 1 << size
	}
	return nil
}

// insert runs a statement for n rows and returns how many it touched.
func (t *tx) insert(ctx context.Context, op string, m manyTexts, n int, add func(args []any, i int) []any) (touched int, err error) {
	err = m.inParts(n, add, func(q string, args []any) error {
		done, err := t.exec(ctx, op, q, args...)
		touched += int(done)
		return err
	})
	return touched, err
}

// execMany runs a statement for all rows.
func (t *tx) execMany(ctx context.Context, op string, m manyTexts, rows [][]any) error {
	_, err := t.insert(ctx, op, m, len(rows), func(args []any, i int) []any { return append(args, rows[i]...) })
	return err
}

// pick scans what a query finds for n keys. A key may be asked for twice.
func (t *tx) pick(ctx context.Context, op string, m manyTexts, n int, add func(args []any, i int) []any, scan func(scanner) error) error {
	return m.inParts(n, add, func(q string, args []any) error { return t.each(ctx, op, q, args, scan) })
}

// keys appends the i-th key.
func keys[K any](list []K) func(args []any, i int) []any {
	return func(args []any, i int) []any { return append(args, list[i]) }
}
