package iamsystem

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hastaluego/internal/connector/httpcall"
	"hastaluego/internal/connector/sigv4"
	"hastaluego/internal/fault"
)

// The versions of the two protocols that are spoken.
const (
	iamVersion = "2010-05-08"
	stsVersion = "2011-06-15"
)

// Words of IAM.
const (
	active   = "Active"
	inactive = "Inactive"
	noEntity = "NoSuchEntity"
)

// key is one access key of a user.
type key struct {
	ID     string `xml:"AccessKeyId"`
	Status string
}

type keysPage struct {
	XMLName xml.Name `xml:"ListAccessKeysResponse"`
	Keys    []key    `xml:"ListAccessKeysResult>AccessKeyMetadata>member"`
	More    bool     `xml:"ListAccessKeysResult>IsTruncated"`
	Marker  string   `xml:"ListAccessKeysResult>Marker"`
}

type usersPage struct {
	XMLName xml.Name `xml:"ListUsersResponse"`
	Users   []struct {
		Path string
		Name string `xml:"UserName"`
	} `xml:"ListUsersResult>Users>member"`
	More   bool   `xml:"ListUsersResult>IsTruncated"`
	Marker string `xml:"ListUsersResult>Marker"`
}

type usedPage struct {
	XMLName xml.Name  `xml:"GetAccessKeyLastUsedResponse"`
	At      time.Time `xml:"GetAccessKeyLastUsedResult>AccessKeyLastUsed>LastUsedDate"`
}

// form is what is asked of IAM.
func form(action string, more ...string) url.Values {
	v := url.Values{"Action": {action}, "Version": {iamVersion}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// look asks IAM for something, into an answer of XML, and changes nothing.
func (s *System) look(ctx context.Context, op string, v url.Values, into any) (httpcall.Answer, error) {
	req, err := sigv4.Request(ctx, s.us, sigv4.Scope{Service: "iam", Region: s.cfg.Region}, http.MethodGet, s.base+"/?"+v.Encode(), nil, nil, s.Clock.Wall())
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

// post asks IAM to change something. Only its own word of success is one.
func (s *System) post(ctx context.Context, op string, v url.Values) (httpcall.Answer, *fault.Error) {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	req, err := sigv4.Request(ctx, s.us, sigv4.Scope{Service: "iam", Region: s.cfg.Region}, http.MethodPost, s.base+"/", []byte(v.Encode()), header, s.Clock.Wall())
	if err != nil {
		return httpcall.Answer{}, s.Say(fault.Invalid, "connector.refused", 0).At(op, err)
	}
	ans, failed := s.Do(req, true)
	switch {
	case failed != nil:
		return ans, s.Fault(op, failed, true)
	case ans.Status != http.StatusOK:
		if f := s.fault(op, ans, true); f != nil {
			return ans, f
		}
	case ans.Root() == v.Get("Action")+"Response":
		return ans, nil
	}
	return ans, s.Say(fault.Uncertain, "connector.uncertain", ans.Status).At(op, nil)
}

// fault is Class, with what IAM says more precisely than its status.
func (s *System) fault(op string, ans httpcall.Answer, write bool) *fault.Error {
	f := s.Class(op, ans, write)
	if f == nil {
		return nil
	}
	switch code := ans.Element("Code"); {
	case tooFarApart(code, ans.Element("Message")): // nothing was done, and whoever sets our clock mends it
		f = s.Say(fault.Transient, "connector.clock", ans.Status).At(op, nil)
	case code == "InvalidClientTokenId", code == "SignatureDoesNotMatch", code == "IncompleteSignature", code == "MissingAuthenticationToken", code == "ExpiredToken":
		f = s.Say(fault.Invalid, "connector.credential", ans.Status).At(op, nil)
	case code == "Throttling", code == "ThrottlingException", code == "RequestLimitExceeded":
		f = s.Say(fault.Transient, "connector.busy", ans.Status).At(op, nil)
		f.RetryAfter = ans.RetryAfter
	}
	return f
}

// tooFarApart reports whether a signature was refused because of its time. IAM has
// no code of its own for that.
func tooFarApart(code, message string) bool {
	return code == "RequestExpired" ||
		code == "SignatureDoesNotMatch" && (strings.HasPrefix(message, "Signature expired") || strings.HasPrefix(message, "Signature not yet current"))
}
