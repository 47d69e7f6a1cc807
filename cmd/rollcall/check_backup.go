package main

import (
	"context"
	"fmt"
	"time"

	"rollcall"
	"rollcall/internal/backup"
)

// checkedBackup is what was verified of a backup.
type checkedBackup struct {
	Format        int       `json:"format"`
	Program       string    `json:"program"`
	MadeAt        string    `json:"made_at"`
	SHA256        string    `json:"sha256"`
	Organizations []checked `json:"organizations"`
}

// checkBackup checks a backup: all of its bytes, every record, and what each
// organization becomes in memory.
func (c *checkCommand) checkBackup(ctx context.Context, std streams) error {
	file, done, err := backup.OpenFile(c.Backup)
	if err != nil {
		return err
	}
	defer done() //nolint:errcheck // it was only read
	r := checkedBackup{
		Format: file.Format, Program: file.Program, MadeAt: file.MadeAt.Time().Format(time.RFC3339), SHA256: file.SHA256,
		Organizations: []checked{},
	}
	bar := newProgress(std.err)
	defer bar.finish()
	for _, s := range file.Organizations {
		if c.Corp != "" && s.CorpID != c.Corp {
			continue
		}
		one, err := checkSection(ctx, file, &s, bar)
		if err != nil {
			return fmt.Errorf("organization %s: %w", s.CorpID, err)
		}
		r.Organizations = append(r.Organizations, one)
	}
	bar.finish()
	if c.Corp != "" && len(r.Organizations) == 0 {
		return fmt.Errorf("--corp %s: %w in the backup", c.Corp, rollcall.ErrNoCorp)
	}
	if c.JSON {
		return printJSON(std.out, r)
	}
	fmt.Fprintf(std.out, "The backup is sound: format %d, written by Rollcall %s at %s, SHA-256 %s.\n", r.Format, r.Program, r.MadeAt, r.SHA256)
	printChecked(std.out, r.Organizations)
	return nil
}

// checkSection checks one organization. Whatever is wrong is wrong with the file.
func checkSection(ctx context.Context, file *backup.File, s *backup.Section, bar *progress) (checked, error) {
	sum, err := backup.SumOf(ctx, file, s.CorpID, bar.moving("Checking"))
	if err == nil && sum.Counts != s.Counts {
		err = rollcall.Invalid("", "the backup says %+v, and there are %+v", s.Counts, sum.Counts)
	}
	var one checked
	if err == nil {
		one, err = checkCorp(ctx, file, s.CorpID)
	}
	if err != nil && ctx.Err() == nil && rollcall.KindOf(err) == rollcall.KindInternal {
		err = &rollcall.Error{Kind: rollcall.KindInvalid, Detail: "the backup does not agree with itself", Err: err}
	}
	return one, err
}
