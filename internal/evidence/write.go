package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/audit"
	"hastaluego/internal/fault"
)

// signedText is what is signed of a pack: three lines, the format, whose
// departure it is, and the SHA-256 of the manifest as it stands in the pack.
func signedText(code string, manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return Format + "\n" + code + "\n" + hex.EncodeToString(sum[:]) + "\n"
}

// Sign signs the manifest of a pack with the key of the log.
func Sign(signer note.Signer, code string, manifest []byte) (string, error) {
	if code == "" || strings.ContainsAny(code, "\r\n") {
		return "", fault.New(fault.Internal, "internal").At("evidence.Sign", nil)
	}
	msg, err := note.Sign(&note.Note{Text: signedText(code, manifest)}, signer)
	return string(msg), fault.Wrap("evidence.Sign", err)
}

// Write writes a pack. The same pack gives the same bytes. sign is Sign with the
// key that p.Key verifies.
func Write(w io.Writer, p Pack, sign func(code string, manifest []byte) (string, error)) error {
	const op = "evidence.Write"
	m, files, err := p.lay()
	if err != nil {
		return fault.Wrap(op, err)
	}
	manifest, err := encode(m)
	if err != nil {
		return fault.Wrap(op, err)
	}
	signed, err := sign(m.Code, manifest)
	if err != nil {
		return fault.Wrap(op, err)
	}
	files = append([]file{{manifestName, manifest}, {noteName, []byte(signed)}}, files...)
	for _, f := range files {
		if !goodName(f.name) || len(f.body) > maxFile || len(files) > maxFiles {
			return fault.New(fault.Internal, "internal").At(op+": "+f.name, nil)
		}
		if _, err := w.Write(append(headerOf(f), f.body...)); err != nil {
			return fault.Wrap(op, err)
		}
	}
	_, err = w.Write(directoryOf(files))
	return fault.Wrap(op, err)
}

// lay makes the manifest and the files beside it, in their order.
func (p Pack) lay() (Manifest, []file, error) {
	key, err := note.NewVerifier(p.Key)
	if err != nil {
		return Manifest{}, nil, err
	}
	c, err := audit.OpenCheckpoint(p.Checkpoint, key)
	if err != nil {
		return Manifest{}, nil, err
	}
	m := Manifest{
		Format: Format, Code: p.Code, Case: p.Case, Company: p.Company, MadeAt: p.MadeAt.UTC().Format(time.RFC3339), Language: p.Language,
		Origin: c.Origin, Size: c.Size, Root: c.Root.String(), Contents: p.Contents,
		Streams: append([]Stream{}, p.Streams...), Documents: append([]Document{}, p.Documents...), Absent: append([]Absent{}, p.Absent...),
	}
	entries, err := lines(p.Entries)
	if err != nil {
		return m, nil, err
	}
	growth, err := lines(p.Growth)
	if err != nil {
		return m, nil, err
	}
	summary, err := p.summary(m)
	if err != nil {
		return m, nil, err
	}
	files := []file{
		{checkpointName, []byte(p.Checkpoint)}, {entriesName, entries}, {growthName, growth}, {keyName, []byte(p.Key + "\n")}, {summaryName, summary},
	}
	for _, d := range p.Documents {
		files = append(files, file{d.Path, d.Body})
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	for _, f := range files {
		m.Files = append(m.Files, listed(f))
	}
	return m, files, nil
}

func listed(f file) listedFile {
	sum := sha256.Sum256(f.body)
	return listedFile{f.name, int64(len(f.body)), hex.EncodeToString(sum[:])}
}

// lines writes a list with each of its members on a line.
func lines[T any](list []T) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("[")
	for i, x := range list {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n")
		var line bytes.Buffer
		e := json.NewEncoder(&line)
		e.SetEscapeHTML(false)
		if err := e.Encode(x); err != nil {
			return nil, err
		}
		b.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	}
	b.WriteString("\n]\n")
	return b.Bytes(), nil
}
