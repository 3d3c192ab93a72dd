package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// pickOf picks one at random.
func pickOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// manyCases stores cases whose steps are in every state that matters.
func manyCases(b *bundle, r *rand.Rand, n int) []offboarding.Plan {
	b.t.Helper()
	ctx := b.t.Context()
	plans := make([]offboarding.Plan, n)
	b.tx(func(tx app.Tx) error {
		for i := range plans {
			c := aCustomer(fmt.Sprintf("Cliente %d", i), id.New("ref"))
			c.Segment = pickOf(r, "", "oro", "plata")
			cus := c.ID
			if _, err := tx.InsertCustomers(ctx, app.FoundCustomer{Customer: c}); err != nil {
				return err
			}
			req := aRequest()
			if _, _, err := tx.InsertRequest(ctx, req); err != nil {
				return err
			}
			p := offboarding.Plan{Case: offboarding.Case{
				ID: offboarding.CaseID(id.New("case")), Code: req.Code, Request: req.ID, Customer: cus, Zone: "UTC", Playbook: pickOf(r, "saas@1", "saas@2", "saas_b2c@1"),
				State:       pickOf(r, offboarding.CaseOpen, offboarding.CaseOpen, offboarding.CaseOpen, offboarding.CaseRegistered, offboarding.CaseClosed, offboarding.CaseStopped),
				RequestedAt: noon.Add(time.Duration(r.IntN(1000)) * time.Hour), ClosedAt: noon.Add(time.Duration(r.IntN(1000)) * time.Minute),
			}}
			for k := range r.IntN(4) {
				s := offboarding.Step{
					ID: offboarding.StepID(id.New("step")), Case: p.Case.ID, Key: fmt.Sprint("s", k), Seq: k, Human: r.IntN(4) > 0,
					State:    pickOf(r, offboarding.StepReady, offboarding.StepReady, offboarding.StepWaiting, offboarding.StepBlocked, offboarding.StepDone),
					Assignee: pickOf(r, "", "", "usr_a", "usr_b"), Escalated: pickOf(r, "", "", "", "admin"),
				}
				if s.Human {
					s.Role = pickOf(r, "agent", "finance", "privacy")
					s.Due = pickOf(r, time.Time{}, noon.Add(-time.Hour), noon, noon.Add(48*time.Hour))
				}
				p.Steps = append(p.Steps, s)
			}
			if err := tx.InsertCase(ctx, p.Case, p.Steps); err != nil {
				return err
			}
			p.Case.Code = c.Segment // kept for the model
			plans[i] = p
		}
		return nil
	})
	return plans
}

// asked is what the filter means, said again without SQL.
func asked(f app.CaseFilter, p offboarding.Plan) (yes bool, due time.Time) {
	due = time.Unix(1<<40, 0)
	for _, s := range p.Steps {
		waits := s.State == offboarding.StepBlocked || s.Human && s.State == offboarding.StepReady
		role := len(f.Roles) == 0 || slices.Contains(f.Roles, s.Role) || slices.Contains(f.Roles, s.Escalated) || f.Decides && !s.Human
		if !waits || !role || f.Assignee != "" && s.Assignee != f.Assignee || f.Unassigned && (!s.Human || s.Assignee != "") ||
			f.Blocked && s.State != offboarding.StepBlocked || !f.DueBefore.IsZero() && (s.Due.IsZero() || s.Due.After(f.DueBefore)) {
			continue
		}
		if yes = true; !s.Due.IsZero() && s.Due.Before(due) {
			due = s.Due
		}
	}
	c, book := p.Case, f.Playbook == "" || len(p.Case.Playbook) > len(f.Playbook) && p.Case.Playbook[:len(f.Playbook)+1] == f.Playbook+"@"
	alive := c.State.Open() || c.State != offboarding.CaseStopped && slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		return s.Human && s.State == offboarding.StepReady
	})
	return (yes || !f.BySteps()) && book && (f.State == "" || f.State == c.State) && (!f.OpenOnly || alive) &&
		(!f.OverOnly || !c.State.Open()) && (f.Segment == "" || f.Segment == c.Code), due
}

// The inbox is one query: whatever the filter, it selects, orders and counts
// what the words of the filter say, page by page.
func TestTheInboxSelectsWhatItsFilterSays(t *testing.T) {
	conform(t, func(b *bundle) {
		r := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // reproducible
		plans := manyCases(b, r, 60)
		for range 250 {
			f := app.CaseFilter{
				Decides: r.IntN(2) == 0, Assignee: pickOf(r, "", "", "usr_a"), Unassigned: r.IntN(4) == 0, Blocked: r.IntN(4) == 0,
				DueBefore: pickOf(r, time.Time{}, time.Time{}, noon, noon.Add(72*time.Hour)), State: pickOf(r, "", "", offboarding.CaseOpen),
				OpenOnly: r.IntN(2) == 0, Playbook: pickOf(r, "", "", "saas", "saas_b2c"), Segment: pickOf(r, "", "", "oro"), Limit: 7,
				Roles: pickOf(r, nil, nil, []string{"agent"}, []string{"finance", "admin"}),
			}
			f.OverOnly = !f.OpenOnly && r.IntN(3) == 0
			var want []offboarding.Plan
			dues := map[offboarding.CaseID]time.Time{}
			for _, p := range plans {
				if yes, due := asked(f, p); yes {
					want, dues[p.Case.ID] = append(want, p), due
				}
			}
			slices.SortFunc(want, func(x, y offboarding.Plan) int {
				first := dues[x.Case.ID].Compare(dues[y.Case.ID])
				if f.OverOnly {
					first = y.Case.ClosedAt.Compare(x.Case.ClosedAt)
				}
				return cmp.Or(first, y.Case.RequestedAt.Compare(x.Case.RequestedAt), cmp.Compare(x.Case.ID, y.Case.ID))
			})
			var got []offboarding.Plan
			for more := true; more; f.Offset += f.Limit {
				b.tx(func(tx app.Tx) error {
					list, n, err := tx.ListCases(b.t.Context(), f)
					if n != len(want) {
						b.t.Errorf("%+v counts %d, want %d", f, n, len(want))
					}
					got, more = append(got, list...), len(list) == f.Limit
					return err
				})
			}
			if !slices.EqualFunc(got, want, func(x, y offboarding.Plan) bool { return x.Case.ID == y.Case.ID && len(x.Steps) == len(y.Steps) }) {
				b.t.Fatalf("%+v:\n got %d cases in another order or of another kind than the %d wanted", f, len(got), len(want))
			}
		}
		counts(b, plans)
	})
}

// counts compares the counts of the tabs with the lists behind them.
func counts(b *bundle, plans []offboarding.Plan) {
	b.t.Helper()
	number := func(f app.CaseFilter) (n int) {
		f.OpenOnly = true
		for _, p := range plans {
			if yes, _ := asked(f, p); yes {
				n++
			}
		}
		return n
	}
	roles := []string{"finance", "admin"}
	want := app.Waiting{
		Mine: number(app.CaseFilter{Assignee: "usr_a"}), Team: number(app.CaseFilter{Roles: roles, Decides: true}),
		Overdue: number(app.CaseFilter{DueBefore: noon}), Unassigned: number(app.CaseFilter{Unassigned: true}),
		Blocked: number(app.CaseFilter{Blocked: true}), Open: number(app.CaseFilter{}), Unmatched: len(plans),
	}
	b.tx(func(tx app.Tx) error {
		got, err := tx.CountWaiting(b.t.Context(), "usr_a", roles, true, noon)
		if got != want || want.Mine == 0 || want.Team == 0 || want.Overdue == 0 || want.Blocked == 0 {
			b.t.Errorf("counts %+v, want %+v", got, want)
		}
		return err
	})
	b.tx(func(tx app.Tx) error {
		books, segments, err := tx.OpenCaseFacets(b.t.Context())
		if !slices.Equal(books, []string{"saas@1", "saas@2", "saas_b2c@1"}) || !slices.Equal(segments, []string{"oro", "plata"}) {
			b.t.Errorf("facets %v %v", books, segments)
		}
		return err
	})
}
