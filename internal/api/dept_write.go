package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// touched is a department that a call changes, or changes something below.
type touched struct {
	id    rollcall.DeptID
	param string
}

// within makes an intent refuse what is outside an app's contact scope, as the
// tree is when it is decided: departments that are not there, then those that
// the app may not see (contract 6).
func within(grant *access.Grant, intent directory.Intent, all ...touched) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		parent := func(id rollcall.DeptID) (rollcall.DeptID, bool) {
			d, ok := s.Dept(id)
			if !ok {
				return 0, false
			}
			return d.ParentID, true
		}
		for _, t := range all {
			if _, ok := s.Dept(t.id); !ok {
				return directory.Batch{}, notFound(t.param)
			}
			if !grant.InScope(t.id, parent) {
				return directory.Batch{}, outOfScope(t.param)
			}
		}
		return intent(s)
	}
}

// createDept carries out a creation and returns the new id.
func (s *Server) createDept(c *wire.Call, v edit.DeptValues) (id rollcall.DeptID, err error) {
	grant, _ := caller(c)
	intent := edit.CreateDept(&id, rollcall.At(s.Clock()), v)
	_, err = do(c, within(grant, intent, touched{*v.ParentID, "parent_id"}))
	return id, err
}

// updateDept carries out an update. The root is not updated over the wire
// (contract 4.1).
func updateDept(c *wire.Call, id rollcall.DeptID, v edit.DeptValues) error {
	grant, _ := caller(c)
	intent, all := edit.UpdateDept(id, v), []touched{{id, "dept_id"}}
	if id == rollcall.RootDept {
		intent = func(*directory.State) (directory.Batch, error) {
			return directory.Batch{}, rollcall.Invalid("dept_id", "the root department is not updated")
		}
	} else if v.ParentID != nil {
		all = append(all, touched{*v.ParentID, "parent_id"})
	}
	_, err := do(c, within(grant, intent, all...))
	return err
}

func deleteDept(c *wire.Call, id rollcall.DeptID) error {
	grant, _ := caller(c)
	_, err := do(c, within(grant, edit.DeleteDept(id), touched{id, "dept_id"}))
	return err
}

// What the calls that change departments have in common, whatever they are
// called.

func createRows(f *deptForm) []wire.FaultRow { return f.rows(wire.FaultPermitsCreate) }

func updateRows(f *deptForm) []wire.FaultRow {
	return append(
		f.rows(wire.FaultPermits),
		wire.FaultRow{Kind: rollcall.KindNotFound, Param: f.name("dept_id"), Fault: wire.FaultDeptNotFound},
		wire.FaultRow{Kind: rollcall.KindInvalid, Param: f.name("dept_id"), Fault: wire.FaultUpdateRoot},
		wire.FaultRow{Kind: rollcall.KindConflict, Param: f.name("parent_id"), Fault: wire.FaultDeptCycle},
		wire.FaultRow{Kind: rollcall.KindInvalid, Param: f.name("dept_manager_userid_list"), Fault: wire.FaultUserIDList},
		wire.FaultRow{Kind: rollcall.KindInvalid, Param: f.name("org_dept_owner"), Fault: wire.FaultGroupOwner},
	)
}

func deleteRows(f *deptForm) []wire.FaultRow {
	return []wire.FaultRow{
		{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound},
		{Kind: rollcall.KindDenied, Fault: wire.FaultDeptScope},
		{Kind: rollcall.KindInvalid, Param: f.name("dept_id"), Fault: wire.FaultDeleteRoot},
		{Kind: rollcall.KindConflict, Param: edit.ParamMembers, Fault: wire.FaultDeptHasMembers},
		{Kind: rollcall.KindConflict, Param: edit.ParamSubDepts, Fault: wire.FaultDeptHasDepts},
	}
}

func chosenForValues() []string {
	return []string{
		"a name of more than 64 characters is 60001, one with a hyphen, a comma or a control character 60009",
		"a permit list takes 200 entries, as the published clients do, where the documentation says 50; all must be there",
		"an empty value counts as not given, so that it takes nothing away",
	}
}

func chosenForUpdate() []string {
	return append(
		chosenForValues(),
		"with language=en_US the English name is changed, and the other one stays",
		"the root is not updated at all, whatever is given",
		"who leads or owns must be a direct member",
	)
}

// POST /topapi/v2/department/create (contract 4.1, 4.3)
func (s *Server) departmentCreate() *wire.Endpoint {
	f := newDeptForm(wire.TOP, onCreate, 0)
	return &wire.Endpoint{
		Path: "/topapi/v2/department/create", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Create a department",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: f.params(), Unparsable: wire.FaultInvalidParameter, Faults: createRows(f),
		Result: wire.Object(wire.Prop("dept_id", wire.Integer.Like("7"), "The id of the new department.")),
		Chosen: append(chosenForValues(), "without an order it is 0"),
		Serve: func(c *wire.Call) error {
			id, err := s.createDept(c, f.values(c))
			if err != nil {
				return err
			}
			c.Result().Raw(`{"dept_id":`).Int(int64(id)).Raw("}")
			return nil
		},
	}
}

// POST /topapi/v2/department/update (contract 4.1, 4.3)
func (s *Server) departmentUpdate() *wire.Endpoint {
	f := newDeptForm(wire.TOP, onUpdate, 1)
	dept := deptID(true, wire.FaultDeptID)
	dept.Missing = wire.FaultMissingArgument
	return &wire.Endpoint{
		Path: "/topapi/v2/department/update", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Change a department; what is not given stays as it is",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: append([]wire.Param{dept}, f.params()...), Unparsable: wire.FaultInvalidParameter,
		Faults: updateRows(f), Chosen: chosenForUpdate(),
		Serve: func(c *wire.Call) error { return updateDept(c, rollcall.DeptID(c.Int(0)), f.values(c)) },
	}
}

// POST /topapi/v2/department/delete (contract 4.1)
func (s *Server) departmentDelete() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/delete", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Delete a department in which and below which there is nothing",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: []wire.Param{requiredDept()}, Unparsable: wire.FaultParamFormat,
		Faults: deleteRows(newDeptForm(wire.TOP, onUpdate, 1)),
		Chosen: []string{"members are told before departments below"},
		Serve:  func(c *wire.Call) error { return deleteDept(c, rollcall.DeptID(c.Int(0))) },
	}
}

// The calls as they were before (contract 4.4). They are for every app that
// holds the permission point.

// classicMade is what a creation and an update answer.
func classicMade(c *wire.Call, id rollcall.DeptID) {
	c.Result().Raw(`{"errcode":0,"errmsg":"ok","id":`).Int(int64(id)).Raw("}")
}

func classicMadeResult() wire.Schema {
	return wire.Object(wire.Prop("id", wire.Integer.Like("7"), "The id of the department."))
}

// POST /department/create
func (s *Server) classicDepartmentCreate() *wire.Endpoint {
	f := newDeptForm(wire.Classic, onCreate, 0)
	return &wire.Endpoint{
		Path: "/department/create", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Create a department",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: f.params(), Unparsable: wire.FaultInvalidParameter, Faults: createRows(f),
		Result: classicMadeResult(),
		Chosen: []string{"the values are judged as under /topapi", "errmsg is ok, as today, and not created"},
		Serve: func(c *wire.Call) error {
			id, err := s.createDept(c, f.values(c))
			if err != nil {
				return f.renamed(err)
			}
			classicMade(c, id)
			return nil
		},
	}
}

// POST /department/update
func (s *Server) classicDepartmentUpdate() *wire.Endpoint {
	f := newDeptForm(wire.Classic, onUpdate, 1)
	return &wire.Endpoint{
		Path: "/department/update", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Change a department; what is not given stays as it is",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: append([]wire.Param{classicID(true)}, f.params()...), Unparsable: wire.FaultInvalidParameter,
		Faults: updateRows(f), Result: classicMadeResult(),
		Chosen: []string{"the values are judged as under /topapi", "errmsg is ok, as today, and not updated"},
		Serve: func(c *wire.Call) error {
			id := rollcall.DeptID(c.Int(0))
			if err := updateDept(c, id, f.values(c)); err != nil {
				return f.renamed(err)
			}
			classicMade(c, id)
			return nil
		},
	}
}

// GET or POST /department/delete
func (s *Server) classicDepartmentDelete() *wire.Endpoint {
	f := newDeptForm(wire.Classic, onUpdate, 1)
	return &wire.Endpoint{
		Path: "/department/delete", Family: wire.Classic, Methods: []string{"GET", "POST"},
		Summary:    "Delete a department in which and below which there is nothing",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: []wire.Param{classicID(true)}, Unparsable: wire.FaultInvalidParameter, Faults: deleteRows(f),
		Chosen: []string{"POST is taken too", "errmsg is ok, as today, and not deleted"},
		Serve:  func(c *wire.Call) error { return f.renamed(deleteDept(c, rollcall.DeptID(c.Int(0)))) },
	}
}
