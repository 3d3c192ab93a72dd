package theme

import (
	"encoding/binary"
	"errors"
	"math"
)

// A model as bytes, all numbers little endian:
//
//	"HLTH" 1                     what it is, and the version of this form
//	labels u8, each: length u8, bytes         sorted, none twice
//	sharp f64
//	by label: bias f64, scale f64
//	features u32
//	keys u32 each, ascending; rarity u16 each; weights i16 each, by feature, then by label
//
// There is one form for a model: bytes that are read are written the same again.
const (
	magic   = "HLTH"
	version = 1
)

// MarshalBinary writes it.
func (m *Model) MarshalBinary() ([]byte, error) {
	b := append([]byte(magic), version, byte(len(m.labels)))
	for _, l := range m.labels {
		b = append(append(b, byte(len(l))), l...)
	}
	b = f64(b, m.sharp)
	for i := range m.labels {
		b = f64(f64(b, m.bias[i]), m.scale[i])
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.keys)))
	for _, k := range m.keys {
		b = binary.LittleEndian.AppendUint32(b, k)
	}
	for _, r := range m.rarity {
		b = binary.LittleEndian.AppendUint16(b, r)
	}
	for _, w := range m.weights {
		b = binary.LittleEndian.AppendUint16(b, uint16(w))
	}
	return b, nil
}

func f64(b []byte, x float64) []byte { return binary.LittleEndian.AppendUint64(b, math.Float64bits(x)) }

var errBytes = errors.New("theme: these bytes are no model of this version: train it again")

// UnmarshalBinary reads what MarshalBinary wrote. Bytes that are anything else
// are an error, and leave the model as it was.
func (m *Model) UnmarshalBinary(data []byte) error {
	b := &bytesLeft{data: data}
	if string(b.take(len(magic))) != magic || b.u8() != version {
		return errBytes
	}
	var n Model
	labels := b.u8()
	if labels < 2 || labels > mostLabels {
		return errBytes
	}
	for i := range labels {
		l := string(b.take(b.u8()))
		if l == Unknown || len(l) > longestLabel || i > 0 && l <= n.labels[i-1] {
			return errBytes
		}
		n.labels = append(n.labels, l)
	}
	if n.sharp = b.f64(); !(n.sharp >= dullest && n.sharp <= sharpest) {
		return errBytes
	}
	for range labels {
		bias, scale := b.f64(), b.f64()
		if !(math.Abs(bias) <= largest && scale >= 0 && scale <= largest) || math.Signbit(scale) {
			return errBytes
		}
		n.bias, n.scale = append(n.bias, bias), append(n.scale, scale)
	}
	features := int(b.u32())
	if b.short || len(b.data) != features*(4+2+2*labels) {
		return errBytes
	}
	n.keys, n.rarity, n.weights = make([]uint32, features), make([]uint16, features), make([]int16, features*labels)
	for i := range n.keys {
		if n.keys[i] = b.u32(); i > 0 && n.keys[i] <= n.keys[i-1] {
			return errBytes
		}
	}
	for i := range n.rarity {
		if n.rarity[i] = b.u16(); n.rarity[i] == 0 {
			return errBytes
		}
	}
	for i := range n.weights {
		n.weights[i] = int16(b.u16())
	}
	*m = n
	return nil
}

// largest is what no bias and no scale of a model comes near.
const largest = 1e6

// bytesLeft reads from the front; where nothing is left it gives zeros and
// remembers that.
type bytesLeft struct {
	data  []byte
	short bool
}

func (b *bytesLeft) take(n int) []byte {
	if n > len(b.data) {
		b.data, b.short = nil, true
		return make([]byte, n)
	}
	out := b.data[:n]
	b.data = b.data[n:]
	return out
}

func (b *bytesLeft) u8() int      { return int(b.take(1)[0]) }
func (b *bytesLeft) u16() uint16  { return binary.LittleEndian.Uint16(b.take(2)) }
func (b *bytesLeft) u32() uint32  { return binary.LittleEndian.Uint32(b.take(4)) }
func (b *bytesLeft) f64() float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b.take(8))) }
