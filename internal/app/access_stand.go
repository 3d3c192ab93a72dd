package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
	"hastaluego/internal/when"
)

// AccessHow is how it is known that an access is closed, or that it is not.
type AccessHow string

// How an access stands: by what is known of one that is closed, then what is not.
const (
	AccessTried    AccessHow = "tried"     // what got in before is refused
	AccessRead     AccessHow = "read_back" // its system says so when it is read again
	AccessAttested AccessHow = "attested"  // a person answers for it
	AccessReading  AccessHow = "reading"   // it is left to read what is to be fetched, and can change nothing
	AccessOpen     AccessHow = "open"      // it is still to be closed
	AccessAgain    AccessHow = "again"     // it was closed, and lets in again
)

// AccessHows are all of them, in the order in which they are told.
var AccessHows = []AccessHow{AccessTried, AccessRead, AccessAttested, AccessReading, AccessOpen, AccessAgain}

// Closed reports whether the access is closed.
func (h AccessHow) Closed() bool { return h == AccessTried || h == AccessRead || h == AccessAttested }

var howProved = map[step.ProofKind]AccessHow{step.NegativeTest: AccessTried, step.ReadBack: AccessRead, step.Attested: AccessAttested}

// AccessStand is how one access of a departure stands.
type AccessStand struct {
	Grant customer.Grant
	How   AccessHow
	At    time.Time // when that was last seen; zero: not known, or still open
	Until when.Date // of one that is left to read: until the end of this day
	Best  AccessHow // how it can be known at best, at its system
}

// bestOf is how it can be known at best that an access at a system is closed. What no
// system closes, or one that nobody has tried, a person answers for.
func bestOf(s connector.System) AccessHow {
	switch {
	case s.Access == nil, s.Level == connector.Example:
		return AccessAttested
	case s.Prober != nil:
		return AccessTried
	}
	return AccessRead
}

// atBest says of each how it can be known.
func (a *App) atBest(stands []AccessStand) []AccessStand {
	for i := range stands {
		stands[i].Best = surer(bestOf(a.systems[stands[i].Grant.System]), stands[i].How)
	}
	return stands
}

// surer is what proves more of how it can be known now and how it was known: a system
// that is connected no more was tried all the same.
func surer(can, was AccessHow) AccessHow {
	if was.Closed() && slices.Index(AccessHows, was) < slices.Index(AccessHows, can) {
		return was
	}
	return can
}

// SystemName is what a customer is told that a system is; one that is not declared is
// called as the record has it.
func (a *App) SystemName(system, lang string) string {
	if s, known := a.systems[system]; known {
		return cmp.Or(offboarding.Worded(s.Titles, lang), system)
	}
	return system
}

// sighting is what was seen of an access at one moment.
type sighting struct {
	how     AccessHow
	at      time.Time
	pending bool // ticked, in a step that is not finished
}

// accessStands tells how the accesses stand that a departure closes, by system and
// account. A departure that has not begun to close any, that was taken back, or
// that was made up has none.
func accessStands(p offboarding.Plan, works []offboarding.Work, grants []customer.Grant) []AccessStand {
	if p.Case.Test || p.Case.State != offboarding.CaseOpen && p.Case.State != offboarding.CaseClosed || !closesAny(p) {
		return nil
	}
	var out []AccessStand
	for _, g := range grants {
		if s, told := standOf(p, works, g); told {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b AccessStand) int { return strings.Compare(a.Grant.Name(), b.Grant.Name()) })
	return out
}

// closesAny reports whether the turn of a step came that closes accesses, or
// narrows them.
func closesAny(p offboarding.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s offboarding.Step) bool {
		if s.Kind != narrowKind && s.Kind != "revoke_access" && !byPeople(s) {
			return false
		}
		switch s.State {
		case offboarding.StepWaiting, offboarding.StepSkipped, offboarding.StepCancelled, offboarding.StepUndoing, offboarding.StepUndone:
			return false
		}
		return true
	})
}

// byPeople reports whether people close accesses in the step.
func byPeople(s offboarding.Step) bool { return s.Kind == "close_access" || s.Kind == "own_access" }

// standOf is false for an access that the departure has nothing to do with: it was
// closed before, it is somebody else's, or nobody has decided whose it is.
func standOf(p offboarding.Plan, works []offboarding.Work, g customer.Grant) (s AccessStand, told bool) {
	seen := sightings(p, works, g.ID)
	var last sighting
	for _, x := range seen {
		// Trying again what was read back proves more, and reading what was tried
		// proves no less.
		if last.how == "" || x.how == AccessAgain || last.how == AccessAgain || slices.Index(AccessHows, x.how) <= slices.Index(AccessHows, last.how) {
			last = x
		}
	}
	s = AccessStand{Grant: g, How: last.how, At: last.at}
	switch g.Status {
	case customer.Revoked:
		if s.How == AccessAgain { // somebody wrote on the customer's page that it is closed
			s.How, s.At = AccessAttested, time.Time{}
		}
		return s, s.How != ""
	case customer.ReadOnly:
		if s.How == AccessAgain { // it was closed, and is left to read by a later decision
			s.At = time.Time{}
		}
		s.How, s.Until = AccessReading, p.Case.RetrievalEnd()
		return s, true
	case customer.Granted:
		if s.How == "" {
			s.How = AccessOpen
		} else if s.How != AccessAgain && !last.pending { // nobody tried: a file or a person said so
			s.How, s.At = AccessAgain, time.Time{}
		}
		return s, true
	case customer.Orphan: // a list had it; that it was closed before is known here only
		if s.How != AccessAgain {
			s.At = time.Time{}
		}
		told = s.How != ""
		s.How = AccessAgain
		return s, told
	}
	return s, false
}

// sightings are what a departure saw of an access, the oldest first.
func sightings(p offboarding.Plan, works []offboarding.Work, g customer.GrantID) (seen []sighting) {
	closed := map[string]bool{}
	for _, w := range works {
		if w.Kind != "revoke_access" || w.Item != string(g) {
			continue
		}
		proof, ok := proofOf(w)
		if !ok {
			continue
		}
		at := w.VerifiedAt
		if at.IsZero() {
			at = w.DoneAt
		}
		closed[string(w.ID)] = true
		seen = append(seen, sighting{how: howProved[proof.Proof], at: at})
	}
	for _, w := range works {
		if of, _, _ := strings.Cut(w.Item, ":"); w.Kind != RetestKind || !closed[of] || w.State != offboarding.WorkDone {
			continue
		}
		x := sighting{how: howProved[step.ProofOf(w.Evidence).Proof], at: w.DoneAt}
		switch {
		case openAgain(w.LastError):
			x.how = AccessAgain
		case w.LastError != "": // it could not be told
			continue
		}
		if x.how != "" { // else there was nothing to try any more
			seen = append(seen, x)
		}
	}
	for _, s := range p.Steps {
		held := s.Holds() || s.State == offboarding.StepReady || s.State == offboarding.StepRunning || s.State == offboarding.StepBlocked
		if !byPeople(s) || !held || ClosesAgain(s) && !s.Holds() { // what lets in again does so until it is closed
			continue
		}
		for _, it := range s.Items {
			if it.Key == string(g) && it.Ticked {
				seen = append(seen, sighting{how: AccessAttested, at: it.At, pending: !s.Holds()})
			}
		}
	}
	slices.SortStableFunc(seen, func(a, b sighting) int { return a.at.Compare(b.at) })
	return seen
}

// ofTheirs are the stands without those of our own accesses at their systems.
func ofTheirs(stands []AccessStand) (out []AccessStand) {
	for _, s := range stands {
		if !s.Grant.Ours {
			out = append(out, s)
		}
	}
	return out
}

// How sure it is that a departure that is over is: by the weakest of what is known.
const (
	SureVerified = "verified"
	SureAttested = "attested" // something rests on the word of a person
	SureReading  = "reading"  // an access is left to read, to take along what is theirs
	SureOpen     = "open"     // an access is left that is not closed
	SureAgain    = "again"    // an access that was closed lets in again
)

// ReadUntil is the last day on which accesses are left to read; zero: none is.
func (p Paper) ReadUntil() (until when.Date) {
	for _, s := range p.Accesses {
		if s.How == AccessReading {
			until = s.Until
		}
	}
	return until
}

// Sure says how sure what is behind in a paper is.
func (p Paper) Sure() string {
	has := func(how AccessHow) bool {
		return slices.ContainsFunc(p.Accesses, func(s AccessStand) bool { return s.How == how })
	}
	switch {
	case has(AccessAgain):
		return SureAgain
	case has(AccessOpen):
		return SureOpen
	case has(AccessReading):
		return SureReading
	case has(AccessAttested), slices.ContainsFunc(p.Milestones, func(m Milestone) bool { return m.Attested > 0 || m.Proof == string(step.Attested) }):
		return SureAttested
	}
	return SureVerified
}

// withAccesses has the stop of the accesses say how far they are, one by one: what
// people close is counted with what systems close, and it is not behind while one
// lets in again.
func withAccesses(list []Milestone, stands []AccessStand) []Milestone {
	i := slices.IndexFunc(list, func(m Milestone) bool { return m.Name == "access_closed" })
	if i < 0 || len(stands) == 0 {
		return list
	}
	m := &list[i]
	m.Part, m.Of = 0, len(stands)
	for _, s := range stands {
		switch {
		case s.How == AccessReading: // it is told with its day, and closed in its time
			m.Of--
			m.Reading++
		case s.How == AccessAttested:
			m.Attested++
			m.Part++
		case s.How.Closed():
			m.Part++
		case s.How == AccessAgain && (m.State == "done" || m.State == "verified"):
			m.State, m.Proof, m.Done, m.Verified = "now", "", time.Time{}, time.Time{}
		}
	}
	return list
}

// knownOf tells how it is known of each access of a customer that it is closed, or
// that it is open again, by the newest departure that closed it.
func knownOf(ctx context.Context, tx Tx, cases []offboarding.Case, grants []customer.Grant) (map[customer.GrantID]AccessStand, error) {
	out := map[customer.GrantID]AccessStand{}
	if len(grants) == 0 {
		return out, nil
	}
	for _, c := range cases { // newest first
		p, err := tx.FindPlan(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		works, err := tx.WorksOf(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range accessStands(p, works, grants) {
			if _, newer := out[s.Grant.ID]; !newer && s.How != AccessOpen {
				out[s.Grant.ID] = s
			}
		}
	}
	return out, nil
}

// knownByHand adds when a person wrote on the page of a customer that an access is
// closed, to those of which no departure knows it.
func (a *App) knownByHand(ctx context.Context, tx Tx, c customer.ID, grants []customer.Grant, known map[customer.GrantID]AccessStand) error {
	lacks := map[string]customer.Grant{}
	for _, g := range grants {
		if s, is := known[g.ID]; g.Status == customer.Revoked && (!is || s.At.IsZero()) {
			lacks[g.Name()] = g
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	entries, err := a.outside(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(entries) { // the newest first
		if e.Type != "grant.attested" {
			continue
		}
		name, _ := a.openBody(ctx, e)["name"].(string)
		if g, lacking := lacks[name]; lacking {
			known[g.ID] = AccessStand{Grant: g, How: AccessAttested, At: e.At}
			delete(lacks, name)
		}
	}
	return nil
}
