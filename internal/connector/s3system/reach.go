package s3system

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
)

// NarrowInfo describes narrowing: a statement of ours comes, and goes again.
func (s *System) NarrowInfo() connector.Info {
	info := s.Info()
	info.Undo = connector.Restorable
	return info
}

// ReadReach asks whether the policy lets the access read alone.
func (s *System) ReadReach(ctx context.Context, account string) (r connector.Reach, err error) {
	st, p, err := s.look(ctx, "s3system.ReadReach", account)
	r.AccessState = st
	if err != nil {
		return r, err
	}
	if r.Open && p.denies(writing, s.cfg.principal(account), s.cfg.Bucket) {
		r.ReadOnly, r.Status = true, "read_only"
	}
	return r, nil
}

// NarrowAccess denies the access to change anything in the bucket. It may be asked
// for again.
func (s *System) NarrowAccess(ctx context.Context, in connector.AccessInput) (connector.Receipt, error) {
	const op = "s3system.NarrowAccess"
	if err := s.notOurs(op, in.Account); err != nil {
		return connector.Receipt{}, err
	}
	return s.change(ctx, op, in.Account, func(p policy, who string) (policy, int) { return p.deny(writing, who, s.cfg.Bucket, true), 1 })
}

// WidenAccess takes that denial back.
func (s *System) WidenAccess(ctx context.Context, in connector.WidenInput) (connector.Receipt, error) {
	return s.change(ctx, "s3system.WidenAccess", in.Account, func(p policy, who string) (policy, int) { return p.deny(writing, who, s.cfg.Bucket, false), 1 })
}

// noUpload is an upload in parts that nobody began: whoever may write is told that
// it is not there, and nothing is written.
const noUpload = "partNumber=1&uploadId=hasta-luego-check"

// ProbeWrite asks with the key of the access to put a part where none can be put.
func (s *System) ProbeWrite(ctx context.Context, account string) (connector.Probe, error) {
	const op = "s3system.ProbeWrite"
	key, err := s.theirs(op, account)
	if err != nil {
		return connector.Probe{}, err
	}
	req, err := s.request(ctx, key.Key, http.MethodPut, pathOf(s.cfg.Probe.Write), noUpload, bytes.Repeat([]byte{' '}, 1))
	if err != nil {
		return connector.Probe{}, fault.Wrap(op, err)
	}
	ans, failed := s.Do(req, true) // on a line of its own: one try is one try
	if failed != nil {
		return connector.Probe{}, s.Fault(op, failed, false)
	}
	said := ans.Element("Code")
	out := connector.Probe{Status: strings.TrimSpace(strconv.Itoa(ans.Status) + " " + said), SHA256: ans.Hash, At: s.Clock.Now(), With: key.With}
	switch {
	case ans.Status == http.StatusNotFound && said == "NoSuchUpload":
		out.In = true
		return out, nil
	case ans.Status == http.StatusForbidden && !ans.Throttled() && (said == "AccessDenied" || said == "InvalidAccessKeyId"):
		return out, nil
	}
	return connector.Probe{}, s.Unclear(op, ans, s.Class(op, ans, false))
}
