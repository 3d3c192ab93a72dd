package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/fault"
	"hastaluego/internal/segment"
	"hastaluego/internal/text"
)

type segmentCmd struct {
	Check   segmentCheckCmd   `cmd:"" help:"Check a file of segments. Exit status 1 if anything is wrong."`
	List    segmentListCmd    `cmd:"" help:"List the segments of a file, each with its rule and what it is for."`
	Preview segmentPreviewCmd `cmd:"" help:"Count who is in which segment of a file now, and say what is odd. Nothing is changed."`
	Example segmentExampleCmd `cmd:"" help:"Print a file to begin your own with."`
}

// loadSegments reads the file that a configuration names; empty: there are none.
func loadSegments(file string) (*segment.Set, error) {
	if file == "" {
		return segment.None(), nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Invalid, "file.unreadable", "file", file).At("segments", err)
	}
	return segment.Load(file, src)
}

// segmentFile is a file of segments, or the one that the configuration names.
type segmentFile struct {
	common
	langFlag
	File string `arg:"" optional:"" help:"A file of segments; by default the one that the configuration names."`
}

func (c *segmentFile) read() (*segment.Set, error) {
	if c.File != "" {
		return loadSegments(c.File)
	}
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	if cfg.Segments == "" {
		return nil, fault.New(fault.NotFound, "segment.none")
	}
	return loadSegments(cfg.Segments)
}

type segmentCheckCmd struct{ segmentFile }

func (c *segmentCheckCmd) Run(o out) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "segment.cli.good", "set", s.Version(), "n", len(s.Segments)))
	return nil
}

// segmentJSON is a segment as a program reads it.
type segmentJSON struct {
	ID      string            `json:"id"`
	Version string            `json:"version"`
	Name    map[string]string `json:"name"`
	Purpose map[string]string `json:"purpose"`
	Rule    string            `json:"rule"`
	Reports bool              `json:"reports_only"`
	In      *int              `json:"in,omitempty"`
	Unsure  *int              `json:"unsure,omitempty"`
	Asked   int               `json:"of,omitempty"`
}

func jsonOf(s *segment.Segment) segmentJSON {
	return segmentJSON{ID: s.ID, Version: s.Version(), Name: s.Name, Purpose: s.Purpose, Rule: s.Rule, Reports: s.Reports}
}

type segmentListCmd struct {
	segmentFile
	JSON bool `help:"As JSON."`
}

func (c *segmentListCmd) Run(o out) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	if c.JSON {
		list := make([]segmentJSON, len(s.Segments))
		for i, x := range s.Segments {
			list[i] = jsonOf(x)
		}
		return json.NewEncoder(o.stdout).Encode(list)
	}
	for _, x := range s.Segments {
		fmt.Fprintf(o.stdout, "%s  %s\n  %s\n  %s\n", x.ID, x.Name[c.Lang], x.Purpose[c.Lang], strings.Join(strings.Fields(x.Rule), " "))
		if x.Reports {
			fmt.Fprintf(o.stdout, "  %s\n", text.Say(c.Lang, "segment.reports"))
		}
	}
	return nil
}

type segmentPreviewCmd struct {
	segmentFile
	JSON bool `help:"As JSON."`
}

func (c *segmentPreviewCmd) Run(ctx context.Context, o out) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	t, err := h.app.TrySegments(ctx, operator, s)
	if err != nil {
		return err
	}
	if c.JSON {
		list := make([]segmentJSON, len(t.Counter.Counts))
		for i, n := range t.Counter.Counts {
			list[i] = jsonOf(n.Segment)
			list[i].In, list[i].Unsure, list[i].Asked = &n.In, &n.Unsure, t.Counter.Asked
		}
		return json.NewEncoder(o.stdout).Encode(list)
	}
	c.print(o, t)
	return nil
}

func (c *segmentPreviewCmd) print(o out, t app.SegmentTally) {
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "segment.cli.asked", "n", t.Counter.Asked))
	if t.More {
		fmt.Fprintln(o.stdout, text.Say(c.Lang, "segment.more"))
	}
	for _, n := range t.Counter.Counts {
		fmt.Fprintf(o.stdout, "  %s\n", text.Say(c.Lang, "segment.cli.count", "segment", n.Segment.ID, "n", n.In, "share", text.Percent(c.Lang, int64(t.Counter.Share(n))), "unsure", n.Unsure))
		for _, m := range slices.Sorted(maps.Keys(n.Missing)) {
			fmt.Fprintf(o.stdout, "    %s\n", text.Say(c.Lang, "segment.missing", "fact", m, "n", n.Missing[m]))
		}
		for _, id := range n.Examples {
			who := t.Examples[id]
			fmt.Fprintf(o.stdout, "    %s  %s\n", who.Reference, who.Name)
		}
	}
	for _, w := range t.Warnings {
		fmt.Fprintln(o.stdout, explainIn(c.Lang, w))
	}
}

type segmentExampleCmd struct{}

func (segmentExampleCmd) Run(o out) error {
	_, err := o.stdout.Write(segment.Example())
	return err
}
