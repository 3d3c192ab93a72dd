package experiment

import (
	"math"

	"hastaluego/internal/fault"
	"hastaluego/internal/stat"
)

// Alpha is how often, at most, a difference is claimed where there is none: over
// all arms and all days on which anybody looks. It is nobody's to choose.
const Alpha = .05

// guardAlpha is how often, at most, a guard stops an experiment that does no harm:
// over all arms and guards.
const guardAlpha = .05

// guardEarly is the part of the planned customers at which a guard asks least.
const guardEarly = .25

// mostCustomers is more than anybody has: a plan beyond it is none.
const mostCustomers = 1 << 30

// Plan is how many customers an experiment asks for.
type Plan struct {
	Customers int     // of holdout and arms together
	Factor    float64 // standard errors that an effect has to be away from none
}

// Plan computes how many customers are needed to see Effect with the probability
// Power, however often somebody looks. Errors: those of Check at its fields.
func (d Definition) Plan() (Plan, error) {
	if l := d.Check(); len(l) > 0 {
		return Plan{}, l
	}
	m := measures[d.Primary]
	p := Plan{Factor: d.line(d.rivals()).Z(1)}
	variance := func(share float64) float64 {
		if m.share {
			return share * (1 - share)
		}
		return d.Spread * d.Spread
	}
	against := d.arm(d.against())
	need := 0.
	for i := range len(d.Arms) + 1 {
		need = max(need, leastInArm/d.share(i))
		if i == against || i == 0 {
			continue
		}
		n := stat.Size(d.Effect, p.Factor, d.Power, stat.Side{Variance: variance(d.Baseline + d.Effect), Share: d.share(i)}, stat.Side{Variance: variance(d.Baseline), Share: d.share(against)})
		need = max(need, float64(n))
	}
	if !(need <= mostCustomers) {
		return Plan{}, fault.List{fault.New(fault.Invalid, "experiment.vast").On("effect")}
	}
	p.Customers = int(math.Ceil(need))
	return p, nil
}

// Days is how long it takes with so many customers a day until everything is known
// of the last of them; 0 if there are none.
func (p Plan) Days(perDay float64) int {
	if !(perDay > 0) {
		return 0
	}
	return int(math.Ceil(float64(p.Customers)/perDay)) + int(three/day)
}

// against is the arm with which the primary metric is compared.
func (d Definition) against() string {
	if d.Against == "" {
		return Holdout
	}
	return d.Against
}

// rivals is how many arms the primary metric compares with another.
func (d Definition) rivals() int {
	if d.Against == "" {
		return len(d.Arms)
	}
	return len(d.Arms) - 1
}

// line is the bound of each of several comparisons.
func (d Definition) line(comparisons int) stat.Line { return stat.Flat(Alpha / float64(comparisons)) }

// share is that of the arm at a place: holdout, first, second …
func (d Definition) share(place int) float64 {
	if place == 0 {
		return float64(d.Holdout) / Whole
	}
	return float64(d.Arms[place-1].Share) / Whole
}
