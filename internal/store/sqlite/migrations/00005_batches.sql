-- +goose Up

-- The last batches of an organization, by which a writer whose connection broke
-- at commit finds out whether its batch is there. A batch adds one or two to
-- version + feed, and its slot is that sum modulo 2048: a batch takes the place
-- of one that is 1,024 older at least, and nothing has to be deleted.
CREATE TABLE batches (
    corp_id TEXT    NOT NULL REFERENCES corps,
    slot    INTEGER NOT NULL,
    batch   TEXT    NOT NULL,
    version INTEGER NOT NULL, -- the head that it made
    feed    INTEGER NOT NULL,
    PRIMARY KEY (corp_id, slot)
) STRICT, WITHOUT ROWID;

INSERT INTO batches (corp_id, slot, batch, version, feed)
SELECT corp_id, (version + feed) % 2048, batch, version, feed FROM heads WHERE version + feed > 0;
