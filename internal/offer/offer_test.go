package offer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/offer"
	"hastaluego/internal/when"
)

var all = []offer.State{offer.Offered, offer.Accepted, offer.Declined, offer.Lapsed, offer.Applied, offer.Reversed, offer.Failed}

// Whatever happens, in whatever order: it is asked once, only what was accepted
// is applied, and who declined or let it lapse hears no more of it.
func TestAnOfferIsAskedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, seen := offer.Offer{State: offer.Offered}, []offer.State{offer.Offered}
		for _, s := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 12).Draw(t, "what happens") {
			was := o.State
			if o.To(s) != nil {
				if o.State != was {
					t.Fatalf("refused and changed: %s to %s", was, o.State)
				}
				continue
			}
			if s == offer.Offered || slices.Contains(seen, s) {
				t.Fatalf("%s again after %v", s, seen)
			}
			if was == offer.Declined || was == offer.Lapsed || was == offer.Reversed || was == offer.Failed {
				t.Fatalf("%s after %s", s, was)
			}
			if (s == offer.Applied || s == offer.Reversed || s == offer.Failed) && !slices.Contains(seen, offer.Accepted) {
				t.Fatalf("%s and never accepted", s)
			}
			seen = append(seen, s)
		}
	})
}

func TestWhatIsWrongWithAnOfferIsToldBesideItsField(t *testing.T) {
	t.Parallel()
	today := when.Date{Year: 2026, Month: 11, Day: 26}
	good := offer.Offer{Kind: offer.Fix, Heard: "h", What: "w", Changes: "c", Until: today.AddDays(3), By: today.AddDays(30), Complaint: "cmp_1"}
	effective := today.AddDays(10)
	if l := good.Check(today, effective, true); len(l) > 0 { // a fix is what a wrong asks for
		t.Fatal(l)
	}
	for field, change := range map[string]func(*offer.Offer){
		"offer.kind":      func(o *offer.Offer) { o.Kind = "gift" },
		"offer.complaint": func(o *offer.Offer) { o.Kind = offer.Discount },
		"offer.heard":     func(o *offer.Offer) { o.Heard = "" },
		"offer.what":      func(o *offer.Offer) { o.What = "" },
		"offer.changes":   func(o *offer.Offer) { o.Changes = "" },
		"offer.until":     func(o *offer.Offer) { o.Until = effective.AddDays(1) },
		"offer.by":        func(o *offer.Offer) { o.By = today.AddDays(-1) },
	} {
		o := good
		change(&o)
		if l := o.Check(today, effective, false); len(l) != 1 || l[0].Field != field {
			t.Errorf("%s: %v", field, l)
		}
	}
	other := good
	other.Kind, other.Complaint = offer.OtherProduct, ""
	if l := other.Check(today, effective, false); len(l) > 0 {
		t.Error(l)
	}
	if l := other.Check(today, effective, true); len(l) != 1 || l[0].Code != "offer.wronged" {
		t.Errorf("something else of ours while a wrong stands: %v", l)
	}
}
