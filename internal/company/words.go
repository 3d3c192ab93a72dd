package company

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// reworded are the parts of the catalogue that a company may say in its own
// words: what customers read on pages and in letters. Faults are not among them.
var reworded = []string{"portal.", "document.", "mail."}

// fixed are codes there that name files, build sentences, or say how far
// something is: done is not verified, whoever says it.
var fixed = []string{
	"document.certificate.file", "document.report.file", "document.per.", "document.subscription", "document.state.", "portal.stop.", "portal.proof.", "portal.every.",
}

// needed are words that the law, or exit first, wants said: the acknowledgement,
// the receipt, the way back and "that was not me". What the pages of the way out
// say stands in the flow, which is checked as a whole.
var needed = []string{
	"portal.receipt.", "portal.undo.", "portal.not_me.", "document.ack.", "document.receipt.",
	"document.confirm.", "document.not_me", "document.undo", "document.complain", "mail.complain",
}

// optional are slots that a company may leave out: names, which it knows.
var optional = []string{"company", "name", "product", "plan", "signer", "subject"}

// Speaks reports whether there are words for customers in a language.
func Speaks(lang string) bool { return text.Speaks(lang) }

// Languages are those that customers are spoken to in.
func Languages() []string { return text.CustomerLangs() }

// Spoken is the language in which somebody is spoken to who speaks one, which may
// be none or have a region, by a company whose own is another.
func Spoken(theirs, ours string) string { return text.Pick(text.CustomerLangs(), theirs, "", ours) }

// StaffLanguage is the language in which people of a company whose customers are
// spoken to in another read what we tell them.
func StaffLanguage(lang string) string { return text.StaffLang(lang) }

// MayReword reports whether a key of the catalogue may be said in other words.
func MayReword(key string) bool {
	starts := func(list []string) bool {
		return slices.ContainsFunc(list, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
	}
	return starts(reworded) && !starts(fixed)
}

// Needed reports whether the law, or exit first, wants the words of a key said.
func Needed(key string) bool {
	return slices.ContainsFunc(needed, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// Keys are the keys that may be said in other words, in order.
func Keys(lang string) (list []string) {
	for _, prefix := range reworded {
		for _, key := range text.Keys(lang, prefix) {
			if MayReword(key) {
				list = append(list, key)
			}
		}
	}
	slices.Sort(list)
	return list
}

// mostWords is how long own words may be: twice ours, and never less than this.
const mostWords = 120

// letters counts the letters of a text outside its slots.
func letters(s string) (n int) {
	for _, slot := range text.Slots(s) {
		s = strings.ReplaceAll(s, "{"+slot+"}", "")
	}
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// gap reports whether a character parts words and may be written as another: the
// spaces that keep what is on either side together stay.
func gap(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// CheckWords returns own words for a key made tidy; nothing, or what we say, is
// nothing: ours. They have every slot that ours have but for names, no other, no
// markup, and about our length.
func CheckWords(lang, key, typed string) (string, *fault.Error) {
	ours := text.Ours(lang, key)
	if ours == "" || !MayReword(key) {
		return "", fault.New(fault.NotFound, "not_found")
	}
	s := strings.Join(strings.FieldsFunc(typed, gap), " ")
	if s == "" || s == ours {
		return "", nil
	}
	most := max(mostWords, 2*utf8.RuneCountInString(ours))
	has, wants := text.Slots(s), text.Slots(ours)
	switch {
	case !plain(s):
		return "", fault.New(fault.Invalid, "field.invalid")
	case strings.ContainsAny(s, "<>"):
		return "", fault.New(fault.Invalid, "words.markup")
	case utf8.RuneCountInString(s) > most:
		return "", fault.New(fault.Invalid, "field.too_long", "max", most)
	case letters(s) < min(2, letters(ours)):
		return "", fault.New(fault.Invalid, "words.nothing")
	}
	bare := s
	for _, slot := range has {
		if !slices.Contains(wants, slot) {
			return "", fault.New(fault.Invalid, "words.slot_unknown", "slot", clip(slot))
		}
		bare = strings.ReplaceAll(bare, "{"+slot+"}", "")
	}
	if strings.ContainsAny(bare, "{}") {
		return "", fault.New(fault.Invalid, "words.brace")
	}
	for _, slot := range wants {
		if !slices.Contains(has, slot) && !slices.Contains(optional, slot) {
			return "", fault.New(fault.Invalid, "words.slot_missing", "slot", slot)
		}
	}
	return s, nil
}
