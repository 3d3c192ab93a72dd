package app

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

// AnnouncementMost is how many announcements a program sends at a time.
const AnnouncementMost = 1000

const (
	// announcementsShown is how many lines of a file are told one by one.
	announcementsShown = 200
	// announceBatch is how many announcements are kept in one transaction: the one
	// writer of a small database is not held longer than a person would notice.
	announceBatch = 8
	// announceLook is how many are looked at in one, where nothing is kept.
	announceLook = 100
	// announcementsKind marks a file of announcements among those that wait.
	announcementsKind = "announcements"
)

// Telling says whether the customer of an announcement is told, and if not, why.
type Telling string

// The answers.
const (
	TellsInTime Telling = "told"
	TellsLate   Telling = "late"       // a window of the law is over: they are told today
	TellsNever  Telling = "no_law"     // no law that may hold asks for it
	TellsNobody Telling = "no_address" // nobody of theirs has an address
	TellsLeaver Telling = "leaves"     // a departure has the contract
	TellsTest   Telling = "test"       // a made-up customer
)

// AnnouncementRow is what somebody wants to announce.
type AnnouncementRow = ingest.AnnouncementRow

// Announcement is what one line announces, and who is told when, as the law
// stands today.
type Announcement struct {
	Announced
	Line      int64  // of the file or the list, from 1
	Contract  string // its number, as the company knows it
	Name      string // of the customer
	To        string // address that it goes to; empty: none
	Language  string // in which it is written
	Was       money.Amount
	Tells     Telling
	Letters   []when.Date // the days on which they are told, the first one first
	Letter    Paper       // what they read; zero where nothing is written
	Unchanged bool        // it was announced so already
}

// Announcing is what became of announcements, or would.
type Announcing struct {
	Rows      []Announcement // the first of them
	Kept      int            // that are new or change something
	Unchanged int
	Rejected  int
	Letters   int        // of all that are kept
	Silent    int        // of which nobody is told
	Refused   []RowError // the first of them
	Samples   []Paper    // the first letter in each language
}

// AnnounceFile reads a file of what is coming for contracts: the ends of trials and
// other prices. Good lines are kept, and bad ones told with why; dry keeps nothing.
func (a *App) AnnounceFile(ctx context.Context, by Actor, file io.Reader, dry bool) (Announcing, error) {
	if err := by.may("coming"); err != nil {
		return Announcing{}, err
	}
	n := a.announcing(by, dry)
	err := ingest.ReadAnnouncements(file, func(row AnnouncementRow) error {
		row.Source = row.Source.Clone()
		return n.add(ctx, row)
	}, func(e RowError) error {
		e.Header, e.Raw = slices.Clone(e.Header), slices.Clone(e.Raw)
		return n.refuse(e)
	})
	return n.end(ctx, ofTheFile(err))
}

// Announce is AnnounceFile for what a program sends; faults name the row, from 1.
func (a *App) Announce(ctx context.Context, by Actor, list []AnnouncementRow, dry bool) (Announcing, error) {
	if err := by.may("coming"); err != nil {
		return Announcing{}, err
	}
	n := a.announcing(by, dry)
	for i, row := range list {
		row.Line, row.Source = int64(i+1), nil
		if err := n.add(ctx, row); err != nil {
			return n.end(ctx, err)
		}
	}
	return n.end(ctx, nil)
}

// announcing is a list of announcements under way.
type announcing struct {
	a     *App
	by    Actor
	dry   bool
	size  int
	batch []AnnouncementRow
	said  map[comingKey]AnnouncementRow
	out   Announcing
}

type comingKey struct {
	customer.SubscriptionID
	limit.Kind
}

func (a *App) announcing(by Actor, dry bool) *announcing {
	n := &announcing{a: a, by: by, dry: dry, size: announceLook, said: map[comingKey]AnnouncementRow{}}
	if hold, _ := a.store.Pace(); !dry && hold > 0 {
		n.size = announceBatch
	}
	return n
}

func (n *announcing) refuse(e RowError) error {
	if n.out.Rejected++; len(n.out.Refused) < refusedMost {
		n.out.Refused = append(n.out.Refused, e)
	}
	return nil
}

func (n *announcing) add(ctx context.Context, row AnnouncementRow) error {
	if n.batch = append(n.batch, row); len(n.batch) < n.size {
		return ctx.Err()
	}
	return n.flush(ctx)
}

// end keeps what is left; lines before one that cannot be read are as good as ever.
func (n *announcing) end(ctx context.Context, err error) (Announcing, error) {
	if e := n.flush(ctx); err == nil {
		err = e
	}
	slices.SortStableFunc(n.out.Refused, func(x, y ingest.RowError) int { return cmp.Compare(x.Row, y.Row) })
	return n.out, err
}

// flush decides the lines that were read, in one transaction.
func (n *announcing) flush(ctx context.Context) error {
	rows := n.batch
	n.batch = nil
	if len(rows) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	in := n.a.store.View
	if !n.dry {
		in = n.a.tx
	}
	var good []Announcement
	var bad []RowError
	var said map[comingKey]AnnouncementRow
	err := in(ctx, func(tx Tx) error {
		good, bad, said = nil, nil, map[comingKey]AnnouncementRow{}
		changed := false
		for _, row := range rows {
			x, err := n.a.weigh(ctx, tx, row)
			if err == nil {
				key := comingKey{x.Subscription, x.Kind}
				first, twice := n.said[key]
				if !twice {
					first, twice = said[key]
				}
				if twice && (first.Day != row.Day || first.Price != row.Price) {
					err = fault.New(fault.Invalid, "csv.contradiction", "row", first.Line).On("contract")
				}
				x.Unchanged = x.Unchanged || twice
				if err == nil && !twice {
					said[key] = row
				}
			}
			if wrong := fault.Fields(err); len(wrong) > 0 {
				bad = append(bad, row.Refuse(wrong[0]))
				continue
			}
			if err != nil {
				return err
			}
			good = append(good, x)
			if n.dry || x.Unchanged {
				continue
			}
			changed = true
			if err := n.a.keepAnnounced(ctx, tx, n.by, x.Announced); err != nil {
				return err
			}
		}
		if changed {
			return n.a.noticesSoon(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range bad {
		if err := n.refuse(e); err != nil {
			return err
		}
	}
	for key, row := range said {
		n.said[key] = row
	}
	for _, x := range good {
		n.count(x)
	}
	if n.dry {
		return ctx.Err()
	}
	_, pause := n.a.store.Pace()
	return rest(ctx, pause)
}

func (n *announcing) count(x Announcement) {
	if len(n.out.Rows) < announcementsShown {
		n.out.Rows = append(n.out.Rows, x)
	}
	if x.Unchanged {
		n.out.Unchanged++
		return
	}
	n.out.Kept++
	if n.out.Letters += len(x.Letters); len(x.Letters) == 0 {
		n.out.Silent++
	} else if !slices.ContainsFunc(n.out.Samples, func(p Paper) bool { return p.Language == x.Language }) {
		n.out.Samples = append(n.out.Samples, x.Letter)
	}
}

// weigh decides one line: what it announces, and who is told when. It fails with
// fault.Invalid, each fault at its field.
func (a *App) weigh(ctx context.Context, tx Tx, row AnnouncementRow) (x Announcement, err error) {
	x = Announcement{Line: row.Line, Contract: row.Contract}
	x.Kind, x.Day, x.Price = limit.Kind(row.Kind), row.Day, row.Price
	list, err := tx.SubscriptionsByReference(ctx, row.Contract)
	if err != nil {
		return x, err
	}
	if len(list) != 1 {
		return x, fault.New(fault.Invalid, "announced.contract", "reference", row.Contract, "n", len(list)).On("contract")
	}
	s := list[0]
	today := a.today(tx)
	x.Subscription, x.Customer, x.MadeAt = s.ID, s.Customer, tx.Now()
	x.Was, _ = s.PriceOn(today)
	var wrong fault.List
	refuse := func(field, code string, args ...any) {
		wrong = append(wrong, fault.New(fault.Invalid, code, args...).On(field))
	}
	switch {
	case s.Status != customer.Active:
		refuse("contract", "announced.ended", "reference", row.Contract)
	case !slices.Contains(ingest.AnnouncedKinds, row.Kind):
		refuse("kind", "field.choice")
	}
	if !today.Before(x.Day) || today.AddDays(noticesAhead).Before(x.Day) {
		refuse("day", "announced.day")
	}
	switch changes := x.Kind == limit.PriceChange; {
	case changes && x.Price.Minor <= 0:
		refuse("price", "field.required")
	case !changes && x.Price.Minor != 0:
		refuse("price", "announced.no_price")
	case changes && x.Price.Currency != s.Amount.Currency:
		refuse("price", "announced.currency", "currency", s.Amount.Currency)
	}
	if len(wrong) > 0 {
		return x, wrong
	}
	was, err := tx.AnnouncedFor(ctx, s.Customer)
	if err != nil {
		return x, err
	}
	x.Unchanged = slices.ContainsFunc(was, func(y Announced) bool {
		return y.Subscription == x.Subscription && y.Kind == x.Kind && y.Day == x.Day && y.Price == x.Price
	})
	return x, a.foresee(ctx, tx, &x, s, today)
}

// foresee finds out who is told of an announcement, and on which days.
func (a *App) foresee(ctx context.Context, tx Tx, x *Announcement, s customer.Subscription, today when.Date) error {
	cus, err := tx.FindCustomer(ctx, s.Customer)
	if err != nil {
		return err
	}
	contacts, err := tx.ContactsOf(ctx, cus.ID)
	if err != nil {
		return err
	}
	x.Name, x.Language = cus.Name, cmp.Or(cus.Language, a.Company().Language)
	mail, name := onFile(contacts)
	if _, bad := customer.CheckEmail("account", mail); bad == nil {
		x.To = mail
	}
	quiet, err := leavesOrEnds(ctx, tx, s, x.Kind)
	if err != nil {
		return err
	}
	l := ComingLine{Subscription: s, Kind: x.Kind, Day: x.Day, Price: x.Price}
	if l.terms, l.under, err = underTerms(ctx, tx, l); err != nil {
		return err
	}
	windows, _, err := a.noticeWindows(cus, l, today)
	if err != nil {
		return err
	}
	switch {
	case cus.Test():
		x.Tells = TellsTest
	case quiet:
		x.Tells = TellsLeaver
	case len(windows) == 0:
		x.Tells = TellsNever
	case x.To == "":
		x.Tells = TellsNobody
	default:
		before, err := tx.LawNoticesOf(ctx, s.ID, x.Kind, x.Day)
		if err != nil {
			return err
		}
		var told []string
		for _, b := range before {
			told = append(append(told, b.Told.In...), b.Told.Late...)
		}
		x.Tells = TellsInTime
		coming := limit.Before(x.Kind, x.Day, s.Notice)
		day := today
		for range len(windows) + 1 { // every letter is in one of them at least
			t := coming.Tell(windows, told, day, a.calendars)
			if t.Sends() {
				x.Letters = append(x.Letters, day)
				told = append(append(told, written(t.Now)...), written(t.Late)...)
			}
			if len(t.Late) > 0 {
				x.Tells = TellsLate
			}
			if day = t.Next; day.IsZero() {
				break
			}
		}
		if x.Letter, err = a.comingPaper(ctx, tx, l, name, x.Language); err != nil {
			return err
		}
	}
	return nil
}

// keepAnnounced stores an announcement. Said again, the last counts.
func (a *App) keepAnnounced(ctx context.Context, tx Tx, by Actor, x Announced) error {
	x.MadeAt, x.MadeBy = tx.Now(), by.ID
	if err := tx.PutAnnounced(ctx, x); err != nil {
		return err
	}
	return a.record(ctx, tx, fact{"contract.announced", by.ID, "", string(x.Customer), map[string]any{
		"subscription": string(x.Subscription), "kind": string(x.Kind), "day": x.Day.String(), "minor": x.Price.Minor, "currency": x.Price.Currency,
	}})
}

// Unannounce takes an announcement back: nobody is told of it any more. Who was
// told already has to be written to by a person.
func (a *App) Unannounce(ctx context.Context, by Actor, contract string, k limit.Kind) error {
	if err := by.may("coming"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		list, err := tx.SubscriptionsByReference(ctx, contract)
		if err != nil {
			return err
		}
		for _, s := range list {
			was, err := tx.AnnouncedFor(ctx, s.Customer)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(was, func(x Announced) bool { return x.Subscription == s.ID && x.Kind == k })
			if i < 0 {
				continue
			}
			if err := tx.DropAnnounced(ctx, s.ID, k); err != nil {
				return err
			}
			return a.record(ctx, tx, fact{"contract.unannounced", by.ID, "", string(s.Customer), map[string]any{
				"subscription": string(s.ID), "kind": string(k), "day": was[i].Day.String(),
			}})
		}
		return fault.New(fault.NotFound, "announced.none")
	})
}

// ListAnnounced is what was announced and is still to come, by contract, with who is
// told on which days that are left; next is behind what to go on, zero at the end.
func (a *App) ListAnnounced(ctx context.Context, by Actor, after ComingLine, most int) (list []Announcement, next ComingLine, err error) {
	if err := by.CanRead("coming"); err != nil {
		return nil, next, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list, next = nil, ComingLine{}
		today := a.today(tx)
		lines, err := tx.Announcements(ctx, today.AddDays(1), today.AddDays(noticesAhead), after, most+1)
		if err != nil {
			return err
		}
		if len(lines) > most {
			lines, next = lines[:most], lines[most-1]
		}
		for _, l := range lines {
			x := Announcement{Contract: l.Reference}
			x.Was, _ = l.PriceOn(today)
			x.Subscription, x.Customer, x.Kind, x.Day, x.Price = l.ID, l.Customer, l.Kind, l.Day, l.Price
			if err := a.foresee(ctx, tx, &x, l.Subscription, today); err != nil {
				return err
			}
			list = append(list, x)
		}
		return nil
	})
	return list, next, err
}

// KeepAnnouncements keeps a file until somebody saw what it announces.
func (a *App) KeepAnnouncements(ctx context.Context, by Actor, file string, body []byte) (string, error) {
	if err := by.may("coming"); err != nil {
		return "", err
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return "", fault.New(fault.Invalid, "field.required").On("file")
	case len(body) > UploadMost:
		return "", fault.New(fault.TooLarge, "upload.too_large", "max", UploadMost>>20).On("file")
	}
	file, wrong := customer.CheckText("file", strings.ToValidUTF8(fileName(file), ""), 200, false)
	if wrong != nil {
		return "", wrong
	}
	if err := ingest.ReadAnnouncements(bytes.NewReader(body), func(AnnouncementRow) error { return nil }, func(RowError) error { return nil }); err != nil {
		return "", ofTheFile(err)
	}
	u := Upload{ID: id.New("upl"), Kind: announcementsKind, File: file, By: by.ID}
	var err error
	if u.KeyID, u.Body, err = a.sealFor(ctx, house, u.ID, body); err != nil {
		return "", err
	}
	return u.ID, a.tx(ctx, func(tx Tx) error {
		u.At = tx.Now()
		return tx.InsertUpload(ctx, u)
	})
}

// AnnounceKept announces what a file that waits says, and forgets the file; dry says
// what would become of it.
func (a *App) AnnounceKept(ctx context.Context, by Actor, uid string, dry bool) (out Announcing, file string, err error) {
	if err := by.may("coming"); err != nil {
		return out, "", err
	}
	var u Upload
	body, err := a.upload(ctx, uid, &u)
	if err == nil && u.Kind != announcementsKind {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return out, "", err
	}
	if out, err = a.AnnounceFile(ctx, by, bytes.NewReader(body), dry); err != nil || dry {
		return out, u.File, err
	}
	return out, u.File, a.tx(ctx, func(tx Tx) error { return tx.DropUpload(ctx, uid) })
}
