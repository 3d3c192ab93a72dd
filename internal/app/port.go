package app

import (
	"context"
	"time"

	"hastaluego/internal/achievement"
	"hastaluego/internal/audit"
	"hastaluego/internal/collection"
	"hastaluego/internal/customer"
	"hastaluego/internal/form"
	"hastaluego/internal/invitation"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/offer"
	"hastaluego/internal/relationship"
	"hastaluego/internal/when"
	"hastaluego/internal/winback"
)

// Store keeps everything. Tx runs fn in one transaction: all of it happens, or
// nothing; it may run fn again after a serialization failure, so fn has no
// effect outside the transaction and sets captured variables anew. View is a
// Tx that only reads and never waits for writers.
type Store interface {
	Tx(ctx context.Context, fn func(Tx) error) error
	View(ctx context.Context, fn func(Tx) error) error
	// Clock is the clock that all nodes of this database share.
	Now(ctx context.Context) (business, wall time.Time, err error)
	// Pace is how long one transaction of many may hold the database, and for how
	// long to leave it alone afterwards so that others get their turn; zero where
	// writers do not wait for each other.
	Pace() (hold, pause time.Duration)
	// Analyze lets the database look at its tables again, of which what it knew is
	// out of date once they have grown manifold.
	Analyze(ctx context.Context) error
}

// Tx is one transaction with one business instant and one wall instant.
// Find methods return fault.NotFound (code not_found) when there is none.
// Save methods compare Version, set it one higher in the database and return
// fault.Conflict (case.changed_meanwhile) when somebody was faster.
type Tx interface {
	Now() time.Time
	Wall() time.Time
	RequestTx
	CustomerTx
	CaseTx
	WorkTx
	MessageTx
	LinkTx
	BlobTx
	BundleTx
	NoteTx
	AnswerTx
	RelationshipTx
	ObligationTx
	MetricTx
	WinbackTx
	HoldTx
	ImprovementTx
	EndingTx
	LaneTx
	MemberTx
	ApprovalTx
	ReceivedTx
	HandoverTx
	ActTx
	EraseTx
	RetainedTx
	ContactTx
	OrderTx
	AskedTx
	BucketTx
	CopyTx
	PushTx
	RiskTx
	EffortTx
	WorthTx
	ReasonTx
	ReasonMatrixTx
	ThemeTx
	EvaluationTx
	ImportTx
	UploadTx
	ChangeTx
	UndoingTx
	OfferTx
	ExperimentTx
	PolicyTx
	InvitationTx
	VoiceTx
	PlaybookTx
	FlowTx
	StaffTx
	TryTx
	ToldTx
	SystemSecretTx
	KeyTx
	OnceTx
	PageTx
	WebhookTx
	AuditTx
	EvidenceTx
	SettingTx
	CompanyTx
	TestTx
	WayTx
	WithdrawalTx
	StatementTx
	BooksTx
	StrayTx
	CollectionTx
	AccessReportTx
	LawTx
	DocumentTx
	NoticeTx
	ExitTx
}

// RequestTx keeps requests.
type RequestTx interface {
	// InsertRequest stores a new request, unless one with its nonce exists:
	// then it returns that one and false. A code that another has is
	// fault.Invalid, request.code_taken.
	InsertRequest(ctx context.Context, r offboarding.Request) (stored offboarding.Request, inserted bool, err error)
	FindRequest(ctx context.Context, id offboarding.RequestID) (offboarding.Request, error)
	FindRequestByCode(ctx context.Context, code string) (offboarding.Request, error)
	SaveRequest(ctx context.Context, r *offboarding.Request) error
	// RequestsOf returns the requests for the departure, oldest first.
	RequestsOf(ctx context.Context, c offboarding.CaseID) ([]offboarding.Request, error)
	// ListUnmatched returns requests in state received, oldest first.
	ListUnmatched(ctx context.Context, limit, offset int) ([]offboarding.Request, error)
}

// CustomerFilter selects customers; zero fields do not select.
type CustomerFilter struct {
	Query   string // words that the name, reference, address or a number elsewhere begin with
	Segment string
	Country string
	Kind    customer.Kind
	Leaving bool // has a case that is not over
	After   string
	Limit   int
}

// CustomerTx keeps customers and what they have. Insert methods store what is
// new, leave alone what is there already (by reference; contacts by customer and
// folded address; grants by system and account; assets by customer and
// reference; numbers by system and value) and say how many they stored.
type CustomerTx interface {
	InsertCustomers(ctx context.Context, list ...FoundCustomer) (stored int, err error)
	InsertContacts(ctx context.Context, list ...customer.Contact) (stored int, err error)
	InsertExternalIDs(ctx context.Context, list ...customer.ExternalID) (stored int, err error)
	InsertSubscriptions(ctx context.Context, list ...customer.Subscription) (stored int, err error)
	InsertGrants(ctx context.Context, list ...customer.Grant) (stored int, err error)
	InsertAssets(ctx context.Context, list ...customer.Asset) (stored int, err error)
	// Backdate says since when a contract is on record; PutPast says what one was
	// until an instant, unless that is known.
	Backdate(ctx context.Context, id customer.SubscriptionID, at time.Time) error
	PutPast(ctx context.Context, p PastPrice) error
	// InsertDeliverables leaves alone what the engagement has under that title.
	InsertDeliverables(ctx context.Context, list ...customer.Deliverable) (stored int, err error)
	SaveDeliverable(ctx context.Context, d customer.Deliverable) error
	DeliverablesOf(ctx context.Context, ids ...customer.ID) ([]customer.Deliverable, error)
	InsertBalances(ctx context.Context, list ...customer.Balance) (stored int, err error)

	// SaveCustomer compares Version and keeps the words that the customer is
	// found by. The other Save methods say fault.Conflict where the record is
	// gone, or has not the status that it had (was).
	SaveCustomer(ctx context.Context, c *FoundCustomer) error
	SaveContact(ctx context.Context, c customer.Contact) error
	SaveSubscription(ctx context.Context, s customer.Subscription, was customer.Status) error
	SaveGrant(ctx context.Context, g customer.Grant, was customer.GrantStatus) error
	SaveAsset(ctx context.Context, a customer.Asset) error
	SaveBalance(ctx context.Context, b customer.Balance, was customer.BalanceStatus) error
	SetSubscriptionStatus(ctx context.Context, id customer.SubscriptionID, s customer.Status) error
	SetGrantStatus(ctx context.Context, id customer.GrantID, s customer.GrantStatus) error
	SetBalanceStatus(ctx context.Context, id customer.BalanceID, s customer.BalanceStatus) error
	DeleteContact(ctx context.Context, id customer.ContactID) error
	DeleteExternalID(ctx context.Context, x customer.ExternalID) error

	FindCustomer(ctx context.Context, id customer.ID) (customer.Customer, error)
	FindCustomerByReference(ctx context.Context, reference string) (customer.Customer, error)
	ContactsOf(ctx context.Context, ids ...customer.ID) ([]customer.Contact, error)
	ExternalIDsOf(ctx context.Context, ids ...customer.ID) ([]customer.ExternalID, error) // by system and value
	SubscriptionsOf(ctx context.Context, ids ...customer.ID) ([]customer.Subscription, error)
	// UsualCurrency is the one that most of the newest thousand subscriptions are
	// paid in; empty if there are none.
	UsualCurrency(ctx context.Context) (string, error)
	// AnyCharged reports whether a live contract is not work which was agreed.
	AnyCharged(ctx context.Context) (bool, error)
	GrantsOf(ctx context.Context, ids ...customer.ID) ([]customer.Grant, error)
	AssetsOf(ctx context.Context, ids ...customer.ID) ([]customer.Asset, error)
	BalancesOf(ctx context.Context, ids ...customer.ID) ([]customer.Balance, error) // by due date

	// Many at once, by what names them; what is not there is not in the answer.
	CustomersByReference(ctx context.Context, references ...string) ([]customer.Customer, error)
	FindSubscription(ctx context.Context, id customer.SubscriptionID) (customer.Subscription, error)
	SubscriptionsByReference(ctx context.Context, references ...string) ([]customer.Subscription, error)
	BalancesByReference(ctx context.Context, references ...string) ([]customer.Balance, error)
	GrantsByName(ctx context.Context, names ...customer.Grant) ([]customer.Grant, error)                // by System and Account
	ExternalIDsByName(ctx context.Context, names ...customer.ExternalID) ([]customer.ExternalID, error) // by System and Value

	// ListCustomers returns customers, and where to go on (After), empty at the
	// end: by the word that matched where there is a Query, else
	// by name.
	ListCustomers(ctx context.Context, f CustomerFilter) (list []customer.Customer, next string, err error)
	// CountCustomers counts what the filter selects, but no further than most.
	CountCustomers(ctx context.Context, f CustomerFilter, most int) (int, error)
	// CustomersByEmail returns the customers that have the folded address on
	// file with a role that may end contracts (owner, billing or admin).
	CustomersByEmail(ctx context.Context, folded string) ([]customer.Customer, error)
	// Segments returns the segments that were ever used, in order; NoteSegments
	// remembers them.
	Segments(ctx context.Context, limit int) ([]string, error)
	NoteSegments(ctx context.Context, names ...string) error
}

// FoundCustomer is a customer with the words that it is found by.
type FoundCustomer struct {
	customer.Customer
	Words []string // customer.Found
}

// CaseFilter selects cases; zero fields do not select. The fields from Roles to
// DueBefore speak of one step: a case is selected when one of its steps that
// wait for a person fulfils all of them.
type CaseFilter struct {
	State    offboarding.CaseState
	OpenOnly bool   // registered, open or reversing, or over with something left for a person
	OverOnly bool   // neither registered, open nor reversing
	Playbook string // name; any version
	Segment  string // that the customer had when the case was opened
	Query    string // folded; code, customer name or reference

	Roles      []string // the step is of one of these, or they were asked because it is late
	Decides    bool     // with Roles: they decide about blocked steps of the program too
	Assignee   string
	Unassigned bool
	Blocked    bool
	DueBefore  time.Time // inclusive

	Limit  int // 50 if zero
	Offset int
}

// BySteps reports whether the filter selects by steps that wait.
func (f CaseFilter) BySteps() bool {
	return len(f.Roles) > 0 || f.Assignee != "" || f.Unassigned || f.Blocked || !f.DueBefore.IsZero()
}

// Waiting counts cases that wait, and requests that nobody could be found for.
type Waiting struct{ Mine, Team, Overdue, Unassigned, Blocked, Open, Unmatched, Lacking int }

// Claim is which case a subscription is ended by, or is given back by.
type Claim struct {
	Case  offboarding.CaseID
	State offboarding.CaseState
}

// CaseTx keeps cases and their steps.
type CaseTx interface {
	// InsertCase stores a case and its steps. It claims nothing.
	InsertCase(ctx context.Context, c offboarding.Case, steps []offboarding.Step) error
	// ClaimSubscriptions lets the case end the subscriptions: until it is over no
	// other can. One that another case has is fault.Conflict, case.changed_meanwhile.
	ClaimSubscriptions(ctx context.Context, c offboarding.CaseID, subs ...customer.SubscriptionID) error
	// NarrowCase stores the subscriptions of a case, its last day and the request
	// that both follow from; it is compared by Version, and gives up its claims to
	// others.
	NarrowCase(ctx context.Context, c offboarding.Case) error
	// ClaimsOf returns which case has each of the customer's subscriptions.
	ClaimsOf(ctx context.Context, c customer.ID) (map[customer.SubscriptionID]Claim, error)
	FindCase(ctx context.Context, id offboarding.CaseID) (offboarding.Case, error)
	// FindPlan returns the case with its steps by Seq.
	FindPlan(ctx context.Context, id offboarding.CaseID) (offboarding.Plan, error)
	// HoldCase waits until others who hold the case are done, and keeps it to the
	// end of the transaction: results of one departure that come at the same moment
	// are written one after the other, and none of them in vain.
	HoldCase(ctx context.Context, id offboarding.CaseID) error
	// SavePlan stores the case and those steps that differ from what is stored,
	// each compared by Version, and sets the Versions in p.
	SavePlan(ctx context.Context, p *offboarding.Plan) error
	CasesOf(ctx context.Context, c customer.ID) ([]offboarding.Case, error) // newest first
	// Leaving returns those of the customers who have an open departure.
	Leaving(ctx context.Context, customers ...customer.ID) ([]customer.ID, error)
	// ListCases returns those that wait by the date that the step is due, those
	// that are over by when, newest first, and others by when they were asked for.
	ListCases(ctx context.Context, f CaseFilter) (list []offboarding.Plan, total int, err error)
	CountWaiting(ctx context.Context, me string, roles []string, decides bool, now time.Time) (Waiting, error)
	// OpenCaseFacets returns the playbooks (name@version) and segments of open cases.
	OpenCaseFacets(ctx context.Context) (playbooks, segments []string, err error)
}

// ClaimInput says what a worker may take.
type ClaimInput struct {
	Worker    string
	Limit     int
	PerSystem int // at most so many running works of one far system
	Lease     time.Duration
	Webhooks  bool // deliveries of webhooks; else everything but those
	// Alone are the systems of which one work runs at a time, whoever runs it.
	Alone []string
}

// WorkTx keeps works: the rows are the queue.
type WorkTx interface {
	// InsertWork stores works; one with the same Key is left as it is.
	InsertWork(ctx context.Context, works ...offboarding.Work) error
	FindWork(ctx context.Context, id offboarding.WorkID) (offboarding.Work, error)
	WorksOf(ctx context.Context, id offboarding.CaseID) ([]offboarding.Work, error)
	// WorksLeft returns the works of a step that are not verified, oldest first.
	WorksLeft(ctx context.Context, id offboarding.CaseID, step offboarding.StepID) ([]offboarding.Work, error)
	// WorksAbout returns the works of open cases at the system whose item is the
	// subscription with that number, the access with that name, or the case of the
	// customer with that number.
	WorksAbout(ctx context.Context, system, reference string) ([]offboarding.Work, error)
	// Claim takes due works (business RunAt and wall RetryAt reached) and works
	// whose lease is over, in turn, fairly over the far systems, sets them
	// running with Attempt one higher and a lease from Wall. Works of paused
	// cases stay.
	Claim(ctx context.Context, in ClaimInput) ([]offboarding.Work, error)
	// RecallWorks makes due what waits after a failure that a clock told which was
	// set back since, and says how many works that were.
	RecallWorks(ctx context.Context) (int, error)
	// Heartbeat extends the lease; false: the work is not this worker's any more.
	Heartbeat(ctx context.Context, id offboarding.WorkID, attempt int64, lease time.Duration) (bool, error)
	// Release makes a running work ready again, as it was claimed; false: it is
	// not this worker's any more.
	Release(ctx context.Context, id offboarding.WorkID, attempt int64) (bool, error)
	// NextDue returns how long it is until a work that waits for its time, or for
	// its back-off, becomes due; zero if none does.
	NextDue(ctx context.Context) (time.Duration, error)
	// SaveWork stores w if it is still running with the Attempt that w has.
	// False: it is not this worker's any more and nothing was stored.
	SaveWork(ctx context.Context, w offboarding.Work) (bool, error)
	// PutWork stores w whatever it was (a person decided) if it is not running;
	// false when it is.
	PutWork(ctx context.Context, w offboarding.Work) (bool, error)
	// DropAlarms takes the waiting alarms of a step off the queue; of all steps
	// of the case when step is empty.
	DropAlarms(ctx context.Context, c offboarding.CaseID, step string) error
	// NextTimer returns the earliest RunAt after now of a work that waits, but for
	// the rating of customers and what people are told, zero if there is none; Busy counts works that are due or running.
	NextTimer(ctx context.Context) (time.Time, error)
	Busy(ctx context.Context) (int, error)
}

// Message is one letter to one address. What it says is made from records
// when it is sent; its links are minted then.
type Message struct {
	ID        offboarding.MessageID
	Paper     string // kind of letter: ack, confirm, receipt, reversed, farewell
	To        string
	Language  string
	Request   offboarding.RequestID
	Case      offboarding.CaseID // empty if none
	State     string             // queued, sent, refused
	QueuedAt  time.Time
	SentAt    time.Time
	Subject   string // as sent
	HeaderID  string // Message-ID, stable over attempts
	LastError string // message code
	Body      []byte // as sent (RFC 5322 text part), sealed
	KeyID     string // key that Body is sealed with
	Test      bool   // of a rehearsal; in lists only
}

// MessageTx keeps the outbox.
type MessageTx interface {
	InsertMessage(ctx context.Context, m Message) error
	FindMessage(ctx context.Context, id offboarding.MessageID) (Message, error)
	SaveMessage(ctx context.Context, m Message) error
	// ListMessages returns the newest letters first: those of a departure but for those to the
	// customer's own users, of which there may be many; of an empty case, all.
	ListMessages(ctx context.Context, c offboarding.CaseID, limit int) ([]Message, error)
	// UserLetters returns those of a departure, oldest first.
	UserLetters(ctx context.Context, c offboarding.CaseID) ([]Message, error)
	// Acknowledged is when the acknowledgement of a request went out; zero: not yet.
	Acknowledged(ctx context.Context, r offboarding.RequestID) (time.Time, error)
	// CountMessagesTo counts letters of the kind queued to the address since.
	CountMessagesTo(ctx context.Context, paper, to string, since time.Time) (int, error)
}

// Link is a capability: whoever has its token may do one thing.
type Link struct {
	ID        offboarding.LinkID
	TokenHash string // hex SHA-256
	Purpose   string // verify, case, not_me, bye, data, tool …
	Request   offboarding.RequestID
	Case      offboarding.CaseID
	CreatedAt time.Time
	ExpiresAt time.Time // business time
	UsedAt    time.Time // single use: verify, not_me; of a tool or a seat: stopped
}

// Blob is a file that belongs to a case: a bundle for the customer, or
// evidence. Its body is sealed with the customer's key.
type Blob struct {
	ID        string // att_…
	Kind      string // bundle, evidence
	Case      offboarding.CaseID
	Step      offboarding.StepID
	Name      string
	Media     string // media type
	Size      int64  // of the plain body, bytes
	SHA256    string // of the plain body, hex
	CreatedAt time.Time
	CreatedBy string // usr_… or engine
	KeyID     string
	FetchedAt time.Time // the customer has it; zero: not yet
	Body      []byte    // sealed; empty in lists
}

// BlobTx keeps files.
type BlobTx interface {
	// InsertBlob stores a file unless one with its ID is there.
	InsertBlob(ctx context.Context, b Blob) error
	FindBlob(ctx context.Context, id string) (Blob, error)
	// FetchBlob records when the customer had a file for the first time.
	FetchBlob(ctx context.Context, id string) error
	BlobsOf(ctx context.Context, c offboarding.CaseID) ([]Blob, error) // oldest first, without bodies
	// ReplaceBlob stores a file in the place of the one with its ID.
	ReplaceBlob(ctx context.Context, b Blob) error
	// DropBlob deletes a file; without one it changes nothing.
	DropBlob(ctx context.Context, id string) error
}

// BundleFile is one thing that a bundle is made of: a file that is packed, or is
// being packed, or a source that was read to its end. What it is called, and what
// its pieces are, is sealed in Body.
type BundleFile struct {
	Set   string // ID of the bundle: att_…
	N     int    // from zero, in the order in which they came
	Case  offboarding.CaseID
	Stage string // packing, packed, tag, read
	KeyID string
	Body  []byte
}

// BundleTx keeps what bundles are made of.
type BundleTx interface {
	PutBundleFiles(ctx context.Context, list ...BundleFile) error // in the place of those with their numbers
	BundleFilesOf(ctx context.Context, set string) ([]BundleFile, error)
	BundleSetsOf(ctx context.Context, c offboarding.CaseID) ([]string, error)
	BundleSetIsThere(ctx context.Context, set string) (bool, error)
	DropBundleFiles(ctx context.Context, set string, ns ...int) error
}

// Blobs keeps the sealed pieces of bundles beside the database. A piece that is
// not there is NotFound; a disk that is full is Transient.
type Blobs interface {
	// Put keeps the pieces that fill hands over; all of them are safe when it returns.
	Put(ctx context.Context, set string, fill func(put func(file, piece int, sealed []byte) error) error) error
	Get(ctx context.Context, set string, file, piece int) ([]byte, error)
	Drop(ctx context.Context, set string) error // again it changes nothing
	// Sets are those of which something is there, and to which nothing was added
	// since.
	Sets(ctx context.Context, since time.Time) ([]string, error)
}

// Answer is what a person answered to the form of a step. Its body is sealed
// with the customer's key; once done it never changes.
type Answer struct {
	ID      string // ans_…
	Case    offboarding.CaseID
	Step    offboarding.StepID
	Form    string // name@version
	By      string // usr_…
	SavedAt time.Time
	DoneAt  time.Time // zero: a draft
	KeyID   string
	Body    []byte
	Idea    bool  // it holds one; only to be stored
	Version int64 // 0: not stored yet
}

// AnswerTx keeps the answers to forms, one per step.
type AnswerTx interface {
	// PutAnswer stores a new answer or, by Version, changes a draft.
	PutAnswer(ctx context.Context, x Answer) error
	AnswersOf(ctx context.Context, c offboarding.CaseID) ([]Answer, error) // oldest first
	// UnlookedAnswers returns those of which it is not stored whether they hold an
	// idea; MarkIdea stores it.
	UnlookedAnswers(ctx context.Context, limit int) ([]Answer, error)
	MarkIdea(ctx context.Context, id string, holds bool) error
}

// SealedComplaint is a complaint as it is stored: its words are in Body,
// sealed with the customer's key.
type SealedComplaint struct {
	relationship.Complaint
	KeyID string
	Body  []byte
}

// SealedCommitment is a commitment as it is stored, likewise.
type SealedCommitment struct {
	relationship.Commitment
	KeyID string
	Body  []byte
}

// RelationshipTx keeps complaints and commitments. Put stores a new one
// (Version 0) or, by Version, changes one.
type RelationshipTx interface {
	PutComplaint(ctx context.Context, c SealedComplaint) error
	FindComplaint(ctx context.Context, id relationship.ComplaintID) (SealedComplaint, error)
	ComplaintsOf(ctx context.Context, id customer.ID) ([]SealedComplaint, error) // newest first
	OpenComplaints(ctx context.Context, limit int) ([]SealedComplaint, error)    // by the day of the answer
	PutCommitment(ctx context.Context, c SealedCommitment) error
	FindCommitment(ctx context.Context, id relationship.CommitmentID) (SealedCommitment, error)
	CommitmentsOf(ctx context.Context, id customer.ID) ([]SealedCommitment, error) // latest due first
	PendingCommitments(ctx context.Context, limit int) ([]SealedCommitment, error) // by due date
	// PageComplaints and PageCommitments return those of one customer, or what is
	// unsolved or pending of all, newest first.
	PageComplaints(ctx context.Context, of customer.ID, p Place) ([]SealedComplaint, error)
	PageCommitments(ctx context.Context, of customer.ID, p Place) ([]SealedCommitment, error)
}

// LinkTx keeps capability links.
type LinkTx interface {
	// InsertLink stores a link. One with that token lives on until the new expiry.
	InsertLink(ctx context.Context, l Link) error
	FindLink(ctx context.Context, tokenHash string) (Link, error)
	SaveLink(ctx context.Context, l Link) error
	// LiveLink returns the newest link of a departure for the purpose that nobody
	// used up or stopped.
	LiveLink(ctx context.Context, c offboarding.CaseID, purpose string) (Link, error)
	// StopLinks uses up every such link, and says how many those were.
	StopLinks(ctx context.Context, c offboarding.CaseID, purpose string) (int, error)
	// UseOnce records the id of a signed host link (or any other once-only id);
	// false if it was used before.
	UseOnce(ctx context.Context, id string, expires time.Time) (bool, error)
	// ForgetUsed forgets ids that expired before an instant, and says how many.
	ForgetUsed(ctx context.Context, before time.Time, most int) (int, error)
}

// User is somebody of the company.
type User struct {
	ID           string // usr_…
	Login        string
	Name         string
	PasswordHash string
	Roles        []string
	Active       bool
	Failures     int       // codes that were wrong since the last sign-in
	LockedUntil  time.Time // wall; no code may be tried until then
	CreatedAt    time.Time
}

// StaffTx keeps users and their sessions.
type StaffTx interface {
	InsertUser(ctx context.Context, u User) error
	FindUser(ctx context.Context, id string) (User, error)
	FindUserByLogin(ctx context.Context, login string) (User, error)
	SaveUser(ctx context.Context, u User) error
	ListUsers(ctx context.Context) ([]User, error)
	// Sessions: data by hashed token, expiring on the wall clock.
	PutSession(ctx context.Context, tokenHash, user string, data []byte, expires time.Time) error
	FindSession(ctx context.Context, tokenHash string) (data []byte, expires time.Time, found bool, err error)
	DeleteSession(ctx context.Context, tokenHash string) error
	CountSessions(ctx context.Context, user string) (int, error)
	// DeleteSessionsOf ends every session of the person but the one with the
	// hash keep, if it is not empty.
	DeleteSessionsOf(ctx context.Context, user, keep string) error
	// Links for people of the company: single use, expiring on the wall clock.
	PutStaffLink(ctx context.Context, tokenHash, user, purpose string, expires time.Time) error
	FindStaffLink(ctx context.Context, tokenHash, purpose string) (user string, err error)
	// UseStaffLink takes the link away; false when somebody else has.
	UseStaffLink(ctx context.Context, tokenHash, purpose string) (bool, error)
	DeleteStaffLinksOf(ctx context.Context, user string) error
}

// LogEntry is an audit entry as it is read back.
type LogEntry struct {
	audit.Entry
	Index  int64 // position in the tree; -1 while unsequenced
	Sealed []byte
}

// Head is the size and root of the tree.
type Head struct {
	Size int64
	Root []byte
}

// LogProof is what a paper needs to prove an entry: the newest signed
// checkpoint that contains it and the path to it.
type LogProof struct {
	Entry      string // id
	Leaf       []byte // its hash
	Index      int64
	Size       int64
	Root       []byte
	Path       [][]byte
	Checkpoint string
}

// AuditTx keeps the log.
type AuditTx interface {
	// Append stores the entry unsequenced and pending, with the next CaseN of
	// its stream (0 when Case is empty).
	Append(ctx context.Context, e audit.Entry, sealed []byte) error
	// Entries returns the newest entries of one stream or two, oldest first; no
	// streams: those of the whole log, newest first.
	Entries(ctx context.Context, limit int, streams ...string) ([]LogEntry, error)
	// EntriesOutside returns the entries sealed with a key that are of no stream,
	// oldest first.
	EntriesOutside(ctx context.Context, limit int, keyID string) ([]LogEntry, error)
	// CountEntries says how many entries the streams have together.
	CountEntries(ctx context.Context, streams ...string) (int, error)
	// FirstEntry returns the id of the oldest entry of a type in a stream, or
	// fault.NotFound.
	FirstEntry(ctx context.Context, stream, typ string) (string, error)
	// Proof returns the proof of an entry, fault.NotFound while no signed
	// checkpoint contains it.
	Proof(ctx context.Context, entryID string) (LogProof, error)
}

// LogGrowth proves that the log of Size entries is the beginning of a larger
// one. Checkpoint is the signed one of that size; empty if none is kept.
type LogGrowth struct {
	Size       int64
	Root       []byte
	Proof      [][]byte
	Checkpoint string
}

// EvidenceTx proves entries of the log for one signed checkpoint.
type EvidenceTx interface {
	// NewestCheckpoint returns the signed checkpoint with the most entries, or
	// fault.NotFound.
	NewestCheckpoint(ctx context.Context) (size int64, text string, err error)
	// CheckpointSizes returns the sizes of the signed checkpoints between two
	// sizes, both excluded, in order.
	CheckpointSizes(ctx context.Context, from, to int64) ([]int64, error)
	// ProofsAt returns the proofs of the entries in the log of that size, which has
	// a signed checkpoint; fault.NotFound where one is not in it.
	ProofsAt(ctx context.Context, size int64, entryIDs ...string) ([]LogProof, error)
	// GrowthTo proves that the logs of the smaller sizes are the beginning of the
	// log of size.
	GrowthTo(ctx context.Context, size int64, smaller ...int64) ([]LogGrowth, error)
}

// SettingTx keeps single values.
type SettingTx interface {
	Setting(ctx context.Context, key string) (string, bool, error)
	PutSetting(ctx context.Context, key, value string) error
}

// Keys seals what is personal in log entries and letters. Its keys live
// outside the database.
type Keys interface {
	KeyFor(ctx context.Context, subject, class string) (keyID string, err error)
	// Prepare makes the keys of many subjects at once, where they have none.
	Prepare(ctx context.Context, class string, subjects ...string) error
	Seal(ctx context.Context, keyID string, plain, aad []byte) ([]byte, error)
	Open(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error)
	// AppendSealed and OpenInPlace are the same in room that is there, for much.
	AppendSealed(ctx context.Context, to []byte, keyID string, plain, aad []byte) ([]byte, error)
	OpenInPlace(ctx context.Context, keyID string, sealed, aad []byte) ([]byte, error)
	// Destroy forgets a key for ever; again it changes nothing. Afterwards KeyFor
	// is fault.Gone (key.destroyed) for its subject and class.
	Destroy(ctx context.Context, keyID string) error
	// Remember keeps that something of a class (silence, revoked, tombstone) holds
	// of subjects, where no backup of the database takes it back; Forget says that it
	// does not hold any more, Remembered of whom it does. Each again changes nothing.
	Remember(ctx context.Context, class string, subjects ...string) error
	Forget(ctx context.Context, class string, subjects ...string) error
	Remembered(ctx context.Context, class string) ([]string, error)
	HMACKey(name string) []byte
}

// Paper is everything that a letter may say; which fields are set depends on
// its kind.
type Paper struct {
	Kind        string // ack, confirm, receipt, reversed, farewell
	Language    string
	Code        string
	At          time.Time // business instant the paper is about: of reception, reversal, …
	Now         time.Time // business instant it is made
	Name        string    // of the customer, as on file
	Address     string    // account address on file
	Request     offboarding.Request
	Case        offboarding.Case
	Lines       []customer.Subscription
	Balances    []customer.Balance // open ones
	Effective   string             // civil date, 2026-12-31
	EffectiveAt time.Time
	UndoUntil   time.Time
	Late        []Charge // taken, perhaps, between the request and the proof of identity
	Milestones  []Milestone
	Accesses    []AccessStand     // how those stand that the departure closes, without our own at their systems
	ReadBack    bool              // a far system was read again after something was undone in it
	Links       map[string]string // by purpose: verify, case, not_me, bye, receipt_pdf
	LinkUntil   time.Time         // the link to confirm works until then
	Proof       *LogProof
	Achieved    []achievement.Figure // in the farewell; none, or two and more
	Quiet       bool                 // in the farewell: a closure, an illness or a death
	Secret      string               // code that opens the downloads; only in the letter "code"
	Notice      int                  // of a reminder: the how manieth
	Last        bool                 // no reminder follows it
	Instalments *collection.Plan     // only in the letter "instalments": what was agreed; nil: it is over
	Let         []customer.Balance   // only in the letter "written_off": what is owed no more
	After       *AfterEnd            // only in the letters "charged_after" and "given_back"
	Promised    when.Date            // in a reminder: a day to pay that passed since the last one; zero: none
	Handover    Handover
	Act         *ActPaper              // only in "act" and "act_accepted"
	Slip        *SlipPaper             // only in "slip"
	Ask         *AskPaper              // only in "processor", which goes to a processor
	Renewals    []customer.Asset       // only in the letter "renewal", and for its calendar file
	Extended    *ExtendedPaperFacts    // only in the letter "extended"
	Kept        *KeptPaper             // only in the letters "erasure_waits" and "erasure_goes_on"
	Report      form.Answers           // of the final report
	Pictures    []Picture              // of the final report
	Offer       *offer.Offer           // only in the letter "offer" and, where it was accepted, in "reversed"
	Invitation  *invitation.Invitation // only in the letter "invitation", and for its calendar file
	Words       winback.Words          // only in the letter "winback"
	Allowed     time.Time              // likewise: when they allowed it
	Certificate *Certificate           // of erasure
	AskAddress  bool                   // whether their address may be kept for the letter when what stays is destroyed
	KeptAddress *KeptAddress           // beside it: what became of the address that they let be kept; nil: none was
	Stayed      []Stayed               // what stays of whoever was erased, or stayed
	Completed   time.Time              // nothing of that is left; zero: something is
	Withdrawal  *Withdrawal            // what became of one; nil: none was declared
	Declared    Declared               // what the form of some places asks beyond that of others
	Ending      *EndingPaper           // where the company began it
	Told        *ToldPaper             // only in "told", which goes to people of the company
	Instead     *Instead               // of a second person; nil: there is one
	Approval    *ApprovalView          // only in the letter "approval"
	Coming      *ComingPaper           // only in the letter "notice"
	ByMail      *ByMail                // how to answer, where there is no portal
	Bundle      *Attached              // only in the letter "data"
	Changes     BundleChanges          // only in the letter "changes"
	Until       when.Date              // the last day on which the data can be fetched
	Copy        *CopyPaper             // of a copy that was asked for without leaving
	Statement   *CaseStatement         // that was made; nil: none was
	Abroad      bool                   // they live in another country than the company
	Users       *UsersPaperFacts       // only in the letters to a customer's own users
	Rehearsal   *Rehearsal             // of a letter about a test customer: where it goes instead
	// Sample is about somebody made up: a test that people send themselves.
	Sample bool
	// Try are own words that are looked at and not kept yet; nil: those that are.
	Try map[string]map[string]string
}

// Post renders a paper as a letter and hands it to the mail system. It
// returns the subject and the text part as sent. Errors: fault.Transient to
// try again, fault.Invalid (mail.refused) when the address was refused.
type Post interface {
	Send(ctx context.Context, to, headerID string, p Paper) (subject, text string, err error)
}

// Keeper is a Post that keeps what it was handed, where letters are files.
type Keeper interface {
	// Forget deletes what it keeps of a letter; again, it changes nothing.
	Forget(headerID string) error
	// Keeps reports whether it keeps anything of it.
	Keeps(headerID string) (bool, error)
}
