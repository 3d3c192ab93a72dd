package company

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/draw"
	"image/png"

	"hastaluego/internal/fault"
)

// Bounds of a logo.
const (
	MaxLogo    = 200 << 10 // bytes of the file
	maxPixels  = 2048      // of an edge
	leastPixel = 16
)

// Logo is a picture that was read, checked and written anew: nothing in it came
// from elsewhere unread.
type Logo struct {
	Media  string // image/png or image/svg+xml
	Body   []byte
	Digest string // of Body, in hex
}

// ReadLogo reads a PNG or an SVG. What is in it beside the picture is left
// behind. Errors are fault.Invalid on the field logo; a file that is too large
// is fault.TooLarge.
func ReadLogo(file []byte) (Logo, error) {
	if len(file) > MaxLogo {
		return Logo{}, fault.New(fault.TooLarge, "logo.too_large", "max", MaxLogo>>10).On("logo")
	}
	media, body, err := "image/svg+xml", []byte(nil), error(nil)
	if bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")) {
		media = "image/png"
		body, err = readPNG(file)
	} else {
		body, err = readSVG(file)
	}
	if err != nil {
		return Logo{}, err
	}
	sum := sha256.Sum256(body)
	return Logo{media, body, hex.EncodeToString(sum[:])}, nil
}

// readPNG decodes the picture and encodes it again: what else a file can carry
// is gone, and so is what its tail may hide.
func readPNG(file []byte) ([]byte, error) {
	bad := func(err error) error {
		return fault.New(fault.Invalid, "logo.png").On("logo").At("company.readPNG", err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, bad(err)
	}
	if c.Width > maxPixels || c.Height > maxPixels || c.Width < leastPixel || c.Height < leastPixel {
		return nil, fault.New(fault.Invalid, "logo.pixels", "least", leastPixel, "most", maxPixels).On("logo")
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, bad(err)
	}
	flat := image.NewNRGBA(img.Bounds()) // eight bits, which every reader knows, the one of the PDF too
	draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, flat); err != nil {
		return nil, bad(err)
	}
	if b.Len() > 4*MaxLogo {
		return nil, fault.New(fault.TooLarge, "logo.too_large", "max", MaxLogo>>10).On("logo")
	}
	return b.Bytes(), nil
}
