package segment

import _ "embed"

//go:embed builtin/example.yaml
var example []byte

// Example is a file to begin one's own with.
func Example() []byte { return example }
