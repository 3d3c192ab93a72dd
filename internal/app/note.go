package app

import (
	"context"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// Note is what somebody of the company wrote down about a case, sealed with the
// key of the customer. It is never changed.
type Note struct {
	ID        string // note_…
	Case      offboarding.CaseID
	CreatedAt time.Time
	CreatedBy string // usr_… or key_…
	KeyID     string
	Body      []byte // sealed
}

// NoteTx keeps notes.
type NoteTx interface {
	InsertNote(ctx context.Context, n Note) error
	NotesOf(ctx context.Context, c offboarding.CaseID) ([]Note, error) // newest first
}

// NoteView is a note as it may be read.
type NoteView struct {
	Note
	Text string // empty when its key was destroyed
}

// noteMost is how long a note may be, in characters.
const noteMost = 4000

// AddNote writes a note about a case. The log says that there is one, who wrote
// it and when, and never what it says.
func (a *App) AddNote(ctx context.Context, by Actor, cid offboarding.CaseID, text string) (string, error) {
	if err := by.may("note"); err != nil {
		return "", err
	}
	text, e := customer.CheckText("text", text, noteMost, true)
	if e == nil && text == "" {
		e = fault.New(fault.Invalid, "field.required").On("text")
	}
	if e != nil {
		return "", e
	}
	n := Note{ID: id.New("note"), Case: cid, CreatedBy: by.ID}
	return n.ID, a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		if n.KeyID, n.Body, err = a.sealFor(ctx, string(c.Customer), n.ID, []byte(text)); err != nil {
			return err
		}
		n.CreatedAt = tx.Now()
		if err := tx.InsertNote(ctx, n); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"note.added", by.ID, string(cid), string(c.Customer), map[string]any{"note": n.ID}})
	})
}

// OpenNotes lists the notes of a case, newest first.
func (a *App) OpenNotes(ctx context.Context, by Actor, cid offboarding.CaseID) (list []NoteView, err error) {
	if err := by.CanRead("note"); err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		if _, err := tx.FindCase(ctx, cid); err != nil {
			return err
		}
		list, err = a.notes(ctx, tx, cid)
		return err
	})
	return list, err
}

// notes reads the notes of a case, newest first.
func (a *App) notes(ctx context.Context, tx Tx, c offboarding.CaseID) ([]NoteView, error) {
	stored, err := tx.NotesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return unsealed(stored, nil, func(n Note) (NoteView, error) {
		plain, err := a.unseal(ctx, n.KeyID, n.ID, n.Body)
		return NoteView{Note: n, Text: string(plain)}, err
	})
}
