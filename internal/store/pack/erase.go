package pack

import (
	"encoding/json"
	"fmt"
	"slices"

	"rollcall"
)

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
