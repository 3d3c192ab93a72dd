package store

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

// The lines in which works of a far system wait, each with an index of its
// own.
const (
	dueLine    = `state = 'ready' AND retry_at = 0`
	retryLine  = `state = 'ready' AND retry_at > 0`
	leasedLine = `state = 'running'`
)

// heldBack is true of a system whose works are held back; see app.Held.
func heldBack(system string) string {
	return `EXISTS (SELECT 1 FROM setting h WHERE h.key = '` + app.HoldSetting + `' AND (h.value = '` + string(app.HoldAll) + `'
	          OR h.value = '` + string(app.HoldOutside) + `' AND ` + system + ` <> 'house'))`
}

// claimWork takes due works. $1 business now, $2 wall now, $3 business minus
// wall, $4 limit, $5 most running works of a system, $6 new lease, $7 worker,
// $8 whether webhooks (1) or all others (0), $9 an end that no lease has, unless
// the clock was set back since, $10 the systems of which one work runs at a time,
// each between commas.
//
// It looks at the head of each line of each system that may have more works,
// and so costs the same whatever the backlog. Ready works of a system compete
// by their due time; expired ones have a turn of their own, so that neither a
// backlog nor a run of crashes starves the other. Systems take turns by rank: a
// dead far system delays nobody else. LIMIT $4 + 0, because SQLite plans a
// statement anew for each value of a bare LIMIT $4.
func claimWork(head func(line, due, order string) string) string {
	return `
	WITH RECURSIVE ` + systems("due_systems", dueLine) + `, ` + systems("retry_systems", retryLine) + `, ` + systems("leased_systems", leasedLine) + `,
	room(system, n) AS (
	    SELECT * FROM (
	        SELECT s.system, CASE WHEN REPLACE($10, ',' || s.system || ',', '') <> $10 THEN 1 ELSE $5 END - (SELECT COUNT(*) FROM work r WHERE r.system = s.system AND r.state = 'running' AND r.lease_until > $2 AND r.lease_until <= $9) AS n
	          FROM (SELECT system FROM due_systems UNION SELECT system FROM retry_systems UNION SELECT system FROM leased_systems) s
	         WHERE s.system IS NOT NULL AND CASE WHEN SUBSTR(s.system, 1, 8) = '` + app.WebhookSystem + `' THEN 1 ELSE 0 END = $8
	           AND NOT ` + heldBack("s.system") + `) x
	     WHERE n > 0),
	heads(id, system, expired, due, n) AS MATERIALIZED (
	    SELECT w.id, r.system, 0, w.run_at - $3, r.n
	      FROM room r CROSS JOIN ` + head(dueLine, `run_at <= $1`, `run_at`) + `
	    UNION ALL
	    SELECT w.id, r.system, 0, CASE WHEN w.retry_at > w.run_at - $3 THEN w.retry_at ELSE w.run_at - $3 END, r.n
	      FROM room r CROSS JOIN ` + head(retryLine, `retry_at <= $2 AND run_at <= $1`, `retry_at`) + `
	    UNION ALL
	    SELECT w.id, r.system, 1, w.lease_until, r.n
	      FROM room r CROSS JOIN ` + head(leasedLine, `(lease_until <= $2 OR lease_until > $9)`, `lease_until`) + `),
	ranked AS (
	    SELECT id, expired, due, n,
	           ROW_NUMBER() OVER (PARTITION BY system, expired ORDER BY due, id) AS turn,
	           ROW_NUMBER() OVER (PARTITION BY system ORDER BY expired DESC, due, id) AS nth
	      FROM heads)
	UPDATE work SET state = 'running', attempt = attempt + 1, lease_until = $6, worker = $7
	 WHERE id IN (SELECT id FROM ranked WHERE nth <= n ORDER BY turn, expired DESC, due, id LIMIT $4 + 0)
	RETURNING ` + workColumns
}

// systems walks along the index of a line from system to system instead of
// reading all of it.
func systems(name, line string) string {
	return name + `(system) AS (
	    SELECT MIN(system) FROM work WHERE ` + line + `
	    UNION ALL
	    SELECT (SELECT MIN(w.system) FROM work w WHERE w.system > s.system AND ` + line + `) FROM ` + name + ` s WHERE s.system IS NOT NULL)`
}

// headOf is the first works of a line of the system r that may be taken.
func headOf(line, due, order string) string {
	return `FROM work
	    WHERE ` + line + ` AND system = r.system AND ` + due + `
	      AND (kind IN ('` + strings.Join(app.OwnTime, "', '") + `') OR NOT EXISTS (SELECT 1 FROM case_ c WHERE c.id = work.case_id AND c.paused = 1))
	    ORDER BY ` + order + `, id LIMIT $4 + 0`
}

var (
	claimSQLite = claimWork(func(line, due, order string) string {
		return `work w WHERE w.id IN (SELECT id ` + headOf(line, due, order) + `)`
	})
	// Two nodes that claim at once look at the same lines; each skips what the
	// other has locked.
	claimPostgres = claimWork(func(line, due, order string) string {
		return `LATERAL (SELECT * ` + headOf(line, due, order) + ` FOR UPDATE SKIP LOCKED) w`
	})
)

// nextDue is when the earliest work of the two lines that wait for an instant
// becomes due, as a wait. $1 business now, $2 wall now.
var nextDue = query(`
	WITH RECURSIVE ` + systems("due_systems", dueLine) + `, ` + systems("retry_systems", retryLine) + `
	SELECT COALESCE(MIN(wait), 0) FROM (
	    SELECT (SELECT MIN(run_at) FROM work w WHERE w.system = s.system AND ` + dueLine + ` AND run_at > $1) - $1 AS wait FROM due_systems s
	    UNION ALL
	    SELECT (SELECT MIN(retry_at) FROM work w WHERE w.system = s.system AND ` + retryLine + ` AND retry_at > $2) - $2 FROM retry_systems s) x`)

func (t *tx) NextDue(ctx context.Context) (time.Duration, error) {
	var us int64
	err := t.one(ctx, "store.NextDue", nextDue, []any{micros(t.now), micros(t.wall)}, &us)
	return time.Duration(us) * time.Microsecond, err
}

// unheardOf is how many times its length a lease may end in the future. One
// that ends later was given before the clock of the machine was set back, and
// would last as long as the clock was wrong.
const unheardOf = 10

// claimLock is the lock of PostgreSQL under which works of systems are claimed of
// which one runs at a time.
const claimLock = 0x686173746101

func (t *tx) Claim(ctx context.Context, in app.ClaimInput) ([]offboarding.Work, error) {
	if in.Limit < 1 || in.PerSystem < 1 || in.Lease <= 0 {
		return nil, fault.New(fault.Internal, "internal").At("store.Claim: limit, per system and lease must be positive", nil)
	}
	q := claimSQLite
	if t.s.dialect.skipLocked {
		q = claimPostgres
	}
	if len(in.Alone) > 0 && t.s.dialect.skipLocked {
		// Two claims at once would each count the works that run before the other took one.
		if _, err := t.exec(ctx, "store.Claim", "SELECT pg_advisory_xact_lock($1)", claimLock); err != nil {
			return nil, err
		}
	}
	return t.works(ctx, q, micros(t.now), micros(t.wall), t.now.Sub(t.wall).Microseconds(), in.Limit, in.PerSystem,
		micros(t.wall.Add(in.Lease)), in.Worker, bit(in.Webhooks), micros(t.wall.Add(unheardOf*in.Lease)), ","+strings.Join(in.Alone, ",,")+",")
}
