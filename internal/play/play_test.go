package play_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/play"
	"hastaluego/internal/signal"
	"hastaluego/internal/when"
)

var (
	today = when.Date{Year: 2026, Month: 11, Day: 26}
	now   = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
)

// Whatever is done to a play, it has an outcome exactly when it is over, an
// owner, a day and a plan from its planning on, and what is over stays as it is.
func TestAPlayThatIsOverStaysAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := play.Play{Kind: play.CheckIn, Stage: play.Opened}
		for i := range rapid.IntRange(1, 12).Draw(t, "acts") {
			was := p
			var err error
			switch rapid.IntRange(0, 3).Draw(t, "act") {
			case 0:
				err = p.Assign(rapid.SampledFrom([]string{"", "usr_a", "usr_b"}).Draw(t, "owner"), today.AddDays(rapid.IntRange(-1, 400).Draw(t, "due")), "Llamar", today)
			case 1:
				err = p.Begin()
			case 2:
				err = p.Finish(rapid.SampledFrom([]play.Outcome{"", "odd", play.Recovered, play.Unchanged}).Draw(t, "outcome"), "Hecho", now.AddDate(0, 0, i))
			default:
				p.Depart(now)
			}
			switch {
			case err != nil && p != was:
				t.Fatal("a refused act changed something")
			case was.Over() && p != was:
				t.Fatalf("changed after it was over: %+v", p)
			case p.Over() != (p.Outcome != "") || p.Over() == p.OverAt.IsZero():
				t.Fatalf("%+v", p)
			case (p.Stage == play.Planned || p.Stage == play.Acting) && (p.Owner == "" || p.Due.IsZero() || p.Plan == ""):
				t.Fatalf("planned without owner, day or plan: %+v", p)
			}
		}
	})
}

func TestIncidentsArePutRightBeforeAnybodyAsksHowItGoes(t *testing.T) {
	t.Parallel()
	falling := signal.Signal{Kind: signal.FallingUse, State: signal.Yes}
	incidents := signal.Signal{Kind: signal.RepeatedIncidents, State: signal.Yes}
	if k := play.Suits([]signal.Signal{falling, incidents}); k != play.MakeGood || k.Proactive() {
		t.Errorf("with incidents: %s", k)
	}
	if k := play.Suits([]signal.Signal{falling}); k != play.CheckIn || !k.Proactive() {
		t.Errorf("without: %s", k)
	}
}

func TestAPlayIsLateAfterItsDay(t *testing.T) {
	t.Parallel()
	p := play.Play{Stage: play.Opened}
	if err := p.Assign("usr_a", today, "Llamar", today); err != nil {
		t.Fatal(err)
	}
	if p.Late(today) || !p.Late(today.AddDays(1)) {
		t.Error("its day is in time, the next is not")
	}
	if err := p.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := p.Finish(play.Recovered, "Todo bien", now); err != nil || p.Late(today.AddDays(9)) {
		t.Errorf("%v", err)
	}
}
