//! The menu for one question: the local change as a diff, the answers, and an editor for the content that is to stand there.

use crate::editor::{edit, editor};
use crate::places;
use crate::render::diff;
use dialoguer::Select;
use dialoguer::theme::ColorfulTheme;
use patchwright_engine::{Answer, Asked};
use patchwright_hooks_api::finding::{Choice, USE};
use patchwright_merge::has_markers;

/// How many lines of a diff are shown before somebody asks for more.
const SHOWN: usize = 40;

/// Asks until there is an answer, or the person gives up. `note` tells something on the way.
pub(crate) fn ask(asked: &Asked<'_>, note: &dyn Fn(&str)) -> Option<Answer> {
    let Asked { patch, finding, question, last } = asked;
    let whole = finding.difference.as_deref().map(diff::coloured).unwrap_or_default();
    let left = whole.lines().count().saturating_sub(SHOWN);
    let mut text = question.draft.clone().unwrap_or_default().into_bytes();
    let mut prompt = format!("{patch}: {}", finding.message);
    let default = last.and_then(|last| {
        let word = last.split(':').next().unwrap_or(last);
        prompt.push_str(&format!(" (last time: {word})"));
        question.answers.iter().position(|choice| choice.answer == word)
    });
    if !whole.is_empty() {
        note(&whole.lines().take(SHOWN).collect::<Vec<_>>().join("\n"));
    }
    let mut items: Vec<(String, Item<'_>)> = question
        .answers
        .iter()
        .map(|choice| (format!("{}: {}", choice.answer, choice.effect), Item::Of(choice)))
        .collect();
    let places = question.draft.as_deref().map_or(0, places::count);
    if places > 0 {
        items.push((format!("place by place: yours, the new lines or both ({places})"), Item::Places));
    }
    if left > 0 {
        items.push((format!("show the other {left} lines of the difference"), Item::Difference));
    }
    let theme = ColorfulTheme::default();
    loop {
        let menu = Select::with_theme(&theme).with_prompt(&prompt).items(items.iter().map(|(text, _)| text));
        let chosen = menu.default(default.unwrap_or(0)).interact_opt().ok().flatten()?;
        match &items[chosen].1 {
            Item::Difference => note(&whole.lines().skip(SHOWN).collect::<Vec<_>>().join("\n")),
            Item::Places => {
                let Some(settled) = question.draft.as_deref().and_then(|draft| places::settle(draft, note)) else {
                    continue;
                };
                text = settled.into_bytes();
                match finished(&mut text, &question.id) {
                    Ok(()) => return Some(Answer::Content(text)),
                    Err(why) => note(&why),
                }
            }
            Item::Of(choice) if choice.answer == USE => match edited(&mut text, &question.id) {
                Ok(()) => return Some(Answer::Content(text)),
                Err(why) => note(&why),
            },
            Item::Of(choice) => return Some(Answer::Word(choice.answer.clone())),
        }
    }
}

/// What a line of the menu does.
enum Item<'a> {
    /// Gives this answer.
    Of(&'a Choice),
    /// Settles the draft place by place.
    Places,
    /// Shows the rest of the difference.
    Difference,
}

/// The text as it is where nothing in it is open any more, else as the editor leaves it.
fn finished(text: &mut Vec<u8>, question: &str) -> Result<(), String> {
    if has_markers(text) { edited(text, question) } else { Ok(()) }
}

/// Lets the operator finish the text. What is not finished is there again the next time.
fn edited(text: &mut Vec<u8>, question: &str) -> Result<(), String> {
    let editor = editor().ok_or("no editor is set: put one into the environment variable VISUAL or EDITOR")?;
    let path = question.rsplit(':').next().unwrap_or(question);
    *text = edit(&editor, text, path).map_err(|error| format!("{error:#}; nothing was changed"))?;
    if has_markers(text) {
        return Err("the text still has conflict markers: finish it, or answer something else".to_owned());
    }
    Ok(())
}
