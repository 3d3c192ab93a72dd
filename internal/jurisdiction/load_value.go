package jurisdiction

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// value reads what stands at value: in the way of the kind of the parameter.
func (c *checker) value(at string, p *Param, in any) (v Value) {
	switch p.Kind {
	case Flag, Ban:
		on, ok := in.(bool)
		if v.On = true; in != nil && (!ok || !on) {
			c.wrong(at, p, "true")
		}
	case Count, Percent:
		n, ok := number(in)
		if v.N = n; !ok {
			c.wrong(at, p, "3")
		}
	case Enum:
		v.Word, _ = in.(string)
		c.one(at, v.Word, p.Words)
	case Choice, Set:
		v.Words = c.list(at, p, in)
	case Duration:
		if t, ok := c.time(at, in); ok {
			v.Times = []Time{t}
		}
	case Money:
		if s, ok := c.sum(at, in); ok {
			v.Sums = []Sum{s}
		}
	case Label:
		v.Labels = c.labels(at, in)
	case Window:
		if w, ok := c.window(at, in); ok {
			v.Windows = []DaysBefore{w}
		}
	}
	return v
}

func (c *checker) wrong(at string, p *Param, example string) {
	c.At(at, "law.value", "param", p.Name, "example", example)
}

func number(in any) (int64, bool) {
	switch n := in.(type) {
	case uint64:
		return int64(n), n < 1<<31
	case int64:
		return n, n >= 0 && n < 1<<31
	}
	return 0, false
}

func (c *checker) list(at string, p *Param, in any) []string {
	raw, ok := in.([]any)
	if !ok || len(raw) == 0 {
		c.wrong(at, p, "["+strings.Join(p.Words[:min(2, len(p.Words))], ", ")+"]")
		return nil
	}
	var out []string
	for i, x := range raw {
		word, _ := x.(string)
		if c.one(fmt.Sprintf("%s[%d]", at, i), word, p.Words) {
			out = append(out, word)
		}
	}
	return sorted(out)
}

// fields reads a mapping whose values are text, and says which keys it has not.
func (c *checker) fields(at string, in any, known ...string) (map[string]string, bool) {
	raw, ok := in.(map[string]any)
	if !ok {
		c.At(at, "law.keys", "known", strings.Join(known, ", "))
		return nil, false
	}
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		if !slices.Contains(known, k) {
			c.At(at+"."+k, "law.key", "key", k, "known", strings.Join(known, ", "))
			ok = false
			continue
		}
		out[k] = fmt.Sprint(raw[k])
	}
	return out, ok
}

const timeExample = "{d: 15bd, from: request.submitted}"

func (c *checker) time(at string, in any) (t Time, ok bool) {
	f, ok := c.fields(at, in, "d", "from", "count", "roll", "calendar", "formula")
	if !ok {
		return t, false
	}
	t = Time{From: f["from"], Count: f["count"], Roll: f["roll"], Formula: f["formula"]}
	if t.Formula != "" && f["d"] == "" {
		ok = c.formula(at+".formula", t.Formula)
	} else if t.Span, ok = parseSpan(f["d"]); !ok || t.Formula != "" {
		c.At(at+".d", "law.time", "value", f["d"], "example", timeExample)
		ok = false
	}
	ok = c.one(at+".from", t.From, events) && ok
	if t.Count == "" {
		t.Count = "exclude_start"
	}
	if t.Roll == "" {
		t.Roll = "none"
	}
	ok = c.one(at+".count", t.Count, []string{"exclude_start", "include_start"}) && ok
	rolls := []string{"none", "next_bd"}
	if t.Unit.exact() { // an hour ends when it does, on whatever day
		rolls = rolls[:1]
	}
	ok = c.one(at+".roll", t.Roll, rolls) && ok
	days := t.Unit == BusinessDays || t.Rolls()
	switch t.Calendar = c.pack.Calendar; {
	case f["calendar"] != "" && !days:
		c.At(at+".calendar", "law.calendar_idle")
		ok = false
	case f["calendar"] != "":
		t.Calendar = f["calendar"]
		ok = c.one(at+".calendar", t.Calendar, []string{AtHome}) && ok
	case !days:
		t.Calendar = ""
	case t.Calendar == "":
		c.At(at, "law.calendar")
		ok = false
	}
	return t, ok
}

func (c *checker) formula(at, name string) bool {
	return c.one(at, name, slices.Sorted(maps.Keys(formulas)))
}

func (c *checker) sum(at string, in any) (s Sum, ok bool) {
	if n, ok := number(in); ok && n == 0 {
		return Sum{}, true
	}
	if _, plain := number(in); plain {
		c.At(at, "law.sum")
		return s, false
	}
	f, ok := c.fields(at, in, "minor", "currency", "percent", "of", "formula")
	if !ok {
		return s, false
	}
	raw := in.(map[string]any)
	minor, good1 := number(raw["minor"])
	percent, good2 := number(raw["percent"])
	s = Sum{Minor: minor, Currency: f["currency"], Percent: percent, Of: f["of"], Formula: f["formula"]}
	switch {
	case s.Formula != "" && len(f) == 1:
		return s, c.formula(at+".formula", s.Formula)
	case good2 && percent > 0 && percent <= 100 && len(f) == 2:
		return s, c.formula(at+".of", s.Of)
	case good1 && minor > 0 && len(s.Currency) == 3 && len(f) == 2:
		return s, true
	}
	c.At(at, "law.sum")
	return s, false
}

func (c *checker) labels(at string, in any) (out []Wording) {
	list, many := in.([]any)
	if !many {
		list = []any{in}
	}
	for i, x := range list {
		at := at
		if many {
			at = fmt.Sprintf("%s[%d]", at, i)
		}
		if _, ok := c.fields(at, x, "lang", "any_of", "exclusive", "equivalents"); !ok {
			continue
		}
		raw := x.(map[string]any)
		w := Wording{Pack: c.pack.ID}
		w.Lang, _ = raw["lang"].(string)
		w.Exclusive, _ = raw["exclusive"].(bool)
		w.Reviewed = raw["equivalents"] == "reviewed"
		forms, _ := raw["any_of"].([]any)
		for _, f := range forms {
			if s, ok := f.(string); ok && strings.TrimSpace(s) != "" {
				w.AnyOf = append(w.AnyOf, s)
			}
		}
		if w.AnyOf = sorted(w.AnyOf); len(w.Lang) != 2 || len(w.AnyOf) == 0 || len(w.AnyOf) != len(forms) || raw["equivalents"] != nil && !w.Reviewed {
			c.At(at, "law.label")
			continue
		}
		if slices.ContainsFunc(out, func(o Wording) bool { return o.Lang == w.Lang }) {
			c.At(at+".lang", "law.label_twice", "lang", w.Lang)
			continue
		}
		out = append(out, w)
	}
	return wordings(out)
}

func (c *checker) window(at string, in any) (w DaysBefore, ok bool) {
	f, ok := c.fields(at, in, "not_before", "not_after", "anchor")
	if !ok {
		return w, false
	}
	w.Anchor = f["anchor"]
	ok = c.one(at+".anchor", w.Anchor, events)
	w.NotAfter, ok = c.span(at+".not_after", f["not_after"], ok)
	if f["not_before"] != "" {
		w.NotBefore, ok = c.span(at+".not_before", f["not_before"], ok)
	}
	if w.NotAfter.Unit == BusinessDays || w.NotBefore.Unit == BusinessDays {
		if w.Calendar = c.pack.Calendar; w.Calendar == "" {
			c.At(at, "law.calendar")
			ok = false
		}
	}
	before, after := Time{Span: w.NotBefore, Calendar: w.Calendar}, Time{Span: w.NotAfter, Calendar: w.Calendar}
	if ok && w.NotBefore != (Span{}) && shorter(before, after) {
		c.At(at, "law.window")
		return w, false
	}
	return w, ok
}

func (c *checker) span(at, s string, ok bool) (Span, bool) {
	span, good := parseSpan(s)
	if !good {
		c.At(at, "law.time", "value", s, "example", "30d")
	}
	return span, ok && good
}
