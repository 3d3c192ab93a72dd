package form_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/fault"
	"hastaluego/internal/form"
)

const sample = `form: sample
title: {es: "Muestra", en: "Sample"}
fields:
  - id: outcome
    kind: choice
    label: {es: "Qué", en: "What"}
    required: true
    choices:
      - {value: held, label: {es: "Sí", en: "Yes"}}
      - {value: declined, label: {es: "No", en: "No"}}
  - id: held_on
    kind: date
    label: {es: "Cuándo", en: "When"}
    required: true
    when: {field: outcome, is: [held]}
  - id: mood
    kind: scale
    min: 1
    max: 5
    label: {es: "Ánimo", en: "Mood"}
  - id: quotes
    kind: list
    label: {es: "Palabras", en: "Words"}
`

func load(t *testing.T) *form.Form {
	t.Helper()
	f, err := form.Load("sample.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fields(err error) string {
	var out []string
	for _, e := range fault.Fields(err) {
		out = append(out, e.Field+"="+e.Code)
	}
	return strings.Join(out, " ")
}

func TestEveryBuiltInFormLoads(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first_evaluation", "meeting", "second_evaluation", "decision", "third_evaluation", "exit_survey"} {
		if form.Builtin()[name] == nil {
			t.Errorf("there is no form %q", name)
		}
	}
	if n := len(form.Builtin()["exit_survey"].Fields); n > 4 {
		t.Errorf("the exit survey asks %d questions; four are the most", n)
	}
	for _, x := range form.Builtin()["exit_survey"].Fields {
		if x.Required {
			t.Errorf("the exit survey demands an answer to %q", x.ID)
		}
	}
}

func TestAnswersAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	f := load(t)
	for _, c := range []struct {
		in   form.Answers
		done bool
		want string
	}{
		{form.Answers{}, false, ""},
		{form.Answers{}, true, "outcome=field.required"},
		{form.Answers{"outcome": "held"}, true, "held_on=field.required"},
		{form.Answers{"outcome": "declined"}, true, ""},
		{form.Answers{"outcome": "maybe"}, false, "outcome=field.choice"},
		{form.Answers{"outcome": "held", "held_on": "31/12/2026"}, true, "held_on=form.date"},
		{form.Answers{"mood": "6"}, false, "mood=form.scale"},
		{form.Answers{"mood": "0"}, false, "mood=form.scale"},
		{form.Answers{"quotes": "a\x00b"}, false, "quotes=field.text"},
		{form.Answers{"quotes": strings.Repeat("ñ", 8001)}, false, "quotes=field.too_long"},
		{form.Answers{"extra": "x"}, false, "extra=form.unknown_field"},
	} {
		_, err := f.Clean(c.in, c.done)
		if got := fields(err); got != c.want {
			t.Errorf("%v (done %v): %q, want %q", c.in, c.done, got, c.want)
		}
	}
}

func TestWhatDoesNotMatterIsNotKept(t *testing.T) {
	t.Parallel()
	got, err := load(t).Clean(form.Answers{"outcome": "declined", "held_on": "2026-11-26", "quotes": " uno \r\n\r\n dos "}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, kept := got["held_on"]; kept || got["quotes"] != "uno\ndos" {
		t.Errorf("kept %q", got)
	}
}

func TestProblemsOfAFileHaveAPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"kind: date", "kind: day", "sample.yaml:12:11 file.not_one_of"},
		{"max: 5", "max: 50", "sample.yaml:16:5 form.scale_bounds"},
		{"is: [held]", "is: [never]", "sample.yaml:15:33 form.when_value"},
		{"id: mood", "id: outcome", "sample.yaml:16:9 file.twice"},
		{`, en: "Mood"`, "", "sample.yaml:20:13 file.language_missing"},
		{"required: true", "requird: true", "sample.yaml:7:5 file.unknown_key"},
		{"form: sample", "form: Sample One", "sample.yaml:1:7 file.name"},
	} {
		_, err := form.Load("sample.yaml", []byte(strings.Replace(sample, c.from, c.to, 1)))
		list := fault.Fields(err)
		if len(list) == 0 {
			t.Errorf("%q → %q: nothing found", c.from, c.to)
			continue
		}
		if got := list[0].Field + " " + list[0].Code; got != c.want {
			t.Errorf("%q → %q: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// Cleaning what is clean changes nothing, whatever was typed first.
func TestCleaningTwiceIsCleaningOnce(t *testing.T) {
	t.Parallel()
	f := form.Builtin()["second_evaluation"]
	rapid.Check(t, func(t *rapid.T) {
		in := form.Answers{}
		for _, x := range f.Fields {
			switch {
			case len(x.Choices) > 0 && rapid.Bool().Draw(t, "choose"):
				in[x.ID] = x.Choices[rapid.IntRange(0, len(x.Choices)-1).Draw(t, "choice")].Value
			case len(x.Choices) == 0:
				in[x.ID] = rapid.StringOf(rapid.RuneFrom([]rune(" añe\u0301\nx"))).Draw(t, "text")
			}
		}
		once, err := f.Clean(in, false)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := f.Clean(once, false)
		if err != nil || len(once) != len(twice) {
			t.Fatalf("%v: %v then %v", err, once, twice)
		}
		for k, v := range once {
			if twice[k] != v {
				t.Fatalf("%s: %q then %q", k, v, twice[k])
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, src []byte) {
		if loaded, err := form.Load("f.yaml", src); err == nil && len(loaded.Fields) == 0 {
			t.Error("a form without fields was taken")
		}
	})
}
