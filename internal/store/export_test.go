package store

// Writes is which table a statement writes.
var Writes = writes
