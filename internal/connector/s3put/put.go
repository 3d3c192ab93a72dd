// Package s3put puts a file into a store that speaks S3, in parts that go on where
// they stopped: after a crash, or when the time of a try is over. It reads back what
// it put before it says that it is there.
package s3put

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hastaluego/internal/bucket"
	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/connector/sigv4"
	"hastaluego/internal/fault"
	"hastaluego/internal/outbound"
	"hastaluego/internal/when"
)

const (
	leastPart = 8 << 20
	mostParts = 10_000 // of S3
	perCall   = time.Minute
	answerMax = 4 << 20
	// enough is how much of a try has to be left to begin another part.
	enough = 20 * time.Second
)

// Sender puts files into stores of customers. It is safe for concurrent use.
type Sender struct {
	caller *httpcall.Caller
	part   int64 // least size of a part
}

// New makes a Sender that calls no private address but those that are allowed.
func New(allow []netip.Prefix, clock when.Clock) *Sender {
	return &Sender{httpcall.New("bucket", clock, outbound.Options{Allow: allow, Timeout: perCall, Limit: answerMax}), leastPart}
}

// Close lets go of idle connections.
func (s *Sender) Close() { s.caller.Close() }

// put is one file on its way.
type put struct {
	*Sender
	to     bucket.Target
	path   string // of the object, escaped
	key    string
	sum    string // SHA-256 of the file
	size   int64
	from   io.ReaderAt
	signer sigv4.Key
}

// Send puts a file of which sum is the SHA-256 into the store, and reports whether it
// is there whole. False without an error: the time of this try is over, and the next
// one goes on. Errors: Invalid (bucket.key, bucket.right, bucket.missing,
// bucket.address, bucket.refused) for what trying again does not mend, Transient
// (bucket.unreachable).
func (s *Sender) Send(ctx context.Context, to bucket.Target, name string, from io.ReaderAt, size int64, sum string) (bool, error) {
	key := to.Object(name)
	p := &put{Sender: s, to: to, key: key, sum: sum, size: size, from: from, signer: sigv4.NewKey(to.KeyID, to.Secret)}
	for segment := range strings.SplitSeq(to.Bucket+"/"+key, "/") {
		p.path += "/" + strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
	}
	if there, err := p.there(ctx); err != nil || there {
		return there, err
	}
	if size <= p.partSize() {
		body, err := p.read(0, size)
		if err != nil {
			return false, err
		}
		if _, err := p.call(ctx, http.MethodPut, "", body, p.marks(), true); err != nil {
			return false, err
		}
		return p.there(ctx)
	}
	return p.inParts(ctx)
}

// partSize depends on the size of the file alone: whoever goes on cuts it the same.
func (p *put) partSize() int64 { return max(p.part, (p.size+mostParts-1)/mostParts) }

func (p *put) read(at, n int64) ([]byte, error) {
	body := make([]byte, n)
	_, err := io.ReadFull(io.NewSectionReader(p.from, at, n), body)
	return body, fault.Wrap("s3put.read", err)
}

// marks say with the object which content it has.
func (p *put) marks() http.Header {
	return http.Header{"X-Amz-Meta-Sha256": {p.sum}, "Content-Type": {"application/zip"}}
}

// there reads back whether the object is the whole file.
func (p *put) there(ctx context.Context) (bool, error) {
	req, err := p.request(ctx, http.MethodGet, "", nil, http.Header{"Range": {"bytes=0-0"}})
	if err != nil {
		return false, err
	}
	stream, ans, failed := p.caller.Stream(req)
	switch {
	case failed != nil:
		return false, p.failed(failed, false)
	case stream != nil:
		defer func() { _ = stream.Body.Close() }()
		return stream.Header.Get("X-Amz-Meta-Sha256") == p.sum && strings.HasSuffix(stream.Header.Get("Content-Range"), "/"+strconv.FormatInt(p.size, 10)), nil
	case ans.Status == http.StatusNotFound && ans.Element("Code") != "NoSuchBucket":
		return false, nil
	}
	return false, p.class(ans, false)
}

// inParts sends what is missing of the parts, and joins them.
func (p *put) inParts(ctx context.Context) (bool, error) {
	upload, err := p.upload(ctx)
	if err != nil {
		return false, err
	}
	done, err := p.parts(ctx, upload)
	if err != nil {
		return false, err
	}
	size := p.partSize()
	n := int((p.size + size - 1) / size)
	for i := 1; i <= n; i++ {
		at := int64(i-1) * size
		want := min(size, p.size-at)
		if done[i].Size == want {
			continue
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) < enough {
			return false, nil
		}
		body, err := p.read(at, want)
		if err != nil {
			return false, err
		}
		if _, err := p.call(ctx, http.MethodPut, query("partNumber", strconv.Itoa(i), "uploadId", upload), body, nil, true); err != nil {
			return false, err
		}
		done[i] = part{}
	}
	if done, err = p.parts(ctx, upload); err != nil {
		return false, err
	}
	return p.join(ctx, upload, done, n)
}

type part struct {
	Number int    `xml:"PartNumber"`
	Size   int64  `xml:"Size"`
	ETag   string `xml:"ETag"`
}

// upload finds the one that was begun, or begins one.
func (p *put) upload(ctx context.Context) (string, error) {
	ans, err := p.call(ctx, http.MethodGet, query("prefix", p.key, "uploads", ""), nil, nil, false)
	if err != nil {
		return "", err
	}
	var found struct {
		Uploads []struct {
			Key string `xml:"Key"`
			ID  string `xml:"UploadId"`
		} `xml:"Upload"`
	}
	if err := p.into(ans, &found); err != nil {
		return "", err
	}
	for _, u := range found.Uploads {
		if u.Key == p.key {
			return u.ID, nil
		}
	}
	if ans, err = p.call(ctx, http.MethodPost, query("uploads", ""), nil, p.marks(), true); err != nil {
		return "", err
	}
	var begun struct {
		ID string `xml:"UploadId"`
	}
	if err := p.into(ans, &begun); err != nil || begun.ID != "" {
		return begun.ID, err
	}
	return "", unreachable(nil)
}

// parts are those that the store has.
func (p *put) parts(ctx context.Context, upload string) (map[int]part, error) {
	all, after := map[int]part{}, 0
	for {
		ans, err := p.call(ctx, http.MethodGet, query("part-number-marker", strconv.Itoa(after), "uploadId", upload), nil, nil, false)
		if err != nil {
			return nil, err
		}
		var page struct {
			Parts []part `xml:"Part"`
			More  bool   `xml:"IsTruncated"`
		}
		if err := p.into(ans, &page); err != nil {
			return nil, err
		}
		for _, x := range page.Parts {
			all[x.Number], after = x, max(after, x.Number)
		}
		if !page.More || len(page.Parts) == 0 {
			return all, nil
		}
	}
}

// join makes the object of its parts, and looks for it.
func (p *put) join(ctx context.Context, upload string, have map[int]part, n int) (bool, error) {
	type piece struct {
		Number int    `xml:"PartNumber"`
		ETag   string `xml:"ETag"`
	}
	var order struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Parts   []piece  `xml:"Part"`
	}
	for i := 1; i <= n; i++ {
		x, ok := have[i]
		if !ok {
			return false, nil // it was lost there: the next try sends it
		}
		order.Parts = append(order.Parts, piece{i, x.ETag})
	}
	body, err := xml.Marshal(order)
	if err != nil {
		return false, fault.Wrap("s3put.join", err)
	}
	ans, err := p.call(ctx, http.MethodPost, query("uploadId", upload), body, http.Header{"Content-Type": {"application/xml"}}, true)
	if err != nil {
		return false, err
	}
	if ans.Root() == "Error" { // it may fail after it began to answer
		return false, unreachable(nil)
	}
	return p.there(ctx)
}

func (p *put) into(ans httpcall.Answer, v any) error {
	if ans.Raw == nil || xml.Unmarshal(ans.Raw, v) != nil {
		return unreachable(nil)
	}
	return nil
}

// query writes a query as it is signed: sorted, as its names are given.
func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return strings.ReplaceAll(v.Encode(), "+", "%20")
}

func (p *put) request(ctx context.Context, method, query string, body []byte, header http.Header) (*http.Request, error) {
	address := p.to.Endpoint + p.path
	if strings.Contains(query, "uploads=&") || strings.HasPrefix(query, "prefix=") { // about the bucket
		address = p.to.Endpoint + "/" + p.to.Bucket
	}
	if query != "" {
		address += "?" + query
	}
	if header == nil {
		header = http.Header{}
	}
	req, err := sigv4.Request(ctx, p.signer, sigv4.Scope{Service: "s3", Region: p.to.Region}, method, address, body, header, p.caller.Clock.Wall())
	return req, fault.Wrap("s3put.request", err)
}

func (p *put) call(ctx context.Context, method, query string, body []byte, header http.Header, write bool) (httpcall.Answer, error) {
	req, err := p.request(ctx, method, query, body, header)
	if err != nil {
		return httpcall.Answer{}, err
	}
	ans, failed := p.caller.Do(req, write)
	if failed != nil {
		return ans, p.failed(failed, write)
	}
	return ans, p.class(ans, write)
}

// failed says why there was no answer. What was sent and not answered is done again:
// the same bytes in the same place.
func (p *put) failed(f *outbound.Failure, write bool) error {
	if f.Forbidden {
		return fault.New(fault.Invalid, "bucket.address").At("s3put", f.Err)
	}
	return unreachable(p.caller.Fault("s3put", f, write))
}

// class says what the store said, to whoever owns it.
func (p *put) class(ans httpcall.Answer, write bool) error {
	if ans.Status >= 200 && ans.Status < 300 && ans.Raw != nil { // XML, or nothing
		return nil
	}
	f := p.caller.Class("s3put", ans, write)
	if f == nil {
		return nil
	}
	switch said := ans.Element("Code"); {
	case said == "InvalidAccessKeyId", said == "SignatureDoesNotMatch", said == "ExpiredToken", ans.Status == http.StatusUnauthorized:
		return fault.New(fault.Invalid, "bucket.key").At("s3put", f)
	case said == "NoSuchBucket":
		return fault.New(fault.Invalid, "bucket.missing").At("s3put", f)
	case ans.Status == http.StatusForbidden && said != "RequestTimeTooSkewed":
		return fault.New(fault.Invalid, "bucket.right").At("s3put", f)
	case said == "NoSuchUpload", said == "InvalidPart": // it was thrown away there: begun anew
		return unreachable(f)
	case f.Kind == fault.Invalid && said != "RequestTimeTooSkewed", f.Kind == fault.NotFound:
		return fault.New(fault.Invalid, "bucket.refused").At("s3put", fmt.Errorf("%s: %w", bytes.TrimSpace([]byte(said)), f))
	}
	u := unreachable(f)
	u.RetryAfter = f.RetryAfter
	return u
}

func unreachable(err error) *fault.Error {
	return fault.New(fault.Transient, "bucket.unreachable").At("s3put", err)
}
