package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/money"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/retrieval"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// Made names what was made.
type Made struct {
	ID string `json:"id"`
}

// made is the answer to what made something.
type made struct {
	Location string `header:"Location"`
	Body     Made
}

func madeAt(path, id string) *made { return &made{Location: path + id, Body: Made{id}} }

// done is the answer to an act that has nothing to tell.
type done struct{}

// Money is a sum in the smallest unit of its currency.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$"`
}

func viewMoney(m money.Amount) Money { return Money{m.Minor, m.Currency} }

// at is an instant that may not be known.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// texts is a list that is never null.
func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// each views a list, which is never null.
func each[T, V any](list []T, view func(T) V) []V {
	out := make([]V, len(list))
	for i, x := range list {
		out[i] = view(x)
	}
	return out
}

// Request is one declaration that somebody wants to leave.
type Request struct {
	ID         string     `json:"id"`
	Code       string     `json:"code"`
	State      string     `json:"state" enum:"received,matched,verified,released,disowned"`
	Channel    string     `json:"channel" enum:"public,host,staff,payment,term,company,past"`
	Name       string     `json:"name"`
	Account    string     `json:"account"`
	Receipt    string     `json:"receipt"`
	Reference  string     `json:"reference"`
	When       string     `json:"when,omitempty" enum:"now,period_end"`
	Act        string     `json:"act" enum:"cancel,withdraw"`
	Language   string     `json:"language"`
	ReceivedAt time.Time  `json:"received_at"`
	Customer   string     `json:"customer,omitempty"`
	Case       string     `json:"case,omitempty"`
	MatchedAt  *time.Time `json:"matched_at,omitempty"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	VerifiedBy string     `json:"verified_by,omitempty"`
}

func viewRequest(r offboarding.Request) Request {
	return Request{
		ID: string(r.ID), Code: r.Code, State: string(r.State), Channel: string(r.Channel), Name: r.Name, Account: r.AccountEmail,
		Receipt: r.ReceiptEmail, Reference: r.Reference, When: string(r.When), Act: actOf(r), Language: r.Language, ReceivedAt: r.ReceivedAt,
		Customer: string(r.Customer), Case: string(r.Case), MatchedAt: at(r.MatchedAt), VerifiedAt: at(r.VerifiedAt), VerifiedBy: r.VerifiedBy,
	}
}

// actOf is what was declared, as requests name it.
func actOf(r offboarding.Request) string {
	if r.Act == offboarding.Withdrawal {
		return "withdraw"
	}
	return "cancel"
}

// Case is the record of one departure.
type Case struct {
	ID             string     `json:"id"`
	Code           string     `json:"code"`
	Request        string     `json:"request"`
	Customer       string     `json:"customer"`
	Subscriptions  []string   `json:"subscriptions"`
	State          string     `json:"state" enum:"registered,open,reversing,reversed,stopped,closed"`
	Paused         bool       `json:"paused"`
	Playbook       string     `json:"playbook"`
	Language       string     `json:"language"`
	Zone           string     `json:"zone"`
	When           string     `json:"when,omitempty" enum:"now,period_end"`
	Effective      string     `json:"effective" format:"date"`
	RetrievalUntil string     `json:"retrieval_until" format:"date"`
	RequestedAt    time.Time  `json:"requested_at"`
	OpenedAt       *time.Time `json:"opened_at,omitempty"`
	EffectiveAt    *time.Time `json:"effective_at,omitempty"`
	ClosedAt       *time.Time `json:"closed_at,omitempty"`
	Test           bool       `json:"test,omitempty"`
}

func viewCase(c offboarding.Case) Case {
	return Case{
		ID: string(c.ID), Code: c.Code, Request: string(c.Request), Customer: string(c.Customer), Subscriptions: texts(c.Subscriptions),
		State: string(c.State), Paused: c.Paused, Playbook: c.Playbook, Language: c.Language, Zone: c.Zone, When: string(c.When),
		Effective: c.Effective.String(), RetrievalUntil: c.RetrievalEnd().String(), RequestedAt: c.RequestedAt,
		OpenedAt: at(c.OpenedAt), EffectiveAt: at(c.EffectiveAt), ClosedAt: at(c.ClosedAt), Test: c.Test,
	}
}

// CaseFile is one departure with its plan and what was done.
type CaseFile struct {
	Case
	CanUndo    bool        `json:"can_undo"`
	Steps      []Step      `json:"steps"`
	Works      []Work      `json:"works"`
	Milestones []Milestone `json:"milestones"`
	Files      []File      `json:"files"`
	Reasons    []Reason    `json:"reasons"`
	Approvals  []Approval  `json:"approvals"`
	Law        *CaseLaw    `json:"law,omitempty"`
}

// viewFile shows a case; what people wrote only where texts is set.
func (a *API) viewFile(c app.CaseView, texts bool) CaseFile {
	// Alarms are works of no step: they act on nothing.
	effects := slices.DeleteFunc(slices.Clone(c.Works), func(w offboarding.Work) bool { return w.Step == "" })
	return CaseFile{
		Case: viewCase(c.Plan.Case), CanUndo: c.CanUndo,
		Steps: each(c.Plan.Steps, func(s offboarding.Step) Step {
			v := viewStep(s, c.Approves[s.Kind], texts)
			if f := a.App.FormOf(s); f != nil {
				v.Form = f.Version()
			}
			return v
		}),
		Works:      each(effects, func(w offboarding.Work) Work { return viewWork(w, texts) }),
		Milestones: each(c.Milestones, viewMilestone), Files: each(c.Blobs, viewBlob), Reasons: each(c.Reasons, viewReason),
		Approvals: each(c.Approvals, viewApproval), Law: viewCaseLaw(c),
	}
}

// Step is one step of a departure's plan.
type Step struct {
	ID         string            `json:"id"`
	Key        string            `json:"key"`
	Kind       string            `json:"kind"`
	Title      map[string]string `json:"title"`
	Human      bool              `json:"human"`
	Approves   bool              `json:"approves"`
	Role       string            `json:"role,omitempty"`
	Assignee   string            `json:"assignee,omitempty"`
	Form       string            `json:"form,omitempty"`
	After      []string          `json:"after"`
	State      string            `json:"state" enum:"waiting,ready,running,blocked,done,verified,attested,skipped,undoing,undone,cancelled"`
	Milestone  string            `json:"milestone,omitempty"`
	Due        *time.Time        `json:"due,omitempty"`
	ReadyAt    *time.Time        `json:"ready_at,omitempty"`
	DoneAt     *time.Time        `json:"done_at,omitempty"`
	VerifiedAt *time.Time        `json:"verified_at,omitempty"`
	DoneBy     string            `json:"done_by,omitempty"`
	Blocked    string            `json:"blocked,omitempty"`
	Stalled    bool              `json:"stalled"`
	Escalated  string            `json:"escalated,omitempty"`
	Undo       string            `json:"undo,omitempty" enum:"restorable,reissuable,final"`
	Note       string            `json:"note,omitempty"`
	Items      []Item            `json:"items"`
}

// Item is one line of a checklist.
type Item struct {
	Key      string            `json:"key"`
	Title    map[string]string `json:"title"`
	Ticked   bool              `json:"ticked"`
	By       string            `json:"by,omitempty"`
	At       *time.Time        `json:"at,omitempty"`
	Evidence string            `json:"evidence,omitempty"`
}

func viewStep(s offboarding.Step, approves, texts_ bool) Step {
	v := Step{
		ID: string(s.ID), Key: s.Key, Kind: s.Kind, Title: words(s.Title), Human: s.Human, Approves: approves, Role: s.Role, Assignee: s.Assignee, After: texts(s.After),
		State: string(s.State), Milestone: s.Milestone, Due: at(s.Due), ReadyAt: at(s.ReadyAt), DoneAt: at(s.DoneAt), VerifiedAt: at(s.VerifiedAt),
		DoneBy: s.DoneBy, Blocked: s.Blocked, Stalled: s.Stalled(), Escalated: s.Escalated, Undo: s.Spec.Undo.Class,
		Items: each(s.Items, func(i offboarding.Item) Item {
			return Item{Key: i.Key, Title: web.ItemNames(i), Ticked: i.Ticked, By: i.By, At: at(i.At), Evidence: only(texts_, i.Evidence)}
		}),
	}
	v.Note = only(texts_, s.Note)
	return v
}

func words(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func only(may bool, s string) string {
	if may {
		return s
	}
	return ""
}

// Work is one effect on one thing.
type Work struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Step       string          `json:"step"`
	Item       string          `json:"item,omitempty"`
	System     string          `json:"system"`
	Phase      string          `json:"phase" enum:"act,verify,undo,verify_undo"`
	State      string          `json:"state" enum:"ready,running,uncertain,failed,done,verified,attested,undone,cancelled"`
	RunAt      time.Time       `json:"run_at"`
	Tries      int             `json:"tries"`
	DoneAt     *time.Time      `json:"done_at,omitempty"`
	VerifiedAt *time.Time      `json:"verified_at,omitempty"`
	UndoneAt   *time.Time      `json:"undone_at,omitempty"`
	Error      string          `json:"error,omitempty"`
	Evidence   json.RawMessage `json:"evidence,omitempty"`
}

func viewWork(w offboarding.Work, texts bool) Work {
	v := Work{
		ID: string(w.ID), Kind: w.Kind, Step: string(w.Step), Item: w.Item, System: w.System, Phase: string(w.Phase), State: string(w.State),
		RunAt: w.RunAt, Tries: w.Tries, DoneAt: at(w.DoneAt), VerifiedAt: at(w.VerifiedAt), UndoneAt: at(w.UndoneAt), Error: w.LastError,
	}
	if raw := json.RawMessage(w.Evidence); texts && json.Valid(raw) {
		v.Evidence = raw
	}
	return v
}

// Milestone is one stop of a departure that the customer sees.
type Milestone struct {
	Name     string     `json:"name"`
	State    string     `json:"state" enum:"planned,now,blocked,done,verified,undone"`
	Planned  *time.Time `json:"planned,omitempty"`
	Asked    *time.Time `json:"asked,omitempty"`
	Done     *time.Time `json:"done,omitempty"`
	Verified *time.Time `json:"verified,omitempty"`
	Part     int        `json:"part"`
	Of       int        `json:"of"`
}

func viewMilestone(m app.Milestone) Milestone {
	return Milestone{m.Name, m.State, at(m.Planned), at(m.Asked), at(m.Done), at(m.Verified), m.Part, m.Of}
}

// File is a file of a case.
type File struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" enum:"bundle,evidence"`
	Step      string    `json:"step,omitempty"`
	Name      string    `json:"name"`
	Media     string    `json:"media"`
	Size      int64     `json:"size"`
	SHA256    string    `json:"sha256"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
}

func viewBlob(b app.Blob) File {
	return File{b.ID, b.Kind, string(b.Step), b.Name, b.Media, b.Size, b.SHA256, b.CreatedAt, b.CreatedBy}
}

// Message is one letter, without what it says.
type Message struct {
	ID       string     `json:"id"`
	Paper    string     `json:"paper"`
	To       string     `json:"to"`
	Language string     `json:"language"`
	Request  string     `json:"request,omitempty"`
	Case     string     `json:"case,omitempty"`
	Copy     string     `json:"copy,omitempty"`
	State    string     `json:"state" enum:"queued,sent,refused,withheld"`
	QueuedAt time.Time  `json:"queued_at"`
	SentAt   *time.Time `json:"sent_at,omitempty"`
	Subject  string     `json:"subject,omitempty"`
	Error    string     `json:"error,omitempty"`
}

func viewMessage(m app.Message) Message {
	of, copied := string(m.Case), ""
	if retrieval.Is(of) {
		of, copied = "", of
	}
	return Message{
		string(m.ID), m.Paper, m.To, m.Language, string(m.Request), of, copied, m.State, m.QueuedAt, at(m.SentAt), m.Subject, m.LastError,
	}
}

// Entry is one entry of the log.
type Entry struct {
	ID         string          `json:"id"`
	Index      *int64          `json:"index,omitempty"`
	Type       string          `json:"type"`
	At         time.Time       `json:"at"`
	Actor      string          `json:"actor"`
	Stream     string          `json:"stream,omitempty"`
	StreamN    int64           `json:"stream_n,omitempty"`
	Commitment string          `json:"commitment"`
	Args       json.RawMessage `json:"args,omitempty"`
}

func viewEntry(t app.TimelineEntry, texts bool) (Entry, error) {
	e := Entry{ID: t.ID, Type: t.Type, At: t.At, Actor: t.Actor, Stream: t.Case, StreamN: t.CaseN, Commitment: hash(t.Commitment[:])}
	if t.Index >= 0 {
		e.Index = &t.Index
	}
	if texts && t.Args != nil {
		raw, err := json.Marshal(t.Args)
		if err != nil {
			return e, err
		}
		e.Args = raw
	}
	return e, nil
}

func viewEntries(list []app.TimelineEntry, texts bool) (out []Entry, err error) {
	out = make([]Entry, len(list))
	for i, t := range list {
		if out[i], err = viewEntry(t, texts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Customer is a person or an organisation that has, or had, something with the
// company.
type Customer struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" enum:"person,organisation"`
	Consumer  bool      `json:"consumer"`
	Name      string    `json:"name"`
	Reference string    `json:"reference"`
	Country   string    `json:"country,omitempty"`
	Region    string    `json:"region,omitempty"`
	Language  string    `json:"language,omitempty"`
	Segment   string    `json:"segment,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Test      bool      `json:"test,omitempty"`
	Version   int64     `json:"version"`
}

func viewCustomer(c customer.Customer) Customer {
	return Customer{string(c.ID), string(c.Kind), c.Consumer, c.Name, c.Reference, c.Country, c.Region, c.Language, c.Segment, c.CreatedAt, c.Test(), c.Version}
}

// CustomerFile is one customer with everything that they have.
type CustomerFile struct {
	Customer
	External      []ExternalID   `json:"external"`
	Contacts      []Contact      `json:"contacts"`
	Subscriptions []Subscription `json:"subscriptions"`
	Grants        []Grant        `json:"grants"`
	Assets        []Asset        `json:"assets"`
	Balances      []Balance      `json:"balances"`
	Deliverables  []Deliverable  `json:"deliverables"`
	Cases         []Case         `json:"cases"`
}

func viewCustomerFile(p app.CustomerPage) CustomerFile {
	return CustomerFile{
		Customer: viewCustomer(p.Customer), External: each(p.External, func(x customer.ExternalID) ExternalID { return ExternalID{x.System, x.Value} }),
		Contacts: each(p.Contacts, viewContact), Subscriptions: each(p.Lines, viewSubscription),
		Grants: each(p.Grants, viewGrant), Assets: each(p.Assets, viewAsset), Balances: each(p.Balances, viewBalance),
		Deliverables: each(p.Promised, viewDeliverable), Cases: each(p.Cases, viewCase),
	}
}

// Contact is a person who speaks for a customer.
type Contact struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email"`
	Role     string `json:"role" enum:"owner,billing,admin,user"`
	Language string `json:"language,omitempty"`
}

func viewContact(c customer.Contact) Contact {
	return Contact{string(c.ID), c.Name, c.Email, string(c.Role), c.Language}
}

// Subscription is one contract: a product that renews, or work that was agreed.
type Subscription struct {
	ID         string `json:"id"`
	Reference  string `json:"reference"`
	Product    string `json:"product"`
	Plan       string `json:"plan,omitempty"`
	Amount     Money  `json:"amount"`
	Interval   string `json:"interval" enum:"week,month,quarter,half,year,once,hour"`
	Start      string `json:"start" format:"date"`
	PaidUntil  string `json:"paid_until,omitempty" format:"date"`
	TermEnd    string `json:"term_end,omitempty" format:"date"`
	RenewsOn   string `json:"renews_on,omitempty" format:"date"`
	NoticeDays int    `json:"notice_days,omitempty"`
	LockIn     string `json:"lock_in_until,omitempty" format:"date"`
	NotRenewed bool   `json:"not_renewed,omitempty"`
	Status     string `json:"status" enum:"active,cancelling,ended"`
	Engagement string `json:"engagement,omitempty" enum:"project,retainer,hours"`
	Billed     string `json:"billed,omitempty" enum:"ahead,behind,delivery"`

	TaxPercent     string `json:"tax_percent,omitempty"`
	TaxOnTop       bool   `json:"tax_on_top,omitempty"`
	TrialUntil     string `json:"trial_until,omitempty" format:"date"`
	ExitFee        string `json:"exit_fee,omitempty" enum:"fixed,benefit,remaining,device"`
	ExitFeeFor     string `json:"exit_fee_for,omitempty"`
	ExitFeeFrom    string `json:"exit_fee_from,omitempty" format:"date"`
	ExitFeeMinor   int64  `json:"exit_fee_minor,omitempty"`
	ExitFeePercent int64  `json:"exit_fee_percent,omitempty"`
	BenefitMinor   int64  `json:"benefit_minor,omitempty"`
	TellsUsers     bool   `json:"tells_users,omitempty"`

	MinimumUntil string       `json:"minimum_until,omitempty" format:"date"`
	LaterPrices  []LaterPrice `json:"later_prices,omitempty"`
}

// LaterPrice is what an interval of a contract costs from a day on, in its
// currency.
type LaterPrice struct {
	From  string `json:"from" format:"date"`
	Minor int64  `json:"minor" minimum:"0"`
	Plan  string `json:"plan,omitempty" maxLength:"200"`
}

func viewPrices(list customer.LaterPrices) (out []LaterPrice) {
	for _, p := range list.List() {
		out = append(out, LaterPrice{p.From.String(), p.Minor, p.Plan})
	}
	return out
}

// laterPrices reads later prices; under is where the contract stands in what was
// sent.
func laterPrices(list []LaterPrice, under string) (customer.LaterPrices, error) {
	var out []customer.Price
	for i, p := range list {
		from, err := when.ParseDate(p.From)
		if err != nil {
			return "", fault.New(fault.Invalid, "field.invalid").On(fmt.Sprintf("%slater_prices.%d.from", under, i))
		}
		out = append(out, customer.Price{From: from, Minor: p.Minor, Plan: p.Plan})
	}
	return customer.PricesOf(out), nil
}

func viewSubscription(s customer.Subscription) Subscription {
	return Subscription{
		string(s.ID), s.Reference, s.Product, s.Plan, viewMoney(s.Amount), string(s.Interval), s.Start.String(), s.PaidUntil.String(),
		s.TermEnd.String(), s.RenewsOn.String(), s.Notice, s.LockIn.String(), s.NotRenewed, string(s.Status),
		string(s.Engagement.Kind), string(s.Engagement.Billed),
		percentage(s.Terms.Tax.Rate), s.Terms.Tax.OnTop, s.Terms.Trial.String(), string(s.Terms.ExitFee.Kind), s.Terms.ExitFee.For, s.Terms.ExitFee.From.String(),
		s.Terms.ExitFee.Sum, s.Terms.ExitFee.Percent, s.Terms.ExitFee.Given, s.Terms.TellsUsers, s.Terms.Minimum.String(), viewPrices(s.Terms.Prices),
	}
}

// percentage writes hundredths of a percent; nothing where it is 0.
func percentage(n int64) string {
	if n == 0 {
		return ""
	}
	return customer.Percent(n)
}

// Grant is one access: an account at a system.
type Grant struct {
	ID        string   `json:"id"`
	System    string   `json:"system"`
	Account   string   `json:"account"`
	Kind      string   `json:"kind" enum:"login,group,role,api_key,token,oauth_grant,sso_link,drive,webhook,device,physical,other"`
	DependsOn []string `json:"depends_on"`
	Status    string   `json:"status" enum:"active,read_only,found,foreign,revoked"`
	Ours      bool     `json:"ours"`
}

func viewGrant(g customer.Grant) Grant {
	return Grant{string(g.ID), g.System, g.Account, g.Kind, texts(g.DependsOn), string(g.Status), g.Ours}
}

// Asset is a thing that changes hands when the customer leaves.
type Asset struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Name      string `json:"name"`
	Kind      string `json:"kind,omitempty"`
	Location  string `json:"location,omitempty"`
	Owner     string `json:"owner,omitempty" enum:"client,third_party,ours"`
	RenewsOn  string `json:"renews_on,omitempty" format:"date"`
	Renewal   *Money `json:"renewal,omitempty"`
	Payer     string `json:"payer,omitempty" enum:"client,ours,other"`
}

func viewAsset(a customer.Asset) Asset {
	v := Asset{string(a.ID), a.Reference, a.Name, a.Kind, a.Location, string(a.Owner), a.RenewsOn.String(), nil, string(a.Payer)}
	if a.Renewal.Currency != "" {
		cost := viewMoney(a.Renewal)
		v.Renewal = &cost
	}
	return v
}

// Balance is one recorded sum between a customer and the company.
type Balance struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Kind      string `json:"kind" enum:"invoice,fee,usage,credit,deposit,refund"`
	About     string `json:"about,omitempty"`
	Amount    Money  `json:"amount"`
	DueOn     string `json:"due_on,omitempty" format:"date"`
	Status    string `json:"status" enum:"open,paid,void,written_off"`
	TaxMinor  int64  `json:"tax_minor,omitempty"`
	Used      *Used  `json:"used,omitempty"`
	PayURL    string `json:"pay_url,omitempty"`
	Covers    *Bill  `json:"covers,omitempty"`
}

// Bill is what an invoice or a credit note is for.
type Bill struct {
	Contracts []BillShare `json:"contracts" minItems:"1" maxItems:"100"`
	From      string      `json:"from,omitempty" format:"date"`
	Until     string      `json:"until,omitempty" format:"date"`
}

// BillShare is the part of a bill that is of a contract.
type BillShare struct {
	Contract string `json:"contract" minLength:"1" maxLength:"200"`
	Weight   int64  `json:"weight,omitempty" minimum:"1" maximum:"9007199254740992"`
}

func viewBill(b customer.Balance) *Bill {
	if b.Billed == (customer.Billed{}) {
		return nil
	}
	return &Bill{each(b.Billed.Contracts.List(), func(s customer.Share) BillShare { return BillShare(s) }), b.Billed.From.String(), b.Billed.Until.String()}
}

// Used is what a sum of use counts: what was used of a contract and is not billed
// yet.
type Used struct {
	Contract   string `json:"contract,omitempty" maxLength:"200"`
	Quantity   int64  `json:"quantity,omitempty" minimum:"0" maximum:"9007199254740992"`
	Free       int64  `json:"free,omitempty" minimum:"0" maximum:"9007199254740992"`
	Unit       string `json:"unit,omitempty" maxLength:"200"`
	Per        int64  `json:"per,omitempty" minimum:"1" maximum:"9007199254740992"`
	PriceMinor int64  `json:"price_minor,omitempty" minimum:"0" maximum:"9007199254740992"`
	TaxPercent string `json:"tax_percent,omitempty" pattern:"^[0-9]{1,3}([.][0-9]{1,2})?$"`
	TaxOnTop   bool   `json:"tax_on_top,omitempty"`
}

func viewUsed(b customer.Balance) *Used {
	if b.Kind != customer.Usage {
		return nil
	}
	u := b.Used
	return &Used{u.Contract, u.Quantity, u.Free, u.Unit, u.Per, u.Price, percentage(u.Tax.Rate), u.Tax.OnTop}
}

func viewBalance(b customer.Balance) Balance {
	return Balance{string(b.ID), b.Reference, string(b.Kind), b.About, viewMoney(b.Amount), b.DueOn.String(), string(b.Status), b.Tax, viewUsed(b), b.PayURL, viewBill(b)}
}

// User is somebody of the company.
type User struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Roles  []string `json:"roles"`
	Active bool     `json:"active"`
}

func viewUser(u app.User) User {
	roles := slices.Clone(u.Roles)
	slices.Sort(roles)
	return User{u.ID, u.Name, texts(roles), u.Active}
}
