package store

import (
	"context"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

const workColumns = `id, kind, case_id, step_id, item, system, key, phase, state, run_at, retry_at, attempt, tries, lease_until, worker,
	call_hash, calling_at, first_call, evidence, done_at, verified_at, undone_at, last_error, undo`

// claimWork takes due works. $1 business now, $2 wall now, $3 business minus
// wall, $4 limit, $5 most running works of a system, $6 new lease, $7 worker.
//
// A work that is ready competes with others of its system by its due time; a
// work whose lease is over has a line of its own, so that neither a backlog
// nor a run of crashes starves the other. Systems take turns by rank, and a
// system that already has all the works it may have is left out before the
// candidates are cut to a thousand: a dead far system delays nobody else.
const claimWork = `
	UPDATE work SET state = 'running', attempt = attempt + 1, lease_until = $6, worker = $7
	 WHERE id IN (SELECT id FROM work WHERE id IN (
	     SELECT id FROM (
	         SELECT id, expired, due,
	                ROW_NUMBER() OVER (PARTITION BY system, expired ORDER BY due, id) AS turn,
	                ROW_NUMBER() OVER (PARTITION BY system ORDER BY expired DESC, due, id) + running AS nth
	           FROM (
	             SELECT c.id, c.system, c.expired, c.due,
	                    (SELECT COUNT(*) FROM work r WHERE r.system = c.system AND r.state = 'running' AND r.lease_until > $2) AS running
	               FROM (
	                 SELECT * FROM (
	                     SELECT id, system, 0 AS expired, CASE WHEN retry_at > run_at - $3 THEN retry_at ELSE run_at - $3 END AS due
	                       FROM work
	                      WHERE state = 'ready' AND run_at <= $1 AND retry_at <= $2
	                        AND system NOT IN (SELECT system FROM work WHERE state = 'running' AND lease_until > $2
	                                            GROUP BY system HAVING COUNT(*) >= $5)
	                        AND case_id NOT IN (SELECT id FROM case_ WHERE paused = 1)
	                      ORDER BY run_at, id LIMIT 1000) a
	                 UNION ALL
	                 SELECT * FROM (
	                     SELECT id, system, 1 AS expired, lease_until AS due
	                       FROM work
	                      WHERE state = 'running' AND lease_until <= $2
	                        AND system NOT IN (SELECT system FROM work WHERE state = 'running' AND lease_until > $2
	                                            GROUP BY system HAVING COUNT(*) >= $5)
	                        AND case_id NOT IN (SELECT id FROM case_ WHERE paused = 1)
	                      ORDER BY lease_until, id LIMIT 1000) b
	               ) c
	           ) d
	     ) q
	      WHERE nth <= $5
	      ORDER BY turn, expired DESC, due, id LIMIT $4)
	   AND (state = 'ready' AND run_at <= $1 AND retry_at <= $2 OR state = 'running' AND lease_until <= $2)`

const claimReturning = `)
	RETURNING ` + workColumns

var (
	claimSQLite = claimWork + claimReturning
	// Two nodes that claim at once see the same candidates; each skips what the
	// other has locked.
	claimPostgres = claimWork + ` FOR UPDATE SKIP LOCKED` + claimReturning

	insertWork = query(`
		INSERT INTO work (` + workColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
		ON CONFLICT (key) DO NOTHING`)
	workByID  = query(`SELECT ` + workColumns + ` FROM work WHERE id = $1`)
	worksOf   = query(`SELECT ` + workColumns + ` FROM work WHERE case_id = $1 AND case_id <> '' ORDER BY id`)
	heartbeat = query(`UPDATE work SET lease_until = $1 WHERE id = $2 AND attempt = $3 AND state = 'running'`)
	saveWork  = query(`
		UPDATE work
		   SET key = $1, phase = $2, state = $3, run_at = $4, retry_at = $5, tries = $6, call_hash = $7, calling_at = $8, first_call = $9,
		       evidence = $10, done_at = $11, verified_at = $12, undone_at = $13, last_error = $14, undo = $15
		 WHERE id = $16 AND (attempt = $17 AND state = 'running' OR $18 = 0)`)
	putWork = query(`
		UPDATE work
		   SET key = $1, phase = $2, state = $3, run_at = $4, retry_at = $5, tries = $6, call_hash = $7, calling_at = $8, first_call = $9,
		       evidence = $10, done_at = $11, verified_at = $12, undone_at = $13, last_error = $14, undo = $15
		 WHERE id = $16 AND attempt = $17 AND state <> 'running'`)
	dropAlarms = query(`
		UPDATE work SET state = 'cancelled'
		 WHERE case_id = $1 AND kind = 'alarm' AND state = 'ready' AND ($2 = '' OR item IN ($3, $4, $5))`)
	nextTimer = query(`SELECT COALESCE(MIN(run_at), 0) FROM work WHERE state = 'ready' AND run_at > $1`)
	busyWorks = query(`SELECT COUNT(*) FROM work WHERE state = 'running' OR state = 'ready' AND run_at <= $1 AND tries = 0`)
)

func (t *tx) InsertWork(ctx context.Context, works ...offboarding.Work) error {
	for _, w := range works {
		_, err := t.exec(ctx, "store.InsertWork", insertWork, w.ID, w.Kind, w.Case, w.Step, w.Item, w.System, w.Key, w.Phase, w.State,
			micros(w.RunAt), micros(w.RetryAt), w.Attempt, w.Tries, micros(w.LeaseEnd), w.Worker, w.CallHash, micros(w.CallingAt),
			micros(w.FirstCall), w.Evidence, micros(w.DoneAt), micros(w.VerifiedAt), micros(w.UndoneAt), w.LastError, w.Undo)
		if err != nil {
			return err
		}
	}
	return nil
}

func scanWork(row scanner) (w offboarding.Work, err error) {
	err = row.Scan(&w.ID, &w.Kind, &w.Case, &w.Step, &w.Item, &w.System, &w.Key, &w.Phase, &w.State, instant{&w.RunAt}, instant{&w.RetryAt},
		&w.Attempt, &w.Tries, instant{&w.LeaseEnd}, &w.Worker, &w.CallHash, instant{&w.CallingAt}, instant{&w.FirstCall}, &w.Evidence,
		instant{&w.DoneAt}, instant{&w.VerifiedAt}, instant{&w.UndoneAt}, &w.LastError, &w.Undo)
	return w, err
}

func (t *tx) FindWork(ctx context.Context, id offboarding.WorkID) (offboarding.Work, error) {
	w, err := scanWork(t.raw.QueryRowContext(ctx, workByID, id))
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

func (t *tx) Claim(ctx context.Context, in app.ClaimInput) ([]offboarding.Work, error) {
	if in.Limit < 1 || in.PerSystem < 1 || in.Lease <= 0 {
		return nil, fault.New(fault.Internal, "internal").At("store.Claim: limit, per system and lease must be positive", nil)
	}
	q := claimSQLite
	if t.s.dialect.skipLocked {
		q = claimPostgres
	}
	return t.works(ctx, q, micros(t.now), micros(t.wall), t.now.Sub(t.wall).Microseconds(), in.Limit, in.PerSystem,
		micros(t.wall.Add(in.Lease)), in.Worker)
}

func (t *tx) Heartbeat(ctx context.Context, id offboarding.WorkID, attempt int64, lease time.Duration) (bool, error) {
	n, err := t.exec(ctx, "store.Heartbeat", heartbeat, micros(t.wall.Add(lease)), id, attempt)
	return n == 1, err
}

func workArgs(w offboarding.Work) []any {
	return []any{
		w.Key, w.Phase, w.State, micros(w.RunAt), micros(w.RetryAt), w.Tries, w.CallHash, micros(w.CallingAt),
		micros(w.FirstCall), w.Evidence, micros(w.DoneAt), micros(w.VerifiedAt), micros(w.UndoneAt), w.LastError, w.Undo, w.ID, w.Attempt,
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

func (t *tx) NextTimer(ctx context.Context) (next time.Time, err error) {
	err = t.one(ctx, "store.NextTimer", nextTimer, []any{micros(t.now)}, instant{&next})
	return next, err
}

func (t *tx) Busy(ctx context.Context) (n int, err error) {
	err = t.one(ctx, "store.Busy", busyWorks, []any{micros(t.now)}, &n)
	return n, err
}

func (t *tx) DropAlarms(ctx context.Context, c offboarding.CaseID, step string) error {
	_, err := t.exec(ctx, "store.DropAlarms", dropAlarms, c, step, step+":alert", step+":overdue", step+":escalate")
	return err
}
