//! What a container's sh says about a mistake in a script: dash's words for what bash words otherwise.

use super::ast::SyntaxError;

/// Tokens that are no mere words.
const TOKENS: [&str; 27] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
    "in", "{", "}", "!", "(", ")", ";", ";;", "&", "&&", "|", "||", "<", ">", ">>",
];

/// The message in dash's words (Debian's dash, run with the same scripts).
pub(super) fn words(error: &SyntaxError) -> String {
    let message = error.message.as_str();
    let token = message
        .strip_prefix("syntax error near unexpected token `")
        .and_then(|rest| rest.strip_suffix('\''));
    let open = message
        .strip_prefix("unexpected EOF while looking for matching `")
        .and_then(|rest| rest.strip_suffix('\''));
    let (what, expected) = match (token, open) {
        (Some("newline"), _) => ("newline".to_owned(), error.expected),
        (Some(token), _) if TOKENS.contains(&token) => (format!("\"{token}\""), error.expected),
        (Some(_), _) => ("word".to_owned(), error.expected),
        (_, Some(")")) => ("end of file".to_owned(), ")"),
        (_, Some("}")) => return "Syntax error: Missing '}'".to_owned(),
        (_, Some("`")) => return "Syntax error: EOF in backquote substitution".to_owned(),
        (_, Some(_)) => return "Syntax error: Unterminated quoted string".to_owned(),
        _ if message == "syntax error: unexpected end of file" => {
            ("end of file".to_owned(), error.expected)
        }
        _ if message == "bad substitution" => return "Bad substitution".to_owned(),
        _ if message.ends_with("not a valid identifier") => {
            return "Syntax error: Bad for loop variable".to_owned();
        }
        _ => return message.to_owned(),
    };
    let mut text = format!("Syntax error: {what} unexpected");
    if !expected.is_empty() {
        text.push_str(&format!(" (expecting \"{expected}\")"));
    }
    text
}
