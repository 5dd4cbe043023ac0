//! The steps as text.

use std::fmt;

use super::{ByHand, Part};
use crate::paper::{Paper, Style};

impl fmt::Display for ByHand {
    /// Plain text, which pastes into a ticket.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written(Style::Plain))
    }
}

impl ByHand {
    /// The same as Markdown, with exact values as code.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        self.written(Style::Markdown)
    }

    fn written(&self, style: Style) -> String {
        let mut paper = Paper::new(style, &format!("{}: the connection by hand", self.name));
        if !self.placeholders.is_empty() {
            paper.paragraph("Values in braces are known only on the way. Note each one, and put it in wherever it stands:");
            paper.list();
            for placeholder in &self.placeholders {
                paper.item(&format!("{}: {}.", placeholder.name, placeholder.meaning));
            }
        }
        self.parts.iter().for_each(|part| write_part(part, &mut paper));
        paper.finish()
    }
}

fn write_part(part: &Part, paper: &mut Paper) {
    paper.heading(&part.title);
    paper.list();
    paper.item(&format!("Where: {}", part.place));
    paper.item(&format!("Role: {}", part.role));
    paper.item(&format!("Microsoft's page: {}", part.source));
    paper.list();
    for (index, step) in part.steps.iter().enumerate() {
        paper.step(index + 1, &format!("{}: {}", step.page, step.action));
        for field in &step.fields {
            paper.literal(&field.name, &field.value);
        }
    }
}
