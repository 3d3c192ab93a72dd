package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/app"
)

type systemSecretCmd struct {
	Set  systemSecretSetCmd  `cmd:"" help:"Seal a credential, in place of one of the same name. It is read from the standard input, so that no shell remembers it."`
	List systemSecretListCmd `cmd:"" help:"List what credentials there are, when they were set and by whom; never what they are."`
	Drop systemSecretDropCmd `cmd:"" help:"Remove a credential from the database."`
}

// withoutSystems opens the house for what must be there before any system can be
// connected.
func (c common) withoutSystems(ctx context.Context, o out) (*house, error) {
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	cfg.Systems = ""
	return build(ctx, cfg, logger(o, "warn", cfg.Log.Format), nil)
}

type systemSecretSetCmd struct {
	common
	Name string `arg:"" help:"Name of the credential, such as stripe."`
	File string `help:"Read it from this file instead." type:"existingfile"`
}

func (c *systemSecretSetCmd) Run(ctx context.Context, o out) error {
	from := io.Reader(os.Stdin)
	if c.File != "" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	raw, err := io.ReadAll(io.LimitReader(from, 1<<20))
	if err != nil {
		return err
	}
	h, err := c.withoutSystems(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.app.SetSystemSecret(ctx, app.Actor{}, c.Name, strings.TrimRight(string(raw), "\r\n")); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "sealed as %s: refer to it by sealed:%[1]s\n", c.Name)
	return nil
}

type systemSecretDropCmd struct {
	common
	Name string `arg:"" help:"Name of the credential."`
}

func (c *systemSecretDropCmd) Run(ctx context.Context, o out) error {
	h, err := c.withoutSystems(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.app.DropSystemSecret(ctx, app.Actor{}, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s is gone\n", c.Name)
	return nil
}

type systemSecretListCmd struct {
	common
	JSON bool `help:"Answer as JSON."`
}

// secretView is a credential as it is listed.
type secretView struct {
	Name  string   `json:"name"`
	SetAt string   `json:"set_at"`
	SetBy string   `json:"set_by"`
	For   []string `json:"for"` // systems that refer to it
}

func (c *systemSecretListCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	configs, err := declared(cfg.Systems)
	if err != nil {
		return err
	}
	h, err := c.withoutSystems(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := h.app.SystemSecrets(ctx, app.Actor{})
	if err != nil {
		return err
	}
	views := make([]secretView, 0, len(list))
	for _, s := range list {
		v := secretView{Name: s.Name, SetAt: s.SetAt.UTC().Format(time.RFC3339), SetBy: s.SetBy, For: []string{}}
		for _, d := range configs {
			if slices.Contains(d.Secrets(), "sealed:"+s.Name) {
				v.For = append(v.For, d.Name())
			}
		}
		views = append(views, v)
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(views)
	}
	for _, v := range views {
		fmt.Fprintf(o.stdout, "%s  set %s by %s; for %s\n", v.Name, v.SetAt, v.SetBy, strings.Join(append(v.For, "no system")[:max(len(v.For), 1)], ", "))
	}
	for _, d := range configs {
		for _, ref := range d.Secrets() {
			name, sealed := strings.CutPrefix(ref, "sealed:")
			if sealed && !slices.ContainsFunc(list, func(s app.SystemSecret) bool { return s.Name == name }) {
				fmt.Fprintf(o.stdout, "%s  missing; for %s\n", name, d.Name())
			}
		}
	}
	return nil
}
