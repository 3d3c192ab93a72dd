package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// hookRow is an endpoint in the list.
type hookRow struct {
	ID, URL, Events, Added, Why string
	State                       badge
}

// hooksView lists endpoints, and adds another.
type hooksView struct {
	Lang        string
	Tabs        []tab
	Rows        []hookRow
	URL, Events control
	Tests       bool
	May         bool
	Who         string
}

// hookView is one endpoint and its newest messages.
type hookView struct {
	Lang       string
	Row        hookRow
	On, May    bool
	Who        string
	Facts      []factView
	Secret     string // shown once: only sealed it is kept
	Note       string // what goes with the secret
	Deliveries []deliveryRow
	Failed     bool // some did not arrive
}

// deliveryRow is a message on its way to an endpoint.
type deliveryRow struct {
	Work, Type, ID, At, Why string
	State                   badge
	Over                    bool // it can be sent again
}

// deliveriesMost is how many messages the page of an endpoint shows.
const deliveriesMost = 50

// oldSecretDays are how long the old secret may go on, in days.
var oldSecretDays = []int{1, 7, 0}

func (v *visit) webhooks() error { return v.showHooks(http.StatusOK, app.AddWebhookInput{}, nil) }

func (v *visit) showHooks(status int, typed app.AddWebhookInput, wrong error) error {
	list, users, _, err := v.App.Webhooks(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	errs := text.FieldErrors(v.lang, wrong)
	hv := hooksView{
		Lang: v.lang, Tabs: v.settingsTabs("webhooks"), May: v.actor.May("webhook"), Who: whoMay(v.lang, "webhook"),
		URL:    control{ID: "url", Label: v.say("hooks.url"), Hint: v.say("hooks.url.hint"), Kind: "url", Value: typed.URL, Error: errs["url"], Required: true},
		Events: control{ID: "events", Label: v.say("hooks.events"), Hint: v.say("hooks.events.hint"), Value: typed.Events, Error: errs["events"], Required: true},
		Tests:  typed.Tests,
	}
	for _, w := range list {
		hv.Rows = append(hv.Rows, v.hookRow(w, users))
	}
	v.show(status, "settings", v.say("hooks.title"), v.problem(wrong), hooksPage(hv))
	return nil
}

func (v *visit) hookRow(w app.Webhook, users map[string]string) hookRow {
	row := hookRow{
		ID: w.ID, URL: w.URL, Events: strings.Join(w.Events, ", "), State: badge{"check", "", v.say("hooks.state.on")},
		Added: v.say("hooks.added", "who", who(v.lang, w.CreatedBy, users), "at", text.ShortInstant(v.lang, w.CreatedAt, v.zone())),
	}
	if w.Tests {
		row.Events += " · " + v.say("hooks.tests.too")
	}
	if !w.Active {
		row.State = badge{"pause", "warn", v.say("hooks.state.off")}
		if w.OffWhy != "webhook.off" {
			row.Why = known(v.lang, "error."+w.OffWhy, w.OffWhy)
		}
	}
	return row
}

func (v *visit) addWebhook() error {
	in := app.AddWebhookInput{URL: v.form.Get("url"), Events: v.form.Get("events"), Tests: v.form.Get("tests") != ""}
	w, secret, err := v.App.AddWebhook(v.r.Context(), v.actor, in)
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Blocked) {
		return v.showHooks(web.Status(err), in, err)
	}
	if err != nil {
		return err
	}
	return v.showHook(w.ID, secret, v.say("hooks.secret.note"))
}

func (v *visit) webhook() error { return v.showHook(v.r.PathValue("id"), "", "") }

func (v *visit) showHook(id, secret, note string) error {
	w, list, err := v.App.Deliveries(v.r.Context(), v.actor, id, deliveriesMost)
	if err != nil {
		return err
	}
	_, users, wall, err := v.App.Webhooks(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	hv := hookView{Lang: v.lang, Row: v.hookRow(w, users), On: w.Active, May: v.actor.May("webhook"), Who: whoMay(v.lang, "webhook"), Secret: secret, Note: note}
	hv.Facts = []factView{{v.say("hooks.events"), hv.Row.Events}, {v.say("hooks.made"), hv.Row.Added}}
	if len(w.OldSecret) > 0 && wall.Before(w.OldUntil) {
		hv.Facts = append(hv.Facts, factView{v.say("hooks.old"), v.say("hooks.old.until", "at", text.ShortInstant(v.lang, w.OldUntil, v.zone()))})
	}
	for _, d := range list {
		row := v.delivery(d)
		hv.Deliveries = append(hv.Deliveries, row)
		hv.Failed = hv.Failed || d.Work.State == offboarding.WorkFailed
	}
	v.show(http.StatusOK, "settings", v.say("hooks.title"), "", hookPage(hv))
	return nil
}

func (v *visit) delivery(d app.Delivery) deliveryRow {
	w := d.Work
	row := deliveryRow{Work: string(w.ID), Type: d.Event.Type, ID: d.Event.ID, At: text.ShortInstant(v.lang, d.Event.At, v.zone())}
	if w.LastError != "" {
		row.Why = known(v.lang, "error."+w.LastError, w.LastError)
	}
	if status := d.Status(); status != 0 {
		row.Why = v.say("hooks.status", "status", strconv.Itoa(status))
	}
	switch w.State {
	case offboarding.WorkDone, offboarding.WorkVerified:
		row.State, row.Over = badge{"check", "", v.say("hooks.delivery.taken")}, true
	case offboarding.WorkFailed:
		row.State, row.Over = badge{"x", "bad", v.say("hooks.delivery.failed")}, true
	default:
		row.State = badge{"clock", "info", v.say("hooks.delivery.waiting")}
		if w.Tries > 0 {
			row.State = badge{"clock", "warn", v.say("hooks.delivery.again")}
			row.Why += " " + v.say("hooks.delivery.next", "at", text.ShortInstant(v.lang, w.RetryAt, v.zone()))
		}
	}
	return row
}

func (v *visit) rotateWebhook() error {
	days, err := strconv.Atoi(v.form.Get("days"))
	if err != nil {
		days = -1
	}
	id := v.r.PathValue("id")
	secret, until, err := v.App.RotateWebhook(v.r.Context(), v.actor, id, time.Duration(days)*24*time.Hour)
	if err != nil {
		return err
	}
	return v.showHook(id, secret, v.say("hooks.rotated.note", "at", text.ShortInstant(v.lang, until, v.zone())))
}

func (v *visit) switchWebhook() error {
	return v.afterHook(v.App.SwitchWebhook(v.r.Context(), v.actor, v.r.PathValue("id"), v.form.Get("active") == "1"))
}

func (v *visit) testWebhook() error {
	return v.afterHook(v.App.TestWebhook(v.r.Context(), v.actor, v.r.PathValue("id")))
}

// redeliver sends one message again, or all that did not arrive.
func (v *visit) redeliver() error {
	_, err := v.App.Redeliver(v.r.Context(), v.actor, v.r.PathValue("id"), offboarding.WorkID(v.form.Get("work")))
	return v.afterHook(err)
}

func (v *visit) afterHook(err error) error {
	if err == nil {
		v.to("/console/webhooks/" + url.PathEscape(v.r.PathValue("id")))
	}
	return err
}
