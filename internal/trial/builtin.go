package trial

import _ "embed"

//go:embed builtin/pause_or_less.yaml
var example []byte

// Example is the file of an experiment to begin one's own with.
func Example() []byte { return example }
