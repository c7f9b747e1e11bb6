-- What takes 2010100600 back, as its vendor could have written it; the messages that it empties are a cache.
ALTER TABLE contacts MODIFY email varchar(128) NOT NULL;
ALTER TABLE users DROP INDEX IF EXISTS username;
ALTER TABLE users ADD INDEX IF NOT EXISTS username_index (username);
