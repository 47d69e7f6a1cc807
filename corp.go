package rollcall

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Corp is one organization.
type Corp struct {
	ID        string  `json:"corp_id"`
	Name      string  `json:"name"`
	CreatedAt Instant `json:"created_at"`
	Settings
	// Eras are what was chosen before, ascending; see [Corp.Calendar].
	Eras []Era `json:"-"`
}

// Same reports whether two say the same.
func (c Corp) Same(d Corp) bool {
	return c.ID == d.ID && c.Name == d.Name && c.CreatedAt == d.CreatedAt && c.Settings == d.Settings && slices.Equal(c.Eras, d.Eras)
}

// Settings are what an organization's operator can choose.
type Settings struct {
	// ErrmsgLanguage is the language of errmsg (contract D3).
	ErrmsgLanguage Language `json:"errmsg_language"`
	// Timezone is the IANA name of the zone in which days are counted
	// (contract D6).
	Timezone string `json:"timezone"`
	// ClosingHour is the hour, 0 to 23, of the next day from which a day can
	// be read (contract D6).
	ClosingHour int `json:"activity.closing_hour"`
	// RetentionDays is for how many days before today sign-ins are kept; 0 is
	// for ever.
	RetentionDays int `json:"activity.retention_days"`
	// Subdepartments widens dept_ids of the activity call to whole subtrees
	// (contract D6).
	Subdepartments bool `json:"activity.subdepartments"`
	// Sandbox lets an app set the server's clock. It is for tests.
	Sandbox bool `json:"sandbox"`
}

// Language is a language of names and texts.
type Language string

// The languages that the wire knows.
const (
	Chinese Language = "zh_CN"
	English Language = "en_US"
)

// DefaultSettings returns what a new organization starts with.
func DefaultSettings() Settings {
	return Settings{ErrmsgLanguage: English, Timezone: "Asia/Shanghai", ClosingHour: 9, RetentionDays: 400}
}

// MinRetention is the least number of days that sign-ins are kept: what the
// wire's activity call can ask for, and the day that is open.
const MinRetention = 33

// SettingKeys lists the names of the settings, in the order in which they are
// shown.
func SettingKeys() []string {
	return []string{"errmsg_language", "timezone", "activity.closing_hour", "activity.retention_days", "activity.subdepartments", "sandbox"}
}

// Get returns the text form of one setting.
func (s Settings) Get(key string) (string, error) {
	switch key {
	case "errmsg_language":
		return string(s.ErrmsgLanguage), nil
	case "timezone":
		return s.Timezone, nil
	case "activity.closing_hour":
		return strconv.Itoa(s.ClosingHour), nil
	case "activity.retention_days":
		return strconv.Itoa(s.RetentionDays), nil
	case "activity.subdepartments":
		return strconv.FormatBool(s.Subdepartments), nil
	case "sandbox":
		return strconv.FormatBool(s.Sandbox), nil
	}
	return "", Invalid("setting", "there is no setting %q; the settings are %q", key, SettingKeys())
}

// With returns the settings with one of them changed; value is its text form.
func (s Settings) With(key, value string) (Settings, error) {
	switch key {
	case "errmsg_language":
		s.ErrmsgLanguage = Language(value)
	case "timezone":
		s.Timezone = value
	case "activity.closing_hour":
		n, err := strconv.Atoi(value)
		if err != nil {
			return s, Invalid(key, "%q is not a whole number", value)
		}
		s.ClosingHour = n
	case "activity.retention_days":
		n, err := strconv.Atoi(value)
		if err != nil {
			return s, Invalid(key, "%q is not a whole number", value)
		}
		s.RetentionDays = n
	case "activity.subdepartments":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return s, Invalid(key, "%q is neither true nor false", value)
		}
		s.Subdepartments = b
	case "sandbox":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return s, Invalid(key, "%q is neither true nor false", value)
		}
		s.Sandbox = b
	default:
		_, err := s.Get(key)
		return s, err
	}
	return s, s.Validate()
}

// Validate checks every setting.
func (s Settings) Validate() error {
	if s.ErrmsgLanguage != Chinese && s.ErrmsgLanguage != English {
		return Invalid("errmsg_language", "%q is neither en_US nor zh_CN", s.ErrmsgLanguage)
	}
	if _, err := s.Location(); err != nil {
		return err
	}
	if s.ClosingHour < 0 || s.ClosingHour > 23 {
		return Invalid("activity.closing_hour", "%d is not an hour from 0 to 23", s.ClosingHour)
	}
	if s.RetentionDays != 0 && s.RetentionDays < MinRetention {
		return Invalid("activity.retention_days", "%d is not %d or more, nor 0, which keeps everything", s.RetentionDays, MinRetention)
	}
	return nil
}

// Location loads the time zone.
func (s Settings) Location() (*time.Location, error) {
	if s.Timezone == "" || s.Timezone == "Local" {
		return nil, Invalid("timezone", "%q is not the name of a time zone, such as Asia/Shanghai or UTC", s.Timezone)
	}
	loc, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return nil, Invalid("timezone", "%q is not the name of a time zone, such as Asia/Shanghai or UTC", s.Timezone)
	}
	return loc, nil
}

var corpIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate checks the organization's own values.
func (c Corp) Validate() error {
	if !corpIDPattern.MatchString(c.ID) {
		return Invalid("corp-id", "%q is not 1 to 64 letters, digits, - or _", c.ID)
	}
	if err := validName(c.Name); err != nil {
		return err
	}
	return c.Settings.Validate()
}

// CorpUpdate changes an organization; a nil field stays as it is.
type CorpUpdate struct {
	Name     *string   `json:"name,omitempty"`
	Settings *Settings `json:"settings,omitempty"`
	Eras     *[]Era    `json:"eras,omitempty"` // replaces all of them
}

// validName implements contract D14: 1 to 64 characters without control
// characters.
func validName(s string) error {
	if err := validText("name", s, 64); err != nil {
		return err
	}
	if s == "" {
		return Invalid("name", "is empty")
	}
	return nil
}

func validText(param, s string, maxRunes int) error {
	if printable(s) && len(s) <= maxRunes {
		return nil
	}
	n := 0
	for i, r := range s {
		if r == '\uFFFD' && s[i] != 0xEF {
			return Invalid(param, "is not valid UTF-8")
		}
		if r < 0x20 || r == 0x7F || (r >= 0x80 && r < 0xA0) {
			return Invalid(param, "has the control character %U", r)
		}
		n++
	}
	if n > maxRunes {
		return Invalid(param, "has %d characters; %d are allowed", n, maxRunes)
	}
	return nil
}

// printable reports whether all of s is ASCII without control characters.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7F {
			return false
		}
	}
	return true
}

// Invalid makes an error of kind [KindInvalid] about one parameter.
func Invalid(param, format string, args ...any) error {
	return &Error{Kind: KindInvalid, Param: param, Detail: fmt.Sprintf(format, args...)}
}
