package store_test

import (
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/store"
)

var (
	ofCustomers = regexp.MustCompile(`(?:FROM|JOIN) (customer|case_|subscription|subscription_past|answer|voice|risk|reading|reason|offer|consent|silence|` +
		`complaint|commitment|obligation|handover_item|invitation|play|balance|grant_|asset|deliverable|contact|external_id|message|request|received|approval|erasure|step)\b`)
	keyed    = regexp.MustCompile(`(?:^|[ .(])(id|customer_id|case_id|request_id|subscription_id|token_hash|nonce|code|reference|sha256|subject|email_folded|assignee)( = \$| IN \(+\$)`)
	optional = regexp.MustCompile(`\$\d+ = '' (OR|AND)`)
	spaces   = regexp.MustCompile(`\s+`)
)

// seen are the queries over all customers that test customers are in, and why:
// what they are in is work, or a list that marks them.
var seen = map[string]string{
	"FROM answer WHERE idea < 0":                            "a job looks into every answer once",
	"FROM approval WHERE case_id = ''":                      "endings and playbooks wait, no customer",
	"m.paper = 'ending' WHERE r.ending = $1":                "the notices of one ending, which picks no test customer",
	"JOIN customer c ON c.id = k.id":                        "the list of customers marks them",
	"FROM customer_word w JOIN customer":                    "the search marks them",
	"SELECT COUNT(*) FROM (SELECT id FROM customer":         "how long that list is",
	"SELECT COUNT(*) FROM (SELECT id FROM (SELECT DISTINCT": "how long that list is",
	"FROM case_ k LEFT JOIN (":                              "the inbox marks them: it is work",
	"SELECT COUNT(*) FROM case_ k WHERE":                    "how much waits in the inbox",
	"SELECT COUNT(*) FROM request WHERE state = 'received'": "whose they are nobody knows",
	"SELECT DISTINCT playbook FROM case_":                   "filters of the inbox",
	"SELECT DISTINCT segment FROM case_":                    "filters of the inbox",
	"FROM message ORDER BY queued_at":                       "the newest letters, read by the demo",
	"SELECT COUNT(*) FROM message WHERE to_folded":          "how many went to one address",
	"FROM customer WHERE name_key = ''":                     "a migration that names everybody",
	"FROM case_ WHERE ($1 = '' OR id < $1)":                 "the list of departures in the API marks them",
	"FROM customer WHERE ($1 = '' OR id < $1)":              "the list of customers in the API marks them",
	"FROM request WHERE ($1 = '' OR id < $1)":               "the list of requests: each says whose it is",
	"FROM message WHERE ($1 = '' OR id < $1)":               "the outbox marks them",
	"FROM received WHERE state = 'read'":                    "what was read in, to be answered: it is marked",
	"FROM complaint WHERE":                                  "what is owed to somebody, to be done: it is marked",
	"FROM commitment WHERE":                                 "what was promised, to be done: it is marked",
	"FROM request WHERE state = 'received'":                 "whose they are nobody knows",
	"AS texts ORDER BY id LIMIT":                            "what somebody wrote gets a theme to be read beside it; what counts and teaches leaves it out",
	"SELECT assignee, COUNT(*) FROM step":                   "how much people have to do",
	"SELECT COUNT(*) FROM work WHERE kind <>":               "how busy the queue is",
}

// A figure that counts somebody who was made up is wrong, and nobody would see
// it. So every query over all customers keeps test customers out, or somebody
// wrote down here why it need not.
func TestEveryQueryOverAllCustomersKeepsTestCustomersOutOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	looked := 0
	for _, q := range store.Queries() {
		q = strings.TrimSpace(spaces.ReplaceAllString(q, " "))
		if !strings.HasPrefix(q, "SELECT") && !strings.HasPrefix(q, "WITH") || !ofCustomers.MatchString(q) || strings.HasPrefix(q, "WITH k (") ||
			keyed.MatchString(q) && !optional.MatchString(q) {
			continue
		}
		looked++
		if strings.Contains(q, "test_by <> ''") || strings.Contains(q, "test_by = ''") || strings.Contains(q, "test = 0") || strings.Contains(q, "test = 1") {
			continue
		}
		ok := false
		for part := range seen {
			if strings.Contains(q, part) {
				used[part], ok = true, true
			}
		}
		if !ok {
			t.Errorf("counts whoever was made up, or say in this file why not:\n\t%s", q)
		}
	}
	if looked < 25 {
		t.Errorf("only %d queries over all customers were looked at", looked)
	}
	for part, why := range seen {
		if !used[part] {
			t.Errorf("no query has %q (%s) any more", part, why)
		}
	}
}
