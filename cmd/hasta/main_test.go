package main

import (
	"bytes"
	"strings"
	"testing"
)

// Whoever does not know the program types these first.
func TestHelpAndVersionAreThereAsEverybodyTypesThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, says string }{
		{"help", "Usage: hasta <command>"},
		{"--help", "Usage: hasta <command>"},
		{"-h", "Usage: hasta <command>"},
		{"help import customers", "Usage: hasta import customers"},
		{"import customers --help", "Usage: hasta import customers"},
		{"help help", "unexpected argument"},
		{"version", "hasta "},
		{"--version", "hasta "},
	} {
		var told, wrong bytes.Buffer
		code := run(strings.Fields(c.typed), out{&told, &wrong})
		if said := told.String() + wrong.String(); !strings.Contains(said, c.says) || (code == exitOK) != (c.typed != "help help") || strings.TrimSpace(said) == "hasta" {
			t.Errorf("hasta %s: status %d, %q", c.typed, code, said)
		}
	}
}
