// A real Chromium for the tests of the pages: that of the machine, else the one of Debian's package. The one without windows of
// its own needs a quarter less of a processor.
import { type Browser, chromium } from 'playwright-core';
import { fileOfPackage } from '../../support/debian.ts';

const debianPackage = 'chromium-headless-shell';
const places = [
  `/usr/bin/${debianPackage}`,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
];
const args = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** CHROMIUM_PATH, if set, names the program. */
export async function launchChromium(): Promise<Browser> {
  const own = process.env.CHROMIUM_PATH;
  const executablePath = own ?? (await fileOfPackage(debianPackage, places));
  return chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0, timeout: 120_000 });
}
