package main

import (
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"hastaluego/internal/doctor"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// said is what was found, without what is well or could not be looked at.
func said(rep doctor.Report) (list []string) {
	for _, f := range rep {
		if f.Level == doctor.Fault || f.Level == doctor.Warning {
			list = append(list, f.Code)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Each fault is really there, one at a time, in an installation that is well
// but for it; it is found, and nothing else is said to be wrong.
func TestTheDoctorFindsEachPlantedFaultAndNothingElse(t *testing.T) {
	p := newPatient(t)
	now := when.Machine{}.Wall()
	replaced := func(s, old, by string) string { return strings.Replace(s, old, by, 1) }
	for name, plant := range map[string]func(e *examination){
		"config.bad": func(e *examination) { e.file = p.file("company:\n  zone: Europe/Atlantis\n", 0o600) },
		"secrets.missing": func(e *examination) {
			e.cfg.Mail.Password = "env:NOBODY_SET_THIS"
		},
		"secrets.open": func(e *examination) { e.cfg.Mail.Password = "file:" + p.file("s3creto", 0o644) },
		"disk.full":    func(e *examination) { e.least = 1 << 60 },
		"disk.low":     func(e *examination) { e.low = 1 << 60 },
		"disk.open": func(e *examination) {
			e.cfg.Database = p.copyOf()
			ok(t, os.Chmod(e.cfg.Database, 0o644))
		},
		"keys.none": func(e *examination) { e.cfg.Keys.Dir = t.TempDir() },
		"keys.open": func(e *examination) {
			e.cfg.Keys.Dir = filepath.Join(t.TempDir(), "keys")
			ok(t, os.CopyFS(e.cfg.Keys.Dir, os.DirFS(p.cfg.Keys.Dir)))
			ok(t, errors.Join(os.Chmod(e.cfg.Keys.Dir, 0o700), os.Chmod(filepath.Join(e.cfg.Keys.Dir, "master.key"), 0o644)))
			for _, name := range []string{"log.key", "keys.db", "checkpoints.log"} {
				ok(t, os.Chmod(filepath.Join(e.cfg.Keys.Dir, name), 0o600))
			}
		},
		"database.away":                  func(e *examination) { e.cfg.Database = p.file(strings.Repeat("this is no database. ", 500), 0o600) },
		"database.away, with PostgreSQL": func(e *examination) { e.cfg.Database = "postgres://127.0.0.1:" + closedPort(t) + "/faro" },
		"database.newer": func(e *examination) {
			e.cfg.Database = p.copyOf(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
		},
		"database.older": func(e *examination) {
			e.cfg.Database = p.copyOf(`DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
		},
		"database.orphans": func(e *examination) {
			e.cfg.Database = p.copyOf(`PRAGMA foreign_keys = OFF`, `DELETE FROM customer`)
		},
		"clock.ahead": func(e *examination) {
			e.cfg.Database = p.copyOf(`DELETE FROM law_limit`, `INSERT INTO setting (key, value) VALUES ('clock.offset_us', '90000000') ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
		},
		"database.wal": func(e *examination) {
			e.cfg.Database, e.wal = p.copyOf(), 1<<20
			db, err := sql.Open("sqlite", e.cfg.Database)
			ok(t, err)
			t.Cleanup(func() { _ = db.Close() })
			for _, q := range []string{
				`PRAGMA journal_mode = WAL`, `PRAGMA wal_autocheckpoint = 0`, `INSERT INTO setting (key, value) VALUES ('large', hex(zeroblob(1048576)))`,
			} {
				_, err := db.Exec(q)
				ok(t, err)
			}
		},
		"log.differs": func(e *examination) {
			e.cfg.Database = p.copyOf(`DROP TRIGGER audit_entry_fixed`, `UPDATE audit_entry SET actor = 'somebody else'`)
		},
		"backup.none": func(e *examination) { e.cfg.Database = p.copyOf(`DELETE FROM setting WHERE key = 'backup.made_at'`) },
		"backup.old": func(e *examination) {
			e.cfg.Database = p.copyOf(fmt.Sprintf(`UPDATE setting SET value = '%s' WHERE key = 'backup.made_at'`, now.AddDate(0, 0, -10).Format(time.RFC3339)))
		},
		"hold.on": func(e *examination) {
			e.cfg.Database = p.copyOf(`INSERT INTO setting (key, value) VALUES ('hold', 'all')`)
		},
		"server.silent": func(e *examination) { e.cfg.Listen = "127.0.0.1:" + closedPort(t) },
		"server.engine_late": func(e *examination) { // what a node says whose engine hangs
			e.cfg.Listen = serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rep := p.house.ready(r.Context())
				rep.Checks["engine"] = aged(time.Minute, pollLate)
				ok(t, json.NewEncoder(w).Encode(rep))
			}))
		},
		"web.none":   func(e *examination) { e.cfg.PublicURL = "" },
		"web.plain":  func(e *examination) { e.cfg.PublicURL = "http://" + publicName + ":" + strings.Split(p.plain, ":")[1] },
		"web.silent": func(e *examination) { e.cfg.PublicURL = "https://" + publicName + ":" + closedPort(t) },
		"web.not_ours": func(*examination) {
			p.front.set(p.front.good, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "It works!") }))
		},
		"web.other_house": func(*examination) {
			p.front.set(p.front.good, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
		},
		"web.expired": func(*examination) {
			p.front.set(p.ca.issue(t, leaf{from: now.AddDate(0, -2, 0), to: now.Add(-time.Hour)}), nil)
		},
		"web.early": func(*examination) {
			p.front.set(p.ca.issue(t, leaf{from: now.Add(48 * time.Hour)}), nil)
		},
		"web.expires": func(*examination) { p.front.set(p.ca.issue(t, leaf{to: now.AddDate(0, 0, 20)}), nil) },
		"web.name":    func(*examination) { p.front.set(p.ca.issue(t, leaf{names: []string{"otra.example"}}), nil) },
		"web.issuer":  func(*examination) { p.front.set(newAuthority(t).issue(t, leaf{}), nil) },
		"clock.web": func(*examination) {
			p.front.set(p.front.good, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", now.Add(-10*time.Minute).UTC().Format(http.TimeFormat))
				p.front.to.ServeHTTP(w, r)
			}))
		},
		"proxies.everybody": func(e *examination) { e.cfg.Proxies = []string{"0.0.0.0/0"} },
		"proxies.none":      func(e *examination) { e.cfg.Proxies = nil },
		"mail.folder":       func(e *examination) { e.cfg.Mail.SMTP = "" },
		"mail.unreachable":  func(e *examination) { e.cfg.Mail.SMTP = "smtp://faro@" + mailName + ":" + closedPort(t) },
		"mail.certificate":  func(*examination) { p.post.cert = p.front.good },
		"mail.no_tls": func(e *examination) {
			e.cfg.Mail.SMTP = "smtp://faro@" + mailName + ":" + port(p.post.serve(t, nil).Addr())
		},
		"mail.plain": func(e *examination) {
			e.cfg.Mail.SMTP, e.cfg.Mail.Password = "smtp://"+mailName+":"+port(p.post.serve(t, nil).Addr()), ""
		},
		"mail.sign_in": func(*examination) { p.post.password = "another" },
		"mail.sender":  func(*examination) { p.post.sender = &smtp.SMTPError{Code: 550, Message: "not yours"} },
		"domain.spf_none": func(*examination) {
			p.names.say("faro.example", "something=else")
		},
		"domain.spf_two":      func(*examination) { p.names.say("faro.example", "v=spf1 mx -all", "v=spf1 a -all") },
		"domain.spf_all":      func(*examination) { p.names.say("faro.example", "v=spf1 mx +all") },
		"domain.dkim_none":    func(*examination) { p.names.say("s1._domainkey.faro.example") },
		"domain.dkim_revoked": func(*examination) { p.names.say("s1._domainkey.faro.example", "v=DKIM1; p=") },
		"domain.dkim_bad":     func(*examination) { p.names.say("s1._domainkey.faro.example", "v=DKIM1; k=rsa; p=bm8ga2V5") },
		"domain.dmarc_none":   func(*examination) { p.names.say("_dmarc.faro.example") },
		"domain.dmarc_bad":    func(*examination) { p.names.say("_dmarc.faro.example", "v=DMARC1; p=perhaps") },
		"domain.mx_none":      func(*examination) { p.names.mail, p.names.hosts["faro.example"] = nil, false },
		"systems.failed": func(e *examination) {
			e.cfg.Systems = p.file(replaced(`systems:
  billing:
    kind: http
    base_url: http://127.0.0.1:PORT
    effect: ask
    undo: final
    allow: [127.0.0.1/32]
    ping: {method: GET, path: /ping}
    operations:
      read: {method: GET, path: "/s/{reference}"}
      cancel: {method: POST, path: "/s/{reference}/cancel"}
    state: {status: status, ended: [ended]}
`, "PORT", closedPort(t)), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			want, _, _ := strings.Cut(name, ",")
			e := p.healthy()
			plant(e)
			rep := e.look(t.Context())
			if got := said(rep); !slices.Equal(got, []string{want}) {
				t.Errorf("found %v\n%+v", got, rep)
			}
			for _, f := range rep {
				for _, lang := range text.Langs() {
					words := tellFinding(lang, f)
					if what := words.What; what == "" || strings.Contains(what+words.Do, "doctor.") || strings.ContainsAny(strings.ReplaceAll(what, "{reference}", ""), "{}") || (f.Level != doctor.OK) != (words.Do != "") {
						t.Errorf("%s in %s: %+v", f.Code, lang, words)
					}
				}
			}
		})
	}
	// Where customers reach no portal nothing is looked for outside, whatever the
	// address; what is said in the console wins over the file, both ways.
	portalLess := func(none string, statements ...string) []string {
		e := p.healthy()
		e.cfg.Portal, e.cfg.PublicURL, e.cfg.Proxies, e.cfg.Database = none, "https://"+publicName+":"+closedPort(t), nil, p.copyOf(statements...)
		rep := e.look(t.Context())
		if i := slices.IndexFunc(rep, func(f doctor.Finding) bool { return f.Code == "web.no_portal" }); i < 0 {
			return append(said(rep), "looked outside")
		}
		return said(rep)
	}
	const setPortal = `INSERT INTO setting (key, value) VALUES ('portal', '%s')`
	for _, got := range [][]string{portalLess("none"), portalLess("", fmt.Sprintf(setPortal, "none"))} {
		if len(got) > 0 {
			t.Errorf("without a portal: %v", got)
		}
	}
	if got := portalLess("none", fmt.Sprintf(setPortal, "public")); !slices.Contains(got, "web.silent") || !slices.Contains(got, "looked outside") {
		t.Errorf("with a portal that the file denies: %v", got)
	}
	rep := p.healthy().look(t.Context())
	for _, f := range rep {
		if f.Level != doctor.OK {
			t.Errorf("an installation that is well: %+v", f)
		}
	}
}

// As whoever runs the server types it.
func TestTheDoctorAnswersOnTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newPatient(t)
	ca := filepath.Join(p.place.dir, "ca.pem")
	ok(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.cert.Raw}), 0o600))
	conf := filepath.Join(p.place.dir, "hasta.yaml")
	ok(t, os.WriteFile(conf, fmt.Appendf(nil, `
listen: %s
public_url: %s
trusted_proxies: [127.0.0.1/32]
mail:
  smtp: %s
  password: %s
  from: bajas@faro.example
  dkim_selector: s1
`, p.cfg.Listen, p.cfg.PublicURL, p.cfg.Mail.SMTP, p.cfg.Mail.Password), 0o600))
	args := []string{"doctor", "--config", conf, "--dns", p.names.at, "--ca", ca, "--lang", "es"}
	if said, status := p.place.hasta(args...); status != 0 || !strings.Contains(said, "La dirección pública responde como nuestra") {
		t.Errorf("%d\n%s", status, said)
	}
	p.front.set(p.ca.issue(t, leaf{names: []string{"otra.example"}}), nil)
	said, status := p.place.hasta(append(args, "--json")...)
	var answer struct {
		OK       bool
		Findings []told
	}
	if err := json.Unmarshal([]byte(said), &answer); err != nil || status != 1 || answer.OK {
		t.Fatalf("%d %v\n%s", status, err, said)
	}
	i := slices.IndexFunc(answer.Findings, func(f told) bool { return f.Level == doctor.Fault })
	if i < 0 || answer.Findings[i].Code != "web.name" || !strings.Contains(answer.Findings[i].What, "otra.example") || answer.Findings[i].Do == "" {
		t.Errorf("%+v", answer.Findings)
	}
	if said, status := p.place.hasta("healthcheck", "--config", conf); status != 0 || said != "ok\n" {
		t.Errorf("%d %s", status, said)
	}
	ok(t, os.WriteFile(conf, []byte("listen: 127.0.0.1:"+closedPort(t)+"\n"), 0o600))
	if said, status := p.place.hasta("healthcheck", "--config", conf); status != 1 || !strings.Contains(said, "No server answers") {
		t.Errorf("%d %s", status, said)
	}
}

// serving answers on a port of its own.
func serving(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}
