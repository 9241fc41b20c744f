// The page by its roles and names: what a person sees and does on the first screen.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';

/** Presses Apply and runs until the two Pods of the tutorial's manifest are Ready. */
async function applied(screen) {
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  await screen.until('web-1 is Ready', async () => (await screen.cell('web-1', 'Pod'))?.includes(', Ready, '));
}

/** The state as text: equal states have equal texts. */
async function state(screen) {
  return JSON.stringify(await screen.api('state'));
}

test('a fresh page shows web.yaml, an empty board and the terminal, and nothing is applied', async ({ screen }) => {
  assert.match(await screen.value('textbox', 'web.yaml'), /^apiVersion: v1\nkind: Service/);
  assert.match(await screen.text('grid', 'Identity board'), /The cluster is empty/);
  await screen.find('textbox', 'kubectl command');
  assert.match(await screen.text('status', 'Why'), /Nothing is applied yet/);
  for (const tab of ['Terminal', 'Watch', 'Events', 'Writes', 'Nodes']) await screen.find('tab', tab);
  for (const [role, name] of [
    ['toolbar', 'Time'],
    ['combobox', 'Speed'],
    ['slider', 'Timeline'],
    ['timer', 'Virtual time'],
    ['button', 'Share'],
    ['group', 'Language'],
    ['button', 'Theme'],
    ['navigation', 'Lessons'],
  ]) {
    await screen.find(role, name);
  }
  assert.deepEqual((await screen.api('state')).pods, []);
});

test('Apply creates the set, and running until stable makes both Pods Ready', async ({ screen }) => {
  await applied(screen);
  assert.match(await screen.cell('web-0', 'Pod'), /^web-0, Pod, Ready, revision r1, node-\d, 10\.244\.\d+\.\d+, first Pod of this name$/);
  assert.match(await screen.cell('web-0', 'DNS'), /^web-0, DNS, A 10\.244\.\d+\.\d+$/);
  assert.match(await screen.cell('web-1', 'Claim'), /^web-1, Claim, Bound, www-web-1, 1Gi$/);
  assert.match(await screen.cell('web-1', 'Volume'), /^web-1, Volume, pvc-/);
  assert.match(await screen.text('status', 'Why'), /^Nothing to do: both Pods/);
  await screen.terminalShows('kubectl apply -f web.yaml');
  await screen.terminalShows('statefulset.apps/web created');
});

test('Step back is the exact inverse of Step', async ({ screen }) => {
  await screen.press('button', 'Apply');
  const states = [await state(screen)];
  for (let step = 0; step < 8; step++) {
    await screen.press('button', 'Step');
    states.push(await state(screen));
  }
  for (let step = 8; step > 0; step--) {
    assert.equal(await state(screen), states[step], `after ${step} steps`);
    await screen.press('button', 'Step back');
  }
  assert.equal(await state(screen), states[0]);
});

test('an action on the board is a command in the terminal', async ({ screen }) => {
  await applied(screen);
  await screen.press('button', 'Scale up to 3');
  await screen.terminalShows('kubectl scale sts web --replicas=3');
  await screen.terminalShows('from the board');
  assert.match(await screen.cell('web-2', 'Pod'), /Not created yet/);
  await screen.press('button', 'Actions for web-0');
  await screen.press('menuitem', 'Delete the Pod');
  await screen.terminalShows('kubectl delete pod web-0');
});

test('acting in the past starts a branch, and the old future can be restored', async ({ screen }) => {
  await applied(screen);
  const stable = await state(screen);
  await screen.api('back', 5);
  await screen.command('kubectl label sts web team=a');
  await screen.terminalShows('statefulset.apps/web labeled');
  assert.notEqual(await state(screen), stable);
  await screen.press('button', 'Restore');
  await screen.until('the old future is back', async () => (await state(screen)) === stable);
});

test('the terminal remembers lines, and a wrong one costs nothing', async ({ screen }) => {
  await screen.command('kubectl get pods');
  await screen.terminalShows('No resources found in default namespace.');
  await screen.command('kubectl gte pods');
  await screen.terminalShows('unknown command "gte" for "kubectl"');
  await screen.key('ArrowUp');
  await screen.key('ArrowUp');
  assert.equal(await screen.value('textbox', 'kubectl command'), 'kubectl get pods');
  await screen.key('ArrowDown');
  assert.equal(await screen.value('textbox', 'kubectl command'), 'kubectl gte pods');
});

test('a waiting command starts the clock and stops with it', async ({ screen }) => {
  await applied(screen);
  const before = (await screen.api('state')).time;
  await screen.command('kubectl rollout restart sts/web; kubectl rollout status sts/web');
  await screen.until(
    'the rollout is done',
    async () => (await screen.text('log', 'Terminal')).includes('roll out complete'),
    () => screen.text('log', 'Terminal'),
    30_000,
  );
  await screen.find('button', 'Play');
  assert.ok((await screen.api('state')).time > before);
  assert.match(await screen.cell('web-0', 'Pod'), /revision r2, .*second Pod of this name/);
});

test('what says that the clock runs goes when the clock is run in another way', async ({ page, screen }) => {
  await applied(screen);
  const says = () => page.evaluate(() => document.body.innerText.includes('waits, so the clock runs'));
  await screen.command('kubectl delete pod web-0');
  await screen.until('the page says why the clock runs', says);
  await screen.press('button', 'Run until stable');
  await screen.cellMatching('web-0', 'Pod', /, Ready, .*second Pod of this name/);
  assert.equal(await says(), false);
});

test('the terminal stays at its end when it or its text changes its size, until one scrolls up', async ({ page, screen }) => {
  const gap = () => page.evaluate(() => {
    const panel = document.getElementById('panel-terminal');
    return panel.scrollHeight - panel.scrollTop - panel.clientHeight;
  });
  const atEnd = (when) => screen.until(`the end is in sight ${when}`, async () => (await gap()) < 2, gap);
  await screen.command('seq 1 60');
  await atEnd('after output');
  await page.evaluate(() => (document.documentElement.dataset.size = 'large'));
  await atEnd('with larger text');
  await page.setViewport({ width: 1280, height: 600 });
  await atEnd('in a lower window');
  await page.evaluate(() => delete document.documentElement.dataset.size);
  await page.setViewport({ width: 1280, height: 900 });
  await atEnd('in a higher window');
  await page.evaluate(() => document.getElementById('panel-terminal').scrollBy(0, -200));
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))));
  await screen.api('run', 'seq 61 70');
  await screen.until('the lines are there', async () => (await screen.text('log', 'Terminal')).includes('70'));
  assert.ok((await gap()) > 200, 'what one reads stays in sight');
});

test('ten thousand lines are drawn, all are copied or saved', { limit: 120_000 }, async ({ page, screen }) => {
  const log = () => screen.text('log', 'Terminal');
  await screen.command('seq 1 9000; seq 9001 12345');
  await screen.until('the last line is drawn', async () => (await log()).includes('12345'), undefined, 20_000);
  assert.match(await page.evaluate(() => document.body.innerText), /2,?400 older lines are not drawn/);
  const drawn = await page.evaluate(() => [...document.querySelectorAll('#panel-terminal .lines > div')].map((line) => line.textContent));
  assert.deepEqual([drawn[0], drawn.at(-1), drawn.length], ['2400', '12345', 9946]);
  const gap = () => page.evaluate(() => {
    const panel = document.getElementById('panel-terminal');
    return panel.scrollHeight - panel.scrollTop - panel.clientHeight;
  });
  await screen.until('the end is in sight', async () => (await gap()) < 24, gap);
  const typed = await page.evaluate(async () => {
    const input = document.getElementById('prompt');
    const start = performance.now();
    input.value = 'echo quick';
    input.dispatchEvent(new KeyboardEvent('keydown', { code: 'Enter', key: 'Enter', bubbles: true, cancelable: true }));
    document.body.offsetHeight;
    return performance.now() - start;
  });
  assert.ok(typed < 100, `a line after 12,345 others took ${typed} ms`);
  await page.evaluate(() => {
    const clipboard = { writeText: async (text) => void (window.copied = text) };
    Object.defineProperty(navigator, 'clipboard', { value: clipboard, configurable: true });
    Object.setPrototypeOf(clipboard, Clipboard.prototype);
    window.playgroundDownload = (name, text) => void (window.saved = [name, text]);
  });
  await screen.press('button', 'Copy all');
  await screen.until('all is copied', () => page.evaluate(() => window.copied !== undefined));
  const copied = await page.evaluate(() => window.copied);
  assert.ok(copied.startsWith('$ seq 1 9000; seq 9001 12345\n1\n2\n'));
  assert.ok(copied.endsWith('\n12345\n$ echo quick\nquick\n'));
  await screen.press('button', 'Save all lines as a file');
  assert.deepEqual(await page.evaluate(() => window.saved), ['statefulset-playground-terminal.txt', copied]);
});

test('both languages are there at once and the choice is remembered', async ({ page, screen }) => {
  await applied(screen);
  await screen.press('button', '한국어');
  await screen.find('grid', '아이덴티티 보드');
  assert.match(await screen.text('status', '이유'), /^할 일이 없습니다\. 파드 2개가/);
  await page.reload();
  await screen.find('grid', '아이덴티티 보드');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'ko');
  await screen.press('button', 'English');
  await screen.find('grid', 'Identity board');
});

test('keys act by their place, never in a text field', async ({ page, screen }) => {
  await screen.press('button', 'Apply');
  await page.evaluate(() => document.activeElement.blur());
  await screen.key('u');
  await screen.until('web-1 is Ready', async () => (await screen.cell('web-1', 'Pod'))?.includes(', Ready, '));
  await screen.key('/');
  await screen.until('the prompt has the focus', () => page.evaluate(() => document.activeElement.id === 'prompt'));
  const before = await state(screen);
  await page.keyboard.type('u + - b');
  assert.equal(await state(screen), before);
  await screen.key('Escape');
  await screen.key('b');
  await screen.until('a cell has the focus', () => page.evaluate(() => document.activeElement.getAttribute('role') === 'rowheader'));
  await screen.key('ArrowRight');
  await screen.key('ArrowDown');
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.match(focused, /^web-1, DNS, /);
});

test('a manifest with a mistake is marked with line and column, and applying it leaves the world alone', async ({ screen }) => {
  const before = (await screen.api('state')).sets;
  await screen.fill('textbox', 'web.yaml', 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\nname: web\n  x: 1\n');
  await screen.until('the mistake is named', async () => (await screen.names('group')).length > 0);
  await screen.press('button', 'Apply');
  await screen.terminalShows('error: error parsing web.yaml');
  assert.deepEqual((await screen.api('state')).sets, before);
});

test('a link opens the same state', async ({ page, screen, site }) => {
  await applied(screen);
  await screen.api('run', 'kubectl scale sts web --replicas=3');
  await screen.api('step', 4);
  const [there, link] = [await state(screen), await screen.api('link')];
  await page.goto('about:blank');
  await page.goto(site + link.slice(link.indexOf('#')));
  await screen.until('the state is there', async () => (await state(screen)) === there);
});

test('a link opens where one stood in the past', async ({ page, screen, site }) => {
  await applied(screen);
  const end = await state(screen);
  await screen.api('back', 5);
  const [there, link] = [await state(screen), await screen.api('link')];
  assert.notEqual(there, end);
  const lanes = () => page.$$eval('.lane .bead', (beads) => beads.map((bead) => bead.style.cssText));
  const played = await lanes();
  assert.equal(played.length, 2);
  await page.goto('about:blank');
  await page.goto(site + link.slice(link.indexOf('#')));
  await screen.until('the state is there', async () => (await state(screen)) === there);
  assert.deepEqual(await lanes(), played, 'the lanes show also what comes after');
  await screen.api('step', 5);
  assert.equal(await state(screen), end);
});

test('a link that cannot be read says so and starts fresh', { open: '#s=notalink' }, async ({ page, screen }) => {
  assert.match(await screen.text('grid', 'Identity board'), /The cluster is empty/);
  assert.match(await page.evaluate(() => document.body.innerText), /This link cannot be read/);
});

test('the public API answers by messages, too', async ({ page, screen }) => {
  await screen.api('apply', await screen.value('textbox', 'web.yaml'));
  const answer = await page.evaluate(
    () =>
      new Promise((resolve) => {
        window.addEventListener('message', (event) => {
          if (event.data?.id === 7 && 'ok' in event.data) resolve(event.data);
        });
        window.postMessage({ source: 'statefulset-playground', v: 1, id: 7, method: 'step', args: [3] }, '*');
      }),
  );
  assert.deepEqual(answer, { source: 'statefulset-playground', v: 1, id: 7, ok: true, value: 3 });
});

for (const [width, height] of [
  [1440, 900],
  [760, 560],
  [390, 844],
]) {
  test(`nothing overflows at ${width} × ${height}`, { viewport: { width, height } }, async ({ page, screen }) => {
    await screen.api('run', 'kubectl apply -f web.yaml');
    await screen.api('step', 12);
    const [content, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(content <= shown, `${content} px of content in ${shown} px`);
  });
}

test('Tab completes a command, lists what may follow, and leaves an empty prompt', async ({ screen }) => {
  await applied(screen);
  await screen.fill('textbox', 'kubectl command', 'kubectl sca');
  await screen.key('Tab');
  assert.equal(await screen.value('textbox', 'kubectl command'), 'kubectl scale ');
  await screen.fill('textbox', 'kubectl command', 'kubectl get pod w');
  await screen.key('Tab');
  assert.equal(await screen.value('textbox', 'kubectl command'), 'kubectl get pod web-');
  await screen.until('the Pods are listed', async () => /web-0\s+web-1/.test(await screen.text('tabpanel', 'Terminal')));
  await screen.fill('textbox', 'kubectl command', '');
  await screen.key('Tab');
  assert.notEqual(await screen.page.evaluate(() => document.activeElement?.id), 'prompt');
});
