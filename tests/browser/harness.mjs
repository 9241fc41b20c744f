// What the browser tests are written with. A test acts as a person does: it
// finds things by role and accessible name, clicks and types. Chromium computes
// roles and names itself; in Firefox, which takes seconds for that, they are read in the page.
//
//   import assert from 'node:assert/strict';
//   import { test } from './harness.mjs';
//
//   test('a step moves the clock', async ({ screen }) => {
//     await screen.press('button', 'Step');
//     await screen.until('the clock moves', async () => (await screen.text('timer', 'Virtual time')) !== '0.0 s');
//   });
//
// A test also fails if the page logs an error, throws, breaks its own
// Content-Security-Policy, asks another origin for anything, or gets an answer
// of 400 or above.

/** How long one thing may take to appear, in milliseconds. */
const PATIENCE = 10_000;

/** How long a test may take unless it says otherwise, in milliseconds. */
const LIMIT = 60_000;

/** The tests of all files that were imported, in order. */
export const tests = [];

/**
 * Declares a test.
 *
 * @param {string} name what holds, as a sentence
 * @param {object|Function} options or the test itself:
 *   `open`: what follows the base address, such as `#/lesson/scaling`; null opens nothing;
 *   `viewport`: `{width, height}`;
 *   `on`: the one browser that the test is for, if it is for one;
 *   `limit`: milliseconds the test may take;
 *   `expectsProblems`: a list of patterns, for tests that provoke errors: each must
 *   be met by a problem, and a problem that meets none fails the test as ever;
 *   `allowsProblems`: patterns of what browsers differ in saying
 * @param {({page, screen, site, problems}) => Promise<void>} [body] the test
 */
export function test(name, options, body) {
  const plain = typeof options === 'function';
  tests.push({ name, options: plain ? {} : options, body: plain ? options : body });
}

/** The page as a person or a screen reader meets it. */
export class Screen {
  /** `quick`: find roles and names in the page itself; Firefox takes seconds to search its own tree. */
  constructor(page, quick = false) {
    this.page = page;
    this.quick = quick;
  }

  /** All elements of a role, and of a name if one is given. */
  async all(role, name) {
    if (this.quick) {
      const found = await this.page.evaluateHandle(inPage, role, name ?? null, false);
      const elements = [...(await found.getProperties()).values()].map((one) => one.asElement());
      return elements.filter((element) => element !== null);
    }
    const named = name === undefined ? '' : `[name="${name.replace(/"/g, '\\"')}"]`;
    return this.page.$$(`::-p-aria(${named}[role="${role}"])`);
  }

  /** Whether there is such an element now. */
  async has(role, name) {
    return (await this.all(role, name)).length > 0;
  }

  /** The one element of this role and name; waits for it. */
  async find(role, name) {
    let found = [];
    await this.until(
      `there is a ${role} "${name ?? ''}"`,
      async () => {
        found = await this.all(role, name);
        return found.length > 0;
      },
      async () => `the ${role}s are: ${JSON.stringify(await this.names(role))}`,
    );
    if (found.length > 1) throw new Error(`there are ${found.length} of ${role} "${name ?? ''}", not one`);
    return found[0];
  }

  /** Clicks it. It must not be disabled. */
  async press(role, name) {
    await this.until(`${role} "${name}" can be pressed`, async () => {
      const target = await this.find(role, name);
      return target.evaluate((element) => !element.disabled && element.getAttribute('aria-disabled') !== 'true');
    });
    await (await this.find(role, name)).click();
  }

  /**
   * Does something with the one element of this role and name, and returns what that gives. If the page
   * put another in its place meanwhile, as the rich editor takes the text area's, it is done with that one.
   *
   * @param {(element: object) => Promise<any>} act what can be done twice
   */
  async on(role, name, act) {
    let answer;
    await this.until(`the ${role} "${name ?? ''}" stays`, async () => {
      const target = await this.find(role, name);
      answer = await act(target);
      return target.evaluate((element) => element.isConnected && element.getClientRects().length > 0);
    });
    return answer;
  }

  /** Types into it, after what is there. */
  async type(role, name, text) {
    await this.focus(role, name);
    await this.page.keyboard.type(text);
  }

  /** Puts the keyboard's focus on it. */
  async focus(role, name) {
    await this.on(role, name, (target) => target.focus());
  }

  /** Replaces all that is in a text box, as pasting over it does. */
  async fill(role, name, text) {
    await this.on(role, name, async (target) => {
      const plain = await target.evaluate((element, pasted) => {
        element.focus();
        if (!element.select) return false;
        element.select();
        document.execCommand('insertText', false, pasted);
        return true;
      }, text);
      if (plain) return;
      await this.key(process.platform === 'darwin' ? 'Meta+a' : 'Control+a');
      await target.evaluate((element, pasted) => {
        // A browser lets no script fill a clipboard event.
        const paste = new Event('paste', { bubbles: true, cancelable: true });
        Object.defineProperty(paste, 'clipboardData', { value: { types: ['text/plain'], getData: () => pasted } });
        element.dispatchEvent(paste);
      }, text);
    });
  }

  /** Presses a key, with modifiers: `Enter`, `Control+c`. */
  async key(combination) {
    const keys = combination.split('+');
    const last = keys.pop();
    for (const key of keys) await this.page.keyboard.down(key);
    await this.page.keyboard.press(last);
    for (const key of keys.reverse()) await this.page.keyboard.up(key);
  }

  /** The visible text of an element. */
  async text(role, name) {
    return (await this.find(role, name)).evaluate((element) => element.innerText);
  }

  /** What a text box holds; of a rich one, the lines that are drawn, without what is told between them. */
  async value(role, name) {
    return this.on(role, name, (target) =>
      target.evaluate((element) => {
        const lines = [...element.querySelectorAll('.cm-line')];
        return element.value ?? (lines.length > 0 ? lines.map((line) => line.textContent).join('\n') : element.textContent);
      }),
    );
  }

  /** The accessible names of all elements of a role, in the page's order. */
  async names(role) {
    if (this.quick) return this.page.evaluate(inPage, role, null, true);
    const names = [];
    for (const element of await this.all(role)) names.push(await element.evaluate(accessibleName));
    return names;
  }

  /**
   * The full name of the element whose name starts so, such as the cell
   * `web-1, Pod, ` of the identity board; null if there is none.
   */
  async nameStartingWith(role, start) {
    const name = (await this.names(role)).find((found) => found.startsWith(start));
    if (name === undefined) return null;
    // The browser must agree on the name that was computed here.
    return (await this.has(role, name)) ? name : null;
  }

  /** Types a command at the empty prompt and presses Enter. */
  async command(line) {
    await this.fill('textbox', 'kubectl command', line);
    await this.key('Enter');
  }

  /** Waits until the terminal shows a text. */
  async terminalShows(text) {
    const shown = () => this.text('log', 'Terminal');
    await this.until(`the terminal shows ${text}`, async () => (await shown()).includes(text), shown);
  }

  /** The cell of an ordinal: `cell('web-1', 'Pod')`. */
  async cell(ordinal, part) {
    return this.nameStartingWith('gridcell', `${ordinal}, ${part}, `);
  }

  /** Waits until a cell's name matches; answers the name. */
  async cellMatching(ordinal, part, pattern, patience) {
    let name = null;
    await this.until(
      `${ordinal}, ${part} matches ${pattern}`,
      async () => pattern.test((name = (await this.cell(ordinal, part)) ?? '')),
      () => name,
      patience,
    );
    return name;
  }

  /** Calls a method of the public API: `api('run', 'kubectl get pods')`. */
  async api(method, ...args) {
    await this.until(`there is playground.${method}`, () =>
      this.page.evaluate((wanted) => typeof window.playground?.[wanted] === 'function', method),
    );
    return this.page.evaluate((wanted, given) => window.playground[wanted](...given), method, args);
  }

  /**
   * Waits until `holds` answers with something true, and returns it.
   *
   * @param {string} what what is waited for, for the message
   * @param {() => Promise<any>} holds
   * @param {() => Promise<string>} [otherwise] says what there was instead
   * @param {number} [patience] milliseconds
   */
  async until(what, holds, otherwise, patience = PATIENCE) {
    const end = Date.now() + patience;
    for (;;) {
      const answer = await holds().catch(duringNavigation);
      if (answer) return answer;
      if (Date.now() > end) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const instead = otherwise ? `; ${await otherwise()}` : '';
    throw new Error(`waited ${patience / 1000} s until ${what}${instead}`);
  }
}

/** A page that is being left cannot answer; the next one will. */
function duringNavigation(error) {
  if (/context was destroyed|detached|no such (frame|node)|discarded|navigat/i.test(error.message)) return null;
  throw error;
}

/**
 * Runs in the page: the elements of a role that a person can meet, by role attribute or by what their tag
 * is, and of a name if one is given; or only their names.
 */
function inPage(role, name, namesOnly) {
  const tags = {
    button: 'button, input[type=button], input[type=submit]',
    textbox: 'textarea, input:not([type]), input[type=text]',
    combobox: 'select:not([multiple])',
    heading: 'h1, h2, h3, h4, h5, h6',
    navigation: 'nav',
    link: 'a[href]',
    group: 'fieldset',
    status: 'output',
    dialog: 'dialog[open]',
  };
  const tidy = (text) => (text ?? '').replace(/\s+/g, ' ').trim();
  const textOf = (element) => {
    const spoken = element.cloneNode(true);
    for (const silent of spoken.querySelectorAll('[aria-hidden=true]')) silent.remove();
    return tidy(spoken.textContent);
  };
  const nameOf = (element) => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return tidy(by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' '));
    const label = tidy(element.getAttribute('aria-label'));
    if (label) return label;
    const labels = element.labels ? [...element.labels].map((one) => one.textContent).join(' ') : '';
    return tidy(labels) || tidy(element.getAttribute('alt')) || textOf(element) || tidy(element.title);
  };
  const shown = (element) =>
    element.getClientRects().length > 0 &&
    getComputedStyle(element).visibility !== 'hidden' &&
    !element.closest('[aria-hidden=true], [inert]');
  const implicit = (tags[role] ?? '').split(', ').filter(Boolean).map((tag) => `${tag}:not([role])`);
  const selector = [`[role=${role}]`, ...implicit].join(', ');
  const inside = (root) => {
    const hosts = [...root.querySelectorAll('.rich')].filter((element) => element.shadowRoot);
    return [...root.querySelectorAll(selector), ...hosts.flatMap((host) => inside(host.shadowRoot))];
  };
  const found = inside(document).filter(shown);
  if (namesOnly) return found.map(nameOf);
  return name === null ? found : found.filter((element) => nameOf(element) === name);
}

/** Runs in the page: the name by the common cases of the accname algorithm. */
function accessibleName(element) {
  const tidy = (text) => (text ?? '').replace(/\s+/g, ' ').trim();
  const labelledBy = element.getAttribute('aria-labelledby');
  if (labelledBy) {
    return tidy(labelledBy.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' '));
  }
  const label = tidy(element.getAttribute('aria-label'));
  if (label) return label;
  const labels = element.labels ? [...element.labels].map((one) => one.textContent).join(' ') : '';
  const own = element.getAttribute('alt') ?? '';
  const spoken = element.cloneNode(true);
  for (const silent of spoken.querySelectorAll('[aria-hidden=true]')) silent.remove();
  return tidy(labels) || tidy(own) || tidy(spoken.textContent) || tidy(element.getAttribute('title'));
}

/** Runs one test in a browser of its own session and returns its problems. */
export async function runTest({ name, options, body }, browser, site, shots) {
  const context = await browser.createBrowserContext();
  const problems = [];
  let page;
  try {
    page = await context.newPage();
    await page.setViewport(options.viewport ?? { width: 1280, height: 800 });
    await watch(page, site, problems);
    if (options.open !== null) await page.goto(site + (options.open ?? ''), { waitUntil: 'load' });
    const quick = (await browser.version()).toLowerCase().startsWith('firefox');
    const run = body({ page, screen: new Screen(page, quick), site, problems });
    await within(options.limit ?? LIMIT, run);
    // What is logged last needs a moment to arrive.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } catch (error) {
    problems.push(error.stack ?? String(error));
  }
  const left = unexpected(problems, options.expectsProblems ?? [], options.allowsProblems ?? []);
  if (left.length > 0 && page) await shoot(page, shots, name, left);
  await context.close();
  return left;
}

async function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the test took longer than ${limit / 1000} s`)), limit);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function watch(page, site, problems) {
  const origin = new URL(site).origin;
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`logged: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`thrown: ${error?.stack ?? error}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['data:', 'blob:', 'about:'].includes(url.protocol)) return;
    if (url.origin !== origin) problems.push(`asked another origin: ${url}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`answered ${response.status()}: ${response.url()}`);
  });
  await page.evaluateOnNewDocument(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy broken: ${event.effectiveDirective} by ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
    });
  });
}

/** The problems that no pattern covers, and the expected ones that did not come. */
function unexpected(problems, expected, allowed) {
  const covered = [...expected, ...allowed];
  const left = problems.filter((problem) => !covered.some((pattern) => pattern.test(problem)));
  const unmet = expected.filter((pattern) => !problems.some((problem) => pattern.test(problem)));
  return [...left, ...unmet.map((pattern) => `nothing went wrong as expected: ${pattern}`)];
}

async function shoot(page, folder, name, problems) {
  const path = `${folder}/${name.replace(/[^A-Za-z0-9]+/g, '-')}.png`;
  try {
    await within(5000, page.screenshot({ path }));
    problems.push(`picture: ${path}`);
  } catch (error) {
    problems.push(`no picture: ${error.message}`);
  }
}
