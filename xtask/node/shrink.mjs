// Makes a release site small, after trunk has built it:
//   node shrink.mjs SITE HALVES
// HALVES is where xtask/split wrote first.wasm, rest.wasm and names.json. They
// take the place of the whole program, style sheets become one, scripts and
// styles lose their white space. Every file's name holds a hash of what decides
// its contents, so that a browser's cache never mixes two versions.

import { createHash } from 'node:crypto';
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';

/** The oldest browsers that the page says it runs in. */
const TARGET = ['chrome95', 'edge95', 'firefox102', 'safari16'];

const [site, halves] = process.argv.slice(2);
const read = (name) => readFileSync(join(site, name), 'utf8');
let html = read('index.html');

const sheets = [...html.matchAll(/ *<link rel="stylesheet" href="\.\/([^"]+)"[^>]*>\n?/g)];
const styles = sheets.map(([, name]) => read(name)).join('\n');
const style = put('style', '.css', minified(styles, 'css'));
sheets.forEach(([tag], index) => {
  html = html.replace(tag, index === 0 ? `    <link rel="stylesheet" href="./${style}">\n` : '');
});

const glue = named(/<link rel="modulepreload" id="page-glue" href="\.\/([^"]+)">/);
const wasm = named(/<link rel="preload" id="page-wasm" href="\.\/([^"]+)"[^>]*>/);
const start = named(/<script (?=[^>]*type="module")[^>]*src="\.\/([^"]+)"[^>]*><\/script>/);
const names = JSON.parse(readFileSync(join(halves, 'names.json'), 'utf8'));
const renamed = read(glue.name).replace(/\b__w[\w$]+|\bwasm_bindgen__\w+/g, (name) => names[name] ?? name);
const first = readFileSync(join(halves, 'first.wasm'));
const rest = readFileSync(join(halves, 'rest.wasm'));
// Each of the three goes with the other two only.
const together = hash(renamed, first, rest);

const files = {
  glue: write(`page-${together}.js`, minified(renamed, 'js')),
  first: write(`first-${together}.wasm`, first),
  rest: write(`rest-${together}.wasm`, rest),
};
const script = put('start', '.js', minified(start.text, 'js'));
html = html
  .replace(glue.tag, `<link rel="modulepreload" id="page-glue" href="./${files.glue}">`)
  .replace(wasm.tag, wasm.tag.replace(wasm.name, files.first).replace('>', ` data-rest="./${files.rest}">`))
  .replace(start.tag, `<script type="module" src="./${script}"></script>`);
writeFileSync(join(site, 'index.html'), html);
for (const name of [glue.name, wasm.name, start.name, ...sheets.map(([, name]) => name)]) unlinkSync(join(site, name));

/** The file that a tag of index.html names. */
function named(pattern) {
  const found = html.match(pattern);
  if (!found) throw new Error(`index.html has no ${pattern}`);
  const [tag, name] = found;
  return { tag, name, text: name.endsWith('.wasm') ? '' : read(name) };
}

function minified(text, loader) {
  return transformSync(text, { loader, minify: true, target: TARGET, legalComments: 'none' }).code;
}

function put(name, extension, contents) {
  return write(`${name}-${hash(contents)}${extension}`, contents);
}

function write(name, contents) {
  writeFileSync(join(site, name), contents);
  return name;
}

function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex').slice(0, 16);
}
