package doctor

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"strings"
)

// LookAtDomain asks for what other mail servers ask of the domain that letters
// come from. Without a selector nobody can look for the key of DKIM.
func LookAtDomain(ctx context.Context, names *net.Resolver, domain, selector string) (list []Finding) {
	ctx, stop := context.WithTimeout(ctx, 2*wait)
	defer stop()
	texts := func(name, prefix string) (got []string, err error) {
		all, err := names.LookupTXT(ctx, name)
		var none *net.DNSError
		if errors.As(err, &none) && none.IsNotFound {
			err = nil
		}
		for _, t := range all {
			if word, _, _ := strings.Cut(strings.TrimSpace(t), " "); strings.HasPrefix(strings.ToLower(word), prefix) {
				got = append(got, strings.TrimSpace(t))
			}
		}
		return got, err
	}
	spf, err := texts(domain, "v=spf1")
	switch {
	case err != nil:
		return []Finding{found(Unknown, "domain.no_answer", "domain", domain)}
	case len(spf) == 0:
		list = append(list, found(Fault, "domain.spf_none", "domain", domain))
	case len(spf) > 1:
		list = append(list, found(Fault, "domain.spf_two", "domain", domain))
	default:
		for term := range strings.FieldsSeq(strings.ToLower(spf[0])) {
			if term == "all" || term == "+all" {
				list = append(list, found(Fault, "domain.spf_all", "domain", domain))
			}
		}
	}
	list = append(list, lookAtDKIM(ctx, names, domain, selector)...)
	dmarc, err := texts("_dmarc."+domain, "v=dmarc1")
	switch {
	case err != nil:
		list = append(list, found(Unknown, "domain.no_answer", "domain", "_dmarc."+domain))
	case len(dmarc) == 0:
		list = append(list, found(Warning, "domain.dmarc_none", "domain", domain))
	case len(dmarc) > 1 || !oneOf(tag(dmarc[0], "p"), "none", "quarantine", "reject"):
		list = append(list, found(Fault, "domain.dmarc_bad", "domain", domain))
	}
	return append(list, lookForReplies(ctx, names, domain)...)
}

// lookForReplies asks whether anything takes mail for the domain: others refuse
// letters that they could not send back.
func lookForReplies(ctx context.Context, names *net.Resolver, domain string) []Finding {
	var none *net.DNSError
	mx, err := names.LookupMX(ctx, domain)
	if errors.As(err, &none) && none.IsNotFound {
		if _, err := names.LookupHost(ctx, domain); err == nil {
			return nil // RFC 5321: the host itself
		}
		return []Finding{found(Fault, "domain.mx_none", "domain", domain)}
	}
	if err == nil && len(mx) == 1 && strings.Trim(mx[0].Host, ".") == "" {
		return []Finding{found(Fault, "domain.mx_none", "domain", domain)}
	}
	return nil
}

func lookAtDKIM(ctx context.Context, names *net.Resolver, domain, selector string) []Finding {
	if selector == "" {
		return []Finding{found(Unknown, "domain.dkim_unknown", "domain", domain)}
	}
	at := selector + "._domainkey." + domain
	all, err := names.LookupTXT(ctx, at)
	var none *net.DNSError
	switch {
	case errors.As(err, &none) && none.IsNotFound, err == nil && len(all) == 0:
		return []Finding{found(Fault, "domain.dkim_none", "name", at)}
	case err != nil:
		return []Finding{found(Unknown, "domain.no_answer", "domain", at)}
	}
	key := strings.Join(strings.Fields(tag(all[0], "p")), "")
	if key == "" {
		return []Finding{found(Fault, "domain.dkim_revoked", "name", at)}
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err == nil && tag(all[0], "k") != "ed25519" {
		_, err = x509.ParsePKIXPublicKey(raw)
	}
	if err != nil {
		return []Finding{found(Fault, "domain.dkim_bad", "name", at)}
	}
	return nil
}

// tag is a value of a record such as "v=DMARC1; p=none".
func tag(record, name string) string {
	for part := range strings.SplitSeq(record, ";") {
		k, v, _ := strings.Cut(part, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func oneOf(s string, list ...string) bool {
	for _, x := range list {
		if strings.EqualFold(s, x) {
			return true
		}
	}
	return false
}
