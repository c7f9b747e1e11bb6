-- From an editor on Windows; with CRLF, a byte order mark and no newline at the end.
CREATE TABLE dos (
  line TEXT # a comment; to the end
);
DELIMITER $$
CREATE TRIGGER dos_added BEFORE INSERT ON dos FOR EACH ROW
BEGIN
  /* two
     lines; */
  IF NEW.line = ';' THEN SET NEW.line = 'a;
b'; END IF;
END$$
DELIMITER ;

INSERT INTO dos VALUES (';'), ('
');
SELECT count(*) FROM dos