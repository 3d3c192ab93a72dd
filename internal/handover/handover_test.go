package handover_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
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
				if i.Give(handover.Gift{Way: w, How: "a su nombre", To: "Ana"}, now, day) == nil {
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
				if i.Lack("el dominio .net", now) == nil {
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
	if site.Give(handover.Gift{Way: handover.Envelope, How: "x"}, now, day) == nil {
		t.Error("a site in an envelope")
	}
	key := handover.Item{Kind: "credential", State: handover.Open}
	if key.Give(handover.Gift{Way: handover.Transfer, How: "x"}, now, day) == nil {
		t.Error("a credential transferred")
	}
	if key.Give(handover.Gift{Way: handover.InPerson, How: "en mano", To: "Ana"}, now, day) != nil || key.Rotation != handover.Waiting || key.RotateBy != day {
		t.Errorf("%+v", key)
	}
}

// What the client brought, or pays for at somebody else's, never waits, whoever
// tries it and when; a work of ours waits only before it was given, and nothing
// keeps it from being given at any moment.
func TestOnlyAWorkThatWasNotTransferredWaits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := handover.Item{
			Kind: rapid.SampledFrom(handover.Kinds).Draw(t, "kind"), State: handover.Open,
			Owner: rapid.SampledFrom(append([]customer.Ownership{""}, customer.Ownerships...)).Draw(t, "owner"),
		}
		work := i.Owner == customer.OwnerHouse && slices.Contains([]string{"site", "document", handover.Deliverable}, i.Kind)
		gift := handover.Gift{Way: handover.Transfer, How: "a su nombre", To: "Ana", Piece: customer.Piece{Version: "2"}}
		if i.Credential() {
			gift.Way = handover.InPerson
		}
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			was := i
			switch rapid.SampledFrom([]string{"hold", "hold without a word", "give", "lack", "accept", "pay", "pay ahead", "inventory"}).Draw(t, "act") {
			case "hold":
				if err := i.Hold("se transmite con el último pago"); (err == nil) != (work && was.State == handover.Open) {
					t.Fatalf("%+v: %v", was, err)
				}
			case "hold without a word":
				if i.Hold("") == nil {
					t.Fatal("held without a reason")
				}
			case "give":
				if err := i.Give(gift, now, day); (err == nil) != (was.State != handover.Accepted) || err == nil && i.Held != "" {
					t.Fatalf("%+v: %v", was, err)
				}
			case "lack":
				if i.Lack("la portada", now) == nil && (len(i.Refusals) != len(was.Refusals)+1 || i.Refusals[len(was.Refusals)].Piece != was.Piece) {
					t.Fatalf("of which version is forgotten: %+v", i.Refusals)
				}
			case "accept":
				_ = i.Accept(handover.Client, now)
			case "pay":
				if err := i.Pay(day.AddDays(-1), day, "F-9"); (err == nil) != (work || !was.PaidOn.IsZero()) {
					t.Fatalf("%+v: %v", was, err)
				} else if err == nil {
					if work = false; i.Owner != customer.OwnerClient || i.State == handover.Held || i.PaidBy != "F-9" {
						t.Fatalf("paid, and %+v", i)
					}
				}
			case "pay ahead":
				if i.Pay(day.AddDays(1), day, "") == nil || i.Pay(when.Date{}, day, "") == nil {
					t.Fatal("paid on a day that is still to come, or on none")
				}
			case "inventory": // it says ours where somebody forgot to say otherwise
				if i.Belongs(was.Owner); !was.PaidOn.IsZero() {
					if i.Belongs(customer.OwnerHouse); i.Owner != customer.OwnerClient {
						t.Fatalf("paid, and ours again: %+v", i)
					}
				}
			}
			if i.State == handover.Held && !work {
				t.Fatalf("it waits: %+v", i)
			}
		}
	})
}

// Whatever is tried and whenever: it opens once, in time, with what opens it, before
// too many wrong keys were tried, and never after it was closed.
func TestAnEnvelopeOpensOnceInTimeAndBearsFewGuesses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := handover.Sheet{State: handover.Sealed, Expires: now, Kind: handover.ByKey}
		opened, wrong, closed := 0, 0, false
		for range rapid.IntRange(1, 12).Draw(t, "tries") {
			at := now.Add(time.Duration(rapid.IntRange(-3, 1).Draw(t, "hours")) * time.Hour)
			if rapid.IntRange(0, 9).Draw(t, "closing") == 0 {
				if ended := s.Close(handover.Withdrawn); ended != (opened == 0 && !closed && wrong < handover.MostGuesses) {
					t.Fatalf("closed is %v: %+v", ended, s)
				}
				closed = closed || opened == 0 && wrong < handover.MostGuesses
				continue
			}
			right := rapid.Bool().Draw(t, "right")
			before := s
			err := s.Open(right, at)
			could := opened == 0 && !closed && wrong < handover.MostGuesses && at.Before(now)
			if could && !right {
				wrong++
			}
			if (err == nil) != (could && right) {
				t.Fatalf("%v of %+v", err, before)
			}
			if err == nil {
				opened++
			}
			if !could && s != before {
				t.Fatalf("a closed one changed: %+v", s)
			}
			if s.Guesses != wrong || (s.State == handover.Locked) != (wrong == handover.MostGuesses) {
				t.Fatalf("after %d wrong keys: %+v", wrong, s)
			}
		}
	})
}
