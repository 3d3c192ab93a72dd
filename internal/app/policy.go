package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
)

// PolicyEdition is a policy of offers as it was published, with the files of the
// offers as they were then. It never changes; the one with the highest number is in
// force.
type PolicyEdition struct {
	ID      string // opv_…; of the one that the server was started with its version
	Number  int    // from 1; 0: the one that the server was started with
	Version string // name@first 12 hex digits of its hash: offers say it
	Source  string // YAML
	Files   []offer.File
	MadeOf  string // the draft, or the older edition, that was published
	Note    string // why
	Hands   []string
	At      time.Time
	By      string
}

// Started reports whether nobody published it.
func (e PolicyEdition) Started() bool { return e.Number == 0 }

// PolicyDraft is a policy that is being written. It may hold anything.
type PolicyDraft struct {
	ID        string // opd_…
	State     string // open, published, dropped
	Title     string // its name, as far as it could be read
	Source    string
	Files     []offer.File
	Base      string // id of the edition that it began with
	Note      string
	Hands     []string // everybody who wrote on it
	MadeAt    time.Time
	ChangedAt time.Time
	ChangedBy string
	Version   int64
}

// PolicyTx keeps policies of offers.
type PolicyTx interface {
	// PolicyHead is the id of the edition in force; empty: none was published.
	PolicyHead(ctx context.Context) (id string, err error)
	FindEdition(ctx context.Context, id string) (PolicyEdition, error) // by its id, or the last of its version
	ListEditions(ctx context.Context, limit int) ([]PolicyEdition, error)
	InsertEdition(ctx context.Context, v PolicyEdition) error // fault.Conflict where the number is taken
	FindPolicyDraft(ctx context.Context, id string) (PolicyDraft, error)
	PutPolicyDraft(ctx context.Context, d PolicyDraft) error // new (Version 0) or, by Version, changed
	OpenPolicyDrafts(ctx context.Context) ([]PolicyDraft, error)
}

// mostPolicy bounds the text of a policy, in bytes.
const mostPolicy = 200_000

// editionRead is an edition with its policy.
type editionRead struct {
	edition PolicyEdition
	policy  *offer.Policy
}

// startedPolicy is the one that the server was started with.
func (a *App) startedPolicy() editionRead {
	p := a.offers
	return editionRead{PolicyEdition{ID: p.Version(), Version: p.Version(), Source: string(p.Source), Files: p.Files()}, p}
}

// policyInForce asks which edition is in force each time, and reads each once per
// process: it never changes.
func (a *App) policyInForce(ctx context.Context, tx Tx) (editionRead, error) {
	head, err := tx.PolicyHead(ctx)
	if err != nil || head == "" {
		return a.startedPolicy(), err
	}
	return a.readEdition(ctx, tx, head)
}

// readEdition is an edition by its id or version, with its policy.
func (a *App) readEdition(ctx context.Context, tx Tx, id string) (editionRead, error) {
	if x, ok := a.parsed.Load(id); ok {
		if r, ok := x.(editionRead); ok {
			return r, nil
		}
	}
	e, err := tx.FindEdition(ctx, id)
	if fault.KindOf(err) == fault.NotFound && id == a.offers.Version() {
		return a.startedPolicy(), nil
	} else if err != nil {
		return editionRead{}, err
	}
	p, err := readPolicy(e.Files, e.Source)
	if err != nil {
		return editionRead{edition: e}, fault.Wrap("app.readEdition "+e.ID, err)
	}
	r := editionRead{e, p}
	a.parsed.Store(e.ID, r)
	return r, nil
}

// readPolicy reads and checks a policy over the files of offers.
func readPolicy(files []offer.File, source string) (*offer.Policy, error) {
	return offer.Read(append(slices.Clone(files), offer.File{Name: offer.PolicyFile, Source: []byte(source)}), reason.Builtin())
}

// PolicyInput is what somebody wrote.
type PolicyInput struct {
	ID      string // empty: a new draft
	Version int64  // that was read; 0: whichever it is
	Base    string // edition that a new one begins with; empty: the one in force
	Source  string // empty in a new draft: as the edition that it begins with
	Note    string
}

// WritePolicy keeps a draft, whatever stands in it. It is about the offers that the
// server was started with.
func (a *App) WritePolicy(ctx context.Context, by Actor, in PolicyInput) (d PolicyDraft, err error) {
	if err := by.may("policy"); err != nil {
		return d, err
	}
	if len(in.Source) > mostPolicy {
		return d, fault.New(fault.Invalid, "field.too_long", "max", mostPolicy).On("source")
	}
	if in.Source = strings.ReplaceAll(in.Source, "\r\n", "\n"); in.ID != "" && strings.TrimSpace(in.Source) == "" {
		return d, fault.New(fault.Invalid, "field.required").On("source")
	}
	if strings.ContainsRune(in.Source, 0) {
		return d, fault.New(fault.Invalid, "field.invalid").On("source")
	}
	note, wrong := customer.CheckText("note", in.Note, 1000, true)
	if wrong != nil {
		return d, wrong
	}
	err = a.tx(ctx, func(tx Tx) error {
		if d, err = a.policyToWrite(ctx, tx, &in); err != nil {
			return err
		}
		if err := settled(ctx, tx, d.ID, by.real()); err != nil {
			return err
		}
		d.Source, d.Note, d.Files = in.Source, note, a.offers.Files()
		if p, err := readPolicy(d.Files, d.Source); err == nil {
			d.Title = p.Name
		}
		return a.putPolicyDraft(ctx, tx, by, &d)
	})
	return d, err
}

// policyToWrite is the draft that is written on, or a new one.
func (a *App) policyToWrite(ctx context.Context, tx Tx, in *PolicyInput) (PolicyDraft, error) {
	if in.ID != "" {
		return openPolicyDraft(ctx, tx, in.ID, in.Version)
	}
	base, err := a.policyInForce(ctx, tx)
	if err == nil && in.Base != "" {
		base, err = a.readEdition(ctx, tx, in.Base)
	}
	if err == nil && in.Source == "" {
		in.Source = base.edition.Source
	}
	name, _, _ := strings.Cut(base.edition.Version, "@")
	return PolicyDraft{ID: id.New("opd"), State: draftOpen, Title: name, Base: base.edition.ID, MadeAt: tx.Now()}, err
}

func openPolicyDraft(ctx context.Context, tx Tx, id string, version int64) (PolicyDraft, error) {
	d, err := tx.FindPolicyDraft(ctx, id)
	switch {
	case err != nil:
	case d.State != draftOpen:
		err = fault.New(fault.Blocked, "flow.draft_over")
	case version != 0 && version != d.Version:
		err = fault.New(fault.Conflict, "flow.changed_meanwhile")
	}
	return d, err
}

func (a *App) putPolicyDraft(ctx context.Context, tx Tx, by Actor, d *PolicyDraft) error {
	for _, hand := range []string{by.ID, by.RealID} {
		if hand != "" && !slices.Contains(d.Hands, hand) {
			d.Hands = append(d.Hands, hand)
		}
	}
	d.ChangedAt, d.ChangedBy = tx.Now(), by.ID
	if err := tx.PutPolicyDraft(ctx, *d); err != nil {
		return err
	}
	d.Version++
	return a.record(ctx, tx, fact{"policy.drafted", by.ID, "", house, map[string]any{"draft": d.ID, "base": d.Base, "hash": hashOf([]byte(d.Source))}})
}

// DropPolicy ends a draft that is not wanted.
func (a *App) DropPolicy(ctx context.Context, by Actor, id string) error {
	if err := by.may("policy"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		d, err := openPolicyDraft(ctx, tx, id, 0)
		if err != nil {
			return err
		}
		if err := settled(ctx, tx, id, by.real()); err != nil {
			return err
		}
		d.State, d.ChangedAt, d.ChangedBy = draftDropped, tx.Now(), by.ID
		if err := tx.PutPolicyDraft(ctx, d); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"policy.dropped", by.ID, "", house, map[string]any{"draft": id}})
	})
}

// PublishPolicy lets a draft decide what is proposed from now on, as it was read
// (version; 0: as it is). Whoever wrote on it, or made the key that did, cannot. Where
// one person works it is waited for instead, and e is nil.
func (a *App) PublishPolicy(ctx context.Context, by Actor, draft string, version int64) (e *PolicyEdition, err error) {
	if err := by.person(); err != nil {
		return nil, err
	}
	if err := by.may("policy"); err != nil {
		return nil, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		d, err := openPolicyDraft(ctx, tx, draft, version)
		if err != nil {
			return err
		}
		e, err = a.publishPolicy(ctx, tx, by, d)
		return err
	})
	return e, err
}

func (a *App) publishPolicy(ctx context.Context, tx Tx, by Actor, d PolicyDraft) (*PolicyEdition, error) {
	own, err := oneHand(ctx, tx, by, d.Hands)
	if err != nil {
		return nil, err
	}
	e, then, err := a.publishedPolicy(ctx, tx, by, d)
	if err != nil {
		return nil, err
	}
	if own {
		return nil, a.askOfHouse(ctx, tx, by, d.ChangedAt, approval.Policy, d.ID)
	}
	if err := settled(ctx, tx, d.ID, by.real()); err != nil {
		return nil, err
	}
	return &e, then()
}

// publishedPolicy checks that the draft may be published; what it returns does it.
func (a *App) publishedPolicy(ctx context.Context, tx Tx, by Actor, d PolicyDraft) (e PolicyEdition, then func() error, err error) {
	p, err := readPolicy(d.Files, d.Source)
	if err != nil {
		return e, nil, err
	}
	now, err := a.policyInForce(ctx, tx)
	if err != nil {
		return e, nil, err
	}
	if now.policy.Version() == p.Version() {
		return e, nil, fault.New(fault.Blocked, "policy.in_force", "version", p.Version())
	}
	e = PolicyEdition{
		ID: id.New("opv"), Number: now.edition.Number + 1, Version: p.Version(), Source: d.Source, Files: d.Files, MadeOf: d.ID, Note: d.Note, Hands: d.Hands,
		At: tx.Now(), By: by.ID,
	}
	if old, err := tx.FindEdition(ctx, p.Version()); err == nil {
		e.MadeOf = old.ID
	} else if fault.KindOf(err) != fault.NotFound {
		return e, nil, err
	}
	return e, func() error {
		if err := tx.InsertEdition(ctx, e); err != nil {
			return err
		}
		d.State, d.ChangedAt, d.ChangedBy = draftPublished, tx.Now(), by.ID
		if err := tx.PutPolicyDraft(ctx, d); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"policy.published", by.ID, "", house, map[string]any{
			"edition": e.ID, "number": e.Number, "version": e.Version, "of": e.MadeOf, "replaces": now.edition.ID, "hands": strings.Join(e.Hands, " "),
		}})
	}, nil
}

// RollBackPolicy publishes an older edition anew, with its own number and the offers as
// they were then. Whoever wrote that edition cannot, as with any other; the one that the
// server was started with was written by nobody here.
func (a *App) RollBackPolicy(ctx context.Context, by Actor, edition, note string) (e *PolicyEdition, err error) {
	if err := by.person(); err != nil {
		return nil, err
	}
	if err := by.may("policy"); err != nil {
		return nil, err
	}
	note, wrong := customer.CheckText("note", note, 1000, true)
	if wrong == nil && note == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("note")
	}
	if wrong != nil {
		return nil, wrong
	}
	err = a.tx(ctx, func(tx Tx) error {
		now, err := a.policyInForce(ctx, tx)
		if err != nil {
			return err
		}
		old, err := a.readEdition(ctx, tx, edition)
		if err != nil {
			return err
		}
		if now.policy.Version() == old.policy.Version() {
			return fault.New(fault.Blocked, "policy.in_force", "version", fmt.Sprint(now.edition.Version))
		}
		d := PolicyDraft{
			ID: id.New("opd"), State: draftOpen, Title: old.policy.Name, Source: old.edition.Source, Files: old.edition.Files, Base: old.edition.ID, Note: note,
			Hands: slices.Clone(old.edition.Hands), MadeAt: tx.Now(), ChangedAt: tx.Now(), ChangedBy: by.ID,
		}
		if err := tx.PutPolicyDraft(ctx, d); err != nil {
			return err
		}
		d.Version = 1
		e, err = a.publishPolicy(ctx, tx, by, d)
		return err
	})
	return e, err
}

// publishPolicyDue publishes what was waited for.
func (a *App) publishPolicyDue(ctx context.Context, tx Tx, draft string) (func() error, error) {
	d, err := openPolicyDraft(ctx, tx, draft, 0)
	if err != nil {
		return nil, err
	}
	_, then, err := a.publishedPolicy(ctx, tx, Actor{ID: approval.ByTime}, d)
	return then, err
}

// keptEditions is how many editions are listed.
const keptEditions = 100

// PoliciesPage is every policy as people look at them.
type PoliciesPage struct {
	InForce  PolicyEdition
	Started  PolicyEdition // the one that the server was started with
	Editions []PolicyEdition
	Drafts   []PolicyDraft
	Waits    map[string]approval.Approval // by draft: the time that publishing it waits for
	Users    map[string]string
}

// OpenPolicies lists what decides, decided before, and may decide next.
func (a *App) OpenPolicies(ctx context.Context, by Actor) (p PoliciesPage, err error) {
	if err := by.CanRead("policy"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = PoliciesPage{Started: a.startedPolicy().edition, Waits: map[string]approval.Approval{}}
		r, err := a.policyInForce(ctx, tx)
		if err != nil {
			return err
		}
		p.InForce = r.edition
		if p.Editions, err = tx.ListEditions(ctx, keptEditions); err != nil {
			return err
		}
		if p.Drafts, err = tx.OpenPolicyDrafts(ctx); err != nil {
			return err
		}
		asked, err := tx.AskedOfHouse(ctx)
		if err != nil {
			return err
		}
		for _, x := range asked {
			if x.About == approval.Policy {
				p.Waits[x.Subject] = x
			}
		}
		p.Users, err = names(ctx, tx)
		return err
	})
	return p, err
}

// PolicyPage is one policy as people look at it: an edition, or a draft.
type PolicyPage struct {
	Edition  PolicyEdition // of a draft: the one that it began with
	Draft    *PolicyDraft
	Source   string
	Policy   *offer.Policy // nil: it cannot be read
	Problems fault.List    // with the places of what is wrong
	Shadowed fault.List    // lines that never decide, whoever leaves
	InForce  PolicyEdition
	Own      bool // this person wrote on it
	Waits    *approval.Approval
	Users    map[string]string
}

// Open reports whether it is a draft that may still be written on.
func (p PolicyPage) Open() bool { return p.Draft != nil && p.Draft.State == draftOpen }

// OpenPolicy shows an edition by its id or version, or a draft (empty: the one in
// force), checked. typed stands in the place of what is kept.
func (a *App) OpenPolicy(ctx context.Context, by Actor, id string, typed *string) (p PolicyPage, err error) {
	if err := by.CanRead("policy"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p = PolicyPage{}
		r, err := a.policyInForce(ctx, tx)
		if err != nil {
			return err
		}
		p.InForce = r.edition
		if err := a.openPolicy(ctx, tx, by, id, typed, &p); err != nil {
			return err
		}
		p.Users, err = names(ctx, tx)
		return err
	})
	return p, err
}

func (a *App) openPolicy(ctx context.Context, tx Tx, by Actor, id string, typed *string, p *PolicyPage) error {
	files := []offer.File(nil)
	if strings.HasPrefix(id, "opd_") {
		d, err := tx.FindPolicyDraft(ctx, id)
		if err != nil {
			return err
		}
		p.Draft, p.Source, files = &d, d.Source, d.Files
		if x, asked, err := tx.AskedApproval(ctx, d.ID); err != nil {
			return err
		} else if asked {
			p.Waits = &x
		}
		if p.Own, err = oneHand(ctx, tx, by, d.Hands); err != nil {
			return err
		}
		if base, err := a.readEdition(ctx, tx, d.Base); err == nil {
			p.Edition = base.edition
		} else if fault.KindOf(err) != fault.NotFound { // it was what another server was started with
			return err
		}
	} else {
		e := p.InForce
		if id != "" && id != e.ID {
			r, err := a.readEdition(ctx, tx, id)
			if err != nil {
				return err
			}
			e = r.edition
		}
		own, err := oneHand(ctx, tx, by, e.Hands)
		if err != nil {
			return err
		}
		p.Edition, p.Source, p.Own, files = e, e.Source, own, e.Files
	}
	if typed != nil {
		p.Source = *typed
	}
	policy, err := readPolicy(files, p.Source)
	if err != nil {
		p.Problems = fault.Fields(err)
		return nil
	}
	p.Policy, p.Shadowed = policy, fault.Fields(policy.Shadowed())
	return nil
}

// ReadPolicy reads and checks a policy over the offers that the server was started
// with. What is wrong is told with its places.
func (a *App) ReadPolicy(source string) (*offer.Policy, error) {
	return readPolicy(a.offers.Files(), source)
}
