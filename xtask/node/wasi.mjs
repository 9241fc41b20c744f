// Runs a program compiled for wasm32-wasip1:
//   node --no-warnings wasi.mjs PROGRAM.wasm ARGUMENTS...
// It sees the folder it is started in, and nothing else.

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

// Node 20 throws the code of a function away that was not called for some collections of garbage. This module is such
// a function while the program runs, and going back into it then ends in a segmentation fault (20.20.2).
setFlagsFromString('--no-flush-bytecode');

const [program, ...rest] = process.argv.slice(2);
const here = process.cwd();
const wasi = new WASI({
  version: 'preview1',
  args: [program, ...rest],
  env: process.env,
  preopens: { '.': here, [here]: here },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
