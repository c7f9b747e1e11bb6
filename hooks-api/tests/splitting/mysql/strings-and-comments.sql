/* Semicolons; in /* everything; */ CREATE TABLE `a;b` (`c;``d;` VARCHAR(200) DEFAULT '\';\\', e TEXT);
INSERT INTO `a;b` (`c;``d;`) VALUES ('it''s; -- no comment'), ('it\'s; \\'), ("say \";\" ""so;"""), ('/* nor; this */'), (';;;'), ('\\');
INSERT INTO `a;b` VALUES ('one;' ' and; two'
  " and; three", '#;'), (N'four;', _utf8mb4'five;'), (x'3B', b'00111011'); # to the end; ' " `
INSERT INTO `a;b` (e) VALUES (1--1), (1 - -- a comment; '
  1), (5 --	a tab is enough; "
  + 5), (2*/* ; */3), ('größer; ünïcödé 🐘; 漢字');
SELECT "a" AS `e'`, 'a'AS e, 'b;'AS"f;", @`g;`; SELECT '\\'; SELECT "\\"; SELECT '\'';#no blank; here
;;; ;
CREATE TABLE größe (straße VARCHAR(20) DEFAULT ';' COMMENT 'a comment; with a semicolon', CHECK (straße <> 'x;')) COMMENT = ';';
CREATE TABLE procedure_log (begin DATETIME, end DATETIME, `case` INT, KEY `i;` (begin));
INSERT INTO größe () VALUES ()/*;*/; -- the last statement ended; and a comment comes after it
# with no newline; at its end