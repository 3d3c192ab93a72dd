package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// JudgedLetters are the classes of letters of which packs ask for contents. They
// are judged when they are made.
var JudgedLetters = []string{"ack", "receipt", "certificate", NoticePaper, "winback"}

// DocumentCheck is what one rule about documents says of a letter.
type DocumentCheck struct {
	Rule     string              `json:"rule"`
	Param    string              `json:"param"`
	Result   jurisdiction.Result `json:"result"`
	Severity string              `json:"severity"`
	Cite     string              `json:"cite"`
	URL      string              `json:"url,omitempty"`
	Message  map[string]string   `json:"message"`         // language → what the rule wants
	Lacks    []string            `json:"lacks,omitempty"` // contents that are not in it, or words of a set that it may not have
	Later    string              `json:"later,omitempty"` // the letter in which some of it follows
	Why      string              `json:"why,omitempty"`   // code of why it is not known
	Maybe    []string            `json:"maybe,omitempty"` // facts that would tell whether the rule holds
}

// Blocks reports whether the letter surely breaks a rule that blocks. What an
// erasure did is no matter of its letter: the playbook is asked for it before.
func (c DocumentCheck) Blocks() bool {
	return c.Result == jurisdiction.Fail && c.Severity == string(jurisdiction.Block) && c.Param != eraseMode
}

// eraseMode is the parameter that says how data are erased.
const eraseMode = "erase.mode"

// How data are erased, as that parameter names it.
const (
	deletes          = "delete"
	blockThenDestroy = "block_then_destroy"
)

// CheckedDocument is how a letter that was made stood to the law.
type CheckedDocument struct {
	Message  offboarding.MessageID
	Case     offboarding.CaseID // empty: of none, or none was found yet
	Request  offboarding.RequestID
	Customer customer.ID
	Paper    string
	Language string
	At       time.Time
	Checks   []DocumentCheck
	Lacking  int       // rules that block and that it breaks
	MendedAt time.Time // somebody made up for it
	MendedBy string
	Version  int64
}

// Open reports whether it lacks something and nobody made up for it.
func (d CheckedDocument) Open() bool { return d.Lacking > 0 && d.MendedAt.IsZero() }

// Count is how many rules it keeps, breaks, and of how many nobody knows.
func (d CheckedDocument) Count() (n [3]int) {
	for _, c := range d.Checks {
		n[c.Result]++
	}
	return n
}

// DocumentTx keeps how letters stood to the law when they were made.
type DocumentTx interface {
	PutDocument(ctx context.Context, d CheckedDocument) error // a new one where its Version is 0
	FindDocument(ctx context.Context, m offboarding.MessageID) (CheckedDocument, error)
	DocumentsOf(ctx context.Context, c offboarding.CaseID) ([]CheckedDocument, error)  // of a departure and its requests, oldest first
	DocumentsAbout(ctx context.Context, c customer.ID) ([]CheckedDocument, error)      // oldest first
	LackingDocuments(ctx context.Context, most, offset int) ([]CheckedDocument, error) // that lack something, of real customers, oldest first
}

// DocumentDelivery is how a letter reaches somebody, as far as the paper does not
// say it itself.
type DocumentDelivery struct {
	To     string
	Spoken string // the language in which it was asked for; empty: nobody knows
	Chosen bool   // the address is one that they named for their papers
}

// Checker judges the letter that would be made of a paper by every rule about
// documents that holds or may hold. later is the paper in which the rest follows;
// nil: none does that is known. It says nothing of a letter of another class.
type Checker interface {
	Check(p Paper, d DocumentDelivery, later *Paper, law *jurisdiction.Effective) []DocumentCheck
}

// drafted is a letter that is about to be made, with what judges it.
type drafted struct {
	law   *jurisdiction.Effective // nil: it is not judged
	later *Paper
	to    DocumentDelivery
	who   customer.ID // empty: nobody knows yet
}

// draft gathers what a letter is judged by, in the transaction that makes it.
func (a *App) draft(ctx context.Context, tx Tx, m Message, p Paper) (d drafted, err error) {
	if a.checker == nil || !slices.Contains(JudgedLetters, m.Paper) || p.Ending != nil {
		return d, nil
	}
	d.to, d.who = DocumentDelivery{To: m.To}, p.Case.Customer
	var r offboarding.Request
	if m.Request != "" {
		if r, err = tx.FindRequest(ctx, m.Request); err != nil {
			return d, err
		}
		if d.to.Chosen = r.ReceiptEmail != "" && customer.FoldEmail(r.ReceiptEmail) == customer.FoldEmail(m.To); r.Channel != offboarding.Staff && !r.Channel.Ours() {
			d.to.Spoken = r.Language
		}
		d.who = cmp.Or(d.who, r.Customer)
	}
	if m.Paper == "ack" && r.Case != "" {
		later, err := a.casePaper(ctx, tx, "receipt", m.Language, r.Case)
		if err != nil {
			return d, err
		}
		later.Request, later.At, later.Links = r, r.ReceivedAt, map[string]string{}
		d.later = &later
	}
	d.law, err = a.documentLaw(ctx, tx, m, r)
	return d, err
}

// documentLaw is the law that a letter is judged by: that under which its
// departure was decided, else what is known of whoever it is to.
func (a *App) documentLaw(ctx context.Context, tx Tx, m Message, r offboarding.Request) (*jurisdiction.Effective, error) {
	cid := cmp.Or(m.Case, r.Case)
	if cid == "" {
		return a.requestLaw(ctx, tx, r)
	}
	c, err := tx.FindCase(ctx, cid)
	if err != nil {
		return nil, err
	}
	if m.Paper == "winback" {
		cus, err := tx.FindCustomer(ctx, c.Customer)
		if err != nil {
			return nil, err
		}
		return a.lawOn(cus, a.today(tx))
	}
	d, err := tx.LawOf(ctx, cid)
	if err != nil {
		return nil, err
	}
	if d.Case == "" {
		if r.ID != c.Request {
			if r, err = tx.FindRequest(ctx, c.Request); err != nil {
				return nil, err
			}
		}
		v, err := a.caseLaw(ctx, tx, c, r)
		if err != nil {
			return nil, err
		}
		_, law, err := a.lawNow(v)
		return law, err
	}
	if m.Paper == "certificate" { // who they were is erased; what the letter is about is not
		facts := jurisdiction.Facts{"request.act": "erase", "data.role": "controller"}
		for name, fact := range d.Facts {
			if name != "request.act" {
				facts[name] = fact
			}
		}
		d.Facts, d.Day = facts, a.today(tx)
	}
	return a.decided(ctx, tx, d)
}

// requestLaw is the law of a request of which nobody knows yet whose it is: where
// they said that they live, and what they asked for.
func (a *App) requestLaw(ctx context.Context, tx Tx, r offboarding.Request) (*jurisdiction.Effective, error) {
	v := CaseView{Request: r}
	zone := a.Company().Zone
	v.Plan.Case.RequestedAt, v.Plan.Case.Zone = r.ReceivedAt, zone.String()
	var err error
	if v.Way, _, err = tx.WayOf(ctx, r.ID); err != nil {
		return nil, err
	}
	day := when.DateOf(r.ReceivedAt, zone)
	facts := a.lawFacts(v, day)
	delete(facts, "customer.kind") // nobody knows who it is
	if r.Act == offboarding.Withdrawal {
		facts["request.act"] = string(offboarding.Withdrawal)
	}
	return a.Law().Effective(a.Law().Select(facts), facts, day)
}

// receiptSays is what an acknowledgement leaves to the receipt, which is judged
// itself: it depends on whose departure it is.
var receiptSays = []string{"contract", "end_date", "effects", "money", "refund", "data_window", "erasure_date"}

// judge judges a letter that is about to go out. A letter that the law wants
// waits for nothing: whatever it lacks is told afterwards.
func (a *App) judge(d drafted, p Paper) []DocumentCheck {
	if d.law == nil {
		return nil
	}
	checks := append(a.checker.Check(p, d.to, d.later, d.law), erasedBy(p.Certificate, d.law)...)
	for i, c := range checks {
		for _, x := range append(d.law.Rules(jurisdiction.Document), d.law.Rules(jurisdiction.Clock)...) {
			if x.Rule.ID != c.Rule {
				continue
			}
			checks[i].Severity, checks[i].Message = string(x.Severity), x.Rule.Message
			checks[i].Cite, checks[i].URL = x.Rule.Cite.Ref, x.Rule.Cite.URL
		}
		switch {
		case c.Result != jurisdiction.Fail:
		case len(c.Maybe) > 0: // it breaks a rule of which nobody knows whether it holds
			checks[i].Result = jurisdiction.Unknown
		case p.Kind == "ack" && c.Param == "ack.contents" && !slices.ContainsFunc(c.Lacks, func(w string) bool { return !slices.Contains(receiptSays, w) }):
			checks[i].Result, checks[i].Later, checks[i].Why = jurisdiction.Unknown, "receipt", "later"
		}
	}
	return checks
}

// erasedBy judges what an erasure did with the record by every rule about how data
// are erased that holds or may hold; nothing where there was none.
func erasedBy(cert *Certificate, law *jurisdiction.Effective) (list []DocumentCheck) {
	if cert == nil {
		return nil
	}
	for _, x := range law.Rules(jurisdiction.Clock) {
		if x.Rule.Param.Name != eraseMode {
			continue
		}
		c := DocumentCheck{Rule: x.Rule.ID, Param: eraseMode, Maybe: x.Missing}
		if did, known := cert.Did(x.Value.Word); known {
			done := jurisdiction.Value{Word: x.Value.Word}
			if !did {
				done.Word = ""
			}
			c.Result = x.Rule.Param.Judge(x.Value, &done)
		}
		if c.Result == jurisdiction.Fail {
			c.Lacks = []string{x.Value.Word}
		}
		list = append(list, c)
	}
	return list
}

// keepChecks keeps how a letter stood to the law, with what was sent. What lacks
// something goes to the log, sealed for subject, and whoever it concerns is told.
func (a *App) keepChecks(ctx context.Context, tx Tx, m Message, d drafted, checks []DocumentCheck, subject string) error {
	if d.law == nil {
		return nil
	}
	x := CheckedDocument{
		Message: m.ID, Case: m.Case, Request: m.Request, Customer: d.who, Paper: m.Paper, Language: m.Language, At: tx.Now(), Checks: checks,
	}
	var rules, lacks []string
	for _, c := range checks {
		if c.Blocks() {
			x.Lacking++
			rules, lacks = append(rules, c.Rule), append(lacks, c.Lacks...)
		}
	}
	if old, err := tx.FindDocument(ctx, m.ID); err == nil { // it was sent again
		x.Version, x.MendedAt, x.MendedBy = old.Version, old.MendedAt, old.MendedBy
	} else if fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err := tx.PutDocument(ctx, x); err != nil || !x.Open() {
		return err
	}
	slices.Sort(lacks)
	err := a.record(ctx, tx, fact{"document.lacks", "engine", m.stream(), subject, map[string]any{
		"message": string(m.ID), "paper": m.Paper, "rules": strings.Join(rules, " "), "lacks": strings.Join(slices.Compact(lacks), " "),
	}})
	if err != nil {
		return err
	}
	s := documentStep(x)
	s.ID = offboarding.StepID(documentMark + m.Paper + ":" + strings.Join(rules, "+")) // the same lack is told once a day, whosever letter it is
	return a.tellNews(ctx, tx, news{kind: notification.Task, step: &s, cause: a.today(tx).String(), roles: []string{s.Role}})
}

// documentMark is what the step of a ToldItem begins with that tells of a letter
// which lacks something.
const documentMark = "document:"

// documentStep is a letter that lacks something as what somebody has to do.
func documentStep(d CheckedDocument) offboarding.Step {
	s := offboarding.Step{ID: offboarding.StepID(documentMark + string(d.Message)), Case: d.Case, Key: documentMark + string(d.Message), Role: "agent", Human: true}
	if d.Paper == "certificate" {
		s.Role = "privacy"
	}
	for _, c := range d.Checks {
		if c.Blocks() {
			s.Title = c.Message
			break
		}
	}
	return s
}

// documentLine is what is told of a letter that lacks something; false where
// somebody made up for it, or the letter is gone.
func (a *App) documentLine(ctx context.Context, tx Tx, t ToldItem, lang string) (ToldLine, bool, error) {
	d, err := tx.FindDocument(ctx, offboarding.MessageID(strings.TrimPrefix(t.Step, documentMark)))
	if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !d.Open() {
		return ToldLine{}, false, nil
	}
	if err != nil {
		return ToldLine{}, false, err
	}
	line := ToldLine{Title: offboarding.Worded(documentStep(d).Title, lang), Link: a.Company().PublicURL + "/console?view=lacking"}
	if d.Customer != "" {
		c, err := tx.FindCustomer(ctx, d.Customer)
		if err != nil {
			return ToldLine{}, false, err
		}
		line.Customer, line.Test = c.Name, c.Test()
	}
	if d.Request != "" {
		r, err := tx.FindRequest(ctx, d.Request)
		if err != nil {
			return ToldLine{}, false, err
		}
		line.Code = r.Code
	}
	return line, true, nil
}

// LackingDocument is a letter that lacks something, and whose it is.
type LackingDocument struct {
	CheckedDocument
	Code, Name string // of the departure or the request; of the customer
}

// OpenLacking lists the letters that went out and lack something that the law
// wants in them, the oldest first, with the counts of the inbox.
func (a *App) OpenLacking(ctx context.Context, by Actor, most, offset int) (list []LackingDocument, count Waiting, err error) {
	if err := by.CanRead("case"); err != nil {
		return nil, count, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		docs, err := tx.LackingDocuments(ctx, most, offset)
		if err != nil {
			return err
		}
		list = nil
		for _, d := range docs {
			x := LackingDocument{CheckedDocument: d}
			if d.Customer != "" {
				c, err := tx.FindCustomer(ctx, d.Customer)
				if err != nil {
					return err
				}
				x.Name = c.Name
			}
			if d.Request != "" {
				r, err := tx.FindRequest(ctx, d.Request)
				if err != nil {
					return err
				}
				x.Code, x.Case = r.Code, cmp.Or(d.Case, r.Case)
			}
			list = append(list, x)
		}
		count, err = tx.CountWaiting(ctx, by.ID, by.Roles, by.May("work"), tx.Now())
		return err
	})
	return list, count, err
}

// MendDocument says how somebody made up for what a letter lacked: told in
// another way, or sent again.
func (a *App) MendDocument(ctx context.Context, by Actor, mid offboarding.MessageID, how string) error {
	if err := by.may("case"); err != nil {
		return err
	}
	if err := by.person(); err != nil {
		return err
	}
	clean, err := required("evidence", how, 2000)
	if err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		d, err := tx.FindDocument(ctx, mid)
		if err != nil {
			return err
		}
		if !d.Open() {
			return fault.New(fault.Conflict, "document.mended")
		}
		d.MendedAt, d.MendedBy = tx.Now(), by.ID
		if err := tx.PutDocument(ctx, d); err != nil {
			return err
		}
		stream := cmp.Or(string(d.Case), string(d.Request))
		return a.record(ctx, tx, fact{"document.mended", by.ID, stream, cmp.Or(string(d.Customer), string(d.Request)), map[string]any{
			"message": string(mid), "paper": d.Paper, "evidence": clean,
		}})
	})
}

// Grounds on which something stays of somebody who was erased, as the law names
// them.
const (
	legalObligation = "legal_obligation"
	legalClaims     = "legal_claims"
)

// groundsOf are why each thing stays that an erasure leaves: invoices by the law
// that the step names, what finds an erased person again since it keeps them
// erased, and the log since the company has to prove what it did; where no law
// says that, it may defend itself with it. blocks is the law, if one surely holds,
// that has what stays put out of use until it is destroyed.
func (a *App) groundsOf(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step) (out map[string]string, blocks string, err error) {
	m := Message{Case: c.ID}
	r, err := tx.FindRequest(ctx, c.Request)
	if err != nil {
		return nil, "", err
	}
	law, err := a.documentLaw(ctx, tx, m, r)
	if err != nil {
		return nil, "", err
	}
	if x, ok := law.Of(eraseMode); ok && x.Outcome == jurisdiction.Settled && x.Value.Word == blockThenDestroy && len(x.By) > 0 {
		blocks = x.By[0].Rule.Cite.Ref
	}
	out = map[string]string{"again": legalObligation, "log": legalClaims}
	if len(s.Said("keep_why")) > 0 {
		out["invoices"] = legalObligation
	}
	for _, param := range []string{"evidence.keep.min", "burden.on_seller"} {
		if x, ok := law.Of(param); ok && x.Outcome == jurisdiction.Settled {
			out["log"] = legalObligation
		}
	}
	return out, blocks, nil
}

// groundOf is why a holding of a far system stays: since a law has it kept or blocked,
// or else since the company may have to answer for what it did with it.
func groundOf(f Far, blocks string) string {
	switch {
	case !f.Stays():
		return ""
	case f.After == connector.Block && blocks != "", f.Basis == connector.ByLaw, f.After == connector.Keep && len(f.Why) > 0:
		return legalObligation
	}
	return legalClaims
}

// lacking are the rules that letters in a language break with a company's own
// words as they will be and do not with those that there are: of every letter
// that is judged, by every pack.
func (a *App) lacking(was, will map[string]map[string]string, lang string, now time.Time) (list []DocumentCheck, err error) {
	if a.checker == nil {
		return nil, nil
	}
	var ids []string
	for _, pack := range a.Law().Packs() {
		ids = append(ids, pack.ID)
	}
	all, err := a.Law().Named(ids...)
	if err != nil {
		return nil, err
	}
	day, laws := when.DateOf(now, time.UTC), map[string]*jurisdiction.Effective{}
	for _, s := range Samples() {
		if laws[s.Act] == nil {
			if laws[s.Act], err = a.Law().Effective(all, SampleFacts(s.Act), day); err != nil {
				return nil, err
			}
		}
		try := func(words map[string]map[string]string) []DocumentCheck {
			p, later := s.Paper(lang, now), (*Paper)(nil)
			p.Try = words
			if s.Later != nil {
				next := s.Later(lang, now)
				next.Try, later = words, &next
			}
			return a.judge(drafted{law: laws[s.Act], later: later, to: DocumentDelivery{To: p.Address, Spoken: lang, Chosen: true}}, p)
		}
		broken := map[string]bool{}
		if was == nil { // nil is those that are kept
			was = map[string]map[string]string{}
		}
		for _, c := range try(was) {
			broken[c.Rule] = c.Blocks()
		}
		for _, c := range try(will) {
			if c.Blocks() && !broken[c.Rule] {
				list = append(list, c)
			}
		}
	}
	return list, nil
}
