package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"hastaluego/internal/id"
	"hastaluego/internal/testkit/fakestripe"
	"hastaluego/internal/testkit/peers"
	"hastaluego/internal/when"
)

// The company that leaves, as examples/accesos.map.yaml has it.
const (
	reference    = "RN-2041"
	owner        = "rn" // its number at the systems
	person       = "Maite Urkiola"
	subscription = "sub_rianueva"
	client       = "cus_rianueva"
	monthly      = 120000 // cents
	// orphan is a role of theirs that is on nobody's inventory.
	orphan = "rn_consultoria_2024"
	// regranted is the role that the show has opened again.
	regranted = "rn_etl"
	// kept is the key with which they fetch their drawings.
	kept = "rn-planos"
	// orders are the rows in the warehouse, of which one in ten is another's.
	orders = 500
)

// access is one line of examples/accesos.csv.
type access struct{ System, Account string }

// far are the far systems, filled with what one customer has there.
type far struct {
	root, dir string // of the repository, and a folder that is ours
	secrets   string // what examples/systems-access.yaml calls /run/secrets
	list      []access

	directory peers.Directory
	store     peers.Store
	stripe    *fakestripe.Stripe
	addresses map[string]string // by the variables of examples/systems-access.yaml
	superuser string            // address of PostgreSQL for whoever may do anything
	hook      string            // where hasta takes the messages of the billing system
	signs     string            // what they are signed with
	policy    string            // who may do what in the archive before anybody leaves

	mu   sync.Mutex
	runs []*peers.Process
}

// stop ends all of them.
func (f *far) stop() {
	var all sync.WaitGroup
	for _, p := range f.runs {
		all.Go(p.Stop)
	}
	all.Wait()
}

func (f *far) started(p *peers.Process, addresses map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = append(f.runs, p)
	for name, at := range addresses {
		f.addresses[name] = at
	}
}

// start starts and fills all of them, beside each other.
func (f *far) start(ctx context.Context) error {
	f.addresses, f.secrets = map[string]string{}, filepath.Join(f.dir, "secrets")
	if err := f.read(); err != nil {
		return err
	}
	begin := []func(context.Context) error{f.openDirectory, f.openPeople, f.openWarehouse, f.openFiles, f.openTokens, f.openDeliveries}
	failed := make([]error, len(begin))
	var all sync.WaitGroup
	for i, fn := range begin {
		all.Go(func() { failed[i] = fn(ctx) })
	}
	all.Wait()
	f.openPayments()
	return errors.Join(failed...)
}

// read reads which accesses there are to be.
func (f *far) read() error {
	src, err := os.ReadFile(filepath.Join(f.root, "examples", "accesos.csv"))
	if err != nil {
		return err
	}
	in := csv.NewReader(bytes.NewReader(src))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		return fmt.Errorf("accesos.csv: %w", err)
	}
	for _, r := range rows[1:] {
		f.list = append(f.list, access{r[0], r[1]})
	}
	return nil
}

// at are the accounts at a system.
func (f *far) at(system string) (accounts []string) {
	for _, a := range f.list {
		if a.System == system {
			accounts = append(accounts, a.Account)
		}
	}
	return accounts
}

// secret writes a credential where examples/systems-access.yaml says that it is.
func (f *far) secret(name, value string) error {
	file := filepath.Join(f.secrets, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(value), 0o600)
}

// credential makes one for an access.
func (f *far) credential(system, account string) (string, error) {
	value := id.Token()
	return value, f.secret(filepath.Join(system, url.PathEscape(account)), value)
}

// folder is an empty one for a system.
func (f *far) folder(name string) (string, error) {
	dir := filepath.Join(f.dir, name)
	return dir, os.Mkdir(dir, 0o700)
}

// openDirectory starts OpenLDAP with an entry for each access.
func (f *far) openDirectory(context.Context) error {
	dir, err := f.folder("directory")
	if err != nil {
		return err
	}
	ours := id.Token()
	ldif := "dn: cn=hasta," + peers.DirectoryBase + "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: hasta\nuserPassword: " + ours + "\n\n"
	for _, who := range f.at("directory") {
		password, err := f.credential("directory", who)
		if err != nil {
			return err
		}
		ldif += "dn: uid=" + who + ",ou=people," + peers.DirectoryBase + "\nobjectClass: inetOrgPerson\nuid: " + who + "\ncn: " + who + "\nsn: " + who + "\no: " + owner + "\nuserPassword: " + password + "\n\n"
	}
	const rights = "access to attrs=userPassword by anonymous auth by * none\naccess to * by dn.exact=\"cn=hasta," + peers.DirectoryBase + "\" write by * none\n"
	if f.directory, err = peers.StartDirectory(dir, rights, ldif); err != nil {
		return err
	}
	f.started(f.directory.Process, map[string]string{"DIRECTORY_URL": f.directory.Secure})
	ca, err := os.ReadFile(f.directory.CA)
	if err == nil {
		err = f.secret("directory-ca.pem", string(ca))
	}
	if err != nil {
		return err
	}
	return f.secret("directory.password", ours)
}

// openPeople starts an identity provider with a user for each access.
func (f *far) openPeople(ctx context.Context) error {
	token := id.Token()
	p, base, err := peers.Node(f.root, "scim.mjs", token)
	if err != nil {
		return err
	}
	f.started(p, map[string]string{"PEOPLE_URL": base, "PEOPLE_RESOURCE": strings.TrimSuffix(base, "/scim") + "/me"})
	for _, who := range f.at("people") {
		password, err := f.credential("people", who)
		if err != nil {
			return err
		}
		user := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": who, "userType": owner, "active": true, "password": password}
		if err := post(ctx, base+"/Users", "Bearer "+token, user, nil); err != nil {
			return err
		}
	}
	return f.secret("people.token", token)
}

// openWarehouse starts PostgreSQL with a role for each access, and one more.
func (f *far) openWarehouse(ctx context.Context) error {
	dir, err := f.folder("warehouse")
	if err != nil {
		return err
	}
	p, super, err := peers.Postgres(f.root, dir, id.Token())
	if err != nil {
		return err
	}
	f.superuser = super
	f.started(p, nil)
	ours := id.Token()
	as, err := url.Parse(super)
	if err != nil {
		return err
	}
	as.User = url.UserPassword("hasta", ours)
	if err := sql(ctx, super, "CREATE ROLE hasta LOGIN CREATEROLE PASSWORD '"+ours+"'; GRANT pg_signal_backend TO hasta"); err != nil {
		return err
	}
	// Who makes a role may close it: PostgreSQL 16 and later ask for that.
	roles := "CREATE ROLE " + owner + ";"
	for _, name := range append(f.at("warehouse"), orphan) {
		password, err := f.credential("warehouse", name)
		if err != nil {
			return err
		}
		roles += " CREATE ROLE " + name + " LOGIN PASSWORD '" + password + "' IN ROLE " + owner + ";"
	}
	if err := sql(ctx, as.String(), roles); err != nil {
		return err
	}
	if err := sql(ctx, super, "CREATE TABLE orders (number int PRIMARY KEY, customer text NOT NULL, ordered_on date NOT NULL, what text NOT NULL, total numeric(12,2) NOT NULL, approved_by text);"+
		" INSERT INTO orders SELECT n, CASE n % 10 WHEN 0 THEN 'other' ELSE '"+owner+"' END, date '2026-01-01' + n % 300, 'Chapa naval, «tanda» ' || n || E'\n= con \"comillas\"', n * 12.5, CASE n % 3 WHEN 0 THEN NULL ELSE 'Ane Etxeberria' END FROM generate_series(1, "+
		fmt.Sprint(orders)+") AS n; GRANT SELECT ON orders TO hasta"); err != nil {
		return err
	}
	return f.secret("warehouse.url", as.String())
}

// openDeliveries makes a folder with what was handed to them.
func (f *far) openDeliveries(context.Context) error {
	dir, err := f.folder("deliveries")
	if err != nil {
		return err
	}
	for name, body := range map[string]string{
		reference + "/2025/acta de entrega.txt": "El casco 112 se entregó el 3 de mayo.\n", reference + "/2026/informe.csv": "mes;horas\n1;140\n", "RN-9999/de otro.txt": "De otro.\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sql runs statements in PostgreSQL's own terminal, as anybody could.
func sql(ctx context.Context, address, statements string) error {
	for began := (when.Machine{}).Wall(); ; { // it listens before it lets in
		out, err := exec.CommandContext(ctx, "psql", "-qXv", "ON_ERROR_STOP=1", address, "-c", statements).CombinedOutput()
		switch {
		case err == nil:
			return nil
		case !bytes.Contains(out, []byte("starting up")) || (when.Machine{}).Wall().Sub(began) > time.Minute:
			return fmt.Errorf("psql: %w: %s", err, out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// openFiles starts a store with two buckets, and a key for each access to them.
func (f *far) openFiles(ctx context.Context) error {
	dir, err := f.folder("files")
	if err != nil {
		return err
	}
	if f.store, err = peers.StartStore(f.root, dir); err != nil {
		return err
	}
	f.started(f.store.Process, map[string]string{"FILES_URL": f.store.Base})
	exchange, err := f.bucket("files", "exchange")
	if err != nil {
		return err
	}
	if f.policy, err = f.bucket("archive", "archive"); err != nil {
		return err
	}
	for _, r := range []struct{ path, body string }{
		{"/exchange", ""},
		{"/exchange/planos.txt", "casco 112"},
		{"/exchange?policy=", exchange},
		{"/archive", ""},
		{"/archive/customers/" + owner + "/casco%20112/secci%C3%B3n.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`},
		{"/archive/customers/" + owner + "/casco%20112/LEEME.txt", "Cuadernas de proa a popa.\n"},
		{"/archive/customers/other/plano.txt", "De otro.\n"},
		{"/archive?policy=", f.policy},
	} {
		if status, said, err := f.store.Ask(ctx, http.MethodPut, r.path, r.body); err != nil || status > 299 {
			return fmt.Errorf("PUT %s: %d %s %w", r.path, status, said, err)
		}
	}
	return errors.Join(f.secret("files.key", peers.StoreKey), f.secret("files.secret", peers.StoreSecret))
}

// bucket makes a key for each access that a system has to a bucket, and returns the
// policy that lets them in.
func (f *far) bucket(system, name string) (policy string, err error) {
	who := f.at(system)
	for _, key := range who {
		secret := id.Token()
		if err := f.store.Admin("create-user", "--access", key, "--secret", secret, "--role", "user"); err != nil {
			return "", err
		}
		if err := f.secret(filepath.Join(system, key), key+":"+secret); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": "Theirs", "Effect": "Allow", "Principal": map[string]any{"AWS": who}, "Action": "s3:*", "Resource": []string{"arn:aws:s3:::" + name, "arn:aws:s3:::" + name + "/*"},
	}}})
	return string(raw), err
}

// draw has the key that is kept put a drawing into the archive, and returns what
// the store says.
func (f *far) draw(ctx context.Context) (string, error) {
	raw, err := os.ReadFile(filepath.Join(f.secrets, "archive", kept))
	if err != nil {
		return "", err
	}
	key, secret, _ := strings.Cut(string(raw), ":")
	status, said, err := f.store.AskAs(ctx, key, secret, http.MethodPut, "/archive/customers/"+owner+"/casco%20113.txt", "casco 113")
	return strings.TrimSpace(fmt.Sprint(status, " ", said)), err
}

// widen lets the key that is kept write again, as an administrator of the store may.
func (f *far) widen(ctx context.Context) (string, error) {
	status, said, err := f.store.Ask(ctx, http.MethodPut, "/archive?policy=", f.policy)
	return strings.TrimSpace(fmt.Sprint(status, " ", said)), err
}

// openTokens starts a server of tokens, and takes one for each access.
func (f *far) openTokens(ctx context.Context) error {
	secret := id.Token()
	p, base, err := peers.Node(f.root, "oauth.mjs", "hasta", secret)
	if err != nil {
		return err
	}
	f.started(p, map[string]string{"TOKENS_INTROSPECT": base + "/token/introspection", "TOKENS_REVOKE": base + "/token/revocation", "TOKENS_RESOURCE": base + "/me"})
	for _, name := range f.at("tokens") {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/token", strings.NewReader("grant_type=client_credentials"))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth("hasta", secret)
		var got struct {
			Token string `json:"access_token"`
		}
		if err := do(req, &got); err != nil {
			return err
		}
		if err := f.secret(filepath.Join("tokens", name), got.Token); err != nil {
			return err
		}
	}
	return f.secret("tokens.secret", secret)
}

// openPayments is billing: a subscription, and a month that was paid twice.
func (f *far) openPayments() {
	now := (when.Machine{}).Wall()
	f.stripe, f.signs = fakestripe.New("sk_test_"+id.Token(), now), "whsec_"+id.Token()
	f.stripe.Put(fakestripe.Object{"id": client, "object": "customer", "balance": int64(0), "currency": "eur"})
	f.stripe.Put(fakestripe.Subscription(subscription, client, "eur", now.AddDate(0, 0, -12), now.AddDate(0, 0, 18)))
	for _, number := range []string{"101", "102"} {
		f.stripe.Put(fakestripe.Paid(number, subscription, client, "eur", monthly, now.AddDate(0, -1, -12), now.AddDate(0, 0, -12))...)
	}
}

// serve answers as the billing system, and as what the company sells: whoever is
// signed in there has a button to leave. leave makes the link.
func (f *far) serve(leave func(context.Context) (string, error)) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", f.stripe)
	mux.HandleFunc("PUT /clock", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Now time.Time }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Now.IsZero() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.stripe.Move(in.Now)
	})
	mux.HandleFunc("PUT /hold", func(_ http.ResponseWriter, r *http.Request) {
		const long = 10 * time.Minute
		f.stripe.Fail(fakestripe.Fault{Method: http.MethodPost, Path: "/v1/refunds", Delay: long, Drop: true})
	})
	for path, do := range map[string]func(context.Context) (string, error){"/charges": f.charge, "/drawings": f.draw, "/widen": f.widen} {
		mux.HandleFunc("PUT "+path, func(w http.ResponseWriter, r *http.Request) {
			told, err := do(r.Context())
			if err != nil {
				http.Error(w, err.Error(), http.StatusConflict)
				return
			}
			fmt.Fprintln(w, told)
		})
	}
	mux.HandleFunc("GET /refunds", func(w http.ResponseWriter, _ *http.Request) {
		for _, x := range f.stripe.List("refund") {
			fmt.Fprintln(w, x["id"], x["status"], x["amount"], x["currency"], x["charge"], x["metadata"])
		}
	})
	mux.HandleFunc("GET /leave", func(w http.ResponseWriter, r *http.Request) {
		link, err := leave(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, link, http.StatusSeeOther)
	})
	return mux
}

// charge has the billing system charge the customer another month though they
// have left, and tell of it as it would: signed, and at once.
func (f *far) charge(ctx context.Context) (string, error) {
	if f.stripe.Get(subscription)["status"] != "canceled" {
		return "", fmt.Errorf("%s has not ended: confirm the departure, and push the clock beyond its last day", subscription)
	}
	now, number := f.stripe.Now(), fmt.Sprint(101+f.stripe.Count("invoice"))
	f.stripe.Put(fakestripe.Paid(number, subscription, client, "eur", monthly, now, now.AddDate(0, 1, 0))...)
	body := f.stripe.Event("invoice.paid", "in_"+number)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.hook, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Stripe-Signature", fakestripe.Sign(f.signs, (when.Machine{}).Wall(), body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		return "", fmt.Errorf("POST %s: %s", f.hook, res.Status)
	}
	return fmt.Sprintf("in_%s: %d.%02d EUR charged for %s, which ended", number, monthly/100, monthly%100, subscription), nil
}

// declared is examples/systems-access.yaml with the addresses and the secrets of
// what runs here.
func (f *far) declared() (string, error) {
	src, err := os.ReadFile(filepath.Join(f.root, "examples", "systems-access.yaml"))
	if err != nil {
		return "", err
	}
	pairs := []string{"/run/secrets/", f.secrets + "/", "/srv/deliveries", filepath.Join(f.dir, "deliveries")}
	for name, at := range f.addresses {
		pairs = append(pairs, "env:"+name+" ", at+" ", "env:"+name+"\n", at+"\n")
	}
	return strings.NewReplacer(pairs...).Replace(string(src)), errors.Join(f.secret("payments.key", f.stripe.Key), f.secret("payments.webhook", f.signs))
}

func post(ctx context.Context, to, auth string, in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/scim+json")
	req.Header.Set("Authorization", auth)
	return do(req, out)
}

func do(req *http.Request, out any) error {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if !slices.Contains([]int{http.StatusOK, http.StatusCreated}, res.StatusCode) {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL, res.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}
