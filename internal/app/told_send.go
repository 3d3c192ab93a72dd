package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/company"
	"hastaluego/internal/fault"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

const (
	// toldGap is how long after a letter the next one to the same person waits, so
	// that what happens in quick succession comes in one: less than a minute, in
	// which everybody is told.
	toldGap = 45 * time.Second
	// toldMost is how many lines a letter has at most; the rest is counted.
	toldMost = 20
	// toldLook is how much news is looked at to find them.
	toldLook = 200
)

// ToldPaper is what a letter, or a message in a channel, tells people of the
// company.
type ToldPaper struct {
	Digest  when.Date // the day that it is of; zero: it tells what just happened
	Parts   []ToldPart
	Zone    *time.Location
	Inbox   string // link
	Account string // link to where they say what they want to be told; empty in a team's channel
}

// ToldPart is the lines of one kind: of notification.Kinds or, in a digest,
// late, today or waiting.
type ToldPart struct {
	Name  string
	Lines []ToldLine
	More  int // that are not listed
}

// ToldLine is one step: whose departure, what is to be done, by when and where.
type ToldLine struct {
	Code, Customer, Title string
	Due                   time.Time
	Link                  string
	Test                  bool // of a test customer
}

// told is what one job has to tell.
type told struct {
	item   ToldItem
	again  time.Time // not now, but then
	paper  *Paper    // nil: nothing
	to     string    // e-mail address
	url    string    // of a channel
	counts int
}

// Tell tells one person, or one channel, whatever waits for them: it is the job
// "tell". Letters go by the same road to the mail system as those to customers,
// under a Message-ID that is the same in every attempt.
func (a *App) Tell(ctx context.Context, w offboarding.Work) (Result, error) {
	var x told
	err := a.store.Tx(ctx, func(tx Tx) (err error) { x, err = a.toTell(ctx, tx, w.Item); return err })
	switch {
	case err != nil:
		return Result{}, err
	case !x.again.IsZero():
		return Result{Verdict: Later, Again: x.again}, nil
	case x.paper == nil:
		return Result{Verdict: Accomplished}, nil
	case x.url != "":
		return a.tellChannel(ctx, w, x)
	}
	_, _, err = a.post.Send(ctx, x.to, x.item.ID+"@hasta", *x.paper)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return Result{}, err
	}
	why := ""
	if err != nil {
		why = fault.CodeOf(err)
	}
	return Result{Verdict: Accomplished}, a.endTold(ctx, x, why)
}

// tellChannel posts the message that programs for teams understand.
func (a *App) tellChannel(ctx context.Context, w offboarding.Work, x told) (Result, error) {
	if a.hooks == nil || a.chat == nil {
		return Result{Verdict: Accomplished}, a.endTold(ctx, x, "webhook.off")
	}
	body, err := a.chat(*x.paper)
	if err != nil {
		return Result{}, err
	}
	status, wait, err := a.hooks.Post(ctx, x.url, map[string]string{"Content-Type": "application/json"}, body)
	r, err := attempted(w.Tries+1, status, wait, err)
	switch {
	case err != nil || r.Verdict == Retry:
		return r, err
	case r.Verdict == Failed:
		return r, a.endTold(ctx, x, r.Code)
	}
	return r, a.endTold(ctx, x, "")
}

// endTold records that it was told, or why not.
func (a *App) endTold(ctx context.Context, x told, why string) error {
	return a.store.Tx(ctx, func(tx Tx) error {
		state, typ := "sent", "staff.told"
		if why != "" {
			state, typ = "refused", "staff.not_told"
		}
		now, err := tx.FindTold(ctx, x.item.ID)
		if err != nil || now.State != "queued" { // another worker was faster
			return err
		}
		if err := tx.EndTold(ctx, x.item.ID, state, why, tx.Now()); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{typ, "engine", "", house, map[string]any{"told": x.item.ID, "to": x.item.To, "things": x.counts, "why": why}})
	})
}

// toTell gathers what there is to tell by the job of an item. What was gathered
// stays together in every attempt.
func (a *App) toTell(ctx context.Context, tx Tx, item string) (x told, err error) {
	t, err := tx.FindTold(ctx, item)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return x, nil
	}
	if err != nil || t.State != "queued" || t.Letter != "" && t.Letter != t.ID {
		return x, err
	}
	people, err := a.staff(ctx, tx)
	if err != nil {
		return x, err
	}
	person, personal := people.Find(t.owner())
	if t.Letter == "" {
		if x.again, err = a.notYet(ctx, tx, t, person, personal); err != nil || !x.again.IsZero() {
			return x, err
		}
		_, quiet := person.Quiet(tx.Now())
		if err := tx.TakeTold(ctx, t, personal && quiet); err != nil {
			return x, err
		}
	}
	x.item = t
	why, err := a.reach(ctx, tx, &x, person, personal)
	if err != nil {
		return x, err
	}
	if why == "" {
		if x.paper, x.counts, err = a.toldPaper(ctx, tx, t, people, person, personal); err != nil {
			return x, err
		}
		why = "told.over"
	}
	if x.paper == nil {
		return x, tx.EndTold(ctx, t.ID, "withheld", why, tx.Now())
	}
	return x, nil
}

// notYet is when to tell instead of now: after the quiet hours, or some moments
// after the last letter. What waits for the same one waits too.
func (a *App) notYet(ctx context.Context, tx Tx, t ToldItem, person notification.Person, personal bool) (again time.Time, err error) {
	if t.Kind.Urgent() {
		return again, nil
	}
	if personal {
		if again = person.At(t.Kind, tx.Now()); again.Equal(tx.Now()) {
			again = time.Time{}
		}
	}
	if again.IsZero() && t.Kind != notification.Digest {
		last, err := tx.LastTold(ctx, t.To)
		if err != nil {
			return again, err
		}
		if next := last.Add(toldGap); !last.IsZero() && !last.After(tx.Now()) && next.After(tx.Now()) {
			again = next
		}
	}
	if again.IsZero() {
		return again, nil
	}
	return again, tx.DelayTold(ctx, t.To, again)
}

// reach finds where to tell, or why nowhere.
func (a *App) reach(ctx context.Context, tx Tx, x *told, person notification.Person, personal bool) (why string, err error) {
	if x.item.To == x.item.owner() {
		if x.to = person.Address; x.to == "" {
			return "told.no_address", nil
		}
		return "", nil
	}
	chans, err := channels(ctx, tx)
	if err != nil {
		return "", err
	}
	c, there := chans[x.item.owner()]
	if !there || !personal && !slices.Contains(Roles, c.Owner) {
		return "told.no_channel", nil
	}
	plain, err := a.keys.Open(ctx, c.KeyID, c.URL, []byte("channel "+c.Owner))
	x.url = string(plain)
	return "", err
}

// toldPaper writes what the letter of an item tells; nil where nothing of it is
// news any more.
func (a *App) toldPaper(ctx context.Context, tx Tx, t ToldItem, people notification.People, person notification.Person, personal bool) (*Paper, int, error) {
	paper := &ToldPaper{Zone: a.Company().Zone, Inbox: a.Company().PublicURL + "/console"}
	lang := company.StaffLanguage(a.Company().Language)
	if personal {
		lang, paper.Zone, paper.Account = person.Language, person.Location(), a.Company().PublicURL+"/console/account"
	}
	n := 0
	var err error
	if t.Kind == notification.Digest {
		paper.Digest = when.DateOf(tx.Now(), person.Location())
		if t.Step != paper.Digest.String() || !person.Wants(notification.Digest) { // of a day that is over
			return nil, 0, nil
		}
		paper.Parts, _, err = a.digestParts(ctx, tx, people, person, lang)
	} else {
		paper.Parts, err = a.newsParts(ctx, tx, t, people, person, lang)
	}
	for _, p := range paper.Parts {
		n += len(p.Lines) + p.More
	}
	if err != nil || n == 0 {
		return nil, 0, err
	}
	return &Paper{Kind: "told", Language: lang, At: tx.Now(), Now: tx.Now(), Told: paper}, n, nil
}

// newsParts are what the letter of an item tells, by kind. Whatever is listed
// was looked at again; behind the first it is only counted.
func (a *App) newsParts(ctx context.Context, tx Tx, t ToldItem, people notification.People, person notification.Person, lang string) (parts []ToldPart, err error) {
	list, err := tx.ToldBy(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	more := max(0, len(list)-toldLook)
	lines := 0
	for _, kind := range notification.Kinds {
		part := ToldPart{Name: string(kind)}
		for _, x := range list[:len(list)-more] {
			if x.Kind != kind || person.ID != "" && !person.Wants(kind) {
				continue
			}
			limit, document, tried := strings.HasPrefix(x.Step, limitMark), strings.HasPrefix(x.Step, documentMark), strings.HasPrefix(x.Step, experimentMark)
			lets := strings.HasPrefix(x.Step, laneMark)
			if limit || document || tried || lets {
				tell := func() (ToldLine, bool, error) { return a.documentLine(ctx, tx, x, lang) }
				if limit {
					tell = func() (ToldLine, bool, error) { return a.limitLine(ctx, tx, x, people, lang) }
				} else if lets {
					tell = func() (ToldLine, bool, error) { return a.laneLine(ctx, tx, x, lang) }
				} else if tried {
					tell = func() (ToldLine, bool, error) { return a.experimentLine(ctx, tx, x, lang) }
				}
				line, news, err := tell()
				switch {
				case err != nil:
					return nil, err
				case news && lines >= toldMost:
					part.More++
				case news:
					part.Lines = append(part.Lines, line)
					lines++
				}
				continue
			}
			p, err := tx.FindPlan(ctx, x.Case)
			if fault.KindOf(err) == fault.NotFound && err != nil {
				continue
			}
			if err != nil {
				return nil, err
			}
			if !stillNews(people, x, p, tx.Now()) {
				continue
			}
			if lines >= toldMost {
				part.More++
				continue
			}
			s := p.Step(x.Step)
			line, err := a.toldLine(ctx, tx, Task{Case: p.Case.ID, Code: p.Case.Code, Customer: p.Case.Customer, Key: s.Key, Title: s.Title, Due: s.Due}, lang)
			if err != nil {
				return nil, err
			}
			part.Lines = append(part.Lines, line)
			lines++
		}
		if len(part.Lines)+part.More > 0 {
			parts = append(parts, part)
		}
	}
	if len(parts) > 0 {
		parts[len(parts)-1].More += more
	}
	return parts, nil
}

// toldLine says of a step no more than whose it is: the name and the number of
// the case, never a word that a customer wrote.
func (a *App) toldLine(ctx context.Context, tx Tx, t Task, lang string) (ToldLine, error) {
	c, err := tx.FindCustomer(ctx, t.Customer)
	if err != nil {
		return ToldLine{}, err
	}
	return ToldLine{
		Code: t.Code, Customer: c.Name, Title: offboarding.Worded(t.Title, lang), Due: t.Due, Link: a.Company().PublicURL + "/console/cases/" + string(t.Case) + "#" + t.Key,
		Test: c.Test(),
	}, nil
}

// DigestDue looks whether a person has anything to hear of today, has it told,
// and looks again tomorrow as long as anything waits for them. It is the job
// "digest".
func (a *App) DigestDue(ctx context.Context, w offboarding.Work) (r Result, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		r = Result{Verdict: Accomplished}
		user, day, _ := strings.Cut(w.Item, ":")
		people, err := a.staff(ctx, tx)
		if err != nil {
			return err
		}
		p, active := people.Find(user)
		if !active || !p.Wants(notification.Digest) {
			return nil
		}
		at, next := p.NextDigest(tx.Now())
		if next.String() == day { // they want it later by now
			r = Result{Verdict: Later, Again: at}
			return nil
		}
		day = when.DateOf(tx.Now(), p.Location()).String() // a clock may have passed the hour by days
		if p.Absent(tx.Now()) {
			return a.digestLater(ctx, tx, p)
		}
		parts, open, err := a.digestParts(ctx, tx, people, p, p.Language)
		if err != nil || !open {
			return err
		}
		if err := a.digestLater(ctx, tx, p); err != nil {
			return err
		}
		chans, err := channels(ctx, tx)
		if err != nil {
			return err
		}
		to := user
		if p.Address == "" {
			if to = Channel + user; chans[user].Owner == "" {
				return nil
			}
		}
		if len(parts) == 0 {
			return nil
		}
		t := ToldItem{Key: DigestKind + ":" + user + ":" + day, To: to, Kind: notification.Digest, Step: day, QueuedAt: tx.Now()}
		return queueTold(ctx, tx, t, p.At(notification.Digest, tx.Now()))
	})
	return r, err
}

// digestParts are what somebody hears of once a day: what is late, due today
// and waits for others in departures that are theirs too. open says whether
// anything waits for them at all.
func (a *App) digestParts(ctx context.Context, tx Tx, people notification.People, p notification.Person, lang string) (parts []ToldPart, open bool, err error) {
	now, end := tx.Now(), when.DateOf(tx.Now(), p.Location()).End(p.Location())
	for _, part := range []struct {
		name string
		of   func() ([]Task, int, error)
	}{
		{"late", func() ([]Task, int, error) { return tasksFor(ctx, tx, people, p, DueWithin{Until: now}) }},
		{"today", func() ([]Task, int, error) { return tasksFor(ctx, tx, people, p, DueWithin{After: now, Until: end}) }},
		{"waiting", func() ([]Task, int, error) { return tx.TasksBeside(ctx, p.ID, p.Roles, toldMost) }},
	} {
		list, all, err := part.of()
		if err != nil {
			return nil, false, err
		}
		out := ToldPart{Name: part.name, More: all - len(list)}
		for _, t := range list {
			line, err := a.toldLine(ctx, tx, t, lang)
			if err != nil {
				return nil, false, err
			}
			out.Lines = append(out.Lines, line)
		}
		if len(out.Lines) > 0 {
			parts = append(parts, out)
		}
	}
	if len(parts) > 0 {
		return parts, true, nil
	}
	_, all, err := tasksFor(ctx, tx, people, p, DueWithin{})
	return nil, all > 0, err
}

// tasksFor are the first steps that wait for somebody, or for those whom they
// stand in for, by due date, and how many there are.
func tasksFor(ctx context.Context, tx Tx, people notification.People, p notification.Person, due DueWithin) ([]Task, int, error) {
	list, all, err := tx.TasksOf(ctx, p.ID, p.Roles, due, toldMost)
	if err != nil {
		return nil, 0, err
	}
	for _, o := range people {
		if o.ID == p.ID || people.For(o.ID, p.Roles, tx.Now()) != p.ID {
			continue
		}
		more, n, err := tx.TasksOf(ctx, o.ID, nil, due, toldMost)
		if err != nil {
			return nil, 0, err
		}
		list, all = append(list, more...), all+n
	}
	slices.SortStableFunc(list, func(x, y Task) int { return x.Due.Compare(y.Due) })
	return list[:min(len(list), toldMost)], all, nil
}
