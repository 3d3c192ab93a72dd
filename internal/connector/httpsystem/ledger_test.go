package httpsystem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/when"
)

const ledgers = `systems:
  far:
    kind: http
    base_url: BASE
    effect: idempotent
    undo: final
    allow: [127.0.0.1/32]
    operations:
      read: {method: GET, path: "/subs/{reference}"}
      cancel: {method: POST, path: "/subs/{reference}/cancel"}
    state: {status: status, ended: [canceled], ends_at: cancel_at}
    ledger:
      units: minor
      invoices:
        list: {method: GET, path: "/subs/{reference}/invoices", items: list, where: {path: status, equals: open}}
        id: id
        number: number
        amount: total
        tax: tax
        due: due
        currency: currency
        at: at
        due_at: due_at
        from: from
        to: to
        pay_at: url
      unbilled:
        list: {method: GET, path: "/subs/{reference}/pending", items: list}
        id: id
        text: text
        amount: total
        tax: tax
        currency: currency
        used: {path: kind, equals: use}
      balances:
        list: {method: GET, path: "/subs/{reference}/balance", items: list}
        amount: total
        currency: currency
        account: of
        positive: owes
`

// ledgerOf connects a far system that answers by the last word of the path.
func ledgerOf(t *testing.T, answers map[string]string) connector.Ledger {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if last == "8842" {
			send(w, 200, `{"id":8842,"status":"active","cancel_at":null}`)
			return
		}
		body, ok := answers[last]
		if !ok {
			send(w, 404, `{}`)
			return
		}
		send(w, 200, `{"list":[`+body+`]}`)
	}))
	t.Cleanup(srv.Close)
	all, err := load("s.yaml", []byte(strings.Replace(ledgers, "BASE", srv.URL, 1)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := httpsystem.New(all[0], when.NewManual(noon))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector().Ledger
}

// What is open, unbilled and on account, in whole sums; what is paid, or waits for
// nothing, is left out, and what cannot be read is an error.
func TestADeclaredLedgerIsReadWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"invoices": `{"id":2,"number":"F-2","status":"open","total":1210,"tax":210,"due":605,"currency":"eur","at":"2026-11-20T08:00:00Z","due_at":"2026-12-01T00:00:00Z","from":"2026-11-01T00:00:00Z","to":"2026-12-01T00:00:00Z","url":"https://pay.example/2"},` +
			`{"id":1,"status":"open","total":400,"tax":0,"due":400,"currency":"JPY","at":"2026-10-20T08:00:00Z","due_at":null,"from":null,"to":null},` +
			`{"id":3,"status":"paid","total":"?","currency":"EUR"}`,
		"pending": `{"id":"u1","text":"Messages","total":121,"tax":21,"currency":"EUR","kind":"use"},{"id":"u2","total":-300,"tax":0,"currency":"EUR"}`,
		"balance": `{"total":-500,"currency":"EUR","of":"acc-1"},{"total":1250,"currency":"KWD","of":"acc-1"},{"total":0,"currency":"USD"}`,
	}
	l := ledgerOf(t, answers)
	got, err := l.ReadLedger(t.Context(), connector.LedgerInput{Reference: "8842", Brief: true})
	if err != nil || !got.Found || got.Customer != "acc-1" || !got.ReadAt.Equal(noon) {
		t.Fatalf("%+v %v", got, err)
	}
	eur := func(n int64) money.Amount { return money.Amount{Minor: n, Currency: "EUR"} }
	if len(got.Open) != 2 || got.Open[0].Reference != "1" || got.Open[0].Total.Currency != "JPY" {
		t.Fatalf("open: %+v", got.Open)
	}
	if x := got.Open[1]; x.Number != "F-2" || x.Total != eur(1210) || x.Tax != eur(210) || x.Due != eur(605) || x.PayAt != "https://pay.example/2" || x.To.Sub(x.From) != 30*24*time.Hour {
		t.Errorf("open: %+v", x)
	}
	if len(got.Unbilled) != 2 || !got.Unbilled[0].Used || got.Unbilled[0].Amount != eur(121) || got.Unbilled[0].Tax != eur(21) || got.Unbilled[1].Used || got.Unbilled[1].Amount != eur(-300) {
		t.Errorf("unbilled: %+v", got.Unbilled)
	}
	if len(got.Credits) != 2 || got.Credits[0] != eur(500) || got.Credits[1] != (money.Amount{Minor: -1250, Currency: "KWD"}) {
		t.Errorf("balances: %+v", got.Credits)
	}
	if e := string(got.Answer); !strings.Contains(e, `"open":2`) || strings.Contains(e, "Messages") {
		t.Errorf("evidence: %s", e)
	}

	for list, body := range map[string]string{
		"invoices": `{"id":4,"status":"open","total":"12.10","tax":0,"due":1,"currency":"EUR","at":null,"due_at":null,"from":null,"to":null}`,
		"pending":  `{"total":1,"tax":0,"currency":"EUR"}`,
		"balance":  `{"total":1,"currency":"EURO"}`,
	} {
		was := answers[list]
		answers[list] = body
		if _, err := l.ReadLedger(t.Context(), connector.LedgerInput{Reference: "8842"}); fault.CodeOf(err) != "connector.unreadable" {
			t.Errorf("%s: %v", list, err)
		}
		answers[list] = was
	}
	delete(answers, "balance")
	if _, err := l.ReadLedger(t.Context(), connector.LedgerInput{Reference: "8842"}); err == nil {
		t.Error("half a ledger was told")
	}
}

// A list that is filtered by a number is empty where nobody knows the number: it is no
// ledger of whoever asks with it.
func TestALedgerIsOfASubscriptionThatIsKnownThere(t *testing.T) {
	t.Parallel()
	l := ledgerOf(t, map[string]string{"invoices": "", "pending": "", "balance": ""})
	if got, err := l.ReadLedger(t.Context(), connector.LedgerInput{Reference: "8842"}); err != nil || !got.Found {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := l.ReadLedger(t.Context(), connector.LedgerInput{Reference: "8843"}); fault.KindOf(err) != fault.NotFound || got.Found {
		t.Errorf("%+v %v", got, err)
	}
}

func TestWhatIsWrongWithALedgerIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	source := strings.Replace(ledgers, "BASE", "https://far.example", 1)
	for _, c := range []struct{ old, with, want string }{
		{
			"    operations:\n      read: {method: GET, path: \"/subs/{reference}\"}\n      cancel: {method: POST, path: \"/subs/{reference}/cancel\"}\n" +
				"    state: {status: status, ended: [canceled], ends_at: cancel_at}\n", "", "system.nothing system.needs",
		},
		{"units: minor", "units: cents", "system.word"},
		{"positive: owes", "positive: mine", "system.word"},
		{"amount: total\n        tax: tax\n        due: due", "amount: $[\n        tax: tax\n        due: due", "system.path"},
		{"used: {path: kind, equals: use}", "used: {path: kind}", "system.expect"},
		{"/pending\", items: list", "/pending\"", "system.needs"},
		{"account: of", "owner: of", "system.unknown_key"},
		{"        id: id\n        text: text", "        text: text", "system.missing"},
	} {
		_, err := load("s.yaml", []byte(strings.Replace(source, c.old, c.with, 1)))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, e.Code)
		}
		if strings.Join(told, " ") != c.want {
			t.Errorf("%s: %v", c.with, err)
		}
	}
}
