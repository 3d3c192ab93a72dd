package web

import (
	"sync"
	"time"

	"hastaluego/internal/when"
)

// Rates holds each key to so many requests in a minute, on the wall clock of
// this process: with several nodes each lets as many through.
type Rates struct {
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

// ratedKeys bounds how many keys are remembered: those that have not sent anything
// for a minute are forgotten first, which changes nothing for them.
const ratedKeys = 1 << 14

// NewRates lets every key send so many requests in a minute.
func NewRates(perMinute int, clock when.Clock) *Rates {
	return &Rates{most: float64(perMinute), clock: clock, left: map[string]allowance{}}
}

// Take counts one request of the key. It returns zero, or how long to wait
// until the next may come.
func (r *Rates) Take(key string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Wall()
	has, seen := r.left[key]
	if !seen {
		if len(r.left) >= ratedKeys {
			r.forget(now)
		}
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

func (r *Rates) forget(now time.Time) {
	for key, has := range r.left {
		if now.Sub(has.at) >= time.Minute {
			delete(r.left, key)
		}
	}
	if len(r.left) >= ratedKeys { // all of them this minute: nobody is held to what they sent before
		clear(r.left)
	}
}
