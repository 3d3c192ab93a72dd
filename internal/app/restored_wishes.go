package app

import (
	"context"
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/winback"
)

// Classes of what is remembered beside the keys (package seal).
const (
	rememberSilence   = "silence"   // a customer who wants no letters, and the keyed hash of each of their addresses
	rememberRevoked   = "revoked"   // a departure in which a consent was given that does not hold any more
	rememberTombstone = "tombstone" // a stone
)

// HeedAgain has the database know again what it forgot by going back to a backup, and
// what is remembered beside the keys: by which names erased people went, who asked for
// silence, and which consents were taken back. It returns how many customers who are
// there had asked not to be written to; again it changes nothing. What was lifted or
// given after the backup was made stays as the backup has it, and is asked for anew.
func (a *App) HeedAgain(ctx context.Context, by string) (quiet int, err error) {
	if err := a.buryAgain(ctx); err != nil {
		return 0, err
	}
	silent, err := a.keys.Remembered(ctx, rememberSilence)
	if err != nil {
		return 0, err
	}
	revoked, err := a.keys.Remembered(ctx, rememberRevoked)
	if err != nil {
		return 0, err
	}
	wanted := map[customer.ID]bool{}
	for _, s := range silent {
		if !strings.HasPrefix(s, "cus_") {
			if err := a.tx(ctx, func(tx Tx) error { return tx.InsertSilentAddresses(ctx, s) }); err != nil {
				return len(wanted), err
			}
			continue
		}
		changed, err := a.silentAgain(ctx, by, customer.ID(s))
		if err != nil {
			return len(wanted), err
		}
		if changed {
			wanted[customer.ID(s)] = true
		}
	}
	for _, s := range revoked {
		of, err := a.revokedAgain(ctx, by, offboarding.CaseID(s))
		if err != nil {
			return len(wanted), err
		}
		if of != "" {
			wanted[of] = true
		}
	}
	return len(wanted), nil
}

// buryAgain has the names of everybody who was ever erased known.
func (a *App) buryAgain(ctx context.Context) error {
	list, err := a.keys.Remembered(ctx, rememberTombstone)
	if err != nil || len(list) == 0 {
		return err
	}
	in := map[offboarding.CaseID][]string{}
	for _, text := range list {
		s := parseStone(text)
		in[s.in] = append(in[s.in], s.hash)
	}
	return a.tx(ctx, func(tx Tx) error {
		for c, hashes := range in {
			if err := tx.InsertTombstones(ctx, c, hashes...); err != nil {
				return err
			}
		}
		return nil
	})
}

// silentAgain has the silence of a customer hold who is there and not erased.
func (a *App) silentAgain(ctx context.Context, by string, id customer.ID) (changed bool, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		changed = false
		if back, err := cameBack(ctx, tx, id); err != nil || !back {
			return err
		}
		s, err := tx.SilenceOf(ctx, id)
		if err != nil || !s.Ask(tx.Now()) {
			return err
		}
		changed = true
		if err := tx.PutSilence(ctx, s); err != nil {
			return err
		}
		return a.leftInPeace(ctx, tx, by, "silence.asked", id, "")
	})
	return changed, err
}

// revokedAgain takes back the consent that was given in a departure, where it is there
// and holds, and says whose it was.
func (a *App) revokedAgain(ctx context.Context, by string, c offboarding.CaseID) (of customer.ID, err error) {
	err = a.tx(ctx, func(tx Tx) error {
		of = ""
		x, asked, err := tx.ConsentOf(ctx, c, winback.Letter)
		if err != nil || !asked || !x.Revoke(tx.Now()) {
			return err
		}
		of = x.Customer
		if err := tx.PutConsent(ctx, x); err != nil {
			return err
		}
		return a.leftInPeace(ctx, tx, by, "consent.revoked", x.Customer, x.ID)
	})
	return of, err
}

// leftInPeace writes down what was done again, and lets no address of theirs be kept to
// ask them back.
func (a *App) leftInPeace(ctx context.Context, tx Tx, by, typ string, id customer.ID, consent winback.ConsentID) error {
	var last offboarding.CaseID
	cases, err := tx.CasesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range cases {
		last = c.ID
		if err := a.notBack(ctx, tx, c); err != nil {
			return err
		}
	}
	var args map[string]any
	if consent != "" {
		args = map[string]any{"consent": string(consent), "purpose": string(winback.Letter)}
	}
	return a.record(ctx, tx, fact{typ, actorOr(by), string(last), string(id), args})
}
