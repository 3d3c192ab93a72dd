package handover_test

import (
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
)

// Whatever both sides say in whatever order: nothing is given to somebody whom we named
// and the client did not confirm, and whom they confirmed is who it is.
func TestNothingIsGivenToAnOwnerWhomTheClientDidNotConfirm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := handover.Item{Kind: rapid.SampledFrom(handover.Kinds).Draw(t, "kind"), State: handover.Open}
		owner := rapid.SampledFrom([]handover.NewOwner{{}, {Name: "Ana", Email: "ana@a.example"}, {Name: "Ana", Email: "ana@b.example"}, {Name: "Blas", Email: "b@a.example"}})
		var confirmed handover.NewOwner // the client's last word, unless somebody else was named since
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			was := i
			o := owner.Draw(t, "owner")
			switch rapid.SampledFrom([]string{"name", "confirm", "give", "lack", "accept"}).Draw(t, "act") {
			case "name":
				if i.NameOwner(o, now) == nil && o != was.NamedOwner() {
					confirmed = handover.NewOwner{}
				}
			case "confirm":
				if i.ConfirmOwner(o, now) == nil {
					confirmed = o
				}
			case "give":
				g := handover.Gift{Way: handover.Transfer, How: "a su nombre", To: "Ana"}
				if i.Credential() {
					g.Way = handover.Envelope
				}
				if err := i.Give(g, now, day); err == nil && was.OwnerWaits() && was.Nameable() {
					t.Fatal("given while the client was asked who it is")
				} else if err != nil && fault.CodeOf(err) == "handover.owner_waits" && !was.OwnerWaits() {
					t.Fatal("nobody was asked")
				}
				g.NoPage = true
				if i.State == was.State && was.State == handover.Open && i.Give(g, now, day) != nil {
					t.Fatal("where there is no page it waits for ever")
				}
			case "lack":
				_ = i.Lack("el código", now)
			case "accept":
				_ = i.Accept(handover.Client, now)
			}
			if i.NamedOwner() != was.NamedOwner() && !was.Nameable() {
				t.Fatalf("named when it was %s", was.State)
			}
			if confirmed != (handover.NewOwner{}) && (i.NamedOwner() != confirmed || i.OwnerConfirmedAt.IsZero()) {
				t.Fatalf("they said %+v, and it is %+v", confirmed, i.NamedOwner())
			}
			if i.NewOwner == "" && !i.OwnerNamedAt.IsZero() {
				t.Fatal("nobody was named at some time")
			}
		}
	})
}
