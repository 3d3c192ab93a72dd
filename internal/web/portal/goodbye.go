package portal

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// goodbyeView is the farewell page.
type goodbyeView struct {
	said
	Base, Company string
	Paper         string
	Given         string // what they have just given: survey, testimonial, withdrawn, referral
	Ask           notice.Ask
	Product       app.Product
	Link          string
	Testimonial   bool // they gave one that stands
	Quiet         bool // a closure, an illness or a death
	Accesses      accessesView
}

func (v goodbyeView) say(code string, args ...any) string {
	return v.Say("portal.bye."+code, append(args, "company", v.Company)...)
}

// byeForm is a form of the farewell page.
type byeForm struct {
	said
	Base, Company string
	Title, Intro  string
	Fields        []byeField // of the survey
	Typed         app.TestimonialInput
	Errors        map[string]string
}

func (v byeForm) say(code string, args ...any) string {
	return v.Say("portal.bye."+code, append(args, "company", v.Company)...)
}

type byeField struct {
	ID, Label, Value, Error string
	Options                 [][2]string // value and label; none: text
	Scale                   bool
}

func byeBase(r *http.Request) string { return "/bye/" + r.PathValue("token") }

func (p *portal) bye(w http.ResponseWriter, r *http.Request) {
	page, err := p.App.OpenGoodbye(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Paper.Language
	r = web.Spoken(r, lang)
	part, err := p.meet(r, page.Paper.Code, lang, atNode("goodbye"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := goodbyeView{
		said: said{p.speech(lang), part}, Base: byeBase(r), Company: p.App.Company().Name, Paper: p.papers.HTML(page.Paper), Ask: page.Ask, Product: page.Product, Link: page.Link,
		Testimonial: page.Testimonial != nil, Quiet: page.Paper.Quiet, Accesses: viewAccesses(p.speech(lang), p.App.Company().Zone, p.App.SystemName, page.Paper.Accesses),
	}
	if given := r.URL.Query().Get("given"); text.Known(lang, "portal.bye.given."+given) {
		v.Given, v.Ask = given, "" // whoever has just given something is not asked again
	}
	title := v.text("title")
	if v.Quiet {
		title = p.speech(lang).Say("portal.bye.title.quiet")
	}
	p.show(w, r, http.StatusOK, title, goodbyePage(v))
}

func (p *portal) askSurvey(w http.ResponseWriter, r *http.Request) { p.survey(w, r, nil, nil) }

// survey shows the questions, with what was answered and what is wrong with it.
func (p *portal) survey(w http.ResponseWriter, r *http.Request, given form.Answers, wrong error) {
	s, err := p.App.OpenSurvey(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := s.Language
	r = web.Spoken(r, lang)
	errs := text.FieldErrors(lang, wrong)
	part, err := p.meet(r, s.Code, lang, atFirst("survey"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	v := byeForm{said: said{p.speech(lang), part}, Base: byeBase(r), Company: p.App.Company().Name, Title: s.Form.Title[lang], Intro: s.Form.Intro[lang], Errors: errs}
	for _, x := range s.Form.Fields {
		f := byeField{ID: x.ID, Label: x.Label[lang], Value: given[x.ID], Error: errs[x.ID], Scale: x.Kind == form.Scale}
		for n := x.Min; f.Scale && n <= x.Max; n++ {
			f.Options = append(f.Options, [2]string{strconv.Itoa(n), strconv.Itoa(n)})
		}
		for _, o := range x.Choices {
			f.Options = append(f.Options, [2]string{o.Value, o.Label[lang]})
		}
		v.Fields = append(v.Fields, f)
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	p.show(w, r, status, v.Title, surveyPage(v))
}

func (p *portal) answerSurvey(w http.ResponseWriter, r *http.Request) {
	typed, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	given := form.Answers{}
	for name := range typed {
		given[name] = typed.Get(name)
	}
	err = p.App.AnswerSurvey(r.Context(), r.PathValue("token"), given)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.survey(w, r, given, err)
		return
	}
	p.act(w, r, byeBase(r)+"?given=survey", err)
}

func (p *portal) askTestimonial(w http.ResponseWriter, r *http.Request) {
	p.testimonial(w, r, app.TestimonialInput{}, nil)
}

func (p *portal) testimonial(w http.ResponseWriter, r *http.Request, typed app.TestimonialInput, wrong error) {
	page, err := p.App.OpenGoodbye(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err == nil && page.Ask != notice.Testimonial {
		err = fault.New(fault.Blocked, "ask.over")
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Paper.Language
	r = web.Spoken(r, lang)
	v := byeForm{said: said{Speech: p.speech(lang)}, Base: byeBase(r), Company: p.App.Company().Name, Typed: typed, Errors: text.FieldErrors(lang, wrong)}
	status := http.StatusOK
	if wrong != nil {
		status = web.Status(wrong)
	}
	p.show(w, r, status, v.say("testimonial.title"), testimonialPage(v))
}

// maxTestimonial is how much the form with a file may hold, in bytes.
const maxTestimonial = app.MaxEvidence + 1<<20

func (p *portal) giveTestimonial(w http.ResponseWriter, r *http.Request) {
	in, err := readTestimonial(w, r)
	if err == nil {
		err = p.App.GiveTestimonial(r.Context(), r.PathValue("token"), in)
	}
	if kind := fault.KindOf(err); err != nil && (kind == fault.Invalid || kind == fault.TooLarge) {
		p.testimonial(w, r, in, err)
		return
	}
	p.act(w, r, byeBase(r)+"?given=testimonial", err)
}

// readTestimonial reads the form, which is never more than maxTestimonial.
func readTestimonial(w http.ResponseWriter, r *http.Request) (in app.TestimonialInput, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxTestimonial)
	parts, err := r.MultipartReader()
	if err != nil {
		return in, fault.New(fault.Invalid, "request.not_a_form").At("portal.readTestimonial", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(part)
		}
		var big *http.MaxBytesError
		switch {
		case errors.As(err, &big):
			return in, fault.New(fault.TooLarge, "evidence.too_large", "max", app.MaxEvidence>>20).On("file")
		case err != nil:
			return in, fault.New(fault.Invalid, "request.not_a_form").At("portal.readTestimonial", err)
		}
		switch part.FormName() {
		case "text":
			in.Text = string(body)
		case "name":
			in.Name = string(body)
		case "consent":
			in.Consent = string(body) == "yes"
		case "file":
			if in.FileName = part.FileName(); in.FileName != "" {
				in.File = body
			}
		}
	}
}

func (p *portal) withdrawTestimonial(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, byeBase(r)+"?given=withdrawn", p.App.WithdrawTestimonial(r.Context(), r.PathValue("token")))
}

func (p *portal) wantReferral(w http.ResponseWriter, r *http.Request) {
	p.act(w, r, byeBase(r)+"?given=referral", p.App.WantReferral(r.Context(), r.PathValue("token")))
}
