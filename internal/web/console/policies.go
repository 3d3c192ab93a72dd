package console

import (
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// policiesView is every policy of offers: the one that decides, those before it, and
// what is being written.
type policiesView struct {
	Lang             string
	InForce          editionRow
	Drafts, Editions []editionRow
	May              bool
	Who              string
}

// editionRow is an edition or a draft in a list.
type editionRow struct {
	ID, Name, By, Note, Waits string
	Badge                     badge
	InForce                   bool
}

func policyWord(lang, code string, args ...any) string {
	return text.Say(lang, "console.policy."+code, args...)
}

func (v policiesView) word(code string, args ...any) string { return policyWord(v.Lang, code, args...) }

func (v *visit) policies() error {
	p, err := v.App.OpenPolicies(v.r.Context(), v.actor)
	if err != nil {
		return err
	}
	pv := policiesView{Lang: v.lang, May: v.actor.May("policy"), Who: whoMay(v.lang, "policy"), InForce: v.viewEdition(p.InForce, p.InForce.ID, p.Users)}
	for _, e := range append(p.Editions, p.Started) {
		pv.Editions = append(pv.Editions, v.viewEdition(e, p.InForce.ID, p.Users))
	}
	for _, d := range p.Drafts {
		r := editionRow{ID: d.ID, Name: pv.word("draft.name", "name", d.Title), Note: d.Note, Badge: badge{"note", "", pv.word("state.open")}}
		r.By = pv.word("changed", "who", who(v.lang, d.ChangedBy, p.Users), "at", text.ShortInstant(v.lang, d.ChangedAt, v.zone()))
		if x, waits := p.Waits[d.ID]; waits {
			r.Waits = v.viewWaiting(x).Text
		}
		pv.Drafts = append(pv.Drafts, r)
	}
	v.show(http.StatusOK, "offers", pv.word("title"), "", policiesPage(pv))
	return nil
}

func (v *visit) viewEdition(e app.PolicyEdition, inForce string, users map[string]string) editionRow {
	r := editionRow{ID: e.ID, Note: e.Note, InForce: e.ID == inForce, Badge: badge{"dash", "", policyWord(v.lang, "state.retired")}}
	if r.InForce {
		r.Badge = badge{"check", "info", policyWord(v.lang, "state.in_force")}
	}
	name, _, _ := strings.Cut(e.Version, "@")
	if e.Started() {
		r.Name, r.By = policyWord(v.lang, "started.name", "name", name), policyWord(v.lang, "started.by")
		return r
	}
	r.Name = policyWord(v.lang, "edition.name", "name", name, "number", strconv.Itoa(e.Number))
	r.By = policyWord(v.lang, "published", "number", e.Number, "who", who(v.lang, e.By, users), "at", text.ShortInstant(v.lang, e.At, v.zone()))
	return r
}

// newPolicy begins a draft with an edition as it is.
func (v *visit) newPolicy() error {
	d, err := v.App.WritePolicy(v.r.Context(), v.actor, app.PolicyInput{Base: v.form.Get("base")})
	if err != nil {
		return err
	}
	v.to("/console/offers/policy/" + d.ID)
	return nil
}

// policyView is one policy: an edition, or a draft that is written on.
type policyView struct {
	Lang, ID, Title string
	By, Note        string
	Badge           badge
	Said            string
	Problems        []placedView
	Shadowed        []placedView
	Offers          offersView // for words that the page of offers has too
	Tried           *triedView
	Edit            *policyEdit // nil: nobody writes on it
	Source          string      // where nobody does
	Version         string
	Open            bool // a draft that may be published
	May, Own, InUse bool
	Alone, Old      bool // nobody else works here; it was written before that was so
	Hours           int  // that are waited then
	Who             string
	Waits           *waitingView
	Back            control // why an older one is to decide again
	Hands           string
	Edition         string // as offers say by which they were made; empty: a draft
}

// placedView is something that is wrong, and where.
type placedView struct{ At, Words string }

type policyEdit struct {
	Source, Note control
	Version      int64
}

func (v policyView) word(code string, args ...any) string { return policyWord(v.Lang, code, args...) }

func (v *visit) policy() error { return v.showPolicy(http.StatusOK, nil, nil) }

func (v *visit) showPolicy(status int, typed *string, wrong error) error {
	p, err := v.App.OpenPolicy(v.r.Context(), v.actor, v.r.PathValue("id"), typed)
	if err != nil {
		return err
	}
	pv, err := v.viewPolicy(p, wrong)
	if err != nil {
		return err
	}
	v.show(status, "offers", pv.Title, v.problem(wrong), policyPage(pv))
	return nil
}

func (v *visit) viewPolicy(p app.PolicyPage, wrong error) (policyView, error) {
	row := v.viewEdition(p.Edition, p.InForce.ID, p.Users)
	pv := policyView{
		Lang: v.lang, ID: p.Edition.ID, Title: row.Name, By: row.By, Note: row.Note, Badge: row.Badge, Source: p.Source, May: v.actor.May("policy"), Own: p.Own,
		Who: whoMay(v.lang, "policy"), Edition: p.Edition.Version, InUse: row.InForce, Offers: offersView{Lang: v.lang},
	}
	one, err := v.App.OnePerson(v.r.Context())
	if err != nil {
		return pv, err
	}
	pv.Alone, pv.Hours = one.Holds(), one.Hours
	hands := p.Edition.Hands
	if d := p.Draft; d != nil {
		hands, pv.Edition = d.Hands, ""
		pv.ID, pv.Title, pv.Note, pv.Open, pv.InUse = d.ID, pv.word("draft.name", "name", d.Title), d.Note, p.Open(), false
		pv.By = pv.word("changed", "who", who(v.lang, d.ChangedBy, p.Users), "at", text.ShortInstant(v.lang, d.ChangedAt, v.zone()))
		pv.Badge = badge{"note", "", pv.word("state." + d.State)}
		pv.Old = !d.ChangedAt.After(one.Since)
		pv.Version = strconv.FormatInt(d.Version, 10)
		if pv.Open && pv.May {
			pv.Edit = v.viewPolicyEdit(p, wrong)
		}
	}
	for i, h := range hands {
		if i > 0 {
			pv.Hands += ", "
		}
		pv.Hands += who(v.lang, h, p.Users)
	}
	if p.Waits != nil {
		pv.Waits = v.viewWaiting(*p.Waits)
	}
	for _, f := range p.Problems {
		pv.Problems = append(pv.Problems, placedView{f.Field, text.Error(v.lang, f)})
	}
	for _, f := range p.Shadowed {
		pv.Shadowed = append(pv.Shadowed, placedView{f.Field, text.Error(v.lang, f)})
	}
	q := v.r.URL.Query()
	switch {
	case q.Has("published"):
		pv.Said = pv.word("said.published")
	case q.Has("kept"):
		pv.Said = pv.word("said.kept")
	}
	pv.Back = control{ID: "policy-back", Name: "note", Label: pv.word("back.note"), Value: v.form.Get("note"), Error: text.FieldErrors(v.lang, wrong)["note"], Required: true}
	if p.Policy == nil {
		return pv, nil
	}
	pv.Tried, err = v.tryPolicy(p.Policy, everyReason)
	return pv, err
}

func (v *visit) viewPolicyEdit(p app.PolicyPage, wrong error) *policyEdit {
	errs := text.FieldErrors(v.lang, wrong)
	note := p.Draft.Note
	if v.form != nil && v.form.Has("note") {
		note = v.form.Get("note")
	}
	return &policyEdit{
		Source:  control{ID: "policy-source", Name: "source", Label: policyWord(v.lang, "edit.source"), Hint: policyWord(v.lang, "edit.source.hint"), Value: p.Source, Error: errs["source"], Required: true},
		Note:    control{ID: "policy-note", Name: "note", Label: policyWord(v.lang, "edit.note"), Hint: policyWord(v.lang, "edit.note.hint"), Value: note, Error: errs["note"]},
		Version: p.Draft.Version,
	}
}

// writePolicy keeps what was typed, right or wrong.
func (v *visit) writePolicy() error {
	id, typed := v.r.PathValue("id"), v.form.Get("source")
	version, _ := strconv.ParseInt(v.form.Get("version"), 10, 64) // without one it is whichever there is
	_, err := v.App.WritePolicy(v.r.Context(), v.actor, app.PolicyInput{ID: id, Version: version, Source: typed, Note: v.form.Get("note")})
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Blocked:
		if err != nil {
			return v.showPolicy(web.Status(err), &typed, err)
		}
	}
	if err != nil {
		return err
	}
	v.to("/console/offers/policy/" + id + "?kept=1")
	return nil
}

func (v *visit) dropPolicy() error {
	if err := v.App.DropPolicy(v.r.Context(), v.actor, v.r.PathValue("id")); err != nil {
		return err
	}
	v.to("/console/offers/policy")
	return nil
}

func (v *visit) publishPolicy() error {
	version, _ := strconv.ParseInt(v.form.Get("version"), 10, 64)
	done, err := v.App.PublishPolicy(v.r.Context(), v.actor, v.r.PathValue("id"), version)
	return v.afterPolicy(done, err)
}

func (v *visit) rollBackPolicy() error {
	done, err := v.App.RollBackPolicy(v.r.Context(), v.actor, v.r.PathValue("id"), v.form.Get("note"))
	return v.afterPolicy(done, err)
}

func (v *visit) afterPolicy(done *app.PolicyEdition, err error) error {
	switch kind := fault.KindOf(err); {
	case err != nil && (kind == fault.Forbidden || kind == fault.Blocked || kind == fault.Conflict || kind == fault.Invalid):
		if v.showPolicy(web.Status(err), nil, err) != nil {
			return err // there is no such policy
		}
		return nil
	case err != nil:
		return err
	case done == nil: // a time is waited for
		v.to("/console/offers/policy/" + v.r.PathValue("id"))
	default:
		v.to(query("/console/offers/policy/"+done.ID, "published", "1"))
	}
	return nil
}
