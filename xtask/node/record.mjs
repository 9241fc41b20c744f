// Does what a visitor does first, on a page whose program notes which functions
// run, and keeps the notes:
//   node record.mjs CHROMIUM SITE COUNT NOTES
// What runs here is what the first load holds; xtask/split cuts off the rest.

import { writeFileSync } from 'node:fs';
import { Screen } from '../../tests/browser/harness.mjs';
import { launchChromium } from '../../tests/browser/launch.mjs';
import { serve } from '../../tests/browser/site.mjs';

/** How long a thing may take, in milliseconds: notes are slow, and so may the machine be. */
const PATIENCE = 60_000;

const [program, folder, count, notes] = process.argv.slice(2);

const browser = await launchChromium(program);
const site = await serve(folder);
const ran = new Uint8Array(Number(count));
try {
  await visit({ theme: 'light', width: 1280 }, begin);
  await visit({ theme: 'dark', width: 500 }, narrow);
} finally {
  await browser.close();
  site.stop();
}
writeFileSync(notes, ran);

/** Opens the page, does something there and keeps what ran. */
async function visit({ theme, width }, act) {
  const page = await browser.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error));
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
  await page.evaluateOnNewDocument(() => {
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = async (...given) => {
      const made = await instantiate(...given);
      window.recorded = made;
      return made;
    };
  });
  // The editor comes when all is loaded: what puts it on the page need not be there first.
  await page.setRequestInterception(true);
  page.on('request', (request) => (/\/editor-[^/]*\.js$/.test(request.url()) ? request.abort() : request.continue()));
  await page.goto(site.address);
  await act(new Screen(page, true));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
  const seen = await page.evaluate(
    (many) => [...new Uint8Array(window.recorded.exports.notes.buffer, 0, many)].join(''),
    Number(count),
  );
  [...seen].forEach((note, index) => {
    if (note === '1') ran[index] = 1;
  });
  if (problems.length > 0) throw problems[0];
  await page.close();
}

/** Types a command and waits for its answer. */
async function command(screen, line, answer) {
  await screen.type('textbox', 'kubectl command', line);
  await screen.key('Enter');
  await screen.until(
    `${line} is answered`,
    () => screen.page.evaluate((text) => document.querySelector('[role=log]').innerText.includes(text), answer),
    undefined,
    PATIENCE,
  );
}

/** The terminal answers, and the tutorial's set is applied. */
async function begin(screen) {
  await screen.find('textbox', 'kubectl command');
  await command(screen, 'kubectl get pods', 'No resources found');
  await command(screen, 'kubectl apply -f web.yaml', 'statefulset.apps/web created');
}

/** A narrow window shows one view at a time. */
async function narrow(screen) {
  await screen.until('the page is there', () => screen.has('tab', 'Terminal'));
  const [terminal] = await screen.all('tab', 'Terminal');
  await terminal.click();
  await command(screen, 'kubectl get pods', 'No resources found');
}
