package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// The letters that are judged when they are made are those of which a rule asks
// something, and no others.
func TestTheLettersThatAreJudgedAreThoseThatRulesLookAt(t *testing.T) {
	t.Parallel()
	var looked []string
	for _, p := range jurisdiction.Params() {
		kinds, _ := document.Look(p.Name)
		for _, k := range kinds {
			looked = append(looked, string(k))
		}
	}
	slices.Sort(looked)
	if got := slices.Sorted(slices.Values(app.JudgedLetters)); !slices.Equal(got, slices.Compact(looked)) {
		t.Errorf("judged %q, looked at %q", got, looked)
	}
}

// How a letter reaches somebody is what the letter and its request say.
func TestHowALetterReachesSomebodyIsReadFromIt(t *testing.T) {
	t.Parallel()
	paper := func(kind string, change func(*app.Paper)) app.Paper {
		p := aPaper(kind, "es")
		p.Request.Channel = offboarding.Public
		if change != nil {
			change(&p)
		}
		return p
	}
	noPage := func(p *app.Paper) { p.ByMail, p.Links = &app.ByMail{}, map[string]string{} }
	byHand := func(via string) func(*app.Paper) {
		return func(p *app.Paper) { p.Request.Channel, p.Request.Via = offboarding.Staff, via }
	}
	for name, c := range map[string]struct {
		paper app.Paper
		to    app.DocumentDelivery
		want  document.Delivery
	}{
		"an acknowledgement, online":           {paper("ack", nil), app.DocumentDelivery{To: "a@b.example", Spoken: "es"}, document.Delivery{Media: []string{"email", "page"}, Kept: true, Asked: "online", Spoken: "es"}},
		"an acknowledgement, by telephone":     {paper("ack", byHand("phone")), app.DocumentDelivery{To: "a@b.example"}, document.Delivery{Media: []string{"email"}, Kept: true, Asked: "phone"}},
		"a receipt":                            {paper("receipt", nil), app.DocumentDelivery{To: "a@b.example"}, document.Delivery{Media: []string{"email", "page", "pdf"}, Kept: true, Asked: "online"}},
		"a receipt where there is no page":     {paper("receipt", noPage), app.DocumentDelivery{To: "a@b.example"}, document.Delivery{Media: []string{"email", "pdf"}, Kept: true, Asked: "online"}},
		"to an address of ours":                {paper("receipt", byHand("mail")), app.DocumentDelivery{To: "marta@faro.example"}, document.Delivery{Media: []string{"email", "page", "pdf"}, Asked: "email"}},
		"to one of ours that they asked for":   {paper("receipt", byHand("letter")), app.DocumentDelivery{To: "marta@FARO.example", Chosen: true}, document.Delivery{Media: []string{"email", "page", "pdf"}, Kept: true, Asked: "post"}},
		"a notice":                             {paper(app.NoticePaper, byHand("")), app.DocumentDelivery{To: "a@b.example"}, document.Delivery{Media: []string{"email"}, Kept: true}},
		"a certificate where there is no page": {paper("certificate", noPage), app.DocumentDelivery{To: "a@b.example"}, document.Delivery{Media: []string{"email", "pdf"}, Kept: true, Asked: "online"}},
	} {
		got := nobody.delivered(c.paper, c.to)
		if !slices.Equal(got.Media, c.want.Media) || got.Kept != c.want.Kept || got.Asked != c.want.Asked || got.Spoken != c.want.Spoken {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A letter is judged as it is made: with what its departure lacks, and in the
// words that the company says.
func TestALetterIsJudgedAsItIsMade(t *testing.T) {
	t.Parallel()
	l := jurisdiction.Shipped()
	sel, err := l.Named(jurisdiction.SafeEverywhere)
	if err != nil {
		t.Fatal(err)
	}
	law, err := l.Effective(sel, app.SampleFacts("terminate"), when.Date{Year: 2026, Month: 11, Day: 28})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	lacks := func(change func(*app.Paper)) string {
		p := app.SamplePaper("receipt", "es", now)
		p.Links["case"] = "https://faro.example/c/tokentokentoken"
		change(&p)
		var out []string
		for _, c := range (papers{company: sampleCompany}).Check(p, app.DocumentDelivery{To: p.Address, Spoken: "es", Chosen: true}, nil, law) {
			if c.Result == jurisdiction.Fail {
				out = append(out, strings.TrimSpace(c.Param+" "+strings.Join(c.Lacks, ",")))
			}
		}
		return strings.Join(out, "; ")
	}
	for name, c := range map[string]struct {
		change func(*app.Paper)
		want   string
	}{
		"whole":               {func(*app.Paper) {}, ""},
		"nothing that ends":   {func(p *app.Paper) { p.Lines = nil }, "ack.contents contract"},
		"no data, no erasure": {func(p *app.Paper) { p.Milestones = p.Milestones[:2] }, "ack.contents data_window,erasure_date"},
		"other words of theirs": {func(p *app.Paper) {
			p.Try = map[string]map[string]string{"es": {"document.complain.adr": "Gracias por todo"}}
		}, "ack.contents adr"},
		"received by post, on another day": {func(p *app.Paper) {
			p.Request.Channel, p.Request.Via = offboarding.Staff, "letter"
			p.Request.ReceivedAt, p.Request.EnteredAt = now.AddDate(0, 0, -3), now
		}, ""},
	} {
		if got := lacks(c.change); got != c.want {
			t.Errorf("%s: lacks %q, want %q", name, got, c.want)
		}
	}
}
