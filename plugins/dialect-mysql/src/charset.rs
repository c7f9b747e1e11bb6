//! Character sets and collations, by one name each: the server calls the old three-byte set `utf8`, or in later versions
//! `utf8mb3`.

use crate::server::Server;

const THREE_BYTES: &str = "utf8mb3";
const ONCE: &str = "utf8";

/// The name by which the model knows it, whatever the server calls it.
pub(crate) fn known(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix(ONCE) {
        Some(rest) if rest.is_empty() || rest.starts_with('_') => format!("{THREE_BYTES}{rest}"),
        _ => name,
    }
}

/// The name by which this server knows it.
pub(crate) fn spelled(name: &str, server: Server) -> String {
    match name.strip_prefix(THREE_BYTES) {
        Some(rest) if !server.says_utf8mb3() => format!("{ONCE}{rest}"),
        _ => name.to_owned(),
    }
}

/// The character set that a collation belongs to.
pub(crate) fn of_collation(collation: &str) -> &str {
    collation.split('_').next().unwrap_or(collation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::ServerInfo;

    #[test]
    fn the_set_with_two_names_is_known_by_one_and_said_as_the_server_says_it() {
        let server = |product: &str, version: &str| {
            Server::from(&ServerInfo { product: product.to_owned(), version: version.to_owned() })
        };
        for (name, one) in [("UTF8", "utf8mb3"), ("utf8_bin", "utf8mb3_bin"), ("utf8mb4_bin", "utf8mb4_bin")] {
            assert_eq!(known(name), one);
        }
        assert_eq!(spelled("utf8mb3_bin", server("MySQL", "5.7.44")), "utf8_bin");
        assert_eq!(spelled("utf8mb3_bin", server("MariaDB", "10.11.4")), "utf8mb3_bin");
        assert_eq!(of_collation("utf8mb4_uca1400_ai_ci"), "utf8mb4");
    }
}
