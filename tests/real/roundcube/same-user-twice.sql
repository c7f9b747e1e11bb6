-- Until 2010100600 nothing keeps an account from being made twice, as two first logins at the same moment do.
INSERT INTO users (user_id, username, mail_host, alias, created, last_login, language, preferences) VALUES
  (3, 'ada', 'mail.example', '', '2008-02-01 08:00:00', '2008-02-01 08:00:00', 'en', '');
INSERT INTO contacts (contact_id, user_id, changed, name, email, firstname, surname) VALUES
  (3, 3, '2008-02-03 10:10:00', 'Dora', 'dora@example.org', '', '');
