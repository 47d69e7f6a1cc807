-- +goose Up

-- A row of the log may hold several changes of one transaction: then its kind is
-- 'many', packed has a JSON list of them in the block format of Snappy, and it is about
-- people from ordinal to last_ordinal. Such a row is as long as a page holds;
-- PostgreSQL would try to compress it and put it elsewhere.
ALTER TABLE changes ADD COLUMN last_ordinal bigint;
ALTER TABLE changes ADD COLUMN packed bytea;
ALTER TABLE changes ALTER COLUMN packed SET STORAGE EXTERNAL;
ALTER TABLE changes SET (toast_tuple_target = 8160);
