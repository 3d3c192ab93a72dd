// Package achievement counts what a customer achieved, from readings that are
// there, by a YAML file with its words. A figure that says nothing is left out
// and nothing is made up in its place. It is pure: it reads no database and
// draws nothing.
package achievement

import (
	"cmp"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"hastaluego/internal/fault"
	"hastaluego/internal/signal"
	"hastaluego/internal/source"
	"hastaluego/internal/when"
)

// Of is how readings become a figure.
type Of string

// The ways.
const (
	Sum     Of = "sum"      // all of them together
	Days    Of = "days"     // days on which there was any
	BestDay Of = "best_day" // the most on one day
)

var ways = []Of{Sum, Days, BestDay}

// Fewest is how many figures there must be for any to be told.
const Fewest = 2

// Rule is one figure that may be told.
type Rule struct {
	ID     string
	Metric signal.Metric
	Of     Of
	From   int64 // in whole units; below, the figure says nothing
	Label  map[string]string
}

// Rules are the figures that may be told, in order.
type Rules []Rule

// Figure is one thing that a customer achieved.
type Figure struct {
	ID    string
	Value int64 // whole units
	Label map[string]string
	From  when.Date // first and last day with a reading of it
	Until when.Date
}

// Say is its label in the language.
func (f Figure) Say(lang string) string { return cmp.Or(f.Label[lang], f.Label["en"]) }

// Count counts the figures from the readings up to a day, inclusive. There are
// none, or Fewest or more.
func (r Rules) Count(readings map[signal.Metric][]signal.Reading, until when.Date) []Figure {
	var out []Figure
	for _, x := range r {
		f := Figure{ID: x.ID, Label: x.Label}
		days := map[when.Date]int64{}
		for _, reading := range readings[x.Metric] {
			if until.Before(reading.Day) || reading.Value <= 0 {
				continue
			}
			days[reading.Day] += reading.Value
			if f.From.IsZero() || reading.Day.Before(f.From) {
				f.From = reading.Day
			}
			if f.Until.Before(reading.Day) {
				f.Until = reading.Day
			}
		}
		var sum, best int64
		for _, v := range days {
			sum += v
			best = max(best, v)
		}
		switch x.Of {
		case Sum:
			f.Value = sum / signal.Unit
		case Days:
			f.Value = int64(len(days))
		case BestDay:
			f.Value = best / signal.Unit
		}
		if f.Value >= x.From {
			out = append(out, f)
		}
	}
	if len(out) < Fewest {
		return nil
	}
	return out
}

// Metrics are the metrics that the figures are counted from.
func (r Rules) Metrics() (list []string) {
	for _, x := range r {
		if !slices.Contains(list, string(x.Metric)) {
			list = append(list, string(x.Metric))
		}
	}
	return list
}

type rulesFile struct {
	Figures []ruleFile `yaml:"figures"`
}

type ruleFile struct {
	ID     string            `yaml:"id"`
	Metric string            `yaml:"metric"`
	Of     Of                `yaml:"of"`
	From   *int64            `yaml:"from"`
	Label  map[string]string `yaml:"label"`
}

// Languages that every label must have.
var Languages = []string{"es", "en"}

var ident = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Load reads and checks rules. Every problem is reported as a fault.List, each
// with its file:line:column as the argument "at" and as its field.
func Load(name string, src []byte) (Rules, error) {
	var in rulesFile
	f, err := source.Decode(name, src, &in)
	if err != nil {
		return nil, err
	}
	if len(in.Figures) == 0 {
		f.At("$.figures", "file.empty_list")
	}
	var out Rules
	for i, x := range in.Figures {
		at := fmt.Sprintf("$.figures[%d]", i)
		for field, value := range map[string]string{"id": x.ID, "metric": x.Metric} {
			if !ident.MatchString(value) {
				f.At(at+"."+field, "file.name", "value", value)
			}
		}
		if slices.ContainsFunc(out, func(r Rule) bool { return r.ID == x.ID }) {
			f.At(at+".id", "file.twice", "value", x.ID)
		}
		if !slices.Contains(ways, x.Of) {
			f.At(at+".of", "file.not_one_of", "value", string(x.Of), "known", "sum, days, best_day")
		}
		// A figure that is told from one on would be told of nearly everybody.
		if x.From == nil || *x.From < 2 {
			f.At(at+".from", "achievement.from")
		}
		for _, l := range Languages {
			if strings.TrimSpace(x.Label[l]) == "" {
				f.At(at+".label", "file.language_missing", "language", l)
			}
		}
		r := Rule{ID: x.ID, Metric: signal.Metric(x.Metric), Of: x.Of, Label: x.Label}
		if x.From != nil {
			r.From = *x.From
		}
		out = append(out, r)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

//go:embed achievements.yaml
var builtin []byte

// Builtin returns the rules that come with the program.
var Builtin = sync.OnceValue(func() Rules {
	r, err := Load("achievements.yaml", builtin)
	if err != nil {
		panic(fault.Wrap("achievement.Builtin", err)) // a test loads them
	}
	return r
})
