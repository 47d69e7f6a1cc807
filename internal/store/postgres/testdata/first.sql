-- Rows of the tables as migration 1 made them.
INSERT INTO corps VALUES ('acme', 'Acme', 'zh', 'Asia/Shanghai', 9, false, 5, 400, '', false), ('企业' || chr(26) || '00', 'Other', 'zh', 'Asia/Shanghai', 9, false, 5, 400, '', false);
INSERT INTO heads VALUES ('acme', 2, 1, 'b3'), ('企业' || chr(26) || '00', 0, 0, '');
INSERT INTO batches VALUES ('acme', 1, 'b1', 1, 0), ('acme', 2, 'b2', 2, 0), ('acme', 3, 'b3', 2, 1);
INSERT INTO departments VALUES
    ('acme', 1, NULL, 'Acme', '', 0, '', '', 0, 5, 5, NULL, ''),
    ('acme', 2, 1, 'Two', '', 0, '', '', 0, 5, 5, NULL, ''),
    ('企业' || chr(26) || '00', 1, NULL, 'Other', '', 0, '', '', 0, 5, 5, NULL, '');
INSERT INTO department_history VALUES ('acme', 1, 0, 2, 1, 0, 3);
INSERT INTO users VALUES
    ('acme', 0, 0, 1, 9, 5, 9, false, false, 'ann', 'Ann', '', '138', '', '', '', '', ''),
    ('acme', 1, 0, 1, NULL, 5, 5, true, false, 'bob', 'bob', '', '139', '', '', '', '', '');
INSERT INTO user_history VALUES ('acme', 1, 1, 0, 0, 1);
INSERT INTO memberships VALUES ('acme', 1, 2, 0, 1, 5, false, true, false, '', '');
INSERT INTO membership_history VALUES ('acme', 2, 2, 0, 2, 1, 9);
INSERT INTO role_groups VALUES ('acme', 101, 'Offices', NULL);
INSERT INTO roles VALUES ('acme', 102, 101, 'Head', NULL);
INSERT INTO role_members VALUES ('acme', 1, 102);
INSERT INTO changes VALUES
    ('acme', 1, 0, 0, NULL, 5, 'user_join', 'cli', '{"user":{"ordinal":0,"userid":"ann","name":"Ann","mobile":"138","stay":{"From":1,"To":9223372036854775807},"created_at":5,"modified_at":5}}'),
    ('acme', 1, 1, 1, NULL, 5, 'user_join', 'cli', '{"user":{"ordinal":1,"userid":"bob","name":"bob","mobile":"139","stay":{"From":1,"To":9223372036854775807},"created_at":5,"modified_at":5}}'),
    ('acme', 2, 0, 0, NULL, 9, 'user_leave', 'cli', '{}');
INSERT INTO apps VALUES ('acme', 'key', 'App', 'internal', '[]', '[]', '[]', '[]', 0, 0, false, 'hash', 'sealed', 1, 5);
INSERT INTO tokens VALUES ('acme', 'key', 'access', '\x01', 1, 99, '\x02');
INSERT INTO signin_days VALUES ('acme', 20260820, 1);
INSERT INTO signin_chunks VALUES ('acme', 20260820, 0, '\x01');
