// Trunk's post_build hook: names the program's two files in index.html, whose
// names carry a hash, so that the browser fetches them at once and
// public/start.js finds them without an inline script. Then bundles the editor,
// which the program itself loads once the page is drawn: a name in a <meta> is
// fetched by nobody else.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleEditor } from './bundle-editor.mjs';

const folder = process.env.TRUNK_STAGING_DIR;
if (!folder) throw new Error('TRUNK_STAGING_DIR is not set: this script is a hook of trunk');

const files = readdirSync(folder);
const wasm = only(files.filter((name) => name.endsWith('_bg.wasm')), 'wasm');
const glue = only(files.filter((name) => name === wasm.replace('_bg.wasm', '.js')), 'glue of the wasm');

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const editor = await bundleEditor(root, folder);

const page = join(folder, 'index.html');
const html = readFileSync(page, 'utf8');
const links = [
  `<link rel="modulepreload" id="page-glue" href="./${glue}">`,
  `<link rel="preload" id="page-wasm" href="./${wasm}" as="fetch" type="application/wasm" crossorigin>`,
  `<meta name="editor" content="./${editor}">`,
].join('\n    ');
const at = html.indexOf('</head>');
if (at < 0) throw new Error('index.html has no </head>');
const finished = `${html.slice(0, at)}  ${links}\n  ${html.slice(at)}`;
// What was for trunk alone is of no use to a browser.
writeFileSync(page, finished.replace(/^ *<link data-trunk rel="rust"[^>]*>\n/m, ''));

function only(found, what) {
  if (found.length !== 1) throw new Error(`expected one ${what} in ${folder}, found ${found.length}`);
  return found[0];
}
