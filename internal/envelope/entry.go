package envelope

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Entry is what opens something, as password managers have it.
type Entry struct {
	Title    string `json:"title,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Address  string `json:"address,omitempty"`
	Note     string `json:"note,omitempty"`
}

// MostEntries is how many an envelope holds.
const MostEntries = 50

type packed struct {
	Entries []Entry `json:"entries"`
}

// Pack writes entries as the text that an envelope holds; web/js/passwords.mjs
// writes and reads the same. What is blank is left out. It is empty where one of
// them has neither a password nor a note: there is nothing to give.
func Pack(list []Entry) string {
	var p packed
	for _, e := range list {
		for _, s := range []*string{&e.Title, &e.User, &e.Password, &e.Address, &e.Note} {
			*s = strings.TrimSpace(*s)
		}
		if e.User+e.Password+e.Address+e.Note == "" {
			continue
		}
		if e.Password+e.Note == "" {
			return ""
		}
		p.Entries = append(p.Entries, e)
	}
	if len(p.Entries) == 0 {
		return ""
	}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil { // texts cannot fail
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// Unpack reads what Pack wrote. It returns none for any other text: what was put
// into an envelope before there were entries, or was sealed as a text.
func Unpack(s string) []Entry {
	d := json.NewDecoder(strings.NewReader(s))
	d.DisallowUnknownFields()
	var p packed
	if d.Decode(&p) != nil || len(p.Entries) > MostEntries {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return p.Entries
}
