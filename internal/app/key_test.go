package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func TestAKeyWorksUntilItExpiresOrIsRevoked(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		o, ctx := newOffice(t, e, ""), t.Context()
		_, _, err := o.MakeKey(ctx, agent, app.KeyInput{Name: " ", Scopes: []string{"cases:fly"}, Days: -1})
		code(t, err, "field.required")
		_, _, err = o.MakeKey(ctx, app.Actor{ID: "usr_x", Roles: []string{"agent"}}, app.KeyInput{Name: "x", Scopes: []string{"cases:read"}})
		code(t, err, "forbidden.role")
		_, _, err = o.MakeKey(ctx, app.Actor{ID: o.key.ID, Scopes: app.Scopes()}, app.KeyInput{Name: "x", Scopes: []string{"cases:read"}})
		code(t, err, "forbidden.person") // no key makes keys
		for _, x := range []struct {
			role, scope string
			given       bool
		}{
			{"admin", "cases:act", false},
			{"admin", "texts:read", false},
			{"admin", "statements:act", false},
			{"admin", "privacy:act", false},
			{"admin", "complaints:write", false},
			{"admin", "success:act", false},
			{"admin", "webhooks:write", true},
			{"admin", "customers:write", true},
			{"admin agent", "cases:act", true},
			{"admin agent", "texts:read", true},
			{"admin agent", "success:act", false},
			{"admin finance", "statements:act", true},
		} {
			giver := app.Actor{ID: "usr_giver", Roles: strings.Fields(x.role)}
			_, _, err := o.MakeKey(ctx, giver, app.KeyInput{Name: "x", Scopes: []string{"cases:read", x.scope}})
			if x.given {
				must(t, err)
			} else {
				code(t, err, "key.beyond")
			}
		}
		k, token, err := o.MakeKey(ctx, agent, app.KeyInput{Name: "erp", Scopes: []string{"cases:read", "audit:read", "cases:read"}, Days: 30})
		must(t, err)
		by, err := o.KeyActor(ctx, token)
		must(t, err)
		if by.ID != k.ID || !by.IsKey() || strings.Join(by.Scopes, " ") != "audit:read cases:read" || by.Roles != nil {
			t.Errorf("the key acts as %+v", by)
		}
		for _, wrong := range []string{
			"", "hl_", "hl_" + k.ID, "hl_" + k.ID + "_", token + "0", token[:len(token)-1], strings.Replace(token, k.ID, o.key.ID, 1), token[3:],
			strings.Replace(token, k.ID, "key_00000000000000000000000000", 1), "hl_" + k.ID + "_" + k.SecretHash,
		} {
			_, err := o.KeyActor(ctx, wrong)
			code(t, err, "auth.key")
		}
		o.clock.Advance(30*24*time.Hour - time.Second)
		_, err = o.KeyActor(ctx, token)
		must(t, err)
		list, _, _, err := o.OpenKeys(ctx, agent)
		must(t, err)
		if got := list[0].UsedOn; !got.Equal(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("last used %v", got)
		}
		o.clock.Advance(time.Second)
		_, err = o.KeyActor(ctx, token)
		code(t, err, "auth.key")

		k, token, err = o.MakeKey(ctx, agent, app.KeyInput{Name: "crm", Scopes: []string{"cases:read"}})
		must(t, err)
		_, err = o.KeyActor(ctx, token)
		must(t, err)
		code(t, o.RevokeKey(ctx, app.Actor{ID: "usr_x", Roles: []string{"auditor"}}, k.ID), "forbidden.role")
		must(t, o.RevokeKey(ctx, agent, k.ID))
		must(t, o.RevokeKey(ctx, agent, k.ID))
		_, err = o.KeyActor(ctx, token)
		code(t, err, "auth.key")
		code(t, o.RevokeKey(ctx, agent, "key_none"), "not_found")
		entries, _, err := o.OpenLog(ctx, agent, 50)
		must(t, err)
		seen := map[string]int{}
		for _, x := range entries {
			seen[x.Type]++
		}
		if seen["api_key.made"] != 8 || seen["api_key.revoked"] != 1 {
			t.Errorf("the log says %v", seen)
		}
	})
}

// A key works on steps, and a person approves; neither the key nor whoever made
// it can be that second person.
func TestAKeyIsNeverTheSecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, testkit.SQLite(t), careful)
	ctx := t.Context()
	_, c, _ := w.request(t, "period_end")
	k, token, err := w.MakeKey(ctx, agent, app.KeyInput{Name: "erp", Scopes: []string{"cases:act", "playbooks:write"}})
	must(t, err)
	key, err := w.KeyActor(ctx, token)
	must(t, err)
	must(t, w.Tick(ctx, key, app.TickInput{Case: c, Step: "prepare", Item: "a", Ticked: true}))
	must(t, w.CompleteTask(ctx, key, app.CompleteInput{Case: c, Step: "prepare", Note: "Hecho"}))
	v, err := w.OpenCase(ctx, agent, c)
	must(t, err)
	if s := v.Plan.Step("prepare"); s.DoneBy != k.ID || v.Users[k.ID] != "erp" {
		t.Errorf("done by %s (%s)", s.DoneBy, v.Users[k.ID])
	}
	code(t, w.Approve(ctx, key, c, "agree", true, "Bien"), "forbidden.person")
	code(t, w.Approve(ctx, agent, c, "agree", true, "Bien"), "approval.same_person") // made the key
	must(t, w.Approve(ctx, second, c, "agree", true, "Bien"))

	id, err := w.ProposePlaybook(ctx, key, strings.Replace(careful, "playbook: careful", "playbook: other", 1))
	must(t, err)
	code(t, w.ActivatePlaybook(ctx, key, id), "forbidden.person")
	code(t, w.ActivatePlaybook(ctx, agent, id), "approval.same_person")
	must(t, w.ActivatePlaybook(ctx, second, id))
}

// A key does what whoever made it still may: a role that is taken away takes the
// scopes with it, and comes back with them; who may not sign in leaves none.
func TestAKeyReachesNoFurtherThanWhoeverMadeIt(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorld(t, e)
		ctx := t.Context()
		u, err := w.AddUser(ctx, "", app.UserInput{Login: "lia", Name: "Lía", Password: "una clave bien larga", Roles: []string{"admin", "finance"}})
		must(t, err)
		_, err = w.AddUser(ctx, "", app.UserInput{Login: "noa", Name: "Noa", Password: "otra clave bien larga", Roles: []string{"admin"}})
		must(t, err)
		maker := app.Actor{ID: u.ID, Name: u.Name, Roles: u.Roles}
		_, token, err := w.MakeKey(ctx, maker, app.KeyInput{Name: "erp", Scopes: []string{"statements:act"}})
		must(t, err)
		_, machine, err := w.MakeKey(ctx, app.Actor{}, app.KeyInput{Name: "batch", Scopes: []string{"statements:act"}})
		must(t, err)
		expect := func(when, token string, want bool) {
			t.Helper()
			key, err := w.KeyActor(ctx, token)
			must(t, err)
			if key.May("statement") != want {
				t.Errorf("%s the key may: %v", when, !want)
			}
		}
		expect("at first", token, true)
		must(t, w.SetRoles(ctx, agent, u.ID, []string{"agent"}))
		expect("without the role", token, false)
		must(t, w.SetRoles(ctx, agent, u.ID, []string{"finance"}))
		expect("with the role again", token, true)
		must(t, w.SetActive(ctx, agent, u.ID, false))
		expect("after the person left", token, false)
		expect("made on the command line", machine, true)
	})
}

func TestAScopeReachesWhatItSaysAndNothingElse(t *testing.T) {
	t.Parallel()
	step := func(role string) offboarding.Step { return offboarding.Step{Role: role} }
	for _, c := range []struct {
		scope string
		may   func(app.Actor) bool
	}{
		{"cases:act", func(a app.Actor) bool { return a.May("case") && a.May("work") && a.MayWork(step("agent")) }},
		{"cases:read", func(a app.Actor) bool { return a.MayRead("case") }},
		{"requests:write", func(a app.Actor) bool { return a.May("request") }},
		{"statements:act", func(a app.Actor) bool { return a.May("statement") && a.MayWork(step("finance")) }},
		{"privacy:act", func(a app.Actor) bool { return a.MayWork(step("privacy")) }},
		{"success:act", func(a app.Actor) bool { return a.MayWork(step("success")) }},
		{"complaints:read", func(a app.Actor) bool { return a.MayRead("complaint") }},
		{"complaints:write", func(a app.Actor) bool { return a.May("complaint") }},
		{"webhooks:read", func(a app.Actor) bool { return a.MayRead("webhook") }},
		{"webhooks:write", func(a app.Actor) bool { return a.May("webhook") }},
		{"texts:read", func(a app.Actor) bool { return a.MayRead("letter") }},
		{"audit:read", func(a app.Actor) bool { return a.MayRead("audit") }},
	} {
		for _, s := range app.Scopes() {
			a := app.Actor{ID: "key_x", Scopes: []string{s}, Roles: app.Roles} // roles do nothing for a key
			if got := c.may(a); got != (s == c.scope) {
				t.Errorf("with %s: %v for what %s allows", s, got, c.scope)
			}
		}
	}
	all := app.Actor{ID: "key_x", Scopes: app.Scopes(), Roles: app.Roles}
	for _, what := range []string{"users", "keys"} {
		if all.May(what) {
			t.Errorf("a key may act on %s", what)
		}
	}
	if all.MayRead("keys") {
		t.Error("a key sees keys")
	}
}
