package theme

// Features are the keys of a text.
func Features(text string) (keys []uint32) {
	r := read(text)
	for _, t := range r.terms {
		keys = append(keys, t.key)
	}
	return keys
}

// Keys are the features that a model knows, sorted.
func (m *Model) Keys() []uint32 { return m.keys }
