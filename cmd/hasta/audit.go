package main

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hastaluego/internal/audit"
	"hastaluego/internal/evidence"
	"hastaluego/internal/fault"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Re-derive the whole log and compare it with what was signed. Exit status 1 if anything differs."`
	Key    auditKeyCmd    `cmd:"" help:"Print the public key of the log."`

	Certificate auditCertificateCmd `cmd:"" help:"Print the certificate that papers are signed with (PEM), for whoever checks their signatures to trust it."`

	Checkpoint auditCheckpointCmd `cmd:"" help:"Print the newest signed checkpoint of the log, to publish it or to have a witness sign it."`
	Cosign     auditCosignCmd     `cmd:"" help:"Keep what a witness signed under a checkpoint of the log: packs of evidence then bear it."`

	Items    auditItemsCmd    `cmd:"" help:"Who ticked which item of a case, when, on whose behalf, and unticked it."`
	Restored auditRestoredCmd `cmd:"" help:"Record that a backup was restored, so that the log continues after it."`
}

type auditVerifyCmd struct {
	common
	Against []string `type:"existingfile" help:"Proofs that customers keep (proof.json of their page), and signed lists of accesses: the log must still hold every one."`
	Key     string   `type:"existingfile" help:"The public key of the log (log.pub): the files of --against are checked with it alone, without a database."`
	JSON    bool     `help:"Answer as JSON."`
}

func (c *auditVerifyCmd) Run(ctx context.Context, o out) error {
	if c.Key != "" {
		return c.offline(o)
	}
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	rep, head, err := h.verify(ctx)
	if err != nil {
		return err
	}
	suspects, err := h.against(ctx, c.Against, rep.Spans())
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(o.stdout).Encode(struct {
			audit.Report
			Contradicted []audit.Span
		}{rep, suspects}); err != nil {
			return err
		}
	} else {
		tellReport(o.stdout, rep, head, suspects, len(c.Against))
	}
	if !rep.OK() || len(suspects) > 0 {
		return errCheck
	}
	return nil
}

// offline checks files with the public key alone: who signed them, and that each
// proof leads to a root that was signed.
func (c *auditVerifyCmd) offline(o out) error {
	pub, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(pub)))
	if err != nil {
		return fault.New(fault.Invalid, "audit.receipt", "file", c.Key).At("audit", err)
	}
	for _, f := range c.Against {
		receipts, err := readReceipts(f, verifier)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.stdout, "%s: signed by %s; %d entries proved\n", f, verifier.Name(), len(receipts))
	}
	return nil
}

// readReceipts reads a proof, or a signed list with its proofs.
func readReceipts(file string, verifiers ...note.Verifier) (list []audit.Receipt, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if audit.IsList(src) {
		var l audit.List
		l, err = audit.ParseList(src, verifiers...)
		list = l.Proofs
	} else {
		var r audit.Receipt
		r, err = audit.ParseReceipt(src, verifiers...)
		list = []audit.Receipt{r}
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, fault.CodeOf(err), "file", file).At("audit", errors.Unwrap(err))
	}
	return list, nil
}

// tellReport says in words what verifying found, and what to do about what is
// no change of the log.
func tellReport(w io.Writer, rep audit.Report, head audit.Head, suspects []audit.Span, receipts int) {
	fmt.Fprintf(w, "%d entries, tree of %d, root %s\n", rep.Entries, head.Size, head.Root)
	for _, f := range rep.Findings {
		fmt.Fprintf(w, "found: %s\n", f)
		if f.What == audit.PendingOld {
			fmt.Fprintf(w, "  %d entries have waited since %s for their place in the log: no server gives it to them.\n"+
				"  Start one (hasta serve) with this database and these keys, and verify again.\n", rep.Pending, rep.Oldest.UTC().Format(time.RFC3339))
		}
	}
	for _, r := range rep.Restored {
		if r.To == r.From {
			fmt.Fprintf(w, "continued after a restore at %d; nothing was given up\n", r.From)
			continue
		}
		fmt.Fprintf(w, "continued after a restore at %d; entries %d to %d were given up\n", r.From, r.From, r.To-1)
		for _, h := range r.Heads {
			fmt.Fprintf(w, "  given up as it was signed: %s\n", h)
		}
	}
	for _, s := range suspects {
		fmt.Fprintf(w, "contradicted by the receipts: a difference lies in entries %d to %d\n", s.From, s.To-1)
	}
	if receipts > 0 && len(suspects) == 0 {
		fmt.Fprintf(w, "%d receipts hold\n", receipts)
	}
	if rep.OK() && len(suspects) == 0 {
		fmt.Fprintln(w, "nothing differs from what was signed")
	}
}

type auditKeyCmd struct{ common }

func (c *auditKeyCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return err
	}
	defer k.Close()
	fmt.Fprintln(o.stdout, k.LogPublic())
	return nil
}

type auditCertificateCmd struct{ common }

func (c *auditCertificateCmd) Run(ctx context.Context, o out) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	k, err := openKeys(ctx, cfg)
	if err != nil {
		return err
	}
	defer k.Close()
	_, cert, err := k.PaperSigner()
	if err != nil {
		return err
	}
	return pem.Encode(o.stdout, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

type auditCheckpointCmd struct {
	common
	Size int64 `help:"That of so many entries, instead of the newest."`
}

func (c *auditCheckpointCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	text, err := h.app.CheckpointOf(ctx, c.Size)
	if err == nil {
		fmt.Fprint(o.stdout, text)
	}
	return err
}

type auditCosignCmd struct {
	common
	File    string `arg:"" type:"existingfile" help:"The checkpoint as the witness signed it (C2SP tlog-cosignature), or its line under the newest one."`
	Witness string `required:"" placeholder:"KEY|FILE" help:"Key of the witness: name+hash+key."`
}

func (c *auditCosignCmd) Run(ctx context.Context, o out) error {
	src, err := textOrFile(c.Witness)
	if err != nil {
		return err
	}
	w, err := evidence.NewWitness(string(src))
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(c.File)
	if err != nil {
		return fault.New(fault.Invalid, "file.unreadable", "file", c.File).At("audit cosign", err)
	}
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	var size int64
	if _, rest, ok := strings.Cut(string(signed), "\n"); ok && !strings.HasPrefix(string(signed), "— ") {
		line, _, _ := strings.Cut(rest, "\n")
		if size, err = strconv.ParseInt(line, 10, 64); err != nil || size < 1 {
			return fault.New(fault.Invalid, "evidence.cosignature", "name", w.Name())
		}
	}
	ours, err := h.app.CheckpointOf(ctx, size)
	if err != nil {
		return err
	}
	text, err := evidence.AddCosignature(ours, string(signed), w)
	if err != nil {
		return err
	}
	if text != ours {
		if err := h.keys.AppendCheckpoint(text); err != nil {
			return err
		}
	}
	at, _ := w.Saw(text)
	fmt.Fprintf(o.stdout, "%s saw this log on %s\n", w.Name(), at.Format(time.RFC3339))
	return nil
}

// against compares the log with receipts that customers keep.
func (h *house) against(ctx context.Context, files []string, restored []audit.Span) ([]audit.Span, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var receipts []audit.Receipt
	for _, f := range files {
		list, err := readReceipts(f, h.keys.LogVerifiers()...)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, list...)
	}
	src, err := h.store.AuditSource(ctx)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return audit.Compare(ctx, src, receipts, restored)
}

type auditItemsCmd struct {
	common
	Code string `arg:"" help:"Code of the case: HL-7K4M-29QX."`
	JSON bool   `help:"Answer as JSON."`
}

func (c *auditItemsCmd) Run(ctx context.Context, o out) error {
	h, err := c.open(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	list, err := h.app.ItemHistory(ctx, c.Code)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(o.stdout).Encode(list)
	}
	for _, e := range list {
		did, who := "ticked", e.Name
		if !e.Ticked {
			did = "unticked"
		}
		if who == "" {
			who = e.By
		}
		if e.Real != "" {
			who += " (really " + e.Real + ")"
		}
		fmt.Fprintf(o.stdout, "%s  %s %s in %s by %s for %s", e.At, did, e.Item, e.Step, who, e.Customer)
		if e.Evidence != "" {
			fmt.Fprintf(o.stdout, ": %s", e.Evidence)
		}
		fmt.Fprintln(o.stdout)
	}
	return nil
}

type auditRestoredCmd struct {
	common
	Reason string `required:"" help:"Why, and which backup."`
}

// Run records what the restored log gave up: what the checkpoints outside the
// database say was there, and it has not.
func (c *auditRestoredCmd) Run(ctx context.Context, o out) error {
	h, err := c.openToWrite(ctx, o)
	if err != nil {
		return err
	}
	defer h.close()
	rep, _, err := h.verifyKeeping(ctx, manyFindings)
	if err != nil {
		return err
	}
	for _, f := range rep.Findings {
		if f.What != audit.ExternalBeyond && f.What != audit.ExternalWrong {
			fmt.Fprintf(o.stdout, "found: %s\n", f)
			return fmt.Errorf("the log is not only older than its checkpoints; nothing was recorded")
		}
	}
	if rep.OK() {
		return fmt.Errorf("the log is not older than its checkpoints; nothing was recorded")
	}
	lost, err := h.givenUp(rep)
	if err != nil {
		return err
	}
	if err := h.app.LogRestored(ctx, "", lost, c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "recorded: entries %d to %d were given up\n", lost.From, lost.To-1)
	for _, x := range heads(lost) {
		fmt.Fprintf(o.stdout, "given up as it was signed: %s\n", x)
	}
	return nil
}
