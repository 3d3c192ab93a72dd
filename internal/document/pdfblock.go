package document

// block sets one part of a letter.
func (p *paper) block(b Block) {
	if b.Table != nil { // a total never stands apart from its sums, unless they fill a page
		if h := 42 + 13*float64(len(b.Table.Rows)); h < 200 {
			p.need(h)
		}
	}
	if b.Heading != "" {
		p.y += 4
		p.need(headStyle.lead + 12) // a heading never stands alone at the end
		p.flow(headStyle, left, wide, b.Heading)
		p.y += 1.5
	}
	for i, f := range b.Facts {
		p.fact(f, i == len(b.Facts)-1)
	}
	if b.Table != nil {
		p.table(*b.Table)
	}
	for _, it := range b.Items {
		p.item(it)
	}
	for _, s := range b.Paragraphs {
		p.flow(bodyStyle, left, wide, s)
		p.y += 1.5
	}
	if a := b.Action; a != nil {
		p.action(*a)
	}
	for _, v := range b.Verbatim {
		p.verbatim(v)
	}
	for _, x := range b.Pictures {
		p.picture(x)
	}
	if len(b.Signature) > 0 {
		p.y += 5
		p.need(float64(len(b.Signature)) * ledeStyle.lead)
		for _, s := range b.Signature {
			p.flow(ledeStyle, left, wide, s)
		}
	}
}

// fact sets a label beside its lines, ruled below unless it is the last.
func (p *paper) fact(f Fact, last bool) {
	labels := p.lines(labelStyle, f.Label, column-4)
	tall := len(p.lines(softStyle, f.Soft, wide-column))
	for _, s := range f.Lines {
		tall += len(p.lines(valueStyle, s, wide-column))
	}
	p.need(valueStyle.lead * float64(min(12, max(len(labels), tall)))) // what is read together stands together
	top := p.y
	for i, s := range labels {
		p.at(labelStyle, left, top+float64(i)*labelStyle.lead, s)
	}
	page := p.pdf.PageNo()
	for _, s := range f.Lines {
		p.flow(valueStyle, left+column, wide-column, s)
	}
	if f.Soft != "" {
		p.flow(softStyle, left+column, wide-column, f.Soft)
	}
	if p.pdf.PageNo() == page {
		p.y = max(p.y, top+float64(len(labels))*labelStyle.lead)
	}
	p.y += 2.4
	if !last {
		p.rule(p.y, hair, 0.2)
		p.y += 2.4
	}
}

// table sets a statement: amounts at the right edge, the total ruled.
func (p *paper) table(t Table) {
	const amounts = 42.0
	p.flow(softStyle, left, wide, t.Caption)
	p.y += 1.5
	row := func(r Row, s, sum style) {
		p.need(s.lead + whyStyle.lead)
		p.rightAt(sum, right, p.y, p.print(r.Amount))
		p.flow(s, left, wide-amounts, r.Label)
		if r.Why != "" {
			p.flow(whyStyle, left, wide-amounts, r.Why)
		}
		p.y += 1.6
	}
	for i, r := range t.Rows {
		row(r, labelStyle, valueStyle)
		if i < len(t.Rows)-1 {
			p.rule(p.y, hair, 0.2)
			p.y += 1.6
		}
	}
	p.need(totalStyle.lead + 3)
	p.rule(p.y, ink, 0.5)
	p.y += 1.8
	row(t.Total, totalStyle, totalStyle)
	if t.Note != "" {
		p.flow(softStyle, left, wide, t.Note)
	}
	p.y += 2
}

func (p *paper) item(it Item) {
	p.need(2 * bodyStyle.lead)
	if it.Over {
		p.tick(left+0.4, p.y+bodyStyle.lead/2, 1)
	} else {
		p.clock(left+2, p.y+bodyStyle.lead/2)
	}
	strong := valueStyle
	strong.size, strong.lead = bodyStyle.size, bodyStyle.lead
	x, w := left+8, wide-8
	lines := p.lines(strong, it.Strong+".", w)
	rest := p.lines(bodyStyle, it.Rest, w)
	if len(lines) == 1 && len(rest) == 1 { // both fit on one line nearly always
		p.use(strong)
		used := p.pdf.GetStringWidth(lines[0] + " ")
		p.use(bodyStyle)
		if used+p.pdf.GetStringWidth(rest[0]) <= w {
			p.at(strong, x, p.y, lines[0])
			p.at(bodyStyle, x+used, p.y, rest[0])
			p.y += bodyStyle.lead + 1.4
			return
		}
	}
	p.flow(strong, x, w, it.Strong+".")
	p.flow(bodyStyle, x, w, it.Rest)
	p.y += 1.4
}

// action sets a link as its words with the address below, so that it can also
// be typed from paper.
func (p *paper) action(a Action) {
	link := valueStyle
	link.color = teal
	for _, line := range p.lines(link, a.Label, wide) {
		p.need(link.lead)
		p.at(link, left, p.y, line)
		p.pdf.LinkString(left, p.y, p.pdf.GetStringWidth(line), link.lead, a.URL)
		p.y += link.lead
	}
	p.flow(rawStyle, left, wide, a.URL)
	if a.Note != "" {
		p.flow(softStyle, left, wide, a.Note)
	}
	p.y += 2
}

func (p *paper) verbatim(v Verbatim) {
	p.need(2 * rawStyle.lead)
	for i, s := range p.lines(footStyle, v.Label, column-4) {
		p.at(footStyle, left, p.y+float64(i)*footStyle.lead, s)
	}
	for _, s := range v.Lines {
		if s == "" { // an empty line is part of a signed note
			p.y += rawStyle.lead
			continue
		}
		p.flow(rawStyle, left+column, wide-column, s)
	}
	p.y += 1.2
}
