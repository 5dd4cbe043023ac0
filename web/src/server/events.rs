//! Server-sent events. A page that reads slowly holds nothing up: its stream reads from what the session keeps.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::sync::watch;

use super::live::{Live, Stream};
use crate::{refusal::ServiceError, session::log::Entry};

/// How many entries are read at once.
const AT_ONCE: usize = 64;

struct Reader {
    stream: Stream,
    told: watch::Receiver<u64>,
    after: u64,
}

/// All entries after a number, the kept ones at once and the others as they come.
pub(super) fn events(live: &Arc<Live>, after: u64) -> Result<Response, ServiceError> {
    let reader = Reader {
        stream: live.stream()?,
        told: live.listen(),
        after,
    };
    let entries = stream::unfold(reader, |mut reader| async {
        loop {
            // Marked as seen before it is looked at: what comes in between wakes the next round.
            reader.told.mark_unchanged();
            let live = &reader.stream.0;
            if live.is_gone() {
                return None;
            }
            let events: Vec<Event> = match live.look(|session| session.entries_after(reader.after, AT_ONCE)) {
                Ok(entries) => {
                    reader.after = entries.last().map_or(reader.after, Entry::sequence);
                    entries.iter().map(shown).collect()
                }
                Err(first) => {
                    reader.after = first.saturating_sub(1);
                    vec![Event::default().event("reset").data(json!({ "first": first }).to_string())]
                }
            };
            if !events.is_empty() {
                return Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), reader));
            }
            reader.told.changed().await.ok()?;
        }
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(entries.flatten()).keep_alive(keep_alive).into_response())
}

fn shown(entry: &Entry) -> Event {
    let event = Event::default().id(entry.sequence().to_string());
    event.event(entry.name()).data(entry.data().to_string())
}
