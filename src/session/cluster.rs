//! `cluster`: what happens to a cluster and kubectl has no command for. Plainly not kubectl.

use crate::api::{Key, Kind};
use crate::shell::{Context, Program, Progress};
use crate::sim::NodeSettings;

const USAGE: &str = "\
cluster: make things happen to the simulated cluster (this is not kubectl)

  cluster crash POD [CONTAINER] [--code=N]
                                  the container's process ends with exit code 1, or N
  cluster fail-ready POD          from now on its readiness probes fail
  cluster pass-ready POD          they pass again
  cluster hang POD [--code=N]     from now on its containers ignore the stop signal: they are killed,
                                  with exit code 137 or N, when the grace period is over
  cluster obey POD                they obey it again
  cluster stop-node NODE          the node loses its power: its kubelet falls silent
  cluster start-node NODE         it is back; its containers are lost and made again
  cluster nodes COUNT             the cluster has so many nodes from now on: node-1, node-2, ...
";

/// The program.
#[derive(Clone)]
pub(super) struct Cluster {
    words: Vec<String>,
}

impl Cluster {
    pub(super) fn new(words: &[String]) -> Cluster {
        Cluster {
            words: words.to_vec(),
        }
    }
}

impl Program for Cluster {
    fn poll(&mut self, cx: &mut Context<'_>) -> Progress {
        let words = self.words.iter().skip(1).map(String::as_str);
        let (flags, words): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with("--code"));
        let Ok(exit_code) = exit_code(&flags, words.first()) else {
            cx.out.stderr(USAGE);
            return Progress::Done(2);
        };
        let (verb, pod, container) = match words.as_slice() {
            [] | ["help" | "-h" | "--help"] => {
                cx.out.stdout(USAGE);
                return Progress::Done(0);
            }
            [verb, pod] => (*verb, *pod, ""),
            ["crash", pod, container] => ("crash", *pod, *container),
            _ => {
                cx.out.stderr(USAGE);
                return Progress::Done(2);
            }
        };
        if let "stop-node" | "start-node" = verb {
            return node(cx, verb, pod);
        }
        if verb == "nodes" {
            return nodes(cx, pod);
        }
        let name = pod.strip_prefix("pod/").unwrap_or(pod);
        let key = Key::new(Kind::Pod, cx.env.namespace(), name);
        if verb == "crash" {
            if cx.world.kill_container(&key, container, exit_code) {
                cx.out.stdout(format!(
                    "pod/{name}: its process ended with exit code {exit_code}\n"
                ));
                return Progress::Done(0);
            }
            cx.out.stderr(format!(
                "cluster: no container of pod \"{name}\" is running\n"
            ));
            return Progress::Done(1);
        }
        let done = match verb {
            "fail-ready" => {
                cx.world.fail_readiness(&key, true);
                "its readiness probes fail from now on"
            }
            "pass-ready" => {
                cx.world.fail_readiness(&key, false);
                "its readiness probes pass again"
            }
            "hang" => {
                cx.world.hang(&key, Some(exit_code));
                "its containers ignore the stop signal from now on"
            }
            "obey" => {
                cx.world.hang(&key, None);
                "its containers obey the stop signal again"
            }
            _ => {
                cx.out
                    .stderr(format!("cluster: unknown command \"{verb}\"\n\n{USAGE}"));
                return Progress::Done(2);
            }
        };
        cx.out.stdout(format!("pod/{name}: {done}\n"));
        Progress::Done(0)
    }

    fn clone_box(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

/// `cluster stop-node`, `cluster start-node`.
fn node(cx: &mut Context<'_>, verb: &str, name: &str) -> Progress {
    let name = name.strip_prefix("node/").unwrap_or(name);
    let (there, what) = if verb == "stop-node" {
        (cx.world.stop_node(name), "it has lost its power")
    } else {
        (cx.world.start_node(name), "it is back")
    };
    if !there {
        cx.out.stderr(format!("cluster: no node \"{name}\"\n"));
        return Progress::Done(1);
    }
    cx.out.stdout(format!("node/{name}: {what}\n"));
    Progress::Done(0)
}

/// `cluster nodes`.
fn nodes(cx: &mut Context<'_>, count: &str) -> Progress {
    let mut settings = cx.world.settings().clone();
    let most = NodeSettings::MOST;
    let Some(count) = count.parse().ok().filter(|count| *count <= most) else {
        cx.out.stderr(format!(
            "cluster: {count} is no number of nodes from 0 to {most}\n"
        ));
        return Progress::Done(1);
    };
    settings.nodes.count = count;
    cx.world.configure(settings);
    cx.out.stdout(format!("the cluster has {count} nodes\n"));
    Progress::Done(0)
}

/// The exit code that `crash` or `hang` was given, else 1 or that of a killed process.
fn exit_code(flags: &[&str], verb: Option<&&str>) -> Result<i32, ()> {
    let usual = match verb {
        Some(&"crash") => 1,
        Some(&"hang") => 137,
        _ if flags.is_empty() => 0,
        _ => return Err(()),
    };
    match flags {
        [] => Ok(usual),
        [flag] => {
            let code = flag.strip_prefix("--code=").ok_or(())?;
            code.parse::<u8>().map(i32::from).map_err(|_| ())
        }
        _ => Err(()),
    }
}
