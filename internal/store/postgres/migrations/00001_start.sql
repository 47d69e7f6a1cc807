-- +goose Up

-- Every key begins with corp_id: no statement reaches across organizations, and
-- Citus can distribute all tables by it. Texts compare by bytes. Instants are
-- milliseconds since 1970; the end of what has not ended is NULL.

CREATE TABLE corps (
    corp_id         text    COLLATE "C" NOT NULL PRIMARY KEY,
    name            text    COLLATE "C" NOT NULL,
    errmsg_language text    COLLATE "C" NOT NULL,
    timezone        text    COLLATE "C" NOT NULL,
    closing_hour    bigint  NOT NULL,
    subdepartments  boolean NOT NULL,
    created_at      bigint  NOT NULL,
    retention_days  bigint  NOT NULL,
    eras            text    COLLATE "C" NOT NULL, -- JSON, or empty
    sandbox         boolean NOT NULL
);

-- Its rows change with every transaction: with room for the next version of a row
-- on the same page, PostgreSQL leaves the index alone.
CREATE TABLE heads (
    corp_id text    COLLATE "C" NOT NULL PRIMARY KEY REFERENCES corps,
    version bigint  NOT NULL, -- transactions of changes so far
    feed    bigint  NOT NULL, -- batches of sign-ins so far
    batch   text    COLLATE "C" NOT NULL -- the last transaction, as its writer named it
) WITH (fillfactor = 50);

-- The last batches of an organization, by which a writer whose connection broke
-- at commit finds out whether its batch is there. A batch adds one or two to
-- version + feed, and its slot is that sum modulo 2048: a batch takes the place
-- of one that is 1,024 older at least, and nothing has to be deleted.
CREATE TABLE batches (
    corp_id text    COLLATE "C" NOT NULL REFERENCES corps,
    slot    bigint  NOT NULL,
    batch   text    COLLATE "C" NOT NULL,
    version bigint  NOT NULL, -- the head that it made
    feed    bigint  NOT NULL,
    PRIMARY KEY (corp_id, slot)
) WITH (fillfactor = 80);

CREATE TABLE departments (
    corp_id           text    COLLATE "C" NOT NULL REFERENCES corps,
    dept_id           bigint  NOT NULL,
    parent_id         bigint, -- NULL for the root
    name              text    COLLATE "C" NOT NULL,
    name_en           text    COLLATE "C" NOT NULL,
    sort_order        bigint  NOT NULL,
    source_identifier text    COLLATE "C" NOT NULL,
    brief             text    COLLATE "C" NOT NULL,
    since             bigint  NOT NULL, -- under this parent
    created_at        bigint  NOT NULL,
    modified_at       bigint  NOT NULL,
    deleted_at        bigint,
    options           text    COLLATE "C" NOT NULL, -- JSON, or empty
    PRIMARY KEY (corp_id, dept_id),
    FOREIGN KEY (corp_id, parent_id) REFERENCES departments
);

-- Times under a parent that are over. Like all histories it is keyed by the
-- change that ended the time, so that it only ever grows at its end.
CREATE TABLE department_history (
    corp_id   text    COLLATE "C" NOT NULL,
    version   bigint  NOT NULL,
    seq       bigint  NOT NULL,
    dept_id   bigint  NOT NULL,
    parent_id bigint, -- NULL for the root
    since     bigint  NOT NULL,
    until     bigint  NOT NULL,
    PRIMARY KEY (corp_id, version, seq),
    FOREIGN KEY (corp_id, dept_id) REFERENCES departments
);

-- People, their memberships and what ended of both have no foreign keys: PostgreSQL
-- looks up each row that points to another by itself, which made importing three
-- times as slow. The statements that write such rows read what they point to.
CREATE TABLE users (
    corp_id        text    COLLATE "C" NOT NULL,
    ordinal        bigint  NOT NULL,
    hired_date     bigint  NOT NULL, -- 0 where not known
    joined_at      bigint  NOT NULL, -- the present stay, or the last one
    left_at        bigint,
    created_at     bigint  NOT NULL,
    modified_at    bigint  NOT NULL,
    active         boolean NOT NULL,
    access_limited boolean NOT NULL,
    userid         text    COLLATE "C" NOT NULL,
    name           text    COLLATE "C" NOT NULL,
    name_en        text    COLLATE "C" NOT NULL,
    mobile         text    COLLATE "C" NOT NULL,
    email          text    COLLATE "C" NOT NULL,
    title          text    COLLATE "C" NOT NULL,
    job_number     text    COLLATE "C" NOT NULL,
    extension      text    COLLATE "C" NOT NULL,
    details        text    COLLATE "C" NOT NULL, -- JSON, or empty
    PRIMARY KEY (corp_id, ordinal),
    UNIQUE (corp_id, userid)
);

CREATE TABLE user_history (
    corp_id   text    COLLATE "C" NOT NULL,
    version   bigint  NOT NULL,
    seq       bigint  NOT NULL,
    ordinal   bigint  NOT NULL,
    joined_at bigint  NOT NULL,
    left_at   bigint  NOT NULL,
    PRIMARY KEY (corp_id, version, seq)
);

CREATE TABLE memberships (
    corp_id     text    COLLATE "C" NOT NULL,
    ordinal     bigint  NOT NULL,
    dept_id     bigint  NOT NULL,
    sort_order  bigint  NOT NULL,
    entered_at  bigint  NOT NULL,
    modified_at bigint  NOT NULL,
    ordered     boolean NOT NULL, -- whether sort_order counts
    leader      boolean NOT NULL,
    is_main     boolean NOT NULL,
    title       text    COLLATE "C" NOT NULL,
    work_place  text    COLLATE "C" NOT NULL,
    PRIMARY KEY (corp_id, ordinal, dept_id)
);

CREATE TABLE membership_history (
    corp_id    text    COLLATE "C" NOT NULL,
    version    bigint  NOT NULL,
    seq        bigint  NOT NULL,
    ordinal    bigint  NOT NULL,
    dept_id    bigint  NOT NULL,
    entered_at bigint  NOT NULL,
    left_at    bigint  NOT NULL,
    PRIMARY KEY (corp_id, version, seq)
);

-- Groups and roles stay when they are deleted, so that no id is given again.
CREATE TABLE role_groups (
    corp_id    text    COLLATE "C" NOT NULL REFERENCES corps,
    group_id   bigint  NOT NULL,
    name       text    COLLATE "C" NOT NULL,
    deleted_at bigint,
    PRIMARY KEY (corp_id, group_id)
);

CREATE TABLE roles (
    corp_id    text    COLLATE "C" NOT NULL,
    role_id    bigint  NOT NULL,
    group_id   bigint  NOT NULL,
    name       text    COLLATE "C" NOT NULL,
    deleted_at bigint,
    PRIMARY KEY (corp_id, role_id),
    FOREIGN KEY (corp_id, group_id) REFERENCES role_groups
);

CREATE TABLE role_members (
    corp_id text    COLLATE "C" NOT NULL,
    ordinal bigint  NOT NULL,
    role_id bigint  NOT NULL,
    PRIMARY KEY (corp_id, ordinal, role_id),
    FOREIGN KEY (corp_id, ordinal) REFERENCES users,
    FOREIGN KEY (corp_id, role_id) REFERENCES roles
);

CREATE TABLE changes (
    corp_id text    COLLATE "C" NOT NULL,
    version bigint  NOT NULL,
    seq     bigint  NOT NULL, -- from 0 within a version
    ordinal bigint, -- NULL where the kind is not about a person
    dept_id bigint, -- NULL where the kind is not about a department
    made_at bigint  NOT NULL,
    kind    text    COLLATE "C" NOT NULL,
    made_by text    COLLATE "C" NOT NULL,
    payload text    COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (corp_id, version, seq)
);

CREATE TABLE apps (
    corp_id           text    COLLATE "C" NOT NULL REFERENCES corps,
    appkey            text    COLLATE "C" NOT NULL,
    name              text    COLLATE "C" NOT NULL,
    type              text    COLLATE "C" NOT NULL,
    permissions       text    COLLATE "C" NOT NULL, -- JSON, as are the next three
    scope_depts       text    COLLATE "C" NOT NULL,
    scope_users       text    COLLATE "C" NOT NULL,
    allowed_ips       text    COLLATE "C" NOT NULL,
    rate              bigint  NOT NULL, -- calls a second; 0 is any
    ticket_generation bigint  NOT NULL,
    any_ticket        boolean NOT NULL,
    secret_hash       text    COLLATE "C" NOT NULL,
    secret_sealed     text    COLLATE "C" NOT NULL,
    secret_generation bigint  NOT NULL,
    created_at        bigint  NOT NULL,
    PRIMARY KEY (corp_id, appkey)
);

-- An appkey belongs to one organization. That it does cannot be a unique index
-- that begins with the organization; this one finds it when an app is created.
CREATE INDEX apps_by_appkey ON apps (appkey);

CREATE TABLE tokens (
    corp_id           text    COLLATE "C" NOT NULL,
    appkey            text    COLLATE "C" NOT NULL,
    kind              text    COLLATE "C" NOT NULL,
    nonce             bytea   NOT NULL,
    secret_generation bigint  NOT NULL,
    expires_at        bigint  NOT NULL,
    hash              bytea   NOT NULL,
    PRIMARY KEY (corp_id, appkey, kind, nonce),
    FOREIGN KEY (corp_id, appkey) REFERENCES apps
);

CREATE TABLE signin_days (
    corp_id text    COLLATE "C" NOT NULL REFERENCES corps,
    day     bigint  NOT NULL, -- yyyymmdd
    feed    bigint  NOT NULL, -- the last batch that touched the day
    PRIMARY KEY (corp_id, day)
);

CREATE TABLE signin_chunks (
    corp_id text    COLLATE "C" NOT NULL,
    day     bigint  NOT NULL,
    chunk   bigint  NOT NULL,
    bits    bytea   NOT NULL,
    PRIMARY KEY (corp_id, day, chunk),
    FOREIGN KEY (corp_id, day) REFERENCES signin_days
);
