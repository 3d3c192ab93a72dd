package flow_test

import (
	"slices"
	"strings"
	"testing"

	"hastaluego/internal/flow"
	"hastaluego/internal/jurisdiction"
)

// Ordinary numbers of each country with a pack cost what a call costs, as they
// are dialled at home and from abroad; those that cost more are found in their
// own country alone, and with its code everywhere.
func TestWhatACallCostsIsReadAsItIsDialledThere(t *testing.T) {
	t.Parallel()
	for country, n := range map[string]struct{ ordinary, premium, free []string }{
		"ES": {[]string{"612 345 678", "711 22 33 44", "91 806 12 34", "958 90 12 34", "+34 612 345 678", "+34 91 901 23 45", "0034 971 90 21 23"}, []string{"806 123 456", "902 12 34 56", "901 123 456", "+34 803 12 34 56", "0034 902123456"}, []string{"900 123 456", "+34 800 123 456"}},
		"DE": {[]string{"030 9001 8000", "089 1371800", "0151 18012345", "0180-no", "+49 30 900180", "+49 160 9012345"}, []string{"0900 5 123456", "0180 5 123456", "01371 234567", "+49 900 5123456", "+49 (0)180 5123456"}, []string{"0800 1234567", "+49 800 1234567"}},
		"FR": {[]string{"01 82 90 12 34", "06 12 34 56 78", "07 89 12 34 56", "09 82 12 34 56", "+33 6 89 12 34 56", "+33 1 81 92 12 34"}, []string{"08 92 12 34 56", "0892.12.34.56", "08 10 12 34 56", "+33 8 99 12 34 56", "+33 (0)8 21 12 34 56"}, []string{"08 00 12 34 56", "+33 805 123 456"}},
		"AR": {[]string{"011 4600-1234", "011 15 6012-3456", "0351 460-1234", "+54 9 11 6012 3456", "+54 351 460 1234", "11 6000-1234"}, []string{"0600 333 1234", "0609 555 1234", "+54 600 333 1234"}, []string{"0800 333 1234"}},
		"MX": {[]string{"55 9001 2345", "81 8090 1234", "33 900 12345", "+52 55 9001 2345", "222 900 1234"}, []string{"900 849 4949", "01 900 849 4949", "+52 900 849 4949"}, []string{"800 123 4567"}},
		"CO": {[]string{"300 900 1234", "310 123 4567", "601 900 1234", "+57 300 900 1234", "+57 604 123 4567", "900.123.456-7"}, []string{"01 900 331 1234", "+57 900 331 1234"}, []string{"01 8000 912345"}},
		"UY": {[]string{"099 123 456", "091 900 123", "2900 1234", "4733 0900", "+598 99 123 456", "+598 2 900 1234"}, []string{"0900 1234", "0905 2020", "+598 900 1234"}, []string{"0800 1234"}},
		"PE": {[]string{"902 123 456", "901 808 123", "987 654 321", "01 808 1234", "084 80 8123", "+51 902 123 456", "+51 1 808 1234"}, []string{"0808 12345", "+51 808 12345"}, []string{"0800 12345"}},
		"US": {[]string{"(212) 900-1234", "415 976 1234", "1 650 900 1234", "+1 415 900 1234", "900-123-4567"}, []string{"900-555-1234", "1-900-555-1234", "+1 900 555 1234"}, []string{"(800) 555-1234", "1 888 555 1234"}},
		"GB": {[]string{"020 7900 1234", "07900 123456", "+44 7870 123456", "0161 870 1234"}, []string{"0871 234 5678", "09012 345678", "+44 843 123 4567"}, []string{"0800 123 4567"}},
	} {
		for want, list := range map[string][]string{"standard": n.ordinary, "any": n.premium, "free": n.free} {
			for _, phone := range list {
				if got := flow.Rate(phone, []string{country}); got != want {
					t.Errorf("%s in %s: %s, want %s", phone, country, got, want)
				}
				if with := strings.HasPrefix(phone, "+") || strings.HasPrefix(phone, "00"); with {
					if got := flow.Rate(phone, nil); got != want {
						t.Errorf("%s anywhere: %s, want %s", phone, got, want)
					}
				} else if got := flow.Rate(phone, nil); want == "any" && got != "" {
					t.Errorf("%s, of no country: %s", phone, got)
				}
			}
		}
	}
	if got := flow.Rate("+999 123 456", []string{"ES"}); got != "" {
		t.Errorf("a number of nowhere: %s", got)
	}
}

// What a text says that looks like a number is one only if somebody could call
// it.
func TestDatesAndReferencesAreNoTelephoneNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"Termina el 27/11/2026.":                          nil,
		"Del 28.12.2026 al 12.01.2027":                    nil,
		"Between 2026-11-27 and 2026-12-27, at no cost":   nil,
		"Expediente A-902123456":                          nil,
		"Llama al 902 123 456 hasta el 27/11/2026":        {"902 123 456"},
		"Appelez le 08.92.12.34.56":                       {"08.92.12.34.56"},
		"Call +1 (900) 555-1234 before 11/27/2026 please": {"+1 (900) 555-1234"},
	} {
		if got := flow.PhonesIn(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A number without a code is read as one of the country whose law holds, and of
// the company's.
func TestANumberIsReadInTheCountryOfTheLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, seller, phone string
		want                jurisdiction.Result
	}{
		{"pe", "PE", "902 123 456", jurisdiction.Pass},
		{"es", "ES", "902 123 456", jurisdiction.Fail},
		{"pe", "ES", "902 123 456", jurisdiction.Fail},
		{"safe-everywhere", "ES", "902 123 456", jurisdiction.Fail},
		{"safe-everywhere", "PE", "902 123 456", jurisdiction.Pass},
		{"de", "DE", "0900 1234", jurisdiction.Pass}, // of Uruguay
		{"uy", "UY", "0900 1234", jurisdiction.Fail},
		{"mx", "MX", "+34 902 123 456", jurisdiction.Fail},
	} {
		f := load(t, "plain.yaml", replace(plain, "    kind: receipt\n", "    kind: receipt\n    phones: [\""+c.phone+"\"]\n"))
		list, err := f.Laws(jurisdiction.Shipped(), []string{c.pack}, jurisdiction.Facts{"seller.country": c.seller}, today)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range flow.Check(f, list, nil).Outcomes {
			if o.Rule == "DP31" && o.Result != c.want {
				t.Errorf("%s of a company in %s under %s: %s, want %s", c.phone, c.seller, c.pack, o.Result, c.want)
			}
		}
	}
}
