//! The module `http`: the web, as far as the script declares it and the site's owner grants it (A44).

use crate::call::{Call, Function};
use patchwright_hooks_api::{Error, WebMethod, WebRequest};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "http::get", required: &["url"], optional: &["headers"], run: |call| ask(call, WebMethod::Get) },
    Function {
        name: "http::post",
        required: &["url", "body"],
        optional: &["headers"],
        run: |call| send(call, WebMethod::Post),
    },
    Function {
        name: "http::put",
        required: &["url", "body"],
        optional: &["headers"],
        run: |call| send(call, WebMethod::Put),
    },
    Function {
        name: "http::delete",
        required: &["url"],
        optional: &["headers"],
        run: |call| ask(call, WebMethod::Delete),
    },
];

fn ask(call: &Call<'_>, method: WebMethod) -> Result<Dynamic, Error> {
    request(call, WebRequest { method, url: call.text(0)?, headers: headers(call, 1)?, body: None })
}

fn send(call: &Call<'_>, method: WebMethod) -> Result<Dynamic, Error> {
    let (url, body) = (call.text(0)?, Some(call.text(1)?));
    request(call, WebRequest { method, url, headers: headers(call, 2)?, body })
}

fn request(call: &Call<'_>, request: WebRequest) -> Result<Dynamic, Error> {
    call.run.check_reaches(call.name(), &request.url)?;
    call.run.count_request()?;
    let answer = call.run.change(call.name(), move |site| site.request(&request))?;
    let status = i64::from(answer.status).into();
    Ok(Map::from([("status".into(), status), ("body".into(), answer.text.into())]).into())
}

fn headers(call: &Call<'_>, index: usize) -> Result<BTreeMap<String, String>, Error> {
    let Some(given) = call.argument(index) else { return Ok(BTreeMap::new()) };
    let wrong_type = |_| call.wrong_type(index, "a map of texts");
    let given = given.as_map_ref().map_err(wrong_type)?;
    given.iter().map(|(name, value)| Ok((name.to_string(), value.clone().into_string().map_err(wrong_type)?))).collect()
}
