package engine

import (
	"context"
	"sync"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// mostAtOnce is how many results of one departure are written in one transaction
// at most: each makes whoever waits for the first wait a little longer.
const mostAtOnce = 16

// desk is where results are handed in. While results of a departure are being
// written, others of it wait in its line; whoever writes next takes them along.
type desk struct {
	mu    sync.Mutex
	lines map[offboarding.CaseID][]*handedIn // there: somebody writes
}

// handedIn is a result that waits to be written.
type handedIn struct {
	app.Tried
	ok   bool
	err  error
	turn chan bool // true: it is its own turn to write; false: it was written
}

// record stores a result, even when the deadline of the call has passed. False:
// the work is another worker's by now.
func (e *Engine) record(ctx context.Context, w offboarding.Work, r app.Result) (bool, error) {
	mine := &handedIn{Tried: app.Tried{Work: w, Result: r}, turn: make(chan bool, 1)}
	if w.Case == "" || w.Step == "" {
		e.write(ctx, mine)
		return mine.ok, mine.err
	}
	if e.desk.wait(mine) && !<-mine.turn {
		return mine.ok, mine.err
	}
	batch := e.desk.take(mine)
	e.writeAll(ctx, batch)
	for _, h := range batch[1:] {
		h.turn <- false
	}
	e.desk.leave(w.Case)
	return mine.ok, mine.err
}

// wait takes a place in the line of a departure; false: there is none, and it is
// the turn of whoever came.
func (d *desk) wait(h *handedIn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	line, busy := d.lines[h.Work.Case]
	if busy {
		line = append(line, h)
	}
	if d.lines == nil {
		d.lines = map[offboarding.CaseID][]*handedIn{}
	}
	d.lines[h.Work.Case] = line
	return busy
}

// take returns what is written at once: the result whose turn it is, and those
// that wait.
func (d *desk) take(first *handedIn) []*handedIn {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := d.lines[first.Work.Case]
	n := min(len(line), mostAtOnce-1)
	batch := append([]*handedIn{first}, line[:n]...)
	d.lines[first.Work.Case] = line[n:]
	return batch
}

// leave gives the turn to the next in the line, or takes the line away.
func (d *desk) leave(c offboarding.CaseID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := d.lines[c]
	if len(line) == 0 {
		delete(d.lines, c)
		return
	}
	d.lines[c] = line[1:]
	line[0].turn <- true
}

// writeAll writes results of one departure together; where that fails, each alone.
// The time of whoever's turn it is does not run out for the others.
func (e *Engine) writeAll(ctx context.Context, batch []*handedIn) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), e.Lease)
	defer end()
	if len(batch) > 1 {
		tries := make([]app.Tried, len(batch))
		for i, h := range batch {
			tries[i] = h.Tried
		}
		if mine, err := e.App.AdvanceAll(ctx, tries...); err == nil {
			for i, h := range batch {
				h.ok = mine[i]
			}
			return
		}
	}
	for _, h := range batch {
		e.write(ctx, h)
	}
}

// write writes one result, and again while the database is away for a moment, or
// others change the same case all the time: a result that is lost is read back
// when the lease has ended.
func (e *Engine) write(ctx context.Context, h *handedIn) {
	for try := range 6 {
		if h.ok, h.err = e.App.Advance(ctx, h.Work, h.Result); h.err == nil || fault.KindOf(h.err) != fault.Transient && fault.CodeOf(h.err) != "case.changed_meanwhile" {
			return
		}
		e.sleep(ctx, 100*time.Millisecond<<try, nil)
	}
}
