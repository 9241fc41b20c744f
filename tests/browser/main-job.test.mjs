// The main job as a newcomer does it, from the first click to the way back.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';

async function command(screen, line) {
  await screen.fill('textbox', 'kubectl command', line);
  await screen.key('Enter');
}

/** Waits until a cell's name matches; answers the name. */
async function cell(screen, ordinal, part, pattern, patience) {
  let name = null;
  await screen.until(
    `${ordinal}, ${part} matches ${pattern}`,
    async () => pattern.test((name = (await screen.cell(ordinal, part)) ?? '')),
    () => name,
    patience,
  );
  return name;
}

/** The rows of the board that stand for a Pod which is there. */
async function pods(screen) {
  return (await screen.names('gridcell')).filter((name) => /, Pod, .*revision r/.test(name));
}

const address = (name) => name.match(/10\.244\.\d+\.\d+/)?.[0];

test('the main job: apply, watch, write a file, lose a Pod, scale, go back and forward', { limit: 120_000 }, async ({ screen }) => {
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  for (const ordinal of ['web-0', 'web-1']) {
    await cell(screen, ordinal, 'Pod', /, Ready, /);
    await cell(screen, ordinal, 'DNS', /, A 10\.244\./);
    await cell(screen, ordinal, 'Claim', /, Bound, /);
  }

  await command(screen, "kubectl exec web-0 -- sh -c 'hostname > /usr/share/nginx/html/index.html'");
  const volume = await cell(screen, 'web-0', 'Volume', /index\.html/);
  const claim = await screen.cell('web-0', 'Claim');
  const before = address(await screen.cell('web-0', 'Pod'));

  await command(screen, 'kubectl delete pod web-0');
  // The command ends, and the clock stops, when the old Pod is gone; its successor may not be there yet.
  await cell(screen, 'web-0', 'Pod', /, Empty, |second Pod of this name/, 30_000);
  await screen.press('button', 'Run until stable');
  const back = await cell(screen, 'web-0', 'Pod', /, Ready, .*second Pod of this name/);
  assert.notEqual(address(back), before, 'the new Pod has a new address');
  assert.equal(await screen.cell('web-0', 'Claim'), claim, 'the claim is the same');
  assert.equal(await screen.cell('web-0', 'Volume'), volume, 'the volume and its file are the same');
  await cell(screen, 'web-0', 'DNS', new RegExp(`, A ${address(back).replaceAll('.', '\\.')}`));

  await command(screen, 'kubectl scale sts web --replicas=5');
  await screen.press('button', 'Run until stable');
  await cell(screen, 'web-4', 'Pod', /, Ready, /, 30_000);
  assert.equal((await pods(screen)).length, 5);
  const end = JSON.stringify(await screen.api('state'));

  let steps = 0;
  while ((await pods(screen)).length > 2) {
    await screen.press('button', 'Step back');
    assert.ok(++steps < 200, 'two Pods are a finite number of steps away');
  }
  assert.deepEqual((await pods(screen)).map((name) => name.slice(0, 5)), ['web-0', 'web-1']);
  await screen.press('button', 'Step');
  while (JSON.stringify(await screen.api('state')) !== end) {
    await screen.press('button', 'Step');
    assert.ok(--steps > -5, 'the end is as many steps away');
  }
  assert.equal((await pods(screen)).length, 5);
});
