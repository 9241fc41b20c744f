// Acting on the board and asking why: menus, ways out, what changed, the timeline seen from nearer.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { webYaml } from './states.mjs';

async function applied(screen) {
  await screen.api('apply', await webYaml());
  await screen.api('runUntilStable');
}

/** Chooses an entry of a menu of actions. */
async function choose(screen, of, entry) {
  await screen.press('button', `Actions for ${of}`);
  await screen.press('menuitem', entry);
}

test('a node that is cut off blocks its Pod, and the ways out are commands', async ({ screen }) => {
  await applied(screen);
  await choose(screen, 'node-2', 'Cut it off: it loses its power');
  await screen.terminalShows('cluster stop-node node-2');
  await screen.api('seek', 400);
  await screen.cellMatching('web-1', 'Pod', /, Terminating, .*node-2/);
  assert.match(await screen.text('status', 'Why'), /node-2 cannot confirm that web-1 stopped/);
  await screen.press('button', 'Bring node-2 back');
  await screen.terminalShows('cluster start-node node-2');
  await screen.api('runUntilStable');
  await screen.cellMatching('web-1', 'Pod', /, Ready, .*second Pod of this name/);
});

test('after a force delete on a lost node the former Pod is still drawn', async ({ screen }) => {
  await applied(screen);
  await screen.api('run', 'cluster stop-node node-2');
  await screen.api('seek', 400);
  await screen.press('button', 'Force delete web-1 (unsafe)');
  await screen.api('runUntilStable');
  await screen.cellMatching('web-1', 'Pod', /, Ready, .*, a former web-1 may still run on node-2$/);
  await screen.api('run', 'cluster start-node node-2');
  await screen.api('runUntilStable');
  await screen.cellMatching('web-1', 'Pod', /second Pod of this name$/);
});

test('a full cluster offers more nodes', async ({ screen }) => {
  await screen.api('configure', { nodes: { count: 1, pods: 1 } });
  await applied(screen);
  assert.match(await screen.text('status', 'Why'), /No node has room for web-1/);
  await screen.press('button', 'Add 1 node');
  await screen.api('runUntilStable');
  await screen.cellMatching('web-1', 'Pod', /, Ready, /);
});

test('nodes are drained and deleted from their menus', async ({ screen }) => {
  await applied(screen);
  await choose(screen, 'node-1', 'Drain: evict its Pods');
  await screen.until('the clock stops', () => screen.has('button', 'Play'), undefined, 30_000);
  await screen.api('runUntilStable');
  await screen.cellMatching('web-0', 'Pod', /, Ready, .*node-[23]/);
  await choose(screen, 'node-1', 'Delete the node');
  await screen.until('two nodes are left', async () => (await screen.api('state')).nodes.length === 2);
});

test('the set has its own actions, among them the partition', async ({ screen }) => {
  await applied(screen);
  await choose(screen, 'web', 'Partition 1');
  await screen.api('runUntilStable');
  await choose(screen, 'web', 'Break the image');
  await screen.terminalShows('kubectl set image sts/web nginx=registry.k8s.io/nginx-slim:no-such');
  await screen.api('seek', 60);
  await screen.cellMatching('web-1', 'Pod', /, (ErrImagePull|ImagePullBackOff), revision r2/);
  await screen.cellMatching('web-0', 'Pod', /, Ready, revision r1/);
});

test('a write tells which fields it changed, and an object its story', async ({ screen }) => {
  await applied(screen);
  await screen.api('run', 'kubectl scale sts web --replicas=3');
  await screen.press('tab', 'Writes');
  const panel = () => screen.text('tabpanel', 'Writes');
  const [newest] = await screen.all('button', 'StatefulSet/web');
  await newest.click();
  await screen.until('the changed field is named', async () => /spec\.replicas\s*2\s*3/.test(await panel()), panel);
  await screen.api('runUntilStable');
  await choose(screen, 'web-2', 'Show its story');
  await screen.until('it is the story of web-2', async () => /The story of Pod\/web-2/.test(await panel()));
  assert.match(await panel(), /statefulset-controller\s+create\s+Pod\/web-2/);
  assert.doesNotMatch(await panel(), /web-1/);
  const end = (await screen.api('state')).time;
  for (const row of await screen.all('button', 'Pod/web-2')) {
    if (await row.evaluate((element) => / create /.test(element.closest('tr').innerText.replace(/\s+/g, ' ')))) await row.click();
  }
  await screen.press('button', 'Go there');
  await screen.until('the clock went back', async () => (await screen.api('state')).time < end);
  await screen.cellMatching('web-2', 'Pod', /, Pending, /);
});

test('what changed since a command is told', async ({ page, screen }) => {
  await applied(screen);
  await screen.api('run', 'kubectl scale sts web --replicas=1');
  await screen.api('runUntilStable');
  await screen.press('tab', 'Writes');
  const choice = await screen.find('combobox', 'Changes since');
  const since = await choice.evaluate((element) => [...element.options].at(-1).value);
  await choice.evaluate((element, value) => {
    element.value = value;
    element.dispatchEvent(new Event('change', { bubbles: true }));
  }, since);
  const panel = () => screen.text('tabpanel', 'Writes');
  await screen.until('the Pod is named', async () => /Pod\/web-1\s+deleted/.test(await panel()), panel);
  assert.match(await panel(), /spec\.replicas\s*2\s*1/);
  assert.doesNotMatch(await panel(), /Pod\/web-0/);
  await page.keyboard.press('Escape');
});

test('the editor says what kubectl changed since the file was applied', async ({ page, screen }) => {
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  await screen.cellMatching('web-1', 'Pod', /, Ready, /);
  await screen.api('run', 'kubectl scale sts web --replicas=3');
  const body = () => screen.page.evaluate(() => document.body.innerText);
  await screen.until('the difference is told', async () => /1 difference\s+The cluster has replicas: 3, this file says 2\./.test(await body()));
  const line = () => page.evaluate(() => {
    const editor = document.querySelector('.code');
    const roots = [editor, ...[...editor.querySelectorAll('*')].map((one) => one.shadowRoot).filter(Boolean)];
    return roots.flatMap((root) => [...root.querySelectorAll('.cm-line.changed')]).map((one) => one.textContent.trim());
  });
  await screen.until('its line says so', async () => (await line()).join() === 'replicas: 2  # cluster: 3', line);
  await screen.press('button', 'Apply');
  await screen.until('it is gone', async () => /Applied\s+at/.test(await body()));
  assert.deepEqual(await line(), []);
  await screen.api('run', 'kubectl delete sts web');
  await screen.until('what is missing is told', async () => /1 difference\s+The cluster has no statefulset\/web\./.test(await body()));
});

test('the Service answers SRV records on a click', async ({ screen }) => {
  await applied(screen);
  await screen.press('button', 'Show SRV records');
  const shown = () => screen.page.evaluate(() => document.querySelector('.answers').innerText);
  await screen.until('they are there', async () => /SRV 0 50 80 web-0\.nginx\.default\.svc\.cluster\.local/.test(await shown()), shown);
  await screen.press('button', 'Show A records');
  await screen.until('addresses again', async () => /A 10\.244\./.test(await shown()));
});

test('what else is in the cluster has a line that opens', async ({ screen }) => {
  await applied(screen);
  await screen.api('run', 'kubectl create deployment shop --image=nginx --replicas=2');
  await screen.api('run', "sed 's/name: web$/name: db/' web.yaml | kubectl apply -f -");
  await screen.api('runUntilStable');
  const others = () => screen.page.evaluate(() => document.querySelector('.others').innerText);
  await screen.until('both are there', async () => /Deployment\s*shop\s*2\/2 ready/.test(await others()), others);
  // The first set by name is the one that is shown in full.
  assert.match(await others(), /StatefulSet\s*web\s*2\/2 ready/);
  await screen.page.evaluate(() => document.querySelectorAll('.other summary').forEach((one) => one.click()));
  await screen.until('the Pods are listed', async () => /shop-[a-z0-9]+-[a-z0-9]+\s+Ready/.test(await others()), others);
  await screen.press('button', 'Show in full');
  await screen.cellMatching('web-0', 'Pod', /, Ready, /);
});

test("the dock's height follows a drag and keys, between its bounds", async ({ page, screen }) => {
  const edge = await screen.find('separator', 'Height of the panel');
  const height = () => edge.evaluate((element) => element.parentElement.getBoundingClientRect().height);
  const before = await height();
  const box = await edge.boundingBox();
  await page.mouse.move(box.x + 100, box.y + 4);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y - 56, { steps: 4 });
  await page.mouse.up();
  await screen.until('it is higher', async () => Math.abs((await height()) - before - 60) < 3, async () => `${before} ${await height()}`);
  await edge.focus();
  await screen.key('End');
  await screen.until('it is as high as can be', async () => Math.round(await height()) === 400);
  await screen.key('Home');
  await screen.key('ArrowDown');
  await screen.until('it is as low as can be', async () => Math.round(await height()) === 108);
  assert.equal(await edge.evaluate((element) => element.getAttribute('aria-valuenow')), '108');
});

test('Ctrl and the wheel show the timeline from nearer, a drag moves it, a double click resets it', async ({ page, screen }) => {
  await applied(screen);
  const ticks = () => page.evaluate(() => [...document.querySelectorAll('.tick')].map((one) => one.textContent).join(' '));
  const whole = await ticks();
  const ruler = await (await page.$('.row.ruler')).boundingBox();
  await page.mouse.move(ruler.x + 40, ruler.y + 60);
  await page.mouse.wheel({ deltaY: -400 });
  assert.equal(await ticks(), whole, 'the wheel alone does nothing here');
  await page.keyboard.down('Control');
  await page.mouse.wheel({ deltaY: -400 });
  await page.keyboard.up('Control');
  await screen.until('the ruler is finer', async () => (await ticks()) !== whole);
  const near = await ticks();
  await page.mouse.move(ruler.x + 400, ruler.y + 8);
  await page.mouse.down();
  await page.mouse.move(ruler.x + 100, ruler.y + 8, { steps: 5 });
  await page.mouse.up();
  await screen.until('it moved', async () => (await ticks()) !== near);
  await page.mouse.click(ruler.x + 400, ruler.y + 8, { count: 2 });
  await screen.until('it is whole again', async () => (await page.evaluate(() => document.querySelector('.tick').textContent)) === '00:00');
});

test('an embed follows its theme parameter, and with auto the system', { open: '?embed&theme=auto' }, async ({ page, screen }) => {
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const system = () => page.evaluate(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'));
  for (const value of ['dark', 'light']) {
    // Firefox can not be told over WebDriver BiDi what the system prefers: there it is what it is.
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]).catch(() => {});
    const wanted = await system();
    await screen.until(`it is ${wanted}`, async () => (await theme()) === wanted);
  }
});
