package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hastaluego/internal/backtest"
	"hastaluego/internal/fault"
	"hastaluego/internal/ingest"
	"hastaluego/internal/text"
)

type riskBacktestCmd struct {
	CSV      string   `name:"csv" required:"" type:"existingfile" placeholder:"FILE" help:"The file: a row for each customer, or for each customer and date."`
	ID       string   `required:"" placeholder:"COLUMN" help:"Its column that says whose a row is."`
	Target   string   `required:"" placeholder:"COLUMN" help:"Its column that says who left."`
	Event    string   `placeholder:"WORD" help:"What the target says of whoever left, where that is not plain."`
	Time     string   `placeholder:"COLUMN" help:"Its column with the date a row was true: later rows are then foretold from earlier ones."`
	Left     string   `placeholder:"COLUMN" help:"Its column with the date somebody left: how early that was foretold is then said."`
	Horizon  int      `placeholder:"DAYS" help:"After how many days it was known whether a row left; needs --time."`
	Folds    string   `type:"existingfile" placeholder:"FILE" help:"CSV that says in which part each customer is left out: columns that begin with fold, split or part."`
	BaseRate float64  `placeholder:"SHARE" help:"How many leave really, where the file was made to hold more of them: 0.05."`
	Keep     []string `placeholder:"COLUMN" help:"Use this column: a person knows that it was known before anybody left."`
	Drop     []string `placeholder:"COLUMN" help:"Do not use this column."`
	Out      string   `placeholder:"PATH" help:"Write PATH.html and PATH.json; without it, beside the file that is read."`
	Scores   string   `placeholder:"FILE" help:"Also write what each row that was left out was told, and what each column added to it."`
	JSON     bool     `help:"Answer as JSON."`
}

func (c *riskBacktestCmd) Run(o out) error {
	a := backtest.Ask{
		ID: c.ID, Target: c.Target, Event: c.Event, Time: c.Time, Left: c.Left, Horizon: c.Horizon, Rate: c.BaseRate, Keep: c.Keep, Drop: c.Drop,
	}
	var err error
	if c.Folds != "" {
		if a.Parts, err = readParts(c.Folds, c.ID); err != nil {
			return err
		}
	}
	file, err := os.Open(c.CSV)
	if err != nil {
		return err
	}
	defer file.Close()
	r, scores, err := backtest.Run(file, a, c.Scores != "")
	if err != nil {
		return err
	}
	base := c.Out
	if base == "" {
		base = strings.TrimSuffix(c.CSV, filepath.Ext(c.CSV)) + ".backtest"
	}
	lang := terminalLanguage(os.Getenv)
	var page bytes.Buffer
	if err := backtest.WritePage(&page, lang, filepath.Base(c.CSV), r); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{base + ".html": page.Bytes(), base + ".json": append(raw, '\n')}
	if c.Scores != "" {
		if files[c.Scores], err = scoresCSV(scores); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	if c.JSON {
		_, err = o.stdout.Write(append(raw, '\n'))
		return err
	}
	say := func(code string, args ...any) { fmt.Fprintln(o.stdout, text.Say(lang, "backtest."+code, args...)) }
	backtest.WriteText(o.stdout, lang, r)
	say("wrote", "html", base+".html", "json", base+".json")
	if c.Scores != "" {
		say("wrote.scores", "file", c.Scores)
	}
	return nil
}

// scoresCSV writes what rows were told, a row each, in as many digits as there are.
func scoresCSV(s backtest.Scores) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := []string{"id", "line", "left", "chance", "logit", "base"}
	for _, c := range s.Columns {
		head = append(head, "effect: "+c)
	}
	if err := w.Write(head); err != nil {
		return nil, err
	}
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, r := range s.Rows {
		row := []string{r.ID, strconv.Itoa(r.Line), strconv.FormatBool(r.Left), exact(r.Chance), exact(r.Logit), exact(r.Base)}
		for _, e := range r.Effects {
			row = append(row, exact(e))
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// readParts reads in which part each customer is left out: numbers, or train and test.
func readParts(name, id string) (out []backtest.Parts, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return partsOf(file, id)
}

func partsOf(r io.Reader, id string) (out []backtest.Parts, err error) {
	who := -1
	var at []int
	err = ingest.ReadTable(r, func(names []string, _ rune) error {
		who = slices.Index(names, id)
		for i, n := range names {
			low := strings.ToLower(n)
			if i != who && (strings.HasPrefix(low, "fold") || strings.HasPrefix(low, "split") || strings.HasPrefix(low, "part")) {
				at = append(at, i)
				out = append(out, backtest.Parts{Name: n, Of: map[string]int{}})
			}
		}
		if who < 0 || len(at) == 0 {
			return fault.New(fault.Invalid, "backtest.parts", "id", id, "has", strings.Join(names, ", "))
		}
		return nil
	}, func(line int, record []string) error {
		for k, i := range at {
			cell := strings.TrimSpace(record[i])
			part, err := strconv.Atoi(cell)
			switch {
			case strings.EqualFold(cell, "train"):
				part = -1
			case strings.EqualFold(cell, "test"):
				part = 0
			case err != nil || part < 0:
				return fault.New(fault.Invalid, "backtest.part", "line", line, "column", out[k].Name, "value", cell)
			}
			out[k].Of[strings.TrimSpace(record[who])] = part
		}
		return nil
	})
	return out, err
}
