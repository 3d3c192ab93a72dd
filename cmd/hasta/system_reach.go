package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"hastaluego/internal/fault"
)

// unreached says of a system that did not answer which host that is and how far
// the call came. What connector.unreachable says is for somebody who waits for
// data, and whoever checks systems waits for nothing. Anything else stays as it
// is.
func unreached(e *fault.Error) *fault.Error {
	if e.Code != "connector.unreachable" {
		return e
	}
	code := "system.host_lost"
	var unknown *net.DNSError
	var slow net.Error
	switch {
	case argument(e, "status") != nil:
		code = "system.host_error"
	case errors.As(e.Err, &unknown) && unknown.IsNotFound:
		code = "system.host_unknown"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		code = "system.host_refuses"
	case brokenTLS(e.Err):
		code = "system.host_tls"
	case errors.Is(e.Err, context.DeadlineExceeded), errors.Is(e.Err, os.ErrDeadlineExceeded), errors.As(e.Err, &slow) && slow.Timeout():
		code = "system.host_silent"
	}
	args := []any{"system", argument(e, "system")}
	if host := hostOf(e.Err); host != "" {
		args = append(args, "host", host)
	}
	if status := argument(e, "status"); status != nil {
		args = append(args, "status", status)
	}
	if cause := wrongCertificate(e.Err); cause != "" {
		args = append(args, "why", cause)
	}
	return fault.New(e.Kind, code, args...).At(e.Op, e.Err)
}

// argument is one of an error's; nil if it has none of that name.
func argument(e *fault.Error, name string) any {
	for i := 0; i+1 < len(e.Args); i += 2 {
		if e.Args[i] == name {
			return e.Args[i+1]
		}
	}
	return nil
}

// brokenTLS reports whether the host was reached and TLS came to nothing.
func brokenTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return wrongCertificate(err) != "" || errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record) || errors.As(err, &alert)
}

// wrongCertificate is what is wrong with a host's, in the words of the verifier, which
// name hosts and dates and nothing else; "" if nothing is.
func wrongCertificate(err error) string {
	var verified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &verified):
		return verified.Err.Error()
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.As(err, &host):
		return host.Error()
	case errors.As(err, &invalid):
		return invalid.Error()
	}
	return ""
}

// hostOf is the host that a call was for, with its port where it is known; ""
// where the error does not say. It never holds more of an address than that.
func hostOf(err error) string {
	var called *url.Error
	var database *pgconn.ConnectError
	var name *net.DNSError
	var dialled *net.OpError
	switch {
	case errors.As(err, &called):
		if u, err := url.Parse(called.URL); err == nil {
			return u.Host
		}
	case errors.As(err, &database) && database.Config != nil:
		return database.Config.Host
	case errors.As(err, &name):
		return name.Name
	case errors.As(err, &dialled) && dialled.Addr != nil:
		return dialled.Addr.String()
	}
	return ""
}
