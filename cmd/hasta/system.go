package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hastaluego/internal/connector"
	"hastaluego/internal/connector/declaration"
	"hastaluego/internal/connector/httpsystem"
	"hastaluego/internal/connector/iamsystem"
	"hastaluego/internal/connector/ldapsystem"
	"hastaluego/internal/connector/oauthsystem"
	"hastaluego/internal/connector/pgsystem"
	"hastaluego/internal/connector/s3system"
	"hastaluego/internal/connector/scimsystem"
	"hastaluego/internal/connector/stripesystem"
	"hastaluego/internal/engine"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
	"hastaluego/internal/when"
)

type systemCmd struct {
	Secret  systemSecretCmd  `cmd:"" help:"Keep credentials of far systems sealed in the database; systems.yaml refers to them by sealed:NAME."`
	Check   systemCheckCmd   `cmd:"" help:"Reach every far system without changing anything, and say what is wrong with which line."`
	Example systemExampleCmd `cmd:"" help:"Print the declaration of a well-known system, or their names. An entry takes one over with the key like."`
}

type systemExampleCmd struct {
	Name string `arg:"" optional:"" help:"Name of the declaration, such as github."`
}

func (c *systemExampleCmd) Run(o out) error {
	if c.Name == "" {
		fmt.Fprintln(o.stdout, strings.Join(httpsystem.Examples(), "\n"))
		return nil
	}
	src, ok := httpsystem.Example(c.Name)
	if !ok {
		return fault.New(fault.Invalid, "system.example", "name", c.Name, "names", strings.Join(httpsystem.Examples(), ", "))
	}
	_, err := o.stdout.Write(src)
	return err
}

type systemCheckCmd struct {
	common
	File    string `arg:"" optional:"" help:"File of far systems; by default that of the configuration." type:"existingfile"`
	Systems string `help:"The same." type:"existingfile"`
	JSON    bool   `help:"Answer as JSON."`
}

// systemReport is what is known of one far system.
type systemReport struct {
	System  string                `json:"system"`
	Kind    string                `json:"kind"`
	Level   connector.Level       `json:"level"`
	OK      bool                  `json:"ok"`
	Unclear bool                  `json:"unclear,omitempty"` // it answered, and that does not tell whether it is well
	Can     []string              `json:"can"`
	Actions []string              `json:"actions,omitempty"`
	Effect  connector.EffectClass `json:"effect"`
	At      string                `json:"at"` // where to look: systems.yaml:12:5
	Code    string                `json:"code,omitempty"`
	Problem string                `json:"problem,omitempty"`
	// More is what else is wrong, where it is known at the same time.
	More []systemProblem `json:"more,omitempty"`
	MS   int64           `json:"ms"`
}

// systemProblem is one thing that is wrong with a far system.
type systemProblem struct {
	At      string `json:"at"`
	Code    string `json:"code"`
	Problem string `json:"problem"`
}

func (c *systemCheckCmd) Run(ctx context.Context, o out) error {
	if c.File != "" && c.Systems != "" && c.File != c.Systems {
		return wrongUse{fault.New(fault.Invalid, "system.two_files", "file", c.File, "systems", c.Systems)}
	}
	file := cmp.Or(c.File, c.Systems)
	if file == "" {
		cfg, err := c.load()
		if err != nil {
			return err
		}
		file = cfg.Systems
	}
	configs, err := declared(file)
	if err != nil {
		return err
	}
	var vault declaration.Vault
	if slices.ContainsFunc(configs, func(d declaration.Declared) bool { return slices.ContainsFunc(d.Secrets(), declaration.IsSealed) }) {
		h, err := c.withoutSystems(ctx, o)
		if err != nil {
			return err
		}
		defer h.close()
		vault = vaultOf(ctx, h.store, h.keys)
	}
	reports := make([]systemReport, 0, len(configs))
	bad := false
	for _, cfg := range configs {
		r := checkSystem(ctx, cfg, vault)
		bad = bad || !r.OK && !r.Unclear
		reports = append(reports, r)
	}
	if c.JSON {
		err = json.NewEncoder(o.stdout).Encode(reports)
	} else {
		if len(reports) == 0 {
			c.tellNone(o, file)
		}
		tellSystems(o, reports)
	}
	if err == nil && bad {
		return errCheck
	}
	return err
}

// levels say what each level is worth.
var levels = map[connector.Level]string{
	connector.RealPeer:   "tried against a real peer",
	connector.ShapesOnly: "tried against published shapes only",
	connector.Declared:   "declared by you, not tried by us",
	connector.Example:    "an example that nobody tried: nothing there is ever verified",
}

// tellNone says where no far system was found: a check of nothing is easily taken for
// one that went well.
func (c *systemCheckCmd) tellNone(o out, file string) {
	switch config := c.file(); {
	case file != "":
		fmt.Fprintf(o.stdout, "%s declares no far systems: nothing was checked\n", file)
	case config != "":
		fmt.Fprintf(o.stdout, "%s names no file of far systems (systems: systems.yaml): nothing was checked\n", config)
	default:
		fmt.Fprintln(o.stdout, "no configuration was read, so no far systems are declared and nothing was checked: say --config hasta.yaml, --dir with the folder of one, or hasta system check systems.yaml")
	}
}

func tellSystems(o out, reports []systemReport) {
	for _, r := range reports {
		can := strings.Join(r.Can, ", ")
		if len(r.Actions) > 0 {
			can += " (" + strings.Join(r.Actions, ", ") + ")"
		}
		if r.OK {
			fmt.Fprintf(o.stdout, "%s: good, %s; %s, %d ms; %s\n", r.System, can, r.Effect, r.MS, levels[r.Level])
			continue
		}
		if r.Unclear {
			fmt.Fprintf(o.stdout, "%s: could not tell, %s; %s, %d ms; %s\n%s: %s: %s\n", r.System, can, r.Effect, r.MS, levels[r.Level], r.At, r.System, r.Problem)
			continue
		}
		fmt.Fprintf(o.stderr, "%s: %s (%s): %s\n", r.At, r.System, levels[r.Level], r.Problem)
		for _, p := range r.More {
			fmt.Fprintf(o.stderr, "%s: %s: %s\n", p.At, r.System, p.Problem)
		}
	}
}

// checkSystem connects a system as the server would and reaches it.
func checkSystem(ctx context.Context, cfg declaration.Declared, vault declaration.Vault) systemReport {
	can, actions := cfg.Can()
	info := cfg.Info()
	r := systemReport{System: info.System, Kind: info.Kind, Level: info.Level, Can: can, Actions: actions, Effect: info.Effect, At: cfg.Place()}
	clock := when.Machine{}
	start := clock.Wall()
	s, err := cfg.Open(clock, vault)
	if err == nil {
		defer s.Close()
		if c := s.Connector().Checker; c != nil {
			err = c.Check(ctx)
		} else {
			err = fault.New(fault.Transient, connector.Uncalled(info.Kind), "system", info.System)
		}
	}
	r.MS = clock.Wall().Sub(start).Round(time.Millisecond).Milliseconds()
	if err == nil {
		r.OK = true
		return r
	}
	r.Unclear = connector.Unsaid(fault.CodeOf(err))
	list := fault.Fields(err)
	var one *fault.Error
	switch {
	case len(list) > 0:
	case errors.As(err, &one):
		list = fault.List{unreached(one)}
	default:
		r.Code, r.At, r.Problem = fault.CodeOf(err), cfg.Place(blame(info.Kind, err)...), err.Error()
		return r
	}
	for i, e := range list {
		p := systemProblem{At: cfg.Place(blame(info.Kind, e)...), Code: e.Code, Problem: text.Error("en", e)}
		if i > 0 {
			r.More = append(r.More, p)
			continue
		}
		r.At, r.Code, r.Problem = p.At, p.Code, p.Problem
	}
	return r
}

// blame is the path in the declaration of what is to be looked at. Where there
// is no such key, it is the entry.
func blame(kind string, err error) []string {
	if list := fault.Fields(err); len(list) > 0 {
		return strings.Split(strings.TrimPrefix(list[0].Field, "/"), "/")
	}
	switch fault.CodeOf(err) {
	case "connector.credential", "connector.no_right", "connector.right_missing":
		return credential(kind)
	case connector.RightsUnclear:
		return []string{"rights"}
	case connector.SignInsUnclear:
		if kind == pgsystem.KindName {
			return []string{"roles", "signed_in"}
		}
		return []string{"signed_in"}
	case "connector.no_bucket":
		return []string{"bucket"}
	case "connector.no_folder":
		return []string{"root"}
	case "connector.nobody":
		return []string{"base"}
	case "connector.address_refused":
		return []string{"allow"}
	case "system.host_unknown", "system.host_refuses", "system.host_tls", "system.host_silent", "system.host_lost", "system.host_error":
		return address(kind)
	default:
		return []string{"ping"}
	}
}

// address is where an entry of the kind says where its system is.
func address(kind string) []string {
	switch kind {
	case ldapsystem.KindName, pgsystem.KindName, httpsystem.HookKind:
		return []string{"url"}
	case oauthsystem.KindName:
		return []string{"introspect"}
	default:
		return []string{"base_url"}
	}
}

// credential is where an entry of the kind says with what we prove who we are.
func credential(kind string) []string {
	switch kind {
	case ldapsystem.KindName:
		return []string{"password"}
	case oauthsystem.KindName:
		return []string{"client_secret"}
	case pgsystem.KindName:
		return []string{"url"}
	case iamsystem.KindName, s3system.KindName:
		return []string{"secret_key"}
	case scimsystem.KindName:
		return []string{"token"}
	case stripesystem.KindName:
		return []string{"key"}
	default:
		return []string{"auth", "value"}
	}
}

type caseCmd struct {
	Receive caseReceiveCmd `cmd:"" help:"Read in what a customer answered by mail, and say what it means."`
	Bundle  caseBundleCmd  `cmd:"" help:"Write the file of a customer's data, to hand it over where there is no portal. It is recorded."`
	DryRun  caseDryRunCmd  `cmd:"" help:"Look at the far systems and say what a step would do now. Nothing is changed or written."`
}

type caseDryRunCmd struct {
	common
	Code string `arg:"" help:"Code of the departure, HL-…"`
	Step string `arg:"" help:"Name of the step in its plan."`
	JSON bool   `help:"Answer as JSON."`
}

func (c *caseDryRunCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := h.engine.DryRun(ctx, c.Code, c.Step)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(list)
	}
	tellRehearsal(o.stdout, list)
	return nil
}

// tellRehearsal says what a step would do now.
func tellRehearsal(w io.Writer, list []engine.Rehearsal) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nothing to do")
	}
	for _, r := range list {
		name := r.System
		if r.Item != "" {
			name = r.Item + " at " + r.System
		}
		switch {
		case r.Action != nil:
			verb := r.Action.Verb
			if r.Action.Name != "" {
				verb = r.Action.Name
			}
			if r.Action.Refund != nil {
				verb += " of " + r.Action.Refund.Amount.String() + " out of the payment " + r.Action.Refund.Payment
			}
			fmt.Fprintf(w, "%s: reads %q, would call %s (%s, %s)\n", name, r.Status, verb, r.Effect, r.Undo)
		case r.Err != nil:
			fmt.Fprintf(w, "%s: %s: %s\n", name, r.Would, explain(r.Err))
		default:
			fmt.Fprintf(w, "%s: reads %q, %s\n", name, r.Status, r.Would)
		}
	}
}
