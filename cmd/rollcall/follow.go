package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"rollcall/internal/activity"
	"rollcall/internal/journal"
	"rollcall/internal/node"
	"rollcall/internal/ops"
)

// signInFollowCommand follows a log.
type signInFollowCommand struct {
	dataFlags
	Section string `arg:"" optional:"" help:"Section of the config file: follow.NAME."`
	Config  string `placeholder:"FILE" help:"TOML file with a section [follow.NAME] in the place of the flags below."`
	logSource
	Once      bool   `help:"End when the log has been read to its end."`
	LogFormat string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text (the default) or json."`
}

// logSource says where a log is and how sign-ins stand in it.
type logSource struct {
	File       string            `toml:"file" placeholder:"FILE" help:"The log. Files with its name and something behind it are what it was before it was rotated."`
	Pattern    string            `toml:"pattern" placeholder:"REGEXP" help:"Regular expression with groups named time and userid, email, mobile or unionid."`
	JSONPath   map[string]string `toml:"json_path" name:"json-path" mapsep:"none" placeholder:"NAME=PATH" help:"Where these are in lines that are JSON: userid=.details.username; give the flag again for more."`
	Where      map[string]string `toml:"where" mapsep:"none" placeholder:"PATH=VALUE" help:"Only lines that have this value there: .type=LOGIN; give the flag again for more."`
	TimeLayout string            `toml:"time_layout" placeholder:"LAYOUT" help:"How times are written: rfc3339 (the default), unix, unixms, or a layout of Go."`
	Zone       string            `toml:"zone" placeholder:"ZONE" help:"Time zone of times that do not name theirs (default: that of the organization)."`
	State      string            `toml:"state" placeholder:"FILE" help:"Keep in this file how far the log was read."`
}

// Help is shown by --help.
func (signInFollowCommand) Help() string {
	return `It goes on until SIGTERM or Ctrl-C. What was read is on disk before the state file
says so: after a restart, and through rotation, nothing is lost.

Examples:
  rollcall signin follow --data ./data --file /var/log/auth.log --state auth.state \
    --pattern '^(?P<time>\S+) .* Accepted publickey for (?P<userid>\S+)'
  rollcall signin follow --data ./data --config rollcall.toml keycloak`
}

// pollEvery is how often a log is looked at.
const pollEvery = time.Second

// Run carries the command out.
func (c *signInFollowCommand) Run(ctx context.Context, std streams) error {
	source, err := c.source()
	if err != nil {
		return err
	}
	log, err := ops.NewLogger(std.err, "info", c.LogFormat)
	if err != nil {
		return err
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	f, err := newFollower(org, source, log)
	if err != nil {
		return err
	}
	defer f.tail.Close()
	log.Info("following", "file", source.File)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		more, err := f.step(time.Now())
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if c.Once {
			break
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	fmt.Fprintln(std.out, f.total)
	return nil
}

// source joins the flags and the section of the config file.
func (c *signInFollowCommand) source() (logSource, error) {
	s := c.logSource
	if (c.Config == "") != (c.Section == "") {
		return s, usageError{fmt.Errorf("--config and the name of its section go together")}
	}
	if c.Config != "" {
		if s.File+s.Pattern+s.TimeLayout+s.Zone != "" || len(s.JSONPath)+len(s.Where) > 0 {
			return s, usageError{fmt.Errorf("of the flags about the log only --state goes with --config")}
		}
		var config struct {
			Follow map[string]logSource `toml:"follow"`
		}
		known, err := toml.DecodeFile(c.Config, &config)
		if err != nil {
			return s, failure{fmt.Errorf("reading %s: %w", c.Config, err)}
		}
		for _, key := range known.Undecoded() {
			if key[0] == "follow" {
				return s, usageError{fmt.Errorf("%s: there is no setting %s", c.Config, key)}
			}
		}
		section, ok := config.Follow[c.Section]
		if !ok {
			names := slices.Sorted(maps.Keys(config.Follow))
			return s, usageError{fmt.Errorf("%s has no section [follow.%s]; there are: %s", c.Config, c.Section, strings.Join(names, ", "))}
		}
		if s.State != "" {
			section.State = s.State
		}
		s = section
	}
	if s.File == "" || s.State == "" {
		return s, usageError{fmt.Errorf("name the log and the file that keeps how far it was read: --file and --state")}
	}
	return s, nil
}

// followed counts what became of the lines of a log.
type followed struct {
	lines, received, accepted, fresh int
	rejected                         map[activity.Reason]int
}

// String says it in a sentence.
func (t followed) String() string {
	s := fmt.Sprintf("%d lines read, %d sign-ins, %d accepted, of which %d are new", t.lines, t.received, t.accepted, t.fresh)
	for _, reason := range slices.Sorted(maps.Keys(t.rejected)) {
		s += fmt.Sprintf("; %d rejected: %s", t.rejected[reason], reason)
	}
	return s + "."
}

// followState is what the state file says.
type followState struct {
	File string `json:"file"`
	journal.TailState
}

// follower records what a log says.
type follower struct {
	org   *node.Org
	rule  *journal.Rule
	tail  *journal.Tail
	state string // the path of the state file
	saved followState
	log   *slog.Logger
	total followed

	told   map[activity.Reason]int // of total.rejected, those that are in the log
	toldAt time.Time
}

func newFollower(org *node.Org, s logSource, log *slog.Logger) (*follower, error) {
	zone := org.Current().Calendar().Location()
	if s.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(s.Zone); err != nil {
			return nil, usageError{fmt.Errorf("the zone: %w", err)}
		}
	}
	rule, err := journal.NewRule(journal.RuleOptions{Pattern: s.Pattern, Paths: s.JSONPath, Where: s.Where, Layout: s.TimeLayout, Zone: zone})
	if err != nil {
		return nil, usageError{err}
	}
	path, err := filepath.Abs(s.File)
	if err != nil {
		return nil, err
	}
	state, err := filepath.Abs(s.State)
	if err != nil {
		return nil, err
	}
	f := &follower{
		org: org, rule: rule, state: state, log: log,
		total: followed{rejected: map[activity.Reason]int{}}, told: map[activity.Reason]int{},
	}
	if err := journal.LoadState(state, &f.saved); err != nil {
		return nil, err
	}
	if f.saved.File != "" && f.saved.File != path {
		return nil, usageError{fmt.Errorf("%s is about another log, %s", state, f.saved.File)}
	}
	f.saved.File = path
	f.tail = journal.NewTail(path, state, f.saved.TailState)
	return f, nil
}

// step records what is new, durably, and says whether there may be more. What it
// has begun it ends, whatever happens to the process around it.
func (f *follower) step(now time.Time) (more bool, err error) {
	ctx := context.Background()
	var entry journal.Entry
	var batch []activity.SignIn
	root := f.org.Current()
	received := f.total.received
	var behind error
	more, err = f.tail.Poll(signInBatch, func(line []byte) {
		f.total.lines++
		if !f.rule.Read(line, now, &entry) {
			return
		}
		if f.total.received++; f.total.received == received+1 {
			behind = f.org.CatchUp(ctx) // whoever has joined meanwhile is to be known
			root = f.org.Current()
		}
		x, reason := entry.SignIn(root)
		if reason != activity.Taken {
			f.total.rejected[reason]++
			return
		}
		batch = append(batch, x)
	})
	if err := errors.Join(err, behind); err != nil {
		return false, err
	}
	if len(batch) > 0 {
		out, err := f.org.Activity.Take(ctx, f.org.Corp, batch, func() time.Time { return now }, operator)
		if err != nil {
			return false, err
		}
		f.total.fresh += out.Fresh
		for _, reason := range out.Reasons {
			if reason == activity.Taken {
				f.total.accepted++
			} else {
				f.total.rejected[reason]++
			}
		}
	}
	f.tell(now)
	state := f.tail.State()
	if state.Started == f.saved.Started && slices.Equal(state.Files, f.saved.Files) {
		return more, nil
	}
	f.saved.TailState = state
	return more, journal.SaveState(f.state, f.saved)
}

// tell logs once a minute how many sign-ins were rejected since, and why, but not
// whose.
func (f *follower) tell(now time.Time) {
	if now.Sub(f.toldAt) < time.Minute {
		return
	}
	f.toldAt = now
	var args []any
	for _, reason := range slices.Sorted(maps.Keys(f.total.rejected)) {
		if n := f.total.rejected[reason] - f.told[reason]; n > 0 {
			args = append(args, string(reason), n)
		}
	}
	if f.told = maps.Clone(f.total.rejected); len(args) > 0 {
		f.log.Warn("sign-ins were rejected", args...)
	}
}
