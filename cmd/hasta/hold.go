package main

import (
	"context"
	"fmt"

	"hastaluego/internal/app"
)

type holdCmd struct {
	common
	What string `arg:"" enum:"outside,all" help:"outside: no letter, no far system, no other program, and what is done in the house goes on. all: nothing is begun."`
	Why  string `required:"" help:"Why; everybody in the console reads it, and the log keeps it."`
}

// operator is whoever types commands on the machine of the server.
var operator = app.Actor{ID: "system", Roles: []string{"admin"}}

func (c *holdCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.app.SetHold(ctx, operator, app.Held(c.What), c.Why); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, "held back until hasta release; what is under way is finished")
	return nil
}

type releaseCmd struct{ common }

func (c *releaseCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	was, err := h.app.Held(ctx)
	if err != nil {
		return err
	}
	if err := h.app.SetHold(ctx, operator, app.HoldNothing, ""); err != nil {
		return err
	}
	if was.What == app.HoldNothing {
		fmt.Fprintln(o.stdout, "nothing was held back")
		return nil
	}
	fmt.Fprintf(o.stdout, "let go: %d waited\n", was.Waiting)
	return nil
}
