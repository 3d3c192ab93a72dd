// Package peer is a small far system that is really there: a process of its
// own with an HTTP API, a journal on disk and a business clock that can be
// pushed. It bills subscriptions and has accounts that can be signed in to. The
// demo and the tests end, resume, block and sign in there, kill it, and count
// its effects. It charges whom it is told to, sends nothing, and imports nothing
// of the departure: to Hasta Luego it is a far system like any other.
package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"hastaluego/internal/when"
)

// Options say how to run the billing system.
type Options struct {
	Listen     string // address; "127.0.0.1:0" takes a free port
	Token      string // bearer token that every call must carry; required
	File       string // journal: JSON lines, made if it is not there; required
	HonourKeys bool   // remember Idempotency-Key and answer the same again
	Out        io.Writer
	Clock      when.Clock // nil: the machine's
}

// Run serves until the context is over. Once it listens it writes the line
// "listening http://127.0.0.1:NNNN" to Out. Every effect is in the journal,
// synced to disk, before it is answered, so that a killed process loses none
// that it answered; a line torn by the kill is cut off at the next start.
func Run(ctx context.Context, o Options) error {
	if o.Token == "" || o.File == "" {
		return errors.New("peer: a token and a journal file are needed")
	}
	if o.Clock == nil {
		o.Clock = when.Machine{}
	}
	led, err := openLedger(o.File, o.Clock, o.HonourKeys)
	if err != nil {
		return err
	}
	defer func() { _ = led.close() }()
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	srv := &http.Server{
		Handler:           newServer(ctx, led, o.Token),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       time.Minute,
	}
	if o.Out != nil {
		if _, err := fmt.Fprintf(o.Out, "listening http://%s\n", ln.Addr()); err != nil {
			_ = ln.Close()
			return fmt.Errorf("peer: %w", err)
		}
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("peer: %w", err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := srv.Shutdown(end); err != nil { // a held call does not hold us
		_ = srv.Close()
	}
	<-done
	return nil
}
