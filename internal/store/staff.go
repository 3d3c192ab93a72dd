package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

const userColumns = `id, login, name, password_hash, roles, active, failures, locked_until, created_at`

var (
	insertUser  = query(`INSERT INTO staff_user (` + userColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	userByID    = query(`SELECT ` + userColumns + ` FROM staff_user WHERE id = $1`)
	userByLogin = query(`SELECT ` + userColumns + ` FROM staff_user WHERE login = $1`)
	listUsers   = query(`SELECT ` + userColumns + ` FROM staff_user ORDER BY name, id`)
	saveUser    = query(`
		UPDATE staff_user
		   SET name = $1, password_hash = $2, roles = $3, active = $4, failures = $5, locked_until = $6
		 WHERE id = $7`)
	putSession = query(`
		INSERT INTO session (token_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`)
	findSession      = query(`SELECT data, expires_at FROM session WHERE token_hash = $1 AND expires_at > $2`)
	deleteSession    = query(`DELETE FROM session WHERE token_hash = $1 OR expires_at <= $2`)
	countSessions    = query(`SELECT COUNT(*) FROM session WHERE user_id = $1 AND expires_at > $2`)
	deleteSessionsOf = query(`DELETE FROM session WHERE user_id = $1 AND token_hash <> $2`)
	putStaffLink     = query(`INSERT INTO staff_link (token_hash, user_id, purpose, expires_at) VALUES ($1, $2, $3, $4)`)
	dropOldLinks     = query(`DELETE FROM staff_link WHERE expires_at <= $1`)
	findStaffLink    = query(`SELECT user_id FROM staff_link WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3`)
	useStaffLink     = query(`DELETE FROM staff_link WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3`)
	dropStaffLinksOf = query(`DELETE FROM staff_link WHERE user_id = $1`)
	readSetting      = query(`SELECT value FROM setting WHERE key = $1`)
	putSetting       = query(`INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
)

func (t *tx) InsertUser(ctx context.Context, u app.User) error {
	t.users = nil
	roles, err := texts(u.Roles)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "store.InsertUser", insertUser, u.ID, u.Login, u.Name, u.PasswordHash, roles[0], bit(u.Active), u.Failures,
		micros(u.LockedUntil), micros(u.CreatedAt))
	return err
}

func scanUser(row scanner) (u app.User, err error) {
	var roles string
	err = row.Scan(&u.ID, &u.Login, &u.Name, &u.PasswordHash, &roles, flag{&u.Active}, &u.Failures, instant{&u.LockedUntil}, instant{&u.CreatedAt})
	if err != nil {
		return u, err
	}
	return u, json.Unmarshal([]byte(roles), &u.Roles)
}

func (t *tx) user(ctx context.Context, q string, arg any) (app.User, error) {
	u, err := scanUser(t.row(ctx, q, arg))
	return u, t.s.translate("store.user", err)
}

func (t *tx) FindUser(ctx context.Context, id string) (app.User, error) {
	return t.user(ctx, userByID, id)
}

func (t *tx) FindUserByLogin(ctx context.Context, login string) (app.User, error) {
	return t.user(ctx, userByLogin, login)
}

func (t *tx) SaveUser(ctx context.Context, u app.User) error {
	t.users = nil
	roles, err := texts(u.Roles)
	if err != nil {
		return err
	}
	return t.must(ctx, "store.SaveUser", saveUser, u.Name, u.PasswordHash, roles[0], bit(u.Active), u.Failures, micros(u.LockedUntil), u.ID)
}

// ListUsers is asked for with everything that happens to a step of a person, and
// so read once in a transaction.
func (t *tx) ListUsers(ctx context.Context) (list []app.User, err error) {
	if t.users != nil {
		return slices.Clone(t.users), nil
	}
	list = []app.User{}
	err = t.each(ctx, "store.ListUsers", listUsers, nil, func(row scanner) error {
		u, err := scanUser(row)
		list = append(list, u)
		return err
	})
	t.users = slices.Clone(list)
	return list, err
}

func (t *tx) PutSession(ctx context.Context, hash, user string, data []byte, expires time.Time) error {
	_, err := t.exec(ctx, "store.PutSession", putSession, hash, user, bytesOf(data), micros(expires))
	return err
}

func (t *tx) FindSession(ctx context.Context, hash string) (data []byte, expires time.Time, found bool, err error) {
	err = t.one(ctx, "store.FindSession", findSession, []any{hash, micros(t.wall)}, &data, instant{&expires})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, expires, false, nil
	}
	return data, expires, err == nil, err
}

func (t *tx) DeleteSession(ctx context.Context, hash string) error {
	_, err := t.exec(ctx, "store.DeleteSession", deleteSession, hash, micros(t.wall))
	return err
}

func (t *tx) CountSessions(ctx context.Context, user string) (n int, err error) {
	err = t.one(ctx, "store.CountSessions", countSessions, []any{user, micros(t.wall)}, &n)
	return n, err
}

func (t *tx) DeleteSessionsOf(ctx context.Context, user, keep string) error {
	_, err := t.exec(ctx, "store.DeleteSessionsOf", deleteSessionsOf, user, keep)
	return err
}

func (t *tx) PutStaffLink(ctx context.Context, hash, user, purpose string, expires time.Time) error {
	if _, err := t.exec(ctx, "store.PutStaffLink", dropOldLinks, micros(t.wall)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "store.PutStaffLink", putStaffLink, hash, user, purpose, micros(expires))
	return err
}

func (t *tx) FindStaffLink(ctx context.Context, hash, purpose string) (user string, err error) {
	err = t.one(ctx, "store.FindStaffLink", findStaffLink, []any{hash, purpose, micros(t.wall)}, &user)
	return user, err
}

func (t *tx) UseStaffLink(ctx context.Context, hash, purpose string) (bool, error) {
	n, err := t.exec(ctx, "store.UseStaffLink", useStaffLink, hash, purpose, micros(t.wall))
	return n == 1, err
}

func (t *tx) DeleteStaffLinksOf(ctx context.Context, user string) error {
	_, err := t.exec(ctx, "store.DeleteStaffLinksOf", dropStaffLinksOf, user)
	return err
}

func (t *tx) Setting(ctx context.Context, key string) (value string, found bool, err error) {
	type setting struct {
		value string
		found bool
	}
	s, err := recall(t, "setting", key, func() (s setting, err error) {
		err = t.one(ctx, "store.Setting", readSetting, []any{key}, &s.value)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return setting{}, nil
		}
		s.found = err == nil
		return s, err
	})
	return s.value, s.found, err
}

func (t *tx) PutSetting(ctx context.Context, key, value string) error {
	_, err := t.exec(ctx, "store.PutSetting", putSetting, key, value)
	return err
}
