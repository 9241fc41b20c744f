// The states of the screen: plays `tests/states.txt` in a page through its public API, and photographs them
// or has axe look at them in every theme and size.

import { readFile } from 'node:fs/promises';
import { Screen } from './harness.mjs';

/** The sizes that the screen is made for; `large` is the setting for a projector. */
export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
  embed: { width: 760, height: 560 },
  projector: { width: 1920, height: 1080 },
};

export const THEMES = ['light', 'dark'];

/** The states of the table: their names and lines. */
export async function states() {
  const table = await readFile(new URL('../states.txt', import.meta.url), 'utf8');
  const states = [];
  for (const line of table.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('state ')) states.push({ name: line.slice(6), lines: [] });
    else states.at(-1).lines.push(line);
  }
  return states;
}

/** The manifest that the editor begins with. */
export function webYaml() {
  return readFile(new URL('../../src/session/web.yaml', import.meta.url), 'utf8');
}

/** What the native test looks at (src/session/states.rs), where it is exact. */
const LOOKED_AT_NATIVELY = ['why', 'pod', 'slot', 'dns', 'claim', 'node'];

/** Plays a state in a fresh page; what is pressed comes later, as it differs with the size. */
export async function play(page, state) {
  const screen = new Screen(page);
  let file = await webYaml();
  const breaks = (text) => text.replaceAll('\\n', '\n');
  for (const line of state.lines) {
    const space = line.indexOf(' ');
    const [verb, rest] = space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)];
    if (verb === 'settings') await screen.api('configure', JSON.parse(rest));
    else if (verb === 'edit') {
      const [old, now] = rest.split(' => ').map(breaks);
      if (!file.includes(old)) throw new Error(`${state.name}: ${old} is not in web.yaml`);
      file = file.replace(old, () => now);
    } else if (verb === 'apply') await screen.api('apply', file);
    else if (verb === '$') await screen.api('run', rest);
    else if (verb === '&') page.evaluate((text) => void window.playground.run(text), rest);
    else if (verb === 'stable') await screen.api('runUntilStable');
    else if (verb === 'wait') await screen.api('seek', (await screen.api('state')).time + Number(rest));
    else if (verb === 'step' || verb === 'back') await screen.api(verb, Number(rest));
    else if (verb !== 'press' && !LOOKED_AT_NATIVELY.includes(verb)) throw new Error(`${state.name}: ${line}?`);
  }
}

/** Opens what the state wants open, where this size has it. */
async function press(page, state) {
  for (const line of state.lines.filter((one) => one.startsWith('press '))) {
    const [, role, name] = line.match(/^press (\S+) (.*)$/);
    await page.evaluate(
      (wantedRole, wanted) => {
        const all = [...document.querySelectorAll(wantedRole === 'button' ? 'button' : `[role=${wantedRole}]`)];
        const found = all.find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === wanted);
        if (found?.getClientRects().length > 0) found.click();
      },
      role,
      name,
    );
  }
}

/** Opens the page's state in a size. */
export async function fit(page, site, state, size) {
  await page.setViewport(SIZES[size]);
  const link = await new Screen(page).api('link');
  const query = new URLSearchParams({ lang: 'en' });
  if (size === 'embed') query.set('embed', '');
  if (size === 'projector') query.set('size', 'large');
  await page.goto('about:blank');
  await page.goto(`${site}?${query}${link.slice(link.indexOf('#'))}`, { waitUntil: 'load' });
  await new Screen(page).api('state');
  await press(page, state);
}

/** Gives the page a theme, and waits until what moves in has moved in. */
export async function dress(page, theme) {
  await page.evaluate((wanted) => document.documentElement.setAttribute('data-theme', wanted), theme);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))));
}

/** The source of axe, as its npm package has it. */
export function axeSource() {
  return readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
}

/** What axe finds wrong in the page as it is: one line per element. */
export async function violations(page, axe) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message})`),
  );
}

/** What does not fit: pixels of content beyond the window's width. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
