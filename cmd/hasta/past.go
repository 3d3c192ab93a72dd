package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo/history"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/document"
	"hastaluego/internal/ingest"
	"hastaluego/internal/store"
	"hastaluego/internal/when"
)

// past is a house whose clock stands in the past, while a demo lives its
// history. Nil is a house of the present.
type past struct {
	clock   *history.Clock
	letters *history.Letters // that this house sends, once it is built
}

// store says which database. A history can be lived again: it need not survive
// a crash of the machine.
func (p *past) store(url string) store.Config {
	if p == nil {
		return store.Config{URL: url}
	}
	return store.Config{URL: url, Clock: p.clock, Hasty: true}
}

// post lets the past remember what customers got. No mail system sees the
// letters of last year: they stand in the outbox, as they were.
func (p *past) post(out app.Post, pp papers) app.Post {
	if p == nil {
		return out
	}
	p.letters = history.NewLetters(read{pp})
	return p.letters
}

// read is a mail system for letters that were read long ago.
type read struct{ papers papers }

// Send implements app.Post.
func (r read) Send(_ context.Context, _, _ string, x app.Paper) (subject, text string, err error) {
	l := r.papers.letter(x)
	return l.Subject, document.MailText(l), nil
}

// logWait is how long a receipt waits before it looks into the log again; zero
// is the default.
func (p *past) logWait() time.Duration {
	if p == nil {
		return 0
	}
	return 3 * time.Millisecond
}

// sequence is how often the log takes what is pending; zero is the default. In
// the past it does when a receipt waits for it, and at the end.
func (p *past) sequence() time.Duration {
	if p == nil {
		return 0
	}
	return time.Hour
}

// live lets the sample company live its last year in an empty house. A house
// where people are already has its past.
func live(ctx context.Context, o out, cfg config, d sample, billing peer.Client, secrets, level string) error {
	zone, err := when.Zone(d.Company.Zone)
	if err != nil {
		return err
	}
	to := when.Machine{}.Now()
	cfg.Past = &past{clock: history.NewClock(history.Begin(to, zone))}
	h, err := build(ctx, cfg, logger(o, level, ""), billing.SetClock)
	if err != nil {
		return err
	}
	defer h.close()
	if users, err := h.app.Users(ctx); err != nil || len(users) > 0 {
		return err
	}
	return h.while(ctx, func(ctx context.Context) error {
		return history.Live(ctx, history.Config{
			App: h.app, Sample: d.Sample, Clock: cfg.Past.clock, Letters: cfg.Past.letters, Billing: billing, To: to,
			HostLink: func(ctx context.Context, reference string) (string, error) {
				return h.hostLink(ctx, reference, 15*time.Minute)
			},
			Accounts: func(ctx context.Context, rows []ingest.Row) error { return d.giveAccounts(ctx, billing, rows, secrets) },
			Log:      h.sequencer.Batch, Day: progress(o, d),
		})
	})
}

// progress tells a terminal how far the history is; in a pipe it says nothing.
func progress(o out, d sample) func(gone, all int) {
	f := o.stderr
	if !terminal(f) {
		return nil
	}
	return func(gone, all int) {
		fmt.Fprintf(f, "\r%s", d.say("living", "company", d.Company.Name, "percent", 100*gone/all))
		if gone == all {
			fmt.Fprint(f, "\r\x1b[K")
		}
	}
}

// terminal reports whether somebody may be looking.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
