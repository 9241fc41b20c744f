// Bundles editor/ into one script, by esbuild from the packages that
// package-lock.json pins. The script is a plain one, not a module, so that it
// also loads from a file. Its name carries a hash, as trunk's own files do.

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, transform } from 'esbuild';

/** What index.html promises to run in. */
const BROWSERS = ['chrome95', 'firefox102', 'safari16'];

/**
 * @param {string} root the project's folder
 * @param {string} folder where the script goes
 * @returns {Promise<string>} its name
 */
export async function bundleEditor(root, folder) {
  const made = await build({
    absWorkingDir: root,
    entryPoints: ['editor/editor.js'],
    bundle: true,
    minify: true,
    format: 'iife',
    target: BROWSERS,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
    plugins: [{ name: 'small style sheets', setup }],
  });
  const [{ contents }] = made.outputFiles;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const name = `editor-${hash}.js`;
  await writeFile(join(folder, name), contents);
  return name;
}

/** A style sheet is a text to the editor, which adopts it in its shadow root. */
function setup({ onLoad }) {
  onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const sheet = await transform(await readFile(path, 'utf8'), { loader: 'css', minify: true, target: BROWSERS });
    return { contents: sheet.code, loader: 'text' };
  });
}
