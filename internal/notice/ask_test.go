package notice_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/notice"
)

var asks = []notice.Ask{notice.Survey, notice.Testimonial, notice.Referral, notice.Product}

// Whatever could be asked, a page asks one thing at most; nobody is asked to
// praise us unless we know that we were not the cause; and nobody is sold
// something else while what we did wrong stands.
func TestAPageAsksOneThingAtMostAndNeverTheWrongOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		could := rapid.SliceOfDistinct(rapid.SampledFrom(append(slices.Clone(asks), "odd")), func(a notice.Ask) notice.Ask { return a }).Draw(t, "could")
		b := notice.Blame{Known: rapid.Bool().Draw(t, "known"), Ours: rapid.Bool().Draw(t, "ours"), BadService: rapid.Bool().Draw(t, "bad"), Quiet: rapid.Bool().Draw(t, "quiet")}
		got := notice.Choose(rapid.SampledFrom([]string{"farewell", "receipt", "odd"}).Draw(t, "page"), could, b)
		if len(got) > 1 {
			t.Fatalf("asks for %v", got)
		}
		for _, a := range got {
			switch {
			case b.Quiet:
				t.Fatalf("%s of somebody who mourns", a)
			case !slices.Contains(could, a):
				t.Fatalf("%s could not be asked", a)
			case (a == notice.Testimonial || a == notice.Referral) && (!b.Known || b.Ours || b.BadService):
				t.Fatalf("%s with %+v", a, b)
			case a == notice.Product && b.BadService:
				t.Fatalf("another product with %+v", b)
			case a != notice.Survey && slices.Contains(could, notice.Survey):
				t.Fatalf("%s before the survey", a)
			}
		}
		if len(could) > 0 && !b.Quiet && slices.Contains(could, notice.Survey) && len(notice.Choose("farewell", could, b)) != 1 {
			t.Fatal("the survey is not asked")
		}
	})
}
