package app

// Tests try hundreds of passwords, and look at who may, not at how long it takes.
func init() { argon.Memory, argon.Iterations = 64, 1 }
