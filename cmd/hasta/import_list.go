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
