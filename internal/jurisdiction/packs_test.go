package jurisdiction_test

import (
	"testing"

	"hastaluego/internal/jurisdiction"
)

func TestTheShippedPacksCanBeRead(t *testing.T) {
	t.Parallel()
	if _, err := jurisdiction.Load(jurisdiction.ShippedFiles()); err != nil {
		t.Fatal(err)
	}
}
