// Package console is what the people of the company work with: the inbox, the
// case, customers, letters and the log. Every page is drawn on the server and
// works without script. It decides nothing and reads no database: a handler
// reads the form, calls one verb of app and shows what came back. What a role
// may do is decided there; here it is only shown before somebody presses.
package console

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/flow"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
	"hastaluego/internal/when"
)

// AuditSummary is what a verification of the whole log came to. Problems are
// findings in the words of the verifier, which are the same in every language.
type AuditSummary struct {
	OK         bool
	Size       int64 // of the newest signed checkpoint
	Root       string
	Checkpoint time.Time
	Entries    int64
	Problems   []string
}

// Options is what the console needs beside the kit.
type Options struct {
	// Verify checks the whole log; nil where it cannot be checked from here.
	Verify func(context.Context) (AuditSummary, error)
	// Letter draws a letter as it is read, below a heading of a page that may show
	// several, told apart by their names; nil where letters cannot be shown before
	// they go out.
	Letter func(p app.Paper, name string) string
	// Workbook makes the workbook of departures; nil where there is none.
	Workbook func(ctx context.Context, lang string, by app.Actor) ([]byte, error)
	// ExperimentWorkbook makes that of the report of an experiment; nil where there is none.
	ExperimentWorkbook func(ctx context.Context, lang string, by app.Actor, name string) ([]byte, error)
	// ReasonWorkbook makes that of why customers left between two days; nil where there is none.
	ReasonWorkbook func(ctx context.Context, lang string, by app.Actor, from, to when.Date) ([]byte, error)
	// AccessWorkbook makes that of the report of accesses; nil where there is none.
	AccessWorkbook func(ctx context.Context, lang string, by app.Actor) ([]byte, error)
	// About tells what the installation is made of; may be nil.
	About func(context.Context) (About, error)
	// Form is the form of a request as a page of its own, or as PDF; nil where none
	// is made.
	Form func(lang string, pdf bool) (media string, file []byte, err error)
	// Calendar is the calendar file of the invitation that a paper is about, with
	// its media type; nil where none are made.
	Calendar func(app.Paper) (media string, file []byte)
	// Feed is the calendar of somebody's tasks, with its media type; nil where none
	// are made.
	Feed func(app.Feed) (media string, file []byte)
	// Preview draws the page of a flow on which a node stands as its customer sees
	// it; nil where pages cannot be shown.
	Preview func(v *flow.View, node string) (page templ.Component, ok bool)
}

type console struct {
	*web.Kit
	o Options
}

// New serves everything under /console.
func New(kit *web.Kit, o Options) *web.Mux {
	c := &console{kit, o}
	mux := web.NewMux()
	mux.HandleFunc("GET /console/signin", c.open((*visit).signInForm))
	mux.HandleFunc("POST /console/signin", c.open((*visit).signIn))
	mux.HandleFunc("GET /console/signin/code", c.open((*visit).codeForm))
	mux.HandleFunc("POST /console/signin/code", c.open((*visit).signInCode))
	mux.HandleFunc("GET /console/once/{token}", c.open((*visit).onceForm))
	mux.HandleFunc("POST /console/once/{token}", c.open((*visit).once))
	mux.HandleFunc("GET /console/reset/{token}", c.open((*visit).resetForm))
	mux.HandleFunc("POST /console/reset/{token}", c.open((*visit).reset))
	mux.HandleFunc("GET /console/calendar/{token}", c.open((*visit).feed))
	mux.HandleFunc("GET /console/first/{token}", c.open((*visit).firstForm))
	mux.HandleFunc("POST /console/first/{token}", c.open((*visit).first))
	mux.HandleFunc("POST /console/signout", c.open((*visit).signOut))
	for pattern, fn := range map[string]func(*visit) error{
		"GET /console":                                                         (*visit).inbox,
		"GET /console/in":                                                      (*visit).inbox,
		"GET /console/account":                                                 (*visit).account,
		"POST /console/account/password":                                       (*visit).changePassword,
		"POST /console/account/sessions":                                       (*visit).endOwnSessions,
		"POST /console/account/told":                                           (*visit).setTold,
		"POST /console/account/channel":                                        (*visit).setChannel,
		"POST /console/account/calendar":                                       (*visit).renewFeed,
		"GET /console/keys":                                                    (*visit).keys,
		"POST /console/keys":                                                   (*visit).makeKey,
		"POST /console/keys/{id}/revoke":                                       (*visit).revokeKey,
		"GET /console/webhooks":                                                (*visit).webhooks,
		"POST /console/webhooks":                                               (*visit).addWebhook,
		"GET /console/webhooks/{id}":                                           (*visit).webhook,
		"POST /console/webhooks/{id}/rotate":                                   (*visit).rotateWebhook,
		"POST /console/webhooks/{id}/active":                                   (*visit).switchWebhook,
		"POST /console/webhooks/{id}/test":                                     (*visit).testWebhook,
		"POST /console/webhooks/{id}/again":                                    (*visit).redeliver,
		"GET /console/settings":                                                (*visit).settings,
		"GET /console/settings/assignment":                                     (*visit).assignment,
		"POST /console/settings/assignment":                                    (*visit).addRule,
		"POST /console/settings/assignment/{id}":                               (*visit).changeRule,
		"POST /console/settings/channel":                                       (*visit).setTeamChannel,
		"POST /console/settings/hold":                                          (*visit).setHold,
		"POST /console/settings/portal":                                        (*visit).setPortal,
		"POST /console/outbox/{id}/sent":                                       (*visit).markSent,
		"GET /console/settings/form.html":                                      (*visit).requestForm,
		"GET /console/settings/form.pdf":                                       (*visit).requestForm,
		"GET /console/received":                                                (*visit).received,
		"POST /console/received":                                               (*visit).readIn,
		"GET /console/received/{id}":                                           (*visit).receivedOne,
		"GET /console/received/{id}/letter.eml":                                (*visit).receivedLetter,
		"POST /console/received/{id}/mean":                                     (*visit).meanReceived,
		"POST /console/received/{id}/tie":                                      (*visit).tieReceived,
		"POST /console/received/{id}/aside":                                    (*visit).setAside,
		"POST /console/settings/one-person":                                    (*visit).setOnePerson,
		"POST /console/cases/{id}/steps/{step}/ask":                            (*visit).askApproval,
		"POST /console/cases/{id}/steps/{step}/renew":                          (*visit).renewApproval,
		"POST /console/approvals/{approval}/withdraw":                          (*visit).withdrawApproval,
		"GET /console/settings/company":                                        (*visit).company,
		"POST /console/settings/company":                                       (*visit).setCompany,
		"GET /console/start":                                                   (*visit).start,
		"GET /console/start/{step}":                                            (*visit).question,
		"POST /console/start/{step}":                                           (*visit).answerQuestion,
		"GET /console/start/review":                                            (*visit).review,
		"GET /console/start/company.yaml":                                      (*visit).startFile,
		"POST /console/start/apply":                                            (*visit).applyStart,
		"GET /console/settings/words":                                          (*visit).words,
		"GET /console/settings/words/{code}":                                   (*visit).oneWord,
		"POST /console/settings/words/{code}":                                  (*visit).setWord,
		"POST /console/settings/words/{code}/test":                             (*visit).testWord,
		"GET /console/settings/users":                                          (*visit).staffList,
		"POST /console/settings/users":                                         (*visit).addPerson,
		"GET /console/settings/users/{id}":                                     (*visit).person,
		"POST /console/settings/users/{id}/roles":                              (*visit).setRoles,
		"POST /console/settings/users/{id}/active":                             (*visit).setActive,
		"POST /console/settings/users/{id}/password":                           (*visit).resetPassword,
		"POST /console/settings/users/{id}/factor":                             (*visit).dropFactor,
		"POST /console/settings/users/{id}/sessions":                           (*visit).endSessions,
		"GET /console/account/factor":                                          (*visit).factor,
		"POST /console/account/factor":                                         (*visit).beginFactor,
		"POST /console/account/factor/confirm":                                 (*visit).confirmFactor,
		"POST /console/account/factor/remove":                                  (*visit).removeFactor,
		"GET /console/requests/{id}":                                           (*visit).request,
		"POST /console/requests/{id}":                                          (*visit).match,
		"GET /console/cases/{id}":                                              (*visit).casefile,
		"POST /console/cases/{id}/steps/{step}/items/{item}":                   (*visit).tick,
		"POST /console/cases/{id}/steps/{step}/done":                           (*visit).complete,
		"POST /console/cases/{id}/steps/{step}/form":                           (*visit).answer,
		"POST /console/cases/{id}/steps/{step}/approve":                        (*visit).approve,
		"POST /console/cases/{id}/steps/{step}/assign":                         (*visit).assign,
		"POST /console/cases/{id}/steps/{step}/reopen":                         (*visit).reopen,
		"POST /console/cases/{id}/steps/{step}/retry":                          (*visit).retry,
		"POST /console/cases/{id}/steps/{step}/skip":                           (*visit).skip,
		"POST /console/cases/{id}/steps/{step}/undone":                         (*visit).undone,
		"POST /console/cases/{id}/steps/{step}/files":                          (*visit).attach,
		"GET /console/cases/{id}/files/{blob}":                                 (*visit).file,
		"GET /console/cases/{id}/bundle":                                       (*visit).takeBundle,
		"POST /console/cases/{id}/bundle":                                      (*visit).handBundle,
		"POST /console/cases/{id}/statement":                                   (*visit).signStatement,
		"POST /console/cases/{id}/promise":                                     (*visit).promisePayment,
		"POST /console/cases/{id}/instalments":                                 (*visit).instalments,
		"POST /console/cases/{id}/write-off":                                   (*visit).proposeWriteOff,
		"GET /console/cases/{id}/access.json":                                  (*visit).accessList,
		"GET /console/cases/{id}/erasure":                                      (*visit).erasurePlan,
		"GET /console/cases/{id}/evidence.zip":                                 (*visit).evidencePack,
		"GET /console/cases/{id}/evidence-bare.zip":                            (*visit).evidenceBare,
		"POST /console/cases/{id}/strays/{stray}":                              (*visit).decideStray,
		"POST /console/cases/{id}/orders":                                      (*visit).askOrder,
		"POST /console/cases/{id}/orders/{order}":                              (*visit).decideOrder,
		"POST /console/cases/{id}/address":                                     (*visit).answerAddress,
		"POST /console/cases/{id}/address/forget":                              (*visit).forgetAddress,
		"POST /console/cases/{id}/retained/{retained}":                         (*visit).keepRetained,
		"GET /console/cases/{id}/pause":                                        (*visit).pauseForm,
		"POST /console/cases/{id}/pause":                                       (*visit).pause,
		"POST /console/cases/{id}/resume":                                      (*visit).resume,
		"POST /console/cases/{id}/works/{work}":                                (*visit).decide,
		"GET /console/cases/{id}/undo":                                         (*visit).undoForm,
		"POST /console/cases/{id}/undo":                                        (*visit).undo,
		"GET /console/customers":                                               (*visit).customers,
		"GET /console/customers/new":                                           (*visit).newCustomer,
		"POST /console/customers/new":                                          (*visit).addCustomer,
		"GET /console/imports":                                                 (*visit).imports,
		"GET /console/imports/new":                                             (*visit).newImport,
		"POST /console/imports/new":                                            (*visit).keepImport,
		"GET /console/imports/files/{file}":                                    (*visit).importColumns,
		"POST /console/imports/files/{file}":                                   (*visit).runImport,
		"GET /console/imports/{id}":                                            (*visit).undoImportForm,
		"POST /console/imports/{id}":                                           (*visit).undoImport,
		"GET /console/playbooks":                                               (*visit).playbooks,
		"POST /console/playbooks":                                              (*visit).propose,
		"POST /console/playbooks/activate":                                     (*visit).activate,
		"GET /console/flows":                                                   (*visit).flows,
		"POST /console/flows":                                                  (*visit).newDraft,
		"GET /console/flows/{id}":                                              (*visit).flow,
		"POST /console/flows/{id}":                                             (*visit).writeDraft,
		"GET /console/flows/{id}/page":                                         (*visit).flowPreview,
		"POST /console/flows/{id}/drop":                                        (*visit).dropDraft,
		"POST /console/flows/{id}/publish":                                     (*visit).publishFlow,
		"POST /console/flows/{id}/rollback":                                    (*visit).rollBackFlow,
		"GET /console/customers/{id}":                                          (*visit).customer,
		"POST /console/customers/{id}/behalf":                                  (*visit).onBehalf,
		"GET /console/customers/{id}/copy":                                     (*visit).takeCopy,
		"POST /console/customers/{id}/copy":                                    (*visit).makeCopy,
		"POST /console/customers/{id}/forget-test":                             (*visit).forgetTest,
		"POST /console/cases/{id}/hurry":                                       (*visit).hurryTest,
		"POST /console/customers/{id}/{form}":                                  (*visit).addToInventory,
		"GET /console/outbox":                                                  (*visit).outbox,
		"GET /console/outbox/{id}":                                             (*visit).letter,
		"GET /console/audit":                                                   (*visit).log,
		"POST /console/audit/verify":                                           (*visit).verifyLog,
		"POST /console/view-as":                                                (*visit).viewAs,
		"POST /console/clock":                                                  (*visit).pushClock,
		"/console/":                                                            (*visit).nothing,
		"GET /console/learn":                                                   (*visit).learn,
		"GET /console/learn/law":                                               (*visit).lawReport,
		"GET /console/learn/law.csv":                                           (*visit).lawCSV,
		"GET /console/segments":                                                (*visit).segments,
		"POST /console/segments":                                               (*visit).trySegments,
		"GET /console/offers/policy":                                           (*visit).policies,
		"POST /console/offers/policy":                                          (*visit).newPolicy,
		"GET /console/offers/policy/{id}":                                      (*visit).policy,
		"POST /console/offers/policy/{id}":                                     (*visit).writePolicy,
		"POST /console/offers/policy/{id}/drop":                                (*visit).dropPolicy,
		"POST /console/offers/policy/{id}/publish":                             (*visit).publishPolicy,
		"POST /console/offers/policy/{id}/rollback":                            (*visit).rollBackPolicy,
		"GET /console/learn/experiments":                                       (*visit).experiments,
		"POST /console/learn/experiments":                                      (*visit).putExperiment,
		"GET /console/learn/experiments/{name}":                                (*visit).experiment,
		"GET /console/learn/experiments/{name}/report.xlsx":                    (*visit).experimentXLSX,
		"POST /console/learn/experiments/{name}/check":                         (*visit).checkExperiment,
		"POST /console/learn/experiments/{name}/begin":                         (*visit).beginExperiment,
		"POST /console/learn/experiments/{name}/stop":                          (*visit).stopExperiment,
		"GET /console/learn/reasons":                                           (*visit).reasonMatrix,
		"GET /console/learn/reasons/cases":                                     (*visit).reasonCases,
		"GET /console/learn/reasons.xlsx":                                      (*visit).reasonXLSX,
		"GET /console/learn/themes":                                            (*visit).themes,
		"POST /console/learn/themes":                                           (*visit).learnThemes,
		"GET /console/learn/themes/texts":                                      (*visit).themeTexts,
		"POST /console/themes/{text}":                                          (*visit).correctTheme,
		"GET /console/learn/access":                                            (*visit).accessReport,
		"GET /console/learn/access.csv":                                        (*visit).accessCSV,
		"GET /console/learn/access.xlsx":                                       (*visit).accessXLSX,
		"POST /console/cases/{id}/limits/{limit}":                              (*visit).attestLimit,
		"POST /console/cases/{id}/limits/{limit}/extend":                       (*visit).extendLimit,
		"POST /console/customers/{id}/limits/{limit}/extend":                   (*visit).extendOwed,
		"POST /console/customers/{id}/limits/{limit}":                          (*visit).attestOwed,
		"POST /console/documents/{message}":                                    (*visit).mendDocument,
		"POST /console/learn/threshold":                                        (*visit).setThreshold,
		"POST /console/learn/improvements":                                     (*visit).addImprovement,
		"POST /console/learn/improvements/{id}":                                (*visit).endImprovement,
		"GET /console/promises":                                                (*visit).promises,
		"GET /console/customers/{id}/promises":                                 (*visit).customerPromises,
		"POST /console/customers/{id}/complaints":                              (*visit).addComplaint,
		"POST /console/customers/{id}/complaints/{complaint}":                  (*visit).answerComplaint,
		"POST /console/customers/{id}/commitments":                             (*visit).addCommitment,
		"POST /console/customers/{id}/commitments/{commitment}":                (*visit).endCommitment,
		"POST /console/cases/{id}/obligations/{obligation}":                    (*visit).endObligation,
		"POST /console/cases/{id}/files":                                       (*visit).addFile,
		"POST /console/cases/{id}/act":                                         (*visit).drawAct,
		"POST /console/cases/{id}/notes":                                       (*visit).addNote,
		"GET /console/cases/{id}/items":                                        (*visit).items,
		"POST /console/cases/{id}/steps/{step}/handover/{item}":                (*visit).give,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/hold":           (*visit).holdItem,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/paid":           (*visit).payItem,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/destroy":        (*visit).destroyItem,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/keep":           (*visit).keepItem,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/owner":          (*visit).nameOwner,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/rotation":       (*visit).attestRotation,
		"POST /console/cases/{id}/steps/{step}/handover/{item}/burn":           (*visit).burn,
		"POST /console/cases/{id}/steps/{step}/processors/{system}/asked":      (*visit).askedProcessor,
		"POST /console/cases/{id}/steps/{step}/processors/{system}/receipt":    (*visit).keepReceipt,
		"POST /console/cases/{id}/steps/{step}/processors/{system}/unanswered": (*visit).giveUpProcessor,
		"POST /console/cases/{id}/steps/{step}/slip":                           (*visit).slip,
		"GET /console/cases/{id}/steps/{step}/slip.pdf":                        (*visit).printSlip,
		"GET /console/voices":                                                  (*visit).voices,
		"GET /console/offers":                                                  (*visit).offers,
		"GET /console/risks":                                                   (*visit).risks,
		"GET /console/customers/{id}/risk":                                     (*visit).customerRisk,
		"POST /console/customers/{id}/effort":                                  (*visit).addEffort,
		"POST /console/customers/{id}/effort_remove":                           (*visit).takeBackEffort,
		"POST /console/customers/{id}/worth":                                   (*visit).computeWorth,
		"POST /console/customers/{id}/plays":                                   (*visit).openPlay,
		"POST /console/customers/{id}/plays/{play}/plan":                       (*visit).planPlay,
		"POST /console/customers/{id}/plays/{play}/begin":                      (*visit).beginPlay,
		"POST /console/customers/{id}/plays/{play}/finish":                     (*visit).finishPlay,
		"POST /console/cases/{id}/reasons":                                     (*visit).giveReason,
		"POST /console/cases/{id}/steps/{step}/invite":                         (*visit).invite,
		"GET /console/cases/{id}/meeting.ics":                                  (*visit).calendar,
		"POST /console/cases/{id}/offer":                                       (*visit).makeOffer,
		"POST /console/cases/{id}/offer/end":                                   (*visit).endOffer,
		"GET /console/announcements":                                           (*visit).announcements,
		"POST /console/announcements":                                          (*visit).keepAnnouncements,
		"GET /console/announcements/{file}":                                    (*visit).announcementFile,
		"POST /console/announcements/{file}":                                   (*visit).announce,
		"POST /console/announcements/withdraw":                                 (*visit).unannounce,
		"GET /console/lanes":                                                   (*visit).lanes,
		"POST /console/lanes":                                                  (*visit).proposeLane,
		"GET /console/lanes/{id}":                                              (*visit).lane,
		"POST /console/lanes/{id}/decide":                                      (*visit).decideLane,
		"POST /console/lanes/{id}/state":                                       (*visit).changeLane,
		"POST /console/lanes/{id}/choose":                                      (*visit).chooseForLane,
		"POST /console/lanes/{id}/members/{member}":                            (*visit).onMember,
		"GET /console/endings":                                                 (*visit).endings,
		"POST /console/endings":                                                (*visit).proposeEnding,
		"GET /console/endings/{id}":                                            (*visit).ending,
		"POST /console/endings/{id}/decide":                                    (*visit).decideEnding,
		"POST /console/endings/{id}/stop":                                      (*visit).stopEnding,
		"POST /console/customers/{id}/unpaid":                                  (*visit).onUnpaid,
		"GET /console/winback":                                                 (*visit).winback,
		"POST /console/winback":                                                (*visit).sendWinback,
		"POST /console/winback/preview":                                        (*visit).previewWinback,
		"GET /console/learn/workbook.xlsx":                                     (*visit).workbook,
	} {
		mux.HandleFunc(pattern, c.staff(fn))
	}
	return mux
}

// visit is one request of one person.
type visit struct {
	*console
	w     http.ResponseWriter
	r     *http.Request
	lang  string
	token string     // of the session
	actor app.Actor  // zero before sign-in
	form  url.Values // of a POST
}

// open serves people who need not be signed in.
func (c *console) open(fn func(*visit) error) http.HandlerFunc {
	return c.visited(fn, func(*visit) error { return nil })
}

// staff serves signed-in people only; others are sent to sign in.
func (c *console) staff(fn func(*visit) error) http.HandlerFunc {
	return c.visited(fn, func(v *visit) (err error) {
		v.actor, err = v.App.Session(v.r.Context(), v.token)
		return err
	})
}

func (c *console) visited(fn, enter func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: c, w: w, r: r, lang: c.StaffLang(w, r)}
		if cookie, err := r.Cookie(sessionCookie); err == nil {
			v.token = cookie.Value
		}
		err := enter(v)
		if err == nil && r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
			v.form, err = web.Form(w, r)
		}
		if err == nil {
			err = fn(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

// fail answers with what went wrong: whoever is not signed in is sent there,
// and a signed-in person reads it where they work.
func (v *visit) fail(err error) {
	switch kind := fault.KindOf(err); {
	case kind == fault.Unauthenticated:
		to := url.Values{}
		if v.r.Method == http.MethodGet {
			to.Set("next", v.r.URL.RequestURI())
		}
		v.to("/console/signin?" + to.Encode())
	case kind == fault.Internal || v.actor.ID == "":
		v.Fail(v.w, v.r, err)
	default:
		title := text.Say(v.lang, "common.fail.title")
		v.show(web.Status(err), "", title, "", failPage(v.lang, title, v.worded(err)))
	}
}

func (v *visit) nothing() error { return fault.New(fault.NotFound, "not_found") }

// to sends the browser on after something was done.
func (v *visit) to(address string) {
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
}

// local returns the address if it is a page of the console, else the inbox.
func local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		u.Path != "/console" && !strings.HasPrefix(u.Path, "/console/") || path.Clean(u.Path) != u.Path ||
		strings.ContainsAny(u.Path, "\\\r\n\t") || strings.HasPrefix(u.Path, "/console/signin") {
		return "/console"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

// frame is what stands around every page for people who are signed in.
type frame struct {
	Lang    string
	Company string
	Nav     string // which entry of the rail this page belongs to
	Path    string
	Actor   app.Actor
	Real    string     // who really looks, in the demo's "view as"
	Users   []app.User // to view as; only in the demo
	Langs   map[string]string
	Problem string // what went wrong with what was just sent
	Hold    *holdView
	Test    bool // the page is about a test customer
}

func (f frame) say(code string, args ...any) string {
	return text.Say(f.Lang, "console."+code, args...)
}

// show renders a page for a signed-in person.
func (v *visit) show(status int, nav, title, problem string, content templ.Component) {
	f := frame{
		Lang: v.lang, Company: v.App.Company().Name, Nav: nav, Path: v.here(), Actor: v.actor, Problem: problem, Langs: v.langs(),
	}
	hold, err := v.App.Held(v.r.Context())
	if err != nil {
		v.Fail(v.w, v.r, err)
		return
	}
	f.Hold = v.viewHold(hold)
	if f.Test, err = v.isTest(); err != nil {
		v.Fail(v.w, v.r, err)
		return
	}
	if v.Demo {
		users, err := v.App.Users(v.r.Context())
		if err != nil {
			v.Fail(v.w, v.r, err)
			return
		}
		f.Users = users
		for _, u := range users {
			if u.ID == v.actor.RealID {
				f.Real = u.Name
			}
		}
	}
	v.Render(v.w, v.r, status, v.Frame(web.PageView{Lang: v.lang, Title: title + " · Hasta Luego", Body: "dense"}, shell(f, content)))
}

// here is the address of the page that is shown: after a form was refused,
// the page that it was on.
func (v *visit) here() string {
	switch id := v.r.PathValue("id"); {
	case v.r.Method == http.MethodGet:
		return v.r.URL.RequestURI()
	case strings.HasPrefix(v.r.URL.Path, "/console/keys"):
		return "/console/keys"
	case strings.HasPrefix(v.r.URL.Path, "/console/imports/"):
		return v.r.URL.Path
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/webhooks/"):
		return "/console/webhooks/" + id
	case strings.HasPrefix(v.r.URL.Path, "/console/webhooks"):
		return "/console/webhooks"
	case strings.HasPrefix(v.r.URL.Path, "/console/playbooks"):
		return "/console/playbooks"
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/flows/"):
		return "/console/flows/" + id
	case strings.HasPrefix(v.r.URL.Path, "/console/flows"):
		return "/console/flows"
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/lanes/"):
		return "/console/lanes/" + id
	case strings.HasPrefix(v.r.URL.Path, "/console/lanes"):
		return "/console/lanes"
	case strings.HasPrefix(v.r.URL.Path, "/console/segments"):
		return "/console/segments"
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/endings/"):
		return "/console/endings/" + id
	case strings.HasPrefix(v.r.URL.Path, "/console/endings"):
		return "/console/endings"
	case strings.HasPrefix(v.r.URL.Path, "/console/announcements"):
		return "/console/announcements"
	case strings.HasPrefix(v.r.URL.Path, "/console/winback"):
		return "/console/winback"
	case strings.HasPrefix(v.r.URL.Path, "/console/learn"):
		return "/console/learn"
	case strings.HasPrefix(v.r.URL.Path, "/console/account"):
		return "/console/account"
	case strings.HasPrefix(v.r.URL.Path, "/console/settings/assignment"), v.r.URL.Path == "/console/settings/channel":
		return "/console/settings/assignment"
	case v.r.URL.Path == "/console/start/apply":
		return "/console/start/review"
	case strings.HasPrefix(v.r.URL.Path, "/console/start/"):
		return v.r.URL.Path
	case strings.HasPrefix(v.r.URL.Path, "/console/settings/words/"):
		return "/console/settings/words/" + v.r.PathValue("code")
	case v.r.URL.Path == "/console/settings/company":
		return "/console/settings/company"
	case v.r.URL.Path == "/console/settings/hold":
		return "/console/settings"
	case strings.HasPrefix(v.r.URL.Path, "/console/settings/users"):
		return "/console/settings/users"
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/customers/"):
		return "/console/customers/" + id
	case id != "" && strings.HasPrefix(v.r.URL.Path, "/console/cases/"):
		return "/console/cases/" + id
	default:
		return "/console"
	}
}

// bare renders a page for somebody who is not signed in.
func (v *visit) bare(status int, title string, content templ.Component) {
	view := web.PageView{Lang: v.lang, Title: title + " · Hasta Luego", Body: "portal"}
	v.Render(v.w, v.r, status, v.Frame(view, door(v.lang, v.langs(), content)))
}

// langs are the addresses of this page by language. What was sent by POST
// cannot be asked for again: it is the page that the form stands on.
func (v *visit) langs() map[string]string {
	out := make(map[string]string)
	for _, l := range text.Langs() {
		if v.r.Method == http.MethodPost {
			form := v.here()
			if v.actor.ID == "" { // who is not signed in has the form at the address that it is sent to
				form = v.r.URL.Path
			}
			out[l] = form + "?lang=" + l
			continue
		}
		out[l] = web.ChangeLang(v.r, l)
	}
	return out
}
