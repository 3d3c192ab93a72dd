package connector

// OnBehalf is somebody who holds data of customers for the company, a processor in the
// words of the GDPR, and whose erasing nobody can read back: they are asked to erase,
// and only their receipt says that it was done. Nothing here is called.
type OnBehalf struct {
	Title        string            // who that is, as certificates name them
	Email        string            // where they are asked; empty: a person asks them
	Ask          map[string]string // how a person asks them, by language; where there is no Email
	Language     string            // in which they are written to; empty: that of the company
	Days         int               // within which their receipt is expected
	Keys         [][]byte          // Ed25519, 32 bytes each: with which they sign receipts in JSON
	Certificates [][]byte          // SHA-256 of those with which they sign receipts in PDF
	Holdings     []Holding         // in the order of the declaration
}

// Signs reports whether a key is known with which they sign their receipts.
func (p OnBehalf) Signs() bool { return len(p.Keys)+len(p.Certificates) > 0 }
