//go:build nofence

package store

const fenced = 0
