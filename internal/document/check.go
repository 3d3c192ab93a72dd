package document

import (
	"maps"
	"slices"
	"strings"

	"hastaluego/internal/jurisdiction"
)

// Delivery is how letters of a kind reach people, which the letter itself does
// not say.
type Delivery struct {
	Media  []string // page, email, pdf
	Kept   bool     // to an address that the customer chose, which outlives the service
	Asked  string   // how it was asked for: online, email, phone, post, store; empty: not asked for
	Spoken string   // the language in which it was asked for
}

// Finding is what one rule about documents says of one letter.
type Finding struct {
	Rule     string
	Param    string
	Kind     Kind
	Lang     string
	Result   jurisdiction.Result
	Severity jurisdiction.Severity
	Lacks    []string // contents that the letter has not, or words of a set that it may not have
	Place    string   // where it says it, in its own words; empty: nowhere
	Later    Kind     // the letter in which some of it follows; empty: all is here
	Why      string   // code of why it is not known; empty: it is
	Maybe    []string // facts that would have to be known to say whether the rule holds; none: it does
}

// Blocks reports whether nothing may be published with it.
func (f Finding) Blocks() bool {
	return f.Result == jurisdiction.Fail && f.Severity == jurisdiction.Block && len(f.Maybe) == 0
}

// look is how a parameter is seen in letters of some kinds.
type look struct {
	kinds []Kind
	see   func(seen) (jurisdiction.Value, Content, bool)
}

// seen is a letter that is looked at. said is what it says in every form in
// which it is read.
type seen struct {
	Letter
	Delivery
	said map[Content]Passage
	want jurisdiction.Value
}

var receipts = []Kind{KindAck, KindReceipt}

func flag(on bool) jurisdiction.Value { return jurisdiction.Value{On: on} }

// says is a flag: the letter says the content.
func says(c Content) func(seen) (jurisdiction.Value, Content, bool) {
	return func(s seen) (jurisdiction.Value, Content, bool) {
		_, ok := s.said[c]
		return flag(ok), c, true
	}
}

// looks are the parameters that a letter of ours can keep or break.
var looks = map[string]look{
	"ack.contents": {receipts, func(s seen) (jurisdiction.Value, Content, bool) {
		var words []string
		for c := range maps.Keys(s.said) {
			words = append(words, string(c))
		}
		return jurisdiction.Value{Words: words}, "", true
	}},
	"ack.code": {receipts, says(SaysCode)},
	"ack.medium": {receipts, func(s seen) (jurisdiction.Value, Content, bool) {
		return jurisdiction.Value{Words: s.Media}, "", true
	}},
	"ack.durable": {receipts, func(s seen) (jurisdiction.Value, Content, bool) {
		return flag(slices.Contains(s.Media, "email") || slices.Contains(s.Media, "pdf")), "", true
	}},
	"ack.channel_of_choice": {receipts, sameWay},
	"ack.same_medium":       {receipts, sameWay},
	"ack.address_survives":  {receipts, func(s seen) (jurisdiction.Value, Content, bool) { return flag(s.Kept), "", true }},
	"ack.time_precision": {receipts, func(s seen) (jurisdiction.Value, Content, bool) {
		return jurisdiction.Value{Word: precision(s.said[SaysInstant])}, SaysInstant, true
	}},
	"ack.language":  {receipts, inTheirLanguage},
	"case.language": {receipts, inTheirLanguage},
	"case.proof_on_request": {receipts, func(s seen) (jurisdiction.Value, Content, bool) {
		_, what := s.said[SaysDeclaration]
		_, at := s.said[SaysInstant]
		return flag(what && at), SaysDeclaration, true
	}},
	"notice.contents": {[]Kind{KindNotice}, func(s seen) (jurisdiction.Value, Content, bool) {
		var words []string
		for c := range maps.Keys(s.said) {
			words = append(words, string(c))
		}
		return jurisdiction.Value{Words: words}, "", true
	}},
	"notice.medium": {[]Kind{KindNotice}, func(s seen) (jurisdiction.Value, Content, bool) {
		return jurisdiction.Value{Words: s.Media}, "", true
	}},
	"erase.proof_to_subject":       {[]Kind{KindCertificate}, says(SaysErased)},
	"erase.proof_names_recipients": {[]Kind{KindCertificate}, says(SaysRecipients)},
	"erase.exceptions":             {[]Kind{KindCertificate}, grounds},
	"winback.opt_out.each_message": {[]Kind{KindWinback}, says(SaysOptOut)},
	"winback.opt_out.free":         {[]Kind{KindWinback}, says(SaysOptOut)}, // a link, which costs nothing
	"winback.labelled":             {[]Kind{KindWinback}, says(SaysCommercial)},
	"winback.sender_named":         {[]Kind{KindWinback}, says(SaysSender)},
	"winback.postal_address":       {[]Kind{KindWinback}, says(SaysPostal)},
}

// NoGround stands among the grounds of a certificate for each thing that stays
// without saying why it may.
const NoGround = "no_ground"

// grounds are those on which a certificate keeps something: only what it says, in
// every form in which it is read. One that was made before they were kept says
// nothing about them.
func grounds(s seen) (jurisdiction.Value, Content, bool) {
	forms := s.forms()
	v, any := jurisdiction.Value{}, false
	for _, b := range s.Blocks {
		for _, f := range b.Facts {
			if !f.Keeps {
				continue
			}
			ground := f.Ground
			if any = true; ground == "" || f.GroundSays == "" || !forms.all(f.GroundSays, b.Mailed) {
				ground = NoGround
			}
			if !slices.Contains(v.Words, ground) {
				v.Words = append(v.Words, ground)
			}
		}
	}
	return v, "", any
}

func sameWay(s seen) (jurisdiction.Value, Content, bool) {
	if s.Asked != "online" && s.Asked != "email" { // what was said or written by hand is answered by mail: a person decides
		return jurisdiction.Value{}, "", false
	}
	return flag(slices.Contains(s.Media, "email")), "", true
}

func inTheirLanguage(s seen) (jurisdiction.Value, Content, bool) {
	if s.Spoken == "" {
		return jurisdiction.Value{}, "", false
	}
	return flag(s.Lang == s.Spoken), "", true
}

// unseen is why a parameter could not be seen in a letter where it could not.
var unseen = map[string]string{
	"ack.channel_of_choice": "asked", "ack.same_medium": "asked", "ack.language": "spoken", "case.language": "spoken", "ack.address_survives": "address",
	"erase.exceptions": "grounds",
}

// elsewhere are the parameters about documents that no letter of ours is, and
// why not. A test says that every one is here or above.
var elsewhere = map[string]string{
	"notice.on_bill":            "bills",  // we write none
	"dsr.refusal_names_routes":  "person", // a person writes why something is refused
	"case.reasoned_answer":      "person",
	"case.refusal_names_adr":    "person",
	"export.format":             "bundle", // the bundle is CSV and JSON; its README says so
	"export.scope":              "bundle",
	"export.redacts_others":     "bundle",
	"switch.contract":           "contract",
	"switch.information":        "contract",
	"winback.opt_out.works.min": "links",
}

// Look reports how a parameter about documents is looked at: the kinds of letter
// that it is about, or why none is; neither: nobody decided that.
func Look(param string) (kinds []Kind, why string) { return looks[param].kinds, elsewhere[param] }

// Check judges a letter by every rule about documents that holds or may hold:
// pass, fail or unknown, each with its place. One that may hold is judged as if
// it did, and names the facts that would tell. later is the letter in which the
// rest follows for whoever this one knows nothing of yet; nil: none does. A
// content counts only where the page, the mail and its plain part all say it in
// the same words.
func Check(l Letter, d Delivery, later *Letter, law *jurisdiction.Effective) (out []Finding) {
	s := seen{Letter: l, Delivery: d, said: everywhere(l, d)}
	var rest map[Content]Passage
	if later != nil {
		rest = everywhere(*later, d)
	}
	for _, a := range law.Rules(jurisdiction.Document) {
		r := a.Rule
		x, ok := looks[r.Param.Name]
		if !ok || !slices.Contains(x.kinds, l.Kind) {
			continue
		}
		f := Finding{Rule: r.ID, Param: r.Param.Name, Kind: l.Kind, Lang: l.Lang, Severity: a.Severity, Maybe: a.Missing}
		s.want = r.Value
		v, content, known := x.see(s)
		switch {
		case !known:
			f.Why = unseen[r.Param.Name]
		case r.Param.Name == "ack.contents" || r.Param.Name == "notice.contents":
			f.contents(r, s.said, rest, later)
		default:
			f.Result, f.Place = r.Param.Judge(r.Value, &v), s.said[content].Place
			if f.Result == jurisdiction.Fail && r.Param.Kind == jurisdiction.Set {
				f.Lacks = without(v.Words, r.Value.Words)
			}
		}
		out = append(out, f)
	}
	return out
}

// contents judges what a letter must say, and what the next one says for it.
func (f *Finding) contents(r *jurisdiction.Rule, said, rest map[Content]Passage, later *Letter) {
	var places []string
	f.Result = jurisdiction.Pass
	for _, w := range r.Value.Words {
		p, here := said[Content(w)]
		if !here {
			if p, here = rest[Content(w)]; here {
				f.Later = later.Kind
			}
		}
		switch {
		case !here:
			f.Lacks, f.Result = append(f.Lacks, w), jurisdiction.Fail
		case p.Place != "" && !slices.Contains(places, p.Place):
			places = append(places, p.Place)
		}
	}
	f.Place = strings.Join(places, " · ")
}

// forms are the words of a letter in each form in which it is read.
type forms struct {
	page, mailed, rich string
	onPage             bool // it is read on one
}

func formsOf(l Letter, d Delivery) forms {
	return forms{pageWords(HTML(l)), plainWords(MailText(l)), pageWords(MailHTML(l)), slices.Contains(d.Media, "page")}
}

func (s seen) forms() forms { return formsOf(s.Letter, s.Delivery) }

// all reports whether every form says the words; mailed: they belong on no page.
func (f forms) all(words string, mailed bool) bool {
	words = plainWords(words)
	onPage := !mailed && strings.Contains(f.page, words)
	return (!f.onPage || onPage) && strings.Contains(f.mailed, words) && strings.Contains(f.rich, words)
}

// everywhere is what a letter says in each form in which it is read.
func everywhere(l Letter, d Delivery) map[Content]Passage {
	f, said := formsOf(l, d), l.Contents()
	maps.DeleteFunc(said, func(_ Content, p Passage) bool {
		return slices.ContainsFunc(p.Words, func(w string) bool { return !f.all(w, p.Mailed) })
	})
	return said
}

func without(list, from []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(w string) bool { return slices.Contains(from, w) })
}
