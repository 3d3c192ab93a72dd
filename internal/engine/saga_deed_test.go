package engine_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/jackc/pgx/v5"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/customer"
	"hastaluego/internal/demo/peer"
	"hastaluego/internal/id"
	"hastaluego/internal/ingest"
	"hastaluego/internal/money"
	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/webhook"
	"hastaluego/internal/when"
)

// deeds make, each, a far system and what a departure does there, on a machine on
// which everything runs. Those of somebody else are real ones; of Stripe there is
// one that remembers.
var deeds = []func(t *testing.T) deed{
	ldapDeed, scimDeed, scimGroupsDeed, oauthDeed, pgRoleDeed, pgRowsDeed, s3Deed, iamDeed, stripeCancelDeed, stripeRefundDeed,
	httpDeed, httpSeveralDeed, httpActionDeed, billingDeed, messageDeed, pgNarrowDeed, s3NarrowDeed, httpNarrowDeed, httpAnewDeed,
	stripeCouponDeed, stripePauseDeed, pgEraseDeed, sqliteEraseDeed, s3EraseDeed, httpEraseDeed,
}

// eachSaga runs fn on SQLite, and under make chaos on both engines.
func eachSaga(t *testing.T, fn func(t *testing.T, e testkit.Engine)) {
	t.Helper()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		if e.Name == "sqlite" || os.Getenv("HASTA_CHAOS") != "" {
			fn(t, e)
		}
	})
}

// eachDeed runs fn for each deed.
func eachDeed(t *testing.T, deeds []func(t *testing.T) deed, fn func(t *testing.T, e testkit.Engine, d deed)) {
	t.Helper()
	eachSaga(t, func(t *testing.T, e testkit.Engine) {
		for _, begin := range deeds {
			if d := begin(t); d.name != "" { // or there is no server for it
				t.Run(d.name, func(t *testing.T) { fn(t, e, d) })
			}
		}
	})
}

// speaksHTTP reads messages of HTTP, of which those act that begin so.
func speaksHTTP(acts ...string) speech {
	return speech{
		acts: func(m []byte) bool {
			return slices.ContainsFunc(acts, func(w string) bool { return bytes.HasPrefix(m, []byte(w)) })
		},
		whole: func(said []byte) bool {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(said)))
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
			}
			return err == nil
		},
	}
}

// speeches tell the messages that change something from those that look, by the
// name of the wire.
var speeches = map[string]speech{
	"ldap": {acts: func(m []byte) bool { // a message (RFC 4511) with a small number and a modifyRequest
		return bytes.Contains(m[:min(len(m), 12)], []byte{0x66})
	}},
	"scim":      speaksHTTP("PATCH /scim/", "PUT /scim/", "DELETE /scim/"),
	"oauth":     speaksHTTP("POST /token/revocation"),
	"pg":        {acts: func(m []byte) bool { return bytes.Contains(m, []byte("ALTER ROLE")) }},
	"pggroup":   {acts: func(m []byte) bool { return bytes.Contains(m, []byte("commit")) }}, // of what was done before it; what looks commits nothing
	"iam":       speaksHTTP("POST /"),
	"s3":        speaksHTTP("PUT /acme?policy", "DELETE /acme?policy"),
	"s3erase":   speaksHTTP("DELETE /acme/drawings/"),
	"httperase": speaksHTTP("DELETE /contacts/"),
	"stripe":    speaksHTTP("POST /v1/subscriptions/", "DELETE /v1/subscriptions/", "POST /v1/refunds"),
	"http":      speaksHTTP("POST /far/accounts/", "PUT /far/accounts/", "DELETE /far/teams/"),
	"billing":   speaksHTTP("POST /subscriptions/"),
	"hook":      speaksHTTP("POST /"),
}

const closing = "  - {id: do, kind: revoke_access, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n"

// host is the address of a URL.
func host(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func put(t *testing.T, dir, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
}

// good fails the test unless there is no error.
func good(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask makes a call, with what proves who asks, and returns the status and the answer.
func ask(t *testing.T, method, to, body string, header ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, to, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(raw)
}

func ldapDeed(t *testing.T) deed {
	const people = "ou=people," + testkit.DirectoryBase
	d, dir := testkit.StartDirectory(t, "", ""), t.TempDir()
	put(t, dir, "root", testkit.DirectoryPassword)
	root, err := ldap.DialURL(d.Plain)
	good(t, err)
	t.Cleanup(func() { _ = root.Close() })
	good(t, root.Bind(testkit.DirectoryRoot, testkit.DirectoryPassword))
	enter := func(t *testing.T, ref, owner string) {
		put(t, dir, ref, "hers")
		add := ldap.NewAddRequest("uid="+ref+","+people, nil)
		for name, v := range map[string]string{"objectClass": "inetOrgPerson", "cn": ref, "sn": ref, "o": owner, "userPassword": "hers"} {
			add.Attribute(name, []string{v})
		}
		good(t, root.Add(add))
	}
	begin := func(t *testing.T, ref string) { enter(t, ref, ref) }
	begin(t, "bystander")
	var mu sync.Mutex
	lets := func(t *testing.T, ref string) bool {
		mu.Lock()
		defer mu.Unlock()
		c, err := ldap.DialURL(d.Plain)
		if err != nil {
			t.Error(err)
			return false
		}
		defer c.Close()
		return c.Bind("uid="+ref+","+people, "hers") == nil
	}
	return deed{
		name: "ldap", kind: "revoke_access", steps: closing, wires: map[string]string{"ldap": strings.TrimPrefix(d.Plain, "ldap://")}, back: true,
		systems: "  far:\n    kind: ldap\n    url: ldap://{{ldap}}\n    bind: " + testkit.DirectoryRoot + "\n    password: file:" + dir + "/root\n    allow: [127.0.0.1/32]\n    base: " + people +
			"\n    filter: (objectClass=inetOrgPerson)\n    close: lock\n    inventory: (o={owner})\n    probe: {password: \"file:" + dir + "/{reference}\"}\n",
		begin: begin, more: func(t *testing.T, ref string) { enter(t, ref+"x", ref) },
		done: func(t *testing.T, ref string) bool { return !lets(t, ref) }, others: func(t *testing.T) bool { return lets(t, "bystander") },
	}
}

// scimPeer is a provider, and how its users are made and get in.
func scimPeer(t *testing.T, more string) (d deed, add func(t *testing.T, path string, record any) map[string]any, look func(t *testing.T, path string) map[string]any) {
	base := testkit.NodePeer(t, "scim.mjs", "ours")
	dir, me := t.TempDir(), strings.TrimSuffix(base, "/scim")+"/me"
	put(t, dir, "ours", "ours")
	send := func(t *testing.T, method, path, record string) (out map[string]any) {
		status, answer := ask(t, method, base+path, record, "Authorization", "Bearer ours", "Content-Type", "application/scim+json")
		if err := json.Unmarshal([]byte(answer), &out); err != nil || status/100 != 2 {
			t.Errorf("%s %s: %d %s", method, path, status, answer)
		}
		return out
	}
	look = func(t *testing.T, path string) map[string]any { return send(t, http.MethodGet, path, "") }
	add = func(t *testing.T, path string, record any) map[string]any {
		raw, err := json.Marshal(record)
		good(t, err)
		return send(t, http.MethodPost, path, string(raw))
	}
	lets := func(t *testing.T, ref string) bool {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, me, nil)
		if err != nil {
			t.Error(err)
			return false
		}
		req.SetBasicAuth(ref, "hers")
		status, _ := ask(t, http.MethodGet, me, "", "Authorization", req.Header.Get("Authorization"))
		return status == http.StatusOK
	}
	enter := func(t *testing.T, ref, owner string) {
		put(t, dir, ref, "hers")
		add(t, "/Users", map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": ref, "title": owner, "active": true, "password": "hers"})
	}
	begin := func(t *testing.T, ref string) { enter(t, ref, ref) }
	begin(t, "bystander")
	return deed{
		name: "scim", kind: "revoke_access", steps: closing, wires: map[string]string{"scim": host(t, base)}, back: true,
		systems: "  far:\n    kind: scim\n    base_url: http://{{scim}}/scim\n    token: file:" + dir + "/ours\n    allow: [127.0.0.1/32]\n    inventory: title eq {owner}\n" + more +
			"    probe: {resource: \"http://{{scim}}/me\", secret: \"file:" + dir + "/{reference}\"}\n",
		begin: begin, more: func(t *testing.T, ref string) { enter(t, ref+"x", ref) },
		done: func(t *testing.T, ref string) bool { return !lets(t, ref) }, others: func(t *testing.T) bool { return lets(t, "bystander") },
	}, add, look
}

func scimDeed(t *testing.T) deed {
	d, _, _ := scimPeer(t, "")
	return d
}

// scimGroupsDeed takes users out of their groups too: an act of several calls.
func scimGroupsDeed(t *testing.T) deed {
	d, add, look := scimPeer(t, "    leave_groups: true\n")
	d.name, d.back, d.parts, d.more = "scim with groups", false, 3, nil
	begin, done := d.begin, d.done
	groups := sync.Map{}
	idOf := func(t *testing.T, ref string) string {
		list := look(t, "/Users?filter="+url.QueryEscape(`userName eq "`+ref+`"`))
		return list["Resources"].([]any)[0].(map[string]any)["id"].(string)
	}
	d.begin = func(t *testing.T, ref string) {
		begin(t, ref)
		var made []string
		for _, name := range []string{"one of ", "other of "} {
			g := add(t, "/Groups", map[string]any{
				"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name + ref,
				"members": []map[string]string{{"value": idOf(t, ref)}, {"value": idOf(t, "bystander")}},
			})
			made = append(made, g["id"].(string))
		}
		groups.Store(ref, made)
	}
	d.done = func(t *testing.T, ref string) bool {
		made, _ := groups.Load(ref)
		for _, g := range made.([]string) {
			if members, _ := look(t, "/Groups/"+g)["members"].([]any); len(members) != 1 {
				return false
			}
		}
		return done(t, ref)
	}
	return d
}

func oauthDeed(t *testing.T) deed {
	base, dir := testkit.NodePeer(t, "oauth.mjs", "hasta", "ours"), t.TempDir()
	put(t, dir, "ours", "ours")
	begin := func(t *testing.T, ref string) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base, nil)
		good(t, err)
		req.SetBasicAuth("hasta", "ours")
		_, answer := ask(t, http.MethodPost, base+"/token", "grant_type=client_credentials", "Authorization", req.Header.Get("Authorization"), "Content-Type", "application/x-www-form-urlencoded")
		var got struct {
			Token string `json:"access_token"`
		}
		good(t, json.Unmarshal([]byte(answer), &got))
		put(t, dir, ref, got.Token)
	}
	begin(t, "bystander")
	lets := func(t *testing.T, ref string) bool {
		token, err := os.ReadFile(filepath.Join(dir, ref))
		if err != nil {
			t.Error(err)
		}
		status, _ := ask(t, http.MethodGet, base+"/me", "", "Authorization", "Bearer "+string(token))
		return status == http.StatusOK
	}
	return deed{
		name: "oauth", kind: "revoke_access", steps: closing, wires: map[string]string{"oauth": host(t, base)},
		systems: "  far:\n    kind: oauth\n    introspect: http://{{oauth}}/token/introspection\n    revoke: http://{{oauth}}/token/revocation\n    client_id: hasta\n    client_secret: file:" + dir +
			"/ours\n    token: \"file:" + dir + "/{reference}\"\n    allow: [127.0.0.1/32]\n    resource: http://{{oauth}}/me\n",
		begin: begin, done: func(t *testing.T, ref string) bool { return !lets(t, ref) }, others: func(t *testing.T) bool { return lets(t, "bystander") },
	}
}

// base is a database of PostgreSQL that is somebody else's, and what its owner
// asks there; nil where there is none.
type base struct {
	url   *url.URL
	admin *pgx.Conn
	mu    *sync.Mutex
}

func pgBase(t *testing.T) *base {
	server := os.Getenv("HASTA_TEST_POSTGRES")
	if server == "" {
		return nil
	}
	raw := testkit.FreshPostgres(t, server)
	u, err := url.Parse(raw)
	good(t, err)
	admin, err := pgx.Connect(t.Context(), raw)
	good(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	return &base{u, admin, &sync.Mutex{}}
}

func (b *base) exec(t *testing.T, sql string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.admin.Exec(context.Background(), sql); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
}

func (b *base) number(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.admin.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}

// entry declares the database, reached by a wire.
func (b *base) entry(more string) (systems string, files, wires map[string]string) {
	near := *b.url
	near.Host = "{{pg}}"
	return "  far:\n    kind: postgres\n    url: file:{{own}}/url\n    allow: [127.0.0.1/32]\n" + more,
		map[string]string{"url": strings.ReplaceAll(near.String(), "%7B%7Bpg%7D%7D", "{{pg}}")}, map[string]string{"pg": b.url.Host}
}

// pgRoleDeed closes roles that have a session open.
func pgRoleDeed(t *testing.T) deed {
	b := pgBase(t)
	if b == nil {
		return deed{}
	}
	dir, mark := t.TempDir(), strings.ToLower(id.New("r"))
	role := func(ref string) string { return mark + "_" + ref }
	// Roles belong to the whole server, and so have names of this run.
	account := func(ref string) []ingest.Row {
		row := access(ref, "far")
		row.Grant.Account = role(ref)
		return []ingest.Row{row}
	}
	enter := func(ref string) (*pgx.Conn, error) {
		theirs := *b.url
		theirs.User = url.UserPassword(role(ref), "hers")
		return pgx.Connect(context.Background(), theirs.String())
	}
	begin := func(t *testing.T, ref string) {
		put(t, dir, role(ref), "hers")
		b.exec(t, "CREATE ROLE "+role(ref)+" LOGIN PASSWORD 'hers'")
		session, err := enter(ref)
		good(t, err)
		t.Cleanup(func() {
			_ = session.Close(context.Background())
			b.exec(t, "DROP ROLE "+role(ref))
		})
	}
	begin(t, "bystander")
	inside := func(t *testing.T, ref string) int {
		return b.number(t, `SELECT (SELECT count(*) FROM pg_stat_activity WHERE usename = $1) + (SELECT count(*) FROM pg_roles WHERE rolname = $1 AND rolcanlogin)`, role(ref))
	}
	d := deed{
		name: "postgres roles", kind: "revoke_access", steps: closing, row: account, back: true, parts: 2, begin: begin,
		more:   func(t *testing.T, ref string) { begin(t, ref+"x") },
		done:   func(t *testing.T, ref string) bool { return inside(t, ref) == 0 },
		others: func(t *testing.T) bool { return inside(t, "bystander") == 2 },
	}
	d.systems, d.files, d.wires = b.entry("    roles:\n      password: \"file:" + dir + "/{reference}\"\n      inventory: SELECT rolname FROM pg_roles WHERE rolname IN ('" + mark + "_' || $1, '" + mark + "_' || $1 || 'x')\n")
	return d
}

// pgRowsDeed changes rows, where doing it twice would show.
func pgRowsDeed(t *testing.T) deed {
	b := pgBase(t)
	if b == nil {
		return deed{}
	}
	b.exec(t, "CREATE TABLE member (name text PRIMARY KEY, shown boolean NOT NULL DEFAULT true, changed int NOT NULL DEFAULT 0)")
	b.exec(t, "INSERT INTO member (name) VALUES ('bystander')")
	d := deed{
		name: "postgres rows", kind: "connector", back: true,
		steps: "  - {id: do, kind: connector, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far, action: hide, each: grant}}\n",
		begin: func(t *testing.T, ref string) { b.exec(t, "INSERT INTO member (name) VALUES ('"+ref+"')") },
		done: func(t *testing.T, ref string) bool {
			return b.number(t, "SELECT count(*) FROM member WHERE name = $1 AND shown", ref) == 0
		},
		others: func(t *testing.T) bool {
			return b.number(t, "SELECT count(*) FROM member WHERE name = 'bystander' AND shown AND changed = 0") == 1
		},
		times: func(t *testing.T, ref string) int {
			return b.number(t, "SELECT changed FROM member WHERE name = $1", ref)
		},
	}
	d.systems, d.files, d.wires = b.entry(`    actions:
      hide:
        run: UPDATE member SET shown = false, changed = changed + 1 WHERE name = $1
        rows: 1
        read: SELECT shown FROM member WHERE name = $1
        expect: f
        undo: {class: restorable, run: "UPDATE member SET shown = true, changed = changed + 1 WHERE name = $1", rows: 1, expect: t}
`)
	return d
}

func s3Deed(t *testing.T) deed {
	d, _, _, _ := s3Store(t)
	return d
}

// s3Store is a bucket in which whoever is named may do anything, as its owner and we
// see it.
func s3Store(t *testing.T) (d deed, direct connector.System, tried func(t *testing.T, by connector.Prober, ref string) bool, policy func(t *testing.T) string) {
	store, dir := testkit.StartStore(t), t.TempDir()
	put(t, dir, "ours", testkit.StoreSecret)
	request := func(t *testing.T, method, path, body string, want int) string {
		status, answer, err := store.Ask(context.Background(), method, path, body)
		if err != nil || status != want {
			t.Errorf("%s %s: %d %s %v", method, path, status, answer, err)
		}
		return answer
	}
	request(t, http.MethodPut, "/acme", "", 200)
	request(t, http.MethodPut, "/acme/hello.txt", "", 200)
	entry := func(base string) string {
		return "  far:\n    kind: s3\n    base_url: http://" + base + "\n    access_key: " + testkit.StoreKey + "\n    secret_key: file:" + dir + "/ours\n    allow: [127.0.0.1/32]\n    bucket: acme\n" +
			"    inventory: \"{owner}*\"\n    probe: {key: \"file:" + dir + "/{reference}\", write: \"new.txt\"}\n    read_only: true\n"
	}
	all, err := declaration.Load("systems.yaml", []byte("systems:\n"+entry(host(t, store.Base))), s3system.Kind())
	good(t, err)
	opened, err := all[0].Open(when.Machine{}, nil)
	good(t, err)
	t.Cleanup(opened.Close)
	direct = opened.Connector()
	tried = func(t *testing.T, by connector.Prober, ref string) bool {
		p, err := by.ProbeAccess(context.Background(), ref)
		if err != nil {
			t.Error(err)
		}
		return p.In
	}
	lets := func(t *testing.T, ref string) bool { return tried(t, direct.Prober, ref) }
	policy = func(t *testing.T) string { return request(t, http.MethodGet, "/acme?policy=", "", 200) }
	begin := func(t *testing.T, ref string) {
		store.Admin(t, "create-user", "--access", ref, "--secret", ref+"-secret", "--role", "user")
		put(t, dir, ref, ref+":"+ref+"-secret")
		// The owner allows it by name, beside what we denied to others meanwhile.
		p := struct{ Version, Statement any }{Version: "2012-10-17"}
		all := []any{}
		if ref != "bystander" {
			good(t, json.Unmarshal([]byte(policy(t)), &p))
			all = p.Statement.([]any)
		}
		p.Statement = append(all, map[string]any{
			"Sid": "Of" + ref, "Effect": "Allow", "Principal": map[string]any{"AWS": []string{ref}}, "Action": "s3:*", "Resource": []string{"arn:aws:s3:::acme", "arn:aws:s3:::acme/*"},
		})
		raw, err := json.Marshal(p)
		good(t, err)
		request(t, http.MethodPut, "/acme?policy=", string(raw), 204)
	}
	begin(t, "bystander")
	return deed{
		name: "s3", kind: "revoke_access", steps: closing, wires: map[string]string{"s3": host(t, store.Base)}, systems: entry("{{s3}}"), back: true,
		begin: begin, more: func(t *testing.T, ref string) { begin(t, ref+"x") },
		done: func(t *testing.T, ref string) bool { return !lets(t, ref) }, others: func(t *testing.T) bool { return lets(t, "bystander") },
	}, direct, tried, policy
}

// iamDeed makes a key of a user inactive. Which key that is, the server says when
// it issues it.
func iamDeed(t *testing.T) deed {
	server, dir := testkit.StartKeys(t), t.TempDir()
	put(t, dir, "ours", testkit.StoreSecret)
	entry := func(base string) string {
		return "  far:\n    kind: iam\n    base_url: http://" + base + "\n    access_key: " + testkit.StoreKey + "\n    secret_key: file:" + dir + "/ours\n    allow: [127.0.0.1/32]\n" +
			"    inventory: \"/customers/{owner}/*\"\n    probe: {secret: \"file:" + dir + "/{reference}\", url: http://" + base + "}\n"
	}
	all, err := declaration.Load("systems.yaml", []byte("systems:\n"+entry(host(t, server.Base))), iamsystem.Kind())
	good(t, err)
	direct, err := all[0].Open(when.Machine{}, nil)
	good(t, err)
	t.Cleanup(direct.Close)
	var issued sync.Map
	account := func(ref string) string {
		key, _ := issued.Load(ref)
		return key.(string)
	}
	enter := func(t *testing.T, ref, owner string) {
		server.Do(t, "CreateUser", "UserName", ref, "Path", "/customers/"+owner+"/")
		key, secret := server.NewKey(t, ref)
		issued.Store(ref, ref+"/"+key)
		put(t, dir, url.PathEscape(ref+"/"+key), secret)
	}
	begin := func(t *testing.T, ref string) { enter(t, ref, ref) }
	begin(t, "bystander")
	lets := func(t *testing.T, ref string) bool {
		p, err := direct.Connector().Prober.ProbeAccess(context.Background(), account(ref))
		if err != nil {
			t.Error(err)
		}
		return p.In
	}
	return deed{
		name: "iam", kind: "revoke_access", steps: closing, wires: map[string]string{"iam": host(t, server.Base)}, systems: entry("{{iam}}"), back: true, begin: begin,
		more: func(t *testing.T, ref string) { enter(t, ref+"x", ref) },
		row: func(ref string) []ingest.Row {
			r := access(ref, "far")
			r.Grant.Account, r.Grant.Kind = account(ref), "api_key"
			return []ingest.Row{r}
		},
		done: func(t *testing.T, ref string) bool { return !lets(t, ref) }, others: func(t *testing.T) bool { return lets(t, "bystander") },
	}
}

// stripePeer is an account at Stripe in which everybody has a subscription and
// paid for it.
func stripePeer(t *testing.T) (d deed, far *fakestripe.Stripe) {
	now := when.Machine{}.Wall()
	far = fakestripe.Start(t, "sk_test_1", now)
	dir := t.TempDir()
	put(t, dir, "key", "sk_test_1")
	begin := func(_ *testing.T, ref string) {
		far.Put(fakestripe.Subscription(ref, "cus_"+ref, "eur", now.AddDate(0, 0, -10), now.AddDate(0, 0, 20)), fakestripe.Object{"id": "cus_" + ref, "object": "customer", "balance": int64(0), "currency": "eur"})
		far.Put(fakestripe.Paid(ref, ref, "cus_"+ref, "eur", 3000, now.AddDate(0, 0, -10), now.AddDate(0, 0, 20))...)
	}
	begin(t, "bystander")
	return deed{
		wires: map[string]string{"stripe": host(t, far.URL)}, begin: begin,
		systems: "  far:\n    kind: stripe\n    base_url: http://{{stripe}}\n    key: file:" + dir + "/key\n    allow: [127.0.0.1/32]\n",
		row:     func(string) []ingest.Row { return nil },
	}, far
}

func stripeCancelDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	ends := func(ref string) bool { o := far.Get(ref); return o["status"] == "canceled" || o["cancel_at"] != nil }
	d.name, d.kind, d.back = "stripe cancels", "cancel_billing", true
	d.steps = "  - {id: do, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n"
	d.done = func(_ *testing.T, ref string) bool { return ends(ref) }
	d.others = func(*testing.T) bool { return !ends("bystander") }
	return d
}

func stripeRefundDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	given := func(ref string) int64 { return far.Get("ch_" + ref)["amount_refunded"].(int64) }
	d.name, d.kind = "stripe refunds", "refund"
	d.steps = "  - {id: do, kind: refund, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n"
	d.row = func(ref string) []ingest.Row {
		return []ingest.Row{{Existing: true, Customer: customer.Customer{Reference: ref}, Balance: customer.Balance{
			Reference: "owed " + ref, Kind: customer.Refund, Amount: money.Amount{Minor: 1250, Currency: "EUR"}, Status: customer.Due,
		}}}
	}
	d.done = func(_ *testing.T, ref string) bool { return given(ref) == 1250 }
	d.others = func(*testing.T) bool { return given("bystander") == 0 }
	d.times = func(_ *testing.T, ref string) int { return int(given(ref) / 1250) } // and a part of it would not be it
	return d
}

// applying is a step of the house that does at Stripe what was accepted instead of
// leaving.
func applying(how string) string {
	return "  - {id: do, kind: apply_offer, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far, " + how + "}}\n"
}

// stripeCouponDeed gives a discount to whoever has one already, which stays.
func stripeCouponDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	far.Put(fakestripe.Object{"id": "winter", "object": "coupon"}, fakestripe.Object{"id": "loyal", "object": "coupon"})
	coupons := func(ref string) string {
		var list []string
		for _, x := range far.Get(ref)["discounts"].([]fakestripe.Object) {
			list = append(list, x["source"].(fakestripe.Object)["coupon"].(string))
		}
		return strings.Join(list, " ")
	}
	begin := d.begin
	d.begin = func(t *testing.T, ref string) {
		begin(t, ref)
		sub := far.Get(ref)
		sub["discounts"] = []fakestripe.Object{{"id": "di_" + ref, "object": "discount", "source": fakestripe.Object{"type": "coupon", "coupon": "loyal"}}}
		far.Put(sub)
	}
	d.begin(t, "bystander")
	d.name, d.kind, d.back, d.steps = "stripe coupon", "apply_offer", true, applying("apply: coupon, coupon: winter")
	d.done = func(_ *testing.T, ref string) bool { return coupons(ref) == "loyal winter" } // once: twice would be two discounts
	d.whole = func(_ *testing.T, ref string) bool { return coupons(ref) == "loyal" }
	d.others = func(*testing.T) bool { return coupons("bystander") == "loyal" }
	return d
}

// stripePauseDeed lets a subscription rest until a day.
func stripePauseDeed(t *testing.T) deed {
	d, far := stripePeer(t)
	until := when.Machine{}.Wall().AddDate(0, 2, 0).Truncate(time.Second).UTC()
	rests := func(ref string) any {
		if p, ok := far.Get(ref)["pause_collection"].(fakestripe.Object); ok {
			return p["resumes_at"]
		}
		return nil
	}
	d.name, d.kind, d.back, d.steps = "stripe pause", "apply_offer", true, applying("apply: pause, until: \""+until.Format(time.RFC3339)+"\"")
	d.done = func(_ *testing.T, ref string) bool { return rests(ref) == until.Unix() }
	d.whole = func(_ *testing.T, ref string) bool { return rests(ref) == nil }
	d.others = func(*testing.T) bool { return rests("bystander") == nil }
	return d
}

// doors is a system of accounts that are opened and closed, and know how often.
type doors struct {
	*httptest.Server
	mu   sync.Mutex
	shut map[string]bool
	acts map[string]int
	team map[string]bool // accounts that are in one
	role map[string]string
	owns map[string][]string // accounts of an owner
	// turned is asked when a door turns, before it does; may be nil.
	turned func(system, account string, shut bool)
}

func openDoors(t *testing.T) *doors {
	d := &doors{shut: map[string]bool{}, acts: map[string]int{}, team: map[string]bool{}, role: map[string]string{}, owns: map[string][]string{}}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		status := "open"
		if d.shut[r.PathValue("system")+"/"+r.PathValue("who")] {
			status = "shut"
		}
		fmt.Fprintf(w, `{"status":%q,"effect":"e","role":%q}`, status, cmp.Or(d.role[r.PathValue("who")], "editor"))
	}
	turn := func(shut bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			system, who := r.PathValue("system"), r.PathValue("who")
			if d.turned != nil {
				d.turned(system, who, shut)
			}
			d.mu.Lock()
			d.shut[system+"/"+who] = shut
			d.acts[system+"/"+who]++
			d.mu.Unlock()
			say(w, r)
		}
	}
	mux.HandleFunc("GET /{system}/accounts/{who}", say)
	mux.HandleFunc("POST /{system}/accounts/{who}/close", turn(true))
	mux.HandleFunc("POST /{system}/accounts/{who}/open", turn(false))
	mux.HandleFunc("PUT /{system}/accounts/{who}/role", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Role string }
		if json.NewDecoder(r.Body).Decode(&body) != nil || body.Role == "" { // half of it asks for nothing
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		d.mu.Lock()
		d.role[r.PathValue("who")] = body.Role
		d.acts[r.PathValue("system")+"/"+r.PathValue("who")]++
		d.mu.Unlock()
		say(w, r)
	})
	mux.HandleFunc("GET /{system}/owners/{owner}/accounts", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		list := []map[string]string{}
		for _, who := range d.owns[r.PathValue("owner")] {
			list = append(list, map[string]string{"name": who})
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"accounts": list}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /{system}/teams/{who}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.team[r.PathValue("who")] {
			fmt.Fprint(w, `{"teams":[{"id":"one"}]}`)
			return
		}
		fmt.Fprint(w, `{"teams":[]}`)
	})
	mux.HandleFunc("DELETE /{system}/teams/{team}/{who}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.team[r.PathValue("who")] = false
		fmt.Fprint(w, `{}`)
	})
	mux.HandleFunc("POST /{system}/enter/{who}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if who := r.PathValue("who"); d.shut[r.PathValue("system")+"/"+who] {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, `{}`)
	})
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.CloseClientConnections)
	t.Cleanup(d.Close)
	return d
}

func (d *doors) is(system, who string) (shut, team bool, acts int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shut[system+"/"+who], d.team[who], d.acts[system+"/"+who]
}

// entry declares one of the systems there.
func (d *doors) entry(dir, system, at, revoke string) string {
	return "  " + system + ":\n    kind: http\n    base_url: http://" + at + "/" + system + "\n    effect: idempotent\n    undo: restorable\n    allow: [127.0.0.1/32]\n" + `    access:
      operations:
        read: {method: GET, path: "/accounts/{reference}"}
        revoke: ` + revoke + `
        restore: {method: POST, path: "/accounts/{reference}/open", receipt: effect}
        probe: {method: POST, path: "/enter/{reference}", body: {secret: "{secret}"}, secret: "file:` + dir + `/{reference}", refused: [403]}
      state: {status: status, open: [open]}
`
}

const shutDoor = `{method: POST, path: "/accounts/{reference}/close", receipt: effect}`

// listed declares how the accounts of an owner are listed there.
const listed = `    inventory:
      - kind: login
        list: {method: GET, path: "/owners/{owner}/accounts", items: accounts}
        account: name
`

func httpDeed(t *testing.T) deed {
	d, dir := openDoors(t), t.TempDir()
	enter := func(t *testing.T, ref, owner string) {
		put(t, dir, ref, "hers")
		d.mu.Lock()
		defer d.mu.Unlock()
		d.owns[owner] = append(d.owns[owner], ref)
	}
	return deed{
		name: "http", kind: "revoke_access", steps: closing, wires: map[string]string{"http": host(t, d.URL)}, systems: d.entry(dir, "far", "{{http}}", shutDoor) + listed, back: true,
		begin:  func(t *testing.T, ref string) { enter(t, ref, ref) },
		more:   func(t *testing.T, ref string) { enter(t, ref+"x", ref) },
		done:   func(_ *testing.T, ref string) bool { shut, _, _ := d.is("far", ref); return shut },
		others: func(*testing.T) bool { shut, _, acts := d.is("far", "bystander"); return !shut && acts == 0 },
		times:  func(_ *testing.T, ref string) int { _, _, acts := d.is("far", ref); return acts },
	}
}

// httpSeveralDeed takes whoever it closes out of a team first.
func httpSeveralDeed(t *testing.T) deed {
	d, dir := openDoors(t), t.TempDir()
	return deed{
		name: "http with several calls", kind: "revoke_access", steps: closing, wires: map[string]string{"http": host(t, d.URL)}, parts: 2,
		systems: d.entry(dir, "far", "{{http}}", `
          - {method: GET, path: "/teams/{reference}", items: teams, each: {team: id}}
          - {method: DELETE, path: "/teams/{team}/{reference}", already: [404]}
          - `+shutDoor),
		begin: func(t *testing.T, ref string) {
			put(t, dir, ref, "hers")
			d.mu.Lock()
			defer d.mu.Unlock()
			d.team[ref], d.team["bystander"] = true, true
		},
		done:   func(_ *testing.T, ref string) bool { shut, team, _ := d.is("far", ref); return shut && !team },
		others: func(*testing.T) bool { shut, team, _ := d.is("far", "bystander"); return !shut && team },
	}
}

func httpActionDeed(t *testing.T) deed {
	d := openDoors(t)
	return deed{
		name: "http action", kind: "connector", wires: map[string]string{"http": host(t, d.URL)}, back: true,
		steps: "  - {id: do, kind: connector, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far, action: shut, each: grant}}\n",
		systems: "  far:\n    kind: http\n    base_url: http://{{http}}/far\n    effect: verifiable\n    undo: restorable\n    allow: [127.0.0.1/32]\n" + `    actions:
      shut:
        call: {method: POST, path: "/accounts/{reference}/close", receipt: effect}
        read: {method: GET, path: "/accounts/{reference}"}
        expect: {path: status, equals: shut}
        undo: {class: restorable, call: {method: POST, path: "/accounts/{reference}/open"}, expect: {path: status, equals: open}}
`,
		begin:  func(*testing.T, string) {},
		done:   func(_ *testing.T, ref string) bool { shut, _, _ := d.is("far", ref); return shut },
		others: func(*testing.T) bool { shut, _, acts := d.is("far", "bystander"); return !shut && acts == 0 },
		times:  func(_ *testing.T, ref string) int { _, _, acts := d.is("far", ref); return acts },
	}
}

// billingDeed ends subscriptions at the billing system of the demo, by keys.
func billingDeed(t *testing.T) deed {
	far, dir := testkit.StartPeer(t, true), t.TempDir()
	put(t, dir, "token", far.Token)
	seed := func(t *testing.T, ref string) {
		good(t, far.Seed(context.Background(), []peer.Subscription{{Reference: ref, Status: "active", AmountMinor: 3000, Currency: "EUR"}}))
	}
	seed(t, "bystander")
	effects := func(t *testing.T, ref string) []peer.Effect {
		list, err := far.Effects(context.Background(), ref)
		if err != nil {
			t.Error(err)
		}
		return list
	}
	return deed{
		name: "http billing", kind: "cancel_billing", wires: map[string]string{"billing": host(t, far.Base)}, back: true,
		steps: "  - {id: do, kind: cancel_billing, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far}}\n",
		systems: "  far:\n    kind: http\n    base_url: http://{{billing}}\n    auth: {header: Authorization, scheme: Bearer, value: \"file:" + dir + "/token\"}\n" + `    effect: keyed
    key_header: Idempotency-Key
    key_life: 24h
    undo: restorable
    allow: [127.0.0.1/32]
    operations:
      read: {method: GET, path: "/subscriptions/{reference}"}
      cancel: {method: POST, path: "/subscriptions/{reference}/cancel", body: {at: "{ends_at}"}, receipt: effect}
      resume: {method: POST, path: "/subscriptions/{reference}/resume", receipt: effect}
    state: {status: status, ended: [canceled, ended], ends_at: cancel_at}
`,
		begin: seed, row: func(string) []ingest.Row { return nil },
		done: func(t *testing.T, ref string) bool {
			list := effects(t, ref)
			return len(list) > 0 && list[len(list)-1].Kind == "cancel"
		},
		others: func(t *testing.T) bool { return len(effects(t, "bystander")) == 0 },
		times:  func(t *testing.T, ref string) int { return len(effects(t, ref)) },
	}
}

// messageDeed tells a system of the departure. Whether it heard cannot be asked, so
// it may be told again: by the same id, with the same words.
func messageDeed(t *testing.T) deed {
	var mu sync.Mutex
	heard := map[string]map[string]string{} // by customer, by id
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		var m struct {
			Data struct{ Reference string }
		}
		if err != nil || json.Unmarshal(raw, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if heard[m.Data.Reference] == nil {
			heard[m.Data.Reference] = map[string]string{}
		}
		id := r.Header.Get(webhook.HeaderID)
		if before, again := heard[m.Data.Reference][id]; again && before != string(raw) {
			t.Errorf("%s said different things: %s, %s", id, before, raw)
		}
		heard[m.Data.Reference][id] = string(raw)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(srv.CloseClientConnections)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	secret := webhook.NewSecret()
	put(t, dir, "secret", secret.Reveal())
	count := func(ref string) int { mu.Lock(); defer mu.Unlock(); return len(heard[ref]) }
	return deed{
		name: "messages", kind: "webhook", wires: map[string]string{"hook": host(t, srv.URL)}, told: true,
		steps:   "  - {id: do, kind: webhook, title: {es: \"A\", en: \"A\"}, after: [confirm], params: {system: far, event: exit.scheduled}}\n",
		systems: "  far: {kind: webhook, url: \"http://{{hook}}/\", secret: \"file:" + dir + "/secret\", allow: [127.0.0.1/32]}\n",
		begin:   func(*testing.T, string) {}, row: func(string) []ingest.Row { return nil },
		done:   func(_ *testing.T, ref string) bool { return count(ref) > 0 },
		others: func(*testing.T) bool { return count("bystander") == 0 },
		times:  func(_ *testing.T, ref string) int { return count(ref) },
	}
}
