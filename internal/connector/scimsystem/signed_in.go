package scimsystem

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// signIns is a provider that declares which attribute says when a user signed in.
type signIns struct{ *System }

var _ connector.SignIns = signIns{}

// LastSignIn reads when the user last signed in. Where the record says nothing, they
// never did, or the provider does not tell us.
func (s signIns) LastSignIn(ctx context.Context, account string) (at time.Time, err error) {
	const op = "scimsystem.LastSignIn"
	record, _, err := s.record(ctx, op, account, s.signedIn()...)
	if err != nil || record == nil {
		return at, err
	}
	for _, text := range extension(record, s.cfg.SignedIn) {
		one, err := time.Parse(time.RFC3339, text) // RFC 7643 section 2.3.5
		if err != nil {
			return time.Time{}, s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
		}
		if one.After(at) {
			at = one.UTC()
		}
	}
	return at, nil
}

// extension are the texts at a path that may begin with the name of a schema, below
// which its attributes then stand.
func extension(record map[string]any, path string) []string {
	i := strings.LastIndex(path, ":")
	if i < 0 {
		return texts(record, path)
	}
	for schema, attributes := range record {
		if strings.EqualFold(schema, path[:i]) {
			return texts(attributes, path[i+1:])
		}
	}
	return nil
}

// showsSignIns looks at some users for one of whom it is said when they signed in.
// Where there is none, nobody did yet, the provider does not write it down, or does
// not show it. Filters by such an attribute are not understood everywhere.
func (s *System) showsSignIns(ctx context.Context, op string) error {
	if s.cfg.SignedIn == "" {
		return nil
	}
	ans, err := s.ask(ctx, op, schemaUser, url.Values{"attributes": {s.wanted(s.signedIn()...)}, "count": {strconv.Itoa(most)}})
	if err != nil {
		return err
	}
	list, _, ok := resources(ans)
	if !ok {
		return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	}
	if slices.ContainsFunc(list, func(record map[string]any) bool { return len(extension(record, s.cfg.SignedIn)) > 0 }) {
		return nil
	}
	return fault.New(fault.Invalid, connector.SignInsUnclear, "system", s.cfg.System, "attribute", s.cfg.SignedIn).At(op, nil)
}

// signedIn are the attributes that are asked for to read it. Whoever shows those of a
// schema of their own says that it is in use, too.
func (s *System) signedIn() []string { return []string{"schemas", s.cfg.SignedIn} }
