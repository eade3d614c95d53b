// Prints the section of CHANGELOG.md for a tag. Fails unless every file that names the version agrees with the tag.
// `node bin/release-notes.mjs v1.2.3 [folder]`
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [tag = '', root = '.'] = process.argv.slice(2);
const version = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1];
const read = (file) => readFileSync(join(root, file), 'utf8');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (version === undefined) fail(`${tag || 'no tag'}: a tag looks like v1.2.3`);

const named = {
  'package.json': JSON.parse(read('package.json')).version,
  'deploy/helm/posthorn/Chart.yaml (version)': /^version: (.*)$/m.exec(read('deploy/helm/posthorn/Chart.yaml'))?.[1],
  'deploy/helm/posthorn/Chart.yaml (appVersion)': /^appVersion: "(.*)"$/m.exec(read('deploy/helm/posthorn/Chart.yaml'))?.[1],
  'docker-compose.yml': /^ {2}image: posthorn:(.*)$/m.exec(read('docker-compose.yml'))?.[1],
};
for (const [file, found] of Object.entries(named)) if (found !== version) fail(`${file} says ${found}, the tag ${version}`);

const section = read('CHANGELOG.md')
  .split(/^## /m)
  .find((text) => text.startsWith(`[${version}] - `));
if (section === undefined) fail(`CHANGELOG.md has no section "## [${version}] - <date>"`);
if (!/^- /m.test(section)) fail(`The section of ${version} in CHANGELOG.md is empty`);
process.stdout.write(`${section.slice(section.indexOf('\n') + 1).trim()}\n`);
