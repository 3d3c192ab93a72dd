package app

import (
	"context"

	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
)

// toolLink is the purpose of the link by which programs fetch what a customer
// takes along. Whoever has it needs no code: it is shown once, to whoever gave
// one, and only its hash is stored.
const toolLink = "tool"

// DataLink is such a link.
type DataLink struct {
	URL   string // absolute; it ends in the name of the file
	Until string // the last day on which it works
}

// toolFile is what the file is called in the link. It says which bytes are meant:
// who goes on with a file must not be given the rest of another.
func toolFile(code string, b Blob) string {
	return code + "-" + b.SHA256[:min(8, len(b.SHA256))] + ".zip"
}

// MakeDataLink makes the link for programs, in the place of one before it. It
// outlives the code and every login: it works as long as the page says that the
// data can be fetched.
func (a *App) MakeDataLink(ctx context.Context, token, key string) (out DataLink, err error) {
	err = a.byCode(ctx, token, key, func(tx Tx, c Taking) error {
		b, err := newestBundle(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		before, err := tx.StopLinks(ctx, c.ID, toolLink)
		if err != nil {
			return err
		}
		secret := id.Capability()
		if err := tx.InsertLink(ctx, Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hashToken(secret), Purpose: toolLink, Request: c.Request, Case: c.ID,
			CreatedAt: tx.Now(), ExpiresAt: c.Last.End(c.Zone),
		}); err != nil {
			return err
		}
		out = DataLink{URL: a.Company().PublicURL + "/d/" + secret + "/" + toolFile(c.Code, b), Until: c.Last.String()}
		return a.record(ctx, tx, fact{"link.made", "customer", string(c.ID), string(c.Customer), map[string]any{
			"purpose": toolLink, "until": out.Until, "replaced": before,
		}})
	})
	return out, err
}

// StopDataLink ends the link for programs; without one it changes nothing.
func (a *App) StopDataLink(ctx context.Context, token, key string) error {
	return a.byCode(ctx, token, key, func(tx Tx, c Taking) error {
		n, err := tx.StopLinks(ctx, c.ID, toolLink)
		if err != nil || n == 0 {
			return err
		}
		return a.record(ctx, tx, fact{"link.stopped", "customer", string(c.ID), string(c.Customer), map[string]any{"purpose": toolLink}})
	})
}

// Fetched is what a link for programs opens.
type Fetched struct {
	Blob  Blob
	Whole Content
	// Same reports that these are the bytes that the address was made for: a
	// download of it can go on. Otherwise the file was made again since, and is
	// sent from its beginning.
	Same     bool
	Language string // of the customer; empty: nobody knows whose link it is
}

// FetchByLink opens what a customer takes along for whoever has the link for
// programs; sealed to a key of age, if they want that. It follows the window of the departure as it is now, whatever was
// said when the link was made. Errors: NotFound (link.unknown), Gone
// (link.stopped, data.window_over, data.erased), Invalid (data.recipient).
func (a *App) FetchByLink(ctx context.Context, token, file, to string, how Fetching) (out Fetched, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		out = Fetched{}
		l, err := tx.FindLink(ctx, hashToken(token))
		if fault.KindOf(err) == fault.NotFound || err == nil && l.Purpose != toolLink {
			return fault.New(fault.NotFound, "link.unknown")
		}
		if err != nil {
			return err
		}
		c, err := takingOf(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		out.Language = c.Language
		if err := fetchable(ctx, tx, c); err != nil {
			return err
		}
		if !l.UsedAt.IsZero() {
			return fault.New(fault.Gone, "link.stopped")
		}
		if out.Blob, err = newestBundle(ctx, tx, c.ID); err != nil {
			return err
		}
		out.Same = file == toolFile(c.Code, out.Blob)
		if how == GoesOn && !out.Same {
			how = Begins
		}
		out.Whole, err = a.fetch(ctx, tx, c, &out.Blob, l.ID, to, how)
		return err
	})
	return out, err
}
