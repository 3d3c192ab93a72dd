package step

import (
	"strconv"

	"hastaluego/internal/form"
	"hastaluego/internal/notice"
	"hastaluego/internal/playbook"
)

// Asker is a kind that lets the farewell page ask for something. Its step is
// over when it may be asked: nothing waits for an answer.
type Asker interface {
	Kind
	Ask() notice.Ask
}

// AskDays is for how long a step with these parameters may be asked.
func AskDays(params map[string]string) int {
	n, err := strconv.Atoi(params["days"])
	if err != nil {
		return askDays
	}
	return n
}

// askDays is for how long something may be asked when the playbook says nothing.
const askDays = 90

var daysParam = playbook.ParamSpec{
	Name: "days", Form: `^([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])$`, Example: "90",
	About: "For how many days after it became ready; 90 by default, 365 at most.",
}

// ask is a kind of step that asks.
type ask struct {
	what  notice.Ask
	about string
	more  []playbook.ParamSpec
}

func (a ask) Spec() playbook.KindSpec {
	return playbook.KindSpec{Name: string(a.what), Asks: true, About: a.about, Params: append([]playbook.ParamSpec{daysParam}, a.more...)}
}
func (a ask) Jobs(Subject) []Job { return nil }
func (a ask) Ask() notice.Ask    { return a.what }

// survey is the few questions of the end.
type survey struct{ ask }

// Form is the form of the survey.
func (survey) Form(map[string]string) *form.Form { return form.Builtin()["exit_survey"] }

var webAddress = playbook.ParamSpec{
	Name: "url", Required: true, Form: `^https://[^\s"<>]+$`, Example: "https://faro.example/solo", About: "Where it leads.",
}

// asks are the kinds of step that ask.
func asks() []Kind {
	return []Kind{
		survey{ask{notice.Survey, "The farewell page asks four questions at most, one of them for an idea; confidential, and none is needed.", nil}},
		ask{notice.Testimonial, "The farewell page asks for words, sound or film to be shown, with consent; only if we were not the cause.", nil},
		ask{notice.Referral, "The farewell page offers a link with which to recommend us; only if we were not the cause.", []playbook.ParamSpec{webAddress}},
		ask{notice.Product, "The farewell page names another product; only if nothing that we did wrong stands.", []playbook.ParamSpec{
			{Name: "name", Required: true, About: "What it is called."}, webAddress,
		}},
	}
}
