// The official tutorial, pasted block by block as a reader does (tests/seeds/1-statefulset-basics.md).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from './harness.mjs';

const PAGE = new URL('../seeds/1-statefulset-basics.md', import.meta.url);
const PARALLEL = new URL('../seeds/web-parallel.yaml', import.meta.url);

/** The blocks of commands with what they print; watches and shells inside Pods are for two terminals. */
function blocks() {
  const found = [...readFileSync(PAGE, 'utf8').matchAll(/```shell\n([\s\S]*?)```(?:\n+```\n([\s\S]*?)```)?/g)];
  return found
    .map(([, commands, output]) => ({ commands, output: output ?? '' }))
    .filter(({ commands }) => !/ -w|kubectl run|nslookup/.test(commands));
}

async function paste(screen, text) {
  const prompt = await screen.find('textbox', 'kubectl command');
  await prompt.evaluate((element, pasted) => {
    element.focus();
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    if (element.dispatchEvent(event)) document.execCommand('insertText', false, pasted.trimEnd());
  }, text);
  if (await screen.value('textbox', 'kubectl command')) await screen.key('Enter');
}

/** What stays the same: ages, addresses and generated names do not, nor does the width of columns. */
const steady = (text) =>
  text
    .replace(/pvc-[0-9a-f]{8}-[0-9a-f-]{27}/g, 'pvc-…')
    .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, '…')
    .replace(/(^|\s)(\d+[smhd])+(?=\s|$)/gm, '$1…')
    .replace(/\s+/g, ' ')
    .trim();

// Firefox lets no script make a paste that carries text.
test('the tutorial works when it is pasted', { on: 'chromium', limit: 240_000 }, async ({ screen }) => {
  const manifest = readFileSync(PARALLEL, 'utf8').trimEnd();
  await paste(screen, `cat <<'EOF' > web-parallel.yaml\n${manifest}\nEOF\n`);
  const all = blocks();
  assert.ok(all.length > 30, `${all.length} blocks`);
  for (const { commands, output } of all) {
    await paste(screen, commands);
    await screen.api('runUntilStable');
    const line = commands.trim().split('\n').at(-1).trim();
    let printed = '';
    await screen.until(
      `${line} prints ${output}`,
      async () => {
        const log = await screen.text('log', 'Terminal');
        printed = steady(log.slice(log.lastIndexOf(line) + line.length));
        return printed.includes(steady(output));
      },
      async () => `it prints ${printed}`,
      20_000,
    );
  }
});
