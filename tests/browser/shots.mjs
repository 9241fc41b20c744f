// Photographs every state of the screen in every theme and size, and has axe look at each:
//   node shots.mjs chromium PROGRAM SITE FOLDER [--no-axe] [FILTER]
// FILTER is a part of `STATE-SIZE-THEME`. The last line counts what axe passed.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium } from './launch.mjs';
import { serve } from './site.mjs';
import { SIZES, THEMES, axeSource, dress, fit, overflow, play, states, violations } from './states.mjs';

const [, program, folder, shots, ...rest] = process.argv.slice(2);
const withAxe = !rest.includes('--no-axe');
const filter = rest.find((one) => !one.startsWith('--')) ?? '';

await mkdir(shots, { recursive: true });
const site = await serve(folder);
const browser = await launchChromium(program);
const axe = await axeSource();
let [passed, failed] = [0, 0];
for (const state of await states()) {
  const names = (size) => THEMES.map((theme) => [theme, `${state.name}-${size}-${theme}`]);
  const chosen = (size) => names(size).filter(([, name]) => name.includes(filter));
  const sizes = Object.keys(SIZES).filter((size) => chosen(size).length > 0);
  if (sizes.length === 0) continue;
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(site.address, { waitUntil: 'load' });
  await play(page, state);
  for (const size of sizes) {
    await fit(page, site.address, state, size);
    for (const [theme, name] of chosen(size)) {
      await dress(page, theme);
      await page.screenshot({ path: join(shots, `${name}.png`) });
      const faults = withAxe ? await violations(page, axe) : [];
      const over = await overflow(page);
      if (over > 0) faults.push(`${over} px do not fit`);
      if (faults.length === 0) passed++;
      else failed++;
      for (const fault of faults) console.log(`${name}: ${fault}`);
    }
  }
  await context.close();
}
await browser.close();
site.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
