// The page opens, stays within its policy and its origin, and says so in plain
// words when it cannot start or has crashed.

import assert from 'node:assert/strict';
import { test } from './harness.mjs';

/** Each browser also reports a broken policy in words of its own. */
const SAID_BY_BROWSER = /Content.Security.Policy/i;

/** Waits until the page has told of the broken policy: it does so in a task of its own. */
async function told(screen, problems) {
  await screen.until('the broken policy is told', async () => problems.some((problem) => problem.includes('policy broken')));
}

test('the page opens without an error or a request to elsewhere', async ({ page, screen }) => {
  await screen.find('heading', 'StatefulSet Playground');
  await screen.until('the static shell is gone', async () => (await page.$('#shell')) === null);
  assert.equal(await screen.has('alert'), false);
});

test(
  'a browser that refuses the program gets a page that says what is needed',
  { open: null },
  async ({ page, screen, site }) => {
    await page.evaluateOnNewDocument(() => {
      delete globalThis.WebAssembly;
    });
    await page.goto(site);
    await screen.find('alert', 'The playground cannot start here 여기에서는 플레이그라운드를 시작할 수 없습니다');
    assert.match(await page.evaluate(() => document.body.innerText), /Firefox 102/);
  },
);

test('a panic offers the log as a file and a way back', async ({ page, screen }) => {
  await screen.until('the page is there', async () => (await page.$('#shell')) === null);
  const saved = await page.evaluate(async () => {
    const made = [];
    const original = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      made.push(blob);
      return original(blob);
    };
    window.playgroundPanic('index out of bounds', '{"seed":7}', 'state=abc');
    document.getElementById('panic-download').click();
    return made[0].text();
  });
  assert.equal(saved, '{"seed":7}');
  await screen.find('alertdialog');
  await screen.press('button', 'Reload to the last good state 마지막 정상 상태로 다시 불러오기');
  await screen.until('the page is back', async () => {
    const there = await page.evaluate(() => document.getElementById('panic')?.hidden && location.hash);
    return there === '#state=abc';
  });
});

test('a crash past the panic hook shows the same page, with what the program left', async ({ page, screen }) => {
  await screen.until('the page is there', async () => (await page.$('#shell')) === null);
  await page.evaluate(() => {
    window.playgroundLastGood = { log: '{"seed":8}', link: 'state=def' };
    const crash = new WebAssembly.RuntimeError('unreachable');
    window.dispatchEvent(new ErrorEvent('error', { error: crash }));
    // The first cause is the one to read.
    window.playgroundPanic('a later one', '');
  });
  await screen.find('alertdialog');
  assert.match(await page.$eval('#panic-message', (element) => element.textContent), /unreachable/);
  await screen.find('button', 'Download the log 로그 내려받기');
});

test(
  'an inline script is refused by the policy',
  { expectsProblems: [/policy broken: script-src/], allowsProblems: [SAID_BY_BROWSER] },
  async ({ page, screen, problems }) => {
    await screen.find('heading', 'StatefulSet Playground');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.head.append(script);
      return window.inlineRan === true;
    });
    assert.equal(ran, false);
    await told(screen, problems);
  },
);

test(
  'a request to another origin is refused by the policy',
  { expectsProblems: [/policy broken: connect-src/], allowsProblems: [SAID_BY_BROWSER, /example\.com/] },
  async ({ page, screen, problems }) => {
    await screen.find('heading', 'StatefulSet Playground');
    const answer = await page.evaluate(() => fetch('https://example.com/').then(() => 'sent', () => 'refused'));
    assert.equal(answer, 'refused');
    await told(screen, problems);
  },
);
