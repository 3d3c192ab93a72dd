package connector

import "context"

// Holding is one thing that a system keeps of its customers, as the data map of
// the company declares it: which fields, why it has them, and what becomes of them.
type Holding struct {
	Name     string            // as it is called in the map: "invoices"
	Titles   map[string]string // for people, by language
	Fields   []string          // what is in it, as the company calls it
	Category Category
	Role     DataRole
	Purposes map[string]string // what it is used for, by language; may be empty
	Basis    Basis
	After    After
	Years    int               // calendar years after the year of the end for which it stays; for Block and Keep
	Why      map[string]string // the law that keeps it, by language; for Block and Keep
}

// Category says what kind of data it is.
type Category string

// The categories of data.
const (
	Identity      Category = "identity"
	Contacts      Category = "contact"
	Invoicing     Category = "billing"
	Content       Category = "content"
	Usage         Category = "usage"
	Communication Category = "communication"
	Credentials   Category = "credential"
	OtherData     Category = "other"
)

// DataRole says whose the data are in the words of the GDPR.
type DataRole string

// The roles.
const (
	Controller DataRole = "controller" // the company decides what they are for
	Processor  DataRole = "processor"  // the client does: they are erased in full
)

// Basis is why the company may have them (GDPR art. 6), or keep them.
type Basis string

// The bases.
const (
	ByContract Basis = "contract"
	ByLaw      Basis = "legal_obligation"
	ByConsent  Basis = "consent"
	ByInterest Basis = "legitimate_interest"
	ForClaims  Basis = "legal_claims"
)

// After is what becomes of a holding when the customer is erased (the classes of
// ISO/IEC 27555, and the bloqueo of LOPDGDD art. 32).
type After string

// What becomes of it.
const (
	Erase     After = "erase"
	Anonymise After = "anonymise" // what is left leads to nobody
	Block     After = "block"     // out of use at once, destroyed when its years are over
	Keep      After = "keep"      // in use until its years are over, and destroyed then
)

// The words of a data map.
var (
	Categories = []Category{Identity, Contacts, Invoicing, Content, Usage, Communication, Credentials, OtherData}
	DataRoles  = []DataRole{Controller, Processor}
	Bases      = []Basis{ByContract, ByLaw, ByConsent, ByInterest, ForClaims}
	Afters     = []After{Erase, Anonymise, Block, Keep}
)

// Stays reports whether some of it is there until a date.
func (h Holding) Stays() bool { return h.After == Block || h.After == Keep }

// HeldCount is how many records of an owner a system holds.
type HeldCount struct {
	Used    int `json:"used"`              // in use
	Blocked int `json:"blocked,omitempty"` // out of use, until they are destroyed
}

// EraseInput asks for the erasure of what is an owner's of a holding.
type EraseInput struct {
	Holding string
	Owner   string
	Key     string // stable over attempts
}

// Eraser is a system that erases what it holds of a customer, and says how much
// is left. The owner is the name by which the systems of the company know the
// customer. Errors are as Billing says; connector.rows_unexpected (Invalid) where
// other records would be reached than were counted: then nothing was changed.
type Eraser interface {
	Info() Info
	Holdings() []Holding // in the order of the declaration
	// CountHeld counts. It changes nothing; none is no error.
	CountHeld(ctx context.Context, holding, owner string) (HeldCount, error)
	// EraseHeld erases, anonymises or blocks what is in use, as the holding says.
	// Called again it finds nothing and changes nothing.
	EraseHeld(ctx context.Context, in EraseInput) (Receipt, error)
	// DestroyHeld destroys what was blocked or kept. Called again it changes nothing.
	DestroyHeld(ctx context.Context, in EraseInput) (Receipt, error)
}
