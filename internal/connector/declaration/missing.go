package declaration

import "strings"

// ofMissing are the codes that say what a value must be. Where there is no value
// at all, they would speak of something that nobody wrote: what is told then is
// which key is missing, with the value of an example.
var ofMissing = map[string]string{
	"field.required":       "",
	"system.word":          "",
	"system.secret_inline": "env:NAME",
	"system.probe_file":    "file:/run/secrets/" + Slot,
	"system.base_url":      "https://billing.example",
	"system.ldap_url":      "ldaps://directory.example",
	"system.dn":            "ou=people,dc=example,dc=org",
	"system.attribute":     "uid",
	"system.absolute":      "/srv/share",
	"system.bucket":        "deliverables",
	"system.below":         "customers/" + OwnerSlot,
	"system.path":          "data.status",
	"system.path_slot":     "/subscriptions/{reference}",
	"system.path_plain":    "/subscriptions",
	"system.rows":          "1",
	"system.header":        "Authorization",
	"system.statement":     "SELECT … WHERE customer = $1",
	"system.slot_once":     Slot,
}

// examples are the values of keys, as they stand in docs/reference/systems.md,
// where the key says more than the code.
var examples = map[string]string{
	"introspect": "https://id.example/oauth/introspect",
	"revoke":     "https://id.example/oauth/revoke",
	"client_id":  "hasta",
	"base_url":   "https://id.example/scim/v2",
	"resource":   "https://id.example/userinfo",
	"access_key": "env:S3_ACCESS_KEY",
	"bind":       "cn=hasta,ou=services,dc=example,dc=org",
	"closed":     `"TRUE"`,
	"groups":     "{base: \"ou=groups,dc=example,dc=org\"}",
	"status":     "data.status",
	"ended":      "[canceled]",
	"open":       "[active]",
	"refused":    "[401, 403]",
	"method":     "GET",
	"expect":     "0",
	"key":        "number",
	"kind":       "login",
	"others":     "[agent]",
	"columns":    "{id: {path: id, type: text}}",
	"export":     "{invoices: {…}}",
	"as":         "uid=" + Slot + ",ou=people,dc=example,dc=org",
	"account":    "id",
	"amount":     "amount",
	"currency":   "currency",
	"es":         "Facturas",
	"en":         "Invoices",
}

// missing says of a problem which key is missing, or what is empty there; false
// where the problem speaks of something that was written. above is the path of
// the nearest thing that stands in the file.
func (p Problem) missing(above []string) (Problem, bool) {
	example, is := ofMissing[p.Code]
	there := len(above) == len(p.At)
	if !is || len(p.At) == 0 || there && p.Code != "field.required" {
		return p, false
	}
	last := p.At[len(p.At)-1]
	if e := examples[last]; e != "" && p.Code != "system.secret_inline" && p.Code != "system.probe_file" {
		example = e
	}
	q := Problem{At: p.At, Code: "system.missing", Args: []any{"key", strings.Join(p.At[len(above):], ".")}}
	if there {
		q.Code, q.Args = "system.blank", []any{"key", last}
	}
	for i := 0; i+1 < len(p.Args); i += 2 {
		if p.Args[i] == "words" {
			q.Code = "system.missing_word"
			q.Args = append(q.Args, "words", p.Args[i+1])
		}
	}
	if example != "" && q.Code != "system.missing_word" {
		q.Args = append(q.Args, "example", last+": "+example)
	}
	return q, true
}
