package step_test

import (
	"slices"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/customer"
	"hastaluego/internal/offboarding"
	"hastaluego/internal/step"
)

// What the customer holds and what our own people hold at the client's systems
// are closed by different steps: whatever closes the one leaves the other.
func TestOurOwnAccessesAreClosedByTheirOwnStepsOnly(t *testing.T) {
	t.Parallel()
	grant := func(id, system string, ours bool) customer.Grant {
		return customer.Grant{ID: customer.GrantID(id), System: system, Account: id, Kind: "login", Status: customer.Granted, Ours: ours}
	}
	gone := grant("ours_gone", "drive", true)
	gone.Status = customer.Revoked
	grants := []customer.Grant{
		grant("theirs_drive", "drive", false), grant("ours_drive", "drive", true), gone,
		grant("theirs_office", "office", false), grant("ours_office", "office", true),
	}
	// Only the office can list and close; the drive is known by name alone.
	office := struct {
		connector.Access
		connector.Lister
	}{}
	kinds := step.All(step.Named(connector.System{Name: "office", Access: office, Lister: office}, connector.System{Name: "drive"}))
	closes := func(kind string, params map[string]string) (ids []string) {
		s := step.Subject{Grants: grants}
		s.Step.Params = params
		k := kinds[kind]
		for _, j := range k.Jobs(s) {
			ids = append(ids, j.Item)
		}
		items := func(list []offboarding.Item) {
			for _, i := range list {
				ids = append(ids, i.Key)
			}
		}
		if k, ok := k.(step.Lister); ok {
			items(k.Items(s))
		}
		if k, ok := k.(step.AssetLister); ok {
			items(k.AssetItems(s, nil))
		}
		return ids
	}
	for _, c := range []struct {
		kind   string
		params map[string]string
		want   []string
	}{
		{"revoke_access", map[string]string{"system": "drive"}, []string{"theirs_drive"}},
		{"revoke_access", map[string]string{"system": "drive", "whose": "customer"}, []string{"theirs_drive"}},
		{"revoke_access", map[string]string{"system": "drive", "whose": "ours"}, []string{"ours_drive"}},
		{"revoke_access", nil, []string{"theirs_office"}},
		{"revoke_access", map[string]string{"whose": "ours"}, []string{"ours_office"}},
		{"find_access", map[string]string{"system": "drive"}, []string{"drive"}},
		{"find_access", nil, []string{"office"}},
		{"close_access", map[string]string{"except": "drive"}, []string{"theirs_office"}},
		{"own_access", map[string]string{"except": "drive"}, []string{"ours_office"}},
		{"own_access", nil, []string{"ours_drive", "ours_office"}},
	} {
		got := closes(c.kind, c.params)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %v closes %v, want %v", c.kind, c.params, got, c.want)
		}
	}
}
