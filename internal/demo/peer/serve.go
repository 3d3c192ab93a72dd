package peer

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	maxBody = 64 << 10
	maxSeed = 32 << 20
)

// Faults are what the billing system does wrong on purpose, until told
// otherwise; they do not survive a restart.
type Faults struct {
	DelayBefore     int    `json:"delay_before_ms"`   // hold the call before its effect
	Held            bool   `json:"held_before"`       // hold it until faults are told anew
	DelayAfter      int    `json:"delay_after_ms"`    // hold the answer after the effect
	DropAfterEffect int    `json:"drop_after_effect"` // cut the line after the effect, this many times
	Status          int    `json:"status"`            // answer this instead, without an effect
	RetryAfter      int    `json:"retry_after_s"`     // with Status
	Reads           bool   `json:"reads"`             // do it to readings too
	Reference       string `json:"for_reference"`     // only this subscription or account; empty: all
	Feint           bool   `json:"feint"`             // say that an account is blocked, and let it in all the same
	SignIn          int    `json:"sign_in_status"`    // answer those who sign in with this
}

type server struct {
	ctx   context.Context // of the process: held calls end with it, not with their caller
	led   *ledger
	token [32]byte

	mu     sync.Mutex
	faults Faults
	anew   chan struct{} // closed when other faults are told
}

func newServer(ctx context.Context, led *ledger, token string) http.Handler {
	s := &server{ctx: ctx, led: led, token: sha256.Sum256([]byte("Bearer " + token)), anew: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /subscriptions/{ref}", s.read)
	mux.HandleFunc("POST /subscriptions/{ref}/cancel", func(w http.ResponseWriter, r *http.Request) { s.act(w, r, "cancel") })
	mux.HandleFunc("POST /subscriptions/{ref}/resume", func(w http.ResponseWriter, r *http.Request) { s.act(w, r, "resume") })
	mux.HandleFunc("GET /subscriptions/{ref}/charges", s.charges)
	mux.HandleFunc("GET /charges", s.allCharges)
	mux.HandleFunc("PUT /charges", s.charge)
	mux.HandleFunc("PUT /subscriptions", s.seed)
	mux.HandleFunc("PUT /clock", s.setClock)
	mux.HandleFunc("PUT /faults", s.setFaults)
	mux.HandleFunc("GET /effects", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, led.list(r.URL.Query().Get("reference")))
	})
	s.accounts(mux)
	public := http.NewServeMux()
	public.HandleFunc("POST /sign-in", s.signIn)
	public.Handle("/", s.auth(mux))
	return public
}

func (s *server) auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if subtle.ConstantTimeCompare(got[:], s.token[:]) != 1 {
			reply(w, problem(http.StatusUnauthorized, "unauthorized"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// before does what the faults ask for before an effect; false means that the
// call was answered.
func (s *server) before(w http.ResponseWriter, ref string, read bool) (Faults, bool) {
	s.mu.Lock()
	f, anew := s.faults, s.anew
	s.mu.Unlock()
	if f.Reference != "" && f.Reference != ref || read && !f.Reads {
		return Faults{}, true
	}
	s.hold(f.DelayBefore)
	if f.Held {
		select {
		case <-anew:
		case <-s.ctx.Done():
		}
	}
	if f.Status != 0 {
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		reply(w, problem(f.Status, "fault"))
		return f, false
	}
	return f, true
}

// hold waits without looking at the caller: one that hung up does not stop the
// effect, as with any real far end.
func (s *server) hold(ms int) {
	if ms <= 0 {
		return
	}
	t := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// drop reports whether this effect's answer is to be lost, and counts it.
func (s *server) drop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults.DropAfterEffect <= 0 {
		return false
	}
	s.faults.DropAfterEffect--
	return true
}

func (s *server) read(w http.ResponseWriter, r *http.Request) {
	ref := r.PathValue("ref")
	if _, ok := s.before(w, ref, true); !ok {
		return
	}
	sub, ok := s.led.read(ref)
	if !ok {
		reply(w, problem(http.StatusNotFound, "no_such_subscription"))
		return
	}
	answer(w, http.StatusOK, sub)
}

// charges lists what a subscription was charged.
func (s *server) charges(w http.ResponseWriter, r *http.Request) {
	ref := r.PathValue("ref")
	if _, ok := s.before(w, ref, true); !ok {
		return
	}
	since, ok := since(w, r)
	if !ok {
		return
	}
	if _, ok := s.led.read(ref); !ok {
		reply(w, problem(http.StatusNotFound, "no_such_subscription"))
		return
	}
	answer(w, http.StatusOK, map[string][]Charge{"charges": s.led.chargesOf(ref, since)})
}

// since is the instant from which charges are asked for; without one, all.
func since(w http.ResponseWriter, r *http.Request) (at time.Time, ok bool) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return at, true
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		reply(w, problem(http.StatusBadRequest, "since"))
	}
	return at, err == nil
}

// allCharges lists what anybody was charged.
func (s *server) allCharges(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.before(w, "", true); !ok {
		return
	}
	if at, ok := since(w, r); ok {
		answer(w, http.StatusOK, map[string][]Charge{"charges": s.led.chargesOf("", at)})
	}
}

func (s *server) charge(w http.ResponseWriter, r *http.Request) {
	var c Charge
	if !decode(w, r, maxBody, &c) {
		return
	}
	if c.Subscription == "" && c.Customer == "" || c.Currency == "" || c.Status == "" {
		reply(w, problem(http.StatusUnprocessableEntity, "charge"))
		return
	}
	c, err := s.led.charge(c)
	if err != nil {
		reply(w, problem(http.StatusInternalServerError, "journal"))
		return
	}
	answer(w, http.StatusOK, c)
}

func (s *server) act(w http.ResponseWriter, r *http.Request, kind string) {
	ref := r.PathValue("ref")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reply(w, problem(http.StatusBadRequest, "body"))
		return
	}
	var in struct {
		At *time.Time `json:"at"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil || kind == "resume" && in.At != nil {
			reply(w, problem(http.StatusBadRequest, "body"))
			return
		}
	}
	s.change(w, ref, func(Faults) outcome {
		sum := sha256.Sum256(body)
		return s.led.act(kind, ref, r.Header.Get("Idempotency-Key"), hex.EncodeToString(sum[:]), in.At)
	})
}

// change applies an effect and answers it, with the faults that are set.
func (s *server) change(w http.ResponseWriter, ref string, apply func(Faults) outcome) {
	f, ok := s.before(w, ref, false)
	if !ok {
		return
	}
	if s.ctx.Err() != nil { // going down while it was held: not applied, not answered
		panic(http.ErrAbortHandler)
	}
	out := apply(f)
	s.hold(f.DelayAfter)
	if out.applied && f.DropAfterEffect > 0 && s.drop() {
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	reply(w, out)
}

func (s *server) seed(w http.ResponseWriter, r *http.Request) {
	var subs []Subscription
	if !decode(w, r, maxSeed, &subs) {
		return
	}
	for i := range subs {
		if subs[i].Status == "" {
			subs[i].Status = Active
		}
		if subs[i].Reference == "" {
			reply(w, problem(http.StatusUnprocessableEntity, "reference"))
			return
		}
	}
	if err := s.led.seed(subs); err != nil {
		reply(w, problem(http.StatusInternalServerError, "journal"))
		return
	}
	answer(w, http.StatusOK, map[string]int{"seeded": len(subs)})
}

func (s *server) setClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Now time.Time `json:"now"`
	}
	if !decode(w, r, maxBody, &in) {
		return
	}
	if in.Now.IsZero() {
		reply(w, problem(http.StatusUnprocessableEntity, "now"))
		return
	}
	if err := s.led.setClock(in.Now.UTC()); err != nil {
		reply(w, problem(http.StatusInternalServerError, "journal"))
		return
	}
	answer(w, http.StatusOK, map[string]time.Time{"now": in.Now.UTC()})
}

func (s *server) setFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if !decode(w, r, maxBody, &f) {
		return
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) || f.SignIn != 0 && (f.SignIn < 200 || f.SignIn > 599) {
		reply(w, problem(http.StatusUnprocessableEntity, "status"))
		return
	}
	s.mu.Lock()
	s.faults = f
	close(s.anew)
	s.anew = make(chan struct{})
	s.mu.Unlock()
	answer(w, http.StatusOK, f)
}

func decode(w http.ResponseWriter, r *http.Request, limit int64, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, limit))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		reply(w, problem(http.StatusBadRequest, "body"))
		return false
	}
	return true
}

func reply(w http.ResponseWriter, out outcome) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		reply(w, problem(http.StatusInternalServerError, "defect"))
		return
	}
	reply(w, outcome{status: status, body: b})
}
