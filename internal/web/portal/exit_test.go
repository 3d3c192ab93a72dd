package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/testkit"
)

// label is what stands on an element with a test id, and in which language.
func label(page, id string) (words, lang string) {
	m := regexp.MustCompile(`<(?:a|button)\b[^>]*?data-testid="` + id + `"[^>]*>([^<]*)<`).FindStringSubmatch(page)
	if m == nil {
		return "", ""
	}
	if l := regexp.MustCompile(` lang="(..)"`).FindStringSubmatch(m[0]); l != nil {
		lang = l[1]
	}
	return m[1], lang
}

// Where somebody lives decides what stands on the page: the words that a law
// prescribes, in their language and with what they mean beside them, and which
// acts there are. Nobody has to say where they live, and it is not guessed.
func TestThePageFollowsTheLawOfWhereOneLives(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	for place, want := range map[string]struct{ leave, lang, withdraw, confirm, means string }{
		"":      {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"none":  {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"XX":    {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"ES":    {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"DE":    {"Verträge hier kündigen", "de", "Desistir del contrato aquí", "jetzt kündigen", "Dar de baja mi contrato"},
		"FR":    {"Résilier votre contrat", "fr", "Desistir del contrato aquí", "", "Dar de baja mi contrato"},
		"AR":    {"BOTÓN DE BAJA DE SERVICIO", "", "BOTÓN DE ARREPENTIMIENTO", "Confirmar la baja", ""},
		"CO":    {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"UY":    {"Dar de baja mi contrato", "", "Desistir del contrato aquí", "Confirmar la baja", ""},
		"MX":    {"Dar de baja mi contrato", "", "", "Confirmar la baja", ""},
		"US-CA": {"Dar de baja mi contrato", "", "", "Confirmar la baja", ""},
		"US-MN": {"Dar de baja mi contrato", "", "", "Confirmar la baja", ""},
	} {
		_, page, _ := s.body(s.visitor().Get(s.URL + "/?lang=es&country=" + place))
		if got, lang := label(page, "entry-leave"); got != want.leave || lang != want.lang {
			t.Errorf("%s: the entry says %q (%s), want %q (%s)", place, got, lang, want.leave, want.lang)
		}
		if got, _ := label(page, "entry-withdraw"); got != want.withdraw {
			t.Errorf("%s: to withdraw it says %q, want %q", place, got, want.withdraw)
		}
		if got, _ := label(page, "confirm"); got != want.confirm {
			t.Errorf("%s: what confirms says %q, want %q", place, got, want.confirm)
		}
		if want.means != "" && !strings.Contains(page, `data-testid="means">`+want.means+`<`) {
			t.Errorf("%s: nothing says what the label means", place)
		}
		if got := strings.Count(page, `id="kind-`) + strings.Count(page, `name="kind"`); (got > 0) != (place == "DE") {
			t.Errorf("%s: asks of which kind it is %d times", place, got)
		}
		at := s.URL + "/withdraw?lang=es&country=" + place
		_, page, _ = s.body(s.visitor().Get(at))
		if got, _ := label(page, "confirm"); want.withdraw != "" && got != "Confirmar desistimiento" || want.withdraw == "" && got == "Confirmar desistimiento" {
			t.Errorf("%s: withdrawing says %q", place, got)
		}
	}
}

// In France nothing is registered before what was typed was shown once more,
// and it can be changed there without losing anything.
func TestInFranceWhatIsAskedForIsShownBeforeItIsNotified(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	at, visitor := s.URL+"/?lang=es&country=FR", s.visitor()
	_, page, _ := s.body(visitor.Get(at))
	send := func(press string, more ...string) (int, string) {
		t.Helper()
		form := url.Values{"go": {press}}
		for _, m := range regexp.MustCompile(`<input[^>]*?\bname="([a-z]+)"[^>]*>`).FindAllStringSubmatch(page, -1) {
			if v := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(m[0]); v != nil && !strings.Contains(m[0], `type="radio"`) {
				form.Set(m[1], v[1])
			}
		}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		status, body, _ := s.body(visitor.PostForm(at, form))
		page = body
		return status, body
	}
	if status, body := send("recap"); status != http.StatusUnprocessableEntity || !strings.Contains(body, `data-testid="error-account"`) {
		t.Errorf("without an address: %d", status)
	}
	_, body := send("recap", "account", "marta@x.example", "line", "600 111 222", "when", "now")
	if got, lang := label(body, "confirm"); got != "Notification de la résiliation" || lang != "fr" || !strings.Contains(body, "600 111 222") || !strings.Contains(body, "<dd class=\"break\">Hoy</dd>") {
		t.Errorf("the summary says %q (%s): %s", got, lang, body)
	}
	if code.MatchString(body) {
		t.Error("it was registered before it was notified")
	}
	if _, body := send("change"); !strings.Contains(body, `value="marta@x.example"`) || !strings.Contains(body, `value="600 111 222"`) {
		t.Error("changing it loses what was typed")
	}
	send("recap")
	status, body := send("confirm")
	if status != http.StatusOK || !strings.Contains(body, `data-testid="ack"`) {
		t.Fatalf("notified: %d", status)
	}
	way, err := s.app.WayOf(t.Context(), code.FindString(body))
	must(t, err)
	var met []string
	for _, x := range way.Seen {
		met = append(met, x.Node)
	}
	if got := strings.Join(met, " "); way.Place != "FR" || way.Said != "visitor" || way.Law != "fr" || !strings.HasPrefix(way.Flow, "exit-first@") ||
		!sameWords(got, "home request recap notify acknowledgement") {
		t.Errorf("the way is told as %+v", way)
	}
}

// Whoever withdraws and leaves something out has it marked beside each field, and
// declares nothing; the form that was filled in does.
func TestWhatAWithdrawalLacksIsMarkedBesideEachField(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	at, visitor := s.URL+"/withdraw?lang=es&country=ES", s.visitor()
	form := url.Values{"page": {"withdrawal"}, "go": {"confirm"}, "name": {""}, "reference": {" "}, "receipt": {""}}
	status, page, _ := s.body(visitor.PostForm(at, form))
	for _, field := range []string{"name", "reference", "receipt"} {
		if !strings.Contains(page, `id="`+field+`-error"`) || !strings.Contains(page, `aria-describedby="`+field+`-error"`) {
			t.Errorf("nothing is said beside %s", field)
		}
	}
	if n := strings.Count(page, `aria-invalid="true"`); status != http.StatusUnprocessableEntity || n != 3 {
		t.Errorf("%d, %d controls are marked", status, n)
	}
	form.Set("name", "Marta")
	form.Set("reference", "C-1")
	form.Set("receipt", "no address")
	if _, page, _ = s.body(visitor.PostForm(at, form)); strings.Count(page, `aria-invalid="true"`) != 1 || !strings.Contains(page, `id="receipt-error"`) {
		t.Error("an address that is none is not marked, or something else is")
	}
	form.Set("receipt", "marta@x.example")
	if _, page, _ = s.body(visitor.PostForm(at, form)); !code.MatchString(page) {
		t.Errorf("nothing was declared: %s", page)
	}
}

func sameWords(a, b string) bool {
	count := map[string]int{}
	for _, w := range strings.Fields(a) {
		count[w]++
	}
	for _, w := range strings.Fields(b) {
		count[w]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// What a page brings back of the nodes that were met counts only if we wrote it.
func TestNobodyMakesUpThePagesThatTheyMet(t *testing.T) {
	t.Parallel()
	s := open(t, testkit.SQLite(t))
	for _, seen := range []string{"survey@1.AAAA", "survey@1", "...", "", "home@x." + strings.Repeat("A", 43)} {
		_, body, _ := s.body(s.visitor().PostForm(s.URL+"/?lang=es", url.Values{"account": {"marta@x.example"}, "seen": {seen}}))
		way, err := s.app.WayOf(t.Context(), code.FindString(body))
		must(t, err)
		for _, x := range way.Seen {
			if x.Node != "home" && x.Node != "acknowledgement" {
				t.Errorf("%q: %+v", seen, way.Seen)
			}
		}
		if way.Said != "" || way.Law != "safe-everywhere" {
			t.Errorf("nobody said where they live, and %+v holds", way)
		}
	}
}
