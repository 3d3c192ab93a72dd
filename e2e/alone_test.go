package e2e_test

import (
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	"hastaluego/internal/app"
	"hastaluego/internal/store"
	"hastaluego/internal/when"
)

// claras is the configuration of a freelancer without a server of her own.
const claras = `
dir: %s
listen: 127.0.0.1:0
portal: none
one_person_hours: 72
playbook: %s
company: {name: Clara Web, email: hola@clara.example, signer: Clara, locale: es, country: ES}
`

// clarasPlan is how a client of hers leaves.
const clarasPlan = `
playbook: clara
title: {es: "Fin de un encargo", en: "End of an engagement"}
retrieval: {d: 30}
steps:
  - {id: confirm, kind: confirm, title: {es: "Confirmar", en: "Confirm"}, milestone: confirmed}
  - {id: export, kind: export_data, title: {es: "Preparar sus datos", en: "Make their data ready"}, after: [confirm], milestone: data_ready}
  - id: handover
    kind: handover
    title: {es: "Entregar lo suyo", en: "Hand over what is theirs"}
    after: [confirm]
    role: agent
    due: {d: 5bd, from: ready}
    escalate: {d: 2, to: admin}
    undo: {class: reissuable, title: {es: "Recibirlo otra vez", en: "Take it back"}}
  - {id: effective, kind: wait, title: {es: "Esperar a la fecha de fin", en: "Wait for the end date"}, after: [confirm], params: {until: effective}, milestone: effective}
  - {id: ended, kind: verify_billing, title: {es: "Comprobar que el encargo terminó", en: "Read back that the engagement has ended"}, after: [effective], params: {system: billing}, milestone: billing_ended}
  - id: close
    kind: task
    title: {es: "Cerrar cuentas y carpetas", en: "Close accounts and folders"}
    after: [handover, ended]
    role: agent
    due: {d: 2bd, from: ready}
    escalate: {d: 2, to: admin}
    items: [{id: folder, title: {es: "La carpeta del cliente está vacía", en: "The client's folder is empty"}}]
  - id: agree
    kind: approve
    title: {es: "Aprobar el cierre", en: "Approve the closing"}
    after: [close]
    role: agent
    due: {d: 5bd, from: ready}
    escalate: {d: 2, to: admin}
  - {id: farewell, kind: farewell, title: {es: "Despedirse", en: "Say goodbye"}, after: [agree, export], milestone: farewell}
`

const clarasMap = `
as_of: 2026-11-01
columns: {n: n}
fields:
  customer.reference: {expr: '"C-" + n'}
  customer.name: {expr: '"Cliente " + n'}
  customer.segment: {value: agency}
  contact.name: {expr: '"Ana " + n'}
  contact.email: {expr: '"ana" + n + "@cliente.example"'}
  engagement.reference: {expr: '"E-" + n'}
  engagement.kind: {value: retainer}
  engagement.title: {value: Web}
  engagement.amount: {value: "150.00"}
  engagement.currency: {value: EUR}
  engagement.interval: {value: month}
  engagement.start: {value: "2025-02-01"}
  asset.reference: {expr: '"W-" + n'}
  asset.kind: {value: site}
  asset.name: {expr: '"web" + n + ".example"'}
`

// alone is a house that one person runs from her own machine.
type alone struct {
	*stage
	*browser
	config, base string
	store        *store.Store
}

func (h *alone) run(stdin string, args ...string) string {
	h.stage.t.Helper()
	cmd := exec.Command(binary, append(args, "--config", h.config)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.stage.t.Fatalf("hasta %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// moveTo moves business time to an instant.
func (h *alone) moveTo(at time.Time) {
	h.stage.t.Helper()
	ahead := fmt.Sprint(at.Sub(when.Machine{}.Wall()).Microseconds())
	h.must(h.store.Tx(h.stage.t.Context(), func(tx app.Tx) error { return tx.PutSetting(h.stage.t.Context(), app.OffsetSetting, ahead) }))
}

// written waits for a letter in the folder, and returns its text.
func (h *alone) written(to, subject string) string {
	h.stage.t.Helper()
	for range 400 {
		files, err := filepath.Glob(filepath.Join(h.dir, "mail", "*.eml"))
		h.must(err)
		for _, f := range files {
			raw, err := os.Open(f)
			h.must(err)
			m, err := mail.ReadMessage(raw)
			h.must(err)
			text := ""
			if strings.Contains(m.Header.Get("To"), to) {
				text = h.body(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
			}
			_ = raw.Close()
			if strings.Contains(text, subject) {
				return text
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.stage.t.Fatalf("no letter to %s with %q", to, subject)
	return ""
}

var (
	letterKey  = regexp.MustCompile(`[0-9a-z]{4}(-[0-9a-z]{4}){3}`)
	letterCode = regexp.MustCompile(`HL-[0-9A-Z]{4}-[0-9A-Z]{4}`)
)

// answers reads in what a client answered to a letter, as she would paste it.
func (h *alone) answers(letter, words string) {
	h.stage.t.Helper()
	h.readIn(letterCode.FindString(letter) + "\n" + words + "\n\n> " + letterKey.FindString(letter))
}

func (h *alone) readIn(words string) {
	h.stage.t.Helper()
	h.open(h.base + "/console/received?lang=es")
	h.fill("#text", words)
	h.press("read-in", testid("checks"))
	h.press("mean", testid("over"))
}

// One person with twelve clients, no server and nobody beside her: two leave in
// a month, by mail, and the client approves in place of a second person.
func TestOnePersonWithoutAPortal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := &alone{stage: &stage{t: t, dir: filepath.Join(dir, "data")}, config: filepath.Join(dir, "clara.yaml")}
	h.must(os.WriteFile(filepath.Join(dir, "plan.yaml"), []byte(clarasPlan), 0o600))
	h.must(os.WriteFile(filepath.Join(dir, "map.yaml"), []byte(clarasMap), 0o600))
	h.must(os.WriteFile(filepath.Join(dir, "clients.csv"), []byte("n\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"), 0o600))
	h.must(os.WriteFile(h.config, fmt.Appendf(nil, claras, h.dir, filepath.Join(dir, "plan.yaml")), 0o600))
	h.run("una contraseña bien larga\n", "user", "add", "clara", "--name", "Clara", "--roles", "agent,finance,privacy,success,admin")
	h.run("", "import", "customers", filepath.Join(dir, "clients.csv"), "--map", filepath.Join(dir, "map.yaml"))
	s, err := store.Open(t.Context(), store.Config{URL: filepath.Join(h.dir, "hasta.db")})
	h.must(err)
	t.Cleanup(func() { _ = s.Close() })
	h.store = s
	now := when.Machine{}.Wall()
	second := time.Date(now.Year(), now.Month()+1, 2, 10, 0, 0, 0, time.UTC)
	h.moveTo(second)
	_, line := h.start("listening ", binary, "serve", "--config", h.config)
	h.base = strings.TrimPrefix(line, "listening ")

	h.browser = openBrowser(t)
	h.open(h.base + "/console?lang=es")
	h.do(chromedp.SendKeys(chromedp.CSS("#login"), "clara"), chromedp.SendKeys(chromedp.CSS("#password"), "una contraseña bien larga"))
	h.press("signin", testid("read-mail"))
	h.open(h.base + "/console/settings?lang=es")
	if got := h.text(testid("one-person-card")) + h.text(testid("portal-card")); !strings.Contains(got, "72 horas") || !strings.Contains(got, "Sin página") {
		t.Fatalf("the settings say %s", got)
	}
	h.shot("alone-settings")

	for n := 1; n <= 2; n++ {
		day := second.AddDate(0, 0, 2*n)
		h.moveTo(day)
		h.leaves(fmt.Sprintf("ana%d@cliente.example", n), day)
	}
	h.moveTo(second.AddDate(0, 0, 7))
	h.open(h.base + "/console/learn?lang=es")
	if got := h.text(testid("churn")); !strings.Contains(got, "16,67") {
		t.Errorf("churn says %s", got)
	}
	h.shot("alone-learn")
	book := filepath.Join(dir, "bajas.xlsx")
	h.run("", "metrics", "workbook", book)
	f, err := excelize.OpenFile(book)
	h.must(err)
	rows, err := f.GetRows(f.GetSheetName(0))
	h.must(err)
	leavers := 0
	for _, r := range rows {
		if strings.Contains(strings.Join(r, " "), "HL-") {
			leavers++
		}
	}
	if leavers != 2 {
		t.Errorf("the workbook has %d leavers: %v", leavers, rows)
	}
}

// leaves is the whole departure of a client, by mail.
func (h *alone) leaves(mail string, day time.Time) {
	h.stage.t.Helper()
	h.readIn("hasta-request=1\nname=Ana\naccount=" + mail + "\nwhen=now")
	h.answers(h.written(mail, "Sí, confirmo"), "Sí, confirmo")
	h.shot("alone-read-in")
	h.press("to-case", testid("plan"))
	page := h.at()
	if text := h.written(mail, "«Deshacer la baja»"); strings.Contains(text, "127.0.0.1") || !strings.Contains(text, "Aquí trabaja una sola persona") {
		h.stage.t.Errorf("the receipt has a link, or does not say that one person works:\n%s", text)
	}
	h.written(mail, "SHA-256") // their data come with a letter
	h.open(page)
	h.do(chromedp.Click(chromedp.CSS(testid("give"))))
	h.do(chromedp.SendKeys(chromedp.CSS(testid("handed")+` textarea[name="how"]`), "El dominio está a su nombre"))
	h.press("given", testid("plan"))
	h.answers(h.written(mail, "Lo he recibido todo"), "Lo he recibido todo")
	h.moveTo(day.AddDate(0, 0, 1))
	h.until(page, func() bool { return h.count(testid("tick")) > 0 })
	h.workAll(h.browser)
	h.do(chromedp.SendKeys(chromedp.CSS(`#agree textarea[name="note"]`), "Cerrar el encargo: todo entregado"))
	h.shot("alone-ask")
	h.press("ask", testid("waiting"))
	h.answers(h.written(mail, "Sí, me parece bien"), "Sí, me parece bien")
	h.written(mail, "lo aprobaste tú por correo") // the farewell says so
	h.open(h.base + "/console/outbox?lang=es&paper=farewell&state=written")
	h.turn(testid("outbox")+" a", testid("mark-sent"))
	h.shot("alone-written")
	h.press("mark-sent", testid("letter"))
	h.until(page, func() bool { return strings.Contains(h.text("main"), "Terminada") })
}
