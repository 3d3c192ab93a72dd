package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/testkit"
)

// Every guide does what it says, from a folder with the examples, line by line: those with
// an exit status in their words end with it, those that stay are ended by
// Ctrl-C once they listen. (The guide of the API has a story of its own.)
func TestTheGuidesDoWhatTheySay(t *testing.T) {
	pages, err := filepath.Glob("../../docs/guide/*.md")
	if err != nil || len(pages) < 7 {
		t.Fatalf("%d guides: %v", len(pages), err)
	}
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "hasta"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, page := range pages {
		if filepath.Base(page) == "api.md" {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			free := ln.Addr().String()
			if err := ln.Close(); err != nil {
				t.Fatal(err)
			}
			r := reader{t, t.TempDir(), append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HASTA_LISTEN="+free)}
			if err := os.CopyFS(filepath.Join(r.dir, "examples"), os.DirFS("../../examples")); err != nil {
				t.Fatal(err)
			}
			for _, m := range testkit.Moves(string(raw)) {
				r.do(m)
			}
		})
	}
}

// reader does what a page says in a folder of their own.
type reader struct {
	t   *testing.T
	dir string
	env []string
}

func (r reader) do(m testkit.Move) {
	r.t.Helper()
	if m.File != "" {
		if err := os.WriteFile(filepath.Join(r.dir, m.File), []byte(m.Text), 0o600); err != nil {
			r.t.Fatal(err)
		}
		return
	}
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec "+m.Text)
	if !m.Stays {
		cmd = exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", m.Text)
	}
	cmd.Dir, cmd.Env = r.dir, r.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if m.Stays {
		said := &listening{cmd: cmd}
		cmd.Stdout = said
		_ = cmd.Run() // its status is looked at below
		if !said.heard || cmd.ProcessState.ExitCode() != 0 {
			r.t.Errorf("%s: heard %t, exit status %d\n%s", m.Text, said.heard, cmd.ProcessState.ExitCode(), out.String())
		}
		return
	}
	_ = cmd.Run() // its status is looked at below
	if got := cmd.ProcessState.ExitCode(); got != m.Status {
		r.t.Errorf("%s: exit status %d instead of %d\n%s", m.Text, got, m.Status, out.String())
	}
}

// listening ends a server as Ctrl-C does when it says that it listens.
type listening struct {
	cmd   *exec.Cmd
	heard bool
}

func (l *listening) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "listening ") {
		l.heard = true
		return len(p), l.cmd.Process.Signal(syscall.SIGINT)
	}
	return len(p), nil
}
