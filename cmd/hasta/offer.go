package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/offer"
	"hastaluego/internal/reason"
	"hastaluego/internal/text"
)

type offerCmd struct {
	Check   offerCheckCmd   `cmd:"" help:"Check offers and the policy that says to whom they are made. Exit status 1 if anything is wrong; what is only odd is told."`
	Explain offerExplainCmd `cmd:"" help:"What would be proposed to a customer, and why."`
	Show    offerShowCmd    `cmd:"" help:"Print a shipped offer or the shipped policy, to begin your own with; without a name, list them."`
}

// offerFiles reads what is named: files, and all files of folders.
func offerFiles(names []string) (files []offer.File, err error) {
	for _, name := range names {
		list := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if list, err = filepath.Glob(filepath.Join(name, "*.yaml")); err != nil {
				return nil, err
			}
		}
		for _, file := range list {
			src, err := os.ReadFile(file)
			if err != nil {
				return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("offer", err)
			}
			files = append(files, offer.File{Name: file, Source: src})
		}
	}
	return files, nil
}

// loadOffers reads the folder that a configuration names, beside what is shipped.
func loadOffers(dir string) (*offer.Policy, error) {
	if dir == "" {
		return offer.Builtin(), nil
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", dir).At("offers", err)
	}
	files, err := offerFiles([]string{dir})
	if err != nil {
		return nil, err
	}
	return offer.Read(offer.Library(files), reason.Builtin())
}

type offerCheckCmd struct {
	common
	langFlag
	Files     []string `arg:"" optional:"" name:"file" help:"Files of offers, policy.yaml, or folders of them; by default what the configuration names."`
	Customers bool     `help:"Try it on the customers of the database, with each reason, and say who would get what."`
	Reason    string   `help:"With one reason alone."`
}

func (c *offerCheckCmd) Run(ctx context.Context, o out) error {
	p, err := c.policy()
	if err != nil {
		return err
	}
	var odd fault.List
	if err := p.Shadowed(); err != nil && !errors.As(err, &odd) {
		return err
	}
	for _, e := range odd {
		fmt.Fprintln(o.stdout, explainIn(c.Lang, e))
	}
	if c.Customers || c.Reason != "" {
		h, err := c.open(ctx, o)
		if err != nil {
			return err
		}
		defer h.close()
		t, err := h.app.TryPolicy(ctx, operator, p, c.Reason)
		if err != nil {
			return err
		}
		c.print(o, t)
	}
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "offer.cli.good", "policy", p.Version(), "offers", len(p.Offers()), "lines", len(p.Lines)))
	return nil
}

// policy is what is to be checked.
func (c *offerCheckCmd) policy() (*offer.Policy, error) {
	if len(c.Files) == 0 {
		cfg, err := c.load()
		if err != nil {
			return nil, err
		}
		return loadOffers(cfg.Offers)
	}
	files, err := offerFiles(c.Files)
	if err != nil {
		return nil, err
	}
	return offer.Read(offer.Library(files), reason.Builtin())
}

func (c *offerCheckCmd) print(o out, t app.OfferTally) {
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "offer.cli.asked", "people", t.People, "reasons", t.Reasons, "count", t.Tally.Asked))
	for _, l := range t.Tally.Lines {
		fmt.Fprintf(o.stdout, "  %s\n", text.Say(c.Lang, "offer.cli.line", "line", l.Line, "applies", l.Applies, "decides", l.Decides))
	}
	for _, name := range slices.Sorted(maps.Keys(t.Tally.Gets)) {
		fmt.Fprintf(o.stdout, "  %s\n", text.Say(c.Lang, "offer.cli.gets", "offer", name, "count", t.Tally.Gets[name]))
	}
	fmt.Fprintf(o.stdout, "  %s\n", text.Say(c.Lang, "offer.cli.none", "count", t.Tally.None))
	for _, w := range t.Warnings {
		fmt.Fprintln(o.stdout, explainIn(c.Lang, w))
	}
}

type offerExplainCmd struct {
	common
	langFlag
	Reference string `arg:"" help:"Number of the customer, as the company knows them."`
	Reason    string `help:"As if they left today for this reason; without it, what is known of their departure counts."`
}

func (c *offerExplainCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	who, err := h.numbered(ctx, c.Reference)
	if err != nil {
		return err
	}
	x, err := h.app.ExplainOffer(ctx, operator, who.ID, c.Reason)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s  %s  %s\n", who.Reference, x.Policy.Version(), x.Reason)
	for _, line := range explainOffer(c.Lang, x.Decision) {
		fmt.Fprintln(o.stdout, line)
	}
	return nil
}

// explainOffer is a decision in words for those who work here.
func explainOffer(lang string, d offer.Decision) (lines []string) {
	lines = append(lines, explainIn(lang, d.Explain()))
	if s := d.Why[lang]; s != "" {
		lines = append(lines, "  "+s)
	}
	for _, t := range d.Turned {
		lines = append(lines, "  "+t.Offer+": "+text.Say(lang, "error.offer.guard."+string(t.Why), t.Args...))
	}
	for _, u := range d.Unread {
		lines = append(lines, "  "+text.Say(lang, "offer.cli.unread", "line", u.Line, "facts", strings.Join(u.Missing, ", ")))
	}
	return lines
}

type offerShowCmd struct {
	Name string `arg:"" optional:""`
}

func (c offerShowCmd) Run(o out) error {
	var names []string
	for _, f := range offer.BuiltinFiles() {
		name := strings.TrimSuffix(f.Name, ".yaml")
		if name == c.Name {
			_, err := o.stdout.Write(f.Source)
			return err
		}
		names = append(names, name)
	}
	if c.Name != "" {
		return fault.New(fault.NotFound, "offer.unknown", "name", c.Name, "known", strings.Join(names, ", "))
	}
	fmt.Fprintln(o.stdout, strings.Join(names, "\n"))
	return nil
}
