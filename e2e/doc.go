// Package e2e holds the stories that run in a real browser against the real
// program, a real SMTP server and the billing system as a process of its own.
// It has no code of the product. Without HASTA_E2E=1 its tests do nothing.
package e2e
