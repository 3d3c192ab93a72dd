package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reason"
	"hastaluego/internal/theme"
	"hastaluego/internal/when"
)

// ThemesKind is the kind of the jobs of the house that learn what texts are about,
// and group them.
const ThemesKind = "themes"

// ThemesSetting is the setting that holds when all texts were last grouped, RFC 3339.
const ThemesSetting = "themes.grouped"

const (
	// themesPage is how many texts are grouped in one transaction at most.
	themesPage = 256
	// mostTaught is of how many texts that people looked at a model learns, the newest.
	mostTaught = 5000
)

// themesHour is when that is done in a night in which there is something new.
const themesHour = 3 * time.Hour

// Where a text stands.
const (
	TextOfReason = "reason" // why they leave
	TextOfIdea   = "idea"   // what they would have changed, in the survey
)

// Theme is what a text that a customer wrote is about.
type Theme struct {
	Text     string // id of what it stands in
	Source   string
	Case     offboarding.CaseID
	Customer customer.ID
	Model    int64  // number of the model that took it so
	Likely   string // as the model took it before anybody said otherwise; empty: nothing was written
	Permille int    // how sure it was
	Said     string // by somebody who read it; empty: nobody
	SaidBy   string
	SaidAt   time.Time
}

// sure is theme.Sure in thousandths.
const sure = int(theme.Sure * 1000)

// Label is what it counts as: what a person said, else what the model is sure of
// enough; empty: unknown.
func (t Theme) Label() string {
	switch {
	case t.Said != "":
		return t.Said
	case t.Permille >= sure && t.Likely != theme.None:
		return t.Likely
	}
	return theme.Unknown
}

// ThemeLabels are what a person can say that a text is about, in the order of the
// taxonomy; the last: nothing of all that.
func ThemeLabels() (labels []string) {
	for _, r := range reason.Builtin().Tops() {
		if r.Code != reason.Other {
			labels = append(labels, r.Code)
		}
	}
	return append(labels, theme.None)
}

// SealedText is a text that a customer wrote, as it is stored.
type SealedText struct {
	ID, Source string
	Case       offboarding.CaseID
	Customer   customer.ID
	KeyID      string
	Body       []byte
}

// TaughtText is one of which a person said what it is about.
type TaughtText struct {
	ID, Said string
	Customer customer.ID
	KeyID    string
	Body     []byte
}

// ThemeModel is the model that groups texts, and what it was made of.
type ThemeModel struct {
	Number    int64 // zero: there is none yet
	At        time.Time
	Digest    string // of what it was made of
	Texts     int    // that people here looked at
	Customers int    // whose these are
	Body      []byte
}

// ThemeTally counts texts that are alike.
type ThemeTally struct {
	Label  string // empty: unknown
	Chosen string // edition of the reason that they chose; empty: none, as in the survey
	Source string
	Texts  int
	Said   int // of which a person said it
	Named  int // of these the model had named
	Right  int // and as the person says
}

// ThemePick says of which texts. A pointer to nothing asks for those of which that
// is not known, nil for all.
type ThemePick struct{ Label, Chosen *string }

// ThemeTx keeps what texts are about.
type ThemeTx interface {
	FindText(ctx context.Context, id string) (SealedText, error)
	// TextsToGroup returns texts behind one, by id, that the model did not group and of
	// which nobody said what they are about.
	TextsToGroup(ctx context.Context, model int64, after string, limit int) ([]SealedText, error)
	TaughtTexts(ctx context.Context, limit int) ([]TaughtText, error)                           // the newest, by id
	Taught(ctx context.Context, c customer.ID) (bool, error)                                    // whether one of theirs is among them
	PutThemes(ctx context.Context, list ...Theme) error                                         // what a person said stays
	SayTheme(ctx context.Context, t Theme) error                                                // of one that was put
	DropTheme(ctx context.Context, text string) error                                           // nothing, if there is none
	ThemesOf(ctx context.Context, c offboarding.CaseID) ([]Theme, error)                        // by text
	CountThemes(ctx context.Context, from, to time.Time) ([]ThemeTally, error)                  // of departures that were asked for then
	PageThemes(ctx context.Context, from, to time.Time, p ThemePick, at Place) ([]Theme, error) // newest first
	ThemeModelNumber(ctx context.Context) (int64, error)                                        // zero: there is none
	ThemeModel(ctx context.Context) (ThemeModel, error)
	// PutThemeModel keeps it in the place of the one before; false if there is one of
	// its number.
	PutThemeModel(ctx context.Context, m ThemeModel) (bool, error)
}

// themes keeps the model that was last read.
type themes struct {
	mu     sync.Mutex
	number int64
	model  *theme.Model
}

// themeModel is the model in force; nil: there is none, or it is of another version
// of the program and waits to be made again.
func (a *App) themeModel(ctx context.Context, tx Tx) (*theme.Model, int64, error) {
	n, err := tx.ThemeModelNumber(ctx)
	if err != nil || n == 0 {
		return nil, 0, err
	}
	a.themes.mu.Lock()
	defer a.themes.mu.Unlock()
	if a.themes.number == n {
		return a.themes.model, n, nil
	}
	stored, err := tx.ThemeModel(ctx)
	if err != nil {
		return nil, 0, err
	}
	var m theme.Model
	if m.UnmarshalBinary(stored.Body) != nil {
		return nil, 0, nil
	}
	a.themes.number, a.themes.model = stored.Number, &m
	return &m, stored.Number, nil
}

// themesTonight sees to it that what is new is learned and grouped in the coming
// night; at once, where nothing ever was.
func (a *App) themesTonight(ctx context.Context, tx Tx) error {
	n, err := tx.ThemeModelNumber(ctx)
	switch {
	case err != nil:
		return err
	case n == 0:
		return a.themesAt(ctx, tx, tx.Now().Add(rateDelay), "first")
	}
	night := a.next(daily{hour: themesHour}, tx.Now())
	return a.themesAt(ctx, tx, night, when.DateOf(night, a.Company().Zone).String())
}

// themesSoon does it soon.
func (a *App) themesSoon(ctx context.Context, tx Tx) error {
	return a.themesAt(ctx, tx, tx.Now().Add(rateDelay), id.New("run"))
}

func (a *App) themesAt(ctx context.Context, tx Tx, at time.Time, run string) error {
	return tx.InsertWork(ctx, offboarding.Work{
		ID: offboarding.WorkID(id.New("work")), Kind: ThemesKind, System: house, Key: ThemesKind + ":" + run,
		Phase: offboarding.Act, State: offboarding.WorkReady, RunAt: at,
	})
}

// LearnThemesSoon has the model learn from what people said, and all texts grouped,
// soon.
func (a *App) LearnThemesSoon(ctx context.Context, by Actor) error {
	if err := by.may("reason"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error { return a.themesSoon(ctx, tx) })
}

// grouping is how far the grouping of all texts is.
type grouping struct {
	After string `json:"after,omitempty"`
	Texts int    `json:"texts"`
}

// RunThemes learns, and groups a page of texts, for a job, which goes on where it
// was.
func (a *App) RunThemes(ctx context.Context, w offboarding.Work) (Result, error) {
	var at grouping
	if w.Evidence != "" {
		if err := json.Unmarshal([]byte(w.Evidence), &at); err != nil {
			return Result{}, fault.Wrap("app.RunThemes", err)
		}
	}
	if at.After == "" { // it begins
		if err := a.learnThemes(ctx); err != nil {
			return Result{}, err
		}
	}
	next, now, err := a.groupPage(ctx, at)
	if err != nil {
		return Result{}, err
	}
	raw, err := json.Marshal(next)
	switch {
	case err != nil:
		return Result{}, fault.Wrap("app.RunThemes", err)
	case next.After != "":
		return Result{Verdict: Later, Again: now, Evidence: string(raw)}, nil
	default:
		return Result{Verdict: Accomplished, Evidence: string(raw)}, nil
	}
}

// learnThemes makes the model anew from what the program brings and from what people
// said of texts that are still there, unless it was made of the same.
func (a *App) learnThemes(ctx context.Context) error {
	var now ThemeModel
	var taught []TaughtText
	var own []theme.Example
	err := a.store.View(ctx, func(tx Tx) (err error) {
		now, own = ThemeModel{}, nil
		if now, err = tx.ThemeModel(ctx); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if taught, err = tx.TaughtTexts(ctx, mostTaught); err != nil {
			return err
		}
		for _, x := range taught {
			words, err := a.wordsOf(ctx, x.ID, x.KeyID, x.Body)
			if err != nil {
				return err
			}
			if words != "" {
				own = append(own, theme.Example{Text: words, Label: x.Said, From: string(x.Customer)})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	m := ThemeModel{Number: now.Number + 1, Digest: madeOf(taught), Texts: len(own)}
	if m.Digest == now.Digest {
		return nil
	}
	who := map[string]bool{}
	for _, x := range own {
		who[x.From] = true
	}
	m.Customers = len(who)
	model, err := theme.Shipped()
	if len(own) > 0 {
		model, err = theme.Train(theme.Teach(theme.Leaving(), own))
	}
	if err != nil {
		return fault.Wrap("app.learnThemes", err)
	}
	if m.Body, err = model.MarshalBinary(); err != nil {
		return fault.Wrap("app.learnThemes", err)
	}
	return a.tx(ctx, func(tx Tx) error {
		m.At = tx.Now()
		if put, err := tx.PutThemeModel(ctx, m); err != nil {
			return err
		} else if !put { // somebody was faster, of what is there now or of what is no more
			return fault.New(fault.Transient, "case.changed_meanwhile")
		}
		return a.record(ctx, tx, fact{"themes.learned", "engine", "", house, map[string]any{"model": m.Number, "texts": m.Texts, "customers": m.Customers}})
	})
}

// madeOf identifies what a model is made of, and how.
func madeOf(taught []TaughtText) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", theme.Method)
	for _, x := range theme.Leaving() {
		fmt.Fprintf(h, "%q %q\n", x.Label, x.Text)
	}
	for _, x := range taught {
		fmt.Fprintf(h, "%q %q\n", x.ID, x.Said)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// groupPage groups the texts behind one.
func (a *App) groupPage(ctx context.Context, at grouping) (next grouping, now time.Time, err error) {
	size := themesPage
	if hold, _ := a.store.Pace(); hold > 0 {
		size = themesPage / 4
	}
	return next, now, a.tx(ctx, func(tx Tx) error {
		now, next = tx.Now(), at
		if _, err := tx.AwaitErasing(ctx); err != nil { // what is put beside an erasure would stay behind it
			return err
		}
		m, number, err := a.themeModel(ctx, tx)
		if err != nil {
			return err
		}
		if m == nil { // it is of another version of the program, which groups them
			next.After = ""
			return nil
		}
		texts, err := tx.TextsToGroup(ctx, number, at.After, size)
		if err != nil {
			return err
		}
		if next.After = ""; len(texts) == size {
			next.After = texts[size-1].ID
		}
		var list []Theme
		for _, x := range texts {
			t, _, err := a.takenAs(ctx, m, number, x)
			if err != nil {
				return err
			}
			if t != nil {
				list = append(list, *t)
			}
		}
		next.Texts += len(list)
		if err := tx.PutThemes(ctx, list...); err != nil || next.After != "" {
			return err
		}
		return tx.PutSetting(ctx, ThemesSetting, now.UTC().Format(time.RFC3339))
	})
}

// takenAs is what the model takes a text to be about, with the words that spoke for
// it; nil: nobody is to read it any more.
func (a *App) takenAs(ctx context.Context, m *theme.Model, number int64, x SealedText) (*Theme, []string, error) {
	readable, words, err := a.readText(ctx, x.ID, x.KeyID, x.Body)
	if err != nil || !readable {
		return nil, nil, err
	}
	t := &Theme{Text: x.ID, Source: x.Source, Case: x.Case, Customer: x.Customer, Model: number}
	if words == "" {
		return t, nil, nil
	}
	g := m.Classify(words)
	t.Likely, t.Permille = g.Likely, int(g.Confidence*1000)
	return t, g.Why, nil
}

// wordsOf are the words of a text; empty where there are none, or nobody is to read
// them any more.
func (a *App) wordsOf(ctx context.Context, id, keyID string, body []byte) (string, error) {
	_, words, err := a.readText(ctx, id, keyID, body)
	return words, err
}

func (a *App) readText(ctx context.Context, id, keyID string, body []byte) (readable bool, words string, err error) {
	var w struct {
		sealedReason
		Idea string `json:"idea"`
	}
	readable, err = a.unsealJSON(ctx, keyID, id, body, &w)
	return readable, theme.Joined(w.What, w.More, w.Idea), err
}

// CorrectTheme is somebody who read a text saying what it is about. The model learns
// from it the next time, and it is not guessed again.
func (a *App) CorrectTheme(ctx context.Context, by Actor, text, label string) error {
	if err := by.may("reason"); err != nil {
		return err
	}
	if !slices.Contains(ThemeLabels(), label) {
		return fault.New(fault.Invalid, "field.choice").On("theme")
	}
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.AwaitErasing(ctx); err != nil {
			return err
		}
		x, err := tx.FindText(ctx, text)
		if err != nil {
			return err
		}
		t, err := a.themeNow(ctx, tx, x)
		switch {
		case err != nil:
			return err
		case t == nil || t.Likely == "":
			return fault.New(fault.NotFound, "not_found")
		case t.Said == label:
			return nil // sent twice
		}
		was := t.Label()
		if err := tx.PutThemes(ctx, *t); err != nil {
			return err
		}
		t.Said, t.SaidBy, t.SaidAt = label, by.ID, tx.Now()
		if err := tx.SayTheme(ctx, *t); err != nil {
			return err
		}
		if err := a.themesTonight(ctx, tx); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"theme.corrected", by.ID, string(t.Case), string(t.Customer), map[string]any{
			"text": text, "theme": label, "was": was, "likely": t.Likely,
		}})
	})
}

// themeNow is what a text is about: as it is kept, else as the model takes it now;
// nil where nothing can be said of it.
func (a *App) themeNow(ctx context.Context, tx Tx, x SealedText) (*Theme, error) {
	kept, err := tx.ThemesOf(ctx, x.Case)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(kept, func(t Theme) bool { return t.Text == x.ID }); i >= 0 {
		return &kept[i], nil
	}
	m, number, err := a.themeModel(ctx, tx)
	if err != nil || m == nil {
		return nil, err
	}
	t, _, err := a.takenAs(ctx, m, number, x)
	return t, err
}

// ThemeView is what a text is about, with the words of it that spoke for what is
// likely.
type ThemeView struct {
	Theme
	Why []string
}

// themesIn are what the texts of a departure are about, by the id of what they stand
// in. Whoever is not to read the texts is told nothing of them.
func (a *App) themesIn(ctx context.Context, tx Tx, by Actor, c offboarding.CaseID, texts map[string]string) (map[string]ThemeView, error) {
	if !by.MayRead("note") || len(texts) == 0 {
		return nil, nil
	}
	kept, err := tx.ThemesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	m, number, err := a.themeModel(ctx, tx)
	if err != nil || m == nil {
		return nil, err
	}
	out := map[string]ThemeView{}
	for id, words := range texts {
		if words == "" {
			continue
		}
		g := m.Classify(words)
		v := ThemeView{Theme{Text: id, Case: c, Model: number, Likely: g.Likely, Permille: int(g.Confidence * 1000)}, g.Why}
		if i := slices.IndexFunc(kept, func(t Theme) bool { return t.Text == id }); i >= 0 {
			v.Theme = kept[i]
			if v.Likely != g.Likely {
				v.Why = nil // they spoke for something else
			}
		}
		out[id] = v
	}
	return out, nil
}

// textsOf are what a customer wrote about why they leave, by reason.
func textsOf(list []reason.Given) map[string]string {
	out := map[string]string{}
	for _, g := range list {
		if g.Kind == reason.Stated && !slices.ContainsFunc(list, func(x reason.Given) bool { return x.Completes == g.ID }) {
			out[string(g.ID)] = theme.Joined(g.Text, g.More)
		}
	}
	return out
}

// ThemeReport is what customers who left wrote about, in a time.
type ThemeReport struct {
	From, To when.Date // both in it
	Tallies  []ThemeTally
	Editions []reason.Edition
	Model    ThemeModel // without its body
	Grouped  time.Time  // what came later is not in it; zero: never
}

// Themes counts what customers wrote about whose departures were asked for between
// two days and not undone. Zero days: the last twelve months.
func (a *App) Themes(ctx context.Context, by Actor, from, to when.Date) (r ThemeReport, err error) {
	if err := by.CanRead("reason"); err != nil {
		return r, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		r = ThemeReport{}
		var begin, end time.Time
		if r.From, r.To, begin, end, err = a.reasonTime(tx, from, to); err != nil {
			return err
		}
		if r.Tallies, err = tx.CountThemes(ctx, begin, end); err != nil {
			return err
		}
		if r.Editions, err = tx.ReasonEditions(ctx); err != nil {
			return err
		}
		if r.Model, err = tx.ThemeModel(ctx); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		r.Model.Body = nil
		at, known, err := tx.Setting(ctx, ThemesSetting)
		if err == nil && known {
			r.Grouped, err = time.Parse(time.RFC3339, at)
		}
		return err
	})
	return r, err
}

// ThemedText is a text, with whose it is and what it is about.
type ThemedText struct {
	Theme
	Words string
	Who   customer.Customer
	Code  string // of the departure
	At    time.Time
}

// ThemeTexts lists what customers wrote, newest first; next is where the next page
// begins, empty at the end.
func (a *App) ThemeTexts(ctx context.Context, by Actor, from, to when.Date, p ThemePick, at Place) (list []ThemedText, next string, err error) {
	return page(ctx, a, by, "note", at, func(x ThemedText) string { return x.Text }, func(tx Tx, at Place) ([]ThemedText, error) {
		_, _, begin, end, err := a.reasonTime(tx, from, to)
		if err != nil {
			return nil, err
		}
		themes, err := tx.PageThemes(ctx, begin, end, p, at)
		if err != nil {
			return nil, err
		}
		list := make([]ThemedText, len(themes))
		for i, t := range themes {
			if list[i], err = a.themedText(ctx, tx, t); err != nil {
				return nil, err
			}
		}
		return list, nil
	})
}

func (a *App) themedText(ctx context.Context, tx Tx, t Theme) (x ThemedText, err error) {
	x.Theme = t
	text, err := tx.FindText(ctx, t.Text)
	if err != nil {
		return x, err
	}
	if x.Words, err = a.wordsOf(ctx, text.ID, text.KeyID, text.Body); err != nil {
		return x, err
	}
	c, err := tx.FindCase(ctx, t.Case)
	if err != nil {
		return x, err
	}
	x.Code, x.At = c.Code, c.RequestedAt
	x.Who, err = tx.FindCustomer(ctx, t.Customer)
	return x, err
}
