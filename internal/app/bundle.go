package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/pushed"
	"hastaluego/internal/step"
)

// bundleID is the id of the bundle that a work makes: the same at every try.
func bundleID(w offboarding.Work) string { return "att_" + string(w.ID[len("work_"):]) }

// bundleFacts are the evidence of a bundle.
type bundleFacts struct {
	Blob    string            `json:"blob"`
	SHA256  string            `json:"sha256"`
	Size    int64             `json:"size"`
	Files   int               `json:"files"`             // of the payload
	Missing map[string]string `json:"missing,omitempty"` // sources that could not be read, and the code of why
	Skipped int               `json:"skipped,omitempty"` // files that cannot be taken along
	Others  int               `json:"others,omitempty"`  // files that are about others than the customer
}

func (f bundleFacts) String() string {
	raw, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	return string(raw)
}

// MakeBundle packs what our record and every system that can tell hold about the
// customer of a case, and keeps it sealed. It may be stopped at any moment: the
// next try goes on from the last piece that was kept. more says that it paused,
// and wants to go on at once. What cannot be had does not hold up the rest: the
// bundle is there without it and says so, and the error is one to try again for.
// It returns evidence as JSON. Gone: nobody wants it any more.
func (a *App) MakeBundle(ctx context.Context, w offboarding.Work) (evidence string, more bool, err error) {
	defer lean()()
	m, err := a.resumeMaking(ctx, w)
	if err != nil {
		return "", false, err
	}
	if done, err := m.complete(ctx); err != nil || done != "" {
		return done, false, err
	}
	if w.Kind == RemakeKind {
		if err := m.base(ctx, w); err != nil {
			return "", false, err
		}
	}
	missing, again, err := m.collect(ctx)
	if errors.Is(err, errPaused) {
		return "", true, nil
	}
	if err != nil {
		return "", false, err
	}
	if err := m.packChanges(ctx); err != nil {
		return "", false, err
	}
	facts, err := m.assemble(ctx, w, missing)
	if err != nil {
		return "", false, err
	}
	return facts.String(), false, again
}

// complete returns the evidence of a bundle that was made whole; empty if it was
// not.
func (m *making) complete(ctx context.Context) (evidence string, err error) {
	for n, r := range m.rows {
		if m.stage[n] == stageTag && r.Name == bundle.PackageName && r.Why == "" {
			err := m.a.store.View(ctx, func(tx Tx) error {
				b, err := tx.FindBlob(ctx, m.set)
				if fault.KindOf(err) == fault.NotFound && err != nil { // another of its files was written last
					return nil
				}
				evidence = bundleFacts{Blob: b.ID, SHA256: b.SHA256, Size: b.Size, Files: m.payload()}.String()
				return err
			})
			return evidence, err
		}
	}
	return "", nil
}

func (m *making) payload() (n int) {
	for _, s := range m.stage {
		if s == stagePacked {
			n++
		}
	}
	return n + 2 // the description and what to read first
}

// texts is one text in both languages of the house.
func texts(es, en string) map[string]string { return map[string]string{"es": es, "en": en} }

// assemble makes the files that tell of the others, and the bundle of all that is
// packed. Made again, it takes the place of the one before.
func (m *making) assemble(ctx context.Context, w offboarding.Work, missing map[string]string) (facts bundleFacts, err error) {
	var old []int
	for n, s := range m.stage {
		if s == stageTag {
			old = append(old, n)
		}
	}
	slices.Sort(old)
	first := len(old) == 0
	at, err := m.made(ctx)
	if err != nil {
		return facts, err
	}
	said, err := m.describe(ctx, missing, at)
	if err != nil {
		return facts, err
	}
	rows, stages := map[int]bundled{}, map[int]string{}
	pack := func(name string, body []byte) (bundle.Packed, error) {
		f := &packing{m: m, n: m.next, p: bundle.NewPacker(name)}
		m.next++
		if _, err := f.p.Write(body); err != nil {
			return bundle.Packed{}, fault.Wrap("app.MakeBundle "+name, err)
		}
		packed, file, err := f.p.Close()
		if err != nil {
			return bundle.Packed{}, fault.Wrap("app.MakeBundle "+name, err)
		}
		if err := m.put(ctx, keptPiece{n: f.n, packed: packed}); err != nil {
			return bundle.Packed{}, err
		}
		r := bundled{Name: name, File: &file}
		if len(missing) > 0 {
			r.Why = "export.missing"
		}
		rows[f.n], stages[f.n] = r, stageTag
		return file, nil
	}
	var payload, beside []bundle.Packed
	for _, n := range slices.Sorted(maps.Keys(m.rows)) {
		if m.stage[n] == stagePacked {
			payload = append(payload, *m.rows[n].File)
		}
	}
	for _, f := range said.inside {
		file, err := pack(f.Name, f.Body)
		if err != nil {
			return facts, err
		}
		payload = append(payload, file)
	}
	keep := func(f bundle.File) error {
		file, err := pack(f.Name, f.Body)
		beside = append(beside, file)
		return err
	}
	if err := m.view(ctx, said, keep); err != nil {
		return facts, err
	}
	tags, err := bundle.Tags(said.info, payload, beside...)
	if err != nil {
		return facts, fault.Wrap("app.MakeBundle", err)
	}
	for _, f := range tags {
		if _, err := pack(f.Name, f.Body); err != nil {
			return facts, err
		}
	}
	keyID, err := m.a.keys.KeyFor(ctx, string(m.cus.ID), "account")
	if err != nil {
		return facts, err
	}
	archive, err := m.a.archiveOf(ctx, m.c.Code, at, m.openedWith(keyID, rows, stages))
	if err != nil {
		return facts, err
	}
	sum := sha256.New()
	if _, err := archive.WriteTo(sum); err != nil {
		return facts, err
	}
	b := Blob{
		ID: m.set, Kind: "bundle", Case: m.c.ID, Step: w.Step, Name: nameOf(m.c.Code, len(missing) > 0), Media: "application/zip", Size: archive.Size(),
		SHA256: hex.EncodeToString(sum.Sum(nil)), CreatedAt: at, CreatedBy: "engine", KeyID: keyID,
	}
	facts = bundleFacts{Blob: b.ID, SHA256: b.SHA256, Size: b.Size, Files: len(payload), Missing: missing, Skipped: said.skipped, Others: said.others}
	var list []BundleFile
	for _, n := range slices.Sorted(maps.Keys(rows)) {
		keyID, body, err := m.a.sealJSON(ctx, string(m.cus.ID), m.set, rows[n])
		if err != nil {
			return facts, err
		}
		list = append(list, BundleFile{m.set, n, m.c.ID, stages[n], keyID, body})
	}
	err = m.a.tx(ctx, func(tx Tx) error {
		if err := m.wanted(ctx, tx); err != nil {
			return err
		}
		if had, err := tx.FindBlob(ctx, b.ID); err == nil && !had.FetchedAt.IsZero() {
			b.FetchedAt = had.FetchedAt
		} else if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err := tx.DropBundleFiles(ctx, m.set, old...); err != nil {
			return err
		}
		if err := tx.PutBundleFiles(ctx, list...); err != nil {
			return err
		}
		if err := tx.ReplaceBlob(ctx, b); err != nil {
			return err
		}
		return m.tell(ctx, tx, b, facts, first, w.Item == lastItem)
	})
	return facts, err
}

// view makes the pages that a person opens offline.
func (m *making) view(ctx context.Context, said described, keep func(bundle.File) error) error {
	keyID, err := m.a.keys.KeyFor(ctx, string(m.cus.ID), "account")
	if err != nil {
		return err
	}
	return bundle.View{Package: said.pkg, Identifier: m.c.Code, Open: func(i int) (io.Reader, error) {
		n := said.rows[i]
		return m.rows[n].File.Open(func(piece int) ([]byte, error) { return m.a.pieceIn(ctx, keyID, m.set, n, piece) }), nil
	}}.Pages(keep)
}

// pieceIn reads a piece.
func (a *App) pieceIn(ctx context.Context, keyID, set string, file, piece int) ([]byte, error) {
	sealed, err := a.blobs.Get(ctx, set, file, piece)
	if err != nil {
		return nil, err
	}
	return a.keys.OpenInPlace(ctx, keyID, sealed, []byte(pieceOf(set, file, piece)))
}

// tell writes down that the bundle is there, and how the customer comes by it.
func (m *making) tell(ctx context.Context, tx Tx, b Blob, facts bundleFacts, first, again bool) error {
	a := m.a
	args := map[string]any{"blob": b.ID, "sha256": b.SHA256, "size": strconv.FormatInt(b.Size, 10), "files": facts.Files}
	if len(facts.Missing) > 0 {
		args["missing"] = strings.Join(slices.Sorted(maps.Keys(facts.Missing)), ", ")
	}
	if err := a.record(ctx, tx, fact{"bundle.ready", "engine", string(m.c.ID), string(m.c.Customer), args}); err != nil {
		return err
	}
	if err := a.watchLast(ctx, tx, m.c); err != nil {
		return err
	}
	none, err := a.noPortal(ctx, tx)
	if err != nil || !none || !first || again { // they fetch it from their page
		return err
	}
	if err := a.writeOf(ctx, tx, "data", m.c); err != nil || m.c.Copy != nil {
		return err
	}
	p, err := tx.FindPlan(ctx, m.c.ID)
	if err != nil {
		return err
	}
	return a.askToHand(ctx, tx, &p, b.Size)
}

// made is the instant of the bundle: that of the house now.
func (m *making) made(ctx context.Context) (time.Time, error) {
	now, _, err := m.a.Now(ctx)
	return now.UTC().Truncate(time.Second), err
}

// openedWith are the files of the bundle with others, as they are stored.
func (m *making) openedWith(keyID string, rows map[int]bundled, stages map[int]string) (list []openedFile) {
	for n, r := range m.rows {
		if m.stage[n] == stagePacked {
			list = append(list, openedFile{BundleFile{Set: m.set, N: n, Stage: stagePacked, KeyID: keyID}, r})
		}
	}
	for n, r := range rows {
		list = append(list, openedFile{BundleFile{Set: m.set, N: n, Stage: stages[n], KeyID: keyID}, r})
	}
	return inBag(list)
}

// inBag are the files in the order in which they stand in the bundle: what tells
// of the others first.
func inBag(list []openedFile) []openedFile {
	list = slices.DeleteFunc(list, func(f openedFile) bool { return f.File == nil || f.Stage != stagePacked && f.Stage != stageTag })
	slices.SortFunc(list, func(x, y openedFile) int {
		tag := func(f openedFile) int {
			if f.Stage == stageTag {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(tag(x), tag(y)), cmp.Compare(x.N, y.N))
	})
	return list
}

// archiveOf lays the files out as the bundle that a customer gets. Pieces are read
// when they are asked for.
func (a *App) archiveOf(ctx context.Context, root string, at time.Time, files []openedFile) (*bundle.Archive, error) {
	packed := make([]bundle.Packed, len(files))
	for i, f := range files {
		packed[i] = *f.File
	}
	archive, err := bundle.NewArchive(root, at, packed, func(file, piece int) ([]byte, error) {
		f := files[file]
		return a.pieceIn(ctx, f.KeyID, f.Set, f.N, piece)
	})
	if err != nil {
		return nil, fault.Wrap("app.archive", err)
	}
	return archive, nil
}

// Content is a file that can be read from any place.
type Content interface {
	io.ReaderAt
	io.WriterTo
	Size() int64
}

// openBundle opens a bundle to be read, as long as the context lives.
func (a *App) openBundle(ctx context.Context, tx Tx, b Blob) (Content, error) {
	files, err := a.bundleFiles(ctx, tx, b.ID)
	if err != nil {
		return nil, err
	}
	root, _, _ := strings.Cut(strings.TrimSuffix(b.Name, ".zip"), partial)
	return a.archiveOf(ctx, root, b.CreatedAt, inBag(files))
}

// partial ends the name of a bundle from which something is missing.
const partial = "-part"

func nameOf(code string, part bool) string {
	if part {
		code += partial
	}
	return code + ".zip"
}

// Partial reports whether something is missing from a bundle, which is then tried
// again.
func (b Blob) Partial() bool { return b.Kind == "bundle" && strings.HasSuffix(b.Name, partial+".zip") }

// forgetBundles deletes the pieces of every bundle that the departures of the
// customer made, and their copies, and of what was pushed of them.
func (a *App) forgetBundles(ctx context.Context, c offboarding.CaseID) error {
	if a.blobs == nil {
		return nil
	}
	var sets []string
	err := a.store.View(ctx, func(tx Tx) error {
		of, err := tx.FindCase(ctx, c)
		if err != nil {
			return err
		}
		all, err := takings(ctx, tx, of.Customer)
		if err != nil {
			return err
		}
		if sets, err = tx.PartsAbout(ctx, of.Customer); err != nil {
			return err
		}
		for _, x := range all {
			works, err := tx.WorksOf(ctx, x)
			if err != nil {
				return err
			}
			for _, w := range works {
				if _, makes := a.kinds[w.Kind].(step.Maker); makes || w.Kind == RemakeKind {
					sets = append(sets, bundleID(w))
				}
			}
		}
		return nil
	})
	for _, set := range sets {
		if err == nil {
			err = a.blobs.Drop(ctx, set)
		}
	}
	return err
}

// TidyBlobs deletes pieces that belong to nothing, such as those of bundles whose
// rows were deleted when the process died. Nothing that is a day old and still
// being made is without rows.
func (a *App) TidyBlobs(ctx context.Context) error {
	if a.blobs == nil {
		return nil
	}
	_, wall, err := a.Now(ctx)
	if err != nil {
		return err
	}
	sets, err := a.blobs.Sets(ctx, wall.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	for _, set := range sets {
		var there bool
		if err := a.store.View(ctx, func(tx Tx) (err error) { there, err = setIsThere(ctx, tx, set); return err }); err != nil {
			return err
		}
		if there {
			continue
		}
		if err := a.blobs.Drop(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

// setIsThere reports whether something names pieces: a bundle, or a part of what was
// pushed.
func setIsThere(ctx context.Context, tx Tx, set string) (bool, error) {
	if strings.HasPrefix(set, "ppt_") {
		return tx.PartIsThere(ctx, pushed.PartID(set))
	}
	return tx.BundleSetIsThere(ctx, set)
}

// putBlob seals a body with the key of its subject and keeps it.
func (a *App) putBlob(ctx context.Context, tx Tx, b *Blob, subject string, plain []byte) error {
	if b.ID == "" {
		b.ID = id.New("att")
	}
	sum := sha256.Sum256(plain)
	b.Size, b.SHA256 = int64(len(plain)), hex.EncodeToString(sum[:])
	var err error
	if b.KeyID, b.Body, err = a.sealFor(ctx, subject, b.ID, plain); err != nil {
		return err
	}
	return tx.InsertBlob(ctx, *b)
}

// openBlob returns the plain body of a file.
func (a *App) openBlob(ctx context.Context, b Blob) ([]byte, error) {
	plain, err := a.keys.Open(ctx, b.KeyID, b.Body, []byte(b.ID))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(plain); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, fault.New(fault.Internal, "internal").At("app.openBlob "+b.ID, nil)
	}
	return plain, nil
}

// CheckBundle opens the bundle that a work made and compares every file with
// its checksums. One from which a source is missing is refused.
func (a *App) CheckBundle(ctx context.Context, w offboarding.Work) (evidence string, err error) {
	defer lean()()
	var b Blob
	var archive Content
	var facts bundleFacts
	if err := a.store.View(ctx, func(tx Tx) (err error) {
		if b, err = tx.FindBlob(ctx, bundleID(w)); err != nil {
			return err
		}
		archive, err = a.openBundle(ctx, tx, b)
		return err
	}); err != nil {
		return "", err
	}
	r, err := bundle.Check(archive, archive.Size())
	switch {
	case ctx.Err() != nil: // it was not read to its end
		return "", ctx.Err()
	case err != nil && fault.KindOf(err) == fault.Transient: // a piece that cannot be read now is no bundle that differs
		return "", fault.Wrap("app.CheckBundle", err)
	case err != nil:
		return "", fault.New(fault.Invalid, "bundle.broken").At("app.CheckBundle", err)
	}
	facts = bundleFacts{Blob: b.ID, SHA256: b.SHA256, Size: b.Size, Files: r.Files}
	return facts.String(), nil
}
