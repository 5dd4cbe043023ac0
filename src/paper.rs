//! Papers for people: one content, written as plain text that pastes into a change request, or as Markdown.

use crate::text::clean;

/// How a paper is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Markdown,
}

/// A paper that is being written. What steers a terminal or forges a line becomes a space.
pub(crate) struct Paper {
    style: Style,
    text: String,
}

impl Paper {
    pub(crate) fn new(style: Style, title: &str) -> Self {
        let mut paper = Self {
            style,
            text: String::new(),
        };
        paper.headed(title, "# ", '=');
        paper
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// The heading of a section.
    pub(crate) fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.headed(text, "## ", '-');
    }

    fn headed(&mut self, text: &str, mark: &str, underline: char) {
        let text = clean(text);
        match self.style {
            Style::Plain => {
                let line = underline.to_string().repeat(text.chars().count());
                self.line(&format!("{text}\n{line}"));
            }
            Style::Markdown => self.line(&format!("{mark}{}", escaped(&text))),
        }
    }

    /// Running text, apart from what stands before it.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.text.push('\n');
        let text = self.shown(text);
        self.line(&text);
    }

    /// The first line of a list needs an empty line before it in Markdown.
    pub(crate) fn list(&mut self) {
        self.text.push('\n');
    }

    /// One item of a list.
    pub(crate) fn item(&mut self, text: &str) {
        let text = self.shown(text);
        self.line(&format!("- {text}"));
    }

    /// One item of a numbered list.
    pub(crate) fn step(&mut self, number: usize, text: &str) {
        let text = self.shown(text);
        self.line(&format!("{number}. {text}"));
    }

    /// A name and its value below an item.
    pub(crate) fn detail(&mut self, name: &str, value: &str) {
        let (name, value) = (self.shown(name), self.shown(value));
        self.line(&format!("    - {name}: {value}"));
    }

    /// A name and a value that is typed letter by letter, below an item.
    pub(crate) fn literal(&mut self, name: &str, value: &str) {
        let (name, value) = (self.shown(name), clean(value));
        let value = match self.style {
            Style::Plain => value,
            Style::Markdown => code(&value),
        };
        self.line(&format!("    - {name}: {value}"));
    }

    fn shown(&self, text: &str) -> String {
        let text = clean(text);
        match self.style {
            Style::Plain => text,
            Style::Markdown => escaped(&text),
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// Text in which Markdown sees no mark. An address keeps its letters, so that it stays a link.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            shown.push(' ');
        }
        let is_address = word.starts_with("https://") && !word.contains(['<', '>', '`', '[', ']', '*', '\\']);
        if is_address {
            shown.push_str(word);
            continue;
        }
        for character in word.chars() {
            if "\\`*_[]<>|#~".contains(character) {
                shown.push('\\');
            }
            shown.push(character);
        }
    }
    shown
}

/// A span of code, with more backticks around it than are inside.
fn code(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style) -> String {
        let mut paper = Paper::new(style, "Two apps");
        paper.heading("What is made");
        paper.paragraph("The app \u{1b}[2J may *not* steer.");
        paper.list();
        paper.item("user_impersonation");
        paper.detail("Page", "https://learn.microsoft.com/a_b");
        paper.literal("Name", "O`Brien");
        paper.step(1, "Register");
        paper.finish()
    }

    #[test]
    fn plain_text_needs_no_renderer() {
        assert_eq!(
            written(Style::Plain),
            "Two apps\n========\n\nWhat is made\n------------\n\nThe app  [2J may *not* steer.\n\n- user_impersonation\n    \
             - Page: https://learn.microsoft.com/a_b\n    - Name: O`Brien\n1. Register\n"
        );
    }

    #[test]
    fn markdown_sees_no_mark_in_a_value() {
        assert_eq!(
            written(Style::Markdown),
            "# Two apps\n\n## What is made\n\nThe app  \\[2J may \\*not\\* steer.\n\n- user\\_impersonation\n    \
             - Page: https://learn.microsoft.com/a_b\n    - Name: ``O`Brien``\n1. Register\n"
        );
    }

    #[test]
    fn code_is_fenced_by_more_backticks_than_it_has() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(escaped("https://x/[a](b)"), "https://x/\\[a\\](b)");
    }
}
