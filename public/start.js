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

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

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

/** Loads and runs the program; it has drawn the page when this settles. */
async function start() {
  const program = await import(element('page-glue').href);
  await program.default({ module_or_path: element('page-wasm').href });
  removeShell();
}

start().catch((error) => {
  crashed(error);
  cannotStart(error);
});
