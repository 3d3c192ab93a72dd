package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"hastaluego/internal/when"
)

// Twins are the files of examples/, by name: invented tables with the columns of
// well-known ones (telco, ravenstack), and one as a gym's office program writes
// it, in Latin-1, with semicolons and with a mistake on purpose; and one of those
// who left a program that firms use. They are the same each time.
func Twins() (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, rows := range map[string][][]string{
		"telco.csv": telcoTwin(), "ravenstack_accounts.csv": accountsTwin(), "ravenstack_subscriptions.csv": subscriptionsTwin(),
	} {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.WriteAll(rows); err != nil {
			return nil, err
		}
		out[name] = b.Bytes()
	}
	members, err := charmap.Windows1252.NewEncoder().String(membersTwin())
	out["socios.csv"] = []byte(members)
	out["bajas.csv"] = []byte(leaversTwin())
	return out, err
}

// dice are the same each time.
func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func oneOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func telcoTwin() [][]string {
	r := dice(1)
	rows := [][]string{strings.Split("customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,InternetService,OnlineSecurity,"+
		"OnlineBackup,DeviceProtection,TechSupport,StreamingTV,StreamingMovies,Contract,PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn", ",")}
	for i := range 30 {
		id := fmt.Sprintf("%d-", 1000+37*i)
		for range 5 {
			id += string(rune('A' + r.IntN(26)))
		}
		yes := func() string { return oneOf(r, "Yes", "No") }
		tenure, internet, phone := r.IntN(73), oneOf(r, "DSL", "Fiber optic", "No"), yes()
		row := []string{id, oneOf(r, "Female", "Male"), oneOf(r, "0", "0", "0", "1"), yes(), yes(), strconv.Itoa(tenure), phone}
		if phone == "Yes" {
			row = append(row, yes())
		} else {
			row = append(row, "No phone service")
		}
		row = append(row, internet)
		for range 6 {
			if internet == "No" {
				row = append(row, "No internet service")
			} else {
				row = append(row, yes())
			}
		}
		cents := 1850 + r.IntN(10_000)
		total := " " // as in the real table where nothing was charged yet
		if tenure > 0 {
			total = fmt.Sprintf("%.2f", float64(cents*tenure)/100)
		}
		rows = append(rows, append(row, oneOf(r, "Month-to-month", "One year", "Two year"), yes(),
			oneOf(r, "Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"),
			fmt.Sprintf("%d.%02d", cents/100, cents%100), total, oneOf(r, "Yes", "No", "No", "No")))
	}
	return rows
}

var plans = map[string]int{"Basic": 19, "Pro": 49, "Enterprise": 199}

func accountsTwin() [][]string {
	r := dice(2)
	rows := [][]string{strings.Split("account_id,account_name,industry,country,signup_date,referral_source,plan_tier,seats,is_trial,churn_flag", ",")}
	trees, places := []string{"Alder", "Birch", "Cedar", "Elm", "Holm", "Larch"}, []string{"Harbour", "Meadow"}
	for i := range 12 {
		start := when.Date{Year: 2023, Month: 1, Day: 2}.AddDays(r.IntN(600))
		rows = append(rows, []string{
			fmt.Sprintf("A-%06d", i+1), trees[i%6] + " " + places[i/6], oneOf(r, "EdTech", "FinTech", "DevTools", "Cybersecurity", "HealthTech"),
			oneOf(r, "US", "UK", "ES", "MX", "DE", "IN"), start.String(), oneOf(r, "organic", "ads", "event", "partner", "other"),
			oneOf(r, "Basic", "Pro", "Enterprise"), strconv.Itoa(1 + r.IntN(60)), "False", oneOf(r, "True", "False", "False"),
		})
	}
	return rows
}

func subscriptionsTwin() [][]string {
	r := dice(3)
	rows := [][]string{strings.Split("subscription_id,account_id,start_date,end_date,plan_tier,seats,mrr_amount,arr_amount,is_trial,upgrade_flag,downgrade_flag,"+
		"churn_flag,billing_frequency,auto_renew_flag", ",")}
	for i := range 30 {
		start, end, over := when.Date{Year: 2023, Month: 6, Day: 1}.AddDays(r.IntN(500)), "", "False"
		if r.IntN(4) == 0 {
			end, over = start.AddDays(30+r.IntN(60)).String(), "True"
		}
		account := fmt.Sprintf("A-%06d", 1+r.IntN(12))
		if i == 3 {
			account = "A-999999" // somebody who is not among the accounts
		}
		plan, seats := oneOf(r, "Basic", "Pro", "Enterprise"), 1+r.IntN(60)
		mrr := plans[plan] * seats
		rows = append(rows, []string{
			fmt.Sprintf("S-%06d", i+1), account, start.String(), end, plan, strconv.Itoa(seats), strconv.Itoa(mrr), strconv.Itoa(12 * mrr), "False",
			oneOf(r, "True", "False"), "False", over, oneOf(r, "monthly", "annual"), "True",
		})
	}
	return rows
}

// membersTwin is a list of a gym's members.
func membersTwin() string {
	r := dice(4)
	names := []string{"Aitana", "Borja", "Candela", "Dámaso", "Elvira", "Fermín", "Gala", "Hernán", "Íñigo", "Jimena", "Koldo", "Leire"}
	surnames := []string{"Ibáñez", "Núñez", "Peñalver", "Quiroga", "Redondo", "Sáez"}
	plain := strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "Í", "i")
	var b strings.Builder
	b.WriteString("Nº socio;Nombre;Apellidos;Correo;Correo facturas;Tarifa;Cuota;Periodo;Alta;Permanencia;Tarjeta;Cliente Stripe\r\n")
	for i := range 24 {
		name, surname := names[i%12], surnames[(i*5+i/12)%6]
		start := when.Date{Year: 2024, Month: 1, Day: 8}.AddDays(r.IntN(800))
		mail := strings.ToLower(plain.Replace(name + "." + surname))
		mail = fmt.Sprintf("%s%d@correo.example", mail, i+1)
		if i == 6 {
			mail = "sin correo" // the mistake
		}
		bills := ""
		if i%5 == 0 {
			bills = fmt.Sprintf("facturas%d@familia.example", i+1)
		}
		tariff, period, cents, lockIn := oneOf(r, "Mañanas", "Completa", "Familiar"), "mensual", 2990+500*r.IntN(6), ""
		if r.IntN(3) == 0 {
			period, cents, lockIn = "anual", cents*10, spanish(start.AddMonths(12).AddDays(-1))
		}
		sum := fmt.Sprintf("%d,%02d €", cents/100, cents%100)
		if cents >= 100_000 {
			sum = fmt.Sprintf("%d.%03d,%02d €", cents/100_000, cents/100%1000, cents%100)
		}
		fmt.Fprintf(&b, "%04d;%s;%s;%s;%s;%s;%s;%s;%s;%s;T-%05d;cus_%06d\r\n",
			i+1, name, surname, mail, bills, tariff, sum, period, spanish(start), lockIn, 40_000+i*7, 700_000+i*13)
	}
	return b.String() + ";;;;;;;;;;;\r\n" // as office programs end their files
}

func spanish(d when.Date) string { return fmt.Sprintf("%02d/%02d/%04d", d.Day, int(d.Month), d.Year) }

// leaversTwin is a year of customers who left.
func leaversTwin() string {
	r := dice(5)
	firms := []string{"Talleres", "Librería", "Clínica", "Asesoría", "Ferretería", "Estudio"}
	towns := []string{"Almena", "Baralla", "Caleta", "Dunas"}
	var b strings.Builder
	b.WriteString("Nº;Empresa;Correo;Alta;Baja;Motivo;Se fue a;Cuota\n")
	for i := range 24 {
		left := when.Date{Year: 2025, Month: 11, Day: 3}.AddMonths(i / 2).AddDays(r.IntN(24))
		why := oneOf(r, "Muy caro", "Muy caro", "Se fue a otro", "Ya no lo necesita", "Mal servicio", "")
		to := ""
		if why == "Se fue a otro" {
			to = oneOf(r, "Kontor", "Papelera 3000")
		}
		if i == 13 {
			why = "Cosas suyas" // the mistake: nobody knows what that is
		}
		fmt.Fprintf(&b, "B-%03d;%s %s;baja%d@firma.example;%s;%s;%s;%s;%d,00\n", i+1, firms[i%6], towns[i%4], i+1,
			spanish(left.AddMonths(-6-r.IntN(30))), spanish(left), why, to, 19+10*r.IntN(6))
	}
	return b.String()
}
