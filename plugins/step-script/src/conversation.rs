//! The conversation between a script's thread and the thread that owns the site.
//!
//! Functions of a Rhai engine must be `'static` and shareable between threads; a borrowed site is neither. So the script
//! runs on a thread of its own, and sends each question as a closure down a [`Line`]; the thread that holds the site
//! answers one after the other until the script hangs up. Nothing is shared, and no lifetime is stretched.

use crate::limits;
use patchwright_hooks_api::{Error, ErrorKind, SiteEditor, SiteView};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

/// The site, in the way that a hook may have it.
pub(crate) enum Site<'a> {
    /// To be looked at.
    Shown(&'a dyn SiteView),
    /// To be changed.
    Edited(&'a mut dyn SiteEditor),
}

impl Site<'_> {
    pub(crate) fn view(&self) -> &dyn SiteView {
        match self {
            Self::Shown(view) => *view,
            Self::Edited(editor) => editor.view(),
        }
    }
}

type Question = Box<dyn FnOnce(&mut Site<'_>) + Send>;

/// The script's end of the conversation.
pub(crate) struct Line {
    questions: Sender<Question>,
    waited: AtomicU64,
}

impl Line {
    /// Asks the site and waits for the answer.
    ///
    /// # Errors
    /// When nobody answers any more because the other end failed.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Site<'_>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let asked = Instant::now();
        let (reply, answer) = mpsc::sync_channel(1);
        let question = Box::new(move |site: &mut Site<'_>| {
            // Who asked waits for the answer, so sending it can't fail.
            drop(reply.send(question(site)));
        });
        let gone = || Error::new(ErrorKind::Internal, "the site no longer answers the script");
        self.questions.send(question).map_err(|_| gone())?;
        let answer = answer.recv().map_err(|_| gone());
        let waited = u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited.fetch_add(waited, Ordering::Relaxed);
        answer
    }

    /// How long the script has waited for answers.
    pub(crate) fn waited(&self) -> Duration {
        Duration::from_nanos(self.waited.load(Ordering::Relaxed))
    }
}

/// Runs `script` on a thread of its own and answers its questions until it ends and has dropped its line.
///
/// # Errors
/// When the thread can't be started, or the script engine panics.
pub(crate) fn hold<T: Send>(site: &mut Site<'_>, script: impl FnOnce(Line) -> T + Send) -> Result<T, Error> {
    let (questions, asked) = mpsc::channel::<Question>();
    let line = Line { questions, waited: AtomicU64::new(0) };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("upgrade-script".into())
            .stack_size(limits::STACK_BYTES)
            .spawn_scoped(scope, move || script(line))
            .map_err(|error| Error::new(ErrorKind::Io, format!("no thread for the upgrade script: {error}")))?;
        for question in asked {
            question(site);
        }
        thread.join().map_err(|_| Error::new(ErrorKind::Internal, "the script engine panicked"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_conformance::FakeSite;

    #[test]
    fn the_script_asks_and_the_owner_of_the_site_answers() {
        let site = FakeSite::new();
        let product = hold(&mut Site::Shown(&site), |line| line.ask(|site| site.view().facts().product.clone()));
        assert_eq!(product.unwrap().unwrap(), "acme-cms");
    }

    #[test]
    fn time_spent_waiting_for_answers_is_known() {
        let site = FakeSite::new();
        let waited = hold(&mut Site::Shown(&site), |line| {
            line.ask(|_| std::thread::sleep(Duration::from_millis(5))).unwrap();
            line.waited()
        });
        assert!(waited.unwrap() >= Duration::from_millis(5));
    }

    #[test]
    fn a_panic_of_the_script_engine_is_an_error_and_not_the_end_of_the_program() {
        let site = FakeSite::new();
        let error = hold(&mut Site::Shown(&site), |_| panic!("as a bug would")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Internal);
    }
}
