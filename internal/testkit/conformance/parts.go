package conformance

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// skewed: whatever the clock of the far system says, the same is done, kept and
// told.
func (d Dialect) skewed(t *testing.T) {
	var date atomic.Value
	date.Store("")
	base, _ := far(t, func(w http.ResponseWriter, r *http.Request) {
		if at := date.Load().(string); at != "" {
			w.Header().Set("Date", at)
		}
		d.Well(w, r)
	})
	for _, c := range d.calls(d.Connect(t, base)) {
		date.Store("")
		want, err := c.do(t.Context())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, wrong := range []string{ahead(0), behind(0)} {
			date.Store(wrong)
			if got, err := c.do(t.Context()); err != nil || string(got) != string(want) && c.sort != probing {
				t.Errorf("%s, answered at %s: %s, %v; want %s", c.name, wrong, got, err, want)
			}
		}
	}
}

// partial: an act of several calls of which only some went well goes no further,
// is told as one that may have happened, however the others failed, and is whole
// when it is asked for again.
func (d Dialect) partial(t *testing.T) {
	var writes, good atomic.Int32 // good: so many go well
	var fail atomic.Value
	fail.Store(answers(500, ""))
	base, _ := far(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && writes.Add(1) > good.Load() {
			fail.Load().(http.HandlerFunc)(w, r)
			return
		}
		d.Well(w, r)
	})
	run := func(c call, most int32) (int32, error) {
		writes.Store(0)
		good.Store(most)
		_, err := c.do(t.Context())
		return writes.Load(), err
	}
	for _, c := range d.calls(d.Connect(t, base)) {
		if c.sort != acting {
			continue
		}
		all, err := run(c, 1<<20)
		if err != nil || all == 0 {
			t.Fatalf("%s: %d calls that change something, %v", c.name, all, err)
		}
		for part := range all {
			for _, f := range ends() {
				if d.Bare && f.unread() {
					continue
				}
				fail.Store(f.answer)
				n, err := run(c, part)
				want := f.act
				if part > 0 {
					want.kind, want.code = fault.Uncertain, "connector.partly"
				}
				e, _ := err.(*fault.Error)
				if n != part+1 || e == nil || (end{e.Kind, e.Code, e.RetryAfter}) != want {
					t.Errorf("%s, of whose calls %d of %d went well, and then %s: %d calls, %+v; want %+v", c.name, part, all, f.name, n, err, want)
				}
			}
			if n, err := run(c, all); n != all || err != nil {
				t.Errorf("%s, asked for again: %d calls of %d, %v", c.name, n, all, err)
			}
		}
	}
}

// lists: what changes while it is listed, page by page, is listed whole or not
// at all. Whole is everybody who was there from beginning to end, once.
func (d Dialect) lists(t *testing.T) {
	base, _ := far(t, d.Well)
	if lists := d.Connect(t, base).Lister != nil; lists != (d.List != nil) {
		t.Fatalf("it lists: %v, and the suite knows how the far system does: %v", lists, d.List != nil)
	}
	if d.List == nil { // nothing is promised
		return
	}
	for _, c := range []struct {
		name string
		// turn is what happens after the n-th call, from 1.
		turn func(n int, all []string) []string
		well bool // it is to be listed
	}{
		{"it stays as it is", func(_ int, all []string) []string { return all }, true},
		{"the first one leaves after the first page", leaves(1), false},
		{"the first one leaves after the second page", leaves(2), false},
		{"one comes before all others", func(n int, all []string) []string {
			if n == 1 {
				return slices.Insert(slices.Clone(all), 0, "newcomer")
			}
			return all
		}, false},
		{"somebody leaves after every page", func(_ int, all []string) []string { return all[min(1, len(all)):] }, false},
		{"it turns round with every page", func(_ int, all []string) []string { return append(slices.Clone(all[1:]), all[0]) }, false},
		{"it grows faster than it is read", func(n int, all []string) []string {
			for i := range 9 {
				all = append(all, "more"+strconv.Itoa(n)+"-"+strconv.Itoa(i))
			}
			return all
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := make([]string, 0, 11)
			for i := range cap(all) {
				all = append(all, "acc"+strconv.Itoa(i))
			}
			before, calls := slices.Clone(all), 0
			l := d.lister(t, func(w http.ResponseWriter, r *http.Request) {
				d.List(w, r, all)
				calls++
				all = c.turn(calls, all)
			})
			got, err := l.ListAccesses(t.Context(), Reference)
			if err != nil {
				if fault.KindOf(err) != fault.Transient || fault.CodeOf(err) != "connector.not_all" || c.well || len(got) > 0 {
					t.Errorf("%d accesses, %v", len(got), err)
				}
				return
			}
			listed := map[string]int{}
			for _, a := range got {
				listed[a.Account]++
			}
			for name, n := range listed {
				if n != 1 {
					t.Errorf("%s is listed %d times", name, n)
				}
			}
			for _, name := range before {
				if slices.Contains(all, name) && listed[d.account(name)] == 0 {
					t.Errorf("%s was there all the time, and is not listed", name)
				}
			}
		})
	}
	t.Run("a page that fails", func(t *testing.T) {
		t.Parallel()
		for _, f := range ends() {
			for _, page := range []int{2, 3} {
				calls := 0
				l := d.lister(t, func(w http.ResponseWriter, r *http.Request) {
					if calls++; calls >= page {
						f.answer(w, r)
						return
					}
					d.List(w, r, []string{"a", "b", "c", "d", "e", "f", "g", "h"})
				})
				got, err := l.ListAccesses(t.Context(), Reference)
				if calls < page && err == nil { // it needs no such page
					continue
				}
				if len(got) > 0 || fault.KindOf(err) != f.read.kind || fault.CodeOf(err) != f.read.code {
					t.Errorf("page %d, %s: %d accesses, %v; want %s", page, f.name, len(got), err, f.read.code)
				}
			}
		}
	})
}

// leaves: the first one leaves after that many calls.
func leaves(after int) func(int, []string) []string {
	return func(n int, all []string) []string {
		if n == after {
			return all[1:]
		}
		return all
	}
}

// lister is the connector of a far system that is asked one call at a time.
func (d Dialect) lister(t *testing.T, h http.HandlerFunc) connector.Lister {
	t.Helper()
	base, _ := far(t, h)
	s := d.Connect(t, base)
	return s.Lister
}
