package console

import (
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// clockView is the demo's clock: business time, and the date that it would
// move to.
type clockView struct {
	Lang, Now, Next, Back string
}

// clock returns business time and, in the demo, the panel that moves it.
func (v *visit) clock() (*clockView, time.Time, error) {
	now, _, err := v.App.Now(v.r.Context())
	if err != nil || !v.Demo {
		return nil, now, err
	}
	next, err := v.App.NextTimer(v.r.Context())
	if err != nil {
		return nil, now, err
	}
	back := "/console"
	if id := v.r.PathValue("id"); id != "" {
		back = "/console/cases/" + id
	}
	return &clockView{
		Lang: v.lang, Now: text.ShortInstant(v.lang, now, v.zone()), Next: text.ShortInstant(v.lang, next, v.zone()), Back: back,
	}, now, nil
}

// pushClock moves business time: only in the demo.
func (v *visit) pushClock() error {
	if !v.Demo {
		return fault.New(fault.NotFound, "not_found")
	}
	now, _, err := v.App.Now(v.r.Context())
	if err != nil {
		return err
	}
	to := now.AddDate(0, 0, 1)
	if v.form.Get("to") == "next" {
		if to, err = v.App.NextTimer(v.r.Context()); err != nil {
			return err
		}
	}
	if !to.IsZero() {
		if err := v.App.PushClock(v.r.Context(), v.actor.ID, to); err != nil {
			return err
		}
	}
	v.to(local(v.form.Get("back")))
	return nil
}

// moment words an instant that an entry of the log holds as text.
func (v *visit) moment(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return text.ShortInstant(v.lang, t, v.zone())
}
