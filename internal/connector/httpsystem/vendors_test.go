package httpsystem_test

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/fault"
)

// exchange is one call as it was published: what is sent, byte for byte, and
// what is answered.
type exchange struct {
	line     string // "GET /users?name=ada"
	sent     map[string]string
	body     string
	status   int
	answered map[string]string
	answer   string
}

// played is a step of a file of shapes: what is done, what comes of it, and the
// calls that it takes.
type played struct {
	line      int
	do, want  string
	exchanges []exchange
}

// shapes reads a file: "### do → what comes of it", and below it lines that begin
// with > (sent) and < (answered). ">" and "<" alone part headers and body. "###
// with" has the slots of the entry, and its token where it is another than usual, "### always" the headers of every call, and
// "twice" at the end of a title says that its calls are made twice.
func shapes(t *testing.T, file string) (with map[string]string, all []played) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	with, always := map[string]string{}, map[string]string{}
	var p *played
	var x *exchange
	body, section := false, ""
	for i, line := range strings.Split(string(src), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		name, value, _ := strings.Cut(rest, ": ")
		switch {
		case mark == "###":
			section = rest
			if rest == "with" || rest == "always" {
				continue
			}
			do, want, _ := strings.Cut(rest, " → ")
			all = append(all, played{line: i + 1, do: do, want: want})
			p, x = &all[len(all)-1], nil
		case mark != ">" && mark != "<": // a remark
		case section == "with":
			with[name] = value
		case section == "always":
			always[name] = value
		case mark == ">" && (x == nil || x.status > 0):
			p.exchanges = append(p.exchanges, exchange{line: rest, sent: maps.Clone(always), answered: map[string]string{}})
			x, body = &p.exchanges[len(p.exchanges)-1], false
		case mark == "<" && x.status == 0:
			if x.status, err = strconv.Atoi(rest); err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			body = false
		case !body && rest == "":
			body = true
		case mark == ">" && body:
			x.body += rest
		case mark == ">" && value == "none": // not for this call
			delete(x.sent, name)
		case mark == ">":
			x.sent[name] = value
		case body:
			x.answer += rest
		default:
			x.answered[name] = value
		}
	}
	for i := range all {
		if do, twice := strings.CutSuffix(all[i].do, " twice"); twice {
			all[i].do = do
			all[i].exchanges = append(all[i].exchanges, all[i].exchanges...)
		}
	}
	return with, all
}

// vendor stands in for a vendor: it knows what it is asked next, and answers as
// the vendor does.
type vendor struct {
	mu   sync.Mutex
	next []exchange
	bad  []string
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.next) == 0 {
		v.bad = append(v.bad, fmt.Sprintf("called once too often: %s %s", r.Method, r.RequestURI))
		w.WriteHeader(http.StatusTeapot)
		return
	}
	x := v.next[0]
	v.next = v.next[1:]
	sent := map[string]string{}
	for name := range r.Header {
		if !slices.Contains([]string{"Accept-Encoding", "Content-Length", "User-Agent", "Connection"}, name) {
			sent[name] = strings.Join(r.Header.Values(name), ", ")
		}
	}
	if line := r.Method + " " + r.RequestURI; line != x.line || string(b) != x.body || !maps.Equal(sent, x.sent) {
		v.bad = append(v.bad, fmt.Sprintf("sent\n  %s\n  %v\n  %s\nwant\n  %s\n  %v\n  %s", line, sent, b, x.line, x.sent, x.body))
	}
	for name, value := range x.answered {
		w.Header().Set(name, strings.ReplaceAll(value, "BASE", "http://"+r.Host))
	}
	w.WriteHeader(x.status)
	_, _ = io.WriteString(w, strings.ReplaceAll(x.answer, "BASE", "http://"+r.Host))
}

// TestTheDeclarationsOfWellKnownSystemsCallWhatWasPublished plays every
// declaration that ships against the shapes of its vendor.
func TestTheDeclarationsOfWellKnownSystemsCallWhatWasPublished(t *testing.T) {
	t.Parallel()
	for _, name := range httpsystem.Examples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "shapes", name+".txt")
			with, all := shapes(t, file)
			v := &vendor{}
			srv := httptest.NewServer(v)
			t.Cleanup(srv.Close)
			s := vendorSystem(t, name, srv.URL, with)
			did := map[string]bool{}
			for _, p := range all {
				v.next = p.exchanges
				got := play(t, s, strings.Fields(p.do))
				did[strings.Fields(p.do)[0]] = true
				if got != p.want {
					t.Errorf("%s:%d: %s → %s, want %s", file, p.line, p.do, got, p.want)
				}
				if len(v.next) > 0 {
					t.Errorf("%s:%d: %s never called %s", file, p.line, p.do, v.next[0].line)
				}
				for _, bad := range v.bad {
					t.Errorf("%s:%d: %s", file, p.line, bad)
				}
				v.bad = nil
			}
			wanted := []string{"Check"}
			if s.Access != nil {
				wanted = append(wanted, "ReadAccess", "RevokeAccess")
				if s.Access.Info().Undo != connector.Final {
					wanted = append(wanted, "RestoreAccess")
				}
			}
			if s.Notifier != nil {
				wanted = append(wanted, "Notify")
			}
			if s.Prober != nil {
				wanted = append(wanted, "ProbeAccess")
			}
			if s.Narrower != nil {
				wanted = append(wanted, "ReadReach", "NarrowAccess", "WidenAccess")
			}
			if s.SignIns != nil {
				wanted = append(wanted, "LastSignIn")
			}
			if s.Lister != nil {
				wanted = append(wanted, "ListAccesses")
			}
			if s.Actions != nil {
				wanted = append(wanted, "Act", "ReadAction")
			}
			for _, w := range wanted {
				if !did[w] {
					t.Errorf("%s plays no %s", file, w)
				}
			}
		})
	}
}

// vendorSystem is an entry that takes a declaration over, at this address.
func vendorSystem(t *testing.T, name, base string, with map[string]string) connector.System {
	t.Helper()
	dir := t.TempDir()
	token := cmp.Or(with["token"], "s3cr3t")
	delete(with, "token")
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	entry := fmt.Sprintf("systems:\n  it:\n    kind: http\n    like: %s\n    base_url: %s\n    allow: [127.0.0.1/32]\n    auth: {value: \"file:%s/token\"}\n", name, base, dir)
	if len(with) > 0 {
		entry += "    with:\n"
		for _, slot := range slices.Sorted(maps.Keys(with)) {
			entry += fmt.Sprintf("      %s: %q\n", slot, with[slot])
		}
	}
	all, err := load("systems.yaml", []byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	if p := all[0].Access; p != nil && p.Probe != nil {
		own := filepath.Join(dir, "own")
		for _, name := range []string{"ada", "0AFaro/ada@faro.example"} {
			if err := os.WriteFile(own+"-"+url.PathEscape(name), []byte("t0ken-of-ada"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p.Probe.Secret = "file:" + own + "-{reference}"
	}
	return open(t, all[0]).Connector()
}

// play does one step and says what came of it.
func play(t *testing.T, s connector.System, do []string) string {
	t.Helper()
	ctx, about := t.Context(), do[len(do)-1]
	said := func(what string, err error) string {
		if err != nil {
			told := fmt.Sprintf("%v %s", fault.KindOf(err), fault.CodeOf(err))
			if f, ok := err.(*fault.Error); ok && f.Code == "connector.right_missing" {
				told += fmt.Sprint(" ", f.Args[3])
			}
			return told
		}
		return what
	}
	switch do[0] {
	case "Check":
		return said("good", s.Checker.Check(ctx))
	case "ReadAccess":
		st, err := s.Access.ReadAccess(ctx, about)
		switch {
		case err != nil || !st.Found:
			return said("unknown", err)
		case st.Open:
			return "open " + st.Status
		default:
			return "closed " + st.Status
		}
	case "RevokeAccess":
		_, err := s.Access.RevokeAccess(ctx, connector.AccessInput{Account: about, Key: "k"})
		return said("done", err)
	case "ReadReach":
		r, err := s.Narrower.ReadReach(ctx, about)
		return said(fmt.Sprintf("%s read only %t", r.Status, r.ReadOnly), err)
	case "NarrowAccess":
		_, err := s.Narrower.NarrowAccess(ctx, connector.AccessInput{Account: about, Key: "k"})
		return said("done", err)
	case "WidenAccess":
		_, err := s.Narrower.WidenAccess(ctx, connector.WidenInput{AccessInput: connector.AccessInput{Account: about, Key: "k"}, Held: do[1:2]})
		return said("done", err)
	case "RestoreAccess":
		_, err := s.Access.RestoreAccess(ctx, connector.AccessInput{Account: about, Key: "k"})
		return said("done", err)
	case "ProbeAccess":
		p, err := s.Prober.ProbeAccess(ctx, about)
		return said(fmt.Sprintf("in %t %s", p.In, p.Status), err)
	case "LastSignIn":
		at, err := s.SignIns.LastSignIn(ctx, about)
		if at.IsZero() {
			return said("never", err)
		}
		return said(at.UTC().Format(time.RFC3339), err)
	case "Notify":
		body := fmt.Sprintf(`{"type":%q,"data":{"code":"HL-7K4M-29QX","step":"tell","customer":"cus_1","reference":"FE-20418","effective":"2026-12-31","undone":%t}}`, about, do[1] == "undone")
		r, err := s.Notifier.Notify(ctx, connector.NotifyInput{Key: "k", Body: []byte(body)})
		return said(r.Reference, err)
	case "ListAccesses":
		list, err := s.Lister.ListAccesses(ctx, about)
		var out []string
		for _, a := range list {
			out = append(out, fmt.Sprintf("%s %s %q %s %t", a.Kind, a.Account, a.Label, a.Status, a.Open))
		}
		return said(strings.Join(out, "; "), err)
	case "Act":
		_, err := s.Actions.Act(ctx, connector.ActionInput{Action: do[1], Reference: about, Key: "k"})
		return said("done", err)
	case "TakeBack":
		_, err := s.Actions.TakeBack(ctx, connector.ActionInput{Action: do[1], Reference: about, Key: "k"})
		return said("done", err)
	case "ReadAction":
		st, err := s.Actions.ReadAction(ctx, do[1], about)
		return said(fmt.Sprintf("holds %t", st.Holds), err)
	}
	t.Fatalf("there is no step %s", do[0])
	return ""
}

func TestAnEntryTakesADeclarationOverAndSaysOnlyWhereItIs(t *testing.T) {
	t.Parallel()
	const entry = `systems:
  code:
    kind: http
    like: github
    with: {org: acme}
    timeout: 5s
`
	all, err := load("systems.yaml", []byte(entry))
	if err != nil {
		t.Fatal(err)
	}
	c := all[0]
	if c.Name() != "code" || c.Like != "github" || c.With["org"] != "acme" || c.Timeout.Seconds() != 5 || c.BaseURL != "https://api.github.com" ||
		c.Auth.Value != "env:GITHUB_TOKEN" || c.Info().Level != connector.ShapesOnly || c.Place("access", "operations") != "systems.yaml:2:3" {
		t.Errorf("%+v", c)
	}
	for _, x := range []struct{ old, with, want string }{
		{"like: github", "like: gitbub", "4:11 system.like /systems/code/like"},
		{"{org: acme}", "{organisation: acme}", "5:26 system.unknown_key /systems/code/with/organisation"},
		{"timeout: 5s", "timeout: 5h", "6:14 system.range /systems/code/timeout"},
		{"timeout: 5s", "effect: ask", "6:13 system.like_key /systems/code/effect"},
		{"timeout: 5s", "base_url: http://code.example", "6:15 system.plain_http /systems/code/base_url"},
		{"timeout: 5s", "auth: {value: s3cr3t}", "6:19 system.secret_inline /systems/code/auth/value"},
		{"timeout: 5s", "tmeout: 5s", "6:5 system.unknown_key /systems/code/tmeout"},
	} {
		_, err := load("systems.yaml", []byte(strings.Replace(entry, x.old, x.with, 1)))
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != x.want {
			t.Errorf("%q: %s, want %s", x.with, got, x.want)
		}
	}
}
