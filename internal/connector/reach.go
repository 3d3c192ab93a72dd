package connector

import "context"

// Reach is how far an access reaches at a system.
type Reach struct {
	AccessState
	ReadOnly bool     // what it still lets in to is to be read, and nothing can be changed there
	Held     []string // what narrowing takes away, by the far system's names; widening gives it back
}

// WidenInput asks to give back what an access was narrowed by.
type WidenInput struct {
	AccessInput
	Held []string // of the Reach that was read before it was narrowed
}

// Narrower is a system in which an access can be left to read, and to change
// nothing. An account that it does not know reaches nothing: reading it is no
// error. Errors are as Billing says.
type Narrower interface {
	// NarrowInfo describes narrowing and widening.
	NarrowInfo() Info
	ReadReach(ctx context.Context, account string) (Reach, error)
	NarrowAccess(ctx context.Context, in AccessInput) (Receipt, error)
	WidenAccess(ctx context.Context, in WidenInput) (Receipt, error)
}

// WriteProber is a system at which it can be tried whether an access can still
// change something. A refusal proves something only beside a control, as that of a
// Prober.
type WriteProber interface {
	// ProbeWrite asks, as the account, for a change that leaves everything as it is:
	// In says that it would be allowed. Errors are as ProbeAccess says.
	ProbeWrite(ctx context.Context, account string) (Probe, error)
}
