package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo"
	"hastaluego/internal/form"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// ask is the customer asking to leave.
func (l *life) ask(ctx context.Context, d *departure) error {
	timing := "now"
	if d.end {
		timing = "period_end"
	}
	in := app.ExitInput{Name: d.contact.Name, AccountEmail: d.contact.Email, When: timing, Language: d.who.Language}
	switch d.by {
	case "host":
		link, err := l.HostLink(ctx, d.who.Reference)
		if err != nil {
			return err
		}
		in.Host = token(link)
	case "staff":
		return l.askStaff(ctx, d, timing)
	}
	err := l.refusing(ctx, d, func() error {
		r, err := l.App.RequestExit(ctx, in)
		l.know(d, r.Code)
		return err
	})
	if err != nil {
		return err
	}
	if d.by == "host" {
		return l.receipt(ctx, d)
	}
	confirm, err := l.letter(ctx, d.code, "confirm")
	if err != nil || d.fate == silent {
		return err
	}
	reads := l.Clock.Now().Add(time.Duration(4+l.dice.IntN(200)) * time.Minute)
	if d.fate == disowned {
		l.agenda.put(reads, func(ctx context.Context) error {
			return l.App.DisownRequest(ctx, token(confirm.Links["not_me"]))
		})
		return nil
	}
	l.agenda.put(reads, func(ctx context.Context) error {
		err := l.refusing(ctx, d, func() error {
			_, _, err := l.App.VerifyRequest(ctx, token(confirm.Links["verify"]))
			return err
		})
		if err != nil {
			return err
		}
		return l.receipt(ctx, d)
	})
	return nil
}

// askStaff is the customer asking by telephone or in the office.
func (l *life) askStaff(ctx context.Context, d *departure, timing string) error {
	by := demo.Pick(l.dice, l.holders("agent"))
	id, err := l.customer(ctx, d)
	if err != nil {
		return err
	}
	var c offboarding.CaseID
	err = l.refusing(ctx, d, func() (err error) {
		c, err = l.App.RegisterOnBehalf(ctx, by, app.BehalfInput{
			Customer: id, Channel: demo.Pick(l.dice, []string{"phone", "shop", "letter"}), When: timing,
			Reference: fmt.Sprintf("%d-%04d", l.Clock.Now().Year(), 1000+l.dice.IntN(9000)), Proof: l.note("proof"),
		})
		return err
	})
	if err != nil {
		return err
	}
	v, err := l.App.OpenCase(ctx, by, c)
	if err != nil {
		return err
	}
	l.know(d, v.Plan.Case.Code)
	return l.receipt(ctx, d)
}

func (l *life) know(d *departure, code string) {
	d.code = code
	l.byCode[code] = d
}

func (l *life) customer(ctx context.Context, d *departure) (customer.ID, error) {
	list, err := l.App.ListCustomers(ctx, l.people[0], app.CustomerFilter{Query: d.who.Reference, Limit: 1})
	if err != nil || len(list.Rows) != 1 {
		return "", fmt.Errorf("history: customer %s: found %d: %w", d.who.Reference, len(list.Rows), err)
	}
	return list.Rows[0].Customer.ID, nil
}

// receipt is the customer reading their receipt, and what they will do with
// the private page that it leads to.
func (l *life) receipt(ctx context.Context, d *departure) error {
	p, err := l.letter(ctx, d.code, "receipt")
	if err != nil {
		return err
	}
	d.page = token(p.Links["case"])
	now := l.Clock.Now()
	if d.fate != regrets && l.dice.IntN(3) > 0 {
		l.agenda.put(now.Add(time.Duration(2+l.dice.IntN(30))*time.Minute), func(ctx context.Context) error { return l.tell(ctx, d) })
	}
	switch {
	case d.fate == regrets:
		l.agenda.put(now.Add(time.Duration(20+l.dice.IntN(30))*time.Hour), func(ctx context.Context) error {
			return l.App.UndoByCustomer(ctx, d.page)
		})
	case d.fetches:
		l.agenda.put(now.Add(time.Duration(1+l.dice.IntN(40))*time.Hour), func(ctx context.Context) error { return l.fetch(ctx, d) })
	}
	return nil
}

// fetch is the customer fetching their data with a code from a letter.
func (l *life) fetch(ctx context.Context, d *departure) error {
	if err := l.App.SendCode(ctx, d.page); err != nil {
		return err
	}
	p, err := l.letter(ctx, d.code, "code")
	if err != nil {
		return err
	}
	key, err := l.App.OpenByCode(ctx, d.page, p.Secret)
	if err != nil {
		return err
	}
	page, err := l.App.OpenDataPage(ctx, d.page, key, d.who.Language)
	if err != nil || len(page.Blobs) == 0 {
		return err
	}
	_, _, err = l.App.Download(ctx, d.page, key, page.Blobs[0].ID, "", app.Begins)
	return err
}

// token is what a link of a letter ends in.
func token(link string) string {
	link, _, _ = strings.Cut(link, "?")
	return link[strings.LastIndexByte(link, '/')+1:]
}

// look is people looking into the inbox in the morning: what waits for them is
// taken today or left for another day.
func (l *life) look(ctx context.Context, day when.Date) error {
	in, err := l.App.OpenInbox(ctx, l.people[0], app.CaseFilter{OpenOnly: true, Limit: 500})
	if err != nil {
		return err
	}
	slices.SortFunc(in.Cases, func(a, b app.InboxRow) int { return strings.Compare(a.Customer.Reference, b.Customer.Reference) })
	for _, row := range in.Cases {
		d := l.byCode[row.Plan.Case.Code]
		if d == nil || row.Plan.Case.Paused {
			continue
		}
		for i := range row.Plan.Steps {
			if s := &row.Plan.Steps[i]; l.takes(d, &row.Plan, s) {
				l.agenda.put(l.at(day, 9+l.dice.IntN(8), 5+l.dice.IntN(55)), func(ctx context.Context) error {
					if err := l.work(ctx, d, row.Plan.Case.ID, s.Key); err != nil {
						return fmt.Errorf("%s, step %s: %w", d.fate, s.Key, err)
					}
					return nil
				})
			}
		}
	}
	return nil
}

// takes reports whether somebody takes the step today.
func (l *life) takes(d *departure, p *offboarding.Plan, s *offboarding.Step) bool {
	waits := s.Human && s.State == offboarding.StepReady || p.UndoTurn() == s && s.Human || s.State == offboarding.StepBlocked && d.fate == retried
	if !waits || d.fate == silent || d.fate == neglected && s.Role == "finance" {
		return false
	}
	key := d.code + " " + s.Key + " " + string(s.State)
	days, seen := l.told[key]
	if !seen {
		switch days = l.dice.IntN(2); {
		case d.fate == late && l.dice.IntN(2) == 0:
			days = 5 + l.dice.IntN(3)
		case d.fate == regrets: // they think better of it before anybody comes
			days = 1 + l.dice.IntN(2)
		}
	}
	l.told[key] = days - 1
	return days <= 0
}

// work is somebody working on what waits in a case: a step, one to take back,
// or one that the billing system refused.
func (l *life) work(ctx context.Context, d *departure, c offboarding.CaseID, key string) error {
	v, err := l.App.OpenCase(ctx, l.people[0], c)
	if err != nil {
		return err
	}
	s := v.Plan.Step(key)
	switch {
	case s.State == offboarding.StepBlocked:
		return l.decide(ctx, v, s)
	case s.State == offboarding.StepUndoing:
		return l.App.UndoTask(ctx, l.somebody(s, nil), app.CompleteInput{Case: c, Step: key, Note: l.note("undo")})
	case !s.Human || s.State != offboarding.StepReady || v.Plan.Case.State != offboarding.CaseOpen || v.Plan.Case.Paused:
		return nil // the customer was faster
	}
	if d.fate == paused {
		return l.App.PauseCase(ctx, demo.Pick(l.dice, l.holders("agent")), c, l.note("pause"))
	}
	if v.Approves[s.Kind] {
		return l.App.Approve(ctx, l.somebody(s, v.Plan.Hands(key)), c, key, true, l.note(key))
	}
	by := l.somebody(s, v.Plan.Approvers(key))
	if f := l.App.FormOf(*s); f != nil {
		given, _ := v.Given(s.ID)
		return l.App.AnswerForm(ctx, by, app.FormInput{Case: c, Step: key, Answers: l.answer(f, given), Done: true})
	}
	if s.Kind == "collect" { // over with the last sum that was paid
		return l.collect(ctx, by, v.Customer.ID)
	}
	for _, it := range s.Items {
		l.pass(time.Duration(20+l.dice.IntN(100)) * time.Second)
		if err := l.App.Tick(ctx, by, app.TickInput{Case: c, Step: key, Item: it.Key, Ticked: true, Evidence: l.note("tick")}); err != nil {
			return err
		}
	}
	if s.Role == "finance" {
		if err := l.collect(ctx, by, v.Customer.ID); err != nil {
			return err
		}
	}
	l.pass(time.Minute)
	done := func() error {
		return l.App.CompleteTask(ctx, by, app.CompleteInput{Case: c, Step: key, Note: l.note(key)})
	}
	return l.refusing(ctx, d, done)
}

// refusing does what may lead to the billing system, which refuses those whom it
// is to refuse. What stops the charges comes of the proof of identity in one
// playbook, and of the last approval in the other.
func (l *life) refusing(ctx context.Context, d *departure, do func() error) error {
	if d.fate != refused && d.fate != retried {
		return do()
	}
	if err := l.refuse(ctx, d); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if err := l.App.UntilQuiet(ctx); err != nil {
		return err
	}
	return l.refuse(ctx, nil)
}

// answer fills in a form: what the record knows stays, and of what may be left
// out half is.
func (l *life) answer(f *form.Form, known form.Answers) form.Answers {
	out := form.Answers{}
	for _, x := range f.Fields {
		switch given := known[x.ID]; {
		case given != "":
			out[x.ID] = given
		case !x.Required && l.dice.IntN(2) == 0:
		case x.Kind == form.Choice || x.Kind == form.Many:
			out[x.ID] = demo.Pick(l.dice, x.Choices).Value
		case x.Kind == form.Scale:
			out[x.ID] = strconv.Itoa(x.Min + l.dice.IntN(x.Max-x.Min+1))
		case x.Kind == form.Number:
			out[x.ID] = strconv.Itoa(l.dice.IntN(4))
		case x.Kind == form.Date:
			out[x.ID] = when.DateOf(l.Clock.Now(), l.zone).String()
		case x.Kind == form.Money:
			out[x.ID] = strconv.Itoa(50*l.dice.IntN(6)) + " " + cmp.Or(l.App.Company().Currency, "EUR")
		case x.Kind == form.YesNo:
			out[x.ID] = demo.Pick(l.dice, []string{"yes", "no"})
		case x.ID == "spoke_with":
			out[x.ID] = demo.Pick(l.dice, l.Sample.Others.Given)
		default:
			out[x.ID] = l.note(x.ID, "form")
		}
	}
	return out
}

// decide is somebody asking the billing system again.
func (l *life) decide(ctx context.Context, v app.CaseView, s *offboarding.Step) error {
	by := demo.Pick(l.dice, l.holders("agent"))
	for _, w := range v.Works {
		if w.Step != s.ID || w.State != offboarding.WorkFailed {
			continue
		}
		if err := l.App.DecideWork(ctx, by, app.DecideInput{Work: w.ID, Decision: "again", Evidence: l.note("again")}); err != nil {
			return err
		}
	}
	return nil
}

// collect is finance noting what was paid meanwhile.
func (l *life) collect(ctx context.Context, by app.Actor, id customer.ID) error {
	page, err := l.App.OpenCustomer(ctx, by, id)
	if err != nil {
		return err
	}
	for _, b := range page.Balances {
		if b.Status == customer.Due && b.Kind == customer.Invoice && l.dice.IntN(3) > 0 {
			if err := l.App.SettleBalance(ctx, by, id, b.ID, customer.Paid); err != nil {
				return err
			}
		}
	}
	return nil
}

// somebody holds the role of the step and is none of the others.
func (l *life) somebody(s *offboarding.Step, others []string) app.Actor {
	list := slices.DeleteFunc(l.holders(s.Role), func(p app.Actor) bool { return slices.Contains(others, p.ID) })
	return demo.Pick(l.dice, list)
}

// note is what somebody writes about what they did: by the first of the keys
// that anything is known about.
func (l *life) note(keys ...string) string {
	for _, key := range keys {
		if list, ok := l.Sample.Notes[key]; ok {
			return demo.Pick(l.dice, list)
		}
	}
	return demo.Pick(l.dice, l.Sample.Notes[""])
}
