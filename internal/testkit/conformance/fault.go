package conformance

import "testing"

// Fault is a way in which every far system fails sooner or later, whatever it speaks.
type Fault string

// The faults that every connector is put through.
const (
	TimeOut     Fault = "time-out after the effect"
	Throttled   Fault = "429 with Retry-After"
	ServerError Fault = "5xx"
	SlowBody    Fault = "slow body"
	WrongBody   Fault = "wrong body"
	Partial     Fault = "partial success"
	Expired     Fault = "expired credential"
	Moving      Fault = "paging that changes while it is read"
	Skew        Fault = "far clock skew"
)

// Faults are all of them, in the order in which they are told.
func Faults() []Fault {
	return []Fault{TimeOut, Throttled, ServerError, SlowBody, WrongBody, Partial, Expired, Moving, Skew}
}

// Answer is how a fault is made in a protocol or, where there is none, why: exactly
// one of both.
type Answer struct {
	How    string
	Absent string
}

// Protocol is what connectors of some kinds speak, and how each fault is made in it.
type Protocol struct {
	Name    string
	Kinds   []string // of systems.yaml
	Answers map[Fault]Answer
}

// Protocols are all that connectors speak. A connector's suite makes each fault that
// its protocol has, and no reference says otherwise: it is written out of this.
func Protocols() []Protocol {
	return []Protocol{
		{HTTP, []string{"http", "iam", "oauth", "s3", "scim", "stripe", "webhook"}, map[Fault]Answer{
			TimeOut:     {How: "no answer in time; a line that is cut once the request was taken"},
			Throttled:   {How: "429 and 503, with `Retry-After` in seconds, as an instant, and without; 401 and 403 that say when to come back, that an allowance is used up, or that a limit was met"},
			ServerError: {How: "500, 502, 503"},
			SlowBody:    {How: "the head of an answer, a part of its body, and no more"},
			WrongBody:   {How: "HTML, nothing, half an answer, another protocol, a body over the bound, redirects"},
			Partial:     {How: "an act of several calls of which the n-th fails, in each of these ways; 206 and 207"},
			Expired:     {How: "401, and 403 for a right that is gone"},
			Moving:      {How: "a list that grows, shrinks and turns round between its pages; a page that fails. A kind that lists nothing has no pages"},
			Skew:        {How: "every answer dated decades ahead and behind; `Retry-After` by such a clock"},
		}},
		{LDAP, []string{"ldap"}, map[Fault]Answer{
			TimeOut:     {How: "a directory that has the request, and no answer; a line that is cut then"},
			Throttled:   {How: "the results busy (51) and unavailable (52). LDAP has no word for when to come back: the engine waits by its own measure"},
			ServerError: {How: "the result other (80), and time limit exceeded (3), which comes before or after the effect"},
			SlowBody:    {How: "the head of a message, and no more"},
			WrongBody:   {How: "nonsense, another protocol, a length of gigabytes, more than the bound"},
			Partial:     {How: "groups were left, and the lock is refused, or its answer lost"},
			Expired:     {How: "the results invalid credentials (49) and unwilling (53) to our own bind"},
			Moving:      {How: "entries that go between the pages (RFC 2696) of a list; a directory that gives no more pages"},
			Skew:        {Absent: "No answer bears a clock and nothing is counted from one. Instants that a directory writes down (`signed_in`) are told as they stand there"},
		}},
		{Postgres, []string{"postgres"}, map[Fault]Answer{
			TimeOut:     {How: "the line cut, or silent, once `COMMIT` went to the server"},
			Throttled:   {How: "too many connections (53300), cannot connect now (57P03), and a serialization failure (40001) of the commit. PostgreSQL has no word for when to come back: the engine waits by its own measure"},
			ServerError: {How: "an internal error (XX000), and a server that shuts down (57P01) at sign-in, at a reading and at the commit"},
			SlowBody:    {How: "the head of a message, and no more"},
			WrongBody:   {How: "nonsense, another protocol, a length of gigabytes, more than the bound"},
			Partial:     {How: "a role that may not sign in any more, and whose sessions are not ended. An action is one transaction, and cut before each of its statements: nothing has changed then"},
			Expired:     {How: "an invalid password (28P01) and a role that may not sign in (28000), for our own role"},
			Moving:      {Absent: "A list is one statement in one snapshot: it has no pages, and what changes meanwhile is not in it"},
			Skew:        {Absent: "The protocol sends no clock. Whether a role has run out (`VALID UNTIL`) is asked of the server's own, which is the one that lets it in; instants of `roles.signed_in` are told as they stand there"},
		}},
		{Files, []string{"folder", "sqlite"}, map[Fault]Answer{
			TimeOut:     {Absent: "A call is one of this machine, which answers or has died with us: what died half-way is found by the [saga](../adr/0047-a-process-dies-at-every-moment.md)"},
			Throttled:   {Absent: "Files ask nobody to come back later; a database that another holds locked is tried again within the time of a call"},
			ServerError: {Absent: "There is no server"},
			SlowBody:    {Absent: "Nothing is sent"},
			WrongBody:   {Absent: "What is no such file, or no such table, is refused by `hasta system check` and by each call"},
			Partial:     {Absent: "Rows are erased in one transaction; files one by one, each of which is looked for again"},
			Expired:     {Absent: "There is no credential but the rights of the process"},
			Moving:      {Absent: "Rows are read in one transaction; files are listed whole, and one that is gone meanwhile is none"},
			Skew:        {Absent: "There is no clock but ours"},
		}},
		{People, []string{"processor"}, map[Fault]Answer{
			TimeOut: {Absent: byHand}, Throttled: {Absent: byHand}, ServerError: {Absent: byHand}, SlowBody: {Absent: byHand}, WrongBody: {Absent: byHand},
			Partial: {Absent: byHand}, Expired: {Absent: byHand}, Moving: {Absent: byHand}, Skew: {Absent: byHand},
		}},
	}
}

const byHand = "Nobody is called: people write, and keep the receipt"

// What connectors speak.
const (
	HTTP     = "HTTP"
	LDAP     = "LDAP"
	Postgres = "PostgreSQL"
	Files    = "files of this machine"
	People   = "letters"
)

// answers are those of a protocol. A fault without one fails the test: nobody has
// thought of it.
func answersIn(t *testing.T, protocol string) map[Fault]Answer {
	t.Helper()
	for _, p := range Protocols() {
		if p.Name != protocol {
			continue
		}
		for _, f := range Faults() {
			if a := p.Answers[f]; (a.How == "") == (a.Absent == "") {
				t.Errorf("%s: it is to be said how %q is made, or why there is none", protocol, f)
			}
		}
		return p.Answers
	}
	t.Fatalf("%s is not among the protocols", protocol)
	return nil
}
