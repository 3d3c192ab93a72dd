package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/collection"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/winback"
)

// queue puts a message in the outbox and into the log; with work it also puts
// its sending into the queue (a step's letter is sent by the step's own work).
func (a *App) queue(ctx context.Context, tx Tx, m Message, subject string, work bool) error {
	m.HeaderID = string(m.ID) + "@hasta"
	if err := tx.InsertMessage(ctx, m); err != nil {
		return err
	}
	args := map[string]any{"message": string(m.ID), "paper": m.Paper}
	kept := false // to an address that somebody erased let be kept: the proof of a departure does not have it
	if _, is := wishes[m.Paper]; is {
		var err error
		if kept, err = a.toErased(ctx, tx, m); err != nil {
			return err
		}
	}
	if m.Paper != copyNonePaper && !m.toUser() && !kept { // nobody knows whose that is, or they never dealt with us
		args["to"] = m.To
	}
	if err := a.record(ctx, tx, fact{"message.queued", "engine", m.stream(), subject, args}); err != nil || !work {
		return err
	}
	return a.sendAt(ctx, tx, m, tx.Now())
}

// queueAt is queue of a letter that goes out at an instant.
func (a *App) queueAt(ctx context.Context, tx Tx, m Message, subject string, at time.Time) error {
	if err := a.queue(ctx, tx, m, subject, false); err != nil {
		return err
	}
	return a.sendAt(ctx, tx, m, at)
}

func (a *App) sendAt(ctx context.Context, tx Tx, m Message, at time.Time) error {
	system := "mail"
	if m.Case != "" { // it may be of a rehearsal
		cus, err := a.letterTo(ctx, tx, m)
		if err != nil {
			return err
		}
		system = within(cus.Test(), system)
	}
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: "message", Item: string(m.ID), System: system, Key: string(m.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// stream is the log stream that the message belongs to.
func (m Message) stream() string {
	if m.Case != "" {
		return string(m.Case)
	}
	return string(m.Request)
}

// sealedFor is whose key seals what the message says: the customer's, as far as
// anybody knows them.
func sealedFor(ctx context.Context, tx Tx, m Message) (string, error) {
	if m.Paper == NoticePaper {
		n, err := tx.LawNoticeBy(ctx, m.ID)
		return string(n.Customer), err
	}
	if m.Case == "" {
		return m.stream(), nil
	}
	t, err := takingOf(ctx, tx, m.Case)
	if err != nil || t.Customer == "" {
		return m.stream(), err
	}
	return string(t.Customer), nil
}

// WaitsForLog is the code of the fault that a letter must wait until a signed
// checkpoint contains its entry.
const WaitsForLog = "paper.waits_for_log"

// SendMessage is the only road of letters to customers to the mail system. What the table of messages
// (package notice) does not allow now is withheld, and the log says why. Else it
// makes the letter from the records, mints its links and hands it
// to the mail system. A crash in between sends it again under the same
// Message-ID. A refused address is recorded and returned (fault.Invalid), so
// that a step which needed the letter asks a person. A receipt waits (fault.Transient, paper.waits_for_log) until a
// signed checkpoint contains its entry.
func (a *App) SendMessage(ctx context.Context, mid offboarding.MessageID) error {
	var m Message
	var p Paper
	var d drafted
	err := a.store.Tx(ctx, func(tx Tx) (err error) {
		if m, err = tx.FindMessage(ctx, mid); err != nil || m.State != "queued" || strings.HasPrefix(m.Paper, TestPaper) || m.Paper == NoticePaper {
			return err
		}
		if ok, why, err := a.allowed(ctx, tx, m); err != nil {
			return err
		} else if !ok {
			return a.withhold(ctx, tx, &m, why)
		}
		instead, err := a.rehearsal(ctx, tx, m)
		if err != nil {
			return err
		}
		if instead != nil && instead.To == "" { // never to whoever was typed
			return a.withhold(ctx, tx, &m, noTestAddress)
		}
		if p, err = a.paper(ctx, tx, m); err != nil {
			return err
		}
		p.Rehearsal = instead
		d, err = a.draft(ctx, tx, m, p)
		return err
	})
	if err != nil || m.State != "queued" {
		return err
	}
	switch {
	case strings.HasPrefix(m.Paper, TestPaper):
		return a.sendTest(ctx, m)
	case m.Paper == NoticePaper:
		return a.sendComing(ctx, m)
	}
	checks := a.judge(d, p)
	subject, text, err := a.handOver(ctx, m, p)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	refused := err
	err = a.store.Tx(ctx, func(tx Tx) error {
		if m.toUser() { // a departure that is undone at this moment sees this letter, or is seen
			if err := tx.HoldCase(ctx, m.Case); err != nil {
				return err
			}
		}
		if m, err = tx.FindMessage(ctx, mid); err != nil || m.State != "queued" {
			return err
		}
		erased, err := a.toErased(ctx, tx, m)
		if err != nil {
			return err
		}
		if erased {
			subject = "" // it may name them
		}
		written, err := a.writtenOnly(ctx, tx)
		if err != nil {
			return err
		}
		whose, err := sealedFor(ctx, tx, m)
		if err != nil {
			return err
		}
		fact := fact{"message.sent", "engine", m.stream(), whose, map[string]any{"message": string(m.ID), "paper": m.Paper, "subject": subject}}
		if p.Rehearsal != nil {
			fact.args["tester"] = p.Rehearsal.To
		}
		m.State, m.SentAt, m.Subject = "sent", tx.Now(), subject
		if written && refused == nil { // it is sent when somebody says so
			m.State, m.SentAt, fact.typ = "written", time.Time{}, "message.written"
		}
		if refused != nil {
			m.State, m.SentAt, m.LastError, fact.typ = "refused", tx.Now(), fault.CodeOf(refused), "message.bounced"
		} else if !erased {
			sum := sha256.Sum256([]byte(hideSecrets(m.Paper, text)))
			fact.args["sha256"] = hex.EncodeToString(sum[:])
			if m.KeyID, m.Body, err = a.sealFor(ctx, whose, string(m.ID), []byte(text)); err != nil {
				return err
			}
		}
		if err := tx.SaveMessage(ctx, m); err != nil {
			return err
		}
		if err := a.forgetErased(ctx, tx, m); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact); err != nil || refused != nil {
			return err
		}
		if err := a.undoneMeanwhile(ctx, tx, m); err != nil {
			return err
		}
		return a.keepChecks(ctx, tx, m, d, checks, whose)
	})
	if err != nil {
		return err
	}
	return refused // a letter that was refused is not a letter that was sent
}

// SendStepLetter sends the letter of a step, and says what came of it: a letter
// that was withheld or refused is not one that was sent, however often it is
// tried.
func (a *App) SendStepLetter(ctx context.Context, mid offboarding.MessageID) (Result, error) {
	if waits, again, err := a.unsigned(ctx, mid); err != nil || waits {
		return Result{Verdict: Later, Again: again}, err
	}
	if err := a.SendMessage(ctx, mid); err != nil {
		return Result{}, err
	}
	var m Message
	err := a.store.View(ctx, func(tx Tx) (err error) { m, err = tx.FindMessage(ctx, mid); return err })
	switch {
	case err != nil:
		return Result{}, err
	case m.State == "written": // whoever sends it says so
		now, _, err := a.store.Now(ctx)
		return Result{Verdict: Later, Again: now.AddDate(0, 0, 1)}, err
	case m.State == "withheld":
		return Result{Verdict: Withheld, Code: m.LastError}, nil
	case m.State == "refused":
		return Result{}, fault.New(fault.Invalid, m.LastError)
	}
	return Result{Verdict: Accomplished}, nil
}

// sendAgain queues a letter of a step that its address refused, to the address
// that is on file now.
func (a *App) sendAgain(ctx context.Context, tx Tx, w offboarding.Work) error {
	m, err := tx.FindMessage(ctx, offboarding.MessageID(w.Item))
	if err != nil || m.State != "refused" {
		return err
	}
	c, err := tx.FindCase(ctx, w.Case)
	if err != nil {
		return err
	}
	if err := a.address(ctx, tx, &m, c); err != nil {
		return err
	}
	m.State, m.SentAt, m.LastError = "queued", time.Time{}, ""
	return tx.SaveMessage(ctx, m)
}

// paper gathers what the letter may say and mints its links.
func (a *App) paper(ctx context.Context, tx Tx, m Message) (Paper, error) {
	if retrieval.Is(string(m.Case)) {
		return a.copyLetter(ctx, tx, m)
	}
	r, err := tx.FindRequest(ctx, m.Request)
	if err != nil {
		return Paper{}, err
	}
	if m.Paper == "ack" { // says nothing that depends on who is a customer
		p := Paper{Kind: m.Paper, Language: m.Language, Code: r.Code, At: r.ReceivedAt, Now: tx.Now(), Request: declared(r)}
		return p, a.roads(ctx, tx, m, &p)
	}
	p, err := a.casePaper(ctx, tx, m.Paper, m.Language, m.Case)
	if err != nil {
		return Paper{}, err
	}
	p.Request, p.At, p.LinkUntil = r, r.ReceivedAt, tx.Now().Add(linkLife["verify"])
	if r.ID != p.Case.Request { // somebody asked again
		p.Code = r.Code
	}
	if m.Paper == "receipt" && p.Proof == nil {
		return Paper{}, fault.New(fault.Transient, WaitsForLog)
	}
	if m.Paper == "reminder" {
		if p.Notice, p.Last, err = a.noticeOf(ctx, tx, p.Case); err != nil {
			return Paper{}, err
		}
		if p.Promised, err = a.brokenSince(ctx, tx, m); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == "instalments" {
		list, err := tx.InstalmentsOf(ctx, m.Case)
		if err != nil {
			return Paper{}, err
		}
		for _, x := range list {
			if x.State == collection.Agreed {
				p.Instalments = &x
			}
		}
	}
	if m.Paper == "written_off" {
		if p.Let, err = writtenOff(ctx, tx, m); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == ChargedAfterPaper || m.Paper == GivenBackPaper {
		_, after, err := a.afterOf(ctx, tx, m, p.Case)
		if err != nil {
			return Paper{}, err
		}
		p.After = &after
	}
	if m.Paper == "invitation" {
		i, _, err := a.invited(ctx, tx, m.Case)
		if err != nil {
			return Paper{}, err
		}
		p.Invitation = &i
	}
	if m.Paper == "approval" {
		plan, err := tx.FindPlan(ctx, m.Case)
		if err != nil {
			return Paper{}, err
		}
		if p.Approval, err = a.askedNow(ctx, tx, &plan); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == "offer" || m.Paper == OfferFailedPaper {
		o, _, err := a.offerOf(ctx, tx, m.Case)
		if err != nil {
			return Paper{}, err
		}
		p.Offer = &o
	}
	if m.Paper == "winback" {
		if p.Words, err = a.winbackWords(ctx, tx, m); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == "certificate" || m.Paper == DestroyedPaper {
		if err := a.addCertificate(ctx, tx, &p, m.Case); err != nil && fault.KindOf(err) != fault.NotFound {
			return Paper{}, err
		}
		if p.Certificate == nil || p.Proof == nil { // the keys are still there, or the log has not signed it
			return Paper{}, fault.New(fault.Transient, WaitsForLog)
		}
	}
	if m.Paper == "code" {
		t, err := takingCase(p.Case)
		if err != nil {
			return Paper{}, err
		}
		if p.Secret, err = a.mintCode(ctx, tx, m, t); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == "data" {
		if p.Bundle, err = a.bring(ctx, tx, m); err != nil {
			return Paper{}, err
		}
		p.Until = p.Case.RetrievalEnd()
		if p.AskAddress, err = a.asksForAddress(ctx, tx, m.Case); err != nil {
			return Paper{}, err
		}
	}
	if m.toUser() {
		if p.Users, err = a.userFacts(ctx, tx, p); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == ExtendedPaper {
		if p.Extended, err = a.extendedPaper(ctx, tx, m.Case); err != nil {
			return Paper{}, err
		}
	}
	if m.Paper == ErasureWaitsPaper || m.Paper == ErasureGoesOnPaper {
		kept, _, err := a.keptPaper(ctx, tx, p.Case)
		if err != nil {
			return Paper{}, err
		}
		p.Kept = &kept
	}
	if m.Paper == RenewalPaper {
		if p.Renewals, err = a.renewalsOf(ctx, tx, m, p.Case); err != nil {
			return Paper{}, err
		}
	}
	if p.Until = p.Case.RetrievalEnd(); m.Paper == "changes" {
		t, err := takingCase(p.Case)
		if err != nil {
			return Paper{}, err
		}
		if err := withheld(ctx, tx, t); err != nil {
			return Paper{}, err
		}
		if p.Changes, err = a.changesOf(ctx, tx, m.Case); err != nil {
			return Paper{}, err
		}
	}
	return p, a.roads(ctx, tx, m, &p)
}

// declared is what an acknowledgement may know of a request: which act, when,
// and by which way; not who.
func declared(r offboarding.Request) offboarding.Request {
	return offboarding.Request{Act: r.Act, When: r.When, Channel: r.Channel, Via: r.Via}
}

// tokens finds the tokens of our links in a letter.
var tokens = regexp.MustCompile(`(/(?:v|c|e|b|u|bye|not-me|copy)/)[A-Za-z0-9_-]{16,}`)

// secrets finds the codes in a letter that are not the code of a departure.
var secrets = regexp.MustCompile(`(^|[^-0-9A-Z])[0-9A-Z]{4}-[0-9A-Z]{4}\b`)

// replyKeys finds the keys that answers by mail carry.
var replyKeys = regexp.MustCompile(`(^|[^-0-9a-z])[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b`)

// hideSecrets returns what a letter said without what opens something.
func hideSecrets(paper, text string) string {
	text = tokens.ReplaceAllString(text, "$1•••")
	text = replyKeys.ReplaceAllString(text, "$1•••")
	if paper == "code" {
		text = secrets.ReplaceAllString(text, "$1•••")
	}
	return text
}

// Letters are the kinds of letter, each with the purposes of its links. In
// every one about a departure whoever reads it can say that this was not them.
var Letters = map[string][]string{
	"ack": {"not_me"}, "confirm": {"verify", "not_me"}, "receipt": {"case", "not_me"}, "reversed": {"case", "not_me"},
	"farewell": {"bye", "case", "not_me"}, "statement": {"case", "not_me"}, "code": {"not_me"},
	"reminder": {"case", "not_me"}, "written_off": {"case", "not_me"}, "instalments": {"case", "not_me"}, "handover": {"handover", "not_me"}, "envelope": {"envelope", "not_me"}, "rotation": {"handover", "not_me"}, OwnerPaper: {"handover", "not_me"}, RenewalPaper: {"handover", "not_me"},
	"offer": {"case", "not_me"}, OfferFailedPaper: {"case", "not_me"}, "invitation": {"case", "not_me"}, "winback": {"back", "silence", "not_me"},
	"certificate": {"certificate", "not_me"}, DestroyedPaper: {"certificate", "not_me"}, "ending": {"case", "not_me"}, "approval": {"approval", "not_me"}, "data": {"case", "not_me"},
	ChargedAfterPaper: {"case", "not_me"}, GivenBackPaper: {"case", "not_me"},
	ExtendedPaper: {"case", "not_me"}, ErasureWaitsPaper: {"case", "not_me"}, ErasureGoesOnPaper: {"case", "not_me"},
	"changes":      {"data", "not_me"},
	copyPaper:      {copyLink}, // whose page says what to do if it was not them
	copyNonePaper:  {},
	NoticePaper:    {}, // whoever goes on asked for nothing: there is nothing to disown
	UsersPaper:     {}, // whoever only uses it can change nothing about it
	UsersBackPaper: {},
}

// paths of the portal by the purpose of a link.
var paths = map[string]string{
	"verify": "/v/", "not_me": "/not-me/", "case": "/c/", "bye": "/bye/", "handover": "/c/", "envelope": "/e/", "back": "/b/", "silence": "/u/",
	"certificate": "/c/", "approval": "/c/", "data": "/c/",
}

// pages are the links that lead to a page behind a private one.
var pages = map[string]string{"handover": "/handover", "certificate": "/certificate", "approval": "/approval", "data": "/data"}

// links mints the links of a letter. They carry its language. In the letters
// about a request that is still to be proved, "not me" is about that request
// alone; in all others about the departure.
func (a *App) links(ctx context.Context, tx Tx, m Message) (map[string]string, error) {
	out := make(map[string]string, len(Letters[m.Paper]))
	for _, purpose := range Letters[m.Paper] {
		about := m.Case
		if purpose == "not_me" && m.Paper == "confirm" {
			about = ""
		}
		var token string
		var err error
		switch purpose {
		case "envelope":
			token, err = a.addressEnvelope(ctx, tx, m)
		case "handover", "certificate", "approval", "data":
			token, err = a.mintAs(ctx, tx, id.TokenOf(a.ofLetter(m, purpose)), "case", m.Request, about)
		default:
			token, err = a.mintAs(ctx, tx, id.TokenOf(a.ofLetter(m, purpose)), purpose, m.Request, about)
		}
		if err != nil {
			return nil, err
		}
		out[purpose] = a.Company().PublicURL + paths[purpose] + token + pages[purpose] + "?lang=" + m.Language
	}
	return out, nil
}

// casePaper gathers what a paper about a case may say: the receipt in the
// portal, in mail and as PDF are the same facts.
func (a *App) casePaper(ctx context.Context, tx Tx, kind, lang string, cid offboarding.CaseID) (Paper, error) {
	plan, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return Paper{}, err
	}
	c := plan.Case
	s, err := a.subject(ctx, tx, c, offboarding.Step{}, offboarding.Work{})
	if err != nil {
		return Paper{}, err
	}
	contacts, err := tx.ContactsOf(ctx, c.Customer)
	if err != nil {
		return Paper{}, err
	}
	r, err := tx.FindRequest(ctx, c.Request)
	if err != nil {
		return Paper{}, err
	}
	works, err := tx.WorksOf(ctx, cid)
	if err != nil {
		return Paper{}, err
	}
	stand, err := a.owingOf(ctx, tx, c.Customer)
	if err != nil {
		return Paper{}, err
	}
	s.Balances = stand.list
	p := Paper{
		Kind: kind, Language: lang, Code: c.Code, At: r.ReceivedAt, Now: tx.Now(), Request: r, Case: c, Lines: s.Subscriptions, Balances: s.Open(),
		Effective: c.Effective.String(), EffectiveAt: s.EffectiveAt, UndoUntil: s.EffectiveAt,
		ReadBack: slices.ContainsFunc(works, func(w offboarding.Work) bool { return w.State == offboarding.WorkUndone }),
	}
	stands := accessStands(plan, works, s.Grants)
	p.Milestones, p.Accesses = withAccesses(milestones(plan, works), stands), a.atBest(ofTheirs(stands))
	if !c.OpenedAt.IsZero() && !p.UndoUntil.After(c.OpenedAt) { // it was over when it was written down
		p.UndoUntil = time.Time{}
	}
	p.Late = a.lateCharges(c, s.Subscriptions)
	p.Abroad = s.Customer.Country != "" && a.Company().Country != "" && s.Customer.Country != a.Company().Country
	if w, err := tx.WithdrawalOf(ctx, cid); err == nil {
		p.Withdrawal = &w
	} else if fault.KindOf(err) != fault.NotFound {
		return Paper{}, err
	}
	if x, err := tx.StatementOf(ctx, cid); err == nil && x.Live() {
		p.Statement = &x
	} else if err != nil && fault.KindOf(err) != fault.NotFound {
		return Paper{}, err
	}
	if p.Declared, err = a.declaredWith(ctx, tx, c.Request); err != nil {
		return Paper{}, err
	}
	if p.Ending, err = a.endingPaper(ctx, tx, r, lang); err != nil {
		return Paper{}, err
	}
	if p.Ending != nil {
		p.Milestones = announced(p.Milestones)
		if kind == "receipt" {
			p.Kind = "ending"
		}
	}
	if kind == "winback" {
		x, _, err := tx.ConsentOf(ctx, cid, winback.Letter)
		if err != nil {
			return Paper{}, err
		}
		if p.Allowed = x.At; p.Allowed.IsZero() { // they were erased
			kept, _, err := tx.KeptContactOf(ctx, c.Customer)
			if err != nil {
				return Paper{}, err
			}
			p.Allowed = kept.SaidAt
		}
	}
	if kind == "reversed" {
		if o, found, err := a.offerOf(ctx, tx, cid); err != nil {
			return Paper{}, err
		} else if found && (o.State == offer.Accepted || o.State == offer.Applied) {
			p.Offer = &o
		}
	}
	if kind == "farewell" {
		why, err := a.whyOf(ctx, tx, cid)
		if err != nil {
			return Paper{}, err
		}
		p.Quiet = reason.Builtin().Quiet(why)
		if p.Achieved, err = a.achieved(ctx, tx, c); err != nil {
			return Paper{}, err
		}
	}
	p.Address, p.Name = onFile(contacts)
	if erased, err := wasErased(ctx, tx, c.Customer); err != nil {
		return Paper{}, err
	} else if p.Name == "" && !erased { // the code stands where the name was
		p.Name = s.Customer.Name
	}
	if p.Instead, err = a.instead(ctx, tx, &plan); err != nil {
		return Paper{}, err
	}
	if p.Proof, err = a.proofOf(ctx, tx, cid, "case.opened", "case.waits"); err != nil {
		return Paper{}, err
	}
	return p, nil
}

// proofOf is the proof of the first entry in the log of a case that is of the
// first of the types that it has; nil while no signed checkpoint contains it.
func (a *App) proofOf(ctx context.Context, tx Tx, cid offboarding.CaseID, types ...string) (*LogProof, error) {
	for _, typ := range types {
		entry, err := tx.FirstEntry(ctx, string(cid), typ)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		proof, err := tx.Proof(ctx, entry)
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil
		}
		return &proof, err
	}
	return nil, nil
}

// handOver gives a letter to the mail system. Only SendMessage does, and what it
// calls for tests, which go to no customer. What a test customer is written goes
// to whoever made them up.
func (a *App) handOver(ctx context.Context, m Message, p Paper) (subject, body string, err error) {
	to := m.To
	if p.Rehearsal != nil {
		to = p.Rehearsal.To
	}
	return a.post.Send(ctx, to, m.HeaderID, p)
}
