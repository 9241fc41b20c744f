// Starts the page: loads the WebAssembly program, takes the static shell away,
// and says so in plain words when it cannot start or has crashed. The sentences
// themselves are in index.html, in both languages.

const element = (id) => document.getElementById(id);

/** True once a section of trouble is shown: the first cause is the one to read. */
let stopped = false;

/** Shows one of index.html's sections of trouble in front of everything else. */
function showTrouble(section) {
  stopped = true;
  removeShell();
  for (const other of document.body.children) {
    if (other !== section) other.inert = true;
  }
  section.hidden = false;
  section.tabIndex = -1;
  section.focus();
}

function removeShell() {
  const shell = element('shell');
  if (shell) shell.remove();
}

function cannotStart(error) {
  if (stopped) return;
  const details = element('cannot-start-details');
  details.textContent = String(error);
  details.hidden = false;
  showTrouble(element('cannot-start'));
}

/** Offers a text as a file to save. */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

window.playgroundDownload = download;

/**
 * What the program left here while it was well, for a crash that does not pass
 * its panic hook (a stack overflow, no memory): `{log, link}`.
 */
window.playgroundLastGood = null;

/**
 * Called by the program's panic hook. Shows what went wrong, offers the log as a
 * file, and reloads to the last good state.
 *
 * @param {string} message what the panic said
 * @param {string} [log] the session's log, as a saved file holds it
 * @param {string} [link] the URL fragment of the last good state; without it
 *   the page is reloaded as it was opened
 */
window.playgroundPanic = (message, log, link) => {
  if (stopped) return;
  element('panic-message').textContent = message;
  element('panic-log').hidden = !log;
  element('panic-download').onclick = () => download('statefulset-playground-log.json', log);
  element('panic-reload').onclick = () => {
    if (link) window.history.replaceState(null, '', '#' + link.replace(/^#/, ''));
    window.location.reload();
  };
  showTrouble(element('panic'));
};

function crashed(error) {
  const ours = typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError;
  if (!ours) return;
  const good = window.playgroundLastGood || {};
  window.playgroundPanic(String(error), good.log, good.link);
}
window.addEventListener('error', (event) => crashed(event.error));
window.addEventListener('unhandledrejection', (event) => crashed(event.reason));

/** The bytes of a number as WebAssembly writes it, of either sign. */
function leb(number) {
  const bytes = [];
  for (let left = number; ; left >>= 7) {
    const last = left < 64;
    bytes.push((left & 127) | (last ? 0 : 128));
    if (last) return bytes;
  }
}

/** A list, and a section of a module, as WebAssembly writes them. */
const list = (items) => [...leb(items.length), ...items.flat()];
const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];

/**
 * A module that fills the table's slots of the functions which the first load
 * leaves out with thunks. A thunk loads the rest of the program, which puts the
 * functions themselves into their slots, and calls what is in its slot now.
 *
 * @param {Uint8Array} from the section that xtask/split wrote: the functions'
 *   types; per slot of the program's own table, 0 or the number of a type from
 *   1; per type, how many slots follow
 */
function thunks(from) {
  let at = 0;
  const byte = () => from[at++];
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value |= (next & 127) << shift;
      if (next < 128) return value;
    }
  };
  const types = Array.from({ length: number() }, () => {
    const params = Array.from({ length: number() }, byte);
    const results = Array.from({ length: number() }, byte);
    return { params, results };
  });
  const slots = Array.from({ length: number() }, number);
  types.forEach((_, index) => slots.push(...Array(number()).fill(index + 1)));

  const functions = [];
  const codes = [];
  const elements = [];
  slots.forEach((type, slot) => {
    if (type === 0) return;
    const given = types[type - 1].params.map((_, index) => [0x20, ...leb(index)]).flat();
    const code = [0, 0x10, 0, ...given, 0x41, ...leb(slot), 0x11, ...leb(type), 0, 0x0b];
    elements.push([0, 0x41, ...leb(slot), 0x0b, 1, ...leb(functions.length + 1)]);
    functions.push(leb(type));
    codes.push([...leb(code.length), ...code]);
  });
  const text = (name) => list([...name].map((letter) => [letter.charCodeAt(0)]));
  const imports = [
    [...text(''), ...text('load'), 0, 0],
    [...text(''), ...text('$t0'), 1, 0x70, 0, 0],
  ];
  const signatures = [{ params: [], results: [] }, ...types];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(signatures.map(({ params, results }) => [0x60, ...list(params), ...list(results)]))),
    ...section(2, list(imports)),
    ...section(3, list(functions)),
    ...section(9, list(elements)),
    ...section(10, list(codes)),
  ]);
}

async function compile(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}: ${address}`);
  const streams = answer.headers.get('Content-Type') === 'application/wasm';
  return streams ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer());
}

/** The bytes of a file, at once: nothing else happens on the page meanwhile. */
function fetchNow(address) {
  const request = new XMLHttpRequest();
  request.open('GET', address, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status >= 400) throw new Error(`${request.status}: ${address}`);
  return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0));
}

/** Whether this browser compiles a large module at once; Chrome before 115 does not. */
function compilesNow() {
  try {
    return !!new WebAssembly.Module(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(0, Array(5000).fill(0))]));
  } catch {
    return false;
  }
}

/**
 * Lets the program call functions that are not loaded yet, and loads them.
 *
 * @param {WebAssembly.Module} module what was loaded
 * @param {object} first what it exports
 * @param {string} address where the rest is
 * @returns {Promise<() => Promise<void>>} loads the rest
 */
async function prepareRest(module, first, address) {
  let there = false;
  const load = () => {
    if (there) return;
    try {
      new WebAssembly.Instance(new WebAssembly.Module(fetchNow(address)), { '': first });
    } catch (error) {
      cannotStart(error);
      throw error;
    }
    there = true;
  };
  const [described] = WebAssembly.Module.customSections(module, 'thunks');
  await WebAssembly.instantiate(thunks(new Uint8Array(described)), { '': { load, $t0: first.$t0 } });
  return async () => {
    const rest = await compile(address);
    if (there) return;
    await WebAssembly.instantiate(rest, { '': first });
    there = true;
  };
}

/** Loads and runs the program; it has drawn the page when this settles. */
async function start() {
  const link = element('page-wasm');
  const [program, module] = await Promise.all([import(element('page-glue').href), compile(link.href)]);
  const first = await program.default({ module_or_path: module });
  const { rest } = link.dataset;
  const loadRest = rest && (await prepareRest(module, first, new URL(rest, link.href).href));
  if (rest && !compilesNow()) await loadRest();
  program.mount();
  removeShell();
  // Whatever needs the rest before it is there loads it itself, and says so if it cannot.
  if (rest) loadRest().then(loadEditor, () => {});
  else requestAnimationFrame(() => setTimeout(loadEditor));
}

/**
 * Loads the editor, once the page is drawn and all of the program is there, which then puts it where its plain
 * stand-in is. A page without one, such as an embed, needs none; if it does not load, the stand-in stays.
 */
function loadEditor() {
  const named = document.querySelector('meta[name=editor]');
  if (!named || !element('editor')) return;
  const script = document.createElement('script');
  script.src = named.content;
  script.onload = () => window.dispatchEvent(new Event('editor-loaded'));
  document.head.append(script);
}

start().catch((error) => {
  crashed(error);
  cannotStart(error);
});
