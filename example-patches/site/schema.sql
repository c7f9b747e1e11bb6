-- The database of acme-cms 1.0.0: what `sqlite3 cms.db < schema.sql` makes.
CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL DEFAULT 'editor'
);
CREATE TABLE page (
    id INTEGER PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT ''
);
CREATE TABLE post (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

INSERT INTO user (id, name, role) VALUES (1, 'root', 'administrator'), (2, 'ada', 'editor'), (3, 'grace', 'editor');
INSERT INTO page (id, slug, title, body, tags) VALUES
    (1, 'home', 'Welcome', 'Acme makes everything.', 'start, news'),
    (2, 'about', 'About us', 'Founded in 1949.', 'company'),
    (3, 'jobs', 'Jobs', 'We are looking for coyotes.', 'company, news'),
    (4, 'imprint', 'Imprint', 'Acme, Monument Valley.', '');
INSERT INTO post (id, name, body) VALUES (1, 'Wile E.', 'The rocket arrived late.'), (2, 'Ada', 'Mine was on time.');
INSERT INTO setting (name, value) VALUES ('theme', 'plain'), ('posts_per_page', '20');
