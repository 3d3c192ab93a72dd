package segment

import (
	"sync"

	"hastaluego/internal/customer"
	"hastaluego/internal/rule"
)

// Facts are everything that a rule may see of a customer, as it is written down. What
// nobody knows is nil, or as it is said below.
type Facts struct {
	Kind            customer.Kind
	Consumer        bool
	Label           string // that the company gave them, if it did
	Country, Region string // in reports alone
	Months          int    // since the oldest contract that runs began; -1: none runs
	Contracts       int    // that run
	Products        []string
	Plans           []string
	Intervals       []string
	Spend           *int64 // what they pay a month, without tax, in minor units; nil: nothing that recurs, or several currencies
	Currency        string // of Spend and of everything that is a sum; empty: not known
	Band            string // what they are worth: low, middle, high; empty: unknown
	Expected        *int64 // what they are expected to bring from now on
	Left            *int64 // what they leave in a month, after everything that serving them costs
	Incidents       *int64 // over twelve months; nil: nobody counts them
	Minutes         *int64 // that people worked for them over twelve months; nil: nobody records them
	Overdue         *int64 // what they owe and is late; nil: no sums are on record
	Complaints      int    // that wait for their fix
}

// FactSpec is one fact that rules may see.
type FactSpec struct {
	Name  string
	Type  rule.Type
	May   bool // be unknown
	Place bool // it says where somebody lives: for reports alone
	About map[string]string
}

// Specs are the declared facts. Nothing here says who somebody is: what is protected,
// and what stands for it, is in no list that a rule could read.
var Specs = []FactSpec{
	{"customer.kind", rule.TextType, false, false, said("person u organisation.", "person or organisation.")},
	{"customer.consumer", rule.BoolType, false, false, said("Protegido como consumidor.", "Protected as a consumer.")},
	{"customer.label", rule.TextType, true, false, said("El segmento que traía la importación.", "The segment that came with the import.")},
	{"customer.country", rule.TextType, true, true, said("País; solo para informes.", "Country; for reports alone.")},
	{"customer.region", rule.TextType, true, true, said("Región; solo para informes.", "Region; for reports alone.")},
	{"tenure.months", rule.IntType, true, false, said("Meses enteros desde que empezó su contrato más antiguo que sigue.", "Whole months since their oldest contract that runs began.")},
	{"contracts.count", rule.IntType, false, false, said("Contratos que siguen.", "Contracts that run.")},
	{"contracts.products", rule.TextsType, false, false, said("Sus productos.", "Their products.")},
	{"contracts.plans", rule.TextsType, false, false, said("Sus tarifas.", "Their plans.")},
	{"contracts.intervals", rule.TextsType, false, false, said("Cada cuánto se cobran: week, month, quarter, half, year.", "How often they are charged: week, month, quarter, half, year.")},
	{"spend.month", rule.IntType, true, false, said("Lo que pagan al mes sin impuestos, en la unidad más pequeña.", "What they pay a month without tax, in the smallest unit.")},
	{"spend.currency", rule.TextType, true, false, said("Su moneda, como EUR.", "Its currency, such as EUR.")},
	{"value.band", rule.TextType, true, false, said("Lo que valen: low, middle, high, según los límites que fija la empresa.", "What they are worth: low, middle, high, by the borders that the company sets.")},
	{"value.expected", rule.IntType, true, false, said("Lo que se espera que dejen desde ahora, en la unidad más pequeña.", "What they are expected to bring from now on, in the smallest unit.")},
	{"value.month", rule.IntType, true, false, said("Lo que dejan al mes después de todo lo que cuesta atenderlos.", "What they leave in a month after everything that serving them costs.")},
	{"incidents.year", rule.IntType, true, false, said("Incidencias de los últimos doce meses.", "Incidents of the last twelve months.")},
	{"worked.minutes", rule.IntType, true, false, said("Minutos que se trabajaron para ellos en los últimos doce meses.", "Minutes that were worked for them in the last twelve months.")},
	{"late.overdue", rule.IntType, true, false, said("Lo que deben y ya venció, en la unidad más pequeña.", "What they owe and is late, in the smallest unit.")},
	{"complaints.open", rule.IntType, false, false, said("Reclamaciones que esperan su solución.", "Complaints that wait for their fix.")},
}

func said(es, en string) map[string]string { return map[string]string{"es": es, "en": en} }

// FactNames are the names of the facts, in their order.
func FactNames() []string {
	out := make([]string, len(Specs))
	for i, f := range Specs {
		out[i] = f.Name
	}
	return out
}

func specOf(name string) (FactSpec, bool) {
	for _, s := range Specs {
		if s.Name == name {
			return s, true
		}
	}
	return FactSpec{}, false
}

// factTypes are the types of the facts by name.
var factTypes = sync.OnceValue(func() map[string]rule.Type {
	types := map[string]rule.Type{}
	for _, f := range Specs {
		types[f.Name] = f.Type
	}
	return types
})

// values are the facts by name; what is not known is not there.
func (f Facts) values() map[string]any {
	v := map[string]any{
		"customer.kind": string(f.Kind), "customer.consumer": f.Consumer, "contracts.count": int64(f.Contracts), "complaints.open": int64(f.Complaints),
		"contracts.products": list(f.Products), "contracts.plans": list(f.Plans), "contracts.intervals": list(f.Intervals),
	}
	for name, s := range map[string]string{
		"customer.label": f.Label, "customer.country": f.Country, "customer.region": f.Region, "value.band": f.Band, "spend.currency": f.Currency,
	} {
		if s != "" {
			v[name] = s
		}
	}
	if f.Months >= 0 {
		v["tenure.months"] = int64(f.Months)
	}
	for name, n := range map[string]*int64{
		"spend.month": f.Spend, "value.expected": f.Expected, "value.month": f.Left, "incidents.year": f.Incidents, "worked.minutes": f.Minutes,
		"late.overdue": f.Overdue,
	} {
		if n != nil {
			v[name] = *n
		}
	}
	return v
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
