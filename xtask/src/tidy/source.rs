//! Rust source without its comments and the insides of its literals.
//!
//! Enough of a lexer to count braces and find words without being fooled by text: line and nested block comments,
//! strings, raw strings, byte strings, characters and lifetimes. What is removed becomes spaces, so that lines and
//! columns stay where they were; a literal leaves its quotes.

/// `text` with comments and the insides of literals blanked; line breaks stay.
pub(crate) fn bare(text: &str) -> String {
    let mut lexer = Lexer {
        bytes: text.as_bytes(),
        at: 0,
        out: Vec::with_capacity(text.len()),
    };
    lexer.run();
    // Only whole bytes were copied or replaced by ASCII; a cut character would only change a blank.
    String::from_utf8_lossy(&lexer.out).into_owned()
}

struct Lexer<'text> {
    bytes: &'text [u8],
    at: usize,
    out: Vec<u8>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'/')) => self.blank_until_line_end(),
                (b'/', Some(b'*')) => self.blank_block_comment(),
                (b'"', _) => self.blank_string(),
                (b'r', Some(b'"' | b'#')) if self.starts_word() => self.raw_string_or_copy(),
                (b'b', Some(b'r')) if self.starts_word() => {
                    self.copy();
                    self.raw_string_or_copy();
                }
                (b'\'', _) => self.character_or_lifetime(),
                _ => self.copy(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// True when the byte before is not part of an identifier, or is the `b` of a byte string.
    fn starts_word(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|i| self.bytes.get(i));
        !before.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
    }

    fn copy(&mut self) {
        if let Some(byte) = self.peek(0) {
            self.out.push(byte);
            self.at += 1;
        }
    }

    fn blank(&mut self) {
        if let Some(byte) = self.peek(0) {
            self.out.push(if byte == b'\n' { b'\n' } else { b' ' });
            self.at += 1;
        }
    }

    fn blank_until_line_end(&mut self) {
        while self.peek(0).is_some_and(|byte| byte != b'\n') {
            self.blank();
        }
    }

    fn blank_block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.blank();
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.blank();
                }
                _ => {}
            }
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn blank_string(&mut self) {
        self.copy();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => {
                    self.blank();
                    self.blank();
                }
                b'"' => return self.copy(),
                _ => self.blank(),
            }
        }
    }

    fn raw_string_or_copy(&mut self) {
        let hashes = (1..)
            .take_while(|&ahead| self.peek(ahead) == Some(b'#'))
            .count();
        if self.peek(1 + hashes) != Some(b'"') {
            return self.copy();
        }
        for _ in 0..hashes + 2 {
            self.copy();
        }
        while let Some(byte) = self.peek(0) {
            let closes = byte == b'"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some(b'#'));
            if closes {
                for _ in 0..=hashes {
                    self.copy();
                }
                return;
            }
            self.blank();
        }
    }

    fn character_or_lifetime(&mut self) {
        let is_character = match self.peek(1) {
            Some(b'\\') => true,
            Some(first) if first.is_ascii() => self.peek(2) == Some(b'\''),
            // A character of several bytes: no lifetime starts with one in our code.
            Some(_) => true,
            None => false,
        };
        self.copy();
        if !is_character {
            return;
        }
        if self.peek(0) == Some(b'\\') {
            self.blank();
            self.blank();
        } else {
            self.blank();
        }
        while let Some(byte) = self.peek(0) {
            if byte == b'\'' {
                return self.copy();
            }
            self.blank();
        }
    }
}

/// The number of the first line that belongs to an inline test module, or one past the end.
pub(crate) fn tests_begin_at(bare_text: &str) -> usize {
    let lines: Vec<&str> = bare_text.lines().map(str::trim).collect();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        if *line == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{') {
            return at;
        }
    }
    lines.len()
}

/// True when `text` holds `word` as a word of its own.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|part| part.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|part| part.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
