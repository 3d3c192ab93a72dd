package foldersystem_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hastaluego/internal/connector"
	"hastaluego/internal/fault"
	"hastaluego/internal/testkit/conformance"
)

const dataMap = `systems:
  share:
    kind: folder
    root: ROOT
    erase:
      files:
        title: {es: Entregas, en: Deliverables}
        fields: [files]
        category: content
        role: processor
        basis: contract
        after: erase
        path: "customers/{owner}"
      contracts:
        title: {es: Contratos firmados, en: Signed contracts}
        fields: [files]
        category: content
        role: controller
        basis: legal_claims
        after: keep
        years: 5
        law: {es: "Código Civil, art. 1964", en: "Civil Code, art. 1964"}
        path: "contracts/{owner}"
`

func TestItConformsToTheSuiteOfThoseWhoErase(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	below := map[string]string{"files": "customers", "contracts": "contracts"}
	conformance.RunErase(t, conformance.Keeper{
		Connect: func(t *testing.T) connector.System { return load(t, strings.Replace(dataMap, "ROOT", root, 1)) },
		Erased:  "files", Kept: "contracts",
		Put: func(t *testing.T, holding, owner string, n int) {
			for i := range n {
				write(t, filepath.Join(root, below[holding], owner, "deep", strconv.Itoa(i)), "something")
			}
		},
	})
}

// A link in the folder goes, and what it leads to stays; through one nothing is
// reached.
func TestErasingAFolderFollowsNoLink(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), filepath.Join(t.TempDir(), "hers")
	write(t, outside, "another customer's")
	write(t, filepath.Join(root, "customers", "ana", "a"), "hers")
	if err := os.Symlink(outside, filepath.Join(root, "customers", "ana", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(root, "customers", "eve")); err != nil {
		t.Fatal(err)
	}
	x := load(t, strings.Replace(dataMap, "ROOT", root, 1)).Eraser
	if n, err := x.CountHeld(t.Context(), "files", "ana"); err != nil || n.Used != 2 {
		t.Fatalf("%+v, %v", n, err)
	}
	if _, err := x.EraseHeld(t.Context(), connector.EraseInput{Holding: "files", Owner: "ana"}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.EraseHeld(t.Context(), connector.EraseInput{Holding: "files", Owner: "eve"}); fault.CodeOf(err) != "connector.linked" {
		t.Errorf("through a link: %v", err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("what the link leads to: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "customers", "ana")); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	// A folder without files still says whose it is.
	if err := os.MkdirAll(filepath.Join(root, "customers", "bea"), 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := x.CountHeld(t.Context(), "files", "bea"); err != nil || n.Used != 1 {
		t.Errorf("an empty folder: %+v, %v", n, err)
	}
}
