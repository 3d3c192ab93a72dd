package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/segment"
)

// Segment is a rule by which customers are alike. Counts are there where they were asked
// for.
type Segment struct {
	ID       string            `json:"id"`
	Version  string            `json:"version"`
	Name     map[string]string `json:"name"`
	Purpose  map[string]string `json:"purpose"`
	Rule     string            `json:"rule"`
	Facts    []string          `json:"facts"`
	Reports  bool              `json:"reports_only"`
	In       *int              `json:"customers,omitempty"`
	Unsure   *int              `json:"unsure,omitempty"`
	Missing  map[string]int    `json:"missing,omitempty"`
	Examples []string          `json:"examples,omitempty"`
}

func viewSegment(s *segment.Segment) Segment {
	return Segment{ID: s.ID, Version: s.Version(), Name: s.Name, Purpose: s.Purpose, Rule: s.Rule, Facts: append([]string{}, s.Reads...), Reports: s.Reports}
}

type segmentList struct {
	Body struct {
		Set      string    `json:"set,omitempty"`
		Of       int       `json:"of,omitempty"`
		More     bool      `json:"more,omitempty"`
		Items    []Segment `json:"items"`
		Warnings []string  `json:"warnings,omitempty"`
	} `nameHint:"SegmentList"`
}

func viewSegmentTally(t app.SegmentTally) *segmentList {
	out := &segmentList{}
	out.Body.Set, out.Body.Of, out.Body.More = t.Set.Version(), t.Counter.Asked, t.More
	out.Body.Items = each(t.Counter.Counts, func(n segment.Count) Segment {
		s := viewSegment(n.Segment)
		s.In, s.Unsure, s.Missing = &n.In, &n.Unsure, n.Missing
		s.Examples = each(n.Examples, func(c customer.ID) string { return string(c) })
		return s
	})
	out.Body.Warnings = each(t.Warnings, func(e *fault.Error) string { return e.Code })
	return out
}

type listSegments struct {
	Counts bool `query:"counts"`
}

type segmentSource struct {
	Body struct {
		Source string `json:"source" minLength:"1" maxLength:"100000"`
	} `nameHint:"SegmentSource"`
}

type segmentsOf struct {
	Customer string `path:"customer"`
}

// Standing is whether a customer is in a segment; missing are the facts without which
// nobody knows.
type Standing struct {
	Segment string   `json:"segment"`
	Version string   `json:"version"`
	In      bool     `json:"in"`
	Missing []string `json:"missing,omitempty"`
}

type standingList struct {
	Body struct {
		Items []Standing `json:"items"`
	} `nameHint:"StandingList"`
}

// segments are the routes of which customers are alike.
func (a *API) segments(h huma.API) {
	read := []string{"segments:read"}
	on(h, a, route{ID: "list-segments", Method: http.MethodGet, Path: "/v1/segments", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *listSegments) (*segmentList, error) {
			if in.Counts {
				t, err := a.App.TrySegments(ctx, by, nil)
				if err != nil {
					return nil, err
				}
				return viewSegmentTally(t), nil
			}
			set, err := a.App.SegmentSet(by)
			if err != nil {
				return nil, err
			}
			out := &segmentList{}
			out.Body.Set, out.Body.Items = set.Version(), each(set.Segments, viewSegment)
			return out, nil
		})
	on(h, a, route{ID: "try-segments", Method: http.MethodPost, Path: "/v1/segments/try", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *segmentSource) (*segmentList, error) {
			set, err := segment.Load("segments.yaml", []byte(in.Body.Source))
			if err != nil {
				return nil, err
			}
			t, err := a.App.TrySegments(ctx, by, set)
			if err != nil {
				return nil, err
			}
			return viewSegmentTally(t), nil
		})
	on(h, a, route{ID: "segments-of", Method: http.MethodGet, Path: "/v1/customers/{customer}/segments", Scopes: read, Tag: "offers"},
		func(ctx context.Context, by app.Actor, in *segmentsOf) (*standingList, error) {
			if err := known("cus", in.Customer); err != nil {
				return nil, err
			}
			list, err := a.App.SegmentsOf(ctx, by, customer.ID(in.Customer))
			out := &standingList{}
			out.Body.Items = each(list, func(s segment.Standing) Standing {
				return Standing{s.Segment.ID, s.Segment.Version(), s.In, s.Missing}
			})
			return out, err
		})
}
