package handover_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/handover"
	"hastaluego/internal/when"
)

var (
	now = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	day = when.Date{Year: 2026, Month: 12, Day: 10}
)

// Whatever the two sides do in whatever order: an item is over only when the
// client, or a slip of theirs, accepted what was given last, and a credential
// was changed since, or somebody answers for the silence after being asked.
func TestAnItemIsOverOnlyByTheClient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := handover.Item{Kind: rapid.SampledFrom(handover.Kinds).Draw(t, "kind"), State: handover.Open}
		accepted, changed, asked := false, false, false
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			was := i
			switch rapid.SampledFrom([]string{"give", "accept", "nobody", "lack", "confirm", "silence", "attest"}).Draw(t, "act") {
			case "give":
				w := handover.Transfer
				if i.Credential() {
					w = handover.Envelope
				}
				if i.Give(w, "a su nombre", now, day) == nil {
					accepted, changed, asked = false, false, false
				}
			case "accept":
				if i.Accept(handover.Client, now) == nil {
					accepted = true
				}
			case "nobody":
				if i.Accept("", now) == nil {
					t.Fatal("accepted by nobody")
				}
			case "lack":
				if i.Lack("el dominio .net") == nil {
					accepted = false
				}
			case "confirm":
				if i.Rotate(handover.Confirmed, "", now) == nil {
					changed = true
				}
			case "silence":
				if i.Rotate(handover.Unanswered, "", now) == nil {
					asked = true
				}
			case "attest":
				if i.Rotate(handover.Attested, "Quitamos la cuenta", now) == nil {
					if !asked {
						t.Fatal("attested before anybody was asked")
					}
					changed = true
				}
			}
			if i.State != was.State && !slices.Contains(handover.Transitions[was.State], i.State) {
				t.Fatalf("%s became %s", was.State, i.State)
			}
			if want := accepted && (!i.Credential() || changed); i.Over() != want {
				t.Fatalf("over is %v, want %v: %+v", i.Over(), want, i)
			}
		}
	})
}

func TestACredentialIsNotTransferredAndASiteIsInNoEnvelope(t *testing.T) {
	t.Parallel()
	site := handover.Item{Kind: "site", State: handover.Open}
	if site.Give(handover.Envelope, "x", now, day) == nil {
		t.Error("a site in an envelope")
	}
	key := handover.Item{Kind: "credential", State: handover.Open}
	if key.Give(handover.Transfer, "x", now, day) == nil {
		t.Error("a credential transferred")
	}
	if key.Give(handover.InPerson, "en mano", now, day) != nil || key.Rotation != handover.Waiting || key.RotateBy != day {
		t.Errorf("%+v", key)
	}
}

func TestAnEnvelopeOpensOnceAndInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := handover.Sheet{State: handover.Sealed, Expires: now}
		opened := 0
		for range rapid.IntRange(1, 6).Draw(t, "tries") {
			at := now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "hours")) * time.Hour)
			if s.Open(at) == nil {
				if opened++; !at.Before(now) {
					t.Fatal("opened too late")
				}
			}
		}
		if opened > 1 {
			t.Fatalf("opened %d times", opened)
		}
	})
}
