package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/handover"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/when"
)

// HandoverItem is one thing that the client gets back.
type HandoverItem struct {
	ID         string     `json:"id"`
	Step       string     `json:"step"`
	Asset      string     `json:"asset"`
	Kind       string     `json:"kind" enum:"site,domain,social,ads,analytics,drive,document,deliverable,confidential,credential,reissued"`
	Name       string     `json:"name"`
	State      string     `json:"state" enum:"open,held,given,missing,accepted,destroyed,kept"`
	Way        string     `json:"way,omitempty" enum:"transfer,envelope,in_person"`
	GivenAt    *time.Time `json:"given_at,omitempty"`
	AcceptedAt *time.Time `json:"accepted_at,omitempty"`
	AcceptedBy string     `json:"accepted_by,omitempty"`
	Envelope   *Envelope  `json:"envelope,omitempty"`
	Rotation   string     `json:"rotation,omitempty" enum:"waiting,confirmed,unanswered,attested"`
	RotateBy   string     `json:"rotate_by,omitempty" format:"date"`
	RotatedAt  *time.Time `json:"rotated_at,omitempty"`
	How        string     `json:"how,omitempty"`
	Lacks      string     `json:"lacks,omitempty"`
	Attest     string     `json:"attest,omitempty"`
	Owner      string     `json:"owner,omitempty" enum:"client,third_party,ours"`
	Piece      *Piece     `json:"piece,omitempty"`
	NewOwner   string     `json:"new_owner,omitempty"`
	NewEmail   string     `json:"new_owner_email,omitempty"`
	NamedAt    *time.Time `json:"new_owner_named_at,omitempty"`
	Confirmed  *time.Time `json:"new_owner_confirmed_at,omitempty"`
	Held       string     `json:"held,omitempty"`
	PaidOn     string     `json:"paid_on,omitempty" format:"date"`
	PaidBy     string     `json:"paid_by,omitempty"`
	Prefers    string     `json:"prefers,omitempty" enum:"envelope,in_person"`
	GivenBy    string     `json:"given_by,omitempty"`
	GivenTo    string     `json:"given_to,omitempty"`
	SignedBy   string     `json:"signed_by,omitempty"`
	Slip       string     `json:"slip,omitempty"`
	Refusals   []Refusal  `json:"refusals"`
	// Destroyed and Keeping are of something confidential.
	Destroyed *Destruction `json:"destruction,omitempty"`
	Keeping   *Keeping     `json:"keeping,omitempty"`
}

// Destruction is how something confidential was destroyed.
type Destruction struct {
	Method  string `json:"method" enum:"clear,purge,destroy"`
	By      string `json:"by,omitempty"`
	On      string `json:"on" format:"date"`
	Witness string `json:"witness,omitempty"`
}

// Keeping is why something confidential is kept, and until when.
type Keeping struct {
	Basis string `json:"basis" enum:"legal_obligation,legal_claims,contract"`
	Why   string `json:"why,omitempty"`
	Until string `json:"until" format:"date"`
}

// Refusal is what the client missed in what was given once.
type Refusal struct {
	At    time.Time `json:"at"`
	Piece *Piece    `json:"piece,omitempty"`
	Lacks string    `json:"lacks,omitempty"`
}

// Envelope carries a credential and opens once; what is in it no program reads.
type Envelope struct {
	State    string     `json:"state" enum:"sealed,opened,expired,withdrawn,locked"`
	Kind     string     `json:"kind,omitempty" enum:"browser,key,age"`
	Guesses  int        `json:"guesses"`
	Expires  time.Time  `json:"expires"`
	OpenedAt *time.Time `json:"opened_at,omitempty"`
}

func viewHandover(h app.Handover, words bool) func(handover.Item) HandoverItem {
	return func(x handover.Item) HandoverItem {
		v := HandoverItem{
			ID: string(x.ID), Step: string(x.Step), Asset: string(x.Asset), Kind: x.Kind, Name: x.Name, State: string(x.State), Way: string(x.Way),
			GivenAt: at(x.GivenAt), AcceptedAt: at(x.AcceptedAt), AcceptedBy: x.AcceptedBy, Rotation: string(x.Rotation), RotateBy: x.RotateBy.String(),
			RotatedAt: at(x.RotatedAt), How: only(words, x.How), Lacks: only(words, x.Lacks), Attest: only(words, x.Attest),
			Owner: string(x.Owner), Piece: viewPiece(x.Piece), NewOwner: only(words, x.NewOwner), NewEmail: only(words, x.NewOwnerEmail),
			NamedAt: at(x.OwnerNamedAt), Confirmed: at(x.OwnerConfirmedAt), Held: only(words, x.Held), PaidOn: x.PaidOn.String(), PaidBy: only(words, x.PaidBy),
			Prefers: string(x.Prefers), GivenBy: x.GivenBy, GivenTo: only(words, x.GivenTo), SignedBy: only(words, x.SignedBy), Slip: x.Slip,
			Refusals: each(x.Refusals, func(r handover.Refusal) Refusal { return Refusal{r.At, viewPiece(r.Piece), only(words, r.Lacks)} }),
		}
		if d := x.Destruction; !d.On.IsZero() {
			v.Destroyed = &Destruction{string(d.Method), only(words, d.By), d.On.String(), only(words, d.Witness)}
		}
		if k := x.Keeping; !k.Until.IsZero() {
			v.Keeping = &Keeping{string(k.Basis), only(words, k.Why), k.Until.String()}
		}
		if s, ok := h.Sheet(x.ID); ok {
			v.Envelope = &Envelope{string(s.State), string(s.Kind), s.Guesses, s.Expires, at(s.OpenedAt)}
		}
		return v
	}
}

// HandoverPromise is something that was promised within what is left, beside what
// became of it: without a day on which it was delivered, it is a gap.
type HandoverPromise struct {
	Title     string `json:"title"`
	Due       string `json:"due,omitempty" format:"date"`
	Delivered string `json:"delivered,omitempty" format:"date"`
	State     string `json:"state" enum:"open,held,given,missing,accepted"`
	Piece     *Piece `json:"piece,omitempty"`
}

// HandoverAct is a handover on paper, as it stood when it was drawn up.
type HandoverAct struct {
	ID         string     `json:"id"`
	Number     int        `json:"number"`
	MadeAt     time.Time  `json:"made_at"`
	MadeBy     string     `json:"made_by"`
	File       string     `json:"file"`
	SHA256     string     `json:"sha256"`
	AcceptedAt *time.Time `json:"accepted_at,omitempty"`
	AcceptedBy string     `json:"accepted_by,omitempty"`
	Proof      string     `json:"proof,omitempty"`
	ProofSum   string     `json:"proof_sha256,omitempty"`
}

type handoverList struct {
	Body struct {
		Items    []HandoverItem    `json:"items"`
		Promised []HandoverPromise `json:"promised"`
		Acts     []HandoverAct     `json:"acts"`
	} `nameHint:"HandoverList"`
}

type giveItem struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		Way   string `json:"way" enum:"transfer,in_person"`
		How   string `json:"how" minLength:"1" maxLength:"4000"`
		Piece *Piece `json:"piece,omitempty"`
		To    string `json:"to,omitempty" maxLength:"200"`
	} `nameHint:"GiveInput"`
}

type holdItem struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"4000"`
	} `nameHint:"HoldItemInput"`
}

type payItem struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		PaidOn string `json:"paid_on" format:"date"`
		PaidBy string `json:"paid_by,omitempty" maxLength:"200"`
	} `nameHint:"PayItemInput"`
}

type destroyItem struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		Method  string `json:"method" enum:"clear,purge,destroy"`
		By      string `json:"by" minLength:"1" maxLength:"200"`
		On      string `json:"on" format:"date"`
		Witness string `json:"witness,omitempty" maxLength:"200"`
		How     string `json:"how,omitempty" maxLength:"4000"`
	} `nameHint:"DestroyInput"`
}

type keepItem struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		Basis string `json:"basis" enum:"legal_obligation,legal_claims,contract"`
		Why   string `json:"why" minLength:"1" maxLength:"4000"`
		Until string `json:"until" format:"date"`
	} `nameHint:"KeepInput"`
}

type nameOwner struct {
	OneStep
	Item string `path:"item"`
	Body struct {
		Name  string `json:"name" maxLength:"200"`
		Email string `json:"email" maxLength:"254"`
	} `nameHint:"OwnerInput"`
}

type burnEnvelope struct {
	OneStep
	Item string `path:"item"`
}

// handovers are the routes of what the client gets back. Only the client
// accepts it, and no secret passes here.
func (a *API) handovers(h huma.API) {
	on(h, a, route{ID: "list-handover", Method: http.MethodGet, Path: "/v1/cases/{case}/handover", Scopes: []string{"cases:read"}, Tag: "cases"},
		func(ctx context.Context, by app.Actor, in *oneCase) (*handoverList, error) {
			c, err := a.openCase(ctx, by, in.Case)
			out := &handoverList{}
			out.Body.Items = each(c.Handover.All(), viewHandover(c.Handover, by.MayRead("note")))
			out.Body.Promised = each(c.Handover.Promised, func(p handover.Promise) HandoverPromise {
				return HandoverPromise{p.Title, p.Due.String(), p.Delivered.String(), string(p.State), viewPiece(p.Piece)}
			})
			out.Body.Acts = each(c.Handover.Acts, func(x handover.Act) HandoverAct {
				return HandoverAct{
					string(x.ID), x.Number, x.MadeAt, x.MadeBy, x.File, x.SHA256, at(x.AcceptedAt), only(by.MayRead("note"), x.AcceptedBy), x.Proof, x.ProofSum,
				}
			})
			return out, err
		})
	on(h, a, route{ID: "draw-act", Method: http.MethodPost, Path: "/v1/cases/{case}/act", Scopes: []string{"cases:act"}, Tag: "cases", Status: http.StatusCreated},
		func(ctx context.Context, by app.Actor, in *oneCase) (*made, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			x, err := a.App.DrawAct(ctx, by, offboarding.CaseID(in.Case))
			return &made{Location: "/v1/cases/" + in.Case + "/handover", Body: Made{string(x)}}, err
		})
	on(h, a, route{ID: "give-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/give", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *giveItem) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			return act("hov", in.Item, func() error {
				return a.App.GiveItem(ctx, by, app.GiveInput{
					Case: offboarding.CaseID(in.Case), Step: in.Step, Item: handover.ID(in.Item), Way: handover.Way(in.Body.Way), How: in.Body.How,
					Piece: in.Body.Piece.piece(), To: in.Body.To,
				})
			})
		})
	on(h, a, route{ID: "hold-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/hold", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *holdItem) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			return act("hov", in.Item, func() error {
				return a.App.HoldItem(ctx, by, offboarding.CaseID(in.Case), in.Step, handover.ID(in.Item), in.Body.Why)
			})
		})
	on(h, a, route{ID: "pay-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/paid", Scopes: []string{"cases:act"}, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *payItem) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			on, err := when.ParseDate(in.Body.PaidOn)
			if err != nil {
				return nil, fault.New(fault.Invalid, "date.unreadable").On("paid_on")
			}
			return act("hov", in.Item, func() error {
				return a.App.PayItem(ctx, by, app.PaidInput{Case: offboarding.CaseID(in.Case), Step: in.Step, Item: handover.ID(in.Item), On: on, With: in.Body.PaidBy})
			})
		})
	on(h, a, route{ID: "destroy-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/destroy", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *destroyItem) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			b := in.Body
			return act("hov", in.Item, func() error {
				return a.App.DestroyItem(ctx, by, app.DestroyInput{
					Case: offboarding.CaseID(in.Case), Step: in.Step, Item: handover.ID(in.Item), Method: handover.Method(b.Method), By: b.By, On: b.On, Witness: b.Witness, How: b.How,
				})
			})
		})
	on(h, a, route{ID: "keep-item", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/keep", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *keepItem) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			return act("hov", in.Item, func() error {
				return a.App.KeepItem(ctx, by, app.KeepInput{
					Case: offboarding.CaseID(in.Case), Step: in.Step, Item: handover.ID(in.Item), Basis: handover.Basis(in.Body.Basis), Why: in.Body.Why, Until: in.Body.Until,
				})
			})
		})
	on(h, a, route{ID: "name-owner", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/owner", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *nameOwner) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			return act("hov", in.Item, func() error {
				return a.App.NameOwner(ctx, by, app.OwnerInput{
					Case: offboarding.CaseID(in.Case), Step: in.Step, Item: handover.ID(in.Item), Name: in.Body.Name, Email: in.Body.Email,
				})
			})
		})
	on(h, a, route{ID: "burn-envelope", Method: http.MethodPost, Path: "/v1/cases/{case}/steps/{step}/handover/{item}/burn", Scopes: stepScopes, Tag: "steps"},
		func(ctx context.Context, by app.Actor, in *burnEnvelope) (*done, error) {
			if err := known("case", in.Case); err != nil {
				return nil, err
			}
			return act("hov", in.Item, func() error {
				return a.App.BurnEnvelope(ctx, by, offboarding.CaseID(in.Case), in.Step, handover.ID(in.Item))
			})
		})
}
