package withdrawal

import (
	"hastaluego/internal/jurisdiction"
)

// Label is what a button must say, or may.
type Label struct {
	Text string // empty: no law prescribes words, and ours stand
	Lang string // the language of Text, which may not be the reader's
	Pack string // that prescribes it
	Only bool   // nothing else may stand there
}

// Labels are the words of the two buttons of the withdrawal function for a
// reader of the language: those that a pack prescribes in it; else, where a pack
// prescribes words in one language alone, those. Where a pack prescribes words
// in several languages and this is none of them, none are made up. Of several
// packs that prescribe words the first one's are taken here; a page shows a
// function for each.
func Labels(law *jurisdiction.Effective, lang string) (function, confirm Label) {
	return label(law, "withdraw.fn.label", lang), label(law, "withdraw.confirm.label", lang)
}

func label(law *jurisdiction.Effective, param, lang string) (l Label) {
	s, _ := law.Of(param)
	s = hoped(s) // where it is not known whether they are prescribed they do no harm
	in := map[string]int{}
	for _, w := range s.Value.Labels {
		in[w.Pack]++
	}
	for _, w := range s.Value.Labels {
		mine := w.Lang == lang
		if len(w.AnyOf) == 0 || !mine && in[w.Pack] > 1 {
			continue
		}
		if l.Text == "" || mine && l.Lang != lang {
			l = Label{w.AnyOf[0], w.Lang, w.Pack, w.Exclusive}
		}
	}
	return l
}
