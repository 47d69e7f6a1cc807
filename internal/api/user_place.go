package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"rollcall"
	"rollcall/internal/edit"
)

// whole is a whole number in JSON, native or as a text (contract D2).
type whole int64

// UnmarshalJSON implements [json.Unmarshaler].
func (n *whole) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `" `), 10, 64)
	*n = whole(v)
	return err
}

// truth is true or false in JSON, native or as a text (contract D2).
type truth bool

// UnmarshalJSON implements [json.Unmarshaler].
func (t *truth) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.Trim(string(b), `" `)))
	*t = truth(v)
	return err
}

// position is an entry of one of the lists of values in departments.
type position struct {
	DeptID    *whole  `json:"dept_id"`
	Order     *whole  `json:"order"`
	Title     *string `json:"title"`
	WorkPlace *string `json:"work_place"`
	IsMain    *truth  `json:"is_main"`
}

func readOrders(param string, b []byte) ([]edit.Place, error) {
	return readPlaces(param, b, func(p *position, to *edit.Place) bool {
		to.Order = (*int64)(p.Order)
		return p.Order != nil
	})
}

func readTitles(param string, b []byte) ([]edit.Place, error) {
	return readPlaces(param, b, func(p *position, to *edit.Place) bool {
		to.Title = p.Title
		return p.Title != nil
	})
}

func readPositions(param string, b []byte) ([]edit.Place, error) {
	return readPlaces(param, b, func(p *position, to *edit.Place) bool {
		to.Title, to.WorkPlace, to.Main = p.Title, p.WorkPlace, (*bool)(p.IsMain)
		return true
	})
}

// readPlaces reads a list of positions; take says whether one has all that it
// must have.
func readPlaces(param string, b []byte, take func(*position, *edit.Place) bool) (places []edit.Place, err error) {
	var list []position
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, malformed(param, err)
	}
	for i := range list {
		p := edit.Place{Param: param}
		if list[i].DeptID == nil || !take(&list[i], &p) {
			return nil, malformed(param, fmt.Errorf("entry %d is not whole", i))
		}
		p.DeptID = rollcall.DeptID(*list[i].DeptID)
		places = append(places, p)
	}
	return places, nil
}

// readBareOrders reads orders by the ids of departments, as {"1":10} or, as the
// documentation of the classic paths has it, {1:10}.
func readBareOrders(param string, b []byte) (places []edit.Place, err error) {
	text := strings.TrimSpace(string(b))
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, malformed(param, fmt.Errorf("it is not in braces"))
	}
	if text = strings.TrimSpace(text[1 : len(text)-1]); text == "" {
		return nil, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(entry, ":")
		id, wrongID := strconv.ParseInt(strings.Trim(key, " \t\r\n\""), 10, 64)
		order, wrongOrder := strconv.ParseInt(strings.Trim(value, " \t\r\n\""), 10, 64)
		if wrongID != nil || wrongOrder != nil {
			return nil, malformed(param, fmt.Errorf("%q is no id with an order", entry))
		}
		places = append(places, edit.Place{DeptID: rollcall.DeptID(id), Order: &order, Param: param})
	}
	return places, nil
}

func malformed(param string, err error) error {
	return &rollcall.Error{Kind: rollcall.KindMalformed, Param: param, Detail: "it does not have its form", Err: err}
}
