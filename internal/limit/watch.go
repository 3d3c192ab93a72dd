package limit

// Watch is how a parameter of the law is watched in a departure.
type Watch struct {
	Ends    []Event
	Role    string // whose it is
	Promise bool   // it is owed to the customer, who is told until when
	// Extends says that the law may let it be put off.
	Extends bool
	// Owing says that it runs only while there is something to give back.
	Owing bool
}

// watched are the parameters whose events are seen here.
var watched = map[string]Watch{
	"ack.max":                     {Ends: []Event{Acknowledged, Received}, Role: "agent", Promise: true},
	"ack.written_proof.max":       {Ends: []Event{Received}, Role: "agent", Promise: true},
	"effect.max":                  {Ends: []Event{BillingStopped, Effective}, Role: "agent", Promise: true},
	"case.resolve.max":            {Ends: []Event{BillingStopped, Effective}, Role: "agent", Promise: true},
	"refund.max":                  {Ends: []Event{Refunded}, Role: "finance", Promise: true, Owing: true},
	"complaint.max":               {Ends: []Event{Answered}, Role: "agent", Promise: true},
	"dsr.access.max":              {Ends: []Event{DataReady, DataFetched}, Role: "privacy", Promise: true, Extends: true},
	"dsr.port.max":                {Ends: []Event{DataReady, DataFetched}, Role: "privacy", Promise: true, Extends: true},
	"dsr.erase.max":               {Ends: []Event{Erased}, Role: "privacy", Promise: true, Extends: true},
	"erase.notify_recipients.max": {Role: "privacy"}, // a person says that they were told
}

// Where a parameter is evaluated that is no time limit of a departure.
const (
	InWithdrawal = "withdrawal" // until when a contract can be undone, and what comes back
	InNotices    = "notices"    // the letters before something comes for a contract
	InWinback    = "winback"    // when a letter to whoever left goes out, and whether it may
	InRetrieval  = "retrieval"  // until when the data can be fetched
	InPlaybook   = "playbook"   // how long it says that invoices stay, when it is checked
	InExtension  = "extension"  // until when a limit is put off, and until when that is told
	InErasure    = "erasure"    // what it did with the record, in the certificate
)

// evaluated are the parameters that are asked for where they count.
var evaluated = map[string]string{
	"withdraw.period": InWithdrawal, "withdraw.ext": InWithdrawal, "withdraw.prorata_only_on_request": InWithdrawal,
	"notice.renewal": InNotices, "notice.trial_end": InNotices, "notice.price_change": InNotices,
	"winback.basis": InWinback, "winback.hours": InWinback,
	"retrieve.window.min": InRetrieval,
	"retain.books":        InPlaybook, "retain.tax": InPlaybook,
	"erase.mode":  InErasure,
	"dsr.ext.max": InExtension, "dsr.ext.told.max": InExtension,
}

// Why something that the law says about time and acts is not evaluated here.
const (
	NoEvent   = "no_event"   // nothing that it counts from, or is about, is recorded here
	AsItGoes  = "as_it_goes" // it happens on the telephone
	InPlan    = "in_plan"    // it bounds a date or the order of the plan, and is no act that could be late
	AtOnce    = "at_once"    // it is obeyed in the moment in which it is asked
	BuiltIn   = "built_in"   // nothing here can do otherwise
	ByPeople  = "person"     // people do it, and no record says how
	Elsewhere = "elsewhere"  // another system does it, or keeps it
	InRenewal = "in_renewal" // the notice of a renewal says it where a contract renews every year; for others nobody here does
	InLog     = "in_log"     // the log says what happened, when and in which departure, and nothing ever deletes it
)

// unwatched are all others, each with why.
var unwatched = map[string]string{
	"channel.voicemail.max": AsItGoes, "human.max_wait": AsItGoes, "human.supervisor.max": AsItGoes, "human.drops_calls": AsItGoes, "human.hours_per_day.min": AsItGoes,
	"offers.phone_exit_told": AsItGoes, "offers.during_incident": NoEvent,
	"effect.default": InPlan, "effect.despite_debt": BuiltIn, "effect.linked_contracts": ByPeople,
	"request.submitted_counts": BuiltIn, "request.fee": BuiltIn,
	"billing.after_effect": Elsewhere, "notice.customer.max": InPlan,
	"refund.same_means": ByPeople, "refund.indexed": ByPeople, "refund.late_multiplier": ByPeople, "refund.fee": ByPeople,
	"renewal.exit_after.min": BuiltIn, "renewal.exit_free_after": ByPeople, "renewal.exit_if_untold": ByPeople, "change.free_exit": ByPeople,
	"number.port.max": NoEvent, "number.port_is_exit": NoEvent,
	"withdraw.submitted_counts": BuiltIn, "withdraw.return_cost_on_seller": ByPeople, "withdraw.statement_is_proof": ByPeople,
	"notice.terms_change": NoEvent, "notice.annual": InRenewal, "notice.each_charge": Elsewhere, "notice.price_change.consent": NoEvent,
	"dsr.rectify.max": NoEvent, "dsr.object.max": AtOnce, "dsr.sale_opt_out.max": NoEvent, "dsr.info.max": NoEvent, "dsr.effect.max": NoEvent,
	"dsr.block.max": NoEvent, "dsr.refusal.max": NoEvent, "dsr.ack.max": NoEvent,
	"dsr.fee": BuiltIn, "dsr.identity_only_in_doubt": ByPeople, "export.fee": BuiltIn, "export.to_other_provider": ByPeople,
	"switch.notice.max": NoEvent, "switch.transition.max": NoEvent, "switch.infeasible_notify.max": NoEvent, "switch.alt_transition.max": NoEvent,
	"switch.extension_by_customer": ByPeople, "switch.erase_ends_contract": NoEvent,
	"retrieve.before_access_ends": InPlan,
	"erase.after_retrieval":       InPlan, "erase.no_further_use": ByPeople, "erase.notify_recipients": ByPeople, "processor.at_end": ByPeople,
	"block.while_evaluated": Elsewhere, "block.viewing": Elsewhere, "block.until": Elsewhere,
	"retain.contract_claims": Elsewhere, "retain.request_log": Elsewhere,
	"retain.money_laundering": Elsewhere, "retain.call_recordings": Elsewhere, "evidence.keep.min": InLog,
	"winback.opt_out.max": AtOnce, "winback.consent_age.max": InPlan, "winback.after_end.max": InPlan, "winback.channel_authorised": BuiltIn, "suppression.keep": BuiltIn,
	"case.billing_resolve.max": NoEvent, "case.continuity_resolve.max": NoEvent, "case.cure.min": NoEvent,
	"complaint.pay_first": BuiltIn, "autoclose": BuiltIn, "burden.on_seller": BuiltIn,
	"suspend_during_dispute": Elsewhere, "collect_during_dispute": Elsewhere,
}

// Evaluated is where a parameter is evaluated that is no time limit of a departure;
// empty: nowhere.
func Evaluated(param string) string { return evaluated[param] }

// Watched is how a parameter is watched; false where it is not.
func Watched(param string) (Watch, bool) { w, ok := watched[param]; return w, ok }

// Unwatched is why nothing evaluates a parameter of the clock; empty where something
// does.
func Unwatched(param string) string { return unwatched[param] }
