// Command rollcall is an organization's own directory and sign-in register. It
// speaks the DingTalk server API on the wire.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones, for machines that have none

	"github.com/alecthomas/kong"

	"rollcall"
)

// version is set by the build.
var version = "dev"

// Exit codes, which scripts rely on.
const (
	exitDone    = 0
	exitFailed  = 1 // the machine or the program failed
	exitUsage   = 2 // the command line is wrong
	exitRefused = 3 // the input is wrong; nothing was changed, but for the good lines of a feed
)

// cli is the command line.
type cli struct {
	Init     initCommand     `cmd:"" help:"Create an organization."`
	Import   importCommand   `cmd:"" help:"Import departments, people and sign-ins from CSV files or a contact sheet."`
	Export   exportCommand   `cmd:"" help:"Write departments, people and sign-ins as CSV files, or people as a contact sheet."`
	App      appCommand      `cmd:"" help:"Manage the apps that may call."`
	Settings settingsCommand `cmd:"" help:"Show or change settings of an organization."`
	Serve    serveCommand    `cmd:"" help:"Answer calls."`
	Dept     deptCommand     `cmd:"" help:"Show and change departments."`
	User     userCommand     `cmd:"" help:"Show and change people."`
	Role     roleCommand     `cmd:"" help:"Manage roles and who holds them."`
	Inactive inactiveCommand `cmd:"" help:"Show who did not sign in on a day."`
	Activity activityCommand `cmd:"" help:"Show who signed in when, over a range of days."`
	Signin   signInCommand   `cmd:"" help:"Record sign-ins."`
	Check    checkCommand    `cmd:"" help:"Check that the stored data, or a backup, agrees with itself."`
	Backup   backupCommand   `cmd:"" help:"Write organizations to a backup file, also beside a server."`
	Restore  restoreCommand  `cmd:"" help:"Put organizations of a backup file into a database."`
	Migrate  migrateCommand  `cmd:"" help:"Copy organizations from one database to another."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

const about = `Rollcall is an organization's own directory and sign-in register.
It answers the DingTalk server API, so that a program written for that API runs
against it with only its base URL changed.

Begin with:  rollcall serve --demo

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 input refused (nothing changed;
of sign-ins, the bad lines only).`

// streams are where a command reads and writes.
type streams struct {
	in       *os.File
	out, err io.Writer
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run carries out one command line and returns the exit code.
func run(args []string, std streams) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := -1
	parser, err := kong.New(&cli{},
		kong.Name("rollcall"), kong.Description(about), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Writers(std.out, std.err), kong.Exit(func(c int) { code = c }),
		kong.Bind(std), kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(std.err, "rollcall:", err)
		return exitFailed
	}
	line, err := parser.Parse(args)
	if code >= 0 { // --help was shown
		return code
	}
	if err != nil {
		fmt.Fprintf(std.err, "rollcall: %v\n", err)
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context != nil && parse.Context.Command() != "" {
			fmt.Fprintf(std.err, "Try: rollcall %s --help\n", words(parse.Context.Command()))
		} else {
			fmt.Fprintln(std.err, "Try: rollcall --help")
		}
		return exitUsage
	}
	if err := line.Run(); err != nil {
		return report(std.err, err)
	}
	return exitDone
}

// words drops the arguments from kong's name of a command.
func words(command string) string {
	var kept []string
	for _, w := range strings.Fields(command) {
		if !strings.HasPrefix(w, "<") && !strings.HasPrefix(w, "[") {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, " ")
}

// usageError is a command line that kong could not find fault with.
type usageError struct{ error }

// failure is a fault of the machine, whatever kind the error behind it is of.
type failure struct{ error }

// Unwrap returns what went wrong.
func (f failure) Unwrap() error { return f.error }

// errRefused is input that was refused; what is wrong has been printed already.
var errRefused = errors.New("the input was refused; nothing was changed")

// report prints an error and returns the exit code that goes with it.
func report(w io.Writer, err error) int {
	fmt.Fprintln(w, "rollcall:", err)
	var usage usageError
	var failed failure
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &failed):
		return exitFailed
	case errors.Is(err, errRefused), errors.Is(err, errRejected), errors.Is(err, rollcall.ErrNoCorp), errors.Is(err, rollcall.ErrCorpExists):
		return exitRefused
	}
	switch rollcall.KindOf(err) {
	case rollcall.KindMissing, rollcall.KindMalformed, rollcall.KindInvalid, rollcall.KindNotFound, rollcall.KindConflict,
		rollcall.KindDenied:
		return exitRefused
	}
	return exitFailed
}
