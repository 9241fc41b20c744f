// The program comes in two files: what the first load needs, and the rest.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';

const isRest = (request) => /\/rest-[0-9a-f]+\.wasm$/.test(new URL(request.url()).pathname);

/** Holds back the request that loads the rest in the background, which is the first; counts those after it. */
async function withoutTheRest(page) {
  const seen = { held: null, atOnce: 0 };
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (!isRest(request)) return request.continue();
    if (seen.held) seen.atOnce++;
    else return (seen.held = request);
    return request.continue();
  });
  return seen;
}

async function command(screen, line, answer) {
  const prompt = await screen.until('there is a prompt', async () =>
    (await screen.names('textbox')).find((name) => name.startsWith('kubectl')),
  );
  await screen.fill('textbox', prompt, line);
  await screen.key('Enter');
  await screen.until(`${line} is answered`, () =>
    screen.page.evaluate((text) => document.querySelector('[role=log]').innerText.includes(text), answer),
  );
}

test('the terminal answers and a set is applied before the rest of the program is there, and time can be stepped', { open: null }, async ({ page, screen, site }) => {
  const rest = await withoutTheRest(page);
  await page.goto(site, { waitUntil: 'load' });
  await command(screen, 'kubectl get pods', 'No resources found in default namespace.');
  await command(screen, 'kubectl apply -f web.yaml', 'statefulset.apps/web created');
  // What comes first is seen in Chromium; Firefox may take another way somewhere and load the rest for it.
  const chromium = (await page.browser().version()).startsWith('Chrome');
  assert.ok(rest.atOnce <= (chromium ? 0 : 1), 'nothing of the rest was needed');
  await screen.press('button', 'Step');
  await screen.press('button', 'Step');
  await screen.until('the rest is asked for', async () => rest.held !== null);
  assert.ok(rest.atOnce <= 1, 'the rest is loaded once at most');
  await rest.held.continue();
});

test('what needs the rest before it is there loads it at once', { open: null }, async ({ page, screen, site }) => {
  const rest = await withoutTheRest(page);
  await page.goto(site, { waitUntil: 'load' });
  await command(screen, 'kubectl cordon node-1', 'node/node-1 cordoned');
  assert.equal(rest.atOnce, 1);
  await screen.press('button', 'Apply');
  await screen.press('button', 'Run until stable');
  await command(screen, 'kubectl get pods', 'web-1   1/1     Running');
  await screen.press('button', '한국어');
  await screen.until('the page speaks Korean', () => screen.has('textbox', 'kubectl 명령'));
  assert.equal(rest.atOnce, 1, 'once is enough');
  // What comes late changes nothing.
  await rest.held.continue();
  await page.waitForNetworkIdle();
  await command(screen, 'kubectl get nodes', 'SchedulingDisabled');
});

const unreachable = {
  open: null,
  expectsProblems: [/^thrown: .*NetworkError/],
  allowsProblems: [/^logged: Failed to load resource/, /^logged: .*(?:NetworkError|network error)/i],
};

test('the page says so when the rest is needed and cannot be loaded', unreachable, async ({ page, screen, site }) => {
  await page.setRequestInterception(true);
  page.on('request', (request) => (isRest(request) ? request.abort() : request.continue()));
  await page.goto(site, { waitUntil: 'load' });
  await screen.fill('textbox', 'kubectl command', 'kubectl cordon node-1');
  await screen.key('Enter');
  await screen.until('it says that it cannot start', async () =>
    (await screen.names('alert')).some((name) => name.includes('The playground cannot start here')),
  );
});
