// Weighs the site:
//   node sizes.mjs SITE sizes.tsv [--record]
// Prints what each file of the first load weighs, raw and in brotli, against
// what sizes.tsv recorded, and below it what is loaded when the terminal
// answers already. Fails when the first load is above its budget.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** Bytes in brotli of what a browser fetches before the terminal answers. */
const BUDGET = 300_000;

/** What it should weigh, to leave room for what comes. */
const GOAL = 250_000;

/** How much heavier than recorded it may become without a word. */
const GROWTH = 10_000;

const [site, record, flag] = process.argv.slice(2);
const html = readFileSync(join(site, 'index.html'), 'utf8');
const first = weigh(['index.html', ...new Set(firstLoad())], 'total');
const later = weigh([...html.matchAll(/\b(?:data-rest|name="editor" content)="([^"]+)"/g)].map(([, address]) => plain(address)), 'total later');

if (flag === '--record') writeFileSync(record, toTable([...first, ...later]));
const before = existsSync(record) ? fromTable(readFileSync(record, 'utf8')) : new Map();

console.log('First load, bytes (change against sizes.tsv):');
first.forEach(print);
console.log('Loaded when the terminal answers already:');
later.forEach(print);
for (const [label, was] of before) {
  if (![...first, ...later].some((file) => file.label === label)) console.log(`  ${label.padEnd(20)} gone, was ${was} brotli`);
}

const total = first.at(-1).brotli;
const recorded = before.get('total') ?? 0;
if (total > recorded + GROWTH) {
  console.log(`It grew by more than ${GROWTH} bytes since ${recorded} was recorded: explain it and run dist --record.`);
}
if (total > GOAL) console.log(`The first load weighs ${total} bytes in brotli; it should weigh ${GOAL}.`);
if (total > BUDGET) {
  console.log(`OVER BUDGET: the first load weighs ${total} bytes in brotli; it may weigh ${BUDGET}.`);
  process.exitCode = 1;
}

/** The files that index.html names. */
function firstLoad() {
  return [...html.matchAll(/<(?:link|script)\b[^>]*?\b(?:href|src)="([^"]+)"[^>]*>/g)]
    // Only a browser that loads nothing else loads this one.
    .filter(([tag]) => !/\bnomodule\b/.test(tag))
    .map(([, address]) => plain(address));
}

function plain(address) {
  return address.replace(/^\.?\//, '');
}

/** Weighs files and their sum; labels are names without the hash. */
function weigh(files, sum) {
  const weighed = files.map((file) => {
    const bytes = readFileSync(join(site, file));
    return { label: file.replace(/-[0-9a-f]{8,}(?=[._])/, ''), raw: bytes.length, brotli: brotli(bytes) };
  });
  const all = (key) => weighed.reduce((total, file) => total + file[key], 0);
  return [...weighed, { label: sum, raw: all('raw'), brotli: all('brotli') }];
}

function print({ label, raw, brotli }) {
  const was = before.get(label);
  const change = was === undefined ? 'new' : signed(brotli - was);
  console.log(`  ${label.padEnd(20)} ${pad(raw)} raw ${pad(brotli)} brotli ${change.padStart(9)}`);
}

function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params }).length;
}

function toTable(files) {
  return ['file\traw\tbrotli', ...files.map(({ label, raw, brotli }) => `${label}\t${raw}\t${brotli}`), ''].join('\n');
}

function fromTable(text) {
  const rows = text.trim().split('\n').slice(1).map((line) => line.split('\t'));
  return new Map(rows.map(([label, , brotli]) => [label, Number(brotli)]));
}

function signed(number) {
  return number > 0 ? `+${number}` : String(number);
}

function pad(number) {
  return String(number).padStart(9);
}
