package portal_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// erased is a departure whose customer was erased today, with the address of its
// private page and of the link that brings back.
func (s *site) erased() (v app.CaseView, page, back string) {
	s.t.Helper()
	ctx := s.t.Context()
	c, page := s.leaving()
	v, err := s.app.OpenCase(ctx, agent, c)
	must(s.t, err)
	const token = "una-ficha-de-vuelta-para-la-prueba"
	hash := sha256.Sum256([]byte(token))
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		if err := tx.InsertLink(ctx, app.Link{
			ID: "lnk_1", TokenHash: hex.EncodeToString(hash[:]), Purpose: "back", Request: v.Plan.Case.Request, Case: c, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour),
		}); err != nil {
			return err
		}
		if _, err := tx.EraseCustomer(ctx, v.Plan.Case.Customer, v.Plan.Case.Code); err != nil {
			return err
		}
		return tx.PutErasure(ctx, app.Erasure{Case: c, Customer: v.Plan.Case.Customer, ErasedAt: tx.Now(), KeyID: "key_1"})
	}))
	return v, page, s.URL + "/b/" + token
}

// The pages of somebody who was erased say so, in both languages, and offer
// nothing that they cannot have.
func TestThePagesOfSomebodyErasedSaySoAndOfferNothing(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		v, page, back := s.erased()
		code := v.Plan.Case.Code
		now, _, err := s.store.Now(t.Context())
		must(t, err)
		zone, err := time.LoadLocation("Europe/Madrid")
		must(t, err)
		for _, lang := range []string{"es", "en"} {
			day := text.LongDate(lang, when.DateOf(now, zone))
			plain := text.Say(lang, "portal.track.code.plain", "code", code)
			for path, says := range map[string]string{
				page + "/data": text.Say(lang, "portal.data.erased", "date", day),
				back:           text.Say(lang, "portal.back.erased", "email", "bajas@faro.example"),
				page:           plain,
			} {
				status, body, _ := s.body(s.visitor().Get(path + "?lang=" + lang))
				if status != http.StatusOK || !strings.Contains(body, says) || !strings.Contains(body, plain+"<") {
					t.Errorf("%s, %s: %d, without %q", path, lang, status, says)
				}
				for _, offered := range []string{`data-testid="send-code"`, `data-testid="no-data"`, `data-testid="return"`, `data-testid="data"`, code + " · "} {
					if strings.Contains(body, offered) {
						t.Errorf("%s, %s: %s", path, lang, offered)
					}
				}
			}
			status, body, _ := s.body(s.visitor().PostForm(page+"/data/code?lang="+lang, nil))
			if status != http.StatusGone || strings.Contains(body, `data-testid="again"`) || !strings.Contains(body, text.Say(lang, "error.data.erased")) {
				t.Errorf("asking for a code, %s: %d", lang, status)
			}
		}
	})
}

// When the time to fetch the data is over, the page says that and no more; only
// a link that was too old leads to another link.
func TestTheDataPageIsClosedWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		ctx := t.Context()
		c, page := s.leaving()
		driver := "sqlite"
		if e.Name == "postgres" {
			driver = "pgx"
		}
		db, err := sql.Open(driver, e.URL)
		must(t, err)
		defer db.Close()
		_, err = db.ExecContext(ctx, `UPDATE case_ SET effective = '2020-01-01' WHERE id = $1`, c)
		must(t, err)
		over := text.Say("es", "error.data.window_over")
		if _, body, _ := s.body(s.visitor().Get(page + "/data?lang=es")); !strings.Contains(body, over) || strings.Contains(body, "<form method") || strings.Contains(body, `data-testid="no-data"`) {
			t.Error("the page does not say that the time is over, and no more")
		}
		if status, body, _ := s.body(s.visitor().PostForm(page+"/data/code?lang=es", nil)); status != http.StatusGone || !strings.Contains(body, over) || strings.Contains(body, `data-testid="again"`) {
			t.Errorf("a code is offered: %d", status)
		}
		must(t, s.store.Tx(ctx, func(tx app.Tx) error {
			token := page[strings.LastIndex(page, "/")+1:]
			hash := sha256.Sum256([]byte(token))
			l, err := tx.FindLink(ctx, hex.EncodeToString(hash[:]))
			if err != nil {
				return err
			}
			l.ID, l.Purpose, l.ExpiresAt = offboarding.LinkID("lnk_2"), "case", tx.Now().Add(-time.Hour)
			old := sha256.Sum256([]byte("una-ficha-caducada"))
			l.TokenHash = hex.EncodeToString(old[:])
			return tx.InsertLink(ctx, l)
		}))
		if status, body, _ := s.body(s.visitor().Get(s.URL + "/c/una-ficha-caducada?lang=es")); status != http.StatusGone || !strings.Contains(body, `data-testid="again"`) {
			t.Errorf("a link that is too old leads nowhere: %d", status)
		}
	})
}
