package app

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// Certificate is what a customer is told about their erasure.
type Certificate struct {
	Code     string            `json:"code"`
	ErasedOn when.Date         `json:"erased_on"`
	Erased   map[string]int    `json:"erased"` // by what it was: how many
	Invoices int               `json:"invoices"`
	Until    when.Date         `json:"until"` // invoices stay until then
	Why      map[string]string `json:"why"`   // language → the law
	Entries  int               `json:"entries"`
	Backups  when.Date         `json:"backups"` // the last one with the data expires
	Keys     []string          `json:"keys"`    // destroyed
	Systems  []string          `json:"systems"` // to which something about them went from here
	// Grounds are why each thing that stays may, as the law names grounds; nil: it
	// was made before they were kept.
	Grounds map[string]string `json:"grounds,omitempty"`
	// Blocks is the law by which what stays is put out of use until it is destroyed;
	// empty: none asks for that.
	Blocks string `json:"blocks,omitempty"`
	Far    []Far  `json:"far,omitempty"` // what far systems held
	// Processors are those who erased it on our behalf, with their receipts.
	Processors []FarProcessor `json:"processors,omitempty"`
	// Entrusted is what became of what the customer entrusted under a promise of secrecy.
	Entrusted []Entrusted `json:"entrusted,omitempty"`
	// Address is for what their address is kept, as they allowed; nil: it is not.
	Address *AddressKept `json:"address,omitempty"`
}

// Did reports whether it was erased in a way that the law names: with its keys what there
// was is gone at once, and what a law has kept was put out of use under a key of its own,
// to be destroyed on its day. known is false where the certificate does not say which keys
// were destroyed.
func (c Certificate) Did(mode string) (did, known bool) {
	blocked := c.Invoices > 0 || slices.ContainsFunc(c.Far, func(f Far) bool { return f.After == connector.Block && f.Rows > 0 })
	return mode == deletes || mode == blockThenDestroy && blocked, len(c.Keys) > 0
}

// farIs says what far systems held, and on which ground what stays there does.
func (c *Certificate) farIs(list []Far) {
	c.Far = list
	for i := range c.Far {
		c.Far[i].Ground = groundOf(c.Far[i], c.Blocks)
	}
}

// Erasable is what a certificate counts, in the order in which it tells it.
var Erasable = []string{"identity", "access", "things", "letters", "words", "files"}

// erasedNames are the tables that it was in.
var erasedNames = map[string][]string{
	"identity": {"customer", "contact", "external_id", "request"}, "access": {"grant_"}, "things": {"asset", "obligation", "handover_item", "handover_act"},
	"letters": {"message"}, "words": {"note", "received", "answer", "complaint", "commitment"}, "files": {"blob", "push"},
}

func erasureEvidence(c Certificate) string {
	raw, err := json.Marshal(map[string]any{"keys": len(c.Keys), "invoices": c.Invoices, "erased": c.Erased})
	if err != nil {
		return ""
	}
	return string(raw)
}

// certify writes what the certificate says beside the counts, and says whose keys
// seal what is held: the customer's, and those of their requests, departures and
// letters from before anybody knew whose they were.
func (a *App) certify(ctx context.Context, tx Tx, c offboarding.Case, s offboarding.Step) (cert Certificate, subjects []string, err error) {
	today := a.today(tx)
	cert = Certificate{
		Code: c.Code, ErasedOn: today, Erased: map[string]int{}, Why: s.Said("keep_why"),
		Until:   when.Date{Year: c.Effective.Year + days(s, "keep_years", 0), Month: time.December, Day: 31},
		Backups: today.AddDays(days(s, "backup_days", 0)),
	}
	balances, err := tx.BalancesOf(ctx, c.Customer)
	if err != nil {
		return cert, nil, err
	}
	cert.Invoices = len(balances)
	if cert.Grounds, cert.Blocks, err = a.groundsOf(ctx, tx, c, s); err != nil {
		return cert, nil, err
	}
	subjects, cert.Entries, err = subjectsOf(ctx, tx, c.Customer)
	return cert, subjects, err
}

// accountKeys are the keys that seal what there is of subjects until it is erased.
func (a *App) accountKeys(ctx context.Context, subjects []string) (list []string, err error) {
	for _, s := range subjects {
		k, err := a.keys.KeyFor(ctx, s, "account")
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

func (a *App) putCertificate(ctx context.Context, tx Tx, c offboarding.Case, cert Certificate) error {
	plain, err := json.Marshal(cert)
	if err != nil {
		return fault.Wrap("app.putCertificate", err)
	}
	e := Erasure{Case: c.ID, Customer: c.Customer, ErasedAt: tx.Now()}
	if e.KeyID, err = a.keys.KeyFor(ctx, string(c.Customer), "evidence"); err != nil {
		return err
	}
	if e.Body, err = a.keys.Seal(ctx, e.KeyID, plain, []byte(c.ID)); err != nil {
		return err
	}
	return tx.PutErasure(ctx, e)
}

func (a *App) openCertificate(ctx context.Context, e Erasure) (c Certificate, err error) {
	plain, err := a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.Case))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

// certificateOf reads the certificate of a departure; nil while there is none.
func (a *App) certificateOf(ctx context.Context, tx Tx, c offboarding.CaseID) (*Certificate, error) {
	e, err := tx.FindErasure(ctx, c)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil, nil
	case err != nil || e.DestroyedAt.IsZero():
		return nil, err
	}
	cert, err := a.openCertificate(ctx, e)
	return &cert, err
}

// answerable refuses with the code, as Blocked, what whoever holds a link of a
// departure would still say once they were erased.
func (a *App) answerable(ctx context.Context, tx Tx, c offboarding.CaseID, over string) error {
	x, err := tx.FindCase(ctx, c)
	if err != nil {
		return err
	}
	gone, err := wasErased(ctx, tx, x.Customer)
	if err == nil && gone {
		err = fault.New(fault.Blocked, over)
	}
	return err
}

// OpenCertificate gathers the certificate behind the token of a private page.
func (a *App) OpenCertificate(ctx context.Context, token, lang string) (out Paper, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		if lang == "" {
			c, err := tx.FindCase(ctx, l.Case)
			if err != nil {
				return err
			}
			lang = c.Language
		}
		if out, err = a.casePaper(ctx, tx, "certificate", lang, l.Case); err != nil {
			return err
		}
		return a.addCertificate(ctx, tx, &out, l.Case)
	})
	return out, err
}

// CertificateFile is the certificate behind the token of a private page as
// programs read it, the second one where nothing that stayed is left: the very
// bytes whose SHA-256 is in the log.
func (a *App) CertificateFile(ctx context.Context, token string) (code string, file []byte, err error) {
	err = a.store.View(ctx, func(tx Tx) error {
		l, err := a.link(ctx, tx, token, "case")
		if err != nil {
			return err
		}
		c, err := a.certificateOf(ctx, tx, l.Case)
		if err != nil {
			return err
		}
		if c == nil {
			return fault.New(fault.NotFound, "not_found")
		}
		e, err := tx.FindErasure(ctx, l.Case)
		if err != nil {
			return err
		}
		code = c.Code
		if e.CompletedAt.IsZero() {
			file, err = a.keys.Open(ctx, e.KeyID, e.Body, []byte(e.Case))
			return err
		}
		all, err := tx.RetainedOf(ctx, l.Case)
		if err != nil {
			return err
		}
		file, err = secondCertificate(*c, all)
		return err
	})
	return code, file, err
}

// addCertificate puts the certificate into a paper, with the proof of its own
// entry in the log.
func (a *App) addCertificate(ctx context.Context, tx Tx, p *Paper, c offboarding.CaseID) (err error) {
	if p.Certificate, err = a.certificateOf(ctx, tx, c); err != nil {
		return err
	}
	if p.Certificate == nil {
		return fault.New(fault.NotFound, "not_found")
	}
	all, err := tx.RetainedOf(ctx, c)
	if err != nil {
		return err
	}
	e, err := tx.FindErasure(ctx, c)
	if err != nil {
		return err
	}
	if p.KeptAddress, err = a.keptAddress(ctx, tx, e.Customer); err != nil {
		return err
	}
	entry := "certificate.issued"
	if p.Stayed, p.Completed = stayed(all), e.CompletedAt; !p.Completed.IsZero() {
		entry = "certificate.completed"
	}
	p.Proof, err = a.proofOf(ctx, tx, c, entry)
	return err
}
