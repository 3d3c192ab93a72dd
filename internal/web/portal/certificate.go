package portal

import (
	"net/http"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web"
)

// certificate shows what was erased, and what stays.
func (p *portal) certificate(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenCertificate(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	r, lang := web.Spoken(r, paper.Language), paper.Language
	p.show(w, r, http.StatusOK, p.speech(lang).Say("portal.certificate.title"), certificatePage(p.speech(lang), base(r), p.papers.HTML(paper)))
}

func (p *portal) certificatePDF(w http.ResponseWriter, r *http.Request) {
	paper, err := p.App.OpenCertificate(r.Context(), r.PathValue("token"), p.Chosen(w, r))
	var pdf []byte
	if err == nil {
		pdf, err = p.papers.PDF(paper)
	}
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/pdf", certificateName(paper), pdf)
}

func (p *portal) certificateJSON(w http.ResponseWriter, r *http.Request) {
	code, raw, err := p.App.CertificateFile(r.Context(), r.PathValue("token"))
	if err != nil {
		p.Fail(w, r, err)
		return
	}
	p.send(w, "application/json", code+".certificate.json", raw)
}

func certificateName(p app.Paper) string {
	return p.Certificate.Code + "-" + text.Say(p.Language, "document.certificate.file") + ".pdf"
}
