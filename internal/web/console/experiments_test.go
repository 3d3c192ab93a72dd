package console_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/trial"
)

func TestAnExperimentIsWrittenDownAndToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	noa := h.as("noa")
	const list = "/console/learn/experiments"
	noa.get("/console/learn").has(list)
	noa.get(list).is(200).has("Experimentos", `data-testid="no-experiments"`, "pause_or_less", `data-testid="write-experiment"`)
	h.as("tomas").get(list).is(200).lacks(`data-testid="write-experiment"`)
	wrong := strings.Replace(string(trial.Example()), "holdout: 10", "holdout: 30", 1)
	noa.post(list, []string{"source", wrong}).is(422).has(`data-testid="problem"`, "experiment.yaml:12:10", "del 1 al 20", "holdout: 30")
	r := noa.post(list, []string{"source", string(trial.Example())}).is(http.StatusSeeOther)
	if r.to != list+"/pause_or_less" {
		t.Fatalf("went to %q", r.to)
	}
	noa.get(r.to).is(200).has("Pausa o descuento", "Escribiéndose", "Grupo de control", `data-testid="check-experiment"`).lacks(`data-testid="begin-experiment"`, `data-testid="part-effects"`)
	noa.post(r.to+"/check", nil).is(422).has(`data-testid="problem"`, "pause_or_less.yaml:14:3", "answers: at_once") // the shipped policy lets a person look first
	noa.post(r.to+"/begin", nil).is(409).has(`data-testid="problem"`)
	noa.get(list).has("pause_or_less")
	noa.get(list + "/other").is(404)
}
