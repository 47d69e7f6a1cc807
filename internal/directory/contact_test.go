package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
)

func erased(o rollcall.Ordinal, userid string) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserErased, Ordinal: o, Payload: rollcall.Payload{User: &rollcall.User{UserID: userid}}}
}

func mobile(o rollcall.Ordinal, number string) rollcall.Change {
	return updated(o, rollcall.UserUpdate{Mobile: &number})
}

func union(o rollcall.Ordinal, unionid string) rollcall.Change {
	return updated(o, rollcall.UserUpdate{Details: &rollcall.Details{UnionID: unionid}})
}

// A contact that somebody else has is refused, wherever the other one got it.
func TestAContactOfAnotherIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Person 0 has the mobile 1, person 1 the mobile 2, person 2 none; person 3
	// left with the mobile 4.
	open := func(t *testing.T) *modeltest.Model {
		corp, model := w.solo(t)
		do(t, corp, model,
			joined(0, "a", "Anna"), joined(1, "b", "Bob"), joined(2, "c", "C"), joined(3, "z", "Zoë"),
			mobile(0, "1"), mobile(1, "2"), mobile(3, "4"), left(3))
		return model
	}
	newcomer := joined(4, "new", "New")
	newcomer.User.Telephone = "8"
	returning := joined(3, "z", "Zoë")
	returning.User.Mobile = "4"
	tests := map[string]struct {
		steps [][]rollcall.Change // intents of one transaction
		param string              // of the error of the last one; empty: it is fine
	}{
		"taken":                            {[][]rollcall.Change{{mobile(2, "1")}}, "mobile"},
		"free":                             {[][]rollcall.Change{{mobile(2, "3")}}, ""},
		"of one who left":                  {[][]rollcall.Change{{mobile(2, "4")}}, ""},
		"exchanged":                        {[][]rollcall.Change{{mobile(0, "2"), mobile(1, "1")}}, ""},
		"exchanged back":                   {[][]rollcall.Change{{mobile(0, "2"), mobile(1, "1"), mobile(0, "1"), mobile(1, "2")}}, ""},
		"given away at once":               {[][]rollcall.Change{{mobile(2, "1"), mobile(0, "")}}, ""},
		"taken by two at once":             {[][]rollcall.Change{{mobile(1, "9"), mobile(2, "9")}}, "mobile"},
		"taken a moment ago":               {[][]rollcall.Change{{mobile(1, "9")}, {mobile(2, "9")}}, "mobile"},
		"freed a moment ago":               {[][]rollcall.Change{{mobile(0, "9")}, {mobile(2, "1")}}, ""},
		"taken after being freed":          {[][]rollcall.Change{{mobile(0, "9")}, {mobile(2, "1")}, {mobile(1, "1")}}, "mobile"},
		"held across a touch":              {[][]rollcall.Change{{mobile(2, "9")}, {mobile(1, "9"), mobile(1, "2")}, {mobile(1, "9")}}, "mobile"},
		"two of one intent":                {[][]rollcall.Change{{mobile(2, "9"), mobile(0, "9"), mobile(1, "9"), mobile(0, "1"), mobile(1, "2")}}, ""},
		"newcomer with a telephone":        {[][]rollcall.Change{{newcomer}, {updated(1, rollcall.UserUpdate{Details: &rollcall.Details{Telephone: "8"}})}}, "telephone"},
		"back with a free mobile":          {[][]rollcall.Change{{returning}}, ""},
		"back with a mobile taken since":   {[][]rollcall.Change{{mobile(2, "4")}, {returning}}, "mobile"},
		"unionid brought by two":           {[][]rollcall.Change{{union(0, "U")}, {union(1, "U")}}, "unionid"},
		"unionid made for another":         {[][]rollcall.Change{{union(0, "made for 1")}}, "unionid"},
		"unionid made for one to come":     {[][]rollcall.Change{{union(0, "made for 99")}}, "unionid"},
		"one's own made unionid":           {[][]rollcall.Change{{union(1, "made for 1")}}, ""},
		"same value as another kind":       {[][]rollcall.Change{{updated(2, rollcall.UserUpdate{Email: ptr("1")})}}, ""},
		"left in the same breath":          {[][]rollcall.Change{{left(0), mobile(2, "1")}}, ""},
		"left and back in the same breath": {[][]rollcall.Change{{left(0), mobile(2, "1")}, {joined(0, "a", "Anna"), mobile(0, "1")}}, "mobile"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			model := open(t)
			var intents []directory.Intent
			for _, changes := range test.steps {
				changes = slices.Clone(changes)
				for i, c := range changes {
					if c.UserUpdate == nil || c.UserUpdate.Details == nil {
						continue
					}
					var o rollcall.Ordinal
					if _, err := fmt.Sscanf(c.UserUpdate.Details.UnionID, "made for %d", &o); err == nil {
						changes[i] = union(c.Ordinal, rollcall.NewUnions(model.Corp.ID).Of(&rollcall.User{Ordinal: o}))
					}
				}
				intents = append(intents, want(changes...))
			}
			corp, results := together(t, w, model.Corp.ID, intents...)
			for i, r := range results {
				if r.err == nil {
					model.Apply(r.out.Changes)
				}
				var e *rollcall.Error
				switch refused := i == len(results)-1 && test.param != ""; {
				case !refused && r.err != nil:
					t.Errorf("step %d: %v", i, r.err)
				case refused && (!errors.As(r.err, &e) || e.Kind != rollcall.KindConflict || e.Param != test.param):
					t.Errorf("step %d: the error is %v and not a conflict about %s", i, r.err, test.param)
				}
			}
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
		})
	}
}

// Whoever was erased is found by the new userid only, and the old one is free at
// once.
func TestErasing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, joined(0, "ann", "Anna"), mobile(0, "1"), joined(1, "bob", "Bob"), left(0))
	before := corp.Current()
	do(t, corp, model, erased(0, "gone-0"), joined(2, "ann", "Another"), mobile(2, "1"))
	do(t, corp, model, joined(3, "cid", "Cid"), left(3), erased(3, "gone-3"), joined(4, "cid", "Another"))
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
	if u, ok := before.UserByID("ann"); !ok || u.Ordinal != 0 || u.Name != "Anna" {
		t.Errorf("a version from before has %+v", u)
	}

	for name, bad := range map[string]rollcall.Change{
		"of somebody present":          erased(1, "gone-1"),
		"of nobody":                    erased(99, "gone-99"),
		"with the userid of another":   erased(0, "bob"),
		"with that of an erased one":   erased(0, "gone-3"),
		"coming back as who one was":   joined(0, "ann", "Anna"),
		"coming back as another again": joined(0, "dan", "Dan"),
	} {
		if _, err := corp.Do(t.Context(), "test", want(bad)); err == nil {
			t.Errorf("%s: it was done", name)
		}
	}
	// Erasing once more, and coming back under the last userid.
	do(t, corp, model, erased(0, "gone-0-again"))
	do(t, corp, model, joined(0, "gone-0-again", "Anna"))
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

// Another process takes over that somebody came back, left and was erased, when
// the log already has the last userid in all places.
func TestErasingIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	writer, follower := w.open(t, w.store, model.Corp.ID), w.open(t, w.connect(t), model.Corp.ID)
	do(t, writer, model, joined(0, "ann", "Anna"), mobile(0, "1"), left(0))
	if err := follower.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, writer, model, joined(0, "ann", "Anna"), mobile(0, "2"))
	do(t, writer, model, left(0))
	do(t, writer, model, erased(0, "gone-0"), joined(1, "ann", "Another"))
	if err := follower.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	agree(t, follower.Current(), model, 7)
}
