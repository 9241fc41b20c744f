// Runs the browser tests, one after the other:
//   node run.mjs chromium|firefox PROGRAM SITE [FILTER]
// Runs those whose name holds FILTER; the last line counts them.

import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runTest, tests } from './harness.mjs';
import { launchChromium, launchFirefox } from './launch.mjs';
import { serve } from './site.mjs';

const [kind, program, folder, filter = ''] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const shots = join(here, '..', '..', 'shots', kind);

for (const file of (await readdir(here)).sort()) {
  if (file.endsWith('.test.mjs')) await import(pathToFileURL(join(here, file)).href);
}
await mkdir(shots, { recursive: true });
const site = await serve(folder);
const browser = await (kind === 'firefox' ? launchFirefox(program) : launchChromium(program));
console.log(await browser.version());

let failed = 0;
const mine = tests.filter((one) => (one.options.on ?? kind) === kind);
const chosen = mine.filter((one) => one.name.includes(filter));
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
