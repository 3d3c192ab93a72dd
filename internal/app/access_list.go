package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hastaluego/internal/audit"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// AccessStage is what was done to an access.
type AccessStage string

// The stages, in their order.
const (
	StageFound    AccessStage = "found"     // a system listed it, and nobody had it on the inventory
	StageDecided  AccessStage = "decided"   // somebody said whose it is
	StagePlan     AccessStage = "plan"      // its turn came in the plan
	StageControl  AccessStage = "control"   // it was tried before, and got in or not
	StageNarrowed AccessStage = "narrowed"  // it was left to read what is to be fetched, and to change nothing
	StageAct      AccessStage = "act"       // it was closed
	StageRead     AccessStage = "read_back" // the system says that it is closed
	StageTest     AccessStage = "test"      // it was tried, and is refused
	StageAttested AccessStage = "attested"  // a person answers for it
	StageRetest   AccessStage = "retest"    // it was tried again days later, closed or left to read
	StageUndone   AccessStage = "undone"    // it was opened again on purpose
	StageBefore   AccessStage = "before"    // it was closed already
	StageOpen     AccessStage = "open"      // nothing closed it
)

// AccessListRow is one thing that was done to one access, by whom, when, and with
// which evidence.
type AccessListRow struct {
	System   string      `json:"system"`
	Account  string      `json:"account"` // its id once it was erased
	Kind     string      `json:"kind,omitempty"`
	Ours     bool        `json:"ours,omitempty"`
	Stage    AccessStage `json:"stage"`
	At       string      `json:"at,omitempty"` // RFC 3339
	By       string      `json:"by"`           // engine, usr_…
	Name     string      `json:"name,omitempty"`
	Result   string      `json:"result,omitempty"` // status of a try; of a retest closed, open, read_only, writes or unclear; of a decision theirs or not_theirs
	Why      string      `json:"why,omitempty"`    // code of why it proves no more (docs/reference/codes.md)
	Days     int         `json:"days,omitempty"`   // of a retest: so long after it was closed
	Step     string      `json:"step,omitempty"`
	Evidence string      `json:"evidence_sha256,omitempty"` // of the evidence as it is kept
	Body     string      `json:"answer_sha256,omitempty"`   // of what the system answered to a try
	Entry    string      `json:"entry,omitempty"`           // of the log
	Index    *int64      `json:"index,omitempty"`           // of the entry in the log

	at time.Time
}

// AccessList is the list of a departure.
type AccessList struct {
	Code     string          `json:"code"`
	Company  string          `json:"company"`
	Playbook string          `json:"playbook"`
	MadeAt   string          `json:"made_at"`
	MadeBy   string          `json:"made_by"`
	Rows     []AccessListRow `json:"rows"`
}

// ListAccess lists who did what to the accesses of a departure, signed with the
// key of the log, with the proofs that the entries stand in it. Whoever has the
// log's public key checks it without us.
func (a *App) ListAccess(ctx context.Context, by Actor, cid offboarding.CaseID) (code string, raw []byte, err error) {
	if err := by.CanRead("case"); err != nil {
		return "", nil, err
	}
	if a.signNote == nil {
		return "", nil, fault.New(fault.NotFound, "not_found")
	}
	var list AccessList
	var proofs []audit.Receipt
	err = a.store.View(ctx, func(tx Tx) error {
		list, proofs, err = a.accessList(ctx, tx, by, cid)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	body, err := json.Marshal(list)
	if err != nil {
		return "", nil, fault.Wrap("app.ListAccess", err)
	}
	note, err := a.signNote(list.Code, body)
	if err != nil {
		return "", nil, err
	}
	raw, err = audit.List{Code: list.Code, Body: body, Note: note, Proofs: proofs}.JSON()
	if err != nil {
		return "", nil, fault.Wrap("app.ListAccess", err)
	}
	sum := sha256.Sum256(raw)
	return list.Code, raw, a.tx(ctx, func(tx Tx) error {
		c, err := tx.FindCase(ctx, cid)
		if err != nil {
			return err
		}
		return a.record(ctx, tx, fact{"access.listed", by.ID, string(cid), string(c.Customer), map[string]any{"rows": len(list.Rows), "sha256": hex.EncodeToString(sum[:])}})
	})
}

// listing is an access list being made.
type listing struct {
	grants  map[string]customer.Grant
	users   map[string]string
	entries map[string]TimelineEntry // by what they are of
	rows    []AccessListRow
}

func (a *App) accessList(ctx context.Context, tx Tx, by Actor, cid offboarding.CaseID) (list AccessList, proofs []audit.Receipt, err error) {
	p, err := tx.FindPlan(ctx, cid)
	if err != nil {
		return list, nil, err
	}
	l := listing{grants: map[string]customer.Grant{}, entries: map[string]TimelineEntry{}}
	all, err := tx.GrantsOf(ctx, p.Case.Customer)
	if err != nil {
		return list, nil, err
	}
	for _, g := range all {
		l.grants[string(g.ID)] = g
	}
	if l.users, err = names(ctx, tx); err != nil {
		return list, nil, err
	}
	works, err := tx.WorksOf(ctx, cid)
	if err != nil {
		return list, nil, err
	}
	entries, err := a.timeline(ctx, tx, allEntries, string(cid))
	if err != nil {
		return list, nil, err
	}
	for _, e := range slices.Backward(entries) { // oldest first: the newest of a kind stays
		l.remember(e)
	}
	touched := map[string]bool{}
	for _, w := range works {
		switch w.Kind {
		case narrowKind:
			l.work(p, w, StageNarrowed)
		case "revoke_access":
			l.work(p, w, StageAct)
			touched[w.Item] = true
		}
	}
	for _, w := range works {
		if w.Kind == RetestKind && w.State == offboarding.WorkDone {
			l.retest(works, w)
		}
	}
	of, err := a.outside(ctx, tx, p.Case.Customer) // whoever decides does so at the customer
	if err != nil && !keyDestroyed(err) {
		return list, nil, err
	}
	decided := make([]TimelineEntry, 0, len(of))
	for _, e := range of {
		if e.Type == "grant.taken_on" || e.Type == "grant.foreign" {
			decided = append(decided, TimelineEntry{LogEntry: e, Args: a.openBody(ctx, e)})
		}
	}
	l.found(entries, decided)
	l.afterDecided()
	for i := range p.Steps {
		for _, g := range l.byHand(&p.Steps[i]) {
			touched[g] = true
		}
	}
	for _, g := range all {
		if !touched[string(g.ID)] {
			row := l.row(string(g.ID), StageOpen, time.Time{}, "engine")
			if row.Result = string(g.Status); g.Status == customer.Revoked {
				row.Stage = StageBefore
			}
			l.rows = append(l.rows, row)
		}
	}
	order := []AccessStage{StageFound, StageDecided, StageRetest, StagePlan, StageControl, StageNarrowed, StageAct, StageRead, StageTest, StageAttested, StageUndone, StageBefore, StageOpen}
	slices.SortStableFunc(l.rows, func(x, y AccessListRow) int {
		return cmp.Or(cmp.Compare(x.System, y.System), cmp.Compare(x.Account, y.Account), x.at.Compare(y.at), cmp.Compare(slices.Index(order, x.Stage), slices.Index(order, y.Stage)))
	})
	list = AccessList{
		Code: p.Case.Code, Company: a.Company().Name, Playbook: p.Case.Playbook, MadeAt: tx.Now().UTC().Format(time.RFC3339), MadeBy: by.ID, Rows: l.rows,
	}
	seen := map[string]bool{}
	for _, r := range l.rows {
		if r.Entry == "" || seen[r.Entry] {
			continue
		}
		seen[r.Entry] = true
		proof, err := tx.Proof(ctx, r.Entry)
		if fault.KindOf(err) == fault.NotFound && err != nil { // of the last moment: no checkpoint has it yet
			continue
		}
		if err != nil {
			return list, nil, err
		}
		proofs = append(proofs, receiptOf(p.Case.Code, proof))
	}
	return list, proofs, nil
}

// receiptOf is a proof as it is kept.
func receiptOf(code string, p LogProof) audit.Receipt {
	r := audit.Receipt{Code: code, Entry: p.Entry, Index: p.Index, Size: p.Size, Leaf: tlog.Hash(p.Leaf), Root: tlog.Hash(p.Root), Checkpoint: p.Checkpoint}
	for _, h := range p.Path {
		r.Path = append(r.Path, tlog.Hash(h))
	}
	return r
}

// remember keeps an entry of the log under what it is of.
func (l *listing) remember(e TimelineEntry) {
	get := func(k string) string { s, _ := e.Args[k].(string); return s }
	switch e.Type {
	case "work.called", "work.done", "work.verified", "work.attested", "work.undone":
		l.entries[e.Type+" "+get("work")] = e
	case "access.retested", "access.reopened", "access.still_read_only", "access.widened", "access.retest_unclear":
		l.entries["retest "+get("work")] = e
	case "step.ready":
		l.entries[e.Type+" "+get("step")] = e
	case "item.ticked":
		l.entries[e.Type+" "+get("step")+" "+get("item")] = e
	}
}

func (l *listing) row(grant string, stage AccessStage, at time.Time, by string) AccessListRow {
	g, known := l.grants[grant]
	r := AccessListRow{System: g.System, Account: g.Account, Kind: g.Kind, Ours: g.Ours, Stage: stage, At: stamp(at), By: by, Name: l.users[by], at: at}
	if !known {
		r.Account = grant
	}
	return r
}

// add adds a row with the evidence and its entry in the log.
func (l *listing) add(r AccessListRow, evidence, entry string) {
	if evidence != "" {
		sum := sha256.Sum256([]byte(evidence))
		r.Evidence = hex.EncodeToString(sum[:])
	}
	if e, ok := l.entries[entry]; ok {
		r.Entry = e.ID
		if e.Index >= 0 {
			r.Index = &e.Index
		}
	}
	l.rows = append(l.rows, r)
}

// afterDecided has the first look at an access that was found come after what was decided
// about it: until then it waited, though the turn of its step had come.
func (l *listing) afterDecided() {
	name := func(r AccessListRow) [2]string { return [2]string{r.System, r.Account} }
	at := map[[2]string]time.Time{}
	for _, r := range l.rows {
		if r.Stage == StageDecided {
			at[name(r)] = r.at
		}
	}
	for i := range l.rows {
		if r := &l.rows[i]; r.Stage == StageControl && at[name(*r)].After(r.at) {
			r.at = at[name(*r)]
		}
	}
}

// work lists what became of an access that a system closed, or left to read: act is
// the stage of that.
func (l *listing) work(p offboarding.Plan, w offboarding.Work, act AccessStage) {
	key, ready := "", time.Time{}
	for _, s := range p.Steps {
		if s.ID != w.Step {
			continue
		}
		key, ready = s.Key, s.ReadyAt
		r := l.row(w.Item, StagePlan, s.ReadyAt, "engine")
		r.Step, r.Result = s.Key, p.Case.Playbook
		l.add(r, "", "step.ready "+s.Key)
	}
	put := func(stage AccessStage, at time.Time, by, result, body, evidence, entry string) {
		r := l.row(w.Item, stage, at, by)
		switch stage { // what a far system's clock says orders nothing
		case StageControl:
			r.at = ready
		case StageTest:
			r.at = w.VerifiedAt
		default:
		}
		r.System, r.Step, r.Result, r.Body = cmp.Or(r.System, w.System), key, result, body
		l.add(r, evidence, entry+" "+string(w.ID))
	}
	proof := step.ProofOf(w.Evidence)
	before := proof.Control
	if before == nil {
		before = step.ProofOf(w.Before).Control
	}
	if before != nil {
		result := "refused " + before.Status
		if before.In {
			result = "in " + before.Status
		}
		put(StageControl, before.At, "engine", result, before.SHA256, w.Before, "work.called")
	}
	if w.State == offboarding.WorkAttested {
		var said struct {
			By string `json:"attested_by"`
		}
		if json.Unmarshal([]byte(w.Evidence), &said) != nil || said.By == "" {
			said.By = "engine"
		}
		put(StageAttested, w.DoneAt, said.By, "", "", w.Evidence, "work.attested")
		return
	}
	if !w.DoneAt.IsZero() {
		put(act, w.DoneAt, "engine", w.Undo, "", w.CallHash, "work.done")
	}
	if !w.VerifiedAt.IsZero() {
		put(StageRead, w.VerifiedAt, "engine", "", "", string(proof.Read), "work.verified")
		l.rows[len(l.rows)-1].Why = proof.Why
		if proof.Proof == step.NegativeTest && proof.Probe != nil {
			put(StageTest, proof.Probe.At, "engine", "refused "+proof.Probe.Status, proof.Probe.SHA256, w.Evidence, "work.verified")
		}
	}
	if !w.UndoneAt.IsZero() {
		put(StageUndone, w.UndoneAt, "engine", "", "", w.Evidence, "work.undone")
	}
}

// retest lists a try of days later.
func (l *listing) retest(works []offboarding.Work, w offboarding.Work) {
	closed, days, _ := strings.Cut(w.Item, ":")
	i := slices.IndexFunc(works, func(x offboarding.Work) bool { return string(x.ID) == closed })
	if i < 0 {
		return
	}
	r := l.row(works[i].Item, StageRetest, w.DoneAt, "engine")
	r.System = cmp.Or(r.System, w.System)
	r.Days, _ = strconv.Atoi(days)
	if e, ok := l.entries["retest "+string(w.ID)]; ok { // what it led to may be done before it is noted as done
		r.at = e.At
	}
	proof := step.ProofOf(w.Evidence)
	switch {
	case w.LastError == "" && proof.ReadOnly:
		r.Result = "read_only"
	case w.LastError == "":
		r.Result = "closed"
	case !openAgain(w.LastError):
		r.Result, r.Why = "unclear", w.LastError
	case works[i].Kind == narrowKind:
		r.Result = "writes"
	default:
		r.Result = "open"
	}
	if proof.Probe != nil {
		r.Body = proof.Probe.SHA256
	}
	l.add(r, w.Evidence, "retest "+string(w.ID))
}

// found lists the accesses that the departure found and nobody had on the
// inventory, and who said afterwards whose they are. entries are those of the
// departure, newest first; decided, oldest first, are those of the customer.
func (l *listing) found(entries, decided []TimelineEntry) {
	ids := map[string]string{}
	for id, g := range l.grants {
		ids[g.Name()] = id
	}
	add := func(e TimelineEntry, stage AccessStage, result, why string) {
		name, _ := e.Args["name"].(string)
		grant, known := ids[name]
		if !known { // it was erased, and the log tells no name any more
			return
		}
		r := l.row(grant, stage, e.At, e.Actor)
		r.Result = result
		l.entries[e.ID] = e
		l.add(r, why, e.ID)
	}
	since := map[string]time.Time{}
	for _, e := range slices.Backward(entries) {
		if name, _ := e.Args["name"].(string); e.Type == "grant.found" {
			if _, twice := since[name]; !twice {
				since[name] = e.At
			}
			add(e, StageFound, "", "")
		}
	}
	for _, e := range decided {
		name, _ := e.Args["name"].(string)
		if at, here := since[name]; !here || e.At.Before(at) {
			continue
		}
		why, _ := e.Args["evidence"].(string)
		result := "theirs"
		if e.Type == "grant.foreign" {
			result = "not_theirs"
		}
		add(e, StageDecided, result, why)
	}
}

// byHand lists what people ticked as closed, and says which accesses the step is
// about.
func (l *listing) byHand(s *offboarding.Step) (about []string) {
	if !byPeople(*s) {
		return nil
	}
	for _, it := range s.Items {
		if !strings.HasPrefix(it.Key, "gra_") {
			continue
		}
		about = append(about, it.Key)
		r := l.row(it.Key, StagePlan, s.ReadyAt, "engine")
		r.Step = s.Key
		l.add(r, "", "step.ready "+s.Key)
		if it.Ticked {
			r := l.row(it.Key, StageAttested, it.At, it.By)
			r.Step = s.Key
			l.add(r, it.Evidence, "item.ticked "+s.Key+" "+it.Key)
		}
	}
	return about
}
