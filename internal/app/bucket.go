package app

import (
	"context"
	"io"
	"time"

	"hastaluego/internal/bucket"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// SendKind is the kind of the jobs that put what a customer takes along into a store
// of their own; their item is the id of the sending.
const SendKind = "bucket_send"

// bucketSystem is in whose name their calls are made.
const bucketSystem = "customer:bucket"

// Buckets puts files into stores of customers.
type Buckets interface {
	// Send puts a file of which sum is the SHA-256, and reports whether it is there;
	// false without an error: the next call goes on from how far it is by then. Errors:
	// Invalid for what trying again does not mend, Transient.
	Send(ctx context.Context, to bucket.Target, name string, from io.ReaderAt, size int64, sum string, how *bucket.Progress) (bool, error)
	// Forget takes back what is half there.
	Forget(ctx context.Context, to bucket.Target, name string, how bucket.Progress)
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
	// PutSend stores a new one (Version 0) or, by Version, changes one. Conflict
	// (bucket.busy): another of the departure is on its way.
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
	return a.byCode(ctx, token, key, func(tx Tx, c Taking) error {
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
		if s.KeyID, s.Body, err = a.sealJSON(ctx, s.Customer, string(s.ID), sendBody{Target: to}); err != nil {
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

// sendBody is what is sealed of a sending: where it goes, and how far it is.
type sendBody struct {
	bucket.Target
	How bucket.Progress `json:"how,omitzero"`
}

// sending is a sending on its way, as one try has it.
type sending struct {
	SealedSend
	to    bucket.Target
	how   bucket.Progress
	name  string // of the file there
	blob  Blob
	whole Content
	why   string // code of why it does not go, or not on; empty: it does
}

// RunSend goes on with a sending. A store that does not answer is tried again,
// bucket.Most times one after another; what trying again does not mend is told on the
// customer's page at once.
func (a *App) RunSend(ctx context.Context, w offboarding.Work) (Result, error) {
	var x sending
	var now time.Time
	err := a.store.View(ctx, func(tx Tx) (err error) {
		now = tx.Now()
		x, err = a.openSend(ctx, tx, w)
		return err
	})
	if fault.KindOf(err) == fault.NotFound && err != nil { // erased meanwhile
		return Result{Verdict: Accomplished}, nil
	}
	if err != nil || x.State != bucket.Sending {
		return Result{Verdict: Accomplished}, err
	}
	if x.why == "" {
		was := x.how.Done()
		there, err := a.buckets.Send(ctx, x.to, x.name, x.whole, x.whole.Size(), x.blob.SHA256, &x.how)
		if x.how.Done() > was {
			x.Tries = 0
		}
		switch {
		case err == nil && !there:
			return Result{Verdict: Later, Again: now}, a.saveSend(ctx, &x)
		case fault.KindOf(err) == fault.Invalid:
			x.why = fault.CodeOf(err)
		case err != nil && fault.KindOf(err) == fault.NotFound: // a piece of ours is gone
			x.why = "bucket.lost"
		case err != nil:
			if x.Tries++; x.Tries < bucket.Most {
				// After a minute, two, four …, at most an hour.
				return Result{Verdict: Later, Again: now.Add(min(time.Minute<<(x.Tries-1), time.Hour))}, a.saveSend(ctx, &x)
			}
			if x.why = "bucket.unreachable"; fault.CodeOf(err) == "bucket.unconfirmed" {
				x.why = fault.CodeOf(err)
			}
		}
	}
	if x.why != "" && x.to != (bucket.Target{}) {
		a.buckets.Forget(ctx, x.to, x.name, x.how)
	}
	return Result{Verdict: Accomplished}, a.sendOver(ctx, x.SealedSend, x.blob, x.why)
}

// openSend reads a sending. What keeps it from going is in why; NotFound: it is gone.
func (a *App) openSend(ctx context.Context, tx Tx, w offboarding.Work) (x sending, err error) {
	if x.SealedSend, err = tx.FindSend(ctx, bucket.ID(w.Item)); err != nil || x.State != bucket.Sending {
		return x, err
	}
	c, err := takingOf(ctx, tx, w.Case)
	if err != nil {
		return x, err
	}
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return x, err
	}
	var body sendBody
	readable, err := a.unsealJSON(ctx, x.KeyID, string(x.ID), x.Body, &body)
	if err != nil {
		return x, err
	}
	x.to, x.how = body.Target, body.How
	err = fetchable(ctx, tx, c)
	switch k := fault.KindOf(err); {
	case err != nil && (k == fault.Gone || k == fault.Withheld):
		x.why = fault.CodeOf(err)
		return x, nil
	case err != nil:
		return x, err
	case cus.Test():
		x.why = "bucket.rehearsal"
		return x, nil
	case !readable:
		x.why = "bucket.lost"
		return x, nil
	}
	if x.blob, err = tx.FindBlob(ctx, x.Blob); fault.KindOf(err) == fault.NotFound && err != nil { // it was made again since
		x.why = "bucket.remade"
		return x, nil
	} else if err != nil {
		return x, err
	}
	x.name = toolFile(c.Code, x.blob)
	x.whole, err = a.openBundle(ctx, tx, x.blob)
	if k := fault.KindOf(err); err != nil && k != fault.Transient && k != fault.Internal {
		x.why, err = "bucket.lost", nil
	}
	return x, err
}

// saveSend keeps how far a sending is.
func (a *App) saveSend(ctx context.Context, x *sending) (err error) {
	if x.KeyID, x.Body, err = a.sealJSON(ctx, x.Customer, string(x.ID), sendBody{x.to, x.how}); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error { return tx.PutSend(ctx, x.SealedSend) })
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
		c, err := takingOf(ctx, tx, offboarding.CaseID(s.Case))
		if err != nil {
			return err
		}
		return a.had(ctx, tx, c, b)
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
	var body sendBody
	readable, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &body)
	out := &SentTo{Send: s.Send}
	if readable {
		out.Place = body.Place()
	}
	return out, err
}
