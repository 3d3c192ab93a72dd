package console

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/segment"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// segmentsView is which customers are alike by the rules that count, and where a file is
// tried before it counts.
type segmentsView struct {
	Lang, Set string
	Rows      []segmentRow
	Counted   string // how many were asked; empty: nobody counted
	Warnings  []string
	Source    string
	Problems  []string
	Tried     *triedSegments // nil: nothing was tried
	Facts     [][2]string
}

type segmentRow struct {
	ID, Name, Purpose, Rule string
	Reports                 bool
	In, Share, Unsure       string
	Missing                 []string
	Examples                []linked
}

type linked struct{ Name, Link string }

type triedSegments struct {
	Set, Counted string
	Rows         []segmentRow
	Warnings     []string
}

func (v segmentsView) word(code string, args ...any) string {
	return say(v.Lang, "segments."+code, args...)
}

// Reports says of a rule that it asks where somebody lives.
func (v segmentsView) Reports() string { return text.Say(v.Lang, "segment.reports") }

func (v *visit) segments() error { return v.segmentsPage(http.StatusOK, "", nil, nil) }

// trySegments checks a file and counts whom it would hold; nothing is kept.
func (v *visit) trySegments() error {
	source := v.form.Get("source")
	if err := v.actor.CanRead("segment"); err != nil {
		return err
	}
	set, err := segment.Load("segments.yaml", []byte(source))
	if err != nil {
		return v.segmentsPage(web.Status(err), source, nil, err)
	}
	t, err := v.App.TrySegments(v.r.Context(), v.actor, set)
	if err != nil {
		return err
	}
	return v.segmentsPage(http.StatusOK, source, &triedSegments{
		Set: set.Version(), Counted: v.countedSegments(t), Rows: v.segmentRows(t), Warnings: v.worries(t),
	}, nil)
}

func (v *visit) segmentsPage(status int, source string, tried *triedSegments, wrong error) error {
	set, err := v.App.SegmentSet(v.actor)
	if err != nil {
		return err
	}
	sv := segmentsView{Lang: v.lang, Source: source, Problems: v.problems(wrong), Tried: tried}
	if len(set.Segments) > 0 {
		sv.Set = set.Version()
	}
	if source == "" {
		if sv.Source = string(set.Source); sv.Source == "" {
			sv.Source = string(segment.Example())
		}
	}
	if v.r.URL.Query().Get("count") != "" {
		t, err := v.App.TrySegments(v.r.Context(), v.actor, nil)
		if err != nil {
			return err
		}
		sv.Rows, sv.Counted, sv.Warnings = v.segmentRows(t), v.countedSegments(t), v.worries(t)
	} else {
		for _, s := range set.Segments {
			sv.Rows = append(sv.Rows, v.segmentRow(s))
		}
	}
	for _, f := range segment.Specs {
		sv.Facts = append(sv.Facts, [2]string{f.Name, title(v.lang, f.About, f.Name)})
	}
	v.show(status, "segments", sv.word("title"), "", segmentsPage(sv))
	return nil
}

func (v *visit) segmentRow(s *segment.Segment) segmentRow {
	return segmentRow{
		ID: s.ID, Name: title(v.lang, s.Name, s.ID), Purpose: title(v.lang, s.Purpose, ""), Rule: strings.Join(strings.Fields(s.Rule), " "), Reports: s.Reports,
	}
}

func (v *visit) countedSegments(t app.SegmentTally) string {
	said := v.say("segments.counted", "n", t.Counter.Asked)
	if t.More {
		said += " " + text.Say(v.lang, "segment.more")
	}
	return said
}

func (v *visit) worries(t app.SegmentTally) (out []string) {
	for _, w := range t.Warnings {
		out = append(out, text.Error(v.lang, w))
	}
	return out
}

func (v *visit) segmentRows(t app.SegmentTally) (out []segmentRow) {
	for _, n := range t.Counter.Counts {
		r := v.segmentRow(n.Segment)
		r.In, r.Unsure = text.Number(v.lang, int64(n.In)), text.Number(v.lang, int64(n.Unsure))
		r.Share = text.Percent(v.lang, int64(t.Counter.Share(n)))
		for _, m := range slices.Sorted(maps.Keys(n.Missing)) {
			r.Missing = append(r.Missing, text.Say(v.lang, "segment.missing", "fact", m, "n", n.Missing[m]))
		}
		for _, id := range n.Examples {
			r.Examples = append(r.Examples, linked{t.Examples[id].Name, "/console/customers/" + string(id)})
		}
		out = append(out, r)
	}
	return out
}
