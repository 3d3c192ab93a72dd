package declaration

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
)

// SystemName is how systems and their actions may be called.
var SystemName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Works of the house and the outgoing mail share the name space of systems.
var reservedNames = []string{"house", "mail"}

// CheckName finds what is wrong with the name of a system.
func CheckName(name string) []Problem {
	if !SystemName.MatchString(name) || slices.Contains(reservedNames, name) {
		return []Problem{{Code: "system.name", Args: []any{"name", name}}}
	}
	return nil
}

// WrongURL returns the code of what is wrong with the base address of a system
// that speaks HTTP, or "". Without TLS only named networks may be called.
func WrongURL(raw string, allow []netip.Prefix) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "system.base_url"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "":
		return "system.base_url_extra"
	case u.Scheme == "http" && len(allow) == 0:
		return "system.plain_http"
	}
	return ""
}

// CheckRef returns the code of what is wrong with the reference to a secret, or
// "": the secret itself is never written there.
func CheckRef(ref string) string {
	if !IsRef(ref) {
		return "system.secret_inline"
	}
	return ""
}
