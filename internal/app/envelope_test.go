package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"hastaluego/internal/app"
	"hastaluego/internal/envelope"
	"hastaluego/internal/handover"
	"hastaluego/internal/notification"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/testkit"
)

const (
	envelopeKey = "7K2MX-00000-11111-ABCDE-ZZZZZ"
	wrongKey    = "7K2MX-00000-11111-ABCDE-ZZZZY"
	theSecret   = "llave-inconfundible"
)

// sealing is a world in which one credential is to be handed over.
func sealing(t *testing.T, e testkit.Engine) (*world, offboarding.CaseID, string, app.GiveInput) {
	t.Helper()
	w := newWorldWith(t, e, handing)
	w.lent(t, "credential")
	_, c, page := w.request(t, "period_end")
	in := app.GiveInput{Case: c, Step: "give", Item: w.handed(t, c, "credential").ID, Way: handover.Envelope, How: "La clave del servidor"}
	in.SecretInput = app.SecretInput{Secret: theSecret, Key: envelopeKey}
	return w, c, page, in
}

// sealed gives the credential and returns the link of its envelope.
func (w *world) sealed(t *testing.T, in app.GiveInput) string {
	t.Helper()
	n := w.mail.count("envelope")
	must(t, w.GiveItem(t.Context(), agent, in))
	eventually(t, "the letter with the link", func() bool { return w.mail.count("envelope") == n+1 })
	return token(w.mail.last(t, "envelope").Links["envelope"])
}

func (w *world) envelopes(t *testing.T, c offboarding.CaseID) (list []app.SealedEnvelope) {
	t.Helper()
	must(t, w.store.View(t.Context(), func(tx app.Tx) (err error) {
		list, err = tx.EnvelopesOf(t.Context(), c)
		return err
	}))
	return list
}

// saysNot fails when an entry of the departure says something.
func (w *world) saysNot(t *testing.T, c offboarding.CaseID, words ...string) {
	t.Helper()
	v, err := w.OpenCase(t.Context(), agent, c)
	must(t, err)
	for _, entry := range v.Timeline {
		for k, arg := range entry.Args {
			if s, ok := arg.(string); ok && slices.ContainsFunc(words, func(x string) bool { return strings.Contains(s, x) }) {
				t.Errorf("%s says a secret in %s", entry.Type, k)
			}
		}
	}
}

func TestAnEnvelopeOpensOnceWithItsKeyAndHoldsNothingAfterwards(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, _, in := sealing(t, e)
		ctx := t.Context()
		bare := in
		bare.SecretInput = app.SecretInput{}
		code(t, w.GiveItem(ctx, agent, bare), "field.required")
		bare.Secret = theSecret
		code(t, w.GiveItem(ctx, agent, bare), "envelope.no_key")
		link := w.sealed(t, in)
		for range 2 { // looking opens nothing
			p, err := w.FindEnvelope(ctx, link)
			must(t, err)
			if p.Sheet.State != handover.Sealed || p.Sheet.Kind != handover.ByKey {
				t.Fatalf("%+v", p.Sheet)
			}
		}
		for typed, want := range map[string]string{"": "field.required", "7K2MX": "envelope.malformed"} { // a slip is no guess
			_, _, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: typed})
			code(t, err, want)
		}
		if list := w.envelopes(t, c); list[0].Guesses != 0 || bytes.Contains(list[0].Body, []byte(theSecret)) {
			t.Fatalf("%+v", list)
		}
		// Whoever has the database and its keys has what is sealed to a key that nobody keeps.
		plain, err := w.keys.Open(ctx, w.envelopes(t, c)[0].KeyID, w.envelopes(t, c)[0].Body, []byte(w.envelopes(t, c)[0].ID))
		must(t, err)
		if bytes.Contains(plain, []byte(theSecret)) {
			t.Fatal("the keys of the house open the envelope")
		}
		_, got, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: strings.ToLower(envelopeKey)})
		must(t, err)
		if got.Secret != theSecret {
			t.Fatalf("in the envelope: %q", got.Secret)
		}
		_, got, err = w.OpenEnvelope(ctx, link, app.OpenInput{Key: envelopeKey})
		if code(t, err, "envelope.opened"); got.Secret != "" {
			t.Fatal("opened twice")
		}
		if list := w.envelopes(t, c); len(list) != 1 || len(list[0].Body) != 0 {
			t.Errorf("left of the envelope: %+v", list)
		}
		if w.logged(t, "envelope.opened") != 1 {
			t.Error("the log does not say once that it was opened")
		}
		w.saysNot(t, c, theSecret, envelopeKey, "00000")

		// A second envelope takes the place of the first; late, it is destroyed.
		second := w.sealed(t, in)
		third := w.sealed(t, in)
		_, _, err = w.OpenEnvelope(ctx, second, app.OpenInput{Key: envelopeKey})
		code(t, err, "envelope.expired")
		w.push(t, 5)
		_, _, err = w.OpenEnvelope(ctx, third, app.OpenInput{Key: envelopeKey})
		code(t, err, "envelope.expired")
		eventually(t, "what nobody opened is destroyed", func() bool { return w.logged(t, "envelope.expired") == 1 })
		if p, err := w.FindEnvelope(ctx, third); err != nil || p.Sheet.State != handover.Expired {
			t.Errorf("whoever comes too late reads nothing of it: %+v, %v", p, err)
		}
		for _, x := range w.envelopes(t, c) {
			if len(x.Body) != 0 {
				t.Errorf("left of %s, which is %s", x.ID, x.State)
			}
		}
		_, _, err = w.OpenEnvelope(ctx, "nothing", app.OpenInput{Key: envelopeKey})
		code(t, err, "link.unknown")
		w.verifyLog(t)
	})
}

func TestWrongKeysAreCountedSeenAndLimited(t *testing.T) {
	t.Parallel()
	testkit.EachMigrated(t, func(t *testing.T, e testkit.Engine) {
		w, c, page, in := sealing(t, e)
		ctx := t.Context()
		w.person(t, "ines", "agent")
		link := w.sealed(t, in)
		_, _, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: wrongKey})
		code(t, err, "envelope.wrong_key")
		v, err := w.OpenCase(ctx, agent, c)
		must(t, err)
		if s, _ := v.Handover.Sheet(in.Item); s.Guesses != 1 || s.Left() != handover.MostGuesses-1 {
			t.Fatalf("on the case: %+v", s)
		}
		// However many try at once, no more are borne, and the right key comes too late.
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, got, err := w.OpenEnvelope(context.WithoutCancel(ctx), link, app.OpenInput{Key: wrongKey})
				if err == nil || got.Secret != "" {
					t.Error("a wrong key opens it")
				}
			})
		}
		all.Wait()
		_, got, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: envelopeKey})
		if code(t, err, "envelope.locked"); got.Secret != "" {
			t.Fatal("a locked one opens")
		}
		if x := w.envelopes(t, c)[0]; x.State != handover.Locked || x.Guesses != handover.MostGuesses || len(x.Body) != 0 {
			t.Errorf("%+v", x)
		}
		if n, m := w.logged(t, "envelope.guessed"), w.logged(t, "envelope.locked"); n != handover.MostGuesses || m != 1 {
			t.Errorf("%d guesses and %d locks are in the log", n, m)
		}
		eventually(t, "whoever hands over is told", func() bool { return slices.Contains(w.mail.toldOf("ines@faro.example", notification.Task), "Dos") })
		// The client says that it is not right, and gets another.
		must(t, w.AnswerHandover(ctx, page, []app.HandoverAnswer{{Item: in.Item, Lacks: "El sobre está bloqueado"}}))
		again := w.sealed(t, in)
		_, got, err = w.OpenEnvelope(ctx, again, app.OpenInput{Key: envelopeKey})
		must(t, err)
		if got.Secret != theSecret {
			t.Errorf("in the second: %q", got.Secret)
		}
		w.saysNot(t, c, wrongKey, envelopeKey)
		w.verifyLog(t)
	})
}

func TestEitherSideBurnsAnEnvelope(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, c, page, in := sealing(t, e)
		ctx := t.Context()
		for name, burn := range map[string]func() error{
			"company": func() error { return w.BurnEnvelope(ctx, agent, c, "give", in.Item) },
			"client":  func() error { return w.BurnByClient(ctx, page, in.Item) },
		} {
			code(t, burn(), "envelope.none")
			link := w.sealed(t, in)
			must(t, burn())
			_, _, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: envelopeKey})
			code(t, err, "envelope.expired")
			for _, x := range w.envelopes(t, c) {
				if x.State != handover.Withdrawn || len(x.Body) != 0 {
					t.Errorf("%s: %+v", name, x.Sheet)
				}
			}
		}
		code(t, w.BurnEnvelope(ctx, finance, c, "give", in.Item), "forbidden.role")
		code(t, w.BurnByClient(ctx, page, "hov_x"), "not_found")
		if n := w.logged(t, "envelope.withdrawn"); n != 2 {
			t.Errorf("burned %d times", n)
		}
		w.verifyLog(t)
	})
}

// What a browser sealed comes back as it was sealed, to whoever shows that they have
// the key; the key itself is no answer here.
func TestWhatABrowserSealedIsNeverReadHere(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, _, _, in := sealing(t, e)
		ctx := t.Context()
		sealed := bytes.Repeat([]byte("sealed!"), 8)
		proof := envelope.Proof(envelopeKey)
		in.SecretInput = app.SecretInput{Sealed: base64.StdEncoding.EncodeToString(sealed), Lock: envelope.Lock(proof), Secret: theSecret}
		code(t, w.GiveItem(ctx, agent, in), "field.text") // both sealed and plain
		in.Secret, in.Lock = "", "no lock"
		code(t, w.GiveItem(ctx, agent, in), "field.text")
		in.Lock = envelope.Lock(proof)
		link := w.sealed(t, in)
		_, _, err := w.OpenEnvelope(ctx, link, app.OpenInput{Key: envelopeKey})
		code(t, err, "envelope.malformed")
		_, _, err = w.OpenEnvelope(ctx, link, app.OpenInput{Proof: envelope.Proof(wrongKey)})
		code(t, err, "envelope.wrong_key")
		_, got, err := w.OpenEnvelope(ctx, link, app.OpenInput{Proof: proof})
		must(t, err)
		if !bytes.Equal(got.Sealed, sealed) || got.Secret != "" {
			t.Errorf("%+v", got)
		}
		_, _, err = w.OpenEnvelope(ctx, link, app.OpenInput{Proof: proof})
		code(t, err, "envelope.opened")
	})
}

func TestWhatIsSealedToAnAgeKeyIsGivenOutSealedOnce(t *testing.T) {
	t.Parallel()
	testkit.EachStory(t, func(t *testing.T, e testkit.Engine) {
		w, _, _, in := sealing(t, e)
		ctx := t.Context()
		theirs, err := age.GenerateX25519Identity()
		must(t, err)
		in.SecretInput = app.SecretInput{Secret: theSecret, Age: theirs.String()} // the private one
		code(t, w.GiveItem(ctx, agent, in), "data.recipient")
		in.Age = theirs.Recipient().String()
		in.Secret = strings.Repeat("<Entry>\n", 8000) // a file for a manager, of many entries
		link := w.sealed(t, in)
		_, got, err := w.OpenEnvelope(ctx, link, app.OpenInput{})
		must(t, err)
		r, err := age.Decrypt(armor.NewReader(strings.NewReader(got.Secret)), theirs)
		must(t, err)
		plain, err := io.ReadAll(r)
		must(t, err)
		if string(plain) != strings.TrimSpace(in.Secret) {
			t.Errorf("in the envelope: %d bytes", len(plain))
		}
		_, _, err = w.OpenEnvelope(ctx, link, app.OpenInput{})
		code(t, err, "envelope.opened")
	})
}
