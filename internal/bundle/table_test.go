package bundle_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

func fields(t fataler, text string) []bundle.Field {
	list, err := bundle.Fields(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// hostile is text that somebody may have put where we read it.
var hostile = []string{
	"", "=1+1", `=HYPERLINK("http://x")`, "+1", "-1", "@SUM(1)", "\tx", "\rx", "\nx", "'", "''", "＝1", " =1", "a\r\nb", `"`, `a"b,c`, ",", ";", " x ", "\u00a0x",
	"null", `\N`, "ñ", "🏳️‍🌈", "</script><img src=x onerror=alert(1)>", "\u202e", "\x00", "x'", "-0", "1e9",
}

func TestWhatATableHoldsComesBackAsItWas(t *testing.T) {
	t.Parallel()
	list := fields(t, "text:string any:any whole:integer number:number truth:boolean day:date time:datetime")
	text := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String())
	time_ := rapid.Custom(func(t *rapid.T) string {
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "second"), rapid.Int64Range(0, 2).Draw(t, "nano")).UTC().Format(time.RFC3339Nano)
	})
	kinds := []*rapid.Generator[string]{
		text, text, rapid.Map(rapid.Int64(), func(n int64) string { return strconv.FormatInt(n, 10) }),
		rapid.OneOf(rapid.Map(rapid.Float64(), func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }).Filter(func(s string) bool { return !strings.Contains(s, "N") && !strings.Contains(s, "I") }), rapid.SampledFrom([]string{"NaN", "INF", "-INF", "0.50", "-0.0"})),
		rapid.SampledFrom([]string{"true", "false"}), rapid.SampledFrom([]string{"2026-02-28", "1999-12-31"}), time_,
	}
	for _, format := range []string{bundle.CSV, bundle.NDJSON} {
		for width := 1; width <= len(list); width += len(list) - 1 {
			rapid.Check(t, func(t *rapid.T) {
				list := list[:width]
				var (
					out     bytes.Buffer
					written [][]bundle.Cell
					table   *bundle.Table
					err     error
				)
				if format == bundle.CSV {
					table, err = bundle.NewTable(&out, list)
				} else {
					table, err = bundle.NewLines(&out, list)
				}
				for range rapid.IntRange(0, 5).Draw(t, "rows") {
					row := make([]bundle.Cell, width)
					for i := range row {
						if row[i] = bundle.Null; rapid.Bool().Draw(t, "there") {
							row[i] = bundle.Cell{Text: kinds[i].Draw(t, "cell")}
						}
					}
					if err == nil {
						err = table.Row(row...)
					}
					if rapid.Bool().Draw(t, "dies") && err == nil {
						table, err = bundle.ResumeTable(&out, format, list, table.State())
					}
					written = append(written, row)
				}
				if err != nil || table.State().Rows != int64(len(written)) {
					t.Fatal(err)
				}
				raw := out.String()
				rows, err := bundle.ReadTable(&out, format, list)
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range written {
					if got, err := rows.Next(); err != nil || !slices.Equal(got, want) {
						t.Fatalf("row %d is %+v, not %+v: %v\n%s", i+1, got, want, err, raw)
					}
				}
				if _, err := rows.Next(); !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestNoCellOfTextIsAFormula(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	table, err := bundle.NewTable(&out, fields(t, "a n:integer"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"=1", "x", "", "'", "-1"} {
		if err := table.Row(bundle.Cell{Text: s}, bundle.Cell{Text: "-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Row(bundle.Null, bundle.Null); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "a,n\r\n'=1,-1\r\nx,-1\r\n',-1\r\n'',-1\r\n'-1,-1\r\n,\r\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestACellOfAnotherTypeIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ column, text string }{
		{"x:integer", "1.0"},
		{"x:integer", "01"},
		{"x:integer", "-0"},
		{"x:integer", "+1"},
		{"x:integer", ""},
		{"x:integer", "-"},
		{"x:integer", " 1"},
		{"x:number", "1."},
		{"x:number", ".5"},
		{"x:number", "1e"},
		{"x:number", "0x1"},
		{"x:number", "1,5"},
		{"x:number", "00"},
		{"x:number", "-"},
		{"x:number", "Inf"},
		{"x:boolean", "1"},
		{"x:date", "2026-02-30"},
		{"x:date", "24/11/2026"},
		{"x:datetime", "2026-02-28"},
		{"x:datetime", "2026-02-28 10:00:00"},
		{"x", "\xff"},
	} {
		table, err := bundle.NewTable(io.Discard, fields(t, "before "+c.column))
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Row(bundle.Cells([]string{"ok", ""})...); err != nil {
			t.Fatal(err)
		}
		err = table.Row(bundle.Null, bundle.Cell{Text: c.text})
		if !errors.Is(err, bundle.ErrCell) || !strings.Contains(err.Error(), `row 2: column "x"`) || len(c.text) > 3 && strings.Contains(err.Error(), c.text) {
			t.Errorf("%s of %q: %v", c.column, c.text, err)
		}
	}
	table, err := bundle.NewTable(io.Discard, []bundle.Field{{Name: "x", Type: bundle.String, Required: true, Enum: []string{"a"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]bundle.Cell{{bundle.Null}, {{Text: "b"}}, {}, {{Text: "a"}, {Text: "a"}}} {
		if err := table.Row(row...); !errors.Is(err, bundle.ErrCell) {
			t.Errorf("%v: %v", row, err)
		}
	}
	if err := table.Row(bundle.Cell{Text: "a"}); err != nil || table.State().Rows != 1 {
		t.Errorf("%+v: %v", table.State(), err)
	}
	for _, text := range []string{"", "a a", "a:text", "=a", "'a", ":integer"} {
		if _, err := bundle.Fields(text); err == nil {
			t.Errorf("the columns %q were taken", text)
		}
	}
}

func TestTypesSayWhatTheRowsNeed(t *testing.T) {
	t.Parallel()
	list := fields(t, "a:integer b:integer c:datetime d:datetime")
	table, err := bundle.NewTable(io.Discard, list)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{
		{"9007199254740992", "9007199254740993", "2026-11-24T09:00:00Z", "2026-11-24T09:00:00.5Z"}, {"1", "1", "2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"},
	} {
		if err := table.Row(bundle.Cells(row)...); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for _, f := range table.State().Types(list) {
		got += fmt.Sprintf("%s:%s%s ", f.Name, f.Type, f.Format)
	}
	if got != "a:integer b:number c:datetime d:datetimeany " {
		t.Error(got)
	}
}

func TestATableThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	list := fields(t, "a b:integer")
	for _, c := range []struct{ format, text string }{
		{bundle.CSV, ""},
		{bundle.CSV, "a\r\n"},
		{bundle.CSV, "a,c\r\n"},
		{bundle.CSV, "a,b\r\nx\r\n"},
		{bundle.CSV, "a,b\r\nx,1"},
		{bundle.CSV, "a,b\r\n\"x,1\r\n"},
		{bundle.CSV, "a,b\r\n\"x\"y,1\r\n"},
		{bundle.CSV, "a,b\nx,1\n"},
		{bundle.CSV, "a,b\r\nx\"y,1\r\n"},
		{bundle.NDJSON, "{}\n"},
		{bundle.NDJSON, `{"a":"x","b":1}`},
		{bundle.NDJSON, "{\"a\":\"x\",\"c\":1}\n"},
		{bundle.NDJSON, "{\"a\":[],\"b\":1}\n"},
		{bundle.NDJSON, "x\n"},
		{"xml", ""},
	} {
		rows, err := bundle.ReadTable(strings.NewReader(c.text), c.format, list)
		if err == nil {
			_, err = rows.Next()
		}
		if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, bundle.ErrTable) {
			t.Errorf("%s %q: %v", c.format, c.text, err)
		}
	}
}
