package portal

import (
	"net/http"
	"net/url"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/bucket"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// bucketView is the form for a store of the customer's own.
type bucketView struct {
	Open   bool // something was wrong with it
	Fields []bucketField
}

type bucketField struct {
	Name, Label, Hint, Kind, Value, Error string
	Optional                              bool
}

// bucketFields are its fields, in their order. The secret is never shown again.
var bucketFields = []struct {
	name             string
	hint, opt, quiet bool
}{{"endpoint", true, false, false}, {"region", true, false, false}, {"bucket", false, false, false}, {"folder", false, true, false}, {"key_id", true, false, false}, {"secret", true, false, true}}

// bucket fills in how far a sending is, and the form for one.
func (v *dataView) bucket(page app.DataPage, wrong error, typed url.Values, zone *time.Location) {
	if s := page.Sent; s != nil {
		at := func(t time.Time) string { return text.Instant(v.Lang, t, zone) }
		switch s.State {
		case bucket.Sending:
			v.SentNow = v.say("bucket.sending", "place", s.Place, "at", at(s.AskedAt))
		case bucket.Sent:
			v.SentNow = v.say("bucket.sent", "at", at(s.OverAt))
		case bucket.Failed:
			v.SentOff = v.say("bucket.failed", "at", at(s.OverAt), "why", text.Error(v.Lang, fault.New(fault.Invalid, s.Code)))
		}
	}
	if !page.Own || !page.Proof {
		return
	}
	errors := text.FieldErrors(v.Lang, wrong)
	v.Own = &bucketView{}
	for _, f := range bucketFields {
		x := bucketField{Name: f.name, Label: v.say("bucket." + f.name), Value: typed.Get(f.name), Error: errors[f.name], Optional: f.opt, Kind: "text"}
		if f.hint {
			x.Hint = v.say("bucket." + f.name + ".hint")
		}
		if f.quiet {
			x.Kind, x.Value = "password", ""
		}
		v.Own.Open = v.Own.Open || x.Error != ""
		v.Own.Fields = append(v.Own.Fields, x)
	}
}

// sendToBucket has the data put into a store of the customer's own.
func (p *portal) sendToBucket(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	err = p.App.SendToBucket(r.Context(), r.PathValue("token"), dataKey(r), bucket.Target{
		Endpoint: f.Get("endpoint"), Region: f.Get("region"), Bucket: f.Get("bucket"), Folder: f.Get("folder"), KeyID: f.Get("key_id"), Secret: f.Get("secret"),
	})
	switch {
	case err == nil:
		http.Redirect(w, r, dataBase(r)+"/data#own", http.StatusSeeOther)
	case fault.KindOf(err) == fault.Invalid:
		p.showData(w, r, err, f, "")
	default:
		p.failData(w, r, err)
	}
}
