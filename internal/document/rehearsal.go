package document

import "hastaluego/internal/text"

// Rehearsed is a letter to a test customer: its subject, and the top of every
// page, say that nothing of it is real. No word of the company can take that
// away. would is whom it would have reached; empty on what nobody was sent.
func Rehearsed(l Letter, would string) Letter {
	l.Subject = text.Say(l.Lang, "rehearsal.subject", "subject", l.Subject)
	l.Rehearsal = text.Say(l.Lang, "rehearsal.line")
	if would != "" {
		l.Rehearsal += " " + text.Say(l.Lang, "rehearsal.would", "to", clean(would))
	}
	return l
}

// stamp is the word across every page of a rehearsal.
func (p *paper) stamp() {
	if p.l.Rehearsal == "" {
		return
	}
	f, word := p.pdf, p.print(text.Say(p.l.Lang, "rehearsal.stamp"))
	const middle = 187 // below the head of the first page
	s := style{"bold", 92, 0, rgb{244, 226, 214}}
	p.use(s)
	w := f.GetStringWidth(word)
	f.TransformBegin()
	f.TransformRotate(50, pageW/2, middle)
	f.Text(pageW/2-w/2, middle+10, word)
	f.TransformEnd()
	for i, line := range p.lines(footStyle, p.l.Rehearsal, wide) {
		if i < 2 {
			p.at(style{"bold", footStyle.size, footStyle.lead, rgb{156, 60, 20}}, left, 20+float64(i)*footStyle.lead, line)
		}
	}
}
