// Package peers starts far systems of others, each as a process of its own: a
// directory, a database, a store, an identity provider, a server of tokens. Tests
// use them, and so does make demo-systems; scripts/provision.sh installs them. It
// connects nothing and knows nothing of departures.
package peers

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// provision says what to do where something is missing.
const provision = "scripts/provision.sh installs what is missing"

// Process is a far system that runs. It ends with Stop, and with us however we
// end; Ctrl-C at our terminal does not reach it.
type Process struct {
	cmd   *exec.Cmd
	end   os.Signal
	ended chan struct{}
}

// Stop ends it and waits until it has.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(p.end) // it may have ended by itself
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// start starts a process that end ends.
func start(cmd *exec.Cmd, end os.Signal) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("peers: %w: %s", err, provision)
	}
	p := &Process{cmd: cmd, end: end, ended: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(p.ended) }() // it is ended by a signal: its status says nothing
	return p, nil
}

// tries is how often a server is started at another port: another process may
// take one between our look and its start.
const tries = 4

// listening starts a server that is to listen at an address, at several of them
// until one is free.
func listening(what string, command func(address string) *exec.Cmd) (p *Process, address string, err error) {
	var complaints bytes.Buffer
	for range tries {
		if address, err = freePort(); err != nil {
			return nil, "", err
		}
		cmd := command(address)
		complaints.Reset()
		cmd.Stdout, cmd.Stderr = &complaints, &complaints
		if p, err = start(cmd, syscall.SIGKILL); err != nil {
			return nil, "", err
		}
		if p.answers(address) {
			return p, address, nil
		}
		p.Stop()
	}
	return nil, "", fmt.Errorf("peers: %s does not start: %s", what, complaints.String())
}

// freePort is an address of this machine at which nobody listens.
func freePort() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("peers: %w", err)
	}
	return ln.Addr().String(), ln.Close()
}

// answers waits until somebody listens, or the process that should ended.
func (p *Process) answers(address string) bool {
	for range 600 {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = c.Close()
			return true
		}
		select {
		case <-p.ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// Tool is the path of a program of others that scripts/provision.sh builds, at the
// versions of a folder below tools.
func Tool(root, folder, name string) (string, error) {
	sum, err := os.ReadFile(filepath.Join(root, "tools", folder, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("peers: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("peers: %w", err)
	}
	version := sha256.Sum256(sum)
	program := filepath.Join(cache, "hasta-tools", hex.EncodeToString(version[:])[:16], name)
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("peers: %w: %s", err, provision)
	}
	return program, nil
}

// write writes a file that is ours alone.
func write(file, text string) error {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("peers: %w", err)
	}
	return nil
}
