// Command systems is make demo-systems: it starts real far systems (OpenLDAP, an
// identity provider that speaks SCIM, PostgreSQL, a store that speaks S3, a server
// of OAuth tokens, and a billing system that behaves as Stripe says), gives one
// customer forty accesses there, and runs hasta demo beside them. When hasta is
// killed, it starts it again. Ctrl-C ends all of it, and leaves nothing.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hastaluego/internal/demo"
)

type options struct {
	hasta, dir, lang, database, smtp string
}

func main() {
	var o options
	flag.StringVar(&o.hasta, "hasta", "bin/hasta", "the program")
	flag.StringVar(&o.dir, "dir", "", "keep the demo in this folder; otherwise a temporary one is removed at the end")
	flag.StringVar(&o.lang, "lang", terminalLanguage(), "es or en")
	flag.StringVar(&o.database, "database", "", "postgres://… instead of the SQLite file of the folder")
	flag.StringVar(&o.smtp, "smtp", "", "smtp://host:port to hand letters to; otherwise they are files in the folder")
	flag.Parse()
	if words[o.lang] == nil || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo-systems:", err)
		os.Exit(1)
	}
}

func terminalLanguage() string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "es") {
				return "es"
			}
			return "en"
		}
	}
	return "en"
}

// show is what runs.
type show struct {
	options

	far     *far
	listen  string // of hasta, the same after each start
	control string // http://127.0.0.1:PORT of the billing system, and of what the company sells
}

// told is what whoever drives the show finds in show.json in its folder.
type told struct {
	PID       int    `json:"pid"` // of hasta
	Leave     string `json:"leave"`
	Hold      string `json:"hold"`
	Charge    string `json:"charge"` // command that has them charged once more
	Payments  string `json:"payments"`
	Key       string `json:"payments_key"`
	Superuser string `json:"superuser"` // of PostgreSQL
	Directory string `json:"directory"`
	People    string `json:"people"`
	Files     string `json:"files"`
	Tokens    string `json:"tokens"`
	Secrets   string `json:"secrets"`
	Orphan    string `json:"orphan"`
	Regrant   string `json:"regrant"` // command that opens an access again behind our back
	Kept      string `json:"kept"`    // the access that stays to read
	Draw      string `json:"draw"`    // command that writes with it
	Widen     string `json:"widen"`   // command that lets it write again behind our back
}

func run(ctx context.Context, o options) (err error) {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "examples", "systems-access.yaml")); err != nil {
		return fmt.Errorf("run it in the folder of the sources: %w", err)
	}
	if o.hasta, err = filepath.Abs(o.hasta); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "hasta-systems-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := os.Chmod(temp, 0o711); err != nil { //nolint:gosec // PostgreSQL runs as another user, and has a folder in it
		return err
	}
	if o.dir == "" {
		o.dir = filepath.Join(temp, "demo")
	} else if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	say(o.lang, "starting")
	s := &show{options: o, far: &far{root: root, dir: temp}}
	defer s.far.stop()
	if err := s.far.start(ctx); err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.control = "http://" + ln.Addr().String()
	if s.listen, err = free(ctx); err != nil {
		return err
	}
	s.far.hook = "http://" + s.listen + "/hooks/payments"
	s.far.addresses["PAYMENTS_URL"] = s.control
	srv := &http.Server{Handler: s.far.serve(s.link), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(ln) }() // it is closed below: its error says nothing
	defer func() { _ = srv.Close() }()
	systems, err := s.far.declared()
	if err == nil {
		err = os.WriteFile(filepath.Join(temp, "systems.yaml"), []byte(systems), 0o600)
	}
	if err != nil {
		return err
	}
	return s.keepRunning(ctx)
}

// free is an address of this machine at which nobody listens.
func free(ctx context.Context) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// keepRunning runs hasta until it is ended well, and starts it again when it was
// killed.
func (s *show) keepRunning(ctx context.Context) error {
	for first := true; ; first = false {
		cmd, err := s.begin(ctx)
		if err != nil {
			return err
		}
		if err := s.begun(ctx, cmd, first); err != nil {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait() // what went wrong before is told
			return err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ctx.Done():
			_ = cmd.Process.Signal(os.Interrupt)
			return <-ended
		case err := <-ended:
			var exit *exec.ExitError
			if status, ok := syscall.WaitStatus(0), errors.As(err, &exit); !ok {
				return err
			} else if status, ok = exit.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
				return fmt.Errorf("hasta ended: %w", err)
			}
			say(s.lang, "killed")
		}
	}
}

// begin starts hasta, and waits until it says where everything is.
func (s *show) begin(ctx context.Context) (*exec.Cmd, error) {
	args := []string{
		"demo", "--no-history", "--lang", s.lang, "--dir", s.dir, "--listen", s.listen, "--clock", s.control,
		"--systems", filepath.Join(s.far.dir, "systems.yaml"), "--playbook", filepath.Join(s.far.root, "examples", "playbook-access.yaml"),
	}
	if s.database != "" {
		args = append(args, "--database", s.database)
	}
	if s.smtp != "" {
		args = append(args, "--smtp", s.smtp)
	}
	cmd := exec.Command(s.hasta, args...) // it ends by our word, not with the context: well
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: make build makes it", err)
	}
	ready := make(chan bool, 1)
	go func() {
		in := bufio.NewReader(out)
		for {
			line, err := in.ReadString('\n')
			if strings.Contains(line, "Ctrl-C") {
				ready <- true
				_, _ = io.Copy(io.Discard, in)
				return
			}
			if err != nil {
				ready <- false
				return
			}
		}
	}()
	select {
	case ok := <-ready:
		if ok {
			return cmd, nil
		}
		return nil, fmt.Errorf("hasta did not start: %w", cmd.Wait())
	case <-ctx.Done():
		_ = cmd.Process.Signal(os.Interrupt)
		return nil, cmd.Wait()
	}
}

// begun brings the customer, the first time, and tells where everything is.
func (s *show) begun(ctx context.Context, cmd *exec.Cmd, first bool) error {
	if first {
		if err := s.bring(ctx); err != nil {
			return err
		}
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, "demo.json"))
	if err != nil {
		return err
	}
	var at struct{ Portal, Console string }
	if err := json.Unmarshal(raw, &at); err != nil {
		return err
	}
	t := told{
		PID: cmd.Process.Pid, Leave: s.control + "/leave", Hold: s.control + "/hold", Charge: "curl -sS -X PUT " + s.control + "/charges", Payments: s.control, Key: s.far.stripe.Key, Superuser: s.far.superuser,
		Directory: s.far.directory.Secure, People: s.far.addresses["PEOPLE_RESOURCE"], Files: s.far.store.Base, Tokens: s.far.addresses["TOKENS_RESOURCE"],
		Secrets: s.far.secrets, Orphan: orphan, Regrant: fmt.Sprintf("psql '%s' -c 'ALTER ROLE %s LOGIN'", s.far.superuser, regranted),
		Kept: kept, Draw: "curl -sS -X PUT " + s.control + "/drawings", Widen: "curl -sS -X PUT " + s.control + "/widen",
	}
	if raw, err = json.MarshalIndent(t, "", "  "); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "show.json"), raw, 0o600); err != nil {
		return err
	}
	if !first {
		say(s.lang, "again", "{console}", at.Console, "{pid}", fmt.Sprint(t.PID))
		return nil
	}
	sample, err := demo.In(s.lang)
	if err != nil {
		return err
	}
	asks, approves := sample.Finance()
	logins := make([]string, len(sample.Users))
	for i, u := range sample.Users {
		logins[i] = u.Login
	}
	say(s.lang, "show", "{logins}", strings.Join(logins, ", "), "{password}", sample.Password, "{person}", person, "{leave}", t.Leave, "{portal}", at.Portal, "{console}", at.Console, "{folder}", s.dir,
		"{directory}", t.Directory, "{people}", s.far.addresses["PEOPLE_URL"], "{warehouse}", host(t.Superuser), "{files}", t.Files, "{tokens}", strings.TrimSuffix(t.Tokens, "/me"),
		"{payments}", t.Payments, "{orphan}", orphan, "{hold}", t.Hold, "{refunds}", strings.Replace(t.Hold, "/hold", "/refunds", 1), "{pid}", fmt.Sprint(t.PID), "{regrant}", t.Regrant, "{kept}", t.Kept, "{draw}", t.Draw, "{widen}", t.Widen, "{charge}", t.Charge, "{asks}", asks.Name, "{approves}", approves.Name, "{login}", approves.Login)
	return nil
}

// host is an address without who we are there.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "@")
	rest, _, _ = strings.Cut(rest, "?")
	return "postgres://" + rest
}

// bring imports the customer with their accesses, as anybody would.
func (s *show) bring(ctx context.Context) error {
	examples := filepath.Join(s.far.root, "examples")
	src, err := os.ReadFile(filepath.Join(examples, "accesos.map.yaml"))
	if err != nil {
		return err
	}
	text := string(src)
	if s.lang == "en" {
		text = strings.NewReplacer("language: {value: es}", "language: {value: en}", "Cuota de octubre cobrada dos veces", "October charged twice").Replace(text)
	}
	mapping := filepath.Join(s.far.dir, "accesos.map.yaml")
	if err := os.WriteFile(mapping, []byte(text), 0o600); err != nil {
		return err
	}
	_, err = s.does(ctx, "import", "customers", filepath.Join(examples, "accesos.csv"), "--map", mapping)
	return err
}

// link is a signed link of the customer, as the product of the company makes it.
func (s *show) link(ctx context.Context) (string, error) {
	out, err := s.does(ctx, "link", reference)
	return strings.TrimSpace(out), err
}

// does runs a command of hasta beside the one that serves.
func (s *show) does(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, s.hasta, append(args, "--dir", s.dir)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("hasta %s: %w: %s", args[0], err, out)
	}
	return string(out), nil
}

// say prints words with their slots filled.
func say(lang, what string, slots ...string) {
	fmt.Println(strings.NewReplacer(slots...).Replace(words[lang][what]))
}
