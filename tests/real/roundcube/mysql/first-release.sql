-- The database of Roundcube 0.1-stable, as far as its schema history shows it; see sqlite/first-release.sql.
--
-- What the numbered files only take for granted, such as the character set of the time, is as MySQL 4.1 and 5.0 had it.

CREATE TABLE users (
  user_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  username varchar(128) NOT NULL,
  mail_host varchar(128) NOT NULL,
  alias varchar(128) NOT NULL,                                    -- dropped by 2012080700
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  last_login datetime NOT NULL DEFAULT '1000-01-01 00:00:00',     -- 2010042300 looks for this default
  language varchar(5) NOT NULL DEFAULT 'en',                      -- may be NULL from 2008092100 on
  preferences text,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

CREATE TABLE contacts (
  contact_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  changed datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  del tinyint(1) NOT NULL DEFAULT '0',
  name varchar(128) NOT NULL,                                     -- gets its default from 2009103100
  email varchar(128) NOT NULL,
  firstname varchar(128) NOT NULL,
  surname varchar(128) NOT NULL,
  vcard text NULL,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  PRIMARY KEY (contact_id),
  CONSTRAINT user_id_fk_contacts FOREIGN KEY (user_id) REFERENCES users (user_id)      -- made anew by 2009103100
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

CREATE TABLE identities (
  identity_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  del tinyint(1) NOT NULL DEFAULT '0',
  standard tinyint(1) NOT NULL DEFAULT '0',
  name varchar(128) NOT NULL DEFAULT '',
  organization varchar(128) NOT NULL DEFAULT '',
  email varchar(128) NOT NULL DEFAULT '',
  `reply-to` varchar(128) NOT NULL DEFAULT '',
  bcc varchar(128) NOT NULL DEFAULT '',
  signature text NOT NULL,
  html_signature tinyint(1) NOT NULL DEFAULT '0',
  PRIMARY KEY (identity_id),
  CONSTRAINT user_id_fk_identities FOREIGN KEY (user_id) REFERENCES users (user_id)    -- made anew by 2009103100
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

CREATE TABLE session (
  sess_id varchar(40) NOT NULL,                                   -- longer from 2011111600 on
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',        -- dropped by 2016081200
  changed datetime NOT NULL DEFAULT '1000-01-01 00:00:00',        -- indexed by 2008092100
  ip varchar(15) NOT NULL,                                        -- longer from 2016100900 on
  vars text NOT NULL,
  PRIMARY KEY (sess_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

CREATE TABLE cache (                                              -- made anew by 2016112200
  cache_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,              -- dropped by 2012080700
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  session_id varchar(40),                                         -- dropped by 2008092100
  cache_key varchar(128) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  data longtext NOT NULL,
  PRIMARY KEY (cache_id),
  INDEX cache_key (cache_key),                                    -- dropped by 2008030300
  INDEX session_id (session_id),                                  -- dropped by 2008030300
  CONSTRAINT user_id_fk_cache FOREIGN KEY (user_id) REFERENCES users (user_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

CREATE TABLE messages (                                           -- dropped by 2011092800
  message_id int(11) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  cache_key varchar(128) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',        -- indexed by 2008060900
  idx int(11) UNSIGNED NOT NULL DEFAULT '0',
  uid int(11) UNSIGNED NOT NULL DEFAULT '0',
  PRIMARY KEY (message_id),
  INDEX idx (idx),                                                -- dropped by 2008030300
  INDEX uid (uid),                                                -- dropped by 2008030300
  CONSTRAINT user_id_fk_messages FOREIGN KEY (user_id) REFERENCES users (user_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;

INSERT INTO session VALUES ('0f', '2008-02-28 09:30:00', '2008-02-28 09:30:00', '192.0.2.1', '');
