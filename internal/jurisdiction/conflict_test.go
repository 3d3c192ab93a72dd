package jurisdiction_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/jurisdiction"
	"hastaluego/internal/when"
)

// profiles are customers who between them meet the rules of every act, kind and
// sector.
func profiles(l *jurisdiction.Library) (list []jurisdiction.Facts) {
	var sectors, networks []string
	for _, p := range l.Packs() {
		sectors, networks = append(sectors, p.Covers.Sector...), append(networks, p.Covers.Network...)
	}
	slices.Sort(sectors)
	for _, kind := range []string{"consumer", "nonprofessional", "business"} {
		for _, role := range []string{"controller", "processor"} {
			for _, act := range []string{"terminate", "withdraw"} {
				for _, sector := range append(slices.Compact(sectors), "software") {
					f := jurisdiction.Facts{
						"customer.kind": kind, "data.role": role, "request.act": act, "seller.sector": sector, "contract.concluded_via": "web", "service.data_processing": true,
						"contract.auto_renews": true, "contract.continuing": true, "contract.online_available_today": true, "seller.workers": int64(300), "contract.concluded_on": "2026-10-01",
					}
					for _, x := range jurisdiction.FactList() {
						if _, ok := f[x.Name]; !ok && x.Type == jurisdiction.BoolFact {
							f[x.Name] = false
						} else if !ok && x.Type == jurisdiction.IntFact {
							f[x.Name] = int64(365)
						}
					}
					if len(networks) > 0 {
						f["seller.network"] = networks[0]
					}
					list = append(list, f)
				}
			}
		}
	}
	return list
}

// Every pair of the shipped packs is merged. A clash that nobody has looked at
// fails here, and so does a resolution of a clash that is gone.
func TestEveryClashOfTwoPacksHasAResolutionAndEveryResolutionAClash(t *testing.T) {
	t.Parallel()
	l := shipped(t)
	day := when.Date{Year: 2027, Month: 2, Day: 1}
	clash := map[string]bool{}
	for i, a := range l.Packs() {
		for _, b := range l.Packs()[i+1:] {
			chosen, err := l.Named(a.ID, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			if len(chosen.Packs) < 2 {
				continue // one comes along with the other
			}
			for _, f := range profiles(l) {
				e, err := l.Effective(chosen, f, day)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range e.Settings {
					if s.Outcome == jurisdiction.Conflict || s.Outcome == jurisdiction.Unsatisfiable {
						clash[key(s.Param.Name, s.With, a.ID, b.ID)] = true
					}
				}
			}
		}
	}
	known := map[string]bool{}
	for _, k := range jurisdiction.KnownConflicts() {
		if k.Resolution["es"] == "" || k.Resolution["en"] == "" {
			t.Errorf("%s has no resolution in both languages", k.Param)
		}
		for _, pair := range k.Pairs {
			if l.Pack(pair[0]) == nil || l.Pack(pair[1]) == nil {
				continue
			}
			known[key(k.Param, k.With, pair[0], pair[1])] = true
			if k.With != "" {
				known[key(k.With, k.Param, pair[0], pair[1])] = true
			}
		}
	}
	for c := range clash {
		if !known[c] {
			t.Errorf("nobody has looked at %s", c)
		}
	}
	for c := range known {
		if !clash[c] {
			t.Errorf("there is no such clash: %s", c)
		}
	}
}

func key(param, with, a, b string) string {
	pair := []string{a, b}
	slices.Sort(pair)
	return strings.TrimSpace(fmt.Sprintf("%s %s [%s]", param, with, strings.Join(pair, ", ")))
}
