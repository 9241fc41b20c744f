// Starts the browsers that tests run in.

import puppeteer from 'puppeteer-core';

const CHROMIUM = [
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-dev-shm-usage',
];

/** Chromium without a window. Its sandbox does not work for root. */
export function launchChromium(program) {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath: program, headless: true, browser: 'chrome', args: [...CHROMIUM, ...root] });
}

/** Firefox without a window. */
export function launchFirefox(program) {
  return puppeteer.launch({ executablePath: program, headless: true, browser: 'firefox' });
}
