package store

import (
	"context"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
)

const (
	// waits selects the steps that wait for a person; the partial index has the
	// same condition.
	waits     = `state IN ('ready', 'undoing', 'blocked') AND (human = 1 OR state = 'blocked')`
	openCases = `state IN ('registered', 'open', 'reversing')`
	// A case that is over and still has something for a person to do is shown
	// with the open ones.
	alive = `(k.` + openCases + ` OR k.state <> 'stopped' AND k.id IN (SELECT case_id FROM step WHERE human = 1 AND state = 'ready'))`
	// theirs selects the steps of roles: $1 is |agent|admin|, $2 1 when they
	// decide about steps of the program too.
	theirs = `(role <> '' AND $1 LIKE '%|' || role || '|%' OR escalated <> '' AND $1 LIKE '%|' || escalated || '|%' OR human = 0 AND $2 = 1)`
	never  = `9000000000000000000` // later than every date
	// $3 1 to select by steps, $4 assignee or empty, $5 1 for nobody's, $6 1 for
	// blocked, $7 due before or 0, $8 state or empty, $9 1 open, $10 1 over,
	// $11 pattern of the playbook, $12 segment or empty, $13 pattern.
	caseFilter = ` FROM case_ k LEFT JOIN (
			SELECT case_id, MIN(CASE WHEN due = 0 THEN ` + never + ` ELSE due END) AS due FROM step
			 WHERE ` + waits + `
			   AND ($1 = '' OR ` + theirs + `)
			   AND ($4 = '' OR assignee = $4)
			   AND ($5 = 0 OR human = 1 AND assignee = '')
			   AND ($6 = 0 OR state = 'blocked')
			   AND (CAST($7 AS BIGINT) = 0 OR due > 0 AND due <= CAST($7 AS BIGINT))
			 GROUP BY case_id) w ON w.case_id = k.id
		 WHERE ($3 = 0 OR w.case_id IS NOT NULL)
		   AND ($8 = '' OR k.state = $8)
		   AND ($9 = 0 OR ` + alive + `)
		   AND ($10 = 0 OR NOT k.` + openCases + `)
		   AND ($11 = '%' OR k.playbook LIKE $11 ESCAPE '\')
		   AND ($12 = '' OR k.segment = $12)
		   AND k.search LIKE $13 ESCAPE '\'`
)

var (
	listCases = query(`SELECT ` + of("k", caseColumns) + caseFilter + `
		 ORDER BY CASE WHEN $10 = 1 THEN -k.closed_at ELSE COALESCE(w.due, ` + never + `) END, k.requested_at DESC, k.id
		 LIMIT $14 OFFSET $15`)
	countCases = query(`SELECT COUNT(*)` + caseFilter)
	// $3 who looks, $4 now.
	countWaiting = query(`
		SELECT COUNT(DISTINCT CASE WHEN s.assignee = $3 THEN s.case_id END),
		       COUNT(DISTINCT CASE WHEN ` + theirs + ` THEN s.case_id END),
		       COUNT(DISTINCT CASE WHEN s.due > 0 AND s.due <= CAST($4 AS BIGINT) THEN s.case_id END),
		       COUNT(DISTINCT CASE WHEN s.human = 1 AND s.assignee = '' THEN s.case_id END),
		       COUNT(DISTINCT CASE WHEN s.state = 'blocked' THEN s.case_id END)
		  FROM (SELECT case_id, assignee, role, escalated, human, due, state FROM step WHERE ` + waits + `) s
		  JOIN case_ k ON k.id = s.case_id AND ` + alive)
	countOpen      = query(`SELECT COUNT(*) FROM case_ k WHERE ` + alive)
	countUnmatched = query(`SELECT COUNT(*) FROM request WHERE state = 'received'`)
	countLacking   = query(`SELECT COUNT(*) FROM document_check WHERE ` + lacking)
	openPlaybooks  = query(`SELECT DISTINCT playbook FROM case_ WHERE ` + openCases + ` ORDER BY playbook LIMIT 500`)
	openSegments   = query(`SELECT DISTINCT segment FROM case_ WHERE segment <> '' AND ` + openCases + ` ORDER BY segment LIMIT 100`)
)

// of prefixes columns with the name of their table.
func of(table, columns string) string {
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = table + "." + strings.TrimSpace(c)
	}
	return strings.Join(list, ", ")
}

// roleList is how roles are given to theirs.
func roleList(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return "|" + strings.Join(roles, "|") + "|"
}

func (t *tx) ListCases(ctx context.Context, f app.CaseFilter) ([]offboarding.Plan, int, error) {
	book := "%"
	if f.Playbook != "" {
		book = escapeLike(f.Playbook) + "@%"
	}
	args := []any{
		roleList(f.Roles), bit(f.Decides), bit(f.BySteps()), f.Assignee, bit(f.Unassigned), bit(f.Blocked), micros(f.DueBefore),
		f.State, bit(f.OpenOnly), bit(f.OverOnly), book, f.Segment, like(f.Query),
	}
	var n int
	if err := t.one(ctx, "store.ListCases", countCases, args, &n); err != nil {
		return nil, 0, err
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	var list []offboarding.Plan
	err := t.each(ctx, "store.ListCases", listCases, append(args, f.Limit, f.Offset), func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, offboarding.Plan{Case: c})
		return err
	})
	for i := range list {
		if err == nil {
			list[i].Steps, err = t.steps(ctx, list[i].Case.ID)
		}
	}
	return list, n, err
}

func (t *tx) CountWaiting(ctx context.Context, me string, roles []string, decides bool, now time.Time) (c app.Waiting, err error) {
	if err = t.one(ctx, "store.CountWaiting", countWaiting, []any{roleList(roles), bit(decides), me, micros(now)},
		&c.Mine, &c.Team, &c.Overdue, &c.Unassigned, &c.Blocked); err != nil {
		return c, err
	}
	if err = t.one(ctx, "store.CountWaiting", countOpen, nil, &c.Open); err != nil {
		return c, err
	}
	if err = t.one(ctx, "store.CountWaiting", countUnmatched, nil, &c.Unmatched); err != nil {
		return c, err
	}
	return c, t.one(ctx, "store.CountWaiting", countLacking, nil, &c.Lacking)
}

func (t *tx) OpenCaseFacets(ctx context.Context) (playbooks, segments []string, err error) {
	if playbooks, err = t.words(ctx, openPlaybooks); err != nil {
		return nil, nil, err
	}
	segments, err = t.words(ctx, openSegments)
	return playbooks, segments, err
}

func (t *tx) words(ctx context.Context, q string, args ...any) (list []string, err error) {
	err = t.each(ctx, "store.words", q, args, func(row scanner) error {
		var s string
		err := row.Scan(&s)
		list = append(list, s)
		return err
	})
	return list, err
}
