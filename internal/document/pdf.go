package document

import (
	"bytes"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"

	"hastaluego/internal/fault"
)

// PDF renders the letter on A4: embedded fonts, selectable text, links, title,
// language and page numbers. What only a mail needs is left out. The same
// letter gives the same bytes. It fails only with fault.Internal.
func PDF(l Letter) ([]byte, error) {
	p := newPaper(l)
	p.letter()
	p.number()
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		return nil, fault.Wrap("document.PDF", err)
	}
	return b.Bytes(), nil
}

// Measures in millimetres.
const (
	pageW, pageH = 210.0, 297.0
	left, right  = 22.0, 188.0
	wide         = right - left
	bottom       = 268.0 // last base line of the text
	column       = 44.0  // width of the labels of facts
)

type rgb struct{ r, g, b int }

// The day colours of the design.
var (
	ink    = rgb{29, 39, 48}
	soft   = rgb{74, 84, 94}
	quiet  = rgb{90, 99, 108}
	hair   = rgb{228, 224, 216}
	green  = rgb{31, 106, 67}
	mint   = rgb{226, 244, 233}
	teal   = rgb{22, 96, 111}
	mist   = rgb{228, 242, 244}
	paperW = rgb{255, 255, 255}
)

// face of type: family, size in points, height of a line in millimetres.
type style struct {
	family string
	size   float64
	lead   float64
	color  rgb
}

var (
	brandStyle = style{"bold", 13, 6, ink}
	paperStyle = style{"regular", 9.5, 5, soft}
	badgeStyle = style{"medium", 9, 5, green}
	titleStyle = style{"bold", 23, 10, ink}
	ledeStyle  = style{"regular", 11.5, 6, soft}
	labelStyle = style{"regular", 10, 5.2, soft}
	valueStyle = style{"medium", 10, 5.2, ink}
	softStyle  = style{"regular", 9.5, 5.2, soft}
	bodyStyle  = style{"regular", 10.5, 5.6, ink}
	headStyle  = style{"bold", 13, 7, ink}
	whyStyle   = style{"regular", 8.5, 4.4, quiet}
	totalStyle = style{"bold", 11, 6, ink}
	codeStyle  = style{"monobold", 19, 8, ink}
	rawStyle   = style{"mono", 7.5, 4, soft}
	footStyle  = style{"regular", 8, 4, quiet}
)

var fonts = map[string][]byte{
	"regular": goregular.TTF, "medium": gomedium.TTF, "bold": gobold.TTF, "mono": gomono.TTF, "monobold": gomonobold.TTF,
}

type paper struct {
	l     Letter
	pdf   *fpdf.Fpdf
	y     float64         // where the next line begins
	boxed bool            // a character had no glyph
	fonts map[string]bool // that the paper holds

	pictures []string
}

func newPaper(l Letter) *paper {
	f := fpdf.New("P", "mm", "A4", "")
	p := &paper{l: l, pdf: f, fonts: map[string]bool{}}
	f.SetLang(l.Lang)
	f.SetTitle(Printable(l.Subject), true)
	f.SetAuthor(Printable(l.Company.LegalName), true)
	f.SetSubject(Printable(l.Paper), true)
	f.SetCreator("Hasta Luego", true)
	f.SetCreationDate(l.At.UTC())
	f.SetModificationDate(l.At.UTC())
	f.SetCatalogSort(true)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(left, 0, pageW-right)
	return p
}

// print makes text printable and remembers whether something was lost.
func (p *paper) print(s string) string {
	out := Printable(s)
	p.boxed = p.boxed || boxed(s, out)
	return out
}

// use sets in a style. Reading a font takes longer than the rest of a page, and
// what reads them keeps none for the next paper: only those that a paper sets in
// are read, and once.
func (p *paper) use(s style) {
	if !p.fonts[s.family] {
		// A copy: when it writes, fpdf renumbers composed glyphs in these bytes.
		p.pdf.AddUTF8FontFromBytes(s.family, "", bytes.Clone(fonts[s.family]))
		p.fonts[s.family] = true
	}
	p.pdf.SetFont(s.family, "", s.size)
	p.pdf.SetTextColor(s.color.r, s.color.g, s.color.b)
}

// at writes one line whose upper edge is y; the text stands in the middle of
// its line height.
func (p *paper) at(s style, x, y float64, line string) {
	if line == "" {
		return
	}
	p.use(s)
	p.pdf.Text(x, y+s.lead/2+s.size*0.352778*0.35, line)
}

// rightAt writes one line that ends at x.
func (p *paper) rightAt(s style, x, y float64, line string) {
	p.use(s)
	p.at(s, x-p.pdf.GetStringWidth(line), y, line)
}

// lines breaks printable text at spaces, and inside a word only where the word
// alone is too wide.
func (p *paper) lines(s style, txt string, w float64) []string {
	p.use(s)
	var out []string
	row := ""
	push := func() {
		if row != "" {
			out, row = append(out, row), ""
		}
	}
	for word := range strings.SplitSeq(p.print(txt), " ") {
		if word == "" {
			continue
		}
		joined := word
		if row != "" {
			joined = row + " " + word
		}
		if p.pdf.GetStringWidth(joined) <= w {
			row = joined
			continue
		}
		push()
		for _, r := range word {
			if row != "" && p.pdf.GetStringWidth(row+string(r)) > w {
				push()
			}
			row += string(r)
		}
	}
	push()
	return out
}

// need begins a new page unless h more millimetres fit on this one.
func (p *paper) need(h float64) {
	if p.y+h > bottom {
		p.page()
	}
}

// flow writes wrapped lines from the current place on, over pages.
func (p *paper) flow(s style, x, w float64, txt string) {
	for _, line := range p.lines(s, txt, w) {
		p.need(s.lead)
		p.at(s, x, p.y, line)
		p.y += s.lead
	}
}

func (p *paper) rule(y float64, c rgb, width float64) {
	p.pdf.SetDrawColor(c.r, c.g, c.b)
	p.pdf.SetLineWidth(width)
	p.pdf.Line(left, y, right, y)
}

// page begins a page with its head and foot.
func (p *paper) page() {
	p.pdf.AddPage()
	n := p.pdf.PageNo()
	p.stamp()
	p.brand()
	head := p.l.Paper
	if n > 1 && p.l.Code != "" {
		head += " · " + p.l.Code
	}
	p.rightAt(paperStyle, right, 13.5, p.print(head))

	p.rule(276, hair, 0.2)
	y := 278.5
	foot := p.l.Company.LegalName
	for _, s := range []string{p.l.Company.Address, p.l.Company.Phone} {
		if s != "" {
			foot += " · " + s
		}
	}
	for i, line := range p.lines(footStyle, foot, wide-34) {
		if i < 2 {
			p.at(footStyle, left, y+float64(i)*footStyle.lead, line)
		}
	}
	if p.y = 26; p.l.Rehearsal != "" {
		p.y = 30
	}
}

// number says on each page which it is, once it is known how many there are.
func (p *paper) number() {
	all := p.pdf.PageCount()
	for n := 1; n <= all; n++ {
		p.pdf.SetPage(n)
		p.rightAt(footStyle, right, 278.5, p.print(p.l.Doc("page", "page", n, "pages", all)))
	}
}

// brand is the company's logo, or its name.
func (p *paper) brand() {
	const tall, broad = 9.0, 60.0
	body, size := jpegOf(p.l.Company.Logo)
	if body == nil {
		p.at(brandStyle, left, 13, p.print(p.l.Company.Name))
		return
	}
	h := tall
	w := h * float64(size.X) / float64(size.Y)
	if w > broad {
		w, h = broad, h*broad/w
	}
	o := fpdf.ImageOptions{ImageType: "JPG"}
	p.pdf.RegisterImageOptionsReader("logo", o, bytes.NewReader(body))
	p.pdf.ImageOptions("logo", left, 11.5, w, h, false, o, 0, "")
}

func (p *paper) letter() {
	p.page()
	p.top()
	for _, b := range p.l.Blocks {
		if !b.Mailed {
			p.block(b)
		}
	}
	if p.boxed {
		p.y += 3
		p.need(2 * footStyle.lead)
		p.flow(footStyle, left, wide, p.l.Doc("unprintable"))
	}
}

// top is the head of the receipt: state, title, lede and code on a tinted
// ground above a line to tear along.
func (p *paper) top() {
	const pad = 9.0
	bar, ground := green, mint
	if p.l.Badge == "" {
		bar, ground = teal, mist
	}
	titles := p.lines(titleStyle, p.l.Title, wide-2*pad)
	ledes := p.lines(ledeStyle, p.l.Lede, wide-2*pad)
	h := pad + float64(len(titles))*titleStyle.lead + 2 + float64(len(ledes))*ledeStyle.lead + pad
	if p.l.Badge != "" {
		h += 9
	}
	if p.l.Code != "" {
		h += 4 + labelStyle.lead + codeStyle.lead
	}
	h = min(h, bottom-p.y-10)
	f := p.pdf
	f.LinearGradient(left, p.y, wide, h, ground.r, ground.g, ground.b, 255, 255, 255, 0, 1, 0, 0)
	f.SetFillColor(bar.r, bar.g, bar.b)
	f.Rect(left, p.y, wide, 1.3, "F")
	end := p.y + h
	p.y += pad
	x := left + pad
	if p.l.Badge != "" {
		badge := p.print(p.l.Badge)
		p.use(badgeStyle)
		w := f.GetStringWidth(badge)
		f.SetDrawColor(159, 211, 181)
		f.SetFillColor(paperW.r, paperW.g, paperW.b)
		f.SetLineWidth(0.25)
		f.RoundedRect(x, p.y-1, w+10, 6, 3, "1234", "FD")
		p.tick(x+2.6, p.y+2, 0.8)
		p.at(badgeStyle, x+7, p.y-0.5, badge)
		p.y += 9
	}
	for _, t := range titles {
		p.at(titleStyle, x, p.y, t)
		p.y += titleStyle.lead
	}
	p.y += 2
	for _, t := range ledes {
		if p.y+ledeStyle.lead > bottom { // a lede of several pages goes on below
			p.page()
			end = p.y
		}
		p.at(ledeStyle, x, p.y, t)
		p.y += ledeStyle.lead
	}
	if p.l.Code != "" {
		p.y += 4
		p.at(labelStyle, x, p.y, p.print(p.l.Doc("code")))
		p.y += labelStyle.lead
		p.at(codeStyle, x, p.y, p.print(p.l.Code))
		p.y += codeStyle.lead
	}
	p.y = max(p.y, end-2)
	p.tear()
}

func (p *paper) tear() {
	f := p.pdf
	f.SetDrawColor(200, 194, 182)
	f.SetLineWidth(0.4)
	f.SetDashPattern([]float64{1.6, 1.4}, 0)
	f.Line(left, p.y, right, p.y)
	f.SetDashPattern(nil, 0)
	p.y += 5
}

// tick draws a check mark of about four times scale; a font's could be missing.
func (p *paper) tick(x, y, scale float64) {
	f := p.pdf
	f.SetDrawColor(green.r, green.g, green.b)
	f.SetLineWidth(0.55 * scale)
	f.SetLineCapStyle("round")
	f.SetLineJoinStyle("round")
	f.MoveTo(x, y+0.2*scale)
	f.LineTo(x+1.2*scale, y+1.4*scale)
	f.LineTo(x+3.6*scale, y-1.4*scale)
	f.DrawPath("D")
	f.SetLineCapStyle("butt")
}

// clock draws the sign for what is still to come.
func (p *paper) clock(x, y float64) {
	f := p.pdf
	f.SetDrawColor(quiet.r, quiet.g, quiet.b)
	f.SetLineWidth(0.35)
	f.Circle(x, y, 1.6, "D")
	f.MoveTo(x, y-1)
	f.LineTo(x, y)
	f.LineTo(x+0.8, y+0.5)
	f.DrawPath("D")
}
