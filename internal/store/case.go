package store

import (
	"context"
	"encoding/json"
	"slices"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
)

const (
	caseColumns = `id, code, request_id, customer_id, subscriptions, state, paused, playbook, language, zone, timing, effective,
	requested_at, opened_at, effective_at, closed_at, retrieval_days, test, self_told, ends, shown, version`
	stepColumns = `id, case_id, key, seq, kind, title, role, assignee, after, params, items, verifies, human, milestone, state,
	due, ready_at, done_at, verified_at, done_by, note, blocked, spec, escalated, hands, version`
)

var (
	insertCase = query(`
		INSERT INTO case_ (` + caseColumns + `, search, segment)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1, $22, $23)`)
	// The partial unique index lets one open case have a subscription; a second
	// insert of it does nothing, and so is seen.
	claimSubscription = query(`INSERT INTO case_subscription (case_id, subscription_id, open) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING`)
	releaseClaims     = query(`UPDATE case_subscription SET open = 0 WHERE case_id = $1 AND open = 1`)
	dropClaim         = query(`DELETE FROM case_subscription WHERE case_id = $1 AND subscription_id = $2`)
	narrowCase        = query(`
		UPDATE case_ SET subscriptions = $1, effective = $2, request_id = $3, timing = $4, requested_at = $5, ends = $6, shown = '', version = version + 1
		 WHERE id = $7 AND version = $8`)
	claimsOf = query(`
		SELECT x.subscription_id, x.case_id, c.state
		  FROM case_subscription x JOIN case_ c ON c.id = x.case_id
		 WHERE c.customer_id = $1 AND x.open = 1`)
	leaving     = many(`SELECT DISTINCT customer_id FROM case_ WHERE state = 'open' AND customer_id IN (`, 1, `)`)
	insertSteps = many(`INSERT INTO step (`+stepColumns+`) VALUES `, 26, "")
	// Whoever changed a step meanwhile is seen by the rows that this leaves alone.
	saveSteps = many(`INSERT INTO step (`+stepColumns+`) VALUES `, 26, `
		ON CONFLICT (id) DO UPDATE
		   SET assignee = excluded.assignee, items = excluded.items, state = excluded.state, due = excluded.due, ready_at = excluded.ready_at,
		       done_at = excluded.done_at, verified_at = excluded.verified_at, done_by = excluded.done_by, note = excluded.note,
		       blocked = excluded.blocked, escalated = excluded.escalated, hands = excluded.hands, version = step.version + 1
		 WHERE step.version = excluded.version`)
	caseIsHeld = query(`SELECT version FROM case_ WHERE id = $1`)
	caseByID   = query(`SELECT ` + caseColumns + ` FROM case_ WHERE id = $1`)
	casesOf    = query(`SELECT ` + caseColumns + ` FROM case_ WHERE customer_id = $1 ORDER BY requested_at DESC, id LIMIT 100`)
	stepsOf    = query(`SELECT ` + stepColumns + ` FROM step WHERE case_id = $1 ORDER BY seq, id`)
	saveCase   = query(`
		UPDATE case_
		   SET state = $1, paused = $2, opened_at = $3, effective_at = $4, closed_at = $5, self_told = $6, version = version + 1
		 WHERE id = $7 AND version = $8`)
)

func (t *tx) InsertCase(ctx context.Context, c offboarding.Case, steps []offboarding.Step) error {
	cus, err := t.FindCustomer(ctx, c.Customer)
	if err != nil {
		return err
	}
	subs, err := json.Marshal(c.Subscriptions)
	if err != nil {
		return err
	}
	ends, err := endsOf(c)
	if err != nil {
		return err
	}
	shown, err := shownOf(c)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "store.InsertCase", insertCase, c.ID, c.Code, c.Request, c.Customer, string(subs), c.State, bit(c.Paused),
		c.Playbook, c.Language, c.Zone, c.When, c.Effective.String(), micros(c.RequestedAt), micros(c.OpenedAt), micros(c.EffectiveAt),
		micros(c.ClosedAt), c.Retrieval, bit(cus.Test()), micros(c.SelfTold), ends, shown, searchText(cus)+" "+customer.Fold(c.Code), cus.Segment); err != nil {
		return err
	}
	if ended(c) {
		t.touch(c.Customer)
	}
	if err := t.putSteps(ctx, "store.InsertCase", insertSteps, steps); err != nil {
		return err
	}
	for _, s := range steps {
		s.Version = 1
		t.remember(s)
	}
	c.Version = 1
	t.keepMade(c, steps)
	return nil
}

func (t *tx) ClaimSubscriptions(ctx context.Context, c offboarding.CaseID, subs ...customer.SubscriptionID) error {
	for _, sub := range subs {
		if err := t.must(ctx, "store.ClaimSubscriptions", claimSubscription, c, sub); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) NarrowCase(ctx context.Context, c offboarding.Case) error {
	subs, err := json.Marshal(c.Subscriptions)
	if err != nil {
		return err
	}
	ends, err := endsOf(c)
	if err != nil {
		return err
	}
	if err := t.must(ctx, "store.NarrowCase", narrowCase, string(subs), c.Effective.String(), c.Request, c.When, micros(c.RequestedAt), ends, c.ID, c.Version); err != nil {
		return err
	}
	t.touch(c.Customer)
	claims, err := t.ClaimsOf(ctx, c.Customer)
	for sub, x := range claims {
		if err == nil && x.Case == c.ID && !slices.Contains(c.Subscriptions, sub) {
			_, err = t.exec(ctx, "store.NarrowCase", dropClaim, c.ID, sub)
		}
	}
	return err
}

func (t *tx) ClaimsOf(ctx context.Context, cus customer.ID) (map[customer.SubscriptionID]app.Claim, error) {
	out := map[customer.SubscriptionID]app.Claim{}
	err := t.each(ctx, "store.ClaimsOf", claimsOf, []any{cus}, func(row scanner) error {
		var sub customer.SubscriptionID
		var c app.Claim
		err := row.Scan(&sub, &c.Case, &c.State)
		out[sub] = c
		return err
	})
	return out, err
}

// putSteps stores steps, each with the version that it has.
func (t *tx) putSteps(ctx context.Context, op string, m manyTexts, steps []offboarding.Step) error {
	docs := make([][]string, len(steps))
	for i, s := range steps {
		var err error
		if docs[i], err = texts(s.Title, s.After, s.Params, s.Items, s.Spec, s.Hands); err != nil {
			return err
		}
	}
	n, err := t.insert(ctx, op, m, len(steps), func(args []any, i int) []any {
		s, d := steps[i], docs[i]
		return append(args, s.ID, s.Case, s.Key, s.Seq, s.Kind, d[0], s.Role, s.Assignee, d[1], d[2], d[3], bit(s.Verifies), bit(s.Human),
			s.Milestone, s.State, micros(s.Due), micros(s.ReadyAt), micros(s.DoneAt), micros(s.VerifiedAt), s.DoneBy, s.Note, s.Blocked,
			d[4], s.Escalated, d[5], max(s.Version, 1))
	})
	if err == nil && n != len(steps) {
		return fault.New(fault.Conflict, "case.changed_meanwhile").At(op, nil)
	}
	return err
}

// texts writes values that are never queried as JSON.
func texts(values ...any) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[i] = string(raw)
	}
	return out, nil
}

// endsOf is how the own last days of contracts are stored.
func endsOf(c offboarding.Case) (string, error) {
	if len(c.Ends) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(c.Ends)
	return string(raw), err
}

// shownOf is how the sums are stored that were shown before the click.
func shownOf(c offboarding.Case) (string, error) {
	if len(c.Shown.Totals) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(c.Shown)
	return string(raw), err
}

// scanCase reads the columns of a case, and what stands behind them.
func scanCase(row scanner, behind ...any) (c offboarding.Case, err error) {
	var subs, ends, shown string
	err = row.Scan(append([]any{
		&c.ID, &c.Code, &c.Request, &c.Customer, &subs, &c.State,
		flag{&c.Paused},
		&c.Playbook, &c.Language, &c.Zone,
		&c.When,
		date{&c.Effective},
		instant{&c.RequestedAt},
		instant{&c.OpenedAt},
		instant{&c.EffectiveAt},
		instant{&c.ClosedAt},
		&c.Retrieval,
		flag{&c.Test},
		instant{&c.SelfTold},
		&ends,
		&shown,
		&c.Version,
	}, behind...)...)
	if err != nil {
		return c, err
	}
	if ends != "" {
		if err := json.Unmarshal([]byte(ends), &c.Ends); err != nil {
			return c, err
		}
	}
	if shown != "" {
		if err := json.Unmarshal([]byte(shown), &c.Shown); err != nil {
			return c, err
		}
	}
	return c, json.Unmarshal([]byte(subs), &c.Subscriptions)
}

func scanStep(row scanner) (s offboarding.Step, err error) {
	var title, after, params, items, spec, hands string
	err = row.Scan(&s.ID, &s.Case, &s.Key, &s.Seq, &s.Kind, &title, &s.Role, &s.Assignee, &after, &params, &items, flag{&s.Verifies},
		flag{&s.Human}, &s.Milestone, &s.State, instant{&s.Due}, instant{&s.ReadyAt}, instant{&s.DoneAt}, instant{&s.VerifiedAt},
		&s.DoneBy, &s.Note, &s.Blocked, &spec, &s.Escalated, &hands, &s.Version)
	for _, d := range []struct {
		text string
		into any
	}{{title, &s.Title}, {after, &s.After}, {params, &s.Params}, {items, &s.Items}, {spec, &s.Spec}, {hands, &s.Hands}} {
		if err == nil {
			err = json.Unmarshal([]byte(d.text), d.into)
		}
	}
	return s, err
}

func (t *tx) FindCase(ctx context.Context, id offboarding.CaseID) (offboarding.Case, error) {
	if m, ok := t.made[id]; ok {
		return m.plan(t).Case, nil
	}
	c, err := recall(t, "case_", id, func() (offboarding.Case, error) {
		c, err := scanCase(t.row(ctx, caseByID, id))
		if err == nil {
			t.rememberCase(c)
		}
		return c, t.s.translate("store.FindCase", err)
	})
	c.Subscriptions = slices.Clone(c.Subscriptions)
	return c, err
}

func (t *tx) Leaving(ctx context.Context, customers ...customer.ID) (list []customer.ID, err error) {
	err = t.pick(ctx, "store.Leaving", leaving, len(customers), keys(customers), func(row scanner) error {
		var id customer.ID
		err := row.Scan(&id)
		list = append(list, id)
		return t.s.translate("store.Leaving", err)
	})
	return list, err
}

func (t *tx) HoldCase(ctx context.Context, id offboarding.CaseID) error {
	if t.s.dialect.hold == "" { // one writer at a time
		return nil
	}
	var version int64
	return t.one(ctx, "store.HoldCase", caseIsHeld+t.s.dialect.hold, []any{id}, &version)
}

func (t *tx) FindPlan(ctx context.Context, id offboarding.CaseID) (p offboarding.Plan, err error) {
	if m, ok := t.made[id]; ok {
		return m.plan(t), nil
	}
	if p.Case, err = t.FindCase(ctx, id); err != nil {
		return p, err
	}
	p.Steps, err = t.steps(ctx, id)
	return p, err
}

func (t *tx) steps(ctx context.Context, id offboarding.CaseID) (list []offboarding.Step, err error) {
	err = t.each(ctx, "store.steps", stepsOf, []any{id}, func(row scanner) error {
		s, err := scanStep(row)
		list = append(list, s)
		t.remember(s)
		return err
	})
	return list, err
}

func (t *tx) SavePlan(ctx context.Context, p *offboarding.Plan) error {
	c := &p.Case
	_, ours := t.made[c.ID]
	if c.Version == 0 { // just inserted in this transaction
		c.Version = 1
	}
	if err := t.must(ctx, "store.SavePlan", saveCase, c.State, bit(c.Paused), micros(c.OpenedAt), micros(c.EffectiveAt),
		micros(c.ClosedAt), micros(c.SelfTold), c.ID, c.Version); err != nil {
		return err
	}
	t.touchSaved(*c)
	c.Version++
	t.rememberCase(*c)
	if !c.State.Open() {
		if _, err := t.exec(ctx, "store.SavePlan", releaseClaims, c.ID); err != nil {
			return err
		}
	}
	if err := t.saveChanged(ctx, p.Steps); err != nil {
		return err
	}
	if ours {
		t.keepMade(*c, p.Steps)
	}
	return nil
}

// remember keeps a step as it is stored, so that saving it again can tell
// whether it changed.
func (t *tx) remember(s offboarding.Step) {
	if t.stored == nil {
		t.stored = map[offboarding.StepID]offboarding.Step{}
	}
	s.Items, s.Hands = slices.Clone(s.Items), slices.Clone(s.Hands)
	t.stored[s.ID] = s
}

// saveChanged stores those of the steps that are new or differ from what is
// stored, in as few statements as there are texts for.
func (t *tx) saveChanged(ctx context.Context, steps []offboarding.Step) error {
	var fresh, changed []offboarding.Step
	var places []int // of those that changed
	for i := range steps {
		s := &steps[i]
		o, known := t.stored[s.ID]
		if !known { // read in another transaction, or joined since
			if _, err := t.steps(ctx, s.Case); err != nil {
				return err
			}
			o, known = t.stored[s.ID]
		}
		joined := s.Version == 0 && !known
		s.Version = max(s.Version, 1)
		switch {
		case joined:
			fresh = append(fresh, *s)
		case !known || !sameStep(o, *s):
			changed, places = append(changed, *s), append(places, i)
		}
	}
	if err := t.putSteps(ctx, "store.saveChanged", insertSteps, fresh); err != nil {
		return err
	}
	if err := t.putSteps(ctx, "store.saveChanged", saveSteps, changed); err != nil {
		return err
	}
	for _, i := range places {
		steps[i].Version++
	}
	for _, s := range steps {
		t.remember(s)
	}
	return nil
}

// sameStep reports whether nothing differs that saving a step would store.
func sameStep(a, b offboarding.Step) bool {
	return a.Assignee == b.Assignee && a.State == b.State && a.Due.Equal(b.Due) && a.ReadyAt.Equal(b.ReadyAt) &&
		a.DoneAt.Equal(b.DoneAt) && a.VerifiedAt.Equal(b.VerifiedAt) && a.DoneBy == b.DoneBy && a.Note == b.Note &&
		a.Blocked == b.Blocked && a.Escalated == b.Escalated && a.Version == b.Version && slices.Equal(a.Hands, b.Hands) &&
		slices.EqualFunc(a.Items, b.Items, func(x, y offboarding.Item) bool {
			return x.Key == y.Key && x.Ticked == y.Ticked && x.By == y.By && x.At.Equal(y.At) && x.Evidence == y.Evidence
		})
}

func (t *tx) CasesOf(ctx context.Context, id customer.ID) (list []offboarding.Case, err error) {
	err = t.each(ctx, "store.CasesOf", casesOf, []any{id}, func(row scanner) error {
		c, err := scanCase(row)
		list = append(list, c)
		return err
	})
	return list, err
}
