// Weighs the site:
//   node sizes.mjs SITE sizes.tsv UNSHRUNK.wasm [--record]
// Prints what each file of the first load weighs, raw and in brotli, against
// what sizes.tsv recorded, and the largest functions. Says so above the budget,
// and fails when an overweight page grows: the record may only come down.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** Bytes in brotli of what a browser fetches before the page answers. */
const BUDGET = 250_000;

/** How much heavier than recorded it may become without a word, while it is over its budget. */
const GROWTH = 10_000;

const [site, record, unshrunk, flag] = process.argv.slice(2);
const weighed = firstLoad(site).map(({ label, file }) => {
  const bytes = readFileSync(join(site, file));
  return { label, raw: bytes.length, brotli: brotli(bytes) };
});
weighed.push({ label: 'total', raw: sum('raw'), brotli: sum('brotli') });

if (flag === '--record') writeFileSync(record, toTable(weighed));
const before = existsSync(record) ? fromTable(readFileSync(record, 'utf8')) : new Map();

console.log('First load, bytes (change against sizes.tsv):');
for (const { label, raw, brotli } of weighed) {
  const was = before.get(label);
  const change = was === undefined ? 'new' : signed(brotli - was);
  console.log(`  ${label.padEnd(20)} ${pad(raw)} raw ${pad(brotli)} brotli ${change.padStart(9)}`);
}
for (const [label, was] of before) {
  if (!weighed.some((file) => file.label === label)) console.log(`  ${label.padEnd(20)} gone, was ${was} brotli`);
}
largest(unshrunk);

const total = weighed.at(-1).brotli;
const recorded = before.get('total') ?? 0;
if (total > BUDGET) {
  console.log(`OVER BUDGET: the first load weighs ${total} bytes in brotli; its budget is ${BUDGET}.`);
}
if (total > Math.max(BUDGET, recorded + GROWTH)) {
  console.log(`It grew by more than ${GROWTH} bytes since ${recorded} was recorded: explain it and run dist --record.`);
  process.exitCode = 1;
}

/** index.html and every file it names, without the hash in the label. */
function firstLoad(folder) {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const named = [...html.matchAll(/<(?:link|script)\b[^>]*?\b(?:href|src)="([^"]+)"[^>]*>/g)]
    // Only a browser that loads nothing else loads this one.
    .filter(([tag]) => !/\bnomodule\b/.test(tag))
    .map(([, address]) => address.replace(/^\.\//, '').replace(/^\//, ''));
  const files = ['index.html', ...new Set(named)];
  return files.map((file) => ({ file, label: file.replace(/-[0-9a-f]{8,}(?=[._])/, '') }));
}

function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params }).length;
}

function sum(key) {
  return weighed.reduce((total, file) => total + file[key], 0);
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

/** The ten largest functions, as compiled: wasm-opt drops the names. */
function largest(path) {
  if (!existsSync(path)) return;
  const functions = functionsOf(readFileSync(path)).sort((a, b) => b.size - a.size).slice(0, 10);
  console.log('Largest functions, bytes before wasm-opt:');
  for (const { name, size } of functions) console.log(`  ${pad(size)} ${shorten(name)}`);
}

function shorten(name) {
  const plain = name.replace(/::h[0-9a-f]{16}$/, '').replace(/\[[0-9a-f]{16}\]/g, '');
  return plain.length > 110 ? `${plain.slice(0, 107)}...` : plain;
}

/** Reads the functions' sizes and names out of a wasm file. */
function functionsOf(bytes) {
  let at = 8;
  const byte = () => bytes[at++];
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const next = byte();
      value += (next & 127) * shift;
      if (next < 128) return value;
    }
  };
  const text = () => {
    const length = number();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  let imported = 0;
  const sizes = [];
  const names = new Map();
  while (at < bytes.length) {
    const section = byte();
    const size = number();
    const end = at + size;
    if (section === 2) imported = countImported();
    if (section === 10) {
      for (let left = number(); left > 0; left--) {
        const length = number();
        sizes.push(length);
        at += length;
      }
    }
    if (section === 0 && text() === 'name') readNames(end);
    at = end;
  }
  return sizes.map((size, index) => ({ size, name: names.get(index + imported) ?? `function ${index + imported}` }));

  function countImported() {
    let functions = 0;
    for (let left = number(); left > 0; left--) {
      text();
      text();
      const kind = byte();
      if (kind === 0) {
        functions++;
        number();
      } else if (kind === 3) {
        byte();
        byte();
      } else {
        if (kind === 1) byte();
        if (kind === 4) byte(), number();
        else if (number() & 1) number(), number();
        else number();
      }
    }
    return functions;
  }

  function readNames(end) {
    while (at < end) {
      const part = byte();
      const size = number();
      const stop = at + size;
      if (part === 1) {
        for (let left = number(); left > 0; left--) names.set(number(), text());
      }
      at = stop;
    }
  }
}
