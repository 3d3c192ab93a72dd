package text

// In is one language, for whoever words codes without choosing it.
type In string

// Known reports whether the language has words for a code.
func (l In) Known(code string) bool { return Known(string(l), code) }

// Say words a code.
func (l In) Say(code string, args ...any) string { return Say(string(l), code, args...) }
