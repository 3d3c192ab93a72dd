package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/text"
	"hastaluego/internal/web/console"
)

type importListCmd struct {
	common
	JSON bool `help:"Answer as JSON."`
}

// importLine is one import in the answer of --json.
type importLine struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	By       string     `json:"by"`
	At       time.Time  `json:"at"`
	File     string     `json:"file"`
	Rows     int        `json:"rows"`
	Changed  int        `json:"changed"`
	Rejected int        `json:"rejected"`
	UndoneAt *time.Time `json:"undone_at,omitempty"`
}

func (c *importListCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	lang := terminalLanguage(os.Getenv)
	list, users, err := h.app.Imports(ctx, operator)
	if err != nil {
		return err
	}
	if c.JSON {
		lines := make([]importLine, len(list))
		for i, x := range list {
			lines[i] = importLine{ID: string(x.ID), Kind: x.Kind, By: x.By, At: x.At, File: x.File, Rows: x.Rows, Changed: x.Changed, Rejected: x.Rejected}
			if !x.UndoneAt.IsZero() {
				lines[i].UndoneAt = &x.UndoneAt
			}
		}
		return json.NewEncoder(o.stdout).Encode(lines)
	}
	w := tabwriter.NewWriter(o.stdout, 0, 0, 2, ' ', 0)
	for _, x := range list {
		by := users[x.By]
		if by == "" {
			by = x.By
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.Kind, text.ShortInstant(lang, x.At, h.app.Company().Zone), by, x.File, importSays(lang, x))
	}
	return w.Flush()
}

// importSays is what an import did, in words.
func importSays(lang string, x app.ImportRun) string {
	says := text.Say(lang, "import.list", "rows", x.Rows, "changed", x.Changed, "rejected", x.Rejected)
	if !x.UndoneAt.IsZero() {
		says = text.Say(lang, "import.list.undone", "says", says)
	}
	return says
}

type importUndoCmd struct {
	common
	ID     string `arg:"" help:"The import, as hasta import list names it."`
	DryRun bool   `help:"Say what would go and what stays; change nothing."`
	JSON   bool   `help:"Answer as JSON."`
}

// undoAnswer is what undoing says with --json.
type undoAnswer struct {
	Customers int        `json:"customers"`
	Contracts int        `json:"contracts"`
	Cases     int        `json:"cases"`
	Restored  int        `json:"restored"`
	Stay      []undoStay `json:"stay"`
	DryRun    bool       `json:"dry_run"`
}

type undoStay struct {
	Kind      string   `json:"kind"`
	Reference string   `json:"reference"`
	Name      string   `json:"name"`
	Why       []string `json:"why"`
}

func (c *importUndoCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	u, err := h.app.UndoImport(ctx, operator, app.ImportID(c.ID), c.DryRun)
	if err != nil {
		return err
	}
	if c.JSON {
		answer := undoAnswer{Customers: u.Customers, Contracts: u.Contracts, Cases: u.Cases, Restored: u.Restored, Stay: []undoStay{}, DryRun: c.DryRun}
		for _, s := range u.Stay {
			answer.Stay = append(answer.Stay, undoStay{s.Kind, s.Reference, s.Name, s.Why})
		}
		return json.NewEncoder(o.stdout).Encode(answer)
	}
	lang, code := terminalLanguage(os.Getenv), "import.undo.done"
	if c.DryRun {
		code = "import.undo.dry"
	}
	fmt.Fprintln(o.stdout, text.Say(lang, code, "customers", u.Customers, "contracts", u.Contracts, "cases", u.Cases, "restored", u.Restored, "stay", len(u.Stay)))
	for _, s := range u.Stay {
		fmt.Fprintln(o.stdout, text.Say(lang, "import.undo.stays", "what", text.Say(lang, "import.made."+s.Kind), "reference", s.Reference, "name", s.Name,
			"why", console.UndoWhy(lang, s.Why)))
	}
	return nil
}
