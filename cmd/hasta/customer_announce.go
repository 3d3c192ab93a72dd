package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/limit"
	"hastaluego/internal/money"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type customerAnnounceCmd struct {
	common
	File string `arg:"" help:"CSV with the heading contract,kind,day,price,currency: the number of the contract, trial_end or price_change, the day as 2027-01-31 and, of another price, what is charged from then on."`
}

// announceHead are the columns of the file, in any order; the last two may be
// missing where no price changes.
var announceHead = []string{"contract", "kind", "day", "price", "currency"}

func (c *customerAnnounceCmd) Run(ctx context.Context, o out) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("announce", err)
	}
	defer file.Close()
	rows := csv.NewReader(file)
	rows.TrimLeadingSpace = true
	head, err := rows.Read()
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("announce", err)
	}
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(head[i], "\ufeff")))
	}
	for i, name := range head {
		if !slices.Contains(announceHead, name) || slices.Contains(head[:i], name) {
			return fault.New(fault.Invalid, "announced.column", "at", c.File+":1", "name", name, "known", strings.Join(announceHead, ", "))
		}
	}
	for _, name := range announceHead[:3] {
		if !slices.Contains(head, name) {
			return fault.New(fault.Invalid, "announced.column", "at", c.File+":1", "name", name, "known", strings.Join(announceHead, ", "))
		}
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	said, failed := 0, false
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := rows.FieldPos(0)
		if err == nil {
			err = c.announce(ctx, h, head, row)
		}
		if err != nil {
			failed = true
			for _, e := range wordedRows(err) {
				fmt.Fprintf(o.stderr, "%s:%d: %s\n", c.File, line, e)
			}
			continue
		}
		said++
	}
	fmt.Fprintln(o.stdout, text.Say(terminalLanguage(os.Getenv), "announced.said", "n", said))
	if failed {
		return errCheck
	}
	return nil
}

// announce says one line of the file.
func (c *customerAnnounceCmd) announce(ctx context.Context, h *house, head, row []string) error {
	of := map[string]string{}
	for i, name := range head {
		of[name] = strings.TrimSpace(row[i])
	}
	day, err := when.ParseDate(of["day"])
	if err != nil {
		return fault.New(fault.Invalid, "announced.day").On("day")
	}
	x := app.Announced{Kind: limit.Kind(of["kind"]), Day: day}
	if of["price"] != "" {
		if x.Price, err = money.Parse(of["price"], of["currency"]); err != nil {
			return fault.New(fault.Invalid, "announced.price").On("price")
		}
	}
	return h.app.AnnounceOf(ctx, operator, of["contract"], x)
}

// wordedRows are the faults of a line, each with its column.
func wordedRows(err error) (list []string) {
	fields := fault.Fields(err)
	if len(fields) == 0 {
		return []string{explain(err)}
	}
	for _, e := range fields {
		says := explain(e)
		if e.Field != "" {
			says = e.Field + ": " + says
		}
		list = append(list, says)
	}
	return list
}
