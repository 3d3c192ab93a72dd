package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/notice"
	"hastaluego/internal/obligation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
	"hastaluego/internal/when"
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

// Certificate is what a customer is told about their erasure.
type Certificate struct {
	Code     string            `json:"code"`
	ErasedOn when.Date         `json:"erased_on"`
	Erased   map[string]int    `json:"erased"` // by what it was: how many
	Invoices int               `json:"invoices"`
	Until    when.Date         `json:"until"` // invoices stay until then
	Why      map[string]string `json:"why"`   // language → the law
	Entries  int               `json:"entries"`
	Backups  when.Date         `json:"backups"` // the last one with the data expires
	Keys     []string          `json:"keys"`    // destroyed
	Systems  []string          `json:"systems"` // to which something about them went from here
	// Grounds are why each thing that stays may, as the law names grounds; nil: it
	// was made before they were kept.
	Grounds map[string]string `json:"grounds,omitempty"`
	Far     []Far             `json:"far,omitempty"` // what far systems held
}

// Mode is how it was erased, as the law names it: with its keys what there was is
// gone at once; empty where it does not say which were destroyed.
func (c Certificate) Mode() string {
	if len(c.Keys) == 0 {
		return ""
	}
	return "delete"
}

// Erasable is what a certificate counts, in the order in which it tells it.
var Erasable = []string{"identity", "access", "things", "letters", "words", "files"}

// erasedNames are the tables that it was in.
var erasedNames = map[string][]string{
	"identity": {"customer", "contact", "external_id", "request"}, "access": {"grant_"}, "things": {"asset", "obligation", "handover_item", "handover_act"},
	"letters": {"message"}, "words": {"note", "received", "answer", "complaint", "commitment"}, "files": {"blob"},
}

// EraseRecord erases what this program holds about the customer of a case:
// rows first, with a tombstone of what they were known by, then the letters that
// are files, then their keys.
// Tried again after a crash it goes on where it was. It refuses while the
// customer still has something with the company.
func (a *App) EraseRecord(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	cert, err := a.eraseRows(ctx, w)
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

// writtenTo are the letters to the customer of a departure that may be files of
// ours. The certificate is none of them: it goes when it was sent.
func writtenTo(ctx context.Context, tx Tx, c offboarding.CaseID) ([]Message, error) {
	x, err := tx.FindCase(ctx, c)
	if err != nil {
		return nil, err
	}
	letters, err := tx.LettersEver(ctx, x.Customer)
	return slices.DeleteFunc(letters, func(m Message) bool { return m.Paper == "certificate" }), err
}

// forgetFiles deletes what lies beside the database: the pieces of bundles, and
// the letters that were written as files, in which stands in clear what is sealed
// here.
func (a *App) forgetFiles(ctx context.Context, c offboarding.CaseID) error {
	if err := a.forgetBundles(ctx, c); err != nil {
		return err
	}
	if a.files == nil {
		return nil
	}
	var letters []Message
	if err := a.store.View(ctx, func(tx Tx) (err error) { letters, err = writtenTo(ctx, tx, c); return err }); err != nil {
		return err
	}
	for _, m := range letters {
		if err := a.files.Forget(m.HeaderID); err != nil {
			return err
		}
	}
	return nil
}

// filesLeft fails with erase.left while a letter to the customer is still a file.
func (a *App) filesLeft(ctx context.Context, tx Tx, c offboarding.CaseID) error {
	if a.files == nil {
		return nil
	}
	letters, err := writtenTo(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, m := range letters {
		if kept, err := a.files.Keeps(m.HeaderID); err != nil {
			return err
		} else if kept {
			return fault.New(fault.Invalid, "erase.left").At("app.CheckErasure "+m.HeaderID, nil)
		}
	}
	return nil
}

func erasureEvidence(c Certificate) string {
	raw, err := json.Marshal(map[string]any{"keys": len(c.Keys), "invoices": c.Invoices, "erased": c.Erased})
	if err != nil {
		return ""
	}
	return string(raw)
}

// eraseRows does everything that happens in one transaction, once.
func (a *App) eraseRows(ctx context.Context, w offboarding.Work) (cert Certificate, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		old, err := tx.FindErasure(ctx, w.Case)
		if err == nil {
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
		s := stepOf(&p, w.Step)
		if s == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		if err := a.mayErase(ctx, tx, p.Case); err != nil {
			return err
		}
		if again, err := a.erasingWaits(ctx, tx, w); err != nil {
			return err
		} else if !again.IsZero() { // it came into force since the try began
			return fault.New(fault.Transient, "order.keeps")
		}
		if err := a.adopt(ctx, tx, p.Case); err != nil {
			return err
		}
		if cert, err = a.certify(ctx, tx, p.Case, *s); err != nil {
			return err
		}
		if cert.Systems, err = reached(ctx, tx, p.Case.Customer); err != nil {
			return err
		}
		if cert.Far, err = a.farErased(ctx, tx, p.Case); err != nil {
			return err
		}
		if err := a.retain(ctx, tx, p.Case, cert); err != nil {
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
	return cert, err
}

// adopt ties to a departure what its customer asked for again, and nobody has
// looked at yet: once the address is gone, nobody could tell whose it was.
func (a *App) adopt(ctx context.Context, tx Tx, c offboarding.Case) error {
	waiting, err := tx.ListUnmatched(ctx, math.MaxInt32, 0)
	if err != nil {
		return err
	}
	for i := range waiting {
		r := &waiting[i]
		found, err := a.asking(ctx, tx, *r)
		if err != nil {
			return err
		}
		if len(found) != 1 || found[0].ID != c.Customer {
			continue
		}
		if err := r.To(offboarding.RequestMatched); err != nil {
			return err
		}
		r.Customer, r.Case, r.MatchedAt = c.Customer, c.ID, tx.Now()
		if err := a.record(ctx, tx, fact{"request.matched", "engine", string(r.ID), string(r.ID), map[string]any{"customer": string(c.Customer)}}); err != nil {
			return err
		}
		if err := tx.SaveRequest(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// reached are the far systems that were told something about a customer.
func reached(ctx context.Context, tx Tx, id customer.ID) (names []string, err error) {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		works, err := tx.WorksOf(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, w := range works {
			if w.System != house && w.System != "mail" && !w.DoneAt.IsZero() {
				names = append(names, w.System)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// holdLetters takes back the letters to a customer that wait to be sent: what
// they are about is about to be gone, and so is the address.
func (a *App) holdLetters(ctx context.Context, tx Tx, id customer.ID) error {
	letters, err := tx.LettersTo(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range letters {
		if m.State != "queued" {
			continue
		}
		if err := a.withhold(ctx, tx, &m, notice.Erased); err != nil {
			return err
		}
	}
	return nil
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
	case slices.ContainsFunc(grants, func(g customer.Grant) bool { return g.Status == customer.Granted }):
		return fault.New(fault.Blocked, "erase.open_access")
	case slices.ContainsFunc(lent, func(o SealedObligation) bool { return o.State == obligation.Open }):
		return fault.New(fault.Blocked, "erase.open_obligation")
	case slices.ContainsFunc(balances, func(b customer.Balance) bool { return b.Status == customer.Due }):
		return fault.New(fault.Blocked, "erase.open_balance")
	}
	return nil
}

// certify writes what the certificate says beside the counts, and gathers the
// keys that seal what is held: the customer's, and those of their requests and
// departures from before anybody knew whose they were.
func (a *App) certify(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step) (Certificate, error) {
	today := a.today(tx)
	cert := Certificate{
		Code: c.Code, ErasedOn: today, Erased: map[string]int{}, Why: s.Said("keep_why"),
		Until:   when.Date{Year: c.Effective.Year + days(s, "keep_years", 0), Month: time.December, Day: 31},
		Backups: today.AddDays(days(s, "backup_days", 0)),
	}
	balances, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return cert, err
	}
	cert.Invoices = len(balances)
	if cert.Grounds, err = a.groundsOf(ctx, tx, c, s); err != nil {
		return cert, err
	}
	subjects, entries, err := subjectsOf(ctx, tx, c.Customer)
	if err != nil {
		return cert, err
	}
	cert.Entries = entries
	for _, subject := range subjects {
		k, err := a.keys.KeyFor(ctx, subject, "account")
		if err != nil {
			return cert, err
		}
		cert.Keys = append(cert.Keys, k)
	}
	return cert, nil
}

// subjectsOf are all whose keys seal something of a customer, and how many
// entries of the log there are about their departures.
func subjectsOf(ctx context.Context, tx Tx, id customer.ID) (subjects []string, entries int, err error) {
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	subjects = []string{string(id)}
	for _, x := range cases {
		requests, err := tx.RequestsOf(ctx, x.ID)
		if err != nil {
			return nil, 0, err
		}
		streams := []string{string(x.ID)}
		for _, r := range requests {
			streams = append(streams, string(r.ID))
		}
		n, err := tx.CountEntries(ctx, streams...)
		if err != nil {
			return nil, 0, err
		}
		entries += n
		subjects = append(subjects, streams...)
	}
	return subjects, entries, nil
}

// bury keeps keyed hashes of what the customer was known by, so that no import
// brings them back unseen, and a charge of theirs is still seen to be one.
func (a *App) bury(ctx context.Context, tx Tx, c offboarding.Case) error {
	cus, err := tx.FindCustomer(ctx, c.Customer)
	if err != nil {
		return err
	}
	contacts, err := tx.ContactsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	external, err := tx.ExternalIDsOf(ctx, c.Customer)
	if err != nil {
		return err
	}
	if cus.Test() { // they go by names of others: whoever has them is to be found
		return nil
	}
	marks := []string{a.mark("reference", cus.Reference)}
	for _, x := range contacts {
		marks = append(marks, a.mark("mail", customer.FoldEmail(x.Email)))
	}
	for _, x := range external {
		marks = append(marks, a.mark("external", x.System, x.Value))
	}
	told, err := tx.StraysAbout(ctx, c.Customer)
	if err != nil {
		return err
	}
	for _, s := range told { // what was told of once is not told of again
		if s.Kind == stray.Charge {
			marks = append(marks, a.mark("charge", s.System, s.Far))
		}
	}
	slices.Sort(marks)
	return tx.InsertTombstones(ctx, c.ID, slices.Compact(marks)...)
}

// mark is the keyed hash of a name that somebody goes by.
func (a *App) mark(what ...string) string {
	m := hmac.New(sha256.New, a.keys.HMACKey("tombstone"))
	m.Write([]byte(strings.Join(what, "\x00")))
	return hex.EncodeToString(m.Sum(nil))
}

// forgetSteps blanks what people wrote into the steps of the customer's
// departures, and the lines that were made of their inventory.
func forgetSteps(ctx context.Context, tx Tx, cid customer.ID, this offboarding.CaseID) error {
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return err
	}
	for _, c := range cases {
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return err
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			s.Note = ""
			s.Items = slices.DeleteFunc(slices.Clone(s.Items), func(it offboarding.Item) bool { return made(it.Key) })
			for j := range s.Items {
				s.Items[j].Evidence = ""
			}
		}
		if err := tx.SavePlan(ctx, &p); err != nil {
			return err
		}
	}
	return nil
}

// made reports whether a line was made of a record: its key is an id.
func made(key string) bool {
	for _, prefix := range []string{"gra_", "ast_", "bal_", "obl_", "hov_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func (a *App) putCertificate(ctx context.Context, tx Tx, c offboarding.Case, cert Certificate) error {
	plain, err := json.Marshal(cert)
	if err != nil {
		return fault.Wrap("app.putCertificate", err)
	}
	e := Erasure{Case: c.ID, Customer: c.Customer, ErasedAt: tx.Now()}
	if e.KeyID, err = a.keys.KeyFor(ctx, string(c.Customer), "evidence"); err != nil {
		return err
	}
	if e.Body, err = a.keys.Seal(ctx, e.KeyID, plain, []byte(c.ID)); err != nil {
		return err
	}
	return tx.PutErasure(ctx, e)
}

func (a *App) openCertificate(ctx context.Context, e Erasure) (c Certificate, err error) {
	plain, err := a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.Case))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
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
	blobs, err := tx.BlobsOf(ctx, e.Case)
	return cus.Name != code || len(contacts)+len(external)+len(grants)+len(assets)+len(blobs) > 0, err
}

// certificateOf reads the certificate of a departure; nil while there is none.
func (a *App) certificateOf(ctx context.Context, tx Tx, c offboarding.CaseID) (*Certificate, error) {
	e, err := tx.FindErasure(ctx, c)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err != nil || e.DestroyedAt.IsZero():
		return nil, err
	}
	cert, err := a.openCertificate(ctx, e)
	return &cert, err
}

// wasErased reports whether a customer was erased: nothing more is asked of
// whoever it was, nor written down about them, in any of their departures.
func wasErased(ctx context.Context, tx Tx, id customer.ID) (bool, error) {
	at, err := tx.ErasedAt(ctx, id)
	return !at.IsZero(), err
}

// answerable refuses with the code, as Blocked, what whoever holds a link of a
// departure would still say once they were erased.
func (a *App) answerable(ctx context.Context, tx Tx, c offboarding.CaseID, over string) error {
	x, err := tx.FindCase(ctx, c)
	if err != nil {
		return err
	}
	gone, err := wasErased(ctx, tx, x.Customer)
	if err == nil && gone {
		err = fault.New(fault.Blocked, over)
	}
	return err
}

// OpenCertificate gathers the certificate behind the token of a private page.
func (a *App) OpenCertificate(ctx context.Context, token, lang string) (out Paper, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		if lang == "" {
			c, err := tx.FindCase(ctx, l.Case)
			if err != nil {
				return err
			}
			lang = c.Language
		}
		if out, err = a.casePaper(ctx, tx, "certificate", lang, l.Case); err != nil {
			return err
		}
		return a.addCertificate(ctx, tx, &out, l.Case)
	})
	return out, err
}

// CertificateFile is the certificate behind the token of a private page as
// programs read it: the very bytes whose SHA-256 is in the log.
func (a *App) CertificateFile(ctx context.Context, token string) (code string, file []byte, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := a.certificateOf(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		if c == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		e, err := tx.FindErasure(ctx, l.Case)
		if err != nil {
			return err
		}
		code = c.Code
		file, err = a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.Case))
		return err
	})
	return code, file, err
}

// addCertificate puts the certificate into a paper, with the proof of its own
// entry in the log.
func (a *App) addCertificate(ctx context.Context, tx Tx, p *Paper, c offboarding.CaseID) (err error) {
	if p.Certificate, err = a.certificateOf(ctx, tx, c); err != nil {
		return err
	}
	if p.Certificate == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	all, err := tx.RetainedOf(ctx, c)
	if err != nil {
		return err
	}
	e, err := tx.FindErasure(ctx, c)
	if err != nil {
		return err
	}
	entry := "certificate.issued"
	if p.Stayed, p.Completed = stayed(all, c), e.CompletedAt; !p.Completed.IsZero() {
		entry = "certificate.completed"
	}
	p.Proof, err = a.proofOf(ctx, tx, c, entry)
	return err
}
