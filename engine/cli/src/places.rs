//! A conflict settled place by place: each is shown with what was there, what became of it on either side, and asked about.

use console::{Style, style};
use dialoguer::Select;
use dialoguer::theme::ColorfulTheme;
use patchwright_merge::{Choice, Conflict, Hunk, Labels};

/// What may be chosen for a place. What is left open is finished in the editor.
const CHOICES: [(Option<Choice>, &str); 4] = [
    (Some(Choice::Mine), "yours"),
    (Some(Choice::Theirs), "the new lines"),
    (Some(Choice::Both), "both, yours first"),
    (None, "leave it open, for the editor"),
];

/// Asks about each place of a draft. Gives the text as it is then, with markers where a place was left open; `None` if the person
/// gave up, or the draft can't be taken apart.
pub(crate) fn settle(draft: &str, note: &dyn Fn(&str)) -> Option<String> {
    let (conflict, labels) = Conflict::of_draft(draft)?;
    let of = conflict.hunks().count();
    let mut choices = Vec::with_capacity(of);
    for (number, hunk) in (1..).zip(conflict.hunks()) {
        note(&shown(hunk, &labels));
        let theme = ColorfulTheme::default();
        let items = CHOICES.map(|(_, effect)| effect);
        let menu = Select::with_theme(&theme).with_prompt(format!("place {number} of {of}")).items(items);
        let chosen = menu.default(0).interact_opt().ok().flatten()?;
        choices.push(CHOICES[chosen].0);
    }
    conflict.settle(&choices).draft(&labels)
}

/// How many places a draft has that can be settled one by one.
pub(crate) fn count(draft: &str) -> usize {
    Conflict::of_draft(draft).map_or(0, |(conflict, _)| conflict.hunks().count())
}

/// The three sides of a place, each under its name.
fn shown(hunk: &Hunk, labels: &Labels<'_>) -> String {
    let sides = [
        (labels.base, &hunk.base, Style::new().for_stderr().dim()),
        (labels.mine, &hunk.mine, Style::new().for_stderr().green()),
        (labels.theirs, &hunk.theirs, Style::new().for_stderr().cyan()),
    ];
    let mut text = String::new();
    for (label, lines, of_side) in sides {
        text.push_str(&format!("{}\n", style(format!("{label}:")).for_stderr().bold()));
        let lines = String::from_utf8_lossy(lines);
        if lines.is_empty() {
            text.push_str("  (nothing)\n");
        }
        lines.lines().for_each(|line| text.push_str(&format!("  {}\n", of_side.apply_to(line))));
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_what_was_there_and_both_changes() {
        // C45
        let hunk = Hunk { base: b"b\n".to_vec(), mine: Vec::new(), theirs: b"B\nB2\n".to_vec() };
        let labels = Labels { base: "as it was shipped", mine: "yours", theirs: "acme-1.0.1" };
        assert_eq!(
            console::strip_ansi_codes(&shown(&hunk, &labels)),
            "as it was shipped:\n  b\nyours:\n  (nothing)\nacme-1.0.1:\n  B\n  B2"
        );
    }

    #[test]
    fn a_text_without_places_has_none_to_settle() {
        assert_eq!(count("a\n"), 0);
        assert_eq!(count("<<<<<<< yours\na\n||||||| then\n=======\nb\n>>>>>>> new\n"), 1);
    }
}
