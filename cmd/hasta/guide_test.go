package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// block is one fenced block of a page.
type block struct{ kind, text string }

func blocks(page string) (out []block) {
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 1 {
			kind, text, _ := strings.Cut(part, "\n")
			out = append(out, block{kind, text})
		}
	}
	return out
}

// The commands of the guide are run one after the other, as they stand there,
// and say what stands under them.
func TestTheGuideToImportingDoesWhatItSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/guide/import.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "examples", "socios.csv"))
	if err != nil {
		t.Fatal(err)
	}
	said, err := charmap.Windows1252.NewDecoder().String(string(raw)) // the page begins with how the file looks
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := os.ReadFile(filepath.Join(dir, "examples", "socios.map.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	run, compared := 0, 0
	for _, b := range blocks(string(page)) {
		switch b.kind {
		case "sh":
			cmd := exec.CommandContext(t.Context(), "bash", "-c", b.text)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LANG=C", "LC_ALL=")
			out, _ := cmd.CombinedOutput() // a refused row is status 1; what is said decides
			said = string(out)
			if strings.Contains(said, "hasta: ") {
				t.Errorf("%s\n%s", b.text, said)
			}
			run++
		case "yaml":
			for line := range strings.Lines(b.text) {
				if !strings.Contains(string(mapping), strings.TrimRight(line, "\n")) {
					t.Errorf("the map has no line %q", line)
				}
			}
		default:
			for line := range strings.Lines(b.text) {
				if line = strings.TrimSpace(line); !strings.Contains(said, line) {
					t.Errorf("%q is not in\n%s", line, said)
				}
				compared++
			}
		}
	}
	if run < 4 || compared < 6 {
		t.Errorf("%d commands and %d lines were looked at", run, compared)
	}
}
