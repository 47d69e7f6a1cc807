-- +goose Up

-- Eras are JSON: the zones and closing hours that were in force before.
ALTER TABLE corps ADD COLUMN retention_days INTEGER NOT NULL DEFAULT 400;
ALTER TABLE corps ADD COLUMN eras           TEXT    NOT NULL DEFAULT '';
ALTER TABLE corps ADD COLUMN sandbox        INTEGER NOT NULL DEFAULT 0;
