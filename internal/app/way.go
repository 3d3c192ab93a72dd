package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/offboarding"
)

// Way is the way that a customer took on the pages: which version and variant
// of the flow they met, and when they first saw each of its nodes.
type Way struct {
	Request offboarding.RequestID
	Flow    string // id of the version
	flow.Variant
	Act   string // cancel or withdraw
	Place string // whose law it followed; empty: nobody said
	Said  string // who said so: company, visitor, record
	Lives string // where the customer lives whose it proved to be; not kept
	KeyID string
	Body  []byte // Declared, sealed
	Seen  []Seen
}

// Seen is when somebody first met a node of the flow.
type Seen struct {
	Node string
	At   time.Time
}

// Declared is what the form of some places asks beyond that of others.
type Declared struct {
	Kind   string `json:"kind,omitempty"`   // ordinary, for_cause; empty: not asked, or not said
	Ground string `json:"ground,omitempty"` // of a departure for cause
	Line   string `json:"line,omitempty"`   // number of a telephone line
}

// WayTx keeps the ways that customers took.
type WayTx interface {
	InsertWay(ctx context.Context, w Way) error
	// SeeNode keeps the first time.
	SeeNode(ctx context.Context, r offboarding.RequestID, s Seen) error
	WayOf(ctx context.Context, r offboarding.RequestID) (w Way, found bool, err error)
}

// Walk is the way to a declaration, as the page tells it.
type Walk struct {
	Exit Exit
	Seen []Seen
}

// keepWay writes down how a declaration was made on the pages.
func (a *App) keepWay(ctx context.Context, tx Tx, r offboarding.Request, in ExitInput) error {
	if in.Walk == nil {
		return nil
	}
	x := in.Walk.Exit
	w := Way{Request: r.ID, Flow: x.Version, Variant: x.Variant, Act: in.act(), Place: x.Place, Said: x.Said, Body: []byte{}, Seen: in.Walk.Seen}
	if d := in.declared(); d != (Declared{}) {
		raw, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if w.KeyID, w.Body, err = a.sealFor(ctx, string(r.ID), "way:"+string(r.ID), raw); err != nil {
			return err
		}
	}
	return tx.InsertWay(ctx, w)
}

// declaredOf is what was declared beyond the form that all places have.
func (a *App) declaredOf(ctx context.Context, w Way) (d Declared, err error) {
	if len(w.Body) == 0 {
		return d, nil
	}
	raw, err := a.unseal(ctx, w.KeyID, "way:"+string(w.Request), w.Body)
	if err != nil || raw == nil {
		return d, err
	}
	return d, json.Unmarshal(raw, &d)
}

// declaredWith is what was declared so with a request; nothing once its words
// were erased.
func (a *App) declaredWith(ctx context.Context, tx Tx, r offboarding.RequestID) (d Declared, err error) {
	w, found, err := tx.WayOf(ctx, r)
	if err != nil || !found {
		return d, err
	}
	return a.declaredOf(ctx, w)
}

// SeeNode writes down that whoever a request is of met a node of the flow. Only
// the first time counts, and only of those who came by the pages.
func (a *App) SeeNode(ctx context.Context, r offboarding.RequestID, node string) error {
	var new bool
	var now time.Time
	err := a.store.View(ctx, func(tx Tx) error {
		w, found, err := tx.WayOf(ctx, r)
		now, new = tx.Now(), found && !slices.ContainsFunc(w.Seen, func(s Seen) bool { return s.Node == node })
		return err
	})
	if err != nil || !new {
		return err
	}
	return a.store.Tx(ctx, func(tx Tx) error { return tx.SeeNode(ctx, r, Seen{node, now}) })
}

// WayOf is the way that the request with the code was made by; where it was not
// made on the pages it has no Request. Once it is proved whose the request is,
// Lives is where they live, as far as we know.
func (a *App) WayOf(ctx context.Context, code string) (w Way, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		w = Way{Act: "cancel"}
		r, err := tx.FindRequestByCode(ctx, code)
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound: // of a departure that is the second of its request
			return nil
		case err != nil:
			return err
		}
		if kept, found, err := tx.WayOf(ctx, r.ID); err != nil || found {
			w = kept
			if err != nil {
				return err
			}
		}
		if r.Customer == "" || unproved(r) {
			return nil
		}
		cus, err := tx.FindCustomer(ctx, r.Customer)
		w.Lives = cus.Place()
		return err
	})
	return w, err
}

// unproved reports whether nobody has shown yet that a request is of the customer whom it
// was matched with: whoever typed it learns nothing of them, not even whether they are one.
func unproved(r offboarding.Request) bool {
	return r.VerifiedAt.IsZero() && r.Channel == offboarding.Public
}

// waysHeld are the pages that a customer met, for the bundle of what we hold.
func waysHeld(ctx context.Context, a *App, tx Tx, h *holding) (rows [][]string, err error) {
	for _, r := range h.requests {
		w, found, err := tx.WayOf(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		d, err := a.declaredOf(ctx, w)
		if err != nil {
			return nil, err
		}
		for i, s := range w.Seen {
			row := []string{r.Code, w.Flow, w.Law, w.Language, w.Device, w.Place, s.Node, stamp(s.At), "", "", ""}
			if i == 0 {
				row[8], row[9], row[10] = d.Kind, d.Ground, d.Line
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (in ExitInput) act() string {
	if in.Act == "" {
		return "cancel"
	}
	return in.Act
}

func (in ExitInput) declared() Declared {
	d := Declared{Kind: in.Kind, Ground: strings.TrimSpace(in.Ground), Line: strings.TrimSpace(in.Line)}
	if d.Kind == "ordinary" {
		d.Ground = ""
	}
	return d
}
