package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// keyRow is an API key in the list.
type keyRow struct {
	ID, Name, Scopes, Made, Used, Expires string
	State                                 badge
	Works                                 bool
}

// keysView lists API keys, and makes another.
type keysView struct {
	Lang        string
	Tabs        []tab
	Rows        []keyRow
	Name        control
	Days        string
	Lives       []option
	Scopes      []scopeChoice
	ScopesWrong string
	May         bool
	Who         string
	Made        *madeKey
}

// scopeChoice is a scope to be given; Beyond, by others only.
type scopeChoice struct {
	Name, About  string
	Held, Beyond bool
}

// madeKey shows a token once: only its hash is kept.
type madeKey struct{ Name, Token, Example string }

// keyLives are how long a key may work, in days; 0 is without an end.
var keyLives = []int{90, 365, 30, 0}

func (v *visit) keys() error {
	return v.showKeys(http.StatusOK, app.KeyInput{Days: keyLives[0]}, nil, nil)
}

func (v *visit) showKeys(status int, typed app.KeyInput, made *madeKey, wrong error) error {
	list, users, wall, err := v.App.OpenKeys(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	kv := keysView{
		Lang: v.lang, Tabs: v.settingsTabs("keys"), May: v.actor.May("keys"), Who: whoMay(v.lang, "keys"), Made: made, ScopesWrong: errs["scopes"],
		Name: control{ID: "name", Label: v.say("keys.name"), Hint: v.say("keys.name.hint"), Value: typed.Name, Error: errs["name"], Required: true},
		Days: strconv.Itoa(typed.Days),
	}
	for _, n := range keyLives {
		kv.Lives = append(kv.Lives, option{strconv.Itoa(n), v.say("keys.life." + strconv.Itoa(n))})
	}
	chosen := app.Actor{Scopes: typed.Scopes}
	for _, s := range app.Scopes() {
		kv.Scopes = append(kv.Scopes, scopeChoice{s, text.Say(v.lang, "api.scope."+s), chosen.In(s), !v.actor.MayGive(s)})
	}
	for _, k := range list {
		row := keyRow{
			ID: k.ID, Name: k.Name, Scopes: strings.Join(k.Scopes, ", "), Works: k.Works(wall), Used: v.say("keys.never"), Expires: v.say("keys.life.0"),
			Made:  v.say("keys.made", "who", who(v.lang, k.MadeBy, users), "at", text.ShortInstant(v.lang, k.MadeAt, v.zone())),
			State: badge{"check", "", v.say("keys.state.active")},
		}
		if !k.UsedOn.IsZero() {
			row.Used = text.LongDate(v.lang, when.DateOf(k.UsedOn, time.UTC))
		}
		if !k.ExpiresAt.IsZero() {
			row.Expires = text.ShortInstant(v.lang, k.ExpiresAt, v.zone())
		}
		switch {
		case !k.RevokedAt.IsZero():
			row.State = badge{"x", "bad", v.say("keys.state.revoked")}
		case !row.Works:
			row.State = badge{"clock", "warn", v.say("keys.state.expired")}
		}
		kv.Rows = append(kv.Rows, row)
	}
	v.show(status, "settings", v.say("keys.title"), v.problem(wrong), keysPage(kv))
	return nil
}

func (v *visit) makeKey() error {
	in := app.KeyInput{Name: v.form.Get("name"), Scopes: v.form["scopes"]}
	days, err := strconv.Atoi(v.form.Get("days"))
	if in.Days = days; err != nil {
		in.Days = -1
	}
	k, token, err := v.App.MakeKey(v.r.Context(), v.actor, in)
	if fault.KindOf(err) == fault.Invalid && err != nil {
		return v.showKeys(web.Status(err), in, nil, err)
	}
	if err != nil {
		return err
	}
	example := `curl -H "Authorization: Bearer ` + token + `" ` + v.App.Company().PublicURL + "/v1/cases"
	return v.showKeys(http.StatusOK, app.KeyInput{Days: keyLives[0]}, &madeKey{k.Name, token, example}, nil)
}

func (v *visit) revokeKey() error {
	if err := v.App.RevokeKey(v.r.Context(), v.actor, v.r.PathValue("id")); err != nil {
		return err
	}
	v.to("/console/keys")
	return nil
}
