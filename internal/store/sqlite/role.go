package sqlite

import (
	"rollcall"
)

// Groups and roles stay when they are deleted, so that their ids are not given
// again.
const (
	insertGroup = `INSERT INTO role_groups (corp_id, group_id, name) VALUES (?1, ?2, ?3)`

	updateGroup = `UPDATE role_groups SET name = ?3 WHERE corp_id = ?1 AND group_id = ?2 AND deleted_at IS NULL`

	deleteGroup = `
UPDATE role_groups SET deleted_at = ?3 WHERE corp_id = ?1 AND group_id = ?2 AND deleted_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM roles WHERE corp_id = ?1 AND group_id = ?2 AND deleted_at IS NULL)`

	// A group that is deleted or not there makes no row.
	insertRole = `
INSERT INTO roles (corp_id, role_id, group_id, name)
SELECT ?1, ?2, ?3, ?4
WHERE (SELECT deleted_at IS NULL FROM role_groups WHERE corp_id = ?1 AND group_id = ?3)`

	updateRole = `
UPDATE roles SET group_id = ?3, name = ?4 WHERE corp_id = ?1 AND role_id = ?2 AND deleted_at IS NULL
	AND (SELECT deleted_at IS NULL FROM role_groups WHERE corp_id = ?1 AND group_id = ?3)`

	deleteRole = `
UPDATE roles SET deleted_at = ?3 WHERE corp_id = ?1 AND role_id = ?2 AND deleted_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM role_members WHERE corp_id = ?1 AND role_id = ?2)`

	// Somebody who left, or a role that is deleted, makes no row.
	insertHolder = `
INSERT INTO role_members (corp_id, ordinal, role_id)
SELECT ?1, ?2, ?3
WHERE (SELECT left_at IS NULL FROM users WHERE corp_id = ?1 AND ordinal = ?2)
	AND (SELECT deleted_at IS NULL FROM roles WHERE corp_id = ?1 AND role_id = ?3)`

	deleteHolder = `DELETE FROM role_members WHERE corp_id = ?1 AND ordinal = ?2 AND role_id = ?3`
)

const (
	noGroup = "there is no role group %d"
	noRole  = "there is no role %d"
)

func (c carrier) createGroup(ch *rollcall.Change) error {
	q := c.on(insertGroup)
	q.int(int64(ch.Group.ID)).text(ch.Group.Name)
	_, err := q.run()
	return err
}

func (c carrier) updateGroup(ch *rollcall.Change) error {
	q := c.on(updateGroup)
	q.int(int64(ch.Group.ID)).text(ch.Group.Name)
	return one(&q, noGroup, ch.Group.ID)
}

func (c carrier) deleteGroup(ch *rollcall.Change) error {
	q := c.on(deleteGroup)
	q.int(int64(ch.Group.ID)).int(int64(ch.At))
	return one(&q, noGroup+", or it has roles", ch.Group.ID)
}

func (c carrier) createRole(ch *rollcall.Change) error {
	q := c.on(insertRole)
	q.int(int64(ch.Role.ID)).int(int64(ch.Role.GroupID)).text(ch.Role.Name)
	return one(&q, noGroup, ch.Role.GroupID)
}

func (c carrier) updateRole(ch *rollcall.Change) error {
	q := c.on(updateRole)
	q.int(int64(ch.Role.ID)).int(int64(ch.Role.GroupID)).text(ch.Role.Name)
	return one(&q, noRole+", or no group %d", ch.Role.ID, ch.Role.GroupID)
}

func (c carrier) deleteRole(ch *rollcall.Change) error {
	q := c.on(deleteRole)
	q.int(int64(ch.Role.ID)).int(int64(ch.At))
	return one(&q, noRole+", or somebody holds it", ch.Role.ID)
}

func (c carrier) giveRole(ch *rollcall.Change) error {
	q := c.on(insertHolder)
	q.int(int64(ch.Ordinal)).int(int64(ch.Role.ID))
	return one(&q, "nobody with ordinal %d is present, or there is no role %d", ch.Ordinal, ch.Role.ID)
}

func (c carrier) takeRole(ch *rollcall.Change) error {
	q := c.on(deleteHolder)
	q.int(int64(ch.Ordinal)).int(int64(ch.Role.ID))
	return one(&q, "ordinal %d does not hold role %d", ch.Ordinal, ch.Role.ID)
}
