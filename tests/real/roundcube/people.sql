-- People who use the first release, on every dialect.
INSERT INTO users (user_id, username, mail_host, alias, created, last_login, language, preferences) VALUES
  (1, 'ada', 'mail.example', 'a; drop', '2008-02-01 08:00:00', '2008-02-28 09:30:00', 'en', 'a:1:{s:4:"skin";s:1:";";}'),
  (2, 'bjørn', 'mail.example', '', '2008-02-02 08:00:00', '2008-02-28 09:31:00', 'nb', '-- not a comment');
INSERT INTO contacts (contact_id, user_id, changed, name, email, firstname, surname) VALUES
  (1, 1, '2008-02-03 10:00:00', 'Émilie O''Neill', 'emilie@example.org', '', ''),
  (2, 2, '2008-02-03 10:05:00', 'Chen', 'chen@example.org', '', '');
INSERT INTO identities (identity_id, user_id, del, standard, name, email, signature) VALUES
  (1, 1, 0, 1, 'Ada', 'ada@mail.example', '--
Ada;'),
  (2, 1, 1, 0, 'Ada, long ago', 'old@mail.example', ''),
  (3, 2, 0, 1, 'Bjørn', 'bjorn@mail.example', '');
