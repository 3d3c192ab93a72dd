package lane_test

import (
	"math/rand/v2"
	"testing"

	"hastaluego/internal/lane"
)

// draw is somebody who left: complains with a probability, answers around a mark, and
// waits around so many days.
func draw(r *rand.Rand, complains, unhappy, days float64) lane.Seen {
	s := lane.Seen{Complained: r.Float64() < complains, Days: days * (.5 + r.Float64())}
	if r.Float64() < .6 {
		s.Answer = max(1, min(5, 5-int(unhappy+r.Float64()*2)))
	}
	return s
}

// Looked at every day, a lane whose leavers fare as others do stops seldom: of 400, with
// their seeds, at most one in twenty, with room for chance.
func TestALaneThatDoesNoHarmSeldomStops(t *testing.T) {
	t.Parallel()
	stopped := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		var own, others []lane.Seen
		for range 120 {
			others = append(others, draw(r, .1, 1, 10))
		}
		for range 150 {
			own = append(own, draw(r, .1, 1, 10))
			if len(own)%3 == 0 && lane.Worse(lane.Compare(own, others)) != nil {
				stopped++
				break
			}
		}
	}
	if stopped > 32 { // 5 % of 400 is 20; more than 32 has a chance of one in two hundred
		t.Errorf("%d of 400 stopped", stopped)
	}
	t.Logf("%d of 400 stopped", stopped)
}

// Harm of each kind is found, and told as what it is; fewer than the fewest say nothing.
func TestHarmStopsALane(t *testing.T) {
	t.Parallel()
	for metric, worse := range map[lane.Metric]func(*rand.Rand) lane.Seen{
		lane.Complained: func(r *rand.Rand) lane.Seen { return draw(r, .6, 1, 10) },
		lane.Unhappy:    func(r *rand.Rand) lane.Seen { return draw(r, .1, 3, 10) },
		lane.Slow:       func(r *rand.Rand) lane.Seen { return draw(r, .1, 1, 30) },
	} {
		found := 0
		for seed := range uint64(40) {
			r := rand.New(rand.NewPCG(seed, 4))
			var own, others []lane.Seen
			for range 150 {
				others = append(others, draw(r, .1, 1, 10))
			}
			for n := range 150 {
				own = append(own, worse(r))
				alarm := lane.Worse(lane.Compare(own, others))
				if alarm == nil {
					continue
				}
				if n+1 < lane.Fewest {
					t.Fatalf("%s: stopped after %d", metric, n+1)
				}
				if alarm.Metric == metric && alarm.Lane > alarm.Others && alarm.Low > 0 {
					found++
				}
				break
			}
		}
		if found < 38 {
			t.Errorf("%s: found in %d of 40", metric, found)
		}
	}
}

func TestWhatIsNotKnownIsNotCompared(t *testing.T) {
	t.Parallel()
	list := lane.Compare([]lane.Seen{{Days: -1}, {Answer: 5, Days: 2}}, nil)
	for _, c := range list {
		want := map[lane.Metric]int{lane.Complained: 2, lane.Unhappy: 1, lane.Slow: 1}[c.Metric]
		if c.Lane.N != want || c.Enough() {
			t.Errorf("%s: %d", c.Metric, c.Lane.N)
		}
	}
	if alarm := lane.Worse(list); alarm != nil {
		t.Errorf("%+v", alarm)
	}
}

// Freed effort is a rate of both sides over as long, and none of too short a time.
func TestFreedEffortIsOfAsLongOnBothSides(t *testing.T) {
	t.Parallel()
	var e lane.Effort
	e.Add(0, 900, 0)
	e.Add(60, 240, 60)
	if _, _, ok := e.PerMonth(); ok || e.Customers != 1 {
		t.Errorf("%+v", e)
	}
	e.Add(60, 120, 0)
	before, after, ok := e.PerMonth()
	if !ok || before <= after || int(before*e.Months+.5) != 360 || int(after*e.Months+.5) != 60 {
		t.Errorf("%f %f %t", before, after, ok)
	}
}
