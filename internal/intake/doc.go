// Package intake brings an organization in from CSV files and contact sheets,
// and takes it out to them.
//
// The way in has three steps, and nothing is changed by any of them: [Read]
// takes the files and reports every bad row with its line and column;
// [MakePlan] compares what was read with the newest state of the organization
// and lists the changes that lead from one to the other; the caller commits
// them, all in one transaction. Planning the same files again over the result
// gives an empty plan.
//
// A column that a file does not have leaves the stored values alone, one that
// is there sets them. [Export] writes files from which Read and MakePlan make
// the same organization again.
package intake

// Files are the paths of the files to read; an empty one was not given.
//
// All but the contact sheet are CSV in UTF-8. Columns are found by their
// headers, in any order and with letters of either case.
type Files struct {
	// Departments has the columns dept_id, parent_id (blank for the root, 1)
	// and name. It may have source_identifier, brief, name_en, order, hide_dept,
	// outer_dept, code and telephone.
	Departments string
	// Users has the columns userid and name. It may have:
	//
	//   - dept_id_list, the departments, separated by semicolons;
	//   - leader_in_dept, those of them that the person leads;
	//   - main_dept, the main one of them;
	//   - order, dept_title, dept_work_place and entered, lists with one item for
	//     each of the departments (entered also with one item for all). A blank
	//     order is none; in a title or a work place, \; stands for a semicolon and
	//     \\ for a backslash;
	//   - joined and hired_date, which are RFC 3339 times as the items of
	//     entered are, or dates, 2026-08-20 or 20260820: the start of the day
	//     in the organization's zone;
	//   - active, access_limited, hide_mobile, senior, boss and exclusive_account:
	//     true or false, yes or no, 1 or 0;
	//   - extension, a JSON object;
	//   - manager_userid, whom the person reports to;
	//   - admin, which is main, sub or none, and with sub admin_depts, the
	//     departments that the person manages;
	//   - name_en, mobile, email, title, job_number, telephone, org_email,
	//     org_email_type, work_place, remark, gender, avatar, unionid,
	//     exclusive_account_type and login_id.
	//
	// Blank active, joined and entered are as good as no such column.
	Users string
	// SignIns has the columns date and userid.
	SignIns string
	// Roles has the columns group, role and userid: one row for each role of
	// each person. A role that nobody holds has one row without userid, a group
	// without roles one with nothing else.
	Roles string
	// Sheet is a contact sheet, .xlsx or .csv: people with their departments,
	// each by the names on the way to it. It is not read along with Departments
	// or Users.
	Sheet string
}

// Progress hears how far a long step is: done of total, or of an unknown
// number where total is 0. It is called every few thousand rows.
type Progress func(stage string, done, total int64)

// tick is the number of rows between two calls of Progress and two looks at
// the context; a power of two.
const tick = 1 << 13
