package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
)

type customerCmd struct {
	Announce customerAnnounceCmd `cmd:"" help:"Say what is coming for contracts, the end of a trial or another price, so that each customer is told when their law wants it. Said again, the last counts."`
	Tests    customerTestsCmd    `cmd:"" help:"List test customers."`
	Forget   customerForgetCmd   `cmd:"" name:"forget-test" help:"Delete a test customer with everything that hangs on them. A real customer is refused."`
}

type customerTestsCmd struct{ common }

// withTests opens the house and does something with its test customers.
func (c common) withTests(ctx context.Context, o out, do func(h *house, list []app.TestCustomer) error) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := h.app.TestCustomers(ctx, operator)
	if err != nil {
		return err
	}
	return do(h, list)
}

func (c *customerTestsCmd) Run(ctx context.Context, o out) error {
	return c.withTests(ctx, o, func(_ *house, list []app.TestCustomer) error {
		for _, t := range list {
			cases := make([]string, len(t.Cases))
			for i, x := range t.Cases {
				cases[i] = x.Code + " " + string(x.State)
			}
			fmt.Fprintf(o.stdout, "%s  %s  %s  %s\n", t.CreatedAt.UTC().Format(time.DateOnly), t.Reference, t.Name, strings.Join(cases, ", "))
		}
		return nil
	})
}

type customerForgetCmd struct {
	common
	Reference string `arg:"" help:"Number of the customer, as the company knows them."`
}

func (c *customerForgetCmd) Run(ctx context.Context, o out) error {
	return c.withTests(ctx, o, func(h *house, list []app.TestCustomer) error {
		i := slices.IndexFunc(list, func(t app.TestCustomer) bool { return t.Reference == c.Reference })
		if i < 0 {
			return fault.New(fault.Blocked, "test.real")
		}
		f, err := h.app.ForgetTest(ctx, operator, list[i].ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.stdout, "%s is gone: %d rows\n", f.Reference, f.Count())
		for _, table := range slices.Sorted(maps.Keys(f.Rows)) {
			fmt.Fprintf(o.stdout, "  %-18s %d\n", table, f.Rows[table])
		}
		return nil
	})
}
