package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/approval"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// PlaybookVersion is a playbook that was added to this installation. Its
// source never changes; the state goes proposed, active, retired, and a
// retired one may be activated again.
type PlaybookVersion struct {
	ID          string // name@first 12 hex digits of the source's SHA-256
	Name        string
	Source      string // YAML
	State       string // proposed, active, retired
	CreatedAt   time.Time
	CreatedBy   string
	ActivatedAt time.Time
	ActivatedBy string
}

// PlaybookTx keeps playbook versions.
type PlaybookTx interface {
	// InsertPlaybook stores a version; false when it was there.
	InsertPlaybook(ctx context.Context, v PlaybookVersion) (bool, error)
	FindPlaybook(ctx context.Context, id string) (PlaybookVersion, error)
	ListPlaybooks(ctx context.Context, activeOnly bool) ([]PlaybookVersion, error) // by name, newest first
	// ActivatePlaybook makes the version the active one of its name.
	ActivatePlaybook(ctx context.Context, v PlaybookVersion) error
}

// specs are what playbooks may say about the kinds of this installation.
func (a *App) specs() []playbook.KindSpec {
	var out []playbook.KindSpec
	for _, k := range a.kinds {
		out = append(out, k.Spec())
	}
	slices.SortFunc(out, func(x, y playbook.KindSpec) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// maxPlaybook is how long a playbook may be, in characters.
const maxPlaybook = 200_000

// CheckPlaybook reads a playbook and reports every problem in it.
func (a *App) CheckPlaybook(source string) (*playbook.Playbook, error) {
	source, err := playbookSource(source)
	if err != nil {
		return nil, err
	}
	return a.loadPlaybook("playbook.yaml", source)
}

// loadPlaybook reads a playbook that the kinds and systems of this installation
// can follow, and that tells customers everything in every language in which they
// are spoken to.
func (a *App) loadPlaybook(name, source string) (*playbook.Playbook, error) {
	pb, err := playbook.Load(name, []byte(source), a.specs())
	if err == nil && len(a.on) > 0 {
		err = playbook.CheckSystems(name, pb.Source, a.specs(), a.on)
	}
	if err == nil {
		err = pb.Unsaid()
	}
	if err != nil {
		return nil, err
	}
	return pb, nil
}

func playbookSource(source string) (string, error) {
	clean, err := customer.CheckText("source", strings.ReplaceAll(source, "\r\n", "\n"), maxPlaybook, true)
	if err != nil {
		return "", err
	}
	return clean + "\n", nil
}

// ProposePlaybook keeps a version that another administrator may activate.
// The same source again changes nothing.
func (a *App) ProposePlaybook(ctx context.Context, by Actor, source string) (string, error) {
	if err := by.may("playbook"); err != nil {
		return "", err
	}
	pb, err := a.CheckPlaybook(source)
	if err != nil {
		return "", err
	}
	return pb.Version(), a.tx(ctx, func(tx Tx) error {
		v := PlaybookVersion{ID: pb.Version(), Name: pb.Name, Source: string(pb.Source), State: "proposed", CreatedAt: tx.Now(), CreatedBy: by.ID}
		fresh, err := tx.InsertPlaybook(ctx, v)
		if err != nil || !fresh {
			return err
		}
		return a.record(ctx, tx, fact{"playbook.proposed", by.ID, "", house, map[string]any{"playbook": v.ID}})
	})
}

// ActivatePlaybook lets new cases follow the version. Whoever proposed it
// cannot, nor whoever made the key that did: a second administrator must look
// at it. Where one person works it is waited for instead.
func (a *App) ActivatePlaybook(ctx context.Context, by Actor, id string) error {
	if err := by.person(); err != nil {
		return err
	}
	if err := by.may("playbook"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		v, err := tx.FindPlaybook(ctx, id)
		if err != nil {
			return err
		}
		if v.State == "active" {
			return nil
		}
		own, err := oneHand(ctx, tx, by, []string{v.CreatedBy})
		if err != nil {
			return err
		}
		then, err := a.activated(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if own {
			return a.askOfHouse(ctx, tx, by, v.CreatedAt, approval.Playbook, id)
		}
		if err := settled(ctx, tx, id, by.real()); err != nil {
			return err
		}
		return then()
	})
}

// activated checks that the version may be activated; what it returns does it.
func (a *App) activated(ctx context.Context, tx Tx, by Actor, id string) (func() error, error) {
	v, err := tx.FindPlaybook(ctx, id)
	if err != nil {
		return nil, err
	}
	// What was good for an older program may not be for this one.
	if _, err := a.loadPlaybook(v.ID, v.Source); err != nil {
		return nil, err
	}
	v.ActivatedAt, v.ActivatedBy = tx.Now(), by.ID
	return func() error {
		if err := tx.ActivatePlaybook(ctx, v); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"playbook.activated", by.ID, "", house, map[string]any{"playbook": v.ID, "proposed_by": v.CreatedBy}})
	}, nil
}

// readActivator adds to a plan who activated the version that it follows.
func readActivator(ctx context.Context, tx Tx, p *offboarding.Plan) error {
	v, err := tx.FindPlaybook(ctx, p.Case.Playbook)
	if fault.KindOf(err) == fault.NotFound { // of the program, or of the configuration
		return nil
	}
	p.Activator = v.ActivatedBy
	return err
}

// active returns the playbooks that departures may follow, in the order in
// which they are tried: activated ones by name, then those of the
// configuration. An activated one replaces one of the configuration with its
// name.
func (a *App) active(ctx context.Context, tx Tx) (list []*playbook.Playbook, last *playbook.Playbook, err error) {
	versions, err := tx.ListPlaybooks(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	if last, err = a.usual(); err != nil {
		return nil, nil, err
	}
	usual := last.Name
	named := map[string]bool{}
	for _, v := range versions {
		pb, err := a.loaded(v)
		if err != nil {
			return nil, nil, fault.Wrap("app.active "+v.ID, err)
		}
		named[v.Name] = true
		if v.Name == usual {
			last = pb
			continue
		}
		list = append(list, pb)
	}
	for _, b := range a.books {
		if !named[b.Name] {
			list = append(list, b)
		}
	}
	return list, last, nil
}

// paymentFailed is the playbook of the program that departures for want of payment
// follow where no other is for them.
const paymentFailed = "payment-failed"

// unpaid is that playbook; nil where the systems of the company cannot do what it
// asks of them.
func (a *App) unpaid() (*playbook.Playbook, error) {
	pb, err := a.builtin(paymentFailed)
	if err == nil && len(a.on) > 0 && playbook.CheckSystems(paymentFailed, pb.Source, a.specs(), a.on) != nil {
		return nil, nil
	}
	return pb, err
}

// usual is the playbook that departures follow when no other applies: as the
// company chose among those of the program, else as it was configured.
func (a *App) usual() (*playbook.Playbook, error) {
	name := a.Company().Playbook
	if name == "" {
		return a.playbook, nil
	}
	return a.builtin(name)
}

// builtin reads a playbook of the program, once per process. It is good for every
// company: a step whose system is not connected asks a person.
func (a *App) builtin(name string) (*playbook.Playbook, error) {
	key := "builtin " + name
	if pb, ok := a.parsed.Load(key); ok {
		return pb.(*playbook.Playbook), nil
	}
	src, ok := playbook.Builtin()[name]
	if !ok {
		return nil, fault.New(fault.Invalid, "field.choice").On("playbook")
	}
	pb, err := playbook.Load(name, src, a.specs())
	if err == nil {
		err = pb.Unsaid()
	}
	if err == nil {
		a.parsed.Store(key, pb)
	}
	return pb, err
}

// loaded reads an activated version, once per process: it never changes.
func (a *App) loaded(v PlaybookVersion) (*playbook.Playbook, error) {
	if pb, ok := a.parsed.Load(v.ID); ok {
		return pb.(*playbook.Playbook), nil
	}
	pb, err := playbook.Load(v.ID, []byte(v.Source), a.specs())
	if err == nil {
		a.parsed.Store(v.ID, pb)
	}
	return pb, err
}

// PlaybookView is one playbook as people look at it.
type PlaybookView struct {
	Version  PlaybookVersion // zero but for ID, Name, Source and State for one of the configuration
	Playbook *playbook.Playbook
	Problems error // why it cannot be used any more
	BuiltIn  bool
	Waits    *approval.Approval // the time that its activation waits for; nil: none
	Gaps     []PlaybookGap      // where it is shorter, or slower, than the law of a place that is served
}

// OpenPlaybooks lists every playbook: those in use first.
func (a *App) OpenPlaybooks(ctx context.Context, by Actor) (list []PlaybookView, users map[string]string, err error) {
	if err := by.CanRead("playbook"); err != nil {
		return nil, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		versions, err := tx.ListPlaybooks(ctx, false)
		if err != nil {
			return err
		}
		if users, err = names(ctx, tx); err != nil {
			return err
		}
		asked, err := tx.AskedOfHouse(ctx)
		if err != nil {
			return err
		}
		named := map[string]bool{}
		for _, v := range versions {
			pb, perr := playbook.Load(v.ID, []byte(v.Source), a.specs())
			pv := PlaybookView{Version: v, Playbook: pb, Problems: perr}
			for _, x := range asked {
				if x.Subject == v.ID {
					pv.Waits = &x
				}
			}
			list = append(list, pv)
			named[v.Name] = named[v.Name] || v.State == "active"
		}
		usual, err := a.usual()
		if err != nil {
			return err
		}
		for _, b := range append(slices.Clone(a.books), usual) {
			v := PlaybookVersion{ID: b.Version(), Name: b.Name, Source: string(b.Source), State: "active"}
			if named[b.Name] {
				v.State = "retired"
			}
			list = append(list, PlaybookView{Version: v, Playbook: b, BuiltIn: true})
		}
		for i, p := range list {
			if p.Problems == nil && p.Version.State != "retired" {
				if list[i].Gaps, err = LawOfPlaybook(p.Playbook, a.Law(), a.Law().Places(), a.today(tx)); err != nil {
					return err
				}
			}
		}
		slices.SortStableFunc(list, func(x, y PlaybookView) int { return strings.Compare(x.Version.State, y.Version.State) })
		return nil
	})
	return list, users, err
}
