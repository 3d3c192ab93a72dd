package httpsystem

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// passes is how often a list of several pages is read before it is given up.
const passes = 4

// list reads a list, whole. One of several pages is read until it is the same
// twice, one time after the other: whoever goes in between moves the others, and
// one of them is then on no page that was read. marks are the paths by which
// things are told apart. The answer is that of the first page.
func (s *System) list(ctx context.Context, op string, o Operation, v values, marks []string) ([]any, httpcall.Answer, error) {
	var before []string
	for range passes {
		items, first, pages, err := s.pass(ctx, op, o, v)
		if err != nil {
			return nil, first, err
		}
		if pages == 1 {
			return items, first, nil
		}
		now := make([]string, len(items))
		for i, x := range items {
			if now[i], err = mark(x, marks); err != nil {
				return nil, first, fault.Wrap(op, err)
			}
		}
		if before != nil && slices.Equal(before, now) {
			return distinct(items, now), first, nil
		}
		before = now
	}
	return nil, httpcall.Answer{}, s.notAll(op)
}

// distinct leaves each thing on the list once.
func distinct(items []any, marks []string) []any {
	seen, out := map[string]bool{}, make([]any, 0, len(items))
	for i, x := range items {
		if !seen[marks[i]] {
			seen[marks[i]] = true
			out = append(out, x)
		}
	}
	return out
}

// mark tells one thing of a list from the others.
func mark(item any, marks []string) (string, error) {
	parts := make([]string, len(marks))
	for i, path := range marks {
		parts[i] = (&httpcall.Answer{Body: item}).Scalar(path)
	}
	if strings.Join(parts, "") != "" {
		return strings.Join(parts, "\x00"), nil
	}
	b, err := json.Marshal(item)
	return string(b), err
}

func (s *System) notAll(op string) error {
	return s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
}

// pass reads all pages once. The answer is that of the first page or, with an
// error, of the page that failed.
func (s *System) pass(ctx context.Context, op string, o Operation, v values) (items []any, first httpcall.Answer, pages int, err error) {
	first, pages, err = s.pages(ctx, op, o, v, func(list []any, _ httpcall.Answer) error { items = append(items, list...); return nil })
	if err != nil {
		return nil, first, pages, err
	}
	return items, first, pages, nil
}

// pages reads all pages once, one after the other, and hands over what is on each.
func (s *System) pages(ctx context.Context, op string, o Operation, v values, page func(list []any, ans httpcall.Answer) error) (first httpcall.Answer, pages int, err error) {
	req, err := s.request(ctx, op, o, v)
	if err != nil {
		return first, 0, err
	}
	most, seen := DefaultPages, map[string]bool{}
	if o.Pages != nil && o.Pages.Most > 0 {
		most = o.Pages.Most
	}
	for pages = 1; ; pages++ {
		address := req.URL.String()
		if pages > most || seen[address] {
			return first, pages, s.notAll(op)
		}
		seen[address] = true
		ans, err := s.get(op, req)
		if err != nil {
			return ans, pages, err
		}
		if pages == 1 {
			first = ans
		}
		list, ok := ans.List(o.Items)
		if !ok && (!o.LeftOut || ans.At(o.Items) != nil) {
			return ans, pages, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
		}
		if err := page(list, ans); err != nil {
			return first, pages, err
		}
		if req, err = s.next(op, o.Pages, req, ans, len(list), pages); req == nil || err != nil {
			return first, pages, err
		}
	}
}

// next is the request for the page after the one that was answered; nil after
// the last one.
func (s *System) next(op string, p *Pages, req *http.Request, ans httpcall.Answer, n, page int) (*http.Request, error) {
	if p == nil || p.More != "" && ans.Text(p.More) != "true" {
		return nil, nil
	}
	address := *req.URL
	query := address.Query()
	switch {
	case p.Number != "":
		if n < p.Size {
			return nil, nil
		}
		query.Set(p.Number, strconv.Itoa(page+1))
		address.RawQuery = encoded(query)
	case p.Cursor != "":
		cursor := ans.Scalar(p.Cursor)
		if cursor == "" {
			return nil, nil
		}
		query.Set(p.Into, cursor)
		address.RawQuery = encoded(query)
	default:
		to := ans.Next
		if p.Next != "" {
			to = ans.Scalar(p.Next)
		}
		if to == "" {
			return nil, nil
		}
		u, err := address.Parse(to)
		if err != nil || u.Scheme != address.Scheme || u.Host != address.Host || u.User != nil {
			// Our credential would go to an address that nobody declared.
			return nil, s.Say(fault.Invalid, "connector.page_elsewhere", ans.Status).At(op, nil)
		}
		address = *u
	}
	again := req.Clone(req.Context())
	again.URL, again.Host = &address, ""
	return again, nil
}

// inventory is a system that declares how accesses are listed.
type inventory struct{ *System }

var _ connector.Lister = inventory{}

// ListAccesses lists what the far system has of the owner, of every kind.
func (l inventory) ListAccesses(ctx context.Context, owner string) ([]connector.FoundAccess, error) {
	const op = "httpsystem.ListAccesses"
	var out []connector.FoundAccess
	for _, x := range l.cfg.Inventory {
		found, err := l.listed(ctx, op, x, owner)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func (l inventory) listed(ctx context.Context, op string, x Inventory, owner string) ([]connector.FoundAccess, error) {
	v := l.values("owner", owner)
	if _, err := l.look(ctx, op, x.List.Before, v); err != nil {
		return nil, err
	}
	last := x.List
	items, first, err := l.list(ctx, op, last, v, slices.DeleteFunc(slices.Clone(x.Account), func(path string) bool { return slot.MatchString(path) }))
	if err != nil {
		return nil, err
	}
	out := make([]connector.FoundAccess, 0, len(items))
	for _, item := range items {
		ans := httpcall.Answer{Body: item}
		if last.Where != nil && !last.Where.filled(v).holds(ans, false) {
			continue
		}
		a := connector.FoundAccess{Account: x.name(ans, v), Kind: x.Kind, Label: ans.Text(x.Label), Status: ans.Text(x.Status)}
		if a.Open = len(x.Open) == 0 || oneOf(x.Open, a.Status); !usable(a.Account) || len(x.Open) > 0 && a.Status == "" {
			return nil, l.Say(fault.Transient, "connector.unreadable", first.Status).At(op, nil)
		}
		out = append(out, a)
	}
	return out, nil
}

// partsEnd parts the name of an access that has several.
const partsEnd = "/"

// name is that of an access on the list; empty where a part is missing, or where
// nobody could tell it from the others.
func (x Inventory) name(ans httpcall.Answer, v values) string {
	parts := make([]string, len(x.Account))
	for i, path := range x.Account {
		if parts[i] = ans.Scalar(path); slot.MatchString(path) {
			parts[i], _ = v.fill(path, asItIs)
		}
		if parts[i] == "" || len(parts) > 1 && strings.Contains(parts[i], partsEnd) {
			return ""
		}
	}
	return strings.Join(parts, partsEnd)
}
