package ldapsystem

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/fault"
)

// SignedIn is the attribute in which a directory writes when somebody last got in.
type SignedIn struct {
	Attribute string // pwdLastSuccess, authTimestamp, lastLogonTimestamp
	Form      string // one of the words below
}

// How a directory writes an instant.
const (
	Generalized = "generalized_time" // RFC 4517 section 3.3.13
	FileTime    = "filetime"         // Active Directory: tenths of microseconds since 1601
	Seconds     = "seconds"          // since 1970
)

var forms = []string{Generalized, FileTime, Seconds}

// byItself is how Active Directory writes the two attributes that it has for this.
var byItself = map[string]string{"lastlogontimestamp": FileTime, "lastlogon": FileTime}

func (x SignedIn) defaults() SignedIn {
	if x.Form == "" {
		x.Form = Generalized
		if form, known := byItself[strings.ToLower(x.Attribute)]; known {
			x.Form = form
		}
	}
	return x
}

// at reads an instant; zero: never.
func (x SignedIn) at(value string) (time.Time, error) {
	switch x.Form {
	case FileTime:
		return fileTime(value)
	case Seconds:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 || n > lastSecond {
			return time.Time{}, errInstant
		}
		if n == 0 {
			return time.Time{}, nil
		}
		return time.Unix(n, 0).UTC(), nil
	}
	return generalizedTime(value)
}

// lastSecond is that of the year 9999.
const lastSecond = 253402300799

var errInstant = errors.New("no instant of the declared form")

// Active Directory counts from 1601, writes zero for never, and the highest number
// for what never was or never will be.
const (
	since1601 = 11644473600 // seconds from 1601 to 1970
	neverSet  = 1<<63 - 1
)

func fileTime(value string) (time.Time, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil || n < 0:
		return time.Time{}, errInstant
	case n == 0 || n == neverSet:
		return time.Time{}, nil
	}
	at := time.Unix(n/1e7-since1601, n%1e7*100).UTC()
	if at.Year() > 9999 {
		return time.Time{}, errInstant
	}
	return at, nil
}

var generalized = regexp.MustCompile(`^(\d{10})(\d{2})?(\d{2})?(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{2}(?:\d{2})?)$`)

// generalizedTime reads 20261127120000Z and its like. A fraction is one of the
// smallest unit that is written.
func generalizedTime(value string) (time.Time, error) {
	m := generalized.FindStringSubmatch(value)
	if m == nil || m[3] != "" && m[2] == "" {
		return time.Time{}, errInstant
	}
	unit, layout := time.Hour, "2006010215"
	if m[2] != "" {
		unit, layout = time.Minute, layout+"04"
	}
	if m[3] != "" {
		unit, layout = time.Second, layout+"05"
	}
	zone := m[5]
	if len(zone) == len("+00") {
		zone += "00"
	}
	at, err := time.Parse(layout+"Z0700", m[1]+m[2]+m[3]+zone)
	if err != nil {
		return time.Time{}, errInstant
	}
	if m[4] != "" {
		billionths, err := strconv.ParseInt((m[4] + "000000000")[:9], 10, 64)
		if err != nil { // digits
			return time.Time{}, errInstant
		}
		at = at.Add(time.Duration(billionths * int64(unit/time.Second)))
	}
	if at = at.UTC(); at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}, errInstant
	}
	return at, nil
}

func readSignedIn(e *declaration.Entry) *SignedIn {
	at := declaration.Path("signed_in")
	m := e.Keys(at, "attribute", "form")
	x := SignedIn{Attribute: e.Word(m, at, "attribute"), Form: e.Word(m, at, "form")}.defaults()
	return &x
}

func (x SignedIn) check() (found []declaration.Problem) {
	where := declaration.Path("signed_in")
	if !attribute.MatchString(x.Attribute) {
		found = append(found, declaration.Problem{At: declaration.Below(where, "attribute"), Code: "system.attribute"})
	}
	if !slices.Contains(forms, x.Form) {
		found = append(found, declaration.Problem{At: declaration.Below(where, "form"), Code: "system.word", Args: []any{"words", strings.Join(forms, ", ")}})
	}
	return found
}

// signIns is a directory that declares where it writes when somebody got in.
type signIns struct{ *System }

var _ connector.SignIns = signIns{}

// LastSignIn reads when the entry last signed in. Whoever may not read the attribute
// reads of nobody that they did: Check tells.
func (s signIns) LastSignIn(ctx context.Context, account string) (at time.Time, err error) {
	const op = "ldapsystem.LastSignIn"
	if err := s.usable(op, account); err != nil {
		return at, err
	}
	x := *s.cfg.SignedIn
	err = s.with(ctx, op, s.us(), func(l line) error {
		found, err := s.only(op, l, account, s.cfg.FindBy, x.Attribute)
		if err != nil || found == nil {
			return err
		}
		for _, value := range found.GetEqualFoldAttributeValues(x.Attribute) {
			one, err := x.at(value)
			if err != nil { // which may not be told: what stands there is of a person
				return s.say(fault.Transient, "connector.unreadable", 0).At(op, err)
			}
			if one.After(at) {
				at = one
			}
		}
		return nil
	})
	return at, err
}

// showsSignIns looks for one entry that says when somebody signed in. Where none
// does, nobody did yet, the directory does not write it down, or we may not read it.
func (s *System) showsSignIns(op string, l line) error {
	x := s.cfg.SignedIn
	got, err := s.search(l, s.cfg.Base, ldap.ScopeWholeSubtree, 1, s.among("("+x.Attribute+"=*)"), x.Attribute)
	if err != nil && !is(err, ldap.LDAPResultSizeLimitExceeded) {
		return err
	}
	if len(got.Entries) == 0 || got.Entries[0].GetEqualFoldAttributeValue(x.Attribute) == "" {
		return fault.New(fault.Invalid, connector.SignInsUnclear, "system", s.cfg.System, "attribute", x.Attribute).At(op, nil)
	}
	return nil
}
