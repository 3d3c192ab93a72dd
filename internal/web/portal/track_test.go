package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

func TestThePrivatePageSaysOnTimeOnlyWhileNothingIsLate(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx := t.Context()
		c, page := s.leaving()
		says := func(want, lede string) {
			t.Helper()
			if _, body, _ := s.body(s.visitor().Get(page + "?lang=es")); !strings.Contains(body, want) || !strings.Contains(body, lede) {
				t.Errorf("the page lacks %q or %q", want, lede)
			}
		}
		v, err := s.app.OpenCase(ctx, agent, c)
		must(t, err)
		ends := text.LongDate("es", v.Plan.Case.Effective)
		onTime, late := "Tu baja va según lo previsto", "Tu baja sigue, y un paso va tarde"
		says(onTime, "Terminas el "+ends)
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		must(t, s.store.Tx(ctx, func(tx app.Tx) error {
			p, err := tx.FindPlan(ctx, c)
			if err != nil {
				return err
			}
			x := p.Step("review") // there is no engine here that could bring it to its turn
			x.State, x.Due = offboarding.StepReady, when.Date{Year: 2020, Month: 3, Day: 2}.End(zone)
			return tx.SavePlan(ctx, &p)
		}))
		says(late, "Va tarde desde el 2 de marzo de 2020 y lo lleva una persona. Terminas el "+ends)
		// Once the day has come, the head of the page says of the end what its stop says.
		ended := func(state offboarding.StepState) {
			t.Helper()
			must(t, s.store.Tx(ctx, func(tx app.Tx) error {
				p, err := tx.FindPlan(ctx, c)
				if err != nil {
					return err
				}
				i := slices.IndexFunc(p.Steps, func(x offboarding.Step) bool { return x.Milestone == "billing_ended" })
				p.Case.EffectiveAt, p.Steps[i].State, p.Steps[i].DoneAt, p.Steps[i].VerifiedAt = tx.Now(), state, tx.Now(), tx.Now()
				return tx.SavePlan(ctx, &p)
			}))
		}
		over := "Tu contrato terminó el día previsto"
		ended(offboarding.StepRunning)
		says(over, "Estamos comprobando en el sistema de cobro")
		ended(offboarding.StepVerified)
		says(over, "así consta en el sistema de cobro: lo hemos mirado")
	})
}
