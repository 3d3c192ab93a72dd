package app

import (
	"context"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// seatDataLink is the purpose of what allows the seat of IT to download the data. Nobody
// has its secret: it opens nothing by itself, and ends as links do.
const seatDataLink = "seat_data"

func seatData(ctx context.Context, tx Tx, c offboarding.CaseID) (bool, error) {
	l, err := tx.LiveLink(ctx, c, seatDataLink)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return false, nil
	}
	return err == nil && tx.Now().Before(l.ExpiresAt), err
}

// AllowSeatData lets whoever has the seat of IT download the data, or takes that back. It
// takes the code that downloading takes: the link of a private page gives nobody data.
// Errors: Blocked (seat.none) where nobody has that seat.
func (a *App) AllowSeatData(ctx context.Context, token, key string, allow bool) error {
	return a.byCode(ctx, token, key, func(tx Tx, c Taking) error {
		n, err := tx.StopLinks(ctx, c.ID, seatDataLink)
		if err != nil {
			return err
		}
		if !allow {
			if n == 0 {
				return nil
			}
			return a.record(ctx, tx, fact{"seat.data_stopped", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(SeatIT)}})
		}
		seat, err := tx.LiveLink(ctx, c.ID, SeatIT.purpose())
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !tx.Now().Before(seat.ExpiresAt) {
			return fault.New(fault.Blocked, "seat.none")
		} else if err != nil {
			return err
		}
		if err := tx.InsertLink(ctx, Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hashToken(id.Capability()), Purpose: seatDataLink, Request: c.Request, Case: c.ID,
			CreatedAt: tx.Now(), ExpiresAt: seat.ExpiresAt,
		}); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"seat.data_allowed", "customer", string(c.ID), string(c.Customer), map[string]any{"seat": string(SeatIT)}})
	})
}

// seatBlobs is what whoever has a seat may download now.
func (a *App) seatBlobs(ctx context.Context, tx Tx, c offboarding.Case, s Seat) ([]Blob, error) {
	if s != SeatIT {
		return nil, nil
	}
	may, err := seatData(ctx, tx, c.ID)
	if err != nil || !may {
		return nil, err
	}
	t, err := takingCase(c)
	if err != nil {
		return nil, err
	}
	switch err := fetchable(ctx, tx, t); fault.KindOf(err) {
	case fault.Gone, fault.Withheld:
		return nil, nil
	default:
		if err != nil {
			return nil, err
		}
	}
	return bundlesOf(ctx, tx, c.ID)
}

// DownloadBySeat opens what the customer takes along for whoever has the seat of IT, if
// they were allowed to. Errors: as OpenSeat; NotFound where they were not.
func (a *App) DownloadBySeat(ctx context.Context, token, blob string, how Fetching) (b Blob, whole Content, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		l, c, err := a.seated(ctx, tx, token)
		if err != nil {
			return err
		}
		list, err := a.seatBlobs(ctx, tx, c, l.seat())
		if err != nil {
			return err
		}
		t, err := takingCase(c)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.ID == blob {
				b = x
				whole, err = a.fetch(ctx, tx, t, &b, l.ID, "", how)
				return err
			}
		}
		return fault.New(fault.NotFound, "not_found")
	})
	return b, whole, err
}

// SeatData is whether somebody has the seat of IT, and may download the data there.
type SeatData struct{ Taken, Data bool }
