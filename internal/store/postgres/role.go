package postgres

import (
	"rollcall"
)

// Groups and roles stay when they are deleted, so that their ids are not given
// again.
const (
	insertGroup = `INSERT INTO role_groups (corp, group_id, name) VALUES ($1, $2, $3)`

	updateGroup = `UPDATE role_groups SET name = $3 WHERE corp = $1 AND group_id = $2 AND deleted_at IS NULL`

	deleteGroup = `
UPDATE role_groups SET deleted_at = $3 WHERE corp = $1 AND group_id = $2 AND deleted_at IS NULL
	AND NOT EXISTS (SELECT FROM roles r WHERE r.corp = $1 AND r.group_id = $2 AND r.deleted_at IS NULL)`

	// A group that is deleted or not there makes no row.
	insertRole = `
INSERT INTO roles (corp, role_id, group_id, name)
SELECT g.corp, $2, g.group_id, $4
FROM role_groups g WHERE g.corp = $1 AND g.group_id = $3 AND g.deleted_at IS NULL`

	updateRole = `
UPDATE roles SET group_id = $3, name = $4 WHERE corp = $1 AND role_id = $2 AND deleted_at IS NULL
	AND EXISTS (SELECT FROM role_groups g WHERE g.corp = $1 AND g.group_id = $3 AND g.deleted_at IS NULL)`

	deleteRole = `
UPDATE roles SET deleted_at = $3 WHERE corp = $1 AND role_id = $2 AND deleted_at IS NULL
	AND NOT EXISTS (SELECT FROM role_members m WHERE m.corp = $1 AND m.role_id = $2)`

	// Somebody who left, or a role that is deleted, makes no row.
	insertHolder = `
INSERT INTO role_members (corp, ordinal, role_id)
SELECT u.corp, u.ordinal, r.role_id
FROM users u JOIN roles r ON r.corp = u.corp
WHERE u.corp = $1 AND u.ordinal = $2 AND u.left_at IS NULL AND r.role_id = $3 AND r.deleted_at IS NULL`

	deleteHolder = `DELETE FROM role_members WHERE corp = $1 AND ordinal = $2 AND role_id = $3`
)

const (
	noGroup = "there is no role group %d"
	noRole  = "there is no role %d"
)

func (w *writer) createGroup(c *rollcall.Change) error {
	q := w.on(insertGroup)
	q.int(int64(c.Group.ID)).text(c.Group.Name)
	return w.do(q, nil)
}

func (w *writer) updateGroup(c *rollcall.Change) error {
	q := w.on(updateGroup)
	q.int(int64(c.Group.ID)).text(c.Group.Name)
	return w.one(q, noGroup, c.Group.ID)
}

func (w *writer) deleteGroup(c *rollcall.Change) error {
	q := w.on(deleteGroup)
	q.int(int64(c.Group.ID)).int(int64(c.At))
	return w.one(q, noGroup+", or it has roles", c.Group.ID)
}

func (w *writer) createRole(c *rollcall.Change) error {
	q := w.on(insertRole)
	q.int(int64(c.Role.ID)).int(int64(c.Role.GroupID)).text(c.Role.Name)
	return w.one(q, noGroup, c.Role.GroupID)
}

func (w *writer) updateRole(c *rollcall.Change) error {
	q := w.on(updateRole)
	q.int(int64(c.Role.ID)).int(int64(c.Role.GroupID)).text(c.Role.Name)
	return w.one(q, noRole+", or no group %d", c.Role.ID, c.Role.GroupID)
}

func (w *writer) deleteRole(c *rollcall.Change) error {
	q := w.on(deleteRole)
	q.int(int64(c.Role.ID)).int(int64(c.At))
	return w.one(q, noRole+", or somebody holds it", c.Role.ID)
}

func (w *writer) giveRole(c *rollcall.Change) error {
	q := w.on(insertHolder)
	q.int(int64(c.Ordinal)).int(int64(c.Role.ID))
	return w.one(q, "nobody with ordinal %d is present, or there is no role %d", c.Ordinal, c.Role.ID)
}

func (w *writer) takeRole(c *rollcall.Change) error {
	q := w.on(deleteHolder)
	q.int(int64(c.Ordinal)).int(int64(c.Role.ID))
	return w.one(q, "ordinal %d does not hold role %d", c.Ordinal, c.Role.ID)
}
