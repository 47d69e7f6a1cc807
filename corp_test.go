package rollcall_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

// wantParam fails unless err is nil for an empty param, or an invalid value of
// that parameter.
func wantParam(t *testing.T, what string, err error, param string) {
	t.Helper()
	if param == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	var e *rollcall.Error
	if !errors.As(err, &e) || e.Kind != rollcall.KindInvalid || e.Param != param || e.Detail == "" {
		t.Errorf("%s: %v, and not about %s", what, err, param)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := rollcall.DefaultSettings()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	for key, values := range map[string][]string{
		"errmsg_language":         {"en_US", "zh_CN"},
		"timezone":                {"Asia/Shanghai", "UTC", "America/New_York"},
		"activity.closing_hour":   {"9", "0", "23"},
		"activity.subdepartments": {"false", "true"},
	} {
		if got, err := s.Get(key); err != nil || got != values[0] {
			t.Errorf("%s is %q by default: %v", key, got, err)
		}
		for _, v := range values {
			changed, err := s.With(key, v)
			got, _ := changed.Get(key)
			if err != nil || got != v {
				t.Errorf("%s set to %q is %q: %v", key, v, got, err)
			}
			for _, other := range rollcall.SettingKeys() {
				was, _ := s.Get(other)
				if is, _ := changed.Get(other); other != key && is != was {
					t.Errorf("setting %s changed %s from %q to %q", key, other, was, is)
				}
			}
		}
	}
	for _, bad := range []struct{ key, value, param string }{
		{"errmsg_language", "", "errmsg_language"},
		{"errmsg_language", "de_DE", "errmsg_language"},
		{"errmsg_language", "EN_US", "errmsg_language"},
		{"timezone", "", "timezone"},
		{"timezone", "Local", "timezone"},
		{"timezone", "Moon/Crater", "timezone"},
		{"timezone", "../etc/passwd", "timezone"},
		{"activity.closing_hour", "24", "activity.closing_hour"},
		{"activity.closing_hour", "-1", "activity.closing_hour"},
		{"activity.closing_hour", "nine", "activity.closing_hour"},
		{"activity.closing_hour", "", "activity.closing_hour"},
		{"activity.retention_days", "32", "activity.retention_days"},
		{"activity.retention_days", "-1", "activity.retention_days"},
		{"activity.retention_days", "many", "activity.retention_days"},
		{"activity.subdepartments", "yes", "activity.subdepartments"},
		{"sandbox", "yes", "sandbox"},
		{"activity.subdepartments", "", "activity.subdepartments"},
		{"colour", "red", "setting"},
		{"", "", "setting"},
	} {
		_, err := s.With(bad.key, bad.value)
		wantParam(t, bad.key+"="+bad.value, err, bad.param)
	}
	if _, err := s.Get("colour"); err == nil {
		t.Error("there is a setting colour")
	}
	if keys := rollcall.SettingKeys(); len(keys) != 6 || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 6 {
		t.Errorf("the settings are %q", keys)
	}
	for _, key := range rollcall.SettingKeys() {
		if _, err := s.Get(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// names are texts that everything with a name takes or refuses alike (contract
// D14); the limit counts characters and not bytes.
func names(empty string) map[string]string {
	return map[string]string{
		"one letter":       "",
		"64 Han":           "",
		"65 Han":           "name",
		"64 letters":       "",
		"65 letters":       "name",
		"dash and comma":   "",
		"blanks":           "",
		"beyond 16 bits":   "",
		"replacement rune": "",
		"nothing":          empty,
		"broken UTF-8":     "name",
		"cut UTF-8":        "name",
		"tab":              "name",
		"newline":          "name",
		"zero":             "name",
		"DEL":              "name",
		"C1 control":       "name",
	}
}

func text(what string) string {
	return map[string]string{
		"one letter": "x", "64 Han": strings.Repeat("王", 64), "65 Han": strings.Repeat("王", 65),
		"64 letters": strings.Repeat("x", 64), "65 letters": strings.Repeat("x", 65),
		"dash and comma": "R-D，X,Y", "blanks": " a b ", "beyond 16 bits": "𠮷田", "replacement rune": "a\uFFFDb", "nothing": "",
		"broken UTF-8": "a\xffb", "cut UTF-8": "a\xe7\x8e", "tab": "a\tb", "newline": "a\n", "zero": "\x00", "DEL": "a\x7f", "C1 control": "a\u0085b",
	}[what]
}

func TestValidateCorp(t *testing.T) {
	t.Parallel()
	good := rollcall.Corp{ID: "ding0123_-X", Name: "Org", Settings: rollcall.DefaultSettings()}
	for what, test := range map[string]struct {
		change func(c *rollcall.Corp)
		param  string
	}{
		"good":             {func(*rollcall.Corp) {}, ""},
		"longest id":       {func(c *rollcall.Corp) { c.ID = strings.Repeat("x", 64) }, ""},
		"empty id":         {func(c *rollcall.Corp) { c.ID = "" }, "corp-id"},
		"long id":          {func(c *rollcall.Corp) { c.ID = strings.Repeat("x", 65) }, "corp-id"},
		"id with a slash":  {func(c *rollcall.Corp) { c.ID = "a/b" }, "corp-id"},
		"id with a letter": {func(c *rollcall.Corp) { c.ID = "é" }, "corp-id"},
		"id with newline":  {func(c *rollcall.Corp) { c.ID = "a\n" }, "corp-id"},
		"closing hour":     {func(c *rollcall.Corp) { c.ClosingHour = 24 }, "activity.closing_hour"},
		"language":         {func(c *rollcall.Corp) { c.ErrmsgLanguage = "" }, "errmsg_language"},
		"time zone":        {func(c *rollcall.Corp) { c.Timezone = "x" }, "timezone"},
	} {
		c := good
		test.change(&c)
		wantParam(t, what, c.Validate(), test.param)
	}
	for what, param := range names("name") {
		c := good
		c.Name = text(what)
		wantParam(t, "name: "+what, c.Validate(), param)
	}
}
