package step

import (
	"maps"
	"slices"

	"hastaluego/internal/connector"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/playbook"
)

// eraseProcessors has processors erase what they hold of the customer: each is asked
// to, and its receipt ends its line, or a person who answers for its silence.
type eraseProcessors struct{ systems Systems }

func (eraseProcessors) Spec() playbook.KindSpec {
	return playbook.KindSpec{
		Name: "erase_processors", Human: true, Effect: true, TellUndo: true, Erases: true, ErasesFar: true,
		About: "Processors of systems.yaml, whose erasing cannot be read back, are asked to erase what they hold of the customer: by a letter, or by a person. A letter that was sent ends nothing: " +
			"each line is over with the receipt of that processor, kept with its sum; its signature is checked where a key of theirs is declared. Where none comes, a person may say why it goes on without, after the reminders: the certificate says that this processor did not confirm. Without any processor the step is not needed. " +
			"Before our own record, which knows by which name they know the customer.",
		Params: []playbook.ParamSpec{{Name: "on", Enum: []string{"end_of_retrieval", "person_request"}, About: "Why it is erased; by default because the window is over."}},
	}
}
func (eraseProcessors) Jobs(Subject) []Job { return nil }
func (eraseProcessors) OwnEnd()            {}

// Items is one line per processor.
func (k eraseProcessors) Items(Subject) (out []offboarding.Item) {
	for _, name := range slices.Sorted(maps.Keys(k.systems)) {
		if p := k.systems[name].Processor; p != nil {
			out = append(out, line(name, p.Title))
		}
	}
	return out
}

// Processor is a processor by its name; false where there is none.
func (find Systems) Processor(name string) (connector.OnBehalf, bool) {
	if p := find[name].Processor; p != nil {
		return *p, true
	}
	return connector.OnBehalf{}, false
}
