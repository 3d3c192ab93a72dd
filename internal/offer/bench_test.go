package offer_test

import (
	"slices"
	"testing"
	"time"

	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
)

// Deciding takes less than a millisecond of a hundred, ninety-nine times; the
// baseline beside it is reading the policy anew each time.
func BenchmarkDecide(b *testing.B) {
	p := offer.Builtin()
	var all []offer.Situation
	for _, r := range reason.Builtin().Reasons {
		all = append(all, situation(r.Code))
	}
	b.Run("decide", func(b *testing.B) {
		took := make([]time.Duration, 0, b.N)
		for i := 0; b.Loop(); i++ {
			begin := time.Now()
			if _, err := p.Decide(all[i%len(all)]); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
	})
	b.Run("baseline-read-each-time", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			read, err := offer.Read(offer.BuiltinFiles(), reason.Builtin())
			if err != nil {
				b.Fatal(err)
			}
			if _, err := read.Decide(all[i%len(all)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
