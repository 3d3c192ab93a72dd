package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/notification"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// toldView is how the person who looks wants to be told.
type toldView struct {
	Lang                    string
	Address, Language, Zone control
	Languages, Hours        []option
	Kinds                   []kindChoice
	Hour, From, To          control
	Away, Back, Stands      control
	Others                  []option
	Fed                     bool
	Feed                    string // address of the calendar, shown once
	Channel                 string // host
	URL                     control
	Own                     bool // nobody else looks as them
}

type kindChoice struct {
	Value, Name string
	On          bool
}

// clockOf writes a minute of the day as fields of time do.
func clockOf(m notification.Minute) string { return fmt.Sprintf("%02d:%02d", int(m/60), int(m%60)) }

// minuteOf reads it; what is no time is none of the day.
func minuteOf(s string) notification.Minute {
	t, err := time.Parse("15:04", strings.TrimSpace(s))
	if err != nil {
		return -1
	}
	return notification.Minute(t.Hour()*60 + t.Minute())
}

func (v *visit) viewTold(feed string, typed *notification.Preference, wrong error) (toldView, error) {
	s, err := v.App.ToldSettings(v.r.Context(), v.actor)
	if err != nil {
		return toldView{}, err
	}
	p := s.Preference
	if typed != nil {
		p = *typed
	}
	errs := text.FieldErrors(v.lang, wrong)
	field := func(id, kind, value string) control {
		return control{ID: id, Label: v.say("told." + id), Kind: kind, Value: value, Error: errs[id]}
	}
	hinted := func(c control) control { c.Hint = v.say("told." + c.ID + ".hint"); return c }
	tv := toldView{
		Lang: v.lang, Fed: s.Fed, Feed: feed, Channel: s.Channel, Own: v.actor.RealID == "",
		Address: hinted(field("address", "email", p.Address)), Language: field("language", "", p.Language), Zone: hinted(field("zone", "", p.Zone)),
		Hour: field("hour", "", strconv.Itoa(p.Hour)), From: field("from", "time", ""), To: field("to", "time", ""),
		Away: field("away", "date", p.Away.String()), Back: hinted(field("back", "date", p.Back.String())), Stands: hinted(field("stands", "", p.Stands)),
		Others: []option{{"", v.say("told.stands.none")}},
		URL:    control{ID: "url", Label: v.say("told.channel.url"), Hint: v.say("told.channel.hint"), Kind: "url", Error: errs["url"]},
	}
	tv.From.Hint = v.say("told.quiet.hint")
	if p.From != p.To {
		tv.From.Value, tv.To.Value = clockOf(p.From), clockOf(p.To)
	}
	if typed != nil {
		tv.From.Value, tv.To.Value, tv.Away.Value, tv.Back.Value = v.form.Get("from"), v.form.Get("to"), v.form.Get("away"), v.form.Get("back")
	}
	for _, l := range text.Langs() {
		tv.Languages = append(tv.Languages, option{l, text.Say(v.lang, "lang."+l)})
	}
	for h := range 24 {
		tv.Hours = append(tv.Hours, option{strconv.Itoa(h), clockOf(notification.Minute(h * 60))})
	}
	for _, k := range notification.Kinds {
		tv.Kinds = append(tv.Kinds, kindChoice{string(k), v.say("told.kind." + string(k)), p.Wants(k)})
	}
	for _, u := range s.Others {
		tv.Others = append(tv.Others, option{u.ID, userLabel(v.lang, u)})
	}
	return tv, nil
}

// typedPreference reads the form; what cannot be read is out of bounds.
func (v *visit) typedPreference() (p notification.Preference, wrong fault.List) {
	p = notification.Preference{
		Address: v.form.Get("address"), Language: v.form.Get("language"), Zone: strings.TrimSpace(v.form.Get("zone")), Stands: v.form.Get("stands"),
	}
	var err error
	if p.Hour, err = strconv.Atoi(v.form.Get("hour")); err != nil {
		p.Hour = -1
	}
	if from, to := v.form.Get("from"), v.form.Get("to"); from != "" || to != "" {
		p.From, p.To = minuteOf(from), minuteOf(to)
	}
	for _, d := range []struct {
		field string
		into  *when.Date
	}{{"away", &p.Away}, {"back", &p.Back}} {
		typed := strings.TrimSpace(v.form.Get(d.field))
		if typed == "" {
			continue
		}
		if *d.into, err = when.ParseDate(typed); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "form.date").On(d.field))
		}
	}
	for _, k := range notification.Kinds {
		if !slices.Contains(v.form["kinds"], string(k)) {
			p.Off = append(p.Off, k)
		}
	}
	return p, wrong
}

func (v *visit) setTold() error {
	p, unread := v.typedPreference()
	var err error
	if len(unread) > 0 {
		err = unread
	} else {
		err = v.App.SetTold(v.r.Context(), v.actor, p, text.Langs())
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden:
		if err != nil {
			return v.showAccountTold(web.Status(err), "", "", &p, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/account?done=told#told")
	return nil
}

func (v *visit) setChannel() error {
	err := v.App.SetChannel(v.r.Context(), v.actor, v.actor.ID, v.form.Get("url"))
	if k := fault.KindOf(err); err != nil && (k == fault.Invalid || k == fault.Forbidden) {
		return v.showAccountTold(web.Status(err), "", "", nil, err)
	}
	if err != nil {
		return err
	}
	v.to("/console/account?done=channel#told")
	return nil
}

func (v *visit) renewFeed() error {
	token, err := v.App.RenewFeed(v.r.Context(), v.actor)
	if fault.KindOf(err) == fault.Forbidden && err != nil {
		return v.showAccountTold(web.Status(err), "", "", nil, err)
	}
	if err != nil {
		return err
	}
	return v.showAccountTold(http.StatusOK, "", v.App.Company().PublicURL+"/console/calendar/"+token+".ics", nil, nil)
}

// feed serves the calendar of whoever has its address: calendar programs sign in
// nowhere.
func (v *visit) feed() error {
	if v.o.Feed == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	f, err := v.App.OpenFeed(v.r.Context(), strings.TrimSuffix(v.r.PathValue("token"), ".ics"))
	if err != nil {
		return err
	}
	media, raw := v.o.Feed(f)
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	v.w.WriteHeader(http.StatusOK)
	if _, err := v.w.Write(raw); err != nil {
		v.Log.Warn("calendar not written to its end", "err", err)
	}
	return nil
}
