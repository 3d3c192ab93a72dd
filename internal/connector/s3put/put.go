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
	*bucket.Progress
	to     bucket.Target
	path   string // of the object, escaped
	sum    string // SHA-256 of the file
	size   int64
	from   io.ReaderAt
	signer sigv4.Key
}

func (s *Sender) put(to bucket.Target, name string, how *bucket.Progress) *put {
	p := &put{Sender: s, Progress: how, to: to, signer: sigv4.NewKey(to.KeyID, to.Secret)}
	for segment := range strings.SplitSeq(to.Bucket+"/"+to.Object(name), "/") {
		p.path += "/" + strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
	}
	return p
}

// Send puts a file of which sum is the SHA-256 into the store, and reports whether it
// is there. Each part is signed with its own SHA-256, which the store compares with
// what came. how says how far it was, and how far it is now, also with an error. False
// without an error: the time of this try is over, and the next one goes on. Errors:
// Invalid (bucket.key, bucket.right, bucket.missing, bucket.address, bucket.refused)
// for what trying again does not mend, Transient (bucket.unreachable,
// bucket.unconfirmed: it took the file, and does not have it).
func (s *Sender) Send(ctx context.Context, to bucket.Target, name string, from io.ReaderAt, size int64, sum string, how *bucket.Progress) (bool, error) {
	p := s.put(to, name, how)
	p.from, p.size, p.sum = from, size, sum
	if there, err := p.there(ctx); err != nil || there {
		return there, err
	}
	switch {
	case p.Put:
		return false, unconfirmed()
	case size > p.partSize():
		if done, err := p.inParts(ctx); err != nil || !done {
			return false, err
		}
	default:
		body, err := p.read(0, size)
		if err != nil {
			return false, err
		}
		if _, err := p.call(ctx, http.MethodPut, "", body, p.marks(), true); err != nil {
			return false, err
		}
	}
	*p.Progress = bucket.Progress{Put: true}
	if there, err := p.there(ctx); err != nil || there {
		return there, err
	}
	return false, unconfirmed()
}

// Forget takes back what came in parts and was not joined: its owner would pay for
// what they do not see. What the store says to it is nobody's concern any more.
func (s *Sender) Forget(ctx context.Context, to bucket.Target, name string, how bucket.Progress) {
	if how.Upload == "" {
		return
	}
	p := s.put(to, name, &how)
	_, _ = p.call(ctx, http.MethodDelete, query("uploadId", how.Upload), nil, nil, true)
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

// there reads back whether an object of that size and sum is there. A store that
// keeps no marks is believed about what was put this very time.
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
		size := stream.Header.Get("Content-Length")
		if _, whole, part := strings.Cut(stream.Header.Get("Content-Range"), "/"); part {
			size = whole
		}
		sum := stream.Header.Get("X-Amz-Meta-Sha256")
		return size == strconv.FormatInt(p.size, 10) && (sum == p.sum || sum == "" && p.Put), nil
	case ans.Status == http.StatusNotFound && ans.Element("Code") != "NoSuchBucket":
		return false, nil
	case ans.Status == http.StatusForbidden && ans.Element("Code") == "AccessDenied" && !p.Put:
		return false, nil // whoever may not list a bucket is told so of what is not there
	}
	return false, p.class(ans, false)
}

// inParts sends the parts that are missing, and joins them.
func (p *put) inParts(ctx context.Context) (bool, error) {
	if p.Upload == "" {
		return false, p.begin(ctx) // and its name is kept before anything is sent
	}
	size := p.partSize()
	n := int((p.size + size - 1) / size)
	// Whoever sends much to a store that threw the rest away is hung up on before it can
	// say so: it is asked with nothing first, which the part itself replaces.
	if ans, err := p.sendPart(ctx, nil); err != nil && ans.Element("Code") == "NoSuchUpload" {
		return false, p.anew(ans, err)
	}
	took := time.Duration(0)
	for len(p.Parts) < n {
		if end, ok := ctx.Deadline(); ok && time.Until(end) < max(enough, 2*took) {
			return false, nil
		}
		at, began := int64(len(p.Parts))*size, p.caller.Clock.Wall()
		body, err := p.read(at, min(size, p.size-at))
		if err != nil {
			return false, err
		}
		ans, err := p.sendPart(ctx, body)
		if err != nil {
			return false, p.anew(ans, err)
		}
		if ans.Tag == "" {
			return false, unreachable(nil)
		}
		p.Parts, took = append(p.Parts, ans.Tag), p.caller.Clock.Wall().Sub(began)
	}
	return p.join(ctx)
}

// sendPart sends the next part.
func (p *put) sendPart(ctx context.Context, body []byte) (httpcall.Answer, error) {
	return p.call(ctx, http.MethodPut, query("partNumber", strconv.Itoa(len(p.Parts)+1), "uploadId", p.Upload), body, nil, true)
}

// begin has the store give the file a name while it comes in parts.
func (p *put) begin(ctx context.Context) error {
	ans, err := p.call(ctx, http.MethodPost, query("uploads", ""), nil, p.marks(), true)
	if err != nil {
		return err
	}
	var begun struct {
		ID string `xml:"UploadId"`
	}
	if err := p.into(ans, &begun); err != nil {
		return err
	}
	if begun.ID == "" {
		return unreachable(nil)
	}
	p.Upload = begun.ID
	return nil
}

// anew forgets the parts where the store threw them away.
func (p *put) anew(ans httpcall.Answer, err error) error {
	if said := ans.Element("Code"); said == "NoSuchUpload" || said == "InvalidPart" {
		*p.Progress = bucket.Progress{}
	}
	return err
}

// join makes the object of its parts.
func (p *put) join(ctx context.Context) (bool, error) {
	type piece struct {
		Number int    `xml:"PartNumber"`
		ETag   string `xml:"ETag"`
	}
	var order struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Parts   []piece  `xml:"Part"`
	}
	for i, tag := range p.Parts {
		order.Parts = append(order.Parts, piece{i + 1, tag})
	}
	body, err := xml.Marshal(order)
	if err != nil {
		return false, fault.Wrap("s3put.join", err)
	}
	ans, err := p.call(ctx, http.MethodPost, query("uploadId", p.Upload), body, http.Header{"Content-Type": {"application/xml"}}, true)
	if err != nil {
		return false, p.anew(ans, err)
	}
	if ans.Root() == "Error" { // it may fail after it began to answer
		return false, p.anew(ans, unreachable(nil))
	}
	return true, nil
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

// unconfirmed is of a store that took the file, and does not have it.
func unconfirmed() *fault.Error {
	return fault.New(fault.Transient, "bucket.unconfirmed").At("s3put", nil)
}

func unreachable(err error) *fault.Error {
	return fault.New(fault.Transient, "bucket.unreachable").At("s3put", err)
}
