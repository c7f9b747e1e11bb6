-- Bodies of routines, triggers and events; as the client reads them: behind a delimiter of their own.
CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80), state INT, `begin` INT, `end` INT);
CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, line VARCHAR(200));

DELIMITER //
CREATE PROCEDURE walk(IN begin INT, OUT total INT)
main: BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE word VARCHAR(20) DEFAULT 'END;';
  DECLARE words CURSOR FOR SELECT title FROM item;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SET total = 0;
  IF begin < 0 THEN LEAVE main; ELSEIF begin > 100 THEN BEGIN SET total = -1; END; ELSE SET total = 1; END IF;
  OPEN words;
  reading: LOOP
    FETCH words INTO word;
    IF done THEN LEAVE reading; END IF;
    CASE word WHEN ';' THEN SET total = total + 1; ELSE BEGIN SET total = total + CASE WHEN word = 'END' THEN 2 ELSE 3 END; END; END CASE;
  END LOOP reading;
  CLOSE words;
  REPEAT SET total = total + 1; UNTIL total > 3 END REPEAT;
  WHILE total > 100 DO SET total = total - 1; BEGIN END; END WHILE;
  INSERT INTO log (line) VALUES (CONCAT('total; ', total)); -- END;
  # END//of a comment
  /* END// */
END main//

CREATE DEFINER = CURRENT_USER FUNCTION kind(state INT) RETURNS VARCHAR(10) DETERMINISTIC
BEGIN
  RETURN CASE state WHEN 1 THEN 'one;' ELSE CASE WHEN state IS NULL THEN 'none;' ELSE "many; //" END END;
END//
CREATE TRIGGER item_added BEFORE INSERT ON item FOR EACH ROW BEGIN SET NEW.end = NEW.begin; SET NEW.state = CASE WHEN NEW.state IS NULL THEN 0 ELSE NEW.state END; END //
CREATE TRIGGER item_gone AFTER DELETE ON item FOR EACH ROW INSERT INTO log (line) VALUES (CONCAT('gone; ', OLD.title))//
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO BEGIN DELETE FROM log WHERE id < 0; BEGIN DELETE FROM log WHERE line = 'END;'; END; END//
CREATE PROCEDURE short() SELECT 1//
BEGIN NOT ATOMIC INSERT INTO log (line) VALUES ('outside; of any routine'); IF 1 THEN INSERT INTO log (line) VALUES ('END;'); END IF; END//
delimiter ;
INSERT INTO item (title, state) VALUES (';', 1), ('END', NULL), ('three', 3);
CALL walk(1, @total);
DELETE FROM item WHERE title = 'three'; UPDATE item SET `end` = `begin`;
SELECT kind(1) AS `end`;
