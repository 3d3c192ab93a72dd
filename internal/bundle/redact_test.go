package bundle_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"hastaluego/internal/bundle"
)

func redacted(body, name string, without ...string) (string, error) {
	var from io.Reader = strings.NewReader(body)
	if len(body) < 1<<16 {
		from = iotest.OneByteReader(from)
	}
	r, err := bundle.Redacted(from, name, without)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(r)
	return string(raw), err
}

func TestATableGoesWithoutTheColumnsThatAreAboutOthers(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, body, want string }{
		{"a.csv", "id,who,what\n1,Ana,\"a, b\"\n2,\"Luis\nGil\",c\n", "id,what\n1,\"a, b\"\n2,c\n"},
		{"a.CSV", "\ufeffid; who ;what\r\n1;Ana;x\r\n", "\ufeffid;what\n1;x\n"},
		{"a.tsv", "who\tid\nAna\t1\n", "id\n1\n"},
		{"a.csv", "who|id|who\nAna|1|Luis\n", "id\n1\n"},
		{"a.ndjson", `{"id":1,"who":{"n":"Ana"},"what":[1, 2]}` + "\n\n" + `{"id":9007199254740993,"w\u0068o":"Luis"}`, `{"id":1,"what":[1, 2]}` + "\n" + `{"id":9007199254740993}` + "\n"},
		{"a.jsonl", "", ""},
	} {
		got, err := redacted(x.body, x.name, "who")
		if err != nil || got != x.want {
			t.Errorf("%s %q: %q, %v", x.name, x.body, got, err)
		}
	}
}

// What is not such a table is refused: nothing that may be about others slips through
// because nobody could tell.
func TestWhatIsNoTableIsNotTakenForOne(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, body string }{
		{"a.csv", "id,name\n1,Ana\n"},
		{"a.csv", "id,who\n1,Ana\n2,Luis,Madrid\n"},
		{"a.csv", "id,who\n1,\"Ana\n"},
		{"a.csv", "i\x00d\x00,\x00w\x00h\x00o\x00\n\x00"},
		{"a.ndjson", `{"id":1}`},
		{"a.ndjson", `["who"]`},
		{"a.ndjson", `{"who":1}{"who":2}`},
		{"a.ndjson", `{"who":1} Ana`},
		{"a.ndjson", `{"who":`},
		{"a.pdf", "who\n"},
		{"a.csv", "id,who\n1,\"" + strings.Repeat("Ana ", 5<<20) + "\"\n"},
	} {
		if got, err := redacted(x.body, x.name, "who"); !errors.Is(err, bundle.ErrNotRedacted) {
			t.Errorf("%s %.40q: %.40q, %v", x.name, x.body, got, err)
		}
	}
	broken := errors.New("the line is down")
	r, err := bundle.Redacted(io.MultiReader(strings.NewReader("id,who\n1,Ana\n"), iotest.ErrReader(broken)), "a.csv", []string{"who"})
	if err == nil {
		_, err = io.ReadAll(r)
	}
	if !errors.Is(err, broken) || errors.Is(err, bundle.ErrNotRedacted) {
		t.Errorf("a source that breaks off is taken for another table: %v", err)
	}
}

// Of any table the columns that are named are gone, and the others are as they were.
func TestTheOtherColumnsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-zA-Zñé "',;\n{}\[\]0-9]{0,12}`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 20).Draw(t, "rows")
		var asCSV, asLines, wantCSV, wantLines bytes.Buffer
		all, kept := csv.NewWriter(&asCSV), csv.NewWriter(&wantCSV)
		_ = all.Write([]string{"id", "secret", "what"})
		_ = kept.Write([]string{"id", "what"})
		for _, r := range rows {
			_ = all.Write(r)
			_ = kept.Write([]string{r[0], r[2]})
			for to, fields := range map[*bytes.Buffer][]int{&asLines: {0, 1, 2}, &wantLines: {0, 2}} {
				names := []string{"id", "secret", "what"}
				to.WriteByte('{')
				for i, n := range fields {
					raw, _ := json.Marshal(r[n])
					if i > 0 {
						to.WriteByte(',')
					}
					to.WriteString(`"` + names[n] + `":` + string(raw))
				}
				to.WriteString("}\n")
			}
		}
		all.Flush()
		kept.Flush()
		for _, x := range []struct{ name, body, want string }{{"a.csv", asCSV.String(), wantCSV.String()}, {"a.ndjson", asLines.String(), wantLines.String()}} {
			got, err := redacted(x.body, x.name, "secret")
			if err != nil || got != x.want {
				t.Fatalf("%s:\n%q\n%q\n%q\n%v", x.name, x.body, got, x.want, err)
			}
		}
	})
}

// Whatever bytes come: it ends, and what comes out has no column of that name.
func FuzzRedacted(f *testing.F) {
	f.Add("id,who\n1,Ana\n", true)
	f.Add(`{"id":1,"who":"Ana"}`, false)
	f.Add("\ufeffwho;id\n\"a\"\"b\";1", true)
	f.Fuzz(func(t *testing.T, body string, rows bool) {
		name := "a.ndjson"
		if rows {
			name = "a.csv"
		}
		got, err := redacted(body, name, "who")
		if err != nil || got == "" || rows && strings.ContainsAny(body, ";\t|") { // with another separator it may be another table
			return
		}
		if again, err := redacted(got, name, "who"); !errors.Is(err, bundle.ErrNotRedacted) {
			t.Fatalf("%q still has it: %q (%v)", got, again, err)
		}
	})
}
