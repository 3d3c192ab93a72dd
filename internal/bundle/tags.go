package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// File is a small file that is held in memory. For Write its name is the path
// below data/, for Tags the path below the root of the bag.
type File struct {
	Name string
	Body []byte
}

// Info is what bag-info.txt says.
type Info struct {
	Source     string // organisation
	Identifier string // of the case: HL-7K4M-29QX
	About      string
	Date       time.Time // of making
}

// Names of tag files that RFC 8493 gives.
const (
	bagitName = "bagit.txt"
	infoName  = "bag-info.txt"
)

// bagit is the whole of bagit.txt (RFC 8493 §2.1.1).
const bagit = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// Tags makes the tag files of a bag (RFC 8493) of its payload, whose names begin
// with data/, and of further files that stand beside it. They are to be packed
// as they come; the order is that in which they are best read.
func Tags(info Info, payload []Packed, beside ...Packed) ([]File, error) {
	if len(payload) == 0 {
		return nil, errors.New("bundle: a bag without payload has no data folder, and is none")
	}
	names := map[string]bool{bagitName: true, infoName: true}
	var octets int64
	for i, f := range slices.Concat(payload, beside) {
		if err := goodPath(f.Name); err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
		if inside := strings.HasPrefix(f.Name, "data/"); inside != (i < len(payload)) {
			return nil, fmt.Errorf("bundle: %q is payload when it lies below data/, and only then", f.Name)
		}
		if isManifest(f.Name) || f.Name == "fetch.txt" {
			return nil, fmt.Errorf("bundle: %q is a name that BagIt keeps for itself", f.Name)
		}
		key := nameKey(f.Name)
		if names[key] {
			return nil, fmt.Errorf("bundle: %q stands twice", f.Name)
		}
		names[key] = true
		if i < len(payload) {
			octets += f.Size
		}
	}
	tags := []File{
		{bagitName, []byte(bagit)},
		{infoName, fmt.Appendf(nil, "Source-Organization: %s\nExternal-Identifier: %s\nExternal-Description: %s\nBagging-Date: %s\nPayload-Oxum: %d.%d\n",
			line(info.Source), line(info.Identifier), line(info.About), info.Date.UTC().Format(time.DateOnly), octets, len(payload))},
		{"manifest-sha256.txt", manifest(payload, sum256)},
		{"manifest-sha512.txt", manifest(payload, sum512)},
	}
	all := slices.Clone(beside)
	for _, t := range tags {
		_, f, err := packWhole(t.Name, t.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return append(tags, File{"tagmanifest-sha256.txt", manifest(all, sum256)}, File{"tagmanifest-sha512.txt", manifest(all, sum512)}), nil
}

func isManifest(name string) bool {
	return !strings.Contains(name, "/") && strings.HasSuffix(name, ".txt") && (strings.HasPrefix(name, "manifest-") || strings.HasPrefix(name, "tagmanifest-"))
}

// line is text on one line of a tag file.
func line(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ") }

func sum256(f Packed) string { return f.SHA256 }
func sum512(f Packed) string { return f.SHA512 }

// manifest lists files with their checksums, by name; RFC 8493 §2.1.3 writes %
// as %25, and ends of line, which no name of ours has.
func manifest(files []Packed, sum func(Packed) string) []byte {
	files = slices.SortedFunc(slices.Values(files), func(a, b Packed) int { return cmp.Compare(a.Name, b.Name) })
	var b []byte
	for _, f := range files {
		b = append(b, sum(f)...)
		b = append(b, "  "...)
		b = append(b, strings.ReplaceAll(f.Name, "%", "%25")...)
		b = append(b, '\n')
	}
	return b
}
