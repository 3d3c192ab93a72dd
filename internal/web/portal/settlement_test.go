package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
)

// Accounts that are still open are not called even.
func TestAStatementThatIsNotMadeYetIsNotCalledEven(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		_, page := s.leaving()
		for _, lang := range text.CustomerLangs() {
			status, body, _ := s.body(s.visitor().Get(page + "/statement?lang=" + lang))
			if status != http.StatusOK || !strings.Contains(body, text.Say(lang, "portal.settlement.not_yet")) || strings.Contains(body, text.Say(lang, "portal.settlement.even")) {
				t.Errorf("%s: %d, and the page says that nothing is left", lang, status)
			}
		}
	})
}
