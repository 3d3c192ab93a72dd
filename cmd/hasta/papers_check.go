package main

import (
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/offboarding"
)

// Check implements app.Checker: it judges the letter itself, as it is read on its
// page, in its mail and in the plain part of that.
func (p papers) Check(x app.Paper, to app.DocumentDelivery, later *app.Paper, law *jurisdiction.Effective) []app.DocumentCheck {
	var out []app.DocumentCheck
	for _, f := range p.judge(x, to, later, law) {
		out = append(out, app.DocumentCheck{
			Rule: f.Rule, Param: f.Param, Result: f.Result, Severity: string(f.Severity), Lacks: f.Lacks, Later: string(f.Later), Why: f.Why, Maybe: f.Maybe,
		})
	}
	return out
}

func (p papers) judge(x app.Paper, to app.DocumentDelivery, later *app.Paper, law *jurisdiction.Effective) []document.Finding {
	var rest *document.Letter
	if later != nil {
		l := p.letter(*later)
		rest = &l
	}
	return document.Check(p.letter(x), p.delivered(x, to), rest, law)
}

// onPage are the links of letters that lead to a page on which the letter is read
// too, and from which it can be fetched as a PDF.
var onPage = map[string]string{"receipt": "case", "certificate": "certificate"}

// delivered is how a letter reaches somebody: by mail, on the page on which they
// asked or to which it leads, and as a PDF where one goes along or can be fetched.
func (p papers) delivered(x app.Paper, to app.DocumentDelivery) document.Delivery {
	d := document.Delivery{Media: []string{"email"}, Spoken: to.Spoken, Asked: askedBy(x.Request), Kept: to.Chosen || !p.ours(to.To)}
	online := x.Request.Channel == offboarding.Public || x.Request.Channel == offboarding.Host
	if page := x.Links[onPage[x.Kind]] != ""; x.Kind == "ack" && online || page && onPage[x.Kind] != "" {
		d.Media = append(d.Media, "page")
	}
	if withPaper(x) || slices.Contains(d.Media, "page") && onPage[x.Kind] != "" {
		d.Media = append(d.Media, "pdf")
	}
	return d
}

// ours reports whether an address is at the domain of the company: one that it
// gives to customers is closed with the service.
func (p papers) ours(address string) bool {
	domain := func(s string) string { return strings.ToLower(s[strings.LastIndexByte(s, '@')+1:]) }
	c := p.company()
	own := domain(c.Email)
	return address != "" && own != "" && domain(address) == own
}

// askedBy is how it was asked for, as packs name it; empty: nobody asked.
func askedBy(r offboarding.Request) string {
	switch via(r) {
	case string(offboarding.Public), string(offboarding.Host):
		return "online"
	case "mail":
		return "email"
	case "phone":
		return "phone"
	case "letter":
		return "post"
	case "shop":
		return "store"
	}
	return ""
}
