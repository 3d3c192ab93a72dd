package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/approval"
	"hastaluego/internal/collection"
	"hastaluego/internal/connector"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/step"
)

// try is one try of a claimed work.
type try struct {
	*Engine
	work   offboarding.Work
	stop   context.Context // over when the engine is to stop
	called bool            // a far system was, or is, called: what comes of it is to be recorded
}

var (
	errLost    = errors.New("engine: the work belongs to another worker, or may not be done now")
	errStopped = errors.New("engine: stopped before the call")
)

// safely runs the work and turns a panic of a kind into a failure of this work
// alone.
func (t *try) safely(ctx context.Context) (r app.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			t.Log.Error("panic", "work", t.work.ID, "panic", p)
			err = fault.New(fault.Internal, "internal")
		}
	}()
	w := t.work
	switch w.Kind {
	case "match":
		return t.match(ctx, w)
	case app.AgainKind:
		return app.Result{Verdict: app.Accomplished}, t.App.SendLink(ctx, w.Item)
	case app.CopyMatchKind:
		return app.Result{Verdict: app.Accomplished}, t.App.MatchCopy(ctx, retrieval.ID(w.Item))
	case app.CopyOverKind:
		return app.Result{Verdict: app.Accomplished}, t.App.CopyOver(ctx, retrieval.ID(w.Item))
	case app.RemakeKind:
		return t.remake(ctx, w)
	case app.LastKind:
		return until(t.App.LastBundle(ctx, w))
	case app.PromiseKind:
		return app.Result{Verdict: app.Accomplished}, t.App.PromiseDue(ctx, w.Item)
	case app.ReminderKind:
		return until(t.App.RemindDebt(ctx, w.Case, w.Item))
	case app.PayPromiseKind:
		return until(t.App.PayPromiseDue(ctx, collection.PromiseID(w.Item)))
	case app.RotationKind:
		return app.Result{Verdict: app.Accomplished}, t.App.RotationDue(ctx, w.Item)
	case app.RenewalKind:
		return until(t.App.RenewalDue(ctx, w))
	case app.EnvelopeKind:
		return app.Result{Verdict: app.Accomplished}, t.App.EnvelopeDue(ctx, w.Case, handover.EnvelopeID(w.Item))
	case app.RateKind:
		return t.App.Rate(ctx, w)
	case app.WorthKind:
		return t.App.RunWorth(ctx, w)
	case app.ThemesKind:
		return t.App.RunThemes(ctx, w)
	case app.ExperimentKind:
		return t.App.CountExperiments(ctx, w)
	case app.LaneKind:
		return t.App.RunLanes(ctx)
	case app.OfferKind:
		return app.Result{Verdict: app.Accomplished}, t.App.OfferDue(ctx, offer.ID(w.Item))
	case app.NoticesKind:
		return t.App.RunNotices(ctx)
	case app.LimitKind:
		return t.App.RingLimit(ctx, w)
	case app.TermKind:
		return t.App.RunTerm(ctx, w)
	case app.EndingKind:
		return until(t.App.RunEnding(ctx, ending.ID(w.Item)))
	case app.ApprovalKind:
		return until(t.App.ApprovalDue(ctx, approval.ID(w.Item)))
	case app.ChargeKind:
		return t.watch(ctx, w)
	case app.RetestKind:
		return t.retest(ctx, w)
	case app.SendKind:
		return t.App.RunSend(ctx, w)
	case app.KeptKind:
		return app.Result{Verdict: app.Accomplished}, t.App.KeptOver(ctx, w)
	case app.AskedKind:
		return until(t.App.AskProcessor(ctx, w))
	case app.OrderKind:
		return app.Result{Verdict: app.Accomplished}, t.App.OrderOver(ctx, w)
	case app.DestroyKind:
		return t.App.DestroyRetained(ctx, w)
	case app.ContactKind:
		return t.App.ContactOver(ctx, w)
	case app.SweepKind:
		reading, end := t.reading(ctx)
		defer end()
		return t.App.Sweep(reading, w)
	case "message":
		return t.App.MailLetter(ctx, offboarding.MessageID(w.Item))
	case app.TellKind:
		return t.App.Tell(ctx, w)
	case app.DigestKind:
		return t.App.DigestDue(ctx, w)
	case app.DeliveryKind:
		return t.App.Deliver(ctx, w)
	case app.WakeKind:
		return t.App.WakeWork(ctx, w)
	case app.BooksKind:
		reading, end := t.reading(ctx)
		defer end()
		return t.App.ReadBooks(reading, w)
	case app.PassOnKind:
		return t.App.PassOnReason(ctx, w)
	case app.WhyKind:
		reading, end := t.reading(ctx)
		defer end()
		return t.App.HearWhy(reading, w)
	}
	if w.Kind == app.AlarmKind {
		step, alarm, _ := strings.Cut(w.Item, ":")
		return app.Result{Verdict: app.Accomplished}, t.App.Ring(ctx, w.Case, step, alarm)
	}
	kind, ok := t.Kinds[w.Kind]
	if !ok {
		return app.Result{}, fault.New(fault.Invalid, "step.unknown_kind")
	}
	if _, ok := kind.(step.Courier); ok {
		return t.App.SendStepLetter(ctx, offboarding.MessageID(w.Item))
	}
	if kind.Spec().TellsUsers {
		return t.App.TellUsers(ctx, w)
	}
	if _, ok := kind.(step.Maker); ok {
		return t.make(ctx, w)
	}
	if kind.Spec().Erases && w.Phase == offboarding.Act {
		if again, err := t.App.ErasingWaits(ctx, w); err != nil || !again.IsZero() {
			return app.Result{Verdict: app.Later, Again: again}, err
		}
	}
	if _, ok := kind.(step.Eraser); ok {
		return t.erase(ctx, w)
	}
	if k, ok := kind.(step.Finder); ok {
		return t.find(ctx, k, w)
	}
	observer, ok := kind.(step.Observer)
	s, err := t.App.Subject(ctx, w)
	if err != nil {
		return app.Result{}, err
	}
	if !ok { // a timer: its time has come
		return t.App.WaitOver(s.Step, w), nil
	}
	s.Work = w
	effector, _ := kind.(step.Effector)
	switch w.Phase {
	case offboarding.Verify, offboarding.VerifyUndo:
		if s.Case.Test {
			return t.rehearse(ctx, observer, effector, s)
		}
		p, err := t.readBack(ctx, observer, effector, s)
		if err != nil {
			return app.Result{}, err
		}
		r := t.proof(w, p)
		if effector != nil {
			info, err := effector.Info(s)
			if err != nil {
				return app.Result{}, err
			}
			r.Undo = info.Undo
		}
		return r, nil
	default:
		return t.act(ctx, effector, s)
	}
}

func (t *try) match(ctx context.Context, w offboarding.Work) (app.Result, error) {
	err := t.Store.Tx(ctx, func(tx app.Tx) error { return t.App.MatchRequest(ctx, tx, offboarding.RequestID(w.Item)) })
	return app.Result{Verdict: app.Accomplished}, err
}

// watch asks a person when an unconfirmed departure is about to be charged.
func (t *try) watch(ctx context.Context, w offboarding.Work) (app.Result, error) {
	return until(t.App.WatchCharge(ctx, w.Case))
}

// until is the result of a job that says when it wants to go on.
func until(again time.Time, err error) (app.Result, error) {
	if err != nil || again.IsZero() {
		return app.Result{Verdict: app.Accomplished}, err
	}
	return app.Result{Verdict: app.Later, Again: again}, nil
}

// unhurried is a context that ends with the lease of the work, as long as that is kept,
// or when the engine stops: reading a large file back takes as long as it takes, and
// begins again where it was cut off. It is for what has no effect elsewhere.
func (t *try) unhurried(ctx context.Context, w offboarding.Work) (context.Context, func()) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go t.beat(long, cancel, w, done)
	unhook := context.AfterFunc(t.stop, cancel)
	return long, func() {
		unhook()
		close(done)
		cancel()
	}
}

// make makes a file for the customer, or reads it back.
func (t *try) make(ctx context.Context, w offboarding.Work) (app.Result, error) {
	ctx, end := t.unhurried(ctx, w)
	defer end()
	if w.Phase == offboarding.Verify {
		evidence, err := t.App.CheckBundle(ctx, w)
		return app.Result{Verdict: app.Confirmed, Evidence: evidence}, err
	}
	evidence, more, err := t.App.MakeBundle(ctx, w)
	if more {
		now, _, err := t.App.Now(ctx)
		return app.Result{Verdict: app.Later, Again: now}, err
	}
	return app.Result{Verdict: app.Accomplished, Evidence: evidence, Verify: true}, err
}

// remake makes a file for the customer again, reads it back, and gives back the room
// of the one before. What nobody wants any more when its turn comes is not made: it was
// stopped, or its time is over.
func (t *try) remake(ctx context.Context, w offboarding.Work) (app.Result, error) {
	ctx, end := t.unhurried(ctx, w)
	defer end()
	r, err := t.make(ctx, w)
	if err == nil && r.Verdict == app.Later {
		return r, nil
	}
	if err == nil {
		r.Evidence, err = t.App.CheckBundle(ctx, w)
	}
	if err == nil {
		err = t.App.DropOlderBundles(ctx, w)
	}
	if err == nil {
		err = t.App.TellChanges(ctx, w)
	}
	if k := fault.KindOf(err); err != nil && (k == fault.Gone || k == fault.NotFound) {
		return app.Result{Verdict: app.Accomplished}, nil
	}
	return app.Result{Verdict: app.Accomplished, Evidence: r.Evidence}, err
}

// erase erases our own record of a customer, or looks whether anything is left.
func (t *try) erase(ctx context.Context, w offboarding.Work) (app.Result, error) {
	if w.Phase == offboarding.Verify {
		evidence, err := t.App.CheckErasure(ctx, w)
		return app.Result{Verdict: app.Confirmed, Evidence: evidence}, err
	}
	evidence, err := t.App.EraseRecord(ctx, w)
	return app.Result{Verdict: app.Accomplished, Evidence: evidence, Verify: true}, err
}

// reading is the context of calls that only read: they end when the engine is
// to stop, since whoever has the work next reads again.
func (t *try) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.stop, cancel)
	return ctx, func() { stop(); cancel() }
}

func (t *try) readBack(ctx context.Context, o step.Observer, k step.Effector, s step.Subject) (step.Proof, error) {
	ctx, end := t.reading(ctx)
	defer end()
	verify := o.Verify
	if k != nil && s.Work.Phase == offboarding.VerifyUndo {
		verify = k.VerifyUndo
	}
	p, err := verify(ctx, s)
	if err != nil || !p.Holds {
		return p, err
	}
	info, err := o.Info(s)
	if proves(info.Level) {
		return p, err
	}
	return step.Proof{Evidence: p.Evidence, Why: exampleOnly, Final: true}, err
}

// proves reports whether it verifies something that a system of the level says so.
// What is declared of an example nobody tried: its readings verify nothing.
func proves(l connector.Level) bool { return l != connector.Example }

// exampleOnly is why a reading verifies nothing.
const exampleOnly = "connector.example"

// act is the effect protocol: look, decide, mark, call, and look again.
func (t *try) act(ctx context.Context, k step.Effector, s step.Subject) (app.Result, error) {
	w := &t.work
	if w.Phase == offboarding.Act && s.Case.State != offboarding.CaseOpen && !s.Step.Spec.House {
		// The departure is being undone: Advance takes this work off the queue, or
		// turns it round if an earlier try may have called and its turn has come.
		return app.Result{Verdict: app.Later, Again: s.Now.Add(notNow)}, nil
	}
	info, err := k.Info(s)
	if err != nil {
		return app.Result{}, err
	}
	if !w.CallingAt.IsZero() && info.Effect == connector.Ask {
		// A call began whose answer nobody recorded, and reading cannot tell.
		return app.Result{Verdict: app.Doubtful, Code: "work.uncertain"}, nil
	}
	found, err := t.observe(ctx, k, s)
	if unknown(s, err) {
		return rehearsed(k, s, info, step.Rehearsal{Would: step.WouldNotFind, Code: fault.CodeOf(err)})
	}
	if err != nil {
		return app.Result{}, err
	}
	decide := k.Decide
	if w.Phase == offboarding.Undo {
		decide = k.Undo
	}
	d, err := decide(s, found)
	switch {
	case unknown(s, err):
		return rehearsed(k, s, info, step.Rehearsal{Would: step.WouldNotFind, Code: fault.CodeOf(err), Seen: found.Evidence})
	case err != nil:
		return app.Result{}, err
	case d.Already && s.Case.Test:
		return rehearsed(k, s, info, step.Rehearsal{Would: step.WouldNothing, Seen: found.Evidence})
	case d.Already:
		return app.Result{Verdict: app.Accomplished, Evidence: string(found.Evidence), Verify: true, Undo: info.Undo}, nil
	case !d.Act:
		return app.Result{Verdict: app.Later, Again: d.Again}, nil
	case s.Case.Test: // nothing is called for whoever was made up
		return rehearsed(k, s, info, step.Rehearsal{Would: step.WouldAct, Action: &d.Action, Seen: found.Evidence})
	case t.stop.Err() != nil:
		return app.Result{}, errStopped
	}
	hash, err := hashOf(d.Action)
	if err != nil {
		return app.Result{}, err
	}
	if mine, err := t.App.Calling(ctx, w, hash, string(found.Evidence)); err != nil {
		return app.Result{}, err
	} else if !mine {
		return app.Result{}, errLost
	}
	t.called = true
	if err := ctx.Err(); err != nil { // stopped past its lease: the call is not ours to make
		return app.Result{}, fault.New(fault.Transient, "connector.unreachable").At("engine.act", err)
	}
	out, err := k.Apply(ctx, d.Action, w.Key)
	switch fault.KindOf(err) {
	case fault.Uncertain:
		if err != nil && info.Effect == connector.Ask {
			return app.Result{Verdict: app.Doubtful, Code: fault.CodeOf(err)}, nil
		}
		return app.Result{}, err
	default:
		if err != nil {
			r := t.verdict(*w, err)
			r.Untouched = true
			return r, nil
		}
	}
	_, told := k.(step.Teller)
	r := app.Result{Verdict: app.Accomplished, Evidence: string(out.Evidence), Verify: !told, Undo: info.Undo}
	if info.Effect != connector.Ask && !told { // whose effect nobody could find out again is recorded before anything else
		r.Proof = t.atOnce(ctx, k, s)
	}
	return r, nil
}

// notNow is how long a work waits whose departure does not let it act.
const notNow = time.Minute

func (t *try) observe(ctx context.Context, k step.Effector, s step.Subject) (step.Findings, error) {
	ctx, end := t.reading(ctx)
	defer end()
	return k.Observe(ctx, s)
}

// soon is how long the result of a call waits for being read back in the same
// try. A far system that takes longer, or is not so far yet, is looked at in a
// try of its own.
const soon = 2 * time.Second

// atOnce reads back what was just done; nil if that cannot be said yet.
func (t *try) atOnce(ctx context.Context, k step.Effector, s step.Subject) *app.Proof {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	s.Work, s.Work.Tries = t.work, 0
	if s.Work.Phase = offboarding.Verify; t.work.Phase == offboarding.Undo {
		s.Work.Phase = offboarding.VerifyUndo
	}
	p, err := t.readBack(ctx, k, k, s)
	if err != nil || !p.Holds {
		return nil
	}
	return &app.Proof{Evidence: string(p.Evidence)}
}

// proof turns what was read back into a verdict. What does not hold yet is
// looked at again; after Tries looks a person is asked.
func (e *Engine) proof(w offboarding.Work, p step.Proof) app.Result {
	switch {
	case p.Holds:
		return app.Result{Verdict: app.Confirmed, Evidence: string(p.Evidence)}
	case !p.Again.IsZero():
		return app.Result{Verdict: app.Later, Again: p.Again, Evidence: string(p.Evidence), Code: p.Why}
	case p.Final, w.Tries+1 >= e.Tries:
		return app.Result{Verdict: app.Failed, Evidence: string(p.Evidence), Code: p.Why}
	default:
		return app.Result{Verdict: app.Retry, Delay: e.backoff(w.Tries), Evidence: string(p.Evidence), Code: p.Why}
	}
}

// verdict turns an error into what to do about it.
func (e *Engine) verdict(w offboarding.Work, err error) app.Result {
	r := app.Result{Verdict: app.Retry, Code: fault.CodeOf(err), Delay: e.backoff(w.Tries)}
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		r.Delay = f.RetryAfter
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Blocked, fault.Gone:
		r.Verdict = app.Failed
	case fault.Transient:
		if r.Code == app.WaitsForLog { // waits for the sequencer, which is not a failure
			r.Delay = e.LogWait
			return r
		}
		if r.Code == connector.Held || r.Code == "store.unavailable" { // its system, or our database, answers nobody: not this work's failure
			return r
		}
	}
	// Letters and matching are tried for as long as it takes; a far system's
	// step asks a person after Tries.
	if w.Step != "" && w.Tries+1 >= e.Tries {
		r.Verdict = app.Failed
	}
	return r
}

// backoff grows from half a second to five minutes, with jitter.
func (e *Engine) backoff(tries int) time.Duration {
	d := min(500*time.Millisecond<<min(tries, 10), 5*time.Minute)
	return d/2 + time.Duration(rand.Int64N(int64(d)))
}

func hashOf(a step.Action) (string, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return "", fault.Wrap("engine.hash", err)
	}
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:]), nil
}
