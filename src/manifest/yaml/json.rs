//! JSON text: where a value ends, and what Go says of a malformed one.
//! `encoding/json/scanner.go` gives the wording.

/// The end of the first JSON value in `bytes`, or the offset of the first wrong byte and Go's words for it.
pub fn value_end(bytes: &[u8]) -> Result<usize, (usize, String)> {
    let mut reader = Reader { bytes, at: 0 };
    reader.value(0)?;
    Ok(reader.at)
}

type Wrong = (usize, String);

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 200;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn wrong<T>(&self, context: &str) -> Result<T, Wrong> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                let shown = match byte {
                    b'\'' => "'\\''".to_owned(),
                    b'"' => "'\"'".to_owned(),
                    b'\n' => "'\\n'".to_owned(),
                    b'\t' => "'\\t'".to_owned(),
                    b'\r' => "'\\r'".to_owned(),
                    other => format!("'{}'", char::from(*other)),
                };
                Err((self.at + 1, format!("invalid character {shown} {context}")))
            }
            None => Err((self.at, "unexpected end of JSON input".to_owned())),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Wrong> {
        if depth > MAX_DEPTH {
            return Err((self.at, "exceeded max depth".to_owned()));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => {
                self.number();
                Ok(())
            }
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => self.wrong("looking for beginning of value"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Wrong> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.wrong("looking for beginning of object key string");
            }
            self.string()?;
            if self.peek() != Some(b':') {
                return self.wrong("after object key");
            }
            self.at += 1;
            self.value(depth + 1)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Wrong> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    fn string(&mut self) -> Result<(), Wrong> {
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(0..=0x1f) | None => return self.wrong("in string literal"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn number(&mut self) {
        while matches!(
            self.bytes.get(self.at),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), Wrong> {
        for (i, wanted) in word.bytes().enumerate() {
            if self.bytes.get(self.at) != Some(&wanted) {
                let context = if i == 0 {
                    "looking for beginning of value".to_owned()
                } else {
                    format!("in literal {word} (expecting '{}')", char::from(wanted))
                };
                return self.wrong(&context);
            }
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_errors() {
        assert_eq!(value_end(b" {\"a\": [1, true]} {"), Ok(17));
        let wrong = value_end(br#"{"apiVersion": "v1" "kind": 1}"#);
        let text = "invalid character '\"' after object key:value pair".to_owned();
        assert_eq!(wrong, Err((21, text)));
        assert!(value_end(b"{\"a\": \"x").is_err());
    }
}
