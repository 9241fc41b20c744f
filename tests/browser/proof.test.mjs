// What the page is held to: the figures of the recordings, and the rule behind each sentence.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from './harness.mjs';

const conformance = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'conformance');

test('the Why line names its rule and a recording that is there, in both languages', async ({ screen }) => {
  await screen.press('button', 'Apply');
  await screen.until('the controller has acted', async () => {
    await screen.press('button', 'Step');
    return /Waiting for web-0/.test(await screen.text('status', 'Why'));
  });
  assert.equal(await screen.has('note', 'Why so?'), false);
  await screen.press('button', 'Why so?');
  const note = await screen.text('note', 'Why so?');
  assert.match(note, /^With OrderedReady /);
  assert.match(note, /Rule R1\.27, processReplica in pkg\/controller\/statefulset\/stateful_set_control\.go/);
  const [recording] = note.match(/transcripts\/\S+/) ?? [];
  assert.ok(existsSync(join(conformance, recording)), `${recording} is there`);
  await screen.press('button', '한국어');
  assert.match(await screen.text('note', '근거'), /^OrderedReady에서는/);
  assert.match(await screen.text('note', '근거'), /규칙 R1\.27/);
  await screen.press('button', '근거');
  assert.equal(await screen.has('note', '근거'), false);
});

test('the ground of the Why line follows what it says', async ({ screen }) => {
  await screen.press('button', 'Why so?');
  assert.match(await screen.text('note', 'Why so?'), /Rule R1\.10/);
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  await screen.until('it says why nothing happens', async () => /Rule R1\.28/.test(await screen.text('note', 'Why so?')));
});

test('help says how far the recordings agree, and lists what differs, as the last run wrote it', async ({ screen, page }) => {
  const rows = readFileSync(join(conformance, 'figures.tsv'), 'utf8').trim().split('\n').map((line) => line.split('\t'));
  const sum = (column) => rows.reduce((total, row) => total + Number(row[column]), 0);
  await screen.press('button', 'Kubernetes v1.36');
  const help = () => page.evaluate(() => document.querySelector('dialog').innerText);
  await screen.until('help is open', async () => (await help()).includes('Checked against'));
  assert.ok((await help()).includes(`recordings of Kubernetes v1.36.3: ${sum(1)} of ${sum(1) + sum(2)}`), await help());
  for (const [kind, passed, failed] of rows) {
    assert.ok((await help()).includes(`${kind}: ${passed} of ${Number(passed) + Number(failed)}`), kind);
  }
  await page.evaluate(() => document.querySelector('dialog details').setAttribute('open', ''));
  const known = readFileSync(join(conformance, 'KNOWN.md'), 'utf8').split('\n').filter((line) => line.startsWith('- '));
  const listed = await page.evaluate(() => document.querySelectorAll('dialog details li').length);
  assert.equal(listed, known.length);
});
