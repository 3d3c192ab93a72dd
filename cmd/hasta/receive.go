package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/reply"
)

type caseReceiveCmd struct {
	common
	File  string `arg:"" type:"existingfile" help:"The letter as a file (.eml), or its words as text."`
	As    string `help:"What it means: message, request, confirm, not_me, undo, approve, lacking, accept, offer_yes, offer_no, missing, rotated, no_meeting, survey or silence. Without it nothing is done yet."`
	Proof string `help:"How it was checked that it is from them, where nothing in it shows that."`
}

func (c *caseReceiveCmd) Run(ctx context.Context, o out) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("receive", err)
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	by := operator
	by.Roles = []string{"agent", "success", "admin"}
	id, err := h.app.ReadIn(ctx, by, raw)
	if err != nil {
		return err
	}
	v, err := h.app.OpenReceived(ctx, by, id)
	if err != nil {
		return err
	}
	tellReceived(o, v)
	if c.As == "" || v.State != "read" {
		return nil
	}
	if err := h.app.MeanReceived(ctx, by, app.MeanInput{ID: id, Meaning: reply.Meaning(c.As), Proof: c.Proof}); err != nil {
		return err
	}
	if v, err = h.app.OpenReceived(ctx, by, id); err == nil {
		fmt.Fprintf(o.stdout, "done as %s %s\n", v.Meaning, v.Code)
	}
	return err
}

// tellReceived says what was read and what was checked, and nothing more.
func tellReceived(o out, v app.ReceivedView) {
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(o.stdout, "%-10s %s\n", what, value)
		}
	}
	line("from", strings.TrimSpace(v.Reply.FromName+" "+v.Reply.From))
	line("subject", v.Reply.Subject)
	line("customer", strings.TrimSpace(v.Name+" "+v.Code))
	switch {
	case v.Keyed != "":
		line("checked", "it quotes the key of our letter to the address on file: "+v.Keyed)
	case v.OnFile:
		line("checked", "the sender is an address on file; anybody can write that")
	default:
		line("checked", "nothing")
	}
	for _, a := range v.Reply.Auth {
		line("claimed", a)
	}
	line("says", strings.ReplaceAll(v.Reply.Own, "\n", " / "))
	possible := make([]string, len(v.Possible))
	for i, m := range v.Possible {
		possible[i] = string(m)
	}
	line("guess", string(v.Guess))
	line("possible", strings.Join(possible, " "))
	if v.State != "read" {
		line("state", v.State+" "+string(v.Meaning))
	}
}
