-- What a dump is full of: comments that run.
/*!40101 SET @OLD_CHARACTER_SET_CLIENT = @@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*M!100100 SET @maria = ';' */; /*! SET @any = 1 */;
/*!50003 */;
DROP TABLE IF EXISTS `note`; /* plain; */
CREATE TABLE `note` (
  `id` int NOT NULL /*! AUTO_INCREMENT */,
  `text` varchar(80) /*!50503 CHARACTER SET utf8mb4 */ DEFAULT ';' /* plain; */, -- plain;
  PRIMARY KEY (`id`)
) /*!50100 COMMENT = 'a; b' */ /*M!100000 ENGINE = InnoDB */;
/*!40000 ALTER TABLE `note` DISABLE KEYS */;
INSERT INTO `note` (`text`) VALUES ('/*! a; string */'),('*/;') /*!99999 , ('never; here') */;
/*!40000 ALTER TABLE `note` ENABLE KEYS */;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER `note_added` BEFORE INSERT ON `note` FOR EACH ROW BEGIN
  SET NEW.text = CONCAT(NEW.text, ';'); -- END;
END */;;
DELIMITER ;
/*!50003 CREATE TRIGGER `note_gone` AFTER DELETE ON `note` FOR EACH ROW SET @gone = 'yes;' */;
INSERT INTO `note` (`text`) VALUES ('last');
/*!40101 SET CHARACTER_SET_CLIENT = @OLD_CHARACTER_SET_CLIENT */;
