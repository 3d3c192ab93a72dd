package s3system_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/conformance"
)

const drawings = "    limit: 16KiB\n    export:\n      drawings: {bucket: acme, prefix: \"customers/{owner}/\"}\n"

func TestItConformsToTheSuiteOfThoseWhoGiveAway(t *testing.T) {
	t.Parallel()
	s, n := start(t), map[string]int{}
	put(t, s.dir, "wrong", "no-longer")
	path := func(owner string, i int) string { return "/acme/customers/" + owner + "/" + conformance.Name(i) }
	conformance.RunExport(t, conformance.Holder{
		Connect: func(*testing.T) connector.System { return s.connect(drawings) },
		Expired: func(t *testing.T) connector.System {
			return connect(t, s.Base, s.dir, "GONE", drawings)
		},
		Collection: "drawings", Many: 10, // of which an answer of that size has four
		Put: func(_ *testing.T, owner string, more int) {
			for range more {
				n[owner]++
				s.ask(http.MethodPut, path(owner, n[owner]), conformance.What(owner, n[owner]), 200)
			}
		},
		Change: func(_ *testing.T, owner string) { s.ask(http.MethodPut, path(owner, 1), "another word", 200) },
	})
}

// Names, order and rights at a store of somebody else.
func TestWhatAStoreHoldsOfACustomerIsListedByItsNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, key := range []string{"a", "a.txt", "b/c", "b/x/y", "b-b", "a%C3%B1o/n%C2%BA%201%2B%281%29.pdf", "z%26%3C.txt"} {
		s.ask(http.MethodPut, "/acme/customers/ana/"+key, key, 200)
	}
	s.ask(http.MethodPut, "/acme/customers/ana2/hers", "x", 200)
	sys := s.connect(drawings)
	var names []string
	err := sys.Exporter.ListFiles(t.Context(), "drawings", "ana", "", func(f connector.HeldFile) error {
		names = append(names, f.Name)
		r, err := sys.Exporter.OpenFile(t.Context(), "drawings", "ana", f, 0)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		_, err = io.Copy(io.Discard, r)
		return err
	})
	if got := strings.Join(names, " "); err != nil || got != "a a.txt año/nº 1+(1).pdf b-b b/c b/x/y z&<.txt" {
		t.Errorf("%s %v", got, err)
	}
	if err := sys.Checker.Check(t.Context()); err != nil || fmt.Sprint(sys.Can()) != "[export]" {
		t.Errorf("%v %v", sys.Can(), err)
	}
	put(t, s.dir, "ours", "cid-secret")
	right := func(want string) {
		t.Helper()
		err := connect(t, s.Base, s.dir, "cid", drawings).Checker.Check(t.Context())
		if f, _ := err.(*fault.Error); f == nil || f.Code != "connector.right_missing" || !strings.Contains(fmt.Sprint(f.Args), want) || f.Field != "/export/drawings/prefix" {
			t.Errorf("%v, want %s", err, want)
		}
	}
	right("s3:ListBucket")
	s.policy(`{"Effect":"Allow","Principal":"cid","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme"}`)
	right("s3:GetObject")
	put(t, s.dir, "ours", testkit.StoreSecret)
	err = s.connect(strings.Replace(drawings, "acme", "gone", 1)).Checker.Check(t.Context())
	if f, _ := err.(*fault.Error); f == nil || f.Code != "connector.no_bucket" || f.Field != "/export/drawings/bucket" {
		t.Error(err)
	}
}

// A store that answers otherwise than it should gives nothing of another customer,
// and nothing that is not whole.
func TestAStoreThatAnswersWronglyGivesNothing(t *testing.T) {
	t.Parallel()
	const object = "<Contents><Key>%s</Key><Size>4</Size><ETag>\"1\"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
	page := func(more string, keys ...string) string {
		out := "<ListBucketResult>" + more
		for _, k := range keys {
			out += fmt.Sprintf(object, k)
		}
		return out + "</ListBucketResult>"
	}
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	far := func(t *testing.T, h http.HandlerFunc) connector.Exporter {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.CloseClientConnections)
		t.Cleanup(srv.Close)
		dir := t.TempDir()
		put(t, dir, "ours", "x")
		return connect(t, srv.URL, dir, "OURS", "    timeout: 200ms\n"+drawings).Exporter
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   string
	}{
		"what is another's":      {answer(200, page("", "customers/bea/x")), "connector.unreadable"},
		"out of order":           {answer(200, page("", "customers/ana/b", "customers/ana/a")), "connector.unreadable"},
		"the same page for ever": {answer(200, page("<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>", "customers/ana/b")), "connector.unreadable"},
		"more, and no way to it": {answer(200, page("<IsTruncated>true</IsTruncated>")), "connector.unreadable"},
		"nonsense":               {answer(200, "<html>"), "connector.unreadable"},
		"too much":               {answer(200, page("", strings.Repeat("x", 20<<10))), "connector.too_long"},
		"no right":               {answer(403, "<Error><Code>AccessDenied</Code></Error>"), "connector.no_right"},
		"busy":                   {answer(429, "", "Retry-After", "7"), "connector.busy"},
		"no answer":              {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "connector.unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := far(t, c.answer).ListFiles(t.Context(), "drawings", "ana", "", func(f connector.HeldFile) error {
				if f.Name != "b" {
					t.Errorf("%s was given", f.Name)
				}
				return nil
			})
			if fault.CodeOf(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
	file := connector.HeldFile{Name: "x", Size: 4, Version: `"1"`}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		offset int64
		want   string
	}{
		"whole":                      {answer(200, "text", "ETag", `"1"`), 0, "text "},
		"a part":                     {answer(206, "xt", "ETag", `"1"`, "Content-Range", "bytes 2-3/4"), 2, "xt "},
		"a store without conditions": {answer(200, "next", "ETag", `"2"`), 0, " connector.not_all"},
		"a store without ranges":     {answer(200, "text", "ETag", `"1"`), 2, " connector.unreadable"},
		"it changed":                 {answer(412, "<Error><Code>PreconditionFailed</Code></Error>"), 0, " connector.not_all"},
		"it is gone":                 {answer(404, "<Error><Code>NoSuchKey</Code></Error>"), 0, " connector.not_all"},
		"it is in an archive":        {answer(403, "<Error><Code>InvalidObjectState</Code></Error>"), 0, " connector.refused"},
		"it is shorter":              {answer(200, "te", "ETag", `"1"`), 0, "te connector.not_all"},
		"the line is cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", "4")
			_, _ = io.WriteString(w, "te")
		}, 0, "te connector.unreachable"},
		"it stops in the middle": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			_, _ = io.WriteString(w, "te")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, 0, "te connector.unreachable"},
		"it is slow and goes on": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"1"`)
			for _, c := range "text" {
				_, _ = io.WriteString(w, string(c))
				w.(http.Flusher).Flush()
				time.Sleep(70 * time.Millisecond)
			}
		}, 0, "text "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := far(t, c.answer).OpenFile(t.Context(), "drawings", "ana", file, c.offset)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(r)
				_ = r.Close()
			}
			code := ""
			if err != nil {
				code = fault.CodeOf(err)
			}
			if string(got)+" "+code != c.want {
				t.Errorf("%q %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestWhatIsWrongInAnExportIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	const whole = `systems:
  files:
    kind: s3
    base_url: https://s3.example
    access_key: env:S3_KEY
    secret_key: env:S3_SECRET
    export:
      drawings:
        title: {es: Planos}
        bucket: acme-files
        prefix: "customers/{owner}/"
`
	for _, c := range []struct{ old, with, want string }{
		{"", "", ""},
		{"        bucket: acme-files\n", "", "8:7 system.missing /systems/files/export/drawings/bucket"},
		{"{owner}/", "all/", "11:17 system.below /systems/files/export/drawings/prefix"},
		{"customers/{owner}", "../{owner}", "11:17 system.below /systems/files/export/drawings/prefix"},
		{"es: Planos", "planos: Planos", "9:25 system.language /systems/files/export/drawings/title/planos"},
		{"    export:", "    principal: \"x{reference}\"\n    export:", "7:16 system.needs /systems/files/principal"},
	} {
		_, err := declaration.Load("systems.yaml", []byte(strings.Replace(whole, c.old, c.with, 1)), s3system.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
}
