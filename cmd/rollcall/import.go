package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/intake"
	"rollcall/internal/node"
	"rollcall/internal/ops"
)

// importCommand imports CSV files and contact sheets.
type importCommand struct {
	dataFlags
	Departments string `placeholder:"FILE" help:"CSV file of departments: dept_id, parent_id, name and more."`
	Users       string `placeholder:"FILE" help:"CSV file of people: userid, name, dept_id_list and more."`
	Signins     string `placeholder:"FILE" help:"CSV file of sign-ins: date, userid."`
	Roles       string `placeholder:"FILE" help:"CSV file of roles: group, role, userid."`
	sheetImportFlags
	Replace    bool    `help:"The files are complete: people and departments that are not in them leave."`
	MaxLeavers percent `default:"5%" placeholder:"N%" help:"How many of the people --replace may make leave (default 5%)."`
	DryRun     bool    `help:"Check and show the plan, and change nothing."`
	Yes        bool    `short:"y" help:"Do not ask before the change."`
	JSON       bool    `name:"json" help:"Print JSON."`
}

// percent is a number of percent, with or without the sign.
type percent float64

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *percent) UnmarshalText(b []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(string(b), "%"), 64)
	if err != nil || !(v >= 0 && v <= 100) { // NaN is neither
		return fmt.Errorf("%q is not a percentage from 0%% to 100%%", b)
	}
	*p = percent(v)
	return nil
}

// Help is shown by --help.
func (importCommand) Help() string {
	return `Everything is checked first; every bad row is reported with its file, line and
column, and then nothing is changed. What is right is applied all or nothing.
The same files a second time change nothing. docs/cli.md lists the columns.

Example:
  rollcall import --data ./data --departments departments.csv --users users.csv --signins signins.csv`
}

// importResult is what --json prints.
type importResult struct {
	Applied    bool             `json:"applied"`
	Version    uint64           `json:"version,omitempty"`
	Plan       *intake.Summary  `json:"plan,omitempty"`
	NewSignIns int              `json:"new_sign_ins"`
	Problems   []intake.Problem `json:"problems"`
}

// Run carries the command out.
func (c *importCommand) Run(ctx context.Context, std streams) error {
	files := intake.Files{Departments: c.Departments, Users: c.Users, Sheet: c.Sheet, SignIns: c.Signins, Roles: c.Roles}
	if files == (intake.Files{}) {
		return usageError{fmt.Errorf("name at least one file: --departments, --users, --sheet, --signins or --roles")}
	}
	if c.Replace && c.Departments == "" && c.Users == "" && c.Sheet == "" && c.Roles == "" {
		return usageError{fmt.Errorf("--replace goes with --departments, --users, --sheet or --roles: sign-ins are never removed")}
	}
	if err := c.check(files); err != nil {
		return usageError{err}
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if c.Sheet == "" { // the size of a workbook says little: it is packed
		defer ops.CollectSeldom(sizeOf(c.Departments, c.Users, c.Signins, c.Roles))()
	}
	bar := newProgress(std.err)
	data, problems, err := intake.Read(ctx, files, bar.step)
	bar.finish()
	if err != nil {
		return err
	}
	job := &importJob{org: org, data: data, opt: intake.Options{
		Replace: c.Replace, MaxLeaversPercent: float64(c.MaxLeavers), CreateDepartments: c.CreateDepartments,
		Now: rollcall.At(time.Now()),
	}}
	if c.MaxLeavers == 0 {
		job.opt.MaxLeaversPercent = -1 // nobody
	}
	// What does not fit together is reported along with rows that are wrong by
	// themselves.
	more, err := job.plan(org.Current())
	if err != nil {
		return c.writeRefusal(err)
	}
	result := importResult{Problems: allProblems(files, problems, more)}
	if err := c.writeErrors(result.Problems); err != nil {
		return err
	}
	if len(result.Problems) > 0 {
		return c.refuse(std, result)
	}
	result.Plan, result.NewSignIns = &job.planned.Summary, job.newSignIns()
	if !c.JSON {
		showPlan(std.out, result)
	}
	job.warnOfOld(std.err)
	nothing := job.planned.Empty() && result.NewSignIns == 0
	result.Version = org.Current().Version()
	if c.DryRun || nothing {
		return c.finish(std, result, map[bool]string{true: "Nothing to change.", false: "Dry run: nothing was changed."}[nothing])
	}
	if !c.Yes && isTerminal(std.in) && !confirm(std) {
		return c.finish(std, result, "Nothing was changed.")
	}
	bar.step("Committing", 0, 0)
	out, err := org.Do(ctx, "import", job.intent)
	bar.finish()
	if err != nil {
		return fmt.Errorf("importing: %w", err)
	}
	result.Applied, result.Version, result.Plan = true, out.Version, &job.planned.Summary // as it was carried out
	return c.finish(std, result, fmt.Sprintf("Done: version %d.", out.Version))
}

// sizeOf adds up the sizes of files. Nobody knows that of a pipe: then it is as large as
// can be.
func sizeOf(paths ...string) (total int64) {
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil: // there is none, or reading it says what is wrong
		case !info.Mode().IsRegular():
			return math.MaxInt64
		default:
			total += info.Size()
		}
	}
	return total
}

// importJob is one import on its way into the organization.
type importJob struct {
	org     *node.Org
	data    *intake.Data
	opt     intake.Options
	planned *intake.Plan
	version uint64 // for which it was planned
}

// plan compares the files with a version.
func (j *importJob) plan(r *directory.Root) ([]intake.Problem, error) {
	p, problems, err := intake.MakePlan(j.data, r, j.opt)
	j.planned, j.version = p, r.Version()
	return problems, err
}

// intent applies the plan, made anew where somebody else changed the
// organization since.
func (j *importJob) intent(s *directory.State) (directory.Batch, error) {
	if r := j.org.Current(); r.Version() != j.version {
		problems, err := j.plan(r)
		if err != nil {
			return directory.Batch{}, err
		}
		if len(problems) > 0 {
			return directory.Batch{}, rollcall.Invalid("", "the organization was changed meanwhile and the files do not fit any more: %s", problems[0])
		}
	}
	return directory.Batch{Changes: j.planned.Changes, InTx: func(tx rollcall.Tx) error {
		_, err := activity.Record(tx, j.planned.SignIns)
		return err
	}}, nil
}

// warnOfOld tells of sign-ins that a server will forget at once.
func (j *importJob) warnOfOld(w io.Writer) {
	r, old := j.org.Current(), 0
	set := r.Corp().Settings
	oldest := activity.Oldest(set, r.Calendar(), time.Now())
	for day := range j.planned.SignIns {
		if day < oldest {
			old++
		}
	}
	if old > 0 {
		fmt.Fprintf(w, "Warning: %d days of sign-ins are before %s, and a server forgets them: only %d days are kept."+
			" To keep all, first run: rollcall settings activity.retention_days 0\n", old, oldest, set.RetentionDays)
	}
}

// newSignIns counts the sign-ins that are not recorded yet.
func (j *importJob) newSignIns() int {
	n := 0
	for day, people := range j.planned.SignIns {
		signed := j.org.Activity.SignedIn(day)
		for _, o := range people {
			if !signed.Has(uint32(o)) {
				n++
			}
		}
	}
	return n
}

// allProblems puts the problems of both steps together, file by file and line
// by line.
func allProblems(f intake.Files, read, plan []intake.Problem) []intake.Problem {
	all := slices.Concat(read, plan)
	order := []string{f.Departments, f.Users, f.Sheet, f.SignIns, f.Roles}
	slices.SortStableFunc(all, func(a, b intake.Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.File), slices.Index(order, b.File)), cmp.Compare(a.Line, b.Line))
	})
	return all
}

func (c *importCommand) refuse(std streams, r importResult) error {
	if c.JSON {
		if err := printJSON(std.out, r); err != nil {
			return err
		}
		return errRefused
	}
	w := bufio.NewWriter(std.err)
	for _, p := range r.Problems {
		fmt.Fprintln(w, p)
	}
	if len(r.Problems) == 1 {
		fmt.Fprintln(w, "1 problem")
	} else {
		fmt.Fprintf(w, "%d problems\n", len(r.Problems))
	}
	w.Flush() //nolint:errcheck // there is nowhere else to say it
	return errRefused
}

func (c *importCommand) finish(std streams, r importResult, text string) error {
	if c.JSON {
		if r.Problems == nil {
			r.Problems = []intake.Problem{}
		}
		return printJSON(std.out, r)
	}
	fmt.Fprintln(std.out, text)
	return nil
}

// showPlan prints what the import would do, without the lines that are zero.
func showPlan(w io.Writer, r importResult) {
	p := r.Plan
	lines := []struct {
		n    int
		text string
	}{
		{p.DeptsCreated, "departments are created"},
		{p.DeptsUpdated, "departments get other values"},
		{p.DeptsMoved, "departments move"},
		{p.DeptsDeleted, "departments are deleted"},
		{p.PeopleJoining, "people join"},
		{p.PeopleReturning, "people come back"},
		{p.PeopleUpdated, "people get other values"},
		{p.PeopleMoved, "people change departments"},
		{p.PeopleLeaving, "people leave"},
		{p.PeopleActivated, "accounts are activated"},
		{p.MembershipsAdded, "memberships are added"},
		{p.MembershipsChanged, "memberships change"},
		{p.MembershipsRemoved, "memberships are removed"},
		{p.RoleGroupsCreated, "role groups are created"},
		{p.RoleGroupsDeleted, "role groups are deleted"},
		{p.RolesCreated, "roles are created"},
		{p.RolesDeleted, "roles are deleted"},
		{p.RolesGiven, "roles are given"},
		{p.RolesTaken, "roles are taken"},
		{r.NewSignIns, "sign-ins are recorded"},
	}
	fmt.Fprintln(w, "Plan:")
	any := false
	for _, l := range lines {
		if l.n > 0 {
			any = true
			fmt.Fprintf(w, "  %9d %s\n", l.n, l.text)
		}
	}
	if !any {
		fmt.Fprintln(w, "  nothing")
	}
}

func confirm(std streams) bool {
	fmt.Fprint(std.err, "Apply? [y/N] ")
	answer, _ := bufio.NewReader(std.in).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}

// exportCommand writes CSV files or a contact sheet.
type exportCommand struct {
	dataFlags
	Out string `required:"" xor:"to" placeholder:"DIR" help:"Directory for departments.csv, users.csv, signins.csv and, where there are roles, roles.csv."`
	sheetExportFlags
}

// Help is shown by --help.
func (exportCommand) Help() string {
	return "The files hold personal data; they are written so that only you can read them.\nrollcall import reads them again."
}

// Run carries the command out.
func (c *exportCommand) Run(ctx context.Context, std streams) error {
	if err := c.check(); err != nil {
		return usageError{err}
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	if c.Sheet != "" {
		return c.export(std.out, exportSource{r, org.Activity})
	}
	if err := intake.Export(c.Out, exportSource{r, org.Activity}); err != nil {
		return err
	}
	files := "departments.csv, users.csv and signins.csv"
	for g := range r.RoleGroups() {
		if g.ID != rollcall.SystemGroup {
			files = "departments.csv, users.csv, signins.csv and roles.csv"
			break
		}
	}
	fmt.Fprintf(std.out, "Wrote %s to %s.\n", files, c.Out)
	return nil
}

// exportSource gives an organization to the export.
type exportSource struct {
	*directory.Root
	register *activity.Register
}

// SignIns implements [intake.Source].
func (s exportSource) SignIns(fn func(day rollcall.Day, userid string) error) error {
	for _, day := range s.register.Days() {
		for o := range s.register.SignedIn(day).All() {
			if err := fn(day, s.User(rollcall.Ordinal(o)).UserID); err != nil {
				return err
			}
		}
	}
	return nil
}
