package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"hastaluego/internal/app"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
	"hastaluego/internal/when"
)

var errBoom = errors.New("boom")

// attempt stores the key, and then fails or panics if told so. It returns
// whether the store said that it was stored.
func attempt(t *testing.T, s *store.Store, key, end string) (stored bool) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil && end != "panic" {
			t.Errorf("%s: %v", key, p)
		}
	}()
	err := s.Tx(t.Context(), func(tx app.Tx) error {
		if err := tx.PutSetting(t.Context(), key, end); err != nil {
			return err
		}
		switch end {
		case "panic":
			panic(errBoom)
		case "fail":
			return errBoom
		}
		return nil
	})
	return err == nil
}

// crowd lets many write at once, of whom some fail and some panic. It returns
// which keys were reported as stored.
func crowd(t *testing.T, s *store.Store) map[string]bool {
	t.Helper()
	said := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for n := range 4 {
				end := []string{"good", "fail", "good", "panic"}[(i+n)%4]
				key := fmt.Sprintf("%s-%d-%d", end, i, n)
				ok := attempt(t, s, key, end)
				mu.Lock()
				said[key] = ok
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return said
}

func there(t *testing.T, s *store.Store, key string) (found bool) {
	t.Helper()
	err := s.View(t.Context(), func(tx app.Tx) (err error) {
		_, found, err = tx.Setting(t.Context(), key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWritersWhoShareATransactionFailAlone(t *testing.T) {
	conform(t, func(b *bundle) {
		for key, ok := range crowd(b.t, b.Store) {
			if good := key[:4] == "good"; ok != good || there(b.t, b.Store, key) != good {
				b.t.Errorf("%s: reported %v, stored %v", key, ok, there(b.t, b.Store, key))
			}
		}
	})
}

// Whatever call of the database fails, nobody is told that something was stored
// which was not, and nothing of a part that failed is stored with the others.
func TestWhoSharesATransactionIsToldTheTruth(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		driver, faults := testkit.FailingDriver(t, e)
		s, err := store.Open(t.Context(), store.Config{URL: e.URL, Clock: when.NewManual(noon), Driver: driver})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		faults.Every(9)
		said := crowd(t, s)
		if !faults.Stop() {
			t.Error("nothing failed")
		}
		stored := 0
		for key, ok := range said {
			found := there(t, s, key)
			if ok && !found {
				t.Errorf("%s was reported as stored and is not there", key)
			}
			if found && key[:4] != "good" {
				t.Errorf("%s failed and is there", key)
			}
			if ok {
				stored++
			}
		}
		if stored == 0 {
			t.Error("nobody came through")
		}
	})
}
