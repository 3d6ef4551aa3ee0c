//! RE2's syntax in the terms of the engine's.

use std::iter::Peekable;
use std::str::Chars;

/// The largest count in `{n,m}`.
const REPEAT_MAX: u32 = 1_000;

/// What `[:name:]` may name.
const NAMED_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The pattern in the engine's syntax.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        repeatable: false,
    };
    while let Some(c) = translator.rest.next() {
        translator.one(c)?;
    }
    Ok(translator.out)
}

#[derive(Debug)]
struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// Whether the last thing may be repeated; a repetition itself may not.
    repeatable: bool,
}

impl Translator<'_> {
    fn one(&mut self, c: char) -> Result<(), String> {
        match c {
            '\\' => self.escape()?,
            '[' => self.class()?,
            '(' => self.open()?,
            '|' => {
                self.out.push('|');
                self.repeatable = false;
            }
            '*' | '+' | '?' => self.repeat(&c.to_string())?,
            '{' => match self.count()? {
                Some(count) => self.repeat(&count)?,
                None => self.literal('{'),
            },
            ')' | '^' | '$' | '.' => {
                self.out.push(c);
                self.repeatable = true;
            }
            other => self.literal(other),
        }
        Ok(())
    }

    /// A repetition, with the `?` that makes it lazy.
    fn repeat(&mut self, operator: &str) -> Result<(), String> {
        if !self.repeatable {
            return Err(format!("'{operator}' repeats nothing, or a repetition"));
        }
        self.out.push_str(operator);
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        self.repeatable = false;
        Ok(())
    }

    /// After `{`: the count up to `}`, if it is one.
    fn count(&mut self) -> Result<Option<String>, String> {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take_while(|c| *c != '}').take(16).collect();
        let closed = self.rest.clone().nth(inside.chars().count()) == Some('}');
        let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !closed || low.is_empty() || !digits(low) || !digits(high) {
            return Ok(None);
        }
        for number in [low, high] {
            if !number.is_empty() && number.parse().map_or(true, |n: u32| n > REPEAT_MAX) {
                return Err(format!(
                    "'{{{inside}}}' repeats more than {REPEAT_MAX} times"
                ));
            }
        }
        self.rest = ahead;
        Ok(Some(format!("{{{inside}}}")))
    }

    /// A character that stands for itself.
    fn literal(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            self.out.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
        }
        self.repeatable = true;
    }

    /// After `\`, outside a class.
    fn escape(&mut self) -> Result<(), String> {
        let Some(c) = self.rest.next() else {
            return Err("nothing follows the last '\\'".into());
        };
        match (c, perl_class(c)) {
            (_, Some(class)) => self.out.push_str(&format!("[{class}]")),
            ('Q', _) => return self.quote(),
            // Without a `\Q` before it, `\E` is nothing.
            ('E', _) => return Ok(()),
            ('b' | 'B', _) => self.out.push_str(&format!("(?-u:\\{c})")),
            ('A' | 'z', _) => self.out.push_str(&format!("\\{c}")),
            _ => return self.character_escape(c),
        }
        self.repeatable = true;
        Ok(())
    }

    /// After `\Q`: everything up to `\E` stands for itself.
    fn quote(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return Ok(());
            }
            self.literal(c);
        }
        Ok(())
    }

    /// An escape that is one character or a Unicode class, in or outside a class.
    fn character_escape(&mut self, c: char) -> Result<(), String> {
        match c {
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.out.push_str(&format!("\\{c}")),
            'x' | 'p' | 'P' => {
                self.out.push_str(&format!("\\{c}"));
                // What follows belongs to the escape, braces and all.
                if self.rest.peek() == Some(&'{') {
                    for c in self.rest.by_ref() {
                        self.out.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                } else {
                    let length = if c == 'x' { 2 } else { 1 };
                    self.out.extend(self.rest.by_ref().take(length));
                }
            }
            c if c.is_ascii_alphanumeric() => return Err(format!("'\\{c}' is no escape")),
            c => self.literal(c),
        }
        self.repeatable = true;
        Ok(())
    }

    /// After `(`: a group, with what `?` says about it.
    fn open(&mut self) -> Result<(), String> {
        self.out.push('(');
        self.repeatable = false;
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        if matches!(self.rest.peek(), Some('P' | '<')) {
            let mut name: String = String::new();
            while let Some(c) = self.rest.next_if(|c| *c != '>') {
                name.push(c);
            }
            if name.starts_with("<=") || name.starts_with("<!") {
                return Err("there is no lookbehind".into());
            }
            self.out.push_str(&name);
            self.out.extend(self.rest.next());
            return Ok(());
        }
        for c in self.rest.by_ref() {
            match c {
                'i' | 'm' | 's' | 'U' | '-' => self.out.push(c),
                ':' | ')' => {
                    self.out.push(c);
                    return Ok(());
                }
                '=' | '!' => return Err("there is no lookahead".into()),
                other => return Err(format!("'{other}' is no flag of a group")),
            }
        }
        Err("a group is not closed".into())
    }

    /// After `[`: a class up to its `]`.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.rest.next() else {
                return Err("a class is not closed".into());
            };
            match c {
                ']' if !first => break,
                '[' => match self.named_class()? {
                    Some(class) => self.out.push_str(&class),
                    None => self.literal('['),
                },
                '\\' => self.escape_in_class()?,
                // A dash between two things makes a range; the engine reads it the same way.
                '-' if first || self.rest.peek() == Some(&']') => self.literal('-'),
                '-' => self.out.push('-'),
                other => self.literal(other),
            }
            first = false;
        }
        self.out.push(']');
        self.repeatable = true;
        Ok(())
    }

    /// After `[` in a class: the rest of `[:name:]`, if it is one.
    fn named_class(&mut self) -> Result<Option<String>, String> {
        let mut ahead = self.rest.clone();
        if ahead.next() != Some(':') {
            return Ok(None);
        }
        let name: String = ahead.by_ref().take_while(|c| *c != ':').take(16).collect();
        if ahead.next() != Some(']') {
            return Ok(None);
        }
        if !NAMED_CLASSES.contains(&name.strip_prefix('^').unwrap_or(&name)) {
            return Err(format!("there is no class '[:{name}:]'"));
        }
        self.rest = ahead;
        Ok(Some(format!("[:{name}:]")))
    }

    fn escape_in_class(&mut self) -> Result<(), String> {
        let Some(c) = self.rest.next() else {
            return Err("nothing follows the last '\\'".into());
        };
        match perl_class(c) {
            Some(class) => self.out.push_str(class),
            None => self.character_escape(c)?,
        }
        Ok(())
    }
}

/// RE2's classes of one letter, which know ASCII only.
fn perl_class(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => "[:digit:]",
        'D' => "[:^digit:]",
        'w' => "[:word:]",
        'W' => "[:^word:]",
        's' => r"\t\n\f\r\x20",
        'S' => r"[^\t\n\f\r\x20]",
        _ => return None,
    })
}
