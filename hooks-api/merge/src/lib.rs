//! Three-way merges of texts, beside the contract: for the plugins and the engine that lay a vendor's change and a local one
//! together, and the question that is asked about it. Pure, and without any choice of its own: what does not go together is a
//! [`Conflict`] for the operator.
//!
//! ```
//! use patchwright_merge::{Merged, merge};
//!
//! let merged = merge(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n");
//! assert!(matches!(merged, Merged::Clean(clean) if clean.bytes == b"A\nb\nC\n"));
//! ```

mod conflict;
mod difference;
mod draft;
mod line_ends;
mod local_change;

pub use conflict::{Choice, Conflict, Hunk};
pub use difference::{Difference, difference};
pub use draft::{Labels, has_markers};
pub use local_change::{Decision, EXISTS, LOCAL_CHANGE, LocalChange, own_file, question_about};

use conflict::Part;
use line_ends::as_in;
use similar::{Algorithm, MergeRegion, MergeResolution, TextMerge};
use std::ops::Range;

/// The largest of three files that are merged, in bytes: all three and their lines are held in memory.
pub const MAX_BYTES: usize = 8 << 20;

/// What became of three texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// All changes go together.
    Clean(Clean),
    /// Some changes are of the same lines, or of neighbouring ones.
    Conflict(Conflict),
    /// Nothing could be merged.
    Unmergeable(Why),
}

/// Why nothing could be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// One of the files is no text: it holds a zero byte.
    Binary,
    /// One of the files has more than [`MAX_BYTES`].
    TooLarge,
}

/// Changes that go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clean {
    /// The text with all changes.
    pub bytes: Vec<u8>,
    /// How many places only the local text has changed.
    pub mine: usize,
    /// How many places only the vendor's text has changed.
    pub theirs: usize,
}

/// Lays two changes of one text together, line by line: `mine`, the local one, and `theirs`, the vendor's.
///
/// Changes of neighbouring lines are a conflict, as they are for git: who changed a line often relied on the next. Where the local
/// text differs from the base in all its line ends, the result has the local ones.
pub fn merge(base: &[u8], mine: &[u8], theirs: &[u8]) -> Merged {
    let settled = |bytes: &[u8], mine, theirs| Merged::Clean(Clean { bytes: bytes.to_vec(), mine, theirs });
    if base == mine {
        return settled(theirs, 0, usize::from(base != theirs));
    }
    if base == theirs || mine == theirs {
        return settled(mine, usize::from(base == theirs), 0);
    }
    let all = [base, mine, theirs];
    if all.iter().any(|text| text.len() > MAX_BYTES) {
        return Merged::Unmergeable(Why::TooLarge);
    }
    if all.into_iter().any(is_binary) {
        return Merged::Unmergeable(Why::Binary);
    }
    let (base, theirs) = (as_in(base, mine, base), as_in(theirs, mine, base));
    let mut configuration = TextMerge::configure();
    let text = configuration.algorithm(Algorithm::Myers).merge_lines::<_, _, _, [u8]>(&*base, mine, &*theirs);
    put_together(&Texts { base: &base, mine, theirs: &theirs }, joined(text.regions()))
}

/// Whether nobody would call it a text.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_some()
}

/// Three texts, of which the regions count lines.
struct Texts<'a> {
    base: &'a [u8],
    mine: &'a [u8],
    theirs: &'a [u8],
}

/// What stands at the same place of all three texts.
struct Region {
    resolution: MergeResolution,
    base: Range<usize>,
    mine: Range<usize>,
    theirs: Range<usize>,
}

/// The regions, with those that only one side changed and that touch one of the other's made one.
fn joined(regions: &[MergeRegion]) -> Vec<Region> {
    let mut joined: Vec<Region> = Vec::with_capacity(regions.len());
    for region in regions {
        let next = Region {
            resolution: region.resolution(),
            base: region.base_range(),
            mine: region.ours_range(),
            theirs: region.theirs_range(),
        };
        match joined.last_mut() {
            Some(last) if touch(last, &next) => {
                last.resolution = MergeResolution::Conflict;
                (last.base.end, last.mine.end, last.theirs.end) = (next.base.end, next.mine.end, next.theirs.end);
            }
            _ => joined.push(next),
        }
    }
    joined
}

fn touch(one: &Region, next: &Region) -> bool {
    let is_changed = |region: &Region| region.resolution != MergeResolution::Unchanged;
    is_changed(one) && is_changed(next) && one.resolution != next.resolution
}

fn put_together(lines: &Texts<'_>, regions: Vec<Region>) -> Merged {
    let [base, mine, theirs] = [lines.base, lines.mine, lines.theirs].map(Cut::new);
    let mut parts = Vec::new();
    let (mut by_me, mut by_them) = (0, 0);
    for region in regions {
        let hunk = Hunk {
            base: base.lines(region.base).to_vec(),
            mine: mine.lines(region.mine).to_vec(),
            theirs: theirs.lines(region.theirs).to_vec(),
        };
        match region.resolution {
            MergeResolution::Theirs => {
                by_them += 1;
                parts.push(Part::Settled(hunk.theirs));
            }
            MergeResolution::Conflict if hunk.mine != hunk.theirs => parts.push(Part::Open(hunk)),
            resolution => {
                by_me += usize::from(resolution == MergeResolution::Ours);
                parts.push(Part::Settled(hunk.mine));
            }
        }
    }
    let conflict = Conflict::new(parts);
    match conflict.settled() {
        Some(bytes) => Merged::Clean(Clean { bytes, mine: by_me, theirs: by_them }),
        None => Merged::Conflict(conflict),
    }
}

/// A text and where its lines begin.
struct Cut<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Cut<'a> {
    fn new(text: &'a [u8]) -> Self {
        use similar::DiffableStr as _;
        let mut starts = vec![0];
        starts.extend(text.tokenize_lines().into_iter().scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        }));
        Self { text, starts }
    }

    fn lines(&self, range: Range<usize>) -> &'a [u8] {
        let at = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        &self.text[at(range.start)..at(range.end)]
    }
}
