package jurisdiction

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strconv"
	"sync"

	"hastaluego/internal/fault"
)

// digested are the shipped packs as a machine reads them in a few milliseconds:
// parsing their text takes a quarter of a second, and every command that asks
// for the law would wait for it. The text is what counts: a digest is believed
// only for the very bytes that it was made of, and a test makes all of them
// again (go test ./internal/jurisdiction -run Reference -update).
//
//go:embed digest.json
var digested []byte

// digest is the text of one pack as it was parsed, with the places that are told
// although nothing is wrong.
type digest struct {
	SHA256   string // of the text, hexadecimal
	ReviewBy [2]int // line and column
	Lines    []int  // of the ids of the rules
	Pack     packFile
}

// digests are those of the shipped packs, by the SHA-256 of their text.
var digests = sync.OnceValue(func() map[string]*digest {
	list, err := readDigests(digested)
	if err != nil {
		panic(fault.Wrap("law", err)) // it is part of the program; a test reads it
	}
	by := make(map[string]*digest, len(list))
	for _, d := range list {
		by[d.SHA256] = d
	}
	return by
})

func readDigests(raw []byte) (list []*digest, err error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&list); err != nil {
		return nil, err
	}
	for _, d := range list {
		for i := range d.Pack.Rules {
			r := &d.Pack.Rules[i]
			if r.Value, err = parsed(r.Value); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// parsed is a value with its numbers as the parser of YAML gives them.
func parsed(in any) (any, error) {
	var err error
	switch x := in.(type) {
	case json.Number:
		if n, err := strconv.ParseUint(string(x), 10, 64); err == nil {
			return n, nil
		}
		if n, err := x.Int64(); err == nil {
			return n, nil
		}
		return x.Float64()
	case []any:
		for i := range x {
			if x[i], err = parsed(x[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range x {
			if x[k], err = parsed(x[k]); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}
