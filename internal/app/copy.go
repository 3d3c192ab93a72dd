package app

import (
	"context"
	"slices"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/when"
)

// The jobs of copies that customers ask for without leaving; their item is its id.
const (
	CopyMatchKind = "copy_match" // looks for whose it is
	CopyOverKind  = "copy_over"  // ends it after its last day
)

// copyLink is the purpose of the link to the private page of a copy.
const copyLink = "copy"

// The letters about copies.
const (
	copyPaper     = "copy"      // where it is
	copyNonePaper = "copy_none" // nobody goes by the address
)

// copyDays is for how many days a copy can be fetched at least. Where a departure of
// the customer would give them more, by its playbook or by law, so does a copy.
const copyDays = 30

// copiesPerDay bounds the letters about one copy, those to an address that nobody has,
// and the requests from one network.
const copiesPerDay = 5

// CopyTx keeps copies.
type CopyTx interface {
	// PutCopy stores a new one (Version 0) or, by Version, changes one. Conflict: its
	// customer has another one that is alive.
	PutCopy(ctx context.Context, c *retrieval.Copy) error
	FindCopy(ctx context.Context, id retrieval.ID) (retrieval.Copy, error)
	// HoldCopy is FindCopy for whoever is about to keep something of it: nobody ends it
	// until the transaction is over. Many may at once.
	HoldCopy(ctx context.Context, id retrieval.ID) (retrieval.Copy, error)
	CopiesOf(ctx context.Context, c customer.ID) ([]retrieval.Copy, error) // newest first
}

// CopyInput is somebody who asks for a copy of their data.
type CopyInput struct {
	Account  string // the address of their account
	Language string
	Network  string // from which they ask; kept as a keyed hash, for a day
}

// AskCopy takes down that somebody wants a copy of their data. Whether anybody goes by
// the address is looked up later, and told to that address alone. Errors: Invalid at
// account; TooMany (copy.too_many).
func (a *App) AskCopy(ctx context.Context, in CopyInput) error {
	mail, wrong := customer.CheckEmail("account", in.Account)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		free, err := a.mayCause(ctx, tx, "copy", in.Network, copiesPerDay)
		if err != nil {
			return err
		}
		if !free {
			return fault.New(fault.TooMany, "copy.too_many")
		}
		c := a.newCopy(tx, customerActor, company.Spoken(in.Language, a.Company().Language))
		c.Account = mail
		if err := tx.PutCopy(ctx, &c); err != nil {
			return err
		}
		if err := a.copyFact(ctx, tx, "copy.asked", customerActor, c, nil); err != nil {
			return err
		}
		return a.copyJob(ctx, tx, CopyMatchKind, c, tx.Now())
	})
}

func (a *App) newCopy(tx Tx, by, language string) retrieval.Copy {
	return retrieval.Copy{
		ID: retrieval.ID(id.New("cpy")), Code: id.NewCode(), State: retrieval.Asked, AskedBy: by, Language: language,
		Zone: a.Company().Zone.String(), AskedAt: tx.Now(),
	}
}

func (a *App) copyJob(ctx context.Context, tx Tx, kind string, c retrieval.Copy, at time.Time) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: kind, Item: string(c.ID), System: house, Key: kind + ":" + string(c.ID),
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// copyFact writes down what happened to a copy. Before it is known whose it is, its
// own key seals it.
func (a *App) copyFact(ctx context.Context, tx Tx, typ, by string, c retrieval.Copy, args map[string]any) error {
	subject := string(c.Customer)
	if subject == "" {
		subject = string(c.ID)
	}
	return a.record(ctx, tx, fact{typ, by, string(c.ID), subject, args})
}

// MatchCopy looks for whose a copy is: everybody who goes by the address has a link
// sent to their own address on file, and nobody else. It is the job "copy_match".
func (a *App) MatchCopy(ctx context.Context, cid retrieval.ID) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCopy(ctx, cid)
		if err != nil || c.State != retrieval.Asked {
			return err
		}
		typed := c.Account
		found, err := tx.CustomersByEmail(ctx, customer.FoldEmail(typed))
		if err != nil {
			return err
		}
		found = realFirst(found)
		if len(found) == 0 {
			return a.nobodysCopy(ctx, tx, c, typed)
		}
		for i, cus := range found {
			if i > 0 {
				c = a.newCopy(tx, c.AskedBy, c.Language)
			}
			if err := a.offerCopy(ctx, tx, c, cus); err != nil {
				return err
			}
		}
		return nil
	})
}

// nobodysCopy tells an address that nobody goes by it. Whose it is nobody knows, and so
// nobody could ask us to forget it: it stands in the letter alone, until that went.
func (a *App) nobodysCopy(ctx context.Context, tx Tx, c retrieval.Copy, typed string) error {
	if err := c.Miss(tx.Now()); err != nil {
		return err
	}
	if err := tx.PutCopy(ctx, &c); err != nil {
		return err
	}
	if err := a.copyFact(ctx, tx, "copy.unfound", "engine", c, nil); err != nil {
		return err
	}
	free, err := a.mayCause(ctx, tx, copyNonePaper, customer.FoldEmail(typed), copiesPerDay)
	if err != nil || !free {
		return err
	}
	m := a.letter(tx, copyNonePaper, offboarding.Case{ID: offboarding.CaseID(c.ID), Language: c.Language})
	m.To = typed
	return a.queue(ctx, tx, m, string(c.ID), true)
}

// offerCopy says whose a copy is and sends them its link; that of the one they have,
// if one is alive.
func (a *App) offerCopy(ctx context.Context, tx Tx, c retrieval.Copy, cus customer.Customer) error {
	live, err := a.liveCopy(ctx, tx, cus.ID)
	if err != nil {
		return err
	}
	if live == nil {
		if err := a.matchCopy(ctx, tx, &c, cus); err != nil {
			return err
		}
		return a.sendCopy(ctx, tx, c)
	}
	if c.Version > 0 { // it was stored when somebody asked
		if err := c.Join(tx.Now(), cus.ID); err != nil {
			return err
		}
		if err := tx.PutCopy(ctx, &c); err != nil {
			return err
		}
		if err := a.copyFact(ctx, tx, "copy.joined", "engine", c, map[string]any{"copy": string(live.ID)}); err != nil {
			return err
		}
	}
	return a.sendCopy(ctx, tx, *live)
}

// liveCopy is the one copy of a customer that can be fetched, or may be yet; nil: they
// have none. One whose last day passed is ended.
func (a *App) liveCopy(ctx context.Context, tx Tx, cid customer.ID) (*retrieval.Copy, error) {
	list, err := tx.CopiesOf(ctx, cid)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(c retrieval.Copy) bool { return c.State.Live() })
	if i < 0 {
		return nil, nil
	}
	t, err := takingCopy(list[i])
	if err != nil {
		return nil, err
	}
	if list[i].State == retrieval.Open && t.over(tx.Now()) {
		return nil, a.endCopy(ctx, tx, list[i])
	}
	return &list[i], nil
}

// matchCopy says whose a copy is, and for how long they will be able to fetch it.
func (a *App) matchCopy(ctx context.Context, tx Tx, c *retrieval.Copy, cus customer.Customer) error {
	days, err := a.daysOfCopy(ctx, tx, cus)
	if err != nil {
		return err
	}
	if err := c.Match(cus.ID, days); err != nil {
		return err
	}
	if err := tx.PutCopy(ctx, c); err != nil {
		return err
	}
	return a.copyFact(ctx, tx, "copy.matched", "engine", *c, map[string]any{"days": days})
}

// daysOfCopy is for how many days a customer can fetch a copy: for as many as a
// departure of theirs would give them, and copyDays at least.
func (a *App) daysOfCopy(ctx context.Context, tx Tx, cus customer.Customer) (int, error) {
	subs, err := tx.SubscriptionsOf(ctx, cus.ID)
	if err != nil {
		return 0, err
	}
	today := a.today(tx)
	r := offboarding.Request{Act: offboarding.Retrieval, Channel: offboarding.Public, ReceivedAt: tx.Now()}
	c := offboarding.Case{Customer: cus.ID, Subscriptions: idsOf(subs), Zone: a.Company().Zone.String(), Effective: today, RequestedAt: tx.Now()}
	facts := a.facts(r, c, cus, subs, today)
	k, err := pictureOf(ctx, tx, cus.ID)
	if err != nil {
		return 0, err
	}
	if err := a.inventoryFacts(ctx, tx, k, facts); err != nil {
		return 0, err
	}
	book, err := a.choose(ctx, tx, facts)
	if err != nil {
		return 0, err
	}
	least, err := a.leastRetrieval(CaseView{Customer: cus, Lines: subs, Plan: offboarding.Plan{Case: c}})
	return max(copyDays, book.Retrieval, least), err
}

// sendCopy writes to the customer where their copy is. Where there is no portal, and
// where nobody is on file, they are not written to.
func (a *App) sendCopy(ctx context.Context, tx Tx, c retrieval.Copy) error {
	if none, err := a.noPortal(ctx, tx); err != nil || none {
		return err
	}
	t, err := takingCopy(c)
	if err != nil {
		return err
	}
	m, err := a.letterOf(ctx, tx, copyPaper, t)
	if err != nil && fault.KindOf(err) == fault.Blocked {
		return nil
	}
	if err != nil {
		return err
	}
	letters, err := tx.ListMessages(ctx, t.ID, 1000)
	if err != nil {
		return err
	}
	n := 0
	for _, l := range letters {
		if l.Paper == copyPaper && tx.Now().Sub(l.QueuedAt) < 24*time.Hour {
			n++
		}
	}
	if n >= copiesPerDay {
		return nil
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// openCopy has a copy made, and sees to it that it ends.
func (a *App) openCopy(ctx context.Context, tx Tx, by string, c *retrieval.Copy) error {
	zone, err := when.Zone(c.Zone)
	if err != nil {
		return fault.Wrap("app.openCopy", err)
	}
	if err := c.Begin(tx.Now(), when.DateOf(tx.Now(), zone)); err != nil {
		return err
	}
	if err := tx.PutCopy(ctx, c); err != nil {
		return err
	}
	t, err := takingCopy(*c)
	if err != nil {
		return err
	}
	if err := a.makeAgain(ctx, tx, t, "bundle", "none"); err != nil {
		return err
	}
	if err := a.copyOwed(ctx, tx, *c); err != nil {
		return err
	}
	if err := a.copyJob(ctx, tx, CopyOverKind, *c, c.Last.End(zone)); err != nil {
		return err
	}
	return a.copyFact(ctx, tx, "copy.opened", by, *c, map[string]any{"until": c.Last.String()})
}

// OpenCopy has the copy made whose link somebody has, who reads the customer's mail.
// Again, it changes nothing. Withheld: an authority ordered it.
func (a *App) OpenCopy(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.linkedCopy(ctx, tx, token)
		if err != nil || c.State == retrieval.Open || c.State == retrieval.Over {
			return err
		}
		if erased, err := wasErased(ctx, tx, c.Customer); err != nil {
			return err
		} else if erased {
			return fault.New(fault.Gone, "data.erased")
		}
		if c.State == retrieval.Stopped {
			return fault.New(fault.Gone, "copy.stopped")
		}
		t, err := takingCopy(c)
		if err != nil {
			return err
		}
		if err := withheld(ctx, tx, t); err != nil { // its days would go by
			return err
		}
		return a.openCopy(ctx, tx, customerActor, &c)
	})
}

// StopCopy ends a copy that whoever has its link does not want: nothing of it is left.
// Again, it changes nothing.
func (a *App) StopCopy(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.linkedCopy(ctx, tx, token)
		if err != nil || !c.State.Live() {
			return err
		}
		if err := c.Stop(tx.Now()); err != nil {
			return err
		}
		if err := a.dropCopy(ctx, tx, &c); err != nil {
			return err
		}
		if err := a.dropLimits(ctx, tx, offboarding.CaseID(c.ID), "copy.stopped"); err != nil {
			return err
		}
		return a.copyFact(ctx, tx, "copy.stopped", customerActor, c, nil)
	})
}

func (a *App) linkedCopy(ctx context.Context, tx Tx, token string) (c retrieval.Copy, err error) {
	l, err := a.link(ctx, tx, token, copyLink)
	if err != nil {
		return c, err
	}
	return tx.FindCopy(ctx, retrieval.ID(l.Case))
}

// CopyOver ends a copy whose last day passed. It is the job "copy_over".
func (a *App) CopyOver(ctx context.Context, cid retrieval.ID) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCopy(ctx, cid)
		if err != nil || c.State != retrieval.Open {
			return err
		}
		return a.endCopy(ctx, tx, c)
	})
}

// endCopies ends what is alive of a customer who is erased, and leaves its files to who
// counts what is erased.
func (a *App) endCopies(ctx context.Context, tx Tx, id customer.ID) error {
	list, err := tx.CopiesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := a.dropLimits(ctx, tx, offboarding.CaseID(c.ID), "data.erased"); err != nil {
			return err
		}
		if !c.State.Live() {
			continue
		}
		if err := c.End(tx.Now()); err != nil {
			return err
		}
		if err := tx.PutCopy(ctx, &c); err != nil {
			return err
		}
		if err := a.copyFact(ctx, tx, "copy.over", "engine", c, nil); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) endCopy(ctx context.Context, tx Tx, c retrieval.Copy) error {
	if err := c.End(tx.Now()); err != nil {
		return err
	}
	if err := a.dropCopy(ctx, tx, &c); err != nil {
		return err
	}
	return a.copyFact(ctx, tx, "copy.over", "engine", c, nil)
}

// dropCopy stores a copy that ended, without its files: nobody keeps a second set of
// somebody's data for nothing. It waits for whoever keeps some of it at this moment, and
// nobody does afterwards. Their pieces go when pieces are tidied up.
func (a *App) dropCopy(ctx context.Context, tx Tx, c *retrieval.Copy) error {
	if err := tx.PutCopy(ctx, c); err != nil {
		return err
	}
	of := offboarding.CaseID(c.ID)
	if _, err := tx.StopLinks(ctx, of, toolLink); err != nil {
		return err
	}
	list, err := tx.BlobsOf(ctx, of)
	if err != nil {
		return err
	}
	for _, b := range list {
		if err := tx.DropBlob(ctx, b.ID); err != nil {
			return err
		}
	}
	sets, err := tx.BundleSetsOf(ctx, of)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := dropSet(ctx, tx, set); err != nil {
			return err
		}
	}
	return nil
}

// MakeCopyInput is a copy that somebody of the company, or a program, makes for a
// customer who asked for one.
type MakeCopyInput struct {
	Customer customer.ID
	How      string // how they asked: a call, a letter, a button in the product
}

// MakeCopy has a copy made for a customer who does not leave. Whoever asked, it is the
// address on file that gets its link. A copy that is alive is not made twice: its link
// is sent again. Errors: Invalid at how; Blocked (customer.no_address); Gone
// (data.erased).
func (a *App) MakeCopy(ctx context.Context, by Actor, in MakeCopyInput) (cid retrieval.ID, err error) {
	if err := by.may("request"); err != nil {
		return "", err
	}
	how, err := required("how", in.How, 400)
	if err != nil {
		return "", err
	}
	err = a.tx(ctx, func(tx Tx) error {
		cus, err := tx.FindCustomer(ctx, in.Customer)
		if err != nil {
			return err
		}
		if erased, err := wasErased(ctx, tx, cus.ID); err != nil {
			return err
		} else if erased {
			return fault.New(fault.Gone, "data.erased")
		}
		none, err := a.noPortal(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.addressTo(ctx, tx, &Message{}, cus.ID); err != nil && !none {
			return err
		}
		c, err := a.liveCopy(ctx, tx, cus.ID)
		if err != nil {
			return err
		}
		if c == nil {
			fresh := a.newCopy(tx, by.ID, company.Spoken(cus.Language, a.Company().Language))
			c = &fresh
			if err := a.matchCopy(ctx, tx, c, cus); err != nil {
				return err
			}
		}
		cid = c.ID
		if err := a.copyFact(ctx, tx, "copy.ordered", by.ID, *c, map[string]any{"how": how}); err != nil {
			return err
		}
		if c.State == retrieval.Waiting {
			if err := a.openCopy(ctx, tx, by.ID, c); err != nil {
				return err
			}
		}
		return a.sendCopy(ctx, tx, *c)
	})
	return cid, err
}

// CopyView is a copy, and whether its file is there.
type CopyView struct {
	retrieval.Copy
	Ready   time.Time     // when the newest file of it was made; zero: none is there
	Fetched bool          // the customer has it
	ByHand  bool          // there is no portal from which they could fetch it: somebody gives it to them
	Limits  []limit.Limit // until when the law has them given it, the soonest first
}

// CopiesOf are the copies of a customer, the newest first.
func (a *App) CopiesOf(ctx context.Context, by Actor, cid customer.ID) (list []CopyView, err error) {
	if err := by.CanRead("customer"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, cid); err != nil {
			return err
		}
		list, err = a.copyViews(ctx, tx, cid)
		return err
	})
	return list, err
}

// OneCopy is one of them.
func (a *App) OneCopy(ctx context.Context, by Actor, id retrieval.ID) (v CopyView, err error) {
	if err := by.CanRead("customer"); err != nil {
		return v, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		c, err := tx.FindCopy(ctx, id)
		if err == nil && c.Customer == "" { // it is nobody's
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		v, err = a.viewCopy(ctx, tx, c)
		return err
	})
	return v, err
}

func (a *App) copyViews(ctx context.Context, tx Tx, cid customer.ID) (list []CopyView, err error) {
	all, err := tx.CopiesOf(ctx, cid)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		v, err := a.viewCopy(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (a *App) viewCopy(ctx context.Context, tx Tx, c retrieval.Copy) (CopyView, error) {
	v := CopyView{Copy: c}
	var err error
	if v.Limits, err = limitsOf(ctx, tx, offboarding.CaseID(c.ID)); err != nil {
		return v, err
	}
	files, err := bundlesOf(ctx, tx, offboarding.CaseID(c.ID))
	if err != nil || len(files) == 0 {
		return v, err
	}
	for _, b := range files {
		v.Ready, v.Fetched = b.CreatedAt, v.Fetched || !b.FetchedAt.IsZero()
	}
	v.ByHand, err = a.noPortal(ctx, tx)
	return v, err
}

// TakeCopy returns the file of a customer's copy to the person who gives it to them,
// where there is no portal, and records that they have it.
func (a *App) TakeCopy(ctx context.Context, by Actor, cid customer.ID) (b Blob, whole Content, err error) {
	if err := by.mayHand(); err != nil {
		return b, nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		c, err := a.liveCopy(ctx, tx, cid)
		if err == nil && c == nil {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		if none, err := a.noPortal(ctx, tx); err != nil {
			return err
		} else if !none {
			return fault.New(fault.Blocked, "bundle.on_page")
		}
		t, err := takingCopy(*c)
		if err != nil {
			return err
		}
		if err := fetchable(ctx, tx, t); err != nil {
			return err
		}
		if b, err = newestBundle(ctx, tx, t.ID); err != nil {
			return err
		}
		if whole, err = a.openBundle(ctx, tx, b); err != nil {
			return err
		}
		if err := a.copyFact(ctx, tx, "bundle.taken", by.ID, *c, map[string]any{"blob": b.ID, "sha256": b.SHA256}); err != nil {
			return err
		}
		return a.had(ctx, tx, t, b)
	})
	return b, whole, err
}

// CopyPaper is what a letter about a copy says.
type CopyPaper struct {
	Last when.Date // on which it can be fetched; zero: it is not open yet
}

// copyLetter gathers what a letter about a copy may say, and mints its link.
func (a *App) copyLetter(ctx context.Context, tx Tx, m Message) (p Paper, err error) {
	t, err := takingOf(ctx, tx, m.Case)
	if err != nil {
		return p, err
	}
	p = Paper{
		Kind: m.Paper, Language: m.Language, Code: t.Code, At: t.Copy.AskedAt, Now: tx.Now(), Until: t.Last, Links: map[string]string{},
		Copy: &CopyPaper{t.Last},
	}
	if t.Customer != "" {
		cus, err := tx.FindCustomer(ctx, t.Customer)
		if err != nil {
			return p, err
		}
		p.Name = cus.Name
	}
	switch m.Paper {
	case "code":
		p.Secret, err = a.mintCode(ctx, tx, m, t)
	case "data":
		p.Bundle, err = a.bring(ctx, tx, m)
	case ExtendedPaper:
		p.Extended, err = a.extendedPaper(ctx, tx, m.Case)
	case "changes":
		p.Changes, err = a.changesOf(ctx, tx, m.Case)
	}
	if err != nil {
		return p, err
	}
	none, err := a.noPortal(ctx, tx)
	if err != nil {
		return p, err
	}
	if none {
		p.ByMail = &ByMail{}
		return p, nil
	}
	purpose := map[string]string{copyPaper: copyLink, ExtendedPaper: copyLink, "changes": "data"}[m.Paper]
	if purpose == "" {
		return p, nil
	}
	token, err := a.mintAs(ctx, tx, id.TokenOf(a.ofLetter(m, copyLink)), copyLink, "", m.Case)
	p.Links[purpose] = a.Company().PublicURL + "/copy/" + token + pages[purpose] + "?lang=" + m.Language
	return p, err
}
