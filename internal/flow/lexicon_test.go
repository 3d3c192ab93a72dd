package flow_test

import (
	"strings"
	"testing"

	"hastaluego/internal/flow"
)

// shaming are labels by language: those of whoever leaves or declines, and those
// of whoever stays.
type shaming struct{ leave, stay []string }

var shames = map[string]shaming{
	"es": {
		leave: []string{
			"No, odio ahorrar", "Prefiero perderme los descuentos", "Abandonar a mi equipo", "No, soy tonto", "Seguir perdiendo dinero", "Renunciar a mis ventajas", "Prefiero no ahorrar",
			"No me interesa ahorrar", "Sí, desperdiciar mi descuento", "Quedarme sin mis puntos", "Dejar tirados a mis compañeros", "Soy un perdedor", "Tirar el dinero",
		},
		stay: []string{"No, prefiero no perder mi dinero", "No quiero perder mis ventajas", "Sí, soy listo", "Quiero seguir ahorrando"},
	},
	"en": {
		leave: []string{
			"No, I hate saving", "I'd rather lose my discounts", "Abandon my team", "No, I'm stupid", "Keep losing money", "Give up my benefits", "I don't like discounts", "I prefer to pay more",
			"Let my team down", "Leave my friends behind", "I am too lazy", "No thanks, I don’t need a discount",
		},
		stay: []string{"No, I am smart and want to keep saving", "I don't want to lose my perks", "I'm not stupid"},
	},
	"de": {
		leave: []string{
			"Nein, ich hasse Sparen", "Lieber Geld verlieren", "Mein Team im Stich lassen", "Nein, ich bin dumm", "Weiter Geld verlieren", "Auf meine Vorteile verzichten", "Ich möchte nicht sparen",
			"Meine Rabatte verlieren",
		},
		stay: []string{"Nein, meine Vorteile nicht verlieren", "Ja, ich bin schlau"},
	},
	"fr": {
		leave: []string{
			"Non, je déteste économiser", "Je préfère perdre mes avantages", "Abandonner mon équipe", "Non, je suis bête", "Continuer à perdre de l’argent", "Renoncer à mes avantages",
			"Je ne veux pas économiser", "Gaspiller l'argent",
		},
		stay: []string{"Non, ne pas perdre mes avantages", "Oui, je suis malin"},
	},
}

// plainly are labels that look like them and say no more than they do.
var plainly = map[string]shaming{
	"es": {
		leave: []string{
			"No, gracias", "Prefiero cancelar", "Dejar el equipo de ventas", "Renunciar al contrato", "Desistir del contrato aquí", "No quiero la oferta", "Seguir con la baja", "Pagar lo que debo y terminar",
			"Abandonar el servicio", "Dar de baja el plan de ahorro", "Borrar mi equipo", "Prefiero pagar al terminar",
		},
		stay: []string{"Quedarme", "Seguir con mi plan", "No cancelar", "Quedarme con el descuento", "Conservar mis datos", "No quiero irme"},
	},
	"en": {
		leave: []string{
			"No, thank you", "I prefer to cancel", "Leave the sales team", "Withdraw from contract here", "I don't want the offer", "I don't need it any more", "Continue to cancel", "Delete my team",
			"I'd rather cancel", "Cancel my savings plan", "Give up my seat and cancel the contract",
		},
		stay: []string{"Keep my plan", "Don't cancel", "Stay and save 20 %", "Keep my discount"},
	},
	"de": {
		leave: []string{"Nein, danke", "Lieber kündigen", "Das Verkaufsteam verlassen", "Vertrag widerrufen", "Ich will das Angebot nicht", "Mein Team löschen", "Sparvertrag kündigen"},
		stay:  []string{"Behalten", "Nicht kündigen", "Beim Rabatt bleiben"},
	},
	"fr": {
		leave: []string{"Non, merci", "Je préfère résilier", "Quitter l'équipe commerciale", "Renoncer au contrat ici", "Je ne veux pas de cette offre", "Supprimer mon équipe", "Résilier mon plan d'épargne"},
		stay:  []string{"Garder mon abonnement", "Ne pas résilier", "Garder la remise"},
	},
}

// shamed reports whether DP15 finds a label, on an action of a role.
func shamed(t *testing.T, lang, role, label string) bool {
	t.Helper()
	src := "flow: label\nlanguages: [" + lang + "]\nnodes:\n  - id: home\n    kind: entry\n    actions:\n" +
		"      - {id: said, role: " + role + ", to: end, label: {" + lang + ": \"" + label + "\"}}\n" +
		"      - {id: leave, role: exit, does: cancel, to: end, label: {" + lang + ": \"–\"}}\n  - id: end\n    kind: receipt\n"
	for _, x := range flow.Check(load(t, "label.yaml", src), nil, nil).Findings {
		if x.Rule == "DP15" {
			if !strings.Contains(label, x.Words) || x.Words == "" {
				t.Errorf("%s “%s”: the words “%s” are not its own", lang, label, x.Words)
			}
			return true
		}
	}
	return false
}

func TestLabelsThatShameAreFoundInEveryLanguageAndPlainOnesAreNot(t *testing.T) {
	t.Parallel()
	for _, set := range []struct {
		labels map[string]shaming
		want   bool
	}{{shames, true}, {plainly, false}} {
		for lang, x := range set.labels {
			for role, list := range map[string][]string{"exit": x.leave, "decline": x.leave, "keep": x.stay, "accept": x.stay} {
				for _, label := range list {
					if got := shamed(t, lang, role, label); got != set.want {
						t.Errorf("%s %s “%s”: found %v, want %v", lang, role, label, got, set.want)
					}
				}
			}
		}
	}
}
