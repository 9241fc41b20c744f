//! kubectl's cutting of a stream into documents.
//! `apimachinery/pkg/util/yaml/decoder.go`

/// A stretch of the text that holds one document.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The line of its first line in the whole text, from 0.
    pub line: usize,
    /// The text.
    pub text: &'a str,
}

/// A `---` line with something other than a comment behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSeparator {
    /// Its line, from 0.
    pub line: usize,
    /// What stood behind the dashes.
    pub behind: String,
}

/// Cuts at lines that begin with `---`. Answers the chunks before the first bad separator, and that one.
pub fn split(text: &str) -> (Vec<Chunk<'_>>, Option<BadSeparator>) {
    let mut chunks = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let after = at + line.len();
        if let Some(behind) = line.strip_prefix("---") {
            let behind = behind.trim();
            if !behind.is_empty() && !behind.starts_with('#') {
                let bad = BadSeparator {
                    line: number,
                    behind: behind.to_owned(),
                };
                return (chunks, Some(bad));
            }
            if at > start {
                chunks.push(Chunk {
                    line: first_line,
                    text: &text[start..at],
                });
            }
            (start, first_line) = (after, number + 1);
        }
        at = after;
    }
    if text.len() > start {
        chunks.push(Chunk {
            line: first_line,
            text: &text[start..],
        });
    }
    (chunks, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators() {
        let (chunks, bad) = split("---\na: 1\n--- # two\nb: 2\n---\n---\n");
        assert_eq!(bad, None);
        let texts: Vec<_> = chunks.iter().map(|c| (c.line, c.text)).collect();
        assert_eq!(texts, [(1, "a: 1\n"), (3, "b: 2\n")]);
        let (chunks, bad) = split("a: 1\n----\nb: 2\n");
        assert!(chunks.is_empty());
        assert_eq!(bad.map(|b| (b.line, b.behind)), Some((1, "-".to_owned())));
    }
}
