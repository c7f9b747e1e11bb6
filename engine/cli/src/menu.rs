//! The menu for one question: the local change as a diff, the answers, and an editor for the content that is to stand there.

use crate::editor::{edit, editor};
use crate::render::diff;
use dialoguer::Select;
use dialoguer::theme::ColorfulTheme;
use patchwright_engine::{Answer, Asked};
use patchwright_hooks_api::finding::USE;
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
    let mut items: Vec<String> =
        question.answers.iter().map(|choice| format!("{}: {}", choice.answer, choice.effect)).collect();
    if left > 0 {
        items.push(format!("show the other {left} lines of the difference"));
    }
    let theme = ColorfulTheme::default();
    loop {
        let menu = Select::with_theme(&theme).with_prompt(&prompt).items(&items);
        let chosen = menu.default(default.unwrap_or(0)).interact_opt().ok().flatten()?;
        match question.answers.get(chosen) {
            None => note(&whole.lines().skip(SHOWN).collect::<Vec<_>>().join("\n")),
            Some(choice) if choice.answer == USE => match edited(&mut text, &question.id) {
                Ok(()) => return Some(Answer::Content(text)),
                Err(why) => note(&why),
            },
            Some(choice) => return Some(Answer::Word(choice.answer.clone())),
        }
    }
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
