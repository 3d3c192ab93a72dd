package web

import (
	"strings"

	"hastaluego/internal/app"
)

// failView is what the page of a fault shows.
type failView struct {
	Page    PageView
	Company app.Company
	Status  int
	Text    string
	Ref     string
	Again   bool // a link was too old: another can be asked for
}

// dial turns a telephone number as written into one that can be dialled.
func dial(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, s)
}
