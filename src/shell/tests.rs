//! The scripts of `tests/shell`, with the output of the real bash; and lines that nobody would type.

use super::{Context, Environment, Files, Host, Output, Program, Progress, Stdin, Stream, tools};
use crate::sim::{Settings, World};
use std::path::{Path, PathBuf};

#[derive(Clone)]
/// A workstation with a world that nothing happens in but the time.
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) files: Files,
    pub(super) env: Environment,
    pub(super) stdin: Stdin,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let mut files = Files::default();
        for name in ["web.yaml", "pods.txt"] {
            let text = std::fs::read_to_string(folder().join("files").join(name));
            files.set(name, text.unwrap_or_default());
        }
        Bench {
            world: World::new(Settings::default()),
            files,
            env: Environment::default(),
            stdin: Stdin::default(),
            stdout: String::new(),
            stderr: String::new(),
        }
    }

    /// Polls a program once.
    pub(super) fn poll(&mut self, program: &mut Box<dyn Program>) -> Progress {
        let mut out = Output::default();
        let mut cx = Context {
            world: &mut self.world,
            files: &mut self.files,
            env: &mut self.env,
            stdin: &mut self.stdin,
            out: &mut out,
            host: Host::Workstation,
            work: &Default::default(),
            programs: |_, _, words| tools::program(words),
        };
        let progress = program.poll(&mut cx);
        for (stream, text) in out.take() {
            match stream {
                Stream::Stdout => self.stdout.push_str(&text),
                Stream::Stderr => self.stderr.push_str(&text),
            }
        }
        progress
    }

    /// Runs a program to its end, letting time pass; a snapshot is taken and used at every wait.
    /// `None`: it still waits after `waits` waits, or for something that never comes.
    pub(super) fn run(&mut self, mut program: Box<dyn Program>, waits: usize) -> Option<i32> {
        for _ in 0..waits {
            match self.poll(&mut program) {
                Progress::Done(code) => return Some(code),
                Progress::Wait(wait) => {
                    self.world.set_now(wait.until?);
                    program = program.clone_box();
                }
            }
        }
        None
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell")
}

struct Case {
    name: String,
    script: String,
    code: i32,
    stdout: String,
}

fn cases() -> Vec<Case> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder())
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for block in format!("\n{text}").split("\n=== ").skip(1) {
            let (name, rest) = block.split_once('\n').unwrap_or_default();
            let (script, rest) = rest.split_once("\n--- ").unwrap_or_default();
            let (code, stdout) = rest.split_once('\n').unwrap_or((rest, ""));
            let stdout = match stdout.strip_suffix("\n--- no newline") {
                Some(cut) => cut.to_owned(),
                None if stdout.is_empty() => String::new(),
                None if stdout.ends_with('\n') => stdout.to_owned(),
                None => format!("{stdout}\n"),
            };
            let stdout = stdout
                .strip_suffix("\n--- no newline\n")
                .unwrap_or(&stdout)
                .to_owned();
            cases.push(Case {
                name: name.to_owned(),
                script: script.to_owned(),
                code: code.trim().parse().unwrap_or(-1),
                stdout,
            });
        }
    }
    cases
}

#[test]
fn scripts_print_what_bash_prints() {
    let cases = cases();
    assert!(cases.len() >= 175, "only {} cases were found", cases.len());
    let mut failed = Vec::new();
    for case in &cases {
        let mut bench = Bench::new();
        let words = ["bash", "-c", &format!("{}\n", case.script)].map(str::to_owned);
        let program = tools::program(&words).expect("bash is a tool");
        let code = bench.run(program, 10_000);
        if code != Some(case.code) || bench.stdout != case.stdout {
            failed.push(format!(
                "=== {}\n{}\n--- wanted {}\n{}--- got {code:?}\n{}--- said\n{}",
                case.name, case.script, case.code, case.stdout, bench.stdout, bench.stderr
            ));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} scripts differ:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

/// Runs a paste in the terminal; what it printed and how long it took.
fn paste(text: &str) -> (Option<i32>, String, String, i64) {
    let mut bench = Bench::new();
    let start = bench.world.now();
    let code = bench.run(super::program(text), 1000);
    let spent = bench.world.now().since(start);
    (code, bench.stdout, bench.stderr, spent)
}

#[test]
fn pasted_prompts_are_dropped() {
    let text =
        "$ echo one \\\n>   two\n$ # a comment\nlearner@host:~$ cat <<EOF\n> $((1+1))\n> EOF\n";
    let (code, stdout, stderr, _) = paste(text);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (Some(0), "one two\n2\n", "")
    );
    assert_eq!(paste("# echo no\necho '# x'").1, "# x\n");
}

#[test]
fn commands_of_a_paste_are_a_tenth_of_a_second_apart() {
    assert_eq!(paste("seq 1").3, 0);
    assert_eq!(paste("seq 1\nseq 2\nseq 3").3, 200);
    assert_eq!(paste("for i in 1 2 3; do seq $i; done").3, 200);
    assert_eq!(paste("x=1; export x; seq $(seq 2) | cat").3, 0);
    assert_eq!(paste("sleep 2.5; seq 1").3, 2600);
    assert_eq!(paste("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done").3, 300);
}

#[test]
fn the_terminal_says_what_bash_says() {
    for (line, code, said) in [
        ("foo", 127, "bash: foo: command not found\n"),
        ("./foo", 127, "bash: ./foo: No such file or directory\n"),
        ("foo 2>/dev/null", 127, ""),
        (
            "cat < nofile",
            1,
            "bash: nofile: No such file or directory\n",
        ),
        (
            "cd nowhere",
            1,
            "bash: cd: nowhere: No such file or directory\n",
        ),
        ("cd web.yaml", 1, "bash: cd: web.yaml: Not a directory\n"),
        (
            "echo a | | b",
            2,
            "bash: syntax error near unexpected token `|'\n",
        ),
        (
            "if true; do",
            2,
            "bash: syntax error near unexpected token `do'\n",
        ),
        (
            "done",
            2,
            "bash: syntax error near unexpected token `done'\n",
        ),
        (
            "echo 'a",
            2,
            "bash: unexpected EOF while looking for matching `''\n",
        ),
        (
            "for i in a; do",
            2,
            "bash: syntax error: unexpected end of file\n",
        ),
        (
            "echo $((1/0))",
            1,
            "bash: 1/0: division by 0 (error token is \"0\")\n",
        ),
        (
            "[ a -eq b ]",
            2,
            "bash: [: a: integer expression expected\n",
        ),
        ("[ a", 2, "bash: [: missing `]'\n"),
        ("set -u; echo $nope", 1, "bash: nope: unbound variable\n"),
        ("echo ${x:?is missing}", 1, "bash: x: is missing\n"),
        (
            "kubectl get pods &",
            2,
            "bash: background commands (&) are not simulated; leave the & out\n",
        ),
        (
            "f() { f; }; f",
            1,
            "bash: f: maximum function nesting level exceeded (40)\n",
        ),
    ] {
        let (got, _, stderr, _) = paste(line);
        assert_eq!((got, stderr.as_str()), (Some(code), said), "{line}");
    }
}

#[test]
fn a_mistake_in_a_paste_does_not_stop_the_other_lines() {
    let (code, stdout, stderr, _) = paste("echo a\necho )\necho b");
    assert_eq!((code, stdout.as_str()), (Some(0), "a\nb\n"));
    assert_eq!(stderr, "bash: syntax error near unexpected token `)'\n");
}

#[test]
fn variables_and_functions_outlive_their_line() {
    let mut bench = Bench::new();
    for line in [
        "x=1; f() { echo f$x; }; alias ll='ls -a'",
        "f; false",
        "echo $?",
        "mkdir d; cd d; touch y",
        "ll",
        "ls /tmp; cat ../web.yaml | head -1",
    ] {
        bench.run(super::program(line), 10);
    }
    assert_eq!(bench.stdout, "f1\n1\n.\n..\ny\napiVersion: v1\n");
    assert_eq!(bench.files.get("d/y").map(|text| text.as_str()), Some(""));
    assert_eq!(super::editor_name(&bench.env, "y"), "d/y");
}

#[test]
fn more_lines_are_asked_for_while_something_is_open() {
    for text in [
        "for i in 1; do",
        "echo 'a",
        "cat <<EOF\na",
        "echo a \\",
        "if true; then echo",
        "f() {",
        "echo $(echo",
        "a |",
        "a &&",
        "(",
    ] {
        assert!(super::incomplete(text), "{text}");
    }
    for text in [
        "echo a",
        "cat <<EOF\na\nEOF",
        "done",
        "echo )",
        "",
        "echo 'a b' # '",
        "echo \\\\",
    ] {
        assert!(!super::incomplete(text), "{text}");
    }
}

#[test]
fn interrupting_ends_a_loop_and_a_pipe() {
    let mut bench = Bench::new();
    let mut program = super::program("while true; do echo x; sleep 5; done | cat; echo never");
    for _ in 0..5 {
        let Progress::Wait(wait) = bench.poll(&mut program) else {
            panic!("a loop without end ended");
        };
        bench
            .world
            .set_now(wait.until.expect("sleep waits for a time"));
    }
    let mut out = Output::default();
    let mut cx = Context {
        world: &mut bench.world,
        files: &mut bench.files,
        env: &mut bench.env,
        stdin: &mut bench.stdin,
        out: &mut out,
        host: Host::Workstation,
        work: &Default::default(),
        programs: |_, _, words| tools::program(words),
    };
    assert_eq!(program.interrupt(&mut cx), Progress::Done(130));
    assert!(bench.stdout.starts_with("x\nx\n") && !bench.stdout.contains("never"));
}

#[test]
fn a_reader_that_is_done_ends_the_writer() {
    let (code, stdout, ..) = paste("while true; do echo line; sleep 1; done | head -2");
    assert_eq!((code, stdout.as_str()), (Some(0), "line\nline\n"));
}

#[test]
fn a_typed_program_reads_what_is_written_to_it() {
    let mut bench = Bench::new();
    bench.stdin = Stdin {
        text: String::new(),
        open: true,
        terminal: true,
    };
    let mut program = super::program("read -r name; cat > got.txt; echo $name; cat got.txt");
    assert!(matches!(bench.poll(&mut program), Progress::Wait(wait) if wait.input));
    bench.stdin.text.push_str("web\nsome text\n");
    assert!(matches!(bench.poll(&mut program), Progress::Wait(wait) if wait.input));
    bench.stdin.open = false;
    assert_eq!(bench.run(program, 10), Some(0));
    assert_eq!(bench.stdout, "web\nsome text\n");
}

#[test]
fn a_shell_reads_commands_and_shows_prompts() {
    let mut bench = Bench::new();
    bench.stdin = Stdin {
        text: "x=5\necho $x\nfor i in 1 2\ndo echo $i\ndone\nexit 3\n".to_owned(),
        open: true,
        terminal: true,
    };
    let code = bench.run(super::program("bash"), 10);
    assert_eq!(
        (code, bench.stdout.as_str()),
        (Some(3), "$ $ 5\n$ > > 1\n2\n$ ")
    );
}

#[test]
fn large_things_end_in_a_sentence() {
    for (text, part) in [
        (
            "echo {1..100000}".to_owned(),
            "expands to more than 10000 words",
        ),
        (
            "echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"
                .to_owned(),
            "more than 10000 words",
        ),
        (
            format!("echo {}x{}", "$(echo ".repeat(100), ")".repeat(100)),
            "levels deep",
        ),
        (
            format!("{}x{}", "( ".repeat(5000), " )".repeat(5000)),
            "levels deep",
        ),
        (
            format!("echo {}", "a ".repeat(200_000)),
            "longer than 262144 characters",
        ),
        (
            "x=aaaaaaaaaa; for i in {1..30}; do x=$x$x; done".to_owned(),
            "longer than 4194304 characters",
        ),
        (
            "echo 'sh s.sh' > s.sh; sh s.sh".to_owned(),
            "nest more than 20 deep",
        ),
        ("echo '. s.sh' > s.sh; . s.sh".to_owned(), "deep"),
        (
            "eval 'x() { eval x; }'; x".to_owned(),
            "nests more than 40 deep",
        ),
        ("e='eval \"$e\"'; eval \"$e\"".to_owned(), "deep"),
        (
            format!("echo $(({}1{}))", "(".repeat(3000), ")".repeat(3000)),
            "nests too deep",
        ),
        (
            "grep -E '(a*)*b' <<< aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa || echo bounded >&2"
                .to_owned(),
            "bounded",
        ),
    ] {
        let (code, _, stderr, _) = paste(&text);
        assert!(
            code.is_some(),
            "{} did not end",
            &text[..40.min(text.len())]
        );
        assert!(
            stderr.contains(part),
            "{}: {stderr}",
            &text[..40.min(text.len())]
        );
    }
}

#[test]
fn tools_end_in_a_sentence_too() {
    for (text, part) in [
        (
            "awk 'BEGIN{while(1);}'",
            "awk: the program takes too many steps",
        ),
        (
            "awk 'BEGIN{x=\"aaaaaaaa\"; while(1) x=x x}'",
            "awk: the program takes too many steps",
        ),
        (
            "echo a | sed ':l;s/a/a/;tl'",
            "sed: the script takes too many steps",
        ),
        (
            "echo a | sed ':l;s/$/aaaaaaaaaaaaaaaa/;tl'",
            "sed: the script takes too many steps",
        ),
        (
            "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | grep -E '(a|aa)+b'",
            "grep: the pattern takes too many steps",
        ),
    ] {
        let (code, _, stderr, _) = paste(text);
        assert!(code.is_some() && stderr.contains(part), "{text}: {stderr}");
    }
}

/// A small generator of numbers; the same seed gives the same lines.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % below.max(1)
    }
}

#[test]
fn no_line_panics_or_hangs() {
    const PARTS: [&str; 96] = [
        "echo", "a", " ", " ", " ", "\n", ";", "|", "||", "&&", "&", "(", ")", "((", "))", "{",
        "}", "$", "$(", "${", "`", "'", "\"", "\\", "<", ">", ">>", "<<EOF", "EOF", "<<<", "2>&1",
        "for", "in", "do", "done", "while", "if", "then", "else", "fi", "case", "esac", ";;", "[",
        "]", "[[", "]]", "!", "=", "x=", "$x", "${x:-", "${x#", "${x//", "#", "*", "?", "{1..3}",
        "{a,b}", ",", "..", "sed", "s/a/b/", "grep", "-E", "-n", "sort", "head", "-1", "tail",
        "cut", "-d,", "-f1", "tr", "xargs", "wc", "-l", "printf", "%s", "%d", "seq", "9", "-5",
        "0x", "read", "cd", "set", "eval", "test", "expr", "awk", "web.yaml", "pods.txt", "é",
        "한", "$((",
    ];
    let fresh = Bench::new();
    let mut random = Seeded(0x5eed);
    for _ in 0..4000 {
        let count = 1 + random.next(14);
        let mut line = String::new();
        for _ in 0..count {
            line.push_str(PARTS[random.next(PARTS.len())]);
            if random.next(3) > 0 {
                line.push(' ');
            }
        }
        // It ends, or waits for text or for a time: a loop may go on for ever.
        let mut bench = fresh.clone();
        bench.run(super::program(&line), 20);
    }
}

#[test]
fn no_program_of_a_tool_panics_or_hangs() {
    const PARTS: [&str; 64] = [
        "a",
        "b",
        ".",
        "*",
        "+",
        "?",
        "\\(",
        "\\)",
        "(",
        ")",
        "[",
        "]",
        "[^",
        "a-z",
        "[:alpha:]",
        "{",
        "}",
        "{2}",
        "\\{1,2\\}",
        "|",
        "\\|",
        "^",
        "$",
        "\\",
        "\\1",
        "/",
        "s/",
        "y/",
        "g",
        "p",
        "d",
        "n",
        "N",
        "D",
        "G",
        "x",
        "1",
        "2",
        ",",
        "!",
        ";",
        "\n",
        "b",
        "t",
        ":l",
        "print",
        "$1",
        "NR",
        "NF",
        "=",
        "==",
        "++",
        "\"x\"",
        "if",
        "while",
        "for",
        "in",
        "split(",
        "substr(",
        "gsub(",
        "BEGIN",
        "é",
        "%s",
        "-",
    ];
    let fresh = Bench::new();
    let mut random = Seeded(0x700b5);
    for _ in 0..6000 {
        let mut text = String::new();
        for _ in 0..1 + random.next(12) {
            text.push_str(PARTS[random.next(PARTS.len())]);
        }
        let tool: &[&str] = match random.next(7) {
            0 => &["grep"],
            1 => &["grep", "-oE"],
            2 => &["sed"],
            3 => &["sed", "-nE"],
            4 => &["awk"],
            5 => &["tr", "a-c"],
            _ => &["cut", "-f"],
        };
        let mut words: Vec<String> = tool.iter().map(|word| (*word).to_owned()).collect();
        words.push(text);
        let mut bench = fresh.clone();
        bench.stdin.text = "aab b-1 é\n\nweb-0 1/1 Running\nlast".to_owned();
        let code = bench.run(tools::program(&words).expect("a tool"), 5);
        assert!(code.is_some(), "{words:?} does not end");
    }
}
