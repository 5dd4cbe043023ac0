//! What the browser shows when it comes back. Constant texts: nothing of a request is ever repeated in them.

/// An answer to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The answer has arrived.
    Arrived,
    /// The sign-in page reported an error.
    Refused,
    /// The answer belongs to another sign-in.
    Foreign,
    /// Another answer was there before.
    Late,
    /// Nothing that a sign-in page sends: a browser looking for an icon, say.
    NotFound,
    /// Not a way to come back.
    MethodNotAllowed,
    /// No request at all.
    BadRequest,
}

impl Page {
    /// The whole answer, after which the connection is closed.
    pub(super) fn bytes(self) -> Vec<u8> {
        let (status, title, text) = match self {
            Self::Arrived => ("200 OK", "Signed in", "You can close this window and go back to the program."),
            Self::Refused => (
                "200 OK",
                "Not signed in",
                "The program shows the reason. You can close this window.",
            ),
            Self::Foreign => (
                "400 Bad Request",
                "Not signed in",
                "This answer belongs to another sign-in. Close this window and go on where the program sent you, or sign in again from the program.",
            ),
            Self::Late => (
                "409 Conflict",
                "Not signed in",
                "This sign-in was answered before. Close this window and sign in again from the program.",
            ),
            Self::NotFound => ("404 Not Found", "Nothing here", "This page waits for a sign-in."),
            Self::MethodNotAllowed => ("405 Method Not Allowed", "Nothing here", "This page waits for a sign-in."),
            Self::BadRequest => ("400 Bad Request", "Nothing here", "This page waits for a sign-in."),
        };
        let body = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>\n"
        );
        format!(
            "HTTP/1.1 {status}\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Cache-Control: no-store\r\n\
             Pragma: no-cache\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}
