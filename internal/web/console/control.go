package console

import "strings"

// control is one field of a form.
type control struct {
	ID, Name     string // Name is ID if empty
	Label, Hint  string
	Value, Error string
	Kind         string // type of the input; text if empty
	Complete     string // autocomplete
	Required     bool
}

// option is one choice of a list.
type option struct{ Value, Label string }

func (c control) name() string {
	if c.Name == "" {
		return c.ID
	}
	return c.Name
}

func (c control) kind() string {
	if c.Kind == "" {
		return "text"
	}
	return c.Kind
}

// described names the hint and the error for those who cannot see them.
func (c control) described() string {
	var ids []string
	if c.Hint != "" {
		ids = append(ids, c.ID+"-hint")
	}
	if c.Error != "" {
		ids = append(ids, c.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// crumb is a page above the one that is shown.
type crumb struct{ URL, Label string }
