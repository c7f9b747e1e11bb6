//! What a server can do, by its product and version.

use patchwright_hooks_api::{Error, ErrorKind, ServerInfo};

/// A server's product and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    mariadb: bool,
    version: (u32, u32, u32),
}

impl From<&ServerInfo> for Server {
    fn from(info: &ServerInfo) -> Self {
        Self::new(info.product == MARIADB, &info.version)
    }
}

pub(crate) const MARIADB: &str = "MariaDB";
pub(crate) const MYSQL: &str = "MySQL";

impl Server {
    fn new(mariadb: bool, version: &str) -> Self {
        let mut numbers = version.split(['.', '-']).map(|number| number.parse().unwrap_or_default());
        let mut next = || numbers.next().unwrap_or_default();
        Self { mariadb, version: (next(), next(), next()) }
    }

    /// Whether it is MariaDB, and not MySQL.
    pub(crate) fn is_mariadb(self) -> bool {
        self.mariadb
    }

    /// Whether it is at least this new: MariaDB from the first version on, MySQL from the second.
    fn since(self, mariadb: (u32, u32, u32), mysql: (u32, u32, u32)) -> bool {
        self.version >= if self.mariadb { mariadb } else { mysql }
    }

    /// Refuses servers without nested locks, or whose catalog doesn't tell defaults apart.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.since((10, 2, 7), (5, 7, 5)) {
            return Ok(());
        }
        let (product, (major, minor, patch)) = (if self.mariadb { MARIADB } else { MYSQL }, self.version);
        Err(Error::new(ErrorKind::Unsupported, format!("the server is {product} {major}.{minor}.{patch}"))
            .hint("MariaDB is supported from 10.2.7 on, MySQL from 5.7.5"))
    }

    pub(crate) fn has_checks(self) -> bool {
        self.since((10, 2, 1), (8, 0, 16))
    }

    pub(crate) fn has_descending_indexes(self) -> bool {
        self.since((10, 8, 0), (8, 0, 1))
    }

    pub(crate) fn has_expression_indexes(self) -> bool {
        !self.mariadb && self.version >= (8, 0, 13)
    }

    /// What tells, in `information_schema.STATISTICS`, with YES that queries don't use an index.
    pub(crate) fn ignored_indexes(self) -> &'static str {
        match self.mariadb {
            true if self.version >= (10, 6, 0) => "IGNORED",
            false if self.version >= (8, 0, 0) => "IF(IS_VISIBLE = 'NO', 'YES', 'NO')",
            _ => "'NO'",
        }
    }

    /// Whether a long text can be unique as a whole, and not by its beginning alone.
    pub(crate) fn has_unique_long_texts(self) -> bool {
        self.mariadb && self.version >= (10, 4, 3)
    }

    /// Whether a default can be an expression; long texts have no other.
    pub(crate) fn has_expression_defaults(self) -> bool {
        self.since((10, 2, 1), (8, 0, 13))
    }

    /// Whether it calls the character set of three bytes `utf8mb3`, in collations too.
    pub(crate) fn says_utf8mb3(self) -> bool {
        self.since((10, 6, 1), (8, 0, 30))
    }

    pub(crate) fn has_sequences(self) -> bool {
        self.mariadb && self.version >= (10, 3, 0)
    }

    pub(crate) fn can_rename_columns(self) -> bool {
        self.since((10, 5, 2), (8, 0, 3))
    }

    pub(crate) fn can_rename_indexes(self) -> bool {
        self.since((10, 5, 2), (5, 7, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_can_do_follows_from_its_version() {
        let server = |product: &str, version: &str| {
            Server::from(&ServerInfo { product: product.to_owned(), version: version.to_owned() })
        };
        assert!(server("MariaDB", "10.11.19").has_descending_indexes());
        assert!(!server("MariaDB", "10.6.4").has_descending_indexes());
        assert!(server("MySQL", "8.0.36").has_expression_indexes() && server("MySQL", "8.4.0-1").check().is_ok());
        assert!(!server("MySQL", "5.7.44").has_checks());
        assert!(server("MySQL", "5.6.51").check().is_err() && server("MariaDB", "10.1.48").check().is_err());
    }
}
