package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

// settingsCommand shows and changes settings.
type settingsCommand struct {
	dataFlags
	listFlags
	Key   string  `arg:"" optional:"" help:"Name of the setting."`
	Value *string `arg:"" optional:"" help:"New value."`
}

// Help is shown by --help.
func (settingsCommand) Help() string {
	return `Settings:
  errmsg_language          language of error texts: en_US or zh_CN
  timezone                 time zone in which days are counted, such as Asia/Shanghai
  activity.closing_hour    hour of the next day from which a day can be read, 0 to 23
                           (another zone or hour counts from tomorrow on)
  activity.retention_days  for how many days sign-ins are kept, 0 for ever
  activity.subdepartments  whether dept_ids of the activity call includes departments below, true or false
  sandbox                  whether an app may set the server's clock, for tests, true or false

Example:
  rollcall settings --data ./data errmsg_language zh_CN`
}

// Run carries the command out.
func (c *settingsCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	set := org.Settings()
	if c.Value != nil {
		if set, err = set.With(c.Key, *c.Value); err != nil {
			return err
		}
		_, err = org.Do(ctx, "cli", func(s *directory.State) (directory.Batch, error) {
			fresh, err := s.Corp().Settings.With(c.Key, *c.Value)
			if err != nil || fresh == s.Corp().Settings {
				return directory.Batch{}, err
			}
			update := s.Corp().Choose(fresh, s.Calendar().Day(time.Now()))
			if s.NextOrdinal() == 0 { // no day has an answer yet
				update.Eras = nil
			}
			return directory.Batch{Changes: []rollcall.Change{{
				Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &update},
			}}}, nil
		})
		if err != nil {
			return fmt.Errorf("changing the setting: %w", err)
		}
	}
	if c.Key == "" {
		return c.show(std, set, set, rollcall.SettingKeys()...)
	}
	value, err := set.Get(c.Key)
	if err != nil {
		return err
	}
	if !c.JSON && !c.CSV {
		fmt.Fprintln(std.out, value)
		return nil
	}
	// In JSON a setting looks the same alone and among the others.
	b, err := json.Marshal(set)
	if err != nil {
		return err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	return c.show(std, set, map[string]json.RawMessage{c.Key: all[c.Key]}, c.Key)
}

// show prints some of the settings; value is what is printed as JSON.
func (c *settingsCommand) show(std streams, set rollcall.Settings, value any, keys ...string) error {
	var rows [][]string
	for _, key := range keys {
		text, err := set.Get(key)
		if err != nil {
			return err
		}
		rows = append(rows, []string{key, text})
	}
	return c.print(std.out, value, []string{"setting", "value"}, rows)
}
