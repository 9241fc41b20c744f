// axe finds nothing to complain about in any state of the screen. Each state is looked at in one theme and one
// size here, so that every size and theme has its share; `cargo xtask shots` looks at all of them.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { SIZES, THEMES, axeSource, dress, fit, overflow, play, states, violations } from './states.mjs';

const axe = await axeSource();
const sizes = Object.keys(SIZES);
for (const [number, state] of (await states()).entries()) {
  const size = sizes[number % sizes.length];
  const theme = THEMES[Math.floor(number / sizes.length) % THEMES.length];
  test(`axe: ${state.name}, ${size}, ${theme}`, { on: 'chromium' }, async ({ page, site }) => {
    await play(page, state);
    await fit(page, site, state, size);
    await dress(page, theme);
    assert.deepEqual(await violations(page, axe), []);
    assert.ok((await overflow(page)) <= 0, 'something does not fit');
  });
}
