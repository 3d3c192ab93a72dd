package peer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Blocked is the word of the API for an account that was closed.
const Blocked = "blocked"

// Words of the API for how far an account reaches.
const (
	Editor = "editor"
	Viewer = "viewer"
)

// Account is an account that can be signed in to with its secret.
type Account struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
}

// account is what the ledger keeps of one.
type account struct {
	Name    string `json:"name"`
	SHA256  string `json:"secret_sha256"`
	Blocked bool   `json:"blocked,omitempty"` // what the API says
	LetsIn  bool   `json:"lets_in"`           // what is so
	Viewer  bool   `json:"viewer,omitempty"`  // it may look, and change nothing

	Last *time.Time `json:"last,omitempty"` // when somebody last got in
}

// entered is somebody getting in.
type entered struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// seedAccounts adds accounts; one that is known takes the new secret and stays
// as open or blocked as it is.
func (l *ledger) seedAccounts(list []Account) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	x := line{}
	for _, a := range list {
		x.Open = append(x.Open, account{Name: a.Name, SHA256: hashOf(a.Secret), LetsIn: true})
	}
	return l.write(x)
}

func view(a *account) map[string]any {
	status := Active
	if a.Blocked {
		status = Blocked
	}
	role := Editor
	if a.Viewer {
		role = Viewer
	}
	return map[string]any{"name": a.Name, "status": status, "role": role, "signed_in_at": a.Last}
}

func (l *ledger) account(name string) (map[string]any, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.doors[name]
	if !ok {
		return nil, false
	}
	return view(a), true
}

// turned is the account after an effect of that kind.
func (a *account) turned(kind string) account {
	next := *a
	switch kind {
	case "block", "unblock":
		next.Blocked = kind == "block"
		next.LetsIn = !next.Blocked
	case "narrow", "widen":
		next.Viewer = kind == "narrow"
	}
	return next
}

// turn blocks, unblocks, narrows or widens an account, with keys as act does. A feint is told
// as done and lets in as before.
func (l *ledger) turn(kind, name, key string, feint bool) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.doors[name]
	if !ok {
		return problem(404, "no_such_account")
	}
	fingerprint := kind + " " + name
	if out, known := l.known(key, fingerprint); known {
		return out
	}
	next := a.turned(kind)
	if l.honour && next.Blocked == a.Blocked && next.Viewer == a.Viewer && a.LetsIn == !a.Blocked {
		return problem(409, "already_so")
	}
	e := Effect{N: len(l.effects) + 1, Reference: name, Kind: kind, Key: key, At: l.now()}
	after := view(&next)
	after["effect"] = fmt.Sprintf("eff_%d", e.N)
	body, err := json.Marshal(after)
	if err != nil {
		return problem(500, "defect")
	}
	return l.keep(line{Effect: &e, Feint: feint && kind == "block"}, fingerprint, body)
}

// enter says how signing in with the secret ends.
func (l *ledger) enter(name, secret string) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.doors[name]
	switch {
	case !ok, subtle.ConstantTimeCompare([]byte(a.SHA256), []byte(hashOf(secret))) != 1:
		return problem(http.StatusUnauthorized, "wrong_name_or_secret")
	case !a.LetsIn:
		return problem(http.StatusForbidden, "blocked")
	}
	if err := l.write(line{Enter: &entered{name, l.now().UTC()}}); err != nil {
		return problem(http.StatusInternalServerError, "journal")
	}
	return outcome{status: http.StatusOK, body: json.RawMessage(`{"welcome":true}`)}
}

func (s *server) accounts(mux *http.ServeMux) {
	mux.HandleFunc("GET /accounts/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		if _, ok := s.before(w, name, true); !ok {
			return
		}
		if a, ok := s.led.account(name); ok {
			answer(w, http.StatusOK, a)
			return
		}
		reply(w, problem(http.StatusNotFound, "no_such_account"))
	})
	for _, kind := range []string{"block", "unblock"} {
		mux.HandleFunc("POST /accounts/{name}/"+kind, func(w http.ResponseWriter, r *http.Request) {
			s.change(w, r.PathValue("name"), func(f Faults) outcome {
				return s.led.turn(kind, r.PathValue("name"), r.Header.Get("Idempotency-Key"), f.Feint)
			})
		})
	}
	mux.HandleFunc("PUT /accounts/{name}/role", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Role string `json:"role"`
		}
		if !decode(w, r, maxBody, &in) {
			return
		}
		kind := map[string]string{Viewer: "narrow", Editor: "widen"}[in.Role]
		if kind == "" {
			reply(w, problem(http.StatusUnprocessableEntity, "role"))
			return
		}
		s.change(w, r.PathValue("name"), func(Faults) outcome {
			return s.led.turn(kind, r.PathValue("name"), r.Header.Get("Idempotency-Key"), false)
		})
	})
	mux.HandleFunc("PUT /accounts", func(w http.ResponseWriter, r *http.Request) {
		var list []Account
		if !decode(w, r, maxSeed, &list) {
			return
		}
		for _, a := range list {
			if a.Name == "" || a.Secret == "" {
				reply(w, problem(http.StatusUnprocessableEntity, "account"))
				return
			}
		}
		if err := s.led.seedAccounts(list); err != nil {
			reply(w, problem(http.StatusInternalServerError, "journal"))
			return
		}
		answer(w, http.StatusOK, map[string]int{"seeded": len(list)})
	})
}

// signIn is for the holder of an account, who has no token of ours.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	var in Account
	if !decode(w, r, maxBody, &in) {
		return
	}
	s.mu.Lock()
	f := s.faults
	s.mu.Unlock()
	if f.SignIn != 0 && (f.Reference == "" || f.Reference == in.Name) {
		reply(w, problem(f.SignIn, "fault"))
		return
	}
	reply(w, s.led.enter(in.Name, in.Secret))
}
