package company

import (
	"encoding/hex"
	"fmt"
	"math"
)

// Shades are the colours that one brand colour becomes on a ground: each reaches
// the contrast that its use needs (WCAG 2.2, 1.4.3 and 1.4.11).
type Shades struct {
	Go, GoHover, OnGo string // the button that is meant, under the pointer, and its words: 4.5:1
	Edge              string // what is chosen, and marks: 3:1 on every ground
	Ink               string // links: 4.5:1 on every ground, and on Soft
	Soft, Line        string // a tinted ground, and its edge
}

// Theme is a brand colour by day and by night, and whether it had to move.
type Theme struct {
	Day, Night Shades
	Adjusted   bool // the colour as it was chosen would have been too weak for buttons by day
}

// The grounds of the pages: the strongest and the weakest one of each theme, so
// that what is readable on both is readable between.
var (
	white, paper = rgb{255, 255, 255}, rgb{233, 230, 223}
	dusk, night  = rgb{44, 51, 57}, rgb{16, 24, 29}
	inkOn        = rgb{12, 18, 22}
)

const (
	legible = 4.5 // contrast of words
	visible = 3.0 // contrast of edges and marks
)

// rgb is a colour by its three parts, 0 to 255.
type rgb struct{ r, g, b int }

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

func parseColour(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	parts, err := hex.DecodeString(s[1:])
	if err != nil {
		return rgb{}, false
	}
	return rgb{int(parts[0]), int(parts[1]), int(parts[2])}, true
}

// luminance is the relative luminance of WCAG.
func (c rgb) luminance() float64 {
	lin := func(v int) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.r) + 0.7152*lin(c.g) + 0.0722*lin(c.b)
}

func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Contrast is the ratio between two colours written as #rrggbb, 1 to 21; 0 where
// one is none.
func Contrast(a, b string) float64 {
	x, ok := parseColour(a)
	y, also := parseColour(b)
	if !ok || !also {
		return 0
	}
	return contrast(x, y)
}

// mix goes n of 100 parts of the way from c to d.
func (c rgb) mix(d rgb, n int) rgb {
	at := func(a, b int) int { return (a*(100-n) + b*n + 50) / 100 }
	return rgb{at(c.r, d.r), at(c.g, d.g), at(c.b, d.b)}
}

// toward moves c to d in the smallest steps until it has the contrast on every
// ground.
func (c rgb) toward(d rgb, least float64, grounds ...rgb) rgb {
	for n := range 101 {
		m := c.mix(d, n)
		good := true
		for _, g := range grounds {
			good = good && contrast(m, g) >= least
		}
		if good {
			return m
		}
	}
	return d
}

// words returns the words that are read best on a colour, which moves to the
// dark until they are read well enough.
func words(c rgb) (ground, on rgb) {
	switch {
	case contrast(c, white) >= legible:
		return c, white
	case contrast(c, inkOn) >= legible:
		return c, inkOn
	}
	return c.toward(rgb{}, legible, white), white
}

// hover is the colour under the pointer, on which the words stay readable.
func hover(ground, on rgb) rgb {
	away := rgb{}
	if on != white {
		away = white
	}
	return ground.mix(away, 14)
}

// ThemeOf makes the shades of a colour written as #rrggbb; false if it is none.
func ThemeOf(colour string) (Theme, bool) {
	c, ok := parseColour(colour)
	if !ok {
		return Theme{}, false
	}
	var t Theme
	button, on := words(c)
	t.Adjusted = button != c
	soft := white.mix(c, 8)
	t.Day = Shades{
		Go: button.String(), GoHover: hover(button, on).String(), OnGo: on.String(), Edge: c.toward(rgb{}, visible, white, paper).String(),
		Ink: c.toward(rgb{}, legible, white, paper, soft).String(), Soft: soft.String(), Line: white.mix(c, 40).String(),
	}
	lit, on := words(c.toward(white, visible, night, dusk))
	if contrast(lit, dusk) < visible { // darkened for white words: let dark words stand on a light button instead
		lit = c.toward(white, legible, inkOn, dusk)
		on = inkOn
	}
	softNight := night.mix(c, 18)
	t.Night = Shades{
		Go: lit.String(), GoHover: hover(lit, on).String(), OnGo: on.String(), Edge: c.toward(white, visible, night, dusk).String(),
		Ink: c.toward(white, legible, night, dusk, softNight).String(), Soft: softNight.String(), Line: night.mix(c, 45).String(),
	}
	return t, true
}
