package main

import (
	"context"
	"fmt"
	"os"

	"hastaluego/internal/company"
	"hastaluego/internal/text"
)

type companyCmd struct {
	Show  companyShowCmd  `cmd:"" help:"Print the profile as the file that apply reads."`
	Apply companyApplyCmd `cmd:"" help:"Make true what a file says, as the questions of the start do: the profile, people who are not there yet, a rehearsal."`
}

type companyShowCmd struct{ common }

func (c *companyShowCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	page, err := h.app.OpenCompany(ctx, operator)
	if err != nil {
		return err
	}
	raw, err := company.Setup{Company: page.Profile}.YAML()
	if err == nil {
		_, err = o.stdout.Write(raw)
	}
	return err
}

type companyApplyCmd struct {
	common
	File string `arg:"" type:"existingfile"`
}

func (c *companyApplyCmd) Run(ctx context.Context, o out) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	s, err := company.ParseSetup(c.File, src)
	if err != nil {
		return err
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	invited, err := h.app.ApplySetup(ctx, operator, s, text.Say(s.Company.Language, "console.start.rehearse.why"))
	for _, p := range invited {
		fmt.Fprintf(o.stdout, "%s chooses a password here, once, for a day: %s/console/reset/%s\n", p.Login, h.app.Company().PublicURL, p.Token)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "the company is %s, version %d\n", h.app.Company().Name, h.app.Company().Version)
	return nil
}
