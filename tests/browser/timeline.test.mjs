// The timeline's beads, the partition's line, links opened in a page that is there, files on a phone.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { webYaml } from './states.mjs';

const PHONE = { width: 390, height: 844 };

async function applied(screen, yaml) {
  await screen.api('apply', yaml ?? (await webYaml()));
  await screen.api('runUntilStable');
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
}

test('every bead of the timeline is reached by keys, says its states, goes to its start and tells its writes', async ({ page, screen }) => {
  await applied(screen);
  await screen.api('run', 'kubectl delete pod web-0');
  await screen.api('runUntilStable');
  const beads = (await screen.names('button')).filter((name) => /^web-\d, revision r1, /.test(name));
  assert.equal(beads.length, 3, beads.join('\n'));
  // One of them is reached by Tab, the others by arrows from there.
  assert.equal(await page.evaluate(() => document.querySelectorAll('.bead[tabindex="0"]').length), 1);
  await screen.focus('button', beads[0]);
  assert.match(await focused(page), /^web-0, revision r1, 00:00\.\d+ to .*: Pending, ContainerCreating, Running, /);
  await screen.until('a tip says the same', async () => (await screen.names('tooltip')).length > 0);
  await screen.key('ArrowRight');
  assert.equal(await focused(page), beads[1]);
  await screen.key('ArrowDown');
  assert.match(await focused(page), /^web-1, /);
  await screen.key('ArrowUp');
  await screen.key('End');
  assert.equal(await focused(page), beads[1]);
  const start = beads[1].match(/(\d\d):(\d\d\.\d+) to/);
  await screen.key('Enter');
  assert.equal((await screen.api('state')).time, Number(start[1]) * 60 + Number(start[2]));
  assert.equal(await focused(page), beads[1], 'the focus stays while time moves');
  await screen.key('.');
  await screen.until('the story of web-0 is told', async () => (await screen.text('tabpanel', 'Writes')).includes('Pod/web-0'));
});

test('the partition is dragged to another ordinal, which is a command', async ({ page, screen }) => {
  await applied(screen, (await webYaml()).replace('replicas: 2', 'replicas: 3'));
  await screen.api('run', `kubectl patch sts web -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}'`);
  await screen.api('run', 'kubectl set image sts/web nginx=registry.k8s.io/nginx-slim:0.24');
  await screen.api('runUntilStable');
  const line = await (await page.waitForSelector('.partition')).boundingBox();
  const [first, second] = await page.$$eval('.ordinal', (all) => all.map((one) => one.getBoundingClientRect().left));
  await page.mouse.move(line.x, line.y + line.height / 2);
  await page.mouse.down();
  await page.mouse.move(second + 20, line.y + line.height / 2, { steps: 4 });
  assert.match(await page.$eval('.partition', (one) => one.textContent), /partition: 1/, 'the line says where it goes');
  assert.ok(!(await screen.text('log', 'Terminal')).includes('"partition":1'), 'nothing is done before it is let go');
  await page.mouse.up();
  await screen.until('the command is shown', async () => (await screen.text('log', 'Terminal')).includes('"partition":1'));
  await screen.api('runUntilStable');
  assert.match(await screen.cell('web-1', 'Pod'), /revision r2/);
  assert.match(await screen.cell('web-0', 'Pod'), /revision r1/);
  assert.ok(first < second);
});

test('a link opened in a page that is there shows its state', async ({ page, screen }) => {
  const fresh = await screen.api('link');
  await applied(screen);
  const [link, there] = [await screen.api('link'), JSON.stringify(await screen.api('state'))];
  const open = (address) => page.evaluate((fragment) => void (location.hash = fragment), address.slice(address.indexOf('#')));
  await open(fresh);
  await screen.until('the cluster is empty', async () => (await screen.api('state')).sets.length === 0);
  await open(link);
  await screen.until('the state is there', async () => JSON.stringify(await screen.api('state')) === there);
  await screen.cell('web-1', 'Pod');
  assert.ok((await screen.text('log', 'Terminal')).includes('statefulset.apps/web created'));
  await page.evaluate(() => void (location.hash = '#stage'));
  assert.equal(JSON.stringify(await screen.api('state')), there, 'a fragment that is no link changes nothing');
});

test('a phone shows a tab for each file once there are several', { viewport: PHONE }, async ({ screen }) => {
  await screen.press('tab', 'YAML');
  assert.equal(await screen.has('tab', 'web.yaml'), false);
  await screen.api('run', 'echo hello > notes.txt');
  await screen.press('tab', 'notes.txt');
  await screen.until('the file is shown', async () => (await screen.value('textbox', 'notes.txt')).trim() === 'hello');
  await screen.press('tab', 'web.yaml');
});

test('the search of the editor speaks the language of the page', async ({ page, screen }) => {
  await screen.until('the rich editor is there', () => page.evaluate(() => document.querySelector('.rich') !== null));
  await screen.press('button', '한국어');
  await screen.focus('textbox', 'web.yaml');
  await screen.key('Control+f');
  const inEditor = (selector) => page.evaluate((wanted) => [...document.querySelector('.rich').shadowRoot.querySelectorAll(wanted)].map((one) => one.textContent || one.placeholder), selector);
  await screen.until('the panel is there', async () => (await inEditor('.cm-search button')).length > 0);
  const said = [...(await inEditor('.cm-search button')), ...(await inEditor('.cm-search label')), ...(await inEditor('.cm-search input[type=text], .cm-search .cm-textfield'))];
  assert.deepEqual(said.filter((text) => /[A-Za-z]/.test(text)), [], 'nothing is left in English');
});

test('the lanes of a deleted set stay, and commands without room are one mark', async ({ page, screen }) => {
  await applied(screen);
  await screen.api('run', 'kubectl delete sts web');
  await screen.api('run', 'kubectl delete svc nginx');
  await screen.api('runUntilStable');
  assert.equal(await page.evaluate(() => document.querySelectorAll('.ordinal').length), 0);
  const beads = await page.$$eval('.lane .bead', (all) => all.map((bead) => [bead.getAttribute('aria-label').split(',')[0], bead.dataset.rev]));
  assert.deepEqual(beads, [['web-0', '1'], ['web-1', '1']]);
  const marks = () => page.$$eval('.mark', (all) => all.map((mark) => mark.innerText.replace(/\s+/g, ' ')));
  assert.deepEqual(await marks(), ['apply', 'delete web +1']);
});

test('the dragged playhead shows the past while the lanes stay, and its terminal when it rests', async ({ page, screen }) => {
  await screen.api('run', 'sleep 5');
  await applied(screen);
  await screen.api('run', 'kubectl delete pod web-0');
  await screen.api('runUntilStable');
  const beads = () => page.$$eval('.lane .bead', (all) => all.length);
  const end = (await screen.api('state')).time;
  assert.equal(await beads(), 3);
  const head = await (await page.$('.playhead button')).boundingBox();
  const canvas = await (await page.$('.canvas')).boundingBox();
  const y = head.y + head.height / 2;
  await page.mouse.move(head.x + head.width / 2, y);
  await page.mouse.down();
  await page.mouse.move(canvas.x + (head.x - canvas.x) * 0.6, y, { steps: 5 });
  const middle = (await screen.api('state')).time;
  assert.ok(middle > 0 && middle < end, `${middle} lies before ${end}`);
  await page.mouse.move(canvas.x, y, { steps: 5 });
  assert.equal((await screen.api('state')).time, 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll('.ordinal').length), 0, 'there is no set yet');
  assert.equal(await beads(), 3, 'what was played stays in sight');
  await screen.until('the terminal is that of the start', async () => !(await screen.text('log', 'Terminal')).includes('web-0'));
  await page.mouse.move(canvas.x + canvas.width, y, { steps: 5 });
  await page.mouse.up();
  assert.equal((await screen.api('state')).time, end);
  assert.ok(await screen.cell('web-0', 'Pod'));
  await screen.until('the terminal is that of the end', async () => (await screen.text('log', 'Terminal')).includes('web-0'));
});
