// What a step costs the page, by the browser's own tracing: script, style and layout of the main thread.
//   node bench.mjs chromium PROGRAM SITE
// Prints a row per size of set: what | median, worst | budget.

import { launchChromium } from './launch.mjs';
import { serve } from './site.mjs';
import { Screen } from './harness.mjs';
import { webYaml } from './states.mjs';

const [, program, folder] = process.argv.slice(2);
/** Pods of the set, and what a step may cost, in milliseconds. */
const SIZES = [
  [100, 16],
  [1000, 16],
];
/** How many steps are measured. */
const STEPS = 20;

/** The events of a trace that are script, style or layout. */
const WORK = new Set(['EvaluateScript', 'FunctionCall', 'EventDispatch', 'RunMicrotasks', 'FireAnimationFrame', 'TimerFire', 'UpdateLayoutTree', 'Layout']);

/** Milliseconds of processor time on the page's main thread: nested events count once. */
function work(trace) {
  const threads = trace.traceEvents.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const main = new Set(threads.map((event) => `${event.pid} ${event.tid}`));
  const events = trace.traceEvents
    .filter((event) => event.ph === 'X' && WORK.has(event.name) && main.has(`${event.pid} ${event.tid}`))
    .sort((a, b) => a.ts - b.ts);
  let [total, end] = [0, 0];
  for (const event of events) {
    if (event.ts < end) continue;
    total += event.tdur ?? event.dur;
    end = event.ts + event.dur;
  }
  return total / 1000;
}

const site = await serve(folder);
const browser = await launchChromium(program);
for (const [pods, budget] of SIZES) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(site.address, { waitUntil: 'load' });
  const screen = new Screen(page);
  await screen.api('configure', { nodes: { count: 12, pods: 110 } });
  const yaml = await webYaml();
  await screen.api('apply', yaml.replace('replicas: 2', `replicas: ${pods}\n  podManagementPolicy: Parallel`));
  await screen.api('runUntilStable');
  await screen.api('run', 'kubectl rollout restart sts/web');
  const costs = [];
  for (let step = 0; step < STEPS; step++) {
    await page.tracing.start({ categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
    await page.evaluate(() => {
      [...document.querySelectorAll('button')].find((one) => one.textContent === 'Step').click();
      return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    });
    costs.push(work(JSON.parse(new TextDecoder().decode(await page.tracing.stop()))));
  }
  costs.sort((a, b) => a - b);
  const [median, worst] = [costs[STEPS >> 1], costs[STEPS - 1]];
  console.log(`one step of the page, ${pods} Pods: script, style and layout | ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms | ${budget} ms`);
  await context.close();
}
await browser.close();
site.stop();
