package console

import (
	"net/http"

	"hastaluego/internal/text"
)

// logMost is how many of the newest entries the page of the log shows.
const logMost = 200

type logView struct {
	Lang    string
	Rows    []eventView
	Pending int // shown entries that have no place in the tree yet
	CanRun  bool
	Result  *resultView
}

// resultView is what a verification came to.
type resultView struct {
	OK                          bool
	Entries, Size, Root, Signed string
	Problems                    []string
	More                        int
}

func (v *visit) log() error { return v.logPage(nil) }

func (v *visit) logPage(result *resultView) error {
	list, users, err := v.App.OpenLog(v.r.Context(), v.actor, logMost)
	if err != nil {
		return err
	}
	lv := logView{Lang: v.lang, CanRun: v.o.Verify != nil, Result: result}
	for _, t := range list {
		row := v.viewEvent(t, eventWords{users: users})
		if !row.Sealed {
			lv.Pending++
		}
		lv.Rows = append(lv.Rows, row)
	}
	v.show(http.StatusOK, "audit", v.say("log.title"), "", logPage(lv))
	return nil
}

// problemsMost is how many findings one page shows.
const problemsMost = 20

// verifyLog checks the whole log. It changes nothing, so its answer is the
// page itself.
func (v *visit) verifyLog() error {
	if err := v.actor.CanRead("audit"); err != nil {
		return err
	}
	if v.o.Verify == nil {
		return v.nothing()
	}
	s, err := v.o.Verify(v.r.Context())
	if err != nil {
		return err
	}
	r := resultView{
		OK: s.OK, Entries: text.Number(v.lang, s.Entries), Size: text.Number(v.lang, s.Size), Root: s.Root,
		Signed: text.ShortInstant(v.lang, s.Checkpoint, v.zone()), Problems: s.Problems,
	}
	if n := len(s.Problems); n > problemsMost {
		r.Problems, r.More = s.Problems[:problemsMost], n-problemsMost
	}
	return v.logPage(&r)
}
