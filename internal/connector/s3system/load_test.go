package s3system_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/fault"
)

// serve says the same to everybody.
func serve(t *testing.T, said string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
	t.Cleanup(srv.Close)
	return srv.URL
}

const whole = `systems:
  files:
    kind: s3
    base_url: https://s3.eu-west-1.amazonaws.com
    region: eu-west-1
    bucket: acme-files
    access_key: env:S3_KEY
    secret_key: env:S3_SECRET
    principal: "arn:aws:iam::123456789012:user/{reference}"
    close: deny
    inventory: "arn:aws:iam::123456789012:user/{owner}-*"
    probe:
      key: "file:/run/{reference}"
      object: hello/hello.txt
`

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := declaration.Load("systems.yaml", []byte(whole), s3system.Kind()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"env:S3_SECRET", "hunter2", "8:17 system.secret_inline /systems/files/secret_key"},
		{"https://s3.eu-west-1.amazonaws.com", "s3://acme", "4:15 system.base_url /systems/files/base_url"},
		{"https://", "http://", "4:15 system.plain_http /systems/files/base_url"},
		{"    base_url: https://s3.eu-west-1.amazonaws.com\n", "", "2:3 system.missing /systems/files/base_url"},
		{"region: eu-west-1", "region: Europa", "5:13 system.region /systems/files/region"},
		{"acme-files", "Acme/files", "6:13 system.bucket /systems/files/bucket"},
		{"acme-files", "acme..files", "6:13 system.bucket /systems/files/bucket"},
		{"    access_key: env:S3_KEY\n", "", "2:3 system.missing /systems/files/access_key"},
		{"user/{reference}", "user/*", "9:16 system.slot_once /systems/files/principal"},
		{"user/{reference}", "*/{reference}", "9:16 system.slot_once /systems/files/principal"},
		{"close: deny", "close: forget", "10:12 system.word /systems/files/close"},
		{"{owner}-*", "acme-*", "11:16 system.slot_once /systems/files/inventory"},
		{"/run/{reference}", "/run/all", "13:12 system.probe_file /systems/files/probe/key"},
		{"hello/hello.txt", "../hello.txt", "14:15 system.object /systems/files/probe/object"},
		{"region", "regio", "5:5 system.unknown_key /systems/files/regio"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := declaration.Load("systems.yaml", []byte(src), s3system.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Error("the error holds the secret")
		}
	}
}

// Whatever the file holds, reading it ends in a declaration or in what is wrong
// with it.
func FuzzLoadNeverPanics(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("systems: {a: {kind: s3, probe: [], inventory: \"{owner}{owner}\", bucket: \"..\"}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		all, err := declaration.Load("systems.yaml", src, s3system.Kind())
		if (err == nil) == (len(all) == 0) {
			t.Errorf("%d systems, %v", len(all), err)
		}
	})
}

func TestUndoingIsWhatTheDeclarationAllows(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]connector.UndoClass{
		whole: connector.Restorable, strings.Replace(whole, "close: deny", "close: remove", 1): connector.Final,
	} {
		all, err := declaration.Load("systems.yaml", []byte(src), s3system.Kind())
		if err != nil {
			t.Fatal(err)
		}
		if info := all[0].Info(); info.Undo != want || info.Kind != "s3" || info.Level != connector.RealPeer || info.Effect != connector.Idempotent {
			t.Errorf("%+v, want %s", info, want)
		}
		if can, _ := all[0].Can(); fmt.Sprint(can) != "[access probe inventory]" || len(all[0].Secrets()) != 2 {
			t.Errorf("%v %v", can, all[0].Secrets())
		}
	}
}
