//go:build !nofence

package engine_test

const noFence = false
