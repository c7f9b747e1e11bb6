//! Lines and columns of byte offsets, counted once from left to right.

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    offset: usize,
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Position {
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The position of `offset`, which must not lie before this one: walking on keeps a whole script linear.
    pub(super) fn advanced(self, text: &str, offset: usize) -> Self {
        let passed = &text[self.offset..offset];
        let (line, column) = match passed.rfind('\n') {
            Some(at) => (self.line + passed.matches('\n').count(), 1 + width(&passed[at + 1..])),
            None => (self.line, self.column + width(passed)),
        };
        Self { offset, line, column }
    }
}

/// A byte order mark has no width: no editor shows it.
fn width(text: &str) -> usize {
    text.chars().filter(|&c| c != super::scan::BYTE_ORDER_MARK).count()
}
