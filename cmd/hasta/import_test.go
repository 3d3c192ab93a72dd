package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
)

const stopMap = `as_of: 2026-11-01
fields:
  customer.reference: {column: Id}
  customer.name: {column: Name}
`

// kept counts the customers that are stored.
func kept(t *testing.T, e testkit.Engine) (n int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: e.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), func(tx app.Tx) error {
		n, err = tx.CountCustomers(t.Context(), app.CustomerFilter{}, 10_000)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnImportThatIsInterruptedLeavesWholeBatchesAndGoesOnWhenRepeated(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		const all = 1500
		// The beginning of a pipe is looked at before any row is taken: it must come.
		long := func(i int) string { return fmt.Sprint("Cliente ", i, strings.Repeat(" y compañía", 15)) }
		dir := t.TempDir()
		pipe, mapping := filepath.Join(dir, "pipe.csv"), filepath.Join(dir, "m.yaml")
		if err := os.WriteFile(mapping, []byte(stopMap), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		args := func(file string) []string {
			return []string{"import", "customers", file, "--map", mapping, "--dir", dir, "--database", e.URL, "--lang", "es", "--json"}
		}
		job := exec.CommandContext(t.Context(), "hasta", args(pipe)...)
		var told, complained bytes.Buffer
		job.Stdout, job.Stderr = &told, &complained
		if err := job.Start(); err != nil {
			t.Fatal(err)
		}
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		rows := bufio.NewWriter(w)
		fmt.Fprintln(rows, "Id,Name")
		for i := range all / 2 { // and then nothing comes for a while
			fmt.Fprintf(rows, "R-%d,%s\n", i, long(i))
		}
		if err := rows.Flush(); err != nil {
			t.Fatal(err)
		}
		deadline := time.After(time.Minute)
		for kept(t, e) < 512 { // what is read at once
			select {
			case <-deadline:
				t.Fatalf("nothing goes in: %s", complained.String())
			case <-time.After(20 * time.Millisecond):
			}
		}
		if err := job.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := job.Wait(); err == nil || job.ProcessState.ExitCode() != exitCheck {
			t.Errorf("it ended with %v: %s", err, complained.String())
		}
		var a importAnswer
		if err := json.Unmarshal(told.Bytes(), &a); err != nil {
			t.Fatalf("%v: %q, %s", err, told.String(), complained.String())
		}
		if n := kept(t, e); !a.Stopped || a.Rows != n || a.Changed != n {
			t.Errorf("it says %+v and %d are there", a, n)
		}

		whole := filepath.Join(dir, "whole.csv")
		var buf strings.Builder
		buf.WriteString("Id,Name\n")
		for i := range all {
			fmt.Fprintf(&buf, "R-%d,%s\n", i, long(i))
		}
		if err := os.WriteFile(whole, []byte(buf.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := exec.CommandContext(t.Context(), "hasta", args(whole)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		before := a.Rows
		if err := json.Unmarshal(again, &a); err != nil || a.Rows != all || a.Unchanged != before || a.Changed != all-before || a.Stopped {
			t.Errorf("again: %+v, %v", a, err)
		}
		if n := kept(t, e); n != all {
			t.Errorf("%d customers in the end", n)
		}
	})
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	t.Parallel()
	var pipe bytes.Buffer
	p := newMeter(&pipe, "es", 1000)
	p.show(app.ImportReport{Changed: 10}, 500)
	p.clear()
	if p.beat != nil || pipe.Len() != 0 {
		t.Errorf("a pipe is told %q", pipe.String())
	}
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	if p = newMeter(tty, "es", 1000); p.beat == nil {
		t.Fatal("a terminal is not seen")
	}
	p.w, p.beat.C = &pipe, beatNow()
	p.show(app.ImportReport{Changed: 1234, Rejected: 1}, 500)
	if got := pipe.String(); !strings.Contains(got, "50 %") || !strings.Contains(got, "1.235 filas") {
		t.Errorf("the terminal is told %q", got)
	}
	p.show(app.ImportReport{Changed: 9999}, 500) // no beat, no line
	if strings.Contains(pipe.String(), "9.999") {
		t.Error("it is told without a beat")
	}
}

func beatNow() <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func TestRefusedRowsAreToldInTheReadersLanguageAndCanBeCorrected(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	mapping := write("m.yaml", strings.Replace(stopMap, "fields:", "csv: {delimiter: \";\"}\nfields:\n  contact.email: {column: Mail}", 1))
	bad := write("malas.csv", "Id;Name;Mail\n1;Ñandú;nadie\n2;Éva;eva@x.example\n")
	for lang, want := range map[string]string{"es": "Escribe un correo", "en": "Write an e-mail"} {
		var told, complained bytes.Buffer
		if code := run([]string{"import", "customers", bad, "--map", mapping, "--dir", filepath.Join(dir, lang), "--lang", lang}, out{&told, &complained}); code != exitCheck {
			t.Fatalf("%d: %s", code, complained.String())
		}
		raw, err := os.ReadFile(bad + ".rejected.csv")
		if err != nil {
			t.Fatal(err)
		}
		list, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		if err != nil || len(list) != 2 || list[1][1] != "Ñandú" || list[1][3] != "1" || list[1][4] != "Mail" || list[1][5] != "nadie" {
			t.Errorf("%s: %v %q", lang, err, list)
		}
		if why := list[1][6]; !strings.Contains(why, want) || !strings.Contains(complained.String(), why) {
			t.Errorf("in %s it says %q and %q", lang, why, complained.String())
		}
	}
	// The reject file, corrected, is a file to import.
	fixed := write("fixed.csv", "Id,Name,Mail,error_row,error_column,error_value,error_why\n1,Ñandú,nandu@x.example,1,Mail,nadie,…\n")
	mapping = write("m2.yaml", strings.Replace(stopMap, "fields:", "fields:\n  contact.email: {column: Mail}", 1))
	var told, complained bytes.Buffer
	if code := run([]string{"import", "customers", fixed, "--map", mapping, "--dir", filepath.Join(dir, "es")}, out{&told, &complained}); code != exitOK {
		t.Errorf("%d: %s%s", code, told.String(), complained.String())
	}
	if code := run([]string{"import", "customers", fixed, "--map", mapping, "--reject", fixed, "--dir", filepath.Join(dir, "es")}, out{&told, &complained}); code != exitCheck {
		t.Error("refused rows went over the file itself")
	}
}
