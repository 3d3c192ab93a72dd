package s3system

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/fault"
)

// Export is what lies below a prefix for each customer.
type Export struct {
	Name   string            // of the collection
	Titles map[string]string // for people, by language
	Bucket string            // empty: that of the system
	Prefix string            // with the slot {owner}
	Rules  []connector.FileRule
}

func readExport(e *declaration.Entry) (all []Export) {
	where := declaration.Path("export")
	for _, name := range e.Names(where) {
		at := declaration.Below(where, name)
		m := e.Keys(at, "title", "bucket", "prefix", "others")
		all = append(all, Export{Name: name, Titles: e.Table(m, at, "title"), Bucket: e.Word(m, at, "bucket"), Prefix: e.Word(m, at, "prefix"), Rules: e.FileRules(m, at)})
	}
	return all
}

func (x Export) check(own string) (found []declaration.Problem) {
	at := declaration.Path("export", x.Name)
	found = append(declaration.CheckCollection(x.Name, at), declaration.CheckTitles(x.Titles, declaration.Below(at, "title"))...)
	found = append(found, declaration.CheckFileRules(x.Rules, at)...)
	return append(found, x.place(own, at)...)
}

// place finds what is wrong with where it lies.
func (x Export) place(own string, at []string) (found []declaration.Problem) {
	if b := x.in(own); !goodBucket(b) {
		found = append(found, declaration.Problem{At: declaration.Below(at, "bucket"), Code: "system.bucket"})
	}
	return append(found, declaration.CheckBelow(x.Prefix, declaration.Below(at, "prefix"))...)
}

// in is the bucket where it lies.
func (x Export) in(own string) string {
	if x.Bucket != "" {
		return x.Bucket
	}
	return own
}

// Collections are the declared prefixes, in their order.
func (s *System) Collections() []connector.Collection {
	out := make([]connector.Collection, len(s.cfg.Export))
	for i, x := range s.cfg.Export {
		out[i] = connector.Collection{Name: x.Name, Titles: x.Titles, Files: x.Rules}
	}
	return out
}

// held is what is an owner's of a collection: a bucket, and the prefix of the keys.
func (s *System) held(op, collection, owner string) (bucket, prefix string, err error) {
	i := slices.IndexFunc(s.cfg.Export, func(x Export) bool { return x.Name == collection })
	if i < 0 {
		return "", "", fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At(op, nil)
	}
	x := s.cfg.Export[i]
	below, ok := declaration.Owned(x.Prefix, owner)
	if !ok {
		return "", "", s.Say(fault.Invalid, "connector.bad_reference", 0).At(op, nil)
	}
	return x.in(s.cfg.Bucket), below + "/", nil
}

// ReadRows has nothing to read: a store keeps files.
func (s *System) ReadRows(_ context.Context, collection, _, _ string, _ connector.TableSink) error {
	return fault.New(fault.Blocked, "connector.unknown_collection", "system", s.cfg.System, "collection", collection).At("s3system.ReadRows", nil)
}

// listed is a page of a list of objects.
type listed struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	Encoding string   `xml:"EncodingType"`
	More     bool     `xml:"IsTruncated"`
	Next     string   `xml:"NextContinuationToken"`
	Objects  []struct {
		Key      string
		Modified time.Time `xml:"LastModified"`
		ETag     string
		Size     int64
	} `xml:"Contents"`
}

// mostBytes is how long a listed object may be: its key, escaped, and what is said
// of it.
const mostBytes = 3500

// perPage is how many objects fit into an answer of this size.
func perPage(limit int64) int { return int(min(max(limit/mostBytes, 1), 1000)) }

// page lists objects below a prefix: those behind a key, or of the next page.
func (s *System) page(ctx context.Context, op, bucket, prefix, after, token string, most int) (p listed, err error) {
	query := url.Values{"list-type": {"2"}, "encoding-type": {"url"}, "max-keys": {strconv.Itoa(most)}, "prefix": {prefix}}
	switch {
	case token != "":
		query.Set("continuation-token", token)
	case after != "":
		query.Set("start-after", prefix+after)
	}
	req, err := s.ask(ctx, s.us, bucket, http.MethodGet, "", strings.ReplaceAll(query.Encode(), "+", "%20"), nil)
	if err != nil {
		return p, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, false)
	switch {
	case failed != nil:
		return p, s.Fault(op, failed, false)
	case ans.Status != http.StatusOK || ans.Raw == nil:
		if err := s.fault(op, ans, false); err != nil {
			return p, err
		}
	case xml.Unmarshal(ans.Raw, &p) == nil:
		return p, nil
	}
	return p, s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
}

// ListFiles lists the objects below the prefix of the owner, page by page. What
// only stands for a folder (an empty object whose key ends in a slash) is none, and
// what leads elsewhere as a path cannot be taken along.
func (s *System) ListFiles(ctx context.Context, collection, owner, after string, file func(connector.HeldFile) error) error {
	const op = "s3system.ListFiles"
	bucket, prefix, err := s.held(op, collection, owner)
	if err != nil {
		return err
	}
	last, token := after, ""
	for {
		p, err := s.page(ctx, op, bucket, prefix, after, token, perPage(s.cfg.Limit))
		if err != nil {
			return err
		}
		for _, o := range p.Objects {
			key := o.Key
			if p.Encoding == "url" {
				if key, err = url.QueryUnescape(key); err != nil {
					return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
				}
			}
			name, below := strings.CutPrefix(key, prefix)
			switch {
			case !below || o.Size < 0 || o.ETag == "" || last != "" && name <= last:
				// Another customer's, or out of its order: whoever goes on behind a name
				// would lose what should come before it.
				return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
			case name == "":
				continue
			}
			last = name
			if o.Size == 0 && strings.HasSuffix(name, "/") {
				continue
			}
			f := connector.HeldFile{Name: name, Size: o.Size, Version: o.ETag, ModifiedAt: o.Modified.UTC()}
			if leads(name) {
				f.Skipped = "export.not_a_file"
			}
			if err := file(f); err != nil {
				return err
			}
		}
		if !p.More {
			return nil
		}
		if p.Next == "" || p.Next == token {
			return s.Say(fault.Transient, "connector.unreadable", http.StatusOK).At(op, nil)
		}
		token = p.Next
	}
}

// leads reports whether the name of an object leads elsewhere as a path: some stores
// follow it.
func leads(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return part == "." || part == ".." })
}

// OpenFile reads an object from an offset, on condition that it still has the
// content that was listed.
func (s *System) OpenFile(ctx context.Context, collection, owner string, f connector.HeldFile, offset int64) (io.ReadCloser, error) {
	const op = "s3system.OpenFile"
	bucket, prefix, err := s.held(op, collection, owner)
	switch {
	case err != nil:
		return nil, err
	case f.Skipped != "" || f.Version == "" || leads(f.Name) || offset < 0 || offset > f.Size:
		return nil, s.Say(fault.Invalid, "connector.refused", 0).At(op, nil)
	case offset == f.Size && offset > 0: // there is nothing more to ask for
		return io.NopCloser(strings.NewReader("")), nil
	}
	path := ""
	for part := range strings.SplitSeq(prefix+f.Name, "/") {
		path += "/" + escape(part)
	}
	req, err := s.ask(ctx, s.us, bucket, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	req.Header.Set("If-Match", f.Version)
	if f.Size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, f.Size-1))
	}
	stream, ans, failed := s.Stream(req)
	switch {
	case failed != nil:
		return nil, s.Fault(op, failed, false)
	case stream == nil:
		return nil, s.notOpened(op, ans)
	}
	// A store that knows no conditions says which content it gives; one that knows no
	// ranges gives it from its beginning.
	if stream.Header.Get("ETag") != f.Version {
		err = s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
	} else if offset > 0 && !strings.HasPrefix(stream.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)) {
		err = s.Say(fault.Transient, "connector.unreadable", stream.Status).At(op, nil)
	}
	if err != nil {
		_ = stream.Body.Close()
		return nil, err
	}
	return &reader{s: s, body: stream.Body, left: f.Size - offset}, nil
}

// notOpened is the fault of an object that was not given.
func (s *System) notOpened(op string, ans httpcall.Answer) error {
	switch said := ans.Element("Code"); {
	case ans.Status == http.StatusPreconditionFailed, ans.Status == http.StatusRequestedRangeNotSatisfiable, said == "NoSuchKey":
		return s.Say(fault.Transient, "connector.not_all", ans.Status).At(op, nil)
	case said == "InvalidObjectState": // it was put into an archive, out of which somebody has to fetch it first
		return s.Say(fault.Invalid, "connector.refused", ans.Status).At(op, nil)
	}
	if err := s.fault(op, ans, false); err != nil {
		return err
	}
	return s.Say(fault.Transient, "connector.unreadable", ans.Status).At(op, nil)
}

// reader gives as many bytes as were listed.
type reader struct {
	s    *System
	body io.ReadCloser
	left int64
}

func (r *reader) Read(p []byte) (int, error) {
	const op = "s3system.Read"
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	switch {
	case err == nil || r.left == 0 && errors.Is(err, io.EOF):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, r.s.Say(fault.Transient, "connector.not_all", 0).At(op, nil)
	}
	return n, r.s.Say(fault.Transient, "connector.unreachable", 0).At(op, err)
}

func (r *reader) Close() error { return r.body.Close() }

// checkExport lists what an owner has whom nobody knows, and asks for an object
// that is not there: a store says so only to whoever may read it.
func (s *System) checkExport(ctx context.Context, op string) error {
	for _, x := range s.cfg.Export {
		bucket, prefix, err := s.held(op, x.Name, nonsense)
		if err != nil {
			return err
		}
		missing := func(right string) error {
			return fault.New(fault.Invalid, "connector.right_missing", "system", s.cfg.System, "right", right).
				At(op, nil).On(declaration.Pointer(declaration.Path("export", x.Name, "prefix")))
		}
		_, err = s.page(ctx, op, bucket, prefix, "", "", 1)
		switch fault.CodeOf(err) {
		case "connector.no_right":
			return missing("s3:ListBucket")
		case "connector.no_bucket":
			return err.(*fault.Error).On(declaration.Pointer(declaration.Path("export", x.Name, "bucket")))
		}
		if err != nil {
			return err
		}
		path := ""
		for part := range strings.SplitSeq(prefix+nonsense, "/") {
			path += "/" + escape(part)
		}
		req, err := s.ask(ctx, s.us, bucket, http.MethodGet, path, "", nil)
		if err != nil {
			return fault.Wrap(op, err)
		}
		ans, failed := s.Do(req, false)
		switch {
		case failed != nil:
			return s.Fault(op, failed, false)
		case ans.Status == http.StatusForbidden:
			return missing("s3:GetObject")
		case ans.Element("Code") == "NoSuchKey", ans.Status == http.StatusOK:
			continue
		}
		if err := s.fault(op, ans, false); err != nil {
			return err
		}
	}
	return nil
}
