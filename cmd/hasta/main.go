// Command hasta runs the whole departure of a customer. This package is the
// program: flags, configuration, subcommands and all wiring. It holds no rule
// of a departure.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // a bare machine has no time zones

	"github.com/alecthomas/kong"

	"hastaluego/internal/fault"
	"hastaluego/internal/text"
)

// Exit statuses.
const (
	exitOK    = 0
	exitCheck = 1 // a check failed, or something went wrong
	exitUse   = 2 // wrong use
	exitWrong = 3 // evidence is rejected: it was changed, or comes from somebody else
)

// cli is every subcommand.
type cli struct {
	Demo       demoCmd       `cmd:"" help:"Run a sample company: both portals, an outbox, a clock to push. Nothing else is needed."`
	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database to the newest schema."`
	Config     configCmd     `cmd:"" help:"Check or show the configuration."`
	Import     importCmd     `cmd:"" help:"Import records from files."`
	Customer   customerCmd   `cmd:"" help:"Test customers: made up for rehearsals on the installation that is on the air."`
	Company    companyCmd    `cmd:"" help:"Who the company is to its customers, as a file."`
	User       userCmd       `cmd:"" help:"People who may sign in."`
	Key        keyCmd        `cmd:"" help:"API keys: what programs may do."`
	Webhook    webhookCmd    `cmd:"" help:"Endpoints that hear of departures."`
	Playbook   playbookCmd   `cmd:"" help:"Check playbooks."`
	Law        lawCmd        `cmd:"" help:"Law as data: which rules hold for whom, and what they ask."`
	Flow       flowCmd       `cmd:"" help:"Descriptions of the way out that customers meet: check them before anybody does."`
	Offer      offerCmd      `cmd:"" help:"What may be proposed to whoever leaves, and to whom: check it before anybody is asked."`
	Segment    segmentCmd    `cmd:"" help:"Which customers are alike, by rules: check them, and count whom they hold."`
	Experiment experimentCmd `cmd:"" help:"What is tried on customers who leave: plan it, check it, begin it, and read what came of it."`
	Link       linkCmd       `cmd:"" help:"Make a signed link of the host product, for trying it out."`
	Case       caseCmd       `cmd:"" help:"Look at single departures."`
	Erase      eraseCmd      `cmd:"" help:"What erasing would reach, and what stays of those who were erased."`
	Access     accessCmd     `cmd:"" help:"Accesses of those who left: how they were closed, and which are left behind."`
	Collect    collectCmd    `cmd:"" help:"What is still owed in a departure, and how collecting it stands."`
	Settle     settleCmd     `cmd:"" help:"The statement of a departure, line by line: as it was made, or as it would be now."`
	Risk       riskCmd       `cmd:"" help:"Customers who are likely to leave, and why."`
	Value      valueCmd      `cmd:"" help:"What customers are worth, with its interval and its parts."`
	Hours      hoursCmd      `cmd:"" help:"Time that was worked for customers."`
	System     systemCmd     `cmd:"" help:"Far systems."`
	Metrics    metricsCmd    `cmd:"" help:"Figures: churn, what customers pay, NPS, CSAT."`
	Clock      clockCmd      `cmd:"" help:"Look at or push business time (rehearsals)."`
	Bundle     bundleCmd     `cmd:"" help:"What a customer takes along: check it."`
	Evidence   evidenceCmd   `cmd:"" help:"The evidence of a departure as one file: make it, or verify one, with no house and no network."`
	Audit      auditCmd      `cmd:"" help:"Verify the log."`
	Doctor     doctorCmd     `cmd:"" help:"Look at everything that going live needs, and say what is wrong and what to do. Exit status 1 if anything is at fault."`
	Health     healthCmd     `cmd:"" name:"healthcheck" help:"Ask the server on this machine whether it is well, for containers."`
	Alone      aloneCmd      `cmd:"" name:"one-person" help:"Say that one person works here, that there are several again, or what holds."`
	Form       formCmd       `cmd:"" help:"Write the form of a request as a page that needs no server, or as PDF."`
	Spool      spoolCmd      `cmd:"" help:"Leaving works while we are down: take requests down without a database, and register them when it is back."`
	Hold       holdCmd       `cmd:"" help:"Hold back what would leave the house, or everything, until it is released."`
	Release    releaseCmd    `cmd:"" help:"Let go what is held back."`
	Backup     backupCmd     `cmd:"" help:"Write a backup, one of the keys, or verify one."`
	Restore    restoreCmd    `cmd:"" help:"Put a backup into an unused database; the log says so."`
	Peer       peerCmd       `cmd:"" hidden:"" help:"The billing system of the demo, a process of its own."`

	Version kong.VersionFlag `help:"Say which version this is."`
}

// out is where commands write; tests replace it.
type out struct{ stdout, stderr io.Writer }

func main() { os.Exit(run(os.Args[1:], out{os.Stdout, os.Stderr})) }

func run(args []string, o out) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser, err := kong.New(&c, kong.Name("hasta"), kong.Vars{"version": "hasta " + programVersion()}, kong.Description("Hasta Luego runs the whole departure of a customer."),
		kong.UsageOnError(), kong.Writers(o.stdout, o.stderr), kong.Exit(func(code int) { panic(exit(code)) }))
	if err != nil {
		panic(err) // the declaration of the commands is wrong
	}
	code := exitOK
	func() {
		defer func() {
			if e, ok := recover().(exit); ok {
				code = int(e)
			}
		}()
		k, err := parser.Parse(asTyped(args))
		if err != nil {
			fmt.Fprintf(o.stderr, "hasta: %v\n", err)
			code = exitUse
			return
		}
		k.BindTo(ctx, (*context.Context)(nil))
		k.Bind(o)
		err = k.Run()
		code = reportIn(o, spoken(k), err, asksJSON(k))
	}()
	return code
}

// asTyped reads the two commands that people try first as the flags that they
// mean: "help import customers" and "version".
func asTyped(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "version":
		return []string{"--version"}
	}
	return args
}

// exit is how --help ends the parser.
type exit int

// errCheck ends a command whose check found something and said so.
var errCheck = errors.New("a check failed")

// errRejected ends a command that rejected evidence and said why.
var errRejected = errors.New("rejected")

// wrongUse is an error in what was typed: nothing was looked at. It ends with
// exitUse, so that no script takes it for what a check found.
type wrongUse struct{ error }

func (w wrongUse) Unwrap() error { return w.error }

// langFlag is in which language a command answers.
type langFlag struct {
	Lang string `help:"es or en; by default that of the terminal." enum:",es,en" default:""`
}

// AfterApply fills in the language of the terminal where no flag names another.
func (f *langFlag) AfterApply() error {
	f.Lang = cmp.Or(f.Lang, terminalLanguage(os.Getenv))
	return nil
}

// spoken is the language of what goes wrong in a command: that of its --lang, as
// far as we speak it to whoever types commands, or that of the terminal.
func spoken(k *kong.Context) string {
	for _, f := range k.Flags() {
		if lang, ok := k.FlagValue(f).(string); ok && f.Name == "lang" && (lang == "es" || lang == "en") {
			return lang
		}
	}
	return terminalLanguage(os.Getenv)
}

// report tells an error in the language of the terminal and returns the exit
// status.
func report(o out, err error) int { return reportIn(o, terminalLanguage(os.Getenv), err, false) }

// reportIn is report in a language; asJSON: programs read it.
func reportIn(o out, lang string, err error, asJSON bool) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errCheck):
		return exitCheck
	case errors.Is(err, errRejected):
		return exitWrong
	}
	var list fault.List
	many := errors.As(err, &list)
	switch {
	case asJSON && tellProblems(o, lang, err):
	case many:
		for _, e := range list.InOrder() {
			fmt.Fprintf(o.stderr, "hasta: %s\n", explainIn(lang, e))
		}
	default:
		fmt.Fprintf(o.stderr, "hasta: %s\n", explainIn(lang, err))
	}
	if !many && errors.As(err, &wrongUse{}) {
		return exitUse
	}
	return exitCheck
}

// explain words an error for the terminal; what has no words of its own shows
// its cause, since whoever runs commands may see it.
func explain(err error) string { return explainIn("en", err) }

func explainIn(lang string, err error) string {
	var list fault.List
	if errors.As(err, &list) {
		words := make([]string, len(list))
		for i, e := range list {
			words[i] = explainIn(lang, e)
		}
		return strings.Join(words, " ")
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Internal && text.Known(lang, "error."+f.Code) {
		words := text.Error(lang, f)
		if placed := len(f.Args) > 1 && f.Args[0] == "at" && f.Args[1] == f.Field; placed && !strings.Contains(words, f.Field) {
			words = f.Field + ": " + words // a place in a file
		}
		switch {
		case errors.Is(f.Err, fs.ErrNotExist): // the system's own sentence says no more, in one language
			return words + ": " + text.Say(lang, "file.not_there")
		case f.Err != nil:
			return words + " (" + f.Err.Error() + ")"
		}
		return words
	}
	return err.Error()
}
