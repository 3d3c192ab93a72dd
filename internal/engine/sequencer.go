package engine

import (
	"context"
	"log/slog"
	"time"
)

// Log is the part of the store that gives log entries their place in the tree.
type Log interface {
	// Lease takes or keeps the named lease; false while another holder has it.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
	// Sequence gives every pending entry its index, stores the tree and the
	// checkpoint that sign makes of it, and returns how many entries it took.
	Sequence(ctx context.Context, sign func(size int64, root []byte) (checkpoint string, err error)) (int, error)
}

// Sequencer batches log entries into the tree and signs it. One runs among all
// nodes; another takes over when its lease ends. A second one that believes
// itself alone does no harm: the store compares before it swaps.
type Sequencer struct {
	Log    Log
	Name   string
	Sign   func(size int64, root []byte) (string, error)
	Keep   func(checkpoint string) error // keeps a checkpoint outside the database
	Every  time.Duration                 // zero: 200 ms
	Logger *slog.Logger
}

// sequencerLease is longer than any batch takes.
const sequencerLease = 10 * time.Second

// Run works until ctx is over, and then takes what is pending once more.
func (s *Sequencer) Run(ctx context.Context) error {
	every := s.Every
	if every == 0 {
		every = 200 * time.Millisecond
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), sequencerLease)
			defer stop()
			s.Batch(last)
			// Another node need not wait for what nobody uses.
			if _, err := s.Log.Lease(last, "sequencer", s.Name, 0); err != nil {
				s.Logger.Warn("sequencer lease not given back", "err", err)
			}
			return nil
		case <-t.C:
			s.Batch(ctx)
		}
	}
}

// Batch takes what is pending now, unless another holder has the lease.
func (s *Sequencer) Batch(ctx context.Context) {
	mine, err := s.Log.Lease(ctx, "sequencer", s.Name, sequencerLease)
	if err != nil || !mine {
		if err != nil && ctx.Err() == nil {
			s.Logger.Error("sequencer lease", "err", err)
		}
		return
	}
	var text string
	n, err := s.Log.Sequence(ctx, func(size int64, root []byte) (cp string, err error) {
		text, err = s.Sign(size, root)
		return text, err
	})
	if err != nil && ctx.Err() == nil {
		s.Logger.Error("sequencer", "err", err)
		return
	}
	if n > 0 && text != "" {
		if err := s.Keep(text); err != nil {
			s.Logger.Error("checkpoint not kept outside the database", "err", err)
		}
	}
}
