package app

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/erasure"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/metric"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/suppression"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// WinbackLetter is a letter to leavers as it is stored: its words are sealed
// with the key of the house.
type WinbackLetter struct {
	ID     winback.LetterID
	MadeAt time.Time
	MadeBy string
	KeyID  string
	Body   []byte
}

// WinbackTx keeps consents, silences and letters to leavers.
type WinbackTx interface {
	// PutConsent stores a new answer (Version 0; fault.Conflict if there is one)
	// or, by Version, takes it back.
	PutConsent(ctx context.Context, c winback.Consent) error
	ConsentOf(ctx context.Context, c offboarding.CaseID, p winback.Purpose) (x winback.Consent, found bool, err error)
	// ListGone pages through the customers who left and were not erased, or let their
	// address be kept for this, with one departure each: the newest whose consent holds, else the newest. Newest
	// departures first.
	ListGone(ctx context.Context, p winback.Purpose, page GonePage) ([]Gone, error)
	PutSilence(ctx context.Context, s suppression.Silence) error
	SilenceOf(ctx context.Context, c customer.ID) (suppression.Silence, error) // one that does not hold if there is none
	// Addresses of whoever asked for silence, as keyed hashes.
	InsertSilentAddresses(ctx context.Context, hashes ...string) error // those that are there stay
	DeleteSilentAddresses(ctx context.Context, hashes ...string) error
	AnySilentAddress(ctx context.Context, hashes ...string) (bool, error)
	InsertWinbackLetter(ctx context.Context, l WinbackLetter) error
	// InsertWinbackSent ties a message to its letter; false: the departure has had
	// one.
	InsertWinbackSent(ctx context.Context, m offboarding.MessageID, l winback.LetterID, c offboarding.CaseID) (bool, error)
	WinbackLetterOf(ctx context.Context, m offboarding.MessageID) (WinbackLetter, error)
	// WinbackSentSince reports whether a letter to the customer was queued at that
	// instant or later, in any of their departures.
	WinbackSentSince(ctx context.Context, c customer.ID, at time.Time) (bool, error)
}

// Gone is a customer who left, by one of their departures.
type Gone struct {
	Case    offboarding.Case
	Allowed time.Time // when they gave the consent, which holds; zero: it does not
}

// GonePage picks departures that took effect between two days (zero: any) and
// come after another in the list.
type GonePage struct {
	From, To when.Date
	After    offboarding.Case // zero: from the first
	Limit    int
}

// gonePage is how many customers who left are read at a time.
const gonePage = 500

// WinbackPage lists who may be written to.
type WinbackPage struct {
	Leavers []winback.Leaver // picked, newest first; those who cannot be reached too
	Others  int              // picked, and allowed no letter
}

// OpenWinback lists those who left and allowed one letter.
func (a *App) OpenWinback(ctx context.Context, by Actor, f winback.Filter) (p WinbackPage, err error) {
	if err := by.CanRead("winback"); err != nil {
		return p, err
	}
	err = a.store.View(ctx, func(tx Tx) error { p, err = a.leavers(ctx, tx, f); return err })
	return p, err
}

// PageWinback lists those who left and allowed one letter, page by page; a page
// begins behind a departure.
func (a *App) PageWinback(ctx context.Context, by Actor, f winback.Filter, p Place) (list []winback.Leaver, next string, err error) {
	return page(ctx, a, by, "winback", p, func(l winback.Leaver) string { return string(l.Case.ID) },
		func(tx Tx, p Place) ([]winback.Leaver, error) {
			behind := offboarding.Case{}
			if p.After != "" {
				var err error
				if behind, err = tx.FindCase(ctx, offboarding.CaseID(p.After)); err != nil {
					return nil, err
				}
			}
			found, err := a.leaversBehind(ctx, tx, f, behind, p.Limit)
			return found.Leavers, err
		})
}

func (a *App) leavers(ctx context.Context, tx Tx, f winback.Filter) (WinbackPage, error) {
	return a.leaversBehind(ctx, tx, f, offboarding.Case{}, 0)
}

// leaversBehind reads everybody who left, page by page: whom the filter picks
// and who allowed the letter is listed, who did not is counted. It begins
// behind a departure and stops with so many that it lists; 0: at the end.
func (a *App) leaversBehind(ctx context.Context, tx Tx, f winback.Filter, behind offboarding.Case, most int) (p WinbackPage, err error) {
	page := GonePage{From: f.From, To: f.To, After: behind, Limit: gonePage}
	for {
		list, err := tx.ListGone(ctx, winback.Letter, page)
		if err != nil {
			return p, err
		}
		for _, g := range list {
			if g.Allowed.IsZero() && f.ByDate() { // nothing more is asked of them
				p.Others++
				continue
			}
			l, err := a.leaver(ctx, tx, g)
			if err != nil {
				return p, err
			}
			switch {
			case !f.Picks(l):
			case g.Allowed.IsZero():
				p.Others++
			default:
				p.Leavers = append(p.Leavers, l)
			}
			if most > 0 && len(p.Leavers) == most {
				return p, nil
			}
		}
		if len(list) < page.Limit {
			return p, nil
		}
		page.After = list[len(list)-1].Case
	}
}

func (a *App) leaver(ctx context.Context, tx Tx, g Gone) (l winback.Leaver, err error) {
	c := g.Case
	l.Case = c
	if l.Customer, err = tx.FindCustomer(ctx, c.Customer); err != nil {
		return l, err
	}
	why, err := a.whyOf(ctx, tx, c.ID)
	if err != nil {
		return l, err
	}
	switch {
	case why.Root != nil:
		l.Reason = why.Root.Code
	case why.Stated != nil:
		l.Reason = why.Stated.Code
	}
	l.Quiet = reason.Builtin().Quiet(why)
	subs, err := tx.SubscriptionsOf(ctx, c.Customer)
	if err != nil {
		return l, err
	}
	for _, s := range pick(subs, c.Subscriptions) {
		if !s.Interval.Recurs() {
			continue
		}
		m, err := metric.Monthly(s.Amount, s.Interval)
		if err != nil {
			return l, fault.Wrap("app.leaver", err)
		}
		if l.Monthly, err = addTo(l.Monthly, m); err != nil {
			return l, fault.Wrap("app.leaver", err)
		}
	}
	if l.Back, err = a.cameAgain(ctx, tx, c.Customer); err != nil {
		return l, err
	}
	if l.Silent, err = a.wantsSilence(ctx, tx, c.Customer); err != nil {
		return l, err
	}
	lives, err := a.whereTheyLive(ctx, tx, c.Customer)
	if err != nil {
		return l, err
	}
	if l.Barred, err = a.barred(lives, a.today(tx)); err != nil {
		return l, err
	}
	p, err := tx.FindPlan(ctx, c.ID)
	if err != nil {
		return l, err
	}
	letters, err := tx.ListMessages(ctx, c.ID, 1000)
	if err != nil {
		return l, err
	}
	goodbye := a.goodbye(p, letters)
	l.Early = goodbye.IsZero() || tx.Now().Before(goodbye)
	l.Written, err = tx.WinbackSentSince(ctx, c.Customer, g.Allowed)
	return l, err
}

// WinbackInput is one letter to the leavers that a filter picks.
type WinbackInput struct {
	Filter winback.Filter
	Words  map[string]winback.Words // by language
}

// languagesOfLetters are those in which every letter is written. It may be
// written in the others that customers are spoken to in; whoever speaks one that
// it is not written in gets all of it in the company's, or in English.
var languagesOfLetters = []string{"es", "en"}

func (in *WinbackInput) check() error {
	var l fault.List
	must := slices.Clone(languagesOfLetters)
	for _, lang := range company.Languages() {
		w, ok := in.Words[lang]
		if !slices.Contains(must, lang) {
			if !ok || w == (winback.Words{}) {
				delete(in.Words, lang)
				continue
			}
			must = append(must, lang)
		}
		var e *fault.Error
		w.Subject, e = customer.CheckText("subject_"+lang, w.Subject, winback.SubjectMost, false)
		l = appendFault(l, e)
		w.Text, e = customer.CheckText("text_"+lang, w.Text, winback.TextMost, true)
		l = appendFault(l, e)
		in.Words[lang] = w
	}
	return append(l, winback.Check(in.Words, must)...).Or()
}

// PreviewWinback makes the letters, one in each language, as the first that
// would get it reads it, and says how many would. Nothing is kept or sent, and
// the links lead nowhere.
func (a *App) PreviewWinback(ctx context.Context, by Actor, in WinbackInput) (letters map[string]Paper, reach int, err error) {
	if err := by.may("winback"); err != nil {
		return nil, 0, err
	}
	if err := in.check(); err != nil {
		return nil, 0, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		p, err := a.leavers(ctx, tx, in.Filter)
		if err != nil {
			return err
		}
		letters, reach = map[string]Paper{}, 0
		for _, l := range p.Leavers {
			if !l.Reachable() {
				continue
			}
			if reach++; reach > 1 {
				continue
			}
			for lang := range in.Words {
				paper, err := a.casePaper(ctx, tx, "winback", lang, l.Case.ID)
				if err != nil {
					return err
				}
				paper.Words, paper.Links = in.Words[lang], map[string]string{"back": a.Company().PublicURL + "/b/…", "silence": a.Company().PublicURL + "/u/…"}
				letters[lang] = paper
			}
		}
		return nil
	})
	return letters, reach, err
}

// SendWinback queues the letter for everybody whom the filter picks and who may
// be written to, and says to how many. Whether each still may is asked again
// when it goes out.
func (a *App) SendWinback(ctx context.Context, by Actor, in WinbackInput) (n int, err error) {
	if err := by.may("winback"); err != nil {
		return 0, err
	}
	if err := in.check(); err != nil {
		return 0, err
	}
	err = a.tx(ctx, func(tx Tx) error {
		n = 0
		p, err := a.leavers(ctx, tx, in.Filter)
		if err != nil {
			return err
		}
		letter, err := a.keepLetter(ctx, tx, by, in.Words)
		if err != nil {
			return err
		}
		for _, l := range p.Leavers {
			if !l.Reachable() {
				continue
			}
			ok, err := a.queueWinback(ctx, tx, letter, in.Words, l.Case)
			if err != nil {
				return err
			}
			if ok {
				n++
			}
		}
		if n == 0 {
			return fault.New(fault.Blocked, "winback.nobody")
		}
		return a.record(ctx, tx, fact{"winback.sent", by.ID, "", house, map[string]any{"letter": string(letter), "to": n}})
	})
	return n, err
}

func (a *App) keepLetter(ctx context.Context, tx Tx, by Actor, words map[string]winback.Words) (winback.LetterID, error) {
	l := WinbackLetter{ID: winback.LetterID(id.New("wbl")), MadeAt: tx.Now(), MadeBy: by.ID}
	var err error
	if l.KeyID, l.Body, err = a.sealJSON(ctx, house, string(l.ID), words); err != nil {
		return "", err
	}
	return l.ID, tx.InsertWinbackLetter(ctx, l)
}

func (a *App) queueWinback(ctx context.Context, tx Tx, letter winback.LetterID, words map[string]winback.Words, c offboarding.Case) (bool, error) {
	m := a.letter(tx, "winback", c)
	m.Language = writtenIn(words, m.Language, a.Company().Language)
	if says, err := a.addressOf(ctx, tx, c.Customer, erasure.Back); err != nil {
		return false, err
	} else if says != nil {
		m.To = says.Email
	} else if err := a.address(ctx, tx, &m, c); err != nil {
		if fault.KindOf(err) == fault.Blocked { // nobody is on file any more
			return false, nil
		}
		return false, err
	}
	first, err := tx.InsertWinbackSent(ctx, m.ID, letter, c.ID)
	if err != nil || !first {
		return false, err
	}
	return true, a.queue(ctx, tx, m, string(c.Customer), true)
}

// writtenIn is the language in which somebody who speaks one gets a letter that
// is written in some: all of it, never half.
func writtenIn[W any](words map[string]W, theirs, ours string) string {
	for _, lang := range []string{theirs, ours} {
		if _, ok := words[lang]; ok {
			return lang
		}
	}
	return "en"
}

// winbackWords are the words of the letter that a message carries.
func (a *App) winbackWords(ctx context.Context, tx Tx, m Message) (winback.Words, error) {
	l, err := tx.WinbackLetterOf(ctx, m.ID)
	if err != nil {
		return winback.Words{}, err
	}
	plain, err := a.keys.Open(ctx, l.KeyID, l.Body, []byte(l.ID))
	if err != nil {
		return winback.Words{}, err
	}
	var words map[string]winback.Words
	if err := json.Unmarshal(plain, &words); err != nil {
		return winback.Words{}, fault.Wrap("app.winbackWords", err)
	}
	return words[m.Language], nil
}
