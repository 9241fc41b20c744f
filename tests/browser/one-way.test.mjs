// The main job with the keyboard alone, and with touch alone.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { webYaml } from './states.mjs';

async function cell(screen, ordinal, part, pattern, patience) {
  let name = null;
  await screen.until(
    `${ordinal}, ${part} matches ${pattern}`,
    async () => pattern.test((name = (await screen.cell(ordinal, part)) ?? '')),
    () => name,
    patience,
  );
}

const WRITE = "kubectl exec web-0 -- sh -c 'hostname > /usr/share/nginx/html/index.html'";

test('the main job by keyboard alone', { limit: 120_000 }, async ({ page, screen }) => {
  // A key that comes before the page is there is nobody's.
  await screen.api('state');
  await screen.key('Control+Enter');
  await cell(screen, 'web-0', 'Pod', /\S/);
  await screen.key('u');
  await cell(screen, 'web-1', 'Pod', /, Ready, /);
  await screen.key('/');
  await screen.until('the prompt has the focus', () => page.evaluate(() => document.activeElement.id === 'prompt'));
  await page.keyboard.type(WRITE);
  await screen.key('Enter');
  await cell(screen, 'web-0', 'Volume', /index\.html/);
  await screen.key('Escape');

  // The menu of the focused cell, from the board.
  await screen.key('b');
  await screen.until('the board has the focus', () => page.evaluate(() => document.activeElement.closest('[role=grid]') !== null));
  await screen.key('Enter');
  await screen.until('the menu is open', () => screen.has('menuitem', 'Delete the Pod'));
  const chosen = () => page.evaluate(() => document.activeElement.textContent);
  while (!(await chosen()).startsWith('Delete the Pod')) await screen.key('ArrowDown');
  await screen.key('Enter');
  // Its successor may come only after the command has ended, and with it the clock.
  await cell(screen, 'web-0', 'Pod', /^(?!.*, Ready, )|second Pod of this name/, 30_000);
  await screen.until('the clock has stopped', () => screen.has('button', 'Play'), undefined, 30_000);
  await screen.key('u');
  await cell(screen, 'web-0', 'Pod', /, Ready, .*second Pod of this name/);
  await cell(screen, 'web-0', 'Volume', /index\.html/);

  for (let more = 0; more < 3; more++) await screen.key('NumpadAdd');
  await screen.key('u');
  await cell(screen, 'web-4', 'Pod', /, Ready, /);
  const end = JSON.stringify(await screen.api('state'));
  // The board has the focus, whose arrows move in it; Tab leaves it.
  await page.evaluate(() => document.activeElement.blur());
  for (let steps = 0; steps < 10; steps++) await screen.key('ArrowLeft');
  assert.notEqual(JSON.stringify(await screen.api('state')), end);
  for (let steps = 0; steps < 10; steps++) await screen.key('ArrowRight');
  assert.equal(JSON.stringify(await screen.api('state')), end);
  await screen.key('Home');
  assert.deepEqual((await screen.api('state')).pods, []);
  await screen.key('End');
  assert.equal(JSON.stringify(await screen.api('state')), end);
});

const PHONE = { width: 390, height: 844, hasTouch: true, isMobile: true };

test('the main job by touch alone', { on: 'chromium', viewport: PHONE, limit: 120_000 }, async ({ page, screen }) => {
  const tap = async (role, name) => {
    const target = await screen.find(role, name);
    await target.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    const box = await target.boundingBox();
    assert.ok(box.width >= 43.5 && box.height >= 43.5, `${name} is ${box.width} × ${box.height}, too small for a finger`);
    await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  };
  await tap('tab', 'YAML');
  await tap('button', 'Apply');
  await tap('tab', 'Board');
  await tap('button', 'Run until stable');
  await cell(screen, 'web-1', 'Pod', /, Ready, /);
  await tap('tab', 'Terminal');
  const prompt = await (await screen.find('textbox', 'kubectl command')).boundingBox();
  await page.touchscreen.tap(prompt.x + 40, prompt.y + prompt.height / 2);
  await page.keyboard.type(WRITE);
  await screen.key('Enter');
  await tap('tab', 'Board');
  await cell(screen, 'web-0', 'Volume', /index\.html/);
  await tap('button', 'Actions for web-0');
  await tap('menuitem', 'Delete the Pod');
  // Its successor may come only after the command has ended, and with it the clock.
  await cell(screen, 'web-0', 'Pod', /^(?!.*, Ready, )|second Pod of this name/, 30_000);
  await screen.until('the clock has stopped', () => screen.has('button', 'Play'), undefined, 30_000);
  await tap('button', 'Run until stable');
  await cell(screen, 'web-0', 'Pod', /, Ready, .*second Pod of this name/);
  await tap('button', 'Scale up to 3');
  await tap('button', 'Run until stable');
  await cell(screen, 'web-2', 'Pod', /, Ready, /);
  const end = JSON.stringify(await screen.api('state'));
  await tap('button', 'Step back');
  assert.notEqual(JSON.stringify(await screen.api('state')), end);
  await tap('button', 'Step');
  assert.equal(JSON.stringify(await screen.api('state')), end);

  // The playhead under a finger goes back to the beginning.
  const handle = await (await screen.find('slider', 'Timeline')).boundingBox();
  const finger = await page.touchscreen.touchStart(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await finger.move(120, handle.y + handle.height / 2);
  await finger.move(10, handle.y + handle.height / 2);
  await finger.end();
  await screen.until('it is the beginning', async () => (await screen.api('state')).time === 0);
});

test('a menu lies above all that would cut it off', { viewport: { width: 760, height: 560 } }, async ({ page, screen }) => {
  await screen.api('apply', await webYaml());
  await screen.api('runUntilStable');
  await screen.press('button', 'Actions for web-1');
  const entries = await screen.all('menuitem');
  const seen = (entry) => entry.evaluate((one) => {
    one.scrollIntoView({ block: 'nearest' });
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight && one.contains(there);
  });
  for (const [at, entry] of entries.entries()) assert.ok(await seen(entry), `entry ${at} can be seen`);
  assert.ok(entries.length >= 8);
  const { height } = await (await screen.all('menu'))[0].boundingBox();
  assert.ok(height > 300, `${height} px`);
  await page.keyboard.press('Escape');
  assert.equal((await screen.all('menu')).length, 0);
});

test('menus stay in sight on a phone', { on: 'chromium', viewport: PHONE }, async ({ screen }) => {
  await screen.api('apply', await webYaml());
  await screen.api('runUntilStable');
  for (const of of ['web', 'web-0', 'node-1', 'node-3']) {
    await screen.press('button', `Actions for ${of}`);
    const box = await (await screen.all('menu'))[0].boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `the menu of ${of} lies from ${box.x} to ${box.x + box.width}`);
    await screen.key('Escape');
  }
});
