package app

import (
	"context"
	"slices"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/reply"
	"hastaluego/internal/when"
)

// MeanInput is what somebody decides that a letter means.
type MeanInput struct {
	ID      string
	Meaning reply.Meaning
	Proof   string // how it was checked that it is from them, where nothing in it shows that
}

// MeanReceived does what a letter means, as the customer would have done it on
// their page, and keeps the letter as the evidence. An approval needs the key of
// the letter that asks for it now; everything else a sender on file, or words
// about how it was checked.
func (a *App) MeanReceived(ctx context.Context, by Actor, in MeanInput) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	proof, wrong := customer.CheckText("proof", in.Proof, 500, false)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		ctx := context.WithValue(ctx, joining{}, tx) // the verbs of the page, in this transaction
		x, err := tx.FindReceived(ctx, in.ID)
		if err != nil {
			return err
		}
		if x.State != "read" {
			return fault.New(fault.Blocked, "reply.over")
		}
		v, err := a.viewReceived(ctx, tx, x)
		if err != nil {
			return err
		}
		if !slices.Contains(v.Possible, in.Meaning) {
			return fault.New(fault.Invalid, "field.choice").On("meaning")
		}
		if err := v.proves(in.Meaning, proof); err != nil {
			return err
		}
		if err := a.mean(ctx, tx, by, &v, in.Meaning, proof); err != nil {
			return err
		}
		x = v.Received
		x.State, x.Meaning, x.OverAt, x.OverBy = "meant", in.Meaning, tx.Now(), by.real()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		subject := string(x.Customer)
		if subject == "" {
			subject = x.ID
		}
		return a.record(ctx, tx, fact{"mail.meant", by.ID, x.stream(), subject, map[string]any{
			"received": x.ID, "meaning": string(in.Meaning), "keyed": v.Keyed, "on_file": v.OnFile, "proof": proof,
		}})
	})
}

// proves refuses a meaning for which too little is known of who wrote.
func (v ReceivedView) proves(m reply.Meaning, proof string) error {
	switch {
	case m == reply.Approve && !v.Asked:
		return fault.New(fault.Invalid, "reply.key").On("meaning")
	case m == reply.Message, v.Keyed != "", m == reply.Request && v.Customer == "":
		return nil
	case m == reply.Confirm && proof == "", !v.OnFile && proof == "" && m != reply.Request:
		return fault.New(fault.Invalid, "reply.proof").On("proof")
	}
	return nil
}

func (a *App) mean(ctx context.Context, tx Tx, by Actor, v *ReceivedView, m reply.Meaning, proof string) error {
	page := func(purpose string) (string, error) { return a.mint(ctx, tx, purpose, v.Request, v.Case) }
	switch m {
	case reply.Message:
		_, err := a.AddNote(ctx, by, v.Case, v.words())
		return err
	case reply.Request:
		return a.meanRequest(ctx, tx, by, v, proof)
	case reply.Confirm:
		r, err := tx.FindRequest(ctx, v.Request)
		if err != nil {
			return err
		}
		if err := a.verify(ctx, tx, &r, "reply.mail"); err != nil {
			return err
		}
		v.Case = r.Case
		return nil
	case reply.NotMe:
		token, err := page("not_me")
		if err != nil {
			return err
		}
		return a.DisownRequest(ctx, token)
	case reply.Silence:
		return a.meanSilence(ctx, tx, v)
	case reply.Approve, reply.Lacking:
		p, err := tx.FindPlan(ctx, v.Case)
		if err != nil {
			return err
		}
		x, err := a.askedNow(ctx, tx, &p)
		if err != nil || x == nil {
			return orConflict(err)
		}
		return a.answerApproval(ctx, tx, v.Case, ApprovalAnswer{ID: x.ID, Right: m == reply.Approve, Lacks: v.words(), mail: true})
	case reply.Accept:
		p, err := tx.FindPlan(ctx, v.Case)
		if err != nil {
			return err
		}
		raw, err := a.unseal(ctx, v.KeyID, v.ID, v.Body)
		if err != nil {
			return err
		}
		return a.acceptOnPaper(ctx, by, SlipInput{Case: v.Case, Step: handing(&p).Key, Name: v.Code + mailFile, Body: raw}, nil)
	case reply.Missing, reply.Rotated, reply.NoMeeting, reply.Survey:
		return a.meanMore(ctx, tx, v, m, page)
	}
	token, err := page("case")
	if err != nil {
		return err
	}
	if m == reply.Undo {
		return a.UndoByCustomer(ctx, token)
	}
	return a.AnswerOffer(ctx, token, m == reply.OfferYes)
}

// meanSilence keeps quiet towards whoever wrote, whichever departure their mail
// is about.
func (a *App) meanSilence(ctx context.Context, tx Tx, v *ReceivedView) error {
	about, request := v.Case, v.Request
	if about == "" {
		cases, err := tx.CasesOf(ctx, v.Customer)
		if err != nil || len(cases) == 0 {
			return orConflict(err)
		}
		about, request = cases[0].ID, cases[0].Request
	}
	token, err := a.mint(ctx, tx, "silence", request, about)
	if err != nil {
		return err
	}
	return a.AskSilence(ctx, token)
}

// words are what it says, short enough for a note.
func (v ReceivedView) words() string {
	s := v.Reply.Own
	if s == "" {
		s = v.Reply.Whole
	}
	if s == "" {
		s = v.Reply.Subject
	}
	return short(s)
}

// short is as much of it as a field of words takes.
func short(s string) string {
	if r := []rune(s); len(r) > 2000 {
		s = string(r[:2000])
	}
	return s
}

// meanRequest registers what somebody asked for by mail: of a customer on
// their behalf, as of the day of the letter; of nobody who is known as the page
// does. Whoever wrote from an address on file still confirms, unless somebody
// vouches for it.
func (a *App) meanRequest(ctx context.Context, tx Tx, by Actor, v *ReceivedView, proof string) error {
	f := v.Reply.Form
	if v.Customer == "" {
		r, err := a.DeclareExit(ctx, by, ExitInput{
			Name: f["name"], AccountEmail: f["account"], ReceiptEmail: f["receipt"], Reference: f["reference"], When: f["when"], Language: f["language"],
		})
		v.Request = r.ID
		return err
	}
	in := BehalfInput{Customer: v.Customer, Channel: "mail", Reference: v.Reply.ID, When: f["when"], Proof: proof}
	if in.Reference == "" || len([]rune(in.Reference)) > 200 { // words that were pasted have none
		in.Reference = v.SHA256[:12]
	}
	if day := when.DateOf(v.Reply.Date, a.Company().Zone); !v.Reply.Date.IsZero() && !a.today(tx).Before(day) && a.today(tx).AddDays(-behalfDays).Before(day) {
		in.Received = day
	}
	c, err := a.RegisterOnBehalf(ctx, by, in)
	if err != nil {
		return err
	}
	found, err := tx.FindCase(ctx, c)
	v.Case, v.Request = c, found.Request
	return err
}
