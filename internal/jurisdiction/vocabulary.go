package jurisdiction

import (
	"maps"
	"slices"
	"strings"
)

// Kind is what the values of a parameter are.
type Kind string

// The kinds of values.
const (
	Flag     Kind = "bool"     // something must be there
	Ban      Kind = "forbid"   // something must not be there
	Count    Kind = "count"    // a whole number
	Percent  Kind = "percent"  // a whole number of hundredths
	Enum     Kind = "enum"     // one word of an ordered list, the mildest first
	Choice   Kind = "choice"   // the words of a list out of which one is taken
	Set      Kind = "set"      // words
	Duration Kind = "duration" // a time from an event
	Money    Kind = "money"    // a sum, a percentage of one, or a formula
	Label    Kind = "label"    // words that must stand there, by pack and language
	Window   Kind = "window"   // days before an event
)

// Merge is how the values of several rules become one. All but Only and
// ByLocale take the strictest.
type Merge string

// The directions.
const (
	Or        Merge = "or"
	MaxOf     Merge = "max"       // the longest, the most
	MinOf     Merge = "min"       // the shortest, the least
	Strictest Merge = "strictest" // the last in the order of the parameter
	Union     Merge = "union"
	Intersect Merge = "intersect"
	Windows   Merge = "windows"   // all of them: one notice may be in several, or several are sent
	ByLocale  Merge = "by_locale" // side by side, by pack and language
	Only      Merge = "only"      // different values are a conflict
)

// Param is a parameter of the vocabulary.
type Param struct {
	Name  string
	Kind  Kind
	Merge Merge
	Phase Phase
	Words []string // Enum: the order, the mildest first. Choice and Set: all words there are; empty: any
	// Excludes names a flag that cannot hold together with this one, or, for a
	// set of what is needed, the set of what is allowed.
	Excludes string
}

// Area is the first part of the name: offers, ack, dsr.
func (p *Param) Area() string { area, _, _ := strings.Cut(p.Name, "."); return area }

// Op is the only operator that fits a parameter: it says what the value of a
// rule is to the value of a flow, a deadline or a document.
func (p *Param) Op() string {
	switch {
	case p.Kind == Flag:
		return "require"
	case p.Kind == Ban:
		return "forbid"
	case p.Kind == Enum:
		return "eq"
	case p.Kind == Choice:
		return "in"
	case p.Kind == Label:
		return "label"
	case p.Kind == Window:
		return "window"
	case p.Merge == Union:
		return "superset"
	case p.Merge == Intersect:
		return "subset"
	case p.Merge == MaxOf:
		return "min"
	}
	return "max"
}

// aboutData are the areas that follow the seller's law wherever the customer
// lives.
var aboutData = []string{"dsr", "export", "switch", "retrieve", "erase", "block", "retain", "processor"}

// AboutData reports whether the parameter is about personal or exported data.
func (p *Param) AboutData() bool { return slices.Contains(aboutData, p.Area()) }

func words(s string) []string { return strings.Fields(s) }

// vocabulary is closed: a pack that uses another name is refused.
var vocabulary = []*Param{
	// the way in
	{Name: "entry.login", Kind: Enum, Merge: Strictest, Phase: Static, Words: words("any existing_ok forbid")},
	{Name: "entry.location", Kind: Set, Merge: Union, Phase: Static, Words: words("home_first_view footer account same_app first_menu point_of_contract")},
	{Name: "entry.permanent", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "entry.max_clicks_from_home", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "entry.max_siblings", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "entry.label", Kind: Label, Merge: ByLocale, Phase: Static},
	{Name: "channels.min", Kind: Set, Merge: Union, Phase: Static, Words: channelWords},
	{Name: "channel.parity", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "channel.online_required", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "channel.phone_rate", Kind: Enum, Merge: Strictest, Phase: Static, Words: words("any standard free")},
	{Name: "channel.voicemail.max", Kind: Duration, Merge: MinOf, Phase: Clock}, // until a message left is worked
	// the flow
	{Name: "steps.entry_to_confirm.max", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "steps.vs_signup.max", Kind: Percent, Merge: MinOf, Phase: Static},
	{Name: "page.single", Kind: Flag, Merge: Or, Phase: Static, Excludes: "page.recap"},
	{Name: "page.recap", Kind: Flag, Merge: Or, Phase: Static, Excludes: "page.single"},
	{Name: "confirm.visible_on_load", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "confirm.label", Kind: Label, Merge: ByLocale, Phase: Static},
	{Name: "fields.allowed", Kind: Set, Merge: Intersect, Phase: Static, Words: fieldWords},
	{Name: "fields.min", Kind: Set, Merge: Union, Phase: Static, Words: fieldWords, Excludes: "fields.allowed"},
	{Name: "reason.required", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "survey.position", Kind: Enum, Merge: Strictest, Phase: Static, Words: words("anywhere after_receipt after_effect")},
	{Name: "agent.required", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "wait.imposed", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "design.manipulative", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "design.obstructive", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "auth.mode", Kind: Set, Merge: Intersect, Phase: Static, Words: words("none non_blocking_email existing_session code id_document new_account")},
	{Name: "a11y.level", Kind: Enum, Merge: Strictest, Phase: Static, Words: words("none wcag_a wcag_aa")},
	{Name: "contract.exit_procedure", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "links.odr_platform", Kind: Ban, Merge: Or, Phase: Static},
	// what is offered
	{Name: "offers.max_before_registration", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "offers.position", Kind: Choice, Merge: Intersect, Phase: Static, Words: words("none beside_live_exit after_registration_opt_in after_receipt")},
	{Name: "offers.opt_in", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "offers.asks_per_attempt", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "offers.exit_copresent", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "offers.on_confirm_page", Kind: Count, Merge: MinOf, Phase: Static},
	{Name: "offers.in_service_channel", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "offers.during_incident", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "offers.must_improve_terms", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "offers.phone_exit_told", Kind: Flag, Merge: Or, Phase: Clock}, // before an offer by phone, one hears that saying "cancel" cancels
	// receipt
	{Name: "ack.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "ack.written_proof.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "ack.medium", Kind: Set, Merge: Intersect, Phase: Document, Words: words("page email pdf post")},
	{Name: "ack.contents", Kind: Set, Merge: Union, Phase: Document, Words: words("code declaration instant zone contract end_date effects money data_window erasure_date complaint adr refund")},
	{Name: "ack.code", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "ack.durable", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "ack.channel_of_choice", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "ack.same_medium", Kind: Flag, Merge: Or, Phase: Document}, // by which it was asked
	{Name: "ack.address_survives", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "ack.time_precision", Kind: Enum, Merge: Strictest, Phase: Document, Words: words("day minute second")},
	{Name: "ack.language", Kind: Flag, Merge: Or, Phase: Document},
	// effect and money
	{Name: "effect.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "effect.default", Kind: Enum, Merge: Only, Phase: Clock, Words: words("earliest end_of_paid customer_choice")},
	{Name: "effect.despite_debt", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "effect.linked_contracts", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "request.submitted_counts", Kind: Flag, Merge: Or, Phase: Clock}, // what was sent is taken as received
	{Name: "request.fee", Kind: Money, Merge: MinOf, Phase: Clock},          // what asking costs
	{Name: "billing.after_effect", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "notice.customer.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "fee.exit.max", Kind: Money, Merge: MinOf, Phase: Static},
	{Name: "fee.disclosed", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "penalty.self_executed", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "refund.prepaid", Kind: Enum, Merge: Strictest, Phase: Static, Words: words("none prorata full")},
	{Name: "refund.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "refund.same_means", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "refund.indexed", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "refund.late_multiplier", Kind: Count, Merge: MaxOf, Phase: Clock},
	{Name: "refund.fee", Kind: Money, Merge: MinOf, Phase: Clock},
	{Name: "lockin.max", Kind: Duration, Merge: MinOf, Phase: Static},
	{Name: "renewal.opt_out_deadline.max_before", Kind: Duration, Merge: MinOf, Phase: Static},
	{Name: "renewal.exit_after.min", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "renewal.exit_free_after", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "renewal.exit_if_untold", Kind: Flag, Merge: Or, Phase: Clock}, // whoever was not told of it may leave at any time after
	{Name: "change.free_exit", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "number.port.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "number.port_is_exit", Kind: Flag, Merge: Or, Phase: Clock},
	// withdrawal
	{Name: "withdraw.period", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "withdraw.ext", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "withdraw.fn", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "withdraw.fn.permanent", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "withdraw.fn.label", Kind: Label, Merge: ByLocale, Phase: Static},
	{Name: "withdraw.confirm.label", Kind: Label, Merge: ByLocale, Phase: Static},
	{Name: "withdraw.confirm.separate", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "withdraw.fields", Kind: Set, Merge: Intersect, Phase: Static, Words: fieldWords},
	{Name: "withdraw.submitted_counts", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "withdraw.prorata_only_on_request", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "withdraw.return_cost_on_seller", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "withdraw.statement_is_proof", Kind: Flag, Merge: Or, Phase: Clock},
	// notices
	{Name: "notice.renewal", Kind: Window, Merge: Windows, Phase: Clock},
	{Name: "notice.trial_end", Kind: Window, Merge: Windows, Phase: Clock},
	{Name: "notice.price_change", Kind: Window, Merge: Windows, Phase: Clock},
	{Name: "notice.terms_change", Kind: Window, Merge: Windows, Phase: Clock},
	{Name: "notice.annual", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "notice.each_charge", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "notice.price_change.consent", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "notice.contents", Kind: Set, Merge: Union, Phase: Document, Words: words("amount date deadline how_to_cancel cancel_link silence_means boxed_date period")},
	{Name: "notice.medium", Kind: Set, Merge: Intersect, Phase: Document, Words: words("email post sms page dedicated_letter")},
	{Name: "notice.on_bill", Kind: Flag, Merge: Or, Phase: Document}, // bills say how to leave
	// data
	{Name: "dsr.access.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.erase.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.rectify.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.port.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.object.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.sale_opt_out.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.info.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.effect.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.block.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.ext.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.ext.told.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.refusal.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.ack.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "dsr.fee", Kind: Money, Merge: MinOf, Phase: Clock},
	{Name: "dsr.identity_only_in_doubt", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "dsr.refusal_names_routes", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "export.fee", Kind: Money, Merge: MinOf, Phase: Clock},
	{Name: "export.blocked_by_debt", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "export.format", Kind: Set, Merge: Intersect, Phase: Document, Words: words("structured_open common_machine_readable proprietary paper")},
	{Name: "export.scope", Kind: Set, Merge: Union, Phase: Document, Words: words("provided observed content input output metadata assets")},
	{Name: "export.redacts_others", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "export.self_service", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "export.to_other_provider", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "switch.notice.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "switch.transition.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "switch.infeasible_notify.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "switch.alt_transition.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "switch.extension_by_customer", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "switch.choices", Kind: Set, Merge: Union, Phase: Static, Words: words("provider on_premises erase")},
	{Name: "switch.erase_ends_contract", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "switch.contract", Kind: Set, Merge: Union, Phase: Document, Words: words("written storable portable_categories exempt_categories early_fee assistance due_care continuity risks security")},
	{Name: "switch.information", Kind: Set, Merge: Union, Phase: Document, Words: words("procedures formats restrictions register jurisdiction safeguards")},
	{Name: "switch.fee.max", Kind: Money, Merge: MinOf, Phase: Static},
	{Name: "retrieve.window.min", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retrieve.before_access_ends", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "erase.mode", Kind: Enum, Merge: Only, Phase: Clock, Words: words("delete block_then_destroy")},
	{Name: "erase.after_retrieval", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "erase.no_further_use", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "erase.exceptions", Kind: Set, Merge: Intersect, Phase: Document, Words: words("legal_obligation legal_claims public_interest expression contract_duty")},
	{Name: "processor.at_end", Kind: Choice, Merge: Intersect, Phase: Clock, Words: words("delete return")},
	{Name: "erase.proof_to_subject", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "erase.proof_names_recipients", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "erase.notify_recipients", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "erase.notify_recipients.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "block.while_evaluated", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "block.viewing", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "block.until", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.books", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.tax", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.contract_claims", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.request_log", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.money_laundering", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "retain.call_recordings", Kind: Duration, Merge: MaxOf, Phase: Clock},
	// winning back
	{Name: "winback.basis", Kind: Set, Merge: Intersect, Phase: Clock, Words: words("prior_consent soft_opt_in own_initiative_consent opt_out")},
	{Name: "winback.opt_out.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "winback.opt_out.each_message", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "winback.opt_out.free", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "winback.opt_out.works.min", Kind: Duration, Merge: MaxOf, Phase: Document}, // how long the way out of a message works
	{Name: "winback.labelled", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "winback.hours", Kind: Set, Merge: Intersect, Phase: Clock, Words: words("weekdays_7_19 saturday_8_15 weekdays_other saturday_other sunday_and_holidays")},
	{Name: "winback.consent_age.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "winback.after_end.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "winback.sender_named", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "winback.channel_authorised", Kind: Flag, Merge: Or, Phase: Clock}, // only ways that the person agreed to
	{Name: "winback.postal_address", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "winback.consent_bundled", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "suppression.keep", Kind: Flag, Merge: Or, Phase: Clock},
	// how a case is worked
	{Name: "case.resolve.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "case.billing_resolve.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "case.continuity_resolve.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "case.cure.min", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "case.reasoned_answer", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "case.language", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "case.refusal_names_adr", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "case.proof_on_request", Kind: Flag, Merge: Or, Phase: Document},
	{Name: "complaint.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "complaint.channels.min", Kind: Set, Merge: Union, Phase: Static, Words: channelWords},
	{Name: "complaint.pay_first", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "autoclose", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "human.max_wait", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "human.from_start", Kind: Flag, Merge: Or, Phase: Static},
	{Name: "human.only_bot", Kind: Ban, Merge: Or, Phase: Static},
	{Name: "human.supervisor.max", Kind: Duration, Merge: MinOf, Phase: Clock},
	{Name: "human.drops_calls", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "human.hours_per_day.min", Kind: Count, Merge: MaxOf, Phase: Clock}, // of a business day
	{Name: "evidence.keep.min", Kind: Duration, Merge: MaxOf, Phase: Clock},
	{Name: "burden.on_seller", Kind: Flag, Merge: Or, Phase: Clock},
	{Name: "suspend_during_dispute", Kind: Ban, Merge: Or, Phase: Clock},
	{Name: "collect_during_dispute", Kind: Ban, Merge: Or, Phase: Clock},
}

// channelWords are the ways by which a customer can be heard.
var channelWords = words("same_as_contract online email post phone electronic store any_contracting")

// fieldWords are what a form may ask for. A flow names its fields so.
var fieldWords = words("name company contract line date email postal_address contact identity kind ground proof reason comment")

var byName = func() map[string]*Param {
	m := make(map[string]*Param, len(vocabulary))
	for _, p := range vocabulary {
		m[p.Name] = p
	}
	return m
}()

// Params is the whole vocabulary in its order.
func Params() []*Param { return slices.Clone(vocabulary) }

// ParamNamed is a parameter by its name; nil: there is none.
func ParamNamed(name string) *Param { return byName[name] }

// events are what times count from.
var events = []string{
	"request.submitted", "request.verified", "effect", "transition.ended", "contract.concluded", "goods.delivered", "service.contracted", "obligation.told",
	"withdrawal.submitted", "withdrawal.informed", "withdrawal.period_end", "dsr.received", "dsr.decided", "dsr.due", "complaint.received", "incident.received", "problem.told", "answer.ready",
	"renewal.date", "cancel.deadline", "trial.end", "price.change", "terms.change", "charge.date", "message.sent", "objection.received", "consent.given", "contract.end", "case.closed",
	"erase.done", "notice.given", "notice.ended",
}

// Events are what times and windows count from.
func Events() []string { return slices.Clone(events) }

// Formulas are the sums and times that are computed from the contract.
func Formulas() []string { return slices.Sorted(maps.Keys(formulas)) }

// formulas are sums and times that are computed from the contract.
var formulas = map[string]bool{
	"benefit_prorata":    true, // the benefit given × days of the commitment that are left ÷ all its days
	"direct_cost":        true, // what it costs the seller, without profit
	"real_damage":        true, // proportionate to a damage that is shown
	"unpaid_device":      true, // what is left to pay of a device
	"limitation_periods": true, // the longest period in which claims can be brought
	"no_end":             true, // a time that does not run out
	"remaining_fees":     true, // what is left to pay until the end of the term
}
