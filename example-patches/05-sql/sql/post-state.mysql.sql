ALTER TABLE {prefix}post ADD COLUMN state TINYINT NOT NULL DEFAULT 0, ADD INDEX {prefix}post_state (state);
