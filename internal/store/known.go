package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// known is what a transaction has read so far, by table and key: one decision
// asks for the same customer in many places, and the database answers once. What
// a statement of the transaction writes is forgotten with all that was read of
// its table.
type known map[string]map[any]any

// recall returns what was found under the key of a table before, or finds it.
func recall[V any](t *tx, table string, key any, find func() (V, error)) (V, error) {
	if v, ok := t.known[table][key]; ok {
		return v.(V), nil
	}
	v, err := find()
	if err != nil {
		return v, err
	}
	if t.known == nil {
		t.known = known{}
	}
	if t.known[table] == nil {
		t.known[table] = map[any]any{}
	}
	t.known[table][key] = v
	return v, nil
}

// recallList is recall of the rows of some customers; only what is asked of one
// is kept. The list is the caller's own.
func recallList[V any](t *tx, table string, ids []customer.ID, find func() ([]V, error)) ([]V, error) {
	if len(ids) != 1 {
		return find()
	}
	list, err := recall(t, table, ids[0], find)
	return slices.Clone(list), err
}

// forget drops what a statement may have changed.
func (t *tx) forget(q string) {
	switch table := written()[q]; table {
	case "": // it reads, or nobody knows what it does
		if !reads(q) {
			t.known = nil
		}
	case "customer": // and all that hangs on it
		t.known = nil
	case "case_", "step":
		t.made = nil
		delete(t.known, table)
	default:
		delete(t.known, table)
	}
}

// made is a case that this transaction stored whole, and so need not read.
type made struct {
	is    offboarding.Case
	steps []offboarding.StepID // as they stand in tx.stored
}

// keepMade remembers a case as it is stored now; nothing may be written to it
// before the next look at it.
func (t *tx) keepMade(c offboarding.Case, steps []offboarding.Step) {
	m := made{is: c}
	m.is.Subscriptions = slices.Clone(c.Subscriptions)
	for _, at := range []*time.Time{&m.is.RequestedAt, &m.is.OpenedAt, &m.is.EffectiveAt, &m.is.ClosedAt} {
		*at = when.FromMicros(micros(*at))
	}
	for _, s := range steps {
		m.steps = append(m.steps, s.ID)
	}
	t.made = map[offboarding.CaseID]made{c.ID: m}
}

// plan is what reading the case would give.
func (m made) plan(t *tx) offboarding.Plan {
	p := offboarding.Plan{Case: m.is}
	p.Case.Subscriptions = slices.Clone(m.is.Subscriptions)
	for _, id := range m.steps {
		s := t.stored[id]
		s.Items, s.Hands = slices.Clone(s.Items), slices.Clone(s.Hands)
		for _, at := range []*time.Time{&s.Due, &s.ReadyAt, &s.DoneAt, &s.VerifiedAt} {
			*at = when.FromMicros(micros(*at))
		}
		p.Steps = append(p.Steps, s)
	}
	slices.SortStableFunc(p.Steps, func(a, b offboarding.Step) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	})
	return p
}

// written is the table that each statement writes; one that reads is not in it.
// Made when first asked: a program that only says its version needs none.
var written = sync.OnceValue(func() map[string]string {
	tables := make(map[string]string, len(queries))
	for _, q := range queries {
		if table := writes(q); table != "" {
			tables[q] = table
		}
	}
	return tables
})

func reads(q string) bool { return strings.HasPrefix(strings.TrimSpace(q), "SELECT") }

// writes is the table that a statement writes; empty when it reads.
func writes(q string) string {
	words := strings.Fields(q)
	for i, w := range words {
		switch {
		case i+1 == len(words), i > 0 && words[i-1] == "FOR": // SELECT … FOR UPDATE
		case w == "UPDATE" && words[i+1] != "SET", w == "INTO", w == "FROM" && i > 0 && words[i-1] == "DELETE":
			name, _, _ := strings.Cut(words[i+1], "(")
			return name
		}
	}
	return ""
}
