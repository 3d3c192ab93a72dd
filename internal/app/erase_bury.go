package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/stray"
)

// writtenTo are the letters to the customer of a departure that may be files of
// ours. The certificate is none of them: it goes when it was sent.
func writtenTo(ctx context.Context, tx Tx, c offboarding.CaseID) (headers []string, err error) {
	x, err := tx.FindCase(ctx, c)
	if err != nil {
		return nil, err
	}
	letters, err := tx.LettersEver(ctx, x.Customer)
	if err != nil {
		return nil, err
	}
	for _, m := range letters {
		if m.Paper != "certificate" {
			headers = append(headers, m.HeaderID)
		}
	}
	cases, err := tx.CasesOf(ctx, x.Customer)
	if err != nil {
		return nil, err
	}
	for _, o := range cases {
		asked, err := tx.AskedOf(ctx, o.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range asked {
			for n := range len(erasure.RemindAfter) + 1 {
				headers = append(headers, askedHeader(s.ID, n))
			}
		}
	}
	return headers, nil
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
	var letters []string
	if err := a.store.View(ctx, func(tx Tx) (err error) { letters, err = writtenTo(ctx, tx, c); return err }); err != nil {
		return err
	}
	for _, header := range letters {
		if err := a.files.Forget(header); err != nil {
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
	for _, header := range letters {
		if kept, err := a.files.Keeps(header); err != nil {
			return err
		} else if kept {
			return fault.New(fault.Invalid, "erase.left").At("app.CheckErasure "+header, nil)
		}
	}
	return nil
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
	works, err := worksFor(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	for _, w := range works {
		// What went into a store of their own, they have themselves.
		if w.System != house && w.System != "mail" && w.System != bucketSystem && !w.DoneAt.IsZero() {
			names = append(names, w.System)
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
	copies, err := tx.CopiesOf(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	for _, c := range copies { // until it was known whose it was, its own key sealed what was typed
		n, err := tx.CountEntries(ctx, string(c.ID))
		if err != nil {
			return nil, 0, err
		}
		entries, subjects = entries+n, append(subjects, string(c.ID))
	}
	received, err := tx.ReceivedOf(ctx, id)
	for _, x := range received { // what came before anybody knew whose it was is sealed with a key of its own
		subjects = append(subjects, x.ID)
	}
	return subjects, entries, err
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
	for _, s := range told { // what was told of once is not told of again, unless it was asked for and comes in
		switch {
		case s.Kind != stray.Charge:
		case s.Taken:
			marks = append(marks, a.mark("charge", s.System, s.Far))
		default:
			marks = append(marks, a.mark("asked", s.System, s.Far))
		}
	}
	slices.Sort(marks)
	marks = slices.Compact(marks)
	stones := make([]string, len(marks))
	for i, m := range marks {
		stones[i] = stone{m, c.ID}.String()
	}
	// Beside the keys too, before it is committed: of whoever is in no backup nothing
	// else would be left to know them by.
	if err := a.keys.Remember(ctx, rememberTombstone, stones...); err != nil {
		return err
	}
	return tx.InsertTombstones(ctx, c.ID, marks...)
}

// stone is a name by which somebody went who was erased, and in which departure.
type stone struct {
	hash string
	in   offboarding.CaseID
}

func (s stone) String() string { return s.hash + "/" + string(s.in) }

func parseStone(text string) stone {
	hash, in, _ := strings.Cut(text, "/")
	return stone{hash, offboarding.CaseID(in)}
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

// made reports whether a line was made of a record: its key is an id, of whatever
// kind.
func made(key string) bool {
	prefix, _, _ := strings.Cut(key, "_")
	return id.Valid(prefix, key) || slices.Contains([]string{"gra", "ast", "bal", "obl", "hov"}, prefix)
}
