package app

import (
	"context"
	"slices"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/lane"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/segment"
)

// LaneView is a lane with who made and decided it, who is in it, and what came of it.
type LaneView struct {
	lane.Lane
	Segment        *segment.Segment // as it is now; nil: there is none any more
	Changed        bool             // it asks something else than what was agreed to
	Maker, Decider string
	Others         []string // names of those who may agree to it, while it is proposed
	Waits          *approval.Approval
	Members        []MemberView
	Outcomes       []lane.Compared
	Effort         lane.Effort
	Candidates     []customer.Customer // in the segment and in no lane, the first of them; where they were asked for
	MoreCandidates bool
}

// MemberView is a customer in a lane.
type MemberView struct {
	lane.Member
	Who            customer.Customer
	Chooser, Judge string
	Waits          *approval.Approval // the time that agreeing waits for; nil: none
}

// ListLanes are the newest lanes.
func (a *App) ListLanes(ctx context.Context, by Actor) (list []LaneView, err error) {
	if err := by.CanRead("lane"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		all, err := tx.Lanes(ctx, lanesMost)
		if err != nil {
			return err
		}
		list = nil
		for _, l := range all {
			v := LaneView{Lane: l, Segment: a.segments.Find(l.Segment)}
			members, err := tx.MembersOf(ctx, l.ID)
			if err != nil {
				return err
			}
			for _, m := range members {
				v.Members = append(v.Members, MemberView{Member: m.Member})
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// OpenLane reads a lane and what came of it; with candidates also whom a person could put
// forward.
func (a *App) OpenLane(ctx context.Context, by Actor, lid lane.ID, candidates bool) (v LaneView, err error) {
	if err := by.CanRead("lane"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		names, active, err := people(ctx, tx)
		if err != nil {
			return err
		}
		s := a.segments.Find(l.Segment)
		v = LaneView{Lane: l, Segment: s, Changed: s == nil || s.Version() != l.Rule, Maker: names[l.MadeBy], Decider: names[l.DecidedBy]}
		for _, u := range active {
			if l.State == lane.Proposed && u.ID != l.MadeBy && (Actor{ID: u.ID, Roles: u.Roles}).May("lane") {
				v.Others = append(v.Others, u.Name)
			}
		}
		if v.Waits, err = waitingOf(ctx, tx, string(lid)); err != nil {
			return err
		}
		members, err := tx.MembersOf(ctx, lid)
		if err != nil {
			return err
		}
		for _, m := range members {
			x := MemberView{Chooser: names[m.ChosenBy], Judge: names[m.DecidedBy]}
			if x.Member, err = a.member(ctx, m); err != nil {
				return err
			}
			if x.Who, err = tx.FindCustomer(ctx, m.Customer); err != nil {
				return err
			}
			if m.State == lane.Chosen {
				if x.Waits, err = waitingOf(ctx, tx, string(m.ID)); err != nil {
					return err
				}
			}
			v.Members = append(v.Members, x)
		}
		if v.Outcomes, err = a.outcomes(ctx, tx, l, members); err != nil {
			return err
		}
		v.Effort, err = a.freed(ctx, tx, members)
		return err
	})
	if err == nil && candidates && v.State == lane.Open && !v.Changed {
		v.Candidates, v.MoreCandidates, err = a.candidates(ctx, v.Lane)
	}
	return v, err
}

// waitingOf is the time that agreeing waits for; nil: none.
func waitingOf(ctx context.Context, tx Tx, subject string) (*approval.Approval, error) {
	x, asked, err := tx.AskedApproval(ctx, subject)
	if err != nil || !asked {
		return nil, err
	}
	return &x, nil
}

// candidatesMost is how many customers are shown to choose from.
const candidatesMost = 100

// candidates are customers of the segment who are in no lane, the first of them.
func (a *App) candidates(ctx context.Context, l lane.Lane) (list []customer.Customer, more bool, err error) {
	var after customer.ID
	for looked := 0; looked < segmentMost && !more; {
		var ids []customer.ID
		err := a.store.View(ctx, func(tx Tx) (err error) {
			if ids, err = tx.CustomersToValue(ctx, after, segmentPage); err != nil {
				return err
			}
			standing, err := a.standing(ctx, tx, ids...)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if in, _ := a.decisive(standing[id]); !slices.Contains(in, l.Segment) {
					continue
				}
				if a.inSegment(ctx, tx, l, []customer.ID{id}) != nil {
					continue
				}
				members, err := tx.LanesOf(ctx, id)
				if err != nil {
					return err
				}
				if slices.ContainsFunc(members, func(m SealedMember) bool { return m.Lane == l.ID }) {
					continue
				}
				if more = len(list) == candidatesMost; more {
					return nil
				}
				c, err := tx.FindCustomer(ctx, id)
				if err != nil {
					return err
				}
				list = append(list, c)
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		if looked += len(ids); len(ids) < segmentPage {
			break
		}
		after = ids[len(ids)-1]
	}
	return list, more, nil
}

// LanesOf are the lanes in which a customer is, or was.
func (a *App) LanesOf(ctx context.Context, by Actor, c customer.ID) (list []LaneView, err error) {
	if err := by.CanRead("lane"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		members, err := tx.LanesOf(ctx, c)
		if err != nil {
			return err
		}
		list = nil
		for _, m := range members {
			l, err := tx.FindLane(ctx, m.Lane)
			if err != nil {
				return err
			}
			list = append(list, LaneView{Lane: l, Segment: a.segments.Find(l.Segment), Members: []MemberView{{Member: m.Member}}})
		}
		return nil
	})
	return list, err
}

// laneFactName is the fact by which a playbook can be of a lane.
const laneFactName = "case.lane"

// lintLane compares the playbooks that departures of a lane follow with those that they
// would follow otherwise, for every kind of customer, and refuses a lane that makes
// leaving harder. It returns the versions that were compared.
func (a *App) lintLane(ctx context.Context, tx Tx, w lane.Way) (said string, err error) {
	var pairs []string
	for _, f := range laneSamples(w) {
		own, ordinary, err := a.booksOfLane(ctx, tx, f, w)
		if err != nil {
			return "", err
		}
		if wrong := playbook.Harder(own, ordinary, a.specs()); len(wrong) > 0 {
			return "", wrong
		}
		p := own.Version()
		if p != ordinary.Version() {
			p += "/" + ordinary.Version()
		}
		if !slices.Contains(pairs, p) {
			pairs = append(pairs, p)
		}
	}
	return languagesSaid(pairs), nil
}

// booksOfLane are the playbook that a departure of a lane follows, and the one that it
// would follow in none.
func (a *App) booksOfLane(ctx context.Context, tx Tx, facts map[string]any, w lane.Way) (own, ordinary *playbook.Playbook, err error) {
	facts[laneFactName] = ""
	if ordinary, err = a.choose(ctx, tx, facts); err != nil {
		return nil, nil, err
	}
	facts[laneFactName] = string(w)
	own, err = a.choose(ctx, tx, facts)
	return own, ordinary, err
}

// laneSamples are departures of every kind that conditions of playbooks can tell apart by
// who leaves and how.
func laneSamples(w lane.Way) (list []map[string]any) {
	channels := []offboarding.Channel{offboarding.Public, offboarding.Host, offboarding.Staff}
	if w == lane.Renewal {
		channels = []offboarding.Channel{offboarding.Company}
	}
	for _, kind := range []customer.Kind{customer.Person, customer.Organisation} {
		for _, consumer := range []bool{true, false} {
			for _, ch := range channels {
				for _, unsolved := range []int{0, 1} {
					list = append(list, map[string]any{
						"customer.kind": string(kind), "customer.consumer": consumer, "customer.country": "", "customer.region": "", "customer.language": "", "customer.segment": "",
						"case.act": string(offboarding.Termination), "case.channel": string(ch), "case.when": string(offboarding.PeriodEnd), "case.subscriptions": 1,
						"case.days_to_effective": 30, "case.products": "", "customer.grants": 1, "customer.assets": 0, "customer.owes": false, "customer.unsolved": unsolved,
					})
				}
			}
		}
	}
	return list
}

// bookFor is the playbook that a departure follows. One of a lane that would make leaving
// harder is not followed: then it is the one that anybody follows.
func (a *App) bookFor(ctx context.Context, tx Tx, facts map[string]any, c customer.ID) (*playbook.Playbook, error) {
	l, _, in, err := laneAhead(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if !in {
		facts[laneFactName] = ""
		return a.choose(ctx, tx, facts)
	}
	own, ordinary, err := a.booksOfLane(ctx, tx, facts, l.Way)
	if err != nil {
		return nil, err
	}
	if wrong := playbook.Harder(own, ordinary, a.specs()); len(wrong) > 0 {
		return ordinary, a.laneFact(ctx, tx, "lane.playbook_refused", "engine", l, map[string]any{"playbook": own.Version(), "instead": ordinary.Version(), "why": fault.CodeOf(wrong[0])})
	}
	return own, nil
}

// laneWayOf is the way by which a departure came, for conditions of its steps.
func (a *App) laneWayOf(ctx context.Context, tx Tx, c offboarding.CaseID) (string, error) {
	l, _, in, err := laneOf(ctx, tx, c)
	if err != nil || !in {
		return "", err
	}
	return string(l.Way), nil
}
