//! Starting other programs, and ending them when this one is interrupted.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;

/// The program being waited for. At most one runs at a time.
static CHILD: Mutex<Option<Child>> = Mutex::new(None);

/// Set once the person has asked to stop: what fails afterwards is no error.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// On Ctrl+C: lets the running program end (it gets the signal as well), ends
/// it after two seconds, and leaves with 0 from `serve`, else 130.
pub fn stop_children_on_interrupt() {
    let code = if std::env::args().nth(1).as_deref() == Some("serve") {
        0
    } else {
        130
    };
    let handler = move || {
        INTERRUPTED.store(true, Ordering::SeqCst);
        end_child();
        println!("\nStopped.");
        std::process::exit(code);
    };
    // Without a handler the system's own applies, which ends us as well.
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("warning: Ctrl+C will not end what runs below: {error}");
    }
}

fn end_child() {
    let give_up = Instant::now() + Duration::from_secs(2);
    while Instant::now() < give_up {
        match CHILD.lock() {
            Ok(mut guard) => match guard.as_mut().map(Child::try_wait) {
                Some(Ok(None)) => {}
                _ => return,
            },
            Err(_) => return,
        }
        sleep(Duration::from_millis(20));
    }
    if let Ok(mut guard) = CHILD.lock()
        && let Some(child) = guard.as_mut()
    {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Runs a program to its end, its output being ours.
///
/// # Errors
/// When it cannot be started or ends with anything but 0.
pub fn run(command: &mut Command) -> Result<()> {
    let status = wait(command)?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` failed ({status})", show(command)))
    }
}

/// Runs a program whose output counts tests, showing its output meanwhile.
///
/// # Errors
/// When it cannot be started.
pub fn run_counted(command: &mut Command) -> Result<(ExitStatus, Counts)> {
    let mut counts = Counts::default();
    let status = run_lines(command, &mut |line| {
        if let Some(more) = Counts::read(line) {
            counts.add(more);
        }
    })?;
    Ok((status, counts))
}

/// Runs a program and hands out each line of its output, showing it meanwhile.
///
/// # Errors
/// When it cannot be started.
pub fn run_lines(command: &mut Command, each: &mut dyn FnMut(&str)) -> Result<ExitStatus> {
    command.stdout(Stdio::piped());
    let mut child = spawn(command)?;
    let output = child.stdout.take();
    keep(child);
    if let Some(output) = output {
        for line in BufReader::new(output)
            .split(b'\n')
            .map_while(std::result::Result::ok)
        {
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches('\r');
            println!("{line}");
            let _ = std::io::stdout().flush();
            each(line);
        }
    }
    reap()
}

/// Runs a program and returns what it printed.
///
/// # Errors
/// When it cannot be started or fails; the message holds its error output.
pub fn output(command: &mut Command) -> Result<String> {
    let made = command
        .output()
        .map_err(|error| cannot_start(command, &error))?;
    if made.status.success() {
        return Ok(String::from_utf8_lossy(&made.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&made.stderr);
    Err(format!(
        "`{}` failed ({})\n{}",
        show(command),
        made.status,
        said.trim_end()
    ))
}

/// Whether a program can be started and ends well. Its output is dropped.
pub fn works(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|made| made.status.success())
}

fn wait(command: &mut Command) -> Result<ExitStatus> {
    let child = spawn(command)?;
    keep(child);
    reap()
}

fn spawn(command: &mut Command) -> Result<Child> {
    command
        .spawn()
        .map_err(|error| cannot_start(command, &error))
}

fn keep(child: Child) {
    if let Ok(mut guard) = CHILD.lock() {
        *guard = Some(child);
    }
}

fn reap() -> Result<ExitStatus> {
    loop {
        {
            let mut guard = CHILD.lock().map_err(|_| "the list of programs is broken")?;
            let child = guard.as_mut().ok_or("no program is running")?;
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                *guard = None;
                drop(guard);
                hold_while_interrupted();
                return Ok(status);
            }
        }
        sleep(Duration::from_millis(20));
    }
}

/// The handler of Ctrl+C has the last word, not the failure it causes here.
fn hold_while_interrupted() {
    if INTERRUPTED.load(Ordering::SeqCst) {
        sleep(Duration::from_secs(10));
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start `{}`: {error}", show(command))
}

fn show(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// How many tests a program said it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
}

impl Counts {
    /// Reads the line that sums up a program's tests: `12 passed, 0 failed`, or
    /// cargo's `test result: ok. 12 passed; 0 failed; …`. Lines that name what
    /// they count are parts of a sum that follows.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let sum = match line.strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ")?.1,
            None => line,
        };
        let mut parts = sum.split([',', ';']).map(str::trim);
        let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
        Some(Self { passed, failed })
    }

    /// Adds the tests of another program.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn counts_are_read_from_the_lines_that_hold_them() {
        let cargo =
            "test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            Counts::read(cargo),
            Some(Counts {
                passed: 7,
                failed: 2
            })
        );
        assert_eq!(
            Counts::read("12 passed, 0 failed"),
            Some(Counts {
                passed: 12,
                failed: 0
            })
        );
        assert_eq!(Counts::read("test store::a_patch_that_failed ... ok"), None);
        assert_eq!(Counts::read("passed, failed"), None);
        assert_eq!(Counts::read("traces.jsonl: 60 passed, 0 failed"), None);
    }
}
