package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// usualFlow is the name of the built-in flow that is in force where none was
// published.
const usualFlow = "exit-first"

// FlowVersion is a flow as it was published. It never changes; the one with the
// highest number is in force.
type FlowVersion struct {
	ID     string // flv_…; of the built-in one its name@first 12 hex digits of its hash
	Number int    // from 1; 0: the one that comes with the program
	Name   string
	Source string            // YAML
	Signup string            // YAML: how customers come, for what compares the two; empty: not described
	Facts  map[string]string // what was said about the company so that rules can be judged
	Hash   string            // SHA-256 of Source, hexadecimal
	MadeOf string            // the draft, or the older version, that was published
	Note   string            // why
	Hands  []string          // whoever wrote it
	Day    when.Date         // whose law it was checked against
	Packs  []jurisdiction.Ref
	At     time.Time
	By     string
}

// BuiltIn reports whether nobody published it.
func (v FlowVersion) BuiltIn() bool { return v.Number == 0 }

// FlowDraft is a flow that is being written. It may hold anything.
type FlowDraft struct {
	ID        string // fld_…
	State     string // open, published, dropped
	Title     string // its name, as far as it could be read
	Source    string
	Signup    string
	Facts     map[string]string
	Base      string // id of the version that it began with
	Note      string
	Hands     []string // everybody who wrote on it
	MadeAt    time.Time
	ChangedAt time.Time
	ChangedBy string
	Version   int64
}

// FlowTx keeps flows.
type FlowTx interface {
	// FlowHead is the id of the version in force; empty: none was published.
	FlowHead(ctx context.Context) (id string, err error)
	FindFlow(ctx context.Context, id string) (FlowVersion, error)
	ListFlows(ctx context.Context, limit int) ([]FlowVersion, error) // newest first
	InsertFlow(ctx context.Context, v FlowVersion) error             // fault.Conflict where the number is taken
	FindDraft(ctx context.Context, id string) (FlowDraft, error)
	// PutDraft stores a new one (Version 0) or, by Version, changes one.
	PutDraft(ctx context.Context, d FlowDraft) error
	OpenDrafts(ctx context.Context) ([]FlowDraft, error) // the last changed first
}

// flowRead is a version with its flow.
type flowRead struct {
	version FlowVersion
	flow    *flow.Flow
}

// builtinFlow is the flow in force where none was published.
var builtinFlow = sync.OnceValue(func() flowRead {
	src := flow.Builtin()[usualFlow]
	f, err := flow.Load(usualFlow+".yaml", src)
	if err != nil {
		panic(err) // a test reads it
	}
	return flowRead{FlowVersion{ID: f.Version(), Name: f.Name, Source: string(src), Hash: hashOf(src)}, f}
})

func hashOf(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

// FlowInForce is the flow that customers meet, and the id of its version: the
// one that was published last, on whichever node, or the built-in one. It is
// shared and must not be changed.
func (a *App) FlowInForce(ctx context.Context) (f *flow.Flow, version string, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		r, err := a.flowInForce(ctx, tx)
		f, version = r.flow, r.version.ID
		return err
	})
	return f, version, err
}

// flowInForce asks which version is in force each time, and reads each version
// once per process: it never changes.
func (a *App) flowInForce(ctx context.Context, tx Tx) (flowRead, error) {
	id, err := tx.FlowHead(ctx)
	if err != nil || id == "" {
		return builtinFlow(), err
	}
	return a.readFlow(ctx, tx, id)
}

// readFlow is a version by its id, with its flow; the built-in one by its name
// as well.
func (a *App) readFlow(ctx context.Context, tx Tx, id string) (flowRead, error) {
	if b := builtinFlow(); id == b.version.ID || id == usualFlow {
		return b, nil
	}
	if r, ok := a.parsed.Load(id); ok {
		return r.(flowRead), nil
	}
	v, err := tx.FindFlow(ctx, id)
	if err != nil {
		return flowRead{}, err
	}
	f, err := flow.Load(v.Name+".yaml", []byte(v.Source))
	if err != nil {
		return flowRead{version: v}, fault.Wrap("app.readFlow "+id, err)
	}
	r := flowRead{v, f}
	a.parsed.Store(id, r)
	return r, nil
}
