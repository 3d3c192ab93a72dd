package s3system

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// Holding is an entry of the data map: what lies below a prefix for each customer.
type Holding struct {
	connector.Holding

	Bucket string // empty: that of the system
	Prefix string // with the slot {owner}
}

func readErase(e *declaration.Entry) (all []Holding) {
	where := declaration.Path("erase")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, slices.Concat(declaration.HoldingKeys, []string{"bucket", "prefix"})...)
		all = append(all, Holding{e.Held(m, at, name), e.Word(m, at, "bucket"), e.Word(m, at, "prefix")})
	}
	return all
}

func (h Holding) check(own string) []declaration.Problem {
	at := declaration.Path("erase", h.Name)
	x := Export{Name: h.Name, Titles: h.Titles, Bucket: h.Bucket, Prefix: h.Prefix}
	return append(declaration.CheckHolding(h.Holding, at, connector.Erase, connector.Keep), x.place(own, at)...)
}

// Holdings are the declared prefixes, in their order.
func (s *System) Holdings() []connector.Holding {
	out := make([]connector.Holding, len(s.cfg.Erase))
	for i, h := range s.cfg.Erase {
		out[i] = h.Holding
	}
	return out
}

// below is where what is the owner's of a holding lies.
func (s *System) below(op, name, owner string) (h Holding, bucket, prefix string, err error) {
	i := slices.IndexFunc(s.cfg.Erase, func(h Holding) bool { return h.Name == name })
	if i < 0 {
		return h, "", "", fault.New(fault.Blocked, "connector.unknown_holding", "system", s.cfg.System, "holding", name).At(op, nil)
	}
	h = s.cfg.Erase[i]
	below, ok := declaration.Owned(h.Prefix, owner)
	if !ok {
		return h, "", "", s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return h, Export{Bucket: h.Bucket}.in(s.cfg.Bucket), below + "/", nil
}

// stored is one version of an object, or the mark that it was deleted.
type stored struct {
	Key     string
	Version string `xml:"VersionId"`
}

// versions is a page of a list of versions.
type versions struct {
	XMLName  xml.Name `xml:"ListVersionsResult"`
	Encoding string   `xml:"EncodingType"`
	More     bool     `xml:"IsTruncated"`
	NextKey  string   `xml:"NextKeyMarker"`
	NextID   string   `xml:"NextVersionIdMarker"`
	Versions []stored `xml:"Version"`
	Marks    []stored `xml:"DeleteMarker"`
}

// xmlOf asks for a document about a bucket.
func (s *System) xmlOf(ctx context.Context, op, bucket string, query url.Values, into any) (httpcall.Answer, error) {
	req, err := s.ask(ctx, s.us(), bucket, http.MethodGet, "", strings.ReplaceAll(query.Encode(), "+", "%20"), nil)
	if err != nil {
		return httpcall.Answer{}, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	switch {
	case failed != nil:
		return ans, s.Fault(op, failed, false)
	case ans.Status != http.StatusOK || ans.Raw == nil:
		if err := s.fault(op, ans, false); err != nil {
			return ans, err
		}
	case xml.Unmarshal(ans.Raw, into) == nil:
		return ans, nil
	}
	return ans, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
}

// versioned reports whether the bucket keeps, or once kept, what is overwritten or
// deleted: there an object is gone when its last version is.
func (s *System) versioned(ctx context.Context, op, bucket string) (bool, error) {
	var says struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
		Status  string
	}
	ans, err := s.xmlOf(ctx, op, bucket, url.Values{"versioning": {""}}, &says)
	if ans.Status == http.StatusNotImplemented || ans.Element("Code") == "VersioningNotConfigured" { // a store that knows none
		return false, nil
	}
	return says.Status != "", err
}

// each gives every version of what lies below a prefix. What it gives may be
// deleted meanwhile.
func (s *System) each(ctx context.Context, op, bucket, prefix string, one func(stored) error) error {
	kept, err := s.versioned(ctx, op, bucket)
	if err != nil {
		return err
	}
	query := url.Values{"encoding-type": {"url"}, "max-keys": {strconv.Itoa(perPage(s.cfg.Limit))}, "prefix": {prefix}}
	if kept {
		query.Set("versions", "")
	} else {
		query.Set("list-type", "2")
	}
	var last stored
	for {
		var all []stored
		var encoding, next string
		more := false
		if kept {
			var p versions
			if _, err := s.xmlOf(ctx, op, bucket, query, &p); err != nil {
				return err
			}
			all, encoding, more, next = append(p.Versions, p.Marks...), p.Encoding, p.More, p.NextKey+p.NextID
			query.Set("key-marker", p.NextKey)
			query.Set("version-id-marker", p.NextID)
		} else {
			var p listed
			if _, err := s.xmlOf(ctx, op, bucket, query, &p); err != nil {
				return err
			}
			for _, o := range p.Objects {
				all = append(all, stored{Key: o.Key})
			}
			encoding, more, next = p.Encoding, p.More, p.Next
			query.Set("continuation-token", p.Next)
		}
		for _, o := range all {
			if encoding == "url" {
				if o.Key, err = url.QueryUnescape(o.Key); err != nil {
					return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
				}
			}
			if !strings.HasPrefix(o.Key, prefix) { // another customer's
				return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
			}
			if o == last { // some stores begin a page with what the last one ended with
				continue
			}
			last = o
			if err := one(o); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if next == "" {
			return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
		}
	}
}

// CountHeld counts every version of every object below the prefix of the owner.
func (s *System) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "s3system.CountHeld"
	_, bucket, prefix, err := s.below(op, holding, owner)
	if err != nil {
		return n, err
	}
	err = s.each(ctx, op, bucket, prefix, func(stored) error { n.Used++; return nil })
	return n, err
}

// EraseHeld deletes what lies below the prefix of the owner, and what was kept of
// it. Broken off, it is gone on with by calling again.
func (s *System) EraseHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "s3system.EraseHeld"
	h, bucket, prefix, err := s.below(op, in.Holding, in.Owner)
	if err == nil && h.After == connector.Keep {
		err = fault.New(fault.Blocked, "connector.cannot", "system", s.cfg.System, "can", in.Holding).At(op, nil)
	}
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.erase(ctx, op, bucket, prefix)
}

// DestroyHeld deletes what was kept.
func (s *System) DestroyHeld(ctx context.Context, in connector.EraseInput) (connector.Receipt, error) {
	const op = "s3system.DestroyHeld"
	_, bucket, prefix, err := s.below(op, in.Holding, in.Owner)
	if err != nil {
		return connector.Receipt{}, err
	}
	return s.erase(ctx, op, bucket, prefix)
}

func (s *System) erase(ctx context.Context, op, bucket, prefix string) (connector.Receipt, error) {
	n := 0
	err := s.each(ctx, op, bucket, prefix, func(o stored) error {
		path, query := "", ""
		for part := range strings.SplitSeq(o.Key, "/") {
			path += "/" + escape(part)
		}
		if o.Version != "" {
			query = "versionId=" + url.QueryEscape(o.Version)
		}
		req, err := s.ask(ctx, s.us(), bucket, http.MethodDelete, path, query, nil)
		if err != nil {
			return fault.Wrap(op, err)
		}
		ans, failed := s.Do(req, true)
		switch {
		case failed != nil:
			return s.Fault(op, failed, true)
		case ans.Status == http.StatusNoContent, ans.Status == http.StatusOK, ans.Element("Code") == "NoSuchKey":
			n++
			return nil
		}
		if err := s.fault(op, ans, true); err != nil {
			return err
		}
		return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
	})
	if err != nil {
		return connector.Receipt{}, err
	}
	raw, err := json.Marshal(map[string]int{"objects": n})
	return connector.Receipt{Answer: raw, At: s.Clock.Now()}, fault.Wrap(op, err)
}

// checkErase lists what an owner has whom nobody knows. Whether we may delete
// shows only when something is deleted.
func (s *System) checkErase(ctx context.Context, op string) error {
	for _, h := range s.cfg.Erase {
		_, err := s.CountHeld(ctx, h.Name, nonsense)
		switch fault.CodeOf(err) {
		case "connector.no_right":
			return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", "s3:ListBucket, s3:GetBucketVersioning").
				At(op, nil).On(declaration.Pointer(declaration.Path("erase", h.Name, "prefix")))
		case "connector.no_bucket":
			return err.(*fault.Error).On(declaration.Pointer(declaration.Path("erase", h.Name, "bucket")))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
