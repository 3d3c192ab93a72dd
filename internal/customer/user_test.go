package customer_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hastaluego/internal/customer"
)

func TestUsersAreWhoeverCanBeWrittenToAndDoesNotSpeakForTheCustomer(t *testing.T) {
	t.Parallel()
	contacts := []customer.Contact{
		{Name: "Marta", Email: "marta@almena.example", Role: customer.Owner},
		{Name: "Iker", Email: "iker@almena.example", Role: customer.User, Language: "de"},
		{Name: "Sin correo", Role: customer.User},
	}
	grants := []customer.Grant{
		{Account: "Iker@Almena.example", Kind: "login", Status: customer.Granted},
		{Account: "marta@almena.example", Kind: "login", Status: customer.Granted},
		{Account: "ane@almena.example", Kind: "sso_link", Status: customer.ReadOnly},
		{Account: "robot@almena.example", Kind: "api_key", Status: customer.Granted},
		{Account: "antes@almena.example", Kind: "login", Status: customer.Revoked},
		{Account: "quien@almena.example", Kind: "login", Status: customer.Orphan},
		{Account: "nerea@faro.example", Kind: "login", Status: customer.Granted, Ours: true},
		{Account: "almena-12", Kind: "login", Status: customer.Granted},
	}
	var got []string
	for _, u := range customer.Users(contacts, grants) {
		got = append(got, u.Email+" "+u.Language)
	}
	if want := []string{"ane@almena.example ", "iker@almena.example de"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever is known of a customer, nobody who speaks for them is among their users,
// nobody is there twice, and the order is the same however it came.
func TestUsersAreThereOnce(t *testing.T) {
	t.Parallel()
	address := rapid.SampledFrom([]string{"a@x.example", "A@x.example", "b@x.example", "c@x.example", "ana", ""})
	rapid.Check(t, func(t *rapid.T) {
		contacts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) customer.Contact {
			return customer.Contact{Email: address.Draw(t, "email"), Role: rapid.SampledFrom(customer.Roles).Draw(t, "role")}
		}), 0, 5).Draw(t, "contacts")
		grants := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) customer.Grant {
			return customer.Grant{
				Account: address.Draw(t, "account"), Kind: rapid.SampledFrom(customer.GrantKinds).Draw(t, "kind"), Ours: rapid.Bool().Draw(t, "ours"),
				Status: rapid.SampledFrom([]customer.GrantStatus{customer.Granted, customer.ReadOnly, customer.Orphan, customer.Foreign, customer.Revoked}).Draw(t, "status"),
			}
		}), 0, 5).Draw(t, "grants")
		seen := map[string]bool{}
		last := ""
		for _, u := range customer.Users(contacts, grants) {
			at := customer.FoldEmail(u.Email)
			if at == "" || seen[at] || at < last {
				t.Fatalf("%q after %q", at, last)
			}
			seen[at], last = true, at
			for _, c := range contacts {
				if c.Role.Speaks() && customer.FoldEmail(c.Email) == at {
					t.Fatalf("%s speaks for the customer", at)
				}
			}
		}
	})
}
