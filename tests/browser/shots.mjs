// Photographs every state of the screen in every theme, size and language, and has axe look at each:
//   node shots.mjs chromium PROGRAM SITE FOLDER [--no-axe] [--no-pictures] [FILTER]
// FILTER is a part of `STATE-SIZE-THEME-LANGUAGE`. The last line counts what axe passed. With --docs instead it makes
// the pictures of README.md, docs/*.webp.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium } from './launch.mjs';
import { serve } from './site.mjs';
import { Album, LANGUAGES, SIZES, THEMES, axeSource, overflow, states, violations } from './states.mjs';

/** The pictures of README.md: a state in a size, theme and language. */
const DOCS = [
  'update-desktop-dark-en',
  'creating-desktop-light-en',
  'node-lost-desktop-light-en',
  'split-brain-desktop-light-en',
  'kept-desktop-light-en',
  'branch-desktop-light-en',
  'grid-desktop-light-en',
  'partition-desktop-light-ko',
  'creating-phone-light-en',
  'creating-embed-light-en',
];

const [, program, folder, shots, ...rest] = process.argv.slice(2);
const docs = rest.includes('--docs');
const withAxe = !docs && !rest.includes('--no-axe');
const withPictures = !rest.includes('--no-pictures');
const filter = rest.find((one) => !one.startsWith('--')) ?? '';
const wanted = docs ? (name) => DOCS.includes(name) : (name) => name.includes(filter);

/** What differs between two themes. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

if (withPictures) await mkdir(shots, { recursive: true });
const site = await serve(folder);
const browser = await launchChromium(program);
const context = await browser.createBrowserContext();
const album = new Album(() => context.newPage(), site.address);
const axe = await axeSource();
let [passed, failed] = [0, 0];
for (const state of await states()) {
  const looks = Object.keys(SIZES).flatMap((size) =>
    LANGUAGES.flatMap((language) => THEMES.map((theme) => ({ size, language, theme }))),
  );
  const named = looks.map((look) => ({ ...look, name: `${state.name}-${look.size}-${look.theme}-${look.language}` }));
  const chosen = named.filter(({ name }) => wanted(name));
  if (chosen.length === 0) continue;
  await album.turnTo(state);
  let last = '';
  for (const { size, language, theme, name } of chosen) {
    const page = await album.show(size, language, theme);
    const path = join(shots, docs ? `${name}.webp` : `${name}.png`);
    if (withPictures) await page.screenshot(docs ? { path, type: 'webp', quality: 82 } : { path });
    const faults = withAxe ? await violations(page, axe, last === size + language ? COLOURS : null) : [];
    last = size + language;
    const over = await overflow(page);
    if (over > 0) faults.push(`${over} px do not fit`);
    if (faults.length === 0) passed++;
    else failed++;
    for (const fault of faults) console.log(`${name}: ${fault}`);
  }
}
await browser.close();
site.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
