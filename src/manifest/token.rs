//! How far a key or a value goes that begins at a known place of a line.

/// The columns, from 1 in characters, of the key or value at a column and of the character after it. Where
/// nothing stands there, as at the end of a line that stops too early, the line's last token is meant.
#[must_use]
pub fn token(line: &str, column: usize) -> (usize, usize) {
    let chars: Vec<char> = line.chars().collect();
    let length = chars.iter().rposition(|c| *c != ' ').map_or(0, |at| at + 1);
    let mut start = column.saturating_sub(1);
    if start >= length {
        let before = chars.iter().take(length).rposition(|c| *c == ' ');
        start = before.map_or(0, |at| at + 1);
    }
    let count = |wanted: [char; 2]| {
        chars
            .iter()
            .take(start)
            .filter(|c| wanted.contains(c))
            .count()
    };
    let in_braces = count(['{', '[']) > count(['}', ']']);
    let here = chars.get(start..length).unwrap_or_default();
    (start + 1, start + 1 + extent(here, in_braces))
}

/// How many characters the token is long that these begin with.
fn extent(chars: &[char], in_braces: bool) -> usize {
    let closing = match chars.first() {
        Some(quote @ ('"' | '\'')) => return quoted(chars, *quote),
        Some('{') => Some('}'),
        Some('[') => Some(']'),
        _ => None,
    };
    if let Some(closing) = closing {
        let end = chars.iter().rposition(|c| *c == closing);
        return end.map_or(chars.len(), |at| at + 1);
    }
    let ends = |at: usize| match (chars.get(at), chars.get(at + 1)) {
        (Some(':'), None | Some(' ')) | (Some(' '), Some('#')) => true,
        (Some(',' | '}' | ']'), _) => in_braces,
        _ => false,
    };
    let end = (0..chars.len()).find(|at| ends(*at)).unwrap_or(chars.len());
    let kept = chars.get(..end).unwrap_or_default();
    kept.iter()
        .rposition(|c| *c != ' ')
        .map_or(end.min(1), |at| at + 1)
}

/// The length of a text in quotes, those included.
fn quoted(chars: &[char], quote: char) -> usize {
    let mut at = 1;
    while let Some(c) = chars.get(at) {
        let doubled = quote == '\'' && chars.get(at + 1) == Some(&quote);
        match c {
            '\\' if quote == '"' => at += 1,
            c if *c == quote && doubled => at += 1,
            c if *c == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::token;

    /// The text of the token at the column.
    fn at(line: &str, column: usize) -> String {
        let (start, end) = token(line, column);
        line.chars().skip(start - 1).take(end - start).collect()
    }

    #[test]
    fn tokens_end_where_they_end() {
        assert_eq!(at("  servceName: nginx", 3), "servceName");
        assert_eq!(at("  servceName: nginx  # why", 15), "nginx");
        assert_eq!(at("spec:", 1), "spec");
        assert_eq!(
            at("- image: registry.k8s.io/nginx:1 ", 10),
            "registry.k8s.io/nginx:1"
        );
        assert_eq!(at("a: \"b: \\\" c\" # d", 4), "\"b: \\\" c\"");
        assert_eq!(at("a: 'it''s' ", 4), "'it''s'");
        assert_eq!(at("a: {b: 1, c: 2}", 4), "{b: 1, c: 2}");
        assert_eq!(at("a: {bad: 1, c: 2}", 5), "bad");
        assert_eq!(at("a: [x, y]", 5), "x");
        assert_eq!(at("a: x, y", 4), "x, y");
        assert_eq!(at("a: [x, y]", 8), "y");
        assert_eq!(at("이름: 값 하나", 5), "값 하나");
    }

    #[test]
    fn nothing_there_means_the_last_token() {
        assert_eq!(at("  key: value", 40), "value");
        assert_eq!(token("", 1), (1, 1));
        assert_eq!(token("   ", 9), (1, 1));
    }
}
