package theme

import (
	"cmp"
	"slices"
	"strings"
)

// alike is how much of what two texts have must be the same in both (Jaccard) for
// them to count as one: a word more or less, a name, a typing error.
const alike = .8

// Groups puts texts that are nearly the same together: each gets the number of
// the first that it is like, directly or through others.
func Groups(texts []string) []int {
	readings := make([]*reading, len(texts))
	for i, t := range texts {
		r := read(t)
		readings[i] = &r
	}
	return groups(readings)
}

func groups(readings []*reading) []int {
	sets, often := make([][]uint32, len(readings)), map[uint32]int{}
	for i, r := range readings {
		sets[i] = r.characters()
		for _, key := range sets[i] {
			often[key]++
		}
	}
	parent := make([]int, len(readings))
	root := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	// Two sets that share so much share one of the rarest of each, too: only
	// those are looked up (prefix filtering, Chaudhuri et al. 2006).
	rare, seen := map[uint32][]int{}, make([]int, len(readings))
	empty := -1
	for i := range readings {
		parent[i], seen[i] = i, -1
		if len(sets[i]) == 0 { // nothing is like nothing
			if empty < 0 {
				empty = i
			}
			parent[i] = empty
			continue
		}
		rarest := slices.Clone(sets[i])
		slices.SortFunc(rarest, func(a, b uint32) int { return cmp.Or(cmp.Compare(often[a], often[b]), cmp.Compare(a, b)) })
		for _, key := range rarest[:min(len(rarest), len(rarest)-int(alike*float64(len(rarest)))+1)] {
			for _, j := range rare[key] {
				if seen[j] == i {
					continue
				}
				if seen[j] = i; same(sets[i], sets[j]) {
					a, b := root(i), root(j)
					parent[max(a, b)] = min(a, b)
				}
			}
			rare[key] = append(rare[key], i)
		}
	}
	for i := range parent {
		parent[i] = root(i)
	}
	return parent
}

// characters are the keys of the characters of its words, sorted; of its marks
// where it has no words.
func (r *reading) characters() (keys []uint32) {
	for _, marks := range []bool{false, true} {
		for _, t := range r.terms {
			if f := r.features[t.from]; t.kind == ofCharacters && f.first == f.last && r.words[f.first].mark == marks {
				keys = append(keys, t.key)
			}
		}
		if len(keys) > 0 {
			break
		}
	}
	slices.Sort(keys)
	return keys
}

func same(a, b []uint32) bool {
	if n, m := float64(len(a)), float64(len(b)); n < alike*m || m < alike*n {
		return false
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	return float64(both) >= alike*float64(len(a)+len(b)-both)
}

// folds deals the groups of texts out, label by label, in an order that seed
// decides and that of the examples does not.
func (c *corpus) folds(n int, seed byte) []int {
	type hand struct {
		group, label int
		plain        string
		order        uint64
	}
	hands := map[int]*hand{}
	for i, g := range c.group {
		h := hands[g]
		if h == nil {
			h = &hand{group: g, label: c.label[i], plain: c.plain[i]}
			hands[g] = h
		}
		if cmp.Or(strings.Compare(c.plain[i], h.plain), cmp.Compare(c.label[i], h.label)) < 0 {
			h.label, h.plain = c.label[i], c.plain[i]
		}
	}
	var deck []*hand
	for _, h := range hands {
		h.order = uint64(hash(seed, h.plain))<<32 | uint64(hash(^seed, h.plain))
		deck = append(deck, h)
	}
	slices.SortFunc(deck, func(a, b *hand) int {
		return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.order, b.order), strings.Compare(a.plain, b.plain))
	})
	foldOf := map[int]int{}
	for i, h := range deck {
		foldOf[h.group] = i % n
	}
	fold := make([]int, len(c.group))
	for i, g := range c.group {
		fold[i] = foldOf[g]
	}
	return fold
}

// CrossValidate guesses each example with a model that has not seen its fold:
// never a text that is nearly the same. Confidence is calibrated on the other
// folds. The seed deals the folds; guesses have no Why.
func CrossValidate(examples []Example, folds int, seed byte) ([]Guess, error) {
	c, err := newCorpus(examples)
	if err != nil {
		return nil, err
	}
	fold := c.folds(max(2, folds), seed)
	scores := c.outOfFold(fold)
	guesses, m := make([]Guess, len(examples)), &Model{labels: c.labels}
	for f := range slices.Max(fold) + 1 {
		var others []int
		for i := range fold {
			if fold[i] != f {
				others = append(others, i)
			}
		}
		sharp := c.sharpness(scores, others)
		for i := range fold {
			if fold[i] == f {
				guesses[i], _ = m.guess(scores[i], sharp)
			}
		}
	}
	return guesses, nil
}
