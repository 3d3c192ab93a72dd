package api_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/web"
	"hastaluego/internal/web/console"
)

// Why something is for people only.
const (
	whoTheyAre   = "it is about who somebody is: signing in, their own account, their second factor"
	givesPower   = "it says who may do what: a program that gives itself more is nobody's decision"
	secondHand   = "a second person decides it; the route is there and always says forbidden.person"
	atTheWheel   = "whoever runs the installation holds everything back, there or with hasta hold: a program that may stop the house could hide in it"
	answersForIt = "somebody of finance answers for every sum in it: a program is no person"
	ownWork      = "the one person who works here answers for it: a program is not that person"
	readsIt      = "a person reads what a customer wrote and answers for what it means; a program that knows calls the acts themselves"
	needsSecond  = "a second person decides it; there is no route"
	judgesPeople = "a person says why the company lets this customer go: no program does by a score"
	clientOnly   = "a handover is accepted by the client alone, on their page or with a slip that they signed and a person read"
	personAsked  = "the client did not answer, and a person of the company is asked: a program is nobody who was asked"
	handToHand   = "a person gives a file to a person, and answers for whom it was"
	answersFor   = "a person answers for what nobody else could see"
	demoOnly     = "it is only in the demo"
	checkItself  = "whoever checks the log trusts no server: hasta audit verify, and the proofs of /v1/audit"
	houseRule    = "what the company is measured against is decided by people, seldom"
)

// twin says how an act of the console is done by a program: by one of the
// operations, or not at all.
type twin struct {
	operations string
	people     string // why it is for people only
}

// twins are all acts of the console. A new one without a line fails.
var twins = map[string]twin{
	"POST /console/signin":                                           {people: whoTheyAre},
	"POST /console/signin/code":                                      {people: whoTheyAre},
	"POST /console/once/{token}":                                     {people: whoTheyAre},
	"POST /console/reset/{token}":                                    {people: whoTheyAre},
	"POST /console/signout":                                          {people: whoTheyAre},
	"POST /console/account/password":                                 {people: whoTheyAre},
	"POST /console/account/sessions":                                 {people: whoTheyAre},
	"POST /console/account/told":                                     {people: whoTheyAre},
	"POST /console/account/channel":                                  {people: whoTheyAre},
	"POST /console/account/calendar":                                 {people: whoTheyAre},
	"POST /console/account/factor":                                   {people: whoTheyAre},
	"POST /console/account/factor/confirm":                           {people: whoTheyAre},
	"POST /console/account/factor/remove":                            {people: whoTheyAre},
	"POST /console/settings/users":                                   {people: givesPower},
	"POST /console/settings/users/{id}/roles":                        {people: givesPower},
	"POST /console/settings/users/{id}/active":                       {people: givesPower},
	"POST /console/settings/users/{id}/password":                     {people: whoTheyAre},
	"POST /console/settings/users/{id}/factor":                       {people: whoTheyAre},
	"POST /console/settings/users/{id}/sessions":                     {people: whoTheyAre},
	"POST /console/keys":                                             {people: givesPower},
	"POST /console/keys/{id}/revoke":                                 {people: givesPower},
	"POST /console/view-as":                                          {people: demoOnly},
	"POST /console/clock":                                            {people: demoOnly},
	"POST /console/audit/verify":                                     {people: checkItself},
	"POST /console/settings/hold":                                    {people: atTheWheel},
	"POST /console/settings/portal":                                  {people: houseRule},
	"POST /console/outbox/{id}/sent":                                 {people: readsIt},
	"POST /console/received":                                         {people: readsIt},
	"POST /console/received/{id}/mean":                               {people: readsIt},
	"POST /console/received/{id}/tie":                                {people: readsIt},
	"POST /console/received/{id}/aside":                              {people: readsIt},
	"POST /console/settings/one-person":                              {people: givesPower},
	"POST /console/cases/{id}/steps/{step}/ask":                      {people: ownWork},
	"POST /console/cases/{id}/steps/{step}/renew":                    {people: ownWork},
	"POST /console/cases/{id}/statement":                             {people: answersForIt},
	"POST /console/cases/{id}/orders":                                {people: answersForIt},
	"POST /console/cases/{id}/orders/{order}":                        {people: answersForIt},
	"POST /console/cases/{id}/retained/{retained}":                   {people: answersForIt},
	"POST /console/cases/{id}/address":                               {people: answersFor},
	"POST /console/cases/{id}/address/forget":                        {people: answersForIt},
	"POST /console/approvals/{approval}/withdraw":                    {people: ownWork},
	"POST /console/settings/channel":                                 {people: houseRule},
	"POST /console/cases/{id}/bundle":                                {people: handToHand},
	"POST /console/cases/{id}/limits/{limit}":                        {people: answersFor},
	"POST /console/cases/{id}/limits/{limit}/extend":                 {operations: "extend-limit"},
	"POST /console/customers/{id}/limits/{limit}/extend":             {operations: "extend-limit"},
	"POST /console/customers/{id}/limits/{limit}":                    {people: answersFor},
	"POST /console/documents/{message}":                              {people: answersFor},
	"POST /console/learn/threshold":                                  {people: houseRule},
	"POST /console/cases/{id}/steps/{step}/approve":                  {people: secondHand},
	"POST /console/playbooks/activate":                               {people: secondHand},
	"POST /console/flows/{id}/publish":                               {people: secondHand},
	"POST /console/flows/{id}/rollback":                              {people: secondHand},
	"POST /console/cases/{id}/steps/{step}/slip":                     {people: clientOnly},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/rotation": {people: personAsked},

	"POST /console/settings/company":                                       {operations: "put-company"},
	"POST /console/settings/words/{code}":                                  {operations: "put-words"},
	"POST /console/settings/words/{code}/test":                             {operations: "test-letter"},
	"POST /console/start/{step}":                                           {operations: "put-company"},
	"POST /console/start/apply":                                            {operations: "put-company"},
	"POST /console/first/{token}":                                          {people: whoTheyAre},
	"POST /console/webhooks":                                               {operations: "add-webhook"},
	"POST /console/webhooks/{id}/rotate":                                   {operations: "rotate-webhook"},
	"POST /console/webhooks/{id}/active":                                   {operations: "enable-webhook disable-webhook"},
	"POST /console/webhooks/{id}/test":                                     {operations: "test-webhook"},
	"POST /console/webhooks/{id}/again":                                    {operations: "redeliver-webhook"},
	"POST /console/requests/{id}":                                          {operations: "match-request"},
	"POST /console/cases/{id}/steps/{step}/items/{item}":                   {operations: "tick-item untick-item"},
	"POST /console/cases/{id}/steps/{step}/done":                           {operations: "complete-step"},
	"POST /console/cases/{id}/steps/{step}/form":                           {operations: "answer-form"},
	"POST /console/cases/{id}/steps/{step}/assign":                         {operations: "assign-step"},
	"POST /console/cases/{id}/steps/{step}/reopen":                         {operations: "reopen-step"},
	"POST /console/cases/{id}/steps/{step}/retry":                          {operations: "retry-step"},
	"POST /console/cases/{id}/steps/{step}/skip":                           {operations: "skip-step"},
	"POST /console/cases/{id}/steps/{step}/undone":                         {operations: "undone-step"},
	"POST /console/cases/{id}/steps/{step}/files":                          {operations: "attach-file"},
	"POST /console/cases/{id}/promise":                                     {operations: "promise-payment"},
	"POST /console/cases/{id}/instalments":                                 {operations: "propose-instalments answer-instalments pay-instalment"},
	"POST /console/cases/{id}/write-off":                                   {operations: "propose-write-off"},
	"POST /console/cases/{id}/strays/{stray}":                              {operations: "decide-stray"},
	"POST /console/cases/{id}/pause":                                       {operations: "pause-case"},
	"POST /console/cases/{id}/hurry":                                       {operations: "hurry-test-case"},
	"POST /console/customers/{id}/copy":                                    {operations: "make-copy"},
	"POST /console/customers/{id}/forget-test":                             {operations: "forget-test-customer"},
	"POST /console/cases/{id}/resume":                                      {operations: "resume-case"},
	"POST /console/cases/{id}/works/{work}":                                {operations: "decide-work"},
	"POST /console/cases/{id}/undo":                                        {operations: "undo-case"},
	"POST /console/cases/{id}/files":                                       {operations: "add-case-file"},
	"POST /console/cases/{id}/act":                                         {operations: "draw-act"},
	"POST /console/cases/{id}/notes":                                       {operations: "add-note"},
	"POST /console/cases/{id}/obligations/{obligation}":                    {operations: "end-obligation"},
	"POST /console/cases/{id}/reasons":                                     {operations: "give-reason"},
	"POST /console/cases/{id}/offer":                                       {operations: "make-offer"},
	"POST /console/cases/{id}/offer/end":                                   {operations: "end-offer"},
	"POST /console/customers/{id}/effort":                                  {operations: "add-hours"},
	"POST /console/customers/{id}/effort_remove":                           {operations: "take-back-hours"},
	"POST /console/customers/{id}/worth":                                   {operations: "compute-values"},
	"POST /console/customers/{id}/plays":                                   {operations: "open-play"},
	"POST /console/customers/{id}/plays/{play}/plan":                       {operations: "plan-play"},
	"POST /console/customers/{id}/plays/{play}/begin":                      {operations: "begin-play"},
	"POST /console/customers/{id}/plays/{play}/finish":                     {operations: "finish-play"},
	"POST /console/offers/policy":                                          {operations: "write-policy"},
	"POST /console/offers/policy/{id}":                                     {operations: "change-policy"},
	"POST /console/offers/policy/{id}/drop":                                {operations: "drop-policy"},
	"POST /console/offers/policy/{id}/publish":                             {operations: "publish-policy"},
	"POST /console/offers/policy/{id}/rollback":                            {operations: "roll-back-policy"},
	"POST /console/learn/experiments":                                      {operations: "put-experiment"},
	"POST /console/learn/experiments/{name}/check":                         {operations: "check-experiment"},
	"POST /console/learn/experiments/{name}/begin":                         {operations: "start-experiment"},
	"POST /console/learn/experiments/{name}/stop":                          {operations: "stop-experiment"},
	"POST /console/segments":                                               {operations: "try-segments"},
	"POST /console/learn/themes":                                           {operations: "learn-themes"},
	"POST /console/themes/{text}":                                          {operations: "correct-theme"},
	"POST /console/learn/improvements":                                     {operations: "add-improvement"},
	"POST /console/learn/improvements/{id}":                                {operations: "end-improvement"},
	"POST /console/cases/{id}/steps/{step}/processors/{system}/asked":      {operations: "say-asked"},
	"POST /console/cases/{id}/steps/{step}/processors/{system}/receipt":    {operations: "keep-receipt"},
	"POST /console/cases/{id}/steps/{step}/processors/{system}/unanswered": {operations: "give-up-processor"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}":                {operations: "give-item"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/hold":           {operations: "hold-item"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/paid":           {operations: "pay-item"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/destroy":        {operations: "destroy-item"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/keep":           {operations: "keep-item"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/owner":          {operations: "name-owner"},
	"POST /console/cases/{id}/steps/{step}/handover/{item}/burn":           {operations: "burn-envelope"},
	"POST /console/cases/{id}/steps/{step}/invite":                         {operations: "invite-customer"},
	"POST /console/settings/assignment":                                    {operations: "set-assignment-rules"},
	"POST /console/settings/assignment/{id}":                               {operations: "set-assignment-rules"},
	"POST /console/lanes":                                                  {operations: "propose-lane"},
	"POST /console/lanes/{id}/decide":                                      {people: needsSecond},
	"POST /console/lanes/{id}/state":                                       {operations: "stop-lane close-lane"},
	"POST /console/lanes/{id}/choose":                                      {people: judgesPeople},
	"POST /console/lanes/{id}/members/{member}":                            {operations: "release-from-lane apply-terms"},
	"POST /console/endings":                                                {operations: "propose-ending"},
	"POST /console/endings/{id}/stop":                                      {operations: "stop-ending"},
	"POST /console/announcements":                                          {operations: "announce"},
	"POST /console/announcements/{file}":                                   {operations: "announce"},
	"POST /console/announcements/withdraw":                                 {operations: "withdraw-announcement"},
	"POST /console/endings/{id}/decide":                                    {people: needsSecond},
	"POST /console/customers/{id}/unpaid":                                  {operations: "end-unpaid"},
	"POST /console/winback":                                                {operations: "send-winback"},
	"POST /console/winback/preview":                                        {operations: "preview-winback"},
	"POST /console/imports/{id}":                                           {people: "undoing is for a person who saw what goes"},
	"POST /console/imports/new":                                            {operations: "import-file"},
	"POST /console/imports/files/{file}":                                   {operations: "import-file"},
	"POST /console/customers/new":                                          {operations: "add-customer"},
	"POST /console/customers/{id}/behalf":                                  {operations: "register-case"},
	"POST /console/customers/{id}/complaints":                              {operations: "add-complaint"},
	"POST /console/customers/{id}/complaints/{complaint}":                  {operations: "answer-complaint"},
	"POST /console/customers/{id}/commitments":                             {operations: "add-commitment"},
	"POST /console/customers/{id}/commitments/{commitment}":                {operations: "end-commitment"},
	"POST /console/flows":                                                  {operations: "write-flow-draft"},
	"POST /console/flows/{id}":                                             {operations: "change-flow-draft check-flow"},
	"POST /console/flows/{id}/drop":                                        {operations: "drop-flow-draft"},
	"POST /console/playbooks":                                              {operations: "propose-playbook"},
	"POST /console/customers/{id}/{form}": {
		operations: "edit-customer add-contact edit-contact remove-contact add-subscription edit-subscription add-external-id remove-external-id " +
			"add-deliverable edit-deliverable add-grant edit-grant attest-grant decide-grant add-asset edit-asset add-balance settle-balance " +
			"add-hours take-back-hours compute-values",
	},
}

// Whatever people do in the console a program does by the API, or it is said
// why not.
func TestWhatPeopleDoProgramsDoOrItIsSaidWhyNot(t *testing.T) {
	t.Parallel()
	known := map[string]string{} // operation: method
	for _, methods := range readDocument(t).Paths {
		for method, op := range methods {
			known[op.OperationID] = method
		}
	}
	acts := slices.DeleteFunc(console.New(&web.Kit{}, console.Options{}).Patterns(), func(p string) bool { return !strings.HasPrefix(p, "POST ") })
	for _, pattern := range acts {
		w, ok := twins[pattern]
		operations := strings.Fields(w.operations)
		if !ok || (len(operations) == 0) == (w.people == "") {
			t.Errorf("%s: give it an operation of the API, or say why it is for people only", pattern)
		}
		for _, op := range operations {
			if method, there := known[op]; !there || method == "get" {
				t.Errorf("%s is said to be done by %s, which is no act of the API", pattern, op)
			}
		}
	}
	for pattern := range twins {
		if !slices.Contains(acts, pattern) {
			t.Errorf("%s is no act of the console", pattern)
		}
	}
}
