package portal

import (
	"net/http"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/approval"
	"hastaluego/internal/fault"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// approvalView is what the customer is asked to approve, since one person works
// for the company.
type approvalView struct {
	text.Speech
	Base, Code, Name string
	ID, What, Until  string
	Words            []string
	Lacks, Error     string // what is missing, as typed
	Wrong            bool   // that was chosen
	Over             bool   // there is nothing to answer, any more
}

func (v approvalView) say(code string, args ...any) string {
	return v.Say("portal.approval."+code, args...)
}

func (p *portal) approval(w http.ResponseWriter, r *http.Request) { p.showApproval(w, r, "", nil) }

func (p *portal) showApproval(w http.ResponseWriter, r *http.Request, typed string, wrong error) {
	r, page, err := p.page(w, r, "case")
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	lang := page.Paper.Language
	v := approvalView{Speech: p.speech(lang), Base: base(r), Code: page.Paper.Code, Name: page.Paper.Name, Over: page.Approval == nil}
	if a := page.Approval; a != nil {
		v.ID, v.What, v.Words, v.Until = string(a.ID), offboarding.Worded(a.Title, lang), strings.Split(a.Words, "\n"), text.Instant(lang, a.Until, p.App.Company().Zone)
	}
	status := http.StatusOK
	if wrong != nil {
		status = web.Status(wrong)
		v.Wrong, v.Lacks, v.Error = true, typed, text.FieldErrors(lang, wrong)["lacks"]
	}
	p.show(w, r, status, v.say("title"), approvalPage(v))
}

// answerApproval takes the customer's word.
func (p *portal) answerApproval(w http.ResponseWriter, r *http.Request) {
	f, err := web.Form(w, r)
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	in := app.ApprovalAnswer{ID: approval.ID(f.Get("approval")), Right: f.Get("right") == "yes", Lacks: f.Get("lacks")}
	err = p.App.AnswerApproval(r.Context(), r.PathValue("token"), in)
	if err != nil && fault.KindOf(err) == fault.Invalid {
		p.showApproval(w, r, in.Lacks, err)
		return
	}
	p.act(w, r, base(r)+"/approval", err)
}
