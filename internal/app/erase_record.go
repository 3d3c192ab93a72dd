package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
)

// Erasure says that our own record of a customer was erased. Body is their
// certificate, sealed with the key that keeps the proof of their departure.
type Erasure struct {
	Case        offboarding.CaseID
	Customer    customer.ID
	ErasedAt    time.Time
	DestroyedAt time.Time // their keys; zero: not yet
	CompletedAt time.Time // nothing that stayed is left; zero: something is, or it never was told
	KeyID       string
	Body        []byte
	Version     int64
}

// EraseTx erases customers, and remembers that they were.
type EraseTx interface {
	// EraseCustomer deletes and blanks every row about a customer, and says how
	// many of each table. The code stands in the place of the name.
	EraseCustomer(ctx context.Context, id customer.ID, code string) (map[string]int, error)
	PutErasure(ctx context.Context, e Erasure) error
	FindErasure(ctx context.Context, c offboarding.CaseID) (Erasure, error)
	// ErasedAt says when a customer was erased; zero: they were not.
	ErasedAt(ctx context.Context, id customer.ID) (time.Time, error)
	// LettersTo returns the letters to a customer that still say to whom they go.
	LettersTo(ctx context.Context, id customer.ID) ([]Message, error)
	// LettersEver returns all letters to a customer, also those that were blanked.
	LettersEver(ctx context.Context, id customer.ID) ([]Message, error)
	// ForgetMessage blanks to whom a letter went, and what it said.
	ForgetMessage(ctx context.Context, id offboarding.MessageID) error
	// ForgetWorks blanks what the works of a customer's departures say, also of those
	// that were under way: they are of a house that is no more.
	ForgetWorks(ctx context.Context, id customer.ID) error
	InsertTombstones(ctx context.Context, c offboarding.CaseID, hashes ...string) error
	// HoldErasing begins an erasure: it waits for those who bring in names, and
	// until the transaction is over they wait for it.
	HoldErasing(ctx context.Context) error
	// Erasures says how many were begun.
	Erasures(ctx context.Context) (int64, error)
	// AwaitErasing is Erasures for whoever brings in names: nobody is erased until
	// the transaction is over. Many may at once.
	AwaitErasing(ctx context.Context) (int64, error)
	AnyTombstone(ctx context.Context) (bool, error)
	// Tombstones returns which of the hashes are those of somebody erased, and the
	// departure in which they were; empty for whoever had none.
	Tombstones(ctx context.Context, hashes ...string) (map[string]offboarding.CaseID, error)
}

// EraseRecord erases what this program holds about the customer of a case:
// rows first, with a tombstone of what they were known by, then the letters that
// are files, then their keys.
// Tried again after a crash it goes on where it was. It refuses while the
// customer still has something with the company.
func (a *App) EraseRecord(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	cert, whose, err := a.eraseRows(ctx, w)
	if err != nil {
		return "", err
	}
	if err := a.forgetFiles(ctx, w.Case); err != nil {
		return "", err
	}
	for _, k := range cert.Keys {
		if err := a.keys.Destroy(ctx, k); err != nil {
			return "", err
		}
	}
	if cert.Address == nil {
		if err := a.noAddress(ctx, whose); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(cert)
	if err != nil {
		return "", fault.Wrap("app.EraseRecord", err)
	}
	sum := sha256.Sum256(raw)
	err = a.tx(ctx, func(tx Tx) error {
		e, err := tx.FindErasure(ctx, w.Case)
		if err != nil || !e.DestroyedAt.IsZero() {
			return err
		}
		for _, k := range cert.Keys { // the house says it: its key lives on
			if err := a.record(ctx, tx, fact{"key.destroyed", "engine", string(w.Case), house, map[string]any{"key": k}}); err != nil {
				return err
			}
		}
		if err := a.record(ctx, tx, fact{"certificate.issued", "engine", string(w.Case), house, map[string]any{"sha256": hex.EncodeToString(sum[:])}}); err != nil {
			return err
		}
		e.DestroyedAt = tx.Now()
		return tx.PutErasure(ctx, e)
	})
	return erasureEvidence(cert), err
}

// eraseRows does everything that happens in one transaction, once.
func (a *App) eraseRows(ctx context.Context, w offboarding.Work) (cert Certificate, whose customer.ID, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		old, err := tx.FindErasure(ctx, w.Case)
		if err == nil {
			whose = old.Customer
			cert, err = a.openCertificate(ctx, old)
			return err
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		// First of all, as everybody does who takes it: nobody waits for each other.
		if err := tx.HoldErasing(ctx); err != nil {
			return err
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		whose = p.Case.Customer
		s := stepOf(&p, w.Step)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := a.mayErase(ctx, tx, p.Case); err != nil {
			return err
		}
		if again, err := erasingWaits(ctx, tx, p, w); err != nil {
			return err
		} else if !again.IsZero() { // it came into force since the try began
			return fault.New(fault.Transient, "order.keeps")
		}
		if err := a.adopt(ctx, tx, p.Case); err != nil {
			return err
		}
		var subjects []string
		if cert, subjects, err = a.certify(ctx, tx, p.Case, *s); err != nil {
			return err
		}
		if cert.Keys, err = a.accountKeys(ctx, subjects); err != nil {
			return err
		}
		if cert.Systems, err = reached(ctx, tx, p.Case.Customer); err != nil {
			return err
		}
		far, err := a.farErased(ctx, tx, p.Case)
		if err != nil {
			return err
		}
		cert.farIs(far)
		if cert.Processors, err = a.processorsErased(ctx, tx, p.Case); err != nil {
			return err
		}
		if cert.Entrusted, err = a.entrusted(ctx, tx, p.Case.Customer); err != nil {
			return err
		}
		for _, f := range cert.Processors {
			cert.Systems = append(cert.Systems, f.Processor)
		}
		if err := a.retain(ctx, tx, p.Case, cert); err != nil {
			return err
		}
		if err := a.keepAddress(ctx, tx, p.Case, &cert); err != nil {
			return err
		}
		if err := a.bury(ctx, tx, p.Case); err != nil {
			return err
		}
		if err := a.holdLetters(ctx, tx, p.Case.Customer); err != nil {
			return err
		}
		if err := a.write(ctx, tx, p.Case, "certificate"); err != nil {
			return err
		}
		if err := a.endCopies(ctx, tx, p.Case.Customer); err != nil {
			return err
		}
		given, err := tx.ExposuresOf(ctx, p.Case.Customer)
		if err != nil {
			return err
		}
		if err := a.forgetTried(ctx, tx, given); err != nil {
			return err
		}
		taught, err := tx.Taught(ctx, p.Case.Customer)
		if err != nil {
			return err
		}
		if taught { // the model is made again without what they wrote
			if err := a.themesSoon(ctx, tx); err != nil {
				return err
			}
		}
		counts, err := tx.EraseCustomer(ctx, p.Case.Customer, p.Case.Code)
		if err != nil {
			return err
		}
		for name, tables := range erasedNames {
			for _, t := range tables {
				cert.Erased[name] += counts[t]
			}
		}
		if err := forgetSteps(ctx, tx, p.Case.Customer, w.Case); err != nil {
			return err
		}
		return a.putCertificate(ctx, tx, p.Case, cert)
	})
	return cert, whose, err
}

// mayErase refuses while the customer still has something with the company.
func (a *App) mayErase(ctx context.Context, tx Tx, c offboarding.Case) error {
	cases, err := tx.CasesOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	subs, err := tx.SubscriptionsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	grants, err := tx.GrantsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	lent, err := tx.ObligationsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	balances, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	switch {
	case slices.ContainsFunc(cases, func(o offboarding.Case) bool { return o.ID != c.ID && o.State.Open() }),
		slices.ContainsFunc(subs, func(s customer.Subscription) bool { return s.Status != customer.Ended }):
		return fault.New(fault.Blocked, "erase.still_customer")
	case slices.ContainsFunc(grants, func(g customer.Grant) bool { return g.Open() }):
		return fault.New(fault.Blocked, "erase.open_access")
	case slices.ContainsFunc(lent, func(o SealedObligation) bool { return o.State == obligation.Open }):
		return fault.New(fault.Blocked, "erase.open_obligation")
	case slices.ContainsFunc(balances, func(b customer.Balance) bool { return b.Status == customer.Due }):
		return fault.New(fault.Blocked, "erase.open_balance")
	}
	return nil
}

// CheckErasure looks whether anything is left: rows, a letter that is a file, or
// a key that still opens.
func (a *App) CheckErasure(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	var cert Certificate
	err = a.store.View(ctx, func(tx Tx) error {
		e, err := tx.FindErasure(ctx, w.Case)
		if err != nil {
			return err
		}
		if cert, err = a.openCertificate(ctx, e); err != nil {
			return err
		}
		if err := a.filesLeft(ctx, tx, w.Case); err != nil {
			return err
		}
		left, err := a.left(ctx, tx, e, cert.Code)
		if err == nil && (left || e.DestroyedAt.IsZero()) {
			err = fault.New(fault.Invalid, "erase.left")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, k := range cert.Keys {
		if _, err := a.keys.Seal(ctx, k, nil, nil); fault.CodeOf(err) != "key.destroyed" {
			return "", fault.New(fault.Invalid, "erase.left").At("app.CheckErasure", err)
		}
	}
	return erasureEvidence(cert), nil
}

// left reports whether something of the customer is still there.
func (a *App) left(ctx context.Context, tx Tx, e Erasure, code string) (bool, error) {
	cus, err := tx.FindCustomer(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	contacts, err := tx.ContactsOf(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	external, err := tx.ExternalIDsOf(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	grants, err := tx.GrantsOf(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	assets, err := tx.AssetsOf(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	letters, err := tx.LettersTo(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	// The certificate forgets its address once it is sent.
	if slices.ContainsFunc(letters, func(m Message) bool { return m.Paper != "certificate" || m.State != "queued" }) {
		return true, nil
	}
	all, err := takings(ctx, tx, e.Customer)
	if err != nil {
		return false, err
	}
	pushes, err := tx.PushesOf(ctx, e.Customer)
	if err != nil {
		return false, err
	}
	files := len(pushes)
	for _, id := range all {
		blobs, err := tx.BlobsOf(ctx, id)
		if err != nil {
			return false, err
		}
		files += len(blobs)
	}
	return cus.Name != code || len(contacts)+len(external)+len(grants)+len(assets)+files > 0, nil
}

// wasErased reports whether a customer was erased: nothing more is asked of
// whoever it was, nor written down about them, in any of their departures.
func wasErased(ctx context.Context, tx Tx, id customer.ID) (bool, error) {
	at, err := tx.ErasedAt(ctx, id)
	return !at.IsZero(), err
}
