//! Groups: only shown, and only as a list.

use super::{
    GraphRequest,
    answer::{Answer, only, page},
};
use crate::{refusal::Refusal, store::Context};

pub(super) fn groups(context: Context<'_>, request: &GraphRequest, below: &[&str]) -> Answer {
    if request.method == "POST" {
        return Err(Refusal::not_emulated("changes of groups"));
    }
    only(request, "GET")?;
    context.access.may_read_groups()?;
    match below {
        [] => page(request, "group", "groups", context.settings.groups.iter()),
        [other, ..] => Err(Refusal::no_such_route(other)),
    }
}
