-- +goose Up

-- Every key begins with corp_id: no statement can reach across organizations.
-- Instants are milliseconds since 1970; the end of what has not ended is NULL.

PRAGMA application_id = 1383033964; -- "Roll"

CREATE TABLE corps (
    corp_id         TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    errmsg_language TEXT    NOT NULL,
    timezone        TEXT    NOT NULL,
    closing_hour    INTEGER NOT NULL,
    subdepartments  INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE heads (
    corp_id TEXT    NOT NULL PRIMARY KEY REFERENCES corps,
    version INTEGER NOT NULL, -- transactions of changes so far
    feed    INTEGER NOT NULL, -- batches of sign-ins so far
    batch   TEXT    NOT NULL  -- the last transaction, as its writer named it
) STRICT, WITHOUT ROWID;

CREATE TABLE departments (
    corp_id           TEXT    NOT NULL REFERENCES corps,
    dept_id           INTEGER NOT NULL,
    parent_id         INTEGER, -- NULL for the root
    name              TEXT    NOT NULL,
    name_en           TEXT    NOT NULL,
    sort_order        INTEGER NOT NULL,
    source_identifier TEXT    NOT NULL,
    brief             TEXT    NOT NULL,
    since             INTEGER NOT NULL, -- under this parent
    created_at        INTEGER NOT NULL,
    modified_at       INTEGER NOT NULL,
    deleted_at        INTEGER,
    PRIMARY KEY (corp_id, dept_id),
    FOREIGN KEY (corp_id, parent_id) REFERENCES departments
) STRICT, WITHOUT ROWID;

-- Times under a parent that are over. Like all histories it is keyed by the
-- change that ended the time, so that it only ever grows at its end.
CREATE TABLE department_history (
    corp_id   TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    dept_id   INTEGER NOT NULL,
    parent_id INTEGER, -- NULL for the root
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    PRIMARY KEY (corp_id, version, seq),
    FOREIGN KEY (corp_id, dept_id) REFERENCES departments
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    corp_id        TEXT    NOT NULL REFERENCES corps,
    ordinal        INTEGER NOT NULL,
    userid         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    name_en        TEXT    NOT NULL,
    active         INTEGER NOT NULL,
    access_limited INTEGER NOT NULL,
    mobile         TEXT    NOT NULL,
    email          TEXT    NOT NULL,
    title          TEXT    NOT NULL,
    job_number     TEXT    NOT NULL,
    hired_date     INTEGER NOT NULL, -- 0 where not known
    extension      TEXT    NOT NULL,
    joined_at      INTEGER NOT NULL, -- the present stay, or the last one
    left_at        INTEGER,
    created_at     INTEGER NOT NULL,
    modified_at    INTEGER NOT NULL,
    PRIMARY KEY (corp_id, ordinal),
    UNIQUE (corp_id, userid)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_history (
    corp_id   TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    left_at   INTEGER NOT NULL,
    PRIMARY KEY (corp_id, version, seq),
    FOREIGN KEY (corp_id, ordinal) REFERENCES users
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
    corp_id     TEXT    NOT NULL,
    ordinal     INTEGER NOT NULL,
    dept_id     INTEGER NOT NULL,
    sort_order  INTEGER NOT NULL,
    ordered     INTEGER NOT NULL, -- whether sort_order counts
    leader      INTEGER NOT NULL,
    title       TEXT    NOT NULL,
    entered_at  INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (corp_id, ordinal, dept_id),
    FOREIGN KEY (corp_id, ordinal) REFERENCES users,
    FOREIGN KEY (corp_id, dept_id) REFERENCES departments
) STRICT, WITHOUT ROWID;

CREATE TABLE membership_history (
    corp_id    TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    dept_id    INTEGER NOT NULL,
    entered_at INTEGER NOT NULL,
    left_at    INTEGER NOT NULL,
    PRIMARY KEY (corp_id, version, seq),
    FOREIGN KEY (corp_id, ordinal) REFERENCES users,
    FOREIGN KEY (corp_id, dept_id) REFERENCES departments
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
    corp_id TEXT    NOT NULL,
    version INTEGER NOT NULL,
    seq     INTEGER NOT NULL, -- from 0 within a version
    kind    TEXT    NOT NULL,
    ordinal INTEGER, -- NULL where the kind is not about a person
    dept_id INTEGER, -- NULL where the kind is not about a department
    made_at INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    payload TEXT    NOT NULL, -- JSON
    PRIMARY KEY (corp_id, version, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE apps (
    corp_id           TEXT    NOT NULL REFERENCES corps,
    appkey            TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    type              TEXT    NOT NULL,
    permissions       TEXT    NOT NULL, -- JSON
    scope_depts       TEXT    NOT NULL, -- JSON
    secret_hash       TEXT    NOT NULL,
    secret_generation INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    PRIMARY KEY (corp_id, appkey)
) STRICT, WITHOUT ROWID;

-- A client shows its appkey alone, so one appkey belongs to one organization.
CREATE UNIQUE INDEX apps_by_appkey ON apps (appkey);

CREATE TABLE tokens (
    corp_id           TEXT    NOT NULL,
    appkey            TEXT    NOT NULL,
    secret_generation INTEGER NOT NULL,
    nonce             BLOB    NOT NULL,
    expires_at        INTEGER NOT NULL,
    hash              BLOB    NOT NULL,
    PRIMARY KEY (corp_id, appkey),
    FOREIGN KEY (corp_id, appkey) REFERENCES apps
) STRICT, WITHOUT ROWID;

CREATE TABLE signin_days (
    corp_id TEXT    NOT NULL REFERENCES corps,
    day     INTEGER NOT NULL, -- yyyymmdd
    feed    INTEGER NOT NULL, -- the last batch that touched the day
    PRIMARY KEY (corp_id, day)
) STRICT, WITHOUT ROWID;

-- Chunks are up to 8 KiB, too large for a table that keeps its rows in its key.
CREATE TABLE signin_chunks (
    corp_id TEXT    NOT NULL,
    day     INTEGER NOT NULL,
    chunk   INTEGER NOT NULL,
    bits    BLOB    NOT NULL,
    PRIMARY KEY (corp_id, day, chunk),
    FOREIGN KEY (corp_id, day) REFERENCES signin_days
) STRICT;
