package app

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/notice"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/voice"
	"hastaluego/internal/when"
)

// SealedVoice is a voice as it is stored: its words, name and link are in
// Body, sealed with the customer's key.
type SealedVoice struct {
	voice.Voice
	KeyID string
	Body  []byte
}

// VoiceTx keeps what leavers let a company say, and their answers to the
// survey.
type VoiceTx interface {
	// InsertVoice stores a new one; false if the departure has one of its kind.
	InsertVoice(ctx context.Context, v SealedVoice) (bool, error)
	SaveVoice(ctx context.Context, v SealedVoice) error // compares Version
	VoicesOf(ctx context.Context, c offboarding.CaseID) ([]SealedVoice, error)
	ListVoices(ctx context.Context, k voice.Kind, limit, offset int) ([]SealedVoice, error) // newest first
	PageVoices(ctx context.Context, k voice.Kind, p Place) ([]SealedVoice, error)
	PageAnswers(ctx context.Context, form string, p Place) ([]Answer, error)
	// ListAnswers returns what was answered to forms of the name, newest first.
	ListAnswers(ctx context.Context, form string, limit, offset int) ([]Answer, error)
	// ListIdeas returns those of them that hold an idea, or of which that is not
	// known yet.
	ListIdeas(ctx context.Context, form string, limit, offset int) ([]Answer, error)
}

type voiceWords struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
	Link string `json:"link,omitempty"`
}

// TestimonialInput is what somebody who leaves lets the company say.
type TestimonialInput struct {
	Text     string
	Name     string // how they want to be called; empty: not at all
	FileName string
	File     []byte // sound or film; nil: none
	Consent  bool
}

// testimonialMost is how long a testimonial may be, in characters.
const testimonialMost = 4000

// GiveTestimonial keeps words, sound or film that a customer lets the company
// show, with their consent. It is refused where the company was the cause.
func (a *App) GiveTestimonial(ctx context.Context, token string, in TestimonialInput) error {
	var l fault.List
	text, e := customer.CheckText("text", in.Text, testimonialMost, true)
	l, in.Text = appendFault(l, e), text
	name, e := named("name", in.Name)
	l, in.Name = appendFault(l, e), name
	media := ""
	if in.File != nil {
		file, err := checkFile(in.FileName, in.File)
		switch {
		case fault.KindOf(err) == fault.TooLarge && err != nil:
			return err
		case err != nil:
			l = append(l, fault.New(fault.Invalid, fault.CodeOf(err)).On("file"))
		}
		if media = soundOrFilm(in.File); media == "" && err == nil {
			l = append(l, fault.New(fault.Invalid, "voice.media").On("file"))
		}
		in.FileName = file
	}
	v := voice.Voice{ID: voice.ID(id.New("voi")), Kind: voice.Testimonial, Name: in.Name, Text: in.Text}
	if media != "" {
		v.Blob = id.New("att")
	}
	if l = append(l, v.Check(in.Consent)...); len(l) > 0 {
		return l
	}
	return a.onGoodbye(ctx, token, notice.Testimonial, func(tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
		v := v
		v.Case, v.Customer, v.GivenAt, v.Until = p.Case.ID, p.Case.Customer, tx.Now(), a.today(tx).AddMonths(12*voice.Consented)
		if v.Blob != "" {
			b := Blob{ID: v.Blob, Kind: "evidence", Case: p.Case.ID, Step: s.ID, Name: in.FileName, Media: media, CreatedAt: tx.Now(), CreatedBy: customerActor}
			if err := a.putBlob(ctx, tx, &b, string(p.Case.Customer), in.File); err != nil {
				return err
			}
		}
		return a.addVoice(ctx, tx, v, fact{typ: "testimonial.given", args: map[string]any{"until": v.Until.String(), "blob": v.Blob}})
	})
}

// WithdrawTestimonial takes back what a customer let the company show.
func (a *App) WithdrawTestimonial(ctx context.Context, token string) error {
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "bye")
		if err != nil {
			return err
		}
		list, err := a.voices(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(v voice.Voice) bool { return v.Kind == voice.Testimonial })
		if i < 0 {
			return fault.New(fault.NotFound, "not_found")
		}
		v := list[i]
		if !v.Withdraw(tx.Now()) {
			return nil
		}
		s, err := a.sealVoice(ctx, v)
		if err != nil {
			return err
		}
		if err := tx.SaveVoice(ctx, s); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"testimonial.withdrawn", customerActor, string(v.Case), string(v.Customer), map[string]any{"voice": string(v.ID)}})
	})
}

// WantReferral gives a customer a link with which they recommend the company.
func (a *App) WantReferral(ctx context.Context, token string) error {
	return a.onGoodbye(ctx, token, notice.Referral, func(tx Tx, p *offboarding.Plan, s *offboarding.Step) error {
		u, err := url.Parse(s.Params["url"])
		if err != nil {
			return fault.Wrap("app.WantReferral", err) // the playbook was checked
		}
		q := u.Query()
		q.Set("ref", id.Token()[:12])
		u.RawQuery = q.Encode()
		v := voice.Voice{ID: voice.ID(id.New("voi")), Kind: voice.Referral, Case: p.Case.ID, Customer: p.Case.Customer, GivenAt: tx.Now(), Link: u.String()}
		return a.addVoice(ctx, tx, v, fact{typ: "referral.made", args: map[string]any{}})
	})
}

// addVoice stores a new voice, and what is to be told of it.
func (a *App) addVoice(ctx context.Context, tx Tx, v voice.Voice, f fact) error {
	s, err := a.sealVoice(ctx, v)
	if err != nil {
		return err
	}
	if fresh, err := tx.InsertVoice(ctx, s); err != nil {
		return err
	} else if !fresh {
		return fault.New(fault.Blocked, "ask.over")
	}
	f.actor, f.stream, f.subject, f.args["voice"] = customerActor, string(v.Case), string(v.Customer), string(v.ID)
	return a.record(ctx, tx, f)
}

func (a *App) sealVoice(ctx context.Context, v voice.Voice) (SealedVoice, error) {
	s := SealedVoice{Voice: v}
	var err error
	s.KeyID, s.Body, err = a.sealJSON(ctx, string(v.Customer), string(v.ID), voiceWords{v.Name, v.Text, v.Link})
	return s, err
}

// openVoice opens its words; they are empty when their key was destroyed.
func (a *App) openVoice(ctx context.Context, s SealedVoice) (voice.Voice, error) {
	var w voiceWords
	_, err := a.unsealJSON(ctx, s.KeyID, string(s.ID), s.Body, &w)
	s.Name, s.Text, s.Link = w.Name, w.Text, w.Link
	return s.Voice, err
}

func (a *App) voices(ctx context.Context, tx Tx, c offboarding.CaseID) ([]voice.Voice, error) {
	list, err := tx.VoicesOf(ctx, c)
	return unsealed(list, err, func(s SealedVoice) (voice.Voice, error) { return a.openVoice(ctx, s) })
}

// soundOrFilm tells sound and film by their first bytes; empty if it is
// neither.
func soundOrFilm(body []byte) string {
	at := func(i int, magic string) bool {
		return len(body) >= i+len(magic) && string(body[i:i+len(magic)]) == magic
	}
	switch {
	case at(0, "ID3"), len(body) > 2 && body[0] == 0xff && body[1]&0xe6 == 0xe2:
		return "audio/mpeg"
	case at(0, "OggS"):
		return "audio/ogg"
	case at(0, "fLaC"):
		return "audio/flac"
	case at(0, "RIFF") && at(8, "WAVE"):
		return "audio/wav"
	case at(4, "ftypM4A"):
		return "audio/mp4"
	case at(4, "ftypqt"):
		return "video/quicktime"
	case at(4, "ftyp"):
		return "video/mp4"
	case bytes.HasPrefix(body, []byte{0x1a, 0x45, 0xdf, 0xa3}):
		return "video/webm"
	}
	return ""
}

// VoiceView is a voice, or an answer to the survey, with whose it is.
type VoiceView struct {
	Customer customer.Customer
	Case     offboarding.CaseID
	Code     string // of the departure
	At       time.Time
	Voice    voice.Voice
	Answers  map[string]string // to the survey
	File     string            // name of the file
	Theme    *ThemeView        // what their idea is about; nil: there is none, or nothing can be said of it
}

// VoiceList is a page of what leavers said.
type VoiceList struct {
	Rows  []VoiceView
	More  bool
	Today when.Date
}

// ListVoices returns what leavers said, newest first: answers to the survey,
// of them only those with an idea, testimonials, or referrals.
func (a *App) ListVoices(ctx context.Context, by Actor, what string, limit, offset int) (list VoiceList, err error) {
	if err := by.CanRead("voice"); err != nil {
		return list, err
	}
	limit, offset = min(max(limit, 1), pageMost), max(offset, 0)
	err = a.store.View(ctx, func(tx Tx) error {
		list = VoiceList{Today: a.today(tx)}
		switch what {
		case "answers", "ideas":
			return a.listAnswers(ctx, tx, by, what == "ideas", limit, offset, &list)
		case string(voice.Testimonial), string(voice.Referral):
			return a.listVoices(ctx, tx, voice.Kind(what), limit, offset, &list)
		default:
			return fault.New(fault.Invalid, "field.choice").On("what")
		}
	})
	return list, err
}

// PageVoices lists what leavers let us say, of one kind, and the day on which it
// may or may not be shown.
func (a *App) PageVoices(ctx context.Context, by Actor, k voice.Kind, p Place) (list []voice.Voice, today when.Date, next string, err error) {
	list, next, err = page(ctx, a, by, "voice", p, func(v voice.Voice) string { return string(v.ID) },
		func(tx Tx, p Place) ([]voice.Voice, error) {
			today = a.today(tx)
			sealed, err := tx.PageVoices(ctx, k, p)
			return unsealed(sealed, err, func(s SealedVoice) (voice.Voice, error) { return a.openVoice(ctx, s) })
		})
	return list, today, next, err
}

// PageSurvey lists what leavers answered to the survey; the answers of who was
// erased are empty.
func (a *App) PageSurvey(ctx context.Context, by Actor, p Place) (list []FormAnswer, next string, err error) {
	return page(ctx, a, by, "voice", p, func(x FormAnswer) string { return x.ID },
		func(tx Tx, p Place) ([]FormAnswer, error) {
			stored, err := tx.PageAnswers(ctx, surveyForm, p)
			return unsealed(stored, err, func(x Answer) (FormAnswer, error) {
				out := FormAnswer{Answer: x, Name: surveyForm}
				_, err := a.unsealJSON(ctx, x.KeyID, x.ID, x.Body, &out.Answers)
				return out, err
			})
		})
}

func (a *App) listAnswers(ctx context.Context, tx Tx, by Actor, ideas bool, limit, offset int, list *VoiceList) error {
	read := tx.ListAnswers
	if ideas {
		read = tx.ListIdeas
	}
	stored, err := read(ctx, surveyForm, limit+1, offset)
	if err != nil {
		return err
	}
	if list.More = len(stored) > limit; list.More {
		stored = stored[:limit]
	}
	for _, x := range stored {
		v := VoiceView{Case: x.Case, At: x.DoneAt}
		readable, err := a.unsealJSON(ctx, x.KeyID, x.ID, x.Body, &v.Answers)
		if err != nil {
			return err
		}
		if !readable {
			continue
		}
		if ideas && v.Answers["idea"] == "" { // nobody has looked yet
			continue
		}
		if err := whose(ctx, tx, &v); err != nil {
			return err
		}
		themes, err := a.themesIn(ctx, tx, by, x.Case, map[string]string{x.ID: v.Answers["idea"]})
		if err != nil {
			return err
		}
		if t, ok := themes[x.ID]; ok {
			v.Theme = &t
		}
		list.Rows = append(list.Rows, v)
	}
	return nil
}

func (a *App) listVoices(ctx context.Context, tx Tx, k voice.Kind, limit, offset int, list *VoiceList) error {
	stored, err := tx.ListVoices(ctx, k, limit+1, offset)
	if err != nil {
		return err
	}
	if list.More = len(stored) > limit; list.More {
		stored = stored[:limit]
	}
	for _, s := range stored {
		v := VoiceView{Case: s.Case, At: s.GivenAt}
		if v.Voice, err = a.openVoice(ctx, s); err != nil {
			return err
		}
		if err := whose(ctx, tx, &v); err != nil {
			return err
		}
		if s.Blob != "" {
			b, err := tx.FindBlob(ctx, s.Blob)
			if err != nil {
				return err
			}
			v.File = b.Name
		}
		list.Rows = append(list.Rows, v)
	}
	return nil
}

func whose(ctx context.Context, tx Tx, v *VoiceView) error {
	c, err := tx.FindCase(ctx, v.Case)
	if err != nil {
		return err
	}
	v.Code = c.Code
	v.Customer, err = tx.FindCustomer(ctx, c.Customer)
	return err
}
