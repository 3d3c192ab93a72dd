package jurisdiction

import (
	"slices"
	"strings"
)

// Join is the value that satisfies both. It is commutative, associative and
// idempotent. ok is false where both cannot be satisfied: for what is Only,
// two words; for what is taken out of lists, no word that is in both. The value
// then remembers it, so that joining more never makes it good again.
func (p *Param) Join(a, b Value) (v Value, ok bool) {
	switch p.Merge {
	case Or:
		v.On = a.On || b.On
	case MaxOf, MinOf:
		v = p.bound(a, b)
	case Strictest:
		v.Word = p.Words[max(slices.Index(p.Words, a.Word), slices.Index(p.Words, b.Word))]
	case Union:
		v.Words = sorted(append(slices.Clone(a.Words), b.Words...))
	case Intersect:
		v.Words = slices.DeleteFunc(slices.Clone(a.Words), func(w string) bool { return !slices.Contains(b.Words, w) })
		if v.Words == nil {
			v.Words = []string{}
		}
		return v, len(v.Words) > 0
	case Windows:
		v.Windows = tidy(append(slices.Clone(a.Windows), b.Windows...), inside)
	case ByLocale:
		v.Labels = wordings(append(slices.Clone(a.Labels), b.Labels...))
		return v, !slices.ContainsFunc(v.Labels, func(w Wording) bool { return len(w.AnyOf) == 0 })
	case Only:
		both := sorted(append(strings.Split(a.Word, "|"), strings.Split(b.Word, "|")...))
		v.Word = strings.Join(both, "|")
		return v, len(both) == 1
	}
	return v, true
}

// bound is the least or the most of both.
func (p *Param) bound(a, b Value) (v Value) {
	least := p.Merge == MinOf
	switch p.Kind {
	case Duration:
		stricter := shorter
		if !least {
			stricter = func(x, y Time) bool { return shorter(y, x) }
		}
		v.Times = tidy(append(slices.Clone(a.Times), b.Times...), stricter)
	case Money:
		v.Sums = tidy(append(slices.Clone(a.Sums), b.Sums...), less)
	default:
		if v.N = max(a.N, b.N); least {
			v.N = min(a.N, b.N)
		}
	}
	return v
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// wordings joins those of the same pack and language: only words that all of
// them allow are left.
func wordings(list []Wording) (out []Wording) {
	for _, w := range list {
		i := slices.IndexFunc(out, func(o Wording) bool { return o.Pack == w.Pack && o.Lang == w.Lang })
		if i < 0 {
			out = append(out, w)
			continue
		}
		o := &out[i]
		o.AnyOf = slices.DeleteFunc(slices.Clone(o.AnyOf), func(x string) bool { return !slices.Contains(w.AnyOf, x) })
		o.Exclusive, o.Reviewed = o.Exclusive || w.Exclusive, o.Reviewed && w.Reviewed
	}
	slices.SortFunc(out, func(a, b Wording) int { return strings.Compare(a.Pack+"/"+a.Lang, b.Pack+"/"+b.Lang) })
	return out
}

// Stricter reports whether satisfying a satisfies b, and not the reverse.
func (p *Param) Stricter(a, b Value) bool {
	both, _ := p.Join(a, b)
	return equal(both, a) && !equal(a, b)
}

// Judge asks whether what was seen satisfies what is wanted. seen is nil where
// there is nothing to see: the result is Unknown. What times, windows and
// formulas want depends on days and sums: they are Unknown here, and judged by
// whoever has those.
func (p *Param) Judge(want Value, seen *Value) Result {
	if seen == nil {
		return Unknown
	}
	var good bool
	switch p.Kind {
	case Flag:
		good = seen.On || !want.On
	case Ban:
		good = !seen.On || !want.On
	case Count, Percent:
		good = seen.N <= want.N
		if p.Merge == MaxOf {
			good = seen.N >= want.N
		}
	case Enum:
		good = seen.Word == want.Word
		if p.Merge == Strictest {
			good = slices.Index(p.Words, seen.Word) >= slices.Index(p.Words, want.Word)
		}
	case Choice:
		good = slices.Contains(want.Words, seen.Word)
	case Set:
		little, much := want.Words, seen.Words // superset
		if p.Merge == Intersect {
			little, much = seen.Words, want.Words
		}
		good = !slices.ContainsFunc(little, func(w string) bool { return !slices.Contains(much, w) })
	default:
		return Unknown
	}
	if good {
		return Pass
	}
	return Fail
}

func equal(a, b Value) bool {
	return a.On == b.On && a.N == b.N && a.Word == b.Word && slices.Equal(a.Words, b.Words) && slices.Equal(a.Times, b.Times) && slices.Equal(a.Sums, b.Sums) &&
		slices.EqualFunc(a.Labels, b.Labels, func(x, y Wording) bool {
			return x.Pack == y.Pack && x.Lang == y.Lang && x.Exclusive == y.Exclusive && x.Reviewed == y.Reviewed && slices.Equal(x.AnyOf, y.AnyOf)
		}) &&
		slices.Equal(a.Windows, b.Windows)
}
