package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

const deploy = "../../deploy/"

// typed fails the test where the program would not take the words.
func typed(t *testing.T, words []string) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Exit(func(int) {}))
	ok(t, err)
	if _, err := parser.Parse(words); err != nil {
		t.Errorf("hasta %s: %v", strings.Join(words, " "), err)
	}
}

// What the image is made of is there, it holds nothing but the program, nobody
// in it has rights, and its commands are ones that the program takes.
func TestTheContainerIsTheProgramAlone(t *testing.T) {
	t.Parallel()
	var from []string
	last := map[string]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(must(os.ReadFile(deploy+"Containerfile"))(t)), "\\\n", " ")) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "", "#":
			continue
		case "FROM":
			from, last = append(from, rest), map[string]string{}
		case "COPY":
			words := strings.Fields(rest)
			if strings.HasPrefix(words[0], "--") {
				break
			}
			for _, source := range words[:len(words)-1] {
				if _, err := os.Stat("../../" + source); err != nil {
					t.Errorf("COPY %s: %v", source, err)
				}
			}
		}
		if !strings.HasPrefix(word, "#") {
			last[word] = rest
		}
	}
	if len(from) < 2 || from[len(from)-1] != "scratch" {
		t.Errorf("made from %v", from)
	}
	if uid, _, _ := strings.Cut(last["USER"], ":"); uid == "0" || must(strconv.Atoi(uid))(t) < 1000 {
		t.Errorf("runs as %s", last["USER"])
	}
	list := func(s string) (words []string) {
		ok(t, json.Unmarshal([]byte(s[strings.Index(s, "["):]), &words))
		return words
	}
	if entry := list(last["ENTRYPOINT"]); !slices.Equal(entry, []string{"/hasta"}) {
		t.Errorf("begins with %v", entry)
	}
	typed(t, list(last["CMD"]))
	typed(t, list(last["HEALTHCHECK"])[1:])
	known := map[string]bool{}
	for _, s := range settings(&config{}) {
		known[s.Env] = true
	}
	for _, name := range regexp.MustCompile(`HASTA_[A-Z_]+`).FindAllString(last["ENV"], -1) {
		if !known[name] {
			t.Errorf("%s is no setting", name)
		}
	}
	if build := string(must(os.ReadFile("../../Makefile"))(t)); !strings.Contains(build, "CGO_ENABLED=0 go build") {
		t.Error("the program would need libraries that the image has not")
	}
}

// unit is what a unit of systemd says, by section and name.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	section := ""
	for line := range strings.Lines(string(must(os.ReadFile(deploy + name))(t))) {
		line = strings.TrimSpace(line)
		key, value, isValue := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case !isValue || !regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`).MatchString(key):
			t.Errorf("%s: %q is no directive", name, line)
		default:
			out[section+"."+key] = append(out[section+"."+key], value)
		}
	}
	return out
}

func TestTheServiceRunsWithNoRightsThatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{"hasta.service": "/usr/local/bin/hasta", "hasta-spool.service": "/usr/local/bin/hasta", "hasta-backup.service": "/usr/local/bin/hasta-backup.sh"} {
		u := unit(t, name)
		for key, want := range map[string]string{
			"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
			"CapabilityBoundingSet": "", "UMask": "0077", "StateDirectory": "hasta", "StateDirectoryMode": "0700", "SystemCallArchitectures": "native",
		} {
			if got := u["Service."+key]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %q", name, key, got)
			}
		}
		words := strings.Fields(u["Service.ExecStart"][0])
		if words[0] != start {
			t.Errorf("%s starts %s", name, words[0])
		} else if start == "/usr/local/bin/hasta" {
			typed(t, words[1:])
		}
		for _, e := range u["Service.Environment"] {
			if key, _, _ := strings.Cut(e, "="); key != "HASTA_CONFIG" && key != "HASTA_DIR" {
				t.Errorf("%s: %s", name, e)
			}
		}
	}
	for _, needed := range unit(t, "hasta-spool.service")["Unit.After"] {
		if strings.Contains(needed, "hasta") || strings.Contains(needed, "postgres") {
			t.Errorf("the spool waits for what it is there for: %s", needed)
		}
	}
	if stop := must(strconv.Atoi(unit(t, "hasta.service")["Service.TimeoutStopSec"][0]))(t); stop < 75 { // 15 s for pages, then the lease
		t.Errorf("killed after %d s", stop)
	}
	if len(unit(t, "hasta-backup.timer")["Timer.OnCalendar"]) != 1 {
		t.Error("no backup is made")
	}
	// Where systemd is, it is asked too.
	analyze, err := exec.LookPath("systemd-analyze")
	if errors.Is(err, exec.ErrNotFound) {
		return
	}
	dir := t.TempDir()
	for _, name := range []string{"hasta.service", "hasta-spool.service", "hasta-backup.service", "hasta-backup.timer"} {
		src := string(must(os.ReadFile(deploy + name))(t))
		src = regexp.MustCompile(`/usr/local/bin/hasta(-backup\.sh)?`).ReplaceAllString(src, "/bin/true")
		ok(t, os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600))
	}
	said, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", filepath.Join(dir, "hasta.service"), filepath.Join(dir, "hasta-spool.service"), filepath.Join(dir, "hasta-backup.timer")).CombinedOutput()
	if err != nil || strings.Contains(string(said), "Unknown") {
		t.Errorf("%v\n%s", err, said)
	}
}

// Both proxies hand on who asks and whom they asked, and keep no paths, in
// which the private links are.
func TestTheProxiesHandOnWhatIsNeeded(t *testing.T) {
	t.Parallel()
	nginx := string(must(os.ReadFile(deploy + "nginx.conf"))(t))
	for _, want := range []string{"proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-For $remote_addr;", "access_log off;", "client_max_body_size 30m;", "proxy_pass http://127.0.0.1:8780;", "error_page 502 503 504 = @spool;", "proxy_pass http://" + spoolAt + ";"} {
		if !strings.Contains(nginx, want) {
			t.Errorf("nginx: %s", want)
		}
	}
	if strings.Contains(nginx, "proxy_add_x_forwarded_for") {
		t.Error("nginx: what a visitor claims is handed on")
	}
	if strings.Count(nginx, "{") != strings.Count(nginx, "}") {
		t.Error("nginx: braces")
	}
	caddy := string(must(os.ReadFile(deploy + "Caddyfile"))(t))
	if !strings.Contains(caddy, "reverse_proxy 127.0.0.1:8780 "+spoolAt+" {\n\t\tlb_policy first") || strings.Contains(caddy, "\tlog") || strings.Count(caddy, "{") != strings.Count(caddy, "}") {
		t.Errorf("caddy: %s", caddy)
	}
}
