package iamsystem_test

import (
	"fmt"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/fault"
)

const whole = `systems:
  keys:
    kind: iam
    base_url: https://iam.amazonaws.com
    region: us-east-1
    access_key: env:IAM_KEY
    secret_key: env:IAM_SECRET
    close: disable
    inventory: "/customers/{owner}/*"
    probe:
      secret: "file:/run/{reference}"
      url: https://sts.amazonaws.com
`

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := declaration.Load("systems.yaml", []byte(whole), iamsystem.Kind()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"env:IAM_SECRET", "hunter2", "7:17 system.secret_inline /systems/keys/secret_key"},
		{"https://iam.amazonaws.com", "iam.amazonaws.com", "4:15 system.base_url /systems/keys/base_url"},
		{"https://iam", "http://iam", "4:15 system.plain_http /systems/keys/base_url"},
		{"region: us-east-1", "region: Europa", "5:13 system.region /systems/keys/region"},
		{"    access_key: env:IAM_KEY\n", "", "2:3 system.missing /systems/keys/access_key"},
		{"close: disable", "close: forget", "8:12 system.word /systems/keys/close"},
		{"/customers/{owner}/*", "/customers/acme/*", "9:16 system.slot_once /systems/keys/inventory"},
		{"/customers/{owner}/*", "customers-{owner}", "9:16 system.user_path /systems/keys/inventory"},
		{"/run/{reference}", "/run/all", "11:15 system.probe_file /systems/keys/probe/secret"},
		{"      url: https://sts.amazonaws.com\n", "", "11:7 system.missing /systems/keys/probe/url"},
		{"https://sts.amazonaws.com", "https://u:p@sts.amazonaws.com", "12:12 system.base_url_extra /systems/keys/probe/url"},
		{"close:", "closing:", "8:5 system.unknown_key /systems/keys/closing"},
	} {
		_, err := declaration.Load("systems.yaml", []byte(strings.Replace(whole, c.old, c.with, 1)), iamsystem.Kind())
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

func TestItSaysWhatItCan(t *testing.T) {
	t.Parallel()
	const least = "systems:\n  keys: {kind: iam, access_key: \"env:IAM_KEY\", secret_key: \"env:IAM_SECRET\", close: %s}\n"
	for how, want := range map[string]connector.UndoClass{"disable": connector.Restorable, "delete": connector.Final} {
		all, err := declaration.Load("systems.yaml", fmt.Appendf(nil, least, how), iamsystem.Kind())
		if err != nil {
			t.Fatal(err)
		}
		if info := all[0].Info(); info.Undo != want || info.Kind != "iam" || info.Level != connector.RealPeer || info.Effect != connector.Idempotent {
			t.Errorf("%s: %+v", how, info)
		}
		if can, _ := all[0].Can(); strings.Join(can, " ") != "access sign_ins" {
			t.Errorf("it can %v", can)
		}
	}
	all, err := declaration.Load("systems.yaml", []byte(whole), iamsystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	if can, _ := all[0].Can(); strings.Join(can, " ") != "access probe inventory sign_ins" {
		t.Errorf("it can %v", can)
	}
}
