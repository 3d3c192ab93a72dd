package app

import (
	"context"
	"io"
	"time"

	"hastaluego/internal/bucket"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// SendKind is the kind of the jobs that put what a customer takes along into a store
// of their own; their item is the id of the sending.
const SendKind = "bucket_send"

// bucketSystem is in whose name their calls are made.
const bucketSystem = "customer:bucket"

// Buckets puts files into stores of customers.
type Buckets interface {
	// Send puts a file of which sum is the SHA-256, and reports whether it is there
	// whole; false without an error: the next call goes on. Errors: Invalid for what
	// trying again does not mend, Transient.
	Send(ctx context.Context, to bucket.Target, name string, from io.ReaderAt, size int64, sum string) (bool, error)
}

// SealedSend is a sending as it is stored: where it goes is in Body, sealed with the
// customer's key, and gone when it is over.
type SealedSend struct {
	bucket.Send
	KeyID string
	Body  []byte
}

// BucketTx keeps what is sent into stores of customers.
type BucketTx interface {
	// PutSend stores a new one (Version 0) or, by Version, changes one.
	PutSend(ctx context.Context, s SealedSend) error
	FindSend(ctx context.Context, id bucket.ID) (SealedSend, error)
	// LastSend is the newest of a departure; NotFound without one.
	LastSend(ctx context.Context, c offboarding.CaseID) (SealedSend, error)
}

// SentTo is how far the newest sending of a departure is.
type SentTo struct {
	bucket.Send
	Place string // where it goes; empty once it is over
}

// SendToBucket has what the customer takes along put into a store of their own. Where
// it goes is forgotten when it is there, or failed. Errors: Invalid at the fields of
// bucket.Read; Conflict (bucket.busy) while another is on its way.
func (a *App) SendToBucket(ctx context.Context, token, key string, in bucket.Target) error {
	to, wrong := bucket.Read(in)
	return a.byCode(ctx, token, key, func(tx Tx, c offboarding.Case) error {
		if a.buckets == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if len(wrong) > 0 {
			return wrong
		}
		if last, err := tx.LastSend(ctx, c.ID); err == nil && last.State == bucket.Sending {
			return fault.New(fault.Conflict, "bucket.busy")
		} else if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		b, err := newestBundle(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		s := SealedSend{Send: bucket.Send{
			ID: bucket.ID(id.New("snd")), Case: string(c.ID), Customer: string(c.Customer), Blob: b.ID, State: bucket.Sending, AskedAt: tx.Now(),
		}}
		if s.KeyID, s.Body, err = a.sealJSON(ctx, s.Customer, string(s.ID), to); err != nil {
			return err
		}
		if err := tx.PutSend(ctx, s); err != nil {
			return err
		}
		if err := tx.InsertWork(ctx, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: SendKind, Case: c.ID, Item: string(s.ID), System: bucketSystem, Key: SendKind + ":" + string(s.ID),
			Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: tx.Now(),
		}); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"bundle.sending", "customer", s.Case, s.Customer, map[string]any{"send": string(s.ID), "blob": b.ID, "sha256": b.SHA256, "place": to.Place()}})
	})
}

// RunSend goes on with a sending. A store that does not answer is tried again,
// bucket.Most times one after another; what trying again does not mend is told on the
// customer's page at once.
func (a *App) RunSend(ctx context.Context, w offboarding.Work) (Result, error) {
	var s SealedSend
	var to bucket.Target
	var b Blob
	var whole Content
	var code, name string // why it may not go, or go on; what it is called there
	var now time.Time
	err := a.store.View(ctx, func(tx Tx) (err error) {
		code, now = "", tx.Now()
		if s, err = tx.FindSend(ctx, bucket.ID(w.Item)); err != nil || s.State != bucket.Sending {
			return err
		}
		c, err := tx.FindCase(ctx, w.Case)
		if err != nil {
			return err
		}
		if err := fetchable(ctx, tx, c); err != nil {
			if k := fault.KindOf(err); k == fault.Gone || k == fault.Withheld {
				code, err = fault.CodeOf(err), nil
			}
			return err
		}
		if b, err = tx.FindBlob(ctx, s.Blob); fault.KindOf(err) == fault.NotFound { // it was made again since
			code = "bucket.remade"
			return nil
		} else if err != nil {
			return err
		}
		name = toolFile(c.Code, b)
		if whole, err = a.openBundle(ctx, tx, b); err != nil {
			return err
		}
		_, err = a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &to)
		return err
	})
	if err != nil || s.State != bucket.Sending {
		return Result{Verdict: Accomplished}, err
	}
	done := false
	if code == "" {
		done, err = a.buckets.Send(ctx, to, name, whole, whole.Size(), b.SHA256)
		switch {
		case err == nil && !done:
			return Result{Verdict: Later, Again: now}, nil
		case fault.KindOf(err) == fault.Invalid:
			code = fault.CodeOf(err)
		case err != nil:
			if s.Tries++; s.Tries < bucket.Most {
				return a.sendLater(ctx, s)
			}
			code = "bucket.unreachable"
		}
	}
	return Result{Verdict: Accomplished}, a.sendOver(ctx, s, b, code)
}

// sendLater writes down that the store did not answer, and when it is tried again:
// after a minute, two, four …, at most an hour.
func (a *App) sendLater(ctx context.Context, s SealedSend) (r Result, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Later, Again: tx.Now().Add(min(time.Minute<<(s.Tries-1), time.Hour))}
		return tx.PutSend(ctx, s)
	})
	return r, err
}

// sendOver writes down that it is there, or why it is not, and forgets where it was
// to go.
func (a *App) sendOver(ctx context.Context, s SealedSend, b Blob, code string) error {
	return a.tx(ctx, func(tx Tx) error {
		s.KeyID, s.Body = "", nil
		if code != "" {
			s.Fail(code, tx.Now())
			if err := tx.PutSend(ctx, s); err != nil {
				return err
			}
			return a.record(ctx, tx, fact{"bundle.send_failed", "engine", s.Case, s.Customer, map[string]any{"send": string(s.ID), "blob": s.Blob, "why": code}})
		}
		s.Done(tx.Now())
		if err := tx.PutSend(ctx, s); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"bundle.sent", "engine", s.Case, s.Customer, map[string]any{"send": string(s.ID), "blob": b.ID, "sha256": b.SHA256}}); err != nil {
			return err
		}
		if err := tx.FetchBlob(ctx, b.ID); err != nil {
			return err
		}
		return a.happened(ctx, tx, offboarding.CaseID(s.Case), step.Downloaded)
	})
}

// sentTo is how far the newest sending of a departure is; nil: nobody asked for one.
func (a *App) sentTo(ctx context.Context, tx Tx, c offboarding.CaseID) (*SentTo, error) {
	s, err := tx.LastSend(ctx, c)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var to bucket.Target
	readable, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &to)
	out := &SentTo{Send: s.Send}
	if readable {
		out.Place = to.Place()
	}
	return out, err
}
