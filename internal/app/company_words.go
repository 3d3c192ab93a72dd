package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// OwnWord is what the company says in the place of ours; without Text ours
// stand again.
type OwnWord struct {
	Version       int
	Language, Key string // of the catalogue, with the form of a plural
	Text          string
	At            time.Time
	By            string
}

func ownWords(ctx context.Context, tx Tx) (map[string]map[string]string, error) {
	list, err := tx.OwnWords(ctx)
	out := map[string]map[string]string{}
	for _, w := range list {
		if out[w.Language] == nil {
			out[w.Language] = map[string]string{}
		}
		out[w.Language][w.Key] = w.Text
	}
	return out, err
}

// OwnWordView is a version of own words with who made it.
type OwnWordView struct {
	OwnWord
	Name string // empty: not a person
}

// OpenWords returns the company's own words, and of one code, if it is not
// empty, its versions.
func (a *App) OpenWords(ctx context.Context, by Actor, code string) (own map[string]map[string]string, versions []OwnWordView, err error) {
	if err := by.CanRead("company"); err != nil {
		return nil, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		versions = nil
		if own, err = ownWords(ctx, tx); err != nil || code == "" {
			return err
		}
		list, err := tx.OwnWordVersions(ctx, code, 2*shownVersions)
		if err != nil {
			return err
		}
		users, _, err := people(ctx, tx)
		for _, w := range list {
			versions = append(versions, OwnWordView{w, users[w.By]})
		}
		return err
	})
	return own, versions, err
}

// Wording is own words for one key in one language; empty: ours again.
type Wording struct{ Language, Key, Text string }

// field is what a form calls it.
func (w Wording) field() string {
	_, form, plural := strings.Cut(w.Key, "|")
	if plural {
		return w.Language + "_" + form
	}
	return w.Language
}

// CheckWords returns words made tidy, with an error beside each that cannot
// stand; the field is the language, with the form of a plural.
func CheckWords(list []Wording) ([]Wording, error) {
	var wrong fault.List
	out := slices.Clone(list)
	for i, w := range out {
		s, e := company.CheckWords(w.Language, w.Key, w.Text)
		switch {
		case e == nil:
			out[i].Text = s
		case e.Kind == fault.NotFound:
			return nil, e
		default:
			wrong = append(wrong, e.On(w.field()))
		}
	}
	return out, wrong.Or()
}

// SetWords says things in the company's own words, all of them or none. What
// stands already makes no version.
func (a *App) SetWords(ctx context.Context, by Actor, list []Wording) error {
	if err := by.may("company"); err != nil {
		return err
	}
	list, err := CheckWords(list)
	if err != nil {
		return err
	}
	if err := a.wordsLack(ctx, list); err != nil {
		return err
	}
	err = a.tx(ctx, func(tx Tx) error {
		own, err := ownWords(ctx, tx)
		if err != nil {
			return err
		}
		_, head, err := tx.CompanyHead(ctx)
		if err != nil {
			return err
		}
		for _, w := range list {
			if own[w.Language][w.Key] == w.Text {
				continue
			}
			head++
			x := OwnWord{Version: head, Language: w.Language, Key: w.Key, Text: w.Text, At: tx.Now(), By: actorOr(by.ID)}
			if err := tx.PutOwnWord(ctx, x); err != nil {
				return err
			}
			if err := a.record(ctx, tx, fact{"words.changed", x.By, "", house, map[string]any{"key": w.Key, "language": w.Language, "words": w.Text}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.Refresh(ctx)
}

// wordsLack refuses words with which a letter would no longer say what the law
// wants in it.
func (a *App) wordsLack(ctx context.Context, list []Wording) error {
	var langs []string
	for _, w := range list {
		if w.Text != "" && (strings.HasPrefix(w.Key, "document.") || strings.HasPrefix(w.Key, "mail.")) && !slices.Contains(langs, w.Language) {
			langs = append(langs, w.Language)
		}
	}
	if len(langs) == 0 {
		return nil
	}
	now, _, err := a.Now(ctx)
	if err != nil {
		return err
	}
	var wrong fault.List
	for _, lang := range langs {
		was, will := a.Company().Words, map[string]map[string]string{lang: {}}
		maps.Copy(will[lang], was[lang])
		for _, w := range list {
			if w.Language == lang {
				will[lang][w.Key] = w.Text
			}
		}
		lacks, err := a.lacking(was, will, lang, now)
		if err != nil {
			return err
		}
		if len(lacks) == 0 {
			continue
		}
		for _, w := range list {
			if w.Language == lang && w.Text != "" {
				wrong = append(wrong, fault.New(fault.Invalid, "words.lacks", "cite", lacks[0].Cite, "rule", lacks[0].Rule).On(w.field()))
			}
		}
	}
	return wrong.Or()
}

// TestPaper begins the class of a letter that people of the company send
// themselves. It is in no table of messages to customers, belongs to no request
// and is counted nowhere.
const TestPaper = "test."

// mostTests is how many tests an address gets in a day.
const mostTests = 30

// SendTest queues a letter with made-up facts to an address of whoever asks,
// through the outbox, marked as a test.
func (a *App) SendTest(ctx context.Context, by Actor, kind, language, to string) (offboarding.MessageID, error) {
	if err := by.may("company"); err != nil {
		return "", err
	}
	if _, ok := Letters[kind]; !ok {
		return "", fault.New(fault.Invalid, "field.choice").On("letter")
	}
	if !company.Speaks(language) {
		return "", fault.New(fault.Invalid, "field.choice").On("language")
	}
	to, wrong := customer.CheckEmail("to", to)
	if wrong != nil {
		return "", wrong
	}
	m := Message{ID: offboarding.MessageID(id.New("msg")), Paper: TestPaper + kind, To: to, Language: language, State: "queued"}
	m.HeaderID = string(m.ID) + "@hasta"
	return m.ID, a.tx(ctx, func(tx Tx) error {
		n, err := tx.CountMessagesTo(ctx, m.Paper, m.To, tx.Now().Add(-24*time.Hour))
		if err != nil {
			return err
		}
		if n >= mostTests {
			return fault.New(fault.TooMany, "words.tests").On("to")
		}
		if of, err := tx.CustomersByEmail(ctx, customer.FoldEmail(to)); err != nil {
			return err
		} else if slices.ContainsFunc(of, func(c customer.Customer) bool { return !c.Test() }) {
			return fault.New(fault.Invalid, "words.test_customer").On("to")
		}
		m.QueuedAt = tx.Now()
		if err := tx.InsertMessage(ctx, m); err != nil {
			return err
		}
		if err := a.record(ctx, tx, fact{"words.tested", actorOr(by.ID), "", house, map[string]any{"message": string(m.ID), "paper": kind, "to": m.To}}); err != nil {
			return err
		}
		return a.sendAt(ctx, tx, m, tx.Now())
	})
}

// sendTest hands a test to the mail system.
func (a *App) sendTest(ctx context.Context, m Message) error {
	now, _, err := a.Now(ctx)
	if err != nil {
		return err
	}
	p := SamplePaper(strings.TrimPrefix(m.Paper, TestPaper), m.Language, now)
	for _, purpose := range Letters[p.Kind] {
		p.Links[purpose] = a.Company().PublicURL + "/?lang=" + m.Language
	}
	subject, text, err := a.handOver(ctx, m, p)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return err
	}
	return a.store.Tx(ctx, func(tx Tx) error {
		x, err2 := tx.FindMessage(ctx, m.ID)
		if err2 != nil || x.State != "queued" {
			return err2
		}
		x.State, x.SentAt, x.Subject = "sent", tx.Now(), subject
		if err != nil {
			x.State, x.LastError = "refused", fault.CodeOf(err)
		} else if x.KeyID, x.Body, err2 = a.sealFor(ctx, house, string(x.ID), []byte(text)); err2 != nil {
			return err2
		}
		return tx.SaveMessage(ctx, x)
	})
}
