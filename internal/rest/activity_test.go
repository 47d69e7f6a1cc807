package rest_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"rollcall"
)

// Whatever is in a name, a table has it as it is.
func TestCellsOfATableComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"王伟", "Wang, Wei", `Wei "Will" Wang`, `"`, `,"`, "two\nlines", " blank ", "'", "a;b\tc", strings.Repeat(`",`, 40)}
	var changes []rollcall.Change
	for o, name := range names {
		changes = append(changes, rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(o), Payload: rollcall.Payload{
			User: &rollcall.User{UserID: fmt.Sprint("u", o), Name: name, Active: o%2 == 0, Stay: rollcall.Stay{To: rollcall.Open}},
		}})
	}
	w.do(changes...)
	w.createApp("auditor", rollcall.PermActivityRead)
	status, body := w.get("/rollcall/v1/activity/last?format=csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || status != 200 || len(rows) != 1+len(names) {
		t.Fatal(status, len(rows), err)
	}
	for o, name := range names {
		want := []string{fmt.Sprint("u", o), name, fmt.Sprint(o%2 == 0), "", "0"}
		if got := rows[o+1]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("row %q and not %q", got, want)
		}
	}
}
