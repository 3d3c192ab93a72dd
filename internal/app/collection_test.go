package app_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

// owed is a departure that is left with a bill to pay.
func (w *world) owed(t *testing.T) (cid customer.ID, c offboarding.CaseID, page string, bill customer.BalanceID) {
	t.Helper()
	cid = w.lent(t)
	bill, err := w.AddBalance(t.Context(), finance, customer.Balance{
		Customer: cid, Reference: "F-90", Kind: customer.Invoice, About: "Avisos", Amount: eur(2472), PayURL: "https://pay.example/i/F-90",
	})
	must(t, err)
	_, c, page = w.request(t, "period_end")
	eventually(t, "the statement is sent", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
	return cid, c, page, bill
}

func (w *world) promises(t *testing.T, c offboarding.CaseID) []collection.Promise {
	t.Helper()
	x, err := w.CollectionOf(t.Context(), finance, c)
	must(t, err)
	return x.Promises
}

// Reminders rest until the day that was promised; one that was not kept is said
// once, politely; after the most allowed nobody may promise again.
func TestRemindersRestUntilThePromisedDay(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, bill := w.owed(t)
		today := w.today(t)
		code(t, w.PromiseToPay(ctx, page, when.Date{}), "field.required")
		code(t, w.PromiseToPay(ctx, page, today.AddDays(collection.UsualDays+1)), "collection.day")
		code(t, w.RecordPromise(ctx, app.Actor{ID: "usr_x", Roles: []string{"privacy"}}, c, today), "forbidden.role")
		must(t, w.PromiseToPay(ctx, page, today.AddDays(9)))
		code(t, w.PromiseToPay(ctx, page, today.AddDays(9)), "collection.promise_waits")
		w.push(t, 5)
		eventually(t, "the first reminder waits", func() bool { return w.runsAfter(t, c, app.ReminderKind, today.AddDays(9)) })
		if n := w.mail.count("reminder"); n != 0 {
			t.Fatalf("%d reminders although a day was promised", n)
		}
		w.push(t, 6)
		first := w.mail.wait(t, "reminder", firstMail)
		if first.Promised != today.AddDays(9) || first.Notice != 1 || first.Balances[0].PayURL == "" {
			t.Errorf("the reminder: %+v", first)
		}
		if list := w.promises(t, c); len(list) != 1 || list[0].State != collection.Broken || list[0].MadeBy != collection.ByCustomer {
			t.Fatalf("promised: %+v", list)
		}
		must(t, w.RecordPromise(ctx, finance, c, today.AddDays(30)))
		must(t, w.SettleBalance(ctx, finance, cid, bill, customer.Paid))
		if list := w.promises(t, c); len(list) != 2 || list[1].State != collection.Kept {
			t.Fatalf("promised: %+v", list)
		}
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Fatalf("paid, and the step is %s", st)
		}
		code(t, w.PromiseToPay(ctx, page, today.AddDays(20)), "collection.nothing_owed")
		for typ, want := range map[string]int{"payment.promised": 2, "payment.promise_broken": 1, "payment.promise_kept": 1} {
			if n := w.logged(t, typ); n != want {
				t.Errorf("%d of %s", n, typ)
			}
		}
		w.verifyLog(t)
	})
}

// What is owed is paid in parts that the other side agreed to: a letter tells them,
// reminders rest while each is paid by its day, one that is late is reminded of,
// and with the last one everything is paid.
func TestWhatIsOwedIsPaidInParts(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, bill := w.owed(t)
		today := w.today(t)
		code(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 1, First: today}), "collection.parts")
		code(t, w.DecideInstalments(ctx, finance, c, true), "collection.plan_over")
		must(t, w.ProposeInstalments(ctx, finance, c, app.InstalmentInput{Parts: 2, First: today.AddDays(2)}))
		code(t, w.DecideInstalments(ctx, finance, c, true), "collection.plan_over") // it is the customer's turn
		must(t, w.AnswerInstalments(ctx, page, false))
		must(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 3, First: today.AddDays(8)}))
		code(t, w.AnswerInstalments(ctx, page, true), "collection.plan_over") // it is the company's turn
		code(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 2, First: today}), "collection.plan_waits")
		must(t, w.PromiseToPay(ctx, page, today.AddDays(20)))
		must(t, w.DecideInstalments(ctx, finance, c, true))
		letter := w.mail.wait(t, "instalments", firstMail)
		if x := letter.Instalments; x == nil || len(x.Parts) != 3 || x.Sum != eur(2472) || x.Parts[0].Minor != 824 || x.Parts[2].On != today.AddDays(8).AddMonths(2) {
			t.Fatalf("the letter tells %+v", letter.Instalments)
		}
		if list := w.promises(t, c); list[0].State != collection.Released {
			t.Errorf("promised: %+v", list)
		}
		code(t, w.PromiseToPay(ctx, page, today.AddDays(20)), "collection.plan_waits")
		must(t, w.PayInstalment(ctx, finance, c, 1))
		code(t, w.PayInstalment(ctx, finance, c, 1), "collection.plan_over")
		w.push(t, 20)
		must(t, w.UntilQuiet(ctx))
		if n := w.mail.count("reminder"); n != 0 {
			t.Fatalf("%d reminders although every part was paid by its day", n)
		}
		w.push(t, 22) // the second is late
		if x := w.mail.wait(t, "reminder", firstMail); len(x.Balances) != 1 || x.Balances[0].Amount != eur(2*824) {
			t.Errorf("reminded of the late part, with one paid: %+v", x.Balances)
		}
		must(t, w.PayInstalment(ctx, finance, c, 2))
		must(t, w.PayInstalment(ctx, finance, c, 3))
		p, err := w.OpenCustomer(ctx, finance, cid)
		must(t, err)
		if b := p.Balances[0]; b.ID != bill || b.Status != customer.Paid {
			t.Errorf("the bill is %+v", b)
		}
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Errorf("paid, and the step is %s", st)
		}
		if n := w.mail.count("reminder"); n > collection.MostReminders {
			t.Errorf("%d reminders", n)
		}
		w.verifyLog(t)
	})
}

// A sum that changed is not agreed to in the parts of another one, and a dispute
// ends what was agreed.
func TestAPlanOfAnotherSumIsNotAgreedTo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, _ := w.owed(t)
		must(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 2, First: w.today(t)}))
		fee, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-91", Kind: customer.Fee, Amount: eur(100)})
		must(t, err)
		code(t, w.DecideInstalments(ctx, finance, c, true), "collection.plan_differs")
		must(t, w.DecideInstalments(ctx, finance, c, false))
		must(t, w.ProposeInstalments(ctx, finance, c, app.InstalmentInput{Parts: 2, First: w.today(t)}))
		must(t, w.AnswerInstalments(ctx, page, true))
		must(t, w.SettleBalance(ctx, finance, cid, fee, customer.Void))
		x, err := w.CollectionOf(ctx, finance, c)
		must(t, err)
		if x.Plan() != nil || x.Plans[1].State != collection.Ended || len(x.Owed) != 1 {
			t.Errorf("what it covered is void, and %+v", x)
		}
		must(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 2, First: w.today(t)}))
		must(t, w.DecideInstalments(ctx, finance, c, true))
		must(t, w.PayInstalment(ctx, finance, c, 1))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "No son mías"}))
		x, err = w.CollectionOf(ctx, finance, c)
		must(t, err)
		if x.Plan() != nil || x.Plans[2].State != collection.Ended || x.MayPlan || len(x.Owed) != 1 || x.Owed[0].Amount != eur(1236) { // what was paid stays paid
			t.Errorf("disputed, and %+v", x)
		}
		if rests := x.Rests(); rests == nil || rests.ID != x.Plans[2].ID || rests.Parts[0].Paid.IsZero() { // and is told, while nobody asks for the rest
			t.Errorf("what rests is %+v", rests)
		}
		w.verifyLog(t)
	})
}

// runsAfter reports whether a job of the departure waits for a time after the day.
func (w *world) runsAfter(t *testing.T, c offboarding.CaseID, kind string, day when.Date) bool {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	for _, x := range v.Works {
		if x.Kind == kind && x.State == offboarding.WorkReady && x.Tries == 0 && !x.RunAt.Before(day.End(w.Company().Zone)) && x.RunAt.Before(day.AddDays(2).Start(w.Company().Zone)) {
			return true
		}
	}
	return false
}

// A dispute and a complaint stop every clock: what was promised binds nobody, and
// nobody is reminded; a third promise is not one too many then.
func TestADisputeOrAComplaintStopsCollection(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, _ := w.owed(t)
		today := w.today(t)
		must(t, w.PromiseToPay(ctx, page, today.AddDays(2)))
		complaint, err := w.RecordComplaint(ctx, agent, relationship.Complaint{Customer: cid, Received: today, What: "Ante la Junta Arbitral: los avisos no eran suyos"})
		must(t, err)
		code(t, w.PromiseToPay(ctx, page, today.AddDays(2)), "collection.stopped")
		w.push(t, 5)
		must(t, w.UntilQuiet(ctx))
		if list := w.promises(t, c); list[0].State != collection.Released {
			t.Fatalf("promised: %+v", list)
		}
		if n := w.mail.count("reminder"); n != 0 {
			t.Errorf("%d reminders while a complaint was open", n)
		}
		must(t, w.AnswerComplaint(ctx, agent, app.ComplaintAnswer{Complaint: complaint, State: relationship.Declined, Answer: "La Junta dio la razón a la empresa"}))
		must(t, w.PromiseToPay(ctx, page, w.today(t).AddDays(1)))
		must(t, w.AnswerStatement(ctx, page, app.StatementAnswer{Why: "No son mías"}))
		if list := w.promises(t, c); len(list) != 2 || list[1].State != collection.Released {
			t.Fatalf("promised: %+v", list)
		}
		w.push(t, 60)
		must(t, w.UntilQuiet(ctx))
		if n := w.mail.count("reminder"); n != 0 {
			t.Errorf("%d reminders in a dispute", n)
		}
		w.verifyLog(t)
	})
}

// What is written off took two people, is owed no more, ends the step, is told to
// the customer, and is not what was paid.
func TestAWriteOffTakesTwoPeople(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, page, bill := w.owed(t)
		other := app.Actor{ID: "usr_other", Roles: []string{"finance"}}
		step := func() string {
			x, err := w.CollectionOf(ctx, finance, c)
			must(t, err)
			return x.WriteOff
		}
		code(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: " "}), "step.evidence_required")
		code(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "X", Balances: []customer.BalanceID{"bal_x"}}), "field.choice")
		must(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "Cuesta más cobrarlo"}))
		code(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "Otra vez"}), "collection.write_off_waits")
		must(t, w.PromiseToPay(ctx, page, w.today(t).AddDays(5)))
		code(t, w.Approve(ctx, finance, c, step(), true, "Yo mismo"), "approval.same_person")
		must(t, w.Approve(ctx, other, c, step(), false, "Que lo intente otra vez"))
		if step() != "" || w.stepState(t, c, "collect") != offboarding.StepReady {
			t.Fatal("refused, and not open any more")
		}
		must(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "Ya lo intentó", Balances: []customer.BalanceID{bill}}))
		must(t, w.Approve(ctx, other, c, step(), true, "De acuerdo"))
		told := w.mail.wait(t, "written_off", firstMail)
		if len(told.Let) != 1 || told.Let[0].Reference != "F-90" {
			t.Errorf("the letter tells %+v", told.Let)
		}
		w.tells(t, cid, customer.Due) // the billing system does not know of it
		p, err := w.OpenCustomer(ctx, finance, cid)
		must(t, err)
		if b := p.Balances[0]; b.ID != bill || b.Status != customer.WrittenOff {
			t.Errorf("the bill is %+v", b)
		}
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Errorf("written off, and the step is %s", st)
		}
		if list := w.promises(t, c); list[0].State != collection.Released {
			t.Errorf("promised: %+v", list)
		}
		code(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "X"}), "collection.nothing_owed")
		w.verifyLog(t)
	})
}

// The letter about a sum that is let go tells that one, and none of an earlier day.
func TestALetterTellsWhatWasLetGoThisTime(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, _, _ := w.owed(t)
		more, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-92", Kind: customer.Invoice, About: "Otra", Amount: eur(100)})
		must(t, err)
		for i, ref := range []string{"F-92", "F-90"} {
			in := app.WriteOffInput{Case: c, Why: "Cuesta más cobrarlo"}
			if i == 0 {
				in.Balances = []customer.BalanceID{more}
			}
			must(t, w.ProposeWriteOff(ctx, finance, in))
			x, err := w.CollectionOf(ctx, finance, c)
			must(t, err)
			must(t, w.Approve(ctx, app.Actor{ID: "usr_other", Roles: []string{"finance"}}, c, x.WriteOff, true, "De acuerdo"))
			eventually(t, "the letter", func() bool { return w.mail.count("written_off") == i+1 })
			told := w.mail.last(t, "written_off")
			if len(told.Let) != 1 || told.Let[0].Reference != ref {
				t.Errorf("letter %d tells %+v", i+1, told.Let)
			}
		}
	})
}

// toldMap reads how bills stand from a file of the billing system.
const toldMap = `
as_of: 2026-03-01
csv: {decimal: ",", dates: yyyy-mm-dd}
columns: {ref: ref}
fields:
  customer.reference: {column: ref}
  customer.name: {column: name}
  contact.email: {column: mail}
  balance.reference: {column: bill}
  balance.kind: {value: invoice}
  balance.amount: {column: sum}
  balance.currency: {value: EUR}
  balance.status: {column: status}
`

// tells imports that the bill of owed stands so.
func (w *world) tells(t *testing.T, cid customer.ID, status customer.BalanceStatus) {
	t.Helper()
	v, err := w.OpenCustomer(t.Context(), finance, cid)
	must(t, err)
	row := strings.Join([]string{v.Customer.Reference, v.Customer.Name, v.Contacts[0].Email, "F-90", "24,72", string(status)}, ";")
	rep, bad := w.imported(t, toldMap, "ref;name;mail;bill;sum;status\n"+row+"\n", false)
	if len(bad) != 0 {
		t.Fatalf("%+v, refused %+v", rep, bad)
	}
}

// A bill that is paid while somebody decides about letting it go ends that, also
// where a file says so.
func TestWhatIsPaidIsNotWrittenOff(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, _, _ := w.owed(t)
		must(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "Cuesta más cobrarlo"}))
		w.tells(t, cid, customer.Paid)
		must(t, w.UntilQuiet(ctx))
		v, err := w.OpenCase(ctx, finance, c)
		must(t, err)
		if v.Plan.Case.State != offboarding.CaseClosed || w.mail.count("written_off") != 0 {
			t.Errorf("the departure is %s; %d letters", v.Plan.Case.State, w.mail.count("written_off"))
		}
		w.verifyLog(t)
	})
}

// A deposit makes up for some of a bill: that is said, and a bill that is let go is
// set off with it first, so that nobody gives up more than is left.
func TestWhatMakesUpForABillIsSetOffBeforeItIsLetGo(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, c, _, bill := w.owed(t)
		deposit, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "D-1", Kind: customer.Deposit, Amount: eur(2000)})
		must(t, err)
		x, err := w.CollectionOf(ctx, finance, c)
		must(t, err)
		if len(x.Owed) != 1 || len(x.Less) != 1 || len(x.Left) != 1 || x.Left[0] != eur(472) {
			t.Fatalf("owed %+v, less %+v: left %v", x.Owed, x.Less, x.Left)
		}
		must(t, w.ProposeWriteOff(ctx, finance, app.WriteOffInput{Case: c, Why: "Cuesta más cobrarlo"}))
		x, err = w.CollectionOf(ctx, finance, c)
		must(t, err)
		must(t, w.Approve(ctx, app.Actor{ID: "usr_other", Roles: []string{"finance"}}, c, x.WriteOff, true, "De acuerdo"))
		p, err := w.OpenCustomer(ctx, finance, cid)
		must(t, err)
		let, paid := customer.Balance{}, int64(0)
		for _, b := range p.Balances {
			switch {
			case b.Status == customer.WrittenOff:
				let = b
			case b.ID == deposit && b.Status != customer.Paid:
				t.Errorf("the deposit is %+v", b)
			case b.Kind == customer.Invoice && b.Status == customer.Paid:
				paid += b.Amount.Minor
			}
		}
		if let.ID != bill || let.Amount != eur(472) || paid != 2000 {
			t.Errorf("let go %+v; %d paid with the deposit", let, paid)
		}
		if told := w.mail.wait(t, "written_off", firstMail); len(told.Let) != 1 || told.Let[0].Amount != eur(472) {
			t.Errorf("the letter tells %+v", told.Let)
		}
		w.verifyLog(t)
	})
}

// What somebody owes once all else was paid, whoever noted it, is looked after by
// one more step, with the reminders of the playbook, until it is paid too.
func TestWhatIsOwedLaterIsLookedAfter(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owingAndTaking)
		ctx := t.Context()
		cid, c, page, bill := w.owed(t)
		later := func() (out []offboarding.Step) {
			v, err := w.OpenCase(ctx, finance, c)
			must(t, err)
			for _, s := range v.Plan.Steps {
				if strings.HasPrefix(s.Key, "collect_later") {
					out = append(out, s)
				}
			}
			return out
		}
		add := func(ref string) customer.BalanceID {
			bid, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: ref, Kind: customer.Usage, About: "Consumo", Amount: eur(700)})
			must(t, err)
			return bid
		}
		first := add("U-1") // somebody looks after the bill still
		if n := len(later()); n != 0 {
			t.Fatalf("%d steps for what the plan looks after", n)
		}
		must(t, w.SettleBalance(ctx, finance, cid, bill, customer.Paid))
		must(t, w.SettleBalance(ctx, finance, cid, first, customer.Paid))
		if st := w.stepState(t, c, "collect"); st != offboarding.StepDone {
			t.Fatalf("all is paid and the step is %s", st)
		}
		second, third := add("U-2"), add("U-3")
		s := later()
		if len(s) != 1 || s[0].State != offboarding.StepReady || s[0].Role != "finance" || len(s[0].Items) != 1 || s[0].Params["days"] == "" {
			t.Fatalf("nobody, or too many, look after it: %+v", s)
		}
		must(t, w.PromiseToPay(ctx, page, w.today(t).AddDays(2)))
		w.push(t, 4)
		if x := w.mail.wait(t, "reminder", firstMail); len(x.Balances) != 2 {
			t.Errorf("reminded of %+v", x.Balances)
		}
		must(t, w.SettleBalance(ctx, finance, cid, second, customer.Paid))
		must(t, w.SettleBalance(ctx, finance, cid, third, customer.Paid))
		if s := later(); s[0].State != offboarding.StepDone {
			t.Errorf("paid, and the step is %s", s[0].State)
		}
		v, err := w.OpenCustomer(ctx, finance, cid)
		must(t, err)
		rep, bad := w.imported(t, toldMap, "ref;name;mail;bill;sum;status\n"+
			strings.Join([]string{v.Customer.Reference, v.Customer.Name, v.Contacts[0].Email, "F-91", "10,00", string(customer.Due)}, ";")+"\n", false)
		if s := later(); len(bad) != 0 || len(s) != 2 || s[1].State != offboarding.StepReady {
			t.Errorf("a file tells of another bill (%+v, refused %+v): %+v", rep, bad, s)
		}
		w.verifyLog(t)
	})
}

// What was charged for a thing and paid in part is owed back when it turns up
// after all; of the rest nothing is asked any more.
func TestPartsThatWerePaidForAThingAreOwedBack(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owingAndTaking)
		ctx := t.Context()
		cid := w.lent(t, "card")
		_, c, page := w.request(t, "period_end")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		charged := app.ObligationEnd{Case: c, Obligation: v.Returns.List[0].ID, State: obligation.Charged, Evidence: "Dice que la perdió", Charge: eur(900)}
		must(t, w.EndObligation(ctx, finance, charged))
		eventually(t, "the statement is sent", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
		must(t, w.AskInstalments(ctx, page, app.InstalmentInput{Parts: 3, First: w.today(t).AddDays(3)}))
		must(t, w.DecideInstalments(ctx, finance, c, true))
		must(t, w.PayInstalment(ctx, finance, c, 1))
		must(t, w.EndObligation(ctx, agent, app.ObligationEnd{Case: c, Obligation: v.Returns.List[0].ID, State: obligation.Returned, Evidence: "La encontró"}))
		p, err := w.OpenCustomer(ctx, finance, cid)
		must(t, err)
		back := 0
		for _, b := range p.Balances {
			switch {
			case b.Kind == customer.Refund && b.Status == customer.Due && b.Amount == eur(300):
				back++
			case b.Status == customer.Due:
				t.Errorf("still open: %+v", b)
			}
		}
		x, err := w.CollectionOf(ctx, finance, c)
		must(t, err)
		if back != 1 || x.Plan() != nil || w.stepState(t, c, "collect") != offboarding.StepDone {
			t.Errorf("%d sums owed back; plan %+v; the step is %s", back, x.Plan(), w.stepState(t, c, "collect"))
		}
		w.verifyLog(t)
	})
}

// owingAndTaking is a playbook in which the data is given while something is owed.
var owingAndTaking = strings.Replace(owing, "steps:", "retrieval: {d: 30}\nsteps:", 1) + `
  - {id: end, kind: wait, title: {es: "Cinco", en: "Five"}, after: [settle], params: {until: effective}}
  - {id: export, kind: export_data, title: {es: "Seis", en: "Six"}, after: [end]}
`

// Whatever is owed and however it stands, nothing else waits for it: the contract
// ends, the data is given and can be fetched, and the departure closes once
// somebody says that nothing more is done about the money.
func TestNothingOwedHoldsAnybodyBack(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(t *testing.T, w *world, c offboarding.CaseID, page string){
		"unpaid": func(*testing.T, *world, offboarding.CaseID, string) {},
		"promised": func(t *testing.T, w *world, _ offboarding.CaseID, page string) {
			must(t, w.PromiseToPay(t.Context(), page, w.today(t).AddDays(20)))
		},
		"in parts": func(t *testing.T, w *world, c offboarding.CaseID, page string) {
			must(t, w.AskInstalments(t.Context(), page, app.InstalmentInput{Parts: 3, First: w.today(t).AddDays(5)}))
			must(t, w.DecideInstalments(t.Context(), finance, c, true))
		},
		"disputed": func(t *testing.T, w *world, _ offboarding.CaseID, page string) {
			must(t, w.AnswerStatement(t.Context(), page, app.StatementAnswer{Why: "No son mías"}))
		},
		"written off": func(t *testing.T, w *world, c offboarding.CaseID, _ string) {
			must(t, w.ProposeWriteOff(t.Context(), finance, app.WriteOffInput{Case: c, Why: "Cuesta más cobrarlo"}))
			x, err := w.CollectionOf(t.Context(), finance, c)
			must(t, err)
			must(t, w.Approve(t.Context(), app.Actor{ID: "usr_other", Roles: []string{"finance"}}, c, x.WriteOff, true, "De acuerdo"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
				w := newWorldWith(t, e, owingAndTaking)
				ctx := t.Context()
				_, c, page, _ := w.owed(t)
				begin(t, w, c, page)
				v, err := w.OpenCase(ctx, finance, c)
				must(t, err)
				must(t, w.PushClock(ctx, "", v.Plan.Case.Effective.AddDays(2).Start(w.Company().Zone)))
				eventually(t, "the data is given", func() bool { return w.stepState(t, c, "export") == offboarding.StepVerified })
				v, err = w.OpenCase(ctx, finance, c)
				must(t, err)
				if v.Plan.Case.EffectiveAt.IsZero() {
					t.Error("the contract has not ended")
				}
				for _, s := range v.Plan.Steps {
					if s.Over() {
						continue
					}
					for _, it := range s.Items {
						if !it.Ticked {
							must(t, w.Tick(ctx, finance, app.TickInput{Case: c, Step: s.Key, Item: it.Key, Ticked: true}))
						}
					}
					must(t, w.CompleteTask(ctx, finance, app.CompleteInput{Case: c, Step: s.Key, Note: "No se hace nada más"}))
				}
				must(t, w.UntilQuiet(ctx))
				if v, err = w.OpenCase(ctx, finance, c); err != nil || v.Plan.Case.State != offboarding.CaseClosed {
					t.Errorf("the departure is %s: %v", v.Plan.Case.State, err)
				}
				w.verifyLog(t)
			})
		})
	}
}

// Two departures of one customer are about the same sums: reminders of one are
// reminders of the other, in how many there are and how far apart, and a day that was
// promised in one holds in both.
func TestTwoDeparturesRemindOfADebtAsOne(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w := newWorldWith(t, e, owing)
		ctx := t.Context()
		cid, one, two := w.withTwo(t)
		_, err := w.AddBalance(ctx, finance, customer.Balance{Customer: cid, Reference: "F-90", Kind: customer.Invoice, About: "Avisos", Amount: eur(2472)})
		must(t, err)
		cases := []offboarding.CaseID{w.host(t, cid, one).Case, w.host(t, cid, two).Case}
		for _, c := range cases {
			eventually(t, "the statement is sent", func() bool { return w.stepState(t, c, "collect") == offboarding.StepReady })
		}
		must(t, w.RecordPromise(ctx, finance, cases[0], w.today(t).AddDays(6)))
		w.push(t, 5)
		eventually(t, "the other departure waits too", func() bool { return w.runsAfter(t, cases[1], app.ReminderKind, w.today(t).AddDays(1)) })
		if n := w.mail.count("reminder"); n != 0 {
			t.Fatalf("%d reminders although a day was promised", n)
		}
		for range 12 {
			w.push(t, 8)
			eventually(t, "what is due was decided about", func() bool {
				now, _, err := w.Now(ctx)
				must(t, err)
				for _, c := range cases {
					v, err := w.OpenCase(ctx, agent, c)
					must(t, err)
					if slices.ContainsFunc(v.Works, func(x offboarding.Work) bool {
						return x.Kind == app.ReminderKind && (x.State == offboarding.WorkReady || x.State == offboarding.WorkRunning) && !x.RunAt.After(now)
					}) {
						return false
					}
				}
				return true
			})
		}
		eventually(t, "three went out", func() bool { return w.mail.count("reminder") == collection.MostReminders })
		for _, c := range cases {
			x, err := w.CollectionOf(ctx, finance, c)
			must(t, err)
			if x.Sent != collection.MostReminders {
				t.Errorf("%d reminders are counted", x.Sent)
			}
		}
		w.push(t, 30)
		eventually(t, "the step is told to be late", func() bool { return w.logged(t, "step.overdue") > 0 })
		if n := w.mail.count("reminder"); n != collection.MostReminders {
			t.Errorf("%d reminders of one debt", n)
		}
		w.verifyLog(t)
	})
}
