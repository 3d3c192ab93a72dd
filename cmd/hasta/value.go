package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"hastaluego/internal/app"
	"hastaluego/internal/customer"
	"hastaluego/internal/effort"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/web/console"
	"hastaluego/internal/when"
	"hastaluego/internal/worth"
)

type valueCmd struct {
	Compute valueComputeCmd `cmd:"" help:"Compute what every customer is worth, now. The server does it every morning."`
	List    valueListCmd    `cmd:"" help:"List what customers are worth, or why that is not known."`
	Show    valueShowCmd    `cmd:"" help:"What one customer is worth, part by part, and how that is known."`
}

type valueComputeCmd struct{ common }

func (c *valueComputeCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	done, err := h.app.ValueAll(ctx, operator)
	if err == nil {
		fmt.Fprintf(o.stdout, "%d customers, of which %d have a figure\n", done.All, done.Known)
	}
	return err
}

// valueLine is what one customer is worth, in the answer of --json.
type valueLine struct {
	Reference string `json:"reference"`
	Name      string `json:"name"`
	Day       string `json:"day"`
	worth.Value
}

type valueListCmd struct {
	common
	Limit int  `default:"1000" help:"At most so many."`
	JSON  bool `help:"Answer as JSON."`
}

func (c *valueListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	var lines []valueLine
	for after, more := customer.ID(""), true; more && len(lines) < c.Limit; {
		var list []app.WorthRow
		if list, more, err = h.app.PageWorth(ctx, operator, after, c.Limit-len(lines)); err != nil {
			return err
		}
		for _, w := range list {
			lines, after = append(lines, valueLine{w.Who.Reference, w.Who.Name, when.DateOf(w.At, h.app.Company().Zone).String(), w.Value}), w.Customer
		}
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(lines)
	}
	lang := terminalLanguage(os.Getenv)
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Reference, l.Name, l.Day, console.WorthWords(lang, l.Value))
	}
	return w.Flush()
}

type valueShowCmd struct {
	common
	Reference string `arg:"" help:"Number of the customer, as the company knows them."`
	JSON      bool   `help:"Answer as JSON."`
}

func (c *valueShowCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	who, err := h.numbered(ctx, c.Reference)
	if err != nil {
		return err
	}
	v, err := h.app.OpenWorth(ctx, operator, who.ID)
	if err != nil {
		return err
	}
	x, day := worth.Value{Why: worth.NotYet}, ""
	if v.Worth != nil {
		x, day = v.Worth.Value, when.DateOf(v.Worth.At, h.app.Company().Zone).String()
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(valueLine{who.Reference, who.Name, day, x})
	}
	lang := terminalLanguage(os.Getenv)
	fmt.Fprintf(o.stdout, "%s  %s  %s\n", who.Reference, who.Name, day)
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, line := range console.WorthTable(lang, x) {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", line[0], line[1], line[2], line[3])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, console.WorthWords(lang, x))
	for _, s := range console.WorthHow(lang, x) {
		fmt.Fprintln(o.stdout, s)
	}
	return nil
}

type hoursCmd struct {
	Import hoursImportCmd `cmd:"" help:"Record the time of a timesheet: a CSV file with the columns customer, date, minutes, who, what and, so that the file may come again, reference."`
	List   hoursListCmd   `cmd:"" help:"The time that was worked for a customer."`
}

type hoursImportCmd struct {
	common
	File string `arg:"" type:"existingfile"`
}

func (c *hoursImportCmd) Run(ctx context.Context, o out) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	list, lines, err := readHours(c.File, f)
	if err != nil {
		return err
	}
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	added := 0
	for part := range slices.Chunk(list, app.EffortMost) {
		n, err := h.app.AddEffort(ctx, operator, part)
		if err != nil {
			fmt.Fprintf(o.stdout, "%d lines are new, then it stopped\n", added)
			return inTimesheet(c.File, lines, err)
		}
		added, lines = added+n, lines[len(part):]
	}
	fmt.Fprintf(o.stdout, "%d lines are new, %d were there already\n", added, len(list)-added)
	return nil
}

// hoursColumns are those of a timesheet; the last one may be missing.
var hoursColumns = []string{"customer", "date", "minutes", "who", "what", "reference"}

// inTimesheet tells what is wrong with lines of a timesheet where they stand.
func inTimesheet(name string, lines []int, err error) error {
	var wrong []error
	for _, e := range fault.Fields(err) {
		number, _, _ := strings.Cut(strings.TrimPrefix(e.Field, "hours."), ".")
		if i, bad := strconv.Atoi(number); bad == nil && i < len(lines) {
			wrong = append(wrong, fmt.Errorf("%s:%d: %s", name, lines[i], text.Error(terminalLanguage(os.Getenv), e)))
		}
	}
	if len(wrong) == 0 {
		return err
	}
	return errors.Join(wrong...)
}

// readHours reads a timesheet, and says on which line of the file each stands. What is
// wrong is told with its line.
func readHours(name string, src io.Reader) (list []app.EffortInput, lines []int, err error) {
	r := csv.NewReader(src)
	head, err := r.Read()
	if err != nil || !slices.Equal(head, hoursColumns) && !slices.Equal(head, hoursColumns[:5]) {
		return nil, nil, fmt.Errorf("%s:1: the columns of a timesheet are %s", name, strings.Join(hoursColumns, ","))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, lines, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		day, bad := when.ParseDate(row[1])
		if bad != nil {
			return nil, nil, fmt.Errorf("%s:%d: %q is no date such as 2026-03-31", name, line, row[1])
		}
		minutes, bad := strconv.Atoi(row[2])
		if bad != nil {
			return nil, nil, fmt.Errorf("%s:%d: %q is no number of minutes", name, line, row[2])
		}
		e := app.EffortInput{Customer: row[0], Effort: effort.Effort{Day: day, Minutes: minutes, Who: row[3], What: row[4]}}
		if len(row) > 5 {
			e.Reference = row[5]
		}
		list, lines = append(list, e), append(lines, line)
	}
}

type hoursListCmd struct {
	common
	Reference string `arg:"" help:"Number of the customer, as the company knows them."`
}

func (c *hoursListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	who, err := h.numbered(ctx, c.Reference)
	if err != nil {
		return err
	}
	list, err := h.app.OpenEffort(ctx, operator, who.ID)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(o.stdout, 0, 4, 2, ' ', 0)
	for _, e := range list {
		fmt.Fprintf(w, "%s\t%d min\t%s\t%s\n", e.Day, e.Minutes, e.Who, e.What)
	}
	fmt.Fprintf(w, "\t%d min\t\t\n", effort.Minutes(list))
	return w.Flush()
}

// numbered is the customer whom the company knows under a number.
func (h *house) numbered(ctx context.Context, reference string) (who customer.Customer, err error) {
	err = h.store.View(ctx, func(tx app.Tx) (err error) { who, err = tx.FindCustomerByReference(ctx, reference); return err })
	return who, err
}
