package main

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/approval"
	"hastaluego/internal/company"
	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/document"
	"hastaluego/internal/erasure"
	"hastaluego/internal/handover"
	"hastaluego/internal/invitation"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/pdfsign"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
	"hastaluego/internal/withdrawal"
)

// papers turns the facts that app gathers into letters of the document
// package: the one place where both are known.
type papers struct {
	company func() app.Company
	signer  func() (*ecdsa.PrivateKey, *x509.Certificate, error) // of papers; nil: they go unsigned, as where there is no house
	named   func(system, lang string) string                     // what customers are told that a system is; nil: its name
}

// writer is the company as it signs a paper.
func (p papers) writer(x app.Paper) document.Company {
	who, lang := p.company(), x.Language
	if x.Try != nil {
		who.Words = x.Try
	}
	c := document.Company{
		Name: who.Name, LegalName: who.LegalName, Address: who.Address, Phone: who.Phone, Email: who.Email, Complaints: who.Complaints,
		ComplaintsURL: who.Links.Complaints, Signer: who.Signer, Zone: who.Zone, Signature: who.Signature[lang], RefundsURL: who.Links.Refunds,
		WarrantyURL: who.Links.Warranty, PrivacyURL: who.Links.Privacy, Own: who.Words, NoPage: x.ByMail != nil, Abroad: x.Abroad,
		Alone: x.Instead != nil && x.Instead.Hours > 0,
	}
	if t, ok := company.ThemeOf(who.Colour); ok {
		c.Brand = document.Brand{Day: t.Day.Go, OnDay: t.Day.OnGo, Night: t.Night.Go, OnNight: t.Night.OnGo}
	}
	if who.Logo != nil && who.Logo.Media == "image/png" { // a PDF holds no other
		c.Logo = who.Logo.Body
	}
	return c
}

func (p papers) HTML(x app.Paper) string {
	x.Pictures = nil // the page frames them itself
	return document.HTML(p.letter(x))
}

func (p papers) Inset(x app.Paper, name string) string { return document.Inset(p.letter(x), name) }

// PDF is the paper to print and keep, signed where somebody may have to prove
// years later what it says. What never happened is not signed.
func (p papers) PDF(x app.Paper) ([]byte, error) { return p.print(x, p.letter(x)) }

// signedPapers are the papers that we sign.
var signedPapers = []string{"certificate", "report", "act", "act_accepted"}

func (p papers) print(x app.Paper, l document.Letter) ([]byte, error) {
	pdf, err := document.PDF(l)
	if err != nil || p.signer == nil || !slices.Contains(signedPapers, x.Kind) || x.Sample || x.Case.Test || x.Rehearsal != nil {
		return pdf, err
	}
	key, cert, err := p.signer()
	if err != nil {
		return nil, err
	}
	return pdfsign.Sign(pdf, pdfsign.Identity{Key: key, Certificate: cert}, pdfsign.Signature{Name: l.Company.LegalName, Reason: l.Paper, At: l.At})
}

func (p papers) letter(x app.Paper) document.Letter {
	l := p.written(x)
	if x.Copy != nil { // the code that letters show large is one of a departure
		l.Code, l.Stays = "", true
	}
	if x.ByMail != nil && x.Copy == nil { // which is nothing to answer
		l = document.ByMail(l, x.ByMail.Key, x.ByMail.Survey)
	}
	switch {
	case x.Rehearsal != nil:
		l = document.Rehearsed(l, x.Rehearsal.Would)
	case x.Case.Test:
		l = document.Rehearsed(l, "")
	}
	return l
}

func (p papers) written(x app.Paper) document.Letter {
	c := p.writer(x)
	switch x.Kind {
	case "ack":
		return document.Acknowledgement(document.AckFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.At, Act: declaredAct(x), Timing: string(x.Request.When), Via: via(x.Request), NotMe: x.Links["not_me"],
		})
	case "confirm":
		return document.Confirm(document.ConfirmFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.At, Verify: x.Links["verify"], NotMe: x.Links["not_me"], Until: x.LinkUntil,
		})
	case "reversed":
		f := document.ReversedFacts{
			Lang: x.Language, Company: c, Code: x.Code, RequestedAt: x.At, At: x.Now, ReadBack: x.ReadBack, Subscriptions: lines(x),
			Follow: x.Links["case"], NotMe: x.Links["not_me"],
		}
		if x.Offer != nil {
			f.Promise, f.PromisedBy = x.Offer.What, x.Offer.By
		}
		return document.Reversed(f)
	case "statement":
		f := document.StatementFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Page: x.Links["case"], NotMe: x.Links["not_me"]}
		if s := x.Statement; s != nil {
			f.Statements, f.DueOn, f.RefundOn = settled(x.Language, *s), s.Doc.DueOn, s.Doc.RefundOn
			f.From, f.Ends = web.MoneyFrom(x.Language, "settlement.from.", s.Doc, c.Zone), web.MoneyEnds(x.Language, s.Doc)
			if changed := web.MoneyChanges(x.Language, s.Doc, c.Zone); changed != nil {
				f.Changed = &document.Fact{Label: changed.Title, Lines: changed.Lines}
			}
		} else {
			f.Statements, f.DueOn = statements(x)
		}
		return document.Settlement(f)
	case "handover", "rotation", app.OwnerPaper:
		return document.Handover(document.HandoverFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Kind: document.Kind(x.Kind), Page: x.Links["handover"], NotMe: x.Links["not_me"],
			Given: given(x),
		})
	case app.RenewalPaper:
		return document.Renewal(document.RenewalFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Renewals: renewals(x.Renewals), Page: x.Links["handover"], NotMe: x.Links["not_me"],
		})
	case app.ExtendedPaper:
		f := document.ExtendedFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Page: cmp.Or(x.Links["case"], x.Links["copy"]), NotMe: x.Links["not_me"]}
		if x.Copy != nil { // nobody leaves, and no departure has that code
			f.Code = ""
		}
		if e := x.Extended; e != nil {
			f.Erase, f.Until, f.Before, f.Why = e.Erase, e.Until, e.Before, e.Why
		}
		return document.Extended(f)
	case app.ErasureWaitsPaper, app.ErasureGoesOnPaper:
		f := document.KeptFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Page: x.Links["case"], NotMe: x.Links["not_me"]}
		if k := x.Kept; k != nil {
			f.Asked, f.Silent, f.Withheld, f.Data, f.Erases = k.Asked, k.Silent, k.Withheld, k.Data, k.Erases
			for _, o := range k.Orders {
				f.Orders = append(f.Orders, document.Ordered{Authority: o.Words.Authority, Reference: o.Words.Reference, Until: o.Until})
			}
		}
		if x.Kind == app.ErasureGoesOnPaper {
			return document.ErasureGoesOn(f)
		}
		return document.ErasureWaits(f)
	case "envelope":
		return document.Handover(document.HandoverFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Kind: document.KindEnvelope, Page: x.Links["envelope"], NotMe: x.Links["not_me"],
		})
	case "approval":
		f := document.ApprovalFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Page: x.Links["approval"], NotMe: x.Links["not_me"]}
		if a := x.Approval; a != nil {
			f.What, f.Words, f.Until = offboarding.Worded(a.Title, x.Language), a.Words, a.Until
		}
		return document.Approval(f)
	case "data":
		f := document.DataFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, NotMe: x.Links["not_me"], Until: x.Until, Ask: x.AskAddress}
		if b := x.Bundle; b != nil {
			f.Name, f.SHA256, f.Size, f.Attached = b.Name, b.SHA256, b.Size, len(b.Body) > 0
		}
		return document.Data(f)
	case app.UsersPaper, app.UsersBackPaper:
		f := document.UsersFacts{Lang: x.Language, Company: c, At: x.Now, Effective: x.Case.Effective}
		for _, l := range lines(x) {
			f.Products = append(f.Products, l.Product)
		}
		if u := x.Users; u != nil {
			f.Firm, f.Ask, f.Over, f.Until, f.Erase = u.Firm, u.Ask, u.Over, u.Until, u.Erase
		}
		if x.Kind == app.UsersBackPaper {
			return document.UsersBack(f)
		}
		return document.Users(f)
	case "changes":
		return document.Changes(document.ChangesFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Added: x.Changes.Added, Changed: x.Changes.Changed, Removed: x.Changes.Removed,
			Names: x.Changes.Names, Until: x.Until, Page: x.Links["data"], NotMe: x.Links["not_me"],
		})
	case "copy":
		f := document.CopyFacts{Lang: x.Language, Company: c, At: x.Now, Name: x.Name, Page: x.Links["copy"]}
		if x.Copy != nil {
			f.Last = x.Copy.Last
		}
		return document.Copy(f)
	case "copy_none":
		return document.CopyNone(x.Language, c, x.Now)
	case "certificate":
		return document.Certificate(p.certificate(x, c))
	case app.DestroyedPaper:
		return document.Destroyed(p.destroyed(x, c))
	case "report":
		return document.Report(document.ReportFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Effective: x.Case.Effective, Summary: x.Report["summary"],
			Figures: figures(x), Next: x.Report["next"], Handed: handed(x), Pictures: pictures(x),
		})
	case "act":
		return document.Act(act(x, c))
	case "slip":
		f := document.SlipFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name}
		if s := x.Slip; s != nil {
			f.Reference, f.By = s.Reference, s.By
			for _, h := range s.Items {
				f.Items = append(f.Items, document.SlipItem{Kind: h.Kind, Name: h.Name, How: h.How, To: h.GivenTo})
			}
		}
		return document.Slip(f)
	case "act_accepted":
		f := document.ActAcceptedFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Address: x.Address}
		if x.Act != nil {
			a := x.Act.Act
			f.At, f.Number, f.MadeAt, f.SHA256, f.By = a.AcceptedAt, a.Number, a.MadeAt, a.SHA256, a.AcceptedBy
		}
		return document.ActAccepted(f)
	case "reminder":
		list, _ := statements(x)
		return document.Reminder(document.ReminderFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Statements: list, Notice: x.Notice, Last: x.Last, Promised: x.Promised,
			Pay: payAt(x), Page: x.Links["case"], NotMe: x.Links["not_me"],
		})
	case "instalments":
		f := document.InstalmentFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Pay: payAt(x), Page: x.Links["case"], NotMe: x.Links["not_me"]}
		if i := x.Instalments; i != nil {
			f.Sum = i.Sum
			for _, part := range i.Parts {
				f.Parts = append(f.Parts, document.PartLine{On: part.On, Amount: money.Amount{Minor: part.Minor, Currency: i.Sum.Currency}})
			}
		}
		return document.Instalments(f)
	case "written_off":
		list, _ := statements(x)
		return document.WrittenOff(document.WrittenOffFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Let: moneyLines(x.Language, x.Let), Statements: list, Page: x.Links["case"],
			NotMe: x.Links["not_me"],
		})
	case app.ChargedAfterPaper, app.GivenBackPaper:
		f := document.AfterFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Page: x.Links["case"], NotMe: x.Links["not_me"]}
		if e := x.After; e != nil {
			f.Charged, f.Back, f.Due, f.Refunded, f.ByPerson = e.Charged, e.Back, e.Due, e.Refunded, e.ByPerson
		}
		if x.Kind == app.GivenBackPaper {
			return document.GivenBack(f)
		}
		return document.ChargedAfter(f)
	case "code":
		return document.Code(document.CodeFacts{Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Secret: x.Secret, NotMe: x.Links["not_me"]})
	case "invitation":
		i := x.Invitation
		return document.Invitation(document.InvitationFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Start: i.Start, Minutes: i.Minutes, Format: string(i.Format), Place: i.Place,
			Words: i.Words, Page: below(x.Links["case"], "/meeting"), NotMe: x.Links["not_me"],
		})
	case app.ProcessorPaper:
		return document.AskProcessor(askProcessor(x, c))
	case "told":
		return document.Told(p.told(x))
	case "offer":
		return document.Offer(document.OfferFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Heard: x.Offer.Heard, What: x.Offer.What, Changes: x.Offer.Changes, Cost: x.Offer.Cost,
			Until: x.Offer.Until, By: x.Offer.By, Answer: below(x.Links["case"], "/answer"), NotMe: x.Links["not_me"],
		})
	case app.OfferFailedPaper:
		return document.OfferFailed(document.OfferFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, What: x.Offer.What, Until: x.Case.Effective, Answer: x.Links["case"],
			NotMe: x.Links["not_me"],
		})
	case "winback":
		return document.Winback(document.WinbackFacts{
			Lang: x.Language, Company: c, At: x.Now, Name: x.Name, Subject: x.Words.Subject, Text: x.Words.Text, Allowed: x.Allowed, Back: x.Links["back"], Silence: x.Links["silence"],
			NotMe: x.Links["not_me"],
		})
	case "ending":
		return document.Ending(document.EndingFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.At, Cause: string(x.Ending.Channel), Reference: x.Ending.Reference,
			Why: x.Ending.Words.Why, Alternatives: x.Ending.Words.Alternatives, Owed: unpaid(x), Subscriptions: lines(x), Effective: x.Case.Effective,
			Milestones: stops(x), Page: x.Links["case"], NotMe: x.Links["not_me"], Proof: proof(x),
		})
	case app.NoticePaper:
		f := document.NoticeFacts{Lang: x.Language, Company: c, At: x.Now, Name: x.Name}
		if list := lines(x); len(list) > 0 {
			f.Subscription = list[0]
		}
		if k := x.Coming; k != nil {
			f.What, f.Day, f.Deadline, f.Price, f.Leave = string(k.Kind), k.Day, k.Deadline, k.Price, k.Leave
			if t := k.Terms; t != nil {
				f.Terms = &document.NewTerms{Why: t.Why, Changes: t.Changes, Choose: t.Choose}
			}
		}
		return document.Notice(f)
	case "farewell":
		return document.Farewell(document.FarewellFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Since: since(x), Effective: x.Case.Effective,
			Milestones: stops(x), Attested: x.Sure() == app.SureAttested, Left: x.Sure() == app.SureOpen || x.Sure() == app.SureAgain, Reads: p.reads(x), ReadUntil: x.ReadUntil(), Achieved: achieved(x), Quiet: x.Quiet, Page: x.Links["bye"], NotMe: x.Links["not_me"], Instead: instead(x),
		})
	default:
		return document.Receipt(document.ReceiptFacts{
			Lang: x.Language, Company: c, Code: x.Code, At: x.At, Name: x.Name, Email: x.Address, Timing: string(x.Case.When),
			Act: declaredAct(x), Via: via(x.Request), Withdrawal: withdrawn(x), DataUntil: dataUntil(x), Erased: erasedOn(x),
			Subscriptions: lines(x), Effective: x.Case.Effective, UndoUntil: x.UndoUntil, Milestones: stops(x),
			ReceivedOn: receivedOn(x), EnteredAt: x.Request.EnteredAt, Late: late(x), Follow: x.Links["case"], NotMe: x.Links["not_me"], Proof: proof(x),
			Shown: x.Case.Shown.Totals, DueOn: x.Case.Shown.DueOn, RefundOn: x.Case.Shown.RefundOn,
			Instead: instead(x), Kind: x.Declared.Kind, Ground: x.Declared.Ground, Line: x.Declared.Line,
		})
	}
}

// declaredAct is the act as a document knows it: what is no withdrawal is a
// cancellation.
func declaredAct(x app.Paper) string {
	if x.Request.Act == offboarding.Withdrawal || x.Withdrawal != nil && x.Withdrawal.Stands() {
		return string(offboarding.Withdrawal)
	}
	return ""
}

// via is the way by which a request came in.
func via(r offboarding.Request) string {
	if r.Channel == offboarding.Staff {
		return r.Via
	}
	return string(r.Channel)
}

// withdrawn is what became of a declaration of withdrawal.
func withdrawn(x app.Paper) *document.Withdrawn {
	if x.Withdrawal == nil {
		return nil
	}
	w := x.Withdrawal
	out := &document.Withdrawn{Stands: w.Stands(), Doubt: w.State == withdrawal.Doubt, Until: w.Until}
	for _, l := range w.Refunds {
		out.Refunds = append(out.Refunds, document.RefundLine{Product: l.Product, Unknown: l.Unknown, Paid: l.Paid, Kept: l.Kept, Back: l.Back, Used: l.Used, Of: l.Of})
	}
	if zone, err := when.Zone(x.Case.Zone); err == nil && !w.RefundBy.IsZero() {
		out.RefundBy = when.DateOf(w.RefundBy.Add(-time.Microsecond), zone)
	}
	return out
}

// dataUntil is until when they can have their data, where the plan gives it to
// them.
func dataUntil(x app.Paper) when.Date {
	if x.Case.Retrieval == 0 || !slices.ContainsFunc(x.Milestones, func(m app.Milestone) bool { return m.Name == "data_ready" }) {
		return when.Date{}
	}
	return x.Case.RetrievalEnd()
}

// erasedOn is the first day on which the plan erases; zero where it does not.
func erasedOn(x app.Paper) when.Date {
	if !slices.ContainsFunc(x.Milestones, func(m app.Milestone) bool { return m.Name == "erased" }) {
		return when.Date{}
	}
	return x.Case.RetrievalEnd().AddDays(1)
}

// told is what people of the company are told, in their zone.
func (p papers) told(x app.Paper) document.ToldFacts {
	t := x.Told
	f := document.ToldFacts{
		Lang: x.Language, Company: document.Company{Name: p.company().Name, LegalName: p.company().LegalName, Zone: t.Zone}, At: x.At,
		Digest: t.Digest, Inbox: t.Inbox, Account: t.Account,
	}
	for _, part := range t.Parts {
		out := document.ToldPart{Name: part.Name, More: part.More}
		for _, l := range part.Lines {
			out.Lines = append(out.Lines, document.ToldLine(l))
		}
		f.Parts = append(f.Parts, out)
	}
	return f
}

// Chat is what people of the company are told as a message in a channel.
func (p papers) Chat(x app.Paper) ([]byte, error) { return document.Chat(p.told(x)) }

// Feed is the calendar of somebody's tasks, with its media type.
func (p papers) Feed(f app.Feed) (media string, file []byte) {
	out := document.FeedFacts{Lang: f.Language, Company: document.Company{Name: p.company().Name, Zone: f.Zone}, Now: f.Now}
	for _, t := range f.Tasks {
		out.Tasks = append(out.Tasks, document.FeedTask{ID: t.ID, ToldLine: document.ToldLine(t.ToldLine)})
	}
	return document.Feed(out)
}

// instead is what a paper says of the second person that there is not.
func instead(x app.Paper) *document.Instead {
	if x.Instead == nil {
		return nil
	}
	out := &document.Instead{Hours: x.Instead.Hours}
	for _, a := range x.Instead.List {
		out.List = append(out.List, document.ApprovedInstead{
			What: offboarding.Worded(a.Title, x.Language), Client: a.Way == approval.Client, Mail: a.OverBy == approval.ByMail, AskedAt: a.AskedAt, At: a.OverAt,
		})
	}
	return out
}

// receivedOn is the day of what was received on another than it was entered.
func receivedOn(x app.Paper) when.Date {
	zone, err := when.Zone(x.Case.Zone)
	if err != nil || x.Request.EnteredAt.IsZero() {
		return when.Date{}
	}
	if day := when.DateOf(x.Request.ReceivedAt, zone); day != when.DateOf(x.Request.EnteredAt, zone) {
		return day
	}
	return when.Date{}
}

// unpaid are the sums that are open in a departure for want of payment.
func unpaid(x app.Paper) (out []document.MoneyLine) {
	if x.Ending.Channel != offboarding.Payment {
		return nil
	}
	list, _ := statements(x)
	for _, s := range list {
		for _, l := range s.Lines {
			if l.Amount.Minor < 0 {
				out = append(out, document.MoneyLine{Label: l.Label, Amount: money.Amount{Minor: -l.Amount.Minor, Currency: l.Amount.Currency}})
			}
		}
	}
	return out
}

// figures are the lines of the report that somebody typed.
func figures(x app.Paper) (out []string) {
	for line := range strings.Lines(x.Report["figures"]) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// given is what waits for the client's word, with how it was given: what a
// letter says where there is no page on which to look at it.
func given(x app.Paper) (out []document.Given) {
	if x.Kind != "handover" {
		return nil
	}
	for _, h := range x.Handover.List {
		if h.State == handover.Given {
			out = append(out, document.Given{Kind: h.Kind, Name: h.Name, How: h.How})
		}
	}
	return out
}

func handed(x app.Paper) []document.Handed {
	out := make([]document.Handed, len(x.Handover.List))
	for i, h := range x.Handover.List {
		at := h.GivenAt
		if !h.AcceptedAt.IsZero() {
			at = h.AcceptedAt
		}
		out[i] = document.Handed{
			Kind: h.Kind, Name: h.Name, State: string(h.State), At: at, ByMail: x.Handover.AcceptedByMail(h), BySlip: h.AcceptedBy != "" && h.AcceptedBy != handover.Client, Rotation: string(h.Rotation),
			Entrusted: document.Entrusted{
				Method: string(h.Destruction.Method), By: h.Destruction.By, Witness: h.Destruction.Witness, On: h.Destruction.On,
				Basis: string(h.Keeping.Basis), Why: h.Keeping.Why, Until: h.Keeping.Until,
			},
		}
	}
	return out
}

// act is a handover as a paper says it.
func act(x app.Paper, c document.Company) document.ActFacts {
	f := document.ActFacts{
		Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Name: x.Name, Effective: x.Case.Effective, Figures: figures(x),
	}
	if x.Act != nil {
		f.At, f.Number = x.Act.Act.MadeAt, x.Act.Act.Number
		for _, m := range x.Act.Open {
			by := string(m.By)
			if m.Complaint {
				by = "complaint"
			}
			f.Open = append(f.Open, document.ActMatter{What: m.What, By: by, Due: m.Due})
		}
	}
	for i, h := range handed(x) {
		item := x.Handover.List[i]
		it := document.ActItem{
			Handed: h, How: item.How, Owner: string(item.Owner), NewOwner: item.NewOwner, NewOwnerEmail: item.NewOwnerEmail, OwnerConfirmed: item.OwnerConfirmedAt, OwnerWaits: item.OwnerWaits(), Held: item.Held, PaidOn: item.PaidOn, PaidBy: item.PaidBy, Lacks: item.Lacks, Piece: document.ActPiece(item.Piece), GivenBy: item.GivenBy, GivenTo: item.GivenTo, Sent: item.Way == handover.Transfer, SignedBy: item.SignedBy, Slip: item.Slip, GivenAt: item.GivenAt,
		}
		for n, r := range item.Refusals {
			if item.Lacks == "" || n < len(item.Refusals)-1 {
				it.Refused = append(it.Refused, document.ActRefusal{At: r.At, Version: r.Piece.Version, Lacks: r.Lacks})
			}
		}
		if s, ok := x.Handover.Sheet(item.ID); ok && item.Way == handover.Envelope {
			it.Envelope, it.EnvelopeAt = string(s.State), s.Expires
			if s.State == handover.Opened {
				it.EnvelopeAt = s.OpenedAt
			}
		}
		f.Items = append(f.Items, it)
	}
	for _, p := range x.Handover.Promised {
		f.Promised = append(f.Promised, document.ActPromise{
			Title: p.Title, Due: p.Due, Delivered: p.Delivered, State: string(p.State), Lacks: p.Lacks, Held: p.Held, Piece: document.ActPiece(p.Piece),
		})
	}
	f.Renewals = renewals(x.Handover.Renewals)
	return f
}

func renewals(list []customer.Asset) (out []document.ActRenewal) {
	for _, r := range list {
		out = append(out, document.ActRenewal{ID: string(r.ID), Name: r.Name, On: r.RenewsOn, Cost: r.Renewal, Payer: string(r.Payer)})
	}
	return out
}

// Renewals is the calendar file of what has to be renewed, with its media type.
func (p papers) Renewals(x app.Paper) (media string, file []byte) {
	return document.RenewalsCalendar(document.RenewalsFacts{Lang: x.Language, Company: p.writer(x), Now: x.Now, Renewals: renewals(x.Renewals), Rehearsal: x.Case.Test})
}

// Keep prints a paper that is kept as it was printed, and says what its file is
// called.
func (p papers) Keep(x app.Paper) (name string, pdf []byte, err error) {
	name = x.Code + "-" + text.Say(x.Language, "document."+x.Kind+".file")
	if x.Act != nil {
		name += "-" + strconv.Itoa(x.Act.Act.Number)
	}
	pdf, err = p.PDF(x)
	return name + ".pdf", pdf, err
}

// certificate is empty where there is none: a letter that waits for it is not
// sent.
func (p papers) certificate(x app.Paper, c document.Company) document.CertificateFacts {
	f := document.CertificateFacts{
		Lang: x.Language, Company: c, Code: x.Code, At: x.Now, Page: x.Links["certificate"], NotMe: x.Links["not_me"], Proof: proof(x),
		Instead: instead(x),
	}
	if e := x.Certificate; e != nil {
		f.Code, f.ErasedOn, f.Invoices, f.Until, f.Why, f.Entries, f.Backups = e.Code, e.ErasedOn, e.Invoices, e.Until, offboarding.Worded(e.Why, x.Language), e.Entries, e.Backups
		f.Grounds, f.Blocks, f.Completed = e.Grounds, e.Blocks, x.Completed
		for _, s := range e.Systems {
			if said := p.system(s, x.Language); !slices.Contains(f.Systems, said) {
				f.Systems = append(f.Systems, said)
			}
		}
		now := map[string]app.Stayed{}
		for _, s := range x.Stayed {
			now[s.System+"/"+s.Holding] = s
		}
		sums := now[erasure.House+"/"+erasure.Sums]
		f.SumsGone, f.SumsHeld = sums.DestroyedAt, sums.Held
		for _, h := range e.Far {
			s := now[h.System+"/"+h.Holding]
			f.Far = append(f.Far, document.FarHeld{
				System: p.system(h.System, x.Language), Title: cmp.Or(offboarding.Worded(h.Titles, x.Language), h.Holding), After: string(h.After), N: h.Rows, Attested: h.Proof == app.ProofAttested, Unknown: h.Proof == app.ProofNone,
				Until: h.Until, Why: offboarding.Worded(h.Why, x.Language), Ground: h.Ground, Held: s.Held, GoneAt: s.DestroyedAt,
			})
		}
		if k := e.Address; k != nil {
			f.Address = &document.AddressStays{Told: k.Told, Back: k.Back, Until: k.Until}
			if now := x.KeptAddress; now != nil {
				f.Address.Gone = now.Gone
			}
		}
		for _, r := range e.Processors {
			p := document.ProcessorErased{Name: r.Processor, AskedOn: r.AskedOn, ErasedOn: r.ErasedOn, SilentOn: r.SilentOn, Proof: r.Proof, SHA256: r.SHA256}
			for _, h := range r.Holdings {
				p.What = append(p.What, cmp.Or(offboarding.Worded(h.Titles, x.Language), h.Holding))
			}
			f.Processors = append(f.Processors, p)
		}
		for _, x := range e.Entrusted {
			f.Entrusted = append(f.Entrusted, document.EntrustedCount{Outcome: x.Outcome, Method: string(x.Method), Basis: string(x.Basis), Until: x.Until, N: x.N})
		}
		for _, what := range app.Erasable {
			f.Erased = append(f.Erased, document.Counted{What: what, N: e.Erased[what]})
		}
	}
	return f
}

// system is what a customer is told that a system is.
func (p papers) system(name, lang string) string {
	if p.named == nil {
		return name
	}
	return p.named(name, lang)
}

// reads are the accesses that are left to read, as the letter calls them.
func (p papers) reads(x app.Paper) (out []string) {
	for _, s := range x.Accesses {
		if s.How == app.AccessReading {
			out = append(out, p.system(s.Grant.System, x.Language)+": "+s.Grant.Account)
		}
	}
	return out
}

// destroyed tells what stayed of somebody erased, and when it went.
func (p papers) destroyed(x app.Paper, c document.Company) document.DestroyedFacts {
	cert := p.certificate(x, c)
	f := document.DestroyedFacts{
		Lang: x.Language, Company: c, Code: cert.Code, At: x.Now, On: x.Completed, Sums: cert.Invoices, SumsOn: cert.SumsGone, Page: x.Links["certificate"], NotMe: x.Links["not_me"],
	}
	for _, h := range cert.Far {
		if !h.GoneAt.IsZero() {
			f.Gone = append(f.Gone, h)
		}
	}
	if k := x.KeptAddress; k != nil && k.Kept && k.Back {
		f.Kept = k.Until
	}
	return f
}

// askProcessor is what a processor is asked to erase.
func askProcessor(x app.Paper, c document.Company) document.AskFacts {
	f := document.AskFacts{Lang: x.Language, Company: c, At: x.Now}
	if a := x.Ask; a != nil {
		f.Processor, f.Reference, f.Owner, f.Due, f.Again = a.Processor, a.Reference, a.Owner, a.Due, a.Again
		for _, h := range a.Holdings {
			f.What = append(f.What, document.AskedHolding{Title: cmp.Or(offboarding.Worded(h.Titles, x.Language), h.Name), Fields: h.Fields, Anonymise: h.After == connector.Anonymise})
		}
	}
	return f
}

func pictures(x app.Paper) (out []document.Picture) {
	for _, p := range x.Pictures {
		out = append(out, document.Picture{Name: p.Name, Media: p.Media, Body: p.Body})
	}
	return out
}

// below is the address of a page below the one that a link leads to.
func below(link, page string) string { return strings.Replace(link, "?", page+"?", 1) }

// Calendar is the calendar file of the invitation that a paper is about, with
// its media type.
func (p papers) Calendar(x app.Paper) (media string, file []byte) {
	i := x.Invitation
	return document.Calendar(document.CalendarFacts{
		Lang: x.Language, Company: p.writer(x), ID: string(i.ID), Sequence: i.Sequence,
		Made: i.MadeAt, Start: i.Start, End: i.End(), Format: string(i.Format), Place: i.Place, Words: i.Words, Page: below(x.Links["case"], "/meeting"),
		Cancelled: i.State != invitation.Invited, Rehearsal: x.Case.Test,
	})
}

func achieved(x app.Paper) []document.Achievement {
	out := make([]document.Achievement, len(x.Achieved))
	for i, f := range x.Achieved {
		out[i] = document.Achievement{Label: f.Say(x.Language), Value: f.Value, From: f.From, Until: f.Until}
	}
	return out
}

func lines(x app.Paper) []document.Subscription {
	out := make([]document.Subscription, len(x.Lines))
	for i, s := range customer.PricedOn(x.Lines, pricedOn(x)) {
		out[i] = document.Subscription{Product: s.Product, Plan: s.Plan, Amount: s.Amount, Interval: string(s.Interval), Ends: x.Case.Ends[s.ID]}
	}
	return out
}

// pricedOn is the day on which a paper tells what contracts cost: of a departure that
// is asked for, that of the asking.
func pricedOn(x app.Paper) when.Date {
	at := x.Now
	if !x.Case.RequestedAt.IsZero() {
		at = x.Case.RequestedAt
	}
	zone, err := when.Zone(x.Case.Zone)
	if err != nil { // it is about no departure
		zone = time.UTC
	}
	return when.DateOf(at, zone)
}

func late(x app.Paper) []document.LateCharge {
	out := make([]document.LateCharge, len(x.Late))
	for i, c := range x.Late {
		sum, _ := c.Subscription.PriceOn(c.On)
		out[i] = document.LateCharge{On: c.On, Product: c.Subscription.Product, Amount: sum}
	}
	return out
}

// since is the first day as a customer.
func since(x app.Paper) (first when.Date) {
	for _, s := range x.Lines {
		if first.IsZero() || s.Start.Before(first) {
			first = s.Start
		}
	}
	return first
}

func stops(x app.Paper) []document.Milestone {
	out := make([]document.Milestone, len(x.Milestones))
	for i, m := range x.Milestones {
		out[i] = document.Milestone{Name: m.Name, State: m.State, At: latest(m), Verifies: m.Verifies, Part: m.Part, Of: m.Of, Reading: m.Reading}
	}
	return out
}

// latest is the instant of the state that a milestone is in.
func latest(m app.Milestone) time.Time {
	switch m.State {
	case "verified":
		if !m.Verified.IsZero() {
			return m.Verified
		}
		return m.Done
	case "done":
		return m.Done
	default:
		return m.Planned
	}
}

func proof(x app.Paper) *document.Proof {
	if x.Proof == nil {
		return nil
	}
	p := &document.Proof{
		LeafIndex: x.Proof.Index, TreeSize: x.Proof.Size, Root: base64.StdEncoding.EncodeToString(x.Proof.Root), Checkpoint: x.Proof.Checkpoint,
	}
	for _, h := range x.Proof.Path {
		p.Path = append(p.Path, base64.StdEncoding.EncodeToString(h))
	}
	return p
}

// onPaper are the letters that are papers to keep.
var onPaper = []string{"statement", "certificate", "farewell", "reversed", "ending"}

// withPaper reports whether a letter goes out with itself as a PDF: the receipt
// always, other papers where there is no page from which to fetch them.
func withPaper(x app.Paper) bool {
	return x.Kind == "receipt" || x.ByMail != nil && slices.Contains(onPaper, x.Kind)
}

// statements adds up the open balances, one statement per currency, and says
// when the last sum that the customer owes is due.
func statements(x app.Paper) (list []document.Statement, due when.Date) {
	for _, b := range x.Balances {
		owed := b.Owed()
		i := slices.IndexFunc(list, func(s document.Statement) bool { return s.Total.Currency == owed.Currency })
		if i < 0 {
			i = len(list)
			list = append(list, document.Statement{On: when.DateOf(x.Now, time.UTC), Total: money.Amount{Currency: owed.Currency}})
		}
		s := &list[i]
		s.Lines = append(s.Lines, document.MoneyLine{Label: text.Say(x.Language, "balance."+string(b.Kind)) + " " + b.Reference, Why: b.About, Amount: owed})
		s.Total.Minor += owed.Minor
		if owed.Minor < 0 && due.Before(b.DueOn) {
			due = b.DueOn
		}
	}
	return list, due
}

// payAt is where the bills can be paid that the customer owes.
func payAt(x app.Paper) (list []document.PayAt) {
	for _, b := range x.Balances {
		if b.PayURL != "" && b.Unpaid() {
			list = append(list, document.PayAt{What: text.Say(x.Language, "balance."+string(b.Kind)) + " " + b.Reference, URL: b.PayURL})
		}
	}
	return list
}

func moneyLines(lang string, list []customer.Balance) (out []document.MoneyLine) {
	for _, b := range list {
		out = append(out, document.MoneyLine{Label: text.Say(lang, "balance."+string(b.Kind)) + " " + b.Reference, Why: b.About, Amount: b.Amount})
	}
	return out
}

// settled is a statement that was made, as the documents have it.
func settled(lang string, x app.CaseStatement) (list []document.Statement) {
	for _, section := range x.Doc.Sections {
		s := document.Statement{On: when.DateOf(x.MadeAt, time.UTC), Total: section.Total}
		for _, l := range section.Lines {
			label, why := web.MoneyWords(lang, l)
			s.Lines = append(s.Lines, document.MoneyLine{Label: label, Why: why, Amount: l.Amount})
		}
		list = append(list, s)
	}
	return list
}
