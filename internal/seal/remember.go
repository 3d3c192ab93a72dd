package seal

import (
	"context"
	"crypto/rand"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// Classes of what is remembered of a subject. A row stands for it that seals
// nothing: keys are what no backup of the database takes back to an earlier day.
const (
	Silence   = "silence"   // a customer who wants no letters, and the keyed hash of each of their addresses
	Revoked   = "revoked"   // a departure in which a consent was given that does not hold any more
	Tombstone = "tombstone" // the keyed hash of a name by which somebody went who was erased, and in which departure
)

var remembered = []string{Silence, Revoked, Tombstone}

// Remember keeps that something holds of subjects (ids, keyed hashes), in one
// transaction; again it changes nothing. After Forget it may be remembered anew.
func (k *Keys) Remember(ctx context.Context, class string, subjects ...string) error {
	const op = "seal.Remember"
	if !slices.Contains(remembered, class) {
		return fault.New(fault.Internal, "seal.subject_unfit", "class", class).At(op, nil)
	}
	var list []carried
	for _, s := range subjects {
		fresh := make([]byte, keySize)
		_, _ = rand.Read(fresh) // crypto/rand.Read never fails since Go 1.24
		c := carried{ID: id.New("key"), Subject: s, Class: class}
		c.Wrapped = k.wrapping.Seal(nil, nil, fresh, []byte(c.ID))
		list = append(list, c)
	}
	_, err := k.table.insertAll(ctx, list)
	return fault.Wrap(op, err)
}

// Forget says that it holds no more; again it changes nothing.
func (k *Keys) Forget(ctx context.Context, class string, subjects ...string) error {
	const op = "seal.Forget"
	if !slices.Contains(remembered, class) {
		return fault.New(fault.Internal, "seal.subject_unfit", "class", class).At(op, nil)
	}
	for _, s := range subjects {
		keyID, found, err := k.table.live(ctx, s, class)
		if err == nil && found {
			_, err = k.table.destroy(ctx, keyID)
		}
		if err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

// Remembered returns the subjects of whom something of the class holds.
func (k *Keys) Remembered(ctx context.Context, class string) ([]string, error) {
	list, err := k.table.subjects(ctx, class, true)
	return list, fault.Wrap("seal.Remembered", err)
}
