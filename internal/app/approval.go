package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/ending"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/lane"
	"hastaluego/internal/offboarding"
)

// ApprovalTx keeps what was put to somebody else than a second person.
type ApprovalTx interface {
	// PutApproval stores a new one (Version 0) or, by Version, changes one. Of one
	// subject one is asked at a time: another is fault.Conflict.
	PutApproval(ctx context.Context, a approval.Approval) error
	FindApproval(ctx context.Context, id approval.ID) (approval.Approval, error)
	ApprovalsOf(ctx context.Context, c offboarding.CaseID) ([]approval.Approval, error) // oldest first
	AskedApproval(ctx context.Context, subject string) (a approval.Approval, found bool, err error)
	AskedOfHouse(ctx context.Context) ([]approval.Approval, error) // about no departure
}

// ApprovalKind is the kind of the jobs of the house that end the time that is
// waited for.
const ApprovalKind = "approval"

// houseParam is what a playbook says of an approve step that does not concern
// the customer.
const houseParam = "one_person"

// AskInput puts a step that needs a second person to the customer, or to a time
// that is waited for.
type AskInput struct {
	Case offboarding.CaseID
	Step string
	Note string // what is approved, in words: the customer reads it
	Wait bool   // the customer was asked and said nothing: wait instead
}

// AskApproval puts a step that its only person prepared to the customer, where
// it concerns them and they can be asked, or else to a time that is waited for.
func (a *App) AskApproval(ctx context.Context, by Actor, in AskInput) error {
	if err := by.person(); err != nil {
		return err
	}
	note, err := required("note", in.Note, 4000)
	if err != nil {
		return err
	}
	return a.onStep(ctx, by, in.Case, in.Step, func(tx Tx, p *offboarding.Plan) error {
		s, err := a.approveStep(p, in.Step)
		if err != nil {
			return err
		}
		way, err := a.wayOf(ctx, tx, p.Case, *s)
		if err != nil {
			return err
		}
		old, asked, err := tx.AskedApproval(ctx, string(s.ID))
		switch {
		case err != nil:
			return err
		case asked && (!in.Wait || !old.Unanswered(tx.Now())):
			return fault.New(fault.Blocked, "approval.asked")
		case asked:
			way = approval.Time
			if err := dropApproval(ctx, tx, old, by.real()); err != nil {
				return err
			}
		}
		x := approval.Approval{About: approval.Step, Subject: string(s.ID), Case: string(p.Case.ID), Step: s.Key, Way: way}
		if x, err = a.ask(ctx, tx, by, s.ReadyAt, x); err != nil {
			return err
		}
		s.Note = note
		p.PutTo(s.Key, string(way), by.real(), x.Until)
		if way == approval.Client {
			return a.write(ctx, tx, p.Case, "approval")
		}
		return nil
	})
}

// approveStep is a step that may be approved now.
func (a *App) approveStep(p *offboarding.Plan, key string) (*offboarding.Step, error) {
	s, err := p.Workable(key)
	if err != nil {
		return nil, err
	}
	if kind, ok := a.kinds[s.Kind]; !ok || !kind.Spec().Approves {
		return nil, fault.New(fault.Blocked, "step.not_ready")
	}
	return s, nil
}

// wayOf is who looks at a step instead of a second person: the customer, unless
// the playbook says that it does not concern them, the company began it, or
// they cannot be asked.
func (a *App) wayOf(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step) (approval.Way, error) {
	r, err := tx.FindRequest(ctx, c.Request)
	if err != nil {
		return "", err
	}
	contacts, err := tx.ContactsOf(ctx, c.Customer)
	if err != nil {
		return "", err
	}
	silence, err := tx.SilenceOf(ctx, c.Customer)
	if err != nil {
		return "", err
	}
	mail, _ := onFile(contacts)
	if s.Params[houseParam] == string(approval.Time) || r.Channel.Ours() || mail == "" || silence.Holds() {
		return approval.Time, nil
	}
	return approval.Client, nil
}

// waysOf are those of the steps that may be approved now, where one person works.
func (a *App) waysOf(ctx context.Context, tx Tx, p offboarding.Plan, o OnePerson) (map[string]approval.Way, error) {
	out := map[string]approval.Way{}
	if !o.Holds() {
		return out, nil
	}
	for _, s := range p.Steps {
		if _, err := a.approveStep(&p, s.Key); err != nil {
			continue
		}
		way, err := a.wayOf(ctx, tx, p.Case, s)
		if err != nil {
			return nil, err
		}
		out[s.Key] = way
	}
	return out, nil
}

// ask puts something to somebody that has waited for a second person since
// then; a time that is waited for ends by a job of the house.
func (a *App) ask(ctx context.Context, tx Tx, by Actor, since time.Time, x approval.Approval) (approval.Approval, error) {
	o, err := onePerson(ctx, tx)
	if err != nil {
		return x, err
	}
	x.ID, x.AskedBy = approval.ID(id.New("apr")), by.real()
	if x, err = approval.Ask(o.mode(), since, x, tx.Now()); err != nil {
		return x, err
	}
	if err := tx.PutApproval(ctx, x); err != nil || x.Way != approval.Time {
		return x, err
	}
	return x, tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: ApprovalKind, Case: offboarding.CaseID(x.Case), Item: string(x.ID), System: house,
		Key: ApprovalKind + ":" + string(x.ID), Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: x.Until,
	})
}

// askOfHouse waits, for an act of the house that its only person proposed: the
// act happens at the end of the time.
func (a *App) askOfHouse(ctx context.Context, tx Tx, by Actor, since time.Time, about approval.About, subject string) error {
	if _, asked, err := tx.AskedApproval(ctx, subject); err != nil {
		return err
	} else if asked {
		return fault.New(fault.Blocked, "approval.asked")
	}
	x, err := a.ask(ctx, tx, by, since, approval.Approval{About: about, Subject: subject, Way: approval.Time})
	if err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"approval.asked", by.ID, "", house, map[string]any{
		string(about): subject, "way": string(x.Way), "by": by.real(), "until": x.Until.UTC().Format(time.RFC3339),
	}})
}

func dropApproval(ctx context.Context, tx Tx, x approval.Approval, by string) error {
	if err := x.Drop(by, tx.Now()); err != nil {
		return err
	}
	return tx.PutApproval(ctx, x)
}

// settled ends what is asked about a subject, since a second person decided.
func settled(ctx context.Context, tx Tx, subject, by string) error {
	x, asked, err := tx.AskedApproval(ctx, subject)
	if err != nil || !asked {
		return err
	}
	return dropApproval(ctx, tx, x, by)
}

// WithdrawApproval takes back what waits for the customer or for its time to
// end. Nothing is approved then; it may be asked again.
func (a *App) WithdrawApproval(ctx context.Context, by Actor, aid approval.ID) (x approval.Approval, err error) {
	if err := by.person(); err != nil {
		return x, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		if x, err = tx.FindApproval(ctx, aid); err != nil {
			return err
		}
		var p offboarding.Plan
		switch x.About {
		case approval.Playbook:
			err = by.may("playbook")
		case approval.Flow:
			err = by.may("flow")
		case approval.Policy:
			err = by.may("policy")
		case approval.Ending:
			err = by.may("ending")
		case approval.Lane:
			err = by.may("lane")
		default:
			if p, err = tx.FindPlan(ctx, offboarding.CaseID(x.Case)); err == nil {
				err = by.mayWork(*p.Step(x.Step))
			}
		}
		if err != nil {
			return err
		}
		if err := x.Withdraw(by.real(), tx.Now()); err != nil {
			return err
		}
		if err := tx.PutApproval(ctx, x); err != nil {
			return err
		}
		if x.About != approval.Step {
			return a.record(ctx, tx, fact{"approval.withdrawn", by.ID, "", house, map[string]any{string(x.About): x.Subject, "by": by.real()}})
		}
		p.TakeBack(x.Step, by.real())
		return a.settle(ctx, tx, &p, by.ID)
	})
	return x, err
}

// RenewApproval presents anew what has waited for a second person since before
// one person worked here: only from now on it may be put to somebody else.
func (a *App) RenewApproval(ctx context.Context, by Actor, c offboarding.CaseID, step string) error {
	if err := by.person(); err != nil {
		return err
	}
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		if _, err := a.approveStep(p, step); err != nil {
			return err
		}
		o, err := onePerson(ctx, tx)
		if err != nil {
			return err
		}
		if !o.Holds() {
			return fault.New(fault.Forbidden, "approval.same_person")
		}
		return p.Renew(step, by.real(), tx.Now())
	})
}

// ApprovalDue ends a time that was waited for, and says when to look again if
// it is not over. It approves only if one person still works here: a second one
// who came meanwhile is asked, as always.
func (a *App) ApprovalDue(ctx context.Context, aid approval.ID) (again time.Time, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		again = time.Time{}
		x, err := tx.FindApproval(ctx, aid)
		if err != nil || x.State != approval.Asked {
			return err
		}
		o, err := onePerson(ctx, tx)
		if err != nil {
			return err
		}
		was := x
		if !o.Holds() {
			return a.endUnapproved(ctx, tx, was)
		}
		if !x.Ripen(tx.Now()) {
			again = x.Until
			return nil
		}
		var then func() error
		switch x.About {
		case approval.Playbook:
			then, err = a.activated(ctx, tx, Actor{ID: approval.ByTime}, x.Subject)
		case approval.Flow:
			then, err = a.publishDue(ctx, tx, x.Subject)
		case approval.Policy:
			then, err = a.publishPolicyDue(ctx, tx, x.Subject)
		case approval.Ending:
			then, err = a.agreed(ctx, tx, ending.ID(x.Subject), true, approval.ByTime, approval.ByTime, "")
		case approval.Lane:
			if strings.HasPrefix(x.Subject, "lan_") {
				then, err = a.laneAgreed(ctx, tx, lane.ID(x.Subject), true, approval.ByTime, approval.ByTime, "")
			} else {
				then, err = a.memberAgreed(ctx, tx, lane.MemberID(x.Subject), true, approval.ByTime, approval.ByTime)
			}
		default:
			then, err = a.otherwise(ctx, tx, x, true, "")
		}
		if fault.CodeOf(err) == "case.paused" { // it has waited, and holds once that goes on
			again = tx.Now().AddDate(0, 0, 1)
			return nil
		}
		if k := fault.KindOf(err); err != nil && (k == fault.Blocked || k == fault.Invalid || k == fault.NotFound) {
			return a.endUnapproved(ctx, tx, was) // there is nothing left to approve
		}
		if err != nil {
			return err
		}
		if err := then(); err != nil {
			return err
		}
		return tx.PutApproval(ctx, x)
	})
	return again, err
}

// endUnapproved ends, without approving, a time that was waited for, and says so.
func (a *App) endUnapproved(ctx context.Context, tx Tx, x approval.Approval) error {
	if err := dropApproval(ctx, tx, x, "engine"); err != nil {
		return err
	}
	if x.About != approval.Step {
		return a.record(ctx, tx, fact{"approval.withdrawn", "engine", "", house, map[string]any{string(x.About): x.Subject, "by": "engine"}})
	}
	c, err := tx.FindCase(ctx, offboarding.CaseID(x.Case))
	if err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"approval.withdrawn", "engine", x.Case, string(c.Customer), map[string]any{"step": x.Step, "by": "engine"}})
}

// otherwise decides a step on the word of the customer, or because its time was
// waited for; what it returns writes it down.
func (a *App) otherwise(ctx context.Context, tx Tx, x approval.Approval, yes bool, lacks string) (func() error, error) {
	p, err := tx.FindPlan(ctx, offboarding.CaseID(x.Case))
	if err != nil {
		return nil, err
	}
	if s := p.Step(x.Step); p.Case.State != offboarding.CaseOpen && (s == nil || !s.Spec.House) {
		return nil, fault.New(fault.Blocked, "case.closed")
	}
	if err := p.ApproveOtherwise(x.Step, yes, lacks, x.OverBy, tx.Now()); err != nil {
		return nil, err
	}
	return func() error {
		if err := a.approvalSaid(ctx, tx, &p, x.Step, yes, x.OverBy); err != nil {
			return err
		}
		return a.settle(ctx, tx, &p, x.OverBy)
	}, nil
}

// ApprovalAnswer is what the customer says to what they were asked.
type ApprovalAnswer struct {
	ID    approval.ID
	Right bool
	Lacks string // what is missing, when it is not right
	mail  bool   // in a letter that was read in
}

// AnswerApproval is the customer's word about what they were asked to approve.
func (a *App) AnswerApproval(ctx context.Context, token string, an ApprovalAnswer) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		return a.answerApproval(ctx, tx, l.Case, an)
	})
}

func (a *App) answerApproval(ctx context.Context, tx Tx, c offboarding.CaseID, an ApprovalAnswer) error {
	lacks, wrong := customer.CheckText("lacks", an.Lacks, 2000, true)
	if wrong == nil && !an.Right && lacks == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("lacks")
	}
	if wrong != nil {
		return wrong
	}
	x, err := tx.FindApproval(ctx, an.ID)
	if err != nil {
		return err
	}
	if x.Case != string(c) {
		return fault.New(fault.NotFound, "not_found")
	}
	if err := x.Answer(an.Right, tx.Now()); err != nil {
		return err
	}
	if an.mail {
		x.OverBy = approval.ByMail
	}
	then, err := a.otherwise(ctx, tx, x, an.Right, lacks)
	if err != nil {
		return err
	}
	if err := then(); err != nil {
		return err
	}
	return tx.PutApproval(ctx, x)
}

// ApprovalView is an approval of a departure with the words of its step.
type ApprovalView struct {
	approval.Approval
	Title map[string]string // of the step
	Words string            // what is, or was, to be approved; what is missing, once that was said
	Open  bool              // the customer may answer now
}

// approvalsOf are those of a departure, oldest first.
func (a *App) approvalsOf(ctx context.Context, tx Tx, p *offboarding.Plan) ([]ApprovalView, error) {
	list, err := tx.ApprovalsOf(ctx, p.Case.ID)
	if err != nil {
		return nil, err
	}
	out := make([]ApprovalView, 0, len(list))
	for _, x := range list {
		v := ApprovalView{Approval: x}
		if s := p.Step(x.Step); s != nil {
			v.Title = s.Title
			if v.Words, err = a.openText(ctx, string(s.ID), s.Note); err != nil {
				return nil, err
			}
			ready := s.State == offboarding.StepReady || s.State == offboarding.StepRunning
			v.Open = x.State == approval.Asked && x.Way == approval.Client && ready && p.Case.State == offboarding.CaseOpen && !p.Case.Paused
		}
		out = append(out, v)
	}
	return out, nil
}

// Instead is what a paper says about the second person that there is not: that
// one person works here, and what was approved in another way.
type Instead struct {
	Hours int // that are waited; 0: there are several people now
	List  []ApprovalView
}

// instead gathers it; nil where there is nothing to say.
func (a *App) instead(ctx context.Context, tx Tx, p *offboarding.Plan) (*Instead, error) {
	o, err := onePerson(ctx, tx)
	if err != nil {
		return nil, err
	}
	list, err := a.approvalsOf(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	given := slices.DeleteFunc(slices.Clone(list), func(v ApprovalView) bool { return v.State != approval.Given })
	in := &Instead{List: given}
	if o.Holds() {
		in.Hours = o.Hours
	}
	if in.Hours == 0 && len(given) == 0 {
		return nil, nil
	}
	return in, nil
}

// askedNow is what the customer is asked now, the newest; nil if nothing.
func (a *App) askedNow(ctx context.Context, tx Tx, p *offboarding.Plan) (*ApprovalView, error) {
	list, err := a.approvalsOf(ctx, tx, p)
	for _, v := range slices.Backward(list) {
		if v.Open {
			return &v, err
		}
	}
	return nil, err
}
