package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"hastaluego/internal/app"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

type evidenceCmd struct {
	Export evidenceExportCmd `cmd:"" help:"Write the evidence of a departure as one file: its entries of the log with proofs, the signed checkpoint, documents, and a summary."`
	Verify evidenceVerifyCmd `cmd:"" help:"Verify such a file, with no house and no network, and say what each proof proves and on whose word. Exit status 0: proved; 1: consistent, but its origin or something asked is not proved; 2: wrong use; 3: rejected."`
}

type evidenceExportCmd struct {
	common
	langFlag
	Code    string   `arg:"" help:"Code of the departure, HL-…"`
	Out     string   `short:"o" placeholder:"FILE" help:"Where to write it; a file that is there is left alone. Without it, the code of the departure with .zip, here."`
	Receipt []string `type:"existingfile" help:"Receipts that somebody kept (proof.json): the file then proves that the log continues theirs."`
	Bare    bool     `help:"Leave out what entries say, and documents: only that something of its type happened then."`
}

func (c *evidenceExportCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	cid, err := h.app.CaseOfCode(ctx, operator, c.Code)
	if err != nil {
		return err
	}
	name := cmp.Or(c.Out, strings.ToLower(c.Code)+".zip")
	if _, err := os.Lstat(name); err == nil { // before the log says that somebody took it
		return fault.New(fault.Invalid, "file.unwritable", "file", name).At("evidence export", os.ErrExist)
	}
	in := app.PackInput{Case: cid, Language: c.Lang, Bare: c.Bare}
	for _, name := range c.Receipt {
		raw, err := os.ReadFile(name)
		if err != nil {
			return fault.New(fault.Invalid, "file.unreadable", "file", name).At("evidence export", err)
		}
		in.Receipts = append(in.Receipts, app.KeptReceipt{Name: name, Raw: raw})
	}
	by := operator
	by.Roles = []string{"agent", "success", "admin"}
	_, raw, err := h.packed(ctx, by, in)
	if err != nil {
		return err
	}
	if err := writeNew(name, raw); err != nil {
		return err
	}
	fmt.Fprintln(o.stdout, text.Say(c.Lang, "evidence.exported", "file", name, "bytes", len(raw), "key", h.keys.LogPublic()))
	return nil
}

// packed makes the evidence while the log is sequenced, by this process where no
// server does.
func (h *house) packed(ctx context.Context, by app.Actor, in app.PackInput) (code string, raw []byte, err error) {
	sequencing, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = h.sequencer.Run(sequencing)
	}()
	code, raw, err = h.app.PackEvidence(ctx, by, in)
	stop()
	<-over
	return code, raw, err
}

// writeNew writes a file that is not there yet, whole or not at all.
func writeNew(name string, raw []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "file.unwritable", "file", name).At("write", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(name) // half a file would be handed over as a whole one
		return fault.New(fault.Invalid, "file.unwritable", "file", name).At("write", err)
	}
	return nil
}

type evidenceVerifyCmd struct {
	langFlag
	File    string   `arg:"" type:"existingfile" help:"The file with the evidence."`
	Trust   []string `placeholder:"KEY|FILE" help:"What you trust and had from elsewhere: the key of the log as text or in a file (log.pub), a receipt (proof.json) or signed list that you kept, or a checkpoint that was published."`
	Witness []string `placeholder:"KEY|FILE" help:"Keys of witnesses whose signature under the log you want to see."`
	JSON    bool     `help:"Answer as JSON."`
}

// options reads what whoever verifies brings along.
func (c *evidenceVerifyCmd) options() (opts evidence.Options, err error) {
	for _, s := range c.Trust {
		src, err := textOrFile(s)
		if err != nil {
			return opts, err
		}
		a, err := evidence.NewAnchor(s, src)
		if err != nil {
			return opts, err
		}
		opts.Trust = append(opts.Trust, a)
	}
	for _, s := range c.Witness {
		src, err := textOrFile(s)
		if err != nil {
			return opts, err
		}
		w, err := evidence.NewWitness(string(src))
		if err != nil {
			return opts, err
		}
		opts.Witnesses = append(opts.Witnesses, w)
	}
	return opts, nil
}

func (c *evidenceVerifyCmd) Run(o out) error {
	opts, err := c.options()
	if err != nil {
		return wrongUse{err}
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return wrongUse{fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("evidence verify", err)}
	}
	if info.Size() > evidence.MaxPack {
		return fault.New(fault.TooLarge, "evidence.too_long", "file", c.File, "most", evidence.MaxPack>>20)
	}
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return wrongUse{fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("evidence verify", err)}
	}
	r := evidence.Verify(raw, opts)
	if c.JSON {
		err = writeJSON(o, viewEvidence(c.Lang, r))
	} else {
		tellEvidence(o, c.Lang, r)
	}
	switch {
	case err != nil:
		return err
	case r.Verdict == evidence.Rejected:
		return errRejected
	case !r.OK():
		return errCheck
	}
	return nil
}

// textOrFile is what a flag says, or what the file says that it names.
func textOrFile(s string) ([]byte, error) {
	src, err := os.ReadFile(s)
	switch {
	case err == nil:
		return src, nil
	case strings.Count(s, "+") >= 2:
		return []byte(s), nil
	}
	return nil, fault.New(fault.Invalid, "file.unreadable", "file", s).At("evidence verify", err)
}

// evidenceWords are the words of a line.
func evidenceWords(lang string, l evidence.Line) string {
	if l.Result == evidence.Wrong {
		return text.Say(lang, "evidence.wrong."+l.Check, l.Args...)
	}
	return text.Say(lang, "evidence.line."+l.Check, l.Args...)
}

func tellEvidence(o out, lang string, r evidence.Report) {
	for _, l := range r.Lines {
		place := l.Place()
		if place != "" {
			place = "  [" + place + "]"
		}
		fmt.Fprintf(o.stdout, "%-10s %s%s\n", text.Say(lang, "evidence.result."+string(l.Result)), evidenceWords(lang, l), place)
	}
	if r.Verdict != evidence.Rejected {
		fmt.Fprintln(o.stdout, text.Say(lang, "evidence.limits"))
	}
	fmt.Fprintln(o.stdout, text.Say(lang, "evidence.verdict."+string(r.Verdict), "code", r.Manifest.Code, "company", r.Manifest.Company))
}

// evidenceReport is a report as JSON.
type evidenceReport struct {
	Verdict evidence.Verdict `json:"verdict"`
	Code    string           `json:"code"`
	Company string           `json:"company"`
	Origin  string           `json:"origin"`
	Key     string           `json:"key"`
	Size    int64            `json:"size"`
	Root    string           `json:"root"`
	MadeAt  string           `json:"made_at"`
	Lines   []evidenceLine   `json:"lines"`
}

type evidenceLine struct {
	Result  evidence.Result `json:"result"`
	Check   string          `json:"check"`
	File    string          `json:"file,omitempty"`
	Pointer string          `json:"pointer,omitempty"`
	Says    string          `json:"says"`
}

func viewEvidence(lang string, r evidence.Report) evidenceReport {
	m := r.Manifest
	out := evidenceReport{r.Verdict, m.Code, m.Company, m.Origin, r.Key, m.Size, m.Root, m.MadeAt, []evidenceLine{}}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, evidenceLine{l.Result, l.Check, l.File, l.Pointer, evidenceWords(lang, l)})
	}
	return out
}
