package api

import (
	"encoding/base64"
	"strconv"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
)

// Page is how a list is asked for, page by page.
type Page struct {
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// A cursor is the place where a page begins, opaque to callers. It names its
// list, so that it is not taken for a place in another.
func cursor(list, place string) string {
	if place == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte("1:" + list + ":" + place))
}

func (p Page) read(list string) (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	place, ok := strings.CutPrefix(string(raw), "1:"+list+":")
	if err != nil || !ok {
		return "", fault.New(fault.Invalid, "api.cursor").On("?cursor")
	}
	return place, nil
}

// place is where a list of records begins.
func (p Page) place(list, prefix string) (app.Place, error) {
	at, err := p.read(list)
	if err == nil && at != "" && !id.Valid(prefix, at) {
		err = fault.New(fault.Invalid, "api.cursor").On("?cursor")
	}
	return app.Place{After: at, Limit: p.Limit}, err
}

// index is where the list of the log begins.
func (p Page) index(list string) (int64, error) {
	at, err := p.read(list)
	if err != nil || at == "" {
		return -1, err
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "api.cursor").On("?cursor")
	}
	return n, nil
}
