package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web/api"
)

const (
	noCase     = "/v1/cases/case_01kb2m9xq0e5v8h2r7n4t6w3yz"
	noCustomer = "/v1/customers/cus_01kb2m9xq0e5v8h2r7n4t6w3yz"
	steps      = "cases:act statements:act privacy:act success:act"
	noPlay     = "/v1/plays/ply_01kb2m9xq0e5v8h2r7n4t6w3yz"
	noHook     = "/v1/webhooks/whk_01kb2m9xq0e5v8h2r7n4t6w3yz"
)

// access says which scopes open a route, any of them, and what to send there.
var access = map[string]struct{ scopes, path, body string }{
	"list-requests":         {"cases:read", "/v1/requests", ""},
	"get-request":           {"cases:read", "/v1/requests/req_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"declare-request":       {"requests:write", "/v1/requests", `{"account": "a@example.com"}`},
	"match-request":         {"requests:write", "/v1/requests/req_01kb2m9xq0e5v8h2r7n4t6w3yz/match", `{"customer": "cus_01kb2m9xq0e5v8h2r7n4t6w3yz"}`},
	"list-cases":            {"cases:read", "/v1/cases", ""},
	"register-case":         {"requests:write", "/v1/cases", `{"customer": "cus_01kb2m9xq0e5v8h2r7n4t6w3yz", "channel": "phone", "reference": "1"}`},
	"get-case":              {"cases:read", noCase, ""},
	"list-case-entries":     {"cases:read", noCase + "/timeline", ""},
	"list-case-messages":    {"cases:read", noCase + "/messages", ""},
	"pause-case":            {"cases:act", noCase + "/pause", `{"why": "x"}`},
	"hurry-test-case":       {"cases:act", noCase + "/hurry", ""},
	"resume-case":           {"cases:act", noCase + "/resume", ""},
	"undo-case":             {"cases:act", noCase + "/undo", ""},
	"give-reason":           {"cases:act", noCase + "/reasons", `{"kind": "stated", "code": "price"}`},
	"get-case-statement":    {"statements:read", noCase + "/statement", ""},
	"get-case-file":         {"texts:read", noCase + "/files/att_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"tick-item":             {steps, noCase + "/steps/a/items/b/tick", `{}`},
	"untick-item":           {steps, noCase + "/steps/a/items/b/untick", ""},
	"complete-step":         {steps, noCase + "/steps/a/complete", `{"note": "x"}`},
	"approve-step":          {steps, noCase + "/steps/a/approve", `{"approve": true, "note": "x"}`},
	"reopen-step":           {steps, noCase + "/steps/a/reopen", ""},
	"retry-step":            {"cases:act", noCase + "/steps/a/retry", ""},
	"skip-step":             {"cases:act", noCase + "/steps/a/skip", `{"note": "x"}`},
	"undone-step":           {steps, noCase + "/steps/a/undone", `{"note": "x"}`},
	"attach-file":           {steps, noCase + "/steps/a/files?name=x", "x"},
	"assign-step":           {steps, noCase + "/steps/a/assign", `{"user": ""}`},
	"get-form":              {"cases:read", noCase + "/steps/a/form", ""},
	"answer-form":           {steps, noCase + "/steps/a/form", `{"answers": {}}`},
	"list-notes":            {"texts:read", noCase + "/notes", ""},
	"add-note":              {"cases:act", noCase + "/notes", `{"text": "x"}`},
	"list-case-files":       {"cases:read", noCase + "/files", ""},
	"add-case-file":         {"cases:act", noCase + "/files?name=x", "x"},
	"get-company":           {"company:read", "/v1/company", ""},
	"put-company":           {"company:write", "/v1/company", `{"name": "", "email": "", "zone": "", "language": ""}`},
	"list-words":            {"company:read", "/v1/words", ""},
	"put-words":             {"company:write", "/v1/words", `{"words": []}`},
	"test-letter":           {"company:write", "/v1/words/test", `{"letter": "x", "language": "es", "to": "x"}`},
	"import-file":           {"imports:write", "/v1/imports", `{"kind": "customers", "file": "a.csv", "csv": "Nombre\nAna\n", "dry_run": true}`},
	"list-complaints":       {"complaints:read", "/v1/complaints", ""},
	"add-complaint":         {"complaints:write", "/v1/complaints", `{"customer": "cus_01kb2m9xq0e5v8h2r7n4t6w3yz", "received": "2026-01-01", "what": "x"}`},
	"answer-complaint":      {"complaints:write", "/v1/complaints/cmp_01kb2m9xq0e5v8h2r7n4t6w3yz/answer", `{"state": "fixed", "answer": "x"}`},
	"list-commitments":      {"complaints:read", "/v1/commitments", ""},
	"add-commitment":        {"complaints:write", "/v1/commitments", `{"customer": "cus_01kb2m9xq0e5v8h2r7n4t6w3yz", "by": "ours", "due": "2099-01-01", "what": "x"}`},
	"end-commitment":        {"complaints:write", "/v1/commitments/com_01kb2m9xq0e5v8h2r7n4t6w3yz/end", `{"state": "kept", "evidence": "x"}`},
	"list-webhooks":         {"webhooks:read", "/v1/webhooks", ""},
	"add-webhook":           {"webhooks:write", "/v1/webhooks", `{"url": "no", "events": ["*"]}`},
	"rotate-webhook":        {"webhooks:write", noHook + "/rotate", `{}`},
	"disable-webhook":       {"webhooks:write", noHook + "/disable", ""},
	"enable-webhook":        {"webhooks:write", noHook + "/enable", ""},
	"test-webhook":          {"webhooks:write", noHook + "/test", ""},
	"list-deliveries":       {"webhooks:read", noHook + "/deliveries", ""},
	"redeliver-webhook":     {"webhooks:write", noHook + "/redeliver", `{}`},
	"list-obligations":      {"cases:read", noCase + "/obligations", ""},
	"end-obligation":        {"cases:act", noCase + "/obligations/obl_01kb2m9xq0e5v8h2r7n4t6w3yz/end", `{"state": "returned", "evidence": "x"}`},
	"get-offer":             {"offers:read", noCase + "/offer", ""},
	"list-offers-otherwise": {"offers:read", "/v1/offers/otherwise?month=2026-11", ""},
	"make-offer":            {"offers:write", noCase + "/offer", `{"kind": "pause", "heard": "x", "what": "x", "changes": "x", "until": "2099-01-01", "by": "2099-01-01"}`},
	"end-offer":             {"offers:write", noCase + "/offer/end", `{"state": "applied", "evidence": "x"}`},
	"list-risks":            {"risks:read", "/v1/risks", ""},
	"get-risk":              {"risks:read", noCustomer + "/risk", ""},
	"open-play":             {"risks:write", noCustomer + "/plays", `{"kind": "check_in"}`},
	"plan-play":             {"risks:write", noPlay + "/plan", `{"owner": "usr_x", "due": "2099-01-01", "plan": "x"}`},
	"begin-play":            {"risks:write", noPlay + "/begin", ""},
	"finish-play":           {"risks:write", noPlay + "/finish", `{"outcome": "lost", "note": "x"}`},
	"list-improvements":     {"metrics:read", "/v1/improvements", ""},
	"add-improvement":       {"improvements:write", "/v1/improvements", `{"heading": "price", "what": "x", "owner": "usr_x", "due": "2099-01-01"}`},
	"end-improvement":       {"improvements:write", "/v1/improvements/imp_01kb2m9xq0e5v8h2r7n4t6w3yz/end", `{"state": "done", "effect": "x"}`},
	"list-invitations":      {"texts:read", noCase + "/invitations", ""},
	"invite-customer":       {steps, noCase + "/steps/a/invite", `{"format": "phone", "start": "2099-01-01T10:00:00Z", "minutes": 30, "place": "x"}`},
	"list-processors":       {"cases:read", noCase + "/processors", ""},
	"say-asked":             {steps, noCase + "/steps/a/processors/mailing/asked", `{"how": "x"}`},
	"give-up-processor":     {steps, noCase + "/steps/a/processors/mailing/unanswered", `{"why": "x"}`},
	"keep-receipt":          {steps, noCase + "/steps/a/processors/mailing/receipt?name=a.pdf&says=x&erased_on=2027-01-01", "x"},
	"list-handover":         {"cases:read", noCase + "/handover", ""},
	"draw-act":              {"cases:act", noCase + "/act", ""},
	"extend-limit":          {"cases:act", "/v1/limits/lim_01kb2m9xq0e5v8h2r7n4t6w3yz/extend", `{"why": "x"}`},
	"pay-item":              {"cases:act", noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/paid", `{"paid_on": "2026-01-02"}`},
	"hold-item":             {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/hold", `{"why": "x"}`},
	"destroy-item":          {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/destroy", `{"method": "destroy", "by": "x", "on": "2027-01-01"}`},
	"keep-item":             {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/keep", `{"basis": "contract", "why": "x", "until": "2031-01-01"}`},
	"name-owner":            {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/owner", `{"name": "x", "email": "x@a.example"}`},
	"burn-envelope":         {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/burn", ""},
	"give-item":             {steps, noCase + "/steps/a/handover/hov_01kb2m9xq0e5v8h2r7n4t6w3yz/give", `{"way": "transfer", "how": "x"}`},
	"list-voices":           {"voices:read", "/v1/voices", ""},
	"list-reasons":          {"cases:read", "/v1/reasons", ""},
	"get-reason-matrix":     {"cases:read", "/v1/reason-matrix", ""},
	"list-policies":         {"offers:read", "/v1/offers/policies", ""},
	"get-policy":            {"offers:read", "/v1/offers/policies/opd_none", ""},
	"try-policy":            {"offers:read", "/v1/offers/policies/try", `{"source": "x"}`},
	"write-policy":          {"policies:write", "/v1/offers/policies", `{"note": "x"}`},
	"change-policy":         {"policies:write", "/v1/offers/policies/opd_none", `{"source": "x"}`},
	"drop-policy":           {"policies:write", "/v1/offers/policies/opd_none/drop", ""},
	"publish-policy":        {"policies:write", "/v1/offers/policies/opd_none/publish", "{}"},
	"roll-back-policy":      {"policies:write", "/v1/offers/policies/opv_none/roll-back", `{"note": "x"}`},
	"get-themes":            {"cases:read", "/v1/themes", ""},
	"list-theme-texts":      {"texts:read", "/v1/themes/texts", ""},
	"correct-theme":         {"cases:act", "/v1/themes/texts/rsn_none/correct", `{"theme": "price"}`},
	"learn-themes":          {"cases:act", "/v1/themes/learn", ""},
	"list-reason-cases":     {"cases:read", "/v1/reason-matrix/cases?root=none", ""},

	"list-survey-answers":   {"voices:read", "/v1/survey-answers", ""},
	"list-lanes":            {"lanes:read", "/v1/lanes", ""},
	"get-lane":              {"lanes:read", "/v1/lanes/lan_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"propose-lane":          {"lanes:write", "/v1/lanes", `{"way": "exit", "segment": "x", "why": "x", "words": {}}`},
	"stop-lane":             {"lanes:write", "/v1/lanes/lan_01kb2m9xq0e5v8h2r7n4t6w3yz/stop", `{"note": "x"}`},
	"close-lane":            {"lanes:write", "/v1/lanes/lan_01kb2m9xq0e5v8h2r7n4t6w3yz/close", `{"note": "x"}`},
	"release-from-lane":     {"lanes:write", "/v1/lanes/lan_01kb2m9xq0e5v8h2r7n4t6w3yz/members/lnm_01kb2m9xq0e5v8h2r7n4t6w3yz/release", `{"note": "x"}`},
	"apply-terms":           {"lanes:write", "/v1/lanes/lan_01kb2m9xq0e5v8h2r7n4t6w3yz/members/lnm_01kb2m9xq0e5v8h2r7n4t6w3yz/applied", `{"evidence": "x"}`},
	"list-endings":          {"endings:read", "/v1/endings", ""},
	"get-ending":            {"endings:read", "/v1/endings/end_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"propose-ending":        {"endings:write", "/v1/endings", `{"pick": {}, "ends_on": "2099-01-01", "words": {}}`},
	"stop-ending":           {"endings:write", "/v1/endings/end_01kb2m9xq0e5v8h2r7n4t6w3yz/stop", `{"note": "x"}`},
	"end-unpaid":            {"requests:write", noCustomer + "/unpaid", `{"reference": "F-1", "ends_on": "2099-01-01"}`},
	"list-announcements":    {"announcements:read", "/v1/announcements", ""},
	"announce":              {"announcements:send", "/v1/announcements", `{"announcements": [{"contract": "x", "kind": "trial_end", "day": "2099-01-01"}]}`},
	"withdraw-announcement": {"announcements:send", "/v1/announcements/withdraw", `{"contract": "x", "kind": "trial_end"}`},
	"list-leavers":          {"winback:read", "/v1/winback", ""},
	"preview-winback":       {"winback:send", "/v1/winback/preview", letter},
	"send-winback":          {"winback:send", "/v1/winback/send", letter},
	"decide-work":           {"cases:act", noCase + "/works/work_01kb2m9xq0e5v8h2r7n4t6w3yz/decide", `{"decision": "look"}`},
	"list-customers":        {"customers:read", "/v1/customers", ""},
	"add-customer":          {"customers:write", "/v1/customers", strings.Replace(aCustomer, "EMAIL", "no", 1)},
	"list-copies":           {"customers:read", noCustomer + "/copies", ""},
	"list-pushed":           {"data:read", noCustomer + "/pushed", ""},
	"begin-push":            {"data:write", noCustomer + "/pushed/orders", `{"push": 1, "format": "files"}`},
	"push-part":             {"data:write", noCustomer + "/pushed/orders/parts?push=1&part=1", "x"},
	"withdraw-pushed":       {"data:write", noCustomer + "/pushed/orders/withdraw", ""},
	"get-copy":              {"customers:read", "/v1/copies/cpy_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"make-copy":             {"requests:write", noCustomer + "/copies", `{"how": "x"}`},
	"forget-test-customer":  {"customers:write", noCustomer + "/forget-test", ""},
	"edit-customer":         {"customers:write", noCustomer, `{"name": "x"}`},
	"add-contact":           {"customers:write", noCustomer + "/contacts", `{"email": "a@example.com", "role": "user"}`},
	"edit-contact":          {"customers:write", noCustomer + "/contacts/con_1", `{"name": "x"}`},
	"remove-contact":        {"customers:write", noCustomer + "/contacts/con_1/remove", ""},
	"add-subscription":      {"customers:write", noCustomer + "/subscriptions", `{"reference": "S", "product": "P", "amount": {"minor": 1, "currency": "EUR"}, "interval": "month", "start": "2026-01-01"}`},
	"edit-subscription":     {"customers:write", noCustomer + "/subscriptions/sub_1", `{"plan": "x"}`},
	"add-external-id":       {"customers:write", noCustomer + "/external-ids", `{"system": "a", "value": "b"}`},
	"remove-external-id":    {"customers:write", noCustomer + "/external-ids/remove", `{"system": "a", "value": "b"}`},
	"edit-grant":            {"customers:write", noCustomer + "/grants/gra_1", `{"account": "x"}`},
	"attest-grant":          {"customers:write", noCustomer + "/grants/gra_1/attest", `{"how": "x"}`},
	"get-customer":          {"customers:read", noCustomer, ""},
	"decide-grant":          {"customers:write", noCustomer + "/grants/gra_1/decide", `{"theirs": true}`},
	"add-grant":             {"customers:write", noCustomer + "/grants", `{"system": "a", "account": "b", "kind": "login"}`},
	"add-deliverable":       {"customers:write", noCustomer + "/deliverables", `{"subscription": "sub_1", "title": "x"}`},
	"edit-deliverable":      {"customers:write", noCustomer + "/deliverables/del_1", `{"title": "x"}`},
	"edit-asset":            {"customers:write", noCustomer + "/assets/ast_1", `{"name": "x"}`},
	"add-asset":             {"customers:write", noCustomer + "/assets", `{"reference": "a", "name": "b"}`},
	"add-balance":           {"statements:act", noCustomer + "/balances", `{"reference": "a", "kind": "invoice", "amount": {"minor": 1, "currency": "EUR"}}`},
	"settle-balance":        {"statements:act", noCustomer + "/balances/bal_1/settle", `{"status": "paid"}`},
	"add-readings":          {"readings:write", "/v1/readings", `{"readings": [{"customer": "FE-404", "metric": "use", "date": "2026-01-01", "value": 1}]}`},
	"list-experiments":      {"experiments:read", "/v1/experiments", ""},
	"try-experiment":        {"experiments:read", "/v1/experiments/try", `{"source": "x"}`},
	"put-experiment":        {"experiments:write", "/v1/experiments", `{"source": "x"}`},
	"get-experiment":        {"experiments:read", "/v1/experiments/none", ""},
	"check-experiment":      {"experiments:write", "/v1/experiments/none/check", ""},
	"start-experiment":      {"experiments:write", "/v1/experiments/none/start", ""},
	"stop-experiment":       {"experiments:write", "/v1/experiments/none/stop", `{"why": "x"}`},
	"list-segments":         {"segments:read", "/v1/segments", ""},
	"try-segments":          {"segments:read", "/v1/segments/try", `{"source": "x"}`},
	"segments-of":           {"segments:read", noCustomer + "/segments", ""},
	"list-values":           {"values:read", "/v1/values", ""},
	"get-value":             {"values:read", noCustomer + "/value", ""},
	"compute-values":        {"values:write", "/v1/values/compute", ""},
	"add-hours":             {"hours:write", "/v1/hours", `{"hours": [{"customer": "FE-404", "day": "2026-01-01", "minutes": 5, "who": "x", "what": "x"}]}`},
	"list-hours":            {"hours:read", noCustomer + "/hours", ""},
	"take-back-hours":       {"hours:write", "/v1/hours/eff_01kb2m9xq0e5v8h2r7n4t6w3yz/take-back", ""},
	"get-one-person":        {"cases:read", "/v1/one-person", ""},
	"list-playbooks":        {"playbooks:read", "/v1/playbooks", ""},
	"get-playbook":          {"playbooks:read", "/v1/playbooks/x@1", ""},
	"check-playbook":        {"playbooks:read", "/v1/playbooks/check", `{"source": "x"}`},
	"propose-playbook":      {"playbooks:write", "/v1/playbooks", `{"source": "x"}`},
	"activate-playbook":     {"playbooks:write", "/v1/playbooks/x@1/activate", ""},
	"list-flows":            {"flows:read", "/v1/flows", ""},
	"get-flow":              {"flows:read", "/v1/flows/flv_none", ""},
	"check-flow":            {"flows:read", "/v1/flows/check", `{"source": "x"}`},
	"write-flow-draft":      {"flows:write", "/v1/flows", `{"source": "x"}`},
	"change-flow-draft":     {"flows:write", "/v1/flows/fld_none", `{"source": "x"}`},
	"drop-flow-draft":       {"flows:write", "/v1/flows/fld_none/drop", ""},
	"publish-flow":          {"flows:write", "/v1/flows/fld_none/publish", "{}"},
	"roll-back-flow":        {"flows:write", "/v1/flows/flv_none/roll-back", `{"note": "x"}`},
	"list-messages":         {"outbox:read", "/v1/messages", ""},
	"get-message":           {"texts:read", "/v1/messages/msg_01kb2m9xq0e5v8h2r7n4t6w3yz", ""},
	"list-entries":          {"audit:read", "/v1/audit/entries", ""},
	"get-checkpoint":        {"audit:read", "/v1/audit/checkpoint", ""},
	"get-proof":             {"audit:read", "/v1/audit/entries/aud_01kb2m9xq0e5v8h2r7n4t6w3yz/proof", ""},
	"list-users":            {"users:read", "/v1/users", ""},
	"get-metrics":           {"metrics:read", "/v1/metrics", ""},
	"get-case-collection":   {"statements:read", noCase + "/collection", ""},
	"promise-payment":       {steps, noCase + "/collection/promise", `{"on": "2099-01-01"}`},
	"propose-instalments":   {steps, noCase + "/collection/instalments", `{"parts": 3, "first": "2099-01-01"}`},
	"answer-instalments":    {steps, noCase + "/collection/instalments/answer", `{"agree": true}`},
	"pay-instalment":        {steps, noCase + "/collection/instalments/1/paid", ""},
	"propose-write-off":     {steps, noCase + "/collection/write-off", `{"why": "x"}`},
	"list-strays":           {"cases:read", "/v1/strays", ""},
	"decide-stray":          {steps, noCase + "/strays/str_01kb2m9xq0e5v8h2r7n4t6w3yz/decide", `{"way": "seen", "why": "x"}`},
	"get-access-list":       {"cases:read", noCase + "/access-list", ""},
	"get-case-evidence":     {"cases:read", noCase + "/evidence", ""},
	"get-erasure-plan":      {"erasures:read", noCase + "/erasure-plan", ""},
	"get-access-report":     {"metrics:read", "/v1/access-report", ""},
	"get-time-limits":       {"metrics:read", "/v1/time-limits", ""},

	"get-assignment-rules": {"assignment:read", "/v1/assignment-rules", ""},
	"set-assignment-rules": {"assignment:write", "/v1/assignment-rules", `{"version": 7, "rules": []}`},
}

// Every route is tried with every scope, alone, and without a key.
func TestEveryScopeOpensItsRoutesAndNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testkit.SQLite(t), api.Options{})
	keys := map[string]*caller{}
	for _, s := range app.Scopes() {
		keys[s] = h.key(s)
	}
	routes := 0
	for _, methods := range h.doc.Paths {
		for method, op := range methods {
			routes++
			row, ok := access[op.OperationID]
			if !ok {
				t.Errorf("%s is not in the table of scopes", op.OperationID)
				continue
			}
			header := http.Header{}
			if slices.Contains([]string{"attach-file", "add-case-file", "push-part"}, op.OperationID) {
				header.Set("Content-Type", "application/octet-stream")
			}
			send := func(c *caller) answer { return c.do(strings.ToUpper(method), row.path, row.body, header) }
			send(&caller{h: h}).told(401, "auth.key")
			send(&caller{h: h, token: keys["cases:read"].token + "x"}).told(401, "auth.key")
			for _, s := range app.Scopes() {
				got := send(keys[s])
				switch opens := slices.Contains(strings.Fields(row.scopes), s); {
				case opens && ofASecondPerson[op.OperationID]:
					got.told(403, "forbidden.person")
				case !opens:
					got.told(403, "forbidden.scope")
				case got.status == 401 || got.status == 403 || got.status >= 500:
					t.Errorf("%s with %s answers %d: %s", op.OperationID, s, got.status, got.body)
				}
			}
		}
	}
	if routes != len(access) {
		t.Errorf("%d routes, %d in the table", routes, len(access))
	}
}

// A scope opens a step's door; whether it reaches the step is said by the role
// that owns it.
func TestAKeyWorksOnlyOnStepsOfItsScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, testkit.SQLite(t), api.Options{})
	all := h.key(app.Scopes()...)
	who := all.post("/v1/customers", customerOf("Puerto Alto", "FE-3", "iker@puerto.example")).is(201).text("id")
	at := all.post("/v1/cases", `{"customer": "`+who+`", "channel": "phone", "reference": "1", "proof": "DNI"}`).is(201).header.Get("Location")
	h.key("statements:act").post(at+"/steps/prepare/items/a/tick", `{}`).told(403, "forbidden.scope")
	h.key("privacy:act").post(at+"/steps/prepare/items/a/tick", `{}`).told(403, "forbidden.scope")
	h.key("cases:act").post(at+"/steps/prepare/items/a/tick", `{}`).is(204)
}
