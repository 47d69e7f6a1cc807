package pack

import (
	"encoding/json"
	"fmt"
	"slices"

	"rollcall"
)

// Payload is a payload of the change log that is to be written anew.
type Payload struct {
	Version, Seq int64
	Text         string
}

// Payloads collects them.
type Payloads []Payload

// Change decodes a payload and keeps it where change says that it changed it.
func (p *Payloads) Change(version, seq int64, text []byte, change func(*rollcall.Payload) bool) error {
	var payload rollcall.Payload
	if err := json.Unmarshal(text, &payload); err != nil {
		return fmt.Errorf("the log at version %d: %w", version, err)
	}
	if !change(&payload) {
		return nil
	}
	changed, err := json.Marshal(&payload)
	if err == nil {
		*p = append(*p, Payload{version, seq, string(changed)})
	}
	return err
}

// Scope is the people of an app's contact scope, to be written anew.
type Scope struct{ Appkey, People string }

// Scopes collects them.
type Scopes []Scope

// Rename decodes the people of a contact scope, and keeps it with another userid
// where it has the one.
func (s *Scopes) Rename(appkey string, text []byte, from, to string) error {
	var people []string
	if err := json.Unmarshal(text, &people); err != nil {
		return fmt.Errorf("the contact scope of %s: %w", appkey, err)
	}
	if !slices.Contains(people, from) {
		return nil
	}
	renamed, err := json.Marshal(rollcall.RenameUser(people, from, to))
	if err == nil {
		*s = append(*s, Scope{appkey, string(renamed)})
	}
	return err
}
