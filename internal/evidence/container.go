package evidence

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A pack is a ZIP of one form only: its files one after the other, stored as
// they are, with nothing between them, the directory, and the end. So its bytes
// follow from the names and bodies of the files, and a change of any byte of
// the ZIP itself is found as a change of a file is.

// Limits of a pack: whoever opens a file of a stranger needs no more memory.
const (
	MaxPack  = 512 << 20
	maxFile  = 64 << 20
	maxFiles = 4096
	maxName  = 120
)

type file struct {
	name string
	body []byte
}

const (
	localSize     = 30
	directorySize = 46
	zipVersion    = 20       // needed to read it, and made by
	zipDay        = 1<<5 | 1 // 1980-01-01, the first that a ZIP knows
)

// common appends what a file's header and its line in the directory share.
func common(b []byte, f file) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, zipVersion)
	b = append(b, 0, 0, 0, 0, 0, 0) // flags, stored, midnight
	b = le.AppendUint16(b, zipDay)
	b = le.AppendUint32(b, crc32.ChecksumIEEE(f.body))
	b = le.AppendUint32(b, uint32(len(f.body)))
	b = le.AppendUint32(b, uint32(len(f.body)))
	b = le.AppendUint16(b, uint16(len(f.name)))
	return append(b, 0, 0) // no extra field
}

// headerOf is what stands before the body of a file.
func headerOf(f file) []byte {
	return append(common([]byte("PK\x03\x04"), f), f.name...)
}

// directoryOf is what stands behind the last file.
func directoryOf(files []file) []byte {
	le := binary.LittleEndian
	var b []byte
	at := 0
	for _, f := range files {
		b = append(b, "PK\x01\x02"...)
		b = le.AppendUint16(b, zipVersion)
		b = common(b, f)
		b = append(b, make([]byte, 10)...) // no comment, disk 0, no attributes
		b = le.AppendUint32(b, uint32(at))
		b = append(b, f.name...)
		at += localSize + len(f.name) + len(f.body)
	}
	size := len(b)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00"...)
	b = le.AppendUint16(b, uint16(len(files)))
	b = le.AppendUint16(b, uint16(len(files)))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(at))
	return append(b, 0, 0) // no comment
}

// goodName reports whether a file of a pack may have the name: small letters,
// figures, dots, dashes, underscores, in folders; nothing that leads elsewhere.
func goodName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' {
			return false
		}
		for i := range len(part) {
			if c := part[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// unpack reads the files of a pack in their order. What is not written as pack
// writes it is refused, with what is wrong and where.
func unpack(raw []byte) ([]file, *flaw) {
	if len(raw) > MaxPack {
		return nil, wrong("container.too_large", "")
	}
	if !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return nil, wrong("container.not_zip", "")
	}
	le := binary.LittleEndian
	var files []file
	taken := map[string]bool{}
	rest := raw
	for bytes.HasPrefix(rest, []byte("PK\x03\x04")) {
		at := len(raw) - len(rest)
		if len(rest) < localSize {
			return nil, wrong("container.cut", "", "at", at)
		}
		flags, method := le.Uint16(rest[6:]), le.Uint16(rest[8:])
		size, named, extra := int64(le.Uint32(rest[22:])), int(le.Uint16(rest[26:])), int(le.Uint16(rest[28:]))
		if len(rest) < localSize+named {
			return nil, wrong("container.cut", "", "at", at)
		}
		name := string(rest[localSize : localSize+named])
		switch {
		case len(files) == maxFiles:
			return nil, wrong("container.too_many", "", "most", maxFiles)
		case !goodName(name):
			return nil, wrong("container.name", "", "name", printable(name), "at", at)
		case taken[name]:
			return nil, wrong("container.twice", name)
		case flags&1 != 0:
			return nil, wrong("container.encrypted", name)
		case method != 0:
			return nil, wrong("container.packed", name)
		case flags != 0 || extra != 0:
			return nil, wrong("container.header", name, "at", at)
		case size > maxFile:
			return nil, wrong("container.too_large", name)
		case int64(len(rest)-localSize-named) < size:
			return nil, wrong("container.cut", name, "at", at)
		}
		f := file{name, rest[localSize+named : int64(localSize+named)+size]}
		if le.Uint32(rest[14:]) != crc32.ChecksumIEEE(f.body) {
			return nil, wrong("container.checksum", name)
		}
		if header := headerOf(f); !bytes.Equal(rest[:len(header)], header) {
			return nil, wrong("container.header", name, "at", at)
		}
		taken[name] = true
		files = append(files, f)
		rest = rest[int64(localSize+named)+size:]
	}
	directory := directoryOf(files)
	switch {
	case bytes.Equal(rest, directory):
		return files, nil
	case bytes.HasPrefix(rest, directory):
		return nil, wrong("container.trailing", "", "at", len(raw)-len(rest)+len(directory))
	case bytes.HasPrefix(directory, rest):
		return nil, wrong("container.cut", "", "at", len(raw))
	}
	n := 0
	for n < len(rest) && n < len(directory) && rest[n] == directory[n] {
		n++
	}
	return nil, wrong("container.directory", "", "at", len(raw)-len(rest)+n)
}

// printable is a name that a stranger chose, as it may be shown.
func printable(name string) string {
	if len(name) > 60 {
		name = name[:60]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
}
