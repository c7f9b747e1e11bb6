//! How much an archive may ask for. Every limit is held against what is declared before anything is read.

/// How many decompressed bytes may come before [`Limits::ratio`] counts: small archives of blank files are no attack.
pub(super) const RATIO_FREE_BYTES: u64 = 64 << 20;

/// What an archive may ask for at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries in the archive, directories counted: an archive of a million empty files fills memory with names.
    pub entries: usize,
    /// Bytes of one member: one huge file fills the disk before its hash is known to be wrong.
    pub member_bytes: u64,
    /// Bytes of the whole decompressed archive: many large files do the same.
    pub total_bytes: u64,
    /// Bytes of `patch.xml`, which is read into memory as a whole.
    pub manifest_bytes: u64,
    /// Decompressed bytes for each compressed one, past the first 64 MiB: a gzip bomb of a few MB (ratios up to 1032)
    /// keeps a processor busy for minutes.
    pub ratio: u64,
}

impl Limits {
    /// The default of [`Limits::entries`].
    pub const ENTRIES: usize = 100_000;
    /// The default of [`Limits::member_bytes`], 1 GiB.
    pub const MEMBER_BYTES: u64 = 1 << 30;
    /// The default of [`Limits::total_bytes`], 4 GiB.
    pub const TOTAL_BYTES: u64 = 4 << 30;
    /// The default of [`Limits::manifest_bytes`], 16 MiB: tens of thousands of steps.
    pub const MANIFEST_BYTES: u64 = 16 << 20;
    /// The default of [`Limits::ratio`].
    pub const RATIO: u64 = 200;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: Self::ENTRIES,
            member_bytes: Self::MEMBER_BYTES,
            total_bytes: Self::TOTAL_BYTES,
            manifest_bytes: Self::MANIFEST_BYTES,
            ratio: Self::RATIO,
        }
    }
}
