//! A Markdown page as a reader follows it: commands to paste, what they are said to print, files to save.

/// A part of a page that means something here.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Commands, and what they print if the page says so.
    Commands(Commands),
    /// The name of a file that the page gives to the reader.
    File(String),
}

/// Commands that are pasted at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands {
    /// The number of their first line, from 1.
    pub line: usize,
    /// The text.
    pub text: String,
    /// The number of the first line of what they print, and its lines.
    pub output: Option<(usize, Vec<String>)>,
}

/// A fenced block.
struct Block<'a> {
    /// The word behind the fence.
    language: &'a str,
    /// The number of its first line inside.
    line: usize,
    lines: Vec<&'a str>,
}

/// The parts of a page, in order.
#[must_use]
pub fn parts(page: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut block: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut block, fence) {
            (Some(_), Some(_)) => {
                if let Some(block) = block.take() {
                    add(&mut parts, block);
                }
            }
            (Some(block), None) => block.lines.push(line),
            (None, Some(language)) => {
                block = Some(Block {
                    language: language.split_whitespace().next().unwrap_or(""),
                    line: index + 2,
                    lines: Vec::new(),
                });
            }
            (None, None) => parts.extend(file_of(line).map(Part::File)),
        }
    }
    parts
}

/// `{{< codenew file="application/web/web.yaml" >}}`, and `code_sample` as newer pages have it.
fn file_of(line: &str) -> Option<String> {
    let line = line.trim();
    let inside = line
        .strip_prefix("{{<")
        .or_else(|| line.strip_prefix("{{%"))?;
    let path = inside.split("file=\"").nth(1)?.split('"').next()?;
    Some(path.rsplit('/').next()?.to_owned())
}

fn add(parts: &mut Vec<Part>, block: Block<'_>) {
    let first = block.lines.iter().find(|line| !line.trim().is_empty());
    let shell = matches!(
        block.language,
        "shell" | "bash" | "sh" | "console" | "terminal"
    );
    let command = |line: &&&str| {
        ["kubectl ", "for "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    if block.lines.iter().any(|line| prompted(line).is_some())
        && (shell || block.language.is_empty())
    {
        console(parts, &block);
    } else if shell || (block.language.is_empty() && first.as_ref().is_some_and(command)) {
        parts.push(Part::Commands(Commands {
            line: block.line,
            text: joined(&block.lines),
            output: None,
        }));
    } else if matches!(block.language, "" | "text" | "output" | "none")
        && let Some(Part::Commands(commands)) = parts.last_mut()
        && commands.output.is_none()
    {
        let lines = block.lines.iter().map(|line| (*line).to_owned());
        commands.output = Some((block.line, lines.collect()));
    }
}

/// The command behind a prompt: `$ ` or `user@host:~/folder$ `.
fn prompted(line: &str) -> Option<&str> {
    if let Some(command) = line.strip_prefix("$ ") {
        return Some(command);
    }
    let (prompt, command) = line.split_once("$ ").or_else(|| line.split_once("# "))?;
    let host = prompt.split_once('@')?.1;
    (host.contains(':') && !prompt.contains(' ')).then_some(command)
}

/// A block of prompts, commands and what they print.
fn console(parts: &mut Vec<Part>, block: &Block<'_>) {
    let mut commands: Option<Commands> = None;
    let mut close = |commands: Option<Commands>| {
        parts.extend(commands.map(Part::Commands));
    };
    for (index, line) in block.lines.iter().enumerate() {
        let number = block.line + index;
        if let Some(command) = prompted(line) {
            close(commands.take());
            commands = Some(Commands {
                line: number,
                text: command.to_owned(),
                output: None,
            });
        } else if let Some(open) = &mut commands {
            if line.starts_with("# ") {
                continue;
            }
            if open.text.ends_with('\\') {
                open.text = format!("{}\n{line}", open.text);
            } else if let Some((_, lines)) = &mut open.output {
                lines.push((*line).to_owned());
            } else if !line.trim().is_empty() {
                open.output = Some((number, vec![(*line).to_owned()]));
            }
        }
    }
    close(commands);
}

fn joined(lines: &[&str]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_find_their_output() {
        let page = "{{< codenew file=\"a/web.yaml\" >}}\n```shell\nkubectl get pods\n```\nLike this:\n```\nNAME\n```\n```\nfree text\n```\n";
        let commands = Commands {
            line: 3,
            text: "kubectl get pods\n".to_owned(),
            output: Some((7, vec!["NAME".to_owned()])),
        };
        assert_eq!(
            parts(page),
            [Part::File("web.yaml".to_owned()), Part::Commands(commands)]
        );
    }

    #[test]
    fn prompts_part_commands_from_output() {
        let page =
            "```bash\n# a comment\n$ kubectl get pv\n\nNAME\na\n\nu@h:~/x$ ls \\\n  -l\n```\n";
        let got = parts(page);
        let [Part::Commands(first), Part::Commands(second)] = got.as_slice() else {
            panic!("{got:?}");
        };
        let printed = ["NAME", "a", ""].map(str::to_owned).to_vec();
        assert_eq!(first.output, Some((5, printed)));
        assert_eq!((second.line, second.text.as_str()), (8, "ls \\\n  -l"));
    }
}
