package main

import "testing"

// Pieces of bundles never lie wherever the program was started.
func TestPiecesLieInAFolderOfTheHouse(t *testing.T) {
	t.Parallel()
	keys := config{}
	keys.Keys.Dir = "/srv/hasta/keys"
	for want, cfg := range map[string]config{
		"/srv/hasta/blobs": {Dir: "/srv/hasta"},
		"/mnt/blobs":       {Dir: "/srv/hasta", Blobs: "/mnt/blobs"},
	} {
		if got := cfg.blobs(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if got := keys.blobs(); got != "/srv/hasta/blobs" {
		t.Errorf("%s", got)
	}
}
