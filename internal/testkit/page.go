package testkit

import (
	"regexp"
	"strconv"
	"strings"
)

// Move is one thing that a page tells its reader to do, in its order: write a
// file, or type a command.
type Move struct {
	Section string // last heading above it
	File    string // of a ```yaml block whose first line is a comment that begins with its name
	Text    string // of the file, or the command
	Status  int    // exit status that the page announces: "# exit status 1"
	Stays   bool   // runs until Ctrl-C
}

var (
	fenceOf  = regexp.MustCompile("^```([a-z]*)$")
	nameOf   = regexp.MustCompile(`^# ([a-z0-9_.-]+\.yaml)\b`)
	statusOf = regexp.MustCompile(`# exit status (\d+)`)
	staysOf  = regexp.MustCompile(`^make demo\b|# (until|hasta) Ctrl-C`)
)

// Moves reads what a page in Markdown tells its reader to do: every line of
// every block of the language sh, and files. It is what the tour and the guides
// are tested with, so that they work as they stand.
func Moves(markdown string) (out []Move) {
	section, language := "", ""
	var body []string
	in := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		fence := fenceOf.FindStringSubmatch(line)
		switch {
		case fence != nil && !in:
			in, language, body = true, fence[1], nil
		case fence != nil:
			in = false
			out = append(out, moves(section, language, body)...)
		case in:
			body = append(body, line)
		case strings.HasPrefix(line, "#"):
			section = strings.TrimLeft(line, "# ")
		}
	}
	return out
}

func moves(section, language string, body []string) (out []Move) {
	if language == "yaml" && len(body) > 0 {
		if name := nameOf.FindStringSubmatch(body[0]); name != nil {
			out = append(out, Move{Section: section, File: name[1], Text: strings.Join(body, "\n") + "\n"})
		}
	}
	if language != "sh" {
		return out
	}
	for _, line := range body {
		if strings.TrimSpace(line) == "" {
			continue
		}
		m := Move{Section: section, Text: line, Stays: staysOf.MatchString(line)}
		if status := statusOf.FindStringSubmatch(line); status != nil {
			m.Status, _ = strconv.Atoi(status[1]) // digits by the pattern
		}
		out = append(out, m)
	}
	return out
}
