package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/relationship"
)

// bundleID is the id of the bundle that a work makes: the same at every try.
func bundleID(w offboarding.Work) string { return "att_" + string(w.ID[len("work_"):]) }

// MakeBundle makes the file of what is held about the customer of a case and
// keeps it, sealed. Again it changes nothing. It returns evidence as JSON.
func (a *App) MakeBundle(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	err = a.store.Tx(ctx, func(tx Tx) error {
		if old, err := tx.FindBlob(ctx, bundleID(w)); err == nil {
			evidence = bundleEvidence(old, 0)
			return nil
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		p, err := tx.FindPlan(ctx, w.Case)
		if err != nil {
			return err
		}
		files, err := a.held(ctx, tx, p)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		info := bundle.Info{Source: a.company.LegalName, Identifier: p.Case.Code, About: "hasta-luego export_data", Date: tx.Now()}
		if err := bundle.Write(&out, p.Case.Code, info, files); err != nil {
			return fault.Wrap("app.MakeBundle", err)
		}
		b := Blob{
			ID: bundleID(w), Kind: "bundle", Case: w.Case, Step: w.Step, Name: p.Case.Code + ".zip", Media: "application/zip",
			CreatedAt: tx.Now(), CreatedBy: "engine",
		}
		if err := a.putBlob(ctx, tx, &b, string(p.Case.Customer), out.Bytes()); err != nil {
			return err
		}
		evidence = bundleEvidence(b, len(files))
		return a.record(ctx, tx, fact{"bundle.ready", "engine", string(w.Case), string(p.Case.Customer), map[string]any{
			"blob": b.ID, "sha256": b.SHA256, "size": strconv.FormatInt(b.Size, 10), "files": len(files),
		}})
	})
	return evidence, err
}

func bundleEvidence(b Blob, files int) string {
	raw, err := json.Marshal(map[string]any{"blob": b.ID, "sha256": b.SHA256, "size": b.Size, "files": files})
	if err != nil {
		return ""
	}
	return string(raw)
}

// putBlob seals a body with the key of its subject and keeps it.
func (a *App) putBlob(ctx context.Context, tx Tx, b *Blob, subject string, plain []byte) error {
	if b.ID == "" {
		b.ID = id.New("att")
	}
	sum := sha256.Sum256(plain)
	b.Size, b.SHA256 = int64(len(plain)), hex.EncodeToString(sum[:])
	var err error
	if b.KeyID, b.Body, err = a.sealFor(ctx, subject, b.ID, plain); err != nil {
		return err
	}
	return tx.InsertBlob(ctx, *b)
}

// openBlob returns the plain body of a file.
func (a *App) openBlob(ctx context.Context, b Blob) ([]byte, error) {
	plain, err := a.keys.Open(ctx, b.KeyID, b.Body, []byte(b.ID))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(plain); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, fault.New(fault.Internal, "internal").At("app.openBlob "+b.ID, nil)
	}
	return plain, nil
}

// CheckBundle opens the bundle that a work made and compares every file with
// its checksums.
func (a *App) CheckBundle(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	var b Blob
	if err := a.store.View(ctx, func(tx Tx) error { b, err = tx.FindBlob(ctx, bundleID(w)); return err }); err != nil {
		return "", err
	}
	plain, err := a.openBlob(ctx, b)
	if err != nil {
		return "", err
	}
	n, err := bundle.Check(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		return "", fault.New(fault.Invalid, "bundle.broken").At("app.CheckBundle", err)
	}
	return bundleEvidence(b, n), nil
}

// held is everything that our record holds about the customer, as files.
func (a *App) held(ctx context.Context, tx Tx, p offboarding.Plan) ([]bundle.File, error) {
	s, err := a.subject(ctx, tx, p.Case, offboarding.Step{}, offboarding.Work{})
	if err != nil {
		return nil, err
	}
	var files []bundle.File
	add := func(name string, header []string, rows [][]string) {
		if err != nil {
			return
		}
		var f bundle.File
		f, err = bundle.Table(name, header, rows)
		files = append(files, f)
	}
	c := s.Customer
	add("customer.csv", []string{"reference", "name", "kind", "consumer", "country", "region", "language", "segment", "since"}, [][]string{{
		c.Reference, c.Name, string(c.Kind), strconv.FormatBool(c.Consumer), c.Country, c.Region, c.Language, c.Segment, stamp(c.CreatedAt),
	}})
	contacts, cerr := tx.ContactsOf(ctx, c.ID)
	if cerr != nil {
		return nil, cerr
	}
	add("contacts.csv", []string{"name", "email", "role", "language"}, rowsOf(contacts, func(x customer.Contact) []string {
		return []string{x.Name, x.Email, string(x.Role), x.Language}
	}))
	subs, serr := tx.SubscriptionsOf(ctx, c.ID)
	if serr != nil {
		return nil, serr
	}
	add("subscriptions.csv", []string{"reference", "product", "plan", "amount_minor", "currency", "interval", "start", "paid_until", "status"},
		rowsOf(subs, func(x customer.Subscription) []string {
			return []string{x.Reference, x.Product, x.Plan, strconv.FormatInt(x.Amount.Minor, 10), x.Amount.Currency, string(x.Interval), x.Start.String(), x.PaidUntil.String(), string(x.Status)}
		}))
	letters, lerr := tx.ListMessages(ctx, p.Case.ID, 1000)
	if lerr != nil {
		return nil, lerr
	}
	add("letters.csv", []string{"sent_at", "kind", "to", "subject"}, rowsOf(letters, func(m Message) []string {
		return []string{stamp(m.SentAt), m.Paper, m.To, m.Subject}
	}))
	log, eerr := tx.Entries(ctx, 10_000, string(p.Case.ID), string(p.Case.Request))
	if eerr != nil {
		return nil, eerr
	}
	add("log.csv", []string{"at", "type", "entry", "position"}, rowsOf(log, func(e LogEntry) []string {
		return []string{stamp(e.At), e.Type, e.ID, strconv.FormatInt(e.Index, 10)}
	}))
	notes, between, werr := a.written(ctx, tx, c.ID)
	if werr != nil {
		return nil, werr
	}
	add("notes.csv", []string{"at", "text"}, rowsOf(notes, func(n NoteView) []string { return []string{stamp(n.CreatedAt), n.Text} }))
	add("complaints.csv", []string{"received", "state", "what", "cause", "answer"}, rowsOf(between.Complaints, func(x relationship.Complaint) []string {
		return []string{x.Received.String(), string(x.State), x.What, x.Cause, x.Answer}
	}))
	add("commitments.csv", []string{"by", "due", "state", "what", "evidence"}, rowsOf(between.Commitments, func(x relationship.Commitment) []string {
		return []string{string(x.By), x.Due.String(), string(x.State), x.What, x.Evidence}
	}))
	if err != nil {
		return nil, fault.Wrap("app.held", err)
	}
	return append(files, bundle.File{Name: "README.txt", Body: fmt.Appendf(nil, readme, p.Case.Code, a.company.Name, p.Case.Code, a.company.Name)}), nil
}

// written is what the company wrote down about a customer, in all their
// departures and beside them.
func (a *App) written(ctx context.Context, tx Tx, cid customer.ID) (notes []NoteView, b Between, err error) {
	cases, err := tx.CasesOf(ctx, cid)
	if err != nil {
		return nil, b, err
	}
	for _, c := range cases {
		list, err := a.notes(ctx, tx, c.ID)
		if err != nil {
			return nil, b, err
		}
		notes = append(notes, list...)
	}
	b, err = a.between(ctx, tx, cid)
	return notes, b, err
}

// readme says in both languages how to read the file; the bundle must be
// readable without us.
const readme = `%s · %s

ES  Estos ficheros son lo que tenemos sobre ti: texto CSV en UTF-8 que abre cualquier hoja de cálculo. Los importes van en
    unidades mínimas (céntimos) y las fechas en hora universal. manifest-sha256.txt y manifest-sha512.txt (RFC 8493, BagIt)
    permiten comprobar que nada se cambió.

%s · %s

EN  These files are what we hold about you: CSV text in UTF-8 that any spreadsheet opens. Amounts are in minor units (cents)
    and instants in UTC. manifest-sha256.txt and manifest-sha512.txt (RFC 8493, BagIt) let you check that nothing was changed.
`

func rowsOf[T any](list []T, row func(T) []string) [][]string {
	out := make([][]string, len(list))
	for i, x := range list {
		out[i] = row(x)
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
