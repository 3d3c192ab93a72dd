package limit

// Watch is how a parameter of the law is watched in a departure.
type Watch struct {
	Ends    []Event
	Role    string // whose it is
	Promise bool   // it is owed to the customer, who is told until when
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
	"dsr.access.max":              {Ends: []Event{DataFetched}, Role: "privacy", Promise: true},
	"dsr.port.max":                {Ends: []Event{DataFetched}, Role: "privacy", Promise: true},
	"dsr.erase.max":               {Ends: []Event{Erased}, Role: "privacy", Promise: true},
	"erase.notify_recipients.max": {Role: "privacy"}, // a person says that they were told
}

// Why a time that the law sets is no limit of a departure.
const (
	NoEvent  = "no_event"   // nothing that it counts from is recorded here
	AsItGoes = "as_it_goes" // how long somebody waits on the telephone
	InPlan   = "in_plan"    // it bounds a date of the plan, and is no act that could be late
	AtOnce   = "at_once"    // it is obeyed in the moment in which it is asked
)

// unwatched are all others, each with why.
var unwatched = map[string]string{
	"channel.voicemail.max": AsItGoes, "human.max_wait": AsItGoes, "human.supervisor.max": AsItGoes,
	"notice.customer.max":   InPlan,
	"number.port.max":       NoEvent,
	"dsr.rectify.max":       NoEvent,
	"dsr.object.max":        AtOnce,
	"dsr.sale_opt_out.max":  NoEvent,
	"dsr.info.max":          NoEvent,
	"dsr.effect.max":        NoEvent,
	"dsr.block.max":         NoEvent,
	"dsr.ext.max":           NoEvent,
	"dsr.ext.told.max":      NoEvent,
	"dsr.refusal.max":       NoEvent,
	"dsr.ack.max":           NoEvent,
	"switch.notice.max":     NoEvent,
	"switch.transition.max": NoEvent, "switch.infeasible_notify.max": NoEvent, "switch.alt_transition.max": NoEvent,
	"winback.opt_out.max": AtOnce, "winback.consent_age.max": InPlan, "winback.after_end.max": InPlan,
	"case.billing_resolve.max": NoEvent, "case.continuity_resolve.max": NoEvent,
}

// Watched is how a parameter is watched; false where it is not.
func Watched(param string) (Watch, bool) { w, ok := watched[param]; return w, ok }

// Unwatched is why it is not; empty where nobody decided that.
func Unwatched(param string) string { return unwatched[param] }
