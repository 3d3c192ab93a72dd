package playbook_test

import (
	"strings"
	"testing"

	"hastaluego/internal/fault"
	"hastaluego/internal/playbook"
	"hastaluego/internal/step"
	"hastaluego/internal/text"
)

const acting = `playbook: acting
title: {es: "Uno", en: "One"}
steps:
  - {id: confirm, kind: confirm, title: {es: "Uno", en: "One"}}
  - id: stop
    kind: cancel_billing
    title: {es: "Dos", en: "Two"}
    after: [confirm]
    params: {system: billing}
  - id: close
    kind: revoke_access
    title: {es: "Tres", en: "Three"}
    after: [confirm]
    params: {system: faro}
  - id: hide
    kind: connector
    title: {es: "Cuatro", en: "Four"}
    after: [confirm]
    params: {system: faro, action: hide, each: grant}
`

func TestAPlaybookIsComparedWithWhatTheSystemsCanDo(t *testing.T) {
	t.Parallel()
	if _, err := playbook.Load("acting.yaml", []byte(acting), step.Specs()); err != nil {
		t.Fatal(err)
	}
	billing, faro := playbook.SystemSpec{Can: []string{"billing"}}, playbook.SystemSpec{Can: []string{"access", "actions"}, Actions: []string{"hide"}}
	for _, c := range []struct {
		name string
		on   playbook.Connected
		want string
	}{
		{"all is there", playbook.Connected{"billing": billing, "faro": faro}, ""},
		{"nothing is there", playbook.Connected{}, "acting.yaml:9:22 playbook.unknown_system; acting.yaml:14:22 playbook.unknown_system; acting.yaml:19:22 playbook.unknown_system"},
		{"it cannot let in", playbook.Connected{"billing": billing, "faro": {Can: []string{"actions"}, Actions: []string{"hide"}}}, "acting.yaml:14:22 playbook.system_cannot"},
		{"it has another action", playbook.Connected{"billing": billing, "faro": {Can: faro.Can, Actions: []string{"show"}}}, "acting.yaml:19:36 playbook.unknown_action"},
	} {
		err := playbook.CheckSystems("acting.yaml", []byte(acting), step.Specs(), c.on)
		var told []string
		for _, e := range fault.Fields(err) {
			told = append(told, e.Field+" "+e.Code)
			for _, lang := range text.Langs() {
				if words := text.Error(lang, e); strings.Contains(words, "{") {
					t.Errorf("%s: %s", lang, words)
				}
			}
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
