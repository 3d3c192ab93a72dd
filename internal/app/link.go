package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// linkLife is how long a link works, in business time. The private page of a
// case must outlive the retrieval window of any pack.
var linkLife = map[string]time.Duration{
	"verify": 30 * 24 * time.Hour,
	"not_me": 90 * 24 * time.Hour,
	"case":   400 * 24 * time.Hour,
	copyLink: 400 * 24 * time.Hour,
	"bye":    400 * 24 * time.Hour,
	"back":   400 * 24 * time.Hour,
	// Who wants silence may want it years later.
	"silence": 3660 * 24 * time.Hour,
	"data":    codeLife,
}

// hashToken is what is stored of a token.
func hashToken(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// mint makes a fresh link and returns its token; many may live at once.
func (a *App) mint(ctx context.Context, tx Tx, purpose string, r offboarding.RequestID, c offboarding.CaseID) (string, error) {
	return a.mintAs(ctx, tx, id.Token(), purpose, r, c)
}

// ofLetter is the secret of a link or a code that a letter carries. However
// often a letter is made until it could be sent, it carries the same ones: one of
// them may have arrived though nobody was told.
func (a *App) ofLetter(m Message, what string) (b [24]byte) {
	mac := hmac.New(sha256.New, a.keys.HMACKey("letter"))
	mac.Write([]byte(string(m.ID) + " " + what))
	copy(b[:], mac.Sum(nil))
	return b
}

func (a *App) mintAs(ctx context.Context, tx Tx, token, purpose string, r offboarding.RequestID, c offboarding.CaseID) (string, error) {
	return token, tx.InsertLink(ctx, Link{
		ID: offboarding.LinkID(id.New("lnk")), TokenHash: hashToken(token), Purpose: purpose, Request: r, Case: c,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(linkLife[purpose]),
	})
}

// link finds a live link by its token. A wrong token, a wrong purpose and no
// such link are the same answer.
func (a *App) link(ctx context.Context, tx Tx, token string, purposes ...string) (Link, error) {
	l, err := tx.FindLink(ctx, hashToken(token))
	if fault.KindOf(err) == fault.NotFound || err == nil && !slices.Contains(purposes, l.Purpose) {
		return Link{}, fault.New(fault.NotFound, "link.unknown")
	}
	if err != nil {
		return Link{}, err
	}
	if tx.Now().After(l.ExpiresAt) {
		lives, err := a.certificateLives(ctx, tx, l)
		if err == nil && !lives {
			err = fault.New(fault.Gone, "link.expired")
		}
		if err != nil {
			return Link{}, err
		}
	}
	return l, nil
}

// certificateLives reports whether a private page that would have expired still tells
// somebody erased what is there of them: as long as anything is, and then long enough
// for the second certificate to be read.
func (a *App) certificateLives(ctx context.Context, tx Tx, l Link) (bool, error) {
	if l.Purpose != "case" {
		return false, nil
	}
	e, err := tx.FindErasure(ctx, l.Case)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if !e.CompletedAt.IsZero() {
		return tx.Now().Before(e.CompletedAt.Add(linkLife[l.Purpose])), nil
	}
	all, err := tx.RetainedOf(ctx, l.Case)
	return len(all) > 0, err
}

// HostClaim is what a signed link of the host product says: this customer
// pressed "cancel" while signed in there.
type HostClaim struct {
	Customer      customer.ID
	Subscriptions []customer.SubscriptionID // empty: all
	Expires       time.Time                 // wall
	ID            string                    // single use
	Language      string
}

type hostBody struct {
	Cid  string   `json:"cid"`
	Sub  []string `json:"sub,omitempty"`
	Exp  int64    `json:"exp"`
	Jti  string   `json:"jti"`
	Lang string   `json:"lang"`
	Act  string   `json:"act"`
}

// hostLinkMax is how far ahead a host link may expire.
const hostLinkMax = 15 * time.Minute

// SignHostLink makes the path of a signed link: v1.<base64url(JCS
// body)>.<base64url(HMAC-SHA-256)>. It is what a host product does with the
// shared key; the demo and tests use it as the host.
func SignHostLink(key []byte, c HostClaim) (string, error) {
	subs := make([]string, len(c.Subscriptions))
	for i, s := range c.Subscriptions {
		subs[i] = string(s)
	}
	raw, err := json.Marshal(hostBody{string(c.Customer), subs, c.Expires.Unix(), c.ID, c.Language, "terminate"})
	if err != nil {
		return "", fault.Wrap("app.SignHostLink", err)
	}
	body, err := jcs.Transform(raw)
	if err != nil {
		return "", fault.Wrap("app.SignHostLink", err)
	}
	payload := "v1." + base64.RawURLEncoding.EncodeToString(body)
	return payload + "." + base64.RawURLEncoding.EncodeToString(hostMAC(key, payload)), nil
}

func hostMAC(key []byte, payload string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(payload))
	return m.Sum(nil)
}

// HostLinkKey is the name of the key that host products share with us.
const HostLinkKey = "host-link"

// openHostLink checks a signed link against the wall clock.
func (a *App) openHostLink(signed string, wall time.Time) (HostClaim, error) {
	bad := fault.New(fault.NotFound, "link.unknown")
	i := strings.LastIndexByte(signed, '.')
	if i < 0 || !strings.HasPrefix(signed, "v1.") {
		return HostClaim{}, bad
	}
	payload := signed[:i]
	mac, err := base64.RawURLEncoding.DecodeString(signed[i+1:])
	if err != nil || !hmac.Equal(mac, hostMAC(a.keys.HMACKey(HostLinkKey), payload)) {
		return HostClaim{}, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(payload, "v1."))
	if err != nil {
		return HostClaim{}, bad
	}
	var b hostBody
	if err := json.Unmarshal(raw, &b); err != nil || b.Act != "terminate" || b.Jti == "" {
		return HostClaim{}, bad
	}
	exp := time.Unix(b.Exp, 0).UTC()
	if wall.After(exp) || exp.Sub(wall) > hostLinkMax {
		return HostClaim{}, fault.New(fault.Gone, "link.expired")
	}
	c := HostClaim{Customer: customer.ID(b.Cid), Expires: exp, ID: b.Jti, Language: b.Lang}
	for _, s := range b.Sub {
		c.Subscriptions = append(c.Subscriptions, customer.SubscriptionID(s))
	}
	return c, nil
}
