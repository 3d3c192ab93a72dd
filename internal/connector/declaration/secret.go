package declaration

import (
	"net/url"
	"os"
	"strings"
)

// Slot stands for the name of an access in the path of its own secret.
const Slot = "{reference}"

// OwnerSlot stands for the name by which the systems of the company know a
// customer, in what picks the accesses that are theirs.
const OwnerSlot = "{owner}"

// IsEnv reports whether a reference names a variable of the environment.
func IsEnv(ref string) bool { return strings.HasPrefix(ref, "env:") && len(ref) > len("env:") }

// IsFile reports whether a reference names a file.
func IsFile(ref string) bool { return strings.HasPrefix(ref, "file:") && len(ref) > len("file:") }

// IsSealed reports whether a reference names a secret that is kept in our own
// database, sealed.
func IsSealed(ref string) bool { return strings.HasPrefix(ref, "sealed:") && len(ref) > len("sealed:") }

// IsRef reports whether something is a reference, and so no secret by itself.
func IsRef(ref string) bool { return IsEnv(ref) || IsFile(ref) || IsSealed(ref) }

// Vault opens a secret that is kept sealed, by name, and returns the code of
// what went wrong, or "". Without one (nil) there are no such secrets: what only
// reads declarations opens no database.
type Vault func(name string) (value, code string)

// Resolve reads a reference; what is none is its own value. It returns the code
// of what went wrong, or "".
func (v Vault) Resolve(ref string) (value, code string) {
	switch {
	case IsSealed(ref):
		if v == nil {
			return "", "system.sealed_missing"
		}
		if value, code = v(strings.TrimPrefix(ref, "sealed:")); code != "" {
			return "", code
		}
	case IsEnv(ref):
		var ok bool
		if value, ok = os.LookupEnv(strings.TrimPrefix(ref, "env:")); !ok || value == "" {
			return "", "system.env_missing"
		}
	case IsFile(ref):
		b, err := os.ReadFile(strings.TrimPrefix(ref, "file:"))
		if err != nil {
			return "", "system.file_missing"
		}
		value = strings.TrimRight(string(b), "\r\n")
	default:
		return ref, ""
	}
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", "system.secret_unusable"
	}
	return value, ""
}

// CheckEach returns the code of what is wrong with the reference to a secret
// that each access has: a file whose path holds Slot once.
func CheckEach(ref string) string {
	if !IsFile(ref) || strings.Count(ref, Slot) != 1 || strings.Count(ref, "{") != 1 {
		return "system.probe_file"
	}
	return ""
}

// ResolveEach reads the secret of one access: a file.
func ResolveEach(ref, reference string) (value, code string) {
	return Vault(nil).Resolve(strings.ReplaceAll(ref, Slot, url.PathEscape(reference)))
}
