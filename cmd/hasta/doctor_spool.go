package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"hastaluego/internal/doctor"
	"hastaluego/internal/spool"
)

// spoolLate is how long a request may wait in the spool of a server that is well.
const spoolLate = 5 * time.Minute

// spool looks at what takes requests down while the server is away, where there
// is one.
func (e *examination) spool(ctx context.Context) (list []doctor.Finding) {
	dir := e.cfg.Spool.Dir
	if _, err := os.Stat(dir); err != nil {
		return []doctor.Finding{doctor.Found(doctor.Fault, "spool.gone", "folder", dir)}
	}
	list = append(list, doctor.LookAtMode("spool.open", dir)...)
	list = append(list, doctor.LookAtRoom(dir, e.least, e.low)...)
	folder, err := spool.Open(dir, 0)
	if err == nil {
		err = folder.Try()
	}
	var seen spool.Look
	if err == nil {
		seen, err = folder.Look()
	}
	if err != nil {
		return append(list, doctor.Found(doctor.Fault, "spool.unfit", "folder", dir, "why", explain(err)))
	}
	if late := e.wall.Sub(seen.Oldest); seen.Waiting > 0 && late > spoolLate {
		list = append(list, doctor.Found(doctor.Fault, "spool.waits", "n", strconv.Itoa(seen.Waiting), "minutes", strconv.Itoa(int(late.Minutes()))))
	}
	if seen.Aside > 0 {
		list = append(list, doctor.Found(doctor.Fault, "spool.aside", "n", strconv.Itoa(seen.Aside), "folder", dir))
	}
	if known, err := profileOf(dir); err != nil || !known {
		list = append(list, doctor.Found(doctor.Warning, "spool.nobody", "folder", dir))
	}
	at := e.cfg.Spool.Listen
	if at == "" {
		at = spoolAt
	}
	if !answers(ctx, at) {
		list = append(list, doctor.Found(doctor.Fault, "spool.silent", "at", at))
	}
	return list
}

// answers reports whether a spool is well at an address of this machine.
func answers(ctx context.Context, at string) bool {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<10))
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}
