// What the page costs, by the browser's own tracing: script, style and layout of the main thread, in milliseconds of
// processor time.
//   node bench.mjs chromium PROGRAM SITE
// A step with sets of several sizes, then dragging the playhead over 100,000 events. Prints a row each:
// what | measured | budget.

import { launchChromium } from './launch.mjs';
import { serve } from './site.mjs';
import { Screen } from './harness.mjs';
import { webYaml } from './states.mjs';

const [, program, folder] = process.argv.slice(2);
/** Pods of the set, and what a step may cost, in milliseconds. */
const SIZES = [
  [100, 16],
  [1000, 16],
  [10_000, 50],
];
/** How many steps are measured. */
const STEPS = 20;
/** How many engine events the timeline holds that is dragged over, and how many Pods the set has meanwhile. */
const EVENTS = 100_000;
const DRAGGED_PODS = 12;
/** How often the pointer moves in a drag, and what a frame may cost: 30 of them a second. */
const MOVES = 60;
const FRAME = 33;
/** A frame that cost less, in milliseconds, drew nothing of the page. */
const IDLE = 0.5;

/** The events of a trace that are script, style or layout. */
const WORK = new Set(['EvaluateScript', 'FunctionCall', 'EventDispatch', 'RunMicrotasks', 'FireAnimationFrame', 'TimerFire', 'UpdateLayoutTree', 'Layout']);

/** Milliseconds of processor time on the page's main thread, for each frame that it drew: nested events count once. */
function work(trace) {
  const threads = trace.traceEvents.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain');
  const main = new Set(threads.map((event) => `${event.pid} ${event.tid}`));
  const events = trace.traceEvents
    .filter((event) => event.ph === 'X' && (WORK.has(event.name) || event.name === 'Commit') && main.has(`${event.pid} ${event.tid}`))
    .sort((a, b) => a.ts - b.ts);
  const frames = [0];
  let end = 0;
  for (const event of events) {
    if (event.name === 'Commit') frames.push(0);
    else if (event.ts >= end) {
      frames[frames.length - 1] += (event.tdur ?? event.dur) / 1000;
      end = event.ts + event.dur;
    }
  }
  return frames;
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

/** Traces what is done in the page meanwhile. */
async function traced(page, act) {
  await page.tracing.start({ categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] });
  await act();
  return work(JSON.parse(new TextDecoder().decode(await page.tracing.stop())));
}

const site = await serve(folder);
const browser = await launchChromium(program);

/** A fresh page with a set of so many Pods, all Ready. */
async function pageWith(pods) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(site.address, { waitUntil: 'load' });
  const screen = new Screen(page);
  await screen.api('configure', { nodes: { count: Math.ceil(pods / 100) + 1, pods: 110 } });
  const yaml = await webYaml();
  await screen.api('apply', yaml.replace('replicas: 2', `replicas: ${pods}\n  podManagementPolicy: Parallel`));
  await screen.api('runUntilStable');
  return { context, page, screen };
}

/** How many engine events a session has: its link says so. */
async function events(screen) {
  const link = await screen.api('link');
  const saved = link.slice(link.indexOf('#s=') + 3).split('&')[0].replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(Buffer.from(saved, 'base64').toString()).events;
}

async function steps(pods, budget) {
  const { context, page, screen } = await pageWith(pods);
  await screen.api('run', 'kubectl rollout restart sts/web');
  const costs = [];
  for (let step = 0; step < STEPS; step++) {
    const frames = await traced(page, () =>
      page.evaluate(() => {
        [...document.querySelectorAll('button')].find((one) => one.textContent === 'Step').click();
        return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      }),
    );
    costs.push(sum(frames));
  }
  costs.sort((a, b) => a - b);
  const [median, worst] = [costs[STEPS >> 1], costs[STEPS - 1]];
  const what = `one step of the page, ${pods.toLocaleString('en')} Pods: script, style and layout`;
  console.log(`${what} | ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms | ${budget} ms`);
  await context.close();
}

async function drag() {
  const { context, page, screen } = await pageWith(DRAGGED_PODS);
  while ((await events(screen)) < EVENTS) {
    // In a loop of the shell: the page is drawn once for many rollouts.
    await screen.api('run', 'for i in 1 2 3 4 5 6 7 8; do kubectl rollout restart sts/web; kubectl rollout status sts/web; done');
    await screen.api('runUntilStable');
  }
  const handle = await page.$('.playhead button');
  const [box, canvas] = [await handle.boundingBox(), await (await page.$('.canvas')).boundingBox()];
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width / 2, y);
  await page.mouse.down();
  const frames = await traced(page, async () => {
    for (let move = 0; move < MOVES; move++) {
      // There and back over all of it, in steps that no snapshot lies at.
      const place = Math.abs(((move * 2) / MOVES) % 2 - 1);
      await page.mouse.move(canvas.x + 4 + place * (box.x - canvas.x), y);
    }
  });
  await page.mouse.up();
  // Frames in which nothing of the page was drawn anew are the browser's own.
  const costs = frames.filter((cost) => cost > IDLE).sort((a, b) => a - b);
  const [median, late] = [costs[costs.length >> 1], costs[Math.floor(costs.length * 0.95)]];
  const rate = (ms) => Math.round(1000 / Math.max(ms, 1000 / 60));
  const what = `dragging over ${(await events(screen)).toLocaleString('en')} events: frames a second`;
  console.log(`${what} | ${rate(median)} (${median.toFixed(1)} ms), 19 of 20 above ${rate(late)} (${late.toFixed(1)} ms) | 30 (${FRAME} ms)`);
  await context.close();
}

for (const [pods, budget] of SIZES) await steps(pods, budget);
await drag();
await browser.close();
site.stop();
