package bundle_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"

	"hastaluego/internal/bundle"
)

// rows is a table as one takes it along: 32 MiB of JSON lines.
func rows() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 32<<20; i++ {
		fmt.Fprintf(&b, `{"id":%d,"invoice":"F-2026-%07d","customer":"cus_%x","amount":"%d.%02d","currency":"EUR","state":"%s","at":"2026-%02d-%02dT%02d:%02d:00Z"}`+"\n",
			i, i*7, i*2654435761, i*37%9000, i*13%100, []string{"paid", "open", "void"}[i%3], 1+i%12, 1+i%28, i%24, i*7%60)
	}
	return b.Bytes()
}

// BenchmarkPack packs the same bytes as the bundle does, with both checksums,
// and as archive/zip does without any, with this and with the standard library's
// deflate. MB/s are of what goes in; ratio is how much smaller it gets.
func BenchmarkPack(b *testing.B) {
	plain := rows()
	plainly := func(make func(io.Writer) (io.WriteCloser, error)) func(io.Writer) (int64, error) {
		return func(w io.Writer) (int64, error) {
			n := &counter{w: w}
			z := zip.NewWriter(n)
			z.RegisterCompressor(zip.Deflate, make)
			f, err := z.Create("x")
			if err != nil {
				return 0, err
			}
			if _, err := io.Copy(f, bytes.NewReader(plain)); err != nil {
				return 0, err
			}
			return n.n, z.Close()
		}
	}
	for _, c := range []struct {
		name string
		pack func(io.Writer) (int64, error)
	}{
		{"bundle", func(w io.Writer) (int64, error) {
			p := bundle.NewPacker("data/x")
			if err := p.Fill(bytes.NewReader(plain), func(packed []byte, _ bundle.Mark) error { _, err := w.Write(packed); return err }); err != nil {
				return 0, err
			}
			packed, f, err := p.Close()
			if err != nil {
				return 0, err
			}
			_, err = w.Write(packed)
			return f.PackedSize, err
		}},
		{"zip-klauspost-1", plainly(func(w io.Writer) (io.WriteCloser, error) { return kflate.NewWriter(w, 1) })},
		{"zip-std-1", plainly(func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 1) })},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			var n int64
			for b.Loop() {
				var err error
				if n, err = c.pack(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(plain))/float64(n), "ratio")
		})
	}
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func BenchmarkCheck(b *testing.B) {
	var out bytes.Buffer
	plain := rows()
	if err := bundle.Write(&out, root, info, []bundle.File{{Name: "x", Body: plain}}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		if _, err := check(out.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
