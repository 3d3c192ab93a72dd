package store

import (
	"context"
	"encoding/json"
	"time"

	"hastaluego/internal/app"
)

const (
	toldColumns    = `id, key, told_to, kind, case_id, step, queued_at, letter, state, why, sent_at`
	channelColumns = `owner, host, url, key_id, made_at, made_by`
	// someTask selects steps that wait for a person, due after $4 and not after $5
	// unless that is 0, each with how many there are; $1 and $2 are those of theirs.
	someTask = `
		SELECT k.id, k.code, k.customer_id, s.id, s.key, s.title, s.due, s.role, s.assignee, COUNT(*) OVER ()
		  FROM (SELECT id, case_id, key, title, due, assignee, role, escalated, human FROM step WHERE ` + waits + `) s
		  JOIN case_ k ON k.id = s.case_id AND ` + alive + `
		 WHERE (s.due > $4 AND s.due <= $5 OR $5 = 0)`
	taskOrder = ` ORDER BY CASE WHEN s.due = 0 THEN ` + never + ` ELSE s.due END, s.id LIMIT $6`
	// ofTheJobs selects the keys of the jobs of what is told.
	ofTheJobs = `SELECT 'tell:' || t.key FROM told t WHERE `
)

var (
	toldPeople    = query(`SELECT user_id, body, feed FROM told_person ORDER BY user_id`)
	putToldPerson = query(`
		INSERT INTO told_person (user_id, body, feed) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET body = excluded.body, feed = excluded.feed`)
	feedOf         = query(`SELECT user_id FROM told_person WHERE feed = $1 AND feed <> ''`)
	toldChannels   = query(`SELECT ` + channelColumns + ` FROM told_channel ORDER BY owner`)
	putToldChannel = query(`
		INSERT INTO told_channel (` + channelColumns + `) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (owner) DO UPDATE SET host = excluded.host, url = excluded.url, key_id = excluded.key_id, made_at = excluded.made_at, made_by = excluded.made_by`)
	dropToldChannel = query(`DELETE FROM told_channel WHERE owner = $1`)

	insertTold = query(`INSERT INTO told (` + toldColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (key) DO NOTHING`)
	toldByID   = query(`SELECT ` + toldColumns + ` FROM told WHERE id = $1`)
	takeTold   = query(`
		UPDATE told SET letter = $1
		 WHERE told_to = $2 AND letter = '' AND state = 'queued'
		   AND (id = $1 OR kind <> 'digest' AND $3 = 0 AND ($4 = 0 OR kind = 'escalation'))`)
	dropTellJobs = query(`
		UPDATE work SET state = 'cancelled' WHERE state = 'ready' AND key IN (` + ofTheJobs + `t.letter = $1 AND t.id <> $1)`)
	delayTold = query(`
		UPDATE work SET run_at = $1
		 WHERE state = 'ready' AND run_at < $1 AND key IN (` + ofTheJobs + `t.told_to = $2 AND t.letter = '' AND t.kind <> 'escalation')`)
	lastTold   = query(`SELECT COALESCE(MAX(sent_at), 0) FROM told WHERE told_to = $1 AND state = 'sent' AND kind <> 'digest'`)
	toldBy     = query(`SELECT ` + toldColumns + ` FROM told WHERE letter = $1 ORDER BY id`)
	endTold    = query(`UPDATE told SET state = $1, why = $2, sent_at = $3 WHERE letter = $4 AND state = 'queued'`)
	forgetTold = query(`
		DELETE FROM told WHERE id IN (SELECT id FROM told WHERE queued_at < $1 AND state <> 'queued' ORDER BY queued_at, id LIMIT $2)`)
	moveTimer = query(`UPDATE work SET run_at = $1 WHERE key = $2 AND state = 'ready'`)

	tasksOf     = query(someTask + ` AND s.human = 1 AND (s.assignee = $3 OR s.assignee = '' AND ` + theirs + `)` + taskOrder)
	tasksBeside = query(someTask + `
		   AND s.assignee <> $3 AND NOT (s.assignee = '' AND ` + theirs + `)
		   AND k.id IN (SELECT case_id FROM step WHERE assignee = $3 AND assignee <> '')` + taskOrder)
	loadOf = query(`
		SELECT assignee, COUNT(*) FROM step
		 WHERE assignee <> '' AND state IN ('ready', 'running', 'undoing', 'blocked') GROUP BY assignee ORDER BY assignee`)
)

// ToldPeople and ToldChannels are asked for with everything that happens to a
// step of a person, and so read once in a transaction.
func (t *tx) ToldPeople(ctx context.Context) (list []app.ToldPerson, err error) {
	if t.people != nil {
		return t.people, nil
	}
	list = []app.ToldPerson{}
	err = t.each(ctx, "store.ToldPeople", toldPeople, nil, func(row scanner) error {
		var p app.ToldPerson
		var body string
		if err := row.Scan(&p.User, &body, &p.Feed); err != nil {
			return err
		}
		list = append(list, p)
		return json.Unmarshal([]byte(body), &list[len(list)-1].Preference)
	})
	t.people = list
	return list, err
}

func (t *tx) PutToldPerson(ctx context.Context, p app.ToldPerson) error {
	t.people = nil
	body, err := texts(p.Preference)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "store.PutToldPerson", putToldPerson, p.User, body[0], p.Feed)
	return err
}

func (t *tx) FeedOf(ctx context.Context, hash string) (user string, err error) {
	err = t.one(ctx, "store.FeedOf", feedOf, []any{hash}, &user)
	return user, err
}

func (t *tx) ToldChannels(ctx context.Context) (list []app.ToldChannel, err error) {
	if t.channels != nil {
		return t.channels, nil
	}
	list = []app.ToldChannel{}
	err = t.each(ctx, "store.ToldChannels", toldChannels, nil, func(row scanner) error {
		var c app.ToldChannel
		err := row.Scan(&c.Owner, &c.Host, &c.URL, &c.KeyID, instant{&c.MadeAt}, &c.MadeBy)
		list = append(list, c)
		return err
	})
	t.channels = list
	return list, err
}

func (t *tx) PutToldChannel(ctx context.Context, c app.ToldChannel) error {
	t.channels = nil
	_, err := t.exec(ctx, "store.PutToldChannel", putToldChannel, c.Owner, c.Host, bytesOf(c.URL), c.KeyID, micros(c.MadeAt), c.MadeBy)
	return err
}

func (t *tx) DropToldChannel(ctx context.Context, owner string) error {
	t.channels = nil
	_, err := t.exec(ctx, "store.DropToldChannel", dropToldChannel, owner)
	return err
}

func (t *tx) InsertTold(ctx context.Context, x app.ToldItem) (bool, error) {
	n, err := t.exec(ctx, "store.InsertTold", insertTold, x.ID, x.Key, x.To, x.Kind, x.Case, x.Step, micros(x.QueuedAt), x.Letter, x.State, x.Why, micros(x.SentAt))
	return n == 1, err
}

func scanTold(row scanner) (x app.ToldItem, err error) {
	err = row.Scan(&x.ID, &x.Key, &x.To, &x.Kind, &x.Case, &x.Step, instant{&x.QueuedAt}, &x.Letter, &x.State, &x.Why, instant{&x.SentAt})
	return x, err
}

func (t *tx) FindTold(ctx context.Context, id string) (app.ToldItem, error) {
	x, err := scanTold(t.row(ctx, toldByID, id))
	return x, t.s.translate("store.FindTold", err)
}

func (t *tx) TakeTold(ctx context.Context, x app.ToldItem, urgent bool) error {
	if _, err := t.exec(ctx, "store.TakeTold", takeTold, x.ID, x.To, bit(x.Kind == "digest"), bit(urgent)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "store.TakeTold", dropTellJobs, x.ID)
	return err
}

func (t *tx) DelayTold(ctx context.Context, to string, until time.Time) error {
	_, err := t.exec(ctx, "store.DelayTold", delayTold, micros(until), to)
	return err
}

func (t *tx) LastTold(ctx context.Context, to string) (at time.Time, err error) {
	err = t.one(ctx, "store.LastTold", lastTold, []any{to}, instant{&at})
	return at, err
}

func (t *tx) ToldBy(ctx context.Context, letter string) (list []app.ToldItem, err error) {
	err = t.each(ctx, "store.ToldBy", toldBy, []any{letter}, func(row scanner) error {
		x, err := scanTold(row)
		list = append(list, x)
		return err
	})
	return list, err
}

func (t *tx) EndTold(ctx context.Context, letter, state, why string, at time.Time) error {
	_, err := t.exec(ctx, "store.EndTold", endTold, state, why, micros(at), letter)
	return err
}

func (t *tx) ForgetTold(ctx context.Context, before time.Time, most int) (int, error) {
	n, err := t.exec(ctx, "store.ForgetTold", forgetTold, micros(before), most)
	return int(n), err
}

func (t *tx) MoveTimer(ctx context.Context, key string, until time.Time) error {
	_, err := t.exec(ctx, "store.MoveTimer", moveTimer, micros(until), key)
	return err
}

func (t *tx) tasks(ctx context.Context, q, user string, roles []string, due app.DueWithin, limit int) (list []app.Task, all int, err error) {
	err = t.each(ctx, "store.tasks", q, []any{roleList(roles), int64(0), user, micros(due.After), micros(due.Until), limit}, func(row scanner) error {
		var x app.Task
		var title string
		if err := row.Scan(&x.Case, &x.Code, &x.Customer, &x.ID, &x.Key, &title, instant{&x.Due}, &x.Role, &x.Assignee, &all); err != nil {
			return err
		}
		list = append(list, x)
		return json.Unmarshal([]byte(title), &list[len(list)-1].Title)
	})
	return list, all, err
}

func (t *tx) TasksOf(ctx context.Context, user string, roles []string, due app.DueWithin, limit int) ([]app.Task, int, error) {
	return t.tasks(ctx, tasksOf, user, roles, due, limit)
}

func (t *tx) TasksBeside(ctx context.Context, user string, roles []string, limit int) ([]app.Task, int, error) {
	return t.tasks(ctx, tasksBeside, user, roles, app.DueWithin{}, limit)
}

func (t *tx) LoadOf(ctx context.Context) (map[string]int, error) {
	if t.load != nil {
		return t.load, nil
	}
	out := map[string]int{}
	err := t.each(ctx, "store.LoadOf", loadOf, nil, func(row scanner) error {
		var user string
		var n int
		err := row.Scan(&user, &n)
		out[user] = n
		return err
	})
	t.load = out
	return out, err
}
