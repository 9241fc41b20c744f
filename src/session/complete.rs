//! Completion of a command line at the prompt: commands, what kubectl completes, names of files.

use super::{Desk, Session};
use crate::api::Arrange as _;
use crate::kubectl::verbs::complete::{Directive, complete};
use crate::shell::{Files, builtins, editor_name, tools};

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Where the word begins that they stand for, in bytes from the start of the line.
    pub from: usize,
    /// The words, in order.
    pub words: Vec<String>,
    /// Whether a space follows the word that is chosen.
    pub space: bool,
}

impl Candidates {
    /// What all words begin with.
    #[must_use]
    pub fn common(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        let mut length = first.len();
        for word in &self.words {
            let same = first.bytes().zip(word.bytes()).take_while(|(a, b)| a == b);
            length = length.min(same.count());
        }
        while !first.is_char_boundary(length) {
            length -= 1;
        }
        &first[..length]
    }
}

impl Session {
    /// What may stand at `cursor`, a place in bytes, of a line at the prompt.
    #[must_use]
    pub fn complete(&self, line: &str, cursor: usize) -> Candidates {
        let typed = line.get(..cursor).unwrap_or(line);
        let (words, from) = words(typed);
        let Some((last, before)) = words.split_last() else {
            return Candidates::default();
        };
        let (mut found, space) = candidates(self.desk(), before, last);
        found.retain(|word| word.starts_with(last.as_str()));
        Candidates {
            from,
            words: found,
            space,
        }
    }
}

fn candidates(desk: &Desk, before: &[String], last: &str) -> (Vec<String>, bool) {
    let program = before.iter().position(|word| !word.contains('='));
    let Some(program) = program else {
        return (commands(last), true);
    };
    if !matches!(before[program].as_str(), "kubectl" | "k") {
        return files(desk, last, &[]);
    }
    let namespace = desk.environment().namespace();
    let found = complete(desk.world(), namespace, &before[program + 1..], last);
    let (mut words, endings): (Vec<String>, _) = match found.directive {
        Directive::Extensions => (Vec::new(), found.words),
        _ => (
            found.words.into_iter().map(|(word, _)| word).collect(),
            Vec::new(),
        ),
    };
    // Of `--name=value`, only the value is looked up; the word is whole.
    if let Some((name, _)) = last.split_once('=').filter(|_| last.starts_with('-')) {
        words = words.iter().map(|word| format!("{name}={word}")).collect();
    }
    match found.directive {
        Directive::Extensions => {
            let endings: Vec<String> = endings.into_iter().map(|(ending, _)| ending).collect();
            files(desk, last, &endings)
        }
        Directive::Default if words.is_empty() => files(desk, last, &[]),
        Directive::NoSpace | Directive::NoSpaceNoFile => (words, false),
        _ => (words, true),
    }
}

/// Commands that begin so.
fn commands(last: &str) -> Vec<String> {
    let mut names: Vec<&str> = tools::names().chain(builtins()).collect();
    names.extend(["kubectl", "cluster"]);
    names.retain(|name| name.starts_with(last) && name.len() > 1 && *name != "[");
    names.arrange();
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

/// Names of files and folders that begin so; with endings, only files that have one of them.
fn files(desk: &Desk, last: &str, endings: &[String]) -> (Vec<String>, bool) {
    let (folder, start) = last
        .rfind('/')
        .map_or(("", last), |at| last.split_at(at + 1));
    let inside = editor_name(desk.environment(), folder);
    let inside = match inside.trim_end_matches('/') {
        "" | crate::shell::files::HOME => String::new(),
        inside => format!("{inside}/"),
    };
    let all: &Files = desk.files();
    let mut names: Vec<String> = Vec::new();
    for name in all.names() {
        let Some(rest) = name.strip_prefix(inside.as_str()) else {
            continue;
        };
        let (rest, is_folder) = match rest.split_once('/') {
            Some((above, _)) => (format!("{above}/"), true),
            None => (rest.to_owned(), false),
        };
        let ending = rest.rsplit('.').next().unwrap_or_default();
        let fits = is_folder || endings.is_empty() || endings.iter().any(|e| e == ending);
        if !rest.is_empty() && rest.starts_with(start) && fits {
            names.push(format!("{folder}{rest}"));
        }
    }
    names.arrange();
    names.dedup();
    let whole = !names.iter().any(|name| name.ends_with('/'));
    (names, whole)
}

/// The words of the command that a line ends with, the last of which is being typed, and where that begins.
fn words(line: &str) -> (Vec<String>, usize) {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut from, mut quote, mut escaped) = (0, None, false);
    for (at, c) in line.char_indices() {
        if escaped {
            escaped = false;
            word.push(c);
        } else if c == '\\' && quote != Some('\'') {
            escaped = true;
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') {
            quote = Some(c);
        } else if quote.is_none() && matches!(c, '|' | ';' | '&' | '(' | '\n') {
            (words, word) = (Vec::new(), String::new());
            from = at + c.len_utf8();
        } else if quote.is_none() && (c.is_whitespace() || matches!(c, '<' | '>')) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            from = at + c.len_utf8();
        } else {
            word.push(c);
        }
    }
    words.push(word);
    (words, from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Input, Origin};
    use crate::sim::Settings;

    fn words(session: &Session, line: &str) -> Vec<String> {
        session.complete(line, line.len()).words
    }

    #[test]
    fn commands_kubectl_and_files() {
        let mut session = Session::new(Settings::default());
        let line = "kubectl apply -f web.yaml".into();
        session.input(Input::Spawn {
            line,
            from: Origin::Prompt,
        });
        assert_eq!(words(&session, "kube"), ["kubectl"]);
        assert_eq!(words(&session, "cat we"), ["web.yaml"]);
        assert_eq!(words(&session, "kubectl apply -f "), ["web.yaml"]);
        assert_eq!(words(&session, "k scale sts "), ["--replicas", "web"]);
        assert_eq!(words(&session, "echo x | kubectl rollout his"), ["history"]);
        assert_eq!(words(&session, "A=b kubectl get sts/w"), ["sts/web"]);
        assert_eq!(
            words(&session, "kubectl get pods -n=kube-p"),
            ["-n=kube-public"]
        );
        assert_eq!(words(&session, "kubectl nosuch "), ["web.yaml"]);
        assert!(words(&session, "kubectl get nosuch ").is_empty());
        let found = session.complete("kubectl get s | cat", 13);
        assert_eq!((found.from, found.common()), (12, "s"));
        assert!(found.words.contains(&"statefulsets.apps".to_owned()));
    }
}
