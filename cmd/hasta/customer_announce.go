package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

type customerAnnounceCmd struct {
	common
	File   string `arg:"" help:"CSV with the columns contract, kind, day, price and currency (or contrato, qué, día, precio, moneda): the number of the contract, trial_end or price_change, the day as 2027-01-31 and, of another price, what is charged from then on."`
	DryRun bool   `help:"Say what would be told, to whom and when; keep nothing."`
}

func (c *customerAnnounceCmd) Run(ctx context.Context, o out) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("announce", err)
	}
	defer file.Close()
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	lang := terminalLanguage(os.Getenv)
	done, err := h.app.AnnounceFile(ctx, operator, file, c.DryRun)
	for _, x := range done.Rows {
		if c.DryRun {
			fmt.Fprintln(o.stdout, text.Say(lang, "announced.row", "contract", x.Contract, "name", x.Name, "what", text.Say(lang, "announced.what."+string(x.Kind)),
				"day", text.Date(lang, x.Day), "tells", tellsOf(lang, x)))
		}
	}
	for _, e := range done.Refused {
		fmt.Fprintf(o.stderr, "%s:%d: %s: %s\n", c.File, e.Row, e.Column, e.Why(lang))
	}
	if more := done.Rejected - len(done.Refused); more > 0 {
		fmt.Fprintln(o.stderr, text.Say(lang, "console.upload.refused.more", "n", more))
	}
	if wrong := fault.Fields(err); len(wrong) > 0 { // the file as a whole
		fmt.Fprintf(o.stderr, "%s: %s\n", c.File, explain(wrong[0]))
		return errCheck
	}
	if err != nil {
		return err
	}
	said := "announced.said"
	if c.DryRun {
		said = "announced.tried"
	}
	fmt.Fprintln(o.stdout, text.Say(lang, said, "n", done.Kept, "letters", done.Letters, "silent", done.Silent, "unchanged", done.Unchanged))
	if done.Rejected > 0 {
		return errCheck
	}
	return nil
}

// tellsOf says whether its customer is told, and when.
func tellsOf(lang string, x app.Announcement) string {
	var days []string
	for _, d := range x.Letters {
		days = append(days, text.Date(lang, d))
	}
	return text.Say(lang, "announced.tells."+string(x.Tells), "days", strings.Join(days, ", "))
}
