package console

import (
	"strings"

	"hastaluego/internal/customer"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

// readAsset reads the form of a thing, and what in it cannot be read.
func (v *visit) readAsset() (x customer.Asset, wrong fault.List) {
	f := func(name string) string { return strings.TrimSpace(v.form.Get("asset." + name)) }
	x = customer.Asset{
		Reference: f("reference"), Name: f("name"), Kind: f("kind"), Location: f("location"), Owner: customer.Ownership(f("owner")),
		Payer: customer.Payer(f("payer")),
	}
	if s := f("renews_on"); s != "" {
		var err error
		if x.RenewsOn, err = when.ParseDate(s); err != nil {
			wrong = append(wrong, fault.New(fault.Invalid, "date.unreadable").On("renews_on"))
		}
	}
	if s := f("renewal_amount"); s != "" {
		var e *fault.Error
		if x.Renewal, e = readAmount(v.lang, s, f("renewal_currency")); e != nil {
			wrong = append(wrong, e.On("renewal_amount"))
		}
	}
	return x, wrong
}

func (v customerPageView) owners() []option {
	out := []option{{"", v.word("asset.owner.none")}}
	for _, o := range customer.Ownerships {
		out = append(out, option{string(o), v.word("asset.owner." + string(o))})
	}
	return out
}

func (v customerPageView) payers() []option {
	out := []option{{"", v.word("asset.payer.none")}}
	for _, p := range customer.Payers {
		out = append(out, option{string(p), v.word("asset.payer." + string(p))})
	}
	return out
}

// pieceWords say which one of a thing somebody has.
func pieceWords(lang string, p customer.Piece) (out []string) {
	if p.Version != "" {
		out = append(out, text.Say(lang, "console.piece.version", "version", p.Version))
	}
	if p.Format != "" {
		out = append(out, p.Format)
	}
	if p.SHA256 != "" {
		out = append(out, "SHA-256 "+p.SHA256)
	}
	return out
}
