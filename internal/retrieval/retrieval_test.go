package retrieval_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/when"
)

// Whatever happens in whatever order: what is over stays over, the typed address is
// forgotten at the first step, only what was somebody's is ever open, and its last
// day is as far from its opening as was said.
func TestACopyGoesOneWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		today := when.DateOf(now, time.UTC)
		days := rapid.IntRange(0, 400).Draw(t, "days")
		c := retrieval.Copy{State: retrieval.Asked, Account: "marta@estudioalmena.example"}
		acts := map[string]func() error{
			"miss":  func() error { return c.Miss(now) },
			"join":  func() error { return c.Join(now, "cus_1") },
			"match": func() error { return c.Match("cus_1", days) },
			"begin": func() error { return c.Begin(now, today) },
			"stop":  func() error { return c.Stop(now) },
			"end":   func() error { return c.End(now) },
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"miss", "join", "match", "begin", "stop", "end"}), 1, 12).Draw(t, "acts") {
			before := c
			err := acts[name]()
			switch {
			case err != nil && (fault.KindOf(err) != fault.Conflict || c != before):
				t.Fatalf("%s of %+v: %v, and left %+v", name, before, err, c)
			case err == nil && c.State == before.State:
				t.Fatalf("%s changed nothing: %+v", name, c)
			case err == nil && !before.OverAt.IsZero():
				t.Fatalf("%s of one that was over: %+v", name, before)
			case (c.State == retrieval.Asked) != (c.Account != ""):
				t.Fatalf("the typed address: %+v", c)
			case c.State.Live() && (c.Customer == "" || !c.OverAt.IsZero()):
				t.Fatalf("alive and %+v", c)
			case c.State == retrieval.Open && (c.Last != today.AddDays(days) || c.OpenedAt.IsZero()):
				t.Fatalf("open and %+v", c)
			}
		}
	})
}

func TestWhatIsACopyIsToldByItsID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"cpy_01kb2m9xq0e5v8h2r7n4t6w3yz": true, "case_01kb2m9xq0e5v8h2r7n4t6w3yz": false, "": false, "req_cpy_": false} {
		if retrieval.Is(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
