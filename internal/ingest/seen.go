package ingest

import (
	"fmt"
	"hash/maphash"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
)

// Seen remembers what the rows of a file said, so that a row that contradicts
// one before it is found. Its memory does not grow with the file: it holds the
// last 786 000 records at least (a row has one to seven), so that two rows about
// the same thing are compared unless they stand further apart.
type Seen struct {
	seed      maphash.Seed
	now, past *generation
}

// generation is a table of records by the hash of what names them. Slots
// follow each other; it is never more than three quarters full.
type generation struct {
	slots []said
	used  int
}

type said struct {
	name, content uint64
	row           int64
}

// Slots of a generation at first and at last: 50 MB for two full ones.
const (
	firstSlots = 1 << 12
	mostSlots  = 1 << 20
)

// NewSeen returns an empty memory.
func NewSeen() *Seen {
	return &Seen{maphash.MakeSeed(), &generation{slots: make([]said, firstSlots)}, &generation{}}
}

// Add remembers the row, or says which row said something else.
func (s *Seen) Add(row Row) *fault.Error {
	ref := row.Customer.Reference
	type record struct{ name, content uint64 }
	var list [8]record
	records := list[:0]
	add := func(name string, content ...any) {
		records = append(records, record{maphash.String(s.seed, name), s.hash(content...)})
	}
	if c := row.Customer; !row.Existing {
		add("c\x00"+ref, c.Kind, c.Consumer, c.Name, c.Country, c.Region, c.Language, c.Segment)
	}
	for _, x := range row.External {
		add("e\x00"+x.System+"\x00"+x.Value, ref)
	}
	if c := row.Contact; c.Email != "" {
		add("k\x00"+ref+"\x00"+customer.FoldEmail(c.Email), c.Name, c.Role, c.Language)
	}
	if x := row.Subscription; x.Reference != "" {
		add("s\x00"+x.Reference, ref, x.Product, x.Plan, x.Amount.Minor, x.Amount.Currency, x.Interval, x.Start, x.PaidUntil, x.TermEnd,
			x.RenewsOn, x.Notice, x.LockIn, x.NotRenewed, x.Status, x.Engagement, x.Terms)
	}
	if x := row.Deliverable; x.Title != "" {
		add("d\x00"+row.Subscription.Reference+"\x00"+x.Title, x.Due, x.Delivered, x.Piece)
	}
	if x := row.Grant; x.Account != "" {
		add("g\x00"+x.Name(), ref, x.Kind, fmt.Sprint(x.DependsOn), x.Status)
	}
	if x := row.Asset; x.Reference != "" {
		add("a\x00"+ref+"\x00"+x.Reference, x.Kind, x.Name, x.Location, x.Owner, x.RenewsOn, x.Renewal, x.Payer)
	}
	if x := row.Balance; x.Reference != "" {
		add("b\x00"+x.Reference, ref, x.Kind, x.About, x.Amount.Minor, x.Amount.Currency, x.DueOn, x.Status, x.Tax, x.Used, x.PayURL, x.Billed)
	}
	for _, r := range records {
		if first, ok := s.find(r.name); ok && first.content != r.content {
			return fault.New(fault.Invalid, "csv.contradiction", "row", first.row).On("customer.reference")
		}
	}
	for _, r := range records {
		if _, ok := s.find(r.name); !ok {
			s.put(said{r.name, r.content, row.Number})
		}
	}
	return nil
}

func (s *Seen) hash(values ...any) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, v := range values {
		maphash.WriteComparable(&h, v)
	}
	return h.Sum64()
}

func (s *Seen) find(name uint64) (said, bool) {
	if x, ok := s.now.find(name); ok {
		return x, true
	}
	return s.past.find(name)
}

func (s *Seen) put(x said) {
	if s.now.used*4 >= len(s.now.slots)*3 {
		if len(s.now.slots) == mostSlots {
			s.past, s.now = s.now, &generation{slots: make([]said, mostSlots)}
		} else {
			grown := &generation{slots: make([]said, len(s.now.slots)*2)}
			for _, old := range s.now.slots {
				if old.row != 0 {
					grown.put(old)
				}
			}
			s.now = grown
		}
	}
	s.now.put(x)
}

func (g *generation) find(name uint64) (said, bool) {
	if len(g.slots) == 0 {
		return said{}, false
	}
	for i := name % uint64(len(g.slots)); g.slots[i].row != 0; i = (i + 1) % uint64(len(g.slots)) {
		if g.slots[i].name == name {
			return g.slots[i], true
		}
	}
	return said{}, false
}

func (g *generation) put(x said) {
	i := x.name % uint64(len(g.slots))
	for g.slots[i].row != 0 {
		i = (i + 1) % uint64(len(g.slots))
	}
	g.slots[i] = x
	g.used++
}
