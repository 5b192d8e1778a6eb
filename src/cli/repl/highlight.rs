//! The colours of a line, by the engine's own lexer.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};

use crate::script::{Class, Console};

fn style(class: Class) -> Style {
    match class {
        Class::Keyword => AnsiColor::Magenta.on_default(),
        Class::Function => AnsiColor::Blue.on_default(),
        Class::Text => AnsiColor::Green.on_default(),
        Class::Number => AnsiColor::Cyan.on_default(),
        Class::Comment => Style::new().dimmed(),
        Class::Wrong => AnsiColor::Red.on_default(),
        Class::Name | Class::Symbol => Style::new(),
    }
}

/// `line` in colours.
pub fn coloured<'l>(line: &'l str, console: &Console) -> Cow<'l, str> {
    if line.starts_with(['!', ':', '@']) {
        let style = AnsiColor::Cyan.on_default();
        let (sign, rest) = line.split_at(1);
        return Cow::Owned(format!("{style}{sign}{style:#}{rest}"));
    }
    let mut text = String::new();
    let mut done = 0;
    for piece in console.pieces(line) {
        let (Some(between), Some(shown)) = (
            line.get(done..piece.start),
            line.get(piece.start..piece.end),
        ) else {
            // Better without colours than without letters.
            return Cow::Borrowed(line);
        };
        let style = style(piece.class);
        text.push_str(between);
        text.push_str(&format!("{style}{shown}{style:#}"));
        done = piece.end;
    }
    text.push_str(&line[done..]);
    Cow::Owned(text)
}
