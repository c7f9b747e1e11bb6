//! A function that scripts can call, and one call of it with its arguments.

use crate::diagnose::{self, Failure};
use crate::run::Run;
use crate::values;
use patchwright_hooks_api::{Error, ErrorKind, Position, SitePath};
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, FuncRegistration, Module, NativeCallContext, RhaiFunc};
use std::any::TypeId;
use std::cell::RefCell;
use std::sync::Arc;

/// The highest mode that a script can give: permission bits, no set-user-id, set-group-id or sticky bit.
const HIGHEST_MODE: i64 = 0o777;

/// A function that scripts can call.
pub(crate) struct Function {
    /// With its module, such as `fs::read`.
    pub(crate) name: &'static str,
    /// The names of the parameters that every call gives.
    pub(crate) required: &'static [&'static str],
    /// The names of those that may be left out, from the last on.
    pub(crate) optional: &'static [&'static str],
    /// What it does.
    pub(crate) run: fn(&Call<'_>) -> Result<Dynamic, Error>,
}

impl Function {
    /// As the reference writes it, such as `fs::write(path, text[, mode])`.
    pub(crate) fn signature(&self) -> String {
        let mut parameters = self.required.join(", ");
        for name in self.optional {
            parameters.push_str(if parameters.is_empty() { "[" } else { "[, " });
            parameters.push_str(name);
        }
        format!("{}({parameters}{})", self.name, "]".repeat(self.optional.len()))
    }

    /// Whether it can be called with so many arguments.
    pub(crate) fn takes(&self, count: usize) -> bool {
        (self.required.len()..=self.required.len() + self.optional.len()).contains(&count)
    }

    /// Adds the function to its module, once for each number of arguments.
    ///
    /// Its parameters take any type: it says itself what it expected, in the words of the reference.
    pub(crate) fn bind(&'static self, module: &mut Module) {
        let name = self.name.rsplit("::").next().unwrap_or(self.name);
        for count in self.required.len()..=self.required.len() + self.optional.len() {
            let function = RhaiFunc::Pure {
                func: Arc::new(move |context, arguments| match context {
                    // A variable that a closure has taken in is shared; what it holds is what counts.
                    Some(context) => {
                        self.answer(&context, arguments.iter_mut().map(|value| value.take().flatten()).collect())
                    }
                    None => Err(format!("{} was called outside a script", self.name).into()),
                }),
                has_context: true,
                is_pure: false,
                is_volatile: true,
            };
            FuncRegistration::new(name).set_into_module_raw(module, vec![TypeId::of::<Dynamic>(); count], function);
        }
    }

    fn parameter(&self, index: usize) -> &'static str {
        self.required.iter().chain(self.optional).nth(index).copied().unwrap_or("argument")
    }

    fn answer(
        &'static self,
        context: &NativeCallContext<'_>,
        arguments: Vec<Dynamic>,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        let Some(run) = context.tag().and_then(Dynamic::read_lock::<Arc<Run>>) else {
            return Err(format!("{} was called outside a hook", self.name).into());
        };
        let place = context.call_position();
        let position = diagnose::position(&run.script, place);
        run.note_call(self.name, &position);
        let call = Call { run: &run, function: self, position, arguments, context, thrown: RefCell::default() };
        run.within_own_time().and_then(|()| (self.run)(&call)).map_err(|error| {
            // What the script's own function threw has its place and its calls already.
            if let Some(thrown) = call.thrown.take() {
                return thrown;
            }
            let error = error.at(&call.position);
            run.note_failure(&error);
            Failure(error).thrown(place)
        })
    }
}

/// One call of a function, with its arguments.
pub(crate) struct Call<'a> {
    /// The run that it belongs to.
    pub(crate) run: &'a Run,
    /// Where it stands in the script.
    pub(crate) position: Position,
    function: &'static Function,
    arguments: Vec<Dynamic>,
    context: &'a NativeCallContext<'a>,
    /// What a function of the script threw that this call called.
    thrown: RefCell<Option<Box<EvalAltResult>>>,
}

impl Call<'_> {
    /// The function's name, such as `fs::read`.
    pub(crate) fn name(&self) -> &'static str {
        self.function.name
    }

    /// The argument, if the call gave it.
    pub(crate) fn argument(&self, index: usize) -> Option<&Dynamic> {
        self.arguments.get(index)
    }

    /// The argument, which must be text.
    pub(crate) fn text(&self, index: usize) -> Result<String, Error> {
        self.string(index).map(|text| text.as_str().to_owned())
    }

    /// The argument, which must be text, without a copy of it.
    pub(crate) fn string(&self, index: usize) -> Result<rhai::ImmutableString, Error> {
        let value = self.given(index)?;
        value.clone().into_immutable_string().map_err(|_| self.wrong_type(index, "text"))
    }

    /// The argument, which must be a path below the site's root.
    pub(crate) fn path(&self, index: usize) -> Result<SitePath, Error> {
        SitePath::new(&self.string(index)?).map_err(|error| error.while_doing(self.name()))
    }

    /// The argument as permission bits, if the call gave it.
    pub(crate) fn mode(&self, index: usize) -> Result<Option<u32>, Error> {
        let Some(value) = self.argument(index) else { return Ok(None) };
        let number = value.as_int().map_err(|_| self.wrong_type(index, "a number"))?;
        let bits = u32::try_from(number).ok().filter(|_| number <= HIGHEST_MODE);
        let wrong = || self.error(format!("{number:#o} is not a mode of permission bits")).hint("write it like 0o644");
        bits.map(Some).ok_or_else(wrong)
    }

    /// The argument, which must be an array; empty if the call left it out.
    pub(crate) fn array(&self, index: usize) -> Result<Array, Error> {
        let Some(value) = self.argument(index) else { return Ok(Array::new()) };
        value.clone().into_array().map_err(|_| self.wrong_type(index, "an array"))
    }

    /// The argument, which must be a whole number.
    pub(crate) fn number(&self, index: usize) -> Result<i64, Error> {
        self.given(index)?.as_int().map_err(|_| self.wrong_type(index, "a whole number"))
    }

    /// The argument, which must be a number of things.
    pub(crate) fn count(&self, index: usize) -> Result<usize, Error> {
        let number = self.number(index)?;
        usize::try_from(number).map_err(|_| self.error(format!("{number} is not a number of things")))
    }

    /// The argument, which must be a function of the script.
    pub(crate) fn function(&self, index: usize) -> Result<FnPtr, Error> {
        self.given(index)?.clone().try_cast::<FnPtr>().ok_or_else(|| self.wrong_type(index, "a function"))
    }

    /// Calls a function of the script that this call was given, and passes over what it returns.
    ///
    /// # Errors
    /// When it throws. The error is then no more than a mark: what was thrown goes on to the script as it is.
    pub(crate) fn call_back(&self, function: &FnPtr, arguments: Vec<Dynamic>) -> Result<(), Error> {
        function.call_within_context::<Dynamic>(self.context, arguments).map(drop).map_err(|thrown| {
            self.thrown.replace(Some(thrown));
            Error::invalid(format!("{}: a function of the script failed", self.name()))
        })
    }

    /// The argument is of another type than it must be.
    pub(crate) fn wrong_type(&self, index: usize, wanted: &str) -> Error {
        let kind = self.argument(index).map_or("()", Dynamic::type_name);
        let parameter = self.function.parameter(index);
        self.error(format!("the argument {parameter} must be {wanted}, not {}", values::described(kind)))
            .hint(format!("its form is {}", self.function.signature()))
    }

    /// An error that names the function.
    pub(crate) fn error(&self, message: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Invalid, format!("{}: {message}", self.name()))
    }

    fn given(&self, index: usize) -> Result<&Dynamic, Error> {
        self.argument(index).ok_or_else(|| self.wrong_type(index, "given"))
    }
}
