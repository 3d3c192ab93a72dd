package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
	"hastaluego/internal/testkit"
	"hastaluego/internal/web"
	"hastaluego/internal/web/console"
)

// line is one route of the console: who may use it, by the table of roles, and
// how it is tried.
type line struct {
	who  string // open, staff, act:…, read:…, role:… for the role of a step, assign:… for who may give it away
	path string // "" where the pattern is the path
	form []string
	file bool // sent as a file
}

// routes says who may use which route. A new route without a line fails.
func routes(h *house) map[string]line {
	c := "/console/cases/" + string(h.departure("Estudio Almena", "FE-20418"))
	r, err := h.RequestExit(h.t.Context(), app.ExitInput{Name: "Nadie", AccountEmail: "nadie@example.org", Language: "es", Nonce: "roles"})
	must(h.t, err)
	list, err := h.ListCustomers(h.t.Context(), h.actor("ines"), app.CustomerFilter{Query: "FE-20418"})
	must(h.t, err)
	cus := "/console/customers/" + string(list.Rows[0].Customer.ID)
	must(h.t, h.AddEvidence(h.t.Context(), h.actor("ines"), offboarding.CaseID(c[len("/console/cases/"):]), "review", "nota.txt", []byte("visto")))
	view, err := h.OpenCase(h.t.Context(), h.actor("ines"), offboarding.CaseID(c[len("/console/cases/"):]))
	must(h.t, err)
	must(h.t, h.Tick(h.t.Context(), h.actor("ines"), app.TickInput{Case: view.Plan.Case.ID, Step: "review", Item: "date", Ticked: true}))
	letters, _, err := h.PageMessages(h.t.Context(), h.actor("ines"), app.MessageQuery{}, app.Place{Limit: 1})
	must(h.t, err)
	key, _, err := h.MakeKey(h.t.Context(), app.Actor{}, app.KeyInput{Name: "crm", Scopes: []string{"cases:read"}})
	must(h.t, err)
	hook, _, err := h.AddWebhook(h.t.Context(), app.Actor{}, app.AddWebhookInput{URL: "https://crm.example/hooks", Events: "*"})
	must(h.t, err)
	hooks := "/console/webhooks/" + hook.ID
	tomas := "/console/settings/users/" + h.users["tomas"]
	letter, err := h.ReadIn(h.t.Context(), h.actor("ines"), []byte("Hola, soy Marta"))
	must(h.t, err)
	in := "/console/received/" + letter
	draft, err := h.WriteDraft(h.t.Context(), h.actor("noa"), app.DraftInput{FlowText: app.FlowText{Source: "x"}})
	must(h.t, err)
	_, inForce, err := h.FlowInForce(h.t.Context())
	must(h.t, err)
	way := "/console/flows/" + inForce
	book := strings.Replace(string(playbook.Builtin()["saas-b2c"]), "Despedirse", "Decir adiós", 1)
	return map[string]line{
		"GET /console/signin":                                                  {who: "open"},
		"POST /console/signin":                                                 {who: "open", form: []string{"login", "noa", "password", password}},
		"GET /console/signin/code":                                             {who: "open"},
		"POST /console/signin/code":                                            {who: "open", form: []string{"code", "000000"}}, // without a password: sent back to it,
		"GET /console/once/{token}":                                            {who: "open", path: "/console/once/nothing"},
		"POST /console/once/{token}":                                           {who: "open", path: "/console/once/nothing"},
		"POST /console/signout":                                                {who: "open"},
		"GET /console":                                                         {who: "read:case"},
		"GET /console/in":                                                      {who: "read:case"},
		"GET /console/account":                                                 {who: "staff"},
		"GET /console/account/factor":                                          {who: "staff"},
		"POST /console/account/factor":                                         {who: "staff"},
		"POST /console/account/factor/confirm":                                 {who: "staff", form: []string{"code", "000000"}},
		"POST /console/account/factor/remove":                                  {who: "staff", form: []string{"code", "000000"}},
		"GET /console/reset/{token}":                                           {who: "open", path: "/console/reset/nothing"},
		"POST /console/reset/{token}":                                          {who: "open", path: "/console/reset/nothing"},
		"POST /console/account/password":                                       {who: "staff", form: []string{"current", "no"}},
		"POST /console/account/sessions":                                       {who: "staff"},
		"POST /console/account/told":                                           {who: "staff", form: []string{"hour", "8"}},
		"POST /console/account/channel":                                        {who: "staff", form: []string{"url", "no"}},
		"POST /console/account/calendar":                                       {who: "staff"},
		"GET /console/calendar/{token}":                                        {who: "open", path: "/console/calendar/nothing.ics"},
		"GET /console/keys":                                                    {who: "read:keys"},
		"POST /console/keys":                                                   {who: "act:keys", form: []string{"name", "erp", "days", "30", "scopes", "cases:read"}},
		"POST /console/keys/{id}/revoke":                                       {who: "act:keys", path: "/console/keys/" + key.ID + "/revoke"},
		"GET /console/webhooks":                                                {who: "read:keys"},
		"POST /console/webhooks":                                               {who: "act:keys", form: []string{"url", "https://erp.example/hooks", "events", "case.*"}},
		"GET /console/webhooks/{id}":                                           {who: "read:keys", path: hooks},
		"POST /console/webhooks/{id}/rotate":                                   {who: "act:keys", path: hooks + "/rotate", form: []string{"days", "1"}},
		"POST /console/webhooks/{id}/active":                                   {who: "act:keys", path: hooks + "/active", form: []string{"active", "1"}},
		"POST /console/webhooks/{id}/test":                                     {who: "act:keys", path: hooks + "/test"},
		"POST /console/webhooks/{id}/again":                                    {who: "act:keys", path: hooks + "/again"},
		"GET /console/settings":                                                {who: "read:settings"},
		"GET /console/settings/assignment":                                     {who: "read:assignment"},
		"POST /console/settings/assignment":                                    {who: "act:assignment", form: []string{"version", "0", "role", "agent", "people", h.users["ines"]}},
		"POST /console/settings/assignment/{id}":                               {who: "act:assignment", path: "/console/settings/assignment/rul_none", form: []string{"version", "0", "do", "up"}},
		"POST /console/settings/channel":                                       {who: "act:settings", form: []string{"owner", "agent", "url", ""}},
		"POST /console/settings/hold":                                          {who: "act:settings", form: []string{"what", "all", "why", "we rehearse"}},
		"POST /console/settings/portal":                                        {who: "act:settings", form: []string{"portal", "none"}},
		"POST /console/outbox/{id}/sent":                                       {who: "act:note", path: "/console/outbox/msg_none/sent"},
		"GET /console/settings/form.html":                                      {who: "read:settings"},
		"GET /console/settings/form.pdf":                                       {who: "read:settings"},
		"GET /console/received":                                                {who: "read:note"},
		"POST /console/received":                                               {who: "act:note", form: []string{"text", "Hola, soy Marta"}},
		"GET /console/received/{id}":                                           {who: "read:note", path: in},
		"GET /console/received/{id}/letter.eml":                                {who: "read:note", path: in + "/letter.eml"},
		"POST /console/received/{id}/mean":                                     {who: "act:note", path: in + "/mean", form: []string{"meaning", "message"}},
		"POST /console/received/{id}/tie":                                      {who: "act:note", path: in + "/tie", form: []string{"whose", "HL-0000-0000"}},
		"POST /console/received/{id}/aside":                                    {who: "act:note", path: in + "/aside"},
		"POST /console/settings/one-person":                                    {who: "act:settings", form: []string{"on", "1", "hours", "72"}},
		"POST /console/cases/{id}/steps/{step}/ask":                            {who: "role:agent", path: c + "/steps/review/ask", form: []string{"note", "x"}},
		"POST /console/cases/{id}/steps/{step}/renew":                          {who: "role:agent", path: c + "/steps/review/renew"},
		"POST /console/approvals/{approval}/withdraw":                          {who: "staff", path: "/console/approvals/apr_none/withdraw"},
		"GET /console/settings/company":                                        {who: "read:company"},
		"POST /console/settings/company":                                       {who: "act:company", form: []string{"name", "Faro"}},
		"GET /console/first/{token}":                                           {who: "open", path: "/console/first/nothing"},
		"POST /console/first/{token}":                                          {who: "open", path: "/console/first/nothing"},
		"GET /console/start":                                                   {who: "act:company"},
		"GET /console/start/{step}":                                            {who: "act:company", path: "/console/start/1"},
		"POST /console/start/{step}":                                           {who: "act:company", path: "/console/start/1", form: []string{"name", "Faro"}},
		"GET /console/start/review":                                            {who: "act:company"},
		"GET /console/start/company.yaml":                                      {who: "act:company"},
		"POST /console/start/apply":                                            {who: "act:company"},
		"GET /console/settings/words":                                          {who: "read:company"},
		"GET /console/settings/words/{code}":                                   {who: "read:company", path: "/console/settings/words/portal.undo.title"},
		"POST /console/settings/words/{code}":                                  {who: "act:company", path: "/console/settings/words/portal.undo.title", form: []string{"es", "¿Te quedas?"}},
		"POST /console/settings/words/{code}/test":                             {who: "act:company", path: "/console/settings/words/portal.undo.title/test", form: []string{"letter", "ack", "language", "es", "to", "noa@faro.example"}},
		"GET /console/settings/users":                                          {who: "read:users"},
		"POST /console/settings/users":                                         {who: "act:users", form: []string{"name", "X"}},
		"GET /console/settings/users/{id}":                                     {who: "read:users", path: tomas},
		"POST /console/settings/users/{id}/roles":                              {who: "act:users", path: tomas + "/roles", form: []string{"roles", "finance"}},
		"POST /console/settings/users/{id}/active":                             {who: "act:users", path: tomas + "/active", form: []string{"active", "1"}},
		"POST /console/settings/users/{id}/password":                           {who: "act:users", path: tomas + "/password"},
		"POST /console/settings/users/{id}/factor":                             {who: "act:users", path: tomas + "/factor"},
		"POST /console/settings/users/{id}/sessions":                           {who: "act:users", path: tomas + "/sessions"},
		"GET /console/requests/{id}":                                           {who: "read:case", path: "/console/requests/" + string(r.ID)},
		"POST /console/requests/{id}":                                          {who: "act:request", path: "/console/requests/" + string(r.ID), form: []string{"customer", "cus_none"}},
		"GET /console/cases/{id}":                                              {who: "read:case", path: c},
		"POST /console/cases/{id}/steps/{step}/items/{item}":                   {who: "role:agent", path: c + "/steps/review/items/contract", form: []string{"ticked", "1"}},
		"POST /console/cases/{id}/steps/{step}/done":                           {who: "role:agent", path: c + "/steps/review/done", form: []string{"note", "en orden"}},
		"POST /console/cases/{id}/steps/{step}/approve":                        {who: "role:agent", path: c + "/steps/review/approve", form: []string{"decision", "yes", "note", "en orden"}},
		"POST /console/cases/{id}/steps/{step}/form":                           {who: "role:agent", path: c + "/steps/review/form"},
		"POST /console/cases/{id}/steps/{step}/assign":                         {who: "assign:agent", path: c + "/steps/review/assign"},
		"POST /console/cases/{id}/steps/{step}/reopen":                         {who: "role:agent", path: c + "/steps/review/reopen"},
		"POST /console/cases/{id}/steps/{step}/retry":                          {who: "act:case", path: c + "/steps/review/retry"},
		"POST /console/cases/{id}/steps/{step}/skip":                           {who: "act:case", path: c + "/steps/review/skip", form: []string{"note", "ya no hace falta"}},
		"POST /console/cases/{id}/steps/{step}/undone":                         {who: "role:agent", path: c + "/steps/review/undone", form: []string{"note", "en orden"}},
		"POST /console/cases/{id}/steps/{step}/files":                          {who: "role:agent", path: c + "/steps/review/files", file: true},
		"GET /console/cases/{id}/files/{blob}":                                 {who: "read:letter", path: c + "/files/" + view.Blobs[len(view.Blobs)-1].ID},
		"GET /console/cases/{id}/bundle":                                       {who: "act:case", path: c + "/bundle"},
		"POST /console/cases/{id}/bundle":                                      {who: "act:case", path: c + "/bundle", form: []string{"way", "person", "to", "Marta", "how", "DNI"}},
		"GET /console/cases/{id}/pause":                                        {who: "read:case", path: c + "/pause"},
		"POST /console/cases/{id}/pause":                                       {who: "act:case", path: c + "/pause", form: []string{"why", "lo pide el cliente"}},
		"POST /console/cases/{id}/hurry":                                       {who: "act:case", path: c + "/hurry"},
		"POST /console/cases/{id}/resume":                                      {who: "act:case", path: c + "/resume"},
		"POST /console/cases/{id}/works/{work}":                                {who: "act:work", path: c + "/works/work_none", form: []string{"decision", "look"}},
		"GET /console/cases/{id}/undo":                                         {who: "read:case", path: c + "/undo"},
		"POST /console/cases/{id}/undo":                                        {who: "act:case", path: c + "/undo"},
		"GET /console/customers":                                               {who: "read:customer"},
		"GET /console/imports":                                                 {who: "read:customer"},
		"GET /console/imports/new":                                             {who: "act:import"},
		"POST /console/imports/new":                                            {who: "act:import", form: []string{"kind", "customers"}},
		"GET /console/imports/files/{file}":                                    {who: "act:import", path: "/console/imports/files/upl_none"},
		"POST /console/imports/files/{file}":                                   {who: "act:import", path: "/console/imports/files/upl_none", form: []string{"do", "try"}},
		"GET /console/imports/{id}":                                            {who: "act:settings", path: "/console/imports/imp_x"},
		"POST /console/imports/{id}":                                           {who: "act:settings", path: "/console/imports/imp_x"},
		"GET /console/customers/new":                                           {who: "act:customer"},
		"GET /console/customers/{id}/copy":                                     {who: "act:case", path: cus + "/copy"},
		"POST /console/customers/{id}/copy":                                    {who: "act:request", path: cus + "/copy", form: []string{"copy.how", "por teléfono"}},
		"POST /console/customers/{id}/forget-test":                             {who: "act:customer", path: "/console/customers/" + string(view.Plan.Case.Customer) + "/forget-test"},
		"POST /console/customers/new":                                          {who: "act:customer", form: []string{"name", "X"}},
		"GET /console/customers/{id}":                                          {who: "read:customer", path: cus},
		"POST /console/customers/{id}/behalf":                                  {who: "act:case", path: cus + "/behalf", form: []string{"channel", "phone"}},
		"POST /console/customers/{id}/{form}":                                  {who: "act:customer", path: cus + "/grant", form: []string{"grant.system", "x"}},
		"GET /console/flows":                                                   {who: "read:flow"},
		"POST /console/flows":                                                  {who: "act:draft"},
		"GET /console/flows/{id}":                                              {who: "read:flow", path: way},
		"POST /console/flows/{id}":                                             {who: "act:draft", path: "/console/flows/" + draft.ID, form: []string{"source", "x"}},
		"GET /console/flows/{id}/page":                                         {who: "read:flow", path: way + "/page?law=es&language=es&device=mobile&node=home"},
		"POST /console/flows/{id}/drop":                                        {who: "act:draft", path: "/console/flows/fld_none/drop"},
		"POST /console/flows/{id}/publish":                                     {who: "act:flow", path: "/console/flows/fld_none/publish"},
		"POST /console/flows/{id}/rollback":                                    {who: "act:flow", path: way + "/rollback", form: []string{"note", "x"}},
		"GET /console/announcements":                                           {who: "read:coming"},
		"POST /console/announcements":                                          {who: "act:coming", form: []string{"text", "contract,kind,day\nx,trial_end,2099-01-01"}},
		"GET /console/announcements/{file}":                                    {who: "act:coming", path: "/console/announcements/upl_none"},
		"POST /console/announcements/{file}":                                   {who: "act:coming", path: "/console/announcements/upl_none"},
		"POST /console/announcements/withdraw":                                 {who: "act:coming", form: []string{"contract", "x", "kind", "trial_end"}},
		"GET /console/playbooks":                                               {who: "read:playbook"},
		"POST /console/playbooks":                                              {who: "act:playbook", form: []string{"source", book}},
		"POST /console/playbooks/activate":                                     {who: "act:playbook", form: []string{"version", "nothing@0"}},
		"GET /console/outbox":                                                  {who: "read:outbox"},
		"GET /console/outbox/{id}":                                             {who: "read:letter", path: "/console/outbox/" + string(letters[0].ID)},
		"GET /console/audit":                                                   {who: "read:audit"},
		"POST /console/audit/verify":                                           {who: "read:audit"},
		"POST /console/view-as":                                                {who: "staff"}, // not outside the demo: 404
		"POST /console/clock":                                                  {who: "staff"}, // the same
		"/console/":                                                            {who: "staff", path: "/console/nothing"},
		"GET /console/learn":                                                   {who: "read:metrics"},
		"GET /console/learn/law":                                               {who: "read:metrics"},
		"GET /console/learn/law.csv":                                           {who: "read:metrics"},
		"GET /console/segments":                                                {who: "read:segment"},
		"POST /console/segments":                                               {who: "read:segment", form: []string{"source", "x"}},
		"GET /console/offers/policy":                                           {who: "read:policy"},
		"POST /console/offers/policy":                                          {who: "act:policy"},
		"GET /console/offers/policy/{id}":                                      {who: "read:policy", path: "/console/offers/policy/none"},
		"POST /console/offers/policy/{id}":                                     {who: "act:policy", path: "/console/offers/policy/opd_none", form: []string{"source", "x"}},
		"POST /console/offers/policy/{id}/drop":                                {who: "act:policy", path: "/console/offers/policy/opd_none/drop"},
		"POST /console/offers/policy/{id}/publish":                             {who: "act:policy", path: "/console/offers/policy/opd_none/publish"},
		"POST /console/offers/policy/{id}/rollback":                            {who: "act:policy", path: "/console/offers/policy/none/rollback", form: []string{"note", "X"}},
		"GET /console/learn/experiments":                                       {who: "read:experiment"},
		"POST /console/learn/experiments":                                      {who: "act:experiment", form: []string{"source", "x"}},
		"GET /console/learn/experiments/{name}":                                {who: "read:experiment", path: "/console/learn/experiments/none"},
		"GET /console/learn/experiments/{name}/report.xlsx":                    {who: "staff", path: "/console/learn/experiments/none/report.xlsx"}, // there is no workbook here: 404
		"POST /console/learn/experiments/{name}/check":                         {who: "act:experiment", path: "/console/learn/experiments/none/check"},
		"POST /console/learn/experiments/{name}/begin":                         {who: "act:experiment", path: "/console/learn/experiments/none/begin"},
		"POST /console/learn/experiments/{name}/stop":                          {who: "act:experiment", path: "/console/learn/experiments/none/stop", form: []string{"why", "X"}},
		"GET /console/learn/reasons":                                           {who: "read:reason"},
		"GET /console/learn/reasons/cases":                                     {who: "read:reason"},
		"GET /console/learn/reasons.xlsx":                                      {who: "staff"}, // there is no workbook here: 404
		"GET /console/learn/themes":                                            {who: "read:reason"},
		"POST /console/learn/themes":                                           {who: "act:reason"},
		"GET /console/learn/themes/texts":                                      {who: "read:note"},
		"POST /console/themes/{text}":                                          {who: "act:reason", path: "/console/themes/none", form: []string{"theme", "price"}},
		"GET /console/learn/access":                                            {who: "read:metrics"},
		"GET /console/learn/access.csv":                                        {who: "read:metrics"},
		"GET /console/learn/access.xlsx":                                       {who: "staff"}, // there is no workbook here: 404
		"POST /console/cases/{id}/limits/{limit}/extend":                       {who: "act:case", path: c + "/limits/lim_x/extend", form: []string{"why", "X"}},
		"POST /console/customers/{id}/limits/{limit}/extend":                   {who: "act:case", path: cus + "/limits/lim_x/extend", form: []string{"why", "X"}},
		"POST /console/cases/{id}/limits/{limit}":                              {who: "act:case", path: c + "/limits/lim_x", form: []string{"evidence", "X"}},
		"POST /console/customers/{id}/limits/{limit}":                          {who: "act:case", path: cus + "/limits/lim_x", form: []string{"evidence", "X"}},
		"POST /console/documents/{message}":                                    {who: "act:case", path: "/console/documents/msg_x", form: []string{"evidence", "X"}},
		"GET /console/cases/{id}/access.json":                                  {who: "read:case", path: c + "/access.json"},
		"GET /console/cases/{id}/erasure":                                      {who: "read:erase", path: c + "/erasure"},
		"GET /console/cases/{id}/evidence.zip":                                 {who: "read:letter", path: c + "/evidence.zip"},
		"GET /console/cases/{id}/evidence-bare.zip":                            {who: "read:case", path: c + "/evidence-bare.zip"},
		"POST /console/cases/{id}/promise":                                     {who: "act:statement", path: c + "/promise", form: []string{"on", "2099-01-01"}},
		"POST /console/cases/{id}/instalments":                                 {who: "act:statement", path: c + "/instalments", form: []string{"parts", "3", "on", "2099-01-01"}},
		"POST /console/cases/{id}/write-off":                                   {who: "act:statement", path: c + "/write-off", form: []string{"why", "X"}},
		"POST /console/cases/{id}/strays/{stray}":                              {who: "staff", path: c + "/strays/str_x", form: []string{"way", "seen", "why", "X"}},
		"POST /console/cases/{id}/orders":                                      {who: "act:erase", path: c + "/orders", form: []string{"authority", "Juzgado", "reference", "1/27"}},
		"POST /console/cases/{id}/orders/{order}":                              {who: "act:erase", path: c + "/orders/ord_x", form: []string{"act", "lift"}},
		"POST /console/cases/{id}/address":                                     {who: "act:case", path: c + "/address", form: []string{"told", "yes", "how", "X"}},
		"POST /console/cases/{id}/address/forget":                              {who: "act:erase", path: c + "/address/forget"},
		"POST /console/cases/{id}/retained/{retained}":                         {who: "act:erase", path: c + "/retained/ret_x", form: []string{"act", "hold", "reference", "X"}},
		"POST /console/learn/threshold":                                        {who: "act:settings", form: []string{"threshold", "5"}},
		"POST /console/learn/improvements":                                     {who: "act:improvement", form: []string{"what", "X"}},
		"POST /console/learn/improvements/{id}":                                {who: "act:improvement", path: "/console/learn/improvements/imp_x"},
		"GET /console/promises":                                                {who: "read:complaint"},
		"GET /console/customers/{id}/promises":                                 {who: "read:complaint", path: cus + "/promises"},
		"POST /console/customers/{id}/complaints":                              {who: "act:complaint", path: cus + "/complaints"},
		"POST /console/customers/{id}/complaints/{complaint}":                  {who: "act:complaint", path: cus + "/complaints/cmp_x"},
		"POST /console/customers/{id}/commitments":                             {who: "act:complaint", path: cus + "/commitments"},
		"POST /console/customers/{id}/commitments/{commitment}":                {who: "act:complaint", path: cus + "/commitments/com_x"},
		"POST /console/cases/{id}/obligations/{obligation}":                    {who: "act:obligation", path: c + "/obligations/obl_x", form: []string{"state", "returned", "evidence", "visto"}},
		"POST /console/cases/{id}/statement":                                   {who: "act:statement", path: c + "/statement"},
		"POST /console/cases/{id}/files":                                       {who: "act:note", path: c + "/files", file: true},
		"POST /console/cases/{id}/act":                                         {who: "act:case", path: c + "/act"},
		"POST /console/cases/{id}/notes":                                       {who: "act:note", path: c + "/notes", form: []string{"text", "llamó"}},
		"GET /console/cases/{id}/items":                                        {who: "read:case", path: c + "/items"},
		"POST /console/cases/{id}/steps/{step}/handover/{item}":                {who: "role:agent", path: c + "/steps/review/handover/hov_x", form: []string{"how", "x", "way", "transfer"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/paid":           {who: "act:case", path: c + "/steps/review/handover/hov_x/paid", form: []string{"paid_on", "2026-01-02"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/hold":           {who: "role:agent", path: c + "/steps/review/handover/hov_x/hold", form: []string{"held", "x"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/destroy":        {who: "role:agent", path: c + "/steps/review/handover/hov_x/destroy", form: []string{"method", "destroy", "by", "x", "on", "2026-01-01"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/keep":           {who: "role:agent", path: c + "/steps/review/handover/hov_x/keep", form: []string{"basis", "contract", "why", "x", "until", "2031-01-01"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/owner":          {who: "role:agent", path: c + "/steps/review/handover/hov_x/owner", form: []string{"new_owner", "x", "new_owner_email", "x@a.example"}},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/burn":           {who: "role:agent", path: c + "/steps/review/handover/hov_x/burn"},
		"POST /console/cases/{id}/steps/{step}/handover/{item}/rotation":       {who: "role:agent", path: c + "/steps/review/handover/hov_x/rotation", form: []string{"why", "x"}},
		"POST /console/cases/{id}/steps/{step}/processors/{system}/asked":      {who: "role:agent", path: c + "/steps/review/processors/mailing/asked", form: []string{"how", "x"}},
		"POST /console/cases/{id}/steps/{step}/processors/{system}/receipt":    {who: "role:agent", path: c + "/steps/review/processors/mailing/receipt", file: true},
		"POST /console/cases/{id}/steps/{step}/processors/{system}/unanswered": {who: "role:agent", path: c + "/steps/review/processors/mailing/unanswered", form: []string{"why", "x"}},
		"POST /console/cases/{id}/steps/{step}/slip":                           {who: "role:agent", path: c + "/steps/review/slip", file: true},
		"GET /console/cases/{id}/steps/{step}/slip.pdf":                        {who: "role:agent", path: c + "/steps/review/slip.pdf"},
		"GET /console/voices":                                                  {who: "read:voice"},
		"GET /console/offers":                                                  {who: "read:offer"},
		"GET /console/risks":                                                   {who: "read:risk"},
		"GET /console/customers/{id}/risk":                                     {who: "read:risk", path: cus + "/risk"},
		"POST /console/customers/{id}/effort":                                  {who: "act:effort", path: cus + "/effort", form: []string{"effort.minutes", "x"}},
		"POST /console/customers/{id}/effort_remove":                           {who: "act:effort", path: cus + "/effort_remove", form: []string{"effort", "eff_x"}},
		"POST /console/customers/{id}/worth":                                   {who: "act:worth", path: cus + "/worth"},
		"POST /console/customers/{id}/plays":                                   {who: "act:risk", path: cus + "/plays", form: []string{"kind", "odd"}},
		"POST /console/customers/{id}/plays/{play}/plan":                       {who: "act:risk", path: cus + "/plays/ply_x/plan"},
		"POST /console/customers/{id}/plays/{play}/begin":                      {who: "act:risk", path: cus + "/plays/ply_x/begin"},
		"POST /console/customers/{id}/plays/{play}/finish":                     {who: "act:risk", path: cus + "/plays/ply_x/finish"},
		"POST /console/cases/{id}/reasons":                                     {who: "act:reason", path: c + "/reasons", form: []string{"reason.kind", "stated", "reason.code", "price"}},
		"POST /console/cases/{id}/steps/{step}/invite":                         {who: "role:agent", path: c + "/steps/review/invite", form: []string{"invitation.date", "2031-01-01", "invitation.time", "10:30"}},
		"GET /console/cases/{id}/meeting.ics":                                  {who: "read:letter", path: c + "/meeting.ics"},
		"POST /console/cases/{id}/offer":                                       {who: "act:offer", path: c + "/offer"},
		"POST /console/cases/{id}/offer/end":                                   {who: "act:offer", path: c + "/offer/end"},
		"GET /console/lanes":                                                   {who: "read:lane"},
		"POST /console/lanes":                                                  {who: "act:lane", form: []string{"way", "exit"}},
		"GET /console/lanes/{id}":                                              {who: "read:lane", path: "/console/lanes/lan_none"},
		"POST /console/lanes/{id}/decide":                                      {who: "act:lane", path: "/console/lanes/lan_none/decide"},
		"POST /console/lanes/{id}/state":                                       {who: "act:lane", path: "/console/lanes/lan_none/state", form: []string{"act", "stop", "note", "X"}},
		"POST /console/lanes/{id}/choose":                                      {who: "act:lane", path: "/console/lanes/lan_none/choose", form: []string{"customers", "cus_x", "grounds", "X"}},
		"POST /console/lanes/{id}/members/{member}":                            {who: "act:lane", path: "/console/lanes/lan_none/members/lnm_none", form: []string{"act", "yes"}},
		"GET /console/endings":                                                 {who: "read:ending"},
		"POST /console/endings":                                                {who: "act:ending"},
		"GET /console/endings/{id}":                                            {who: "read:ending", path: "/console/endings/end_none"},
		"POST /console/endings/{id}/decide":                                    {who: "act:ending", path: "/console/endings/end_none/decide"},
		"POST /console/endings/{id}/stop":                                      {who: "act:ending", path: "/console/endings/end_none/stop", form: []string{"note", "X"}},
		"POST /console/customers/{id}/unpaid":                                  {who: "act:request", path: cus + "/unpaid"},
		"GET /console/winback":                                                 {who: "read:winback"},
		"POST /console/winback":                                                {who: "act:winback"},
		"POST /console/winback/preview":                                        {who: "act:winback"},
		"GET /console/learn/workbook.xlsx":                                     {who: "read:note"},
	}
}

// may asks the table of roles.
func may(who, role string) bool {
	kind, what, _ := strings.Cut(who, ":")
	someone := app.Actor{Roles: []string{role}}
	switch {
	case kind == "open":
		return true
	case role == "":
		return false
	case kind == "staff":
		return true
	case kind == "act":
		return someone.May(what)
	case kind == "read":
		return someone.MayRead(what)
	case kind == "assign": // a step of a role
		return role == what || someone.May("assign")
	default: // of a step
		return role == what
	}
}

// everybody is a person of every role, with a browser; "" is nobody.
func everybody(h *house) map[string]*browser {
	out := map[string]*browser{"": h.browser()}
	for _, r := range app.Roles {
		u, err := h.AddUser(h.t.Context(), "", app.UserInput{Login: "only-" + r, Name: r, Password: password, Roles: []string{r}})
		must(h.t, err)
		h.users["only-"+r] = u.ID
		out[r] = h.as("only-" + r)
	}
	return out
}

func (b *browser) send(t *testing.T, pattern string, l line) reply {
	t.Helper()
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodGet, pattern
	}
	if l.path != "" {
		path = l.path
	}
	switch {
	case method == http.MethodGet:
		return b.get(path)
	case l.file:
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("file", "nota.txt")
		must(t, err)
		_, err = part.Write([]byte("visto"))
		must(t, err)
		must(t, w.Close())
		return b.doAs(method, path, w.FormDataContentType(), body.Bytes())
	default:
		return b.post(path, l.form)
	}
}

func TestEveryRouteLetsInWhomTheTableOfRolesLetsIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	table, people := routes(h), everybody(h)
	var lines []testkit.RouteLine
	for pattern, l := range table {
		lines = append(lines, testkit.RouteLine{
			Pattern: pattern,
			May:     func(role string) bool { return may(l.who, role) },
			Try: func(role string) int {
				b := people[role]
				if l.who == "open" && pattern != "GET /console/signin" {
					b = h.browser() // it would sign this person out, or in as another
				}
				r := b.send(t, pattern, l)
				if l.who != "open" && r.status == http.StatusSeeOther && strings.HasPrefix(r.to, "/console/signin?") {
					return http.StatusUnauthorized
				}
				return r.status
			},
		})
	}
	testkit.EveryRole(t, console.New(&web.Kit{}, console.Options{}).Patterns(), app.Roles, lines)
}

var posts = regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]+)"|<form[^>]*action="([^"]+)"[^>]*method="post"`)

// No page offers a form that whoever reads it may not send; where there is
// none, the page says who can.
func TestNoPageOffersAFormThatItsReaderMayNotSend(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	table, people := routes(h), everybody(h)
	mux := http.NewServeMux()
	for _, p := range console.New(&web.Kit{}, console.Options{}).Patterns() {
		mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {})
	}
	step := regexp.MustCompile(`/steps/([^/]+)/`)
	stepRoles := map[string]string{"review": "agent", "access": "agent", "accounts": "finance", "collect": "finance", "refund_approval": "finance"}
	offered := map[string]bool{}
	for _, role := range app.Roles {
		for pattern, l := range table {
			if strings.HasPrefix(pattern, "POST ") || l.who == "open" || !may(l.who, role) {
				continue
			}
			page := people[role].send(t, pattern, l)
			for _, m := range posts.FindAllStringSubmatch(page.body, -1) {
				action := m[1] + m[2]
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, action, nil)
				must(t, err)
				_, to := mux.Handler(req)
				who := table[to].who
				if key := step.FindStringSubmatch(action); key != nil {
					who = "role:" + stepRoles[key[1]]
					if strings.HasSuffix(action, "/assign") {
						who = "assign:" + stepRoles[key[1]]
					}
				}
				if strings.HasSuffix(action, "/balance") || strings.HasSuffix(action, "/use") || strings.HasSuffix(action, "/settle") {
					who = "act:statement"
				}
				if offered[to] = true; !may(who, role) {
					t.Errorf("%s as %s offers %s, which is for %s", pattern, role, action, who)
				}
			}
		}
	}
	for _, to := range []string{"POST /console/cases/{id}/steps/{step}/items/{item}", "POST /console/cases/{id}/undo", "POST /console/customers/{id}/{form}"} {
		if !offered[to] {
			t.Errorf("no page offered %s to anybody", to)
		}
	}
	for _, role := range []string{"finance", "auditor"} {
		body := people[role].get(table["GET /console/cases/{id}"].path).body
		if strings.Count(body, `data-testid="who-can"`) != strings.Count(body, `aria-disabled="true"`) || !strings.Contains(body, "Puede hacerlo:") {
			t.Errorf("%s is not told who can", role)
		}
	}
}
