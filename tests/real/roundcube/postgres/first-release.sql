-- The database of Roundcube 0.1-stable, as far as its schema history shows it; see sqlite/first-release.sql.

CREATE SEQUENCE user_ids;                          -- the five are renamed by 2013042700 or dropped before
CREATE SEQUENCE identity_ids;
CREATE SEQUENCE contact_ids;
CREATE SEQUENCE cache_ids;
CREATE SEQUENCE message_ids;

CREATE TABLE users (
  user_id integer DEFAULT nextval('user_ids'::text) PRIMARY KEY,
  username varchar(128) DEFAULT '' NOT NULL,
  mail_host varchar(128) DEFAULT '' NOT NULL,
  alias varchar(128) DEFAULT '' NOT NULL,          -- dropped by 2012080700
  created timestamp with time zone DEFAULT now() NOT NULL,
  last_login timestamp with time zone DEFAULT now() NOT NULL,
  "language" varchar(5) DEFAULT 'en' NOT NULL,     -- neither default nor NOT NULL from 2008092100 on
  preferences text DEFAULT '' NOT NULL
);

CREATE TABLE "session" (
  sess_id varchar(40) DEFAULT '' PRIMARY KEY,      -- longer from 2011111600 on
  created timestamp with time zone DEFAULT now() NOT NULL,   -- dropped by 2016081200
  changed timestamp with time zone DEFAULT now() NOT NULL,   -- indexed by 2008092100
  ip varchar(16) NOT NULL,                         -- longer from 2016100900 on
  vars text NOT NULL
);

CREATE TABLE identities (
  identity_id integer DEFAULT nextval('identity_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),       -- all these keys are made anew by 2008030300
  del integer DEFAULT 0 NOT NULL,                  -- smallint from 2008092100 on
  standard integer DEFAULT 0 NOT NULL,
  name varchar(128) NOT NULL,
  organization varchar(128),
  email varchar(128) NOT NULL,
  "reply-to" varchar(128),
  bcc varchar(128),
  signature text,
  html_signature integer DEFAULT 0 NOT NULL        -- smallint from 2021081000 on
);

CREATE TABLE contacts (
  contact_id integer DEFAULT nextval('contact_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  changed timestamp with time zone DEFAULT now() NOT NULL,
  del integer DEFAULT 0 NOT NULL,
  name varchar(128) DEFAULT '' NOT NULL,
  email varchar(128) DEFAULT '' NOT NULL,
  firstname varchar(128) DEFAULT '' NOT NULL,
  surname varchar(128) DEFAULT '' NOT NULL,
  vcard text
);

CREATE TABLE "cache" (                             -- made anew by 2016112200
  cache_id integer DEFAULT nextval('cache_ids'::text) PRIMARY KEY,   -- dropped by 2012080700
  user_id integer NOT NULL REFERENCES users (user_id),
  session_id varchar(40) REFERENCES "session" (sess_id),     -- dropped by 2008092100
  cache_key varchar(128) DEFAULT '' NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  data text NOT NULL
);

CREATE TABLE messages (                            -- dropped by 2011092800
  message_id integer DEFAULT nextval('message_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  del integer DEFAULT 0 NOT NULL,
  cache_key varchar(128) DEFAULT '' NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,   -- indexed by 2008060900
  idx integer DEFAULT 0 NOT NULL                   -- indexed by 2009090400
);

INSERT INTO "session" (sess_id, ip, vars) VALUES ('0f', '192.0.2.1', '');
