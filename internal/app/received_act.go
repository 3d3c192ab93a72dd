package app

import (
	"context"
	"slices"

	"hastaluego/internal/form"
	"hastaluego/internal/handover"
	"hastaluego/internal/invitation"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
)

// mayMeanMore adds what else a letter may mean, beside going on or not: what it
// says of a handover, a credential, an invitation and the survey.
// What is said of one of several things without naming it stays a message.
func (a *App) mayMeanMore(ctx context.Context, tx Tx, p *offboarding.Plan, v *ReceivedView) error {
	add := func(m reply.Meaning) { v.Possible = append(v.Possible, m) }
	h, err := a.readHandover(ctx, tx, p.Case.ID)
	if err != nil {
		return err
	}
	if p.Case.State == offboarding.CaseOpen {
		if spokenOf(h.List, v.Reply, lackable) != nil {
			add(reply.Missing)
		}
		if spokenOf(h.List, v.Reply, rotatable) != nil {
			add(reply.Rotated)
		}
	}
	if i, found, err := a.invited(ctx, tx, p.Case.ID); err != nil {
		return err
	} else if found && slices.Contains(invitation.Transitions[i.State], invitation.Declined) {
		add(reply.NoMeeting)
	}
	asked, err := a.asks(ctx, tx, *p)
	if err != nil {
		return err
	}
	if scores, _ := v.Reply.Scores(); scores != nil && asked.open[notice.Survey] != nil && notice.Survey.May(asked.blame) {
		add(reply.Survey)
	}
	return nil
}

func lackable(x handover.Item) bool { return x.State == handover.Given }

func rotatable(x handover.Item) bool {
	return slices.Contains(handover.Rotations[x.Rotation], handover.Confirmed)
}

// spokenOf is the only thing that a letter can be about, or the only one that it
// names; nil if that is not clear.
func spokenOf(list []handover.Item, r reply.Reply, may func(handover.Item) bool) *handover.Item {
	list = slices.DeleteFunc(slices.Clone(list), func(x handover.Item) bool { return !may(x) })
	if len(list) > 1 {
		list = slices.DeleteFunc(list, func(x handover.Item) bool { return !r.Names(x.Name) })
	}
	if len(list) != 1 {
		return nil
	}
	return &list[0]
}

// guess is what the letter probably means of what it may: the same words answer
// several of our letters, and which of them is told by the key, or because only
// one waits for an answer.
func (v ReceivedView) guess() reply.Meaning {
	g := v.Reply.Guess()
	may := func(m reply.Meaning) bool { return slices.Contains(v.Possible, m) }
	for _, same := range []struct {
		said, other  reply.Meaning
		paper, ofSay string // the letters that ask for the one and the other
	}{
		{reply.OfferNo, reply.NoMeeting, "invitation", "offer"},
		{reply.Lacking, reply.Missing, "handover", "approval"},
	} {
		if g != same.said {
			continue
		}
		switch {
		case may(same.other) && (v.Keyed == same.paper || !may(g)):
			g = same.other
		case may(same.other) && v.Keyed != same.ofSay:
			g = reply.Message
		}
	}
	if !may(g) {
		return reply.Message
	}
	return g
}

// meanMore does what a letter says of those, as the page would.
func (a *App) meanMore(ctx context.Context, tx Tx, v *ReceivedView, m reply.Meaning, page func(purpose string) (string, error)) error {
	if m == reply.Survey {
		token, err := page("bye")
		if err != nil {
			return err
		}
		scores, idea := v.Reply.Scores()
		answers := form.Answers(scores)
		if idea != "" {
			answers["idea"] = short(idea)
		}
		return a.AnswerSurvey(ctx, token, answers)
	}
	token, err := page("case")
	if err != nil {
		return err
	}
	if m == reply.NoMeeting {
		return a.DeclineMeeting(ctx, token)
	}
	h, err := a.readHandover(ctx, tx, v.Case)
	if err != nil {
		return err
	}
	if m == reply.Rotated {
		x := spokenOf(h.List, v.Reply, rotatable)
		if x == nil {
			return orConflict(nil)
		}
		return a.ConfirmRotation(ctx, token, x.ID)
	}
	x := spokenOf(h.List, v.Reply, lackable)
	if x == nil {
		return orConflict(nil)
	}
	return a.AnswerHandover(ctx, token, []HandoverAnswer{{Item: x.ID, Lacks: v.words()}})
}
