package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/pushed"
)

// SealedPart is a part as it is stored: of which file it is stands in Body, sealed
// with the customer's key. What came lies in pieces beside the database.
type SealedPart struct {
	pushed.Part

	Customer customer.ID
	KeyID    string
	Body     []byte
}

// PushTx keeps what host products push.
type PushTx interface {
	// PutPush stores a new one (Version 0) or, by Version, changes one.
	PutPush(ctx context.Context, p *pushed.Push) error
	PushesOf(ctx context.Context, c customer.ID) ([]pushed.Push, error) // by name and number
	// DropPush forgets a push; of its parts it stays written down, until their pieces
	// are deleted, that they are gone.
	DropPush(ctx context.Context, p pushed.ID) error
	InsertPart(ctx context.Context, p SealedPart) error
	FindPart(ctx context.Context, p pushed.ID, n int) (SealedPart, error)
	PartsOf(ctx context.Context, p pushed.ID) ([]SealedPart, error) // in their order
	// PartsAbout names all parts of a customer, also those that are gone.
	PartsAbout(ctx context.Context, c customer.ID) ([]string, error)
	PartIsThere(ctx context.Context, p pushed.PartID) (bool, error)
	// GoneParts are those that were gone before an instant of the wall.
	GoneParts(ctx context.Context, before time.Time, most int) ([]string, error)
	ForgetParts(ctx context.Context, ids ...string) error
}

// BeginPush says that a host product pushes something of a customer, and what it is:
// until all of it came, what they take along holds what was there before under its
// name, or says that it is missing. Said again in the same words it changes nothing.
// Errors: Invalid at the fields of pushed.Push.Check; Conflict (push.begun,
// push.older); TooLarge (push.names); Gone (data.erased).
func (a *App) BeginPush(ctx context.Context, by Actor, p pushed.Push) (out pushed.Push, err error) {
	if err := by.may("data"); err != nil {
		return out, err
	}
	if l := p.Check(); len(l) > 0 {
		return out, l
	}
	err = a.tx(ctx, func(tx Tx) error {
		if _, err := tx.AwaitErasing(ctx); err != nil { // first of all: what began beside an erasure would stay behind it
			return err
		}
		there, err := pushable(ctx, tx, p.Customer)
		if err != nil {
			return err
		}
		again, gone, err := pushed.Begin(there, p)
		if err != nil {
			return err
		}
		if again != nil {
			out = *again
			return nil
		}
		for _, o := range gone {
			if err := a.dropPush(ctx, tx, by, o, "push.superseded"); err != nil {
				return err
			}
		}
		out = p
		out.ID, out.State, out.At, out.Changed, out.Version = pushed.ID(id.New("psh")), pushed.Filling, tx.Now(), tx.Now(), 0
		if err := tx.PutPush(ctx, &out); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"push.begun", by.ID, "", string(p.Customer), map[string]any{
			"name": out.Name, "push": out.Number, "format": string(out.Format), "columns": len(out.Columns),
		}})
	})
	return out, err
}

// pushable are the pushes of a customer, of whom more may be pushed.
func pushable(ctx context.Context, tx Tx, c customer.ID) ([]pushed.Push, error) {
	if _, err := tx.FindCustomer(ctx, c); err != nil {
		return nil, err
	}
	erased, err := wasErased(ctx, tx, c)
	if err == nil && erased {
		err = fault.New(fault.Gone, "data.erased")
	}
	if err != nil {
		return nil, err
	}
	return tx.PushesOf(ctx, c)
}

// dropPush forgets a push with what came of it, and says why.
func (a *App) dropPush(ctx context.Context, tx Tx, by Actor, p pushed.Push, typ string) error {
	if err := tx.DropPush(ctx, p.ID); err != nil {
		return err
	}
	said := map[string]any{"name": p.Name, "push": p.Number, "rows": p.Rows, "bytes": p.Bytes}
	if typ == "push.withdrawn" {
		return a.record(ctx, tx, fact{"push.withdrawn", by.ID, "", string(p.Customer), said})
	}
	return a.record(ctx, tx, fact{"push.superseded", by.ID, "", string(p.Customer), said})
}

// PartInput is a part of a push.
type PartInput struct {
	Customer customer.ID
	Name     string
	Number   int64
	Part     int  // from 1: in which order they are put together
	Last     bool // none has a higher number
	File     string
	Body     []byte
}

// PartReply is how a push stands after a part.
type PartReply struct {
	pushed.Push

	Again bool // the part had come before
}

// PushPart takes a part of a push. The same part told twice came once; under its
// number another is refused. It is there whole or not at all. With the one that
// completes a push, it takes the place of those of its name that came before it.
// Errors: Invalid at part, file, or at the row and column that is not of the
// description; NotFound (push.none); Conflict (push.older, push.complete, push.other,
// push.behind); TooLarge; Gone (data.erased).
func (a *App) PushPart(ctx context.Context, by Actor, in PartInput) (out PartReply, err error) {
	if err := by.may("data"); err != nil {
		return out, err
	}
	part, err := a.partOf(in)
	if err != nil {
		return out, err
	}
	err = a.store.View(ctx, func(tx Tx) (err error) { _, out, err = a.awaits(ctx, tx, in, part); return err })
	if err != nil || out.Again {
		return out, err
	}
	// It is known to be right, and lies safe, before anything says that it is there:
	// pieces that nothing names are tidied up.
	if err := a.keepPart(ctx, out.Push, in, &part); err != nil {
		return out, a.letGoPart(ctx, part, err)
	}
	err = a.tx(ctx, func(tx Tx) error {
		there, stands, err := a.awaits(ctx, tx, in, part)
		if out = stands; err != nil || out.Again {
			return err
		}
		if err := pushed.Room(there, part.Bytes); err != nil {
			return err
		}
		return a.addPart(ctx, tx, by, there, part, &out.Push)
	})
	if k := fault.KindOf(err); out.Again || err != nil && k != fault.Transient && k != fault.Internal { // otherwise it may be there all the same
		err = a.letGoPart(ctx, part, err)
	}
	return out, err
}

// letGoPart deletes the pieces of a part that was not taken, and returns why it was not.
func (a *App) letGoPart(ctx context.Context, part SealedPart, why error) error {
	if a.blobs == nil || part.Pieces == 0 {
		return why
	}
	if err := a.blobs.Drop(ctx, string(part.ID)); why == nil {
		why = err
	}
	return why
}

// partOf reads what stands about a part, and what its body is.
func (a *App) partOf(in PartInput) (part SealedPart, err error) {
	if err := pushed.CheckPart(in.Part); err != nil {
		return part, err
	}
	if len(in.Body) > pushed.PartMost {
		return part, fault.New(fault.TooLarge, "push.part_large", "max", pushed.PartMost>>20)
	}
	file, bad := customer.CheckText("file", in.File, 400, false)
	if bad != nil {
		return part, bad
	}
	sum := sha256.Sum256(in.Body)
	return SealedPart{Customer: in.Customer, Part: pushed.Part{
		ID: pushed.PartID(id.New("ppt")), N: in.Part, Last: in.Last, SHA256: hex.EncodeToString(sum[:]), File: file,
	}}, nil
}

// awaits finds the push of a part beside all those of its customer, and whether the
// part had come.
func (a *App) awaits(ctx context.Context, tx Tx, in PartInput, part SealedPart) (there []pushed.Push, out PartReply, err error) {
	if there, err = pushable(ctx, tx, in.Customer); err != nil {
		return nil, out, err
	}
	if out.Push, err = pushed.Find(there, in.Name, in.Number); err != nil {
		return nil, out, err
	}
	switch {
	case out.Format != pushed.Files && part.File != "":
		return nil, out, fault.New(fault.Invalid, "push.no_files").On("file")
	case out.Format == pushed.Files && part.File == "" && len(in.Body) > 0: // without one it may say that there are no more
		return nil, out, fault.New(fault.Invalid, "field.required").On("file")
	}
	old, err := tx.FindPart(ctx, out.ID, in.Part)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = nil
		}
		return there, out, err
	}
	if old.Part, err = a.openPart(ctx, old); err != nil {
		return nil, out, err
	}
	if out.Again = old.Same(part.Part); !out.Again {
		return nil, out, fault.New(fault.Conflict, "push.other", "part", in.Part).On("part")
	}
	return there, out, nil
}

// openPart is a part with the name of its file.
func (a *App) openPart(ctx context.Context, x SealedPart) (pushed.Part, error) {
	raw, err := a.unseal(ctx, x.KeyID, string(x.ID), x.Body)
	x.File = string(raw)
	return x.Part, err
}

// keepPart reads a part and keeps it in sealed pieces: rows as arrays of their cells, a
// line each.
func (a *App) keepPart(ctx context.Context, p pushed.Push, in PartInput, part *SealedPart) error {
	if a.blobs == nil {
		return fault.New(fault.Internal, "internal").At("app.PushPart: nowhere to keep pieces", nil)
	}
	keep := func(piece []byte) error {
		if len(piece) == 0 {
			return nil
		}
		n := part.Pieces
		part.Pieces, part.Bytes = n+1, part.Bytes+int64(len(piece))
		return a.putPieces(ctx, string(part.ID), string(in.Customer), keptPiece{piece: n, packed: piece})
	}
	if p.Format == pushed.Files {
		for piece := range slices.Chunk(in.Body, bundle.SegmentSize) {
			if err := keep(bytes.Clone(piece)); err != nil {
				return err
			}
		}
		return nil
	}
	var piece []byte
	err := p.Read(bytes.NewReader(in.Body), func(cells []*string) error {
		line, err := json.Marshal(cells)
		if err != nil {
			return fault.Wrap("app.PushPart", err)
		}
		if len(piece)+len(line) >= bundle.SegmentSize {
			if err := keep(piece); err != nil {
				return err
			}
			piece = nil
		}
		part.Rows++
		piece = append(append(piece, line...), '\n')
		return nil
	})
	if err != nil {
		return err
	}
	return keep(piece)
}

// addPart puts a part that lies safe into its push.
func (a *App) addPart(ctx context.Context, tx Tx, by Actor, there []pushed.Push, part SealedPart, p *pushed.Push) (err error) {
	if err := p.Add(&part.Part, tx.Now()); err != nil {
		return err
	}
	if part.KeyID, part.Body, err = a.sealFor(ctx, string(p.Customer), string(part.ID), []byte(part.File)); err != nil {
		return err
	}
	if err := tx.InsertPart(ctx, part); err != nil {
		return err
	}
	if err := tx.PutPush(ctx, p); err != nil {
		return err
	}
	if err := a.record(ctx, tx, fact{"push.received", by.ID, "", string(p.Customer), map[string]any{
		"name": p.Name, "push": p.Number, "part": part.N, "sha256": part.SHA256, "rows": part.Rows, "bytes": part.Bytes,
	}}); err != nil || p.State != pushed.Complete {
		return err
	}
	for _, o := range there {
		if o.Name == p.Name && o.Number < p.Number {
			if err := a.dropPush(ctx, tx, by, o, "push.superseded"); err != nil {
				return err
			}
		}
	}
	return a.record(ctx, tx, fact{"push.completed", by.ID, "", string(p.Customer), map[string]any{
		"name": p.Name, "push": p.Number, "parts": p.Parts, "rows": p.Rows, "bytes": p.Bytes,
	}})
}

// WithdrawPushed forgets everything that was pushed of a customer under a name.
func (a *App) WithdrawPushed(ctx context.Context, by Actor, c customer.ID, name string) error {
	if err := by.may("data"); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, c); err != nil {
			return err
		}
		list, err := tx.PushesOf(ctx, c)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(p pushed.Push) bool { return p.Name != name })
		if len(list) == 0 {
			return fault.New(fault.NotFound, "push.none", "name", name)
		}
		for _, p := range list {
			if err := a.dropPush(ctx, tx, by, p, "push.withdrawn"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Pushed is what was pushed of a customer, and what is being pushed.
func (a *App) Pushed(ctx context.Context, by Actor, c customer.ID) (list []pushed.Push, err error) {
	if err := by.CanRead("data"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if _, err := tx.FindCustomer(ctx, c); err != nil {
			return err
		}
		list, err = tx.PushesOf(ctx, c)
		return err
	})
	return list, err
}

// goneFor is how long pieces stay of what was replaced or withdrawn: somebody may be
// reading them.
const goneFor = time.Hour

// dropGoneParts deletes the pieces of parts that are gone.
func (a *App) dropGoneParts(ctx context.Context) error {
	if a.blobs == nil {
		return nil
	}
	_, wall, err := a.Now(ctx)
	if err != nil {
		return err
	}
	for {
		var ids []string
		err := a.store.View(ctx, func(tx Tx) (err error) { ids, err = tx.GoneParts(ctx, wall.Add(-goneFor), tidyMost); return err })
		if err != nil {
			return err
		}
		for _, set := range ids {
			if err := a.blobs.Drop(ctx, set); err != nil {
				return err
			}
		}
		if err := a.store.Tx(ctx, func(tx Tx) error { return tx.ForgetParts(ctx, ids...) }); err != nil || len(ids) < tidyMost {
			return err
		}
	}
}
