package api

import (
	"errors"
	"math"
	"slices"

	"rollcall"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// userField is a value of a person that calls set: its parameter under /topapi,
// what it is called on classic paths, and where it goes.
type userField struct {
	wire.Param
	classic  string // empty: no classic path takes it
	onlyOld  bool   // only classic paths take it
	onUpdate bool   // only updates take it
	put      func(v *edit.UserValues, c *wire.Call, i int) error
	// rows are the faults of errors about it.
	rows []wire.FaultRow
}

// The most departments that a call names (contract 5.4): the documentation of
// create says 100, the published clients let update name 300.
const (
	maxDeptsOnCreate = 100
	maxDeptsOnUpdate = 300
)

// about makes a row for errors about the field.
func (f userField) about(kind rollcall.ErrorKind, fault wire.Fault) userField {
	f.rows = append(slices.Clip(f.rows), wire.FaultRow{Kind: kind, Param: f.Name, Fault: fault})
	return f
}

func (f userField) updateOnly() userField {
	f.onUpdate = true
	return f
}

// userText is a text. What is wrong with it has one fault: its length, and, as
// the rules find them, its characters.
func userText(name, classic string, most int64, wrong wire.Fault, doc string, at func(*edit.UserValues) **string) userField {
	f := userField{
		Param:   wire.Param{Name: name, Kind: wire.String, Max: most, Malformed: wrong, Doc: doc},
		classic: classic,
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			s := c.Text(i)
			*at(v) = &s
			return nil
		},
	}
	return f.about(rollcall.KindInvalid, wrong)
}

func userFlag(name, classic, doc string, at func(*edit.UserValues) **bool) userField {
	return userField{
		Param: wire.Param{Name: name, Kind: wire.Bool, Malformed: wire.FaultParamFormat, Doc: doc}, classic: classic,
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			b := c.Bool(i)
			*at(v) = &b
			return nil
		},
	}
}

// userList is a list of values in departments, as JSON.
func userList(name, doc string, wrong wire.Fault, read func(param string, b []byte) ([]edit.Place, error)) userField {
	f := userField{
		Param: wire.Param{Name: name, Kind: wire.JSON, Malformed: wire.FaultParamFormat, Doc: doc},
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			places, err := read(name, c.JSON(i))
			v.Places = append(v.Places, places...)
			return err
		},
	}
	return f.about(rollcall.KindMalformed, wire.FaultParamFormat).about(rollcall.KindNotFound, wire.FaultDeptID).about(rollcall.KindInvalid, wrong)
}

// userFields lists the values in the order in which they are checked.
func userFields(onUpdate bool) []userField {
	type values = edit.UserValues
	depts := int64(maxDeptsOnCreate)
	if onUpdate {
		depts = maxDeptsOnUpdate
	}
	return []userField{
		userText("name", "name", 64, wire.FaultIllegalName, "The name, 1 to 64 characters.", func(v *values) **string { return &v.Name }),
		userText("mobile", "mobile", 32, wire.FaultIllegalMobile, "The mobile number: of mainland China, or as +xx-xxxx.",
			func(v *values) **string { return &v.Mobile }).about(rollcall.KindConflict, wire.FaultMobileExists),
		userFlag("hide_mobile", "isHide", "Whether others do not get to see the mobile number.", func(v *values) **bool { return &v.HideMobile }),
		userText("telephone", "tel", 50, wire.FaultIllegalTelephone, "The extension number.",
			func(v *values) **string { return &v.Telephone }).about(rollcall.KindConflict, wire.FaultIllegalTelephone),
		userText("job_number", "jobnumber", edit.MaxJobNumber, wire.FaultIllegalJobNumber, "The job number.", func(v *values) **string { return &v.JobNumber }),
		userText("title", "position", 200, wire.FaultIllegalTitle, "The title.", func(v *values) **string { return &v.Title }),
		userText("email", "email", edit.MaxEmail, wire.FaultIllegalEmail, "The e-mail address.",
			func(v *values) **string { return &v.Email }).about(rollcall.KindConflict, wire.FaultEmailExists),
		userText("org_email", "orgEmail", 100, wire.FaultIllegalEmail, "The e-mail address that the organization gave.", func(v *values) **string { return &v.OrgEmail }),
		userText("org_email_type", "", 32, wire.FaultParamInvalid, "What sort of address that is.", func(v *values) **string { return &v.OrgEmailType }),
		userText("work_place", "workPlace", 100, wire.FaultIllegalWorkPlace, "Where the person works.", func(v *values) **string { return &v.WorkPlace }),
		userText("remark", "remark", 2000, wire.FaultIllegalRemark, "A remark about the person.", func(v *values) **string { return &v.Remark }),
		deptsField(depts),
		userList("dept_order_list", "The orders in departments: [{dept_id, order}]; larger first, 0 is none.", wire.FaultDeptOrder, readOrders),
		userList("dept_title_list", "The titles in departments: [{dept_id, title}].", wire.FaultIllegalTitle, readTitles),
		userList("dept_position_list", "The positions in departments: [{dept_id, is_main, title, work_place}].", wire.FaultIllegalPosition, readPositions),
		ordersField(),
		extensionField(),
		userFlag("senior_mode", "isSenior", "Whether the person is in senior mode.", func(v *values) **bool { return &v.Senior }),
		{
			Param: wire.Param{
				Name: "hired_date", Kind: wire.Int, Min: 1, Max: math.MaxInt64, Malformed: wire.FaultParamFormat, Doc: "When the person was hired, in milliseconds since 1970.",
			},
			classic: "hiredDate",
			put: func(v *edit.UserValues, c *wire.Call, i int) error {
				at := rollcall.Instant(c.Int(i))
				v.HiredDate = &at
				return nil
			},
		},
		userText("manager_userid", "managerUserid", maxUserID, wire.FaultInvalidUserID, "The userid of whom the person reports to.",
			func(v *values) **string { return &v.Manager }).
			about(rollcall.KindNotFound, wire.FaultUserNotFound).about(rollcall.KindConflict, wire.FaultInvalidUserID),
		userFlag("exclusive_account", "", "Whether the account belongs to the organization; it needs no mobile number then.", func(v *values) **bool { return &v.Exclusive }),
		userText("exclusive_account_type", "", 32, wire.FaultParamInvalid, "What sort of such an account: sso or dingtalk.", func(v *values) **string { return &v.ExclusiveType }),
		userText("login_id", "", 64, wire.FaultParamInvalid, "The name to sign in with, of such an account.", func(v *values) **string { return &v.LoginID }),
		{ // behind name, which it is about
			Param:   languageParam(wire.FaultParamInvalid),
			classic: "lang", onUpdate: true,
			put: func(v *edit.UserValues, c *wire.Call, i int) error {
				if languageOf(c, i) == rollcall.English {
					v.Name, v.NameEN = nil, v.Name
				}
				return nil
			},
		},
		forcedField(),
		modeField(),
	}
}

func deptsField(most int64) userField {
	f := userField{
		Param: wire.Param{
			Name: "dept_id_list", Kind: wire.IDs, MaxItems: int(most), Malformed: wire.FaultIllegalDepts, OutOfRange: wire.FaultTooManyDepts,
			Doc: "All departments of the person; of somebody new without it, the root.",
		},
		classic: "department",
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			v.Depts = slices.Clone(c.IDs(i))
			return nil
		},
	}
	return f.about(rollcall.KindNotFound, wire.FaultDeptNotFound).about(rollcall.KindDenied, wire.FaultDeptScope)
}

// ordersField is dept_order_list as classic paths have it.
func ordersField() userField {
	const name = "orderInDepts"
	f := userField{
		Param: wire.Param{
			Name: name, Kind: wire.JSON, Bare: true, Malformed: wire.FaultInvalidParameter, Doc: "The orders in departments, by their ids: {1: 10}; larger first, 0 is none.",
		},
		classic: name, onlyOld: true,
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			places, err := readBareOrders(name, c.JSON(i))
			v.Places = append(v.Places, places...)
			return err
		},
	}
	return f.about(rollcall.KindMalformed, wire.FaultInvalidParameter).about(rollcall.KindNotFound, wire.FaultDeptID).about(rollcall.KindInvalid, wire.FaultDeptOrder)
}

func extensionField() userField {
	f := userField{
		Param:   wire.Param{Name: "extension", Kind: wire.JSON, Malformed: wire.FaultIllegalExtattr, Doc: "More about the person: a JSON object, or a text that holds one."},
		classic: "extattr",
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			object := string(c.JSON(i))
			v.Extension = &object
			return nil
		},
	}
	return f.about(rollcall.KindInvalid, wire.FaultIllegalExtattr)
}

// forcedField is behind manager_userid, which it may be about.
func forcedField() userField {
	f := userField{
		Param: wire.Param{
			Name: "force_update_fields", Kind: wire.Strings, MaxItems: 10, Malformed: wire.FaultParamFormat,
			Doc: "Names of values that are taken away where they are not given; there is manager_userid.",
		},
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			for _, name := range c.Strings(i) {
				if name != "manager_userid" {
					return rollcall.Invalid("force_update_fields", "%q cannot be taken away", name)
				}
			}
			if v.Manager == nil {
				v.Manager = new(string)
			}
			return nil
		},
	}
	return f.updateOnly().about(rollcall.KindInvalid, wire.FaultParamInvalid)
}

func modeField() userField {
	return userField{
		Param: wire.Param{
			Name: "ext_attrs_update_mode", Kind: wire.Int, Min: 0, Max: 1, Malformed: wire.FaultParamInvalid,
			Doc: "0: extension replaces what is there; 1: it is added.",
		},
		onUpdate: true,
		put: func(v *edit.UserValues, c *wire.Call, i int) error {
			v.AppendExtension = c.Int(i) == 1
			return nil
		},
	}
}

// userForm is what one call takes of the values of a person.
type userForm struct {
	fields []userField
	// called are the names of the parameters by those that they have under
	// /topapi: the rules speak of these.
	called map[string]string
	from   int // where the fields begin among the parameters of the call
}

// newUserForm makes the form of a call behind the userid.
func newUserForm(family wire.Family, onUpdate bool) *userForm {
	f := &userForm{called: map[string]string{}, from: 1}
	for _, field := range userFields(onUpdate) {
		switch {
		case field.onUpdate && !onUpdate, family == wire.Classic && field.classic == "", family == wire.TOP && field.onlyOld:
			continue
		case family == wire.Classic:
			f.called[field.Name] = field.classic
			for i := range field.rows {
				field.rows[i].Param, field.rows[i].Fault = field.classic, classicFault(field.rows[i].Fault)
			}
			field.Name, field.Malformed = field.classic, classicFault(field.Malformed)
			field.NullText = onUpdate && field.Kind == wire.IDs
		}
		field.Required = field.Name == "name" && !onUpdate
		f.fields = append(f.fields, field)
	}
	return f
}

// classicFault is what a fault is on classic paths.
func classicFault(f wire.Fault) wire.Fault {
	if f == wire.FaultParamFormat || f == wire.FaultParamInvalid {
		return wire.FaultInvalidParameter
	}
	return f
}

// params returns the parameters of the call: the userid, then the values.
func (f *userForm) params(userid wire.Param) []wire.Param {
	all := []wire.Param{userid}
	for _, field := range f.fields {
		all = append(all, field.Param)
	}
	return all
}

// rows returns the faults of errors about values.
func (f *userForm) rows(more ...wire.FaultRow) []wire.FaultRow {
	for _, field := range f.fields {
		more = append(more, field.rows...)
	}
	return more
}

// values reads what a call gives.
func (f *userForm) values(c *wire.Call) (v edit.UserValues, err error) {
	for i, field := range f.fields {
		if c.Given(f.from + i) {
			if err := field.put(&v, c, f.from+i); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// as gives errors the names that the parameters have in the call.
func (f *userForm) as(err error) error {
	var e *rollcall.Error
	if !errors.As(err, &e) || f.called[e.Param] == "" {
		return err
	}
	renamed := *e
	renamed.Param = f.called[e.Param]
	return &renamed
}
