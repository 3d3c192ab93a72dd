package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// SealedHandover is an item of a handover as it is stored: its words are in
// Body, sealed with the customer's key.
type SealedHandover struct {
	handover.Item
	KeyID string
	Body  []byte
}

// SealedEnvelope is an envelope with what is in it, sealed with the customer's
// key; empty once it was opened, expired or withdrawn.
type SealedEnvelope struct {
	handover.Sheet
	Message   offboarding.MessageID // the letter that carries its link
	Lock      string                // of its key (envelope.Lock)
	TokenHash string                // of the link; empty until the letter is made
	KeyID     string
	Body      []byte
}

// HandoverTx keeps handovers and their envelopes. Put stores a new one (Version
// 0) or, by Version, changes one.
type HandoverTx interface {
	PutHandover(ctx context.Context, h SealedHandover) error
	FindHandover(ctx context.Context, id handover.ID) (SealedHandover, error)
	HandoverOf(ctx context.Context, c offboarding.CaseID) ([]SealedHandover, error)
	PutEnvelope(ctx context.Context, x SealedEnvelope) error
	FindEnvelope(ctx context.Context, tokenHash string) (SealedEnvelope, error)
	EnvelopesOf(ctx context.Context, c offboarding.CaseID) ([]SealedEnvelope, error)
}

// listHandover opens an item for each line of the step.
func (a *App) listHandover(ctx context.Context, tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
	assets, err := handedOver(ctx, tx, p.Case)
	if err != nil {
		return err
	}
	for _, x := range assets {
		if !slices.ContainsFunc(s.Items, func(it offboarding.Item) bool { return it.Key == string(x.ID) }) {
			continue
		}
		if err := a.putHandover(ctx, tx, handover.Item{
			ID: handover.ID(id.New("hov")), Customer: p.Case.Customer, Case: p.Case.ID, Step: s.ID, Asset: x.ID, Kind: x.Kind, Name: x.Name, State: handover.Open, Owner: x.Owner,
		}); err != nil {
			return err
		}
	}
	return a.watchRenewals(ctx, tx, p.Case)
}

// GiveInput says that the client was given an item.
type GiveInput struct {
	Case  offboarding.CaseID
	Step  string
	Item  handover.ID
	Way   handover.Way
	How   string // what was given and how, for the client to read
	Piece customer.Piece
	// Name and File are what goes with it; its sum is computed, whatever Piece says.
	Name string
	File []byte
	To   string // to whom it was given, where it went from hand to hand
	SecretInput
}

func checkSecret(s string, most int) (string, error) {
	s, e := customer.CheckText("secret", s, most, true)
	if e != nil {
		return "", e
	}
	return s, nil
}

// GiveItem says that the client was given an item. A credential that goes by
// envelope is sealed at once and a letter carries its link; one that was on its
// way before is destroyed. When everything was given, a letter asks the client
// to look.
func (a *App) GiveItem(ctx context.Context, by Actor, in GiveInput) error {
	l := prose(nil, map[string]*string{"how": &in.How})
	l = append(l, in.Piece.Tidy()...)
	l = append(l, in.tidyFile()...)
	var secret closed
	if in.Way == handover.Envelope {
		var err error
		if secret, err = in.close(); fault.KindOf(err) == fault.Invalid && err != nil {
			l = append(l, fault.Fields(err)...)
		} else if err != nil {
			return err
		}
	}
	if in.How == "" {
		l = append(l, fault.New(fault.Invalid, "field.required").On("how"))
	}
	return a.onEnding(ctx, by, in.Case, in.Step, in.Item, l, func(tx Tx, p *offboarding.Plan, s *offboarding.Step, x *handover.Item) error {
		none, err := a.noPortal(ctx, tx)
		if err != nil {
			return err
		}
		if none && in.Way == handover.Envelope { // there is no page on which it would open
			return fault.New(fault.Invalid, "handover.no_portal").On("way")
		}
		gift := handover.Gift{Way: in.Way, How: in.How, Piece: in.Piece, By: cmp.Or(by.Name, by.ID), To: in.To, NoPage: none}
		if len(in.File) > 0 {
			if x.Credential() { // a secret goes in an envelope, never in a file that stays
				return fault.New(fault.Invalid, "handover.no_file").On("file")
			}
			var err error
			if gift.File, err = a.keepFile(ctx, tx, by, p.Case, *s, in.Name, in.File); err != nil {
				return err
			}
		}
		if err := x.Give(gift, tx.Now(), a.today(tx).AddDays(days(*s, "rotate_days", 10))); err != nil {
			return err
		}
		if _, err := a.withdraw(ctx, tx, p.Case.ID, x.ID, by.ID); err != nil {
			return err
		}
		if x.Way == handover.Envelope {
			if err := a.sealEnvelope(ctx, tx, p.Case, *s, *x, secret); err != nil {
				return err
			}
		}
		if x.Rotation == handover.Waiting {
			if err := a.watchRotation(ctx, tx, *x); err != nil {
				return err
			}
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.given", actor: by.ID, args: map[string]any{
			"way": string(x.Way), "how": x.How, "version": x.Piece.Version, "format": x.Piece.Format, "sha256": x.Piece.SHA256, "new_owner": x.NewOwner, "new_owner_email": x.NewOwnerEmail, "to": x.GivenTo,
		}})
	})
}

// tidyFile takes the sum of the file that goes with an item, and its format from
// its name where none was said.
func (in *GiveInput) tidyFile() (l fault.List) {
	to, e := customer.CheckText("to", in.To, 200, false)
	l, in.To = appendFault(l, e), to
	if len(in.File) == 0 {
		return l
	}
	name, err := checkFile(in.Name, in.File)
	if err != nil {
		return append(l, fault.Fields(err)...)
	}
	sum := sha256.Sum256(in.File)
	in.Name, in.Piece.SHA256 = name, hex.EncodeToString(sum[:])
	in.Piece.Format = cmp.Or(in.Piece.Format, strings.ToLower(strings.TrimPrefix(path.Ext(name), ".")))
	return l
}

// HoldItem says that a work waits until the contract transfers it. Nothing else
// can be held back. Faults: handover.never_waits.
func (a *App) HoldItem(ctx context.Context, by Actor, c offboarding.CaseID, step string, item handover.ID, why string) error {
	l := prose(nil, map[string]*string{"held": &why})
	return a.onItem(ctx, by, c, step, item, l, func(tx Tx, x *handover.Item) error {
		if err := x.Hold(why); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.held", actor: by.ID, args: map[string]any{"why": why}})
	})
}

// PaidInput says that a work that was ours until then was paid.
type PaidInput struct {
	Case offboarding.CaseID
	Step string
	Item handover.ID
	On   when.Date
	With string // the reference of what paid it, for the client to read
}

// PayItem says that a work of a handover was paid: it is the client's from then on, here
// and in the inventory, and waits no longer. It may be said after the handover too.
// Faults: handover.never_paid; Invalid at paid_on.
func (a *App) PayItem(ctx context.Context, by Actor, in PaidInput) error {
	if err := by.may("case"); err != nil {
		return err
	}
	with, wrong := customer.CheckText("paid_by", in.With, 200, false)
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		p, err := tx.FindPlan(ctx, in.Case)
		if err != nil {
			return err
		}
		s := p.Step(in.Step)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		list, err := a.handoverOf(ctx, tx, *s)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == in.Item })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		x := &list[i]
		if x.PaidOn == in.On && x.PaidBy == with && !in.On.IsZero() { // sent twice
			return nil
		}
		if err := x.Pay(in.On, a.today(tx), with); err != nil {
			return err
		}
		if err := a.transferred(ctx, tx, by, *x); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.paid", actor: by.ID, args: map[string]any{"paid_on": x.PaidOn.String(), "paid_by": x.PaidBy}})
	})
}

// transferred has the inventory say that a work is the client's.
func (a *App) transferred(ctx context.Context, tx Tx, by Actor, x handover.Item) error {
	assets, err := tx.AssetsOf(ctx, x.Customer)
	if err != nil {
		return err
	}
	for _, s := range assets {
		if s.ID != x.Asset || s.Owner != customer.OwnerHouse {
			continue
		}
		ch := changes{}
		differ(ch, "owner", s.Owner, customer.OwnerClient)
		s.Owner = customer.OwnerClient
		if err := tx.SaveAsset(ctx, s); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"asset.changed", by.ID, string(x.Customer), string(x.Customer), map[string]any{"name": s.Reference, "changed": ch}})
	}
	return nil
}

// days is a number of days that the playbook gives a step.
func days(s offboarding.Step, param string, otherwise int) int {
	if n, err := strconv.Atoi(s.Params[param]); err == nil {
		return n
	}
	return otherwise
}

// write queues a letter to the address on file. Nobody to write to is no reason
// to stop: the page says it too.
func (a *App) write(ctx context.Context, tx Tx, c offboarding.Case, paper string) error {
	m := a.letter(tx, paper, c)
	switch err := a.address(ctx, tx, &m, c); {
	case err != nil && fault.KindOf(err) == fault.Blocked:
		return nil
	case err != nil:
		return err
	}
	return a.queue(ctx, tx, m, string(c.Customer), true)
}

// AttestRotation says what was done about a credential whose change the client
// did not confirm, after both reminders.
func (a *App) AttestRotation(ctx context.Context, by Actor, c offboarding.CaseID, step string, item handover.ID, why string) error {
	l := prose(nil, map[string]*string{"why": &why})
	return a.onItem(ctx, by, c, step, item, l, func(tx Tx, x *handover.Item) error {
		if err := x.Rotate(handover.Attested, why, tx.Now()); err != nil {
			return err
		}
		return a.saveItem(ctx, tx, *x, fact{typ: "handover.rotation_attested", actor: by.ID, args: map[string]any{"why": why}})
	})
}

// onItem runs fn on one item of a step, as onHandover, unless something is wrong with
// what was typed about it.
func (a *App) onItem(ctx context.Context, by Actor, c offboarding.CaseID, step string, item handover.ID, wrong fault.List, fn func(Tx, *handover.Item) error) error {
	return a.onHandover(ctx, by, c, step, func(tx Tx, _ *offboarding.Plan, _ *offboarding.Step, list []handover.Item) error {
		i := slices.IndexFunc(list, func(x handover.Item) bool { return x.ID == item })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		if len(wrong) > 0 {
			return wrong
		}
		return fn(tx, &list[i])
	})
}

// onHandover runs fn on the items of a step as somebody who may work on it, and
// ends the step when nothing is left.
func (a *App) onHandover(ctx context.Context, by Actor, c offboarding.CaseID, step string, fn func(Tx, *offboarding.Plan, *offboarding.Step, []handover.Item) error) error {
	return a.onStep(ctx, by, c, step, func(tx Tx, p *offboarding.Plan) error {
		s, err := p.Workable(step)
		if err != nil {
			return err
		}
		list, err := a.handoverOf(ctx, tx, *s)
		if err != nil {
			return err
		}
		if err := fn(tx, p, s, list); err != nil {
			return err
		}
		return a.endHandover(p, s, by, list, tx.Now())
	})
}

// endHandover ticks what is over, and ends the step with the last of it.
func (a *App) endHandover(p *offboarding.Plan, s *offboarding.Step, by Actor, list []handover.Item, now time.Time) error {
	over := true
	for _, x := range list {
		if over = over && x.Over(); !x.Over() {
			continue
		}
		if err := p.Tick(s.Key, string(x.Asset), true, by.ID, "", now); err != nil {
			return err
		}
	}
	ticks(p, by, "")
	if !over || len(list) == 0 {
		return nil
	}
	return p.Done(s.Key, now, by.ID)
}

// handoverOf reads the items of a step.
func (a *App) handoverOf(ctx context.Context, tx Tx, s offboarding.Step) (out []handover.Item, err error) {
	list, err := tx.HandoverOf(ctx, s.Case)
	list = slices.DeleteFunc(list, func(x SealedHandover) bool { return x.Step != s.ID })
	out, err = unsealed(list, err, func(x SealedHandover) (handover.Item, error) { return a.openHandover(ctx, x) })
	if err != nil {
		return nil, err
	}
	return out, belong(ctx, tx, out)
}

// belong has items follow whose they are on the inventory.
func belong(ctx context.Context, tx Tx, list []handover.Item) error {
	if len(list) == 0 {
		return nil
	}
	assets, err := tx.AssetsOf(ctx, list[0].Customer)
	for i := range list {
		if j := slices.IndexFunc(assets, func(x customer.Asset) bool { return x.ID == list[i].Asset }); j >= 0 {
			list[i].Belongs(assets[j].Owner)
		}
	}
	return err
}

// saveItem keeps an item and writes to the log what became of it.
func (a *App) saveItem(ctx context.Context, tx Tx, x handover.Item, f fact) error {
	if err := a.putHandover(ctx, tx, x); err != nil {
		return err
	}
	if err := a.delivered(ctx, tx, x); err != nil {
		return err
	}
	all := map[string]any{"item": string(x.ID), "kind": x.Kind, "name": x.Name}
	maps.Copy(all, f.args)
	f.stream, f.subject, f.args = string(x.Case), string(x.Customer), all
	return a.record(ctx, tx, f)
}

// workedHandover is the step of a handover that somebody may work on, in its plan, and
// what is on its list.
func (a *App) workedHandover(ctx context.Context, tx Tx, by Actor, c offboarding.CaseID, step string) (p offboarding.Plan, s *offboarding.Step, list []handover.Item, err error) {
	if p, err = tx.FindPlan(ctx, c); err != nil {
		return p, nil, nil, err
	}
	if s = p.Step(step); s == nil {
		return p, nil, nil, fault.New(fault.NotFound, "not_found")
	}
	if err = by.mayWork(*s); err != nil {
		return p, nil, nil, err
	}
	list, err = a.handoverOf(ctx, tx, *s)
	return p, s, list, err
}

func (a *App) putHandover(ctx context.Context, tx Tx, x handover.Item) error {
	s := SealedHandover{Item: x}
	var err error
	if s.KeyID, s.Body, err = a.sealJSON(ctx, string(x.Customer), string(x.ID), x.Words); err != nil {
		return err
	}
	return tx.PutHandover(ctx, s)
}

func (a *App) openHandover(ctx context.Context, s SealedHandover) (handover.Item, error) {
	var w handover.Words
	readable, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	if readable {
		s.Words = w
	}
	return s.Item, err
}

// Handover is what is handed over in a departure, and its envelopes.
type Handover struct {
	List      []handover.Item
	Anew      []handover.Item // new secrets of accesses that came back: nothing that was theirs before
	Envelopes []handover.Sheet
	Promised  []handover.Promise // within what is left, gaps first
	Renewals  []customer.Asset   // the first one first
	Acts      []handover.Act     // by number
	mailed    map[string]bool    // files that are mails of the client
}

// All is everything that is handed over, new secrets too.
func (h Handover) All() []handover.Item { return slices.Concat(h.List, h.Anew) }

// AcceptedByMail reports whether the client accepted an item in a mail that
// somebody read in, and not on their page or with a slip.
func (h Handover) AcceptedByMail(x handover.Item) bool { return h.mailed[x.AcceptedBy] }

// Sheet returns the newest envelope of an item.
func (h Handover) Sheet(item handover.ID) (handover.Sheet, bool) {
	for _, s := range slices.Backward(h.Envelopes) {
		if s.Item == item {
			return s, true
		}
	}
	return handover.Sheet{}, false
}

func (a *App) readHandover(ctx context.Context, tx Tx, c offboarding.CaseID) (h Handover, err error) {
	list, err := tx.HandoverOf(ctx, c)
	if h.List, err = unsealed(list, err, func(s SealedHandover) (handover.Item, error) { return a.openHandover(ctx, s) }); err != nil {
		return h, err
	}
	if err := belong(ctx, tx, h.List); err != nil {
		return h, err
	}
	h.Anew = slices.DeleteFunc(slices.Clone(h.List), func(x handover.Item) bool { return !x.Reissued() })
	h.List = slices.DeleteFunc(h.List, handover.Item.Reissued)
	files, err := tx.BlobsOf(ctx, c)
	if err != nil {
		return h, err
	}
	h.mailed = map[string]bool{}
	for _, f := range files {
		if strings.HasSuffix(f.Name, mailFile) {
			h.mailed[f.ID] = true
		}
	}
	sheets, err := tx.EnvelopesOf(ctx, c)
	for _, s := range sheets {
		if s.State == handover.Sealed && !tx.Now().Before(s.Expires) {
			s.State = handover.Expired
		}
		h.Envelopes = append(h.Envelopes, s.Sheet)
	}
	slices.SortFunc(h.List, func(x, y handover.Item) int {
		return cmp.Or(cmp.Compare(slices.Index(handover.Kinds, x.Kind), slices.Index(handover.Kinds, y.Kind)), strings.Compare(x.Name, y.Name))
	})
	return h, err
}

// RotationKind is the kind of the jobs of the house that look whether a
// credential was changed.
const RotationKind = "rotation"

// watchRotation sets the clock of a credential: two reminders, then a person is
// asked.
func (a *App) watchRotation(ctx context.Context, tx Tx, x handover.Item) error {
	var works []offboarding.Work
	for _, n := range append(slices.Clone(handover.RemindAfter), handover.AskAfter) {
		day := x.RotateBy.AddDays(n)
		works = append(works, offboarding.Work{
			ID: offboarding.WorkID(id.New("work")), Kind: RotationKind, Case: x.Case, Item: string(x.ID) + ":" + x.RotateBy.String() + ":" + strconv.Itoa(n),
			System: house, Key: string(x.ID) + ":" + x.RotateBy.String() + ":" + strconv.Itoa(n), Phase: offboarding.Act, State: offboarding.WorkReady,
			RunAt: day.Start(a.Company().Zone).Add(remindHour * time.Hour),
		})
	}
	return tx.InsertWork(ctx, works...)
}

// lettersToday are the letters of a class about a departure that were queued today.
func (a *App) lettersToday(ctx context.Context, tx Tx, c offboarding.CaseID, paper string) ([]Message, error) {
	letters, err := tx.ListMessages(ctx, c, 1000)
	today := a.today(tx)
	return slices.DeleteFunc(letters, func(l Message) bool { return l.Paper != paper || when.DateOf(l.QueuedAt, a.Company().Zone) != today }), err
}

// RotationDue reminds of a credential that was not changed, or asks a person
// when nobody answered. What was given again meanwhile has a clock of its own.
func (a *App) RotationDue(ctx context.Context, item string) error {
	parts := strings.Split(item, ":")
	if len(parts) != 3 {
		return fault.New(fault.Internal, "internal").At("app.RotationDue "+item, nil)
	}
	return a.tx(ctx, func(tx Tx) error {
		sealed, err := tx.FindHandover(ctx, handover.ID(parts[0]))
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return nil // erased
		} else if err != nil {
			return err
		}
		x, err := a.openHandover(ctx, sealed)
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, x.Case)
		if err != nil || c.State != offboarding.CaseOpen || x.Rotation != handover.Waiting || x.RotateBy.String() != parts[1] {
			return err
		}
		if parts[2] == strconv.Itoa(handover.AskAfter) {
			if err := x.Rotate(handover.Unanswered, "", tx.Now()); err != nil {
				return err
			}
			return a.saveItem(ctx, tx, x, fact{typ: "handover.rotation_unanswered", actor: "engine"})
		}
		letters, err := a.lettersToday(ctx, tx, c.ID, "rotation")
		if err != nil || len(letters) > 0 { // it is about all of them
			return err
		}
		return a.write(ctx, tx, c, "rotation")
	})
}
