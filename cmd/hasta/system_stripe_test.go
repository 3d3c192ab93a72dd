package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/when"
)

// A restricted key that lacks rights is told with the line that names it, all of
// them at once, and nothing is changed by asking.
func TestRightsThatAKeyOfStripeLacksAreToldAtItsLine(t *testing.T) {
	const key = "rk_test_of_the_test"
	far := fakestripe.Start(t, key, when.Machine{}.Wall())
	t.Setenv("STRIPE_KEY", key)
	name := filepath.Join(t.TempDir(), "systems.yaml")
	src := "systems:\n  billing:\n    kind: stripe\n    base_url: " + far.URL + "\n    key: env:STRIPE_KEY\n    allow: [127.0.0.1/32]\n"
	if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func() (int, string) {
		var o, e bytes.Buffer
		code := run([]string{"system", "check", "--systems", name}, out{&o, &e})
		if strings.Contains(o.String()+e.String(), key) {
			t.Errorf("the key is told: %s%s", o.String(), e.String())
		}
		return code, o.String() + e.String()
	}
	if code, told := check(); code != exitOK || !strings.Contains(told, "billing: good, billing, endings, reasons, pauses, coupons, refunds, ledger, charges, all_charges; keyed") ||
		!strings.Contains(told, "tried against published shapes only") {
		t.Errorf("well: %d %s", code, told)
	}
	far.Lacks("rak_subscription_write", "rak_charge_write")
	if code, told := check(); code != exitCheck || !strings.Contains(told, "systems.yaml:5:10: billing (tried against published shapes only): “billing” knows us but does not let us do this: rak_subscription_write, rak_charge_write.") {
		t.Errorf("rights: %d %s", code, told)
	}
	far.Key = "another"
	if code, told := check(); code != exitCheck || !strings.Contains(told, "systems.yaml:5:10: billing (tried against published shapes only): “billing” does not accept our credential") {
		t.Errorf("credential: %d %s", code, told)
	}
	t.Setenv("STRIPE_KEY", "")
	if code, told := check(); code != exitCheck || !strings.Contains(told, "systems.yaml:5:10: billing (tried against published shapes only): The environment variable") {
		t.Errorf("no key: %d %s", code, told)
	}
}
