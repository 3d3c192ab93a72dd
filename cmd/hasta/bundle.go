package main

import (
	"context"
	"fmt"
	"os"

	"hastaluego/internal/fault"
)

type caseBundleCmd struct {
	common
	Code string `arg:"" help:"Code of the departure, HL-…"`
	Out  string `required:"" placeholder:"FILE" help:"Where to write it; a file that is there is left alone."`
}

func (c *caseBundleCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	f, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "file.unwritable", "file", c.Out).At("bundle", err)
	}
	cid, err := h.app.CaseOfCode(ctx, operator, c.Code)
	if err == nil {
		b, whole, e := h.app.TakeBundle(ctx, operator, cid)
		if err = e; err == nil {
			_, err = whole.WriteTo(f)
		}
		c.Code = b.SHA256
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(c.Out) // half a file would be handed over as a whole one
		return err
	}
	fmt.Fprintf(o.stdout, "%s\nsha256 %s\nsay in the console who took it, and how you knew that they may\n", c.Out, c.Code)
	return nil
}
