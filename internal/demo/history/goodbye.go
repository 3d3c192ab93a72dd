package history

import (
	"context"
	"strconv"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/demo"
	"hastaluego/internal/fault"
	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/text"
)

// tell is the customer saying on their private page why they leave, and
// whether the company may write once more: both may be left out, and often are.
func (l *life) tell(ctx context.Context, d *departure) error {
	if l.dice.IntN(5) < 3 {
		why := demo.Pick(l.dice, []string{"price", "product", "service", "needs_ended", "needs_ended", "company_changed", "competitor"})
		said := ""
		if l.dice.IntN(2) == 0 {
			said = l.note("stated_reason")
		}
		if err := l.App.TellReason(ctx, d.page, why, said); err != nil {
			return unlessOver(err)
		}
	}
	answer := l.dice.IntN(4)
	if answer == 3 { // most do not answer with no: they leave the box alone
		return nil
	}
	return unlessOver(l.App.AnswerConsent(ctx, app.ConsentInput{
		Token: d.page, Given: answer > 0, Language: d.who.Language,
		Wording: text.Say(d.who.Language, "portal.allow.wording", "company", l.App.Company().Name),
	}))
}

// goodbyes lets those who got their farewell since the last time open it when
// they find a moment.
func (l *life) goodbyes() {
	for _, p := range l.Letters.farewells() {
		d := l.byCode[p.Code]
		if d == nil || l.dice.IntN(3) == 0 {
			continue // deleted unread
		}
		at := l.Clock.Now().Add(time.Duration(30+l.dice.IntN(40*60)) * time.Minute)
		l.agenda.put(at, func(ctx context.Context) error { return unlessOver(l.goodbye(ctx, d, token(p.Links["bye"]))) })
	}
}

// goodbye is the customer on their farewell page: they answer what it asks,
// one thing after the other, as long as they like.
func (l *life) goodbye(ctx context.Context, d *departure, bye string) error {
	for range 2 {
		page, err := l.App.OpenGoodbye(ctx, bye, d.who.Language)
		if err != nil {
			return err
		}
		switch page.Ask {
		case notice.Survey:
			f := form.Builtin()["exit_survey"]
			given := l.answer(f, nil)
			happy := l.dice.IntN(5) > 0 // an exit that goes well is most of what they remember
			if d.fate == late || d.fate == retried {
				happy = !happy
			}
			given["csat"], given["nps"] = strconv.Itoa(1+l.dice.IntN(3)), strconv.Itoa(l.dice.IntN(7))
			if happy {
				given["csat"], given["nps"] = strconv.Itoa(4+l.dice.IntN(2)), strconv.Itoa(7+l.dice.IntN(4))
				given["reason"] = demo.Pick(l.dice, []string{"needs_ended", "company_changed"})
			}
			err = l.App.AnswerSurvey(ctx, bye, given)
		case notice.Testimonial:
			if l.dice.IntN(3) == 0 {
				return nil
			}
			err = l.App.GiveTestimonial(ctx, bye, app.TestimonialInput{Text: l.note("testimonial"), Name: d.contact.Name, Consent: true})
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unlessOver takes a page that closed meanwhile for what it is: the customer
// came too late, and nothing happened.
func unlessOver(err error) error {
	if fault.KindOf(err) == fault.Blocked {
		return nil
	}
	return err
}
