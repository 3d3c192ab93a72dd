package evidence_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hastaluego/internal/testkit"
	"hastaluego/internal/testkit/peers"
)

// judgement is what the second verifier says of one pack.
type judgement struct {
	Pack, Verdict string
	Findings      []struct{ File, At, Reason string }
}

// judge asks the second verifier about packs, and for its exit status. It knows the
// page docs/reference/evidence.md only.
func judge(t *testing.T, packs []string, args ...string) (all map[string]judgement, status int) {
	t.Helper()
	out, err := peers.RunNode(testkit.Root(t), "evidence.mjs", append(append([]string{"--json"}, args...), packs...)...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		must(t, err)
	}
	all = map[string]judgement{}
	for line := range strings.Lines(out) {
		var j judgement
		must(t, json.Unmarshal([]byte(line), &j))
		all[filepath.Base(j.Pack)] = j
	}
	if len(all) != len(packs) {
		t.Fatalf("of %d packs the second verifier judged %d: %v", len(packs), len(all), err)
	}
	return all, status
}

// where is the file in which the second verifier must find each way of forging; the
// container has no name.
var where = map[string]string{
	"one byte of the container":             "",
	"the manifest":                          "evidence.json",
	"the signature of the manifest":         "evidence.note",
	"the checkpoint":                        "checkpoint.note",
	"the signature of the checkpoint":       "checkpoint.note",
	"a header":                              "entries.json",
	"a proof":                               "entries.json",
	"growth":                                "growth.json",
	"the key":                               "log.pub",
	"the summary":                           "summary.html",
	"a document":                            "documents/receipt.json",
	"sums made right, without the key":      "evidence.note",
	"signed with a key of one's own":        "evidence.note",
	"an entry left out by the house":        "entries.json",
	"the last entry left out by the house":  "evidence.json",
	"the first entry left out by the house": "entries.json",
	"a body changed by the house":           "entries.json",
	"a body hidden by the house":            "entries.json",
	"an instant changed by the house":       "entries.json",
	"an entry of another departure":         "entries.json",
	"the receipt of another departure":      "documents/receipt.json",
	"growth from another past":              "growth.json",
	"the certificate of another customer":   "documents/certificate.json",
	"the code of another departure":         "documents/certificate.json",
	"a whole log of one's own":              "", // nothing in it is wrong: see the test
}

// A verifier that shares nothing with ours, written from the page alone, judges the
// fifty packs as ours does: with the key, with a receipt, with a checkpoint, and
// without anything; and it names the file that was forged.
func TestASecondVerifierJudgesTheFiftyPacks(t *testing.T) {
	t.Parallel()
	l, list := fifty(t)
	dir := t.TempDir()
	writePacks(t, dir, l, list, l.receipt(t, "HL-0000-9999", l.size(), 0))
	var whole, every []string
	for _, s := range list {
		every = append(every, filepath.Join(dir, s.name))
		if s.whole {
			whole = append(whole, filepath.Join(dir, s.name))
		}
	}
	const ownLog = "a whole log of one's own"
	for _, anchor := range []string{"log.pub", "proof.json", "checkpoint.note", ""} {
		var args []string
		good := "origin_unknown"
		if anchor != "" {
			args, good = []string{"--trust", filepath.Join(dir, anchor)}, "proved"
		}
		said, status := judge(t, every, args...)
		if status != 3 {
			t.Errorf("with %q the status is %d", anchor, status)
		}
		for _, s := range list {
			j := said[s.name]
			want := "rejected"
			if s.whole || s.forged == ownLog && anchor == "" {
				want = good
			}
			if j.Verdict != want {
				t.Errorf("%s (%s) with %q is %s, not %s: %v", s.name, s.forged, anchor, j.Verdict, want, j.Findings)
			}
			if j.Verdict != "rejected" || s.forged == ownLog {
				continue
			}
			file, known := where[s.forged]
			found := false
			for _, f := range j.Findings {
				found = found || f.File == file && f.Reason != ""
			}
			if !known || !found {
				t.Errorf("%s (%s) with %q is not rejected for %q: %v", s.name, s.forged, anchor, file, j.Findings)
			}
		}
	}
	if _, status := judge(t, whole, "--trust", l.key); status != 0 {
		t.Errorf("whole packs with the key as text: status %d", status)
	}
	if _, status := judge(t, whole[:1]); status != 1 {
		t.Errorf("a whole pack without anything to trust: status %d", status)
	}
	forged := maps.Clone(where)
	for _, s := range list {
		delete(forged, s.forged)
	}
	if len(forged) > 0 {
		t.Errorf("no pack is forged like this: %v", forged)
	}
}
