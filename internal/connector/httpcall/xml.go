package httpcall

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// Root is the name of the outermost element of a body that is XML; "" if it is
// none.
func (a *Answer) Root() string {
	for dec := xml.NewDecoder(bytes.NewReader(a.Raw)); ; {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		if start, ok := tok.(xml.StartElement); ok {
			return start.Name.Local
		}
	}
}

// Element is the text of the first element of that name in a body that is XML;
// "" if there is none. Of what follows it nothing is asked.
func (a *Answer) Element(name string) string {
	for dec := xml.NewDecoder(bytes.NewReader(a.Raw)); ; {
		tok, err := dec.Token()
		if err != nil {
			return ""
		}
		if start, ok := tok.(xml.StartElement); ok && start.Name.Local == name {
			tok, err := dec.Token()
			text, ok := tok.(xml.CharData)
			if err != nil || !ok {
				return ""
			}
			return cut(strings.TrimSpace(string(text)))
		}
	}
}
