package bundle

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"filippo.io/age"
)

// ErrPhrase says that a phrase is too short to keep anything to oneself, or too long.
var ErrPhrase = errors.New("bundle: not a phrase of that length")

// How long a phrase is, in characters.
const (
	PhraseLeast = 12
	PhraseMost  = 200
)

// phrased is how the text begins that stands for a phrase.
const phrased = "scrypt."

// phraseWork is the work that each guess of a phrase takes, a power of two: 64 MB and
// some tenths of a second.
const phraseWork = 16

// phrases are worked on one at a time, whoever asks: each takes its memory.
var phrases sync.Mutex

// Phrase is what stands for a phrase in the place of a key of age: nothing is opened with
// it, and whoever does not know the phrase can only guess. secret is that of Age.
func Phrase(phrase string, secret []byte) (recipient string, err error) {
	if n := len([]rune(phrase)); n < PhraseLeast || n > PhraseMost {
		return "", ErrPhrase
	}
	to, err := age.NewScryptRecipient(phrase)
	if err != nil {
		return "", fmt.Errorf("bundle: phrase: %w", err)
	}
	to.SetWorkFactor(phraseWork)
	once := make([]byte, 16)
	_, _ = rand.Read(once) // never fails
	phrases.Lock()
	defer phrases.Unlock()
	stanzas, err := to.Wrap(drawer(secret)("phrase", 16, once))
	if err != nil {
		return "", fmt.Errorf("bundle: phrase: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString
	salt, err := base64.RawStdEncoding.DecodeString(stanzas[0].Args[0])
	if err != nil {
		return "", fmt.Errorf("bundle: phrase: %w", err)
	}
	return phrased + text(once) + "." + text(salt) + "." + text(stanzas[0].Body), nil
}

// phraseParts are what was drawn for a phrase, its salt, and the key of the file sealed
// with it: 16, 16 and 32 bytes.
var phraseParts = regexp.MustCompile(`^([\w-]{22})\.([\w-]{22})\.([\w-]{43})$`)

// readPhrase reads what Phrase gave, without its beginning: what was drawn, and the stanza
// of age.
func readPhrase(text string) (once []byte, stanza string, err error) {
	var parts [3][]byte
	m := phraseParts.FindStringSubmatch(text)
	if m == nil {
		return nil, "", fmt.Errorf("%w: a phrase that was not made here", ErrRecipient)
	}
	for i := range parts {
		if parts[i], err = base64.RawURLEncoding.Strict().DecodeString(m[i+1]); err != nil {
			return nil, "", fmt.Errorf("%w: a phrase that was not made here", ErrRecipient)
		}
	}
	std := base64.RawStdEncoding.EncodeToString
	return parts[0], strings.Join([]string{"scrypt", std(parts[1]), fmt.Sprint(phraseWork)}, " ") + "\n" + std(parts[2]), nil
}
