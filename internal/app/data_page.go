package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/authority"
	"hastaluego/internal/bucket"
	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/limit"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/when"
)

// codeLife is how long a code sent by mail, and what it opens, is good for.
const codeLife = 15 * time.Minute

// codesPerDay bounds the letters with codes to one address.
const codesPerDay = 10

// DataPage is what a customer may fetch.
type DataPage struct {
	Taking   Taking
	Name     string    // of the customer
	Language string    // in which the page is read
	ErasedOn when.Date // zero: they were not
	Erased   bool      // what stays is told on a page of its own
	Blobs    []Blob
	Proof    bool // the code was given: they may be fetched
	Over     bool // the time in which they may be fetched has passed
	// Withheld: an authority ordered it. Orders are those whose words may be told.
	Withheld bool
	Silent   bool // they may not know that there is an order
	Orders   []authority.Order
	Until    string
	Ready    when.Date     // none is there: the day by which one is
	Owed     []limit.Limit // of a copy: until when the law has it given
	// Tool says when the link for programs was made that is alive; zero: none is.
	Tool time.Time
	// Remaking reports that the file is being made again; MayRemake that it may be,
	// or, where none is there, that it may be made at once.
	Remaking, MayRemake bool
	Seat                SeatData // of IT
	Own                 bool     // it may be put into a store of their own
	Sent                *SentTo  // how far that is; nil: nobody asked for it
}

// Waits reports whether it is a copy that nobody had made yet.
func (p DataPage) Waits() bool {
	return p.Taking.Copy != nil && p.Taking.Copy.State == retrieval.Waiting && p.ErasedOn.IsZero() && !p.Withheld
}

// Stopped reports whether it is a copy that whoever had its link did not want.
func (p DataPage) Stopped() bool {
	return p.Taking.Copy != nil && p.Taking.Copy.State == retrieval.Stopped && p.ErasedOn.IsZero()
}

// MadeWithin is how many days a bundle takes at most once its step begins: what
// does not answer until then is missing from it.
const MadeWithin = 3

// readyBy is the day by which there is a bundle of a departure that has none.
func readyBy(p offboarding.Plan, now time.Time, zone *time.Location) when.Date {
	from := when.DateOf(now, zone)
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Kind != "export_data" || s.State == offboarding.StepSkipped || s.State == offboarding.StepCancelled {
			continue
		}
		if s.State == offboarding.StepWaiting && from.Before(p.Case.Effective) {
			from = p.Case.Effective // at the latest
		}
	}
	return from.AddDays(MadeWithin)
}

// OpenDataPage reads the downloads behind the token of a private page. key is
// what a right code opened; without it nothing can be fetched.
func (a *App) OpenDataPage(ctx context.Context, token, key, lang string) (out DataPage, err error) {
	if err := a.whoseData(ctx, token, lang, &out); err != nil {
		return out, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		c := out.Taking
		out.Withheld, out.Blobs, out.Tool, out.Proof, out.Until = false, nil, time.Time{}, a.proved(ctx, tx, key, c.ID), c.Last.String()
		switch err := fetchable(ctx, tx, c); {
		case err == nil:
		case fault.CodeOf(err) == "copy.waiting":
			return nil
		case fault.KindOf(err) == fault.Gone:
			out.Proof, out.Over = false, out.ErasedOn.IsZero()
			return nil
		case fault.KindOf(err) == fault.Withheld:
			out.Proof, out.Withheld, out.Silent = false, true, fault.CodeOf(err) == "data.withheld"
			out.Orders, err = a.toldOrders(ctx, tx, c)
			return err
		default:
			return err
		}
		if l, err := tx.LiveLink(ctx, c.ID, toolLink); err == nil {
			out.Tool = l.CreatedAt
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		if _, err := tx.LiveLink(ctx, c.ID, SeatIT.purpose()); err == nil {
			out.Seat.Taken = true
		} else if fault.KindOf(err) != fault.NotFound {
			return err
		}
		if out.Seat.Data, err = seatData(ctx, tx, c.ID); err != nil {
			return err
		}
		if out.Sent, err = a.sentTo(ctx, tx, c.ID); err != nil {
			return err
		}
		out.Own = a.buckets != nil && (out.Sent == nil || out.Sent.State != bucket.Sending)
		if out.Blobs, err = bundlesOf(ctx, tx, c.ID); err != nil {
			return err
		}
		if out.Remaking, err = remaking(ctx, tx, c.ID); err != nil {
			return err
		}
		out.MayRemake = !out.Remaking && MayRemake(out.Blobs, tx.Now())
		if c.Copy != nil {
			if out.Owed, err = limitsOf(ctx, tx, c.ID); err != nil {
				return err
			}
		}
		if len(out.Blobs) > 0 {
			return err
		}
		if c.Copy != nil {
			out.Ready = when.DateOf(tx.Now(), c.Zone).AddDays(MadeWithin)
			return nil
		}
		p, err := tx.FindPlan(ctx, c.ID)
		if err == nil {
			out.Ready = readyBy(p, tx.Now(), c.Zone)
		}
		return err
	})
	return out, err
}

// whoseData finds what the link of a private page is about, and who reads it.
func (a *App) whoseData(ctx context.Context, token, lang string, out *DataPage) error {
	copied := false
	err := a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case", copyLink)
		if copied = l.Purpose == copyLink; err != nil || !copied {
			return err
		}
		if out.Taking, err = takingOf(ctx, tx, l.Case); err != nil {
			return err
		}
		at, err := tx.ErasedAt(ctx, out.Taking.Customer)
		if err != nil {
			return err
		}
		if out.ErasedOn = (when.Date{}); !at.IsZero() {
			out.ErasedOn = when.DateOf(at, out.Taking.Zone)
			return nil
		}
		cus, err := tx.FindCustomer(ctx, out.Taking.Customer)
		out.Name = cus.Name
		return err
	})
	if err != nil || copied {
		out.Language = cmp.Or(lang, out.Taking.Language)
		return err
	}
	page, err := a.OpenCasePage(ctx, token, "case", lang)
	if err != nil {
		return err
	}
	out.Name, out.Language, out.ErasedOn, out.Erased = page.Paper.Name, page.Paper.Language, page.ErasedOn, page.Erased
	out.Taking, err = takingCase(page.Paper.Case)
	return err
}

// byCode runs fn for whoever holds a private page and gave the code a while ago,
// as long as the data of its departure may be fetched.
func (a *App) byCode(ctx context.Context, token, key string, fn func(tx Tx, c Taking) error) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.taking(ctx, tx, token)
		if err != nil {
			return err
		}
		if !a.proved(ctx, tx, key, c.ID) {
			return fault.New(fault.Unauthenticated, "code.needed")
		}
		return fn(tx, c)
	})
}

// proved reports whether the key was opened by a code, for this case, within
// the last minutes.
func (a *App) proved(ctx context.Context, tx Tx, key string, c offboarding.CaseID) bool {
	l, err := a.link(ctx, tx, key, "data")
	return err == nil && l.Case == c
}

// SendCode queues a letter with a fresh code to the address on file: a private
// page proves that somebody has its link, the code that they read the mail.
func (a *App) SendCode(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		c, err := a.taking(ctx, tx, token)
		if err != nil {
			return err
		}
		m, err := a.letterOf(ctx, tx, "code", c)
		if err != nil {
			return err
		}
		n, err := tx.CountMessagesTo(ctx, "code", m.To, tx.Now().Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n >= codesPerDay {
			return fault.New(fault.TooMany, "code.too_many")
		}
		if err := a.dataAsked(ctx, tx, c); err != nil {
			return err
		}
		return a.queue(ctx, tx, m, string(c.Customer), true)
	})
}

// mintCode makes the code that a letter carries; only its hash is kept.
func (a *App) mintCode(ctx context.Context, tx Tx, m Message, c Taking) (string, error) {
	secret := a.ofLetter(m, "code")
	code := strings.TrimPrefix(id.CodeOf([8]byte(secret[:8])), "HL-") // not to be taken for the code of the case
	return code, tx.InsertLink(ctx, Link{
		ID: offboarding.LinkID(id.New("lnk")), TokenHash: hashCode(c.ID, code), Purpose: "code", Request: c.Request, Case: c.ID,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(codeLife),
	})
}

func hashCode(c offboarding.CaseID, code string) string {
	clean, _ := id.ParseCode("HL-" + code)
	return hashToken(string(c) + ":" + clean)
}

// OpenByCode exchanges a code from a letter for a key that fetches the data of
// the case for a quarter of an hour. A code works once.
func (a *App) OpenByCode(ctx context.Context, token, code string) (key string, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		c, err := a.taking(ctx, tx, token)
		if err != nil {
			return err
		}
		wrong := fault.New(fault.Invalid, "code.wrong").On("code")
		got, err := tx.FindLink(ctx, hashCode(c.ID, code))
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return wrong
		case err != nil:
			return err
		case got.Purpose != "code", !got.UsedAt.IsZero(), tx.Now().After(got.ExpiresAt):
			return wrong
		}
		got.UsedAt = tx.Now()
		if err := tx.SaveLink(ctx, got); err != nil {
			return err
		}
		if key, err = a.mint(ctx, tx, "data", c.Request, c.ID); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"link.used", "customer", string(c.ID), string(c.Customer), map[string]any{"purpose": "data"}})
	})
	return key, err
}

// Fetching is how somebody asks for a file.
type Fetching int

// The ways: from its beginning, from where a download of it broke off, or only whether
// it is there and how large.
const (
	Begins Fetching = iota
	GoesOn
	Looks
)

// Download opens a file of a case to the customer who proved twice who they are,
// to be read as long as the context lives; sealed to a key of age or a phrase
// (PhraseOfData), if they want that.
// It records that they fetch it, unless they go on with what they began, or merely look.
// Error: Invalid (data.recipient) at the field age.
func (a *App) Download(ctx context.Context, token, key, blob, to string, how Fetching) (b Blob, whole Content, err error) {
	err = a.byCode(ctx, token, key, func(tx Tx, c Taking) (err error) {
		if b, err = tx.FindBlob(ctx, blob); err != nil || b.Case != c.ID || b.Kind != "bundle" {
			return fault.New(fault.NotFound, "not_found")
		}
		whole, err = a.fetch(ctx, tx, c, &b, "", to, how)
		return err
	})
	return b, whole, err
}

// fetch opens a bundle for whoever may have it, sealed to a key of age if there is
// one, and counts and records that they have it. A download that goes on was recorded when it began: that is believed
// only of what was fetched before, and of a link only of what was fetched by it.
func (a *App) fetch(ctx context.Context, tx Tx, c Taking, b *Blob, link offboarding.LinkID, to string, how Fetching) (Content, error) {
	whole, err := a.openBundle(ctx, tx, *b)
	args := map[string]any{"blob": b.ID, "sha256": b.SHA256}
	if err == nil && to != "" {
		args["sealed"] = true
		whole, err = a.aged(b, whole, to)
	}
	if err != nil || how == Looks {
		return whole, err
	}
	if how == GoesOn && !b.FetchedAt.IsZero() {
		if began, err := a.began(ctx, tx, c.ID, b.ID, link); err != nil || began {
			return whole, err
		}
	}
	if link != "" {
		args["link"] = string(link)
	}
	if err := a.record(ctx, tx, fact{"bundle.downloaded", "customer", string(c.ID), string(c.Customer), args}); err != nil {
		return nil, err
	}
	return whole, a.had(ctx, tx, c, *b)
}

// began reports whether a download of a bundle that was fetched began by the link;
// without one it is the customer's own.
func (a *App) began(ctx context.Context, tx Tx, c offboarding.CaseID, blob string, link offboarding.LinkID) (bool, error) {
	if link == "" {
		return true, nil
	}
	log, err := a.timeline(ctx, tx, timelineMost, string(c))
	return slices.ContainsFunc(log, func(e TimelineEntry) bool {
		return e.Type == "bundle.downloaded" && e.Args["link"] == string(link) && e.Args["blob"] == blob
	}), err
}

// CheckAgeKey refuses what is no public key of age: Invalid (data.recipient) at the
// field age.
func CheckAgeKey(to string) error {
	if _, err := bundle.Age(bytes.NewReader(nil), 0, to, nil, nil); err != nil {
		return fault.New(fault.Invalid, "data.recipient").On("age")
	}
	return nil
}

// PhraseLeast is how many characters a phrase has at least that a file is sealed with.
const PhraseLeast = bundle.PhraseLeast

// PhraseOfData is what stands in an address for a phrase with which whoever gave the code
// a while ago wants their file sealed; the phrase itself is not kept. Errors: Invalid
// (data.phrase) at the field phrase, Unauthenticated (code.needed).
func (a *App) PhraseOfData(ctx context.Context, token, key, phrase string) (to string, err error) {
	// Only who may download makes the machine work for a phrase.
	if err := a.byCode(ctx, token, key, func(tx Tx, c Taking) error { return fetchable(ctx, tx, c) }); err != nil {
		return "", err
	}
	to, err = bundle.Phrase(phrase, a.keys.HMACKey("age"))
	if errors.Is(err, bundle.ErrPhrase) {
		return "", fault.New(fault.Invalid, "data.phrase", "least", PhraseLeast, "most", bundle.PhraseMost).On("phrase")
	}
	return to, fault.Wrap("app.PhraseOfData", err)
}

// aged is a bundle sealed to a key of age, at every reading in the same bytes. It
// names and marks what it is then.
func (a *App) aged(b *Blob, whole Content, to string) (Content, error) {
	if err := CheckAgeKey(to); err != nil {
		return nil, err
	}
	sealed, err := bundle.Age(whole, whole.Size(), to, a.keys.HMACKey("age"), []byte(b.ID+" "+b.SHA256))
	if err != nil {
		return nil, fault.Wrap("app.aged", err)
	}
	sum := sha256.Sum256([]byte(b.SHA256 + " " + strings.TrimSpace(to)))
	b.Name, b.Media, b.SHA256 = b.Name+".age", "application/octet-stream", hex.EncodeToString(sum[:])
	return sealed, nil
}
