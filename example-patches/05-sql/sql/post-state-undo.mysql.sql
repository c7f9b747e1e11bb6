ALTER TABLE {prefix}post DROP INDEX {prefix}post_state, DROP COLUMN state;
