// axe finds nothing to complain about in any state of the screen. Here every second state is looked at, in one theme,
// size and language; which ones changes from day to day, so that in 32 days each state has been seen in all of them.
// `TURN=5` repeats the run of another day. `cargo xtask soak` and `cargo xtask shots` look at everything.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { Album, LANGUAGES, SIZES, THEMES, axeSource, overflow, states, violations } from './states.mjs';

const looks = Object.keys(SIZES).flatMap((size) => LANGUAGES.flatMap((language) => THEMES.map((theme) => [size, language, theme])));
const turn = Number(process.env.TURN ?? Math.floor(Date.now() / 86_400_000));

test(`axe: every second state, turn ${turn}`, { on: 'chromium', open: null, limit: 300_000 }, async ({ page, site }) => {
  const album = new Album(() => page.browserContext().newPage(), site);
  const axe = await axeSource();
  const faults = [];
  for (const [number, state] of (await states()).entries()) {
    if ((number + turn) % 2 > 0) continue;
    // 5 and 16 have no common divisor: neighbours differ, and so do the days on which a state has its turn.
    const [size, language, theme] = looks[(number * 5 + (turn >> 1)) % looks.length];
    await album.turnTo(state);
    const shown = await album.show(size, language, theme);
    const found = await violations(shown, axe);
    if ((await overflow(shown)) > 0) found.push('something does not fit');
    faults.push(...found.map((fault) => `${state.name}, ${size}, ${language}, ${theme}: ${fault}`));
  }
  assert.deepEqual(faults, []);
});
