package portal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/id"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

// farewell is the farewell page of a departure that may be asked for some
// words; there is no engine here that could bring it so far.
func (s *site) farewell(c offboarding.CaseID) string {
	s.t.Helper()
	ctx, token := s.t.Context(), id.Token()
	hash := sha256.Sum256([]byte(token))
	must(s.t, s.store.Tx(ctx, func(tx app.Tx) error {
		p, err := tx.FindPlan(ctx, c)
		if err != nil {
			return err
		}
		x := p.Step("testimonial")
		x.State, x.DoneAt = offboarding.StepDone, tx.Now()
		if err := tx.SavePlan(ctx, &p); err != nil {
			return err
		}
		return tx.InsertLink(ctx, app.Link{
			ID: offboarding.LinkID(id.New("lnk")), TokenHash: hex.EncodeToString(hash[:]), Purpose: "bye", Case: c, Request: p.Case.Request,
			CreatedAt: tx.Now(), ExpiresAt: tx.Now().AddDate(1, 0, 0),
		})
	}))
	return s.URL + "/bye/" + token
}

// A browser sends the fields of a form in the order of the page, and what comes
// after too large a file is never read.
func TestAFileThatIsTooLargeLosesNothingElse(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		s := open(t, e)
		c, page := s.leaving()
		s.body(s.visitor().PostForm(page+"/why", url.Values{"reason": {"needs_ended"}}))
		at := s.farewell(c) + "/testimonial?lang=es"
		status, body, _ := s.body(s.visitor().Get(at))
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, body)
		}
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		typed := map[string]string{"text": "Nos fue bien", "name": "Marta I.", "consent": "yes"}
		for _, m := range regexp.MustCompile(`<(?:input|textarea)[^>]* name="(\w+)"`).FindAllStringSubmatch(body, -1) {
			if m[1] != "file" {
				must(t, w.WriteField(m[1], typed[m[1]]))
				delete(typed, m[1])
				continue
			}
			file, err := w.CreateFormFile("file", "voz.mp3")
			must(t, err)
			_, err = file.Write(append([]byte("ID3"), make([]byte, app.MaxEvidence+1<<20)...))
			must(t, err)
		}
		must(t, w.Close())
		if len(typed) > 0 {
			t.Fatalf("the form does not ask for %v", typed)
		}
		status, body, _ = s.body(s.visitor().Post(at, w.FormDataContentType(), &form))
		if status != http.StatusRequestEntityTooLarge {
			t.Errorf("status %d", status)
		}
		for _, want := range []string{"Nos fue bien</textarea>", `value="Marta I."`, `value="yes" checked`, `data-testid="error-file"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
	})
}
