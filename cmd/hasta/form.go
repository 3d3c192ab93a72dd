package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/document"
)

type formCmd struct {
	common
	File string `arg:"" help:"Where to write it: .html, a page that needs no server, or .pdf, to be printed."`
	Lang string `help:"Language of the form: es, en, de or fr; otherwise that of the company." enum:"es,en,de,fr," default:""`
}

func (c *formCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o) // what was answered in the browser wins over the file
	if err != nil {
		return err
	}
	defer h.close()
	co := h.app.Company()
	if co.Email == "" {
		return fmt.Errorf("the form asks for a mail to company.email, and %s says none: answer the questions of the start, or hasta company apply", h.cfg.Dir)
	}
	lang := c.Lang
	if lang == "" {
		lang = co.Language
	}
	_, raw, err := h.papers.Form(lang, strings.EqualFold(filepath.Ext(c.File), ".pdf"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.File, raw, 0o600); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s: put it where your customers find it, or mail it; read in what comes with hasta case receive\n", c.File)
	return nil
}

// Form is the form of a request, as a page of its own or as PDF.
func (p papers) Form(lang string, pdf bool) (media string, file []byte, err error) {
	c := p.writer(app.Paper{Language: lang})
	if pdf {
		file, err = document.PDF(document.FormPaper(lang, c))
		return "application/pdf", file, err
	}
	page, err := document.FormPage(lang, c)
	return "text/html; charset=utf-8", []byte(page), err
}
