//! The files of the page, inside the program.

/// The page itself, also at the root.
pub(super) const INDEX: (&str, &str) = (HTML, include_str!("../../page/index.html"));

/// Address, type and content of each.
pub(super) const FILES: &[(&str, &str, &str)] = &[
    ("/index.html", INDEX.0, INDEX.1),
    ("/status", HTML, include_str!("../../page/status.html")),
    ("/style.css", "text/css; charset=utf-8", include_str!("../../page/style.css")),
    ("/modules/api.js", SCRIPT, include_str!("../../page/modules/api.js")),
    ("/modules/main.js", SCRIPT, include_str!("../../page/modules/main.js")),
    ("/modules/fields.js", SCRIPT, include_str!("../../page/modules/fields.js")),
    ("/modules/progress.js", SCRIPT, include_str!("../../page/modules/progress.js")),
    ("/modules/status.js", SCRIPT, include_str!("../../page/modules/status.js")),
    ("/modules/draft.js", SCRIPT, include_str!("../../page/modules/draft.js")),
    ("/modules/run.js", SCRIPT, include_str!("../../page/modules/run.js")),
    ("/modules/secret.js", SCRIPT, include_str!("../../page/modules/secret.js")),
];

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
