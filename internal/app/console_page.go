package app

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/audit"
	"hastaluego/internal/authority"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/invitation"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/stray"
)

// CaseView is everything about one case.
type CaseView struct {
	Plan        offboarding.Plan
	Request     offboarding.Request
	Customer    customer.Customer
	Contacts    []customer.Contact
	Lines       []customer.Subscription
	Works       []offboarding.Work
	Messages    []Message // but for those to the customer's own users
	UsersTold   UsersView // how it stands with those
	Blobs       []Blob
	Timeline    []TimelineEntry // the newest, newest first
	Older       int             // how many entries there are before those
	Milestones  []Milestone
	Notes       []NoteView        // newest first; none for those who may not read them
	Users       map[string]string // id → name
	People      []User            // who may sign in
	CanUndo     bool
	Names       map[string]string // of items: id → account or reference
	Proofs      map[offboarding.StepID][]ItemProof
	Approves    map[string]bool                      // kinds of step that a second person decides
	Between     Between                              // complaints and promises
	Recap       *Recap                               // once it has taken effect
	Answered    []FormAnswer                         // of forms, oldest first; drafts too
	Outages     map[offboarding.StepID]time.Duration // steps that wait for a system which does not answer: until it is called again
	Unasked     map[offboarding.StepID][]string      // steps that go on while these systems have not said which accesses there are
	Prefilled   map[offboarding.StepID]form.Answers
	Returns     Returns
	Handover    Handover
	Invitations []invitation.Invitation // newest first; none for those who may not read letters
	Decision    *offer.Decision         // what the policy says may be proposed; nil: something was, or it is for others to see
	Library     []*offer.Definition     // what there is to propose
	Offer       *offer.Offer            // nil: none, or for others to see; without words for those who may not read notes
	Asked       bool                    // the customer asked what could be done
	OnePerson   OnePerson
	Approvals   []ApprovalView                            // by the customer, or by time; oldest first
	Ways        map[string]approval.Way                   // by step: who looks at it where one person works
	Withdrawal  *Withdrawal                               // what became of one; nil: none was declared
	Statement   *CaseStatement                            // made, or as it would be now; nil: nothing is open, or for others to see
	Collection  *Collection                               // of what is owed; nil: for others to see
	GivenBack   map[offboarding.StepID][]RefundProof      // what a step gave back, as it was read back
	GivesBack   map[offboarding.StepID][]customer.Balance // what a step gives back or lets be given back; empty: nothing, or for others to see
	Erased      bool                                      // of whoever may see it
	Orders      []authority.Order                         // of authorities; nil: none, or not theirs to see
	Processors  []AskedView                               // what processors are asked; none for those who may not read letters
	Address     *KeptAddress                              // as far as they let it be kept, once they are erased or where there is no portal; nil: nothing to say, or not theirs to see
	Retained    []RetainedView                            // what stays of whoever was erased; nil: none, or not theirs to see
	Strays      []stray.Stray                             // what happened after its end, oldest first
	Declared    Declared                                  // what the form of some places asks beyond that of others
	Reasons     []reason.Given                            // newest first; without words for those who may not read notes
	Themes      map[string]ThemeView                      // what the words of reasons are about, by reason; for those who may read them
	Way         Way                                       // by which it was asked for on the pages, while its law is being decided
	Decided     LawDecision                               // the law that it was decided under
	Limits      []limit.Limit                             // that the law sets, the soonest first
	Documents   []CheckedDocument                         // letters, and how they stood to the law when they were made; oldest first
	NoPortal    bool                                      // customers are written to without one
}

// TimelineEntry is a log entry with what it says, if it can be read.
type TimelineEntry struct {
	LogEntry
	Args map[string]any // nil when the body cannot be read any more
}

// OpenCase reads one case for the console.
func (a *App) OpenCase(ctx context.Context, by Actor, cid offboarding.CaseID) (CaseView, error) {
	var v CaseView
	if err := by.CanRead("case"); err != nil {
		return v, err
	}
	err := a.store.View(ctx, func(tx Tx) error {
		var err error
		if v.Plan, err = tx.FindPlan(ctx, cid); err != nil {
			return err
		}
		if err := a.openPlan(ctx, &v.Plan); err != nil {
			return err
		}
		if err := readActivator(ctx, tx, &v.Plan); err != nil {
			return err
		}
		c := v.Plan.Case
		if v.Request, err = tx.FindRequest(ctx, c.Request); err != nil {
			return err
		}
		if v.Customer, err = tx.FindCustomer(ctx, c.Customer); err != nil {
			return err
		}
		if v.Contacts, err = tx.ContactsOf(ctx, c.Customer); err != nil {
			return err
		}
		subs, err := tx.SubscriptionsOf(ctx, c.Customer)
		if err != nil {
			return err
		}
		v.Lines = pick(subs, c.Subscriptions)
		if w, err := tx.WithdrawalOf(ctx, cid); err == nil {
			v.Withdrawal = &w
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		if v.Statement = nil; by.MayRead("statement") {
			x, err := a.statementNow(ctx, tx, v.Plan)
			if err != nil {
				return err
			}
			begun := c.State == offboarding.CaseRegistered || c.State == offboarding.CaseOpen
			if len(x.Doc.Sections) > 0 && (begun || x.Live()) { // of what is over nothing is drawn up any more
				v.Statement = &x
			}
		}
		var owed []customer.Balance
		if v.Collection = nil; by.MayRead("statement") {
			x, err := a.collection(ctx, tx, v.Plan)
			if err != nil {
				return err
			}
			v.Collection = &x
			if owed, err = tx.BalancesOf(ctx, c.Customer); err != nil {
				return err
			}
			if v.GivesBack, err = a.givesBack(ctx, tx, v.Plan, owed); err != nil {
				return err
			}
			works, err := tx.WorksOf(ctx, cid)
			if err != nil {
				return err
			}
			v.GivenBack = givenBackAt(works, owed)
		}
		if v.Strays, err = tx.StraysOf(ctx, cid); err != nil {
			return err
		}
		if v.Processors = nil; by.MayRead("letter") {
			if v.Processors, err = a.viewAsked(ctx, tx, c); err != nil {
				return err
			}
		}
		if by.MayRead("erase") {
			all, err := tx.RetainedOf(ctx, cid)
			if err != nil {
				return err
			}
			if v.Retained, err = a.viewRetained(ctx, tx, all); err != nil {
				return err
			}
			if v.Orders, err = a.orders(ctx, tx, c.Customer); err != nil {
				return err
			}
			if v.Erased, err = wasErased(ctx, tx, c.Customer); err != nil {
				return err
			}
			if v.Address = nil; v.Erased {
				if v.Address, err = a.keptAddress(ctx, tx, c.Customer); err != nil {
					return err
				}
			}
		}
		if v.Declared, err = a.declaredWith(ctx, tx, c.Request); err != nil {
			return err
		}
		if !by.MayRead("letter") { // the receipt has it, and may say more than anybody else needs
			v.Declared.Ground = ""
		}
		if v.Works, err = tx.WorksOf(ctx, cid); err != nil {
			return err
		}
		if v.Messages, err = tx.ListMessages(ctx, cid, 100); err != nil {
			return err
		}
		if v.UsersTold, err = a.usersView(ctx, tx, v.Plan); err != nil {
			return err
		}
		if v.Blobs, err = tx.BlobsOf(ctx, cid); err != nil {
			return err
		}
		if by.MayRead("note") {
			if v.Notes, err = a.notes(ctx, tx, cid); err != nil {
				return err
			}
		}
		zone, err := zoneOf(c)
		if err != nil {
			return err
		}
		if v.Names, err = itemNames(ctx, tx, c.Customer, subs); err != nil {
			return err
		}
		for _, b := range owed {
			v.Names[string(b.ID)] = cmp.Or(b.About, b.Reference)
		}
		v.Proofs = proofs(v.Works, v.Names)
		v.Outages = a.broken(v.Works, tx.Wall())
		v.Unasked = unasked(&v.Plan, v.Works)
		v.CanUndo = v.Plan.CanUndo(tx.Now(), c.Effective.End(zone))
		grants, err := tx.GrantsOf(ctx, c.Customer)
		if err != nil {
			return err
		}
		v.Milestones = withAccesses(milestones(v.Plan, v.Works), accessStands(v.Plan, v.Works, grants))
		if v.OnePerson, err = onePerson(ctx, tx); err != nil {
			return err
		}
		if v.NoPortal, err = a.noPortal(ctx, tx); err != nil {
			return err
		}
		if v.NoPortal && !v.Erased { // nobody says it on a page
			if v.Address, err = a.addressView(ctx, tx, v.Plan); err != nil {
				return err
			}
		}
		if v.Approvals, err = a.approvalsOf(ctx, tx, &v.Plan); err != nil {
			return err
		}
		if v.Ways, err = a.waysOf(ctx, tx, v.Plan, v.OnePerson); err != nil {
			return err
		}
		v.Approves = make(map[string]bool)
		for name, k := range a.kinds {
			v.Approves[name] = k.Spec().Approves
		}
		if v.Users, v.People, err = people(ctx, tx); err != nil {
			return err
		}
		if v.Between, err = a.between(ctx, tx, c.Customer); err != nil {
			return err
		}
		if by.MayRead("reason") {
			if v.Reasons, err = a.reasons(ctx, tx, cid); err != nil {
				return err
			}
			if v.Themes, err = a.themesIn(ctx, tx, by, cid, textsOf(v.Reasons)); err != nil {
				return err
			}
			for i := range v.Reasons {
				if !by.MayRead("note") {
					v.Reasons[i] = v.Reasons[i].Wordless()
				}
			}
		}
		if by.MayRead("letter") {
			if v.Invitations, err = a.invitations(ctx, tx, cid); err != nil {
				return err
			}
		}
		if by.MayRead("offer") {
			if err := a.readOffer(ctx, tx, by, &v); err != nil {
				return err
			}
		}
		if err := a.readForms(ctx, tx, &v); err != nil {
			return err
		}
		if v.Handover, err = a.wholeHandover(ctx, tx, v.Plan.Case); err != nil {
			return err
		}
		if v.Returns, err = a.returnsOf(ctx, tx, v.Plan); err != nil {
			return err
		}
		if v.Recap, err = a.recap(ctx, tx, v); err != nil {
			return err
		}
		if v.Decided, err = tx.LawOf(ctx, cid); err != nil {
			return err
		}
		if v.Documents, err = tx.DocumentsOf(ctx, cid); err != nil {
			return err
		}
		if v.Limits, err = tx.LimitsOf(ctx, cid); err != nil {
			return err
		}
		streams := []string{string(c.Request), string(cid)}
		v.Timeline, err = a.timeline(ctx, tx, timelineMost, streams...)
		if !by.MayRead("erase") { // an order may be nobody's business but theirs who look after it
			v.Timeline = slices.DeleteFunc(v.Timeline, func(e TimelineEntry) bool { return strings.HasPrefix(e.Type, "order.") })
		}
		if err != nil {
			return err
		}
		if len(v.Timeline) == timelineMost {
			v.Older, err = tx.CountEntries(ctx, streams...)
			v.Older -= len(v.Timeline)
		}
		return err
	})
	return v, err
}

const (
	// timelineMost is how many entries a page tells of a departure, the newest.
	timelineMost = 500
	// allEntries is as many as there are. Those of one departure are bounded by its
	// works and letters, which are read whole too.
	allEntries = math.MaxInt32
)

// names are the names of people and keys, by id.
func names(ctx context.Context, tx Tx) (map[string]string, error) {
	out, _, err := people(ctx, tx)
	return out, err
}

// people returns the names of people and keys, and who may sign in.
func people(ctx context.Context, tx Tx) (named map[string]string, active []User, err error) {
	users, err := tx.ListUsers(ctx)
	if err != nil {
		return nil, nil, err
	}
	keys, err := tx.ListAPIKeys(ctx)
	named = make(map[string]string, len(users)+len(keys))
	for _, k := range keys {
		named[k.ID] = k.Name
	}
	for _, u := range users {
		named[u.ID] = u.Name
		if u.Active {
			active = append(active, u)
		}
	}
	return named, active, err
}

// timeline reads log entries with their bodies, newest first.
func (a *App) timeline(ctx context.Context, tx Tx, limit int, streams ...string) ([]TimelineEntry, error) {
	entries, err := tx.Entries(ctx, limit, streams...)
	if err != nil {
		return nil, err
	}
	out := make([]TimelineEntry, len(entries))
	for i, e := range entries {
		j := i
		if len(streams) > 0 { // those come oldest first
			j = len(entries) - 1 - i
		}
		out[j] = TimelineEntry{LogEntry: e, Args: a.openBody(ctx, e)}
	}
	return out, nil
}

// openBody opens the sealed body of an entry; nil when its key was destroyed
// or it does not open.
func (a *App) openBody(ctx context.Context, e LogEntry) map[string]any {
	plain, err := a.keys.Open(ctx, e.KeyID, e.Sealed, audit.AAD(e.ID))
	if err != nil {
		return nil
	}
	var args map[string]any
	if _, body, ok := audit.SplitPlain(plain); !ok || json.Unmarshal(body, &args) != nil {
		return nil
	}
	return args
}

// OpenLog lists the newest entries of the whole log.
func (a *App) OpenLog(ctx context.Context, by Actor, limit int) (list []TimelineEntry, users map[string]string, err error) {
	if err := by.CanRead("audit"); err != nil {
		return nil, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if list, err = a.timeline(ctx, tx, limit); err != nil {
			return err
		}
		users, err = names(ctx, tx)
		return err
	})
	return list, users, err
}

// OpenLetter returns a letter and what it said. The tokens of its links, and
// the code that opens the downloads, are hidden unless links is set: only the demo sets it.
func (a *App) OpenLetter(ctx context.Context, by Actor, mid offboarding.MessageID, links bool) (m Message, text string, err error) {
	if err := by.CanRead("letter"); err != nil {
		return m, "", err
	}
	err = a.store.View(ctx, func(tx Tx) error { m, err = tx.FindMessage(ctx, mid); return err })
	if err != nil || m.State != "sent" && m.State != "written" || len(m.Body) == 0 { // not yet, or erased
		return m, "", err
	}
	plain, err := a.keys.Open(ctx, m.KeyID, m.Body, []byte(m.ID))
	if err != nil {
		return m, "", err
	}
	if text = string(plain); !links {
		text = hideSecrets(m.Paper, text)
	}
	return m, text, nil
}

// RequestView is a request that nobody could be found for.
func (a *App) RequestView(ctx context.Context, by Actor, id offboarding.RequestID) (r offboarding.Request, err error) {
	if err := by.CanRead("case"); err != nil {
		return r, err
	}
	err = a.store.View(ctx, func(tx Tx) error { r, err = tx.FindRequest(ctx, id); return err })
	if err == nil && r.ID == "" {
		err = fault.New(fault.NotFound, "not_found")
	}
	return r, err
}
