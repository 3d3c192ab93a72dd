package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/bundle"
	"hastaluego/internal/offboarding"
)

// described is what a bundle says of itself.
type described struct {
	info    bundle.Info
	inside  []bundle.File // of the payload
	pkg     bundle.Package
	rows    []int // by resource: its number in the bundle
	skipped int
	others  int // files that are about others
}

// describe makes the description of everything that is packed, and what to read
// first.
func (m *making) describe(_ context.Context, missing map[string]string, at time.Time) (d described, err error) {
	company := m.a.Company()
	d.info = bundle.Info{Source: company.LegalName, Identifier: m.c.Code, About: "hasta-luego export_data", Date: at}
	lang := m.cus.Language
	if lang != "en" {
		lang = "es"
	}
	pkg := bundle.Package{
		Name: strings.ToLower(m.c.Code), Lang: lang, Source: company.LegalName, Created: at,
		Titles:       texts("Tus datos", "Your data"),
		Descriptions: texts("Todo lo que "+company.Name+" tiene sobre ti", "Everything that "+company.Name+" holds about you"),
	}
	of := map[string]source{}
	for _, s := range m.from {
		of[s.name] = s
	}
	left, not := []string{}, []string{}
	for _, n := range slices.Sorted(maps.Keys(m.rows)) {
		r := m.rows[n]
		if m.stage[n] == stageSkipped {
			name := strings.ToValidUTF8(r.Source+"/"+r.at(), "\ufffd")
			if r.Why == aboutOthers || r.Why == notRedacted { // nobody tries again
				d.others++
				left = append(left, name+": "+r.Why)
			} else {
				d.skipped++
				not = append(not, name+": "+r.Why)
			}
			pkg.Missing = append(pkg.Missing, bundle.Missing{Name: name, Why: whyMissing(r.Why)})
			continue
		}
		if m.stage[n] != stagePacked {
			continue
		}
		res := bundle.Resource{File: *r.File, Fields: r.Fields, Media: mediaByName(r.File.Name)}
		if r.State != nil {
			res.Format, res.Rows, res.Fields = bundle.CSV, r.State.Rows, r.State.Types(r.Fields)
		}
		switch s, far := of[r.Source]; {
		case far:
			res.Titles = s.what.Titles
		case r.Source == houseSource || r.Source == changesSource:
			res.Titles = heldTitles[r.Name]
		}
		if r.Name != "" && path.Base(r.File.Name) != path.Base(r.Name) {
			res.Original = r.Name
		}
		for _, c := range r.Left {
			left = append(left, r.File.Name+": "+c)
		}
		pkg.Resources, d.rows = append(pkg.Resources, res), append(d.rows, n)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		not = append(not, m.a.calledSource(of[name], name)+": "+missing[name])
		pkg.Missing = append(pkg.Missing, bundle.Missing{Name: name, Titles: of[name].what.Titles, Why: whyMissing(missing[name])})
	}
	raw, err := bundle.Descriptor(pkg)
	if err != nil {
		return d, err
	}
	about := readme
	if m.cus.Test() {
		about = readmeTest + readme
	}
	about = fmt.Sprintf(about, m.c.Code, company.Name, m.c.Code, company.Name)
	about += listed("ES  Carpetas:", "EN  Folders:", m.folders(of))
	about += listed("ES  Falta, y por qué (lo volvemos a intentar):", "EN  Missing, and why (we try again):", not)
	about += listed("ES  No van, porque son datos de otras personas (de un fichero así, todo; de los demás, la columna que se nombra):",
		"EN  Left out, because they are about other people (of such a file, all of it; of the others, the column that is named):", left)
	if len(left) > 0 {
		about += fmt.Sprintf(askForIt, company.Email, m.c.Code, company.Email, m.c.Code)
	}
	d.pkg = pkg
	d.inside = []bundle.File{{Name: bundle.PackageName, Body: raw}, {Name: "data/README.txt", Body: []byte(about)}}
	return d, nil
}

// askForIt says how to come by what was left out because it is about others.
const askForIt = `    ES  Si ahí hay algo tuyo, escribe a %s con el código %s y di qué: lo mira una persona y te da lo tuyo sin lo de los demás. Si no
        estás de acuerdo, puedes reclamar ante tu autoridad de protección de datos.
    EN  If something of it is yours, write to %s with the code %s and say what: a person looks and gives you what is yours without what is of
        others. If you do not agree, you may complain to your data protection authority.
`

// calledSource is what people call what is taken along, in the languages of what is read
// first; what has no title has the name of its source.
func (a *App) calledSource(s source, name string) string {
	what := func(lang string) string {
		return a.SystemName(s.system, lang) + " · " + cmp.Or(offboarding.Worded(s.what.Titles, lang), s.what.Name)
	}
	if _, declared := a.systems[s.system]; !declared {
		return name
	}
	return bothLangs(what)
}

// bothLangs is a text in the languages of what is read first.
func bothLangs(say func(lang string) string) string {
	if es, en := say("es"), say("en"); es != en {
		return es + " / " + en
	}
	return say("es")
}

// folders says what people call the systems whose names folders have.
func (m *making) folders(of map[string]source) (out []string) {
	for n, r := range m.rows {
		s, far := of[r.Source]
		called := bothLangs(func(lang string) string { return m.a.SystemName(s.system, lang) })
		if line := s.system + "/: " + called; far && called != s.system && m.stage[n] == stagePacked && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

// listed is a list for people under a line in each language.
func listed(es, en string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "\n" + es + "\n" + en + "\n    " + strings.Join(list, "\n    ") + "\n"
}

// whyMissing words a code for whoever opens the bundle years later.
func whyMissing(code string) map[string]string {
	for _, w := range []struct {
		code, es, en string
	}{
		{"export.symlink", "es un enlace a otro sitio, no un fichero", "it is a link to somewhere else, not a file"},
		{"export.not_a_file", "no es un fichero", "it is not a file"},
		{aboutOthers, "trata de otras personas (RGPD, art. 20.4); README.txt dice cómo pedir lo tuyo", "it is about other people (GDPR, art. 20(4)); README.txt says how to ask for what is yours"},
		{notRedacted, "trata también de otras personas, y no se pudo separar lo tuyo; README.txt dice cómo pedirlo", "it is about other people too, and what is yours could not be told from it; README.txt says how to ask for it"},
		{"export.not_pushed", "quien lo guarda empezó a enviarlo y no ha terminado", "whoever keeps it began to send it and has not finished"},
		{"export.push_lost", "se perdió aquí y hay que enviarlo otra vez", "it was lost here and has to be sent again"},
		{"export.rehearsal", "es un ensayo: no se pregunta a ningún otro sistema", "this is a rehearsal: no other system is asked"},
		{"connector.no_key", "ese sistema no dice cómo distinguir unas filas de otras", "that system does not say how to tell its rows apart"},
		{"connector.credential", "ese sistema no nos dejó entrar", "that system did not let us in"},
		{"connector.no_right", "ese sistema no nos deja leerlo", "that system does not let us read it"},
	} {
		if w.code == code {
			return texts(w.es, w.en)
		}
	}
	return texts("ese sistema no lo dio a tiempo ("+code+")", "that system did not give it in time ("+code+")")
}

// heldTitles are what the tables of our own record are called.
var heldTitles = map[string]map[string]string{
	"changes.csv":              texts("Qué cambió desde el primer fichero", "What changed since the first file"),
	"customer.csv":             texts("Quién eres para nosotros", "Who you are to us"),
	"contacts.csv":             texts("Personas de contacto", "Contacts"),
	"numbers_elsewhere.csv":    texts("Tus números en otros sistemas", "Your numbers in other systems"),
	"subscriptions.csv":        texts("Contratos", "Contracts"),
	"promised.csv":             texts("Lo que se acordó entregar", "What was agreed to be delivered"),
	"subscriptions_before.csv": texts("Precios anteriores", "Earlier prices"),
	"sums.csv":                 texts("Importes: facturas, abonos y consumos", "Sums: invoices, credits and use"),
	"instalments.csv":          texts("Pagos a plazos", "Payments in parts"),
	"promises_to_pay.csv":      texts("Compromisos de pago", "Promises to pay"),
	"after_the_end.csv":        texts("Lo que pasó después de irte", "What happened after you left"),
	"tried.csv":                texts("Lo que se probó contigo, con qué grupo y cuándo lo viste", "What was tried with you, in which group, and when you saw it"),
	"accesses.csv":             texts("Accesos", "Accesses"),
	"things.csv":               texts("Equipos y otras cosas", "Equipment and other things"),
	"complaints.csv":           texts("Reclamaciones", "Complaints"),
	"commitments.csv":          texts("Compromisos", "Promises made"),
	"readings.csv":             texts("Mediciones de uso", "Readings of use"),
	"ratings.csv":              texts("Riesgo de baja que calculamos", "Risk of leaving that we worked out"),
	"value.csv":                texts("Lo que calculamos que aportas", "What we work out that you bring in"),
	"hours.csv":                texts("Tiempo que trabajamos para ti", "Time that we worked for you"),
	"plays.csv":                texts("Lo que hicimos para que te quedaras", "What we did so that you might stay"),
	"silence.csv":              texts("Silencio que pediste", "Silence that you asked for"),
	"requests.csv":             texts("Peticiones", "Requests"),
	"departures.csv":           texts("Bajas", "Departures"),
	"pages_met.csv":            texts("Páginas que viste al irte", "Pages that you met on your way out"),
	"law.csv":                  texts("Leyes que se aplicaron", "Laws that applied"),
	"time_limits.csv":          texts("Plazos de la ley", "Time limits of the law"),
	"announced.csv":            texts("Cambios anunciados", "Changes announced"),
	"letters_checked.csv":      texts("Cartas revisadas según la ley", "Letters checked against the law"),
	"notices.csv":              texts("Avisos que manda la ley", "Notices that the law asks for"),
	"steps.csv":                texts("Pasos de tus bajas", "Steps of your departures"),
	"withdrawals.csv":          texts("Desistimientos", "Withdrawals"),
	"billing_said.csv":         texts("Lo que decía el sistema de facturación", "What the billing system said"),
	"statements.csv":           texts("Liquidaciones", "Statements"),
	"approvals.csv":            texts("Decisiones que tomaron dos personas", "Decisions by two people"),
	"answers_by_mail.csv":      texts("Respuestas por correo", "Answers by mail"),
	"import_changes.csv":       texts("Cambios traídos de otros sistemas", "Changes brought from other systems"),
	"systems.csv":              texts("Lo que se hizo en otros sistemas", "What was done in other systems"),
	"copies.csv":               texts("Copias de tus datos", "Copies of your data"),
	"pushed.csv":               texts("Lo que enviaron otros programas", "What other programs sent"),
	"letters.csv":              texts("Cartas", "Letters"),
	"forms.csv":                texts("Formularios", "Forms"),
	"notes.csv":                texts("Notas", "Notes"),
	"reasons.csv":              texts("Motivos", "Reasons"),
	"offers.csv":               texts("Ofertas", "Offers"),
	"invitations.csv":          texts("Invitaciones a hablar", "Invitations to talk"),
	"voices.csv":               texts("Lo que contaste", "What you told us"),
	"consents.csv":             texts("Consentimientos", "Consents"),
	"address_kept.csv":         texts("Para qué se puede guardar tu correo", "What your address may be kept for"),
	"returns.csv":              texts("Devoluciones", "Returns"),
	"handover.csv":             texts("Entrega", "Handover"),
	"envelopes.csv":            texts("Sobres de un solo uso", "Envelopes that open once"),
	"files.csv":                texts("Ficheros adjuntos", "Attached files"),
	"log.csv":                  texts("Registro de lo que se hizo", "Log of what was done"),
}
