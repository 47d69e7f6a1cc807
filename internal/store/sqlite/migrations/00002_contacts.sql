-- +goose Up

-- What many do not have is JSON, and empty where there is nothing of it: a row
-- that has none costs a byte, and no statement asks for a part of it.

ALTER TABLE departments ADD COLUMN options TEXT NOT NULL DEFAULT '';
ALTER TABLE users       ADD COLUMN details TEXT NOT NULL DEFAULT '';

ALTER TABLE memberships ADD COLUMN is_main    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memberships ADD COLUMN work_place TEXT    NOT NULL DEFAULT '';

CREATE TABLE role_groups (
    corp_id    TEXT    NOT NULL REFERENCES corps,
    group_id   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    deleted_at INTEGER, -- the row stays, so that the id is not given again
    PRIMARY KEY (corp_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
    corp_id    TEXT    NOT NULL,
    role_id    INTEGER NOT NULL,
    group_id   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (corp_id, role_id),
    FOREIGN KEY (corp_id, group_id) REFERENCES role_groups
) STRICT, WITHOUT ROWID;

CREATE TABLE role_members (
    corp_id TEXT    NOT NULL,
    ordinal INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    PRIMARY KEY (corp_id, ordinal, role_id),
    FOREIGN KEY (corp_id, ordinal) REFERENCES users,
    FOREIGN KEY (corp_id, role_id) REFERENCES roles
) STRICT, WITHOUT ROWID;
