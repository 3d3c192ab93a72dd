package app

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// UsersPaper is the letter that tells a customer's own user that what they use ends,
// and UsersBackPaper the one that says that it goes on after all.
const (
	UsersPaper     = "users"
	UsersBackPaper = "users_back"
)

// UserPapers are the letters that go to a customer's own users, and not to the customer.
var UserPapers = []string{UsersPaper, UsersBackPaper}

// toUser reports whether the letter goes to a user of the customer: somebody who speaks
// for nobody here, and so gets no link and no key.
func (m Message) toUser() bool { return slices.Contains(UserPapers, m.Paper) }

// usersAtOnce is how many letters to users are queued in one transaction.
const usersAtOnce = 50

// UsersPaperFacts are what a letter to a user says beside the departure.
type UsersPaperFacts struct {
	Firm  string    // of which they are a user
	Ask   string    // who speaks for it; empty: nobody by name
	Over  bool      // it has ended already
	Until when.Date // the last day on which the firm can fetch its data; zero: the plan does not give it to them
	Erase bool      // the plan erases afterwards
}

// usersStep is the step of a plan that tells the customer's users, with whether it has
// anybody to tell; nil: there is none, or it is not needed any more.
func (a *App) usersStep(ctx context.Context, tx Tx, p offboarding.Plan) (*offboarding.Step, error) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if k, ok := a.kinds[s.Kind]; !ok || !k.Spec().TellsUsers || s.State == offboarding.StepSkipped {
			continue
		}
		subs, err := tx.SubscriptionsOf(ctx, p.Case.Customer)
		if err != nil {
			return nil, err
		}
		if step.TellsUsers(*s, pick(subs, p.Case.Subscriptions)) {
			return s, nil
		}
	}
	return nil, nil
}

// usersOf are the users of a customer, as they are known now.
func usersOf(ctx context.Context, tx Tx, id customer.ID) ([]customer.Contact, error) {
	contacts, err := tx.ContactsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	grants, err := tx.GrantsOf(ctx, id)
	return customer.Users(contacts, grants), err
}

// TellUsers queues a letter to each of the customer's users: one to an address, however
// often it is tried. Where the customer tells them, nobody is written to. It is the job
// of a step that tells users.
func (a *App) TellUsers(ctx context.Context, w offboarding.Work) (r Result, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		if err := tx.HoldCase(ctx, w.Case); err != nil { // nobody else queues them at this moment
			return err
		}
		c, err := tx.FindCase(ctx, w.Case)
		if err != nil {
			return err
		}
		if c.State != offboarding.CaseOpen { // it is being undone, which takes this off the queue
			r = Result{Verdict: Later, Again: tx.Now().Add(time.Minute)}
			return nil
		}
		if erased, err := wasErased(ctx, tx, c.Customer); err != nil || erased {
			return err
		}
		if !c.SelfTold.IsZero() {
			r.Evidence, err = usersEvidence(0, "customer")
			return err
		}
		users, err := usersOf(ctx, tx, c.Customer)
		if err != nil {
			return err
		}
		written, err := tx.UserLetters(ctx, c.ID)
		if err != nil {
			return err
		}
		n := 0
		for _, u := range users {
			if letterOf(written, UsersPaper, u.Email) != nil {
				continue
			}
			if n == usersAtOnce {
				r = Result{Verdict: Later, Again: tx.Now()}
				break
			}
			n++
			if err := a.writeUser(ctx, tx, c, UsersPaper, u.Email, company.Spoken(u.Language, c.Language)); err != nil {
				return err
			}
		}
		if n > 0 {
			if err := a.record(ctx, tx, fact{"users.told", "engine", string(c.ID), string(c.Customer), map[string]any{"users": n}}); err != nil {
				return err
			}
		}
		if r.Verdict == Accomplished {
			r.Evidence, err = usersEvidence(len(users), "us")
		}
		return err
	})
	return r, err
}

// usersEvidence is what the work of the step keeps: how many were written to, and who
// tells them.
func usersEvidence(n int, by string) (string, error) {
	raw, err := json.Marshal(map[string]any{"letters": n, "by": by})
	return string(raw), fault.Wrap("app.usersEvidence", err)
}

// letterOf finds the letter of a class to an address.
func letterOf(letters []Message, paper, email string) *Message {
	at := customer.FoldEmail(email)
	i := slices.IndexFunc(letters, func(m Message) bool { return m.Paper == paper && customer.FoldEmail(m.To) == at })
	if i < 0 {
		return nil
	}
	return &letters[i]
}

func (a *App) writeUser(ctx context.Context, tx Tx, c offboarding.Case, paper, email, lang string) error {
	m := a.letter(tx, paper, c)
	m.To, m.Language = email, lang
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// tellUsersBack queues the second letter to everybody who was told of a departure that
// is undone, once.
func (a *App) tellUsersBack(ctx context.Context, tx Tx, c offboarding.Case) error {
	if err := tx.HoldCase(ctx, c.ID); err != nil { // a letter that is going out now is seen, or sees this
		return err
	}
	letters, err := tx.UserLetters(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if l.Paper != UsersPaper || l.State != "sent" && l.State != "written" || letterOf(letters, UsersBackPaper, l.To) != nil {
			continue
		}
		if err := a.writeUser(ctx, tx, c, UsersBackPaper, l.To, l.Language); err != nil {
			return err
		}
	}
	return nil
}

// undoneMeanwhile writes the second letter where a departure was undone while the first
// was on its way.
func (a *App) undoneMeanwhile(ctx context.Context, tx Tx, m Message) error {
	if m.Paper != UsersPaper {
		return nil
	}
	c, err := tx.FindCase(ctx, m.Case)
	if err != nil || c.State != offboarding.CaseReversed {
		return err
	}
	return a.tellUsersBack(ctx, tx, c)
}

// stillTold reports whether a letter to a user may still go out: what it tells is so,
// and nobody there asked for silence.
func (a *App) stillTold(ctx context.Context, tx Tx, m Message, c offboarding.Case) (so, silent bool, err error) {
	of, err := tx.CustomersByEmail(ctx, customer.FoldEmail(m.To))
	if err != nil {
		return false, false, err
	}
	for _, x := range of {
		s, err := tx.SilenceOf(ctx, x.ID)
		if err != nil {
			return false, false, err
		}
		silent = silent || s.Holds()
	}
	if m.Paper == UsersBackPaper {
		return c.State == offboarding.CaseReversing || c.State == offboarding.CaseReversed, silent, nil
	}
	return (c.State == offboarding.CaseOpen || c.State == offboarding.CaseClosed) && c.SelfTold.IsZero(), silent, nil
}

// userFacts are what a letter to a user says of a departure, out of its paper.
func (a *App) userFacts(ctx context.Context, tx Tx, p Paper) (*UsersPaperFacts, error) {
	cus, err := tx.FindCustomer(ctx, p.Case.Customer)
	if err != nil {
		return nil, err
	}
	contacts, err := tx.ContactsOf(ctx, p.Case.Customer)
	if err != nil {
		return nil, err
	}
	f := &UsersPaperFacts{Firm: cus.Name, Over: !p.Now.Before(p.EffectiveAt)}
	for _, x := range contacts {
		if x.Role == customer.Owner && f.Ask == "" && x.Name != cus.Name {
			f.Ask = x.Name
		}
	}
	for _, m := range p.Milestones {
		if m.Name == "data_ready" && p.Case.Retrieval > 0 {
			f.Until = p.Case.RetrievalEnd()
		}
		f.Erase = f.Erase || m.Name == "erased"
	}
	return f, nil
}
