//! `kubectl run -it`: the program of a new Pod at the terminal, and with `--rm` the end of that Pod.
//! `kubectl/pkg/cmd/run/run.go`, `kubectl/pkg/cmd/attach/attach.go`

use super::exec::Inside;
use crate::api::{DeleteOptions, Key, Kind, Phase, Str, Time};
use crate::kubectl::cli::Cli;
use crate::kubectl::failure::Failure;
use crate::shell::{Context, Host, Program, Progress, Wait};

/// How long the Pod is waited for, in milliseconds (`--pod-running-timeout`).
const PATIENCE: i64 = 60_000;
/// Images whose own program is a shell.
const SHELLS: [&str; 5] = ["busybox", "alpine", "debian", "ubuntu", "dnsutils"];

/// Where an attached Pod stands.
#[derive(Clone)]
enum Stage {
    /// Its container does not run yet.
    Starts { until: Time },
    /// Its program has the terminal.
    Runs(Box<Inside>),
    /// Its program has ended with this code; its Pod has not.
    Ends(i32),
    /// It is being deleted.
    Goes(i32),
}

/// A Pod that `kubectl run` made, attached to the terminal.
#[derive(Clone)]
pub struct Attached {
    key: Key,
    uid: Str,
    words: Vec<String>,
    stage: Stage,
    stdin: bool,
    tty: bool,
    remove: bool,
    quiet: bool,
    once: bool,
}

impl Attached {
    /// The Pod of this key, as the flags ask for; its program is `words`, else that of `image`.
    ///
    /// # Errors
    /// The image has no program that reads from a terminal.
    pub fn new(
        cx: &Context<'_>,
        cli: &Cli,
        key: Key,
        words: &[String],
        image: &str,
    ) -> Result<Attached, Failure> {
        let uid = cx.world.store().get(&key).map(|pod| pod.meta.uid.clone());
        let words = if words.is_empty() {
            if !SHELLS.iter().any(|shell| image.contains(shell)) {
                return Err(Failure::error(format!(
                    "attaching to the program of image {image} is not simulated here: name a program behind --"
                )));
            }
            vec!["sh".to_owned()]
        } else {
            words.to_vec()
        };
        Ok(Attached {
            key,
            uid: uid.unwrap_or_default(),
            words,
            stage: Stage::Starts {
                until: cx.world.now().plus(PATIENCE),
            },
            stdin: cli.flags.on("stdin"),
            tty: cli.flags.on("tty"),
            remove: cli.flags.on("rm"),
            quiet: cli.flags.on("quiet"),
            once: cli.flags.or_empty("restart") == "Never",
        })
    }

    fn name(&self) -> &Str {
        &self.key.name
    }

    /// Attaches once the container runs.
    fn start(&mut self, cx: &mut Context<'_>, until: Time) -> Option<Progress> {
        let pod = cx.world.store().get(&self.key).cloned();
        let running = pod.is_some_and(|pod| {
            let statuses = pod.tree().items_at(&["status", "containerStatuses"]);
            statuses
                .iter()
                .any(|status| status.at(&["state", "running"]).is_some())
        });
        if !running {
            if cx.world.now() >= until {
                cx.out
                    .stderr("error: timed out waiting for the condition\n");
                return Some(Progress::Done(1));
            }
            return Some(Progress::Wait(Wait {
                until: Some(until),
                change: true,
                input: false,
            }));
        }
        let host = Host::Container {
            pod: self.key.clone(),
            container: self.name().clone(),
        };
        let Some(program) = (cx.programs)(cx.world, &host, &self.words) else {
            let word = self.words.first().map_or("", String::as_str);
            cx.out.stderr(format!(
                "error: exec: \"{word}\": executable file not found in $PATH\n"
            ));
            self.stage = Stage::Ends(128);
            return None;
        };
        if self.tty && !self.quiet {
            cx.out.stderr(
                "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n",
            );
        }
        let inside = Inside::attached(host, program, self.stdin, self.tty);
        self.stage = Stage::Runs(Box::new(inside));
        None
    }

    /// The program has ended, and so does its container.
    fn ended(&mut self, cx: &mut Context<'_>, code: i32) {
        cx.world.kill_container(&self.key, "", code);
        self.stage = Stage::Ends(code);
    }

    /// Waits for the Pod to end, if it does not start again.
    fn end(&mut self, cx: &mut Context<'_>, code: i32) -> Option<Progress> {
        let pod = cx.world.store().get(&self.key).cloned();
        let over = pod.as_ref().is_none_or(|pod| {
            pod.meta.uid != self.uid || pod.pod().is_some_and(|view| view.phase.terminal())
        });
        if self.once && !over {
            return Some(Progress::Wait(Wait {
                change: true,
                ..Wait::default()
            }));
        }
        let failed = pod.is_some_and(|pod| pod.pod().map(|view| view.phase) == Some(Phase::Failed));
        let (namespace, name) = (&self.key.namespace, self.name());
        if self.once && failed {
            cx.out
                .stderr(format!("pod {namespace}/{name} terminated (Error)\n"));
        }
        if !self.once && !self.remove && self.stdin {
            cx.out.stderr(format!(
                "Session ended, resume using 'kubectl attach {name} -c {name} -n {namespace} -i -t' command when the pod is running\n"
            ));
        }
        let code = if self.once { code } else { 0 };
        if !self.remove {
            return Some(Progress::Done(code));
        }
        let options = DeleteOptions::default();
        if cx.world.delete(&self.key, &options, false).is_ok() && !self.quiet {
            cx.out.stdout(format!(
                "pod \"{name}\" deleted from {namespace} namespace\n"
            ));
        }
        self.stage = Stage::Goes(code);
        None
    }

    fn go(&mut self, cx: &mut Context<'_>, interrupt: bool) -> Progress {
        let mut interrupt = interrupt;
        loop {
            let next = match &mut self.stage {
                Stage::Starts { .. } | Stage::Ends(_) if interrupt => Some(Progress::Done(130)),
                Stage::Starts { until } => {
                    let until = *until;
                    self.start(cx, until)
                }
                Stage::Runs(inside) => {
                    let progress = if std::mem::take(&mut interrupt) {
                        inside.interrupt(cx)
                    } else {
                        inside.poll(cx)
                    };
                    match progress {
                        Progress::Done(code) => {
                            self.ended(cx, code);
                            None
                        }
                        wait => Some(wait),
                    }
                }
                Stage::Ends(code) => {
                    let code = *code;
                    self.end(cx, code)
                }
                Stage::Goes(code) => {
                    let there = cx.world.store().get(&self.key);
                    if there.is_some_and(|pod| pod.kind == Kind::Pod && pod.meta.uid == self.uid) {
                        Some(Progress::Wait(Wait {
                            change: true,
                            ..Wait::default()
                        }))
                    } else {
                        Some(Progress::Done(*code))
                    }
                }
            };
            if let Some(progress) = next {
                return progress;
            }
        }
    }
}

impl Program for Attached {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        self.go(cx, false)
    }

    fn interrupt(&mut self, cx: &mut Context<'_>) -> Progress {
        self.go(cx, true)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}
