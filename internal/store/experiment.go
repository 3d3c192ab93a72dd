package store

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/experiment"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

const (
	experimentColumns = `id, name, state, place, source, definition, result, planned, made_at, made_by, checked_at, started_at, started_by, until_at, ended_at, ended_by, looked_at, version`
	exposureColumns   = `experiment_id, case_id, customer_id, arm, given_at, until_at, seen_at`
)

var (
	insertExperiment = query(`
		INSERT INTO experiment (` + experimentColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1)
		    ON CONFLICT (name) DO NOTHING`)
	saveExperiment = query(`
		UPDATE experiment
		   SET state = $1, place = $2, source = $3, definition = $4, result = $5, planned = $6, checked_at = $7, started_at = $8, started_by = $9,
		       until_at = $10, ended_at = $11, ended_by = $12, looked_at = $13, version = version + 1
		 WHERE id = $14 AND version = $15`)
	experimentByName   = query(`SELECT ` + experimentColumns + ` FROM experiment WHERE name = $1`)
	experimentByID     = query(`SELECT ` + experimentColumns + ` FROM experiment WHERE id = $1`)
	listExperiments    = query(`SELECT ` + experimentColumns + ` FROM experiment ORDER BY made_at DESC, id DESC LIMIT $1`)
	runningExperiments = query(`SELECT ` + experimentColumns + ` FROM experiment WHERE state = 'running' ORDER BY started_at, id`)

	insertExposure = query(`INSERT INTO exposure (` + exposureColumns + `) VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (experiment_id, case_id) DO NOTHING`)
	seeExposure    = query(`UPDATE exposure SET seen_at = $1 WHERE experiment_id = $2 AND case_id = $3 AND seen_at = 0`)
	exposuresIn    = query(`SELECT ` + exposureColumns + ` FROM exposure WHERE case_id = $1 ORDER BY given_at, experiment_id`)
	exposuresOf    = query(`SELECT ` + exposureColumns + ` FROM exposure WHERE customer_id = $1 ORDER BY given_at, experiment_id`)
	// Of each customer the first.
	firstSeen = query(`
		SELECT experiment_id, case_id, customer_id, arm, given_at, until_at, seen_at FROM (
			SELECT ` + exposureColumns + `, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY seen_at, case_id) AS nth
			  FROM exposure WHERE experiment_id = $1 AND seen_at > 0) AS each_
		 WHERE nth = 1 ORDER BY seen_at, customer_id LIMIT $2`)

	goneOf   = query(`SELECT arm, from_at, tally FROM experiment_gone WHERE experiment_id = $1 ORDER BY arm, from_at`)
	dropGone = query(`DELETE FROM experiment_gone WHERE experiment_id = $1`)
	putGone  = query(`INSERT INTO experiment_gone (experiment_id, arm, from_at, tally) VALUES ($1, $2, $3, $4)`)

	departuresOf = many(`SELECT id, customer_id, state, subscriptions, requested_at, effective_at, closed_at FROM case_ WHERE customer_id IN (`, 1, `) ORDER BY requested_at, id`)
	complainedOn = many(`SELECT customer_id, received FROM complaint WHERE customer_id IN (`, 1, `) ORDER BY received, id`)
	minutesOn    = many(`SELECT customer_id, on_day, CAST(SUM(minutes) AS BIGINT) FROM effort WHERE customer_id IN (`, 1, `) GROUP BY customer_id, on_day ORDER BY on_day`)
)

// experimentResult is what became of an experiment, as it is stored.
type experimentResult struct {
	Verdicts []experiment.Verdict `json:"verdicts,omitempty"`
	Alarms   []experiment.Guarded `json:"alarms,omitempty"`
	Why      string               `json:"why,omitempty"`
}

func (t *tx) PutExperiment(ctx context.Context, e app.Experiment) error {
	const op = "store.PutExperiment"
	definition, err := json.Marshal(e.Definition)
	if err != nil {
		return fault.Wrap(op, err)
	}
	result, err := json.Marshal(experimentResult{e.Verdicts, e.Alarms, e.Why})
	if err != nil {
		return fault.Wrap(op, err)
	}
	if e.Version > 0 {
		return t.must(ctx, op, saveExperiment, e.State, e.Place, e.Source, string(definition), string(result), e.Planned, micros(e.CheckedAt), micros(e.StartedAt), e.StartedBy,
			micros(e.Until), micros(e.EndedAt), e.EndedBy, micros(e.LookedAt), e.ID, e.Version)
	}
	n, err := t.exec(ctx, op, insertExperiment, e.ID, e.Name, e.State, e.Place, e.Source, string(definition), string(result), e.Planned, micros(e.MadeAt), e.MadeBy,
		micros(e.CheckedAt), micros(e.StartedAt), e.StartedBy, micros(e.Until), micros(e.EndedAt), e.EndedBy, micros(e.LookedAt))
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "experiment.name_taken", "name", e.Name)
	}
	return err
}

func scanExperiment(row scanner) (e app.Experiment, err error) {
	var definition, result string
	var r experimentResult
	err = row.Scan(&e.ID, &e.Name, &e.State, &e.Place, &e.Source, &definition, &result, &e.Planned, instant{&e.MadeAt}, &e.MadeBy, instant{&e.CheckedAt}, instant{&e.StartedAt},
		&e.StartedBy, instant{&e.Until}, instant{&e.EndedAt}, &e.EndedBy, instant{&e.LookedAt}, &e.Version)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(definition), &e.Definition); err != nil {
		return e, err
	}
	err = json.Unmarshal([]byte(result), &r)
	e.Verdicts, e.Alarms, e.Why = r.Verdicts, r.Alarms, r.Why
	return e, err
}

func (t *tx) FindExperiment(ctx context.Context, name string) (app.Experiment, error) {
	e, err := scanExperiment(t.row(ctx, experimentByName, name))
	return e, t.s.translate("store.FindExperiment", err)
}

func (t *tx) ExperimentByID(ctx context.Context, id experiment.ID) (app.Experiment, error) {
	e, err := scanExperiment(t.row(ctx, experimentByID, id))
	return e, t.s.translate("store.ExperimentByID", err)
}

func (t *tx) experiments(ctx context.Context, op, q string, args ...any) (list []app.Experiment, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		e, err := scanExperiment(row)
		list = append(list, e)
		return err
	})
	return list, err
}

func (t *tx) ListExperiments(ctx context.Context, limit int) ([]app.Experiment, error) {
	return t.experiments(ctx, "store.ListExperiments", listExperiments, limit)
}

func (t *tx) RunningExperiments(ctx context.Context) ([]app.Experiment, error) {
	return t.experiments(ctx, "store.RunningExperiments", runningExperiments)
}

func (t *tx) GiveArm(ctx context.Context, x app.Exposure) (bool, error) {
	n, err := t.exec(ctx, "store.GiveArm", insertExposure, x.Experiment, x.Case, x.Customer, x.Arm, micros(x.Given), micros(x.Until))
	return n == 1, err
}

func (t *tx) SeeArm(ctx context.Context, e experiment.ID, c offboarding.CaseID, at time.Time) (bool, error) {
	n, err := t.exec(ctx, "store.SeeArm", seeExposure, micros(at), e, c)
	return n == 1, err
}

func (t *tx) exposures(ctx context.Context, op, q string, args ...any) (list []app.Exposure, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		var x app.Exposure
		err := row.Scan(&x.Experiment, &x.Case, &x.Customer, &x.Arm, instant{&x.Given}, instant{&x.Until}, instant{&x.Seen})
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) ExposuresIn(ctx context.Context, c offboarding.CaseID) ([]app.Exposure, error) {
	return t.exposures(ctx, "store.ExposuresIn", exposuresIn, c)
}

func (t *tx) ExposuresOf(ctx context.Context, c customer.ID) ([]app.Exposure, error) {
	return t.exposures(ctx, "store.ExposuresOf", exposuresOf, c)
}

func (t *tx) FirstSeen(ctx context.Context, e experiment.ID, limit int) ([]app.Exposure, error) {
	return t.exposures(ctx, "store.FirstSeen", firstSeen, e, limit)
}

func (t *tx) GoneOf(ctx context.Context, e experiment.ID) (list []experiment.Gone, err error) {
	err = t.each(ctx, "store.GoneOf", goneOf, []any{e}, func(row scanner) error {
		var g experiment.Gone
		var tally string
		if err := row.Scan(&g.Arm, instant{&g.From}, &tally); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(tally), &g.Tally)
		list = append(list, g)
		return err
	})
	return list, err
}

func (t *tx) PutGone(ctx context.Context, e experiment.ID, list []experiment.Gone) error {
	const op = "store.PutGone"
	if _, err := t.exec(ctx, op, dropGone, e); err != nil {
		return err
	}
	for _, g := range list {
		tally, err := json.Marshal(g.Tally)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if _, err := t.exec(ctx, op, putGone, e, g.Arm, micros(g.From), string(tally)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) DeparturesOf(ctx context.Context, ids ...customer.ID) (list []app.LeftOnce, err error) {
	err = t.pick(ctx, "store.DeparturesOf", departuresOf, len(ids), keys(ids), func(row scanner) error {
		var d app.LeftOnce
		var ends string
		if err := row.Scan(&d.Case, &d.Customer, &d.State, &ends, instant{&d.Asked}, instant{&d.Effective}, instant{&d.Closed}); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(ends), &d.Ends)
		list = append(list, d)
		return err
	})
	return list, err
}

func (t *tx) ComplainedOn(ctx context.Context, ids ...customer.ID) (list []app.Since, err error) {
	err = t.pick(ctx, "store.ComplainedOn", complainedOn, len(ids), keys(ids), func(row scanner) error {
		var s app.Since
		err := row.Scan(&s.Customer, date{&s.Day})
		list = append(list, s)
		return err
	})
	return list, err
}

func (t *tx) MinutesOn(ctx context.Context, ids ...customer.ID) (list []app.MinutesOfDay, err error) {
	err = t.pick(ctx, "store.MinutesOn", minutesOn, len(ids), keys(ids), func(row scanner) error {
		var m app.MinutesOfDay
		err := row.Scan(&m.Customer, date{&m.Day}, &m.Minutes)
		list = append(list, m)
		return err
	})
	return list, err
}
