/**
 * The public API of the StatefulSet playground: `window.playground` in the page itself.
 *
 * A page that embeds the playground in a frame posts the same calls to it:
 * `frame.contentWindow.postMessage({source: 'statefulset-playground', v: 1, id: 1, method: 'step', args: [2]}, origin)`
 * and is answered by a message `{source, v, id, ok: true, value}` or `{source, v, id, ok: false, error}`. After
 * a posted `on`, events come as messages `{source, event, detail}`.
 */
export interface Playground {
  /** Runs a command line and advances time until it ends, at most an hour. */
  run(line: string): Promise<CommandResult>;
  /** Saves `yaml` as web.yaml and applies it. */
  apply(yaml: string): Promise<CommandResult>;
  /** Goes `n` (1) visible writes forward; answers how many there were. */
  step(n?: number): Promise<number>;
  /** Goes `n` (1) steps back; answers how many there were. */
  back(n?: number): Promise<number>;
  /** Goes to a time, after all events due at or before it. */
  seek(seconds: number): Promise<void>;
  /** Runs until nothing will happen by itself. Not stable: things still happen after an hour. */
  runUntilStable(): Promise<{ stable: boolean }>;
  /** The state. The same state gives the same JSON text. */
  state(): Promise<State>;
  /** Changes a part of the settings. */
  configure(settings: PartialSettings): Promise<void>;
  /** A link to this state. */
  link(): Promise<string>;
  /** Calls `callback` on every such event; `ready` at once. */
  on(event: 'ready' | 'change' | 'command' | 'goal', callback: (event: PlaygroundEvent) => void): Promise<void>;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
  /** The exit code; null while it runs. */
  code: number | null;
  /** Whether it still runs. */
  running: boolean;
}

export interface PlaygroundEvent {
  source: 'statefulset-playground';
  event: 'ready' | 'change' | 'command' | 'goal';
  /** change: the virtual time in seconds; command: the command line. */
  detail?: unknown;
}

/** Times are seconds of the virtual clock, which starts at 0. */
export interface State {
  time: number;
  pods: {
    name: string;
    namespace: string;
    uid: string;
    /** `1/1` */
    ready: string;
    /** kubectl's column STATUS. */
    status: string;
    restarts: number;
    ip: string;
    node: string;
    /** The name of its ControllerRevision. */
    revision: string;
    created: number;
    /** The how-manieth Pod of this name it is. */
    nth: number;
  }[];
  claims: { name: string; namespace: string; status: string; volume: string }[];
  volumes: { name: string; status: string; claim: string; reclaim: string }[];
  dns: { name: string; address: string }[];
  sets: {
    name: string;
    namespace: string;
    replicas: number;
    ready: number;
    current: number;
    updated: number;
    currentRevision: string;
    updateRevision: string;
    generation: number;
  }[];
  nodes: { name: string; ready: boolean; schedulable: boolean; pods: number }[];
  events: {
    name: string;
    time: number;
    type: string;
    reason: string;
    object: string;
    message: string;
    count: number;
  }[];
}

export interface PartialSettings {
  seed?: number;
  nodes?: { count?: number; pods?: number };
  /** Milliseconds. */
  timings?: { pull?: number; stop?: number; dnsCache?: number };
  /** The feature gate MaxUnavailableStatefulSet. */
  maxUnavailable?: boolean;
  storageClass?: boolean;
}

declare global {
  interface Window {
    playground: Playground;
  }
}
