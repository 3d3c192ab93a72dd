package main

import (
	"context"
	"encoding/json"
	"io"

	"hastaluego/internal/app"
)

// answered opens the house, calls a verb and answers with what it returned: as
// JSON, or in words.
func answered[T any](ctx context.Context, o out, c common, asJSON bool, verb func(*app.App) (T, error), words func(io.Writer, T)) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	v, err := verb(h.app)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(o.stdout).Encode(v)
	}
	words(o.stdout, v)
	return nil
}
