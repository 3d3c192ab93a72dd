package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"slices"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// Classes of keys: what is sealed of a subject is destroyed class by class.
const (
	Account   = "account"   // the running relation; goes at erasure
	Blocked   = "blocked"   // kept by law, out of daily use
	Evidence  = "evidence"  // proof of the departure
	Consented = "consented" // staying in touch, as agreed
)

var classes = []string{Account, Blocked, Evidence, Consented}

// sealedVersion is the first byte of everything sealed: AES-256-GCM with a
// nonce of 12 bytes behind it.
const sealedVersion = 1

// sealedMore is how much longer what is sealed is than what it was: version, nonce
// and tag.
const sealedMore = 1 + 12 + 16

const keySize = 32

// KeyFor returns the key of the subject (an id) in the class and makes it if
// there is none; everybody who asks gets the same. After Destroy there is none
// any more, for ever: fault.Gone (key.destroyed). Nothing can be written down
// by accident about somebody whose key was destroyed.
func (k *Keys) KeyFor(ctx context.Context, subject, class string) (string, error) {
	const op = "seal.KeyFor"
	if subject == "" || !slices.Contains(classes, class) {
		return "", fault.New(fault.Internal, "seal.subject_unfit", "class", class).At(op, nil)
	}
	name := subjectClass{subject, class}
	if keyID, ok := k.cache.id(name); ok {
		return keyID, nil
	}
	// Between the insert that found a key and the look at it, it may be
	// destroyed; then once more.
	for range 5 {
		epoch := k.cache.epoch()
		keyID, found, err := k.table.live(ctx, subject, class)
		if err != nil {
			return "", fault.Wrap(op, err)
		}
		if found {
			k.cache.putID(epoch, name, keyID)
			return keyID, nil
		}
		if gone, err := k.table.gone(ctx, subject, class); err != nil {
			return "", fault.Wrap(op, err)
		} else if gone {
			return "", fault.New(fault.Gone, "key.destroyed").At(op, nil)
		}
		keyID = id.New("key")
		fresh := make([]byte, keySize)
		_, _ = rand.Read(fresh) // crypto/rand.Read never fails since Go 1.24
		wrapped := k.wrapping.Seal(nil, nil, fresh, []byte(keyID))
		ours, err := k.table.insert(ctx, keyID, subject, class, wrapped)
		if err != nil {
			return "", fault.Wrap(op, err)
		}
		if !ours { // somebody else made one meanwhile
			continue
		}
		g, err := aead(fresh)
		if err != nil {
			return "", fault.Wrap(op, err)
		}
		k.cache.putID(epoch, name, keyID)
		k.cache.putKey(epoch, keyID, g)
		return keyID, nil
	}
	return "", fault.New(fault.Transient, "store.unavailable").At(op, nil)
}

// Prepare makes the keys of those of the subjects that have none in the class,
// in one transaction, so that KeyFor need not make them one by one.
func (k *Keys) Prepare(ctx context.Context, class string, subjects ...string) error {
	const op = "seal.Prepare"
	if slices.Contains(subjects, "") || !slices.Contains(classes, class) {
		return fault.New(fault.Internal, "seal.subject_unfit", "class", class).At(op, nil)
	}
	epoch := k.cache.epoch()
	subjects = slices.DeleteFunc(slices.Clone(subjects), func(s string) bool {
		_, known := k.cache.id(subjectClass{s, class})
		return known
	})
	had, err := k.table.had(ctx, class, subjects)
	if err != nil {
		return fault.Wrap(op, err)
	}
	var list []carried
	plain := map[string][]byte{}
	for _, s := range subjects {
		if had[s] {
			continue
		}
		fresh := make([]byte, keySize)
		_, _ = rand.Read(fresh) // crypto/rand.Read never fails since Go 1.24
		c := carried{ID: id.New("key"), Subject: s, Class: class}
		c.Wrapped = k.wrapping.Seal(nil, nil, fresh, []byte(c.ID))
		plain[c.ID], list = fresh, append(list, c)
	}
	ours, err := k.table.insertAll(ctx, list)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for _, c := range ours {
		g, err := aead(plain[c.ID])
		if err != nil {
			return fault.Wrap(op, err)
		}
		k.cache.putID(epoch, subjectClass{c.Subject, class}, c.ID)
		k.cache.putKey(epoch, c.ID, g)
	}
	return nil
}

// Seal encrypts plain under the key, bound to aad: version byte, nonce,
// ciphertext. Errors as Open.
func (k *Keys) Seal(ctx context.Context, keyID string, plain, aad []byte) ([]byte, error) {
	return k.AppendSealed(ctx, make([]byte, 0, len(plain)+sealedMore), keyID, plain, aad)
}

// AppendSealed is Seal into the room of to, behind what is there.
func (k *Keys) AppendSealed(ctx context.Context, to []byte, keyID string, plain, aad []byte) ([]byte, error) {
	g, err := k.key(ctx, keyID)
	if err != nil {
		return nil, fault.Wrap("seal.Seal", err)
	}
	return g.Seal(append(to, sealedVersion), nil, plain, aad), nil
}

// Open decrypts what Seal returned for the same key and aad. Errors:
// fault.Gone (key.destroyed); fault.NotFound (key.unknown); fault.Internal
// (seal.broken) when sealed, aad or the stored key were changed;
// fault.Transient (store.unavailable).
func (k *Keys) Open(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error) {
	return k.open(ctx, nil, keyID, sealed, aad)
}

// OpenInPlace is Open into the room of sealed, which is no more then.
func (k *Keys) OpenInPlace(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error) {
	return k.open(ctx, sealed[min(1, len(sealed)):min(1, len(sealed))], keyID, sealed, aad)
}

func (k *Keys) open(ctx context.Context, to []byte, keyID string, sealed, aad []byte) ([]byte, error) {
	const op = "seal.Open"
	g, err := k.key(ctx, keyID)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if len(sealed) == 0 || sealed[0] != sealedVersion {
		return nil, fault.New(fault.Internal, "seal.broken").At(op, nil)
	}
	plain, err := g.Open(to, nil, sealed[1:], aad)
	if err != nil {
		return nil, fault.New(fault.Internal, "seal.broken").At(op, err)
	}
	return plain, nil
}

// Destroy forgets the key for ever; nothing that it sealed can be opened
// again. Destroying it twice is fine. Other processes may go on with their
// copy in memory for at most Memory. Error: fault.NotFound (key.unknown).
func (k *Keys) Destroy(ctx context.Context, keyID string) error {
	const op = "seal.Destroy"
	// Forgotten again afterwards: somebody may have read the row in between.
	defer k.cache.evict(keyID)
	k.cache.evict(keyID)
	found, err := k.table.destroy(ctx, keyID)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if !found {
		return fault.New(fault.NotFound, "key.unknown").At(op, nil)
	}
	return nil
}

// DestroyedSubjects returns those whose key of the class was destroyed.
func (k *Keys) DestroyedSubjects(ctx context.Context, class string) ([]string, error) {
	list, err := k.table.subjects(ctx, class, false)
	return list, fault.Wrap("seal.DestroyedSubjects", err)
}

// Destroyed reports whether the key was here and was destroyed.
func (k *Keys) Destroyed(ctx context.Context, keyID string) bool {
	wrapped, found, err := k.table.wrapped(ctx, keyID)
	return err == nil && found && wrapped == nil
}

// key returns the unwrapped key, ready for use.
func (k *Keys) key(ctx context.Context, keyID string) (cipher.AEAD, error) {
	if g, ok := k.cache.key(keyID); ok {
		return g, nil
	}
	epoch := k.cache.epoch()
	wrapped, found, err := k.table.wrapped(ctx, keyID)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fault.New(fault.NotFound, "key.unknown")
	case wrapped == nil:
		return nil, fault.New(fault.Gone, "key.destroyed")
	}
	raw, err := k.wrapping.Open(nil, nil, wrapped, []byte(keyID))
	if err != nil {
		return nil, fault.New(fault.Internal, "seal.broken").At("seal.key", err)
	}
	g, err := aead(raw)
	if err != nil {
		return nil, fault.New(fault.Internal, "seal.broken").At("seal.key", err)
	}
	k.cache.putKey(epoch, keyID, g)
	return g, nil
}

// aead is AES-256-GCM that draws its own nonce and writes it first.
func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
