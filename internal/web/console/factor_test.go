package console_test

import (
	"encoding/base32"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hastaluego/internal/totp"
)

func TestASecondFactorIsTurnedOnAndAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	ines := h.as("ines")
	ines.get("/console/account").has("/console/account/factor")
	page := ines.post("/console/account/factor", nil).is(200)
	text := regexp.MustCompile(`data-testid="secret">([A-Z2-7]+)<`).FindStringSubmatch(page.body)[1]
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	must(t, err)
	ines.post("/console/account/factor/confirm", []string{"code", "000000", "secret", text}).is(422).has(text, `data-testid="error-code"`)
	now := time.Now() //nolint:forbidigo // what a telephone shows
	on := ines.post("/console/account/factor/confirm", []string{"code", totp.Code(secret, now.Add(-30*time.Second))}).is(200).has(`data-testid="factor-on"`)
	codes := regexp.MustCompile(`<li>([0-9A-Z]{4}-[0-9A-Z]{4})</li>`).FindAllStringSubmatch(on.body, -1)
	if len(codes) != 10 {
		t.Fatalf("%d codes for a lost telephone", len(codes))
	}

	b := h.browser()
	in := b.post("/console/signin", []string{"login", "ines", "password", password, "next", "/console/customers"}).is(http.StatusSeeOther)
	if !strings.HasPrefix(in.to, "/console/signin/code") {
		t.Fatalf("after the password: %q", in.to)
	}
	if r := b.get("/console").is(http.StatusSeeOther); !strings.HasPrefix(r.to, "/console/signin") {
		t.Fatalf("the password alone opened %q", r.to)
	}
	b.get(in.to).is(200).has(`name="code"`)
	b.post("/console/signin/code", []string{"code", "000000", "next", "/console/customers"}).is(422).has(`data-testid="error-code"`)
	if r := b.post("/console/signin/code", []string{"code", codes[0][1], "next", "/console/customers"}).is(http.StatusSeeOther); r.to != "/console/customers" {
		t.Fatalf("signed in to %q", r.to)
	}
	b.get("/console").is(200)

	again := h.browser()
	again.post("/console/signin", []string{"login", "ines", "password", password})
	again.post("/console/signin/code", []string{"code", codes[0][1]}).is(422) // a code for a lost telephone works once
	again.post("/console/signin/code", []string{"code", totp.Code(secret, now)}).is(http.StatusSeeOther)
	b.post("/console/account/factor/remove", []string{"code", codes[1][1]}).is(http.StatusSeeOther)
	b.get("/console/account/factor").has(`data-testid="factor-begin"`)
}
