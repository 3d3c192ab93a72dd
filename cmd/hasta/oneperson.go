package main

import (
	"context"
	"fmt"
	"strings"
)

type aloneCmd struct {
	common
	What  string `arg:"" optional:"" enum:"show,on,off" default:"show" help:"on: what needs a second person is approved by the customer, or by a time that is waited for. off: by a second person. show: what holds."`
	Hours int    `default:"72" help:"Hours that it waits, of 24 to 720."`
}

func (c *aloneCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if c.What != "show" {
		if err := h.app.SetOnePerson(ctx, operator, c.What == "on", c.Hours); err != nil {
			return err
		}
	}
	m, err := h.app.OnePerson(ctx)
	switch {
	case err != nil:
		return err
	case m.Holds():
		fmt.Fprintf(o.stdout, "one person works here: it waits %d hours\n", m.Hours)
	case m.On:
		fmt.Fprintf(o.stdout, "said that one person works here, but several do, and a second one approves: %s\n", strings.Join(m.Others, ", "))
	default:
		fmt.Fprintln(o.stdout, "a second person approves")
	}
	return nil
}
