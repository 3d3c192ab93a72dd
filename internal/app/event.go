package app

// EventType is one type of fact in the log: what happened, and what its entry
// says beside type, instant, actor and case.
type EventType struct {
	Type string
	When string // for the reference
	Args []string
	// Sent goes out to webhooks: it is about a departure. Of its args a webhook
	// says only those in Tells: ids, keys of the playbook and codes, never names,
	// addresses or what somebody wrote.
	Sent  bool
	Tells []string
	State string // what the case, step, work … is then; empty if it says nothing about that
}

var workArgs = []string{"work", "item", "system", "attempt"}

// with adds args to a list.
func with(list []string, more ...string) []string { return append(list[:len(list):len(list)], more...) }

// EventTypes is every type of fact, by noun. A fact that is not here cannot be
// recorded.
var EventTypes = []EventType{
	{Type: "request.received", When: "a request was registered and acknowledged; nobody knows yet whose it is", Args: []string{"code", "channel", "name", "account", "receipt", "reference", "when", "via", "paper", "day", "ending"}, Sent: true, Tells: []string{"channel"}, State: "received"},
	{Type: "request.matched", When: "the request was tied to its customer", Args: []string{"customer"}, Sent: true, State: "matched"},
	{Type: "request.vouched", When: "somebody of the company checked who was asking", Args: []string{"how"}, Sent: true},
	{Type: "request.verified", When: "identity was proved", Args: []string{"by"}, Sent: true, State: "verified"},
	{Type: "request.disowned", When: "whoever read a letter said: this was not me", Args: []string{"with"}, Sent: true, State: "disowned"},
	{Type: "return.asked", When: "a customer whose departure took effect wants to come back", Sent: true},

	{Type: "case.registered", When: "the case exists and waits for the proof of identity", Args: []string{"playbook", "effective"}, Sent: true, Tells: []string{"playbook", "effective"}, State: "registered"},
	{Type: "case.narrowed", When: "some of its contracts leave by a departure that was proved before it", Args: []string{"request", "effective"}, Sent: true, Tells: []string{"effective"}},
	{Type: "case.waits", When: "identity is proved; the plan begins once an earlier departure of the same contracts is undone", Args: []string{"by"}, Sent: true, State: "registered"},
	{Type: "case.opened", When: "identity is proved and the plan begins", Args: []string{"by"}, Sent: true, State: "open"},
	{Type: "case.effective", When: "the effective date came: the contract has ended", Sent: true, State: "effective"},
	{Type: "case.paused", When: "somebody paused the case", Args: []string{"by", "why"}, Sent: true, State: "paused"},
	{Type: "case.resumed", When: "it goes on", Args: []string{"by"}, Sent: true, State: "open"},
	{Type: "case.reversing", When: "the departure began to be undone", Args: []string{"by", "final"}, Sent: true, State: "reversing"},
	{Type: "case.reversed", When: "it is undone, and that is verified", Sent: true, State: "reversed"},
	{Type: "case.stopped", When: "it was not the customer: nothing more happens", Args: []string{"by"}, Sent: true, State: "stopped"},
	{Type: "case.closed", When: "every step is over", Sent: true, State: "closed"},

	{Type: "step.ready", When: "the step's turn has come", Args: []string{"step"}, Sent: true, Tells: []string{"step"}, State: "ready"},
	{Type: "step.done", When: "its owner, or the far systems, said that it is done", Args: []string{"step", "by"}, Sent: true, Tells: []string{"step"}, State: "done"},
	{Type: "step.verified", When: "everything it did was read back", Args: []string{"step"}, Sent: true, Tells: []string{"step"}, State: "verified"},
	{Type: "step.blocked", When: "a person is asked", Args: []string{"step", "why", "cause"}, Sent: true, Tells: []string{"step", "why"}, State: "blocked"},
	{Type: "step.skipped", When: "its condition does not hold, it has nothing to do, its letter may not go out, or somebody decided so because it could not begin", Args: []string{"step", "condition", "facts", "why", "by", "evidence"}, Sent: true, Tells: []string{"step", "why"}, State: "skipped"},
	{Type: "step.needless", When: "what a person was asked beside the plan need not be done any more", Args: []string{"step"}, Sent: true, Tells: []string{"step"}, State: "cancelled"},
	{Type: "step.reopened", When: "a blocked step went back to its owner", Args: []string{"step", "by"}, Sent: true, Tells: []string{"step"}, State: "ready"},
	{Type: "step.retried", When: "a step that could not begin is tried again", Args: []string{"step", "by"}, Sent: true, Tells: []string{"step"}, State: "ready"},
	{Type: "step.due_soon", When: "its owner is reminded", Args: []string{"step", "role"}, Sent: true, Tells: []string{"step", "role"}},
	{Type: "step.overdue", When: "its due date has passed", Args: []string{"step", "role"}, Sent: true, Tells: []string{"step", "role"}},
	{Type: "step.escalated", When: "it is late and another role was asked", Args: []string{"step", "role", "to"}, Sent: true, Tells: []string{"step", "role", "to"}},
	{Type: "step.assigned", When: "somebody of its role was given the step, or took it", Args: []string{"step", "user", "by"}, Sent: true, Tells: []string{"step", "user"}},
	{Type: "step.unassigned", When: "the step is nobody's in particular again", Args: []string{"step", "by"}, Sent: true, Tells: []string{"step"}},
	{Type: "step.undone", When: "what it did was taken back, and that is verified", Args: []string{"step"}, Sent: true, Tells: []string{"step"}, State: "undone"},

	{Type: "item.ticked", When: "somebody ticked a line of a checklist", Args: []string{"step", "item", "by", "real", "evidence"}, Sent: true, Tells: []string{"step", "item"}, State: "ticked"},
	{Type: "item.unticked", When: "somebody took the tick back", Args: []string{"step", "item", "by", "real", "evidence"}, Sent: true, Tells: []string{"step", "item"}, State: "open"},
	{Type: "approval.given", When: "a second person approved", Args: []string{"step", "by", "of"}, Sent: true, Tells: []string{"step"}, State: "given"},
	{Type: "approval.refused", When: "a second person did not approve", Args: []string{"step", "by", "why"}, Sent: true, Tells: []string{"step"}, State: "refused"},
	{Type: "complaint.received", When: "something that went wrong for a customer was written down", Args: []string{"complaint", "what", "cause", "answer_by"}},
	{Type: "complaint.promised", When: "a fix was promised for a date", Args: []string{"complaint", "answer", "cause", "by"}},
	{Type: "complaint.fixed", When: "what was wrong was put right", Args: []string{"complaint", "answer", "cause", "by"}},
	{Type: "complaint.declined", When: "a complaint was answered with grounds and nothing is to be fixed", Args: []string{"complaint", "answer", "cause", "by"}},
	{Type: "complaint.late", When: "the day by which to answer has passed", Args: []string{"complaint", "answer_by"}},
	{Type: "commitment.made", When: "one side promised something for a date", Args: []string{"commitment", "by", "what", "due"}, Sent: true, Tells: []string{"commitment", "by", "due"}},
	{Type: "commitment.kept", When: "what was promised was done", Args: []string{"commitment", "late", "evidence"}, Sent: true, Tells: []string{"commitment", "late"}},
	{Type: "commitment.broken", When: "what was promised was not done", Args: []string{"commitment", "late", "evidence"}, Sent: true, Tells: []string{"commitment", "late"}},
	{Type: "commitment.released", When: "what was promised is no longer wanted", Args: []string{"commitment", "late", "evidence"}, Sent: true, Tells: []string{"commitment", "late"}},
	{Type: "commitment.late", When: "the date of a promise has passed and it is not kept", Args: []string{"commitment", "by", "due"}, Sent: true, Tells: []string{"commitment", "by", "due"}},
	{Type: "obligation.opened", When: "something that was lent is to come back", Args: []string{"obligation", "kind", "name", "due"}, Sent: true, Tells: []string{"obligation", "kind", "due"}, State: "open"},
	{Type: "obligation.returned", When: "it came back, and the customer has a receipt", Args: []string{"obligation", "name", "receipt", "evidence"}, Sent: true, Tells: []string{"obligation", "receipt"}, State: "returned"},
	{Type: "obligation.charged", When: "it did not come back: a sum is owed instead", Args: []string{"obligation", "name", "amount", "currency", "reference", "evidence"}, Sent: true, Tells: []string{"obligation", "amount", "currency"}, State: "charged"},
	{Type: "obligation.waived", When: "nobody wants it back", Args: []string{"obligation", "name", "evidence"}, Sent: true, Tells: []string{"obligation"}, State: "waived"},
	{Type: "handover.given", When: "the client was given something", Args: []string{"item", "kind", "name", "way", "how"}, Sent: true, Tells: []string{"item", "kind", "way"}, State: "given"},
	{Type: "handover.accepted", When: "the client accepted it, or signed a slip for it", Args: []string{"item", "kind", "name", "slip"}, Sent: true, Tells: []string{"item", "kind", "slip"}, State: "accepted"},
	{Type: "handover.lacking", When: "the client says that something is missing", Args: []string{"item", "kind", "name", "lacks"}, Sent: true, Tells: []string{"item", "kind"}, State: "missing"},
	{Type: "handover.rotated", When: "the client says that they changed a credential", Args: []string{"item", "kind", "name"}, Sent: true, Tells: []string{"item", "kind"}, State: "confirmed"},
	{Type: "handover.rotation_unanswered", When: "reminded twice without an answer: a person is asked", Args: []string{"item", "kind", "name"}, Sent: true, Tells: []string{"item", "kind"}, State: "unanswered"},
	{Type: "handover.rotation_attested", When: "a person answers for what was done about a credential instead", Args: []string{"item", "kind", "name", "why"}, Sent: true, Tells: []string{"item", "kind"}, State: "attested"},
	{Type: "envelope.sealed", When: "a credential was sealed in an envelope; what is in it stands nowhere else", Args: []string{"envelope", "item", "name"}, Sent: true, Tells: []string{"envelope", "item"}, State: "sealed"},
	{Type: "envelope.opened", When: "it was opened, and what was in it destroyed", Args: []string{"envelope", "item", "name"}, Sent: true, Tells: []string{"envelope", "item"}, State: "opened"},
	{Type: "readings.added", When: "a program told what customers use or spend, or what went wrong for them", Args: []string{"rows"}},
	{Type: "risk.changed", When: "a customer became, or stopped being, one to look at", Args: []string{"was", "band", "points"}},
	{Type: "risk.frozen", When: "a customer left: how they were rated stays as it was", Args: []string{"band", "points"}, Sent: true, Tells: []string{"band", "points"}},
	{Type: "play.opened", When: "somebody began to do something about a customer at risk", Args: []string{"play", "kind", "band", "points"}},
	{Type: "play.planned", When: "it has an owner, a day and a plan", Args: []string{"play", "user", "due", "plan"}},
	{Type: "play.begun", When: "its owner is at it", Args: []string{"play"}},
	{Type: "play.finished", When: "it has an outcome", Args: []string{"play", "outcome", "note"}},
	{Type: "reason.given", When: "why a customer leaves was written down: what they say, or what lay behind it", Args: []string{"reason", "kind", "taxonomy", "attribution", "complaint", "text", "grounds"}, Sent: true, Tells: []string{"reason", "kind", "attribution"}},
	{Type: "offer.asked", When: "the customer asked, of their own accord, what could be done", Sent: true},
	{Type: "offer.made", When: "one thing was proposed; the departure goes on", Args: []string{"offer", "kind", "until", "due", "what", "spoken"}, Sent: true, Tells: []string{"offer", "kind", "until", "due"}, State: "offered"},
	{Type: "offer.accepted", When: "the customer accepts it: the departure is undone and what was offered is owed", Args: []string{"offer", "kind", "commitment"}, Sent: true, Tells: []string{"offer", "kind", "commitment"}, State: "accepted"},
	{Type: "offer.declined", When: "the customer goes on leaving; it is not asked again", Args: []string{"offer", "kind", "commitment"}, Sent: true, Tells: []string{"offer", "kind"}, State: "declined"},
	{Type: "offer.lapsed", When: "nobody answered in time, or the departure came first", Args: []string{"offer", "kind", "why"}, Sent: true, Tells: []string{"offer", "kind", "why"}, State: "lapsed"},
	{Type: "offer.applied", When: "a person did what was offered", Args: []string{"offer", "kind", "grounds"}, Sent: true, Tells: []string{"offer", "kind"}, State: "applied"},
	{Type: "offer.reversed", When: "what was accepted is taken back, or no longer wanted", Args: []string{"offer", "kind", "grounds"}, Sent: true, Tells: []string{"offer", "kind"}, State: "reversed"},
	{Type: "meeting.invited", When: "the customer was invited to a conversation, or another time was agreed", Args: []string{"step", "invitation", "format", "start", "place", "neutral"}, Sent: true, Tells: []string{"step", "invitation", "format", "start"}},
	{Type: "meeting.declined", When: "the customer prefers not to talk", Args: []string{"invitation"}, Sent: true, Tells: []string{"invitation"}},
	{Type: "key.destroyed", When: "a key was destroyed on purpose: nothing that it sealed can be read again", Args: []string{"key"}},
	{Type: "certificate.issued", When: "our own record of the customer was erased, and their certificate made", Args: []string{"sha256"}, Sent: true, Tells: []string{"sha256"}, State: "erased"},
	{Type: "testimonial.given", When: "a customer who left let the company show words, sound or film", Args: []string{"voice", "until", "blob"}, Sent: true, Tells: []string{"voice", "until"}},
	{Type: "testimonial.withdrawn", When: "they took it back", Args: []string{"voice"}, Sent: true, Tells: []string{"voice"}},
	{Type: "referral.made", When: "a customer who left wanted a link with which to recommend the company", Args: []string{"voice"}, Sent: true, Tells: []string{"voice"}},
	{Type: "form.answered", When: "a person finished the form of a step", Args: []string{"step", "form", "answers"}, Sent: true, Tells: []string{"step"}},
	{Type: "note.added", When: "somebody wrote a note; what it says is kept sealed, apart from the log", Args: []string{"note"}, Sent: true, Tells: []string{"note"}},
	{Type: "file.added", When: "a file was kept with the case, beside its notes", Args: []string{"blob", "name", "sha256"}, Sent: true, Tells: []string{"blob", "sha256"}},
	{Type: "evidence.added", When: "a file was attached to a step", Args: []string{"step", "blob", "name", "sha256"}, Sent: true, Tells: []string{"step", "blob", "sha256"}},

	{Type: "work.called", When: "a far system is about to be called", Args: with(workArgs, "before"), Sent: true, Tells: workArgs, State: "running"},
	{Type: "work.done", When: "the far system said that it is done", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: workArgs, State: "done"},
	{Type: "work.verified", When: "it was read back, and is so", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: workArgs, State: "verified"},
	{Type: "work.failed", When: "the far system refused, or the attempts are used up: a person is asked", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: with(workArgs, "why"), State: "failed"},
	{Type: "work.uncertain", When: "it may have happened and cannot be read: a person is asked", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: with(workArgs, "why"), State: "uncertain"},
	{Type: "work.undo_done", When: "the far system said that it took it back", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: workArgs, State: "undo_done"},
	{Type: "work.undone", When: "that was read back, and is so", Args: with(workArgs, "evidence", "why"), Sent: true, Tells: workArgs, State: "undone"},
	{Type: "work.resumed", When: "a person decided to read again, or to call again", Args: with(workArgs, "decision", "evidence"), Sent: true, Tells: with(workArgs, "decision"), State: "ready"},
	{Type: "wait.extended", When: "a person let a wait go on whose time was over", Args: with(workArgs, "days", "until", "evidence"), Sent: true, Tells: with(workArgs, "days", "until"), State: "ready"},
	{Type: "work.attested", When: "a person answers for it that it is so", Args: with(workArgs, "decision", "evidence"), Sent: true, Tells: workArgs, State: "attested"},

	{Type: "system.reported", When: "a far system told by itself, signed, that something changed there: it is looked at again, and nothing of it is believed", Args: []string{"system", "report", "works"}, Sent: true, Tells: []string{"system"}},

	{Type: "message.queued", When: "a letter waits to be sent", Args: []string{"message", "paper", "to"}, Sent: true, Tells: []string{"message", "paper"}, State: "queued"},
	{Type: "message.sent", When: "the mail system took the letter", Args: []string{"message", "subject"}, Sent: true, Tells: []string{"message"}, State: "sent"},
	{Type: "message.withheld", When: "the table of messages did not allow it any more", Args: []string{"message", "paper", "why"}, Sent: true, Tells: []string{"message"}, State: "withheld"},
	{Type: "message.bounced", When: "the mail system refused the address", Args: []string{"message", "subject"}, Sent: true, Tells: []string{"message"}, State: "refused"},
	{Type: "link.used", When: "the customer used a link or a code", Args: []string{"purpose"}, Sent: true, Tells: []string{"purpose"}},
	{Type: "bundle.ready", When: "the file with the customer's data is ready", Args: []string{"blob", "sha256", "size", "files"}, Sent: true, Tells: []string{"blob", "sha256"}, State: "ready"},
	{Type: "bundle.downloaded", When: "the customer fetched it", Args: []string{"blob", "sha256"}, Sent: true, Tells: []string{"blob", "sha256"}, State: "downloaded"},

	{Type: "customer.added", When: "a customer was added by hand", Args: []string{"reference", "name"}},
	{Type: "customer.changed", When: "somebody changed who the customer is", Args: []string{"reference", "changed"}},
	{Type: "contact.added", When: "a contact was added", Args: []string{"name", "email", "role"}},
	{Type: "contact.changed", When: "a contact was changed", Args: []string{"email", "changed"}},
	{Type: "contact.removed", When: "a contact was taken off", Args: []string{"name", "email", "role"}},
	{Type: "external.added", When: "the customer's number in another system was noted", Args: []string{"system", "value"}},
	{Type: "external.removed", When: "the customer's number in another system was taken off", Args: []string{"system", "value"}},
	{Type: "subscription.added", When: "a subscription was added by hand", Args: []string{"reference", "product", "amount"}},
	{Type: "subscription.changed", When: "somebody changed a subscription", Args: []string{"reference", "changed"}},
	{Type: "inventory.added", When: "a grant, asset, balance … was added by hand", Args: []string{"what", "name"}},
	{Type: "refund.proposed", When: "a charge after the request is to be given back, if it was made", Args: []string{"reference", "on", "minor", "currency"}, Sent: true, Tells: []string{"reference", "on"}},
	{Type: "grant.changed", When: "somebody changed an access on the inventory", Args: []string{"name", "changed"}},
	{Type: "grant.attested", When: "somebody answers for it that an access is closed", Args: []string{"name", "evidence"}},
	{Type: "grant.reopened", When: "an access that was closed is open again", Args: []string{"name"}},
	{Type: "balance.settled", When: "a sum was marked as paid or void", Args: []string{"reference", "status"}},
	{Type: "import.finished", When: "an import came to its end, or was stopped between two batches", Args: []string{"rows", "changed", "rejected", "stopped"}},
	{Type: "playbook.proposed", When: "a version of a playbook was kept", Args: []string{"playbook"}},
	{Type: "playbook.activated", When: "new cases follow it", Args: []string{"playbook", "proposed_by"}},
	{Type: "api_key.made", When: "an API key was made", Args: []string{"key", "name", "scopes"}},
	{Type: "api_key.revoked", When: "an API key was ended", Args: []string{"key", "name"}},
	{Type: "staff.added", When: "somebody may sign in", Args: []string{"user", "roles"}},
	{Type: "staff.role_changed", When: "an administrator changed what somebody may do", Args: []string{"user", "from", "to"}},
	{Type: "staff.deactivated", When: "somebody may not sign in any more", Args: []string{"user"}},
	{Type: "staff.activated", When: "somebody may sign in again", Args: []string{"user"}},
	{Type: "staff.password_reset", When: "an administrator made a password useless and a link to choose another", Args: []string{"user"}},
	{Type: "staff.password_set", When: "somebody chose a password with a link"},
	{Type: "staff.password_changed", When: "somebody changed their own password"},
	{Type: "staff.signed_out", When: "somebody was signed out everywhere", Args: []string{"user"}},
	{Type: "staff.signed_in", When: "somebody signed in"},
	{Type: "staff.viewed_as", When: "in the demo, somebody looks as somebody else", Args: []string{"as"}},
	{Type: "staff.factor_on", When: "somebody turned their second factor on"},
	{Type: "staff.factor_off", When: "a second factor was turned off", Args: []string{"user"}},
	{Type: "webhook.added", When: "an endpoint was added", Args: []string{"webhook", "host", "events"}},
	{Type: "webhook.rotated", When: "an endpoint got a new secret; the old one works until then", Args: []string{"webhook", "old_until"}},
	{Type: "webhook.disabled", When: "nothing more is sent to an endpoint, because a person or the endpoint itself said so", Args: []string{"webhook", "why"}},
	{Type: "webhook.enabled", When: "events are sent to it again", Args: []string{"webhook"}},
	{Type: "webhook.tested", When: "somebody had a test message sent", Args: []string{"webhook"}},
	{Type: "webhook.given_up", When: "a message was not taken after all attempts", Args: []string{"webhook", "event", "why"}},
	{Type: "webhook.redelivered", When: "somebody had messages sent again that were given up", Args: []string{"webhook", "messages"}},
	{Type: "consent.given", When: "somebody who leaves allowed one more letter; what they read is kept", Args: []string{"consent", "purpose", "wording"}, Sent: true, Tells: []string{"consent", "purpose"}, State: "given"},
	{Type: "consent.refused", When: "they did not", Args: []string{"consent", "purpose", "wording"}, Sent: true, Tells: []string{"consent", "purpose"}, State: "refused"},
	{Type: "consent.revoked", When: "they took it back", Args: []string{"consent", "purpose"}, Sent: true, Tells: []string{"consent", "purpose"}, State: "revoked"},
	{Type: "silence.asked", When: "an account wants no more letters but those that it asks for and the law wants told", Sent: true},
	{Type: "silence.lifted", When: "it takes that back", Sent: true},
	{Type: "winback.sent", When: "one letter was queued for those who left and allowed it", Args: []string{"letter", "to"}},
	{Type: "ending.proposed", When: "somebody wants the company to end contracts; nobody is told yet", Args: []string{"ending", "pick", "ends", "contracts", "words"}},
	{Type: "ending.approved", When: "a second person agreed: departures are opened and notices queued", Args: []string{"ending", "note"}},
	{Type: "ending.refused", When: "a second person did not agree", Args: []string{"ending", "note"}},
	{Type: "ending.stopped", When: "no more departures of it are opened", Args: []string{"ending", "note", "opened"}},
	{Type: "ending.passed", When: "a customer whom it picks leaves already, or cannot be told", Args: []string{"ending", "customer", "why"}},
	{Type: "ending.done", When: "everybody whom it picks was looked at", Args: []string{"ending", "opened", "passed"}},
	{Type: "improvement.added", When: "something is to be changed because of those who left", Args: []string{"improvement", "heading", "what", "owner", "due"}},
	{Type: "improvement.done", When: "it was changed, and what came of it was written down", Args: []string{"improvement", "effect"}},
	{Type: "improvement.dropped", When: "it is not changed after all, and why", Args: []string{"improvement", "effect"}},
	{Type: "metric.threshold_set", When: "an administrator said over which churn of a month the company wants to know", Args: []string{"from", "to"}},
	{Type: "clock.moved", When: "business time was pushed forward", Args: []string{"from", "to"}},
	{Type: "history.begun", When: "a demo began to live its past: what follows until `to` was made at `made`", Args: []string{"from", "to", "made"}},
	{Type: "erasure.repeated", When: "a backup brought somebody back who had been erased after it; they were erased again", Args: []string{"customer"}},
	{Type: "house.held", When: "an administrator, or a restore, holds back what would leave the house (`outside`) or everything (`all`)", Args: []string{"what", "why"}},
	{Type: "house.released", When: "what was held back goes on", Args: []string{"was"}},
	{Type: "backup.made", When: "a backup was written: the sum of its file, and the head of the log that it holds", Args: []string{"sha256", "size", "root", "rows"}},
	{Type: "log.restored", When: "a backup was restored: what came after it is missing, and why", Args: []string{"from", "to", "reason"}},
}

// eventTypes finds a type by its name.
var eventTypes = func() map[string]EventType {
	out := make(map[string]EventType, len(EventTypes))
	for _, e := range EventTypes {
		out[e.Type] = e
	}
	return out
}()
