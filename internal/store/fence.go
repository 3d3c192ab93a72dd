//go:build !nofence

package store

// fenced says that a result is stored only by the worker that still has the
// work. Built with -tags nofence it is not, so that a test can show that the
// fence is what keeps a stopped worker's late result out.
const fenced = 1
