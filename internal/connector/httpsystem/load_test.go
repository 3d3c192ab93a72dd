package httpsystem_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

const whole = `# far systems
systems:
  billing:
    kind: http
    base_url: https://billing.example/api
    auth: {header: Authorization, scheme: Bearer, value: "env:TOKEN"}
    effect: keyed
    key_header: Idempotency-Key
    key_life: 24h
    undo: restorable
    timeout: 5s
    limit: 64KiB
    allow: [10.0.0.0/8, "fd00::1"]
    operations:
      read: {method: GET, path: "/s/{reference}"}
      cancel:
        method: POST
        path: /s/{reference}/cancel
        body:
          at: "{ends_at}"
          tell: false
          tags: ["ref {reference}", 7]
        receipt: data.id
      resume: {method: DELETE, path: "/s/{reference}/cancel"}
    state:
      status: data.status
      ended: [canceled, ended]
      ends_at: data.cancel_at
  other:
    kind: http
    base_url: env:OTHER_URL
    effect: ask
    undo: final
    operations:
      read: {method: GET, path: "/s/{reference}"}
      cancel: {method: DELETE, path: "/s/{reference}"}
    state: {status: status, ended: [gone]}
    level: example
`

// load reads declarations of this kind.
func load(name string, src []byte) ([]httpsystem.Config, error) {
	all, err := declaration.Load(name, src, httpsystem.Kinds()...)
	configs := make([]httpsystem.Config, len(all))
	for i, d := range all {
		configs[i] = d.(httpsystem.Config)
	}
	return configs, err
}

func TestADeclarationIsReadWhole(t *testing.T) {
	t.Parallel()
	got, err := load("systems.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := []httpsystem.Config{
		{
			System: "billing", Level: connector.Declared, BaseURL: "https://billing.example/api",
			Auth:   httpsystem.Auth{Header: "Authorization", Scheme: "Bearer", Value: "env:TOKEN"},
			Effect: connector.Keyed, KeyHeader: "Idempotency-Key", KeyLife: 24 * time.Hour,
			Undo: connector.Restorable, Timeout: 5 * time.Second, Limit: 64 << 10,
			Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::1/128")},
			Billing: &httpsystem.Billing{
				Read: httpsystem.Operation{Method: "GET", Path: "/s/{reference}"},
				Cancel: httpsystem.Operation{
					Method: "POST", Path: "/s/{reference}/cancel", Receipt: "data.id",
					Body: map[string]any{"at": "{ends_at}", "tell": false, "tags": []any{"ref {reference}", uint64(7)}},
				},
				Resume: httpsystem.Operation{Method: "DELETE", Path: "/s/{reference}/cancel"},
				State:  httpsystem.State{Status: "data.status", Ended: []string{"canceled", "ended"}, EndsAt: "data.cancel_at"},
			},
		},
		{
			System: "other", Level: connector.Example, BaseURL: "env:OTHER_URL", Effect: connector.Ask, Undo: connector.Final,
			Timeout: httpsystem.DefaultTimeout, Limit: httpsystem.DefaultLimit,
			Billing: &httpsystem.Billing{
				Read:   httpsystem.Operation{Method: "GET", Path: "/s/{reference}"},
				Cancel: httpsystem.Operation{Method: "DELETE", Path: "/s/{reference}"},
				State:  httpsystem.State{Status: "status", Ended: []string{"gone"}},
			},
		},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.IgnoreFields(httpsystem.Config{}, "Places")); d != "" {
		t.Error(d)
	}
}

// Each row changes the whole declaration once and says what is then wrong, and
// where.
func TestEveryProblemIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, with, want string }{
		{"kind: http\n    base_url: https", "kind: soap\n    base_url: https", "4:11 system.kind /systems/billing/kind"},
		{"https://billing.example/api", "ftp://x", "5:15 system.base_url /systems/billing/base_url"},
		{"https://billing.example/api", "https://u:p@x", "5:15 system.base_url_extra /systems/billing/base_url"},
		{`"env:TOKEN"`, secret, "6:58 system.secret_inline /systems/billing/auth/value"},
		{"header: Authorization", "header: Host", "6:20 system.header /systems/billing/auth/header"},
		{"effect: keyed", "effect: hopeful", "7:13 system.word /systems/billing/effect; 9:15 system.key_life /systems/billing/key_life"},
		{"    key_life: 24h\n", "", "7:13 system.key_missing /systems/billing/effect"},
		{"24h", "a day", "9:15 system.duration /systems/billing/key_life"},
		{"24h", "9999h", "9:15 system.range /systems/billing/key_life"},
		{"undo: restorable", "undo: 1", "10:11 system.want_text /systems/billing/undo"},
		{"timeout: 5s", "timeout: 5h", "11:14 system.range /systems/billing/timeout"},
		{"limit: 64KiB", "rate: 20/fortnight", "12:11 system.rate /systems/billing/rate"},
		{"limit: 64KiB", "rate: 0/s", "12:11 system.rate /systems/billing/rate"},
		{"limit: 64KiB", "rate: 5000/s", "12:11 system.range /systems/billing/rate"},
		{"64KiB", "lots", "12:12 system.size /systems/billing/limit"},
		{"10.0.0.0/8", "10.0.0.1/8", "13:13 system.prefix /systems/billing/allow/0"},
		{"level: example", "level: real_peer", "38:12 system.word /systems/other/level"},
		{"timeout: 5s", "timeuot: 5s", "11:5 system.unknown_key /systems/billing/timeuot"},
		{"/s/{reference}/cancel\n", "/s/cancel\n", "18:15 system.path_slot /systems/billing/operations/cancel/path"},
		{"/s/{reference}/cancel\n", "/s/../{reference}\n", "18:15 system.path_slot /systems/billing/operations/cancel/path"},
		{`at: "{ends_at}"`, `at: {ends_at}`, "20:11 system.body_slot /systems/billing/operations/cancel/body"},
		{`at: "{ends_at}"`, `at: "{endsat}"`, "20:11 system.body_slot /systems/billing/operations/cancel/body"},
		{`at: "{ends_at}"`, `at: "on {ends_at}"`, "20:11 system.body_slot /systems/billing/operations/cancel/body"},
		{"receipt: data.id", "receipt: data..id", "23:18 system.path /systems/billing/operations/cancel/receipt"},
		{"      resume: {method: DELETE, path: \"/s/{reference}/cancel\"}\n", "", "10:11 system.resume_missing /systems/billing/undo"},
		{"      read: {method: GET, path: \"/s/{reference}\"}\n      cancel:\n", "      cancel:\n", "15:7 system.missing /systems/billing/operations/read/method; 15:7 system.missing /systems/billing/operations/read/path"},
		{"      status: data.status\n", "", "26:7 system.missing /systems/billing/state/status"},
		{"[canceled, ended]", "canceled", "27:14 system.want_list /systems/billing/state/ended"},
		{"  other:", "  House:", "29:3 system.name /systems/House"},
		{"  other:", "  mail:", "29:3 system.name /systems/mail"},
		{"  other:", "  billing:", "29:3 system.syntax "},
		{"effect: ask", "effect: &x ask", "32:13 system.alias "},
		{"  billing:\n    kind: http", "  billing: [", "-"},
		{"# far systems\nsystems:", "system:", "1:1 system.unknown_key /system; 1:1 system.missing /systems"},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := load("systems.yaml", []byte(src))
		list, ok := err.(fault.List)
		if !ok {
			t.Errorf("%q: got %v", c.with, err)
			continue
		}
		var told []string
		for _, e := range list {
			at, code := fmt.Sprint(e.Args[1]), e.Code
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(at, "systems.yaml:"), code, e.Field))
			for _, lang := range text.Langs() {
				if !text.Known(lang, "error."+code) {
					t.Errorf("%s has no words for %s", lang, code)
				}
			}
			if e.Kind != fault.Invalid {
				t.Errorf("%q: kind %v", c.with, e.Kind)
			}
		}
		if got := strings.Join(told, "; "); got != c.want && c.want != "-" {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
}

func TestSeveralProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	src := strings.NewReplacer("effect: keyed", "effect: maybe", "undo: final", "undo: perhaps", "64KiB", "lots").Replace(whole)
	_, err := load("s.yaml", []byte(src))
	if n := len(fault.Fields(err)); n < 3 {
		t.Errorf("told %d: %v", n, err)
	}
}

func TestEmptyAndDoubledFilesAreRefused(t *testing.T) {
	t.Parallel()
	for src, code := range map[string]string{
		"": "system.empty", "# nothing\n": "system.empty",
		whole + "---\n" + whole: "system.one_document",
		"- a\n":                 "system.want_map",
	} {
		if _, err := load("s.yaml", []byte(src)); fault.CodeOf(err) != code {
			t.Errorf("%.20q: %v, want %s", src, err, code)
		}
	}
}

func TestPlainHTTPNeedsNamedAddresses(t *testing.T) {
	t.Parallel()
	src := strings.NewReplacer("https://billing", "http://billing", `    allow: [10.0.0.0/8, "fd00::1"]`+"\n", "").Replace(whole)
	if _, err := load("s.yaml", []byte(src)); fault.CodeOf(err) != "system.plain_http" {
		t.Errorf("got %v", err)
	}
}

func FuzzLoadSystemsNeverPanics(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(doors))
	f.Add([]byte(calls))
	f.Add([]byte(rightful))
	f.Add([]byte("systems: {a: {kind: http, rights: {call: [], implies: {a: {}}, need: {actions: [], access: {}}}}}"))
	f.Add([]byte("systems: {a: {kind: http, like: github, with: {org: b}, auth: {value: 'env:A'}}}"))
	f.Add([]byte("systems: {a: {kind: http, access: {operations: {find: [{take: {a: $[}}, 1], read: []}}, inventory: [{list: [{}]}]}}"))
	f.Add([]byte("systems: {a: {operations: {cancel: {body: [}}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		configs, err := load("s.yaml", src)
		if err != nil && len(configs) > 0 {
			t.Error("both systems and problems")
		}
	})
}
