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
	req, err := s.ask(ctx, s.us, bucket, http.MethodGet, "", strings.ReplaceAll(query.Encode(), "+", "%20"), nil)
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

// held is a list of what lies below a prefix, page by page.
type held struct {
	s          *System
	op, bucket string
	query      url.Values
	kept       bool // every version is listed
	last       stored
}

func (s *System) list(ctx context.Context, op, bucket, prefix string) (*held, error) {
	kept, err := s.versioned(ctx, op, bucket)
	if err != nil {
		return nil, err
	}
	h := &held{s: s, op: op, bucket: bucket, kept: kept}
	h.query = url.Values{"encoding-type": {"url"}, "max-keys": {strconv.Itoa(perPage(s.cfg.Limit))}, "prefix": {prefix}}
	if kept {
		h.query.Set("versions", "")
	} else {
		h.query.Set("list-type", "2")
	}
	return h, nil
}

// page gives the next one, and reports whether there are more.
func (h *held) page(ctx context.Context) (all []stored, more bool, err error) {
	encoding, next := "", ""
	if h.kept {
		var p versions
		if _, err := h.s.xmlOf(ctx, h.op, h.bucket, h.query, &p); err != nil {
			return nil, false, err
		}
		all, encoding, more, next = append(p.Versions, p.Marks...), p.Encoding, p.More, p.NextKey+p.NextID
		h.query.Set("key-marker", p.NextKey)
		h.query.Set("version-id-marker", p.NextID)
	} else {
		var p listed
		if _, err := h.s.xmlOf(ctx, h.op, h.bucket, h.query, &p); err != nil {
			return nil, false, err
		}
		for _, o := range p.Objects {
			all = append(all, stored{Key: o.Key})
		}
		encoding, more, next = p.Encoding, p.More, p.Next
		h.query.Set("continuation-token", p.Next)
	}
	good := !more || next != ""
	for i := range all {
		if encoding == "url" {
			if all[i].Key, err = url.QueryUnescape(all[i].Key); err != nil {
				good = false
			}
		}
		good = good && strings.HasPrefix(all[i].Key, h.query.Get("prefix")) // otherwise it is another customer's
	}
	if !good {
		return nil, false, h.s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(h.op, nil)
	}
	// Some stores begin a page with what the last one ended with.
	if len(all) > 0 && all[0] == h.last {
		all = all[1:]
	}
	if len(all) > 0 {
		h.last = all[len(all)-1]
	}
	return all, more, nil
}

// CountHeld counts every version of every object below the prefix of the owner.
func (s *System) CountHeld(ctx context.Context, holding, owner string) (n connector.HeldCount, err error) {
	const op = "s3system.CountHeld"
	_, bucket, prefix, err := s.below(op, holding, owner)
	if err != nil {
		return n, err
	}
	list, err := s.list(ctx, op, bucket, prefix)
	if err != nil {
		return n, err
	}
	for more := true; more; {
		var all []stored
		if all, more, err = list.page(ctx); err != nil {
			return n, err
		}
		n.Used += len(all)
	}
	return n, nil
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

// erase deletes the first page of what there is until there is none: a list that is
// gone on with while what it tells of goes away skips things at some stores.
func (s *System) erase(ctx context.Context, op, bucket, prefix string) (connector.Receipt, error) {
	n, before := 0, stored{}
	for {
		list, err := s.list(ctx, op, bucket, prefix)
		if err != nil {
			return connector.Receipt{}, err
		}
		first, _, err := list.page(ctx)
		if err != nil {
			return connector.Receipt{}, err
		}
		if len(first) == 0 {
			raw, err := json.Marshal(map[string]int{"objects": n})
			return connector.Receipt{Answer: raw, At: s.Clock.Now()}, fault.Wrap(op, err)
		}
		if first[0] == before { // it said that it is deleted
			return connector.Receipt{}, s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
		}
		before = first[0]
		for _, o := range first {
			if err := s.delete(ctx, op, bucket, o); err != nil {
				return connector.Receipt{}, err
			}
		}
		n += len(first)
	}
}

func (s *System) delete(ctx context.Context, op, bucket string, o stored) error {
	path, query := "", ""
	for part := range strings.SplitSeq(o.Key, "/") {
		path += "/" + escape(part)
	}
	if o.Version != "" {
		query = "versionId=" + url.QueryEscape(o.Version)
	}
	req, err := s.ask(ctx, s.us, bucket, http.MethodDelete, path, query, nil)
	if err != nil {
		return fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, true)
	switch {
	case failed != nil:
		return s.Fault(op, failed, true)
	case ans.Status == http.StatusNoContent, ans.Status == http.StatusOK, ans.Element("Code") == "NoSuchKey":
		return nil
	}
	if err := s.fault(op, ans, true); err != nil {
		return err
	}
	return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
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
