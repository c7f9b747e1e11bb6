"""A database of many tables, with all that hangs on a table in real ones."""

TABLE = """\
CREATE TABLE t{n} (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, name VARCHAR(80) DEFAULT 'x' NOT NULL, price DECIMAL(9, 2),
  made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, code VARCHAR(20) NOT NULL UNIQUE,
  CONSTRAINT t{n}_up FOREIGN KEY (up) REFERENCES t{n} (id), CONSTRAINT t{n}_price CHECK (price >= 0));
CREATE INDEX t{n}_name ON t{n} (name, made);
"""
# What fits on a client's command line.
AT_ONCE = 50


def make_tables(database, count):
    for first in range(0, count, AT_ONCE):
        database.execute("".join(TABLE.format(n=n) for n in range(first, min(first + AT_ONCE, count))))
