-- What the vendor would put before 2010100600: the older account takes over what the younger one has.
UPDATE contacts SET user_id = (
  SELECT min(same.user_id)
  FROM users AS own JOIN users AS same USING (username, mail_host)
  WHERE own.user_id = contacts.user_id
);
UPDATE identities SET user_id = (
  SELECT min(same.user_id)
  FROM users AS own JOIN users AS same USING (username, mail_host)
  WHERE own.user_id = identities.user_id
);
DELETE FROM users WHERE user_id NOT IN (SELECT min(user_id) FROM users GROUP BY username, mail_host);
