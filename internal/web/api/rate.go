package api

import (
	"sync"
	"time"

	"hastaluego/internal/when"
)

// rates holds each key to so many requests in a minute, on the wall clock of
// this process: with several nodes each lets as many through.
type rates struct {
	mu    sync.Mutex
	most  float64
	clock when.Clock
	left  map[string]allowance
}

// allowance is what a key may still send, as of an instant.
type allowance struct {
	n  float64
	at time.Time
}

func newRates(perMinute int, clock when.Clock) *rates {
	return &rates{most: float64(perMinute), clock: clock, left: map[string]allowance{}}
}

// take counts one request of the key. It returns zero, or how long to wait
// until the next may come.
func (r *rates) take(key string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Wall()
	has, seen := r.left[key]
	if !seen {
		has = allowance{r.most, now}
	}
	if gone := now.Sub(has.at); gone > 0 {
		has = allowance{min(r.most, has.n+r.most*gone.Minutes()), now}
	}
	if has.n < 1 {
		r.left[key] = has
		return time.Duration((1 - has.n) / r.most * float64(time.Minute))
	}
	has.n--
	r.left[key] = has
	return 0
}
