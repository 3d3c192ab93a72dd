package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/lane"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// LaneKind is the kind of the job of the house that looks every day at how the leavers of
// lanes fare, and at whose day has come.
const LaneKind = "lanes"

var lookingAtLanes = daily{"work_daily_lanes", LaneKind, 6 * time.Hour}

const (
	// othersMonths is over how many months before a lane was agreed to others are compared
	// with, and othersMost how many of them at most.
	othersMonths = 12
	othersMost   = 500
	// freedMonths is over how many months on each side freed effort is counted at most.
	freedMonths = 6
)

// RunLanes looks at every lane; as long as one is open or stopped it comes again tomorrow.
func (a *App) RunLanes(ctx context.Context) (Result, error) {
	var lanes []lane.Lane
	var again time.Time
	if err := a.store.View(ctx, func(tx Tx) (err error) {
		again = a.next(lookingAtLanes, tx.Now())
		lanes, err = tx.OpenLanes(ctx)
		return err
	}); err != nil {
		return Result{}, err
	}
	for _, l := range lanes {
		if err := a.lookAtLane(ctx, l.ID); err != nil {
			return Result{}, err
		}
	}
	if len(lanes) == 0 {
		return Result{Verdict: Accomplished}, nil
	}
	return Result{Verdict: Later, Again: again}, nil
}

// lookAtLane stops a lane whose leavers fare worse than others, and ends the waiting for
// those who said nothing about new terms until their day: nothing changes for them.
func (a *App) lookAtLane(ctx context.Context, lid lane.ID) error {
	var outcomes []lane.Compared
	var seen int64
	if err := a.store.View(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		seen = l.Version
		members, err := tx.MembersOf(ctx, lid)
		if err != nil {
			return err
		}
		outcomes, err = a.outcomes(ctx, tx, l, members)
		return err
	}); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := tx.FindLane(ctx, lid)
		if err != nil {
			return err
		}
		if err := a.pastTheDay(ctx, tx, l); err != nil {
			return err
		}
		if l.State != lane.Open || l.Version != seen {
			return nil
		}
		l.LookedAt = tx.Now()
		alarm := lane.Worse(outcomes)
		if alarm == nil {
			return tx.PutLane(ctx, l)
		}
		if err := l.Stop("engine", "", alarm, tx.Now()); err != nil {
			return err
		}
		if err := tx.PutLane(ctx, l); err != nil {
			return err
		}
		if err := a.laneFact(ctx, tx, "lane.stopped", "engine", l, map[string]any{
			"metric": string(alarm.Metric), "low": strconv.FormatFloat(alarm.Low, 'f', 4, 64), "n": alarm.N, "n_others": alarm.NAgainst, "note": "",
		}); err != nil {
			return err
		}
		return a.tellLane(ctx, tx, l, "stopped:"+string(alarm.Metric))
	})
}

func (a *App) pastTheDay(ctx context.Context, tx Tx, l lane.Lane) error {
	if l.Way != lane.Terms || a.today(tx).Before(l.Offer.Day) {
		return nil
	}
	members, err := tx.MembersOf(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.State != lane.Told {
			continue
		}
		if err := m.To(lane.Silent); err != nil {
			return err
		}
		if err := a.dropTerms(ctx, tx, m); err != nil {
			return err
		}
		m.OverAt, m.OverBy = tx.Now(), "engine"
		if err := tx.PutMember(ctx, m); err != nil {
			return err
		}
		if err := a.memberFact(ctx, tx, "lane.silent", "engine", m.Member, map[string]any{"day": l.Offer.Day.String()}); err != nil {
			return err
		}
	}
	return nil
}

// outcomes compares the leavers of a lane since it was last agreed to with others.
func (a *App) outcomes(ctx context.Context, tx Tx, l lane.Lane, members []SealedMember) ([]lane.Compared, error) {
	if l.DecidedAt.IsZero() {
		return lane.Compare(nil, nil), nil
	}
	var ids []customer.ID
	cases := map[offboarding.CaseID]bool{}
	for _, m := range members {
		if m.Case != "" && !m.OverAt.Before(l.DecidedAt) {
			ids, cases[offboarding.CaseID(m.Case)] = append(ids, m.Customer), true
		}
	}
	own, err := a.laneLeavers(ctx, tx, ids, cases)
	if err != nil {
		return nil, err
	}
	others, err := tx.OtherLeavers(ctx, l.DecidedAt.AddDate(0, -othersMonths, 0), othersMost)
	if err != nil {
		return nil, err
	}
	if l.Way != lane.Renewal { // those who ask are compared with those who ask
		others = slices.DeleteFunc(others, func(x LeftBy) bool { return x.Channel.Ours() })
	}
	of, err := a.seenOf(ctx, tx, l.Way, own)
	if err != nil {
		return nil, err
	}
	rest, err := a.seenOf(ctx, tx, l.Way, others)
	return lane.Compare(of, rest), err
}

// laneLeavers are the departures of customers that came by a lane.
func (a *App) laneLeavers(ctx context.Context, tx Tx, ids []customer.ID, cases map[offboarding.CaseID]bool) (out []LeftBy, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := tx.DeparturesOf(ctx, ids...)
	for _, d := range list {
		if cases[d.Case] {
			out = append(out, LeftBy{LeftOnce: d})
		}
	}
	return out, err
}

// seenOf is what is known of departures: who complained since they asked, what they
// answered to "how was it", and how long it took. Of those who ask that is until the end
// takes effect; of those whose contract is not renewed, whose end follows from its notice,
// from the end until everything was done.
func (a *App) seenOf(ctx context.Context, tx Tx, w lane.Way, list []LeftBy) ([]lane.Seen, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]customer.ID, len(list))
	for i, d := range list {
		ids[i] = d.Customer
	}
	slices.Sort(ids)
	complaints, err := tx.ComplainedOn(ctx, slices.Compact(slices.Clone(ids))...)
	if err != nil {
		return nil, err
	}
	zone := a.Company().Zone
	out := make([]lane.Seen, len(list))
	for i, d := range list {
		s := lane.Seen{Days: -1}
		asked := when.DateOf(d.Asked, zone)
		s.Complained = slices.ContainsFunc(complaints, func(c Since) bool { return c.Customer == d.Customer && !c.Day.Before(asked) })
		switch {
		case d.State == offboarding.CaseReversed || d.State == offboarding.CaseStopped:
		case w == lane.Renewal && !d.Closed.IsZero() && !d.Effective.IsZero():
			s.Days = max(0, d.Closed.Sub(d.Effective).Hours()/24)
		case w != lane.Renewal && !d.Effective.IsZero():
			s.Days = d.Effective.Sub(d.Asked).Hours() / 24
		}
		answers, err := a.answers(ctx, tx, d.Case)
		if err != nil {
			return nil, err
		}
		for _, x := range answers {
			if n, err := strconv.Atoi(x.Answers["csat"]); x.Name == surveyForm && err == nil && n >= 1 && n <= 5 {
				s.Answer = n
			}
		}
		out[i] = s
	}
	return out, nil
}

// freed is what people worked for the customers of a lane before it was agreed to each,
// and since, over as many days.
func (a *App) freed(ctx context.Context, tx Tx, members []SealedMember) (e lane.Effort, err error) {
	agreed := map[customer.ID]time.Time{}
	var ids []customer.ID
	for _, m := range members {
		if !m.DecidedAt.IsZero() && m.State != lane.Spared && m.State != lane.Released {
			ids, agreed[m.Customer] = append(ids, m.Customer), m.DecidedAt
		}
	}
	if len(ids) == 0 {
		return e, nil
	}
	minutes, err := tx.MinutesOn(ctx, ids...)
	if err != nil {
		return e, err
	}
	zone := a.Company().Zone
	for _, c := range ids {
		day := when.DateOf(agreed[c], zone)
		days := min(wholeDays(agreed[c], tx.Now()), freedMonths*30)
		from, until := day.AddDays(-days), day.AddDays(days)
		var before, after int64
		for _, m := range minutes {
			switch {
			case m.Customer != c || m.Day.Before(from) || !m.Day.Before(until):
			case m.Day.Before(day):
				before += m.Minutes
			default:
				after += m.Minutes
			}
		}
		e.Add(days, before, after)
	}
	return e, nil
}

// laneMark begins the step of a ToldItem that is about a lane.
const laneMark = "lane/"

// tellLane tells whoever proposed a lane that it stopped by itself, or that somebody said
// yes to its terms; where they no longer sign in, everybody who may propose one.
func (a *App) tellLane(ctx context.Context, tx Tx, l lane.Lane, cause string) error {
	n := news{kind: notification.Stuck, step: &offboarding.Step{ID: offboarding.StepID(l.ID), Key: laneMark + string(l.ID)}, cause: cause, roles: []string{"success"}}
	if l.State != lane.Stopped {
		n.kind = notification.Task
	}
	people, err := a.staff(ctx, tx)
	if err != nil {
		return err
	}
	if _, active := people.Find(l.MadeBy); active {
		n.to, n.roles = l.MadeBy, nil
	}
	return a.tellNews(ctx, tx, n)
}

// laneLine says of a lane no more than its segment.
func (a *App) laneLine(ctx context.Context, tx Tx, x ToldItem, lang string) (ToldLine, bool, error) {
	l, err := tx.FindLane(ctx, lane.ID(x.Step[len(laneMark):]))
	if err != nil {
		return ToldLine{}, false, err
	}
	title := l.Segment
	if s := a.segments.Find(l.Segment); s != nil {
		title = offboarding.Worded(s.Name, lang)
	}
	return ToldLine{Code: l.Segment, Title: title, Link: a.Company().PublicURL + "/console/lanes/" + string(l.ID)}, true, nil
}
