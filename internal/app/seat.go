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

// seatAfter is how many days after a departure was closed its seats end: time to read
// the certificate. One that is undone or stopped ends them at once.
const seatAfter = 30

// seatEnds is when the seats of a departure end by themselves; zero: it goes on.
func seatEnds(c offboarding.Case) time.Time {
	switch c.State {
	case offboarding.CaseClosed:
		return c.ClosedAt.AddDate(0, 0, seatAfter)
	case offboarding.CaseReversing, offboarding.CaseReversed, offboarding.CaseStopped:
		return time.Unix(0, 0)
	default:
		return time.Time{}
	}
}

// seatsOver reports whether they have ended.
func seatsOver(c offboarding.Case, now time.Time) bool {
	end := seatEnds(c)
	return !end.IsZero() && !now.Before(end)
}

// SeatState is how a seat of a departure stands.
type SeatState struct {
	Seat
	Made, Until time.Time // zero: nobody has it
	Opened      int       // how often whoever has it looked
	Last        time.Time // when they did last
	Data        bool      // they may download the data, too
}

// OpenSeats reads the seats of a departure for whoever holds its private page.
func (a *App) OpenSeats(ctx context.Context, token, lang string) (page CasePage, list []SeatState, err error) {
	if page, err = a.OpenCasePage(ctx, token, "case", lang); err != nil {
		return page, nil, err
	}
	err = a.store.View(ctx, func(tx Tx) error {
		list = nil
		c := page.Paper.Case
		log, err := a.timeline(ctx, tx, timelineMost, string(c.ID))
		if err != nil {
			return err
		}
		for _, s := range Seats {
			state := SeatState{Seat: s}
			l, err := tx.LiveLink(ctx, c.ID, s.purpose())
			if err == nil && tx.Now().Before(l.ExpiresAt) && !seatsOver(c, tx.Now()) {
				state.Made, state.Until = l.CreatedAt, l.ExpiresAt
				if end := seatEnds(c); !end.IsZero() && end.Before(state.Until) {
					state.Until = end
				}
				for _, e := range log {
					if e.Type == "seat.opened" && e.Args["seat"] == string(s) && !e.At.Before(l.CreatedAt) {
						state.Opened++
						if state.Last.Before(e.At) {
							state.Last = e.At
						}
					}
				}
				if s == SeatIT {
					if state.Data, err = seatData(ctx, tx, c.ID); err != nil {
						return err
					}
				}
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
		if seatsOver(c, tx.Now()) {
			return fault.New(fault.Gone, "seat.over")
		}
		before, err := a.emptySeat(ctx, tx, c.ID, s)
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
		n, err := a.emptySeat(ctx, tx, c.ID, s)
		if err != nil || n == 0 {
			return err
		}
		return a.record(ctx, tx, fact{"seat.stopped", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(s)}})
	})
}

// emptySeat takes a seat from whoever has it, with what they were allowed beside it.
func (a *App) emptySeat(ctx context.Context, tx Tx, c offboarding.CaseID, s Seat) (int, error) {
	if s == SeatIT {
		if _, err := tx.StopLinks(ctx, c, seatDataLink); err != nil {
			return 0, err
		}
	}
	return tx.StopLinks(ctx, c, s.purpose())
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
	Blobs       []Blob // what they may download
}

func (l Link) seat() Seat { return Seat(strings.TrimPrefix(l.Purpose, seatLink)) }

// seated is the link of a seat, and its departure, as long as somebody may sit there.
func (a *App) seated(ctx context.Context, tx Tx, token string) (l Link, c offboarding.Case, err error) {
	var purposes []string
	for _, s := range Seats {
		purposes = append(purposes, s.purpose())
	}
	if l, err = a.link(ctx, tx, token, purposes...); err != nil {
		return l, c, err
	}
	if c, err = tx.FindCase(ctx, l.Case); err != nil {
		return l, c, err
	}
	switch {
	case seatsOver(c, tx.Now()):
		err = fault.New(fault.Gone, "seat.over")
	case !l.UsedAt.IsZero():
		err = fault.New(fault.Gone, "seat.stopped")
	}
	return l, c, err
}

// OpenSeat reads a departure for whoever has a seat at it; the log says that they did,
// and the customer sees it. Errors: NotFound (link.unknown), Gone (link.expired,
// seat.stopped, seat.over).
func (a *App) OpenSeat(ctx context.Context, token, lang string) (out SeatPage, err error) {
	var l Link
	err = a.tx(ctx, func(tx Tx) error {
		var c offboarding.Case
		if l, c, err = a.seated(ctx, tx, token); err != nil {
			return err
		}
		out.Seat = l.seat()
		if out.Blobs, err = a.seatBlobs(ctx, tx, c, out.Seat); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"seat.opened", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(out.Seat)}})
	})
	if err != nil {
		return out, err
	}
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
