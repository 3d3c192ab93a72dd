package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"hastaluego/internal/app"
	"hastaluego/internal/store"
	"hastaluego/internal/testkit"
)

// asNode in the environment turns the test binary into a node that opens this
// database, migrates it, writes a row and ends. It begins at the instant in
// startAt, so that several begin together.
const (
	asNode  = "HASTA_TEST_AS_NODE"
	startAt = "NODE_START"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(asNode); url != "" {
		if err := node(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func node(url string) error {
	at, err := time.Parse(time.RFC3339Nano, os.Getenv(startAt))
	if err != nil {
		return err
	}
	time.Sleep(time.Until(at))
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	return s.Tx(ctx, func(tx app.Tx) error { return tx.PutSetting(ctx, fmt.Sprint("node.", os.Getpid()), "migrated") })
}

func TestNodesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	testkit.EachEngine(t, func(t *testing.T, e testkit.Engine) {
		const nodes = 4
		at := time.Now().Add(500 * time.Millisecond).Format(time.RFC3339Nano) // when all processes are up
		var list []*exec.Cmd
		for range nodes {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), asNode+"="+e.URL, startAt+"="+at)
			cmd.Stderr = t.Output()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			list = append(list, cmd)
		}
		for _, cmd := range list {
			if err := cmd.Wait(); err != nil {
				t.Errorf("a node: %v", err)
			}
		}
		s, err := store.Open(t.Context(), store.Config{URL: e.URL})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		for _, cmd := range list {
			if !there(t, s, fmt.Sprint("node.", cmd.Process.Pid)) {
				t.Errorf("node %d says that it migrated and wrote nothing", cmd.Process.Pid)
			}
		}
	})
}
