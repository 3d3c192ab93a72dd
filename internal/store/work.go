package store

import (
	"context"
	"time"

	"hastaluego/internal/offboarding"
)

const workColumns = `id, kind, case_id, step_id, item, system, key, phase, state, run_at, retry_at, attempt, tries, lease_until, worker,
	call_hash, calling_at, first_call, evidence, done_at, verified_at, undone_at, last_error, undo, before_call, failed_at`

var (
	insertWorks = many(`INSERT INTO work (`+workColumns+`) VALUES `, 26, ` ON CONFLICT (key) DO NOTHING`)
	workByID    = query(`SELECT ` + workColumns + ` FROM work WHERE id = $1`)
	worksOf     = query(`SELECT ` + workColumns + ` FROM work WHERE case_id = $1 AND case_id <> '' ORDER BY id`)
	worksLeft   = query(`SELECT ` + workColumns + ` FROM work WHERE case_id = $1 AND case_id <> '' AND step_id = $2 AND state <> 'verified' ORDER BY id`)
	worksAbout  = query(`
		SELECT ` + workColumns + ` FROM work
		 WHERE system = $1
		   AND case_id IN (SELECT id FROM case_ WHERE state IN ('open', 'reversing') AND customer_id IN (
		           SELECT customer_id FROM subscription WHERE reference = $2
		           UNION SELECT customer_id FROM grant_ WHERE system = $1 AND account = $2
		           UNION SELECT id FROM customer WHERE reference = $2))
		   AND item IN (
		           SELECT id FROM subscription WHERE reference = $2
		           UNION SELECT id FROM grant_ WHERE system = $1 AND account = $2
		           UNION SELECT 'case' FROM customer WHERE reference = $2)
		 ORDER BY id`)
	heartbeat = query(`UPDATE work SET lease_until = $1 WHERE id = $2 AND attempt = $3 AND state = 'running'`)
	release   = query(`UPDATE work SET state = 'ready', lease_until = 0, worker = '' WHERE id = $1 AND attempt = $2 AND state = 'running'`)
	saveWork  = query(`
		UPDATE work
		   SET key = $1, phase = $2, state = $3, run_at = $4, retry_at = $5, tries = $6, call_hash = $7, calling_at = $8, first_call = $9,
		       evidence = $10, done_at = $11, verified_at = $12, undone_at = $13, last_error = $14, undo = $15, before_call = $16,
		       failed_at = $17
		 WHERE id = $18 AND (attempt = $19 AND state = 'running' OR $20 = 0)`)
	putWork = query(`
		UPDATE work
		   SET key = $1, phase = $2, state = $3, run_at = $4, retry_at = $5, tries = $6, call_hash = $7, calling_at = $8, first_call = $9,
		       evidence = $10, done_at = $11, verified_at = $12, undone_at = $13, last_error = $14, undo = $15, before_call = $16,
		       failed_at = $17
		 WHERE id = $18 AND attempt = $19 AND state <> 'running'`)
	dropAlarms = query(`
		UPDATE work SET state = 'cancelled'
		 WHERE case_id = $1 AND kind = 'alarm' AND state = 'ready' AND ($2 = '' OR item IN ($3, $4, $5))`)
	// Nobody waits for customers to be rated, for people to be told, or for a time
	// to run out.
	nextTimer = query(`SELECT COALESCE(MIN(run_at), 0) FROM work WHERE state = 'ready' AND run_at > $1 AND kind NOT IN ('score', 'tell', 'digest', 'limit', 'sweep')`)
	busyWorks = query(`
		SELECT COUNT(*) FROM work
		 WHERE kind <> 'webhook_delivery'
		   AND (state = 'running'
		     OR state = 'ready' AND run_at <= $1 AND tries = 0 AND last_error <> 'connector.held' AND NOT ` + heldBack("work.system") + ` AND case_id NOT IN (SELECT id FROM case_ WHERE paused = 1))`)
)

func (t *tx) InsertWork(ctx context.Context, works ...offboarding.Work) error {
	_, err := t.insert(ctx, "store.InsertWork", insertWorks, len(works), func(args []any, i int) []any {
		w := works[i]
		return append(args, w.ID, w.Kind, w.Case, w.Step, w.Item, w.System, w.Key, w.Phase, w.State,
			micros(w.RunAt), micros(w.RetryAt), w.Attempt, w.Tries, micros(w.LeaseEnd), w.Worker, w.CallHash, micros(w.CallingAt),
			micros(w.FirstCall), w.Evidence, micros(w.DoneAt), micros(w.VerifiedAt), micros(w.UndoneAt), w.LastError, w.Undo, w.Before, micros(w.FailedAt))
	})
	return err
}

func scanWork(row scanner) (w offboarding.Work, err error) {
	err = row.Scan(&w.ID, &w.Kind, &w.Case, &w.Step, &w.Item, &w.System, &w.Key, &w.Phase, &w.State, instant{&w.RunAt}, instant{&w.RetryAt},
		&w.Attempt, &w.Tries, instant{&w.LeaseEnd}, &w.Worker, &w.CallHash, instant{&w.CallingAt}, instant{&w.FirstCall}, &w.Evidence,
		instant{&w.DoneAt}, instant{&w.VerifiedAt}, instant{&w.UndoneAt}, &w.LastError, &w.Undo, &w.Before, instant{&w.FailedAt})
	return w, err
}

func (t *tx) FindWork(ctx context.Context, id offboarding.WorkID) (offboarding.Work, error) {
	w, err := scanWork(t.row(ctx, workByID, id))
	return w, t.s.translate("store.FindWork", err)
}

func (t *tx) works(ctx context.Context, q string, args ...any) (list []offboarding.Work, err error) {
	err = t.each(ctx, "store.works", q, args, func(row scanner) error {
		w, err := scanWork(row)
		list = append(list, w)
		return err
	})
	return list, err
}

func (t *tx) WorksOf(ctx context.Context, id offboarding.CaseID) ([]offboarding.Work, error) {
	return t.works(ctx, worksOf, id)
}

func (t *tx) WorksLeft(ctx context.Context, id offboarding.CaseID, step offboarding.StepID) ([]offboarding.Work, error) {
	return t.works(ctx, worksLeft, id, step)
}

func (t *tx) WorksAbout(ctx context.Context, system, reference string) ([]offboarding.Work, error) {
	return t.works(ctx, worksAbout, system, reference)
}

func (t *tx) Heartbeat(ctx context.Context, id offboarding.WorkID, attempt int64, lease time.Duration) (bool, error) {
	n, err := t.exec(ctx, "store.Heartbeat", heartbeat, micros(t.wall.Add(lease)), id, attempt)
	return n == 1, err
}

func (t *tx) Release(ctx context.Context, id offboarding.WorkID, attempt int64) (bool, error) {
	n, err := t.exec(ctx, "store.Release", release, id, attempt)
	return n == 1, err
}

func workArgs(w offboarding.Work) []any {
	return []any{
		w.Key, w.Phase, w.State, micros(w.RunAt), micros(w.RetryAt), w.Tries, w.CallHash, micros(w.CallingAt),
		micros(w.FirstCall), w.Evidence, micros(w.DoneAt), micros(w.VerifiedAt), micros(w.UndoneAt), w.LastError, w.Undo, w.Before, micros(w.FailedAt),
		w.ID, w.Attempt,
	}
}

func (t *tx) SaveWork(ctx context.Context, w offboarding.Work) (bool, error) {
	n, err := t.exec(ctx, "store.SaveWork", saveWork, append(workArgs(w), fenced)...)
	return n == 1, err
}

func (t *tx) PutWork(ctx context.Context, w offboarding.Work) (bool, error) {
	n, err := t.exec(ctx, "store.PutWork", putWork, workArgs(w)...)
	return n == 1, err
}

// A work that failed at a time that has not come yet waits by another clock.
var recallWorks = query(`UPDATE work SET retry_at = $1 WHERE state = 'ready' AND retry_at > $1 AND failed_at > $1`)

func (t *tx) RecallWorks(ctx context.Context) (int, error) {
	n, err := t.exec(ctx, "store.RecallWorks", recallWorks, micros(t.wall))
	return int(n), err
}

func (t *tx) NextTimer(ctx context.Context) (next time.Time, err error) {
	err = t.one(ctx, "store.NextTimer", nextTimer, []any{micros(t.now)}, instant{&next})
	return next, err
}

func (t *tx) Busy(ctx context.Context) (n int, err error) {
	err = t.one(ctx, "store.Busy", busyWorks, []any{micros(t.now)}, &n)
	return n, err
}

var heldWorks = query(`
	SELECT COUNT(*) FROM (
	    SELECT 1 FROM work WHERE state = 'ready' AND run_at <= $1 AND ` + heldBack("work.system") + ` LIMIT $2) x`)

func (t *tx) HeldWorks(ctx context.Context, limit int) (n int, err error) {
	err = t.one(ctx, "store.HeldWorks", heldWorks, []any{micros(t.now), limit}, &n)
	return n, err
}

func (t *tx) DropAlarms(ctx context.Context, c offboarding.CaseID, step string) error {
	_, err := t.exec(ctx, "store.DropAlarms", dropAlarms, c, step, step+":alert", step+":overdue", step+":escalate")
	return err
}
