package foldersystem_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/foldersystem"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
)

const whole = `systems:
  share:
    kind: folder
    root: /srv/deliverables
    export:
      files:
        title: {es: Entregas, en: Deliverables}
        path: "{owner}/final"
`

func load(t *testing.T, src string) connector.System {
	t.Helper()
	all, err := declaration.Load("systems.yaml", []byte(src), foldersystem.Kind())
	if err != nil {
		t.Fatal(err)
	}
	s, err := all[0].Open(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Connector()
}

func connect(t *testing.T, root string) connector.System {
	t.Helper()
	return load(t, strings.NewReplacer("/srv/deliverables", root, "/final", "").Replace(whole))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestItConformsToTheSuiteOfThoseWhoGiveAway(t *testing.T) {
	t.Parallel()
	root, n := t.TempDir(), map[string]int{}
	conformance.RunExport(t, conformance.Holder{
		Connect: func(t *testing.T) connector.System { return connect(t, root) }, Collection: "files", Many: 30,
		Put: func(t *testing.T, owner string, more int) {
			for range more {
				n[owner]++
				write(t, filepath.Join(root, owner, conformance.Name(n[owner])), conformance.What(owner, n[owner]))
			}
		},
		Change: func(t *testing.T, owner string) {
			write(t, filepath.Join(root, owner, conformance.Name(1)), "it says something longer than before")
		},
	})
}

func list(t *testing.T, x connector.Exporter, after string) (out []connector.HeldFile) {
	t.Helper()
	if err := x.ListFiles(t.Context(), "files", "ana", after, func(f connector.HeldFile) error { out = append(out, f); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// Names may be anything that a file system takes, what is no file is told, and no
// link leads anywhere.
func TestWhateverLiesThereIsListedAndNoLinkIsFollowed(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	write(t, outside, "of nobody")
	write(t, filepath.Join(root, "bea", "hers"), "of another")
	for _, name := range []string{"a", "a.txt", "a-b/c", "a0", "b/x", "b/a/z", "año/factura nº 1.pdf", "latin\xe9.txt", "new\nline", "-rf", "\xff\xfe", " ", "..."} {
		write(t, filepath.Join(root, "ana", name), name)
	}
	links := map[string]string{"out": outside, "hers": filepath.Join(root, "bea"), "up": "../bea/hers", "within": "a.txt", "broken": "nowhere"}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(root, "ana", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "ana", "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := connect(t, root).Exporter
	all := list(t, x, "")
	var names, skipped []string
	for _, f := range all {
		names = append(names, f.Name)
		if f.Skipped != "" {
			skipped = append(skipped, f.Name+" "+f.Skipped)
			if _, err := x.OpenFile(t.Context(), "files", "ana", f, 0); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", f.Name, err)
			}
			f.Skipped, f.Version = "", "0-0" // whoever says that it is a file
			if _, err := x.OpenFile(t.Context(), "files", "ana", f, 0); err == nil {
				t.Errorf("%s was opened", f.Name)
			}
			continue
		}
		r, err := x.OpenFile(t.Context(), "files", "ana", f, 0)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != f.Name {
			t.Errorf("%q says %q, %v", f.Name, b, err)
		}
		_ = r.Close()
	}
	if len(all) != 13+len(links)+1 || !slices.IsSorted(names) {
		t.Errorf("%q", names)
	}
	want := "[broken export.symlink hers export.symlink out export.symlink pipe export.not_a_file up export.symlink within export.symlink]"
	if got := fmt.Sprint(skipped); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for i, name := range names {
		if rest := list(t, x, name); !slices.Equal(rest, all[i+1:]) {
			t.Errorf("behind %q: %v", name, rest)
		}
	}
	// The folder of a customer that is a link is another's.
	if err := os.Symlink("bea", filepath.Join(root, "cid")); err != nil {
		t.Fatal(err)
	}
	err := x.ListFiles(t.Context(), "files", "cid", "", func(f connector.HeldFile) error { t.Errorf("cid has %s", f.Name); return nil })
	if fault.CodeOf(err) != "connector.linked" {
		t.Error(err)
	}
}

func TestAFileThatChangesWhileItIsReadIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	file := filepath.Join(root, "ana", "plan")
	for name, change := range map[string]func(){
		"it grows":             func() { write(t, file, strings.Repeat("b", 9000)) },
		"it shrinks":           func() { write(t, file, "b") },
		"it says another word": func() { write(t, file, strings.Repeat("b", 8000)) },
	} {
		write(t, file, strings.Repeat("a", 8000))
		if err := os.Chtimes(file, time.Time{}, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		x := connect(t, root).Exporter
		r, err := x.OpenFile(t.Context(), "files", "ana", list(t, x, "")[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		change()
		if _, err := io.Copy(io.Discard, r); fault.CodeOf(err) != "connector.not_all" || fault.KindOf(err) != fault.Transient {
			t.Errorf("%s: %v", name, err)
		}
		_ = r.Close()
	}
}

// However many files a folder has, each is listed once, in order.
func TestAFolderOfMoreNamesThanAreHeldIsListedWhole(t *testing.T) {
	t.Parallel()
	const n = 8300
	root := t.TempDir()
	dir := filepath.Join(root, "ana", "many")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := syscall.Mknod(filepath.Join(dir, fmt.Sprint(i)), syscall.S_IFREG|0o600, 0); err != nil {
			t.Fatal(err)
		}
	}
	x := connect(t, root).Exporter
	all := list(t, x, "")
	if sorted := slices.IsSortedFunc(all, func(a, b connector.HeldFile) int { return strings.Compare(a.Name, b.Name) }); len(all) != n || !sorted {
		t.Errorf("%d files, sorted: %v", len(all), sorted)
	}
	if rest := list(t, x, all[n/2].Name); !slices.Equal(rest, all[n/2+1:]) {
		t.Errorf("%d behind the middle", len(rest))
	}
}

func TestWhatMayNotBeReadOrIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, filepath.Join(root, "ana", "closed", "plan"), "x")
	write(t, filepath.Join(root, "file"), "x")
	s := connect(t, root)
	if err := s.Checker.Check(t.Context()); err != nil || fmt.Sprint(s.Can()) != "[export]" {
		t.Errorf("%v %v", s.Can(), err)
	}
	for _, gone := range []string{filepath.Join(root, "gone"), filepath.Join(root, "file")} {
		s := connect(t, gone)
		for _, err := range []error{s.Checker.Check(t.Context()), s.Exporter.ListFiles(t.Context(), "files", "ana", "", nil)} {
			if fault.CodeOf(err) != "connector.no_folder" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", gone, err)
			}
		}
	}
	if os.Getuid() == 0 { // who may read everything
		return
	}
	closed := filepath.Join(root, "ana", "closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o700) })
	if err := s.Exporter.ListFiles(t.Context(), "files", "ana", "", func(connector.HeldFile) error { return nil }); fault.CodeOf(err) != "connector.no_right" {
		t.Error(err)
	}
}

func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	if _, err := declaration.Load("systems.yaml", []byte(whole), foldersystem.Kind()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, with, want string }{
		{"/srv/deliverables", "deliverables", "4:11 system.absolute /systems/share/root"},
		{"{owner}/final", "final", "8:15 system.below /systems/share/export/files/path"},
		{"{owner}/final", "../{owner}", "8:15 system.below /systems/share/export/files/path"},
		{"{owner}/final", "/{owner}", "8:15 system.below /systems/share/export/files/path"},
		{"{owner}/final", "{owner}/{reference}", "8:15 system.below /systems/share/export/files/path"},
		{"es: Entregas", "spanish: Entregas", "7:26 system.language /systems/share/export/files/title/spanish"},
		{"es: Entregas", `es: " "`, "7:21 system.blank /systems/share/export/files/title/es"},
		{"files:", "Files:", "6:7 system.collection /systems/share/export/Files"},
		{"path:", "paths:", "8:9 system.unknown_key /systems/share/export/files/paths"},
		{`path:`, "others: {\"calls/\": gone}\n        path:", "8:18 system.files_rule /systems/share/export/files/others/calls~1"},
		{`path:`, "others: {\"[a\": leave_out}\n        path:", "8:18 system.files_pattern /systems/share/export/files/others/[a"},
		{`path:`, "others: {\"*.pdf\": [who]}\n        path:", "8:18 system.files_columns /systems/share/export/files/others/*.pdf"},
		{`path:`, "others: {\"a/*.csv\": [who], \"*.eml\": leave_out, \"*\": keep}\n        path:", ""},
	} {
		src := strings.Replace(whole, c.old, c.with, 1)
		if src == whole {
			t.Fatalf("%q is not there", c.old)
		}
		_, err := declaration.Load("systems.yaml", []byte(src), foldersystem.Kind())
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, fmt.Sprintf("%s %s %s", strings.TrimPrefix(fmt.Sprint(e.Args[1]), "systems.yaml:"), e.Code, e.Field))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.with, got, c.want)
		}
	}
	if _, err := foldersystem.New(foldersystem.Config{System: "share", Root: "x"}); !errors.As(err, new(fault.List)) {
		t.Errorf("%v", err)
	}
}
