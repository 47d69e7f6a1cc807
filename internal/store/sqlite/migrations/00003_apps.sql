-- +goose Up

-- Lists are JSON. An app has its secret in clear, sealed under the outside key,
-- only where signatures have to be checked with it.
ALTER TABLE apps ADD COLUMN scope_users       TEXT    NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN allowed_ips       TEXT    NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN rate              INTEGER NOT NULL DEFAULT 0; -- calls a second; 0 is any
ALTER TABLE apps ADD COLUMN ticket_generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN any_ticket        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN secret_sealed     TEXT    NOT NULL DEFAULT '';

-- An app has tokens of several kinds, and many of some. Those that are there
-- stay good.
CREATE TABLE new_tokens (
    corp_id           TEXT    NOT NULL,
    appkey            TEXT    NOT NULL,
    kind              TEXT    NOT NULL,
    nonce             BLOB    NOT NULL,
    secret_generation INTEGER NOT NULL,
    expires_at        INTEGER NOT NULL,
    hash              BLOB    NOT NULL,
    PRIMARY KEY (corp_id, appkey, kind, nonce),
    FOREIGN KEY (corp_id, appkey) REFERENCES apps
) STRICT, WITHOUT ROWID;
INSERT INTO new_tokens (corp_id, appkey, kind, nonce, secret_generation, expires_at, hash)
SELECT corp_id, appkey, 'app', nonce, secret_generation, expires_at, hash FROM tokens;
DROP TABLE tokens;
ALTER TABLE new_tokens RENAME TO tokens;
