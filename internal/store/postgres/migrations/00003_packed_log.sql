-- +goose Up

-- A row of the log may hold several changes of one transaction: then its kind is
-- 'many', its payload is a JSON list of them, and it is about people from ordinal to
-- last_ordinal. Such a row is as long as a page holds; PostgreSQL would compress it
-- and put it elsewhere.
ALTER TABLE changes ADD COLUMN last_ordinal bigint;
ALTER TABLE changes SET (toast_tuple_target = 8160);
