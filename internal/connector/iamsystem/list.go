package iamsystem

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

const (
	// mostBytes is how long IAM's word of one user or key may be, with its tags.
	mostBytes = 1024
	// mostPages bounds a list, and passes how often one of several pages is read
	// until it is the same twice.
	mostPages = 1000
	passes    = 4
)

// perPage is how many things fit into an answer of this size.
func perPage(limit int64) string { return strconv.FormatInt(min(max(limit/mostBytes, 1), 1000), 10) }

func (s *System) notAll(op string) error {
	return s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
}

// keys are the access keys of a user; known is false where there is none of that
// name. The answer is that of the first page.
func (s *System) keys(ctx context.Context, op, user string) (all []key, first httpcall.Answer, known bool, err error) {
	marker := ""
	for n := range mostPages {
		v := form("ListAccessKeys", "UserName", user, "MaxItems", perPage(s.cfg.Limit))
		if marker != "" {
			v.Set("Marker", marker)
		}
		var p keysPage
		ans, err := s.look(ctx, op, v, &p)
		if n == 0 {
			first = ans
		}
		if err != nil {
			if ans.Status == http.StatusNotFound && ans.Element("Code") == noEntity {
				return nil, first, false, nil
			}
			return nil, ans, false, err
		}
		all = append(all, p.Keys...)
		if !p.More {
			return all, first, true, nil
		}
		if p.Marker == "" || p.Marker == marker {
			break
		}
		marker = p.Marker
	}
	return nil, first, false, s.notAll(op)
}

// ListAccesses lists the keys of the users whom the declaration ties to the owner.
func (s *System) ListAccesses(ctx context.Context, owner string) ([]connector.FoundAccess, error) {
	const op = "iamsystem.ListAccesses"
	if !httpcall.Usable(owner) || strings.Contains(owner, "/") { // it would lead to another's path
		return nil, s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	var before []connector.FoundAccess
	for n := range passes {
		all, pages, err := s.pass(ctx, op, owner)
		if err != nil {
			return nil, err
		}
		if pages == 1 || n > 0 && slices.Equal(all, before) {
			return all, nil
		}
		before = all
	}
	return nil, s.notAll(op)
}

// pass lists everything once; pages is on how many pages the users stood.
func (s *System) pass(ctx context.Context, op, owner string) (out []connector.FoundAccess, pages int, err error) {
	path, theirs := s.cfg.owned(owner)
	marker := ""
	for pages = 1; pages <= mostPages; pages++ {
		v := form("ListUsers", "PathPrefix", path, "MaxItems", perPage(s.cfg.Limit))
		if marker != "" {
			v.Set("Marker", marker)
		}
		var p usersPage
		ans, err := s.look(ctx, op, v, &p)
		if err != nil {
			return nil, pages, err
		}
		for _, u := range p.Users {
			if !userName.MatchString(u.Name) {
				return nil, pages, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
			}
			if !theirs.MatchString(u.Path + u.Name) {
				continue
			}
			keys, _, known, err := s.keys(ctx, op, u.Name)
			if err != nil {
				return nil, pages, err
			}
			if !known { // gone since its page was read
				return nil, pages, s.notAll(op)
			}
			for _, k := range keys {
				out = append(out, connector.FoundAccess{Account: u.Name + "/" + k.ID, Kind: "api_key", Label: u.Name, Open: k.Status == active, Status: k.Status})
			}
		}
		if !p.More {
			return out, pages, nil
		}
		if p.Marker == "" || p.Marker == marker {
			break
		}
		marker = p.Marker
	}
	return nil, pages, s.notAll(op)
}
