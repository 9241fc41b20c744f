// The main job as a newcomer does it, from the first click to the way back.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';

/** The rows of the board that stand for a Pod which is there. */
async function pods(screen) {
  return (await screen.names('gridcell')).filter((name) => /, Pod, .*revision r/.test(name));
}

const address = (name) => name.match(/10\.244\.\d+\.\d+/)?.[0];

test('the main job: apply, watch, write a file, lose a Pod, scale, go back and forward', { limit: 120_000 }, async ({ screen }) => {
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  for (const ordinal of ['web-0', 'web-1']) {
    await screen.cellMatching(ordinal, 'Pod', /, Ready, /);
    await screen.cellMatching(ordinal, 'DNS', /, A 10\.244\./);
    await screen.cellMatching(ordinal, 'Claim', /, Bound, /);
  }

  await screen.command("kubectl exec web-0 -- sh -c 'hostname > /usr/share/nginx/html/index.html'");
  const volume = await screen.cellMatching('web-0', 'Volume', /index\.html/);
  const claim = await screen.cell('web-0', 'Claim');
  const before = address(await screen.cell('web-0', 'Pod'));

  await screen.command('kubectl delete pod web-0');
  // The command ends, and the clock stops, when the old Pod is gone; its successor may not be there yet.
  await screen.cellMatching('web-0', 'Pod', /, Empty, |second Pod of this name/, 30_000);
  await screen.press('button', 'Run until stable');
  const back = await screen.cellMatching('web-0', 'Pod', /, Ready, .*second Pod of this name/);
  assert.notEqual(address(back), before, 'the new Pod has a new address');
  assert.equal(await screen.cell('web-0', 'Claim'), claim, 'the claim is the same');
  assert.equal(await screen.cell('web-0', 'Volume'), volume, 'the volume and its file are the same');
  await screen.cellMatching('web-0', 'DNS', new RegExp(`, A ${address(back).replaceAll('.', '\\.')}`));

  await screen.command('kubectl scale sts web --replicas=5');
  await screen.press('button', 'Run until stable');
  await screen.cellMatching('web-4', 'Pod', /, Ready, /, 30_000);
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
