package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// Seat is a place at a departure for somebody else of the customer, who sees what is
// theirs to see and can do nothing.
type Seat string

// The seats.
const (
	SeatIT       Seat = "it"       // what is handed over, with how, and the accesses
	SeatLegal    Seat = "legal"    // receipt, statement and certificate
	SeatProvider Seat = "provider" // whoever goes on: what changes hands, without how
)

// Seats are all of them, in the order in which they are shown. At a departure there is
// one of each at most.
var Seats = []Seat{SeatIT, SeatLegal, SeatProvider}

// seatLink begins the purposes of the links of seats.
const seatLink = "seat."

func (s Seat) purpose() string { return seatLink + string(s) }

// SeatState is how a seat of a departure stands.
type SeatState struct {
	Seat
	Made, Until time.Time // zero: nobody has it
}

// OpenSeats reads the seats of a departure for whoever holds its private page.
func (a *App) OpenSeats(ctx context.Context, token, lang string) (page CasePage, list []SeatState, err error) {
	if page, err = a.OpenCasePage(ctx, token, "case", lang); err != nil {
		return page, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		for _, s := range Seats {
			state := SeatState{Seat: s}
			l, err := tx.LiveLink(ctx, page.Paper.Case.ID, s.purpose())
			if err == nil && tx.Now().Before(l.ExpiresAt) {
				state.Made, state.Until = l.CreatedAt, l.ExpiresAt
			} else if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			list = append(list, state)
		}
		return nil
	})
	return page, list, err
}

// MakeSeat gives a seat to somebody, in the place of whoever had it: the link is
// returned this once, and only its hash is kept. It lives as long as the private page
// on which it was made.
func (a *App) MakeSeat(ctx context.Context, token string, s Seat) (url string, err error) {
	err = a.seating(ctx, token, s, func(tx Tx, l Link, c offboarding.Case) error {
		if erased, err := wasErased(ctx, tx, c.Customer); err != nil {
			return err
		} else if erased {
			return fault.New(fault.Gone, "data.erased")
		}
		before, err := tx.StopLinks(ctx, c.ID, s.purpose())
		if err != nil {
			return err
		}
		secret := id.Capability()
		if err := tx.InsertLink(ctx, Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hashToken(secret), Purpose: s.purpose(), Request: c.Request, Case: c.ID,
			CreatedAt: tx.Now(), ExpiresAt: l.ExpiresAt,
		}); err != nil {
			return err
		}
		url = a.Company().PublicURL + "/g/" + secret
		return a.record(ctx, tx, fact{"seat.made", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(s), "replaced": before}})
	})
	return url, err
}

// StopSeat takes a seat away; where nobody has it, that changes nothing.
func (a *App) StopSeat(ctx context.Context, token string, s Seat) error {
	return a.seating(ctx, token, s, func(tx Tx, _ Link, c offboarding.Case) error {
		n, err := tx.StopLinks(ctx, c.ID, s.purpose())
		if err != nil || n == 0 {
			return err
		}
		return a.record(ctx, tx, fact{"seat.stopped", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(s)}})
	})
}

func (a *App) seating(ctx context.Context, token string, s Seat, fn func(Tx, Link, offboarding.Case) error) error {
	if !slices.Contains(Seats, s) {
		return fault.New(fault.Invalid, "field.choice").On("seat")
	}
	return a.tx(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := tx.FindCase(ctx, l.Case)
		if err != nil {
			return err
		}
		return fn(tx, l, c)
	})
}

// SeatPage is what whoever has a seat sees: of the page of the departure, only what is
// of the seat may be shown.
type SeatPage struct {
	Seat        Seat
	Page        CasePage
	Certificate *Paper // nil: nothing was erased, or it is not of the seat
}

// OpenSeat reads a departure for whoever has a seat at it. Errors: NotFound
// (link.unknown), Gone (link.expired, seat.stopped).
func (a *App) OpenSeat(ctx context.Context, token, lang string) (out SeatPage, err error) {
	var purposes []string
	for _, s := range Seats {
		purposes = append(purposes, s.purpose())
	}
	var l Link
	err = a.store.View(ctx, func(tx Tx) error {
		if l, err = a.link(ctx, tx, token, purposes...); err == nil && !l.UsedAt.IsZero() {
			err = fault.New(fault.Gone, "seat.stopped")
		}
		return err
	})
	if err != nil {
		return out, err
	}
	out.Seat = Seat(strings.TrimPrefix(l.Purpose, seatLink))
	if out.Page, err = a.OpenCasePage(ctx, token, l.Purpose, lang); err != nil {
		return out, err
	}
	if out.Seat != SeatLegal || !out.Page.Erased {
		return out, nil
	}
	err = a.store.View(ctx, func(tx Tx) error {
		paper, err := a.casePaper(ctx, tx, "certificate", out.Page.Paper.Language, l.Case)
		if err == nil {
			err = a.addCertificate(ctx, tx, &paper, l.Case)
		}
		out.Certificate = &paper
		return err
	})
	return out, err
}
