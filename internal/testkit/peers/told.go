package peers

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Node starts a far system of the folder peers, which runs on Node, and returns
// the first line that it says: where it listens.
func Node(root, script string, args ...string) (*Process, string, error) {
	return told(exec.Command("node", append([]string{filepath.Join(root, "peers", script)}, args...)...), script, syscall.SIGKILL)
}

// RunNode runs a program of the folder peers to its end and returns what it says.
// When it fails the error has what it complains about.
func RunNode(root, script string, args ...string) (string, error) {
	var out, complaints strings.Builder
	cmd := exec.Command("node", append([]string{filepath.Join(root, "peers", script)}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("peers: %s: %w (%s): %s", script, err, provision, complaints.String())
	}
	return out.String(), nil
}

// Postgres starts a server of PostgreSQL of its own in an empty folder, which it
// may have to give to another user: everybody must be able to enter what it lies
// in. It asks everybody for a password, and is somebody's by name: its address has
// that of whoever may do anything.
func Postgres(root, dir, password string) (*Process, string, error) {
	cmd := exec.Command(filepath.Join(root, "scripts", "postgres.sh"), "run", dir)
	cmd.Env = append(os.Environ(), "HASTA_POSTGRES_PASSWORD="+password)
	p, url, err := told(cmd, "PostgreSQL", syscall.SIGQUIT)
	if err != nil {
		return nil, "", err
	}
	_, address, _ := strings.Cut(url, "@")
	if address, _, _ = strings.Cut(address, "/"); !p.answers(address) {
		p.Stop()
		return nil, "", fmt.Errorf("peers: PostgreSQL does not answer at %s", address)
	}
	return p, url, nil
}

// told starts a process and waits for its first line.
func told(cmd *exec.Cmd, name string, end os.Signal) (*Process, string, error) {
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", fmt.Errorf("peers: %w", err)
	}
	p, err := start(cmd, end)
	if err != nil {
		return nil, "", err
	}
	first := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		first <- strings.TrimSpace(line)
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case line := <-first:
		if line != "" {
			return p, line, nil
		}
		p.Stop()
		return nil, "", fmt.Errorf("peers: %s did not start (%s): %s", name, provision, complaints.String())
	case <-time.After(time.Minute):
		p.Stop()
		return nil, "", fmt.Errorf("peers: %s says nothing", name)
	}
}
