// Runs the browser tests, one after the other:
//   node run.mjs chromium|firefox PROGRAM SITE [FILTER]
// Runs those whose name holds FILTER; the last line counts them.

import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { runTest, tests } from './harness.mjs';
import { serve } from './site.mjs';

const [kind, program, folder, filter = ''] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const shots = join(here, '..', '..', 'shots', kind);

const CHROMIUM = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-dev-shm-usage',
];

function launch() {
  const common = { executablePath: program, headless: true };
  if (kind === 'firefox') return puppeteer.launch({ ...common, browser: 'firefox' });
  // Chromium's sandbox does not work for root.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ ...common, browser: 'chrome', args: [...CHROMIUM, ...root] });
}

for (const file of (await readdir(here)).sort()) {
  if (file.endsWith('.test.mjs')) await import(pathToFileURL(join(here, file)).href);
}
await mkdir(shots, { recursive: true });
const site = await serve(folder);
const browser = await launch();
console.log(await browser.version());

let failed = 0;
const chosen = tests.filter((one) => one.name.includes(filter));
for (const one of chosen) {
  const started = Date.now();
  const problems = await runTest(one, browser, site.address, shots);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${one.name} (${seconds} s)`);
  for (const problem of problems) console.log(`         ${problem.replace(/\n/g, '\n         ')}`);
  if (problems.length > 0) failed++;
}
await browser.close();
site.stop();
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
