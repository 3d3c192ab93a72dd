package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/offboarding"
)

const (
	laneColumns   = `id, state, way, segment, rule, people, of_all, made_at, made_by, decided_at, decided_by, stopped_at, stopped_by, looked_at, body, version`
	memberColumns = `id, lane_id, customer_id, state, chosen_at, chosen_by, decided_at, decided_by, ending_id, case_id, contracts, token_hash, answered_at, over_at, over_by, key_id, body, version`
)

var (
	insertLane = query(`INSERT INTO lane (` + laneColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)`)
	saveLane   = query(`
		UPDATE lane SET state = $1, decided_at = $2, decided_by = $3, stopped_at = $4, stopped_by = $5, looked_at = $6, body = $7, version = version + 1
		 WHERE id = $8 AND version = $9`)
	laneByID  = query(`SELECT ` + laneColumns + ` FROM lane WHERE id = $1`)
	lanes     = query(`SELECT ` + laneColumns + ` FROM lane ORDER BY made_at DESC, id DESC LIMIT $1`)
	openLanes = query(`SELECT ` + laneColumns + ` FROM lane WHERE state IN ('open', 'stopped') ORDER BY made_at, id`)

	insertMember = query(`
		INSERT INTO lane_member (` + memberColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 1)
		    ON CONFLICT (lane_id, customer_id) DO NOTHING`)
	saveMember = query(`
		UPDATE lane_member
		   SET state = $1, decided_at = $2, decided_by = $3, ending_id = $4, case_id = $5, contracts = $6, token_hash = $7, answered_at = $8, over_at = $9, over_by = $10,
		       version = version + 1
		 WHERE id = $11 AND version = $12`)
	memberByID    = query(`SELECT ` + memberColumns + ` FROM lane_member WHERE id = $1`)
	memberByToken = query(`SELECT ` + memberColumns + ` FROM lane_member WHERE token_hash = $1 AND token_hash <> ''`)
	membersOf     = query(`SELECT ` + memberColumns + ` FROM lane_member WHERE lane_id = $1 ORDER BY chosen_at, id`)
	lanesOf       = query(`SELECT ` + memberColumns + ` FROM lane_member WHERE customer_id = $1 ORDER BY chosen_at, id`)
	memberOfCase  = query(`SELECT ` + memberColumns + ` FROM lane_member WHERE case_id = $1 AND case_id <> '' ORDER BY chosen_at, id`)
	// Departures of real customers that no lane led to.
	otherLeavers = query(`
		SELECT c.id, c.customer_id, c.state, c.requested_at, c.effective_at, c.closed_at, r.channel
		  FROM case_ c JOIN request r ON r.id = c.request_id
		 WHERE c.test = 0 AND c.state IN ('open', 'closed') AND c.requested_at >= $1 AND NOT EXISTS (SELECT 1 FROM lane_member m WHERE m.case_id = c.id)
		 ORDER BY c.requested_at DESC, c.id DESC LIMIT $2`)
)

// laneBody is what a lane says, and what was found, as it is stored.
type laneBody struct {
	Why       string                `json:"why"`
	Words     map[string]lane.Words `json:"words"`
	Offer     lane.Offer            `json:"offer,omitzero"`
	Playbooks string                `json:"playbooks,omitempty"`
	Note      string                `json:"note,omitempty"`
	Alarm     *lane.Alarm           `json:"alarm,omitempty"`
}

func (t *tx) PutLane(ctx context.Context, l lane.Lane) error {
	body, err := json.Marshal(laneBody{l.Why, l.Words, l.Offer, l.Playbooks, l.Note, l.Alarm})
	if err != nil {
		return fault.Wrap("store.PutLane", err)
	}
	if l.Version > 0 {
		return t.must(ctx, "store.PutLane", saveLane, l.State, micros(l.DecidedAt), l.DecidedBy, micros(l.StoppedAt), l.StoppedBy, micros(l.LookedAt), string(body), l.ID, l.Version)
	}
	return t.must(ctx, "store.PutLane", insertLane, l.ID, l.State, l.Way, l.Segment, l.Rule, l.People, l.Of, micros(l.MadeAt), l.MadeBy, micros(l.DecidedAt), l.DecidedBy,
		micros(l.StoppedAt), l.StoppedBy, micros(l.LookedAt), string(body))
}

func scanLane(row scanner) (l lane.Lane, err error) {
	var raw string
	var b laneBody
	err = row.Scan(&l.ID, &l.State, &l.Way, &l.Segment, &l.Rule, &l.People, &l.Of, instant{&l.MadeAt}, &l.MadeBy, instant{&l.DecidedAt}, &l.DecidedBy,
		instant{&l.StoppedAt}, &l.StoppedBy, instant{&l.LookedAt}, &raw, &l.Version)
	if err == nil {
		err = json.Unmarshal([]byte(raw), &b)
	}
	l.Why, l.Words, l.Offer, l.Playbooks, l.Note, l.Alarm = b.Why, b.Words, b.Offer, b.Playbooks, b.Note, b.Alarm
	return l, err
}

func (t *tx) FindLane(ctx context.Context, id lane.ID) (lane.Lane, error) {
	l, err := scanLane(t.row(ctx, laneByID, id))
	return l, t.s.translate("store.FindLane", err)
}

func (t *tx) lanes(ctx context.Context, op, q string, args ...any) (list []lane.Lane, err error) {
	err = t.each(ctx, op, q, args, func(row scanner) error {
		l, err := scanLane(row)
		list = append(list, l)
		return err
	})
	return list, err
}

func (t *tx) Lanes(ctx context.Context, limit int) ([]lane.Lane, error) {
	return t.lanes(ctx, "store.Lanes", lanes, limit)
}

func (t *tx) OpenLanes(ctx context.Context) ([]lane.Lane, error) {
	return t.lanes(ctx, "store.OpenLanes", openLanes)
}

func (t *tx) PutMember(ctx context.Context, m app.SealedMember) error {
	contracts := make([]string, len(m.Contracts))
	for i, c := range m.Contracts {
		contracts[i] = string(c)
	}
	said := strings.Join(contracts, " ")
	if m.Version > 0 {
		return t.must(ctx, "store.PutMember", saveMember, m.State, micros(m.DecidedAt), m.DecidedBy, m.Ending, m.Case, said, m.Token, micros(m.Answered), micros(m.OverAt), m.OverBy,
			m.ID, m.Version)
	}
	n, err := t.exec(ctx, "store.PutMember", insertMember, m.ID, m.Lane, m.Customer, m.State, micros(m.ChosenAt), m.ChosenBy, micros(m.DecidedAt), m.DecidedBy, m.Ending, m.Case,
		said, m.Token, micros(m.Answered), micros(m.OverAt), m.OverBy, m.KeyID, m.Body)
	if err == nil && n != 1 {
		return fault.New(fault.Conflict, "lane.member_twice")
	}
	return err
}

func scanMember(row scanner) (m app.SealedMember, err error) {
	var contracts string
	err = row.Scan(&m.ID, &m.Lane, &m.Customer, &m.State, instant{&m.ChosenAt}, &m.ChosenBy, instant{&m.DecidedAt}, &m.DecidedBy, &m.Ending, &m.Case, &contracts, &m.Token,
		instant{&m.Answered}, instant{&m.OverAt}, &m.OverBy, &m.KeyID, &m.Body, &m.Version)
	for _, c := range strings.Fields(contracts) {
		m.Contracts = append(m.Contracts, customer.SubscriptionID(c))
	}
	return m, err
}

func (t *tx) FindMember(ctx context.Context, id lane.MemberID) (app.SealedMember, error) {
	m, err := scanMember(t.row(ctx, memberByID, id))
	return m, t.s.translate("store.FindMember", err)
}

func (t *tx) MemberByToken(ctx context.Context, hash string) (app.SealedMember, error) {
	m, err := scanMember(t.row(ctx, memberByToken, hash))
	return m, t.s.translate("store.MemberByToken", err)
}

func (t *tx) members(ctx context.Context, op, q string, arg any) (list []app.SealedMember, err error) {
	err = t.each(ctx, op, q, []any{arg}, func(row scanner) error {
		m, err := scanMember(row)
		list = append(list, m)
		return err
	})
	return list, err
}

func (t *tx) MembersOf(ctx context.Context, id lane.ID) ([]app.SealedMember, error) {
	return t.members(ctx, "store.MembersOf", membersOf, id)
}

func (t *tx) LanesOf(ctx context.Context, c customer.ID) ([]app.SealedMember, error) {
	return t.members(ctx, "store.LanesOf", lanesOf, c)
}

func (t *tx) MemberOfCase(ctx context.Context, c offboarding.CaseID) ([]app.SealedMember, error) {
	return t.members(ctx, "store.MemberOfCase", memberOfCase, c)
}

func (t *tx) OtherLeavers(ctx context.Context, since time.Time, limit int) (list []app.LeftBy, err error) {
	err = t.each(ctx, "store.OtherLeavers", otherLeavers, []any{micros(since), limit}, func(row scanner) error {
		var x app.LeftBy
		err := row.Scan(&x.Case, &x.Customer, &x.State, instant{&x.Asked}, instant{&x.Effective}, instant{&x.Closed}, &x.Channel)
		list = append(list, x)
		return err
	})
	return list, err
}
