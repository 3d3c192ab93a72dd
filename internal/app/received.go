package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/reply"
)

// Received is a letter that a customer answered with, or a form that they
// mailed, read in by somebody of the company. The letter is sealed as evidence
// of what was done on its strength.
type Received struct {
	ID       string // rcv_…
	SHA256   string // of the letter; where the same words were pasted once more, of them and the id
	State    string // read, meant, aside
	Meaning  reply.Meaning
	Customer customer.ID // empty: nobody was found
	Request  offboarding.RequestID
	Case     offboarding.CaseID
	ReadAt   time.Time
	ReadBy   string
	OverAt   time.Time
	OverBy   string
	KeyID    string
	Body     []byte // sealed
	Version  int64
}

// ReceivedTx keeps them.
type ReceivedTx interface {
	// PutReceived stores a new one (Version 0), which is fault.Conflict when its sum
	// is there, or, by Version, changes one.
	PutReceived(ctx context.Context, r Received) error
	FindReceived(ctx context.Context, id string) (Received, error)
	ReceivedBySum(ctx context.Context, sum string) ([]Received, error) // one or none
	ReceivedOf(ctx context.Context, c customer.ID) ([]Received, error) // oldest first
	OpenReceived(ctx context.Context, limit int) ([]Received, error)   // that nobody decided about
}

// receivedMost is how many open ones are listed.
const receivedMost = 50

// ReadIn reads in a letter, or words that were pasted. The same letter again
// is the one that is there; the same words again are others, once it was decided
// what the first ones mean: «Sí, confirmo» is what many write.
func (a *App) ReadIn(ctx context.Context, by Actor, raw []byte) (rid string, err error) {
	if err := by.mayReadIn(); err != nil {
		return "", err
	}
	r, err := readReply(raw)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	x := Received{ID: id.New("rcv"), State: "read", ReadBy: by.real()}
	err = a.tx(ctx, func(tx Tx) error {
		x.SHA256 = hex.EncodeToString(sum[:])
		if old, err := tx.ReceivedBySum(ctx, x.SHA256); err != nil {
			return err
		} else if len(old) > 0 {
			if old[0].State == "read" || r.From != "" || r.ID != "" {
				rid = old[0].ID
				return nil
			}
			again := sha256.Sum256(append(slices.Clone(raw), x.ID...))
			x.SHA256 = hex.EncodeToString(again[:])
		}
		x.Customer, x.Request, x.Case = "", "", ""
		if err := a.whose(ctx, tx, &x, r); err != nil {
			return err
		}
		subject := string(x.Customer)
		if subject == "" {
			subject = x.ID
		}
		if x.KeyID, x.Body, err = a.sealFor(ctx, subject, x.ID, raw); err != nil {
			return err
		}
		x.ReadAt = tx.Now()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		rid = x.ID
		return a.record(ctx, tx, fact{"mail.read", by.ID, x.stream(), subject, map[string]any{"received": x.ID, "sha256": x.SHA256, "from": r.From, "subject": r.Subject}})
	})
	return rid, err
}

// mayReadIn refuses programs: a person looks at what came.
func (a Actor) mayReadIn() error {
	if err := a.person(); err != nil {
		return err
	}
	return a.may("note")
}

func (x Received) stream() string {
	if x.Case != "" {
		return string(x.Case)
	}
	return string(x.Request)
}

// readReply reads a letter in its file format, or else as words.
func readReply(raw []byte) (reply.Reply, error) {
	if strings.TrimSpace(string(raw)) == "" {
		return reply.Reply{}, fault.New(fault.Invalid, "field.required").On("text")
	}
	r, err := reply.Parse(raw)
	if fault.KindOf(err) != fault.Invalid {
		return r, err
	}
	return reply.Text(string(raw)), nil
}

// whose finds the request and the departure that a letter names, or the only
// customer with its sender on file.
func (a *App) whose(ctx context.Context, tx Tx, x *Received, r reply.Reply) error {
	for _, code := range r.Codes() {
		q, err := tx.FindRequestByCode(ctx, code)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		x.Request, x.Customer, x.Case = q.ID, q.Customer, q.Case
		return nil
	}
	from := r.From
	if account := r.Form["account"]; account != "" {
		from = account
	}
	if from == "" {
		return nil
	}
	list, err := tx.CustomersByEmail(ctx, customer.FoldEmail(from))
	if list = realFirst(list); err != nil || len(list) != 1 {
		return err
	}
	return a.ofCustomer(ctx, tx, x, list[0].ID)
}

// ofCustomer ties a letter to a customer, and to their departure if one is open.
func (a *App) ofCustomer(ctx context.Context, tx Tx, x *Received, cus customer.ID) error {
	x.Customer = cus
	cases, err := tx.CasesOf(ctx, cus)
	if i := slices.IndexFunc(cases, func(c offboarding.Case) bool { return c.State.Open() }); i >= 0 {
		x.Case, x.Request = cases[i].ID, cases[i].Request
	}
	return err
}

// replyKey is what a letter to the address on file asks to be left in the
// answer: whoever quotes it has read that letter.
func (a *App) replyKey(m Message) string {
	b := a.ofLetter(m, "reply")
	half := func(b []byte) string { return strings.ToLower(strings.TrimPrefix(id.CodeOf([8]byte(b)), "HL-")) }
	return half(b[:8]) + "-" + half(b[8:16])
}

// TieReceived says whose a letter is that nobody was found for: by the code of a
// departure, or the number of a customer.
func (a *App) TieReceived(ctx context.Context, by Actor, rid, whose string) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	whose, wrong := customer.CheckText("whose", whose, 200, false)
	if wrong == nil && whose == "" {
		wrong = fault.New(fault.Invalid, "field.required").On("whose")
	}
	if wrong != nil {
		return wrong
	}
	return a.tx(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil {
			return err
		}
		if x.State != "read" || x.Customer != "" {
			return fault.New(fault.Blocked, "reply.over")
		}
		if err := a.whose(ctx, tx, &x, reply.Text(whose)); err != nil {
			return err
		}
		if x.Customer == "" {
			cus, err := tx.FindCustomerByReference(ctx, whose)
			if fault.KindOf(err) == fault.NotFound {
				return fault.New(fault.Invalid, "reply.nobody").On("whose")
			}
			if err != nil {
				return err
			}
			if err := a.ofCustomer(ctx, tx, &x, cus.ID); err != nil {
				return err
			}
		}
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"mail.tied", by.ID, x.stream(), string(x.Customer), map[string]any{"received": x.ID, "customer": string(x.Customer)}})
	})
}

// SetAside says that a letter is none of those.
func (a *App) SetAside(ctx context.Context, by Actor, rid string) error {
	if err := by.mayReadIn(); err != nil {
		return err
	}
	return a.tx(ctx, func(tx Tx) error {
		x, err := tx.FindReceived(ctx, rid)
		if err != nil || x.State == "aside" {
			return err
		}
		if x.State != "read" {
			return fault.New(fault.Blocked, "reply.over")
		}
		x.State, x.OverAt, x.OverBy = "aside", tx.Now(), by.real()
		if err := tx.PutReceived(ctx, x); err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"mail.set_aside", by.ID, x.stream(), house, map[string]any{"received": x.ID}})
	})
}
