package handover_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/handover"
	"hastaluego/internal/when"
)

// Whatever is tried in whatever order: something confidential is over only when it was
// returned and accepted, destroyed with its method, day and hand, or is kept for a
// reason until a day to come; what was destroyed stays so; and nothing else is
// destroyed or kept.
func TestSomethingConfidentialIsReturnedDestroyedOrKept(t *testing.T) {
	t.Parallel()
	today := when.Date{Year: 2026, Month: 11, Day: 26}
	rapid.Check(t, func(t *rapid.T) {
		i := handover.Item{Kind: rapid.SampledFrom([]string{handover.Confidential, handover.Confidential, "document"}).Draw(t, "kind"), State: handover.Open}
		for range rapid.IntRange(1, 15).Draw(t, "acts") {
			was := i
			switch rapid.SampledFrom([]string{"give", "accept", "lack", "destroy", "keep"}).Draw(t, "act") {
			case "give":
				to := rapid.SampledFrom([]string{"", "Ana Ruiz"}).Draw(t, "to")
				if err := i.Give(handover.Gift{Way: handover.Transfer, How: "Por mensajero", To: to}, now, day); err == nil && i.Secret() && to == "" {
					t.Fatal("returned to nobody")
				}
			case "accept":
				_ = i.Accept(handover.Client, now)
			case "lack":
				_ = i.Lack("Una copia", now)
			case "destroy":
				d := handover.Destruction{
					Method: rapid.SampledFrom([]handover.Method{"", "shred", handover.Clear, handover.Purge, handover.Destroy}).Draw(t, "method"),
					By:     rapid.SampledFrom([]string{"", "Luis Peña"}).Draw(t, "by"), Witness: rapid.SampledFrom([]string{"", "LUIS PENA", "Eva"}).Draw(t, "witness"),
					On: today.AddDays(rapid.IntRange(-2, 1).Draw(t, "day")),
				}
				good := i.Secret() && slices.Contains(handover.Methods, d.Method) && d.By != "" && d.Witness != "LUIS PENA" && !today.Before(d.On) &&
					slices.Contains(handover.Transitions[was.State], handover.Gone)
				if err := i.Destroy(d, "", now, today); (err == nil) != good {
					t.Fatalf("destroyed with %+v when it was %s: %v", d, was.State, err)
				}
			case "keep":
				k := handover.Keeping{
					Basis: rapid.SampledFrom([]handover.Basis{"", "habit", handover.ByLaw, handover.ForClaims}).Draw(t, "basis"), Why: rapid.SampledFrom([]string{" ", "Cláusula 7"}).Draw(t, "why"),
					Until: today.AddDays(rapid.IntRange(-1, 2).Draw(t, "until")),
				}
				good := i.Secret() && slices.Contains(handover.Bases, k.Basis) && k.Why == "Cláusula 7" && today.Before(k.Until) && slices.Contains(handover.Transitions[was.State], handover.Kept)
				if err := i.Keep(k, now, today); (err == nil) != good {
					t.Fatalf("kept with %+v when it was %s: %v", k, was.State, err)
				}
			}
			if i.State != was.State && !slices.Contains(handover.Transitions[was.State], i.State) {
				t.Fatalf("%s became %s", was.State, i.State)
			}
			switch {
			case was.State == handover.Gone && i.State != handover.Gone:
				t.Fatal("what was destroyed came back")
			case (i.State == handover.Gone) != !i.Destruction.On.IsZero(), (i.State == handover.Kept) != !i.Keeping.Until.IsZero():
				t.Fatalf("%s says %+v, %+v", i.State, i.Destruction, i.Keeping)
			case i.Over() != (i.State == handover.Gone || i.State == handover.Kept || i.State == handover.Accepted):
				t.Fatalf("over is %v: %s", i.Over(), i.State)
			}
		}
	})
}
