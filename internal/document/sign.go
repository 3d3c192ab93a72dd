package document

import (
	"regexp"
	"strings"
	"sync"
)

// signs are what the words of a content are told by that says something: one of
// them stands in the words, else the letter has the words and does not say it. A
// company may say everything in its own words, so that the place alone proves
// nothing. What is a name, a date or a code of its own has none.
//
// Each is compiled when a letter is first judged by it: there are eighty, and few
// commands write any letter.
var signs = func() map[Content]map[string]func() *regexp.Regexp {
	figure := `\pL*[0-9]`
	same := func(sign string) [4]string { return [4]string{sign, sign, sign, sign} }
	list := map[Content][4]string{ // es, en, de, fr
		SaysDeclaration: {`baja|cancel|termin|desist|resc|resol|retract|arrepent`, `cancel|terminat|withdraw|end|leav`, `kündig|ende|beend|widerr`, `résili|fin|termin|rétract|renonc`},
		SaysInstant:     same(figure),
		SaysEnd:         {figure + `|periodo|plazo|día`, figure + `|period|term|day`, figure + `|zeitraum|frist|tag`, figure + `|période|terme|jour`},
		SaysEffects:     {`servicio|acceso|cobr|renuev|renov|factur`, `service|access|charg|renew|bill`, `leist|zugang|abgebuch|kost|verläng|berechn`, `service|accès|prél[eè]v|renouvel|factur`},
		SaysMoney:       {`cobr|pag|devol|devuel|reembols|deb|factur|coste`, `charg|pay|paid|refund|owe|bill|cost|give back`, `abgebuch|zahl|erstatt|kost|rechn`, `prél[eè]v|pay|rembours|rend|dû|factur|frais`},
		SaysRefund:      {`devol|devuel|reembols|reintegr`, `refund|give back|repay|reimburs`, `erstatt|zurück`, `rembours|rend|restitu`},
		SaysDataWindow:  same(figure),
		SaysErasure:     same(figure),
		SaysADR:         {`arbitra|mediaci|consum|litig|autoridad|tribunal|juzgad`, `dispute|arbitrat|mediat|consumer|ombuds|authority|court`, `schlicht|verbraucher|behörde|gericht|ombud`, `médiat|consommat|arbitr|litige|autorité|tribunal`},
		SaysAmount:      same(figure),
		SaysPeriod:      {`mes|año|anual|semana|trimestre|semestre|día|hora|periodo|total`, `month|year|annual|week|quarter|day|hour|period|in all`, `monat|jahr|jähr|woche|quartal|tag|stunde|zeitraum|insgesamt`, `mois|an\b|ans\b|année|annuel|semaine|trimestre|semestre|jour|heure|période|au total`},
		SaysDay:         same(figure),
		SaysDeadline:    same(figure),
		SaysBoxedDate:   same(figure),
		SaysHowToCancel: {`página|web|escrib|llam|correo|enlace|formulario|cuenta`, `page|site|write|call|mail|link|form|account`, `seite|schreib|ruf|mail|link|formular|konto`, `page|site|écri|appel|mail|courriel|lien|formulaire|compte`},
		SaysCancelLink:  {`baja|cancel|resc|termin|dejar|no seguir`, `cancel|leav|end|terminat|stop`, `kündig|beend`, `résili|annul|arrêt|quitt|fin`},
		SaysSilence:     {`renuev|renov|sigue|continú|prorrog|cobr`, `renew|go(es)? on|continu|charg`, `verläng|läuft|weiter|abgebuch`, `renouvel|continu|reconduit|poursuit|prél[eè]v`},
		SaysErased:      {`borr|elimin|suprim|destru`, `eras|delet|destroy`, `lösch|vernicht|zerstör`, `effac|supprim|détrui`},
		SaysOptOut:      {`no |dejar|baja|ningun`, `no |not|stop|unsubscribe|opt`, `kein|nicht|abmeld|abbestell|stopp`, `ne plus|pas|désabonn|désinscri|arrêt|aucun`},
		SaysCommercial:  {`comercial|publicid|publicitari|promoci`, `commercial|advert|marketing|promotion`, `werb`, `commercial|publicit|promotion`},
	}
	out := map[Content]map[string]func() *regexp.Regexp{}
	for content, words := range list {
		out[content] = map[string]func() *regexp.Regexp{}
		for i, lang := range [4]string{"es", "en", "de", "fr"} {
			begins := `(?:^|[^\pL])`
			if lang == "de" { // it joins words
				begins = ``
			}
			out[content][lang] = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)` + begins + `(?:` + words[i] + `)`) })
		}
	}
	return out
}()

// meant reports whether words of a language say a content.
func meant(lang string, c Content, words []string) bool {
	sign := signs[c][lang]
	return sign == nil || sign().MatchString(strings.Join(words, " "))
}
