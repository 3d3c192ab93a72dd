package evidence

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/when"
)

// Options are what whoever judges a pack brings along.
type Options struct {
	Trust     []Anchor
	Witnesses []Witness
}

// Verify judges a pack by itself and by what is trusted. It asks nobody and
// opens nothing else.
func Verify(raw []byte, o Options) Report {
	j := &judgement{at: map[int64]int{}, grown: map[int64]tlog.Hash{}, files: map[string][]byte{}}
	if f := j.open(raw); f != nil {
		j.found(f)
	} else {
		j.judge(o)
	}
	j.Verdict = Proved
	for _, l := range j.Lines {
		switch {
		case l.Result == Wrong:
			j.Verdict = Rejected
		case j.Verdict == Rejected:
		case l.Check == "origin":
			j.Verdict = OriginUnknown
		case l.Result == Unknown && j.Verdict != OriginUnknown:
			j.Verdict = Unproved
		}
	}
	return j.Report
}

// open reads the container, the manifest and its signature, and that the files
// are those of the manifest. What is wrong here ends it: nothing else can be
// told apart.
func (j *judgement) open(raw []byte) *flaw {
	files, f := unpack(raw)
	if f != nil {
		return f
	}
	for i, want := range []string{manifestName, noteName} {
		if len(files) <= i || files[i].name != want {
			return wrong("file.missing", want)
		}
	}
	j.say("container", OK, "", "files", len(files), "bytes", len(raw))
	manifest, signed := files[0].body, files[1].body
	if m := decode(manifest, &j.Manifest); m != nil {
		return unread(manifestName, "", m)
	}
	if j.Manifest.Format != Format {
		return wrong("format", manifestName, "format", printable(j.Manifest.Format)).in("/format")
	}
	for _, x := range files[2:] {
		j.files[x.name] = x.body
	}
	key, there := j.files[keyName]
	if !there {
		return wrong("file.missing", keyName)
	}
	text, ended := strings.CutSuffix(string(key), "\n")
	if !ended || !keyWell(text) {
		return wrong("key.malformed", keyName)
	}
	j.Key = text
	var err error
	if j.verifier, err = note.NewVerifier(text); err != nil {
		return wrong("key.malformed", keyName)
	}
	if j.verifier.Name() != j.Manifest.Origin {
		return wrong("key.name", keyName, "origin", printable(j.Manifest.Origin)).in("")
	}
	n, err := note.Open(signed, note.VerifierList(j.verifier))
	if err != nil || n.Text != signedText(j.Manifest.Code, manifest) || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 || !strictly(n.Sigs) {
		return wrong("manifest.signature", noteName)
	}
	if !oneLine(j.Manifest.Code) {
		return wrong("manifest.field", manifestName).in("/code")
	}
	const second = "2006-01-02T15:04:05Z" // time.Parse takes fractions too
	if at, err := time.Parse(second, j.Manifest.MadeAt); err != nil || at.Format(second) != j.Manifest.MadeAt {
		return wrong("manifest.field", manifestName).in("/made_at")
	}
	return j.listed(files[2:])
}

// strictly reports whether signatures are written in the one form that base64
// has.
func strictly(sigs []note.Signature) bool {
	return !slices.ContainsFunc(sigs, func(s note.Signature) bool {
		_, err := base64.StdEncoding.Strict().DecodeString(s.Base64)
		return err != nil
	})
}

// listed compares the files with those of the manifest: the same, in the same
// order.
func (j *judgement) listed(files []file) *flaw {
	there := map[string]bool{}
	for i, want := range j.Manifest.Files {
		body, ok := j.files[want.Path]
		got := listed(file{want.Path, body})
		switch {
		case !ok:
			return wrong("file.missing", want.Path)
		case got != want:
			return wrong("file.changed", want.Path)
		case i >= len(files) || files[i].name != want.Path:
			return wrong("file.order", want.Path)
		}
		there[want.Path] = true
	}
	for _, x := range files {
		if !there[x.name] {
			return wrong("file.extra", x.name)
		}
	}
	documents := map[string]bool{}
	for i, d := range j.Manifest.Documents {
		if documents[d.Path] || !there[d.Path] || fixed(d.Path) {
			return wrong("document.path", manifestName).in("/documents/%d/path", i)
		}
		documents[d.Path] = true
	}
	for _, x := range files {
		if !fixed(x.name) && !documents[x.name] {
			return wrong("file.extra", x.name)
		}
	}
	for _, name := range []string{checkpointName, entriesName, growthName, summaryName} {
		if !there[name] {
			return wrong("file.missing", name)
		}
	}
	j.say("manifest", OK, manifestName, "files", len(files)+2, "origin", j.Manifest.Origin, "at", j.Manifest.MadeAt)
	return nil
}

func fixed(name string) bool {
	switch name {
	case manifestName, noteName, checkpointName, entriesName, growthName, keyName, summaryName:
		return true
	}
	return false
}

func (j *judgement) judge(o Options) {
	c, err := openCheckpoint(string(j.files[checkpointName]), j.verifier)
	switch {
	case err != nil:
		j.found(wrong("checkpoint.signature", checkpointName))
		return
	case c.Origin != j.Manifest.Origin || c.Size != j.Manifest.Size || c.Root.String() != j.Manifest.Root:
		j.found(wrong("checkpoint.other", checkpointName))
		return
	}
	j.root = c.Root
	j.say("checkpoint", OK, checkpointName, "origin", c.Origin, "size", c.Size)
	if !j.readEntries() || !j.readGrowth() {
		return
	}
	j.trust(o.Trust)
	j.streams()
	j.bodies()
	j.documents()
	j.witnessed(o.Witnesses)
	j.say("summary", OK, summaryName)
}

// readEntries derives every header anew and follows its path to the root.
func (j *judgement) readEntries() bool {
	var list []Entry
	if m := decode(j.files[entriesName], &list); m != nil {
		j.found(unread(entriesName, "", m))
		return false
	}
	before := len(j.Flaws())
	last := int64(-1)
	for i, e := range list {
		header, field := e.header()
		path, ok := hashes(e.Path)
		switch {
		case field != "":
			j.found(wrong("entry.field", entriesName).in("/%d/%s", i, field))
		case !ok:
			j.found(wrong("entry.field", entriesName).in("/%d/path", i))
		case e.Index <= last:
			j.found(wrong("entry.order", entriesName).in("/%d/index", i))
		case audit.CheckInclusion(path, j.Manifest.Size, j.root, e.Index, audit.LeafHash(header)) != nil:
			j.found(wrong("entry.proof", entriesName, "entry", printable(e.ID), "index", e.Index).in("/%d", i))
		}
		last = e.Index
		j.at[e.Index] = i
		j.entries = append(j.entries, header)
	}
	if len(j.Flaws()) > before {
		return false
	}
	j.Entries = list
	j.say("entries", OK, entriesName, "n", len(list), "size", j.Manifest.Size)
	return true
}

// header is the header of an entry as the log has it, or the field that cannot
// be one.
func (e Entry) header() (h audit.Entry, field string) {
	micros, err := strconv.ParseInt(e.Micros, 10, 64)
	if err != nil || strconv.FormatInt(micros, 10) != e.Micros {
		return h, "micros"
	}
	h = audit.Entry{ID: e.ID, Type: e.Type, At: when.FromMicros(micros), Actor: e.Actor, Case: e.Case, CaseN: e.CaseN, KeyID: e.Key}
	if when.Micros(h.At) != micros {
		return h, "micros"
	}
	if e.CaseN < 0 {
		return h, "case_n"
	}
	c, ok := hash(e.Commitment)
	if h.Commitment = c; !ok {
		return h, "commitment"
	}
	return h, ""
}

func hash(s string) (h tlog.Hash, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) || strings.ContainsAny(s, "\r\n") {
		return h, false
	}
	return tlog.Hash(b), true
}

func hashes(list []string) (out []tlog.Hash, ok bool) {
	for _, s := range list {
		h, ok := hash(s)
		if !ok {
			return nil, false
		}
		out = append(out, h)
	}
	return out, true
}

// readGrowth judges the proofs that older logs are the beginning of this one.
func (j *judgement) readGrowth() bool {
	var list []Growth
	if m := decode(j.files[growthName], &list); m != nil {
		j.found(unread(growthName, "", m))
		return false
	}
	before := len(j.Flaws())
	last := int64(0)
	for i, g := range list {
		root, ok := hash(g.Root)
		proof, well := hashes(g.Proof)
		c, err := openCheckpoint(g.Checkpoint, j.verifier)
		switch {
		case !ok:
			j.found(wrong("growth.field", growthName).in("/%d/root", i))
		case !well:
			j.found(wrong("growth.field", growthName).in("/%d/proof", i))
		case g.Size <= last || g.Size >= j.Manifest.Size:
			j.found(wrong("growth.order", growthName).in("/%d/size", i))
		case err != nil || c.Size != g.Size || c.Root != root:
			j.found(wrong("growth.checkpoint", growthName).in("/%d/checkpoint", i))
		case audit.CheckGrowth(proof, j.Manifest.Size, j.root, g.Size, root) != nil:
			j.found(wrong("growth.proof", growthName, "size", g.Size).in("/%d/proof", i))
		default:
			j.grown[g.Size] = root
		}
		last = g.Size
	}
	j.grown[j.Manifest.Size] = j.root
	if len(j.Flaws()) > before {
		return false
	}
	if len(list) > 0 {
		j.say("grown", OK, growthName, "n", len(list), "from", list[0].Size, "size", j.Manifest.Size)
	}
	return true
}

// streams judges that no entry is left out: each stream counts from 1 to what
// the manifest says, in the order of the log.
func (j *judgement) streams() {
	counted := map[string]int64{}
	for i, s := range j.Manifest.Streams {
		_, twice := counted[s.Stream]
		if twice || s.Entries < 1 || i == 0 && s.Stream != j.Manifest.Case || i > 0 && !strings.HasPrefix(s.Stream, "req_") {
			j.found(wrong("stream.name", manifestName).in("/streams/%d", i))
			return
		}
		counted[s.Stream] = 0
	}
	if len(j.Manifest.Streams) == 0 || !strings.HasPrefix(j.Manifest.Case, "case_") {
		j.found(wrong("stream.name", manifestName).in("/streams"))
		return
	}
	gap := false
	for i, e := range j.entries {
		n, ours := counted[e.Case]
		switch {
		case !ours && e.Type != audit.KeyDestroyed:
			j.found(wrong("entry.stranger", entriesName, "entry", printable(e.ID)).in("/%d/case", i))
		case ours && e.CaseN != n+1:
			j.found(wrong("entry.omitted", entriesName, "stream", e.Case, "n", n+1).in("/%d/case_n", i))
			gap = true
		}
		if ours {
			counted[e.Case] = e.CaseN
		}
	}
	for i, s := range j.Manifest.Streams {
		switch {
		case gap:
		case counted[s.Stream] < s.Entries:
			j.found(wrong("entry.omitted", entriesName, "stream", s.Stream, "n", counted[s.Stream]+1))
		case counted[s.Stream] > s.Entries:
			j.found(wrong("stream.count", manifestName, "stream", s.Stream).in("/streams/%d/entries", i))
		default:
			j.say("stream", OK, entriesName, "stream", s.Stream, "n", s.Entries, "size", j.Manifest.Size)
		}
	}
}

// bodies judges what entries say, and why others say nothing.
func (j *judgement) bodies() {
	gone := map[string]int64{} // keys → index of the entry that says that they were destroyed
	for i, e := range j.Entries {
		if e.Type == audit.KeyDestroyed && e.Salt != "" && j.committed(i) {
			if key := said(e, "key"); key != "" {
				gone[key] = e.Index
			}
		}
	}
	read, destroyed, withheld := 0, 0, 0
	before := len(j.Flaws())
	for i, e := range j.Entries {
		at, isGone := gone[e.Key]
		if e.Absent == "" && j.committed(i) {
			if m := decode([]byte(e.Body), &map[string]json.RawMessage{}); m != nil {
				m.why = strings.TrimSpace(m.place + " " + m.why) // the body is text: no pointer leads into it
				j.found(wrong("json", entriesName, "why", m.why).in("/%d/body", i))
				continue
			}
		}
		switch {
		case e.Absent == "" && !j.committed(i):
			j.found(wrong("body.differs", entriesName, "entry", printable(e.ID), "index", e.Index).in("/%d/body", i))
		case e.Absent == "" && isGone:
			j.found(wrong("body.survives", entriesName, "entry", printable(e.ID), "at", at).in("/%d/body", i))
		case e.Absent == "":
			read++
		case e.Salt != "" || e.Body != "":
			j.found(wrong("body.field", entriesName).in("/%d/absent", i))
		case e.Absent == Destroyed && isGone:
			destroyed++
		case e.Absent == Withheld && j.Manifest.Contents == Withheld && !Kept(e.Type):
			withheld++
		default:
			j.found(wrong("body.hidden", entriesName, "entry", printable(e.ID), "index", e.Index).in("/%d/absent", i))
		}
	}
	if j.Manifest.Contents != Included && j.Manifest.Contents != Withheld {
		j.found(wrong("manifest.field", manifestName).in("/contents"))
	}
	if len(j.Flaws()) > before {
		return
	}
	if read > 0 {
		j.say("bodies", OK, entriesName, "n", read)
	}
	if destroyed > 0 {
		j.say("destroyed", OK, entriesName, "n", destroyed, "keys", len(gone))
	}
	if withheld > 0 {
		j.say("withheld", OK, entriesName, "n", withheld)
	}
}

// committed reports whether salt and body of an entry are what it commits to.
func (j *judgement) committed(i int) bool {
	e := j.Entries[i]
	salt, ok := hash(e.Salt)
	return ok && audit.Commit(salt[:], []byte(e.Body)) == j.entries[i].Commitment
}

// said is a text in the body of an entry; empty if it has none of the name.
func said(e Entry, name string) string { return field([]byte(e.Body), name) }

// field is a text in a JSON object; empty if it has none of the name, or is no
// object in which each field stands once.
func field(object []byte, name string) string {
	var args map[string]json.RawMessage
	var s string
	if decode(object, &args) != nil || len(args[name]) == 0 || decode(args[name], &s) != nil {
		return ""
	}
	return s
}

// documents judges each document by the entry that names it, and that nothing
// that an entry names is left out unsaid.
func (j *judgement) documents() {
	answered := map[int64]bool{}
	for i, d := range j.Manifest.Documents {
		body := j.files[d.Path]
		if f := j.document(d, body); f != nil {
			f.in("/documents/%d", i)
			f.Args = append(f.Args, "path", d.Path)
			j.found(f)
			continue
		}
		switch {
		case d.Entry == nil && d.Kind == Receipt:
			j.say("document.receipt", OK, d.Path)
		case d.Entry == nil && d.Kind == List:
			j.say("document.list", OK, d.Path)
		case d.Entry == nil:
			j.say("document.said", OK, d.Path, "name", d.Name)
		default:
			if answered[*d.Entry] {
				j.found(wrong("document.twice", manifestName, "path", d.Path).in("/documents/%d/entry", i))
				continue
			}
			answered[*d.Entry] = true
			j.say("document.named", OK, d.Path, "name", d.Name, "kind", d.Kind, "index", *d.Entry, "type", j.Entries[j.at[*d.Entry]].Type)
		}
	}
	for i, x := range j.Manifest.Absent {
		at, there := j.at[x.Entry]
		if !there || answered[x.Entry] || !Names(j.Entries[at].Type) || !sumWell(x.SHA256) || said(j.Entries[at], "sha256") != x.SHA256 ||
			!slices.Contains([]string{Apart, NotKept, TooLarge, Withheld}, x.Why) || x.Why == Withheld && j.Manifest.Contents != Withheld {
			j.found(wrong("absent.wrong", manifestName).in("/absent/%d", i))
			continue
		}
		if answered[x.Entry] = true; j.Entries[at].Type == "certificate.issued" { // there should be one
			j.say("absent.certificate", Unknown, manifestName, "index", x.Entry)
		}
	}
	for i, e := range j.Entries {
		if Names(e.Type) && !answered[e.Index] && said(e, "sha256") != "" {
			j.found(wrong("document.omitted", entriesName, "index", e.Index, "type", e.Type).in("/%d", i))
		}
	}
	if n := len(j.Manifest.Absent); n > 0 {
		j.say("absent", OK, manifestName, "n", n)
	}
}

// document judges one document.
func (j *judgement) document(d Document, body []byte) *flaw {
	sum := sha256.Sum256(body)
	if d.Entry != nil {
		at, there := j.at[*d.Entry]
		switch {
		case !there:
			return wrong("document.entry", manifestName)
		case naming[j.Entries[at].Type] != d.Kind || d.Kind == "":
			return wrong("document.kind", manifestName, "type", j.Entries[at].Type)
		case j.Entries[at].Case == "" || said(j.Entries[at], "sha256") != hex.EncodeToString(sum[:]):
			return wrong("document.differs", manifestName, "index", *d.Entry)
		}
	}
	switch d.Kind {
	case Certificate:
		if code := field(body, "code"); d.Entry == nil || code != j.Manifest.Code {
			return wrong("document.other", manifestName, "code", printable(code))
		}
	case Receipt:
		r, err := parseReceipt(body, j.verifier)
		switch {
		case err != nil || d.Entry != nil:
			return wrong("document.broken", manifestName)
		case r.Code != j.Manifest.Code:
			return wrong("document.other", manifestName, "code", printable(r.Code))
		case j.grown[r.Size] != r.Root || !j.holds(d.Path, d.Path, r):
			return wrong("document.broken", manifestName)
		}
	case List:
		l, err := parseList(body, j.verifier)
		switch {
		case err != nil:
			return wrong("document.broken", manifestName)
		case l.Code != j.Manifest.Code:
			return wrong("document.other", manifestName, "code", printable(l.Code))
		}
		for _, r := range l.Proofs {
			if was, known := j.grown[r.Size]; known && was != r.Root { // the log signed two pasts
				return wrong("trust.contradicts", manifestName, "from", d.Path, "size", r.Size)
			}
			if !j.holds(d.Path, d.Path, r) {
				return wrong("document.broken", manifestName)
			}
		}
	case Letter, File:
	default:
		return wrong("document.kind", manifestName)
	}
	if d.Kind != Certificate && d.Kind != Receipt && j.Manifest.Contents == Withheld {
		return wrong("document.withheld", manifestName)
	}
	return nil
}

// sumWell reports whether a text is the hex of a SHA-256, in small letters.
func sumWell(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
