-- The database of Roundcube 0.1-stable, as far as its schema history shows it.
--
-- The oldest numbered file upgrades from 0.1-stable, whose own schema no package carries any more. What stands here is
-- taken from what the numbered files do with it: columns from their INSERT … SELECT, indexes from their DROP INDEX, and
-- no index that one of them creates.

CREATE TABLE users (
  user_id INTEGER NOT NULL PRIMARY KEY,          -- read by 2010042300
  username VARCHAR(128) NOT NULL DEFAULT '',
  mail_host VARCHAR(128) NOT NULL DEFAULT '',
  alias VARCHAR(128) NOT NULL DEFAULT '',        -- dropped by 2012080700
  created DATETIME NOT NULL,
  last_login DATETIME NOT NULL,
  language VARCHAR(5),
  preferences TEXT NOT NULL DEFAULT ''
);

CREATE TABLE contacts (
  contact_id INTEGER NOT NULL PRIMARY KEY,       -- read by 2010100600
  user_id INTEGER NOT NULL,
  changed DATETIME NOT NULL,
  del TINYINT NOT NULL DEFAULT 0,
  name VARCHAR(128) NOT NULL DEFAULT '',
  email VARCHAR(128) NOT NULL DEFAULT '',
  firstname VARCHAR(128) NOT NULL DEFAULT '',
  surname VARCHAR(128) NOT NULL DEFAULT '',
  vcard TEXT NOT NULL DEFAULT ''
);
CREATE INDEX ix_contacts_user_id ON contacts (user_id);        -- dropped by 2009090400

CREATE TABLE identities (
  identity_id INTEGER NOT NULL PRIMARY KEY,      -- read by 2009103100
  user_id INTEGER NOT NULL,
  del TINYINT NOT NULL DEFAULT 0,
  standard TINYINT NOT NULL DEFAULT 0,
  name VARCHAR(128) NOT NULL DEFAULT '',
  organization VARCHAR(128) DEFAULT '',
  email VARCHAR(128) NOT NULL DEFAULT '',
  "reply-to" VARCHAR(128) NOT NULL DEFAULT '',
  bcc VARCHAR(128) NOT NULL DEFAULT '',
  signature TEXT NOT NULL DEFAULT '',
  html_signature TINYINT NOT NULL DEFAULT 0
);
CREATE INDEX ix_identities_user_id ON identities (user_id);    -- dropped by 2009103100

CREATE TABLE session (                           -- made anew by 2011111600
  sess_id VARCHAR(40) NOT NULL PRIMARY KEY,
  changed DATETIME NOT NULL,                     -- indexed by 2008092100
  vars TEXT NOT NULL
);

CREATE TABLE cache (                             -- made anew by 2012080700
  cache_id INTEGER NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL,
  created DATETIME NOT NULL,                     -- indexed by 2008092100
  data TEXT NOT NULL
);

CREATE TABLE messages (message_id INTEGER NOT NULL PRIMARY KEY);   -- made anew by 2008030300

INSERT INTO session VALUES ('0f', '2008-02-28 09:30:00', '');
INSERT INTO cache VALUES (1, 1, '2008-02-28 09:30:00', 'x');
INSERT INTO messages VALUES (1);
