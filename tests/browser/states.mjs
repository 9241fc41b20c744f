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
const LOOKED_AT_NATIVELY = ['why', 'way', 'next', 'pod', 'slot', 'dns', 'claim', 'node'];

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

export const LANGUAGES = ['en', 'ko'];

/**
 * Pages that stay open while states pass through them: a link that is opened in a page changes its world without
 * loading anything. One page per language, and one each for the embed, as the address decides on both.
 */
export class Album {
  /** `newPage` opens an empty page. */
  constructor(newPage, site) {
    Object.assign(this, { newPage, site, pages: new Map(), state: null, link: '', turns: 0 });
  }

  /** Plays a state. */
  async turnTo(state) {
    const place = await this.place(false, 'en');
    this.state = state;
    await this.open(place, place.fresh, null);
    await play(place.page, state);
    this.link = await new Screen(place.page).api('link');
    place.state = state;
  }

  /** The page with the state in a size, a language and a theme. */
  async show(size, language, theme) {
    const place = await this.place(size === 'embed', language);
    const { page } = place;
    const { width, height } = SIZES[size];
    const { width: before, height: high } = page.viewport();
    if (before !== width || high !== height) await page.setViewport(SIZES[size]);
    await page.evaluate((large) => {
      if (large) document.documentElement.dataset.size = 'large';
      else delete document.documentElement.dataset.size;
    }, size === 'projector');
    if (place.state !== this.state) await this.open(place, this.link, this.state);
    await press(place, this.state);
    await dress(page, theme);
    return page;
  }

  async place(embed, language) {
    const key = `${embed} ${language}`;
    if (!this.pages.has(key)) {
      const page = await this.newPage();
      await page.setViewport(embed ? SIZES.embed : SIZES.desktop);
      const place = { page, embed, language, pressed: new Set() };
      await this.load(place);
      place.fresh = await new Screen(page).api('link');
      this.pages.set(key, place);
    }
    const place = this.pages.get(key);
    // A page behind another draws nothing.
    await place.page.bringToFront();
    return place;
  }

  async load({ page, embed, language }) {
    const query = new URLSearchParams({ lang: language });
    if (embed) query.set('embed', '');
    await page.goto('about:blank');
    await page.goto(`${this.site}?${query}`, { waitUntil: 'load' });
    await new Screen(page).api('state');
  }

  /** Opens a link in a page that is there. */
  async open(place, link, state) {
    // What was opened by hand, such as a menu, is none of the world's: only a new page has it closed for sure.
    if ([...place.pressed].some((line) => !line.startsWith('press tab '))) await this.load(place);
    place.pressed = new Set();
    place.state = state;
    this.turns += 1;
    await place.page.evaluate(
      (fragment) =>
        new Promise((done) => {
          document.activeElement?.blur();
          window.addEventListener('hashchange', () => setTimeout(done), { once: true });
          location.hash = fragment;
        }),
      `${link.slice(link.indexOf('#') + 1)}&turn=${this.turns}`,
    );
  }
}

/** The catalogue of messages of a language, by id. */
async function catalogue(language) {
  const text = await readFile(new URL(`../../texts/${language}/screen.txt`, import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => / = /.test(line) && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(' = ')), line.slice(line.indexOf(' = ') + 3)]));
}

/** A name on the screen, as another language has it. */
async function translated(name, language) {
  if (language === 'en') return name;
  const [english, other] = [await catalogue('en'), await catalogue(language)];
  const quoted = (text) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  for (const [id, message] of english) {
    const found = name.match(new RegExp(`^${quoted(message).replace(/\{(\w+)\}/g, '(?<$1>.+)')}$`));
    if (found) return other.get(id).replace(/\{(\w+)\}/g, (_, slot) => found.groups[slot]);
  }
  throw new Error(`no message is "${name}"`);
}

/** Opens what the state wants open, where this size has it and it is not open yet. */
async function press({ page, pressed, language }, state) {
  for (const line of state.lines.filter((one) => one.startsWith('press ') && !pressed.has(one))) {
    const [, role, name] = line.match(/^press (\S+) (.*)$/);
    const found = await page.evaluate(
      (wantedRole, wanted) => {
        const all = [...document.querySelectorAll(wantedRole === 'button' ? 'button' : `[role=${wantedRole}]`)];
        const target = all.find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === wanted);
        const there = target?.getClientRects().length > 0;
        if (there) target.click();
        return there;
      },
      role,
      await translated(name, language),
    );
    if (found) pressed.add(line);
  }
}

/** Gives the page a theme, and waits until what moves in has moved in. */
export async function dress(page, theme) {
  await page.evaluate(async (wanted) => {
    document.documentElement.setAttribute('data-theme', wanted);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)));
  }, theme);
}

/** The source of axe, as its npm package has it. */
export function axeSource() {
  return readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
}

/**
 * What axe finds wrong in the page as it is: one line per element. With `rules` only these are tried: another theme
 * changes colours and nothing else.
 */
export async function violations(page, axe, rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(
    (runOnly) => window.axe.run(document, { resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) }),
    rules ?? null,
  );
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message})`),
  );
}

/** What does not fit: pixels of content beyond the window's width. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
