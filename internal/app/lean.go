package app

import (
	"runtime/debug"
	"sync"
)

// leanPercent is how much garbage may lie beside what is in use, in percent of it,
// while large files are made or read: they go through lent room and make little
// garbage, so that tidying up early costs little, and memory stays small.
const leanPercent = 40

var leaning struct {
	sync.Mutex
	n      int // who is at it
	before int
}

// lean keeps the memory of the process small until it is called back.
func lean() (back func()) {
	leaning.Lock()
	defer leaning.Unlock()
	if leaning.n++; leaning.n == 1 {
		leaning.before = debug.SetGCPercent(leanPercent)
		debug.FreeOSMemory() // what the start of the process, and pages, left
	}
	return func() {
		leaning.Lock()
		defer leaning.Unlock()
		if leaning.n--; leaning.n == 0 {
			debug.SetGCPercent(leaning.before)
		}
	}
}
