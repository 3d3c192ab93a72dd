package document

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // pictures may be PNG

	"codeberg.org/go-pdf/fpdf"
)

// mostPixels is how large a picture may be to be drawn.
const mostPixels = 40_000_000

// jpegOf draws a picture anew on white, as every reader can show it; nil if it
// is none. What else was in the file is left behind.
func jpegOf(body []byte) (out []byte, size image.Point) {
	c, _, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width*c.Height > mostPixels {
		return nil, image.Point{}
	}
	src, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, image.Point{}
	}
	flat := image.NewRGBA(src.Bounds())
	draw.Draw(flat, flat.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), src, src.Bounds().Min, draw.Over)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, flat, &jpeg.Options{Quality: 85}); err != nil {
		return nil, image.Point{}
	}
	return b.Bytes(), flat.Bounds().Size()
}

// picture sets an image with its name below, never larger than a third of a
// page. One that cannot be read is named all the same.
func (p *paper) picture(x Picture) {
	body, size := jpegOf(x.Body)
	if body != nil {
		w := wide
		h := w * float64(size.Y) / float64(size.X)
		if most := (bottom - 26) / 3; h > most {
			w, h = w*most/h, most
		}
		p.need(h + softStyle.lead + 4)
		o := fpdf.ImageOptions{ImageType: "JPG"}
		p.pdf.RegisterImageOptionsReader(x.Name+digits(int64(len(p.pictures))), o, bytes.NewReader(body))
		p.pdf.ImageOptions(x.Name+digits(int64(len(p.pictures))), left, p.y, w, h, false, o, 0, "")
		p.pictures = append(p.pictures, x.Name)
		p.y += h + 1.5
	}
	p.flow(softStyle, left, wide, x.Name)
	p.y += 3
}
